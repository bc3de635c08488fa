import assert from 'node:assert/strict';
import { type NoTransitTime, type TransitTime, transitByPattern } from '../../../engine/process/transitTime.ts';
import type { Distribution } from '../../../engine/simulation/distribution.ts';
import type { BlockModel, FailureModel } from '../../../engine/simulation/lineModel.ts';
import { simulateLine } from '../../../engine/simulation/simulateLine.ts';
import { exponential } from '../simulation/lineModels.ts';

/** Two stations with a buffer and a belt between; the second one may begin later, so that the buffer is full by then. */
interface Hop {
  beforeS: number;
  behindS: number;
  places: number;
  beltS: number;
  stopsBefore?: FailureModel[];
  stopsBehind?: FailureModel[];
  beginsS?: number;
  /** Share of parts that are lost on the belt, in the order of a fixed rhythm. */
  lost?: number;
}

const stops = (betweenS: number, repairS: number): FailureModel[] => [{ between: exponential(betweenS), repair: exponential(repairS) }];
const cycle = (mean: number): Distribution => ({ kind: 'gamma', mean, scv: 0.01 });

/** What half an hour of passings tells, and what each part really needed (simulated). */
function hop(
  { beforeS, behindS, places, beltS, stopsBefore = [], stopsBehind = [], beginsS = 0, lost = 0 }: Hop, seed: number, known?: number,
): { found: TransitTime | NoTransitTime; ways: number[] } {
  const sinceS = beginsS > 0 ? beginsS : 1_800;
  const blocks: BlockModel[] = [
    { kind: 'source', name: 'source', to: 'before' }, { kind: 'station', name: 'before', to: 'buffer', cycle: cycle(beforeS), failures: stopsBefore },
    { kind: 'buffer', name: 'buffer', to: beltS > 0 ? 'belt' : 'behind', places },
    ...(beltS > 0 ? [{ kind: 'conveyor', name: 'belt', to: 'behind', transitS: beltS, places: 40, accumulates: true } as const] : []),
    { kind: 'station', name: 'behind', to: 'sink', cycle: cycle(behindS), failures: stopsBehind, ...(beginsS > 0 ? { shift: 'late' } : {}) }, { kind: 'sink', name: 'sink' },
  ];
  const left: number[] = [];
  const arrived: number[] = [];
  const leftAt = new Map<number, number>();
  const ways: number[] = [];
  simulateLine({ blocks, shifts: [{ name: 'late', cycleS: 864_000, work: [[beginsS, 863_000]] }] }, {
    seed, warmUpS: 0, runS: sinceS + 1_800, record: ({ timeS, block, event, part }) => {
      if (event !== 'finish' || timeS <= sinceS) return;
      if (block === 'before') {
        leftAt.set(part, timeS);
        left.push(1_000 * timeS);
      }
      if (block !== 'behind' || (lost > 0 && part % Math.round(1 / lost) === 0)) return;
      arrived.push(1_000 * timeS);
      const from = leftAt.get(part);
      if (from !== undefined) ways.push(1_000 * (timeS - from));
    },
  });
  return { found: transitByPattern(left, arrived, 1_800_000, 500, known), ways: ways.sort((one, other) => one - other) };
}

/** Whether what is told holds for the parts: its middle, and both ends of the middle 80 %, within a second or a twentieth. */
function isTrue(found: TransitTime, ways: readonly number[]): boolean {
  const at = (share: number): number => ways[Math.floor(share * (ways.length - 1))]!;
  const near = (told: number, really: number): boolean => Math.abs(told - really) <= Math.max(1_000, 0.05 * really);
  return near(found.ms, at(0.5)) && near(found.fromMs, at(0.1)) && near(found.toMs, at(0.9));
}

describe('the way between two stations by pattern, beside what simulated parts really needed', () => {
  const steady: Hop = { beforeS: 4, behindS: 3, places: 20, beltS: 10, stopsBefore: stops(600, 60), stopsBehind: stops(2_000, 5) };
  const full: Hop = { beforeS: 2, behindS: 4, places: 20, beltS: 0, stopsBefore: stops(600, 10), stopsBehind: stops(600, 30) };
  const emptying: Hop = { beforeS: 5, behindS: 4, places: 60, beltS: 20, stopsBefore: stops(400, 20), beginsS: 600 };

  it('steady: it is right, also where a part is lost now and then', () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      for (const lost of [0, 0.03]) {
        const { found, ways } = hop({ ...steady, lost }, seed);
        assert.ok('ms' in found && found.varies === undefined && isTrue(found, ways), `seed ${seed}, ${lost} lost: ${JSON.stringify(found)}`);
        assert.equal(isTrue({ ...found, ms: found.ms - 4_000 }, ways), false);
      }
    }
  });

  it('a full buffer: nothing is told, but with its places between which times it was', () => {
    let between = 0;
    for (let seed = 1; seed <= 6; seed += 1) {
      const { found } = hop(full, seed);
      assert.deepEqual('why' in found ? found.why : found, 'station behind leads', `seed ${seed}`);
      const { found: counted, ways } = hop(full, seed, 20);
      if ('why' in counted) continue;
      assert.ok(counted.varies === true && isTrue(counted, ways), `seed ${seed}: ${JSON.stringify(counted)}`);
      between += 1;
    }
    assert.ok(between >= 5, `${between} of 6 are told with the places`);
  });

  it('an emptying buffer: no time is told as if it were steady', () => {
    let between = 0;
    for (let seed = 1; seed <= 12; seed += 1) {
      const { found, ways } = hop(emptying, seed);
      if ('why' in found) continue;
      assert.ok(found.varies === true && isTrue(found, ways), `seed ${seed}: ${JSON.stringify(found)}`);
      between += 1;
    }
    assert.ok(between >= 1, 'where the buffer is empty for a while, parts are counted from there');
  });
});
