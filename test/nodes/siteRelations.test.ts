import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GraphAnswer } from '../../contract/graph.ts';
import { plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

type Entry = Record<string, unknown>;

describe('relations of a site\'s own in nodes', () => {
  let run: StartedFlow;
  let userDir = '';
  before(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-relations-'));
  });
  after(() => rmSync(userDir, { recursive: true, force: true }));
  afterEach(() => run.stop());

  const cools = { name: 'cools', inverse: 'cooled by', from: 'machines', to: 'Maschinen', acyclic: true };
  const packed = { name: 'packed in', inverse: 'packs', from: 'parts', to: 'parts', acyclic: false };
  const nodes: Entry[] = [
    { id: 'link', type: 'twin-link', site: 'site', from: 'pump1', relation: 'cools', to: 'press3', wires: [['out']] },
    { id: 'record', type: 'twin-record', site: 'site', what: 'produced', recordId: 'id', mapping: [
      { role: 'product', place: 'serial' }, { role: 'machine', place: 'machine' }, { role: 'related', place: 'box', relation: 'packed in', type: 'batch' },
    ], wires: [['out']] },
    { id: 'query', type: 'twin-query', site: 'site', ask: 'around', wires: [['out']] },
    { id: 'out', type: 'helper' },
  ];
  function flow(relations: Entry[], more = nodes): Entry[] {
    return plantFlow({ more }).map((node) => (node['id'] === 'site' ? { ...node, relations } : node));
  }
  async function around(element: string): Promise<string[]> {
    const before = run.received('out').length;
    run.node('query').receive({ payload: { element, ask: 'around' } });
    await run.until(() => run.received('out').length === before + 1, 'the answer');
    const answer = run.received('out')[before]?.['payload'] as unknown as GraphAnswer;
    return answer.rows.map(({ relation, element: { key } }) => `${relation} ${key}`).sort();
  }

  it('are drawn, told by a record and asked for; wrong rows are named and the others count', async () => {
    run = await startFlow(flow([cools, { name: 'feeds', inverse: 'eats' }, packed, { name: 'warms', inverse: 'warmed by', from: 'plasma' }]), { userDir });
    await run.until(() => run.statuses('link').at(-1)?.text === 'pump1 cools press3', 'the link');
    assert.deepEqual(run.warnings().flatMap((text) => /Row \d[^.]*/.exec(text)?.[0] ?? []), [
      'Row 2 of the relations: "feeds" is a ready relation', 'Row 4 of the relations: "plasma" is no kind of thing',
    ]);
    run.node('record').receive({ payload: { id: 1, serial: 'C-1', machine: 'press3', box: 'B-9' } });
    await run.until(() => run.received('out').length === 1, 'noted');
    assert.deepEqual(run.received('out')[0]?.['payload'], { noted: 1, refused: [] });
    assert.deepEqual((await around('C-1')).filter((row) => row.startsWith('packed')), ['packed in B-9']);
    assert.ok((await around('press3')).includes('< cools pump1'));
  });

  it('survive a restart, also when the table has them no more; what a node drew ends with it', async () => {
    run = await startFlow(flow([]), { userDir });
    await run.until(() => run.statuses('link').at(-1)?.text === 'pump1 cools press3', 'the link');
    assert.ok((await around('press3')).includes('< cools pump1'));
    assert.deepEqual((await around('B-9')), ['< packed in C-1']);
    await run.deploy(flow([], nodes.slice(1)), 'full');
    await run.until(() => run.statuses('query').length > 0, 'deployed');
    assert.ok(!(await around('press3')).includes('< cools pump1'));
  });

  it('one that nobody added is refused with a remedy', async () => {
    run = await startFlow(flow([], [{ ...nodes[0], relation: 'loves' }, ...nodes.slice(1)]), { userDir });
    await run.until(() => run.statuses('link').some(({ fill, text }) => fill === 'red' && text?.includes('loves') === true), 'refused');
  });
});
