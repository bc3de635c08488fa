import assert from 'node:assert/strict';
import { SeededRandom } from '../../demo/seededRandom.ts';
import type { HistoryPoint } from '../../engine/ports.ts';
import { eventsOf } from '../../engine/site/eventRecord.ts';
import type { Site } from '../../engine/site/site.ts';
import { siteHandle } from '../../nodes/siteHandle.ts';
import type { SiteHandle } from '../../nodes/siteHandle.ts';
import { plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { isAnomalyAt } from '../../engine/site/verdictCauses.ts';
import { property, startFlow } from './startFlow.ts';

type Entry = Record<string, unknown>;
type Row = Record<string, string | number | boolean | null>;

const rows = 900;
/** All of it younger than ten minutes, for what is older is backfill. */
const stepMs = 600;
const beginMs = Math.floor(Date.now() / 1000) * 1000 - 10_000 - rows * stepMs;
const cutMs = beginMs + 600 * stepMs;
const endMs = beginMs + rows * stepMs;

function flow(factor: number, replay: Entry = {}, read: Entry = {}): Entry[] {
  const properties = [
    property('speed', { unit: '/min', valueKind: 'setpoint' }), property('current', { unit: 'A' }),
    property('power', { valueKind: 'derived', expression: `current * speed * ${factor}`, unit: 'kW', high: '11' }),
  ];
  return plantFlow({
    properties,
    type: { mode: "if(speed > 1150, 'fast', 'slow')" },
    asset: { wires: [['baseline', 'asset-out'], ['events', 'alert']] },
    more: [
      { id: 'baseline', type: 'twin-baseline', site: 'site', wires: [['anomaly']] },
      { id: 'anomaly', type: 'twin-anomaly', site: 'site', wires: [['alert', 'judged']] },
      { id: 'judged', type: 'helper' },
      {
        id: 'read', type: 'twin-read', site: 'site', what: 'values', twins: 'pump1', properties: 'current', period: 'fromTo', from: String(beginMs), to: String(endMs),
        format: 'list', wires: [['answers']], ...read,
      },
      { id: 'answers', type: 'helper' },
      { id: 'alert', type: 'twin-alert', site: 'site', onStale: false, wires: [['alerts']] },
      { id: 'alerts', type: 'helper' },
      { id: 'replay', type: 'twin-replay', site: 'site', source: 'history', from: String(cutMs), to: String(endMs), recompute: true, why: 'wrong factor', wires: [['asset']], ...replay },
    ],
  });
}

/** The same values, whenever they are sent. */
function payload(): Entry[] {
  const random = new SeededRandom(5);
  let speed = 1000;
  return Array.from({ length: rows }, (_, index) => {
    if (index % 40 === 0) speed = 1000 + 100 * Math.floor(random.uniform() * 3);
    const broken = index >= 800 && index < 860;
    return { time: beginMs + index * stepMs, speed, current: speed / 250 + (broken ? 1.5 : 0) + 0.03 * random.normal() };
  });
}

/** Everything that history holds of the machine beside what was measured, as text. */
async function concluded(run: StartedFlow): Promise<{ derived: HistoryPoint[]; expected: HistoryPoint[]; verdicts: HistoryPoint[]; events: unknown[] }> {
  const { historian } = (siteHandle(run.node('site')) as SiteHandle).site as Site;
  const all = async (twin: string): Promise<HistoryPoint[]> => {
    const names = (await historian.asOf(twin, Infinity)).map((point) => point.property);
    return (await Promise.all(names.map((name) => historian.range(twin, name, beginMs, endMs)))).flat();
  };
  const { events } = await eventsOf(historian, 'pump1', beginMs, endMs);
  return {
    derived: await historian.range('pump1', 'power', beginMs, endMs), expected: await all('pump1/expected'), verdicts: await all('pump1/verdicts'),
    events: events.filter(({ kind }) => ['limit', 'state', 'gap', 'quality'].includes(kind)),
  };
}

describe('twin-replay computes anew', function () {
  this.timeout(60_000);

  async function live(factor: number): Promise<StartedFlow> {
    const run = await startFlow(flow(factor));
    run.node('asset').receive({ payload: payload() });
    await run.until(() => run.received('judged').length > 0, 'verdicts');
    await written();
    return run;
  }

  /** The site writes its history four times a second. */
  const written = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 700));

  it('derived values, expectations, verdicts and events: from a time on what live would have given, before it what live gave, and no alarm', async () => {
    const right = await live(0.002);
    const wanted = await concluded(right);
    await readBack(right, wanted);
    await right.stop();
    assert.ok(wanted.expected.length > 20 && wanted.verdicts.length > 2 && wanted.events.length > 3, JSON.stringify([wanted.expected.length, wanted.verdicts.length, wanted.events.length]));
    assert.ok(wanted.verdicts.some(({ timeMs, value }) => timeMs >= cutMs && isAnomalyAt(value, { perWeek: 1, off: [], smallestPercent: 0, together: false })), 'the fault is seen');

    const run = await live(0.003);
    try {
      const wrong = await concluded(run);
      for (const what of ['derived', 'expected', 'events'] as const) assert.notDeepEqual(wrong[what], wanted[what], what);
      await run.deploy(flow(0.002));
      const [alerts, judged] = [run.received('alerts').length, run.received('judged').length];
      for (const round of [1, 2]) {
        run.node('replay').receive({ payload: 'start' });
        await run.until(() => run.received('judged').slice(judged).filter(({ replay }) => (replay as { complete?: boolean } | undefined)?.complete === true).length === round, 'the end');
        await written();
        const now = await concluded(run);
        for (const what of ['derived', 'expected', 'verdicts', 'events'] as const) {
          const timeOf = (each: unknown): number => (each as { timeMs: number }).timeMs;
          const since = (all: unknown[]): unknown[] => all.filter((each) => timeOf(each) >= cutMs);
          const until = (all: unknown[]): unknown[] => all.filter((each) => timeOf(each) < cutMs);
          assert.deepEqual(until(now[what]), until(wrong[what]), `${what} before, round ${round}`);
          if (what === 'derived' || what === 'events') assert.deepEqual(since(now[what]), since(wanted[what]), `${what} after, round ${round}`);
          else heldEqual(since(now[what]) as HistoryPoint[], wanted[what] as HistoryPoint[], `${what} after, round ${round}`);
        }
      }
      assert.ok(run.received('alerts').slice(alerts).every(({ historical }) => historical === true), 'no live alarm');
      const marked = run.received('judged').slice(judged) as { replay?: { recomputed?: { why: string } }; historical?: boolean }[];
      assert.ok(marked.every(({ replay, historical }) => historical === true && replay?.recomputed?.why === 'wrong factor'));
    } finally {
      await run.stop();
    }
  });
});

