import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { Alarm } from '../../contract/alarms.ts';
import { requireService } from '../services/requireService.ts';
import { alarmAnswer } from '../web/alarmFixture.ts';
import { PageTheatre, type PageStage, type StageOptions } from './pageStage.ts';

declare const innerWidth: number;
declare const document: { documentElement: { scrollWidth: number }; querySelectorAll(selector: string): { length: number } };
declare function getComputedStyle(element: unknown): { fill: string; color: string };

describe('alarms, their measures and the journal in a browser', function () {
  this.timeout(60_000);
  const theatre = new PageTheatre();
  let stage: PageStage;
  let page: Page;
  let asked: URL[];
  let done: Record<string, unknown>[];
  let extra: Alarm[] = [];

  before(requireService('chromium'));
  before(() => theatre.start());
  after(() => theatre.stop());
  afterEach(async () => {
    extra = [];
    await stage.close();
  });

  async function open(more: StageOptions = {}): Promise<void> {
    const nowMs = Date.now();
    asked = [];
    done = [];
    stage = await theatre.open({
      hash: '#alarms', ...more,
      answers: {
        pattern: /\/api\/(alarms|alarm-measures|journal|alarm-action)\b/,
        answer: async (route) => {
          if (route.request().method() === 'POST') {
            done.push(route.request().postDataJSON() as Record<string, unknown>);
            await route.fulfill({ json: { alarms: [], records: [] } });
            return;
          }
          asked.push(new URL(route.request().url()));
          const answer = alarmAnswer(route.request().url(), nowMs) as { alarms?: unknown[] };
          await route.fulfill({ json: answer.alarms === undefined ? answer : { ...answer, alarms: [...answer.alarms, ...extra] } });
        },
      },
    });
    ({ page } = stage);
    await page.waitForSelector('.journal li');
  }
  const count = (selector: string): Promise<number> => page.locator(selector).count();
  const until = (rows: number): Promise<unknown> => page.waitForFunction((wanted) => document.querySelectorAll('.journal li').length === wanted, rows);

  it('fits a phone and a desktop in both themes and languages, with targets for gloves', async () => {
    for (const [theme, language, width] of [['dark', 'de-DE', 360], ['light', 'en-US', 1280]] as const) {
      await open({ theme, language, width });
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${theme} ${language} ${width}`);
      const small = await page.locator('.alarms button, .alarms select, .alarms input, .alarms summary').evaluateAll((all) =>
        all.filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.textContent));
      assert.deepEqual(small, []);
      assert.equal(await page.locator('h1').innerText(), language === 'de-DE' ? 'Alarme und Journal' : 'Alarms and journal');
      if (width === 360) await stage.close();
    }
  });

  it('says of each alarm what it is, in which state, by letter, shape and words; colour only where it is abnormal and open', async () => {
    await open({ width: 1280 });
    const lines = await page.locator('.alarm-list li').allInnerTexts();
    assert.equal(lines.length, 5);
    assert.match(lines[0] ?? '', /Sealer[\s\S]*Not acknowledged[\s\S]*No data from the machine\.[\s\S]*Failure/);
    assert.match(lines[2] ?? '', /Filler[\s\S]*Acknowledged[\s\S]*Gear temperature above its limit[\s\S]*A\. Yilmaz/);
    assert.match(lines[3] ?? '', /Shelved[\s\S]*shelved until .* by Kim/);
    assert.match(lines[4] ?? '', /Depalletiser[\s\S]*Out of service[\s\S]*Rebuilt until spring[\s\S]*Kim/);
    const filters = await page.locator('.alarm-list .sign').evaluateAll((signs) => signs.map((sign) => (getComputedStyle(sign) as unknown as { filter: string }).filter));
    assert.deepEqual(filters, ['none', 'none', 'none', 'grayscale(1)']);
    assert.match(await page.locator('.flood').innerText(), /14 in the last ten minutes/);
    assert.match((await page.locator('.tile').allInnerTexts()).join(' '), /1\.49[\s\S]*at most 14[\s\S]*1,498[\s\S]*2%[\s\S]*83%/);
    assert.match(await page.locator('.measure[open]').innerText(), /Rinser: Air pressure below its limit\s*812/);
  });

  it('shelves, takes out of service and back in two taps, with who and why, as far as the role goes', async () => {
    await open({ role: 'engineer' });
    const actions = (): Promise<(string | null)[][]> => page.locator('twin-alarm-actions').evaluateAll((all) =>
      all.map((one) => [...one.querySelectorAll('[data-action]')].map((button) => button.getAttribute('data-action'))));
    const forNew = ['acknowledge', 'shelve', 'takeOutOfService'];
    assert.deepEqual(await actions(), [forNew, forNew, ['shelve', 'takeOutOfService'], ['unshelve'], ['returnToService']]);
    await page.locator('[data-action=shelve]').first().click();
    assert.deepEqual(done, [], 'one tap does nothing');
    await page.click('.alarm-list .choice:has-text("4 hours")');
    await page.fill('.alarm-list input[name=why]', 'Sensor on order');
    await page.click('.alarm-list .main-button');
    await page.waitForSelector('text=Done, and in the journal.');
    assert.deepEqual(done, [
      { site: 'northfield', key: 'northfield/sealer', action: 'shelve', by: 'Kim', alarm: 'stale', occurrence: 1, why: 'Sensor on order', forMs: 14_400_000 },
    ]);
    await page.locator('[data-action=takeOutOfService]').first().click();
    await page.click('.alarm-list .main-button');
    await page.waitForSelector('text=Say why');
    assert.equal(done.length, 1, 'not without a reason');
    await stage.close();
    await open({ role: 'operator' });
    assert.deepEqual((await actions()).flat().filter((action) => action === 'takeOutOfService' || action === 'returnToService'), []);
    await stage.close();
    await open({ role: 'viewer' });
    assert.deepEqual((await actions()).flat(), []);
  });

  it('what was acknowledged and has to be confirmed says so, and is confirmed in two taps', async () => {
    const flags = { active: false, acked: true, confirmed: false, latched: false, suppressedBy: [] };
    extra = [{
      twin: 'northfield/m4', alarm: 'rule/Seal', text: 'Seal.', state: 'RTNUN', flags, occurrence: 2, changedMs: 0, priority: 'low', letter: 'S', latching: false, acknowledgedBy: 'Kim',
    }];
    await open({ role: 'operator', language: 'de-DE' });
    assert.ok((await page.locator('.state-word').allInnerTexts()).includes('Vorbei, nicht bestätigt'));
    await page.click('[data-action=confirm]');
    await page.click('.alarm-list .main-button');
    await page.waitForSelector('text=Erledigt, und im Journal.');
    assert.deepEqual(done, [{ site: 'northfield', key: 'northfield/m4', action: 'confirm', by: 'Kim', alarm: 'rule/Seal', occurrence: 2 }]);
  });

  it('filters the journal, shows older records on demand, and asks for no more than it shows', async () => {
    await open();
    assert.equal(await count('.journal li'), 100);
    await page.click('.journal + .plain-button');
    await until(200);
    await page.selectOption('.filter select >> nth=1', 'ACK');
    await page.waitForFunction(() => document.querySelectorAll('.journal li').length < 100);
    assert.deepEqual([...new Set(await page.locator('.journal strong').allInnerTexts())], ['Acknowledged']);
    await page.selectOption('.filter select >> nth=1', '');
    await page.fill('.filter input', 'bearing');
    await page.waitForFunction(() => document.querySelectorAll('.journal li').length < 100);
    assert.deepEqual([...new Set(await page.locator('.journal strong').allInnerTexts())], ['Answer']);
    await page.fill('.filter input', 'nothing like it');
    await page.waitForSelector('text=Nothing in the journal fits.');
    await page.fill('.filter input', '');
    await page.waitForSelector('.journal li');
    await page.selectOption('.filter select >> nth=0', 'northfield/m3');
    await page.click('.choice:has-text("1 day")');
    await page.waitForFunction(() => document.querySelectorAll('.journal li').length < 30);
    const last = asked.filter(({ pathname }) => pathname.endsWith('/journal')).at(-1);
    assert.equal(last?.searchParams.get('key'), 'northfield/m3');
    assert.ok(asked.every(({ searchParams }) => Number(searchParams.get('limit') ?? 0) <= 1000));
  });

  it('saves all that the filter lets through as CSV in which nothing is computed', async () => {
    await open({ language: 'de-DE' });
    await page.click('.choice:has-text("30 Tage")');
    await until(100);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('.filter .plain-button')]);
    assert.match(download.suggestedFilename(), /^journal-\d{4}-\d\d-\d\d\.csv$/);
    const text = readFileSync(await download.path(), 'utf8');
    assert.ok(text.startsWith('\ufeff'));
    const lines = text.trim().split('\r\n');
    assert.equal(lines[0], 'Zeit (UTC);Maschine;Schlüssel;Alarm;Was;Von;Nach;Wer;Warum;Fall;Nummer');
    assert.ok(lines.length >= 451, `${lines.length} lines`);
    assert.ok(text.includes(`;"'=HYPERLINK(""http://evil.example"";""x"")";`), 'the formula is a text');
    assert.ok(text.includes(`;"'+1; ""Valve""\non order";`));
  });

  it('is found from the first page, and leads back', async () => {
    await open();
    await page.click('.report-bar a');
    await page.waitForSelector('.headline .look');
    await page.click('a[href="#alarms"]');
    await page.waitForSelector('.journal li');
  });
});
