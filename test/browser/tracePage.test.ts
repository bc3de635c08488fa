import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { MemoryGraphStore } from '../../adapters/memory/memoryGraph.ts';
import { MemoryHistorian } from '../../adapters/memory/memoryStore.ts';
import type { GraphElement, GraphElements, GraphPageAnswer, GraphQuestion } from '../../contract/graph.ts';
import type { Fact, GraphChange } from '../../engine/ports.ts';
import { requireService } from '../services/requireService.ts';
import { PageTheatre, type PageStage, type StageOptions } from './pageStage.ts';

declare const innerWidth: number;
declare const location: { hash: string };
declare const counted: { clicks: number };
declare const document: {
  addEventListener(type: 'click', listener: (event: { isTrusted: boolean }) => void, capture: boolean): void;
  querySelector(selector: string): { innerText: string }; documentElement: { scrollWidth: number }; activeElement: { className: string; textContent: string } };
declare function getComputedStyle(element: unknown): { color: string; backgroundColor: string };

const hour = 3_600_000;
const minute = 60_000;

/** Three cartons of two film lots; the last one is scrap. */
async function cartons(nowMs: number): Promise<{ ask(question: GraphQuestion): Promise<GraphPageAnswer>; elements(contains: string): Promise<GraphElements> }> {
  const historian = new MemoryHistorian();
  const store = new MemoryGraphStore(historian);
  const types: Record<string, string> = {
    filler: 'work unit', sealer: 'work unit', 'film 7': 'material lot', 'film 8': 'material lot', Anna: 'operator', 'W-1': 'maintenance order', 'C-1': 'part', 'C-2': 'part', 'C-3': 'part',
    '<img src=x onerror=alert(1)>': 'tool', Ben: 'operator', Cleo: 'operator', chiller: 'work unit',
  };
  const day = 24 * hour;
  const shift = (operator: string): Fact => ({ subject: 'filler', relation: 'operated by', object: operator, validFromMs: nowMs - 400 * day, validToMs: nowMs - 10 * day,
    recordedMs: nowMs - 399 * day, source: operator });
  const say = (subject: string, relation: string, object: string, agoMs: number, lastsMs?: number): GraphChange => {
    const fact: Fact = { subject, relation, object, validFromMs: nowMs - agoMs, recordedMs: nowMs, source: 'test', ...(lastsMs !== undefined && { validToMs: nowMs - agoMs + lastsMs }) };
    return { kind: 'assert', fact };
  };
  const refused = await store.change([
    ...Object.entries(types).map(([key, type]): GraphChange => ({ kind: 'element', element: { key, type, name: '' }, recordedMs: 0 })),
    say('filler', 'feeds', 'sealer', 60 * hour), say('sealer', 'operated by', 'Anna', 3 * hour), say('sealer', 'serviced by', 'W-1', 5 * hour, hour),
    say('sealer', 'uses', '<img src=x onerror=alert(1)>', 9 * hour),
    ...['C-1', 'C-2', 'C-3'].flatMap((carton, index) => [
      say(carton, 'produced by', 'sealer', (30 - 10 * index) * minute, minute), say(carton, 'made from', index === 0 ? 'film 7' : 'film 8', (30 - 10 * index) * minute),
    ]),
    // For a year it was believed that Ben ran the filler; five days ago that was put right.
    { kind: 'assert', fact: shift('Ben') }, { kind: 'retract', fact: shift('Ben'), recordedMs: nowMs - 5 * day }, { kind: 'assert', fact: { ...shift('Cleo'), recordedMs: nowMs - 5 * day } },
    { kind: 'relation', relation: { name: 'cools', inverse: 'cooled by', from: [], to: [] } }, say('chiller', 'cools', 'sealer', 60 * hour),
    { kind: 'assert', fact: { subject: 'C-3', relation: 'scrap', object: '', value: 'seam open', validFromMs: nowMs - minute, recordedMs: nowMs, source: 'test' } },
  ]);
  assert.deepEqual(refused, []);
  await historian.write([-1, 0.5].map((at) => ({ twin: 'sealer', property: 'temperature', timeMs: nowMs - 10 * minute + at * minute, value: 180 + at, quality: 'good' as const })));
  return {
    async ask(question) {
      const answer = await store.ask(question, nowMs);
      return { nowMs, answer, values: (await historian.asOf(question.element, answer.validMs)).map(({ property, value, timeMs, quality }) => ({ property, value, timeMs, quality })) };
    },
    async elements(contains) {
      if (contains !== '') return { nowMs, elements: await store.elements({ contains, limit: 50 }) };
      return { nowMs, elements: [{ ...((await store.elements({ keys: ['C-3'], limit: 1 }))[0] as GraphElement), reason: 'seam open', timeMs: nowMs - minute }] };
    },
  };
}

