import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GraphAnswer } from '../../contract/graph.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

type Entry = Record<string, unknown>;

const mapping = (given: Record<string, string>): Entry[] => Object.entries(given).map(([role, place]) => ({ role, place }));
const record = (id: string, what: string, given: Record<string, string>, more: Entry = {}): Entry =>
  ({ id, type: 'twin-record', name: id, site: 'site', what, recordId: 'id', mapping: mapping(given), wires: [['out']], ...more });

const flow = plantFlow({
  more: [
    record('produced', 'produced', { product: 'serial', machine: 'machine', lot: 'lots', order: 'order', operator: 'by', from: 'start', to: 'end' }),
    record('response', 'produced', { product: 'Made[].MaterialLotID', machine: 'Equipment.EquipmentID', lot: 'Used[].MaterialLotID', from: 'ActualStartTime', to: 'ActualEndTime' },
      { each: 'payload.ProductionResponse.SegmentResponse', recordId: 'ID' }),
    record('bits', 'job', { order: 'order', machine: '=pump1', event: 'active' }, { recordId: '' }),
    record('recipe', 'change', { machine: '=pump1', recipe: 'recipe', from: 'at' }, { recordId: '' }),
    record('service', 'maintenance', { machine: '=pump1', workOrder: 'order', operator: 'by', text: 'text', from: 'at', to: 'until' }),
    record('quality', 'quality', { product: 'serial', result: 'test', value: 'result' }),
    record('scrap', 'scrap', { product: 'serial', reason: 'why' }),
    { id: 'ask', type: 'twin-query', site: 'site', ask: 'origin', wires: [['answer']] },
    { id: 'out', type: 'helper' }, { id: 'answer', type: 'helper' },
  ],
});

