import assert from 'node:assert/strict';
import { ScrapWatch } from '../../../engine/process/scrapWatch.ts';
import { RandomStream } from '../../../engine/simulation/randomStream.ts';

/** Parts until it tells, from looks of 10 parts; Infinity: not within `parts`. */
function until(watch: ScrapWatch, random: RandomStream, share: number, parts: number, beginMs = 0): number {
  for (let made = 10; made <= parts; made += 10) {
    let bad = 0;
    for (let part = 0; part < 10; part += 1) if (random.uniform() < share) bad += 1;
    if (watch.take(10, bad, beginMs + 2_000 * made)) return made;
  }
  return Infinity;
}

describe('watch of scrap', () => {
  it('is calm at any usual share, and tells a rise within some hundred parts, but never below its floor', () => {
    let calm = 0;
    const offs: number[] = [];
    for (const [index, usual] of [0.002, 0.01, 0.05, 0.2].entries()) {
      for (let seed = 1; seed <= 5; seed += 1) {
        const random = new RandomStream(10 * index + seed, 'scrap');
        const watch = new ScrapWatch({ fewest: 20 });
        assert.ok(watch.learns);
        if (until(watch, random, usual, 20_000) < Infinity) continue;
        calm += 1;
        const risen = until(watch, random, 3 * usual + 0.02, 3_000, 40_000_000);
        assert.ok(risen >= 20 && risen <= 3_000, `usual ${usual}, seed ${seed}: told after ${risen} parts`);
        assert.ok(watch.beganMs < 40_000_000 + 2_000 * risen);
        offs.push(Math.abs((watch.beganMs - 40_000_000) / 2_000));
        watch.told();
        assert.equal(watch.take(10, 5, 60_000_000), false, 'told again at once');
      }
    }
    assert.ok(offs.sort((one, other) => one - other)[offs.length >> 1]! <= 60, `half of the rises are told as begun within ${offs[offs.length >> 1]} parts`);
    assert.ok(calm >= 19, `${calm} of 20 rows of 20,000 parts were calm`);
  });

  it('knows what was counted before, and takes nothing odd', () => {
    const watch = new ScrapWatch({ fewest: 5 });
    watch.seed(4_000, 40);
    assert.equal(watch.learns, false);
    for (const [parts, bad] of [[NaN, 1], [10, NaN], [-5, 0], [0, 0], [10, -1]] as const) assert.equal(watch.take(parts, bad, 1_000), false);
    assert.equal(watch.risen, false);
    assert.ok(Number.isNaN(watch.beganMs));
    assert.equal(watch.take(100, 0, 1_500), false);
    assert.equal(watch.take(100, 60, 2_000), true);
    assert.equal(watch.beganMs, 1_500);
    // A watch that forgets that it has told would say so with each look.
    watch.told();
    assert.equal(watch.take(100, 4, 3_000), false);
    assert.ok(watch.risen);
  });
});
