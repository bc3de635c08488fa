import assert from 'node:assert/strict';
import { MemoryGraphStore } from '../../../adapters/memory/memoryGraph.ts';
import { kindWords, readOwnRelations, readyRelations } from '../../../contract/ownRelations.ts';
import { elementKinds } from '../../../engine/graph/elementTypes.ts';
import { Relations } from '../../../engine/graph/relations.ts';
import { relationTypes } from '../../../engine/graph/relationTypes.ts';

describe('relations of a site\'s own', () => {
  const cools = { name: 'cools', inverse: 'cooled by', from: ['equipment'], to: ['equipment', 'facility'], acyclic: true };

  it('knows the ready ones and the kinds as the graph does', () => {
    assert.deepEqual(readyRelations.map(([name]) => name).sort(), [...relationTypes.keys()].sort());
    for (const [name, inverse] of readyRelations) assert.equal(relationTypes.get(name)?.inverse, inverse);
    assert.deepEqual(Object.keys(kindWords).sort(), [...elementKinds].sort());
  });

  it('reads the table in both languages and says row by row what is wrong', () => {
    const row = (name: string, inverse: string, from = '', to = '', acyclic = false): Parameters<typeof readOwnRelations>[0][number] => ({ name, inverse, from, to, acyclic });
    const read = readOwnRelations([
      row(' cools ', 'cooled  by', 'machines', 'Maschinen; Orte', true), row('', ''), row('feeds', 'eats'), row('warms', 'warmed by', 'plasma'), row('Cools', 'chilled by'),
      row('alone', ''), row('same', 'same'), row('x'.repeat(61), 'y'), row('constructor', '__proto__'),
    ]);
    assert.deepEqual(read.relations, [cools, { name: 'constructor', inverse: '__proto__', from: [], to: [] }]);
    assert.deepEqual(read.faults.map(({ index, field, fault, found }) => `${index} ${field} ${fault} ${found.slice(0, 6)}`), [
      '2 name ready feeds', '3 from kind plasma', '4 name twice Cools', '5 inverse missing ', '6 inverse twice same', '7 name long xxxxxx',
    ]);
  });

  it('is held among what stands beside a machine, ends, and knows its rules', async () => {
    const graph = new MemoryGraphStore();
    await graph.change([{ kind: 'relation', relation: cools }]);
    const relations = new Relations(graph);
    await relations.load();
    await relations.assert({ from: 'chiller', relation: 'cools', to: 'press' }, 'node:a', 0, 0);
    assert.deepEqual(relations.neighbours('press'), [{ relation: 'cooled by', key: 'chiller', direction: 'upstream' }]);
    await assert.rejects(relations.assert({ from: 'press', relation: 'cools', to: 'chiller' }, 'node:b', 0, 0), { code: 'TWIN_RELATION_CYCLE' });
    assert.equal(await relations.end(({ source }) => source === 'node:a', 5, 5), 1);
    const [refusal] = await graph.change([{ kind: 'relation', relation: { name: 'chills', inverse: 'cooled by', from: [], to: [] } }]);
    assert.equal(refusal?.problem.code, 'TWIN_RELATION_TYPE');
    assert.deepEqual(await graph.change([{ kind: 'relation', relation: { ...cools, to: [] } }]), [], 'its own definition may change');
  });
});
