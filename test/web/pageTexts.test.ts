import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Machine } from '../../contract/http.ts';
import { positionOnGauge } from '../../page/gaugePosition.ts';
import {
  decimalsFor, nameInSentence, plainName, shownAge, shownDuration, shownNumber, shownPercent, shownQuantity, shownTime, shownUnit, shownValue,
} from '../../page/format.ts';
import { caseReason, headline, inOrder, learningText, longReason, needsLook, shortReason, telling } from '../../page/summary.ts';
import { relationNames } from '../../engine/graph/relations.ts';
import { chooseLanguage, hasText, sayIn, texts, type TextKey } from '../../page/texts.ts';
import { machine, morning, property } from './pageFixture.ts';

const nowMs = new Date(2026, 10, 20, 6, 12).getTime();
const en = sayIn('en-US');
const de = sayIn('de');
// What sets a name apart is there for the reading direction and cannot be seen.
const seen = (text: string): string => text.replace(/[\u2068\u2069]/g, '').replaceAll('\u00a0', ' ');
const line = (machines: Machine[], say = en): string => {
  const { count, look, rest } = headline(say, [{ ...morning(nowMs), machines }]);
  return seen([count, ...look, rest].filter(Boolean).join(' '));
};

describe('texts of the page', () => {
  it('are complete in both languages, with the same placeholders', () => {
    const keys = Object.keys(texts['en-US']).sort() as TextKey[];
    assert.deepEqual(Object.keys(texts.de).sort(), keys);
    assert.ok(keys.length > 100);
    const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort();
    for (const key of keys) {
      const [english, german] = [texts['en-US'][key], texts.de[key]];
      assert.ok(english.trim() && german.trim(), key);
      // A name may stand for its number where there is one, and the other way about.
      assert.deepEqual(placeholders(german), placeholders(english), key);
      assert.doesNotMatch(english + german, /sigma|z-score|residual|ontolog|inferen|TODO/i, key);
    }
    const one = keys.filter((key) => key.endsWith('.one'));
    for (const key of one) assert.ok(keys.includes(key.replace(/one$/, 'other') as TextKey), key);
  });

  it('know every relation that can be drawn, from both ends', () => {
    const names = [...relationNames].flat();
    assert.ok(names.length >= 12);
    for (const name of names) assert.ok(hasText(`relation.${name.replace(' ', '-')}`), name);
  });

  it('choose the reader’s language', () => {
    assert.equal(chooseLanguage(null, ['de-AT', 'en']), 'de');
    assert.equal(chooseLanguage(null, ['fr', 'de']), 'de');
    assert.equal(chooseLanguage(null, ['fr-FR']), 'en-US');
    assert.equal(chooseLanguage('de', ['en-GB']), 'de');
    assert.equal(chooseLanguage('en', ['de']), 'en-US');
    assert.equal(chooseLanguage('__proto__', ['de']), 'de');
    assert.equal(chooseLanguage(null, []), 'en-US');
  });

  it('leave a placeholder that nobody fills, and never fill one from a value', () => {
    assert.equal(en('lost.title'), 'No connection to Twinwire since {time}.');
    assert.equal(en('case.last', { sentence: '{constructor} {sentence}' }), 'Last time: {constructor} {sentence}');
  });
});

