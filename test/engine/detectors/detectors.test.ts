import assert from 'node:assert/strict';
import { judgeStream, labelledStream, streamLength, tuningSeeds } from '../../../bench/labelledStream.ts';
import { twinwire } from '../../../bench/detectionStream.ts';
import { createBaseline } from '../../../engine/baselines/index.ts';
import type { ColumnInfo } from '../../../engine/baselines/index.ts';
import { against } from '../../../engine/detectors/against.ts';
import { apart } from '../../../engine/detectors/apart.ts';
import type { JointInput } from '../../../engine/detectors/jointDetector.ts';
import { noise } from '../../../engine/detectors/noise.ts';
import { spike } from '../../../engine/detectors/spike.ts';
import { step } from '../../../engine/detectors/step.ts';
import { stuck } from '../../../engine/detectors/stuck.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import { newExpectation } from '../../../engine/signalRow.ts';
import type { ResidualRow } from '../../../engine/statistics/residualChart.ts';
import { ResidualChart } from '../../../engine/statistics/residualChart.ts';
import { feed } from '../../checks/detectors/detectorChecks.ts';
import { noisyValues, randomOf } from '../../checks/detectors/check.ts';

/** +1 and −1 in turns around a level: the standard deviation is exactly 1 and every number below can be reckoned by hand. */
function alternating(count: number, level = 50): number[] {
  return Array.from({ length: count }, (_, index) => level + (index % 2 === 0 ? 1 : -1));
}

function near(actual: number, wanted: number, tolerance: number): void {
  assert.ok(Math.abs(actual - wanted) <= tolerance, `${actual}, not ${wanted} ± ${tolerance}`);
}