describe('twin-record and twin-query', function () {
  this.timeout(30_000);
  let run: StartedFlow;
  const userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-record-'));
  before(async () => {
    run = await startFlow(flow, { userDir });
  });
  after(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function note(node: string, payload: unknown): Promise<{ noted: number; refused: { row: number; code: string }[] }> {
    const count = run.received('out').length;
    run.node(node).receive({ payload });
    await run.until(() => run.received('out').length > count, `${node} noted`).catch((problem: unknown) =>
      assert.fail(`${String(problem)} ${JSON.stringify(run.received('caught').at(-1)?.['error'])}`));
    return (run.received('out').at(-1) as unknown as { payload: { noted: number; refused: { row: number; code: string }[] } }).payload;
  }

  async function refusal(node: string, message: Entry): Promise<string> {
    const count = run.received('caught').length;
    run.node(node).receive(message);
    await run.until(() => run.received('caught').length > count, `${node} refused`);
    return String(codeOf(run.received('caught').at(-1) as never));
  }

  async function ask(message: Entry): Promise<string[]> {
    const count = run.received('answer').length;
    run.node('ask').receive(message);
    await run.until(() => run.received('answer').length > count, 'answered');
    const { rows } = (run.received('answer').at(-1) as unknown as { payload: GraphAnswer }).payload;
    return rows.map(({ role, element }) => `${role} ${element.key}`).sort();
  }

  const carton = { id: 1, serial: 'C-1', machine: 'pump1', lots: ['F-1', 'L-1'], order: 'J-1', by: 'Anna', start: '2026-05-04T06:00:00Z', end: '2026-05-04T06:01:00Z' };

  it('notes once what comes twice, and takes a correction', async () => {
    assert.deepEqual(await note('produced', carton), { noted: 1, refused: [] });
    await note('produced', carton);
    assert.deepEqual(await ask({ payload: 'C-1' }), ['material F-1', 'material L-1', 'operator Anna', 'order J-1', 'order J-1', 'stay pump1']);
    await note('produced', { ...carton, lots: ['F-2', 'L-1'] });
    assert.deepEqual(await ask({ payload: { ask: 'impact', element: 'F-1' } }), []);
    assert.deepEqual(await ask({ payload: { ask: 'impact', element: 'F-2' } }), ['product C-1']);
  });

  it('names wrong rows by their number and notes the rest', async () => {
    const table = ['\ufeffid;serial;machine;lots;start;end', '2;C-2;pump1;F-2;04.05.2026 06:02;04.05.2026 06:03', '3;C-3;nowhere;F-2;04.05.2026 06:02;', '',
      '4;"C;4";pump1;F-2;yesterday;', '5;"C ""5""";pump1;F-2;04.05.2026 06:05;04.05.2026 06:04', '6;C-6;pump1;"F\n6";04.05.2026 06:05;'].join('\n');
    const { noted, refused } = await note('produced', table);
    assert.equal(noted, 2);
    assert.deepEqual(refused.map(({ row, code }) => `${row} ${code}`), ['3 TWIN_ELEMENT_UNKNOWN', '5 TWIN_RECORD_TIME', '6 TWIN_FACT_TIMES']);
    await run.until(() => run.received('caught').some((message) => String(codeOf(message)) === 'TWIN_RECORD_ROWS'), 'the rows are caught');
    assert.deepEqual(await ask({ payload: { ask: 'origin', element: 'C-6' } }), ['material F\n6', 'stay pump1']);
    assert.equal(await refusal('produced', { payload: { ...carton, id: 9, machine: 'nowhere' } }), 'TWIN_ELEMENT_UNKNOWN');
    assert.equal(await refusal('produced', { payload: { id: 9, serial: 'C-9' } }), 'TWIN_RECORD_FIELDS');
    assert.equal(await refusal('produced', { payload: [] }), 'TWIN_RECORD_EMPTY');
    assert.equal(await refusal('produced', { payload: { ...carton, id: 9, serial: '__proto__'.repeat(1000) } }), 'TWIN_ELEMENT_KEY');
  });

  it('reads a production response, bits of a PLC, and what people report', async () => {
    const segment = (number: number): Entry => ({
      ID: `S${number}`, ActualStartTime: `2026-05-04T07:0${number}:00Z`, ActualEndTime: `2026-05-04T07:0${number}:30Z`, Equipment: { EquipmentID: 'pump1' },
      Made: [{ MaterialLotID: `B-${number}` }], Used: [{ MaterialLotID: 'F-9' }, { MaterialLotID: 'L-9' }],
    });
    assert.deepEqual(await note('response', { ProductionResponse: { SegmentResponse: [segment(1), segment(2)] } }), { noted: 2, refused: [] });
    assert.deepEqual(await ask({ payload: { ask: 'impact', element: 'F-9' } }), ['product B-1', 'product B-2']);
    await note('bits', { order: 'J-7', active: true });
    // A PLC tells it over and over while it is on.
    await note('bits', { order: 'J-7', active: true });
    await note('bits', { order: 'J-7', active: false });
    assert.equal(await refusal('bits', { payload: { order: 'J-7', active: false } }), 'TWIN_RECORD_NOT_OPEN', 'it was one job that began, not two');
    await note('recipe', { recipe: 'R-1', at: '2026-05-04T05:00:00Z' });
    await note('recipe', { recipe: 'R-2', at: '2026-05-04T05:30:00Z' });
    await note('service', { id: 1, order: 'W-1', by: 'Ben', text: 'new seal', at: '2026-05-04T04:00:00Z', until: '2026-05-04T04:30:00Z' });
    await note('quality', { id: 1, serial: 'C-1', test: 'leak', result: 'fail' });
    await note('scrap', { id: 1, serial: 'C-1', why: 'leaks' });
    const rows = await ask({ payload: 'C-1' });
    for (const row of ['recipe R-2', 'maintenance W-1']) assert.ok(rows.includes(row), `${row} in ${rows.join(', ')}`);
    assert.ok(!rows.includes('recipe R-1'), 'a new recipe ends the one before');
    assert.deepEqual((await ask({ question: { ask: 'changes', element: 'C-1', hours: 3 } })).filter((row) => /R-|W-/.test(row)), ['begin R-1', 'begin R-2', 'begin W-1', 'end R-1', 'end W-1']);
  });

  it('answers what it cannot with a code', async () => {
    assert.equal(await refusal('ask', { payload: 'nobody' }), 'TWIN_ELEMENT_UNKNOWN');
    assert.equal(await refusal('ask', { payload: '' }), 'TWIN_QUESTION_ELEMENT');
    assert.equal(await refusal('ask', { payload: { element: 'C-1', ask: 'drop table' } }), 'TWIN_QUESTION_FIELD');
    assert.equal(await refusal('ask', { payload: { element: 'C-1', hops: 1e9 } }), 'TWIN_QUESTION_FIELD');
    assert.equal(await refusal('ask', { payload: { element: 'C-1', at: 'someday' } }), 'TWIN_QUESTION_FIELD');
    assert.deepEqual((await ask({ payload: { ask: 'siblings', by: 'lot', element: 'c-1' } })).filter((row) => row.startsWith('product')).sort(), ['product C-2']);
    assert.deepEqual(await ask({ payload: { ask: 'origin', element: 'C-1', at: '2026-05-04T05:59:00Z' } }), []);
  });
});
