import assert from 'node:assert/strict';
import { createBaseline } from '../../../engine/baselines/index.ts';
import type { AssetBaseline, ColumnInfo } from '../../../engine/baselines/index.ts';
import { chartKinds } from '../../../engine/detectors/index.ts';
import { createJudge, moveJudge } from '../../../engine/detectors/judge.ts';
import type { AssetJudge, JudgeOptions, Verdict } from '../../../engine/detectors/judge.ts';
import { shape } from '../../../engine/detectors/shape.ts';
import { takeRows } from '../../../engine/detectors/takeRows.ts';
import type { Json } from '../../../engine/ports.ts';
import { RowBlock, mostRows } from '../../../engine/rowBlock.ts';
import { newExpectation } from '../../../engine/signalRow.ts';
import { keptMove } from '../../../engine/statistics/columnMove.ts';
import { CycleTrigger, levelColumn } from '../../../engine/statistics/cycleTrigger.ts';
import { noisyValues, randomOf } from '../../checks/detectors/check.ts';

const startMs = 1_700_000_000_000;
const columns: readonly ColumnInfo[] = [{ name: 'pressure', kind: 'measured' }, { name: 'oil', kind: 'measured' }, { name: 'parts', kind: 'counter' }];

interface Row {
  timeMs: number;
  values: number[];
  mode?: string;
}

/** A filler: one row a second, some 40 to a cycle, one more or less; `late` seconds that the pressure lags behind. Pressure, oil, parts made. */
class Filler {
  readonly #random = randomOf(7);
  readonly #noise = noisyValues(8, 40_000);
  #at = 0;
  #length = 40;
  #parts = 0;
  #row = 0;

