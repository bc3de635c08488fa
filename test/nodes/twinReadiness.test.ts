import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ReadinessMessage } from '../../contract/messages.ts';
import { messageProblems } from '../checks/messageProblems.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import { property, startFlow } from './startFlow.ts';
import type { StartedFlow } from './startFlow.ts';

const properties = [property('speed', { valueKind: 'setpoint' }), property('current', { unit: 'A', label: 'Motor current' }), property('pressure')];

function readinessFlow(node: Record<string, unknown> = {}): Record<string, unknown>[] {
  return plantFlow({
    properties,
    asset: { wires: [['baseline'], []] },
    more: [
      { id: 'baseline', type: 'twin-baseline', site: 'site', wires: [['learned']] },
      { id: 'learned', type: 'helper' },
      { id: 'readiness', type: 'twin-readiness', site: 'site', wires: [['report'], ['changes']], ...node },
      { id: 'report', type: 'helper' },
      { id: 'changes', type: 'helper' },
    ],
  });
}

describe('twin-readiness', function () {
  this.timeout(20_000);
  let run: StartedFlow;
  let userDir = '';
  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-readiness-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function feed(rows: number, of: (row: number) => Record<string, unknown>): Promise<void> {
    const before = run.received('learned').length;
    const beginMs = Date.now() - rows;
    for (let row = 0; row < rows; row++) run.node('asset').receive({ payload: of(row), timestamp: beginMs + row });
    await run.until(() => run.received('learned').length >= before + rows, 'the rows');
  }

  async function ask(): Promise<ReadinessMessage> {
    const before = run.received('report').length;
    run.node('readiness').receive({ payload: 'now', kept: 1 });
    await run.until(() => run.received('report').length > before, 'a report');
    return run.received('report').at(-1) as unknown as ReadinessMessage;
  }

  it('reports good data, then bad, in words and as a table; keeps what it knows over a restart', async () => {
    run = await startFlow(readinessFlow(), { userDir });
    await run.until(() => run.statuses('readiness').length > 0, 'its first status');
    await feed(100, (row) => ({ speed: 1400, current: 5 + (row % 7) / 10, pressure: 3 + (row % 5) / 10 }));
    const first = await ask();
    assert.deepEqual(messageProblems(first as unknown as Record<string, unknown>), []);
    assert.equal((first as unknown as { kept: number }).kept, 1);
    assert.deepEqual(first.payload.map(({ property: name }) => name).sort(), ['current', 'pressure', 'speed']);
    assert.equal(first.readiness.twins[0]?.conclusions.baseline.answer, 'notYet');
    // A fifth of it bad: nobody should conclude anything from it.
    await feed(100, (row) => ({ speed: 1400, current: row % 4 > 0 ? 'NaN' : 5 + (row % 7) / 10, pressure: 3 + (row % 5) / 10 }));
    const second = await ask();
    const current = second.payload.find(({ property: name }) => name === 'current');
    assert.equal(current?.letter, 'D', JSON.stringify(current));
    assert.match(current?.reason ?? '', /^Signal quality: Bad signal in \d+ % of the time\.$/);
    assert.match(second.text, /Motor current: D unusable\..*→ Look up the status of Motor current in the PLC/);
    await run.until(() => String(run.statuses('readiness').at(-1)?.text).includes('D unusable: Pump 1'), 'its status');
    const page = JSON.parse((await run.page('/twin/api/readiness')).text) as { watched: boolean; twins: { grade: string }[] }[];
    assert.equal(page[0]?.watched, true);
    assert.equal(page[0]?.twins[0]?.grade, 'unusable');
    await run.stop();

    run = await startFlow(readinessFlow(), { userDir });
    await run.until(() => run.statuses('readiness').length > 0, 'its first status');
    let third = await ask();
    // The machine registers when the store is open, in whatever order the nodes started.
    while (third.payload.length === 0) third = await ask();
    assert.equal(third.payload.find(({ property: name }) => name === 'current')?.letter, 'D');
    assert.ok((third.payload[0]?.values ?? 0) >= 100);
  });

  it('says which machine it does not know, and costs nothing when it is gone', async () => {
    run = await startFlow(readinessFlow({ twins: 'pump1, pump77' }), { userDir });
    await run.until(() => run.statuses('readiness').length > 0, 'its first status');
    run.node('readiness').receive({ payload: 1 });
    await run.until(() => run.received('caught').length > 0, 'an error');
    assert.equal(codeOf(run.received('caught')[0]), 'TWIN_UNKNOWN');
    await run.deploy(readinessFlow().filter(({ id }) => id !== 'readiness'));
    const page = JSON.parse((await run.page('/twin/api/readiness')).text) as { watched: boolean; twins: unknown[] }[];
    assert.deepEqual([page[0]?.watched, page[0]?.twins], [false, []]);
  });
});
