import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import type { SiteOutbox } from '../../contract/http.ts';
import { plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { property, startFlow } from './startFlow.ts';

describe('twin-file', function () {
  this.timeout(40_000);
  let run: StartedFlow | undefined;
  let userDir = '';
  const started = (): StartedFlow => run as StartedFlow;
  beforeEach(() => (userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-file-'))));
  afterEach(async () => {
    await run?.stop();
    run = undefined;
    rmSync(userDir, { recursive: true, force: true });
  });

  const flow = (more: Record<string, unknown>[]): Record<string, unknown>[] => plantFlow({
    properties: [property('current', { unit: 'A' }), property('mode', { valueKind: 'state' })],
    asset: { wires: [['history'], []] },
    more: [{ id: 'history', type: 'twin-history', site: 'site', file: 'file', flushAfter: 0.1, wires: [[]] }, { id: 'file', type: 'twin-file', name: 'press', folder: 'out' }, ...more],
  });
  const rows = (folder: string): string[][] => readdirSync(folder).sort().flatMap((name) => (parse(readFileSync(path.join(folder, name)), { bom: true }) as string[][]).slice(1));

  it('what twin-history writes is a row of a CSV file each; while the folder is away it waits', async () => {
    run = await startFlow(flow([]), { userDir });
    const folder = path.join(userDir, 'out');
    const now = Date.now();
    started().node('asset').receive({ payload: { current: 1.5, mode: '=1+1' }, timestamp: now });
    await started().until(() => existsSync(folder) && readdirSync(folder).length === 1 && rows(folder).length === 2, 'two rows');
    assert.deepEqual(rows(folder).map(([time, , tags, name, value]) => [time, tags?.includes('twin='), name, value]), [
      [new Date(now).toISOString(), true, 'current', '1.5'], [new Date(now).toISOString(), true, 'mode', "'=1+1"],
    ]);
    assert.deepEqual(readdirSync(folder), ['press-00000001.csv']);

    // Somebody takes the disk away and puts a file in its place.
    await started().deploy(flow([{ id: 'tab2', type: 'tab' }]), 'full');
    renameSync(folder, `${folder}.away`);
    writeFileSync(folder, '');
    started().node('asset').receive({ payload: { current: 2.5 }, timestamp: now + 1000 });
    const outbox = async (): Promise<SiteOutbox | undefined> => ((await started().admin('GET', '/twinwire/site/site/outbox')).body as SiteOutbox[])[0];
    let waiting: SiteOutbox | undefined;
    while ((waiting = await outbox())?.problem === undefined) await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(waiting?.waiting, 1);
    assert.match(waiting.problem ?? '', /cannot be written/);
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    await started().until(() => rows(folder).length === 3, 'the row that waited');
    assert.equal(rows(folder).at(-1)?.[4], '2.5');
  });

  it('two that would write the same files are told; its button says what can be written', async () => {
    run = await startFlow(flow([
      { id: 'twice', type: 'twin-file', name: 'press', folder: './out/' },
      { id: 'other', type: 'twin-file', name: 'press', folder: 'out', format: 'lines' },
    ]), { userDir });
    await started().until(() => started().warnings().some((text) => text.includes('TWIN_FILE_TAKEN')), 'the problem');
    const test = (folder: string) => started().admin('POST', '/twinwire/file/test', { id: '', folder, format: 'csv' });
    writeFileSync(path.join(userDir, 'a-file'), '');
    assert.equal(((await test('fresh')).body as { ok: boolean }).ok, true);
    assert.equal(((await test('a-file')).body as { code: string }).code, 'TWIN_FILE_FAILED');
    assert.equal(((await test('')).body as { code: string }).code, 'TWIN_FILE_SETTING');
  });
});