describe('the sentence on top', () => {
  const normal = (name: string): Machine => machine(name, name, nowMs);
  const [filler, sealer, palletiser, labeller] = ['filler', 'sealer', 'palletiser', 'labeller'].map(
    (name) => morning(nowMs).machines.find(({ key }) => key.endsWith(name)),
  ) as [Machine, Machine, Machine, Machine];

  it('names the machine and why', () => {
    assert.equal(line([normal('A'), filler, normal('B')]), '2 of 3 machines normal. Filler needs a look: vibration higher than normal.');
    assert.equal(line([normal('A'), filler, normal('B')], de), '2 von 3 Maschinen normal. Bitte nach Filler sehen: Vibration höher als normal.');
    assert.equal(line([sealer]), '0 of 1 machines normal. Sealer needs a look: no new values since 06:08.');
    assert.equal(
      line([sealer, filler]), '0 of 2 machines normal. Filler needs a look: vibration higher than normal. Sealer needs a look: no new values since 06:08.',
    );
  });

  it('counts when there are many', () => {
    const six = Array.from({ length: 6 }, (_, index) => ({ ...filler, key: `f${index}`, name: `Filler ${index}` }));
    assert.equal(line(six), '0 of 6 machines normal. 6 machines need a look: Filler 0, Filler 1, Filler 2, and 3 more.');
    assert.equal(line(six.slice(0, 3), de), '0 von 3 Maschinen normal. Bitte nach 3 Maschinen sehen: Filler 0, Filler 1 und Filler 2.');
  });

  it('is calm when all is well', () => {
    assert.equal(line([]), 'No machine yet.');
    assert.equal(line([normal('A')]), 'The machine is normal.');
    assert.equal(line([normal('A'), normal('B'), normal('C')]), 'All 3 machines are normal.');
    assert.equal(line([normal('A'), labeller]), 'Nothing needs a look. 1 of 2 machines normal. Labeller is still learning what is normal.');
    assert.equal(line([normal('A'), palletiser]), 'Nothing needs a look. 1 of 2 machines normal. Palletiser is being looked after.');
    assert.equal(line([normal('A'), palletiser], de), 'Nach keiner Maschine muss jemand sehen. 1 von 2 Maschinen normal. Um Palletiser kümmert sich jemand.');
  });

  it('has a phrase for every kind, on both sides', () => {
    const kinds = ['spike', 'step', 'drift', 'stuck', 'noise', 'dropout', 'limit', 'deviation'] as const;
    const phrases = new Set<string>();
    for (const say of [en, de]) {
      for (const kind of kinds) {
        for (const value of [2.3, 0.2, 'x']) {
          const signals = [{ property: 'vibration', share: 1, kind, value, low: 1, high: 2 }];
          const phrase = seen(shortReason(say, { ...filler, openCase: { ...filler.openCase!, signals } }, nowMs));
          assert.match(phrase, /[Vv]ibration/);
          assert.doesNotMatch(phrase, /[{}]/);
          phrases.add(`${say.language} ${phrase}`);
        }
      }
    }
    assert.ok(phrases.size >= 2 * kinds.length);
    assert.equal(seen(shortReason(en, { ...filler, openCase: { ...filler.openCase!, signals: [] }, properties: [] }, nowMs)), 'something is not normal');
    assert.match(seen(shortReason(en, { ...sealer, updatedMs: null }, nowMs)), /^no values$/);
  });

  it('uses the site’s own words only where the reader speaks its language', () => {
    assert.match(longReason(en, filler, 'en-US', nowMs), /for this speed/);
    assert.equal(longReason(en, sealer, 'en-US', nowMs), 'No new values since 06:08. Is it switched on and connected?');
    assert.equal(seen(longReason(de, filler, 'en-US', nowMs)), 'Vibration höher als normal; Motor current steigt langsam.');
    assert.equal(seen(caseReason(de, filler.lastCases[0]!, filler, 'en-US')), 'Vibration höher als normal');
    assert.equal(caseReason(en, filler.lastCases[0]!, filler, 'en-US'), 'Vibration was higher than normal for this speed.');
  });

  it('keeps machines of the same urgency in their places', () => {
    const order = inOrder(morning(nowMs, 18).machines, 'en-US').map(({ name }) => name);
    assert.deepEqual(order.slice(0, 3), ['Filler', 'Sealer', 'Palletiser']);
    assert.ok(order.indexOf('Conveyor 2') < order.indexOf('Conveyor 10'));
    assert.deepEqual(inOrder([...morning(nowMs, 18).machines].reverse(), 'en-US').map(({ name }) => name), order);
    assert.equal(morning(nowMs, 18).machines.filter(needsLook).length, 2);
  });

  it('puts the value that is the reason first on a card', () => {
    assert.deepEqual(telling(filler, 3).map(({ name }) => name), ['vibration', 'current', 'speed']);
    assert.equal(telling({ ...filler, properties: [] }, 3).length, 0);
  });
});

