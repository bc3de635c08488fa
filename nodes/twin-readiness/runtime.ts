import type { ReadinessGrade, TwinEvent, TwinReadiness } from '../../contract/messages.ts';
import { Problem } from '../../engine/problem.ts';
import type { AssetTwin } from '../../engine/site/assetTwin.ts';
import { gradeLetter, gradeWord } from '../../engine/site/readinessSentences.ts';
import type { Site } from '../../engine/site/site.ts';
import { gradeChangeText, readinessMessage } from '../../engine/site/twinReadiness.ts';
import { twinEventMessage } from '../message.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

/** Grades are compared so often. */
const comparedEveryMs = 10_000;
/** A changed grade is told once it has stood twice: one that flickers is not news. */
const steadyTurns = 2;
const worstFirst: readonly ReadinessGrade[] = ['unusable', 'poor', 'usable', 'good', 'unknown'];

/** What was last told of a machine or property, and what may be told next. */
interface Told {
  grade: ReadinessGrade;
  next: ReadinessGrade;
  turns: number;
}

export default function twinReadiness(RED: Runtime): void {
  RED.nodes.registerType('twin-readiness', function constructReadiness(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const wanted = config.twins.split(/[,;\n]/).map((key) => key.trim()).filter((key) => key !== '');
    const told = new Map<string, Told>();
    let compareTimer: ReturnType<typeof setInterval> | undefined;
    let nextReportMs = Infinity;
    twin.show(status('waiting', language));

    /** The twins asked for; a site on recorded time shows its newest replay. */
    const assetsOf = (site: Site): AssetTwin[] =>
      site
        .assets()
        .filter(({ key }) => wanted.length === 0 || wanted.includes(key))
        .map((asset) => (site.options.clock === 'replay' ? (site.latestReplay(asset.key) ?? asset) : asset));

    const report = (site: Site): Message => {
      const nowMs = site.clock.nowMs();
      const all = assetsOf(site).flatMap((asset) => site.readiness.report(asset, nowMs) ?? []);
      const rows = all.flatMap(({ rows: own }) => own);
      return readinessMessage(site.options.name, all.map(({ report: own }) => own), rows, nowMs, language) as unknown as Message;
    };

    /** @returns whether the grade became another one, and has stood */
    const isNews = (name: string, grade: ReadinessGrade): ReadinessGrade | undefined => {
      const known = told.get(name);
      if (known === undefined) {
        told.set(name, { grade, next: grade, turns: 0 });
        return undefined;
      }
      if (grade === known.grade || grade === 'unknown') {
        known.turns = 0;
        return undefined;
      }
      known.turns = grade === known.next ? known.turns + 1 : 1;
      known.next = grade;
      if (known.turns < steadyTurns) return undefined;
      const from = known.grade;
      known.grade = grade;
      known.turns = 0;
      // The first grade of all is told by the report.
      return from === 'unknown' ? undefined : from;
    };

    const compare = (site: Site): void => {
      const nowMs = site.clock.nowMs();
      const messages: Message[] = [];
      let worst: TwinReadiness | undefined;
      for (const asset of assetsOf(site)) {
        const own = site.readiness.report(asset, nowMs)?.report;
        if (own === undefined) continue;
        if (worst === undefined || worstFirst.indexOf(own.grade) < worstFirst.indexOf(worst.grade)) worst = own;
        const tell = (name: string, grade: ReadinessGrade, reason: string, property?: string): void => {
          const from = isNews(`${own.twin}\n${property ?? ''}`, grade);
          if (from === undefined || !config.sendChanges) return;
          const text = gradeChangeText(name, from, grade, reason, language);
          const event: TwinEvent = { v: 1, kind: 'readiness', timeMs: nowMs, ...(property === undefined ? {} : { property }), from, to: grade, text };
          messages.push(twinEventMessage(asset.twin, event, {}) as unknown as Message);
        };
        tell(own.name, own.grade, own.reason);
        for (const { property, label, grade, reason } of own.properties) tell(`${own.name}, ${label}`, grade, reason, property);
      }
      if (messages.length > 0) node.send([null, messages]);
      if (worst !== undefined) {
        const { grade, name } = worst;
        const shown = status('readiness', language, { letter: gradeLetter(grade), grade: gradeWord(grade, language), name });
        const fill = grade === 'good' || grade === 'usable' ? 'green' : grade === 'unknown' ? 'grey' : 'yellow';
        twin.show({ ...shown, fill, shape: grade === 'unknown' ? 'ring' : 'dot' });
      }
    };

    void whenReady(twin, handle, () => {
      const site = handle.site as Site;
      site.readiness.addNode(node.id);
      const everyMs = config.interval * 3_600_000;
      nextReportMs = everyMs > 0 ? site.clock.nowMs() + everyMs : Infinity;
      compareTimer = setInterval(() => {
        compare(site);
        const nowMs = site.clock.nowMs();
        if (nowMs < nextReportMs) return;
        nextReportMs = nowMs + everyMs;
        node.send([report(site), null]);
      }, comparedEveryMs);
      twin.onClose(() => {
        clearInterval(compareTimer);
        site.readiness.removeNode(node.id);
      });
    });

    onInput(twin, handle.ready, (message: Message, send) => {
      const site = openSite(handle);
      const missing = wanted.find((key) => site.asset(key) === undefined);
      if (missing !== undefined) {
        throw new Problem('TWIN_UNKNOWN', `There is no machine with the key "${missing.slice(0, 60)}" in this site.`, 'Correct the keys in this node, or leave them empty for all machines.', {
          key: missing.slice(0, 60),
        });
      }
      compare(site);
      send([{ ...message, ...report(site) }, null]);
    });
  });
}
