import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import { CaseBook } from '../../../engine/alarms/caseBook.ts';
import type { ColumnInfo } from '../../../engine/baselines/index.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import type { HistoryPoint, Json, SeriesColumns } from '../../../engine/ports.ts';
import { newExpectation, phaseArmed } from '../../../engine/signalRow.ts';
import { takeVerdicts } from '../../../engine/site/alert.ts';
import type { AlertSettings } from '../../../engine/site/alert.ts';
import { backTest, casesAt, recordedMs } from '../../../engine/site/backTest.ts';
import { never, VerdictRecord, verdictSeries } from '../../../engine/site/verdictRecord.ts';
import { registration, single, startSite } from './siteFixture.ts';

const startMs = 1_767_225_600_000;
const columns: readonly ColumnInfo[] = [{ name: 'current', kind: 'measured' }, { name: 'pressure', kind: 'measured' }];
const settings: AlertSettings = { onAnomaly: true, onLimit: true, onStale: true, clearAfterMs: 60_000, repeatAfterMs: 0 };

function columnsOf(points: readonly HistoryPoint[]): SeriesColumns {
  return {
    times: Float64Array.from(points, ({ timeMs }) => timeMs),
    values: Float64Array.from(points, ({ value }) => Number(value)),
    qualities: Uint8Array.from(points, ({ quality }) => (quality === 'good' ? 0 : 1)),
  };
}

