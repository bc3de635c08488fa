import assert from 'node:assert/strict';
import fc from 'fast-check';
import { guessDrivers } from '../../../engine/baselines/driverChoice.ts';
import { createBaseline } from '../../../engine/baselines/index.ts';
import type { ColumnInfo } from '../../../engine/baselines/index.ts';
import { OperatingPoints } from '../../../engine/baselines/operatingPoints.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import type { Json } from '../../../engine/ports.ts';
import { newExpectation, phaseArmed, phaseLearning, phaseProvisional } from '../../../engine/signalRow.ts';
import type { SignalRow } from '../../../engine/signalRow.ts';
import { noisyValues, randomOf } from '../../checks/detectors/check.ts';
import { rowOf } from '../../checks/detectors/baselineChecks.ts';

function measured(...names: string[]): ColumnInfo[] {
  return names.map((name) => ({ name, kind: 'measured' }));
}

describe('baselines: the choice of drivers', () => {
  const random = randomOf(1);
  const rows = Float64Array.from(Array.from({ length: 60 }, () => {
    const speed = 1_000 + 500 * random();
    return [speed, speed / 100 + random(), 40 + random()];
  }).flat());

  it('takes setpoints first, and those that vary before those that do not', () => {
    const columns: ColumnInfo[] = [{ name: 'speed', kind: 'measured' }, { name: 'a', kind: 'setpoint' }, { name: 'b', kind: 'setpoint' }];
    const constant = rows.map((value, index) => (index % 3 === 1 ? 7 : value));
    assert.deepEqual(guessDrivers(columns, constant, 60), [2, 1]);
  });

  it('takes measured columns only by name, in the words of the first users', () => {
    for (const name of ['rpm', 'Motor Speed', 'motorSpeed', 'load_pct', 'Drehzahl', 'ambient_c']) {
      assert.deepEqual(guessDrivers(measured(name, 'current', 'temperature'), rows, 60), [0], name);
    }
    for (const name of ['vibration', 'upload_count', 'last_value', 'x', '__proto__', '']) {
      assert.deepEqual(guessDrivers(measured(name, 'current', 'temperature'), rows, 60), [], name);
    }
  });

  it('never takes all there is', () => {
    assert.deepEqual(guessDrivers(measured('speed', 'load', 'rpm'), rows, 60), []);
    assert.equal(guessDrivers(measured('rpm', 'speed', 'load', 'torque', 'x'), new Float64Array(300), 60).length, 3);
  });
});

describe('baselines: operating points', () => {
  it('are known after eight visits, between known ones too, and never far from them', () => {
    const points = new OperatingPoints(Float64Array.of(0), Float64Array.of(1));
    for (let visit = 1; visit <= 8; visit += 1) {
      assert.equal(points.visit(Float64Array.of(0.5)), visit === 8);
      points.visit(Float64Array.of(2.5));
    }
    assert.deepEqual([0.2, 1.5, 2.9, 3.5, -0.5, 40, NaN].map((point) => points.covers(Float64Array.of(point))), [true, true, true, false, false, false, false]);
  });

  it('stay within 256 cells, however far the drivers go', () => {
    const random = randomOf(2);
    const points = new OperatingPoints(Float64Array.of(0, 0), Float64Array.of(1, 1));
    for (let visit = 0; visit < 20_000; visit += 1) points.visit(Float64Array.of(1e6 * random(), -1e3 * random()));
    assert.ok(points.known() > 10 && points.known() <= 256, `${points.known()} cells`);
    assert.equal(points.covers(Float64Array.of(5e5, -500)), true);
  });
});

function everyTenSeconds(index: number, values: readonly number[]): SignalRow {
  return { ...rowOf(index, values), timeMs: 1_700_000_000_000 + 10_000 * index };
}

/** A machine whose speed jumps among some, with a load that changes: temperature follows the load with 35 min, vibration has a resonance, noise grows with the load. */
function storingMachine(rows: number, speeds: readonly number[], seed: number): { rows: SignalRow[]; truth: number[] } {
  const random = randomOf(seed);
  const noise = noisyValues(seed + 1, 3 * rows).map((value) => (value - 50) / 0.3);
  let speed = speeds[0]!;
  let load = 50;
  let heat = 50;
  const truth: number[] = [];
  return {
    rows: Array.from({ length: rows }, (_, index) => {
      if (index % 150 === 0) [speed, load] = [speeds[Math.floor(random() * speeds.length)]!, 20 + 70 * random()];
      heat += (load - heat) * (1 - Math.exp(-10_000 / 2_100_000));
      truth.push(heat);
      const resonance = 3 * Math.exp(-(((speed - 1_450) / 60) ** 2));
      return everyTenSeconds(index, [speed + noise[3 * index]!, load, 20 + heat + 0.2 * noise[3 * index + 1]!, 1 + resonance + (0.01 + load / 1_000) * noise[3 * index + 2]!]);
    }),
    truth,
  };
}

