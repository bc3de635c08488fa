import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { buildPage } from '../../scripts/buildPage.ts';
import { MemoryStateStore } from '../../adapters/memory/memoryStore.ts';
import { SiteUsers } from '../../web/siteUsers.ts';
import { twinRoutes, type TwinRoutes } from '../../web/twinRoutes.ts';
import type { Machine, SiteSummary } from '../../contract/http.ts';
import { requireService } from '../services/requireService.ts';
import { openBrowser } from './openBrowser.ts';
import { MemoryPlant, machine, morning, property } from '../web/pageFixture.ts';
import { faultyReport } from '../web/readinessFixture.ts';

// What functions that run in the page find there; this file itself runs in Node and knows nothing of it.
interface PageElement {
  id: string;
  textContent: string | null;
  clientWidth: number;
  scrollWidth: number;
  width: number;
  height: number;
  parentElement: PageElement | null;
  getAttribute(name: string): string | null;
  closest(selector: string): PageElement | null;
  getClientRects(): { length: number };
  getContext(kind: '2d'): { getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray } };
}
declare const document: {
  activeElement: PageElement;
  documentElement: PageElement;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): PageElement[];
  dispatchEvent(event: Event): boolean;
};
declare const innerWidth: number;
declare const location: { hash: string };
type StyleName = 'color' | 'backgroundColor' | 'borderTopColor' | 'fill' | 'stroke' | 'outlineStyle';
declare function getComputedStyle(element: unknown, part?: string): Record<StyleName, string>;

const themes = ['light', 'dark'] as const;
const languages = ['en-US', 'de-DE'] as const;
const widths = [360, 768, 1280] as const;

interface Stage {
  plant: MemoryPlant;
  page: Page;
  context: BrowserContext;
  /** What the browser complained about. */
  errors: string[];
  port: number;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** How many watch now. */
  watching(): number;
}

