import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LineThreads } from '../../../adapters/simulation/lineThreads.ts';
import { lineTaskAnswer } from '../../../adapters/simulation/lineThread.ts';
import { packedStretches, unpackedStretches } from '../../../adapters/simulation/packedStretches.ts';
import type { CauseOrder } from '../../../engine/process/causeRecord.ts';
import type { StateChange } from '../../../engine/process/lineStates.ts';
import { replicate } from '../../../engine/simulation/replications.ts';
import { exponential, straightLine } from '../../engine/simulation/lineModels.ts';

describe('replications on threads', function () {
  this.timeout(30_000);
  const order = { model: straightLine([{ cycle: exponential(1) }, { cycle: exponential(1) }], [2]), seed: 3, first: 0, count: 7, warmUpS: 10, runS: 200 };

  it('give the same, in the same order, as one after the other', async () => {
    const threads = new LineThreads(2);
    try {
      const alone = replicate(order);
      assert.deepEqual(await threads.run(order), alone);
      assert.notDeepEqual(alone[0], alone[1]);
      const [one, other] = await Promise.all([threads.run(order), threads.run({ ...order, count: 1 })]);
      assert.deepEqual([one, other], [alone, alone.slice(0, 1)]);
    } finally {
      await threads.close();
    }
  });

  it('are told states as columns and know the same stretches; a question is answered as without a thread', async () => {
    const states: StateChange['state'][] = ['producing', 'starved', 'blocked', 'down', 'setup', 'planned stop', 'unknown'];
    const time = fc.double({ noNaN: true });
    const stretch = fc.record({ station: fc.string(), fromMs: time, toMs: time, state: fc.constantFrom(...states), reason: fc.string() }, { noNullPrototype: true });
    fc.assert(fc.property(fc.array(stretch), (stretches) => assert.deepEqual(unpackedStretches(packedStretches(stretches)), stretches)), { numRuns: 50 });
    const [one] = fc.sample(stretch, 1);
    assert.notDeepEqual(unpackedStretches(packedStretches([{ ...one!, reason: 'jam' }])), [{ ...one!, reason: 'door' }]);
    // Every fifth minute a stop.
    const question = (): CauseOrder => {
      const stretches = Array.from({ length: 200 }, (_, at): StateChange => (
        { station: 'press', fromMs: 150_000 * at, toMs: 150_000 * (at + 1), state: at % 2 === 0 ? 'producing' : 'down', reason: at % 2 === 0 ? 'Execute' : 'Aborted' }
      ));
      const times = Float64Array.from({ length: 6_000 }, (_, at) => 5_000 * at);
      const values = times.map((timeMs, at) => 40 + (at % 7) + (timeMs % 300_000 > 130_000 && timeMs % 300_000 < 150_000 ? 30 : 0));
      return {
        about: 'stops', judgedAt: 'press', fromMs: 0, toMs: 30_000_000, stations: [{ key: 'press', before: ['oil'], bad: [], stretches }, { key: 'oil', before: [], bad: [], stretches: [] }],
        relations: [{ from: 'oil', relation: 'feeds', to: 'press' }], series: [{ station: 'oil', property: 'temperature', kind: 'measured', times, values }], waysS: {}, fewestBad: 20,
      };
    };
    const direct = lineTaskAnswer({ kind: 'cause', order: question() });
    const threads = new LineThreads(1);
    try {
      const answered = await threads.cause(question());
      assert.ok('result' in direct);
      assert.deepEqual(answered, direct.result);
      assert.deepEqual([answered.answer.bad, answered.answer.good, answered.notes], [100, 700, []]);
    } finally {
      await threads.close();
    }
  });

  it('say what is wrong with a model, and go on; closed, they refuse', async () => {
    const threads = new LineThreads(1);
    try {
      const broken = { ...order, model: { blocks: [] } };
      assert.ok('problem' in lineTaskAnswer({ kind: 'replications', order: broken }));
      await assert.rejects(threads.run(broken), { code: 'TWIN_LINE_MODEL' });
      assert.equal((await threads.run(order)).length, 7);
    } finally {
      await threads.close();
    }
    await assert.rejects(threads.run(order), { code: 'TWIN_SIMULATION_CLOSED' });
  });
});
