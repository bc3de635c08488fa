import assert from 'node:assert/strict';
import { createJudge } from '../../../engine/detectors/judge.ts';
import { newExpectation, phaseArmed } from '../../../engine/signalRow.ts';
import { noisyValues } from '../../checks/detectors/check.ts';

/** Which rows are an anomaly of a signal that wanders slowly around 50, normal being 48.3 to 51.7: of `faulty` rows at 47.4 and then 40 at 50, after 2,000 sound ones. */
function told(faulty: number, perWeek: number): boolean[] {
  const judge = createJudge([{ name: 'flow', kind: 'measured' }], { falseAlarmsPerWeek: perWeek });
  const expectation = newExpectation(1);
  expectation.expected.fill(50);
  expectation.low.fill(48.3);
  expectation.high.fill(51.7);
  expectation.phase.fill(phaseArmed);
  return noisyValues(5, 2_000 + faulty + 40).flatMap((each, row) => {
    const level = row < 2_000 ? 1.2 * Math.sin(row / 30) : row < 2_000 + faulty ? -2.6 : 0;
    const signals = { timeMs: 1_700_000_000_000 + 1_000 * row, mode: '', values: Float64Array.of(each + level), fresh: Uint8Array.of(1) };
    const verdict = judge.judge(signals, expectation);
    judge.learn(signals, expectation, verdict);
    if (verdict.verdict !== 'learning') assert.equal(verdict.verdict === 'anomaly', verdict.leastPerWeek <= perWeek, `at ${row}`);
    return row < 2_000 ? [] : [verdict.verdict === 'anomaly'];
  });
}

describe('a finding whose value stays outside what is expected', () => {
  it('goes on though the chart that told it has let go, and is over when the value is back, at any setting', () => {
    for (const perWeek of [1, 50]) {
      const flags = told(260, perWeek);
      assert.ok(flags.slice(3, 260).every((flag) => flag), `over at ${flags.indexOf(false, 3)}`);
      assert.ok(flags.slice(275).every((flag) => !flag), 'not over');
    }
  });

  it('does not begin by that alone: before a chart minds, it is none', () => {
    assert.equal(told(2, 1).includes(true), false);
  });
});
