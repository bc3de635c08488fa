import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import type { TwinPropertyInput } from '../../../engine/twin/twinType.ts';
import { makeTwin, start, typeOf } from './makeTwin.ts';

function codes(properties: TwinPropertyInput[], mode = ''): string[] {
  return compileTwinType({ name: 'press', version: 1, mode, properties }).problems.map((problem) => problem.code);
}

describe('a twin type', () => {
  it('is checked and numbered', () => {
    const type = typeOf(
      [
        { name: 'temperature', label: 'Oil temperature', unit: 'Cel', rangeLow: '-40', rangeHigh: '150', smallestChange: '0,5' },
        { name: 'speed', valueKind: 'setpoint', unit: '/min' },
        { name: 'parts', valueKind: 'counter', counterBits: '16' },
        { name: 'state', valueKind: 'state' },
        { name: 'load', valueKind: 'derived', expression: 'temperature * speed' },
      ],
      "if(speed > 0, 'producing', 'idle')",
    );
    assert.equal(type.title, 'press@3');
    assert.deepEqual(type.columns, [
      { name: 'temperature', kind: 'measured', smallestChange: 0.5, range: { low: -40, high: 150 } },
      { name: 'speed', kind: 'setpoint' },
      { name: 'parts', kind: 'counter' },
      { name: 'load', kind: 'derived' },
    ]);
    assert.deepEqual(type.units, { temperature: 'Cel', speed: '/min' });
    assert.equal(type.stateIndex, 3);
    assert.deepEqual(type.properties.map((property) => property.label), ['Oil temperature', 'speed', 'parts', 'state', 'load']);
  });

  it('tells every problem, not just the first', () => {
    const { problems } = compileTwinType({
      name: 'press',
      mode: 'nothing > 1',
      properties: [
        { name: 'a', rangeLow: '10', rangeHigh: '5' },
        { name: 'a' },
        { name: '' },
        { name: 'b', high: 'eighty', low: '1,234' },
        { name: 'c', high: '80', highHigh: '70' },
        { name: 'd', valueKind: 'derived', expression: 'A + 1' },
        { name: 'e', valueKind: 'derived', expression: 'f' },
        { name: 'f', valueKind: 'derived', expression: 'e' },
        { name: 'g', valueKind: 'derived', expression: '1 +' },
        { name: 'h', valueKind: 'derived' },
        { name: 'i', address: 'reg:x float99' },
        { name: 'j', deadband: '-1' },
      ],
    });
    assert.deepEqual(problems.map((problem) => problem.code).sort(), [
      'TWIN_DERIVED_LOOP',
      'TWIN_EXPRESSION_EMPTY',
      'TWIN_EXPRESSION_END',
      'TWIN_EXPRESSION_NAME',
      'TWIN_EXPRESSION_NAME',
      'TWIN_PROPERTY_LIMITS',
      'TWIN_PROPERTY_NAME_MISSING',
      'TWIN_PROPERTY_NUMBER',
      'TWIN_PROPERTY_NUMBER',
      'TWIN_PROPERTY_NUMBER',
      'TWIN_PROPERTY_RANGE',
      'TWIN_PROPERTY_TWICE',
      'TWIN_REGISTER_ADDRESS',
    ]);
    assert.equal(problems.find((problem) => problem.code === 'TWIN_DERIVED_LOOP')?.values['loop'], 'e → f → e');
    assert.match(problems.find((problem) => problem.values['name'] === 'A')?.remedy ?? '', /Did you mean "a"/);
    for (const problem of problems) assert.ok(problem.found.length > 10 && problem.remedy.length > 10, problem.code);
  });

  it('takes decimal points and commas, and refuses what may be thousands', () => {
    for (const [text, high] of [['12.5', 12.5], ['12,5', 12.5], ['-0,125', -0.125], ['1e3', 1000], [' 5 ', 5]] as const) {
      assert.equal(typeOf([{ name: 'a', high: text }]).properties[0]?.high, high, text);
    }
    for (const text of ['1,234', '1.234,5', 'x', '0x10', '1e999', '5 bar']) assert.deepEqual(
      codes([{ name: 'a', high: text }]),
      ['TWIN_PROPERTY_NUMBER'],
      text,
    );
    assert.ok(Number.isNaN(typeOf([{ name: 'a', high: ' ' }]).properties[0]?.high));
  });

  it('is harmless with names that mean something to JavaScript or to a row', () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'time']) assert.deepEqual(
      codes([{ name }, { name: 'b' }]),
      ['TWIN_PROPERTY_RESERVED'],
      name,
    );
    const twin = makeTwin([{ name: 'toString' }, { name: 'hasOwnProperty' }, { name: 'valueOf' }]);
    twin.applyRow(
      JSON.parse('{"toString": 1, "hasOwnProperty": 2, "valueOf": 3, "__proto__": 4, "constructor": 5}') as Record<string,
      unknown>,
      start,
      start,
    );
    assert.deepEqual(Object.entries(twin.payload()), [['toString', 1], ['hasOwnProperty', 2], ['valueOf', 3]]);
    assert.deepEqual(twin.unmapped().map((entry) => entry.address).sort(), ['__proto__', 'constructor']);
    assert.equal(({} as Record<string, unknown>)['5'], undefined);
  });

  it('never throws, and what it makes runs, whatever was filled in', () => {
    const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('a', 'b', '1', '2,5', 'a + b', 'rate(a)', '__proto__', ''));
    const row = fc.record({
      name: text,
      label: text,
      unit: text,
      valueKind: fc.constantFrom('measured', 'setpoint', 'counter', 'state', 'derived', 'odd'),
      address: text,
      expression: text,
      rangeLow: text,
      rangeHigh: text,
      high: text,
      low: text,
      deadband: text,
      maximumRate: text,
      expectedInterval: text,
      counterBits: fc.constantFrom('none', '16', '32'),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 6 }), text, (properties, mode) => {
        const { type, problems } = compileTwinType({ name: 'press', mode, properties });
        assert.ok(type.properties.length <= properties.length);
        assert.ok(problems.every((problem) => problem.code.startsWith('TWIN_')));
        const names = type.properties.map((property) => property.name);
        assert.equal(new Set(names).size, names.length);
      }),
    );
  });
});
