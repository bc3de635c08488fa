/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { startNodeRed, type FlowNode, type NodeRed } from '../flows/startNodeRed.ts';
import { requireService } from '../services/requireService.ts';
import { EditorPage, type Language, type Theme } from './editorPage.ts';
import { openBrowser } from './openBrowser.ts';

const properties = [
  { name: 'speed', label: 'Speed', unit: '/min', valueKind: 'setpoint' },
  { name: 'current', label: 'Motor current', unit: 'A', valueKind: 'measured' },
  { name: 'oil_temperature', label: 'Oil temperature', unit: 'Cel', valueKind: 'measured', high: '80' },
  { name: 'pressure', label: 'Pressure', unit: 'bar', valueKind: 'measured' },
  { name: 'cycles', label: 'Cycles', valueKind: 'counter' },
];

/** The editor's page is ready when it knows a node of this id. */
const idOf = (number: number): string => (number === 1 ? 'twin-asset' : `press${number}`);

function press(number: number): FlowNode[] {
  return [
    {
      id: idOf(number), type: 'twin-asset', z: 'tab', x: 100, y: 60 * number, site: 'site', assetType: 'type', key: `press${number}`, name: `Press ${number}`,
      place: 'hall', together: 0, wires: [['baseline'], ['events']],
    },
  ];
}

const flow: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Presses' },
  { id: 'site', type: 'twin-site', name: 'Plant', clock: 'accelerated', clockRate: '1000' },
  { id: 'type', type: 'twin-type', name: 'press', version: 1, properties },
  ...press(1), ...press(2),
  { id: 'events', type: 'debug', z: 'tab', x: 300, y: 160, active: false, wires: [] },
  { id: 'baseline', type: 'twin-baseline', z: 'tab', x: 300, y: 60, site: 'site', wires: [['anomaly']] },
  { id: 'anomaly', type: 'twin-anomaly', z: 'tab', x: 500, y: 60, site: 'site', wires: [[]] },
];

describe('a type that changes while its machines run', function () {
  this.timeout(90_000);
  let browser: Browser | undefined;
  let red: NodeRed | undefined;
  let editor: EditorPage | undefined;

  before(requireService('chromium'));
  before(async () => {
    red = await startNodeRed({ flow });
    browser = await openBrowser();
    await teach(red);
  });
  after(async () => {
    await editor?.close();
    await browser?.close();
    await red?.stop();
  });

  const open = async (theme: Theme, language: Language): Promise<Page> => {
    await editor?.close();
    editor = await EditorPage.open(browser as Browser, (red as NodeRed).url, theme, language);
    await editor.openDialog('type');
    return editor.page;
  };
  const says = async (page: Page, part: string, wanted: RegExp): Promise<string> => {
    await page.waitForFunction(
      ([host, source]) => new RegExp(source).test(document.querySelector(`.twinwire-dialog [data-part="${host}"]`)?.textContent ?? ''),
      [part, wanted.source] as const,
    );
    return page.$eval(`.twinwire-dialog [data-part="${part}"]`, (element) => (element as HTMLElement).innerText);
  };
  const field = (page: Page, row: number, column: string) => page.locator(`.twinwire-dialog .twinwire-list-row >> nth=${row}`).locator(`[data-column="${column}"]`);
  const deploy = async (page: Page): Promise<void> => {
    await editor?.done();
    await page.click('#red-ui-header-button-deploy');
  };
  const migrated = (number: number, to: string) =>
    (red as NodeRed).message(idOf(number), (message, port) => {
      const event = message['event'] as { kind?: string; to?: string } | undefined;
      return port === 1 && event?.kind === 'migrated' && event.to === to;
    });

  it('is shown before it happens, in words, for each machine; nothing happens before Deploy', async () => {
    const page = await open('dark', 'de');
    assert.match(await says(page, 'versions', /Ausgabe 1/), /jetzt: Press 1, Press 2/);
    await field(page, 2, 'unit').fill('[degF]');
    await field(page, 3, 'name').fill('oil_pressure');
    await page.click('.twinwire-dialog .twinwire-list-add');
    await field(page, 5, 'name').fill('vibration');
    await says(page, 'change', /2 Maschinen: alles|2 Maschinen: 5 von 5 Signalen bleiben; neu: vibration/);
    assert.match(await says(page, 'change', /Bitte angeben/), /Einheit von Oil temperature/);
    await page.click('.twinwire-dialog [data-part="change"] input[value="values"]');
    const shown = await says(page, 'change', /umgerechnet: Oil temperature/);
    assert.match(shown, /2 Maschinen: 5 von 5 Signalen bleiben; in die neue Einheit umgerechnet: Oil temperature; neu: vibration \(etwa .* normaler Betrieb\)\./);
    assert.match(shown, /Ausgabe 2/);
    await page.click('.twinwire-dialog [data-part="change"] summary');
    assert.match(await says(page, 'change', /Hieß bisher pressure/), /Das Gelernte wird von °C in °F umgerechnet/);
    assert.deepEqual(await editor?.missingTexts(), []);
    assert.deepEqual(await editor?.cutTexts(), []);
    await deploy(page);
    const told = await migrated(1, 'press@2');
    assert.match(String(told.message['payload']), /^Press 1 is press@2 now \(was press@1\): 5 of 5 signals kept; converted to the new unit: Oil temperature; new: vibration/);
    await migrated(2, 'press@2');
    assert.deepEqual(editor?.complaints, []);
  });

  it('goes back to an earlier version, and each machine gets back what it had learned then', async () => {
    const page = await open('light', 'en-US');
    await says(page, 'versions', /Version 2/);
    assert.match(await says(page, 'versions', /Version 1/), /added: vibration; renamed: pressure → oil_pressure; other unit: Oil temperature/);
    await page.click('.twinwire-dialog [data-part="versions"] button');
    const shown = await says(page, 'change', /comes back/);
    // Two machines that were changed in the same minute share a line.
    assert.match(shown, /^(?:2 machines|Press 1): what was learned by .* UTC comes back; 5 of 6 signals kept; gone: vibration\./);
    assert.equal(await field(page, 3, 'name').inputValue(), 'pressure');
    assert.deepEqual(await editor?.cutTexts(), []);
    await deploy(page);
    const told = await migrated(1, 'press@1');
    assert.match(String(told.message['payload']), /is press@1 now .* comes back/);
    const header = told.message['twin'] as { type?: string };
    assert.equal(header.type, 'press@1');
    assert.deepEqual(red?.complaints(), []);
    assert.deepEqual(editor?.complaints, []);
  });
});

/** Normal running, about a second of the plant's time between two rows. */
async function teach(red: NodeRed): Promise<void> {
  for (let index = 0; index < 400; index += 1) {
    for (const number of [1, 2]) {
      const speed = 900 + 100 * ((index >> 4) % 4);
      red.receive(idOf(number), { payload: { speed, current: speed / 100 + Math.sin(index * 1.7), oil_temperature: 60 + Math.sin(index * 2.3), pressure: 4 + Math.cos(index), cycles: index } });
    }
    if (index % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await red.until(() => red.sent.filter(({ from }) => from === 'baseline').length >= 800, 'the machines to have learned');
}
