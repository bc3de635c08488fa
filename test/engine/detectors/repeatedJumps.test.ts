import assert from 'node:assert/strict';
import { tell } from '../../../bench/detectionTable.ts';
import { zooMachines, zooRecording } from '../../../bench/zooMachines.ts';
import { zooStrangers } from '../../../bench/zooStrangers.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import { step } from '../../../engine/detectors/step.ts';
import { newExpectation, phaseArmed } from '../../../engine/signalRow.ts';
import { Recurrences } from '../../../engine/statistics/recurrences.ts';
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

describe('what is told again and again and goes by itself', () => {
  it('is the way of the machine once it came more often than all false alarms were asked for', function () {
    this.timeout(30_000);
    const machine = zooStrangers.find(({ name }) => name.startsWith('shifts'))!;
    const { commissioningMs, judgedMs, perWeek } = machine;
    const recording = zooRecording(machine, 2, false);
    const { alarms } = tell(recording, undefined, perWeek);
    const counts = [0, 0];
    let last = -Infinity;
    recording.times.forEach((timeMs, row) => {
      if (alarms[row] !== 1) return;
      if (row - last > 30) counts[timeMs < commissioningMs + judgedMs / 2 ? 0 : 1]! += 1;
      last = row;
    });
    assert.ok(counts[0]! > 3 && counts[1]! <= 10, `${counts.join(', then ')}`);
  });

  it('is counted by its pace', () => {
    const pace = (everyMs: number): number => {
      const recurrences = new Recurrences(2);
      let of = 0;
      for (let time = 0; time < 100 * everyMs; time += everyMs) of = recurrences.add(1, time, 3_000);
      const again = new Recurrences(2);
      again.restore(recurrences.snapshot(), 'test');
      assert.equal(again.add(1, 100 * everyMs, 3_000), recurrences.add(1, 100 * everyMs, 3_000));
      assert.equal(recurrences.add(0, 0, 3_000), 1, 'of another column');
      return of;
    };
    assert.ok(pace(800) > 3 && pace(1_300) < 3, `${pace(800)}, ${pace(1_300)}`);
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
