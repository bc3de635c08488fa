import { SeededRandom } from '../../../demo/seededRandom.ts';
import type { ColumnInfo } from '../../../engine/baselines/index.ts';
import type { AnomalyKind } from '../../../engine/detectors/index.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import type { Verdict } from '../../../engine/detectors/judge.ts';
import { newExpectation, phaseArmed } from '../../../engine/signalRow.ts';
import type { DeepWatch } from '../../../engine/site/deepWatch.ts';

export const deepColumns: readonly ColumnInfo[] = ['current', 'torque', 'pressure', 'flow'].map((name) => ({ name, kind: 'measured' }));

/**
 * A machine of two pairs: current and torque follow one load that nobody measures, pressure and flow another. Broken, torque follows a load of
 * its own: each signal by itself does exactly what it did before. The judge looks at single signals, unless nothing is `off`.
 */
export function deepStream(seed: number, off: readonly AnomalyKind[] = ['relation']): { next: (watch: DeepWatch, broken?: boolean) => { alone: Verdict; together: Verdict } } {
  const random = new SeededRandom(seed);
  const judge = createJudge(deepColumns, { falseAlarmsPerWeek: 1, off });
  const expectation = newExpectation(4);
  expectation.expected.fill(50);
  expectation.low.fill(49);
  expectation.high.fill(51);
  expectation.phase.fill(phaseArmed);
  const row = { timeMs: 1_767_225_600_000, mode: '', values: new Float64Array(4), fresh: new Uint8Array(4).fill(1) };
  const loads = [0, 0, 0];
  return {
    next(watch, broken = false) {
      row.timeMs += 10_000;
      for (let load = 0; load < 3; load += 1) loads[load] = 0.9 * loads[load]! + Math.sqrt(1 - 0.81) * random.normal();
      const followed = [loads[0]!, broken ? loads[2]! : loads[0]!, loads[1]!, -loads[1]!];
      for (let column = 0; column < 4; column += 1) row.values[column] = 50 + 0.25 * followed[column]! + 0.06 * random.normal();
      const alone = judge.judge(row, expectation);
      const together = watch.look(row, expectation, alone);
      judge.learn(row, expectation, together);
      return { alone, together };
    },
  };
}
