import assert from 'node:assert/strict';
import { createBaseline } from '../../../engine/baselines/index.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import type { Json } from '../../../engine/ports.ts';
import type { SignalRow } from '../../../engine/signalRow.ts';
import { newExpectation } from '../../../engine/signalRow.ts';
import { HeldSamples, moveHeldSamples } from '../../../engine/statistics/heldSamples.ts';
import { keptMove } from '../../../engine/statistics/columnMove.ts';
import { noisyValues, randomOf } from '../../checks/detectors/check.ts';

const rowOf = (value: number, timeMs: number): SignalRow => ({ timeMs, mode: '', values: Float64Array.of(value), fresh: Uint8Array.of(1) });

const judged = Uint8Array.of(1);

/** Which row tells that the column is held; −1 = none. Ten rows that say so in the end are needed too. */
function toldAt(values: readonly number[]): number {
  const held = new HeldSamples(1);
  const told = values.findIndex((value, row) => held.learnRow(rowOf(value, row), judged).length > 0);
  for (const [row, value] of values.entries()) held.learnRow(rowOf(value, row), judged);
  return told >= 0 && held.isRepeat(0, values.at(-1)!) ? told : -1;
}

/** Each value repeated as often as `length` says. */
function repeated(values: readonly number[], length: (index: number) => number): number[] {
  return values.flatMap((value, index) => Array.from({ length: length(index) }, () => value));
}

describe('held samples', () => {
  const samples = noisyValues(1, 400);

  it('are recognised by the 31st run, evenly taken ones and ones that jitter', () => {
    for (const length of [() => 2, () => 5, () => 40, (index: number) => (index % 3 === 0 ? 6 : 5), (index: number) => (index % 2 === 0 ? 3 : 2)]) {
      const told = toldAt(repeated(samples, length));
      assert.ok(told > 0 && told <= 32 * length(0) + 40, `${length.toString()}: ${told}`);
    }
  });

  it('are no signal that is new in each row, coarse, a counter, a ramp with its resolution, a switch or constant', () => {
    const random = randomOf(3);
    const coarse = noisyValues(4, 4_000).map((value) => Math.round(value / 0.5) * 0.5);
    const others = {
      new: noisyValues(5, 4_000), coarse,
      'slow and coarse': noisyValues(6, 4_000).map((value, row) => Math.round(4 * (value + 5 * Math.sin(row / 200))) / 4),
      'by chance': repeated(samples, () => 1 + Math.floor(-2 * Math.log(1 - random()))),
      counter: Array.from({ length: 4_000 }, (_, row) => Math.floor(row / 5)),
      ramp: Array.from({ length: 4_000 }, (_, row) => Math.floor((row % 500) / 5) / 10),
      switch: Array.from({ length: 4_000 }, (_, row) => Math.floor(row / 10) % 2),
      constant: Array.from({ length: 4_000 }, () => 7),
    };
    for (const [name, values] of Object.entries(others)) assert.equal(toldAt(values), -1, name);
  });

  it('stay recognised over one that stands still for long, odd values and values told twice; and go when each row is new', () => {
    const held = new HeldSamples(1);
    let row = 0;
    const take = (value: number): unknown => held.learnRow(rowOf(value, row++), judged);
    for (const value of repeated(samples.slice(0, 60), () => 4)) take(value);
    const learned = JSON.stringify(held.snapshot());
    for (const odd of [NaN, Infinity, 1e308]) take(odd);
    held.learnRow(rowOf(999, 3), judged);
    assert.equal(JSON.stringify(held.snapshot()), learned);
    for (let count = 0; count < 500; count += 1) take(12);
    assert.equal(held.isRepeat(0, 12), true);
    for (const value of repeated(samples.slice(60, 120), () => 4)) take(value);
    assert.equal(held.isRepeat(0, samples[119]!), true);
    for (const value of noisyValues(9, 4_000)) take(value);
    assert.equal(held.isRepeat(0, noisyValues(9, 4_000).at(-1)!), false);
  });

  it('go on from a snapshot, and move with their column and its unit', () => {
    const held = new HeldSamples(1);
    repeated(samples.slice(0, 60), () => 4).forEach((value, row) => held.learnRow(rowOf(value, row), judged));
    const moved = new HeldSamples(2);
    const begun = moved.snapshot();
    moved.restore(moveHeldSamples(JSON.parse(JSON.stringify(held.snapshot())) as Json, begun, [{ ...keptMove(0), from: -1 }, { from: 0, again: false, scale: 2, offset: 1 }]), 'held');
    assert.equal(moved.isRepeat(1, 2 * samples[59]! + 1), true);
    assert.equal(moved.isRepeat(0, 0), false);
    assert.throws(() => moved.restore({ last: [1] }, 'held'), { code: 'TWIN_SNAPSHOT_UNREADABLE' });
  });
});

describe('a judge with an analyser that is read every fifth row', () => {
  const columns = [{ name: 'level', kind: 'measured' as const }, { name: 'analyser', kind: 'measured' as const }];

  /** Rows in which something is told, with what the analyser's samples and the repeats become. */
  function told(seed: number, change: (sample: number, row: number) => number, rows = 8_000): number[] {
    const baseline = createBaseline(columns, {});
    const judge = createJudge(columns, {});
    const [level, analyser] = [noisyValues(seed, rows), noisyValues(seed + 1, rows)];
    const found: number[] = [];
    for (let row = 0; row < rows; row += 1) {
      const sampleRow = 5 * Math.floor(row / 5);
      const signals = {
        timeMs: 1_700_000_000_000 + 180_000 * row, mode: '', fresh: new Uint8Array(2).fill(1),
        values: Float64Array.of(level[row]!, change(analyser[sampleRow]!, sampleRow)),
      };
      const expectation = newExpectation(2);
      baseline.expect(signals, expectation);
      const verdict = judge.judge(signals, expectation);
      judge.learn(signals, expectation, verdict);
      if (verdict.verdict !== 'anomaly') baseline.learn(signals);
      else if (row >= 300) found.push(row);
    }
    return found;
  }

  it('is quiet while it is sound, finds a shift of its samples within five of them, and one that stands still', () => {
    // In its 16 days one false alarm a week is allowed; where repeats are taken for values it is more than a hundred rows.
    const quiet = told(11, (sample) => sample);
    const begins = quiet.filter((row, index) => row - (quiet[index - 1] ?? -Infinity) > 30);
    assert.ok(begins.length <= 2 && quiet.length <= 60, `${quiet.length} rows, from ${begins.join()} on`);
    const changed = (row: number): boolean => row >= 6_000;
    const shifted = told(13, (sample, row) => (row >= 6_000 ? sample + 3 : sample)).filter(changed);
    assert.ok(shifted[0]! >= 6_000 && shifted[0]! <= 6_025, `told at ${shifted[0]}`);
    assert.ok(shifted.length > 1_900, `${shifted.length} rows`);
    const frozen = told(15, (sample, row) => (row >= 6_000 ? 50.125 : sample)).filter(changed);
    assert.ok(frozen[0]! > 6_020 && frozen[0]! < 6_200, `told at ${frozen[0]}`);
  });
});
