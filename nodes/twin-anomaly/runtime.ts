import { detectorTicks } from '../../contract/detectorTicks.ts';
import type { Config } from '../../contract/fields.ts';
import type { BackTestSummary } from '../../contract/http.ts';
import type { Anomaly } from '../../contract/messages.ts';
import type { AnomalyKind } from '../../engine/detectors/index.ts';
import type { JudgeSettings } from '../../engine/site/assetTwin.ts';
import { backTest, backTestDays } from '../../engine/site/backTest.ts';
import { Problem } from '../../engine/problem.ts';
import type { Site } from '../../engine/site/site.ts';
import { smallestPercents } from '../../engine/site/verdictCauses.ts';
import type { TrialSetting } from '../../engine/site/verdictCauses.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { learningStatus } from '../learningStatus.ts';
import { siteHandle } from '../siteHandle.ts';
import { status } from '../status.ts';
import { assetOfMessage, batchOf, completeReplay, isLate, singleOf } from '../twinMessages.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

const kinds: ReadonlySet<string> = new Set(Object.values(detectorTicks));

function settingsOf(config: Config<typeof fields>): JudgeSettings {
  const off = config.detectors === 'chosen' ? (Object.keys(detectorTicks) as (keyof typeof detectorTicks)[]).filter((tick) => !config[tick]).map((tick) => detectorTicks[tick]) : [];
  const smallestPercent = percentOf(config.smallestChange);
  return {
    falseAlarmsPerWeek: config.falseAlarmsPerWeek, ...(off.length > 0 && { off }), ...(smallestPercent > 0 && { smallestPercent }), ...(config.deep && { deep: true }),
  };
}

/** automatic: 0. */
function percentOf(smallestChange: string): number {
  return smallestPercents.includes(Number(smallestChange)) ? Number(smallestChange) : 0;
}

/** Each takes a few milliseconds. */
const mostBackTests = 50;

export default function twinAnomaly(RED: Runtime): void {
  /** Live machines whose messages passed a node, by the node's id. */
  const passed = new Map<string, Set<string>>();

  RED.nodes.registerType('twin-anomaly', function constructAnomaly(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const handle = siteOf(RED, twin, twin.config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const settings = settingsOf(twin.config);
    const onChangesOnly = twin.config.send === 'changes';
    /** The last verdict of each twin, to see what changed. */
    const last = new Map<string, string>();
    const machines = new Set<string>();
    passed.set(twin.node.id, machines);
    twin.onClose(() => {
      if (passed.get(twin.node.id) === machines) passed.delete(twin.node.id);
    });
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
      if (asset.replay === undefined) machines.add(asset.key);
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
        twin.show(() => {
          const { watch, unseen } = asset.progress();
          return asset.isOff || (watch === 'armed' && unseen !== true) ? normal : learningStatus(asset, language);
        });
      }
    });
  });

  RED.httpAdmin.get('/twinwire/anomaly/back-test', RED.auth.needsPermission('twin-anomaly.read'), (request: Request, response: Response) => {
    const text = (name: string): string => (typeof request.query[name] === 'string' ? (request.query[name] as string).slice(0, 300) : '');
    const site = siteHandle(RED.nodes.getNode(text('site')))?.site;
    const perWeek = Number(text('perWeek') || NaN);
    const off = text('off').split(',').filter((kind): kind is AnomalyKind => kinds.has(kind));
    const { minimum, maximum } = fields.falseAlarmsPerWeek;
    if (!(perWeek >= minimum && perWeek <= maximum)) {
      response.status(400).json({ text: '' });
      return;
    }
    const setting: TrialSetting = { perWeek, off, smallestPercent: percentOf(text('smallest')), together: text('deep') === 'true' };
    // A site that is not deployed yet is no error of somebody who opens a dialog.
    const none: BackTestSummary = { fromMs: 0, toMs: 0, machines: [], more: 0 };
    (site === undefined ? Promise.resolve(none) : summaryOf(site, text('node'), setting)).then(
      (summary) => response.json(summary),
      (problem: unknown) => {
        RED.log.error(`twin-anomaly: ${String(problem)}`);
        response.status(500).json({ text: '' });
      },
    );
  });

  async function summaryOf(site: Site, nodeId: string, setting: TrialSetting): Promise<BackTestSummary> {
    const own = passed.get(nodeId);
    const chosen = site.assets().filter(({ key }) => own === undefined || own.size === 0 || own.has(key));
    const asked = chosen.slice(0, mostBackTests);
    const machines: BackTestSummary['machines'] = [];
    for (const asset of asked) {
      const { key, name, count, raised, recordedMs, promise } = await backTest(site, asset, setting);
      machines.push({ key, name, count, raised: raised.length, recordedMs, promise, learning: asset.progress() });
    }
    machines.sort((one, other) => other.count - one.count || other.recordedMs - one.recordedMs);
    const toMs = site.clock.nowMs();
    const untried = setting.together && asked.some((asset) => !asset.setting.together);
    return { fromMs: toMs - backTestDays * 86_400_000, toMs, machines, more: chosen.length - asked.length, ...(untried && { withoutTogether: true }) };
  }
}
