import assert from 'node:assert/strict';
import type { LineModel } from '../../../engine/simulation/lineModel.ts';
import { replicate, replicationSeed } from '../../../engine/simulation/replications.ts';
import { type RunResult, simulateLine } from '../../../engine/simulation/simulateLine.ts';
import { RandomStream } from '../../../engine/simulation/randomStream.ts';
import { meanInterval } from '../../../engine/statistics/meanInterval.ts';
import { exponential, straightLine } from './lineModels.ts';
import { solveMarkovLine } from './markovLine.ts';
import { type OracleRow, oracleRows } from './oracleRows.ts';

const seed = 20_261_128;
const figures = oracleRows.reduce((sum, row) => sum + row.figures.length, 0);

/** Figures of 30 replications that lie outside an interval which all figures together leave once in a hundred times (Bonferroni). */
function outside(row: OracleRow, run: typeof replicate = replicate): string[] {
  const results = run({ model: row.model, seed, first: 0, count: 30, warmUpS: row.warmUpS, runS: row.runS });
  return row.figures.flatMap(({ name, exact, of }) => {
    const { low, high, mean } = meanInterval(results.map(of), 1 - 0.01 / figures);
    return exact >= low && exact <= high ? [] : [`${row.name} ${name}: ${mean}, exact ${exact}`];
  });
}

/** Blocks where the stays of the parts and the area under the number inside are not the same. */
function littleBroken(result: RunResult): string[] {
  return [{ name: 'line', occupancy: result.line }, ...result.blocks].flatMap(({ name, occupancy }) => {
    const { areaS, staysS, entries, exits, atStart, atEnd } = occupancy;
    const same = Math.abs(areaS - staysS) <= 1e-6 * Math.max(1, areaS) && atStart + entries === atEnd + exits;
    return same ? [] : [`${name}: ${areaS} by time, ${staysS} by part`];
  });
}

/** A model with one place more in each buffer that has a limit. */
const onePlaceMore = (model: LineModel): LineModel => ({
  ...model, blocks: model.blocks.map((block) => (block.kind === 'buffer' && block.places !== undefined ? { ...block, places: block.places + 1 } : block)),
});

describe('the line simulator', function () {
  this.timeout(60_000);

  it('meets every known answer within the interval of 30 replications', () => {
    assert.ok(figures >= 50, `${figures} figures`);
    assert.deepEqual(oracleRows.flatMap((row) => outside(row)), []);
  });

  it('keeps to Little in every block and in the whole line, in every run', () => {
    for (const { model, warmUpS, runS } of oracleRows) {
      for (let replication = 0; replication < 3; replication += 1) {
        const result = simulateLine(model, { seed: replicationSeed(seed, replication), warmUpS, runS: runS / 4 });
        assert.deepEqual(littleBroken(result), []);
        const { line, good, bad, scrapped, assembled } = result;
        assert.equal(line.exits, good + bad + scrapped + assembled);
      }
    }
  });

  it('would be caught with one place more, without failures, or with parts that are counted but not there', () => {
    const rowOf = (name: string): OracleRow => oracleRows.find((row) => row.name.startsWith(name))!;
    assert.equal(outside(rowOf('exponential 1, 1; buffers 1'), (order) => replicate({ ...order, model: onePlaceMore(order.model) })).length, 1);
    assert.equal(outside(rowOf('Bernoulli 0.8, 0.9'), (order) => replicate({ ...order, model: onePlaceMore(order.model) })).length, 1);
    const repaired = (model: LineModel): LineModel => ({
      ...model, blocks: model.blocks.map((block) => (block.kind === 'station' ? { ...block, failures: [] } : block)),
    });
    assert.ok(outside(rowOf('unreliable r p 0.1 0.01'), (order) => replicate({ ...order, model: repaired(order.model) })).length > 0);
    const result = simulateLine(rowOf('M/M/1').model, { seed, warmUpS: 100, runS: 1_000 });
    result.blocks[1]!.occupancy.staysS += 1;
    assert.deepEqual(littleBroken(result).length, 1);
  });

  it('agrees with the exact Markov chain of random small lines, failures included', () => {
    const random = new RandomStream(seed, 'small lines');
    const lines = Array.from({ length: 24 }, () => {
      const count = 2 + random.below(2);
      const some = (from: number, to: number): number => from + (to - from) * random.uniform();
      const fails = random.uniform() < 0.6;
      return {
        mu: Array.from({ length: count }, () => some(0.6, 1.6)), fail: Array.from({ length: count }, () => (fails ? some(0.02, 0.2) : 0)),
        repair: Array.from({ length: count }, () => some(0.2, 0.8)), buffers: Array.from({ length: count - 1 }, () => random.below(4)),
      };
    });
    // The solver itself against closed forms, so that the two cannot be wrong together.
    assert.ok(Math.abs(solveMarkovLine({ mu: [1, 1, 1], fail: [0, 0, 0], repair: [1, 1, 1], buffers: [0, 0] }).rate - 22 / 39) < 1e-12);
    assert.ok(Math.abs(solveMarkovLine({ mu: [1, 1.2], fail: [0, 0], repair: [1, 1], buffers: [1] }).rate - 0.813711) < 1e-6);
    const wrong = lines.flatMap((line, at) => {
      const exact = solveMarkovLine(line);
      const model = straightLine(line.mu.map((mu, index) => ({
        cycle: exponential(1 / mu), ...(line.fail[index]! > 0 ? { failures: [{ between: exponential(1 / line.fail[index]!), repair: exponential(1 / line.repair[index]!) }] } : {}),
      })), line.buffers);
      const results = replicate({ model, seed: seed + at, first: 0, count: 30, warmUpS: 100, runS: 1_500 });
      const confidence = 1 - 0.01 / (24 * 3);
      const rate = meanInterval(results.map(({ perSecond }) => perSecond), confidence);
      const found = Math.abs(rate.mean - exact.rate) <= rate.half ? [] : [`line ${at}: ${rate.mean} ± ${rate.half}, exact ${exact.rate}`];
      for (const [buffer, level] of exact.levels.entries()) {
        if (line.buffers[buffer] === 0) continue;
        const mean = meanInterval(results.map(({ blocks }) => blocks.find(({ name }) => name === `b${buffer}`)!.occupancy.mean), confidence);
        if (Math.abs(mean.mean - level) > mean.half) found.push(`line ${at} b${buffer}: ${mean.mean} ± ${mean.half}, exact ${level}`);
      }
      return found;
    });
    assert.deepEqual(wrong, [], `seed ${seed}`);
  });
});
