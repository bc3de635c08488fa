import assert from 'node:assert/strict';
import type { AssetBaseline, BaselineFactory, ColumnInfo } from '../../../engine/baselines/index.ts';
import type { Json } from '../../../engine/ports.ts';
import { RowBlock, mostRows } from '../../../engine/rowBlock.ts';
import { newExpectation, phaseArmed, phaseLearning, phaseProvisional } from '../../../engine/signalRow.ts';
import type { Expectation, SignalRow } from '../../../engine/signalRow.ts';
import type { Check } from './check.ts';
import { noisyValues, randomOf } from './check.ts';

/** A setpoint, a current that goes with it, a temperature that does not. */
export const machineColumns: readonly ColumnInfo[] = [
  { name: 'speed', kind: 'setpoint' },
  { name: '__proto__', kind: 'measured' },
  { name: 'temperature', kind: 'measured' },
];

const startMs = 1_700_000_000_000;

/** Rows of that machine, one a second: speed 20, 30 or 40 in turns of 20 rows; current 2 + speed ÷ 10. Another unit: factor · value + offset. */
export function machineRows(seed: number, count: number, options: { from?: number; factor?: number; offset?: number; mode?: string } = {}): SignalRow[] {
  const { from = 0, factor = 1, offset = 0, mode = '' } = options;
  const [current, temperature] = [noisyValues(seed, count), noisyValues(seed + 1_000, count)];
  return Array.from({ length: count }, (_, index) => {
    const speed = 20 + 10 * (Math.floor((from + index) / 20) % 3);
    const values = [speed, 2 + speed / 10 + (current[index]! - 50) / 3, temperature[index]!];
    return rowOf(from + index, values.map((value) => factor * value + offset), mode);
  });
}

export function rowOf(index: number, values: readonly number[], mode = ''): SignalRow {
  return { timeMs: startMs + 1_000 * index, mode, values: Float64Array.from(values), fresh: new Uint8Array(values.length).fill(1) };
}

function expectationOf(baseline: AssetBaseline, row: SignalRow): Expectation {
  const into = newExpectation(baseline.columns.length);
  baseline.expect(row, into);
  return into;
}

function same(one: Expectation, other: Expectation): boolean {
  return (['expected', 'low', 'high', 'phase', 'follows'] as const).every((name) => one[name].every((value, column) => Object.is(value, other[name][column])));
}

function taught(create: BaselineFactory, rows: readonly SignalRow[], snapshot?: Json): AssetBaseline {
  const baseline = create(machineColumns, {}, snapshot);
  for (const row of rows) baseline.learn(row);
  return baseline;
}

/** Near the limits of what floating point can tell. */
function assertNear(actual: number, wanted: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - wanted) <= tolerance, `${what}: ${actual}, not ${wanted} ± ${tolerance}`);
}