describe('learning in plain words', () => {
  it('says how far and what is missing', () => {
    const { properties } = machine('a', 'A', nowMs);
    assert.deepEqual(learningText(en, { phase: 'armed', percent: 100, missing: [] }, properties), { text: 'Knows what is normal', missing: '' });
    const forOne = learningText(en, { phase: 'learning', percent: 40.4, missing: [{ code: 'rows', missing: 12.2, property: 'speed' }] }, properties);
    assert.equal(forOne.text, 'Learning what is normal: 40%');
    assert.equal(seen(forOne.missing), 'Still needs 13 more values for Speed.');
    const forAll = properties.map(({ name }, index) => ({ code: 'rows' as const, missing: index + 1, property: name }));
    assert.equal(learningText(en, { phase: 'provisional', percent: 70, missing: forAll }, properties).missing, 'Still needs 6 more values.');
    const missing: Machine['learning']['missing'] = [
      { code: 'operating-points', missing: 1 }, { code: 'fresh-values', missing: 1, property: 'speed' }, { code: 'time', missing: 90_000 },
    ];
    const mixed = learningText(de, { phase: 'learning', percent: 5, missing }, properties);
    assert.equal(seen(mixed.missing), 'Es braucht frische Werte für Speed, noch etwa 1 Minute und 1 weitere Geschwindigkeit oder Last.');
  });
});

