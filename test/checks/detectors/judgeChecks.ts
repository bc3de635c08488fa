import assert from 'node:assert/strict';
import { createBaseline } from '../../../engine/baselines/index.ts';
import type { ColumnInfo } from '../../../engine/baselines/index.ts';
import type { AssetJudge, JudgeOptions, Verdict } from '../../../engine/detectors/judge.ts';
import type { Json } from '../../../engine/ports.ts';
import { RowBlock, mostRows } from '../../../engine/rowBlock.ts';
import { newExpectation, phaseArmed } from '../../../engine/signalRow.ts';
import type { Expectation, SignalRow } from '../../../engine/signalRow.ts';
import type { Check } from './check.ts';
import { noisyValues, plantedFaults } from './check.ts';
import { companions, jointFaults } from './jointChecks.ts';

export type JudgeFactory = (columns: readonly ColumnInfo[], options: JudgeOptions, snapshot?: Json) => AssetJudge;

export const twoColumns: readonly ColumnInfo[] = [
  { name: 'constructor', kind: 'measured' },
  { name: 'pressure', kind: 'measured' },
];

const startMs = 1_700_000_000_000;

/** One row a second; NaN and not fresh where a list has no value. */
export function rowsOf(...columns: readonly (readonly number[])[]): SignalRow[] {
  return Array.from({ length: columns[0]!.length }, (_, index) => ({
    timeMs: startMs + 1_000 * index,
    mode: '',
    values: Float64Array.from(columns, (values) => values[index] ?? NaN),
    fresh: Uint8Array.from(columns, (values) => (values[index] === undefined ? 0 : 1)),
  }));
}

/** Two quiet columns, the second at another level and scale. */
export function quietRows(seed: number, count: number): SignalRow[] {
  return rowsOf(noisyValues(seed, count), noisyValues(seed + 500, count).map((value) => 3 * value - 100));
}

/** What a settled baseline expects of these columns. */
function settled(levels: readonly number[] = [50, 50], spreads: readonly number[] = [0.3, 0.9]): Expectation {
  const expectation = newExpectation(levels.length);
  for (const [column, level] of levels.entries()) {
    expectation.expected[column] = level;
    expectation.low[column] = level - 4 * spreads[column]!;
    expectation.high[column] = level + 4 * spreads[column]!;
    expectation.phase[column] = phaseArmed;
  }
  return expectation;
}

/** Judges and learns rows in turn. */
export function run(judge: AssetJudge, rows: readonly SignalRow[], expectation = settled()): Verdict[] {
  return rows.map((row) => {
    const verdict = judge.judge(row, expectation);
    judge.learn(row, expectation, verdict);
    return verdict;
  });
}

function isTold(verdicts: readonly Verdict[]): boolean {
  return verdicts.some(({ verdict }) => verdict === 'anomaly');
}

/** Rows of a fault in the first column, after quiet ones. */
function faultRows(kind: string, seed: number, quiet: readonly SignalRow[]): SignalRow[] {
  const values = plantedFaults[kind]!(quiet.map(({ values: [first] }) => first!), noisyValues(seed, 400));
  return rowsOf(values, noisyValues(seed + 1, values.length).map((value) => 3 * value - 100))
    .map((row, index) => ({ ...row, timeMs: quiet.at(-1)!.timeMs + 1_000 * (index + 1) }));
}