  rows(count: number, late = 0): Row[] {
    return Array.from({ length: count }, () => {
      this.#at += 1;
      if (this.#at >= this.#length) {
        this.#at -= this.#length;
        this.#length = 39 + 2 * this.#random();
        this.#parts += 1;
      }
      const rise = Math.max(0, Math.min(1, (this.#at - 5) / (4 + late)));
      const fall = Math.max(0, Math.min(1, (this.#at - 25) / 6));
      const [one, two] = [this.#noise[(2 * this.#row) % 40_000]! - 50, this.#noise[(2 * this.#row + 1) % 40_000]! - 50];
      const timeMs = startMs + 1_000 * this.#row;
      this.#row += 1;
      return { timeMs, values: [20 + 40 * (rise - fall) + one, 45 + two, this.#parts] };
    });
  }
}

class Chain {
  readonly options: JudgeOptions;
  readonly baseline: AssetBaseline;
  judge: AssetJudge;

  constructor(options: JudgeOptions = {}) {
    this.options = options;
    this.baseline = createBaseline(columns, {});
    this.judge = createJudge(columns, options);
  }

  feed(rows: readonly Row[], commissioning = false): Verdict[] {
    const expectation = newExpectation(columns.length);
    return rows.map(({ timeMs, values, mode = '' }) => {
      const row = { timeMs, mode, values: Float64Array.from(values), fresh: Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1)) };
      this.baseline.expect(row, expectation);
      const verdict = this.judge.judge(row, expectation);
      const normal = commissioning || verdict.verdict !== 'anomaly';
      this.judge.learn(row, expectation, normal && verdict.verdict === 'anomaly' ? { ...verdict, verdict: 'normal', signals: [] } : verdict);
      if (normal) this.baseline.learn(row);
      else this.baseline.pass(row);
      return verdict;
    });
  }

  restart(): void {
    this.judge = createJudge(columns, this.options, JSON.parse(JSON.stringify(this.judge.snapshot())) as Json);
  }
}

const kindsOf = (verdicts: readonly Verdict[]): Set<string> => new Set(verdicts.flatMap(({ signals }) => signals.map(({ kind }) => kind)));
const told = (verdicts: readonly Verdict[]): number => verdicts.filter(({ verdict }) => verdict === 'anomaly').length;
const cyclesOf = (judge: AssetJudge): Record<string, Json> => (judge.snapshot() as { cycles: Record<string, Json> }).cycles;

describe('shape: golden numbers', () => {
  it('are those of the same sums over whole arrays in numpy', () => {
    // numpy 1.26: 12 points, 100 + 20 · sin(2π p ÷ 12) + ((7 k + 5 p) mod 11 − 5) ÷ 10 in cycle k, 40 cycles learned, then four with 3 more at points 4 to 6;
    // weighted fit of level and size, EWMA of the clipped distances and its mean square written out anew with vectors.
    const course = (cycle: number): Float64Array => Float64Array.from({ length: 12 }, (_, point) => 100 + 20 * Math.sin((2 * Math.PI * point) / 12) + ((cycle * 7 + point * 5) % 11 - 5) / 10);
    const detector = shape.create({ points: 12 });
    for (let cycle = 0; cycle < 40; cycle += 1) detector.learn(course(cycle), true);
    const scores = [40, 41, 42, 43].map((cycle) => {
      const other = course(cycle).map((value, point) => value + (point >= 4 && point < 7 ? 3 : 0));
      const score = detector.score(other);
      detector.learn(other, false);
      return Number(score.toFixed(6));
    });
    assert.deepEqual(scores, [0.943228, 1.881341, 2.49521, 2.790026]);
    assert.equal(detector.third, 1);
  });
});

describe('where cycles begin', () => {
  const next = (trigger: CycleTrigger, rows: readonly Row[]): { row: number; step: string }[] =>
    rows.flatMap(({ timeMs, values, mode = '' }, row) => {
      const step = trigger.next({ timeMs, mode, values: Float64Array.from(values), fresh: new Uint8Array(values.length).fill(1) });
      return step === 'none' ? [] : [{ row, step }];
    });

  it('is found by a counter, by the mode, or by a level, and how long they are', () => {
    const rows = new Filler().rows(4_000);
    const inModes = rows.map((row) => ({ ...row, values: [NaN, NaN], mode: row.values[0]! > 40 ? 'fill' : 'wait' }));
    for (const [name, kinds, given] of [
      ['a counter', Uint8Array.of(1, 1, 2), rows], ['a level', Uint8Array.of(1, 1), rows.map((row) => ({ ...row, values: row.values.slice(0, 2) }))], ['the mode', Uint8Array.of(1, 1), inModes],
    ] as const) {
      const trigger = new CycleTrigger(kinds);
      const steps = next(trigger, given);
      assert.ok(Math.abs(trigger.periodMs - 40_000) < 1_500, `${name}: ${trigger.periodMs} ms`);
      assert.ok(steps.filter(({ step }) => step === 'whole').length > 70, `${name}: ${steps.length} begins`);
      // What was made to tell begins comes before what happens to.
      if (name === 'a counter') for (const { row } of steps) assert.equal(rows[row]!.values[2], rows[row - 1]!.values[2]! + 1);
    }
  });

  it('is the whole cycle, not a part of it that looks like another', () => {
    const noise = noisyValues(9, 6_000);
    const trigger = new CycleTrigger(Uint8Array.of(levelColumn));
    next(trigger, Array.from({ length: 6_000 }, (_, row) => ({ timeMs: 1_000 * row, values: [noise[row]! + (row % 60 < 15 ? 20 : row % 60 >= 30 && row % 60 < 45 ? 12 : 0)] })));
    assert.ok(Math.abs(trigger.periodMs - 60_000) < 1_000, `${trigger.periodMs} ms`);
  });

  it('is not found in noise, in what wanders, nor in what comes at any time; then it rests, and a snapshot is short', () => {
    const random = randomOf(10);
    const noise = noisyValues(11, 100_000);
    let [wandering, left, on] = [0, 50, 0];
    const rows = Array.from({ length: 100_000 }, (_, row) => {
      wandering = 0.97 * wandering + noise[row]! - 50;
      left -= 1;
      if (left < 0) [left, on] = [5 + 90 * random(), 1 - on];
      return { timeMs: 1_000 * row, values: [noise[row]!, wandering, on], mode: on === 1 ? 'run' : 'idle' };
    });
    const trigger = new CycleTrigger(Uint8Array.of(levelColumn, levelColumn, levelColumn));
    assert.deepEqual(next(trigger, rows), []);
    assert.equal(trigger.isLocked, false);
    assert.ok(JSON.stringify(trigger.snapshot()).length < 60, JSON.stringify(trigger.snapshot()));
  });
});

describe('a machine that works in cycles', function () {
  this.timeout(20_000);
  const filler = new Filler();
  const sound = filler.rows(7_000);
  const later = filler.rows(3_000);
  const faulty = filler.rows(500, 1.5);
  const after = filler.rows(400);
  const taught = new Chain();
  taught.feed(sound, true);
  const learned = { baseline: taught.baseline.snapshot(), judge: taught.judge.snapshot() };
  const chain = (options: JudgeOptions = {}): Chain => {
    const copy = new Chain(options);
    Object.assign(copy, { baseline: createBaseline(columns, {}, learned.baseline), judge: createJudge(columns, options, learned.judge) });
    return copy;
  };

  it('is judged by the course of its cycles: a slower rise is told, with the signal and the third, and ends with it', () => {
    const own = chain();
    assert.equal(told(own.feed(later)), 0);
    const verdicts = own.feed(faulty);
    assert.deepEqual([...kindsOf(verdicts)], ['shape']);
    const anomalies = verdicts.filter(({ verdict }) => verdict === 'anomaly');
    assert.ok(anomalies.length > 300, `${anomalies.length} rows`);
    for (const { signals, score, leastPerWeek } of anomalies) {
      assert.deepEqual(signals, [{ column: 0, share: 1, kind: 'shape', third: 0 }]);
      assert.ok(score >= 0.7 && leastPerWeek <= 1);
    }
    assert.equal(told(own.feed(after).slice(120)), 0, 'goes on when it has gone');
  });

  it('is not told where it is not looked for, and it is known what would have been', () => {
    const own = chain({ off: ['shape'] });
    own.feed(later);
    let known = 0;
    for (const row of faulty) {
      assert.equal(told(own.feed([row])), 0);
      if (own.judge.causes(1).some(({ chart }) => chartKinds[chart] === 'shape')) known += 1;
    }
    assert.ok(known > 250, `${known} rows`);
  });

  it('is judged the same after restarts, and forgets all when told to', () => {
    const [whole, resumed] = [chain(), chain()];
    for (const [index, row] of [...later.slice(0, 600), ...faulty].entries()) {
      if (index % 97 === 0) resumed.restart();
      assert.deepEqual(resumed.feed([row]), whole.feed([row]), `at ${index}`);
    }
    assert.deepEqual(resumed.judge.snapshot(), whole.judge.snapshot());
    whole.judge.learnAgain();
    assert.equal(cyclesOf(whole.judge)['columns'], undefined);
  });

  it('is judged the same in blocks of rows', () => {
    const [single, many] = [chain(), chain()];
    const rows = [...later.slice(0, 1_000), ...faulty, ...after];
    const expected = single.feed(rows);
    const block = new RowBlock(columns.length);
    let together = 0;
    for (let begin = 0; begin < rows.length; begin += block.count) {
      block.count = 0;
      for (const { timeMs, values } of rows.slice(begin, begin + mostRows)) block.add({ timeMs, mode: '', values: Float64Array.from(values), fresh: new Uint8Array(columns.length).fill(1) });
      for (let row = 0; row < block.count;) {
        const end = takeRows(many.baseline, many.judge, block, row, block.count);
        together += end - row;
        for (; row < end; row += 1) {
          const { verdict, score, leastPerWeek } = expected[begin + row]!;
          assert.deepEqual(['normal', block.score[row], block.leastPerWeek[row]], [verdict, score, leastPerWeek], `at ${begin + row}`);
        }
        const few = rows.slice(begin + row, begin + Math.min(block.count, row + 3));
        assert.deepEqual(many.feed(few), expected.slice(begin + row, begin + row + few.length), `from ${begin + row}`);
        row += few.length;
      }
    }
    assert.ok(together > 800, `${together} rows in blocks`);
    assert.deepEqual(many.judge.snapshot(), single.judge.snapshot());
  });

  it('judges good values the same after bad ones: nothing, text, no numbers, the same once more, late ones, a jump of the clock and back', () => {
    const [clean, odd] = [chain(), chain()];
    const said = (verdicts: Verdict[]): unknown => verdicts.map(({ verdict, signals }) => [verdict, signals.map(({ column, kind, third }) => [column, kind, third])]);
    for (const [index, row] of [...later.slice(0, 1_200), ...faulty].entries()) {
      assert.deepEqual(said(odd.feed([row])), said(clean.feed([row])), `at ${index}`);
      if (index % 5 > 0) continue;
      for (const [bad, value] of [NaN, Infinity, -Infinity, 1e308, Number('text')].entries()) odd.feed([{ timeMs: row.timeMs + 100 * (bad + 1), values: [value, value, value] }]);
      odd.feed([row, { ...row, values: [60, 45, 7] }, { timeMs: row.timeMs - 30_000, values: [60, 45, 7] }, { timeMs: NaN, values: [60, 45, 7] }]);
    }
    // A pause, in the midst of a cycle, tells nothing either.
    const shift = (rows: readonly Row[]): Row[] => rows.map((one) => ({ ...one, timeMs: one.timeMs + 86_400_000 }));
    assert.equal(told(odd.feed(shift(after)).slice(150)), 0);
    const again = shift(new Filler().rows(9_000, 0).slice(8_000)).map((row, index) => ({ ...row, timeMs: after.at(-1)!.timeMs + 90_000_000 + 1_000 * index }));
    assert.equal(told(odd.feed(again)), 0);
  });

  it('keeps its courses when its type changes, in another unit as well, and begins anew where what begins a cycle goes', () => {
    const moved = moveJudge(learned.judge, [columns[2]!, columns[0]!], {}, [keptMove(2), { from: 0, again: false, scale: 10, offset: 5 }]);
    const course = (json: Json, column: number): number[] => (((json as { cycles: { columns: { detector: { points: { usual: number[] } } }[] } }).cycles.columns[column]!).detector.points.usual);
    assert.deepEqual(course(moved, 1), course(learned.judge, 0).map((value) => 10 * value + 5));
    assert.doesNotThrow(() => createJudge([columns[2]!, columns[0]!], {}, moved));
    const four: ColumnInfo[] = [...columns, { name: 'new', kind: 'measured' }];
    const more = createJudge(four, {}, moveJudge(learned.judge, four, {}, [0, 1, 2, -1].map(keptMove)));
    assert.deepEqual((cyclesOf(more)['columns'] as { known: number }[]).map((column) => column?.known), [100, 0, undefined, 0]);
    const without = moveJudge(learned.judge, [columns[0]!], {}, [keptMove(0)]) as { cycles: Record<string, Json> };
    assert.equal(without.cycles['columns'], undefined);
  });

  it('refuses what is damaged, and takes up a state of an earlier version', () => {
    const cycles = cyclesOf(taught.judge);
    for (const damaged of [{ ...cycles, columns: 3 }, { ...cycles, sums: [] }, { ...cycles, slotMs: 0 }, { ...cycles, points: 7 }, { ...cycles, trigger: 1 }]) {
      assert.throws(() => createJudge(columns, {}, { ...(learned.judge as Record<string, Json>), cycles: damaged as Json }), { code: 'TWIN_SNAPSHOT_UNREADABLE' });
    }
    const { cycles: _, ...earlier } = learned.judge as Record<string, Json>;
    assert.doesNotThrow(() => createJudge(columns, {}, earlier));
  });

  it('takes no more than 3 kB a signal in what is stored', () => {
    const size = JSON.stringify(cyclesOf(taught.judge)).length;
    assert.ok(size < 3 * 3_000, `${size} characters`);
  });
});
