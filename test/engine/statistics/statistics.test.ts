import assert from 'node:assert/strict';
import fc from 'fast-check';
import { member, numbersFromJson, numbersToJson } from '../../../engine/statistics/columnTable.ts';
import { medianInPlace, medianOfSeven, quantileOfSorted } from '../../../engine/statistics/order.ts';
import { solveRidge } from '../../../engine/statistics/solveRidge.ts';
import { TailLines } from '../../../engine/statistics/tailLines.ts';
import { noisyValues, randomOf } from '../../checks/detectors/check.ts';

describe('statistics: columns as JSON', () => {
  it('come back bit for bit, NaN as null', () => {
    fc.assert(fc.property(fc.array(fc.double({ noDefaultInfinity: true })), (numbers) => {
      const back = new Float64Array(numbers.length);
      numbersFromJson(JSON.parse(JSON.stringify(numbersToJson(numbers))) as never, back, 'numbers');
      for (const [index, value] of numbers.entries()) assert.ok(Object.is(back[index], Object.is(value, -0) ? 0 : value));
    }));
  });

  it('are refused when length or values do not fit', () => {
    for (const damaged of [undefined, null, [], [1], [1, 'x'], [1, true], { 0: 1, 1: 2, length: 2 }]) {
      assert.throws(() => numbersFromJson(damaged as never, new Float64Array(2), 'numbers'), { code: 'TWIN_SNAPSHOT_UNREADABLE' });
    }
  });

  it('give only members of their own', () => {
    assert.equal(member({ a: 1 }, 'a'), 1);
    for (const foreign of ['constructor', '__proto__', 'toString']) assert.equal(member({ a: 1 }, foreign), undefined);
    assert.equal(member([1], 'length'), undefined);
  });
});

describe('statistics: order', () => {
  it('finds the median of seven for every pattern of zeros and ones, and so (zero-one principle, Knuth) for every order', () => {
    for (let pattern = 0; pattern < 128; pattern += 1) {
      const numbers = Float64Array.from({ length: 7 }, (_, index) => (pattern >> index) & 1);
      assert.equal(medianOfSeven(Float64Array.of(9, ...numbers, 9), 1), numbers.reduce((sum, one) => sum + one, 0) >= 4 ? 1 : 0);
    }
  });

  it('finds quantiles as R does with type 7: quantile(1:10, c(.1, .5, .9)) is 1.9, 5.5, 9.1', () => {
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    assert.deepEqual([0.1, 0.5, 0.9].map((share) => Math.round(1e9 * quantileOfSorted(numbers, share)) / 1e9), [1.9, 5.5, 9.1]);
    assert.equal(medianInPlace(Float64Array.of(3, 1, 2, 9), 3), 2);
    assert.ok(Number.isNaN(medianInPlace(new Float64Array(0))));
  });
});

describe('statistics: ridge regression', () => {
  it('gives the line of the first of Anscombe\'s four sets (The American Statistician 27, 1973): 3.0001 + 0.5001 x', () => {
    const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
    const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
    const lower = Float64Array.of(x.length, sum(x), sum(x.map((value) => value * value)));
    const right = Float64Array.of(sum(y), sum(x.map((value, index) => value * y[index]!)));
    const line = new Float64Array(2);
    assert.equal(solveRidge(lower, 0, right, 0, 2, 0, line, 0), true);
    assert.ok(Math.abs(line[0]! - 3.00009) < 1e-4 && Math.abs(line[1]! - 0.50009) < 1e-4, `${line}`);
  });

  it('says so when there is nothing to solve, and leaves the result alone', () => {
    const into = Float64Array.of(7, 7);
    assert.equal(solveRidge(new Float64Array(3), 0, new Float64Array(2), 0, 2, 1e-6, into, 0), false);
    assert.deepEqual([...into], [7, 7]);
  });
});

