import assert from 'node:assert/strict';
import { MemoryGraphStore } from '../../../adapters/memory/memoryGraph.ts';
import { checkGraph, graphChecks } from '../../checks/graph/graphSpec.ts';
import { NaiveGraph } from '../../checks/graph/naiveGraph.ts';
import { faultyGraphs } from '../../checks/graph/faultyGraphs.ts';

// Thousands of facts are too many for it.
checkGraph('the oracle', async () => ({ store: new NaiveGraph(), close: async () => {} }), { withPlant: false });
checkGraph('memory', async () => ({ store: new MemoryGraphStore(), close: async () => {} }));

describe('checks of the graph', function () {
  this.timeout(60_000);
  for (const { fault, caughtBy, open } of faultyGraphs) {
    it(`catch: ${fault}`, async () => {
      const check = graphChecks.find(({ name }) => name === caughtBy);
      assert.ok(check !== undefined, caughtBy);
      await assert.rejects(check.run(open(), 7));
    });
  }

  it('have a planted fault each', () => {
    const caught = new Set(faultyGraphs.map(({ caughtBy }) => caughtBy));
    assert.deepEqual(graphChecks.map(({ name }) => name).filter((name) => !caught.has(name)), []);
  });
});
