import assert from 'node:assert/strict';
import { zooMachines, zooRecording } from '../../../bench/zooMachines.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import { step } from '../../../engine/detectors/step.ts';
import { newExpectation, phaseArmed } from '../../../engine/signalRow.ts';
import { noisyValues } from '../../checks/detectors/check.ts';

describe('a machine that works by jumps', () => {
  it('scores the same in each of its rounds, though one of the jumps is now and then taken for a return', () => {
    const machine = zooMachines.find(({ name }) => name.startsWith('load cycles'))!;
    const { values, columns } = zooRecording({ ...machine, judgedMs: machine.commissioningMs }, 2, false);
    const detector = step.create();
    const into = new Float64Array(1);
    const rows = values.length / columns.length;
    const highest = new Float64Array(rows / 60);
    for (let row = 0; row < rows; row += 1) {
      const input = { values: Float64Array.of(values[row * columns.length + 2]!), usable: Uint8Array.of(1), expected: Float64Array.of(NaN) };
      detector.score(input, into);
      const round = Math.floor(row / 60);
      if (into[0]! > highest[round]!) highest[round] = into[0]!;
      detector.learn(input, Uint8Array.of(1));
    }
    const known = highest.subarray(100);
    const usual = [...known].sort((a, b) => a - b)[known.length / 2]!;
    assert.ok(usual > 1 && Math.max(...known) < 1.3 * usual, `${Math.max(...known)} where ${usual} is usual`);
  });
});

describe('what is expected jumps to and fro while the value is calm', () => {
  it('is no noise of the signal, which real noise beside it is', () => {
    const judge = createJudge([{ name: 'flow', kind: 'measured' }], { falseAlarmsPerWeek: 1 });
    const expectation = newExpectation(1);
    expectation.phase.fill(phaseArmed);
    expectation.follows.fill(1);
    const rows = 3_000;
    const kinds = new Set<string>();
    let noisyFrom = NaN;
    noisyValues(5, rows + 200).forEach((noise, row) => {
      const jumps = row >= 2_000 && row < 2_400 && row % 2 === 0 ? 3 : 0;
      const half = row < 2_000 ? 2 : 6;
      expectation.expected.fill(50 + jumps);
      expectation.low.fill(50 + jumps - half);
      expectation.high.fill(50 + jumps + half);
      const signals = { timeMs: 1_000 * row, mode: '', values: Float64Array.of(50 + (row >= rows ? 8 : 1) * (noise - 50)), fresh: Uint8Array.of(1) };
      const verdict = judge.judge(signals, expectation);
      judge.learn(signals, expectation, verdict);
      if (row < rows) for (const { kind } of verdict.signals) kinds.add(kind);
      else if (verdict.signals.some(({ kind }) => kind === 'noise')) noisyFrom = Math.min(row, Number.isNaN(noisyFrom) ? row : noisyFrom);
    });
    assert.equal(kinds.has('noise'), false, [...kinds].join());
    assert.ok(noisyFrom < rows + 40, `noise from ${noisyFrom}`);
  });
});
