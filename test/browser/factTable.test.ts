// What runs inside the page is written here as well, so this file knows the browser's names.
/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { GraphPageAnswer } from '../../contract/graph.ts';
import { startNodeRed, type FlowNode, type NodeRed } from '../flows/startNodeRed.ts';
import { requireService } from '../services/requireService.ts';
import { flowOfDefaults, nodesWithFields } from './dialogValues.ts';
import { EditorPage, type Language } from './editorPage.ts';
import { openBrowser } from './openBrowser.ts';

describe('tables, PLC bits and expressions in the editor', function () {
  this.timeout(90_000);
  let browser: Browser | undefined;
  let red: NodeRed | undefined;
  let editor: EditorPage;
  let page: Page;
  let folder = '';

  before(requireService('chromium'));
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'twinwire-facts-'));
    const wanted = new Set(['tab', 'twin-site-1', 'twin-type-1', 'twin-asset', 'twin-link', 'twin-record', 'twin-alert']);
    const changed: Record<string, Record<string, unknown>> = {
      'twin-asset': { key: 'press-1', placeholders: [{ name: 'machine', value: 'P1' }], assetType: 'twin-type-1', site: 'twin-site-1' },
      'twin-alert': { rules: [{ property: 'temperature', condition: 'high', limit: '80' }] },
      'twin-link': { from: '', to: '' },
      'twin-record': { wires: [['done']], mapping: [{ role: 'machine', place: 'machine' }] },
      'twin-site-1': { relations: [{ name: 'cools', inverse: 'cooled by', from: 'machines', to: 'machines', acyclic: true }] },
    };
    const flow = flowOfDefaults(await nodesWithFields()).filter(({ id }) => wanted.has(id)).map((node): FlowNode => ({ ...node, ...changed[node.id] }));
    flow.push({ id: 'bits', type: 'http in', z: 'tab', url: '/bits', method: 'post', wires: [['twin-record']] });
    flow.push({ id: 'done', type: 'http response', z: 'tab', wires: [] });
    red = await startNodeRed({ flow });
    browser = await openBrowser();
    await open('en-US');
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const part = (name: string): string => `.twinwire-dialog [data-part="${name}"]`;
  const shown = (what: 'wrong' | 'right'): Promise<string[]> =>
    page.locator(`.twinwire-preview-table tr[data-what="${what}"]`).allInnerTexts().then((all) => all.map((text) => text.replaceAll(/\s+/g, ' ').trim()));
  const shoot = async (name: string): Promise<void> => {
    const where = process.env['TWINWIRE_SCREENSHOTS'];
    if (where !== undefined) await page.screenshot({ path: path.join(where, `${name}.png`) });
  };
  async function open(language: Language, theme: 'light' | 'dark' = 'light'): Promise<void> {
    editor = await EditorPage.open(browser as Browser, (red as NodeRed).url, theme, language);
    ({ page } = editor);
  }
  async function choose(name: string, bytes: Buffer | string): Promise<void> {
    writeFileSync(path.join(folder, name), bytes);
    const chooser = page.waitForEvent('filechooser');
    await page.click(part('choose'));
    await (await chooser).setFiles(path.join(folder, name));
  }
  async function counts(name: string): Promise<string> {
    await page.waitForFunction((file) => document.querySelector('.twinwire-preview-counts')?.textContent?.startsWith(file) === true, name);
    return page.locator('.twinwire-preview-counts').innerText();
  }
  async function said(pattern: RegExp): Promise<void> {
    await page.waitForFunction((source) => new RegExp(source).test(document.querySelector('[data-part="table-answer"]')?.textContent ?? ''), pattern.source);
  }
  async function around(element: string): Promise<string[]> {
    const answer = await fetch(`${(red as NodeRed).url}/twin/api/graph?site=twin-site-1&ask=around&element=${encodeURIComponent(element)}`);
    const { answer: found } = (await answer.json()) as GraphPageAnswer;
    return found?.rows.map(({ relation, element: { key } }) => `${relation} ${key}`).sort() ?? [];
  }

  it('a table of relations is looked at, its wrong rows named, and noted: semicolons, Windows-1252, a byte order mark', async () => {
    await editor.openDialog('twin-link');
    const rows = [
      'von;Beziehung;nach;von Typ;nach Typ;gültig ab', 'Füller;feeds;Siegler;work unit;work unit;04.05.2026 06:00', 'Füller;loves;Siegler;;;',
      '"Kühler; groß";cools;Siegler;work unit;;', 'Füller;feeds;nobody;;;',
    ];
    await choose('linie.csv', Buffer.from(rows.join('\r\n'), 'latin1'));
    assert.equal(await counts('linie.csv'), 'linie.csv: 4 rows, 2 wrong');
    const wrong = await shown('wrong');
    assert.match(wrong[0] ?? '', /^! wrong 3 "loves" is not a relation/);
    assert.match(wrong[1] ?? '', /^! wrong 5 Nothing is known under "nobody"/);
    const right = await shown('right');
    assert.match(right[0] ?? '', /^2 Füller \| feeds \| Siegler .* Füller feeds Siegler, since 04\/05\/2026/);
    assert.match(right[1] ?? '', /Kühler; groß cools Siegler/);
    assert.deepEqual(await around('Füller'), [], 'nothing is noted by looking');
    await shoot('facts-link');
    await page.click(part('apply'));
    await said(/Noted: 2 rows\. 2 wrong ones were left out/);
    assert.deepEqual(await around('Siegler'), ['< cools Kühler; groß', '< feeds Füller']);
    await choose('again.csv', '\ufefffrom,relation,to\nSiegler,fed by,Füller\n');
    assert.equal(await counts('again.csv'), 'again.csv: 1 rows, 0 wrong');
    await choose('columns.csv', 'a,b\n1,2\n');
    await said(/no column from, relation, to/);
    await choose('report.pdf', '%PDF-1.7');
    await said(/a PDF/);
    await editor.done();
  });

  it('an expression that suppresses alarms is checked as it is typed, and says what it gives now', async () => {
    const live = async (of: string, pattern: RegExp): Promise<void> => {
      await page.waitForFunction(([name, source]) => new RegExp(source).test(document.querySelector<HTMLElement>(`[data-part="${name}"]`)?.innerText ?? ''), [of, pattern.source] as const);
    };
    await editor.openDialog('twin-alert');
    await page.fill('#node-input-quietWhile', 'temperature <');
    await live('quiet-live', /No alarms while: The expression ends too early/);
    await page.fill('#node-input-quietWhile', 'pressure < 5');
    await live('quiet-live', /no machine that runs has all of these names/);
    await page.fill('#node-input-quietWhile', 'temperature < 5');
    await live('quiet-live', /now: press-1 cannot be told/);
    await page.click('[data-part="rules"] .twinwire-list-toggle');
    const unless = page.locator('[data-part="rules"] [data-column="unless"]');
    await unless.fill('mean(temperature, 5)');
    await live('rules-live', /Row 1: An expression that remembers earlier values/);
    assert.ok(await unless.evaluate((input) => input.classList.contains('input-error')));
    await unless.fill('state == "" or temperature < 5');
    await live('rules-live', /Row 1: now: press-1 yes/);
    await shoot('quiet-expressions');
    await editor.done();
    assert.equal((await editor.exported('twin-alert'))['quietWhile'], 'temperature < 5');
    assert.deepEqual(await editor.problems('twin-alert'), []);
  });

  it('a table of records likewise, in German, dark, with a decimal comma', async () => {
    await editor.close();
    await open('de', 'dark');
    await editor.openDialog('twin-record');
    await page.selectOption('#node-input-what', 'quality');
    await page.selectOption('#node-input-template', 'csv');
    await choose('pruefung.csv', 'id;serial;test;result;time\n1;C-1;Dichte;7,25;04.05.2026 06:10\n2;C-2;Dichte;7,5;gestern\n3;;Dichte;7,5;04.05.2026 06:12\n');
    assert.equal(await counts('pruefung.csv'), 'pruefung.csv: 3 Zeilen, 2 falsch');
    assert.match((await shown('wrong')).join(' '), /falsch 3 "gestern" ist keine Zeit.* falsch 4 /);
    assert.match((await shown('right'))[0] ?? '', /C-1 belegt durch Dichte.*C-1: quality = 7\.25/);
    await shoot('facts-record-de');
    await page.click(part('apply'));
    await said(/Notiert: 1 Zeilen/);
    assert.deepEqual(await around('C-1'), ['documented by Dichte']);
  });

  it('bits of a PLC: the shape is chosen, deployed, and messages with a bit become facts that begin and end', async () => {
    await page.selectOption('#node-input-what', 'job');
    await page.selectOption('#node-input-template', 'bits');
    const rows = await page.$$eval('[data-part="mapping"] .twinwire-list-row', (all) =>
      all.map((row) => [...row.querySelectorAll<HTMLInputElement>('[data-column="role"], [data-column="place"]')].map(({ value }) => value).join(' ')));
    assert.deepEqual(rows, ['order order', 'machine machine', 'event active']);
    assert.equal(await page.locator(part('choose')).isVisible(), false, 'bits come in messages, not in tables');
    // A PLC says which order it is; the machine is the one it stands at.
    await page.locator('[data-part="mapping"] .twinwire-list-row').nth(1).locator('[data-column="place"]').fill('=press-1');
    await shoot('facts-bits-de');
    await editor.done();
    await page.click('#red-ui-header-button-deploy');
    await red?.until(() => red?.log.filter(({ text }) => text === 'Started flows').length === 2, 'deployed');
    const send = async (active: boolean): Promise<void> => {
      // Answered when it is noted.
      const answer = await fetch(`${red?.url}/bits`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ order: 'J-7', active }) });
      assert.deepEqual([answer.status, await answer.json()], [200, { noted: 1, refused: [] }]);
    };
    await send(true);
    await send(true);
    const machine = async (): Promise<string[]> => (await around('press-1')).filter((row) => row.includes('J-7'));
    assert.deepEqual(await machine(), ['< uses J-7']);
    await send(false);
    assert.deepEqual(await machine(), [], 'it has ended');
    assert.deepEqual(editor.complaints, []);
  });
});
