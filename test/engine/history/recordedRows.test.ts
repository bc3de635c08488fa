import assert from 'node:assert/strict';
import { MemoryHistorian } from '../../../adapters/memory/memoryStore.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import { lineageOf, lineagePoint } from '../../../engine/history/lineage.ts';
import { recordedRows, rowsInOrder } from '../../../engine/history/recordedRows.ts';
import type { RecordedRow } from '../../../engine/history/recordedRows.ts';
import type { Observation } from '../../../engine/observation.ts';
import type { HistoryPoint } from '../../../engine/ports.ts';
import type { AssetTwin, Evaluation } from '../../../engine/site/assetTwin.ts';
import type { TwinUpdate } from '../../../engine/twin/twin.ts';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import { twinMessage } from '../../../nodes/message.ts';
import { recordedMessage, recordedRowsOf } from '../../../nodes/recordedMessage.ts';
import { registration, startSite } from '../site/siteFixture.ts';

const startMs = 1_767_225_600_000;
const { type, problems } = compileTwinType({
  name: 'pump', version: 1, mode: "if(speed > 1200, 'fast', 'slow')",
  properties: [
    { name: 'speed', unit: '/min', valueKind: 'setpoint' },
    { name: 'current', unit: 'A', high: '8', maximumRate: '50' },
    { name: 'energy', unit: 'kW.h', valueKind: 'counter', counterBits: '16' },
    { name: 'power', unit: 'kW', valueKind: 'derived', expression: 'current * 0.4' },
    { name: 'smooth', unit: 'kW', valueKind: 'derived', expression: 'mean(power, 60s)' },
    { name: 'used', unit: 'kW.h', valueKind: 'derived', expression: 'delta(energy)' },
  ],
});

/**
 * What a row came to: everything that goes out, and the derived values that go to history; but for what history does not hold (how the
 * clock ran, that a counter rolled over: it is counted on there).
 */
interface Lived {
  timeMs: number;
  payload: unknown;
  quality: unknown;
  updated: string[];
  state: string;
  evaluation: Evaluation | undefined;
  derived: HistoryPoint[];
  events: unknown[];
}

function lived(asset: AssetTwin, update: TwinUpdate): Lived {
  const message = twinMessage(asset.twin, update, { row: asset.takeRows(1) });
  const derived = update.accepted.filter(({ property, value }) => ['power', 'smooth', 'used'].includes(property) && value !== null);
  const { timestamp: timeMs, payload, quality, updated } = message;
  const events = update.events.filter(({ kind }) => kind !== 'clock' && kind !== 'counter');
  return { timeMs, payload, quality, updated: [...updated].sort(), state: message.twin.state, evaluation: asset.evaluate(message), derived, events };
}

/** A pump as its PLC sends it: value by value, unscaled, with bad ones, a counter that rolls over, and an outage. */
function observations(): { nowMs: number; values: Observation[] }[] {
  const random = new SeededRandom(9);
  const rows: { nowMs: number; values: Observation[] }[] = [];
  let speed = 1000;
  for (let index = 0; index < 900; index++) {
    const timeMs = startMs + index * 1000 + (index >= 400 ? 120_000 : 0);
    if (index % 10 === 0) speed = 1000 + 100 * Math.floor(random.uniform() * 5);
    const current = (speed / 250) * (index >= 800 ? 1.25 : 1) + 0.03 * random.normal();
    const draw = random.uniform();
    const value = (address: string, number: number, atMs: number, quality: Observation['quality'] = 'good'): Observation =>
      ({ address, value: number, quality, sourceTimeMs: atMs, receivedTimeMs: atMs + 30 });
    rows.push({
      nowMs: timeMs + 40,
      values: [
        value('speed', speed, timeMs),
        value('PLC.current', current * 10, timeMs + 3, draw < 0.02 ? 'bad' : draw < 0.05 ? 'uncertain' : 'good'),
        ...(index % 3 === 0 ? [value('energy', (65_400 + index) % 65_536, timeMs + 7)] : []),
      ],
    });
  }
  return rows;
}

