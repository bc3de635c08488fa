// What runs inside the page is written here as well, so this file knows the browser's names.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { startMachineServer, type MachineServer } from '../adapters/opcua/startMachineServer.ts';
import { startNodeRed, type NodeRed } from '../flows/startNodeRed.ts';
import { requireService } from '../services/requireService.ts';
import { EditorPage } from './editorPage.ts';
import { openBrowser } from './openBrowser.ts';

type Saved = Record<string, unknown> & { id: string; type: string };

/** From a server to three twins: found, trusted, reviewed, placed, deployed, and values arrive. */
describe('machines found in the editor', function () {
  this.timeout(120_000);
  let folder: string;
  let server: MachineServer | undefined;
  let browser: Browser | undefined;
  let red: NodeRed | undefined;
  let editor: EditorPage | undefined;

  before(requireService('chromium'));
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'twinwire-find-'));
    server = await startMachineServer(folder, true);
    red = await startNodeRed({
      flow: [
        { id: 'tab', type: 'tab', label: 'Plant' },
        { id: 'plc', type: 'twin-opcua', name: 'PLC', url: `opc.tcp://127.0.0.1:${server.port}/plant`, security: 'best' },
        { id: 'source', type: 'twin-opcua-source', z: 'tab', name: '', server: 'plc', addresses: [], interval: 500, queue: 10, x: 120, y: 120, wires: [[], []] },
      ],
    });
    browser = await openBrowser();
  });
  after(async () => {
    await editor?.close();
    await browser?.close();
    await red?.stop();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const picture = async (name: string): Promise<void> => {
    const into = process.env['TWINWIRE_PICTURES'];
    if (into !== undefined) await editor?.page.screenshot({ path: path.join(into, `${name}.png`) });
  };

  it('a server of three presses becomes one type and three twins that receive', async () => {
    const theme = process.env['TWINWIRE_PICTURES_THEME'] === 'dark' ? 'dark' : 'light';
    const language = process.env['TWINWIRE_PICTURES_LANGUAGE'] === 'de' ? 'de' : 'en-US';
    const { truth } = server as MachineServer;
    editor = await EditorPage.open(browser as Browser, (red as NodeRed).url, theme, language, 'source');
    const { page } = editor;
    await editor.openDialog('source');
    await page.click('[data-part="find"]');
    // The certificate is not trusted yet: that is said, and can be done here.
    await page.waitForSelector('[data-part="find-trust"]', { state: 'visible', timeout: 30_000 });
    assert.match(await page.innerText('[data-part="find-answer"]'), /(?:[0-9A-F]{2}:){31}/);
    await picture('trust');
    await page.click('[data-part="find-trust"]');
    await page.waitForSelector('.twinwire-review-type', { state: 'visible', timeout: 30_000 });
    assert.deepEqual(await editor.missingTexts(), []);
    const types = await page.$$eval('.twinwire-review-type > legend', (legends) => legends.map((legend) => legend.textContent));
    assert.equal(types.length, 1);
    assert.match(types[0] ?? '', language === 'de' ? /3 Maschinen eines Typs/ : /3 machines of one type/);
    await page.locator('[data-part="find"]').scrollIntoViewIfNeeded();
    await picture('review');
    await page.locator('.twinwire-review-type > details > summary').click();
    await picture('properties');
    assert.deepEqual(await editor.cutTexts(), []);

    // A key that cannot be is told, and nothing can be placed.
    const key = page.locator('.twinwire-review-machines .twinwire-list-rows input[type=text]').first();
    await key.fill('press2');
    assert.equal(await page.isDisabled('[data-part="place"]'), true);
    await key.fill('first-press');
    assert.equal(await page.isDisabled('[data-part="place"]'), false);
    await page.click('[data-part="place"]');
    await page.waitForFunction(() => document.querySelector('.twinwire-dialog') === null);
    const flow = (): Promise<Saved[]> => page.evaluate(() => {
      const { RED } = globalThis as unknown as { RED: { nodes: { createCompleteNodeSet(): Saved[] } } };
      return JSON.parse(JSON.stringify(RED.nodes.createCompleteNodeSet())) as Saved[];
    });
    await page.waitForFunction(() => {
      const { RED } = globalThis as unknown as { RED: { nodes: { filterNodes(filter: object): unknown[] } } };
      return RED.nodes.filterNodes({ type: 'twin-assets' }).length === 1;
    });
    await page.waitForTimeout(300);
    await picture('flow');
    const placed = await flow();
    const of = (type: string): Saved => placed.find((node) => node.type === type) as Saved;
    const assets = of('twin-assets');
    const type = of('twin-type');
    assert.deepEqual(of('twin-opcua-source')['wires'], [[assets.id], []]);
    assert.deepEqual((of('twin-opcua-source')['addresses'] as { what: string }[]).map(({ what }) => what), ['below', 'below', 'below']);
    assert.deepEqual(placed.map((node) => node.type).sort(), [
      'tab', 'twin-alert', 'twin-anomaly', 'twin-assets', 'twin-baseline', 'twin-opcua', 'twin-opcua-source', 'twin-site', 'twin-type',
    ]);
    for (const { id } of placed.filter((node) => node.type !== 'tab')) assert.deepEqual(await editor.problems(id), [], `${id} is complete`);

    // Each address of the server goes to the machine and the property that it is.
    const properties = type['properties'] as { name: string; address: string; unit: string; rangeHigh: string }[];
    const settings = assets['settings'] as { machine: string; setting: string; value: string }[];
    const led = new Map<string, { machine: string; property: string }>();
    for (const { key: machine } of assets['machines'] as { key: string }[]) {
      const value = (setting: string): string | undefined => settings.find((row) => row.machine === machine && row.setting === setting)?.value;
      for (const { name, address } of properties) {
        led.set(value(`${name}.address`) ?? address.replaceAll('{machine}', value('machine') ?? ''), { machine, property: name });
      }
    }
    const keys = new Map([['Press1', 'first-press'], ['Press2', 'press2'], ['Press3', 'press3']]);
    const propertyOf = new Map<string, string>();
    let right = 0;
    for (const [address, { machine, quantity }] of truth) {
      const got = led.get(address);
      if (got === undefined || got.machine !== keys.get(machine)) continue;
      if (!propertyOf.has(quantity)) propertyOf.set(quantity, got.property);
      const wanted = quantity.endsWith('.Temp') ? 'Cel' : quantity.endsWith('.Pressure') ? 'bar' : undefined;
      const row = properties.find(({ name }) => name === got.property);
      if (propertyOf.get(quantity) === got.property && (wanted === undefined || row?.unit === wanted)) right += 1;
    }
    assert.equal(new Set(propertyOf.values()).size, propertyOf.size, 'two quantities became one property');
    console.log(`      ${right} of ${truth.size} signals right (${((100 * right) / truth.size).toFixed(1)} %)`);
    assert.ok(right / truth.size >= 0.95, `${right} of ${truth.size}`);

    // Undo takes the machines away in one step, redo brings them back.
    await page.evaluate(() => (globalThis as unknown as { RED: { history: { pop(): void } } }).RED.history.pop());
    assert.equal((await flow()).some((node) => /^twin-(?:type|assets|site|baseline|anomaly|alert)$/.test(node.type)), false);
    await page.evaluate(() => (globalThis as unknown as { RED: { history: { redo(): void } } }).RED.history.redo());
    assert.equal((await flow()).length, placed.length);

    await (red as NodeRed).deploy((await flow()) as Parameters<NodeRed['deploy']>[0]);
    const seen = new Set<string>();
    await (red as NodeRed).until(() => {
      for (const { from, message } of (red as NodeRed).sent) {
        const payload = message['payload'] as Record<string, unknown> | undefined;
        const twin = message['twin'] as { key?: string } | undefined;
        if (from === assets.id && twin?.key !== undefined && Object.keys(payload ?? {}).length > 150) seen.add(twin.key);
      }
      return seen.size === 3;
    }, 'values of three twins', 40_000);
    assert.deepEqual([...seen].sort(), ['first-press', 'press2', 'press3']);
    assert.deepEqual(editor.complaints, []);
  });

  it('what arrived by topics becomes a type and the machines of a twin-assets', async () => {
    const node = red as NodeRed;
    await editor?.close();
    await node.deploy([
      { id: 'tab', type: 'tab', label: 'Plant' },
      { id: 'site', type: 'twin-site', name: 'Topics' },
      { id: 'ovens', type: 'twin-assets', z: 'tab', name: 'Ovens', site: 'site', assetType: '', machines: [], settings: [], x: 200, y: 120, wires: [['next'], []] },
      { id: 'next', type: 'junction', z: 'tab', x: 400, y: 120, wires: [[]] },
    ] as Parameters<NodeRed['deploy']>[0]);
    const quantities = ['zone1/temp', 'zone2/temp', 'belt_rpm', 'gas [bar]', 'door', 'pieces'];
    const topic = (oven: number, quantity: string): string => `umh/v1/acme/berlin/line${1 + (oven % 2)}/oven${oven}/_historian/${quantity}`;
    const send = (): void => {
      for (const oven of [1, 2, 3, 4]) {
        for (const [index, quantity] of quantities.entries()) {
          node.receive('ovens', { topic: topic(oven, quantity), payload: quantity === 'door' ? true : oven * 100 + index });
        }
      }
    };
    send();
    await node.until(() => /24/.test(node.statuses.get('ovens')?.text ?? ''), 'values that wait', 15_000);
    editor = await EditorPage.open(browser as Browser, node.url, 'light', 'de', 'ovens');
    const { page } = editor;
    await editor.openDialog('ovens');
    await page.click('[data-part="find"]');
    await page.waitForSelector('.twinwire-review-type', { state: 'visible' });
    await page.locator('[data-part="find"]').scrollIntoViewIfNeeded();
    await picture('held');
    assert.deepEqual(await editor.missingTexts(), []);
    await page.click('[data-part="place"]');
    await editor.done();
    const flow = await page.evaluate(() => {
      const { RED } = globalThis as unknown as { RED: { nodes: { createCompleteNodeSet(): Saved[] } } };
      return JSON.parse(JSON.stringify(RED.nodes.createCompleteNodeSet())) as Saved[];
    });
    const ovens = flow.find(({ id }) => id === 'ovens') as Saved;
    const type = flow.find(({ id }) => id === ovens['assetType']) as Saved;
    assert.deepEqual((ovens['machines'] as { key: string; place: string }[]).map(({ key, place }) => `${place} ${key}`).sort(), [
      'acme/berlin/line1 oven2', 'acme/berlin/line1 oven4', 'acme/berlin/line2 oven1', 'acme/berlin/line2 oven3',
    ]);
    assert.deepEqual((type['properties'] as { name: string; unit: string; valueKind: string }[]).map((row) => `${row.name} ${row.unit} ${row.valueKind}`).sort(), [
      'belt /min measured', 'door  state', 'gas bar measured', 'pieces  measured', 'zone1_temperature  measured', 'zone2_temperature  measured',
    ]);
    await node.deploy(flow as Parameters<NodeRed['deploy']>[0]);
    send();
    const seen = new Map<string, number>();
    await node.until(() => {
      for (const { from, message } of node.sent) {
        const twin = message['twin'] as { key?: string } | undefined;
        if (from === 'ovens' && twin?.key !== undefined) seen.set(twin.key, Object.keys((message['payload'] as object | undefined) ?? {}).length);
      }
      return [...seen.values()].filter((count) => count === quantities.length).length === 4;
    }, 'all values of four ovens', 20_000);
    assert.deepEqual(editor.complaints, []);
  });
});
