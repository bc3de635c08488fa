/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { startNodeRed, type FlowNode, type NodeRed } from '../flows/startNodeRed.ts';
import { requireService } from '../services/requireService.ts';
import { EditorPage, type Language, type Theme } from './editorPage.ts';
import { openBrowser } from './openBrowser.ts';

/** What a site still has to deliver, in its dialog: seen and worked on in a real browser. */
describe('the outbox in the dialog of a site', function () {
  this.timeout(90_000);
  let browser: Browser | undefined;
  let red: NodeRed | undefined;
  let editor: EditorPage | undefined;
  let server: Server;
  let up = true;
  let bad = true;
  const stored: string[] = [];

  before(requireService('chromium'));
  before(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => (body += part));
      request.on('end', () => {
        const lines = body === '' ? [] : body.split('\n');
        const index = bad ? lines.findIndex((line) => line.includes('mode="odd"')) : -1;
        if (!up) response.writeHead(503).end('{"message":"the database is being upgraded"}');
        else if (index >= 0) response.writeHead(400).end(JSON.stringify({ code: 'invalid', message: `unable to parse '${lines[index] ?? ''}': no odd ones` }));
        else {
          stored.push(...lines);
          response.writeHead(204).end();
        }
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const nodes = flow(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    red = await startNodeRed({ flow: nodes.slice(0, 1) });
    await red.deploy(nodes, { influx: { token: 'secret' } });
    browser = await openBrowser();
  });
  after(async () => {
    await editor?.close();
    await browser?.close();
    await red?.stop();
    server?.closeAllConnections();
    server?.close();
  });

  function flow(url: string): FlowNode[] {
    return [
      { id: 'tab', type: 'tab', label: 'Plant' },
      { id: 'site', type: 'twin-site', name: 'Plant', outboxSync: 'group' },
      { id: 'type', type: 'twin-type', name: 'pump', version: 1, properties: [{ name: 'current', valueKind: 'measured', unit: 'A' }, { name: 'mode', valueKind: 'state' }] },
      { id: 'influx', type: 'twin-influxdb', url, version: '2', bucket: 'b' },
      {
        id: 'odd', type: 'inject', z: 'tab', x: 100, y: 60, once: true, onceDelay: '0.5', repeat: '', props: [{ p: 'payload' }], payload: '{"current":4,"mode":"odd"}',
        payloadType: 'json', wires: [['twin-asset']],
      },
      {
        id: 'steady', type: 'inject', z: 'tab', x: 100, y: 120, once: true, onceDelay: '0.6', repeat: '0.5', props: [{ p: 'payload' }], payload: '{"current":5}',
        payloadType: 'json', wires: [['twin-asset']],
      },
      { id: 'twin-asset', type: 'twin-asset', z: 'tab', x: 300, y: 60, site: 'site', assetType: 'type', key: 'pump1', name: 'Pump 1', place: 'hall', together: 0, wires: [['history'], []] },
      { id: 'history', type: 'twin-history', z: 'tab', x: 500, y: 60, name: 'To InfluxDB', site: 'site', influxdb: 'influx', flushAfter: 0.2, wires: [[]] },
    ];
  }
  const open = async (theme: Theme, language: Language): Promise<Page> => {
    await editor?.close();
    editor = await EditorPage.open(browser as Browser, (red as NodeRed).url, theme, language);
    await editor.openDialog('site');
    return editor.page;
  };
  const shown = (page: Page): Promise<string> => page.$eval('.twinwire-dialog [data-part="outbox"]', (element) => (element as HTMLElement).innerText);
  const says = async (page: Page, wanted: RegExp): Promise<string> => {
    await page.waitForFunction((source) => new RegExp(source).test(document.querySelector('.twinwire-dialog [data-part="outbox"]')?.textContent ?? ''), wanted.source, { timeout: 20_000 })
      .catch(async () => assert.fail(`${await shown(page)}\n${editor?.complaints.join('\n')}\n${(red as NodeRed).complaints().join('\n')}`));
    return shown(page);
  };
  const picture = async (page: Page, name: string): Promise<void> => {
    const folder = process.env['TWINWIRE_PICTURES'];
    if (folder === undefined) return;
    await page.locator('.twinwire-dialog [data-part="outbox"]').scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${folder}/outbox-${name}.png` });
  };

  it('says what was refused and why; it is saved, sent again and deleted', async () => {
    const page = await open('light', 'en-US');
    const text = await says(page, /1 refused by the target/);
    assert.match(text, /To InfluxDB/);
    // What was folded when the dialog opened is open already.
    await page.$eval('.twinwire-dialog [data-part="outbox"] details', (details) => (details as HTMLDetailsElement).open || details.querySelector('summary')?.click());
    assert.match(await says(page, /no odd ones/), /mode="odd"/);
    await picture(page, 'refused-light');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text="Save as file"')]);
    const saved = JSON.parse(readFileSync(await download.path(), 'utf8').trim()) as Record<string, string>;
    assert.match(`${saved['reason']} ${saved['record']}`, /no odd ones.*mode="odd"/);

    bad = false;
    await page.click('text="Send again"');
    await says(page, /They are sent again/);
    await page.waitForFunction(() => !/refused/.test(document.querySelector('.twinwire-dialog .twinwire-outbox')?.textContent ?? ''), undefined, { timeout: 20_000 });
    await (red as NodeRed).until(() => stored.some((line) => line.includes('mode="odd"')), 'the refused one at the database');

    bad = true;
    await (red as NodeRed).inject('odd');
    await says(page, /1 refused by the target/);
    await page.click('.twinwire-outbox-buttons >> text="Delete"');
    await page.click('.twinwire-outbox-buttons >> text="Delete?"');
    await says(page, /The refused records are deleted/);
  });

  it('says how much waits, since when and why, in German and on a dark screen', async () => {
    up = false;
    const page = await open('dark', 'de');
    const text = await says(page, /the database is being upgraded/);
    assert.match(text, /kann gerade keine Daten aufnehmen/);
    assert.match(text, /To InfluxDB/);
    assert.match(await says(page, /\d+ warten/), /Sekunde/);
    await picture(page, 'waiting-dark-de');
    up = true;
    await page.waitForFunction(() => !/upgraded/.test(document.querySelector('.twinwire-dialog [data-part="outbox"]')?.textContent ?? ''), undefined, { timeout: 30_000 });
    assert.match(await shown(page), /je Sekunde geliefert/);
    assert.deepEqual(editor?.complaints, []);
  });
});
