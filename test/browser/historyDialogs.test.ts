// What runs inside the page is written here as well, so this file knows the browser's names.
/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import { siteFolder } from '../../contract/siteFolder.ts';
import { verdictSeries } from '../../engine/site/verdictRecord.ts';
import { startNodeRed, type FlowNode, type NodeRed } from '../flows/startNodeRed.ts';
import { requireService } from '../services/requireService.ts';
import { EditorPage } from './editorPage.ts';
import { openBrowser } from './openBrowser.ts';

const dayMs = 86_400_000;
const z = 'plant';

const flow: FlowNode[] = [
  { id: z, type: 'tab', label: 'Plant' },
  { id: 'site', type: 'twin-site', name: 'Plant' },
  { id: 'type', type: 'twin-type', name: 'press', version: 1, properties: [{ name: 'temperature', unit: 'Cel', valueKind: 'measured' }, { name: 'force', unit: 'kN', valueKind: 'measured' }] },
  { id: 'influx', type: 'twin-influxdb', url: '' },
  { id: 'asset', type: 'twin-asset', z, x: 100, y: 100, site: 'site', assetType: 'type', key: 'press3', name: 'Press 3', place: 'acme/hamburg/hall2/line1', wires: [['baseline', 'history'], []] },
  { id: 'baseline', type: 'twin-baseline', z, x: 300, y: 100, site: 'site', wires: [['anomaly']] },
  { id: 'anomaly', type: 'twin-anomaly', z, x: 500, y: 100, site: 'site', wires: [[]] },
  { id: 'history', type: 'twin-history', z, x: 300, y: 200, site: 'site', influxdb: 'influx', wires: [[]] },
  { id: 'replay', type: 'twin-replay', z, x: 100, y: 200, site: 'site', source: 'history', recompute: true, wires: [['asset']] },
];

/**
 * Two weeks of verdicts: twelve faults, of which five at the usual setting: two as an earlier version kept them, two drifts, of 3 and 12 %, and one that
 * stands still.
 */
async function recorded(folder: string): Promise<void> {
  const store = openSiteStore(folder);
  const series = verdictSeries('press3');
  const now = Date.now();
  const points = [];
  const values: readonly (number | string)[] = [0.5, 0.5, 'd0.5@2', 'd0.5@10', 'k0.5@50'];
  for (let timeMs = now - 14 * dayMs; timeMs < now; timeMs += 1_800_000) points.push({ ...series, timeMs, value: 1000, quality: 'good' as const });
  for (let fault = 0; fault < 12; fault += 1) {
    const timeMs = now - 13 * dayMs + fault * dayMs + 60_000;
    points.push({ ...series, timeMs, value: values[fault] ?? 20, quality: 'good' as const }, { ...series, timeMs: timeMs + 300_000, value: 1000, quality: 'good' as const });
  }
  await store.historian.write(points);
  await store.close();
}