describe('statistics: lines from block maxima', () => {
  it('are passed about as often as asked, in noise that is not Gaussian either', () => {
    const random = randomOf(3);
    // By inversion: a value, and how often one is larger.
    const noises: [string, (uniform: number) => number, (line: number) => number][] = [
      ['exponential', (uniform) => -Math.log(1 - uniform), (line) => Math.exp(-line)],
      ['Weibull of shape 0.8', (uniform) => (-Math.log(1 - uniform)) ** 1.25, (line) => Math.exp(-(line ** 0.8))],
      ['uniform', (uniform) => uniform, (line) => Math.max(0, 1 - line)],
    ];
    for (const [name, value, larger] of noises) {
      let expected = 0;
      const repetitions = 40;
      for (let repetition = 0; repetition < repetitions; repetition += 1) {
        const lines = new TailLines(1, 64, { quantile: 4, excess: 1 });
        for (let row = 0; row < 64 * 100; row += 1) lines.add(0, value(random()));
        expected += 64 * larger(lines.line(0, TailLines.logRarity(1 / 200)));
      }
      const ratio = (200 * expected) / repetitions;
      assert.ok(ratio < 4, `${name}: passed ${ratio} times as often as asked`);
      if (name !== 'uniform') assert.ok(ratio > 0.3, `${name}: passed ${ratio} times as often as asked`);
    }
  });

  it('lie above what every block has, however far that is beyond noise', () => {
    for (const edge of [2, 26, 250]) {
      const lines = new TailLines(1, 64, { quantile: 0.25, excess: 0.12 });
      const heights = noisyValues(6, 40).map((value) => edge * (1 + 0.002 * (value - 50)));
      for (const [block, height] of heights.entries()) for (let row = 0; row < 64; row += 1) lines.add(0, row === block % 64 ? height : 0.1);
      const line = lines.line(0, TailLines.logRarity(1e-3));
      assert.ok(line > Math.max(...heights) && line < 2 * edge + 1, `${line} where every block reaches ${edge}`);
    }
  });

  it('rise where what passes them by a trifle comes again and again, once enough is known', () => {
    const after = (share: number, alarms: number, known = 60): number => {
      const lines = new TailLines(1, 64, { quantile: 0.5, excess: 0.05 });
      const rarity = TailLines.logRarity(1e-3);
      const go = (rows: number): void => noisyValues(5, rows).forEach((value) => lines.add(0, Math.abs(value - 50) / 6));
      go(64 * known);
      for (let alarm = 0; alarm < alarms; alarm += 1) {
        lines.reject(0);
        if (share > 0) lines.raise(0, share * lines.line(0, rarity));
        go(64 * 8);
      }
      return lines.line(0, rarity);
    };
    assert.ok(after(1.1, 6) > 1.1 * after(0, 6), `${after(1.1, 6)} after ${after(0, 6)}`);
    assert.ok(after(1.1, 1) < 1.05 * after(0, 1), 'once is an accident');
    assert.equal(after(1.1, 1, 10), after(0, 1, 10), 'of 10 blocks little is known');
  });

  it('are not moved by one wild block, nor by blocks beside abnormal rows', () => {
    const calm = new TailLines(1, 64, { quantile: 0.5, excess: 0.05 });
    const wild = new TailLines(1, 64, { quantile: 0.5, excess: 0.05 });
    const beside = new TailLines(1, 64, { quantile: 0.5, excess: 0.05 });
    for (const [row, value] of noisyValues(5, 64 * 20).entries()) {
      const score = Math.abs(value - 50);
      calm.add(0, score);
      wild.add(0, row === 500 ? 100 : score);
      beside.add(0, row === 700 ? 100 : score);
      if (row === 710) beside.reject(0);
    }
    const rarity = TailLines.logRarity(1e-4);
    assert.ok(wild.line(0, rarity) < 1.6 * calm.line(0, rarity), `${wild.line(0, rarity)} after ${calm.line(0, rarity)}`);
    assert.ok(beside.line(0, rarity) < 1.6 * calm.line(0, rarity), `${beside.line(0, rarity)} after ${calm.line(0, rarity)}`);
  });
});