describe('baselines: what a machine was, and where it was', () => {
  const columns = measured('speed', 'load', 'temperature', 'vibration');
  const known = [1_060, 1_250, 1_450, 1_700];
  const expectation = newExpectation(4);
  const taught = (): ReturnType<typeof createBaseline> => {
    const baseline = createBaseline(columns, {});
    for (const row of storingMachine(9_000, known, 21).rows) baseline.learn(row);
    return baseline;
  };

  it('expects a temperature that follows the load with 35 min: it moves by 15, and the expectation errs by less than 0.8', () => {
    const baseline = taught();
    const { rows, truth } = storingMachine(9_400, known, 21);
    let squares = 0;
    let count = 0;
    for (const [index, row] of rows.entries()) {
      if (index < 9_000) continue;
      baseline.expect(row, expectation);
      // Before a load has been seen nothing is expected.
      if (!Number.isNaN(expectation.expected[2]!)) {
        squares += (expectation.expected[2]! - 20 - truth[index]!) ** 2;
        count += 1;
      }
      baseline.pass(row);
    }
    assert.ok(count > 200, `${count} rows`);
    assert.ok(Math.sqrt(squares / count) < 0.8, `${Math.sqrt(squares / count)}`);
  });

  it('knows a resonance at one speed, and a wider band where the load is high', () => {
    const baseline = taught();
    const at = (speed: number, load: number): number[] => {
      baseline.expect(everyTenSeconds(9_000, [speed, load, 70, 2]), expectation);
      assert.equal(expectation.follows[3], 1);
      return [expectation.expected[3]!, expectation.high[3]! - expectation.low[3]!];
    };
    for (const [speed, level] of [[1_250, 1], [1_450, 4], [1_700, 1]] as const) assert.ok(Math.abs(at(speed, 55)[0]! - level) < 0.2, `${speed}: ${at(speed, 55)[0]}`);
    assert.ok(at(1_250, 85)[1]! > 1.15 * at(1_250, 25)[1]!, `${at(1_250, 85)[1]} where the load is high, ${at(1_250, 25)[1]} where it is low`);
  });

  it('expects nothing at a speed between two others that it never ran at, and soon something once it did', () => {
    const baseline = taught();
    const row = (index: number): SignalRow => everyTenSeconds(9_000 + index, [1_570, 50, 70, 1 + 0.05 * Math.sin(index)]);
    baseline.expect(row(0), expectation);
    assert.ok(Number.isNaN(expectation.expected[3]!));
    let first = -1;
    for (let index = 0; index < 800 && first < 0; index += 1) {
      baseline.expect(row(index), expectation);
      if (!Number.isNaN(expectation.expected[3]!)) first = index;
      baseline.learn(row(index));
    }
    assert.ok(first > 20 && first < 500, `after ${first} rows`);
    assert.ok(Math.abs(expectation.expected[3]! - 1) < 0.3, `${expectation.expected[3]}`);
  });
});