describe('the dialogs of history', function () {
  this.timeout(60_000);
  let browser: Browser;
  let red: NodeRed;
  const userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-history-dialogs-'));

  before(requireService('chromium'));
  before(async function () {
    this.timeout(90_000);
    await recorded(path.join(userDir, siteFolder('Plant', '')));
    red = await startNodeRed({ flow, userDir });
    red.receive('asset', { payload: { temperature: 61.4, force: 812 } });
    await red.until(() => red.sent.some(({ from }) => from === 'baseline'), 'an expectation');
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function look(editor: EditorPage, id: string, name: string, at: (page: EditorPage['page']) => Promise<void>, folded = false): Promise<void> {
    await editor.openDialog(id, folded);
    await at(editor.page);
    const pictures = process.env['TWINWIRE_PICTURES'];
    if (pictures !== undefined) await editor.page.screenshot({ path: path.join(pictures, `${id}-${name}.png`) });
    assert.deepEqual([await editor.missingTexts(), await editor.cutTexts(), editor.complaints], [[], [], []]);
    await editor.page.click('#node-dialog-cancel');
    await editor.page.waitForSelector('.twinwire-dialog', { state: 'detached' });
  }

  for (const [theme, language] of [['light', 'en-US'], ['dark', 'de']] as const) {
    it(`three lines that follow what is typed, what a setting would have raised, a replay of history: ${theme}, ${language}`, async () => {
      const editor = await EditorPage.open(browser, red.url, theme, language, 'asset');
      const name = `${theme}-${language}`;
      const { page } = editor;
      const shows = (part: string, wanted: string): Promise<unknown> =>
        page.waitForFunction(([of, each]) => document.querySelector(`.twinwire-dialog [data-part="${of}"]`)?.textContent?.includes(each), [part, wanted] as const);
      try {
        await look(editor, 'history', name, async () => {
          await shows('preview', 'press,twin=press3,path=acme/hamburg/hall2/line1/press3 temperature=61.4,force=812');
          assert.equal(await page.locator('[data-part="preview"] > code').count(), 3);
          await page.selectOption('#node-input-tags', 'levels');
          await shows('preview', ',enterprise=acme,site=hamburg,area=hall2,work_center=line1,work_unit=press3 ');
          await page.fill('#node-input-measurement', 'plant_{type}');
          await shows('preview', 'plant_press,');
          await page.selectOption('#node-input-write', 'change');
          // A type with a measurement of its own goes before.
          await page.click('.twinwire-dialog [data-part="types"] .twinwire-list-add');
          await page.fill('.twinwire-dialog [data-part="types"] input >> nth=0', 'press');
          await page.click('.twinwire-dialog [data-part="types"] .twinwire-list-row button >> nth=0');
          await page.fill('.twinwire-dialog [data-part="types"] input >> nth=3', 'presses');
          await shows('preview', 'presses,');
          await page.evaluate(() => document.querySelector('.twinwire-dialog [data-part="preview"]')?.scrollIntoView({ block: 'center' }));
        });
        await look(editor, 'anomaly', name, async () => {
          const would = (count: number): string => (language === 'de' ? `14 Tagen hätte diese Einstellung ${count} Fälle gemeldet` : `14 days this setting would have raised ${count} cases`);
          await shows('backTest', would(5));
          await page.fill('.twinwire-dialog [data-part="rate-number"]', '30');
          await shows('backTest', would(12));
          await page.fill('.twinwire-dialog [data-part="rate-number"]', '1');
          await shows('backTest', would(5));
          await page.selectOption('#node-input-smallestChange', '5');
          await shows('backTest', would(4));
          // The fold is closed until somebody asks for it.
          assert.equal(await page.locator('.twinwire-dialog details.twinwire-more[open]').count(), 0);
          await page.click('.twinwire-dialog details.twinwire-more > summary');
          assert.deepEqual([await page.isVisible('#node-input-detectors'), await page.isVisible('#node-input-drifts')], [true, false]);
          await page.selectOption('#node-input-detectors', 'chosen');
          await page.uncheck('#node-input-drifts');
          await shows('backTest', would(3));
          await page.check('#node-input-deep');
          await shows('backTest', language === 'de' ? 'sobald es gelaufen ist' : 'once it has run');
          const phases = page.locator('.twinwire-dialog [data-part="phases"]');
          assert.equal(await phases.locator('li').count(), 4);
          assert.match(await phases.locator('[aria-current="step"]').innerText(), language === 'de' ? /Grundwache/ : /Guard/);
          assert.match(await phases.innerText(), language === 'de' ? /stehende Werte werden ab dem ersten Wert überwacht/ : /stand still are watched from the first value/);
        }, true);
        await look(editor, 'baseline', name, async () => {
          await shows('progress', language === 'de' ? 'Grundwache' : 'Guard');
          const versions = page.locator('.twinwire-versions');
          await versions.locator('summary').click();
          await page.locator('.twinwire-versions[open]').waitFor();
          await versions.locator('button[data-own^="keep"]').click();
          await page.locator('.twinwire-versions[open] .twinwire-version').first().waitFor();
          await page.locator('.twinwire-versions[open] button[data-own^="back"]').first().click();
          await shows('progress', language === 'de' ? 'weiß wieder' : 'knows again');
        }, true);
        await look(editor, 'replay', name, async () => {
          assert.deepEqual(await Promise.all(['from', 'warmUp', 'file'].map((field) => page.isVisible(`#node-input-${field}`))), [true, true, false]);
        });
      } finally {
        await editor.close();
      }
    });
  }

  for (const [theme, language, width] of [['light', 'en-US', 360], ['dark', 'de', 1200]] as const) {
    it(`the page shows what another setting would have raised: ${theme}, ${language}, ${width} px`, async () => {
      const context = await browser.newContext({ viewport: { width, height: 900 }, locale: language, colorScheme: theme, deviceScaleFactor: 2 });
      try {
        const page = await context.newPage();
        await page.goto(`${red.url}/twin/#${new URLSearchParams({ site: 'site', key: 'press3' }).toString()}`);
        const trial = page.locator('twin-back-test');
        await trial.locator('summary').click();
        const cases = (lane: string): Promise<number> => trial.locator(`svg.${lane} rect.case`).count();
        await trial.locator('svg.would').waitFor();
        assert.deepEqual([await cases('would'), await cases('raised')], [5, 0]);
        const at = performance.now();
        await trial.locator('button.choice').last().click();
        await page.waitForFunction(() => document.querySelectorAll('twin-back-test svg.would rect.case').length === 12);
        assert.ok(performance.now() - at < 5000);
        assert.match(await trial.locator('.trial-answer').innerText(), /12/);
        // Nothing sticks out of a phone.
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
        const pictures = process.env['TWINWIRE_PICTURES'];
        if (pictures !== undefined) await trial.screenshot({ path: path.join(pictures, `page-${theme}-${language}.png`) });
      } finally {
        await context.close();
      }
    });
  }
});
