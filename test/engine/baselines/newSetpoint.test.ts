import assert from 'node:assert/strict';
import { createBaseline } from '../../../engine/baselines/index.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import { newExpectation } from '../../../engine/signalRow.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';

describe('a setpoint that a machine runs at for the first time', () => {
  const columns = [{ name: 'speed', kind: 'measured' as const }, { name: 'setpoint', kind: 'setpoint' as const }];

  /** Anomalies told in 100 rows at 90 after 170 at 120, where `early` rows have the new setpoint and still the old speed. */
  function told(early: number, seed: number): number {
    const baseline = createBaseline(columns, {});
    const judge = createJudge(columns, { falseAlarmsPerWeek: 1 });
    const expectation = newExpectation(columns.length);
    const random = new SeededRandom(seed);
    let anomalies = 0;
    for (let index = 0; index < 270 + early; index += 1) {
      const setpoint = index < 170 ? 120 : 90;
      const speed = (index < 170 + early ? 120 : 90) * (1 + 0.004 * random.normal());
      const row = { timeMs: 1_700_000_000_000 + index * 15_000, mode: 'producing', values: Float64Array.of(speed, setpoint), fresh: Uint8Array.of(1, 1) };
      baseline.expect(row, expectation);
      const verdict = judge.judge(row, expectation);
      judge.learn(row, expectation, verdict);
      if (verdict.verdict === 'anomaly') anomalies += 1;
      else baseline.learn(row);
    }
    return anomalies;
  }

  it('is no anomaly, also when the setpoint arrives a row or two before what it sets', () => {
    for (const early of [0, 1, 2]) for (let seed = 1; seed <= 10; seed += 1) assert.equal(told(early, seed), 0, `${early} rows early, seed ${seed}`);
  });
});
