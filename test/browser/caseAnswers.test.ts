import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { requireService } from '../services/requireService.ts';
import type { MemoryPlant } from '../web/pageFixture.ts';
import { PageTheatre, type PageStage, type StageOptions } from './pageStage.ts';

declare const innerWidth: number;
declare const document: { documentElement: { scrollWidth: number }; querySelectorAll(selector: string): { length: number } };

const filler = 'northfield/filler';

describe('answers to a case in a browser', function () {
  this.timeout(60_000);
  const theatre = new PageTheatre();
  let stage: PageStage;
  let page: Page;
  let plant: MemoryPlant;

  before(requireService('chromium'));
  before(() => theatre.start());
  after(() => theatre.stop());
  afterEach(() => stage.close());

  async function open(role: StageOptions['role'], language?: string): Promise<void> {
    const hash = `#${new URLSearchParams({ site: 'northfield', key: filler })}`;
    stage = await theatre.open({ hash, ...(role === undefined ? {} : { role }), ...(language === undefined ? {} : { language }) });
    ({ page, plant } = stage);
    await page.waitForSelector('[data-answer]');
  }
  const answers = (): unknown[] => (plant.answered.get(filler) ?? []).map(({ answer, by, what, undone }) => ({ answer, by, what, undone: undone?.by }));
  const texts = (selector: string): Promise<string[]> => page.locator(selector).allInnerTexts();

  it('shows what a false alarm would change before it counts, notes who, and takes it back in two taps', async () => {
    await open('engineer');
    assert.match((await texts('.similar')).join(), /Earlier, much the same:[\s\S]*A real fault – Bearing worn[\s\S]*Last maintenance/);
    await page.click('[data-answer=falseAlarm]');
    await page.waitForSelector('.effect li');
    assert.deepEqual((await texts('.effect li')).slice(0, 2), ['Of the last 30 days’ 7 cases, 3 would vanish.', 'Your 2 confirmed ones stay.']);
    assert.deepEqual(answers(), [], 'seeing it changes nothing');
    await page.click('.answer-form .plain-button');
    assert.equal(await page.locator('.answer-form').count(), 0, 'and there is a way back');
    await page.click('[data-answer=falseAlarm]');
    await page.waitForSelector('.effect li');
    await page.click('.answer-form .main-button');
    await page.waitForSelector('.answers li');
    assert.deepEqual(answers(), [{ answer: 'falseAlarm', by: 'Kim', what: undefined, undone: undefined }]);
    await page.click('.answers .plain-button');
    assert.equal((answers()[0] as { undone?: string }).undone, undefined);
    await page.click('.answers .main-button');
    await page.waitForSelector('text=taken back by');
    assert.equal((answers()[0] as { undone?: string }).undone, 'Kim');
  });

  it('asks what a real fault was, and until when work is planned', async () => {
    await open('operator', 'de-DE');
    await page.click('[data-answer=real]');
    await page.click('.answer-form .main-button');
    await page.waitForSelector('text=Bitte in ein paar Worten sagen, was es war.');
    await page.fill('#answer-what', '<b>Lager</b> defekt');
    await page.click('.answer-form .main-button');
    await page.waitForSelector('.effect li');
    assert.deepEqual(answers(), []);
    await page.click('.answer-form .main-button');
    await page.waitForSelector('.answers li');
    assert.deepEqual(answers(), [{ answer: 'real', by: 'Kim', what: '<b>Lager</b> defekt', undone: undefined }]);
    assert.match((await texts('.answers li'))[0] ?? '', /^Ein echter Fehler <b>Lager<\/b> defekt/);
    await page.click('[data-answer=planned]');
    await page.waitForSelector('.effect li');
    await page.click('.choice:has-text("8 Stunden")');
    await page.click('.answer-form .main-button:not([disabled])');
    await page.waitForFunction(() => document.querySelectorAll('.answers li').length === 2);
    const planned = plant.answered.get(filler)?.[0];
    assert.ok(Math.abs((planned?.untilMs ?? 0) - Date.now() - 8 * 3_600_000) < 60_000);
  });

  it('offers what is an alarm to engineers alone, and says so; nothing to who only reads', async () => {
    await open('operator');
    assert.deepEqual(await page.locator('[data-answer]').evaluateAll((all) => all.map((one) => [one.getAttribute('data-answer'), one.hasAttribute('disabled')])), [
      ['real', false], ['falseAlarm', true], ['planned', false], ['changed', true],
    ]);
    await page.waitForSelector('text=What is an alarm is changed by an engineer.');
    await stage.close();
    await open('viewer');
    assert.equal(await page.locator('[data-answer]:not([disabled])').count(), 0);
    await stage.close();
    await open(undefined);
    assert.equal(await page.locator('[data-answer=falseAlarm]').isDisabled(), true);
    await page.click('[data-answer=real]');
    await page.fill('#answer-what', 'Bearing');
    await page.click('.answer-form .main-button');
    await page.waitForSelector('.effect li');
    await page.click('.answer-form .main-button');
    await page.waitForSelector('text=Enter your name');
    await page.fill('#answer-name', 'Ann');
    await page.click('.answer-form .main-button');
    await page.waitForSelector('.answers li');
    assert.deepEqual(answers(), [{ answer: 'real', by: 'Ann', what: 'Bearing', undone: undefined }]);
  });

  it('fits a phone, every target is 44 px, and what is normal is one grey line', async () => {
    for (const language of ['en-US', 'de-DE']) {
      await open('engineer', language);
      await page.click('[data-answer=planned]');
      await page.waitForSelector('.effect li');
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, language);
      const small = await page.locator('twin-case-answers button, twin-case-answers input').evaluateAll((all) =>
        all.filter((one) => one.getBoundingClientRect().height < 44 || one.getBoundingClientRect().width < 44).map((one) => one.textContent));
      assert.deepEqual(small, [], language);
      await page.keyboard.press('Escape');
      await page.waitForSelector('dialog', { state: 'detached' });
      assert.equal(await page.locator('.fold .card').first().isVisible(), false);
      const line = language === 'de-DE' ? /Alle anderen Maschinen\s*15\s*12 normal · 2 lernen · 1 aus/ : /All other machines\s*15\s*12 normal · 2 learning · 1 off/;
      assert.match(await page.locator('.fold summary').innerText(), line);
      assert.ok(((await page.locator('.fold summary').boundingBox())?.height ?? 0) >= 44);
      await page.click('.fold summary');
      assert.equal(await page.locator('.fold .card').first().isVisible(), true);
      if (language === 'en-US') await stage.close();
    }
  });
});