describe('numbers, units, times', () => {
  it('writes units as people do', () => {
    const cases: [string | undefined, string][] = [
      [undefined, ''], ['', ''], ['Cel', '°C'], ['[degF]', '°F'], ['/min', '1/min'], ['{rpm}', '1/min'], ['mm/s', 'mm/s'], ['m/s2', 'm/s²'],
      ['L/min', 'l/min'], ['m3/h', 'm³/h'], ['kW.h', 'kWh'], ['N.m', 'N·m'], ['um', 'µm'], ['Ohm', 'Ω'], ['[psi]', 'psi'], ['%', '%'], ['1', ''],
      ['{cycles}', ''], ['{bottles}/min', 'bottles/min'], ['cm2', 'cm²'], ['bar', 'bar'], ['s-1', 's⁻¹'], ['Cel/min', '°C/min'],
      ['°C', '°C'], ['<img src=x>', '<img src=x>'], ['constructor', 'constructor'], ['__proto__', '__proto__'],
    ];
    for (const [code, shown] of cases) assert.equal(shownUnit(code), shown, code);
    assert.ok(shownUnit('x'.repeat(5000)).length <= 24);
  });

  it('writes numbers in the reader’s spelling, without jumping decimals', () => {
    assert.equal(shownNumber(en, 1234.5, 1), '1,234.5');
    assert.equal(shownNumber(de, 1234.5, 1), '1.234,5');
    assert.equal(shownNumber(en, -0.01, 1), '0.0');
    assert.equal(shownQuantity(de, 48.31, 1, '°C'), '48,3\u00a0°C');
    assert.equal(shownPercent(en, 40.4), '40%');
    assert.equal(shownPercent(en, 400), '100%');
    assert.equal(shownValue(en, null, 1), 'no value');
    assert.equal(shownValue(de, true, 1), 'ja');
    assert.equal(shownValue(en, '9007199254740993', 0), '9007199254740993');
    assert.equal(shownValue(en, NaN, 1), 'no value');
    const band = property('v', 'V', '', 1.42, 1.1, 1.7);
    for (const value of [1.4, 1.42, 1.4444, 1.5]) assert.equal(decimalsFor({ ...band, value }), 2);
    // A range that breathes around a threshold keeps its decimals; one that is ten times as wide does not.
    assert.equal(decimalsFor({ value: 1, low: 0, high: 0.33 }), 2);
    assert.equal(decimalsFor({ value: 1, low: 0, high: 0.3 }, 2), 2);
    assert.equal(decimalsFor({ value: 0.1, low: 0, high: 0.3 }), 3);
    assert.equal(decimalsFor({ value: 1, low: 0, high: 3 }, 3), 2);
    // Outside by less than what is shown: one more decimal rather than "70 is above 70".
    const close = { value: 70.004, low: 40, high: 70 };
    assert.notEqual(shownNumber(en, close.value, decimalsFor(close)), shownNumber(en, close.high, decimalsFor(close)));
  });

  it('never fails on a number, however odd', () => {
    const odd = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 1e308, -1e308, 5e-324, 0, -0));
    const seed = Date.now();
    fc.assert(
      fc.property(odd, odd, odd, (value, low, high) => {
        const decimals = decimalsFor({ value, low, high });
        assert.ok(Number.isInteger(decimals) && decimals >= 0 && decimals <= 6);
        assert.ok(shownValue(en, value, decimals).length > 0);
        const position = positionOnGauge(value, low, high);
        assert.ok(position === undefined || (position >= 0 && position <= 100), String(position));
      }),
      { seed, numRuns: 2000 },
    );
  });

  it('puts the normal range of every gauge in the same place', () => {
    assert.equal(positionOnGauge(5, 4, 6), 50);
    assert.equal(positionOnGauge(4, 4, 6), 31);
    assert.equal(positionOnGauge(6, 4, 6), 69);
    assert.equal(positionOnGauge(-1e9, 4, 6), 0);
    assert.equal(positionOnGauge(1e9, 4, 6), 100);
    assert.equal(positionOnGauge(5, 5, 5), 50);
    assert.equal(positionOnGauge(5, undefined, undefined), undefined);
    assert.equal(positionOnGauge(70, undefined, 70), 69);
    assert.equal(positionOnGauge(5, 6, 4), undefined);
  });

  it('writes times and ages', () => {
    assert.equal(shownTime(en, nowMs, nowMs), '06:12');
    assert.equal(shownTime(en, nowMs - 86_400_000, nowMs), 'Nov 19, 06:12');
    assert.equal(shownTime(de, nowMs - 86_400_000, nowMs), '19. Nov., 06:12');
    assert.match(shownTime(en, new Date(2013, 3, 1, 9).getTime(), nowMs), /2013, 09:00$/);
    assert.equal(shownTime(en, NaN, nowMs), '–');
    assert.equal(shownTime(en, 1e300, nowMs), '–');
    assert.equal(shownAge(en, 1_000, 1), 'just now');
    assert.equal(shownAge(en, 45_000, 1), '45 seconds ago');
    assert.equal(shownAge(en, 45_000, 60), 'just now');
    assert.equal(shownAge(de, 240_000, 1), 'vor 4 Minuten');
    assert.equal(shownDuration(de, 90_000), '1 Minute');
    assert.equal(shownDuration(en, 0), '1 second');
  });
});

describe('foreign names', () => {
  it('are one line, short, and cannot turn the text around them', () => {
    assert.equal(plainName('a\u202eb\u0000c\nd'), 'a b c d');
    assert.equal(Array.from(plainName('😀'.repeat(100), 10)).length, 10);
    assert.doesNotThrow(() => encodeURIComponent(plainName('😀'.repeat(100), 10)));
    assert.equal(plainName('x'.repeat(10_000), 60).length, 60);
    const seed = Date.now();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 2, max: 80 }), (name, most) => {
        const plain = plainName(name, most);
        assert.ok(Array.from(plain).length <= most);
        assert.doesNotMatch(plain, /[\u202a-\u202e\u2066-\u2069\p{Cc}]/u);
        assert.match(nameInSentence(name, most), /^\u2068[^\u2066-\u2069]*\u2069$/u);
      }),
      { seed },
    );
  });
});
