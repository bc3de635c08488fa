import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { requireService } from '../services/requireService.ts';
import { MemoryLines, stoppedLine } from '../web/lineFixture.ts';
import { MemoryStudies } from '../web/studyFixture.ts';
import { PageTheatre, type PageStage, type StageOptions } from './pageStage.ts';

declare const innerWidth: number;
declare class Event { constructor(name: string); }
declare const document: {
  dispatchEvent(event: Event): boolean; querySelector(selector: string): { textContent: string } | null; documentElement: { scrollWidth: number }; activeElement: { className: string };
};
declare const location: { hash: string };
declare function getComputedStyle(element: unknown): { stroke: string; fill: string };

describe('the line on the page, in a browser', function () {
  this.timeout(60_000);
  const theatre = new PageTheatre();
  let stage: PageStage;
  let page: Page;
  let lines: MemoryLines;
  let studies: MemoryStudies;

  before(requireService('chromium'));
  before(() => theatre.start());
  after(() => theatre.stop());
  afterEach(() => stage.close());

  async function open(more: StageOptions = {}, prepare: (desk: MemoryLines) => void = () => undefined): Promise<void> {
    stage = await theatre.open(more);
    ({ page } = stage);
    lines = new MemoryLines(() => Date.now(), stoppedLine(Date.now()));
    prepare(lines);
    studies = new MemoryStudies();
    Object.assign(stage.plant, { lines: () => lines, studies: () => studies });
    await page.evaluate(() => { location.hash = '#line'; });
    await page.waitForSelector('.line-page p, .strip');
  }

  /** Instead of waiting for the next look. */
  async function shown(selector: string, text: string): Promise<void> {
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.waitForFunction(([where, what]) => document.querySelector(where)?.textContent.includes(what), [selector, text] as const);
  }

  it('shows stations with letter, shape and word, what is between them, figures, and what limits the line; all follow what happens', async () => {
    await open({ width: 1280 });
    await page.waitForSelector('.strip-station');
    const stations = await page.locator('.strip-station').allInnerTexts();
    assert.equal(stations.length, 4);
    assert.match(stations[1]!, /^D?\s*Sealer\s+down since \d\d:\d\d\s+Film torn\s+3,412 parts\s+limits the line$/);
    assert.match(stations[2]!, /no parts come[\s\S]*256 bad/);
    assert.match(stations[3]!, /not known/);
    const between = await page.locator('.strip-between').allInnerTexts();
    assert.match(between[0]!, /≈ 12 of 12 places\s+≈ 42\ss, from 310 parts/);
    assert.match(between[1]!, /≈ 3 between\s+40\ss, entered/);
    assert.match(between[2]!, /fill not known\s+way not known yet/);
    assert.equal(await page.locator('.line-limit').innerText(), 'Sealer limits the line: 71% of the time, 93% sure.');
    const figures = (await page.locator('.line-figures').innerText()).replace(/\s+/g, ' ');
    assert.match(figures, /OEE – Availability 92\.1% Performance – Quality 92\.5% Throughput 423 parts\/h In the line ≈ 15 parts Time through it 2\.1 min/);
    assert.equal(await page.locator('.line-why').first().innerText(), 'What is missing: Palletiser, it has no counter of parts.');
    // Grey is what is normal: of the signs, only the one that is down is filled.
    const fills = await page.locator('.state-sign').evaluateAll((signs) => signs.map((sign) => getComputedStyle(sign).fill));
    assert.deepEqual(fills.map((fill) => fill !== 'none'), [false, true, false, false]);
    assert.match(await page.locator('.bars').first().innerText(), /Sealer: Film torn\s+4 stops, 32\smin\s+Filler: no reason told\s+1 stop, 6\smin/);
    assert.match(await page.locator('.bars').nth(1).innerText(), /Labeller: Leaking cartons\s+231 bad, 90%\s+Labeller: <b>Labels\s+25 bad, 10%/);
    const view = stoppedLine(Date.now());
    Object.assign(view.line!.stations[1]!, { state: 'producing', reason: 'Execute' });
    Object.assign(view.line!.stations[2]!, { late: 1_204 });
    lines.views = [view];
    await shown('.strip-station:nth-of-type(3)', 'producing');
    assert.equal(await page.locator('.line-why').nth(1).innerText(), 'Labeller: 1,204 rows came late. They are in the history; these figures leave them out.');
  });

  it('a way is entered and learnt again by keyboard, and nonsense is refused', async () => {
    await open({ width: 1280 });
    await page.focus('[data-way="northfield/sealer"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.way-form input');
    await page.keyboard.type('soon');
    await page.keyboard.press('Enter');
    assert.match(await page.locator('.way-wrong').innerText(), /number of seconds/);
    await page.fill('.way-form input', '37,5');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('[data-way="northfield/sealer"]')?.textContent.includes('entered'));
    assert.equal(await page.evaluate(() => document.activeElement.className), 'strip-way');
    await page.click('[data-way="northfield/sealer"]');
    await page.click('.way-form button >> text=Learn again');
    await page.waitForFunction(() => document.querySelector('[data-way="northfield/sealer"]')?.textContent.includes('not known'));
    assert.deepEqual(lines.ways, [['line-1', 'northfield/sealer', 37.5], ['line-1', 'northfield/sealer', null]]);
  });

  it('lists what happened, with what was known then', async () => {
    await open({ width: 1280 });
    await page.waitForSelector('.frames li');
    const told = await page.locator('.frames').innerText();
    assert.match(told, /stop\s+Sealer Film torn[\s\S]*goes on[\s\S]*batch\s+Filler B-1007/);
    await page.click('.frames summary');
    assert.match(await page.locator('.frames .trace-values').first().innerText(), /jaw_temperature\s+171\.44\s+film\s+F-88 <i>/);
    await page.selectOption('.line-choice select >> nth=0', 'batch');
    await page.waitForFunction(() => !document.querySelector('.frames')?.textContent.includes('Film torn'));
    assert.ok(lines.asked.some((question) => (question as { kind?: string }).kind === 'batch'));
  });

  it('what goes with the bad parts: a sentence, its way and the two distributions side by side; also none of these, and too little data', async () => {
    await open({ width: 1280 });
    await page.waitForSelector('.cause-pictures');
    assert.match(await page.locator('.cause-sentence').first().innerText(), /^Sealer: 71 % of the scrap since 10:20 goes with Jaw temperature 4–7 °C low/);
    assert.equal(await page.locator('.cause-path').innerText(), 'Sealer → Labeller');
    assert.match(await page.locator('.cause-condition h3').innerText(), /^Sealer: Jaw <i>temperature\s+71% of the bad ones$/);
    const pictures = await page.locator('.cause-picture').evaluateAll((all) => all.map((one) => {
      const { left, top, width } = one.getBoundingClientRect();
      return { left, top, width, label: one.querySelector('svg')!.getAttribute('aria-label'), bars: one.querySelectorAll('rect').length, text: (one as unknown as { innerText: string }).innerText };
    }));
    assert.equal(pictures.length, 2);
    assert.ok(pictures[0]!.top === pictures[1]!.top && pictures[0]!.left < pictures[1]!.left && pictures[0]!.width === pictures[1]!.width, 'side by side, on one scale');
    assert.equal(pictures[0]!.label, '256 bad, 182 of them there: eight of ten between 156\u00a0°C and 163\u00a0°C');
    assert.deepEqual(pictures.map(({ bars }) => bars), [8, 9]);
    assert.match(pictures[1]!.text, /3,100 good, 9 of them there[\s\S]*156\s°C[\s\S]*166\s°C/);
    assert.ok((await page.locator('.cause').last().innerText()).includes('It may be none of these.'));
    studies.verdict = 'none of these';
    await page.click('.cause button >> text=Ask again');
    await shown('.cause-sentence', 'None of these');
    assert.equal(await page.locator('.cause-condition').count(), 0);
    studies.verdict = 'not enough data';
    await page.click('.cause button >> text=What goes before the stops?');
    await shown('.cause-sentence', 'Not enough data: 12 bad parts, needs 20.');
    assert.deepEqual(studies.asked.map(({ about }) => about), ['scrap', 'scrap', 'stops']);
  });

  it('what if: steppers by mouse and keyboard, results beside today with interval and trust; withheld, forced, kept and removed', async () => {
    await open({ width: 1280 });
    await page.click('.what-if button >> text=Try a change');
    await page.waitForSelector('.stepper');
    const amount = (): Promise<string> => page.locator('.stepper output').first().innerText();
    assert.equal(await amount(), '+1\u00a0%');
    await page.focus('.stepper button >> nth=1');
    await page.keyboard.press('Enter');
    assert.equal(await amount(), '+2\u00a0%');
    for (let step = 0; step < 5; step++) await page.click('.stepper button >> nth=0');
    assert.equal(await amount(), '-3\u00a0%');
    assert.equal(await page.locator('.stepper button').first().isDisabled(), true, 'not below what can be asked');
    for (let step = 0; step < 5; step++) await page.click('.stepper button >> nth=1');
    await page.click('.what-if button >> text=One more change');
    await page.selectOption('.if-row select >> nth=1', { label: 'Sealer: Jaw temperature' });
    assert.match(await page.locator('.if-row').nth(1).innerText(), /\+0\.5\s°C[\s\S]*165\s°C → 165\.5\s°C/);
    await page.click('.if-ask');
    await page.waitForSelector('.if-figures');
    assert.deepEqual(studies.tried[0]?.changes, [{ kind: 'speed', amount: 2 }, { kind: 'setting', amount: 0.5, station: 'northfield/sealer', property: 'jaw' }]);
    const rows = await page.locator('.if-figures tbody tr').allInnerTexts();
    assert.match(rows[0]!, /Good parts\s+4,536\sparts\/h\s+4,309 to 4,763\s+4,537\sparts\/h\s+4,310 to 4,764\s+\+1\sparts\/h\s+0 to \+2\s+● inside experience/);
    assert.match(rows[1]!, /-0\.1\spoints/);
    assert.match(rows[2]!, /76\ss[\s\S]*72\ss/);
    assert.ok((await page.locator('.if-answer').innerText()).includes('Today Sealer limits the line, then Filler.'));
    await page.fill('.if-store input', 'Faster <b>');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.if-stored li');
    assert.match(await page.locator('.if-stored li').innerText(), /^Faster <b>\s*speed 2; setting 0\.5\s*\+1\sparts\/h\s+● inside experience/);
    await page.click('.if-stored button');
    await page.waitForFunction(() => document.querySelector('.if-stored li') === null);
    await page.click('.if-row button >> text=Remove >> nth=1');
    for (let step = 0; step < 5; step++) await page.click('.stepper button >> nth=1');
    await page.click('.if-ask');
    await shown('.if-answer', 'never run anywhere near this');
    assert.equal(await page.locator('.if-figures').count(), 0);
    await page.click('.if-answer button >> text=Answer all the same');
    await page.waitForSelector('.if-figures');
    assert.equal(studies.tried.at(-1)?.forced, true);
    assert.ok((await page.locator('.if-figures').innerText()).includes('○ never seen'));
    // A share begins where it is and is said whole; a product's name is text.
    await page.selectOption('.if-row select >> nth=0', { label: 'Share of a product: Still <i>0.5 l' });
    assert.equal(await amount(), '61.3\u00a0%');
    await page.click('.stepper button >> nth=1');
    assert.match(await page.locator('.if-row').first().innerText(), /65\s%[\s\S]*61\.3\s% → 65\s%/);
    await page.click('.if-ask');
    await page.waitForSelector('.if-figures');
    assert.deepEqual(studies.tried.at(-1)?.changes, [{ kind: 'mix', amount: 65, property: 'Still <i>0.5 l' }]);
  });

  it('no line, no word from its stations, a loop: told in plain words', async () => {
    await open({ width: 360 }, (desk) => { desk.views = []; });
    await shown('.line-page', 'No line yet.');
    lines.views = [{ key: 'line-1', name: 'Line 1', labels: {} }];
    await shown('.line-page', 'Nothing has come from the stations');
    lines.views = [{ key: 'line-1', name: 'Line 1', labels: {}, problem: { code: 'TWIN_FEEDS_LOOP', text: 'in the language of the site', values: { stations: 'filler, sealer' } } }];
    await shown('.line-problem', 'feed each other in a circle: filler, sealer');
    lines.views = [{ key: 'line-1', name: 'Line 1', labels: {}, problem: { code: 'TWIN_OTHER', text: 'What the site says of it.', values: {} } }];
    await shown('.line-problem', 'What the site says of it.');
  });

  it('fits a phone and a desktop in both themes and languages, with targets for gloves', async () => {
    for (const [theme, language, width] of [['dark', 'de-DE', 360], ['light', 'en-US', 1280]] as const) {
      await open({ theme, language, width }, ({ views }) => Object.assign(views[0]!.line!.stations[2]!, { late: 1_204 }));
      await page.waitForSelector('.frames li');
      await page.waitForSelector('.cause-pictures');
      await page.click('.what-if button');
      await page.click('.if-buttons button >> nth=0');
      await page.selectOption('.if-row select >> nth=1', { index: 6 });
      await page.click('.if-ask');
      await page.waitForSelector('.if-figures');
      assert.match(await page.locator('.stepper output').nth(1).innerText(), /^38[.,]7/);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${theme} ${language} ${width}`);
      const small = await page.locator('.line-page button, .line-page select, .line-page a, .line-page summary').evaluateAll((all) =>
        all.filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML));
      assert.deepEqual(small, []);
      if (process.env['TWINWIRE_PICTURES'] !== undefined) await page.screenshot({ path: `${process.env['TWINWIRE_PICTURES']}/line-${theme}-${language}-${width}.png`, fullPage: true });
      if (theme === 'dark') await stage.close();
    }
  });

  it('who may only read enters no way', async () => {
    await open({ width: 1280, role: 'viewer' });
    await page.waitForSelector('.strip-station');
    assert.equal(await page.locator('.strip-way').count(), 0);
    await page.click('.what-if button');
    await page.click('.if-ask');
    await page.waitForSelector('.if-figures');
    assert.equal(await page.locator('.if-store').count(), 0, 'and keeps no scenario');
    const answer = await page.request.post(new URL('api/line-way', page.url()).href, { data: { site: 'northfield', line: 'line-1', station: 'northfield/sealer', seconds: 3 } });
    assert.equal(answer.status(), 403);
    assert.deepEqual(lines.ways, []);
  });
});
