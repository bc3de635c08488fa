// What runs inside the page is written here as well, so this file knows the browser's names.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { startTestServer } from '../adapters/opcua/startTestServer.ts';
import { readFlow, startNodeRed, type FlowNode, type NodeRed } from '../flows/startNodeRed.ts';
import { requireService } from '../services/requireService.ts';
import { flowOfDefaults, nodesWithFields } from './dialogValues.ts';
import { EditorPage } from './editorPage.ts';
import { openBrowser } from './openBrowser.ts';

const asset = { key: 'filler', name: 'Filler', wires: [['twin-baseline'], []] };
const properties = [
  { name: 'temperature', label: 'Product temperature', unit: 'Cel', valueKind: 'measured', high: '80', highHigh: '90' },
  { name: 'current', label: 'Motor current', unit: 'A', valueKind: 'measured' },
  { name: 'state', valueKind: 'state' },
];

/** One site, one type, one machine: the plant of a first day. */
async function firstDay(): Promise<FlowNode[]> {
  const flow = flowOfDefaults(await nodesWithFields());
  return flow
    .filter((node) => !['twin-site-2', 'twin-type-2', 'twin-mqtt-2', 'twin-influxdb-2', 'twin-opcua-2'].includes(node.id))
    .map((node) => (node.id === 'twin-asset' ? { ...node, ...asset } : node.id === 'twin-type-1' ? { ...node, properties } : node));
}

