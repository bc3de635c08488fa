import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { TensorflowTrainer } from '../../../adapters/tensorflow/tensorflowTrainer.ts';
import { trainAutoencoder } from '../../../adapters/tensorflow/trainingThread.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';

function order(rows: number, epochs: number) {
  const random = new SeededRandom(5);
  const made = (count: number): Float32Array => Float32Array.from({ length: 4 * count }, () => random.normal() / 3);
  return { inputs: 4, hidden: [4, 2, 4], rows: made(rows), heldOut: made(50), epochs, seed: 7 };
}

describe('training with tensorflow.js', function () {
  this.timeout(60_000);

  it('the plain forward pass answers what tensorflow.js answers; the same seed gives the same network', async () => {
    const asked = order(128, 2);
    const { result, predicted } = await trainAutoencoder(asked);
    assert.equal(result.layers.length, 4);
    predicted.forEach((value, at) => assert.ok(Math.abs(value - asked.heldOut[at]! - result.errors[at]!) < 1e-5, `number ${at}`));
    const again = await trainAutoencoder(asked);
    assert.deepEqual(again.result, result);
    const other = await trainAutoencoder({ ...asked, seed: 8 });
    assert.notDeepEqual(other.result.layers, result.layers);
  });

  it('runs beside the event loop, and ends with the trainer', async () => {
    const trainer = new TensorflowTrainer();
    try {
      const asked = order(600, 6);
      // What this thread itself worked between two turns: a loaded machine makes turns late, but not that.
      const usedMs = (): number => {
        const { user, system } = (process as unknown as { threadCpuUsage?: () => NodeJS.CpuUsage }).threadCpuUsage?.() ?? { user: NaN, system: NaN };
        return (user + system) / 1_000;
      };
      let longestMs = 0;
      let turns = 0;
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      let before = usedMs();
      const timer = setInterval(() => {
        const now = usedMs();
        if (now - before > longestMs) longestMs = now - before;
        before = now;
        turns += 1;
      }, 5);
      const { layers } = await trainer.train(asked);
      clearInterval(timer);
      delay.disable();
      assert.equal(layers.length, 4);
      assert.ok(turns > 3, `${turns} turns`);
      if (Number.isNaN(before)) longestMs = delay.percentile(99) / 1e6;
      assert.ok(longestMs < 30, `held for ${longestMs} ms of work; latest turn ${delay.max / 1e6} ms`);
    } finally {
      await trainer.close();
    }
    await assert.rejects(trainer.train(order(64, 1)), { code: 'TWIN_DEEP_FAILED' });
  });

  it('says in one sentence that its packages are missing', async () => {
    const trainer = new TensorflowTrainer((name) => {
      if (name.endsWith('tfjs-layers')) throw new Error('not found');
    });
    await assert.rejects(trainer.train(order(64, 1)), { code: 'TWIN_DEEP_MISSING', found: 'The packages for watching signals together are not installed.' });
    await trainer.close();
  });
});
