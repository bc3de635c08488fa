import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import type { AlertMessage } from '../../contract/messages.ts';
import type { Fact } from '../../engine/ports.ts';
import { siteHandle } from '../../nodes/siteHandle.ts';
import { codeOf, plantFlow, verdictMessage } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

type Entry = Record<string, unknown>;
const line = { id: 'link', type: 'twin-link', site: 'site', from: 'pump1', relation: 'feeds', to: 'press3', wires: [['out']] };
/** Stands for nothing but a twin-link that listens to messages. */
const asked = { id: 'asked', type: 'twin-link', site: 'site', from: 'pump1', relation: 'located in', to: 'hall', wires: [['out']] };

function linkFlow(links: Entry[]): Entry[] {
  return plantFlow({ more: [...links, { id: 'out', type: 'helper' }, { id: 'alert', type: 'twin-alert', site: 'site', clearAfter: 0, wires: [['alerts']] }, { id: 'alerts', type: 'helper' }] });
}

describe('twin-link', () => {
  let run: StartedFlow;
  let userDir = '';
  let alertNumber = 0;
  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-link-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  /** The relations of the pump, as an alert tells them. */
  async function relations(): Promise<string[]> {
    const timeMs = Date.now() + alertNumber++ * 10;
    const before = run.received('alerts').length;
    run.node('alert').receive(verdictMessage('anomaly', timeMs, [{}]));
    run.node('alert').receive(verdictMessage('normal', timeMs + 1));
    await run.until(() => run.received('alerts').length === before + 2, 'opened and cleared');
    const { why } = run.received('alerts')[before] as unknown as AlertMessage;
    return why.neighbours.map(({ direction, relation, key }) => `${direction} ${relation} ${key}`).sort();
  }

  /** What is on disk of the pump's present relations; the flow must have been stopped. */
  async function facts(): Promise<Fact[]> {
    const store = openSiteStore(path.join(userDir, 'twinwire', 'plant'));
    try {
      const found = await store.graph.facts({ validMs: Date.now(), recordedMs: Date.now(), subject: 'pump1' });
      return found.filter(({ source }) => !source.startsWith('place:'));
    } finally {
      await store.close();
    }
  }

  it('is waited for by its site as it closes, so that what it was told is noted', async () => {
    run = await startFlow(linkFlow([asked, { ...line, id: 'known', from: 'mixer', to: 'mill' }]), { userDir });
    await run.until(() => run.statuses('known').at(-1)?.text === 'mixer feeds mill', 'the status');
    const handle = siteHandle(run.node('site'))!;
    const add = handle.inHand.add.bind(handle.inHand);
    const slow: Promise<unknown>[] = [];
    // What a message needs takes a moment longer here than the rest of the site takes to close.
    handle.inHand.add = (work) => {
      const longer = work.then(() => new Promise((resolve) => setTimeout(resolve, 300)))
        .then(() => handle.site!.relations.assert({ from: 'pump1', relation: 'feeds', to: 'mixer' }, 'message:asked', Date.now(), Date.now()));
      slow.push(longer);
      return add(longer);
    };
    run.node('asked').receive({ command: { do: 'link', from: 'pump1', relation: 'feeds', to: 'mill' } });
    await run.until(() => slow.length > 0, 'taken in hand');
    await run.stop();
    await Promise.all(slow);
    assert.deepEqual(run.warnings(), []);
    assert.ok((await facts()).some(({ relation, object }) => relation === 'feeds' && object === 'mixer'));
  });

  it('draws its line at deploy, and the same one after a redeploy and a restart', async () => {
    run = await startFlow(linkFlow([line, asked]), { userDir });
    await run.until(() => run.statuses('link').at(-1)?.text === 'pump1 feeds press3', 'the status');
    assert.deepEqual(await relations(), ['downstream feeds press3', 'downstream located in hall']);
    await run.stop();
    const first = await facts();
    assert.equal(first.length, 2);
    run = await startFlow(linkFlow([line, asked]), { userDir });
    await run.deploy(linkFlow([{ ...line, name: 'renamed' }, asked]));
    assert.deepEqual(await relations(), ['downstream feeds press3', 'downstream located in hall']);
    await run.stop();
    assert.deepEqual(await facts(), first);
  });

  it('changed ends the former line, removed ends it whole', async () => {
    run = await startFlow(linkFlow([line]), { userDir });
    await run.until(() => run.statuses('link').length > 0, 'drawn');
    await run.deploy(linkFlow([{ ...line, to: 'press4' }]));
    await run.until(() => run.statuses('link').at(-1)?.text === 'pump1 feeds press4', 'the new line');
    assert.deepEqual(await relations(), ['downstream feeds press4']);
    await run.deploy(linkFlow([]), 'full');
    assert.deepEqual(await relations(), []);
  });

  it('removed while Node-RED was down ends its line at the next start', async () => {
    run = await startFlow(linkFlow([line, asked]), { userDir });
    assert.equal((await relations()).length, 2);
    await run.stop();
    run = await startFlow(linkFlow([asked]), { userDir });
    const end = performance.now() + 5000;
    while ((await relations()).length !== 1 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await relations(), ['downstream located in hall']);
  });

  it('links and unlinks by message, and names what it cannot do', async () => {
    run = await startFlow(linkFlow([asked, { ...line, id: 'known', from: 'mixer', to: 'mill' }]), { userDir });
    run.node('asked').receive({ command: { do: 'link', from: 'mixer', relation: 'feeds', to: 'pump1' } });
    await run.until(() => run.received('out').length === 1, 'linked');
    assert.deepEqual((run.received('out') as unknown as { payload: { linked: unknown } }[])[0]?.payload.linked, { from: 'mixer', relation: 'feeds', to: 'pump1' });
    assert.deepEqual(await relations(), ['downstream located in hall', 'upstream fed by mixer']);
    run.node('asked').receive({ command: { do: 'unlink', from: 'mixer', relation: 'feeds', to: 'pump1' } });
    await run.until(() => run.received('out').length === 2, 'ended');
    assert.deepEqual(await relations(), ['downstream located in hall']);
    for (const command of [
      { do: 'unlink', from: 'mixer', relation: 'feeds', to: 'pump1' },
      { do: 'unlink', from: '__proto__', relation: 'constructor', to: 'toString' },
      { do: 'link', from: 'mixer', relation: 'feeds', to: 'nothing' },
      { do: 'link', from: 'mixer', to: 'pump1' },
      { do: 'link', from: 'mixer', relation: 'feeds', to: 'pump1', validFromMs: 'yesterday' },
      { do: 'acknowledge' },
      { do: 'dance' },
      undefined,
    ]) run.node('asked').receive({ command });
    await run.until(() => run.received('caught').length === 8, 'eight caught');
    assert.deepEqual(run.received('caught').map(codeOf).sort(), [
      'TWIN_COMMAND', 'TWIN_COMMAND', 'TWIN_COMMAND', 'TWIN_ELEMENT_UNKNOWN', 'TWIN_LINK_COMMAND', 'TWIN_LINK_COMMAND', 'TWIN_LINK_UNKNOWN', 'TWIN_LINK_UNKNOWN',
    ]);
    assert.deepEqual(await relations(), ['downstream located in hall']);
  });

  it('takes a table of 100,000 rows, names the three wrong ones by their line and previews', async () => {
    run = await startFlow(linkFlow([{ ...asked, from: '', to: '' }]), { userDir });
    const rows = Array.from({ length: 100_000 }, (_, index) => `"C ""${index}""";made from;lot ${index % 200};part;material lot;04.05.2026 06:00`);
    rows[9] = 'C 9;loves;lot 1;part;material lot;';
    rows[49_999] = 'C 50;made from;nothing;part;;';
    rows[99_998] = 'C 99;made from;lot 1;part;material lot;someday';
    const table = (some: readonly string[]): string => `\ufeffvon;Beziehung;nach;von Typ;nach Typ;gültig von\r\n${some.join('\r\n')}\r\n`;
    const ask = async (message: Entry): Promise<unknown[]> => {
      const before = run.received('out').length;
      run.node('asked').receive(message);
      await run.until(() => run.received('out').length > before, 'the table', 60_000);
      const { rows: all, applied, refused } = (run.received('out').at(-1) as unknown as { payload: { rows: number; applied: number; refused: { line: number; code: string }[] } }).payload;
      return [all, applied, refused.map(({ line: row, code }) => `${row} ${code}`)];
    };
    assert.deepEqual(await ask({ payload: table(rows.slice(0, 100)), preview: true }), [100, 0, ['11 TWIN_RELATION_UNKNOWN']]);
    assert.deepEqual(await ask({ payload: table(rows) }), [100_000, 99_997, ['11 TWIN_RELATION_UNKNOWN', '50001 TWIN_ELEMENT_UNKNOWN', '100000 TWIN_FACT_TIMES']]);
    await run.until(() => run.received('caught').some((message) => codeOf(message) === 'TWIN_LINK_ROWS'), 'caught');
    await run.stop();
    const store = openSiteStore(path.join(userDir, 'twinwire', 'plant'));
    try {
      const { rows: made } = await store.graph.ask({ ask: 'impact', element: 'lot 7' }, Date.now());
      assert.equal(made.length, 500);
    } finally {
      await store.close();
    }
  }).timeout(120_000);
});
