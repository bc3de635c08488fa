import assert from 'node:assert/strict';
import { readConfig } from '../../contract/fields.ts';
import { fields } from '../../nodes/twin-publish/config.ts';
import { NodeBench, nodeUnderTest } from '../checks/nodes/nodeBench.ts';
import { loadUnit } from '../checks/nodes/nodeUnit.ts';

describe('twin-publish', function () {
  this.timeout(20_000);

  it('passes on every second message when told so', async () => {
    const { config } = readConfig(fields, { every: 2 });
    const bench = new NodeBench(await loadUnit('twin-publish'), new Map(), () => ({ ...config }));
    await bench.open();
    try {
      await bench.completed([1, 2, 3, 4].map((payload) => bench.receive({ payload })));
      assert.deepEqual(bench.sent.filter(({ from }) => from === nodeUnderTest).map(({ message }) => message.payload), [2, 4]);
      assert.deepEqual(bench.errors, []);
    } finally {
      await bench.close();
    }
  });
});