describe('baselines: learning', () => {
  it('waits while the column still shows something new, and says what it waits for', () => {
    const columns = measured('pressure');
    const baseline = createBaseline(columns, {});
    const values = noisyValues(3, 2_400);
    const expectation = newExpectation(1);
    const phases: number[] = [];
    for (const [index, value] of values.entries()) {
      // Warming up: it rises for 400 rows and then stays.
      const row = rowOf(index, [value + 20 * Math.min(1, index / 400)]);
      baseline.expect(row, expectation);
      phases.push(expectation.phase[0]!);
      if (index === 399) assert.ok(baseline.progress().missing.some(({ code, property }) => code === 'time' && property === 'pressure'));
      baseline.learn(row);
    }
    assert.equal(phases[399], phaseLearning);
    assert.equal(phases.at(-1), phaseArmed);
    assert.deepEqual(baseline.progress(), { started: true, phase: 'armed', percent: 100, missing: [] });
    assert.ok(Math.abs(expectation.expected[0]! - 70) < 0.3 && expectation.high[0]! - expectation.low[0]! < 4, 'the begin is left out');
  });

  it('goes through learning and provisional to armed at the rows asked for', () => {
    const baseline = createBaseline(measured('pressure'), { minimumRows: 600 });
    const expectation = newExpectation(1);
    const begins = new Map<number, number>();
    for (const [index, value] of noisyValues(4, 700).entries()) {
      const row = rowOf(index, [value]);
      baseline.expect(row, expectation);
      if (!begins.has(expectation.phase[0]!)) begins.set(expectation.phase[0]!, index);
      baseline.learn(row);
    }
    assert.deepEqual([...begins], [[phaseLearning, 0], [phaseProvisional, 120], [phaseArmed, 600]]);
  });

  it('uses the drivers that are named, and does not judge them', () => {
    const columns = measured('x', 'y');
    const baseline = createBaseline(columns, { drivers: ['x', 'constructor'] });
    const [x, y] = [randomOf(5), noisyValues(6, 900)];
    for (let index = 0; index < 900; index += 1) {
      const driver = 10 * x();
      baseline.learn(rowOf(index, [driver, driver * driver + (y[index]! - 50)]));
    }
    const expectation = newExpectation(2);
    baseline.expect(rowOf(1_000, [6, 0]), expectation);
    assert.ok(Number.isNaN(expectation.expected[0]!));
    assert.ok(Math.abs(expectation.expected[1]! - 36) < 0.5, `${expectation.expected[1]}`);
  });

  it('keeps modes apart', () => {
    const baseline = createBaseline(measured('current'), {});
    const values = noisyValues(7, 2_000);
    for (const [index, value] of values.entries()) {
      const mode = index % 200 < 100 ? 'running' : '__proto__';
      baseline.learn(rowOf(index, [mode === 'running' ? value : value - 45], mode));
    }
    const expectation = newExpectation(1);
    for (const [mode, wanted] of [['running', 50], ['__proto__', 5]] as const) {
      baseline.expect(rowOf(3_000, [0], mode), expectation);
      assert.ok(Math.abs(expectation.expected[0]! - wanted) < 0.2, `${mode}: ${expectation.expected[0]}`);
    }
  });
});

describe('baseline and judge: any rows at all', () => {
  const odd = fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1e308, 5e-324, 65_535), fc.double({ min: 49, max: 51 }));
  const row = fc.record({
    stepMs: fc.oneof(fc.integer({ min: -5_000, max: 100_000 }), fc.constantFrom(0, NaN, 1e15)),
    mode: fc.constantFrom('', 'running', '__proto__', 'constructor'),
    values: fc.tuple(odd, odd, odd),
    fresh: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  });
  const columns: ColumnInfo[] = [{ name: 'speed', kind: 'setpoint' }, { name: 'toString', kind: 'measured' }, { name: 'total', kind: 'counter' }];

  it('never throw, never say anything that is not finite, and go on from a snapshot', () => {
    fc.assert(fc.property(fc.array(row, { maxLength: 150 }), fc.nat(), (rows, seed) => {
      let baseline = createBaseline(columns, { minimumRows: 60 });
      let judge = createJudge(columns, {});
      const expectation = newExpectation(3);
      const quiet = noisyValues(seed, 80);
      let timeMs = 1_700_000_000_000;
      const all = [...quiet.map((value) => ({ stepMs: 1_000, mode: '', values: [20, value, 1] as const, fresh: [true, true, true] as const })), ...rows];
      for (const { stepMs, mode, values, fresh } of all) {
        const now = timeMs + stepMs;
        if (Number.isFinite(now)) timeMs = Math.min(now, 8e15);
        const each = { timeMs: now, mode, values: Float64Array.from(values), fresh: Uint8Array.from(fresh, Number) };
        baseline.expect(each, expectation);
        for (let column = 0; column < 3; column += 1) {
          for (const limit of [expectation.expected, expectation.low, expectation.high]) assert.ok(!(Math.abs(limit[column]!) === Infinity));
        }
        const { verdict, score, signals, leastPerWeek } = judge.judge(each, expectation);
        assert.ok(Number.isFinite(score) && score >= 0);
        assert.equal(verdict === 'anomaly', signals.length > 0);
        for (const { column, share } of signals) assert.ok(column === 1 && share > 0 && share <= 1);
        judge.learn(each, expectation, { verdict, score, sinceMs: NaN, signals, leastPerWeek });
        if (verdict !== 'anomaly') baseline.learn(each);
        const { percent } = baseline.progress();
        assert.ok(percent >= 0 && percent <= 100);
      }
      baseline = createBaseline(columns, { minimumRows: 60 }, JSON.parse(JSON.stringify(baseline.snapshot())) as Json);
      judge = createJudge(columns, {}, JSON.parse(JSON.stringify(judge.snapshot())) as Json);
      assert.equal(baseline.columns.length, 3);
    }), { numRuns: 60 });
  });
});
