// What runs inside the page is written here as well, so this file knows the browser's names.
/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { readTableBytes } from '../../adapters/table/readTableFile.ts';
import { writeWorkbook } from '../../adapters/table/writeWorkbook.ts';
import { startNodeRed, type FlowNode, type NodeRed } from '../flows/startNodeRed.ts';
import { requireService } from '../services/requireService.ts';
import { flowOfDefaults, nodesWithFields } from './dialogValues.ts';
import { EditorPage } from './editorPage.ts';
import { openBrowser } from './openBrowser.ts';

const properties = [{ name: 'temperature', label: 'Oil temperature', unit: 'Cel', valueKind: 'measured', address: 'ns=2;s={machine}.Temp', high: '90' }];
/** What a person presses to bring fifty machines in, beside choosing the file. */
const mostClicks = 8;

describe('the machines of twin-assets in the editor', function () {
  this.timeout(90_000);
  let browser: Browser | undefined;
  let red: NodeRed | undefined;
  let editor: EditorPage;
  let page: Page;
  let folder = '';

  before(requireService('chromium'));
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'twinwire-table-'));
    const flow = flowOfDefaults(await nodesWithFields());
    const wanted = new Set(['tab', 'twin-site-1', 'twin-type-1', 'twin-assets', 'twin-asset']);
    const changed: Record<string, Record<string, unknown>> = {
      'twin-type-1': { properties },
      'twin-asset': { placeholders: [{ name: 'machine', value: 'Single' }] },
      'twin-assets': { assetType: 'twin-type-1', topic: 'plant/{machine}/#' },
    };
    red = await startNodeRed({
      flow: flow.filter(({ id }) => wanted.has(id)).map((node): FlowNode => ({ ...node, ...changed[node.id] })),
      // Here with the code editor that users have.
      settings: { editorTheme: { tours: false, projects: { enabled: false }, codeEditor: { lib: 'monaco' } } },
    });
    browser = await openBrowser();
    editor = await EditorPage.open(browser, red.url, 'light', 'en-US');
    ({ page } = editor);
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const part = (name: string): string => `.twinwire-dialog [data-part="${name}"]`;
  const counts = (): Promise<string> => page.locator('.twinwire-preview-counts').innerText();
  const machine = (index: number, high: string): string[] => [`press-${index}`, `Press ${index}`, 'plant/line1', `Press${index}`, high];
  const heading = ['key', 'name', 'place', 'machine', 'temperature.high'];
  const shoot = async (name: string): Promise<void> => {
    const where = process.env['TWINWIRE_SCREENSHOTS'];
    if (where !== undefined) await page.screenshot({ path: path.join(where, `${name}.png`) });
  };
  async function choose(name: string, bytes: Buffer | string): Promise<void> {
    writeFileSync(path.join(folder, name), bytes);
    const chooser = page.waitForEvent('filechooser');
    await page.click(part('import'));
    await (await chooser).setFiles(path.join(folder, name));
  }

  it(`fifty machines from an Excel file are there after at most ${mostClicks} clicks, and run`, async () => {
    const rows = [heading, ...Array.from({ length: 50 }, (_, index) => machine(index + 1, '80'))];
    const begunMs = performance.now();
    let clicks = 1; // Double-click on the node.
    await editor.openDialog('twin-assets');
    clicks += 2; // Import, and the file.
    await choose('machines.xlsx', await writeWorkbook(rows));
    await page.waitForSelector(part('apply'));
    assert.equal(await counts(), 'machines.xlsx: 50 new, 0 changed, 0 not in the file, 0 unchanged, 0 wrong');
    await shoot('import-new');
    clicks++;
    await page.click(part('apply'));
    clicks++;
    await editor.done();
    clicks++;
    await page.click('#red-ui-header-button-deploy');
    await red?.until(() => red?.statuses.get('twin-assets')?.text === 'waiting for data', 'its machines run');
    const seconds = (performance.now() - begunMs) / 1000;
    console.log(`      fifty machines: ${clicks} clicks, ${seconds.toFixed(0)} s without the person's own`);
    assert.ok(clicks <= mostClicks, `${clicks} clicks`);
    assert.ok(seconds <= 60, `${seconds} s of the three minutes go to the computer`);
    const saved = await editor.exported('twin-assets');
    assert.deepEqual([(saved['machines'] as unknown[]).length, (saved['settings'] as unknown[]).length], [50, 100]);
    assert.deepEqual(await editor.problems('twin-assets'), []);
  });

  it('one limit changed in 50 rows is exactly 50 changes; wrong rows are named; what is missing goes only when chosen', async () => {
    await editor.openDialog('twin-assets');
    const lines = [heading, ...Array.from({ length: 50 }, (_, index) => machine(index + 1, '75,5'))].map((row) => row.join(';'));
    await choose('changed.csv', lines.join('\r\n'));
    await page.waitForSelector(part('apply'));
    assert.equal(await counts(), 'changed.csv: 0 new, 50 changed, 0 not in the file, 0 unchanged, 0 wrong');
    assert.equal(await page.locator('.twinwire-preview-table tr[data-what="changed"]').count(), 50);
    lines[17] = machine(17, '8O').join(';');
    await choose('wrong.csv', [...lines.slice(0, 49), 'press-99;<b>New</b>;;P99;'].join('\r\n'));
    await page.waitForFunction(() => document.querySelector('.twinwire-preview-counts')?.textContent?.startsWith('wrong.csv') === true);
    assert.equal(await counts(), 'wrong.csv: 1 new, 47 changed, 2 not in the file, 0 unchanged, 1 wrong');
    assert.match(await page.locator('.twinwire-preview-table tr[data-what="wrong"]').innerText(), /!\s*wrong\s+row 18: temperature.high "8O" is not a number/);
    await shoot('import-changed');
    await page.check(part('remove-missing'));
    await page.click(part('apply'));
    assert.match(await page.locator(part('table-answer')).innerText(), /49 machines/);
    await choose('report.pdf', '%PDF-1.7');
    await page.waitForFunction(() => document.querySelector('[data-part="table-answer"]')?.textContent?.includes('a PDF') === true);
    await editor.done();
    const settings = (await editor.exported('twin-assets'))['settings'] as { machine: string; setting: string; value: string }[];
    assert.deepEqual(settings.filter(({ machine: key, setting }) => setting === 'temperature.high' && ['press-1', 'press-17', 'press-50'].includes(key)).map(({ value }) => value), ['75.5', '80']);
  });

  it('goes out as CSV and Excel', async () => {
    await editor.openDialog('twin-assets');
    for (const [button, name] of [['export-csv', 'machines.csv'], ['export-excel', 'machines.xlsx']] as const) {
      const download = page.waitForEvent('download');
      await page.click(part(button));
      const file = await download;
      assert.equal(file.suggestedFilename(), name);
      const { rows } = await readTableBytes(readFileSync(await file.path()));
      assert.deepEqual([rows.length, rows[1]?.cells], [50, ['press-1', 'Press 1', 'plant/line1', 'Press1', '', '75.5']]);
    }
    await editor.done();
  });

  it('a name that nobody knows is accepted or left out by one click each', async () => {
    for (const name of ['press-77', 'press-78', 'press-79']) red?.receive('twin-assets', { topic: `plant/${name}/temperature`, payload: 5 });
    await red?.until(() => red?.statuses.get('twin-assets')?.text?.startsWith('3 names wait') === true, 'three names wait');
    await editor.openDialog('twin-assets');
    await page.waitForSelector(`${part('held')} .twinwire-heard`);
    await shoot('held');
    await page.click(`${part('held')} button[aria-label="Leave out: press-78"]`);
    await page.click(part('accept-all'));
    await editor.done();
    const saved = await editor.exported('twin-assets');
    assert.deepEqual(saved['leftOut'], [{ name: 'press-78' }]);
    assert.deepEqual((saved['machines'] as { key: string }[]).slice(-2).map(({ key }) => key), ['press-77', 'press-79']);
    assert.deepEqual(editor.complaints, []);
  });
});
