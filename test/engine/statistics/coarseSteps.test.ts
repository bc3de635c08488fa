import assert from 'node:assert/strict';
import { createBaseline } from '../../../engine/baselines/index.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import type { Json } from '../../../engine/ports.ts';
import type { SignalRow } from '../../../engine/signalRow.ts';
import { newExpectation } from '../../../engine/signalRow.ts';
import { CoarseSteps, moveCoarseSteps } from '../../../engine/statistics/coarseSteps.ts';
import { keptMove } from '../../../engine/statistics/columnMove.ts';
import { noisyValues } from '../../checks/detectors/check.ts';

const rowOf = (value: number, timeMs: number): SignalRow => ({ timeMs, mode: '', values: Float64Array.of(value), fresh: Uint8Array.of(1) });

const noneHeld = { isRepeat: (): boolean => false };

function stepOf(values: readonly number[], trains = true): number {
  const steps = new CoarseSteps(1);
  values.forEach((value, row) => steps.learnRow(rowOf(value, row), noneHeld, trains));
  return steps.step(0);
}

/** A level that wanders between the middle of a step and its edges, read in whole numbers. */
function flickering(seed: number, rows: number): number[] {
  return noisyValues(seed, rows).map((value, row) => Math.round(0.8 * (value - 50) + 32 + 0.4 * Math.sin(row / 40)));
}

describe('coarse steps', () => {
  it('are the usual step of a signal that repeats itself, and 0 of one that does not', () => {
    const step = stepOf(flickering(1, 4_000));
    assert.ok(step >= 1 && step < 1.1, `${step}`);
    assert.equal(stepOf(flickering(1, 4_000).map((value) => 0.25 * value)), 0.25 * step);
    // One value in a hundred comes from another converter.
    const mixed = flickering(2, 4_000).map((value, row) => (row % 100 === 0 ? value + 1e-7 : value));
    assert.ok(stepOf(mixed) > 0.8, `${stepOf(mixed)}`);
    for (const values of [noisyValues(3, 4_000), flickering(1, 15), [1, NaN, 1, Infinity]]) assert.equal(stepOf(values), 0);
  });

  it('are learned of normal values only, and hardly of wild ones', () => {
    const steps = new CoarseSteps(1);
    let row = 0;
    const learn = (value: number, trains: boolean): void => steps.learnRow(rowOf(value, row++), noneHeld, trains);
    for (const value of flickering(4, 4_000)) learn(value, true);
    const before = steps.step(0);
    for (const value of noisyValues(5, 2_000)) learn(40 * value, false);
    for (const value of noisyValues(5, 100)) steps.learnRow(rowOf(40 * value, 17), noneHeld, true);
    assert.equal(steps.step(0), before);
    for (const value of flickering(6, 100)) learn(value === 33 ? 1e50 : value, true);
    assert.ok(steps.step(0) < 1.2, `${steps.step(0)}`);
  });

  it('are none of a sensor that stands still, however long; what repeats counts once another value has come', () => {
    const steps = new CoarseSteps(1);
    let row = 0;
    const learn = (value: number): void => steps.learnRow(rowOf(value, row++), noneHeld, true);
    for (const value of noisyValues(8, 200)) learn(value);
    for (let stands = 0; stands < 200; stands += 1) learn(50);
    assert.equal(steps.step(0), 0);
    const again = new CoarseSteps(1);
    again.restore(JSON.parse(JSON.stringify(steps.snapshot())) as Json, 'coarse');
    learn(51);
    assert.ok(steps.step(0) > 0);
    again.learnRow(rowOf(51, row), noneHeld, true);
    assert.equal(again.step(0), steps.step(0));
  });

  it('go on from a snapshot, and move with their column and its unit', () => {
    const steps = new CoarseSteps(1);
    flickering(7, 2_000).forEach((value, row) => steps.learnRow(rowOf(value, row), noneHeld, true));
    const moved = new CoarseSteps(2);
    moved.restore(moveCoarseSteps(JSON.parse(JSON.stringify(steps.snapshot())) as Json, moved.snapshot(), [{ ...keptMove(0), from: -1 }, { from: 0, again: false, scale: 2, offset: 1 }]), 'coarse');
    assert.deepEqual([moved.step(0), moved.step(1)], [0, 2 * steps.step(0)]);
    assert.throws(() => moved.restore({}, 'coarse'), { code: 'TWIN_SNAPSHOT_UNREADABLE' });
  });
});

describe('a judge with a coarse signal', () => {
  const columns = [{ name: 'flow', kind: 'measured' as const }];

  /** Rows after `from` in which something is told, with its kind. */
  function told(values: readonly number[], from: number): string[] {
    const baseline = createBaseline(columns, {});
    const judge = createJudge(columns, {});
    return values.flatMap((value, row) => {
      const signals = { timeMs: 1_700_000_000_000 + 1_000 * row, mode: '', fresh: Uint8Array.of(1), values: Float64Array.of(value) };
      const expectation = newExpectation(1);
      baseline.expect(signals, expectation);
      const verdict = judge.judge(signals, expectation);
      judge.learn(signals, expectation, verdict);
      if (verdict.verdict !== 'anomaly') baseline.learn(signals);
      return verdict.verdict === 'anomaly' && row >= from ? verdict.signals.map(({ kind }) => kind) : [];
    });
  }

  it('says nothing while its level goes to the edges of a step and back, and finds a burst of noise, a wild value and one that stands still', () => {
    const sound = flickering(11, 2_000);
    assert.deepEqual(told(sound, 300), []);
    const noise = noisyValues(12, 100).map((value) => Math.round(12 * (value - 50) + 32));
    assert.ok(told([...sound, ...noise], 2_000).includes('noise'));
    assert.ok(told([...sound, 38, 32, 32], 2_000).includes('spike'));
    assert.ok(told([...sound, ...Array.from({ length: 300 }, () => 32)], 2_000).includes('stuck'));
  });
});