describe('history is lived through again', function () {
  this.timeout(20_000);

  it('as it was live: the same rows, derived values, expectations, verdicts and events', async () => {
    assert.deepEqual(problems, []);
    const { site, clock } = await startSite();
    site.addJudge('judge');
    const live = site.register(registration('pump', { type, mapping: [{ address: 'PLC.current', property: 'current', scale: 0.1, offset: 0 }] }));
    const historian = new MemoryHistorian();
    const first: Lived[] = [];
    for (const { nowMs, values } of observations()) {
      clock.wallMs = nowMs;
      const update = live.twin.apply(values, nowMs);
      await historian.write(update.accepted);
      first.push(lived(live, update));
    }
    assert.ok(first.some(({ evaluation }) => evaluation?.anomaly.verdict === 'anomaly') && first.some(({ evaluation }) => evaluation?.anomaly.verdict === 'normal'), 'both verdicts occur');
    assert.ok(first.some(({ events }) => events.some((event) => (event as { kind: string }).kind === 'gap')), 'the gap is seen');
    assert.ok(Number((first.at(-1) as Lived & { payload: Record<string, number> }).payload['energy']) > 65_536, 'the counter rolled over');

    const again = site.asset('pump', 'replay') as AssetTwin;
    const second: Lived[] = [];
    const batch: RecordedRow[] = [];
    for await (const row of recordedRows(historian, 'pump', ['speed', 'current', 'energy'], -Infinity, Infinity, 20)) batch.push(row);
    // As a message, there and back.
    const message = structuredClone({ ...recordedMessage(batch), historical: true, replay: { id: 'r', twin: 'pump', recorded: true } });
    for (const { recorded } of recordedRowsOf(message)?.rows ?? []) second.push(lived(again, again.twin.applyRecorded(recorded ?? [], clock.nowMs())));
    assert.equal(second.length, first.length);
    first.forEach((row, index) => {
      const { events: before, ...one } = row;
      const { events: after, ...two } = second[index] as Lived;
      assert.deepEqual(two, one, `row ${index}`);
      // How long an outage was is counted from what arrived, live, and from what was measured, now.
      const plain = (events: unknown[]): unknown[] => (events as { kind: string; property?: string; active?: boolean }[]).map(({ kind, property, active }) => [kind, property, active]);
      assert.deepEqual(plain(after), plain(before), `events of row ${index}`);
    });
  });

  it('page by page and over long silence, and several machines by their time', async () => {
    const historian = new MemoryHistorian();
    const count = 12_345;
    // A year of nothing between the first value and the others.
    const times = Float64Array.from({ length: count }, (_, index) => (index === 0 ? 0 : 31_536_000_000 + index * 100));
    await historian.writeRows({ twin: 'a', properties: ['x'], times, values: times });
    await historian.writeRows({ twin: 'b', properties: ['x'], times: times.map((timeMs) => timeMs + 1), values: times });
    const seen: string[] = [];
    let lastMs = -Infinity;
    for await (const row of rowsInOrder([recordedRows(historian, 'a', ['x', 'none'], 0, Infinity, 20), recordedRows(historian, 'b', ['x'], 0, Infinity, 20)])) {
      assert.ok(row.timeMs >= lastMs && row.points.length === 1);
      lastMs = row.timeMs;
      seen.push(row.twin);
    }
    assert.deepEqual([seen.length, seen.filter((twin) => twin === 'a').length], [2 * count, count]);
  });

  it('what was computed anew says by whom, why and when, each time anew', async () => {
    const historian = new MemoryHistorian();
    const one = { twin: 'pump', by: 'Anna', why: 'wrong factor', atMs: 5000, fromMs: 1000, toMs: 2000 };
    const two = { twin: 'pump', by: 'Ben', why: '', atMs: 6000, fromMs: 1000, toMs: 4000 };
    await historian.write([lineagePoint(one), lineagePoint(two)]);
    assert.deepEqual(await lineageOf(historian, 'pump', 1500, 1600), [one, two]);
    assert.deepEqual(await lineageOf(historian, 'pump', 2000, 2500), [two]);
    assert.deepEqual(await lineageOf(historian, 'pump', 4000, 5000), []);
    assert.deepEqual(await lineageOf(historian, 'other', 0, 9000), []);
  });

  it('rows that were taken apart on the way are refused', () => {
    const marks = { historical: true, replay: { id: 'r', twin: 'pump', recorded: true } };
    assert.throws(() => recordedRowsOf({ ...marks, payload: 'x' }), { code: 'TWIN_ROWS' });
    assert.throws(() => recordedRowsOf({ ...marks, payload: [{ speed: 1 }] }), { code: 'TWIN_ROWS' });
    assert.equal(recordedRowsOf({ payload: [{ time: 1, speed: 1 }], historical: true, replay: { id: 'r' } }), undefined);
  });
});
