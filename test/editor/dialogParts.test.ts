import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkMapping, missingPlaceholders } from '../../editor/assetAddresses.ts';
import { proposeFreeKey, proposeKey } from '../../contract/proposeKey.ts';
import { plainRate, ratePerWeek } from '../../editor/rate.ts';
import { checkProperties, pointForComma } from '../../editor/typeChecks.ts';
import { fillPlaceholders, placeholdersOf } from '../../editor/typeProperties.ts';

describe('a key from a name', () => {
  const names: readonly [string, string][] = [
    ['Filler 2', 'filler-2'],
    ['Füller 2 (Halle A)', 'fueller-2-halle-a'],
    ['  Presse — Süd  ', 'presse-sued'],
    ['Café №5', 'cafe-5'],
    ['机器', ''],
    ['', ''],
  ];
  for (const [name, key] of names) it(`"${name}" gives "${key}"`, () => assert.equal(proposeKey(name), key));

  it('is made different from those that are taken', () => {
    assert.equal(proposeFreeKey('Press', new Set(['press', 'press-2'])), 'press-3');
    assert.equal(proposeFreeKey('', new Set([''])), '');
  });

  it('is always fit to be a key', () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(fc.property(anyText, (name) => /^([a-z0-9]+(-[a-z0-9]+)*)?$/.test(proposeKey(name)) && proposeKey(name).length <= 60));
  });
});

describe('false alarms per week, as people say it', () => {
  const rates: readonly [number, number, string][] = [
    [1, 1, 'week'],
    [2, 2, 'week'],
    [7, 1, 'day'],
    [21, 3, 'day'],
    [0.23, 1, 'month'],
    [0.5, 0.5, 'week'],
    [0.01, 0.01, 'week'],
  ];
  for (const [week, number, period] of rates) {
    it(`${week} per week is ${number} per ${period}`, () => assert.deepEqual(plainRate(week), { number, period }));
  }

  it('comes back as it was set', () => {
    for (const period of ['day', 'week', 'month']) {
      for (let number = 1; number <= 6; number += 1) {
        const shown = plainRate(ratePerWeek(number, period));
        assert.equal(ratePerWeek(shown.number, shown.period), ratePerWeek(number, period));
      }
    }
  });
});

describe('live check of a type', () => {
  const text = (key: string, values: object = {}): string => `${key} ${JSON.stringify(values)}`;
  const found = (...rows: Record<string, string>[]): string[] =>
    checkProperties(rows.map((row) => ({ valueKind: 'measured', ...row })), text).map(({ index, field, text }) => `${index} ${field} ${text.split(' ')[0]}`);

  it('finds nothing in a good type', () => {
    assert.deepEqual(found({ name: 'a', lowLow: '-5', low: '0', high: '1,5', highHigh: '2' }, { name: 'b', valueKind: 'derived', expression: 'a * 2' }), []);
  });
  it('a limit on the wrong side of the next', () => {
    assert.deepEqual(found({ name: 'a', high: '7', highHigh: '5' }), ['0 highHigh check.order']);
    assert.deepEqual(found({ name: 'a', lowLow: '3', high: '3' }), ['0 high check.order']);
    assert.deepEqual(found({ name: 'a', low: '10', highHigh: '9' }), ['0 highHigh check.order']);
  });
  it('a range upside down', () => assert.deepEqual(found({ name: 'a', rangeLow: '1', rangeHigh: '1' }), ['0 rangeLow check.range']));
  it('a name twice, none, and one that JavaScript keeps', () => {
    assert.deepEqual(found({ name: 'a' }, { name: 'a' }), ['1 name check.nameTwice']);
    assert.deepEqual(found({ name: '', unit: 'A' }), ['0 name check.nameMissing']);
    const reserved = found({ name: '__proto__' }, { name: 'constructor' }, { name: 'time' });
    assert.deepEqual(reserved, [0, 1, 2].map((row) => `${row} name check.nameReserved`));
  });
  it('what is no number, or must not be below zero', () => {
    assert.deepEqual(found({ name: 'a', high: 'hot' }), ['0 high check.notANumber']);
    assert.deepEqual(found({ name: 'a', deadband: '-1' }), ['0 deadband check.negative']);
    assert.deepEqual(found({ name: 'a', high: '${LIMIT}' }), []);
  });
  it('a calculated property without its expression', () => {
    assert.deepEqual(found({ name: 'a', valueKind: 'derived' }), ['0 expression check.expressionMissing']);
  });
  it('a decimal comma becomes a point', () => {
    assert.equal(pointForComma('-3,25'), '-3.25');
    assert.equal(pointForComma('1,234.5'), '1,234.5');
  });
});

describe('placeholders of address patterns', () => {
  it('are found once each, without {key}', () => assert.deepEqual(placeholdersOf(['ns=2;s={machine}.A', '{line}/{machine}/{key}', '{}']), ['machine', 'line']));
  it('are filled in, and stay where nothing is known', () => {
    assert.equal(fillPlaceholders('{line}/{machine}.Temp', new Map([['machine', '$& F1']])), '{line}/$& F1.Temp');
  });
});

describe('check of the table address → property', () => {
  const text = (key: string): string => key;
  const found = (...rows: Record<string, string | number>[]): string[] =>
    checkMapping(rows, [{ name: 'a' }, { name: 'b' }], text).map(
      ({ index, field, text, allowed }) => `${index} ${field} ${text}${allowed === true ? ' allowed' : ''}`,
    );

  it('finds nothing in a good one, and in rows of an older version without factor', () => {
    const good = found(
      { address: 'x', property: 'a', scale: 0.1, offset: 0 },
      { address: 'y', property: '' },
      { address: 'z', property: 'b', scale: '2' },
    );
    assert.deepEqual(good, []);
  });
  it('an address twice or missing, an unknown property, a factor that is no number', () => {
    assert.deepEqual(found({ address: 'x', property: 'a' }, { address: 'x', property: 'b' }), ['1 address check.addressTwice']);
    assert.deepEqual(found({ address: '', property: 'a' }), ['0 address check.addressMissing']);
    assert.deepEqual(found({ address: 'x', property: '__proto__' }), ['0 property check.propertyUnknown']);
    assert.deepEqual(found({ address: 'x', property: 'a', scale: 'two' }), ['0 scale check.notANumber']);
  });
  it('two addresses for one property are said, and allowed', () => {
    assert.deepEqual(found({ address: 'x', property: 'a' }, { address: 'y', property: 'a' }), ['1 property check.propertyTwice allowed']);
  });
  it('placeholders without a value', () => {
    const properties = [{ name: 'a', address: '{line}.{machine}.{key}' }];
    assert.deepEqual(missingPlaceholders(properties, [{ name: 'line', value: '' }]), ['line', 'machine']);
    assert.deepEqual(missingPlaceholders(properties, [{ name: 'line', value: '1' }, { name: 'machine', value: 'F' }]), []);
  });
});