/** What every baseline promises. */
export const baselineChecks: readonly Check<BaselineFactory>[] = [
  {
    name: 'works with no options',
    run(create) {
      const baseline = taught(create, machineRows(1, 1_000));
      assert.deepEqual(baseline.columns.map(({ name }) => name), machineColumns.map(({ name }) => name));
      assert.equal(baseline.progress().phase, 'armed');
      assert.equal(baseline.progress().percent, 100);
    },
  },
  {
    name: 'says learning first, then what it expects, never NaN between two limits',
    run(create) {
      const baseline = create(machineColumns, {});
      const met = new Set<number>();
      let percent = 0;
      for (const row of machineRows(2, 1_000)) {
        const { expected, low, high, phase } = expectationOf(baseline, row);
        for (const column of [1, 2]) {
          met.add(phase[column]!);
          if (phase[column] === phaseLearning && Number.isNaN(expected[column]!)) continue;
          assert.ok(low[column]! < expected[column]! && expected[column]! < high[column]!, `limits ${low[column]} and ${high[column]}`);
        }
        assert.ok(baseline.progress().percent >= percent && baseline.progress().percent <= 100, 'percent goes back');
        ({ percent } = baseline.progress());
        baseline.learn(row);
      }
      for (const phase of [phaseLearning, phaseProvisional, phaseArmed]) assert.ok(met.has(phase), `phase ${phase} never met`);
    },
  },
  {
    name: 'changes nothing when it is asked',
    run(create) {
      const rows = machineRows(3, 700);
      const [quiet, asked] = [create(machineColumns, {}), create(machineColumns, {})];
      for (const row of rows) {
        for (const other of [rowOf(5_000, [99, 99, 99], 'strange'), row]) asked.isPlausible(other, expectationOf(asked, other));
        asked.progress();
        assert.deepEqual(expectationOf(asked, row), expectationOf(quiet, row));
        quiet.learn(row);
        asked.learn(row);
      }
      assert.deepEqual(asked.snapshot(), quiet.snapshot());
    },
  },
  {
    name: 'keeps no reference to its input',
    run(create) {
      const [one, other] = [create(machineColumns, {}), create(machineColumns, {})];
      const shared = rowOf(0, [0, 0, 0]);
      for (const row of machineRows(4, 700)) {
        shared.timeMs = row.timeMs;
        shared.values.set(row.values);
        shared.fresh.fill(1);
        const expectation = expectationOf(other, shared);
        assert.deepEqual(expectation, expectationOf(one, row));
        other.learn(shared);
        shared.values.fill(1_234);
        shared.fresh.fill(0);
        for (const array of Object.values(expectation)) array.fill(1_234);
        one.learn(row);
      }
    },
  },
  {
    name: 'goes on from a checkpoint exactly as if never stopped',
    run(create) {
      const whole = create(machineColumns, {});
      let resumed = create(machineColumns, {});
      for (const [index, row] of machineRows(5, 1_500).entries()) {
        if (index % 53 === 0) resumed = create(machineColumns, {}, JSON.parse(JSON.stringify(resumed.snapshot())) as Json);
        assert.deepEqual(expectationOf(resumed, row), expectationOf(whole, row), `at ${index}`);
        whole.learn(row);
        resumed.learn(row);
      }
      assert.deepEqual(resumed.snapshot(), whole.snapshot());
    },
  },
  {
    name: 'refuses a snapshot that is damaged or of other columns',
    run(create) {
      const sound = taught(create, machineRows(6, 400)).snapshot();
      const refused = { code: 'TWIN_SNAPSHOT_UNREADABLE' };
      const damagedOnes: Json[] = [null, 7, 'x', [], {}, { v: 1 }, { ...(sound as Record<string, Json>), modes: 3 }];
      for (const damaged of damagedOnes) {
        assert.throws(() => create(machineColumns, {}, damaged), refused, JSON.stringify(damaged).slice(0, 50));
      }
      assert.throws(() => create([...machineColumns].reverse(), {}, sound), refused);
    },
  },
  {
    name: 'learns the same from the same rows',
    run(create) {
      const rows = machineRows(7, 900);
      assert.deepEqual(taught(create, rows).snapshot(), taught(create, rows).snapshot());
    },
  },
  {
    name: 'needs no more memory, however long it runs and however many modes and operating points come',
    run(create) {
      const random = randomOf(8);
      const baseline = create(machineColumns, {});
      const size = (): number => JSON.stringify(baseline.snapshot()).length;
      const run = (from: number, count: number): void => {
        for (let index = from; index < from + count; index += 1) {
          const speed = 1_000 * random();
          baseline.learn(rowOf(index, [speed, speed / 10, 50 + random()], `mode ${Math.floor(40 * random())}`));
        }
      };
      run(0, 4_000);
      const early = size();
      run(4_000, 12_000);
      assert.ok(size() <= 1.3 * early, `${early} characters after 4,000 rows, ${size()} after 16,000`);
      assert.ok(size() <= 200_000, `${size()} characters`);
    },
  },
  {
    name: 'is not poisoned by odd, late and repeated rows',
    run(create) {
      const [clean, odd] = [create(machineColumns, {}), create(machineColumns, {})];
      let last: SignalRow | undefined;
      for (const [index, row] of machineRows(9, 900).entries()) {
        assert.deepEqual(expectationOf(odd, row), expectationOf(clean, row), `at ${index}`);
        clean.learn(row);
        odd.learn(row);
        odd.learn(row);
        if (last !== undefined) odd.learn({ ...last, values: Float64Array.of(20, 500, -500) });
        for (const value of [NaN, Infinity, -Infinity, 1e308]) odd.learn({ ...row, timeMs: row.timeMs + 10, values: new Float64Array(3).fill(value) });
        odd.learn({ ...row, timeMs: NaN });
        last = row;
      }
    },
  },
  {
    name: 'goes ahead over a block as it learns row by row, and back again',
    run(create) {
      const random = randomOf(50);
      const rows = machineRows(51, 1_400);
      for (const row of rows) {
        if (random() < 0.01) row.values[2]! += 20 * random();
        if (random() < 0.01) row.values[Math.floor(3 * random())] = [NaN, Infinity, 1e308, 25][Math.floor(4 * random())]!;
        if (random() < 0.03) row.fresh[Math.floor(3 * random())] = 0;
        if (random() < 0.003) row.timeMs -= 5_000;
      }
      // A level that comes to stay, so that a column begins anew.
      for (const row of rows.slice(900, 1_300)) row.values[2]! += 10;
      const [one, whole] = [create(machineColumns, {}), create(machineColumns, {})];
      const block = new RowBlock(3);
      const into = newExpectation(3);
      for (let begin = 0; begin < rows.length; begin += mostRows) {
        const some = rows.slice(begin, begin + mostRows);
        block.count = 0;
        for (const row of some) block.add(row);
        let row = 0;
        while (row < some.length) {
          const ahead = whole.goAhead(block, row, some.length);
          const end = random() < 0.3 ? row + Math.floor((ahead - row) * random()) : ahead;
          if (end < ahead) {
            whole.stayAt(block, row, end);
          }
          for (; row < end; row += 1) {
            block.readExpectation(row, into);
            assert.ok(same(into, expectationOf(one, some[row]!)), `row ${begin + row}`);
            one.learn(some[row]!);
          }
          for (const next of some.slice(row, row + 4)) {
            assert.ok(same(expectationOf(whole, next), expectationOf(one, next)), `row ${begin + row}`);
            one.learn(next);
            whole.learn(next);
            row += 1;
          }
        }
      }
    },
  },
  {
    name: 'expects a value that fits the operating conditions',
    run(create) {
      const baseline = taught(create, machineRows(10, 1_500));
      for (const [index, speed] of [20, 30, 40].entries()) {
        const { expected, low, high, phase } = expectationOf(baseline, rowOf(2_000 + index, [speed, 0, 0]));
        assert.equal(phase[1], phaseArmed);
        assertNear(expected[1]!, 2 + speed / 10, 0.05, `current at speed ${speed}`);
        assertNear(expected[2]!, 50, 0.1, 'temperature');
        assert.ok(high[1]! - low[1]! < 1.2, `a band of ${high[1]! - low[1]!} for noise of 0.1`);
      }
    },
  },
  {
    name: 'expects nothing at an operating point or in a mode never seen',
    run(create) {
      const baseline = taught(create, machineRows(11, 1_500));
      for (const strange of [rowOf(2_000, [90, 11, 50]), rowOf(2_000, [20, 4, 50], 'constructor'), rowOf(2_000, [NaN, 4, 50])]) {
        const { expected, phase } = expectationOf(baseline, strange);
        for (const column of [1, 2]) {
          assert.equal(phase[column], phaseLearning);
          assert.ok(Number.isNaN(expected[column]!));
        }
      }
      for (const row of machineRows(12, 300, { from: 2_000, mode: 'constructor' })) baseline.learn(row);
      assert.ok(expectationOf(baseline, rowOf(3_000, [20, 4, 50], 'constructor')).phase[1]! >= phaseProvisional, 'the new mode is learned too');
    },
  },
  {
    name: 'is little moved by single wild values, from the first row on',
    run(create) {
      const [clean, wild] = [machineRows(13, 900), machineRows(13, 900)];
      for (let index = 7; index < wild.length; index += 40) wild[index]!.values[2]! += 60;
      const [calm, moved] = [taught(create, clean), taught(create, wild)];
      const asked = rowOf(2_000, [20, 4, 50]);
      const [wanted, got] = [expectationOf(calm, asked), expectationOf(moved, asked)];
      assertNear(got.expected[2]!, wanted.expected[2]!, 0.5, 'temperature');
      assert.ok(got.high[2]! - got.low[2]! < 2.5 * (wanted.high[2]! - wanted.low[2]!), 'a band that takes wild values in');
      assert.equal(moved.isPlausible(rowOf(2_000, [20, 4, 110]), got), false);
      assert.equal(moved.isPlausible(asked, got), true);
    },
  },
  {
    name: 'does not follow a slow drift when its own gate decides',
    run(create) {
      const baseline = taught(create, machineRows(14, 3_000));
      for (const [index, row] of machineRows(15, 1_600, { from: 3_000 }).entries()) {
        row.values[2]! += Math.min(6, (6 * index) / 400);
        if (baseline.isPlausible(row, expectationOf(baseline, row))) baseline.learn(row);
      }
      assertNear(expectationOf(baseline, rowOf(5_000, [20, 4, 50])).expected[2]!, 50, 0.6, 'temperature after a drift of 6');
    },
  },
  {
    name: 'is indifferent to the unit',
    run(create) {
      const plain = taught(create, machineRows(16, 1_000));
      const { expected, low, high, phase } = expectationOf(plain, rowOf(2_000, [30, 5, 50]));
      for (const [factor, offset] of [[1.8, 32], [0.001, 0], [-50, 7]] as const) {
        const other = taught(create, machineRows(16, 1_000, { factor, offset }));
        const got = expectationOf(other, rowOf(2_000, [factor * 30 + offset, 0, 0]));
        assert.deepEqual(got.phase, phase);
        for (const column of [1, 2]) {
          const tolerance = 0.002 * Math.abs(factor);
          assertNear(got.expected[column]!, factor * expected[column]! + offset, tolerance, `expected, times ${factor}`);
          assertNear(got.high[column]! - got.low[column]!, Math.abs(factor) * (high[column]! - low[column]!), 3 * tolerance, `band, times ${factor}`);
        }
      }
    },
  },
  {
    name: 'learns again what it is told to, and only that',
    run(create) {
      const baseline = taught(create, machineRows(17, 1_000));
      baseline.learnAgain(['temperature']);
      const asked = rowOf(2_000, [20, 4, 50]);
      assert.deepEqual([...expectationOf(baseline, asked).phase.subarray(1)], [phaseArmed, phaseLearning]);
      for (const row of machineRows(18, 400, { from: 1_000 })) {
        row.values[2]! += 20;
        baseline.learn(row);
      }
      assertNear(expectationOf(baseline, asked).expected[2]!, 70, 0.2, 'temperature learned again');
      baseline.learnAgain();
      assert.equal(expectationOf(baseline, asked).phase[1], phaseLearning);
      assert.equal(baseline.progress().phase, 'learning');
    },
  },
];
