import type { Anomaly } from '../../contract/messages.ts';
import type { JudgeSettings } from '../../engine/site/assetTwin.ts';
import { Problem } from '../../engine/problem.ts';
import type { Site } from '../../engine/site/site.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { assetOfMessage, batchOf, completeReplay, isLate, singleOf } from '../twinMessages.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

export default function twinAnomaly(RED: Runtime): void {
  RED.nodes.registerType('twin-anomaly', function constructAnomaly(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const handle = siteOf(RED, twin, twin.config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const settings: JudgeSettings = { falseAlarmsPerWeek: twin.config.falseAlarmsPerWeek };
    const onChangesOnly = twin.config.send === 'changes';
    /** The last verdict of each twin, to see what changed. */
    const last = new Map<string, string>();
    const normal = status('normal', language);
    twin.show(status('waiting', language));

    void whenReady(twin, handle, () => {
      const site = handle.site as Site;
      site.addJudge(twin.node.id);
      twin.onClose(() => site.removeJudge(twin.node.id));
    });

    onInput(twin, handle.ready, (message: Message, send) => {
      const site = openSite(handle);
      const asset = assetOfMessage(site, message, twin.title);
      if (asset === undefined) return;
      if (isLate(message)) {
        if (!onChangesOnly) send(message);
        return;
      }
      asset.configureJudge(settings);
      const batch = batchOf(message);
      const evaluation = batch === undefined ? asset.evaluate(singleOf(message)) : asset.evaluateBatch(batch);
      completeReplay(site, message);
      if (evaluation === undefined) {
        throw new Problem('TWIN_VERDICT_GONE', 'A message came so late that its verdict is no longer known.', 'Leave out delays between twin-baseline and twin-anomaly.');
      }
      message.anomaly = evaluation.anomaly;
      message.expected ??= evaluation.expected;
      const verdicts = Array.isArray(evaluation.anomaly) ? evaluation.anomaly : [evaluation.anomaly];
      const laneKey = `${asset.key}\n${asset.replay ?? ''}`;
      let before = last.get(laneKey);
      let different = false;
      let shown: Anomaly | undefined;
      for (const verdict of verdicts) {
        const now = verdict.verdict === 'anomaly' ? `anomaly ${verdict.signals.map((signal) => signal.property).join(' ')}` : verdict.verdict;
        if (now !== before) different = true;
        before = now;
        shown = verdict;
      }
      if (before !== undefined) last.set(laneKey, before);
      if (last.size > 10_000) last.clear();
      if (!onChangesOnly || different) send(message);
      if (shown?.verdict === 'anomaly') {
        const first = shown.signals[0];
        const signal = first === undefined ? '' : asset.naming(first.property).label;
        twin.show(() => status('anomaly', language, { machine: asset.twin.name, signal }));
      } else if (shown !== undefined) {
        twin.show(shown.verdict === 'learning' ? () => status('learning', language, { percent: Math.floor(asset.progress().percent) }) : normal);
      }
    });
  });
}