describe('detectors: golden numbers, reckoned by hand', () => {
  it('spike: in ±1 in turns the slow average errs by 2 − 0.1·… = 1.0526, so that a value 20 off scores 20 ÷ (6 · 1.0526) or so', () => {
    // The slow average a of ±1 in turns settles at ∓0.1 ÷ 1.9; the error is 1 + 0.1 ÷ 1.9 = 1.0526.
    const detector = spike.create();
    feed(detector, alternating(4_000), { trains: 1 });
    near(feed(detector, [71])[0]!, (21 + 0.1 / 1.9) / (6 * 1.0526), 0.02);
  });

  it('step: jumps that go back slowly, or by other jumps, do not add up', () => {
    for (const [name, levelAt] of Object.entries({
      saw: (at: number): number => (at < 50 ? 60 - 1.2 * at : 6 * (at - 50)),
      strokes: (at: number): number => (at < 20 ? 30 : at < 30 ? 60 : 0),
    })) {
      const scores = feed(step.create(), noisyValues(3, 6_000).map((value, row) => value + levelAt(row % 60)), { trains: 1 });
      const largest = Math.max(...scores.filter((score) => score > 0));
      assert.ok(largest > 3 && largest < 4 * 16, `${name}: ${largest}, four times 60 ÷ (4 · 1) or so at most`);
    }
  });

  it('step: three values 8 off score their least error ÷ (4 · 1.0526), one or two score nothing', () => {
    const detector = step.create();
    feed(detector, alternating(4_000), { trains: 1 });
    const scores = feed(detector, [58, 58.5, 59], { trains: 0 });
    assert.deepEqual(scores.slice(0, 2), [0, 0]);
    near(scores[2]!, (8 + 0.1 / 1.9) / (4 * 1.0526), 0.02);
    assert.equal(feed(detector, [50])[0], -1, 'the way back ends it');
  });

  it('noise: ranges of 2 that become 14 score 14 ÷ (3.5 · 2) once four of seven have', () => {
    const detector = noise.create();
    feed(detector, alternating(1_000), { trains: 1 });
    const scores = feed(detector, [57, 43, 57, 43, 57, 43].map((value) => value), { trains: 0 });
    near(scores[5]!, 14 / 7, 1e-9);
    near(scores[1]!, 2 / 7, 1e-9);
  });

  it('stuck: the tenth equal value of a signal that never repeats scores 1, and so does ln 10⁻⁹ ÷ ln ½ = 30 where every second repeats', () => {
    const never = stuck.create();
    feed(never, noisyValues(1, 500));
    const scores = feed(never, Array.from({ length: 12 }, () => 3));
    near(scores[10]!, 1, 1e-9);
    const often = stuck.create();
    const random = randomOf(4);
    let level = 0;
    feed(often, Array.from({ length: 20_000 }, () => (random() < 0.5 ? level : (level += 1))));
    const longer = feed(often, Array.from({ length: 60 }, () => 0.5), { trains: 0 });
    const first = longer.findIndex((score) => score >= 1);
    assert.ok(first >= 29 && first <= 40, `after ${first}`);
  });

  /** Two columns of correlation 0.6, whose inverse has 1 ÷ (1 − 0.36) = 1.5625 on its diagonal and −0.6 · 1.5625 = −0.9375 beside it. */
  const pair = (one: number, other: number): JointInput =>
    ({ distances: Float64Array.of(one, other), present: Uint8Array.of(1, 1), count: 2, precision: Float64Array.of(1.5625, -0.9375, -0.9375, 1.5625), line: 100 });

  it('apart: the error of each of (2, −1) seen from the other, squared ÷ its usual size, is (4.0625² and 3.4375²) ÷ 1.5625 (Hawkins 1991)', () => {
    const detector = apart.create({ columns: 2 });
    const [one, other] = [(2 * 1.5625 + 0.9375) ** 2 / 1.5625, (-2 * 0.9375 - 1.5625) ** 2 / 1.5625];
    // By the other column 2 should be −0.6, and −1 should be 1.2: errors of 2.6 and 2.2, each with a variance of 0.64.
    near(one, 2.6 ** 2 / 0.64, 1e-12);
    near(other, 2.2 ** 2 / 0.64, 1e-12);
    const after = (usual: number, now: number): number => usual + (now - usual) / 20;
    near(detector.score(pair(2, -1)), (after(1, one) + after(1, other)) / 2, 1e-12);
    detector.learn(pair(2, -1));
    near(detector.score(pair(0, 0)), 0.95 * (after(1, one) + after(1, other)) / 2, 1e-12);
    const shares = new Float64Array(2);
    detector.shares(pair(2, -1), shares);
    near(shares[0]! + shares[1]!, 1, 1e-12);
    near(shares[0]! / shares[1]!, (after(after(1, one), one) - 1) / (after(after(1, other), other) - 1), 1e-12);
  });

  it('against: T² of the averages of (1, −1) in a row is 5 a² with a = 1 − 0.95ⁿ, times (2 − λ) ÷ λ = 39 (Lowry, Woodall, Champ and Rigdon 1992)', () => {
    const detector = against.create({ columns: 2 });
    // (1, −1)' · C⁻¹ · (1, −1) = 2 · 1.5625 + 2 · 0.9375 = 5.
    for (let rows = 1; rows <= 60; rows += 1) {
      const average = 1 - 0.95 ** rows;
      near(detector.score(pair(1, -1)), Math.sqrt((5 * average * average * 39) / 2), 1e-9);
      detector.learn(pair(1, -1));
    }
    const together = against.create({ columns: 2 });
    // What goes the way the columns go together counts a quarter of it: (1, 1)' · C⁻¹ · (1, 1) = 1.25.
    near(together.score(pair(1, 1)), Math.sqrt((1.25 * 0.05 ** 2 * 39) / 2), 1e-12);
  });

  it('against and apart: rows as wild as can be count so much that five of them in a row reach the line, over what was there before', () => {
    for (const [entry, usual] of [[apart, 1], [against, 0]] as const) {
      const detector = entry.create({ columns: 2 });
      const wild = { ...pair(1e6, -1e6), line: 3 };
      for (let rows = 1; rows <= 6; rows += 1) {
        near(detector.score(wild), usual * 0.95 ** rows + (3 * (1 - 0.95 ** rows)) / (1 - 0.95 ** 5), 1e-9);
        detector.learn(wild);
      }
    }
  });

  it('moving averages: the usual size of an average of independent values is √(1 ÷ (2 · memory − 1)) (Roberts 1959)', () => {
    const chart = new ResidualChart(1, [20], false, new Float64Array(1));
    const rowOf = (value: number): ResidualRow => ({ values: Float64Array.of(value), expected: Float64Array.of(50), usable: Uint8Array.of(1) });
    for (const value of noisyValues(9, 20_000)) chart.learn(rowOf(value), Uint8Array.of(1));
    const deviation = (value: number): number => {
      const into = new Float64Array(1);
      chart.deviations(rowOf(value), 1, into);
      return into[0]!;
    };
    // From an average near 0, one value three standard deviations off moves it by 3 ÷ 20.
    const before = deviation(50);
    const [up, down] = [deviation(50.9), deviation(49.1)];
    const usual = Math.sqrt(1 / 39);
    near(Math.max(up, down) - before, 3 / 20 / usual, 0.06);
  });
});