/** Another site with one thing. */
function second(desk: Awaited<ReturnType<typeof cartons>>): typeof desk {
  const element: GraphElement = { key: 'C-1', type: 'part', name: 'only there' };
  return { ask: (question) => desk.ask(question), elements: async (contains) => ({ ...(await desk.elements(contains)), elements: [element] }) };
}

/** As a field of date and time takes it. */
function local(timeMs: number): string {
  const time = new Date(timeMs - new Date(timeMs).getTimezoneOffset() * minute);
  return time.toISOString().slice(0, 16);
}

describe('where a part comes from, in a browser', function () {
  this.timeout(60_000);
  const theatre = new PageTheatre();
  let stage: PageStage;
  let page: Page;

  before(requireService('chromium'));
  before(() => theatre.start());
  after(() => theatre.stop());
  afterEach(() => stage.close());

  async function open({ sites = 1, isFirstView = false, ...more }: StageOptions & { sites?: number; isFirstView?: boolean } = {}): Promise<void> {
    stage = await theatre.open(more);
    ({ page } = stage);
    const [first] = stage.plant.sites;
    if (sites > 1 && first !== undefined) {
      stage.plant.sites.push({ ...first, id: 'second', name: 'South <b>', machines: [], links: [] });
      await page.reload();
    }
    const desk = await cartons(Date.now());
    Object.assign(stage.plant, { graph: (site: string) => (site === 'second' ? second(desk) : desk) });
    if (isFirstView) return;
    await page.evaluate(() => { location.hash = '#trace'; });
    await page.waitForSelector('.trace-found button');
  }

  it('answers the five questions about a reject with one click', async () => {
    await open({ width: 1280 });
    await page.click('.trace-found button >> text=seam open');
    await page.waitForSelector('.trace-answer');
    const answers = await page.locator('.trace-answer').allInnerTexts();
    assert.equal(answers.length, 5);
    const [origin = '', lot = '', changes = '', impact = '', where = ''] = answers;
    for (const told of ['sealer', 'film 8', 'Anna', 'W-1', 'temperature', '179.8 (179 … 180.5)']) assert.ok(origin.includes(told), `${told} in ${origin}`);
    assert.match(lot, /film 8[\s\S]*C-2/);
    assert.ok(!lot.includes('C-1'), 'another lot');
    assert.match(changes, /operator|began/);
    assert.match(impact, /Nothing is known/);
    assert.match(where, /sealer/);
    assert.equal(await page.evaluate(() => document.activeElement.className), 'trace-this');
    assert.equal(await page.locator('.trace-strip img').count(), 0, 'a name stays a name');
  });

  it('answers them in under three clicks from the first view on', async () => {
    await open({ width: 360, isFirstView: true });
    await page.evaluate(() => {
      Object.assign(globalThis, { counted: { clicks: 0 } });
      document.addEventListener('click', ({ isTrusted }) => { if (isTrusted) counted.clicks++; }, true);
    });
    await page.click('a[href="#trace"]');
    await page.click('.trace-found button >> text=seam open');
    await page.waitForSelector('.trace-answer');
    assert.equal(await page.locator('.trace-answer').count(), 5);
    assert.equal(await page.evaluate(() => counted.clicks), 2);
  });

  it('shows the strip as it was at another time, by keyboard', async () => {
    await open({ width: 1280 });
    await page.fill('.trace-search input', 'sealer');
    await page.waitForSelector('.trace-found button >> text=sealer');
    await page.focus('.trace-found button');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.trace-strip');
    const strip = async (): Promise<string> => page.locator('.trace-strip').innerText();
    assert.match(await strip(), /Machine[\s\S]*filler[\s\S]*sealer/, 'upstream stands first');
    assert.match(await strip(), /Anna/);
    assert.match(await page.locator('.trace-values').first().innerText(), /temperature 180\.5/);
    await page.focus('.trace-time input[type="range"]');
    for (let step = 0; step < 4; step++) await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(() => !document.querySelector('.trace-strip').innerText.includes('Anna'));
    assert.match(await strip(), /W-1/);
    assert.ok((await page.locator('.trace-time legend').innerText()).includes(':'), 'the time is told');
  });

  it('reaches back for years, and tells what was believed then', async () => {
    await open({ width: 1280 });
    await page.fill('.trace-search input', 'filler');
    await page.click('.trace-found button >> text=filler');
    await page.waitForSelector('.trace-strip');
    const strip = async (): Promise<string> => page.locator('.trace-strip').innerText();
    assert.doesNotMatch(await strip(), /Ben|Cleo/);
    assert.ok(await page.locator('.trace-belief option[value="then"]').isDisabled(), 'now, there is no then');
    // By keyboard: the span of a year, then 30 steps of two days back.
    await page.focus('.trace-span');
    await page.keyboard.type('a year');
    await page.focus('.trace-time input[type="range"]');
    await page.keyboard.press('PageDown');
    await page.waitForFunction(() => document.querySelector('.trace-strip').innerText.includes('Cleo'));
    await page.selectOption('.trace-belief', 'then');
    await page.waitForFunction(() => document.querySelector('.trace-strip').innerText.includes('Ben'));
    assert.doesNotMatch(await strip(), /Cleo/);
    // Ben and Cleo, and that it feeds the sealer, which was noted later.
    assert.match(await page.locator('.trace-belief-note').innerText(), /told differently today: 2\./);
    await page.selectOption('.trace-belief', 'on');
    await page.fill('.trace-believed', local(Date.now() - 2 * 24 * hour));
    await page.waitForFunction(() => document.querySelector('.trace-strip').innerText.includes('Cleo'));
    await page.click('.trace-back');
    await page.waitForFunction(() => !document.querySelector('.trace-strip').innerText.includes('Cleo'));
    await page.fill('.trace-exactly', local(Date.now() - 390 * 24 * hour));
    await page.waitForFunction(() => document.querySelector('.trace-strip').innerText.includes('Cleo'));
    assert.equal(await page.locator('.trace-belief').inputValue(), 'today');
  });

  it('names a relation of the site\'s own, and asks which site where there are several', async () => {
    await open({ width: 1280, sites: 2 });
    await page.fill('.trace-search input', 'sealer');
    await page.click('.trace-found button >> text=sealer');
    await page.waitForSelector('.trace-strip');
    assert.match(await page.locator('.trace-strip').innerText(), /chiller\s+machine, ← cools/);
    await page.selectOption('.trace-site', 'second');
    await page.waitForSelector('.trace-found button >> text=only there');
    assert.equal(await page.locator('.trace-strip').count(), 0);
    await page.click('.trace-found button');
    await page.waitForSelector('.trace-answer');
    await page.selectOption('.trace-site', 'northfield');
    await page.waitForSelector('.trace-found button >> text=seam open');
  });

  it('fits a phone and a desktop in both themes and languages, with targets for gloves', async () => {
    for (const [theme, language, width] of [['dark', 'de-DE', 360], ['light', 'en-US', 1280]] as const) {
      await open({ theme, language, width });
      await page.click('.trace-found button');
      await page.waitForSelector('.trace-answer');
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${theme} ${language} ${width}`);
      const small = await page.locator('.trace button, .trace input, .trace select').evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML));
      assert.deepEqual(small, []);
      const [text, ground] = await page.locator('.trace-element').first().evaluate((one) => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]);
      assert.notEqual(text, ground);
      assert.equal(await page.locator('h1').innerText(), language === 'de-DE' ? 'Woher, wohin' : 'Where from, where to');
      if (process.env['TWINWIRE_PICTURES'] !== undefined) await page.screenshot({ path: `${process.env['TWINWIRE_PICTURES']}/trace-${theme}-${width}.png`, fullPage: true });
      if (width === 360) await stage.close();
    }
  });
});
