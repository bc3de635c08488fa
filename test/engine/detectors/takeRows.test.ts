import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createBaseline } from '../../../engine/baselines/index.ts';
import type { AssetBaseline, ColumnInfo } from '../../../engine/baselines/index.ts';
import type { Detector, DetectorEntry } from '../../../engine/detectors/detector.ts';
import { detectors } from '../../../engine/detectors/index.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import type { AssetJudge, Verdict } from '../../../engine/detectors/judge.ts';
import { takeRows } from '../../../engine/detectors/takeRows.ts';
import { RowBlock, mostRows } from '../../../engine/rowBlock.ts';
import { newExpectation } from '../../../engine/signalRow.ts';
import type { SignalRow } from '../../../engine/signalRow.ts';
import type { Cause } from '../../../engine/statistics/chartLeast.ts';
import { StateCopy } from '../../../engine/statistics/stateCopy.ts';
import type { ColumnNumbers } from '../../../engine/statistics/stateCopy.ts';
import { noisyValues, randomOf } from '../../checks/detectors/check.ts';
import { stretches } from '../../checks/detectors/detectorChecks.ts';

/** A machine, and how its rows come. */
interface Story {
  seed: number;
  width: number;
  /** Rows until the next setpoint, and until the next operating mode. */
  dwell: number;
  modeRows: number;
  /** Share of values that are missing in a row. */
  absent: number;
  /** One in so many values is no measurement. */
  odd: number;
}

const loosestPerWeek = 1_000;

function columnsOf({ width, seed }: Story): ColumnInfo[] {
  return Array.from({ length: width }, (_, index) => ({
    // A driver may also be one that is measured, and then found.
    name: `p${index}`, kind: index === 0 && width > 1 && seed % 4 > 0 ? 'setpoint' as const : 'measured' as const, ...(seed % 3 === 0 && index === 2 ? { smallestChange: 0.5 } : {}),
  }));
}

/** Setpoints and what goes with them; coarse and held signals; spikes, steps, drifts, standing still, noise, no measurements, gaps, late rows. */
function rowsOf({ seed, width, dwell, modeRows, absent, odd }: Story, count: number): SignalRow[] {
  const random = randomOf(seed);
  const noise = noisyValues(seed, count * width);
  let setpoint = 0;
  let timeMs = 1_700_000_000_000;
  let fault = 0;
  let kind = 0;
  let size = 0;
  return Array.from({ length: count }, (_, row) => {
    if (row % dwell === 0) setpoint = 10 * Math.floor(4 * random());
    if (random() < 0.002) {
      fault = 5 + Math.floor(60 * random());
      kind = Math.floor(4 * random());
      size = 6 * (random() - 0.5);
    } else fault = Math.max(0, fault - 1);
    timeMs += random() < 0.001 ? 60_000 * random() : random() < 0.01 ? 1_500 : random() < 0.001 ? -3_000 : 1_000;
    const fresh = new Uint8Array(width).fill(1);
    const values = Float64Array.from({ length: width }, (__, column) => {
      if (random() < absent) fresh[column] = 0;
      if (random() < 1 / odd) return [NaN, Infinity, 1e308, -1e200][Math.floor(4 * random())]!;
      if (column === 0 && width > 1) return seed % 4 > 0 ? setpoint : setpoint + 0.2 * (noise[row * width]! - 50);
      const scatter = noise[row * width + column]! - 50;
      let value = 50 + column + 0.2 * setpoint + scatter + (seed % 5 === 0 ? row / 2_000 : 0);
      if (column === 3) value = Math.round((seed % 2 === 0 ? 4 : 1) * value) / (seed % 2 === 0 ? 4 : 1);
      if (column === 4 && seed % 2 === 0) value = (Math.floor(row / 7) * 7_919) % 17;
      if (fault > 0 && column === 1) value = [value + size, 50, value + 10 * scatter, value + size / 3][kind]!;
      return random() < 0.001 ? value + 20 * (random() - 0.5) : value;
    });
    return { timeMs, mode: row % (2 * modeRows) < modeRows ? '' : 'other', values, fresh };
  });
}

/** What came of a row. */
interface Outcome {
  verdict: Verdict;
  causes: readonly Cause[];
}

function oneByOne(baseline: AssetBaseline, judge: AssetJudge, rows: readonly SignalRow[]): Outcome[] {
  return rows.map((row) => {
    const expectation = newExpectation(row.values.length);
    baseline.expect(row, expectation);
    const verdict = judge.judge(row, expectation);
    const causes = judge.causes(loosestPerWeek).map((cause) => ({ ...cause }));
    judge.learn(row, expectation, verdict);
    if (verdict.verdict === 'anomaly') baseline.pass(row);
    else baseline.learn(row);
    return { verdict, causes };
  });
}