describe('the page in a browser', function () {
  this.timeout(60_000);
  let folder: string;
  let browser: Browser;
  const stages: Stage[] = [];

  before(requireService('chromium'));
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twin-page-'));
    await buildPage(folder);
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const stage of stages.splice(0)) {
      await stage.context.close();
      await stage.stop();
    }
  });

  async function open(
    plant: MemoryPlant,
    { theme = 'light', language = 'en-US', width = 1280, query = '', ready = '.headline .look' }: {
      theme?: 'light' | 'dark'; language?: string; width?: number; query?: string; ready?: string;
    } = {},
  ): Promise<Stage> {
    let server: Server | undefined;
    let routes: TwinRoutes | undefined;
    let port = 0;
    const start = async (): Promise<void> => {
      routes = twinRoutes(plant, { folder, intervalMs: 20 });
      server = createServer(routes);
      await new Promise<void>((done) => server?.listen(port, '127.0.0.1', done));
      port = (server.address() as AddressInfo).port;
    };
    const stop = async (): Promise<void> => {
      routes?.close();
      server?.closeAllConnections();
      await new Promise((done) => (server?.listening ? server.close(done) : done(undefined)));
    };
    await start();
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: theme, locale: language, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`http://127.0.0.1:${port}/${query}`);
    await page.waitForSelector(ready);
    const stage: Stage = { plant, page, context, errors, port, stop, start, watching: () => routes?.watching ?? 0 };
    stages.push(stage);
    return stage;
  }

  /** Site time = the browser's, so that ages are small and steady. */
  const site = (count?: number): SiteSummary => morning(Date.now(), count);
  const overflow = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const sheetOverflow = (page: Page): Promise<number> => page.evaluate(() => {
    const found = document.querySelector('.sheet');
    return found ? found.scrollWidth - found.clientWidth : 1;
  });
  const textOf = async (page: Page, selector: string): Promise<string> =>
    ((await page.textContent(selector)) ?? '').replace(/[\u2066-\u2069]/g, '').replace(/\s+/g, ' ').trim();
  const contrast = (page: Page, selector: string): Promise<{ text: string; ratio: number }[]> => page.evaluate(contrastOf, selector);

  it('asks for a login on a phone, says who is in and offers what their role includes', async () => {
    const plant = new MemoryPlant(site());
    const users = await SiteUsers.open(new MemoryStateStore(), { nowMs: () => Date.now(), cost: { n: 16, r: 1, p: 1 } });
    await users.put({ name: 'Ann', role: 'operator', password: 'correct horse' });
    await users.put({ name: 'Wall', role: 'viewer', password: 'correct horse' });
    plant.siteGates.set('northfield', { users, readers: 'users' });
    users.onChange(() => plant.tell({ site: 'northfield' }));
    const { page, errors, context } = await open(plant, { width: 360, language: 'de-DE', theme: 'dark', ready: '.login' });
    const enter = async (name: string, password: string): Promise<void> => {
      await page.fill('#login-name', name);
      await page.fill('#login-password', password);
      await page.click('.login .main-button');
    };
    assert.equal(await page.locator('twin-machine-card').count(), 0);
    assert.ok((await overflow(page)) <= 0);
    for (const target of await page.locator('.login button, .login input:not([type=checkbox]), .login .tick').all()) {
      assert.ok(((await target.boundingBox())?.height ?? 0) >= 44, await target.innerText());
    }
    for (const { text, ratio } of await contrast(page, '.login h1, .login p, .login label, .login button')) assert.ok(ratio >= 4.5, `${text}: ${ratio}`);
    await enter('Ann', 'wrong');
    await page.waitForFunction(() => document.querySelector('.login .note')?.textContent !== '');
    assert.match(await textOf(page, '.login .note'), /Nicht angemeldet: Name oder Passwort stimmt nicht/);
    await enter('Ann', 'correct horse');
    await page.waitForSelector('.card');
    assert.match(await textOf(page, '.who'), /Ann · Bedienung Abmelden/);
    assert.ok((await overflow(page)) <= 0);
    await page.click('.who [aria-label="Eigenes Passwort ändern"]');
    const changeTo = async (current: string): Promise<void> => {
      await page.fill('#password-current', current);
      await page.fill('#password-next', 'better horse');
      await page.click('.login .main-button');
    };
    await changeTo('wrong');
    await page.waitForFunction(() => document.querySelector('.login .note')?.textContent !== '');
    assert.match(await textOf(page, '.login .note'), /Nicht geändert: Das jetzige Passwort stimmt nicht/);
    assert.ok((await overflow(page)) <= 0);
    await changeTo('correct horse');
    await page.waitForFunction(() => /Das Passwort ist geändert/.test(document.querySelector('.who')?.textContent ?? ''));
    await page.waitForSelector('.card');
    const [cookie] = await context.cookies();
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, 'Strict']);
    await page.locator('.card .open').first().click();
    await page.click('.why .main-button');
    assert.equal(await page.locator('#ack-name').count(), 0);
    await page.click('.acknowledge .main-button');
    await page.waitForFunction(() => /Quittiert von/.test(document.querySelector('.why .note')?.textContent ?? ''));
    assert.equal(plant.machine('northfield', 'northfield/filler')?.machine.openCase?.acknowledgedBy, 'Ann');
    // A new password ends the login while the page is open.
    await users.put({ name: 'Ann', role: 'operator', password: 'another horse' });
    await page.waitForSelector('.login');
    assert.match(await textOf(page, '.login'), /abgelaufen/);
    const at = plant.machine('northfield', 'northfield/filler')?.machine;
    if (at?.openCase) plant.put('northfield', { ...at, condition: 'case', openCase: { ...at.openCase, state: 'open' } });
    await enter('Wall', 'correct horse');
    await page.waitForSelector('.may-not');
    assert.equal(await page.locator('.why .main-button').count(), 0);
    await page.locator('.sheet .icon-button').click();
    await page.click('.who .quiet-button:has-text("Abmelden")');
    await page.waitForSelector('.login');
    assert.equal(await page.locator('twin-machine-card').count(), 0);
    assert.deepEqual(errors.filter((text) => !/40[13]/.test(text)), []);
  });

  let combinations = 0;
  for (const theme of themes) {
    for (const language of languages) {
      for (const width of widths) {
        it(`shows the plant: ${theme}, ${language}, ${width} px`, async () => {
          const { page, errors } = await open(new MemoryPlant(site(18)), { theme, language, width });
          const german = language.startsWith('de');
          assert.equal(await page.getAttribute('html', 'lang'), german ? 'de' : 'en-US');
          const headline = await textOf(page, 'h1');
          assert.match(headline, german ? /^12 von 18 Maschinen normal\. Bitte nach Filler sehen: Vibration höher als normal\./
            : /^12 of 18 machines normal\. Filler needs a look: vibration higher than normal\./);
          assert.match(await page.title(), /^\(2\) Twinwire$/);
          assert.equal(await page.locator('twin-machine-card').count(), 18);
          assert.deepEqual((await page.locator('.card h3').allTextContents()).slice(0, 3).map((name) => name.trim()), ['Filler', 'Sealer', 'Palletiser']);
          assert.ok((await overflow(page)) <= 0, 'the page is wider than the screen');
          const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
          const [red = 0] = /\d+/.exec(background)?.map(Number) ?? [];
          assert.ok(theme === 'dark' ? red < 60 : red > 200, background);
          // Nothing of the page stays untranslated and no placeholder open.
          assert.doesNotMatch(await textOf(page, 'twin-page'), /\{\w+\}|undefined|NaN|\[object/);
          await page.locator('.card .open').first().click();
          await page.waitForSelector('.chart canvas');
          assert.ok((await overflow(page)) <= 0, 'the details are wider than the screen');
          assert.ok((await sheetOverflow(page)) <= 0, 'the sheet is wider than itself');
          assert.doesNotMatch(await textOf(page, 'dialog'), /\{\w+\}|undefined|NaN|\[object/);
          for (const { text, ratio } of await contrast(page, 'dialog p, dialog dt, dialog dd span, dialog h2, dialog h3, dialog button')) {
            assert.ok(ratio >= 4.5, `"${text}" has a contrast of ${ratio.toFixed(2)}`);
          }
          await page.keyboard.press('Escape');
          await page.waitForSelector('dialog', { state: 'detached' });
          for (const { text, ratio } of await contrast(page, 'h1 span, h2, h3, .card p, .card dt, .card dd span, footer p, header p')) {
            assert.ok(ratio >= 4.5, `"${text}" has a contrast of ${ratio.toFixed(2)}`);
          }
          assert.deepEqual(errors, []);
          combinations += 1;
        });
      }
    }
  }

  it('was seen in every theme, language and width', () => {
    assert.equal(combinations, themes.length * languages.length * widths.length);
  });

  it('tells what is abnormal by letter, shape and words, and keeps colour out of what is normal', async () => {
    const { page } = await open(new MemoryPlant(site()));
    const filler = page.locator('.card').first();
    assert.equal((await filler.locator('.head .sign text').textContent())?.trim(), 'M');
    assert.match((await filler.textContent()) ?? '', /Maintenance needed[\s\S]*Vibration is 2\.31 mm\/s, higher than normal for this speed/);
    assert.equal(await filler.locator('.gauge').first().getAttribute('aria-label'), 'Vibration: 2.31\u00a0mm/s, above the normal 1.10 to 1.70');
    assert.equal(await filler.locator('.gauge.abnormal path.marker').count(), 2);
    const colours = await page.locator('.card.quiet').evaluateAll((cards) =>
      cards.flatMap((card) => [card, ...card.querySelectorAll('*')].flatMap((element) => {
        const style = getComputedStyle(element);
        return [style.color, style.backgroundColor, style.borderTopColor, style.fill, style.stroke];
      })),
    );
    assert.ok(colours.length > 100);
    for (const colour of new Set(colours)) {
      const [red, green, blue] = (/rgba?\((\d+), (\d+), (\d+)/.exec(colour) ?? []).slice(1).map(Number);
      if (red === undefined || green === undefined || blue === undefined) continue;
      assert.ok(Math.max(red, green, blue) - Math.min(red, green, blue) <= 40, `a normal machine shows ${colour}`);
    }
  });

  it('follows the plant live and keeps the keyboard’s place', async () => {
    const plant = new MemoryPlant({ ...site(), machines: [machine('a', 'Capper', Date.now()), machine('b', 'Rinser', Date.now())] });
    const { page, errors } = await open(plant);
    assert.equal(await textOf(page, 'h1'), 'All 2 machines are normal.');
    await page.locator('.open').nth(1).focus();
    const rinser = plant.sites[0]?.machines.find(({ key }) => key === 'b');
    assert.ok(rinser);
    plant.put('northfield', {
      ...rinser, condition: 'case', letter: 'M', sentence: 'Pressure is too low.',
      properties: [property('pressure', 'Pressure', 'bar', 4.1, 5.8, 6.2)],
      openCase: {
        id: 'c1', state: 'open', sinceMs: Date.now(), sentence: 'Pressure is too low.', letter: 'M', historical: false,
        signals: [{ property: 'pressure', share: 1, kind: 'deviation', value: 4.1, low: 5.8, high: 6.2 }],
      },
    });
    await page.waitForSelector('.card.is-case');
    await page.waitForFunction(() => document.activeElement.getAttribute('aria-label') === 'Details of Rinser');
    assert.equal(await textOf(page, 'h1'), '1 of 2 machines normal. Rinser needs a look: pressure lower than normal.');
    assert.equal(await page.getAttribute('h1', 'aria-live'), 'polite');
    plant.put('northfield', machine('c', 'Newcomer', Date.now()));
    await page.waitForFunction(() => document.querySelectorAll('twin-machine-card').length === 3);
    assert.deepEqual(errors, []);
  });

  it('says when the connection is lost and since when, and comes back by itself', async () => {
    const stage = await open(new MemoryPlant(site()), { width: 360 });
    const { page, plant } = stage;
    assert.equal(await textOf(page, '.lost'), '');
    await stage.stop();
    await page.waitForSelector('.lost p');
    assert.match(await textOf(page, '.lost'), /^No connection to Twinwire since \d\d:\d\d\. Values below are old\. Trying again by itself\.$/);
    assert.equal(await page.getAttribute('.lost', 'role'), 'alert');
    assert.equal(await textOf(page, '.link'), 'No connection');
    assert.ok((await overflow(page)) <= 0);
    // The sheet lies over everything, so it says so too, and takes no acknowledgement that could not be sent.
    await page.locator('.card .open').first().click();
    assert.match(await textOf(page, '.sheet-lost'), /^No connection to Twinwire since \d\d:\d\d\./);
    assert.equal(await page.getByRole('button', { name: 'I’m on it' }).isDisabled(), true);
    await page.keyboard.press('Escape');
    // What changed meanwhile is there at once after the return.
    const filler = plant.machine('northfield', 'northfield/filler')?.machine;
    assert.ok(filler);
    plant.put('northfield', { ...filler, condition: 'normal', letter: undefined, openCase: undefined });
    await stage.start();
    await page.waitForSelector('.lost p', { state: 'detached', timeout: 20_000 });
    assert.match(await textOf(page, 'h1'), /^3 of 6 machines normal\. Sealer needs a look/);
    assert.equal(await textOf(page, '.link'), 'Live');
  });

  it('gives its connection back while nobody looks, and is up to date when somebody does', async () => {
    const { page, plant, watching } = await open(new MemoryPlant(site()));
    const look = (state: 'hidden' | 'visible'): Promise<void> => page.evaluate((now) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, value: now });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
    assert.equal(watching(), 1);
    await page.clock.install();
    await look('hidden');
    await page.clock.runFor(31_000);
    while (watching() > 0) await new Promise((done) => setTimeout(done, 10));
    assert.equal(await page.title(), 'Twinwire');
    assert.equal(await textOf(page, '.lost'), '');
    const filler = plant.machine('northfield', 'northfield/filler')?.machine;
    assert.ok(filler);
    plant.put('northfield', { ...filler, condition: 'normal', letter: undefined, openCase: undefined });
    await look('visible');
    await page.waitForFunction(() => document.querySelector('h1')?.textContent?.includes('3 of 6'));
    assert.equal(await page.title(), '(1) Twinwire');
  });

  it('acknowledges in two taps, with a name that it remembers', async () => {
    const plant = new MemoryPlant(site());
    const { page, errors, context, port } = await open(plant, { width: 360 });
    await page.locator('.card .open').first().click();
    await page.getByRole('button', { name: 'I’m on it' }).click();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'ack-name');
    await page.getByRole('button', { name: 'Confirm' }).click();
    assert.match(await textOf(page, '.note'), /Enter your name/);
    assert.equal(plant.machine('northfield', 'northfield/filler')?.machine.openCase?.state, 'open');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'I’m on it' }).click();
    await page.locator('#ack-name').fill('<b>Ann</b>');
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.waitForFunction(() => document.querySelector('.note')?.textContent?.includes('Acknowledged'));
    assert.equal(await textOf(page, '.note'), 'Acknowledged by <b>Ann</b>.');
    assert.equal(plant.machine('northfield', 'northfield/filler')?.machine.openCase?.acknowledgedBy, '<b>Ann</b>');
    assert.equal(await page.locator('dialog b').count(), 0);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    assert.match(await textOf(page, 'h1'), /2 machines are being looked after/);
    assert.deepEqual(errors, []);
    const other = await context.newPage();
    const fresh = new MemoryPlant(site());
    plant.sites = fresh.sites;
    await other.goto(`http://127.0.0.1:${port}/`);
    await other.locator('.card .open').first().click();
    await other.getByRole('button', { name: 'I’m on it' }).click();
    assert.equal(await other.inputValue('#ack-name'), '<b>Ann</b>');
  });

  it('says why an acknowledgement was refused', async () => {
    const plant = new MemoryPlant(site());
    const { page } = await open(plant, { language: 'de-DE' });
    await page.locator('.card .open').first().click();
    await page.getByRole('button', { name: 'Ich kümmere mich' }).click();
    await page.locator('#ack-name').fill('Ann');
    // Cleared while the person was typing; the page has not heard of it yet.
    const at = plant.sites[0]?.machines.find(({ key }) => key === 'northfield/filler');
    assert.ok(at);
    plant.sites[0]!.machines = plant.sites[0]!.machines.map((one) => (one === at ? { ...at, openCase: undefined } : one));
    await page.getByRole('button', { name: 'Bestätigen' }).click();
    await page.waitForFunction(() => document.querySelector('.note')?.textContent?.includes('Nicht quittiert'));
    assert.match(await textOf(page, '.note'), /TWIN_CASE_OVER/);
    assert.equal(await page.inputValue('#ack-name'), 'Ann');
  });

  it('works by keyboard alone, and every target is big enough for a glove', async () => {
    const { page } = await open(new MemoryPlant(site()), { width: 360 });
    // A key goes to the page in front, and other tests leave pages behind in this browser.
    await page.bringToFront();
    await page.waitForSelector('.card .open');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Details of Filler');
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement, '::after').outlineStyle);
    assert.equal(ring, 'solid');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.chart canvas');
    assert.match(page.url(), /#site=northfield&key=northfield%2Ffiller$/);
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'details-name');
    const sizes = await page.locator('dialog button, dialog select').evaluateAll((all) =>
      all.map((element) => {
        const { width, height } = element.getBoundingClientRect();
        return { what: element.textContent?.trim().slice(0, 20), width, height };
      }),
    );
    assert.ok(sizes.length >= 7);
    for (const { what, width, height } of sizes) assert.ok(width >= 44 && height >= 44, `${what}: ${width} × ${height}`);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Details of Filler');
    assert.doesNotMatch(page.url(), /#/);
    const cards = await page.locator('.card').evaluateAll((all) => all.map((card) => card.getBoundingClientRect().height));
    for (const height of cards) assert.ok(height >= 44);
  });

  it('shows a machine over time, its neighbours, and another value or span on demand', async () => {
    const plant = new MemoryPlant(site());
    const asked: number[] = [];
    const detail = plant.detail.bind(plant);
    plant.detail = (siteId, key, minutes) => {
      asked.push(minutes);
      return detail(siteId, key, minutes);
    };
    const { page, errors } = await open(plant, { query: '#site=northfield&key=northfield/filler' });
    await page.waitForSelector('.chart canvas');
    assert.match((await page.getAttribute('.chart', 'aria-label')) ?? '', /^Vibration, 1 hour: lowest [\d.]+, highest [\d.]+\smm\/s, now [\d.]+\smm\/s\.$/);
    const painted = await page.evaluate(() => {
      const canvas = document.querySelector('.chart canvas');
      const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
      return new Set(Array.from({ length: Math.floor(data.length / 4) }, (_, index) => data.slice(index * 4, index * 4 + 4).join())).size;
    });
    assert.ok(painted > 20, 'the chart is drawn');
    await page.getByRole('button', { name: '8 hours' }).click();
    await page.waitForFunction(() => document.querySelector('.chart')?.getAttribute('aria-label')?.includes('8 hours'));
    assert.ok(asked.includes(60) && asked.includes(480));
    await page.selectOption('.pick select', 'temperature');
    await page.waitForFunction(() => document.querySelector('.chart')?.getAttribute('aria-label')?.startsWith('Gear temperature'));
    await page.locator('.chart').hover({ position: { x: 300, y: 100 } });
    await page.waitForFunction(() => /°C/.test(document.querySelector('.readout')?.textContent ?? ''));
    await page.getByRole('button', { name: /Feeds .*Sealer/ }).click();
    await page.waitForFunction(() => document.querySelector('#details-name')?.textContent?.trim() === 'Sealer');
    await page.getByRole('button', { name: /Fed by .*Filler/ }).waitFor();
    await page.goBack();
    await page.waitForFunction(() => document.querySelector('#details-name')?.textContent?.trim() === 'Filler');
    assert.deepEqual(errors, []);
  });

  it('says that a machine is gone, and that its past cannot be had', async () => {
    const plant = new MemoryPlant(site());
    plant.detail = async () => { throw new Error('no history'); };
    const { page } = await open(plant, { query: '#site=northfield&key=northfield/filler' });
    await page.getByText('The past cannot be shown now.').waitFor();
    await page.evaluate(() => { location.hash = '#site=northfield&key=nobody'; });
    await page.getByText('This machine is no longer there.').waitFor();
  });

  it('stays whole with hostile names', async () => {
    const hostile = [
      '<img src=x onerror="document.title=\'taken\'">', '"><script>document.title=\'taken\'</script>', 'מכונה \u202e evil \u202c',
      '\u202e'.repeat(50) + 'reversed',
      '🏭🔧👩‍🏭', 'x'.repeat(10_000), 'word '.repeat(2_000), '__proto__',
      '${1+1} {name} {count}', '\u0000\u0007\n\ttabs', 'java' + 'script:document.title=1',
    ];
    const now = Date.now();
    const machines = hostile.map((name, index): Machine =>
      machine(index === 7 ? '__proto__' : `${name.slice(0, 200)}/${index}`, name, now, {
        path: [name, name], type: name, state: name, sentence: name, condition: index % 2 ? 'case' : 'normal', letter: index % 2 ? 'F' : undefined,
        properties: [property(name, name, name, 5, 1, 2), { name: 'text', label: name, unit: name, value: name, quality: 'bad', stale: true, abnormal: false }],
        ...(index % 2
          ? {
              openCase: {
                id: name, state: 'open' as const, sinceMs: now, sentence: name, letter: 'F' as const, historical: false,
                signals: [{ property: name, share: 1, kind: 'deviation' as const, value: 5, low: 1, high: 2 }],
              },
            }
          : {}),
      }),
    );
    for (const width of [360, 1280]) {
      const { page, errors } = await open(new MemoryPlant({ ...site(), name: hostile[0] ?? '', machines, links: [] }), { width });
      assert.equal(await page.locator('twin-machine-card').count(), hostile.length);
      await page.click('.fold summary');
      assert.ok((await overflow(page)) <= 0, `wider than ${width} px`);
      const tallest = await page.locator('.card').evaluateAll((cards) => Math.max(...cards.map((card) => card.getBoundingClientRect().height)));
      assert.ok(tallest < 1500, `a card of ${tallest} px`);
      for (let index = 0; index < hostile.length; index += 1) {
        await page.locator('.card .open').nth(index).click();
        await page.waitForSelector('dialog .figure:not([hidden])');
        assert.ok((await overflow(page)) <= 0);
        assert.ok((await sheetOverflow(page)) <= 0, `sheet of machine ${index}`);
        await page.keyboard.press('Escape');
        await page.waitForSelector('dialog', { state: 'detached' });
      }
      assert.equal(await page.locator('twin-page img, twin-page script, twin-page iframe').count(), 0);
      assert.doesNotMatch(await page.title(), /taken/);
      assert.deepEqual(errors, []);
    }
  });

  it('tells what to do while there is no machine, and says how far the learning is', async () => {
    const plant = new MemoryPlant({ ...site(), machines: [] });
    const { page } = await open(plant, { query: '?lang=de' });
    assert.equal(await textOf(page, 'h1'), 'Noch keine Maschine.');
    assert.match(await textOf(page, '.empty'), /^Einen Knoten twin-asset in einen Flow setzen\..*hineinführen\..*Deploy/);
    const learning: Machine['learning'] = { phase: 'learning', percent: 40, missing: [{ code: 'rows', missing: 60 }] };
    plant.put('northfield', machine('a', 'Capper', Date.now(), { condition: 'learning', learning }));
    await page.waitForSelector('twin-machine-card');
    assert.match(await textOf(page, '.card'), /Lernt, was normal ist: 40 % Es braucht noch 60 Werte\./);
    assert.equal(await page.locator('.card progress').getAttribute('value'), '40');
  });

  it('shows the site’s own time where it runs faster', async () => {
    const plant = new MemoryPlant({ ...site(), clock: 'accelerated', rate: 60 });
    const { page } = await open(plant);
    assert.match(await textOf(page, '.site-line'), /^Northfield plant\s?·?\s?Site time \d\d:\d\d:\d\d\s?·?\s?runs 60 × faster$/);
    const seconds = async (): Promise<number> => {
      const [, hours, minutes, second] = /(\d\d):(\d\d):(\d\d)/.exec(await textOf(page, '.site-clock')) ?? [];
      return Number(hours) * 3600 + Number(minutes) * 60 + Number(second);
    };
    const first = await seconds();
    await page.waitForFunction((before) => document.querySelector('.site-clock')?.textContent !== before, await page.textContent('.site-clock'));
    assert.ok(((await seconds()) - first + 86_400) % 86_400 >= 30);
  });

  it('says whether the data is good enough, on a phone and on paper', async () => {
    const plant = Object.assign(new MemoryPlant(site()), { readiness: () => [faultyReport('de')] });
    const { page, errors } = await open(plant, { theme: 'dark', language: 'de-DE', width: 360, query: '#readiness', ready: '.report-twin' });
    assert.match(await textOf(page, '.report-twin'), /^Labeller <b>2<\/b>\s?C schwach /);
    assert.match(await textOf(page, '.report-twin tbody tr'), /noisy D unbrauchbar Sieht seit .* nach anderer Einheit .*°C → °F/);
    assert.ok((await overflow(page)) <= 0);
    for (const { text, ratio } of await contrast(page, '.report h1, .report h2, .report p, .report td, .report dd, .grade')) assert.ok(ratio >= 4.5, `${text}: ${ratio}`);
    for (const target of await page.locator('.report-bar a, .report-bar button').all()) assert.ok(((await target.boundingBox())?.height ?? 0) >= 44);
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 688, height: 970 });
    assert.equal(await page.locator('.report-bar').isVisible(), false);
    assert.ok((await overflow(page)) <= 0);
    // Black on white, whatever the screen is.
    for (const { text, ratio } of await contrast(page, '.report h1, .report td')) assert.ok(ratio >= 12, `${text}: ${ratio}`);
    const pages = (await page.pdf({ format: 'A4' })).toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    assert.ok(pages >= 1 && pages <= 2, `${pages} sheets`);
    await page.emulateMedia({ media: 'screen' });
    await page.click('.report-bar a');
    await page.waitForSelector('.card');
    assert.deepEqual(errors, []);
  });

  it('keeps several sites apart', async () => {
    const south = { ...site(), id: 'south', name: 'Southfield' };
    const { page } = await open(new MemoryPlant(site(), south, { ...site(), id: 'west', name: 'Westfield', machines: [] }));
    assert.deepEqual(await page.locator('.site-head .site-name').allTextContents(), ['Northfield plant', 'Southfield', 'Westfield']);
    assert.match(await textOf(page, 'h1'), /^4 of 12 machines normal\. 4 machines need a look: Filler, Filler, Sealer,? and Sealer\./);
    assert.match(await textOf(page, '.site:nth-of-type(3)'), /No machine on this site yet/);
    await page.locator('.site').nth(1).locator('.open').first().click();
    assert.match(page.url(), /site=south/);
  });
});

/** Runs in the page: the contrast of every shown text against what lies behind it, WCAG 2.2, 1.4.3. */
function contrastOf(selector: string): { text: string; ratio: number }[] {
  const parse = (colour: string): [number, number, number, number] => {
    const [red = 0, green = 0, blue = 0, alpha = 1] = colour.match(/[\d.]+/g)?.map(Number) ?? [];
    return [red, green, blue, alpha];
  };
  const light = ([red, green, blue]: readonly number[]): number => {
    const [r = 0, g = 0, b = 0] = [red ?? 0, green ?? 0, blue ?? 0].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const results: { text: string; ratio: number }[] = [];
  for (const element of document.querySelectorAll(selector)) {
    const text = element.textContent?.trim() ?? '';
    if (!text || element.closest('.visually-hidden') || element.getClientRects().length === 0) continue;
    let behind: PageElement | null = element;
    let ground: [number, number, number, number] = [255, 255, 255, 0];
    while (behind && ground[3] < 1) {
      ground = parse(getComputedStyle(behind).backgroundColor);
      behind = behind.parentElement;
    }
    const [one, two] = [light(parse(getComputedStyle(element).color)), light(ground)];
    results.push({ text: text.slice(0, 30), ratio: (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05) });
  }
  return results;
}
