import assert from 'node:assert/strict';
import { createBaseline } from '../../../engine/baselines/index.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import { newExpectation } from '../../../engine/signalRow.ts';
import { noisyValues } from '../../checks/detectors/check.ts';

describe('what lasts longer than all that was normal before', () => {
  const minuteMs = 60_000;
  const known = 1_000;
  const given = Math.ceil(2.3 * known);

  /** Rows of which the first signal lies 30 times its scatter higher from `known` on, and the second has a jump of twelve at `jump`; who is told when. */
  function told(jump: number, everyMs: number): { row: number; columns: number[] }[] {
    const columns = [{ name: 'oil', kind: 'measured' as const }, { name: 'force', kind: 'measured' as const }];
    const baseline = createBaseline(columns, {});
    const judge = createJudge(columns, {});
    const [oil, force] = [noisyValues(7, given + 400), noisyValues(8, given + 400)];
    const found: { row: number; columns: number[] }[] = [];
    for (let index = 0; index < given + 400; index += 1) {
      const values = Float64Array.of(oil[index]! + (index >= known ? 30 : 0), force[index]! + (index === jump ? 12 : 0));
      const row = { timeMs: 1_700_000_000_000 + everyMs * index, mode: '', values, fresh: new Uint8Array(2).fill(1) };
      const expectation = newExpectation(2);
      baseline.expect(row, expectation);
      const verdict = judge.judge(row, expectation);
      judge.learn(row, expectation, verdict);
      if (verdict.verdict === 'anomaly') {
        found.push({ row: index, columns: verdict.signals.map(({ column }) => column) });
        baseline.pass(row);
      } else baseline.learn(row);
    }
    return found;
  }

  const takenAt = (everyMs: number): number => {
    const rows = told(-1, everyMs).filter(({ columns }) => columns.includes(0)).map(({ row }) => row);
    assert.ok(rows.length > known, `${rows.length} rows told`);
    return rows.at(-1)! + 1;
  };

  it('is normal from then on, and the other signals are judged as before', () => {
    const taken = takenAt(minuteMs);
    assert.ok(taken < given, `taken at ${taken}`);
    const after = told(taken + 5, minuteMs).filter(({ row }) => row >= taken);
    assert.ok(after.some(({ row, columns }) => row === taken + 5 && columns.includes(1)), JSON.stringify(after));
    assert.ok(!after.some(({ columns }) => columns.includes(0)), JSON.stringify(after));
  });

  it('begins all anew where less than a shift was known', () => {
    const taken = takenAt(minuteMs / 10);
    assert.deepEqual(told(taken + 5, minuteMs / 10).filter(({ row }) => row === taken + 5), []);
  });
});