describe('what the dialogs do', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  let red: NodeRed | undefined;
  let editor: EditorPage | undefined;
  let page: Page;

  before(requireService('chromium'));
  before(async function () {
    this.timeout(90_000);
    red = await startNodeRed({ flow: await firstDay() });
    browser = await openBrowser();
  });
  // To open an editor takes seconds, so the tests share one; where one failed, the next begins with another.
  beforeEach(async () => {
    if (editor === undefined) editor = await EditorPage.open(browser as Browser, (red as NodeRed).url, 'light', 'en-US');
    else await editor.asDeployed();
    page = editor.page;
  });
  afterEach(async function () {
    const complaints = editor?.complaints ?? [];
    if (this.currentTest?.state === 'passed') assert.deepEqual(complaints, [], 'the browser complains');
    else {
      await editor?.close();
      editor = undefined;
    }
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  let germanPage: EditorPage | undefined;
  const german = async (): Promise<EditorPage> => (germanPage ??= await EditorPage.open(browser as Browser, (red as NodeRed).url, 'dark', 'de'));

  const shown = (part: string): Promise<string> => page.$eval(`.twinwire-dialog [data-part="${part}"]`, (element) => element.textContent ?? '');
  const place = async (type: string, id: string): Promise<void> => {
    await page.evaluate(
      ([newType, newId]) => {
        const { RED } = globalThis as unknown as { RED: { nodes: { import(nodes: unknown[]): unknown }; workspaces: { active(): string } } };
        RED.nodes.import([{ id: newId, type: newType, z: RED.workspaces.active(), x: 300, y: 500, wires: [] }]);
      },
      [type, id] as const,
    );
  };

  it('a new machine: the only site and type are chosen, the key follows the name until one is typed, and stays different from others', async () => {
    await place('twin-asset', 'new');
    await editor?.openDialog('new');
    assert.equal(await page.inputValue('#node-input-site'), 'twin-site-1');
    assert.equal(await page.inputValue('#node-input-assetType'), 'twin-type-1');
    await page.fill('#node-input-name', 'Füller 2');
    assert.equal(await page.inputValue('#node-input-key'), 'fueller-2');
    await page.fill('#node-input-name', 'Filler');
    assert.equal(await page.inputValue('#node-input-key'), 'filler-2', 'the key filler is taken');
    await page.fill('#node-input-key', 'my-own');
    await page.fill('#node-input-name', 'Another');
    assert.equal(await page.inputValue('#node-input-key'), 'my-own');
    await editor?.done();
    const saved = await editor?.exported('new');
    assert.equal(saved?.['key'], 'my-own');
    assert.deepEqual(await editor?.problems('new'), []);
  });

  it('a key that another machine has is refused in a plain sentence', async () => {
    await place('twin-asset', 'twice');
    await editor?.openDialog('twice');
    await page.fill('#node-input-name', 'Copy');
    await page.fill('#node-input-key', 'filler');
    await editor?.done();
    assert.deepEqual(await editor?.problems('twice'), ['The key "filler" belongs to "Filler" already: each machine needs its own.']);
  });

  it('a deployed key is read-only, and the dialog says why; a copy of the machine has to choose its own', async () => {
    await editor?.openDialog('twin-asset');
    assert.equal(await page.$eval('#node-input-key', (input) => (input as HTMLInputElement).readOnly), true);
    assert.match(await shown('key-hint'), /Fixed since the first deploy/);
    await editor?.done();
    await page.evaluate(() => {
      const { RED } = globalThis as unknown as { RED: { nodes: { import(nodes: unknown[]): unknown; node(id: string): { z: string } } } };
      const copied = { type: 'twin-asset', z: RED.nodes.node('twin-asset').z, name: 'Filler', key: 'filler', site: 'twin-site-1', assetType: 'twin-type-1' };
      RED.nodes.import([{ ...copied, id: 'copy', x: 300, y: 500, wires: [] }]);
    });
    await editor?.openDialog('copy');
    assert.equal(await page.$eval('#node-input-key', (input) => (input as HTMLInputElement).readOnly), false);
    assert.match((await editor?.problems('copy'))?.join(' ') ?? '', /needs its own/);
  });

  it('Listen: what arrives is shown with a proposal; take over by keyboard; the rest by one click', async () => {
    await editor?.openDialog('twin-asset');
    for (const [topic, payload] of [['ns=2;s=Filler.MotorCurrent', 3.2], ['ns=2;s=Filler.Temp_01', 71.4], ['ns=2;s=Filler.Watchdog', true]] as const) {
      red?.receive('twin-asset', { topic, payload });
    }
    await page.focus('.twinwire-dialog [data-part="listen"]');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.twinwire-heard').length === 3);
    assert.match(await shown('listen-text'), /^Listening … \d+ s left, 3 addresses so far\.$/);
    assert.match(await shown('take-all'), /all 2 proposals/);
    const proposal = await page.$eval('.twinwire-heard select[aria-label$="Filler.MotorCurrent"]', (select) => (select as HTMLSelectElement).value);
    assert.equal(proposal, 'current');
    await page.focus('.twinwire-heard button[data-focus$="Filler.MotorCurrent"]');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('.twinwire-dialog [data-part="take-all"]')?.textContent?.includes('1 proposal') === true);
    await page.click('.twinwire-dialog [data-part="take-all"]');
    // What nobody guessed is chosen by hand: leave it out.
    await page.selectOption('.twinwire-heard select[aria-label$="Filler.Watchdog"]', '-');
    await page.click('.twinwire-heard button[data-focus$="Filler.Watchdog"]');
    await page.waitForFunction(() => document.querySelectorAll('.twinwire-heard select').length === 0);
    await editor?.done();
    assert.deepEqual((await editor?.exported('twin-asset'))?.['mapping'], [
      { address: 'ns=2;s=Filler.MotorCurrent', property: 'current', scale: 1, offset: 0 },
      { address: 'ns=2;s=Filler.Temp_01', property: 'temperature', scale: 1, offset: 0 },
      { address: 'ns=2;s=Filler.Watchdog', property: '', scale: 1, offset: 0 },
    ]);
  });

  it('Listen on a node that is not deployed says what to do', async () => {
    await place('twin-asset', 'fresh');
    await editor?.openDialog('fresh');
    await page.click('.twinwire-dialog [data-part="listen"]');
    await page.waitForFunction(() => document.querySelector('[data-part="listen-text"]')?.textContent?.startsWith('This node is not running yet.') === true);
    // The browser's own line about the answer 404 is what was meant to happen.
    if (editor !== undefined) editor.complaints.splice(0, editor.complaints.length, ...editor.complaints.filter((complaint) => !/404/.test(complaint)));
  });

  it('a type: limits in the wrong order and names used twice are said at once; rows by keyboard, order by Alt+arrow', async () => {
    await editor?.openDialog('twin-type-1');
    const rows = page.locator('.twinwire-dialog [data-part="properties"] .twinwire-list-row');
    await rows.nth(0).locator('[data-column="highHigh"]').evaluate((input) => {
      (input as HTMLInputElement).value = '70';
      input.dispatchEvent(new Event('input', { bubbles: true }));
    });
    assert.equal(await rows.nth(0).locator('.twinwire-problem').textContent(), '"High-high (HiHi)" (70) must be above "High (Hi)" (80).');
    await rows.nth(1).locator('[data-column="name"]').fill('temperature');
    assert.equal(await rows.nth(1).locator('.twinwire-problem').textContent(), '"temperature" is already in row 1.');
    await rows.nth(1).locator('[data-column="name"]').fill('current');
    await rows.nth(2).locator('[data-column="unit"]').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('pressure');
    await page.keyboard.press('Alt+ArrowUp');
    await page.keyboard.press('Alt+ArrowUp');
    await editor?.done();
    const saved = (await editor?.exported('twin-type-1'))?.['properties'] as { name: string; valueKind: string }[];
    assert.deepEqual(saved.map(({ name }) => name), ['temperature', 'pressure', 'current', 'state']);
    assert.deepEqual(await editor?.problems('twin-type-1'), ['Row 1: "High-high (HiHi)" (70) must be above "High (Hi)" (80).']);
  });

  it('a type of 30 properties is pasted from a spreadsheet, saved and shown again', async () => {
    await editor?.openDialog('twin-type-1');
    const kind = (index: number): string => (index % 2 === 0 ? 'measured' : 'counter');
    const line = (index: number): string => `p${index}\t${kind(index)}\tbar\tns=2;s={machine}.P${index}`;
    const lines = Array.from({ length: 30 }, (_, index) => line(index)).join('\r\n');
    await page.click('.twinwire-dialog [data-part="properties"] .twinwire-list-add');
    await page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', text);
      document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, lines);
    await editor?.done();
    const saved = (await editor?.exported('twin-type-1'))?.['properties'] as Record<string, unknown>[];
    assert.equal(saved.length, 33);
    const { name, valueKind, unit, address } = saved[32] ?? {};
    assert.deepEqual([name, valueKind, unit, address], ['p29', 'counter', 'bar', 'ns=2;s={machine}.P29']);
    await editor?.openDialog('twin-type-1');
    assert.equal(await page.locator('.twinwire-dialog .twinwire-list-row').count(), 33);
    await editor?.done();
  });

  it('numbers out of range, forgotten references and lost ones are said in plain sentences', async () => {
    await editor?.openDialog('twin-alert');
    await page.fill('#node-input-clearAfter', '-1');
    await page.selectOption('#node-input-site', '_ADD_');
    await editor?.done();
    assert.deepEqual(await editor?.problems('twin-alert'), [
      '"Site": please choose one, or add one with the plus button.',
      '"Clears when gone for" must be between 0 and 86400.',
    ]);
  });

  it('names from a foreign flow never become markup', async () => {
    const evil = '<img src=x onerror="document.title=1">';
    await page.evaluate((name) => {
      const { RED } = globalThis as unknown as { RED: { nodes: { import(nodes: unknown[]): unknown; node(id: string): { z: string } } } };
      const { z } = RED.nodes.node('twin-asset');
      const mapping = [{ address: name, property: name, scale: 1, offset: 0 }];
      RED.nodes.import([
        { id: 'evil-type', type: 'twin-type', name, version: 1, mode: name, properties: [{ name, unit: name, address: `{${name}}` }, { name }] },
        { id: 'evil', type: 'twin-asset', z, x: 300, y: 500, wires: [], name, key: 'filler', site: 'twin-site-1', assetType: 'evil-type', mapping },
      ]);
    }, evil);
    await editor?.openDialog('evil');
    assert.equal(await page.locator('.red-ui-tray img[src="x"]').count(), 0);
    assert.equal(await page.locator('.twinwire-dialog [data-part="mapping"] [data-column="property"]').inputValue(), evil);
    await editor?.done();
    const problems = [...((await editor?.problems('evil')) ?? []), ...((await editor?.problems('evil-type')) ?? [])];
    assert.ok(problems.length >= 3, problems.join('; '));
    assert.doesNotMatch(problems.join(), /[<>]/);
    assert.notEqual(await page.title(), '1');
  });

  it('an environment variable in a number field stays', async () => {
    await page.evaluate(() => {
      const { RED } = globalThis as unknown as { RED: { nodes: { node(id: string): Record<string, unknown> } } };
      RED.nodes.node('twin-alert')['repeatAfter'] = '${REMIND_HOURS}';
    });
    await editor?.openDialog('twin-alert');
    assert.equal(await page.inputValue('#node-input-repeatAfter'), '${REMIND_HOURS}');
    await page.fill('#node-input-name', 'touched');
    await editor?.done();
    assert.equal((await editor?.exported('twin-alert'))?.['repeatAfter'], '${REMIND_HOURS}');
    assert.deepEqual(await editor?.problems('twin-alert'), []);
  });

  it('test connection: says in words that nothing answers', async () => {
    for (const [type, url] of [['twin-mqtt', 'mqtt://127.0.0.1:9'], ['twin-influxdb', 'http://127.0.0.1:9']] as const) {
      await editor?.openDialog(`${type}-1`);
      await page.fill('#node-config-input-url', url);
      await page.click('.twinwire-dialog [data-part="test"]');
      await page.waitForSelector('.twinwire-dialog [data-part="answer"][data-kind="bad"]', { timeout: 40_000 });
      assert.match(await shown('answer'), /\S+ \S+ \S+/);
      assert.doesNotMatch(await shown('answer'), /undefined|\[object|Node-RED did not answer/);
      await editor?.done();
    }
  });

  it('trust: shows the fingerprint of an unknown certificate, and connects once it is trusted', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'twin-opcua-dialog-'));
    const server = await startTestServer({ folder });
    try {
      await editor?.openDialog('twin-opcua-1');
      assert.equal(await page.isVisible('.twinwire-dialog [data-part="trust"]'), false);
      await page.fill('#node-config-input-url', `opc.tcp://127.0.0.1:${server.port}/test`);
      await page.click('.twinwire-dialog [data-part="test"]');
      await page.waitForSelector('.twinwire-dialog [data-part="answer"][data-kind="bad"]', { timeout: 40_000 });
      assert.match(await shown('answer'), /not trusted yet: .*(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/);
      await page.click('.twinwire-dialog [data-part="trust"]');
      await page.waitForSelector('.twinwire-dialog [data-part="answer"][data-kind="good"]', { timeout: 40_000 });
      assert.match(await shown('answer'), /Connected to Test plant, Aes256_Sha256_RsaPss/);
      assert.equal(await page.isVisible('.twinwire-dialog [data-part="trust"]'), false);
      await editor?.done();
    } finally {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('test connection in German: the sentence is German, with the details behind it', async () => {
    const dialog = await german();
    await dialog.openDialog('twin-mqtt-1');
    await dialog.page.fill('#node-config-input-url', 'mqtt://127.0.0.1:9');
    await dialog.page.click('.twinwire-dialog [data-part="test"]');
    await dialog.page.waitForSelector('.twinwire-dialog [data-part="answer"][data-kind="bad"]', { timeout: 40_000 });
    const text = await dialog.page.$eval('.twinwire-dialog [data-part="answer"]', (element) => element.textContent ?? '');
    assert.match(text, /^Der Broker ist nicht erreichbar\. .*127\.0\.0\.1:9/);
  });

  it('the button of a replay starts it, and says so', async () => {
    await page.evaluate(() => {
      const { RED } = globalThis as unknown as { RED: { nodes: { node(id: string): { _def: { button: { onclick: { call(node: unknown): void } } } } } } };
      const node = RED.nodes.node('twin-replay');
      node._def.button.onclick.call(node);
    });
    await page.waitForFunction(() => document.querySelector('.red-ui-notification-success')?.textContent?.includes('"twin-replay" has started.') === true);
  });

  it('learning: which machines pass through, and "learn again" asks first', async () => {
    red?.receive('twin-asset', { payload: { temperature: 70, current: 3, state: 'running' } });
    await editor?.openDialog('twin-baseline');
    await page.waitForSelector('.twinwire-machine');
    assert.match(await shown('progress'), /Filler/);
    assert.match(await shown('progress'), /\d+ %.*Still needs \S/);
    await page.click('[data-own="again filler"]');
    assert.match(await shown('progress'), /Forget what "Filler" learned and learn again\?/);
    await page.click('.twinwire-machine-ask button:has(.fa-check)');
    await page.waitForSelector('.twinwire-dialog [data-part="progress"] [data-kind="good"]');
    await editor?.done();
  });

  it('a relation offers the machines of the flows and takes any other', async () => {
    await editor?.openDialog('twin-link');
    const offered = await page.$$eval('.twinwire-dialog datalist option', (options) => options.map((one) => (one as HTMLOptionElement).value));
    assert.deepEqual(offered, ['filler']);
    await page.fill('#node-input-from', 'filler');
    await page.fill('#node-input-to', 'filler');
    await editor?.done();
    assert.deepEqual(await editor?.problems('twin-link'), ['"From" and "To" must be two different twins.']);
  });

  it('stations of a line are put in order by dragging their handles, and by the arrow keys on them', async () => {
    await editor?.openDialog('twin-line');
    const list = '[data-part="stations"]';
    const order = (): Promise<string[]> => page.$$eval(`${list} [data-column="key"]`, (inputs) => inputs.map((input) => (input as HTMLInputElement).value));
    for (const key of ['filler', 'sealer', 'labeller']) {
      await page.click(`${list} .twinwire-list-add`);
      await page.keyboard.type(key);
    }
    const handles = page.locator(`${list} .twinwire-list-handle`);
    assert.match((await handles.first().getAttribute('aria-label')) ?? '', /^Move this row/);
    await handles.first().scrollIntoViewIfNeeded();
    const [first, last] = [await handles.first().boundingBox(), await handles.last().boundingBox()];
    assert.ok(first !== null && last !== null);
    await page.mouse.move(first.x + 10, first.y + 10);
    await page.mouse.down();
    for (let step = 1; step <= 12; step++) await page.mouse.move(first.x + 10, first.y + 10 + ((last.y + last.height - first.y) * step) / 12);
    await page.mouse.up();
    assert.deepEqual(await order(), ['sealer', 'labeller', 'filler']);
    await handles.last().focus();
    await page.keyboard.press('ArrowUp');
    assert.deepEqual(await order(), ['sealer', 'filler', 'labeller']);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    assert.deepEqual(await order(), ['filler', 'sealer', 'labeller']);
    assert.equal(await page.evaluate(() => document.activeElement?.className.includes('twinwire-list-handle')), true, 'the handle keeps the keyboard');
    assert.match(await shown('learntWays'), /Learnt ways show here/);
    if (process.env['TWINWIRE_PICTURES'] !== undefined) await page.screenshot({ path: `${process.env['TWINWIRE_PICTURES']}/line-dialog.png` });
    await editor?.done();
    const { stations } = (await editor!.exported('twin-line')) as { stations: { key: string }[] };
    assert.deepEqual(stations.map(({ key }) => key), ['filler', 'sealer', 'labeller']);
  });

  it('every shipped flow and example is complete: no node of ours is marked as wrong', async () => {
    const files = globSync(['flows/*.json', 'examples/*.json'], { cwd: packageRoot });
    assert.ok(files.length >= 9, `only ${files.length} files`);
    // The editor is emptied before each of the files.
    const wrongIn = (nodes: FlowNode[]): Promise<{ id: string; problems: string[] }[]> => page.evaluate((flow) => {
      interface Node { id: string; type: string; validationErrors?: string[] }
      const { RED } = globalThis as unknown as {
        RED: {
          nodes: { clear(): void; import(nodes: unknown[], options: object): unknown; node(id: string): Node | null };
          editor: { validateNode(node: Node): boolean };
        };
      };
      RED.nodes.clear();
      RED.nodes.import(flow, { importMap: {} });
      return flow.flatMap(({ id, type }) => {
        const node = type.startsWith('twin-') ? RED.nodes.node(id) : null;
        if (node === null) return [];
        return [{ id, problems: RED.editor.validateNode(node) ? [] : (node.validationErrors ?? ['?']) }];
      });
    }, nodes);
    let seen = 0;
    for (const file of files) {
      const flow = await readFlow(file);
      const found = await wrongIn(flow);
      assert.equal(found.length, flow.filter(({ type }) => type.startsWith('twin-')).length, file);
      seen += found.length;
      assert.deepEqual(found.filter(({ problems }) => problems.length > 0), [], file);
    }
    assert.ok(seen > 30, `only ${seen} nodes`);
    const planted = await wrongIn((await readFlow('examples/twin-asset.json')).map((node) => (node.type === 'twin-asset' ? { ...node, key: '' } : node)));
    assert.equal(planted.filter(({ problems }) => problems.length > 0).length, 1, 'a machine without a key would have been seen');
  });

  it('the help of every node is shown in the chosen language', async () => {
    for (const [view, word] of [[editor as EditorPage, 'Details'], [await german(), 'Einzelheiten']] as const) {
      for (const { type } of await nodesWithFields()) {
        const html = await view.page.evaluate((name) => {
          const { RED } = globalThis as unknown as { RED: { nodes: { getNodeHelp(type: string): string } } };
          return RED.nodes.getNodeHelp(name);
        }, type);
        assert.match(html, new RegExp(`<h3[^>]*>${word}</h3>`), type);
        assert.match(html, /<dl class="message-properties">/, type);
        assert.doesNotMatch(html, /<p>: /, `${type}: a property that Node-RED did not recognise`);
      }
    }
  });
});
