import assert from 'node:assert/strict';
import { LineThreads } from '../../../adapters/simulation/lineThreads.ts';
import { lineTaskAnswer } from '../../../adapters/simulation/lineThread.ts';
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