/** twin-read gives what was expected beside the values, and events and cases as rows. */
async function readBack(run: StartedFlow, { expected, events }: Awaited<ReturnType<typeof concluded>>): Promise<void> {
  const ask = async (command: Entry): Promise<Row[]> => {
    const count = run.received('answers').length;
    run.node('read').receive({ command });
    await run.until(() => run.received('answers').length > count, 'an answer');
    return run.received('answers').at(-1)?.payload as Row[];
  };
  const plain = await ask({});
  assert.equal(new Set(plain.map((row) => row['property'])).size, 1);
  await run.deploy(flow(0.002, {}, { expected: true }));
  const list = await ask({});
  const of = (name: string): Row[] => list.filter((row) => row['property'] === name);
  assert.equal(of('current').length, plain.length);
  const kept = expected.filter((point) => point.property === 'current').map(({ timeMs, value }) => [timeMs, value]);
  assert.deepEqual(of('current.expected').map(({ timestamp, value }) => [timestamp, value]), kept);
  assert.ok(of('current.low').length > 0 && of('current.low').length === of('current.high').length);
  const chart = await ask({ format: 'chart' });
  const lines = ['current (A)', 'current, expected (A)', 'current, normal from (A)', 'current, normal to (A)'].map((name) => `Pump 1: ${name}`);
  assert.deepEqual(new Set(chart.map(({ series }) => series)), new Set(lines));
  const told = await ask({ what: 'events', properties: 'power,speed,current' });
  const limits = (events as { kind: string; timeMs: number }[]).filter(({ kind }) => kind === 'limit').map(({ timeMs }) => timeMs);
  assert.deepEqual(told.filter(({ kind }) => kind === 'limit').map(({ timestamp }) => timestamp), limits);
  const cases = told.filter(({ kind }) => kind === 'case');
  assert.ok(cases.length > 0 && cases.every(({ text }) => String(text).length > 10), JSON.stringify(cases));
}

/** Series that are written on change start with what held: at each time of both, the same must hold. */
function heldEqual(now: readonly HistoryPoint[], wanted: readonly HistoryPoint[], what: string): void {
  const names = new Set(now.map((point) => point.property));
  assert.ok(names.size > 0, what);
  for (const name of names) {
    const [points, other] = [now, wanted].map((all) => all.filter((point) => point.property === name)) as [HistoryPoint[], HistoryPoint[]];
    for (const point of points) {
      const held = other.findLast(({ timeMs }) => timeMs <= point.timeMs);
      assert.deepEqual([held?.value, held?.quality], [point.value, point.quality], `${what}: ${name} in row ${(point.timeMs - beginMs) / stepMs}`);
    }
    for (const point of other.filter(({ timeMs }) => timeMs >= cutMs)) {
      const held = points.findLast(({ timeMs }) => timeMs <= point.timeMs);
      if (held !== undefined) assert.deepEqual([held.value, held.quality], [point.value, point.quality], `${what}: ${name} in row ${(point.timeMs - beginMs) / stepMs}`);
    }
  }
}