describe('baseline and judge together', () => {
  for (const shape of ['flat', 'sine'] as const) {
    it(`find at least 26 of 27 events, all five stuck, with at most 0.1 % false alarms (${shape} labelled stream)`, function () {
      this.timeout(60_000);
      const results = tuningSeeds.slice(0, 4).map((seed) => {
        const stream = labelledStream(seed, shape);
        assert.equal(stream.events.length, 27);
        return judgeStream(stream, twinwire(stream.values));
      });
      for (const { total, found } of results) assert.ok(total >= 26 && found.stuck === 5, JSON.stringify(found));
      const share = results.reduce((sum, { falseShare }) => sum + falseShare, 0) / results.length;
      assert.ok(share <= 0.001, `${100 * share} % false`);
    });
  }

  it('cannot be had by a comparison that never fails: silence finds nothing, constant alarm is all false', () => {
    const stream = labelledStream(1, 'flat');
    assert.equal(judgeStream(stream, new Uint8Array(streamLength)).total, 0);
    const always = judgeStream(stream, new Uint8Array(streamLength).fill(1));
    assert.deepEqual([always.total, always.falseShare], [27, 1]);
  });

  /** A machine at 15 s whose current goes with its speed, which changes every 200 rows among three; one value per row and column. */
  function machine(seed: number, rows: number, change: (row: number, values: number[]) => void, columns: readonly ColumnInfo[]): string[] {
    const baseline = createBaseline(columns, {});
    const judge = createJudge(columns, {});
    const [one, other] = [noisyValues(seed, rows), noisyValues(seed + 1, rows)];
    const told: string[] = [];
    for (let index = 0; index < rows; index += 1) {
      const speed = [90, 120, 140][Math.floor(index / 200) % 3]!;
      const values = [speed, 0.05 * speed + 0.3 * (one[index]! - 50), 20 + other[index]! - 50];
      change(index, values);
      const row = { timeMs: 1_700_000_000_000 + 15_000 * index, mode: '', values: Float64Array.from(values), fresh: new Uint8Array(3).fill(1) };
      const expectation = newExpectation(3);
      baseline.expect(row, expectation);
      const verdict = judge.judge(row, expectation);
      judge.learn(row, expectation, verdict);
      if (verdict.verdict === 'anomaly') for (const { column } of verdict.signals.slice(0, 1)) told.push(`${index} ${columns[column]!.name}`);
      else baseline.learn(row);
    }
    return told;
  }
  const columns: readonly ColumnInfo[] = [
    { name: 'speed_setpoint', kind: 'setpoint' },
    { name: 'motor_current', kind: 'measured' },
    { name: 'temperature', kind: 'measured' },
  ];

  it('say nothing when the speed changes, and tell a current that is wrong for its speed but usual for another', () => {
    assert.deepEqual(machine(31, 4_000, () => undefined, columns), []);
    const told = machine(33, 3_000, (index, values) => {
      if (index >= 2_480 && index < 2_580) values[1] = 0.05 * 90 + 1.5 + (values[1]! - 0.05 * values[0]!);
    }, columns);
    assert.ok(told.length > 50, `${told.length} rows told`);
    assert.ok(told.every((one) => one.endsWith('motor_current')), told.join());
    assert.equal(told[0]!.split(' ')[0], '2480');
  });

  it('do not take slow wear in: it is told while it grows, and stays told', () => {
    const told = machine(35, 6_000, (index, values) => {
      if (index >= 3_000) values[2]! += Math.min(3, (3 * (index - 3_000)) / 2_000);
    }, columns);
    const first = Number(told[0]!.split(' ')[0]);
    assert.ok(first > 3_000 && first < 4_200, `first told at ${first}`);
    assert.ok(told.length > 0.9 * (6_000 - first), `${told.length} of ${6_000 - first} rows told`);
  });

  it('keep quiet about changes below the smallest that matters', () => {
    const spared = columns.map((column) => (column.name === 'temperature' ? { ...column, smallestChange: 4 } : column));
    assert.deepEqual(machine(37, 4_000, (index, values) => {
      if (index >= 2_500) values[2]! += 3;
    }, spared), []);
  });

  it('give in when an anomaly lasts longer than all that was learned before, and learn what is normal now', () => {
    const told = machine(39, 6_000, (index, values) => {
      if (index >= 500) values[2]! += 30;
    }, columns).map((one) => Number(one.split(' ')[0]));
    assert.ok(told.length >= 300 && told.length <= 2_000, `${told.length} rows told`);
    // A short run of rows by chance aside.
    const late = told.filter((row) => row >= 2_500);
    assert.ok(late.length <= 20, `told at ${late.join()}`);
  });

  it('understand one message per property as well as one for all', () => {
    const baseline = createBaseline(columns, {});
    const judge = createJudge(columns, {});
    const expectation = newExpectation(3);
    const last = Float64Array.of(NaN, NaN, NaN);
    const [one, other] = [noisyValues(51, 1_500), noisyValues(52, 1_500)];
    let told = 0;
    for (let index = 0; index < 1_500; index += 1) {
      const wrong = index >= 1_400;
      const values = [90, 4.5 + 0.3 * (one[index]! - 50), 20 + other[index]! - 50 + (wrong ? 4 : 0)];
      for (const [column, value] of values.entries()) {
        last[column] = value;
        const fresh = new Uint8Array(3);
        fresh[column] = 1;
        const row = { timeMs: 1_700_000_000_000 + 1_000 * index, mode: '', values: last.slice(), fresh };
        baseline.expect(row, expectation);
        const verdict = judge.judge(row, expectation);
        judge.learn(row, expectation, verdict);
        if (verdict.verdict !== 'anomaly') baseline.learn(row);
        else {
          assert.ok(wrong && verdict.signals[0]!.column === 2, `at ${index}: ${JSON.stringify(verdict)}`);
          told += 1;
        }
      }
    }
    // From the property's own message on, the asset stays abnormal through the other properties' messages.
    assert.ok(told > 280, `${told} of 300 messages`);
    assert.equal(baseline.progress().phase, 'armed');
  });
});