describe('back-test', () => {
  it('one figure per row says what the judge would say at every setting: the same as judging it again there', () => {
    const expectation = newExpectation(2);
    expectation.expected.fill(50);
    expectation.low.fill(48.8);
    expectation.high.fill(51.2);
    expectation.phase.fill(phaseArmed);
    const seed = Number(process.env['SEED'] ?? 11);
    const random = new SeededRandom(seed);
    const others = [0.01, 0.25, 7, 100].map((perWeek) => ({ perWeek, open: [0, 0], anomalies: 0 }));
    const judge = createJudge(columns, { falseAlarmsPerWeek: 1 });
    const row = { timeMs: startMs, mode: '', values: new Float64Array(2), fresh: Uint8Array.of(1, 1) };
    let own = 0;
    for (let index = 0; index < 1_900; index += 1) {
      row.timeMs += 1_000;
      const fault = index % 100 > 60 && index > 1_500 ? 0.4 * (Math.floor(index / 100) - 13) * (0.4 + 0.6 * random.uniform()) : 0;
      row.values[0] = 50 + 0.3 * random.normal() + fault;
      row.values[1] = 50 + 0.3 * random.normal();
      const verdict = judge.judge(row, expectation);
      assert.equal(verdict.verdict === 'anomaly', verdict.leastPerWeek <= 1, `seed ${seed}, row ${index} at the setting in force`);
      if (index > 1_500) {
        const snapshot = judge.snapshot() as { state: Record<string, Json> };
        for (const other of others) {
          // The same that was learned, and what it had told itself.
          const again = createJudge(columns, { falseAlarmsPerWeek: other.perWeek }, { ...snapshot, state: { ...snapshot.state, open: other.open } }).judge(row, expectation);
          assert.equal(verdict.leastPerWeek <= other.perWeek, again.verdict === 'anomaly', `seed ${seed}, row ${index} at ${other.perWeek}: ${verdict.leastPerWeek}`);
          other.open = [0, 0];
          for (const { column } of again.signals) other.open[column] = 1;
          if (again.verdict === 'anomaly') other.anomalies += 1;
        }
        if (verdict.verdict === 'anomaly') own += 1;
      }
      judge.learn(row, expectation, verdict);
    }
    const told = [...others.map(({ anomalies }) => anomalies), own].sort((one, other) => one - other);
    assert.ok(told[0]! > 0 && new Set(told).size >= 4, `settings must differ for this to say anything: ${told.join(', ')}`);
  });

  it('a judge made from a snapshot goes on with the same figure', () => {
    const expectation = newExpectation(2);
    expectation.phase.fill(phaseArmed);
    expectation.expected.fill(50);
    const random = new SeededRandom(5);
    let judge = createJudge(columns, {});
    const whole = createJudge(columns, {});
    for (let index = 0; index < 900; index += 1) {
      const row = { timeMs: startMs + 1_000 * index, mode: '', values: Float64Array.of(50 + 0.3 * random.normal() + (index > 700 ? (index - 700) / 90 : 0), 50), fresh: Uint8Array.of(1, 1) };
      if (index % 90 === 0) judge = createJudge(columns, {}, JSON.parse(JSON.stringify(judge.snapshot())) as Json);
      const [one, other] = [judge.judge(row, expectation), whole.judge(row, expectation)];
      assert.deepEqual(one, other);
      judge.learn(row, expectation, one);
      whole.learn(row, expectation, other);
    }
  });

  it('opens and clears the cases that a case book does, whatever the rows', () => {
    const rows = fc.array(fc.record({ stepMs: fc.integer({ min: 1, max: 9_000 }), least: fc.constantFrom(0, 0.5, 2, 50, Infinity, Infinity), off: fc.nat(9).map((n) => n === 0) }), {
      minLength: 1, maxLength: 120,
    });
    fc.assert(
      fc.property(rows, fc.constantFrom(0.1, 1, 7), fc.constantFrom(10_000, 60_000), (given, perWeek, clearAfterMs) => {
        const record = new VerdictRecord('pump');
        const book = new CaseBook({ twin: 'pump', historical: false, clearAfterMs, repeatAfterMs: 0 });
        const expected = new Map<string, { sinceMs: number; clearedMs?: number }>();
        const points: HistoryPoint[] = [];
        let timeMs = startMs;
        let wasOff = false;
        for (const { stepMs, least, off } of given) {
          timeMs += stepMs;
          record.note(timeMs, off ? undefined : least, 1);
          points.push(...record.take());
          // The site's ticks watch all the time, until the machine stops.
          const before = off && !wasOff ? book.watch(timeMs, true) : [];
          wasOff = off;
          if (off) book.unseen('anomaly', timeMs);
          const changes = off
            ? before
            : least <= perWeek || book.active
              ? book.condition({ name: 'anomaly', active: least <= perWeek, timeMs, signals: [], severity: 'maintenance' })
              : book.watch(timeMs, true);
          for (const { case: { id, sinceMs, clearedMs } } of changes) expected.set(id, { sinceMs, ...(clearedMs === undefined ? {} : { clearedMs }) });
        }
        const found = casesAt(columnsOf(points), { perWeek, off: [], smallestPercent: 0, together: true }, clearAfterMs, timeMs);
        // One that is over but not yet long enough is told as it will be.
        const ends = [...expected.values()];
        assert.deepEqual(found.map(({ sinceMs }) => sinceMs), ends.map(({ sinceMs }) => sinceMs));
        for (const [index, { clearedMs }] of ends.entries()) if (clearedMs !== undefined) assert.equal(found[index]?.clearedMs, clearedMs);
      }),
      { numRuns: 300 },
    );
  });

  it('writes little: changes, one point an hour, three digits, never across the setting in force', () => {
    const record = new VerdictRecord('pump');
    for (let second = 0; second < 4 * 3600; second += 1) record.note(startMs + 1000 * second, Infinity, 1);
    assert.equal(record.take().length, 4);
    const after = startMs + 4 * 3_600_000;
    for (const [index, least] of [0.99999, 1.0000001, 1e-9, 250, 12.3456].entries()) record.note(after + index, least, 1);
    record.note(after + 3, 0.5, 1);
    record.note(NaN, 0.5, 1);
    record.note(after + 6, undefined, 1);
    const points = record.take();
    assert.deepEqual(points.map(({ value }) => value), [1, 1.0000001, 0, never, 12.3, never]);
    assert.deepEqual(points.map(({ quality }) => quality), ['good', 'good', 'good', 'good', 'good', 'uncertain']);
    assert.equal(recordedMs(columnsOf(points), after + 1000), 1000);
    // A pause of three hours is not on record.
    assert.equal(recordedMs({ times: Float64Array.of(0, 3_600_000, 4 * 3_600_000), values: [], qualities: new Uint8Array(3) }, 4 * 3_600_000 + 5), 3_600_005);
  });

  it('of a site says what another setting would have raised, beside what was raised, from what is on record', async () => {
    const store = openMemoryStore();
    const { site, clock } = await startSite({}, store);
    site.addJudge('judge');
    const asset = site.register(registration('pump'));
    const random = new SeededRandom(3);
    let raised = 0;
    for (let index = 0; index < 2_000; index += 1) {
      clock.wallMs = startMs + index * 2_000;
      const fault = index > 1_200 && index % 200 < 12 ? 0.03 * (index / 100 - 10) : 0;
      const speed = 1000 + 100 * (Math.floor(index / 10) % 5);
      const current = (speed / 250) * (1 + fault) + 0.03 * random.normal();
      const message = single(site, asset, { timeMs: clock.wallMs, values: { speed, current, vibration: 2 + 0.1 * random.normal(), mode: 'producing' } });
      const evaluation = asset.evaluate(message);
      assert.ok(evaluation);
      raised += takeVerdicts(site, asset, { ...message, anomaly: evaluation.anomaly }, settings).filter(({ case: { change } }) => change === 'opened').length;
      if (index % 100 === 0) site.tick();
    }
    await site.checkpoint();
    site.tick();
    await new Promise((resolve) => setImmediate(resolve));
    const asked = await backTest(site, asset, { perWeek: 1 });
    assert.ok(raised >= 2, `${raised} cases`);
    assert.equal(asked.count, raised);
    assert.deepEqual(asked.would.map(({ clearedMs }) => clearedMs), asked.raised.map(({ clearedMs }) => clearedMs));
    assert.equal(asked.askedPerWeek, 1);
    assert.ok(Math.abs(asked.recordedMs - 2_000 * 2_000) < 60_000, `${asked.recordedMs} ms on record`);
    const counts = await Promise.all([0.01, 0.1, 1, 10, 100].map(async (perWeek) => (await backTest(site, asset, { perWeek })).count));
    assert.ok(new Set(counts).size >= 2, counts.join());
    assert.deepEqual(await backTest(site, asset, { perWeek: 1 }), asked, 'the same question has the same answer');
    // Not one of the machine's values.
    assert.ok((await store.historian.asOf('pump', clock.wallMs)).every(({ property }) => property !== verdictSeries('pump').property));
  });
});