/** The same in blocks that end where chance says, with a few rows one by one where a block can't be gone on with. */
function inBlocks(baseline: AssetBaseline, judge: AssetJudge, rows: readonly SignalRow[], random: () => number, took: (rows: number) => void): Outcome[] {
  const outcomes: Outcome[] = [];
  const block = new RowBlock(rows[0]!.values.length);
  for (let begin = 0; begin < rows.length;) {
    block.count = 0;
    block.mode = rows[begin]!.mode;
    const most = random() < 0.2 ? 1 + Math.floor(mostRows * random()) : mostRows;
    while (block.count < most && rows[begin + block.count]?.mode === block.mode) block.add(rows[begin + block.count]!);
    for (let row = 0; row < block.count;) {
      const causes = new Map<number, readonly Cause[]>();
      const end = takeRows(baseline, judge, block, row, block.count, Infinity, loosestPerWeek, (at, found) => causes.set(at, found.map((cause) => ({ ...cause }))));
      took(end - row);
      for (; row < end; row += 1) {
        outcomes.push({
          verdict: { verdict: 'normal', score: block.score[row]!, sinceMs: NaN, signals: [], leastPerWeek: block.leastPerWeek[row]! }, causes: causes.get(row) ?? [],
        });
      }
      const few = rows.slice(begin + row, begin + Math.min(block.count, row + 4));
      outcomes.push(...oneByOne(baseline, judge, few));
      row += few.length;
    }
    begin += block.count;
  }
  return outcomes;
}

const stories = fc.record({
  seed: fc.nat(100_000), width: fc.integer({ min: 1, max: 6 }), dwell: fc.constantFrom(1, 40, 300), modeRows: fc.constantFrom(400, 100_000), absent: fc.constantFrom(0, 0.01, 0.3),
  odd: fc.constantFrom(300, 1e9),
});

describe('Rows of a block', function () {
  this.timeout(60_000);

  /** @returns rows that were taken in one go, and anomalies */
  function compare(story: Story, change = (judge: AssetJudge): AssetJudge => judge): { taken: number; anomalies: number } {
    const columns = columnsOf(story);
    const rows = rowsOf(story, 2_000);
    const [one, other] = [createBaseline(columns, {}), createBaseline(columns, {})];
    const [oneJudge, otherJudge] = [createJudge(columns, {}), createJudge(columns, {})];
    let taken = 0;
    const wanted = oneByOne(one, oneJudge, rows);
    const got = inBlocks(other, change(otherJudge), rows, randomOf(story.seed + 1), (more) => (taken += more));
    for (const [row, outcome] of wanted.entries()) assert.deepEqual(got[row], outcome, `row ${row}`);
    assert.equal(JSON.stringify(otherJudge.snapshot()), JSON.stringify(oneJudge.snapshot()));
    assert.equal(JSON.stringify(other.snapshot()), JSON.stringify(one.snapshot()));
    return { taken, anomalies: wanted.filter(({ verdict }) => verdict.verdict === 'anomaly').length };
  }

  it('come to what the same rows come to one by one, to the last bit', () => {
    let taken = 0;
    let anomalies = 0;
    fc.assert(fc.property(stories, (story) => {
      const seen = compare(story);
      taken += seen.taken;
      anomalies += seen.anomalies;
    }), { numRuns: 12 });
    assert.ok(taken > 6_000 && anomalies > 20, `${taken} rows in one go, ${anomalies} anomalies`);
  });

  /** Whether a detector is where it was when its numbers are put back, all of them or those of each column. */
  function goesBack({ create }: DetectorEntry, numbers = (sound: Detector): readonly ColumnNumbers[] => sound.numbers()): boolean {
    const detector = create({ columns: 2 });
    const copy = new StateCopy();
    return stretches(2, 10).every((rows) => {
      for (const column of [0, 1]) detector.follow(column, rows, 0, mostRows);
      const before = JSON.stringify(detector.snapshot());
      const back = [() => copy.putBack(), () => [1, 0].forEach((column) => copy.putBackColumn(column, 2, 0))];
      copy.keep(numbers(detector));
      return back.every((putBack) => {
        for (const column of [1, 0]) detector.follow(column, rows, 0, mostRows);
        putBack();
        return JSON.stringify(detector.snapshot()) === before;
      });
    });
  }

  for (const entry of detectors) {
    it(`leave ${entry.name} where it was when its numbers are put back`, () => {
      assert.ok(goesBack(entry));
      const [, ...some] = entry.create({ columns: 2 }).numbers();
      assert.equal(goesBack(entry, (sound) => sound.numbers().slice(0, some.length)), false, 'and a list with one number missing is noticed');
    });
  }

  it('does not come to that where a row is taken for calm that is none', () => {
    const careless = (sound: AssetJudge): AssetJudge => ({
      ...Object.fromEntries(['judge', 'learn', 'causes', 'isCalm'].map((name) => [name, (...given: unknown[]) => (sound[name as 'judge'] as (...all: unknown[]) => unknown).apply(sound, given)])),
      takeCalm: (block: RowBlock, from: number, to: number) => Math.min(to, sound.takeCalm(block, from, to) + 1),
    }) as unknown as AssetJudge;
    assert.throws(() => compare({ seed: 3, width: 4, dwell: 40, modeRows: 400, absent: 0.01, odd: 300 }, careless), assert.AssertionError);
  });
});
