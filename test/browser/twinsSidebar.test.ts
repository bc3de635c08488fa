/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { LinesAnswer } from '../../contract/line.ts';
import { startNodeRed, type FlowNode, type NodeRed } from '../flows/startNodeRed.ts';
import { requireService } from '../services/requireService.ts';
import { EditorPage, type Language, type Theme } from './editorPage.ts';
import { openBrowser } from './openBrowser.ts';

const hostile = '<img src=x onerror="window.pwned=1">';

interface EditorGlobal {
  RED: {
    nodes: { eachNode(visit: (node: Record<string, unknown>) => void): void; dirty(): boolean; node(id: string): Record<string, unknown>; workspace(id: string): Record<string, unknown> };
    workspaces: { active(): string; show(id: string): void };
    history: { pop(): void };
    events: { emit(event: string): void };
  };
}

/** The Twins tab of the sidebar, worked with in a real browser. */
describe('the Twins sidebar', function () {
  this.timeout(90_000);
  let browser: Browser | undefined;
  let red: NodeRed | undefined;
  let editor: EditorPage | undefined;
  let server: Server;
  let asked: string[] = [];

  before(requireService('chromium'));
  before(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(503).end('{"message":"the database is being upgraded"}'));
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
    const asset = (id: string, name: string, place: string, y: number, z = 'tab'): FlowNode => ({
      id, type: 'twin-asset', z, x: 300, y, site: 'site', assetType: 'type', key: id, name, place, together: 0, wires: [z === 'tab' ? ['baseline', 'line'] : [], z === 'tab' ? ['alert'] : []],
    });
    return [
      { id: 'tab', type: 'tab', label: 'Line 1' },
      { id: 'far', type: 'tab', label: 'Line 2' },
      { id: 'site', type: 'twin-site', name: 'Plant', outboxSync: 'group' },
      {
        id: 'type', type: 'twin-type', name: 'machine', version: 1,
        properties: [{ name: 'pressure', label: 'Pressure', valueKind: 'measured', unit: 'bar', high: '8', highHigh: '9', deadband: '0.1' }],
      },
      { id: 'influx', type: 'twin-influxdb', url, version: '2', bucket: 'b' },
      {
        id: 'high', type: 'inject', z: 'tab', x: 100, y: 60, once: true, onceDelay: '0.5', repeat: '', props: [{ p: 'payload' }], payload: '{"pressure":12}', payloadType: 'json',
        wires: [['filler-1']],
      },
      {
        id: 'steady', type: 'inject', z: 'tab', x: 100, y: 120, once: true, onceDelay: '0.5', repeat: '', props: [{ p: 'payload' }], payload: '{"pressure":5}', payloadType: 'json',
        wires: [['capper-1']],
      },
      asset('filler-1', 'Filler 1', 'Acme/Hamburg/Hall 2/Line 1', 60),
      asset('capper-1', 'Capper 1', 'Acme/Hamburg/Hall 2/Line 1', 120),
      asset('odd', hostile, 'Acme/Hamburg/Hall 2/Line 2', 60, 'far'),
      {
        id: 'more', type: 'twin-assets', z: 'far', x: 300, y: 160, site: 'site', assetType: 'type', name: 'Wrappers', wires: [['line'], []],
        machines: [{ key: 'wrap-1', name: 'Wrapper 1', place: 'Acme/Hamburg/Hall 3' }, { key: 'wrap-2', name: 'Wrapper 2', place: 'Acme/Hamburg/Hall 3' }],
      },
      { id: 'plant-2', type: 'twin-site', name: 'Plant 2' },
      // In the order that feeds links tell.
      { id: 'line', type: 'twin-line', z: 'tab', x: 480, y: 180, name: 'Line 1', site: 'site', key: 'line-1', interval: 1, ways: [{ station: 'capper-1', seconds: '12' }], wires: [[], [], []] },
      // Nothing of it is well.
      {
        id: 'odd-line', type: 'twin-line', z: 'far', x: 480, y: 180, name: hostile, site: 'plant-2', key: 'line-2', wires: [[], [], []],
        stations: [{ key: 'gone' }, { key: hostile }, { key: 'gone' }],
      },
      { id: 'baseline', type: 'twin-baseline', z: 'tab', x: 480, y: 60, site: 'site', wires: [['anomaly', 'history']] },
      { id: 'anomaly', type: 'twin-anomaly', z: 'tab', x: 660, y: 60, site: 'site', wires: [['alert']] },
      { id: 'alert', type: 'twin-alert', z: 'tab', x: 840, y: 60, site: 'site', wires: [[], []] },
      { id: 'history', type: 'twin-history', z: 'tab', x: 660, y: 120, name: 'To InfluxDB', site: 'site', influxdb: 'influx', flushAfter: 0.2, wires: [[]] },
      { id: 'link', type: 'twin-link', z: 'tab', x: 300, y: 240, site: 'site', from: 'filler-1', relation: 'feeds', to: 'capper-1', wires: [[]] },
      { id: 'link2', type: 'twin-link', z: 'tab', x: 300, y: 300, site: 'site', from: 'capper-1', relation: 'feeds', to: 'wrap-2', wires: [[]] },
    ];
  }

  const open = async (theme: Theme, language: Language): Promise<Page> => {
    await editor?.close();
    editor = await EditorPage.open(browser as Browser, (red as NodeRed).url, theme, language, 'filler-1');
    const { page } = editor;
    page.on('request', (request) => /twinwire\/(?:twins|outbox)/.test(request.url()) && asked.push(request.url()));
    // What is asked every 2.5 s is asked more often, so that nobody waits for it here.
    await page.evaluate(() => {
      const later = globalThis.setTimeout;
      globalThis.setTimeout = ((work: (...given: unknown[]) => void, delayMs?: number, ...given: unknown[]) => later(work, delayMs === 2500 ? 400 : delayMs, ...given)) as unknown as typeof setTimeout;
    });
    // Node-RED remembers which tabs were open.
    if (!(await page.isVisible('.twinwire-twins'))) {
      assert.deepEqual(asked, [], 'asked before it was opened');
      await page.click('[data-tab-id="twinwire-twins"]');
    }
    await page.waitForSelector('.twinwire-twin-button', { state: 'visible', timeout: 20_000 });
    return page;
  };
  const says = async (page: Page, selector: string, wanted: RegExp): Promise<string> => {
    await page.waitForFunction(([at, source]) => new RegExp(source).test(document.querySelector<HTMLElement>(at)?.innerText ?? ''), [selector, wanted.source] as const, { timeout: 20_000 })
      .catch(async () => {
        const all = await page.$eval('.twinwire-twins', (one) => (one as HTMLElement).innerText);
        assert.fail(`${wanted.source} not in: ${all}\n${editor?.complaints.join('\n')}\n${red?.complaints().join('\n')}`);
      });
    return page.$eval(selector, (element) => (element as HTMLElement).innerText);
  };
  const selected = (page: Page): Promise<string> => page.evaluate(() => (globalThis as unknown as EditorGlobal).RED.workspaces.active());
  const placed = (page: Page, type: string): Promise<Record<string, unknown>[]> => page.evaluate((wanted) => {
    const found: Record<string, unknown>[] = [];
    (globalThis as unknown as EditorGlobal).RED.nodes.eachNode(({ type, z, x, y, twins, ask, element, site }) => {
      // Node-RED stops at a false.
      if (type === wanted) found.push({ z, x, y, twins, ask, element, site });
    });
    return found;
  }, type);
  const picture = async (page: Page, name: string): Promise<void> => {
    const folder = process.env['TWINWIRE_PICTURES'];
    if (folder !== undefined) await page.screenshot({ path: `${folder}/twins-${name}.png` });
  };
  beforeEach(() => (asked = []));

  it('shows the machines by place with their state; search, reveal, neighbours, placing', async () => {
    const page = await open('light', 'en-US');
    await says(page, '.twinwire-twins-tree', /Acme \/ Hamburg[^]*Hall 2[^]*Line 1[^]*Capper 1[^]*Learning[^]*Filler 1[^]*(?:Outside its range|Failure)[^]*Line 2[^]*Hall 3[^]*Wrapper 1/);
    assert.match(await page.$eval('.twinwire-twin[data-condition="limit"] .twinwire-sign text', (one) => one.textContent ?? ''), /^[FS]$/);
    assert.equal(await page.$$eval('.twinwire-twins-tree .twinwire-twin-name', (all, name) => all.filter((one) => one.textContent === name).length, hostile), 1);
    await picture(page, 'tree-light');

    // Reveal: also in another flow.
    await page.fill('.twinwire-twins input', 'hall 3');
    await page.waitForFunction(() => document.querySelectorAll('.twinwire-twin').length === 2);
    await page.click('.twinwire-twin-button >> text="Wrapper 2"');
    assert.equal(await selected(page), 'far');
    await says(page, '.twinwire-twin-drawer', /Show neighbours/);

    // A neighbour that the search hides is found.
    await page.click('[data-does="neighbours"]');
    assert.match(await says(page, '.twinwire-twin-drawer', /Before it/), /Capper 1/);
    await page.click('[data-does="to capper-1"]');
    await page.waitForFunction(() => document.querySelector('.twinwire-twin-drawer')?.closest('.twinwire-twin')?.textContent?.includes('Capper 1'));
    assert.equal(await selected(page), 'tab');
    await page.fill('.twinwire-twins input', '');
    await says(page, '.twinwire-twins-tree', /Filler 1/);
    await page.click('[data-does="neighbours"]');
    assert.match(await says(page, '.twinwire-twin-drawer', /After it/), /Before it\s+Filler 1\s+After it\s+Wrapper 2/);
    await picture(page, 'neighbours-light');

    await page.click('[data-does="twin-read"]');
    await says(page, '.twinwire-twin-said', /Press Deploy/);
    const [read] = await placed(page, 'twin-read');
    assert.deepEqual([read?.['z'], read?.['twins'], read?.['site']], ['tab', 'capper-1', 'site']);
    assert.equal(await page.$eval('#red-ui-header-button-deploy', (button) => button.classList.contains('disabled')), false);
    await page.click('[data-does="twin-query"]');
    await page.waitForFunction(() => {
      let there = false;
      (globalThis as unknown as EditorGlobal).RED.nodes.eachNode(({ type }) => {
        if (type === 'twin-query') there = true;
      });
      return there;
    });
    const [query] = await placed(page, 'twin-query');
    assert.deepEqual([query?.['ask'], query?.['element']], ['around', 'capper-1']);
    assert.notDeepEqual([query?.['x'], query?.['y']], [read?.['x'], read?.['y']]);
    await page.evaluate(() => (globalThis as unknown as EditorGlobal).RED.history.pop());
    assert.deepEqual([(await placed(page, 'twin-read')).length, (await placed(page, 'twin-query')).length], [1, 0], 'undo');

    // Nobody looks: nobody asks.
    await page.evaluate(() => document.querySelector<HTMLElement>('[data-tab-id="info"]')?.click());
    await page.waitForFunction(() => document.querySelector<HTMLElement>('.twinwire-twins')?.offsetParent === null);
    await page.waitForTimeout(300);
    const before = asked.length;
    assert.ok(before > 2);
    await page.waitForTimeout(1000);
    assert.equal(asked.length, before, 'asks while it is hidden');
    await page.click('[data-tab-id="twinwire-twins"]');
    await says(page, '.twinwire-twins-tree', /Filler 1/);
    await page.waitForRequest(/twinwire\/twins/);
    assert.deepEqual(editor?.complaints, []);
    assert.equal(await page.evaluate(() => (globalThis as { pwned?: number }).pwned), undefined);
  });

  /** Keys of a line's stations as its node lists them. @throws AssertionError unless the sidebar shows the same */
  const stations = async (page: Page, line: string): Promise<string[]> => {
    const { shown, listed } = await page.evaluate((id) => ({
      shown: [...document.querySelectorAll<HTMLElement>(`[data-line="${id}"] .twinwire-line-station .twinwire-twin-name`)].map((one) => /\((.*)\)$/.exec(one.title)?.[1] ?? one.title),
      listed: ((globalThis as unknown as EditorGlobal).RED.nodes.node(id)['stations'] as { key: string }[] | undefined ?? []).map(({ key }) => key),
    }), line);
    if (listed.length > 0) assert.deepEqual(shown, listed, 'shown and listed');
    return listed;
  };
  const running = async (): Promise<string[] | undefined> => {
    const answer = (await (await fetch(`${red?.url}/twin/api/lines?site=site`)).json()) as LinesAnswer;
    return answer.lines.find(({ key }) => key === 'line-1')?.line?.stations.map(({ key }) => key);
  };
  /** By the real mouse, in steps as a hand makes them. */
  const drag = async (page: Page, from: string, to: string, share: number): Promise<void> => {
    for (const place of [to, from]) await page.locator(place).scrollIntoViewIfNeeded();
    const [start, end] = [await page.locator(from).boundingBox(), await page.locator(to).boundingBox()];
    assert.ok(start !== null && end !== null, `${from} or ${to} cannot be seen`);
    await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
    await page.mouse.down();
    await page.mouse.move(end.x + end.width / 2, end.y + end.height * share, { steps: 6 });
  };

  it('puts the stations of a line in order: by drag, by keys, from the tree; undo, Deploy, and the line runs so', async () => {
    const page = editor?.page ?? (await open('light', 'en-US'));
    // Room for all of it.
    if (await page.isVisible('.red-ui-debug-content')) await page.click('[data-tab-id="debug"]');
    const at = (index: number, what = 'handle'): string => `[data-at="${what} line ${index}"]`;
    await says(page, '[data-line="line"]', /Filler 1[^]*Capper 1[^]*Wrapper 2/);
    assert.match(await says(page, '[data-line="line"]', /feeds/), /Order found by “feeds” relations/);
    assert.deepEqual(await stations(page, 'line'), []);
    assert.match(await page.$eval('[data-line="line"] .twinwire-twin-sign', (one) => one.getAttribute('aria-label') ?? ''), /^(?:Outside its range|Failure)$/);

    await drag(page, at(1), at(0), 0.2);
    await picture(page, 'line-drag-light');
    await page.mouse.up();
    assert.match(await says(page, '.twinwire-lines', /Capper 1 is now station 1 of 3/), /is now a list; they do not change it any more\. Press Deploy/);
    assert.deepEqual(await stations(page, 'line'), ['capper-1', 'filler-1', 'wrap-2']);

    // By keys; undo where the hand is.
    await page.keyboard.press('ArrowDown');
    assert.match(await says(page, '.twinwire-lines', /Capper 1 is now station 2 of 3/), /Press Deploy/);
    assert.equal(await page.evaluate(() => (document.activeElement as HTMLElement).dataset['at']), 'handle line 1');
    await page.keyboard.press('ArrowDown');
    await says(page, '.twinwire-lines', /Capper 1 is now station 3 of 3[^]*Check in twin-line how long parts take to Capper 1/);
    await page.keyboard.press('ArrowDown');
    assert.deepEqual(await stations(page, 'line'), ['filler-1', 'wrap-2', 'capper-1'], 'no further than the end');
    await page.keyboard.press('Control+z');
    await page.waitForFunction(() => document.querySelectorAll('[data-line="line"] .twinwire-twin-name')[2]?.textContent === 'Capper 1');
    assert.deepEqual(await stations(page, 'line'), ['filler-1', 'capper-1', 'wrap-2']);

    // From the tree to a place; Escape gives up, a click goes on being one.
    const tree = (name: string): string => `.twinwire-twin-button[title^="${name} "]`;
    await drag(page, tree('Wrapper 1'), '[data-line="line"] li:nth-child(2)', 0.2);
    await page.keyboard.press('Escape');
    await page.mouse.up();
    assert.equal((await stations(page, 'line')).length, 3, 'given up');
    await drag(page, tree('Wrapper 1'), '[data-line="line"] li:nth-child(2)', 0.2);
    await picture(page, 'line-drop-light');
    await page.mouse.up();
    assert.match(await says(page, '.twinwire-lines', /Wrapper 1 is now station 2 of 4 of Line 1/), /Press Deploy/);
    assert.deepEqual(await stations(page, 'line'), ['filler-1', 'wrap-1', 'capper-1', 'wrap-2']);
    await drag(page, tree('Wrapper 1'), '[data-line="line"] li:nth-child(4)', 0.9);
    await page.mouse.up();
    await says(page, '.twinwire-lines', /Wrapper 1 is now station 4 of 4/);
    assert.deepEqual(await stations(page, 'line'), ['filler-1', 'capper-1', 'wrap-2', 'wrap-1'], 'moved, not twice');
    await drag(page, tree('Wrapper 1'), '[data-line="odd-line"] li:nth-child(1)', 0.5);
    await page.mouse.up();
    await says(page, '.twinwire-lines', /Wrapper 1 belongs to another site/);
    await page.click(`.twinwire-twin-button:has(bdi:text-is('${hostile}'))`);
    await page.click('[data-does="add-station"]');
    await says(page, '.twinwire-twin-said', /onerror.*is now station 5 of 5 of Line 1\. Wire output 1 of its node to the line, too\. Press Deploy/);
    await says(page, '.twinwire-twin-drawer', /Station 5 of Line 1/);
    await page.click(at(2, 'remove'));
    await says(page, '.twinwire-lines', /Wrapper 2 is no station of Line 1 any more/);
    assert.equal(await page.evaluate(() => (document.activeElement as HTMLElement).dataset['at']), 'remove line 2');
    const wanted = ['filler-1', 'capper-1', 'wrap-1', 'odd'];
    assert.deepEqual(await stations(page, 'line'), wanted);
    await picture(page, 'line-light');

    // What does not fit is said and changes nothing.
    assert.match(await says(page, '[data-line="odd-line"]', /no such machine/), /listed twice/);
    await editor?.openDialog('line', true);
    await page.focus(at(0));
    await page.keyboard.press('ArrowDown');
    await says(page, '.twinwire-lines', /Close the open dialog first/);
    await editor?.cancel();
    const lock = (locked: boolean): Promise<void> => page.evaluate((value) => {
      const { RED } = globalThis as unknown as EditorGlobal;
      RED.nodes.workspace('tab')['locked'] = value;
      RED.events.emit('flows:change');
    }, locked);
    await lock(true);
    await says(page, '[data-line="line"]', /Its flow is locked/);
    assert.equal(await page.isVisible(at(0)), false);
    await lock(false);
    await page.waitForSelector(at(0));
    assert.deepEqual(await stations(page, 'line'), wanted);

    // A planted fault: a list that changed and is not shown.
    const plant = (): Promise<void> => page.evaluate(() => void ((globalThis as unknown as EditorGlobal).RED.nodes.node('line')['stations'] as unknown[]).reverse());
    await plant();
    await assert.rejects(stations(page, 'line'), /shown and listed/);
    await plant();

    assert.notDeepEqual(await running(), wanted, 'before Deploy');
    await page.click('#red-ui-header-button-deploy');
    await page.waitForFunction(() => !(globalThis as unknown as EditorGlobal).RED.nodes.dirty());
    let runs: string[] | undefined;
    for (const end = Date.now() + 20_000; JSON.stringify(runs) !== JSON.stringify(wanted) && Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
      red?.receive('filler-1', { payload: { pressure: 5 } });
      runs = await running().catch(() => undefined);
    }
    assert.deepEqual(runs, wanted, 'the line that runs');
    await page.waitForFunction(() => !/Press Deploy/.test(document.querySelector<HTMLElement>('[data-line="line"]')?.innerText ?? ''));
    assert.deepEqual(editor?.complaints, []);
    assert.equal(await page.evaluate(() => (globalThis as { pwned?: number }).pwned), undefined);
  });

  it('says what waits to be delivered, in German and on a dark screen', async () => {
    const page = await open('dark', 'de');
    await says(page, '.twinwire-twins-tree', /Capper 1[^]*Lernt/);
    await page.waitForSelector('.twinwire-waiting-sum[data-trouble="waits"]', { timeout: 20_000 });
    assert.equal(await page.$eval('.twinwire-waiting', (one) => (one as HTMLDetailsElement).open), false, 'folded');
    await page.click('.twinwire-waiting > summary');
    const told = await says(page, '.twinwire-waiting', /the database is being upgraded/);
    assert.match(told, /Noch zu liefern[^]*To InfluxDB[^]*\d+ warten, das älteste seit \d+ (?:Sekunde|Minute)/);
    await picture(page, 'waiting-dark-de');
    const over = await page.$eval('.twinwire-twins', (all) => [...all.querySelectorAll<HTMLElement>('*')]
      .filter((one) => one.offsetParent !== null && one.getBoundingClientRect().right > all.getBoundingClientRect().right + 1).map((one) => one.className));
    assert.deepEqual(over, [], 'over the edge');
    await page.setViewportSize({ width: 1000, height: 600 });
    await picture(page, 'small-dark-de');
    assert.ok(await page.$eval('.twinwire-twins-tree', (one) => one.clientHeight > 40), 'room for the tree');
    assert.deepEqual(editor?.complaints, []);
  });
});