/** What every judge promises. */
export const judgeChecks: readonly Check<JudgeFactory>[] = [
  {
    name: 'works with no options',
    run(create) {
      assert.equal(run(create(twoColumns, {}), quietRows(1, 300)).at(-1)!.verdict, 'normal');
      assert.equal(run(create([], {}), rowsOf([]), newExpectation(0)).length, 0);
    },
  },
  {
    name: 'says learning first, then normal, with a finite score below the line',
    run(create) {
      const verdicts = run(create(twoColumns, {}), quietRows(2, 3_000));
      assert.equal(verdicts[0]!.verdict, 'learning');
      const first = verdicts.findIndex(({ verdict }) => verdict !== 'learning');
      assert.ok(first > 10 && first < 200, `normal from row ${first} on`);
      for (const [index, { verdict, score, sinceMs, signals }] of verdicts.entries()) {
        assert.equal(verdict, index < first ? 'learning' : 'normal', `at ${index}`);
        assert.ok(Number.isFinite(score) && score >= 0 && score <= 1, `score ${score} at ${index}`);
        assert.ok(Number.isNaN(sinceMs) && signals.length === 0);
      }
    },
  },
  {
    name: 'names the signal, its kind and since when',
    run(create) {
      const judge = create(twoColumns, {});
      const quiet = quietRows(3, 1_500);
      run(judge, quiet);
      const rows = faultRows('step', 4, quiet);
      for (const row of rows) row.values[1] = 50;
      const verdicts = run(judge, rows);
      const told = verdicts.filter(({ verdict }) => verdict === 'anomaly');
      assert.ok(told.length >= 50, `${told.length} rows`);
      for (const { score, sinceMs, signals } of told) {
        assert.ok(Number.isFinite(score));
        assert.equal(new Set(signals.map(({ column }) => column)).size, signals.length);
        assert.ok(Math.abs(signals.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9, 'shares that do not add up to 1');
        assert.ok(signals.every(({ share }, index) => share > 0 && share <= (signals[index - 1]?.share ?? 1)), 'shares out of order');
        assert.ok(sinceMs <= rows[22]!.timeMs && sinceMs >= rows[5]!.timeMs, `since ${sinceMs - rows[0]!.timeMs} ms`);
      }
      assert.equal(verdicts[25]!.signals[0]!.column, 0);
      assert.ok(verdicts[24]!.signals.some(({ column, kind }) => column === 0 && ['step', 'deviation'].includes(kind)), JSON.stringify(verdicts[24]));
      assert.ok(verdicts[60]!.signals.some(({ column, kind }) => column === 1 && kind === 'stuck'), JSON.stringify(verdicts[60]));
    },
  },
  {
    name: 'changes nothing when it judges',
    run(create) {
      const [quiet, asked] = [create(twoColumns, {}), create(twoColumns, {})];
      for (const [index, row] of quietRows(5, 700).entries()) {
        const wild = { ...row, values: Float64Array.of(90, 40) };
        for (const other of [wild, { ...row, timeMs: row.timeMs + 1e9 }, row, wild]) asked.judge(other, settled());
        // Learned without being judged right before: the last one judged was another row.
        const verdict = quiet.judge(row, settled());
        quiet.learn(row, settled(), verdict);
        asked.learn(row, settled(), verdict);
        assert.deepEqual(asked.judge(wild, settled()), quiet.judge(wild, settled()), `at ${index}`);
      }
      assert.deepEqual(asked.snapshot(), quiet.snapshot());
    },
  },
  {
    name: 'keeps no reference to its input',
    run(create) {
      const [one, other] = [create(twoColumns, {}), create(twoColumns, {})];
      const shared = { ...rowsOf([0], [0])[0]!, timeMs: 0 };
      for (const [index, row] of quietRows(6, 700).entries()) {
        if (index === 600) row.values[0] = 90;
        const expectation = settled();
        shared.timeMs = row.timeMs;
        shared.values.set(row.values);
        shared.fresh.fill(1);
        const verdict = other.judge(shared, expectation);
        other.learn(shared, expectation, verdict);
        assert.deepEqual(verdict, run(one, [row])[0], `at ${index}`);
        shared.values.fill(1_234);
        shared.fresh.fill(0);
        for (const array of Object.values(expectation)) array.fill(2);
        verdict.signals.length = 0;
      }
    },
  },
  {
    name: 'goes on from a checkpoint exactly as if never stopped',
    run(create) {
      const quiet = quietRows(7, 1_200);
      const whole = create(twoColumns, {});
      let resumed = create(twoColumns, {});
      for (const [index, row] of [...quiet, ...faultRows('step', 8, quiet)].entries()) {
        if (index % 53 === 0 || (index > 1_215 && index % 3 === 0)) {
          resumed = create(twoColumns, {}, JSON.parse(JSON.stringify(resumed.snapshot())) as Json);
        }
        assert.deepEqual(run(resumed, [row]), run(whole, [row]), `at ${index}`);
      }
      assert.deepEqual(resumed.snapshot(), whole.snapshot());
    },
  },
  {
    name: 'refuses a snapshot that is damaged or of other columns',
    run(create) {
      const judge = create(twoColumns, {});
      run(judge, quietRows(9, 100));
      const sound = judge.snapshot() as Record<string, Json>;
      const refused = { code: 'TWIN_SNAPSHOT_UNREADABLE' };
      for (const damaged of [null, 7, 'x', [], {}, { ...sound, state: [] }, { ...sound, charts: 3 }]) {
        assert.throws(() => create(twoColumns, {}, damaged), refused, JSON.stringify(damaged).slice(0, 50));
      }
      assert.throws(() => create([...twoColumns].reverse(), {}, sound), refused);
    },
  },
  {
    name: 'judges the same stream the same',
    run(create) {
      const rows = quietRows(10, 600);
      rows[500]!.values[0] = 70;
      const [one, other] = [create(twoColumns, {}), create(twoColumns, {})];
      assert.deepEqual(run(one, rows), run(other, rows));
      assert.deepEqual(one.snapshot(), other.snapshot());
    },
  },
  {
    name: 'needs no more memory, however long it runs',
    run(create) {
      const judge = create(twoColumns, {});
      const rows = quietRows(11, 12_000);
      run(judge, rows.slice(0, 3_000));
      const early = JSON.stringify(judge.snapshot()).length;
      run(judge, rows.slice(3_000));
      const late = JSON.stringify(judge.snapshot()).length;
      assert.ok(late <= 1.3 * early, `${early} characters after 3,000 rows, ${late} after 12,000`);
      assert.ok(late <= 15_000, `${late} characters for two columns`);
    },
  },
  {
    name: 'is not poisoned by odd, late and repeated rows',
    run(create) {
      const [clean, odd] = [create(twoColumns, {}), create(twoColumns, {})];
      let last: SignalRow | undefined;
      for (const [index, row] of quietRows(12, 900).entries()) {
        assert.deepEqual(run(odd, [row]), run(clean, [row]), `at ${index}`);
        const late = last === undefined ? row : { ...last, values: Float64Array.of(99, -99) };
        for (const other of [row, late, { ...late, timeMs: NaN }]) assert.equal(isTold(run(odd, [other])), false, `at ${index}`);
        for (const value of [NaN, Infinity, -Infinity, 1e308]) run(odd, [{ ...row, values: new Float64Array(2).fill(value) }]);
        last = row;
      }
    },
  },
  {
    name: 'is not poisoned by odd, late and repeated rows where signals go together',
    run(create) {
      const columns = ['one', 'two', 'three', 'four'].map((name) => ({ name, kind: 'measured' as const }));
      const expectation = settled([0, 0, 0, 0], [1, 1, 1, 1]);
      const rows = (values: readonly number[][], first: number): SignalRow[] =>
        values.map((row, index) => ({ timeMs: startMs + 1_000 * (first + index), mode: '', values: Float64Array.from(row), fresh: new Uint8Array(4).fill(1) }));
      const sound = rows(companions(31, 700), 0);
      const faulty = rows(jointFaults.apart(companions(32, 60), companions(33, 60)), 700);
      const [clean, odd] = [create(columns, {}), create(columns, {})];
      let kinds = '';
      for (const [index, row] of [...sound, ...faulty].entries()) {
        const [verdict] = run(clean, [row], expectation);
        assert.deepEqual(run(odd, [row], expectation), [verdict], `at ${index}`);
        kinds += verdict!.signals.map(({ kind }) => kind).join();
        if (index % 4 > 0) continue;
        const old = { ...row, timeMs: row.timeMs - 1_500, values: Float64Array.of(-3, 3, -3, 3) };
        for (const other of [row, { ...row, values: old.values }, old, { ...old, timeMs: NaN }, { ...row, fresh: new Uint8Array(4) }]) run(odd, [other], expectation);
        for (const value of [NaN, Infinity, -Infinity, 1e308]) run(odd, [{ ...row, values: Float64Array.of(value, 0, value, 0) }], expectation);
        run(odd, [{ ...row, timeMs: row.timeMs + 500, values: new Float64Array(4).fill(NaN) }], expectation);
      }
      assert.ok(kinds.includes('relation'), `the fault must be one of their company: ${kinds}`);
    },
  },
  {
    name: 'is calm on a constant and through zero, while the baseline still learns too',
    run(create) {
      for (const shift of [0, -50]) {
        for (const make of [(seed: number) => noisyValues(seed, 2_500), () => Array.from({ length: 2_500 }, () => 50)]) {
          const columns = [{ name: 'value', kind: 'measured' as const }];
          const baseline = createBaseline(columns, {});
          const judge = create(columns, {});
          for (const [index, row] of rowsOf(make(13).map((value) => value + shift)).entries()) {
            const expectation = newExpectation(1);
            baseline.expect(row, expectation);
            const [verdict] = run(judge, [row], expectation);
            assert.notEqual(verdict!.verdict, 'anomaly', `at ${index}, shifted by ${shift}: ${JSON.stringify(verdict)}`);
            baseline.learn(row);
          }
        }
      }
    },
  },
  {
    name: 'is indifferent to the unit',
    run(create) {
      const quiet = quietRows(14, 1_000);
      const rows = [...quiet, ...faultRows('drift', 15, quiet)];
      const plain = run(create(twoColumns, {}), rows).map(({ verdict }) => verdict);
      assert.ok(plain.includes('anomaly'));
      for (const [factor, offset] of [[1.8, 32], [0.001, 0], [-1_000, 7]] as const) {
        const others = rows.map((row) => ({ ...row, values: row.values.map((value) => factor * value + offset) }));
        const size = Math.abs(factor);
        const expectation = settled([factor * 50 + offset, factor * 50 + offset], [0.3 * size, 0.9 * size]);
        assert.deepEqual(run(create(twoColumns, {}), others, expectation).map(({ verdict }) => verdict), plain, `times ${factor}`);
      }
    },
  },
  {
    name: 'finds spikes, steps, drifts, stuck signals, noise bursts and deviations, and is quiet before',
    run(create) {
      for (const [number, kind] of Object.keys(plantedFaults).entries()) {
        const judge = create(twoColumns, {});
        const quiet = quietRows(20 + number, 1_500);
        assert.equal(isTold(run(judge, quiet)), false, `${kind}: told before it was there`);
        assert.equal(isTold(run(judge, faultRows(kind, 40 + number, quiet))), true, `${kind}: not told`);
      }
    },
  },
  {
    name: 'falls silent when a fault has gone, and a long one changes nothing of what is normal',
    run(create) {
      const judge = create(twoColumns, {});
      const quiet = quietRows(60, 2_000);
      run(judge, quiet);
      const rows = quietRows(61, 1_000).map((row, index) => ({ ...row, timeMs: quiet.at(-1)!.timeMs + 1_000 * (index + 1) }));
      for (const row of rows.slice(0, 600)) row.values[0]! += 4;
      const verdicts = run(judge, rows);
      assert.ok(verdicts.slice(0, 600).filter(({ verdict }) => verdict === 'anomaly').length > 590, 'taken for normal while it lasts');
      assert.equal(isTold(verdicts.slice(620)), false, 'goes on when it has gone');
      const again = rows.slice(0, 5).map((row, index) => ({ ...row, timeMs: rows.at(-1)!.timeMs + 1_000 * (index + 1) }));
      assert.equal(isTold(run(judge, again)), true, 'the same fault is not told again');
    },
  },
  {
    name: 'judges the first value after a pause by what was learned before it',
    run(create) {
      const quiet = quietRows(65, 1_500);
      const sound = create(twoColumns, {});
      run(sound, quiet);
      const learned = JSON.stringify(sound.snapshot());
      for (const pauseMs of [15_000, 8 * 3_600_000, 30 * 24 * 3_600_000]) {
        for (const [halfBands, told] of [[8, true], [-8, true], [1.5, false], [0.5, false], [-0.5, false]] as const) {
          const judge = create(twoColumns, {}, JSON.parse(learned) as Json);
          const row = { ...rowsOf([50 + halfBands * 1.2], [-100 + 3 * 50])[0]!, timeMs: quiet.at(-1)!.timeMs + pauseMs };
          const [verdict] = run(judge, [row]);
          assert.equal(isTold([verdict!]), told, `${halfBands} half-bands away, ${pauseMs} ms after the last value: ${JSON.stringify(verdict)}`);
          if (told) assert.deepEqual(verdict!.signals.map(({ column, kind }) => [column, kind]), [[0, 'deviation']]);
        }
      }
    },
  },
  {
    name: 'keeps to the asked rate: a wider budget tells sooner, a smaller one later',
    run(create) {
      const tellsAt = (falseAlarmsPerWeek: number): number => {
        const judge = create(twoColumns, { falseAlarmsPerWeek });
        const quiet = quietRows(70, 2_000);
        run(judge, quiet);
        return run(judge, faultRows('drift', 71, quiet)).findIndex(({ verdict }) => verdict === 'anomaly');
      };
      const [often, seldom] = [tellsAt(1_000), tellsAt(0.01)];
      assert.ok(often > 0 && often < seldom, `told after ${often} rows at 1,000 a week, after ${seldom} at 0.01`);
    },
  },
  {
    name: 'counts what it was allowed beside what it told',
    run(create) {
      const judge = create(twoColumns, {});
      assert.deepEqual(judge.expectedAgainstSeen(), { weeks: 0, expected: 0, seen: 0 });
      const rows = quietRows(75, 3_000);
      const before = run(judge, rows).filter(({ verdict }, index, all) => verdict === 'anomaly' && all[index - 1]?.verdict !== 'anomaly').length;
      run(judge, faultRows('step', 76, rows));
      const { weeks, expected, seen } = judge.expectedAgainstSeen();
      assert.ok(weeks > 2_000 / 604_800 && weeks < 3_400 / 604_800, `${weeks} weeks`);
      assert.ok(Math.abs(expected - weeks) < 1e-9, `${expected} expected in ${weeks} weeks`);
      assert.ok(seen > 0 && seen <= before + 2, `${seen} seen, ${before} before the step`);
    },
  },
  {
    name: 'takes rows of a block as it takes them one by one',
    run(create) {
      for (const kind of ['step', 'spike']) {
        const [one, whole] = [create(twoColumns, {}), create(twoColumns, {})];
        const quiet = quietRows(90, 500);
        const rows = [...quiet, ...faultRows(kind, 91, quiet).slice(0, 80)];
        const block = new RowBlock(2);
        for (let begin = 0; begin < rows.length; begin += mostRows) {
          const some = rows.slice(begin, begin + mostRows);
          const verdicts = run(one, some);
          block.count = 0;
          for (const row of some) {
            block.expect(block.count, settled());
            block.add(row);
          }
          let row = 0;
          while (row < some.length) {
            const end = whole.takeCalm(block, row, some.length);
            for (; row < end; row += 1) {
              const calm = { verdict: 'normal', score: block.score[row]!, sinceMs: NaN, signals: [], leastPerWeek: block.leastPerWeek[row]! };
              assert.deepEqual(calm, verdicts[row], `${kind}, row ${begin + row}`);
            }
            const few = some.slice(row, row + 5);
            assert.deepEqual(run(whole, few), verdicts.slice(row, row + 5), `${kind}, row ${begin + row}`);
            row += few.length;
          }
          assert.deepEqual(whole.snapshot(), one.snapshot(), `${kind}, after row ${begin + some.length}`);
        }
      }
    },
  },
  {
    name: 'learns again when told to',
    run(create) {
      const judge = create(twoColumns, {});
      const quiet = quietRows(80, 500);
      run(judge, quiet);
      judge.learnAgain();
      assert.deepEqual(run(judge, quiet), run(create(twoColumns, {}), quiet));
    },
  },
];
