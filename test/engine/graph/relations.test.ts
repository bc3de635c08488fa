import assert from 'node:assert/strict';
import { MemoryGraphStore } from '../../../adapters/memory/memoryGraph.ts';
import { Relations } from '../../../engine/graph/relations.ts';

describe('Relations', () => {
  const feeds = { from: 'filler', relation: 'feeds', to: 'sealer' };

  it('says a relation once, ends it with a time and keeps both in the store', async () => {
    const graph = new MemoryGraphStore();
    const relations = new Relations(graph);
    await relations.assert(feeds, 'node:a', 1000, 1000);
    await relations.assert(feeds, 'node:a', 5000, 5000);
    assert.deepEqual(relations.open(), [feeds]);
    assert.equal(await relations.end((fact) => fact.source === 'node:a', 9000, 9000), 1);
    assert.deepEqual(relations.open(), []);
    const then = await graph.facts({ validMs: 5000, recordedMs: 20_000 });
    assert.equal(then.length, 1);
    assert.equal(then[0]?.validToMs, 9000);
    assert.deepEqual(await graph.facts({ validMs: 9500, recordedMs: 20_000 }), []);
  });

  it('comes back after a restart', async () => {
    const graph = new MemoryGraphStore();
    await new Relations(graph).assert(feeds, 'node:a', 1000, 1000);
    const again = new Relations(graph);
    await again.load();
    assert.deepEqual(again.open(), [feeds]);
    await again.assert(feeds, 'node:a', 3000, 3000);
    assert.equal((await graph.facts({ validMs: 4000, recordedMs: 4000 })).length, 1);
  });

  it('shows what stands upstream and downstream', async () => {
    const relations = new Relations(new MemoryGraphStore());
    await relations.assert(feeds, 'node:a', 0, 0);
    assert.deepEqual(relations.neighbours('filler'), [{ relation: 'feeds', key: 'sealer', direction: 'downstream' }]);
    assert.deepEqual(relations.neighbours('sealer'), [{ relation: 'fed by', key: 'filler', direction: 'upstream' }]);
  });

  it('refuses what is no relation, with what to do', async () => {
    const relations = new Relations(new MemoryGraphStore());
    await assert.rejects(relations.assert({ ...feeds, relation: 'loves' }, 'x', 0, 0), { code: 'TWIN_RELATION_UNKNOWN' });
    await assert.rejects(relations.assert({ ...feeds, relation: '__proto__' }, 'x', 0, 0), { code: 'TWIN_RELATION_UNKNOWN' });
    await assert.rejects(relations.assert({ ...feeds, to: '' }, 'x', 0, 0), { code: 'TWIN_RELATION_ENDS' });
    await assert.rejects(relations.assert({ ...feeds, to: 'filler' }, 'x', 0, 0), { code: 'TWIN_RELATION_SELF' });
    assert.deepEqual(relations.open(), []);
  });
});
