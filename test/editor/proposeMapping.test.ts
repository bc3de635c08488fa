import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mappingConfidence, proposeMapping, proposeProperty, wordsOf, type PropertyHint } from '../../contract/proposeMapping.ts';

const filler: readonly PropertyHint[] = [
  { name: 'temperature', label: 'Product temperature', unit: 'Cel' },
  { name: 'current', label: 'Motor current', unit: 'A' },
  { name: 'vibration', unit: 'mm/s' },
  { name: 'speed', unit: '/min' },
  { name: 'pressure', unit: 'bar' },
  { name: 'cycles', unit: '1' },
  { name: 'operatingHours', unit: 'h' },
  { name: 'state' },
];

describe('proposeMapping', () => {
  const guesses: readonly [string, string][] = [
    ['ns=2;s=Filler.Temp', 'temperature'],
    ['ns=2;s=Filler.MotorCurrent', 'current'],
    ['ns=4;s=|var|PLC1.Application.GVL.rVibration', 'vibration'],
    ['DB10,REAL4 Drehzahl', 'speed'],
    ['line1/filler/druck', 'pressure'],
    ['Filler_CycleCnt', 'cycles'],
    ['ns=2;s=Filler.BetriebsStunden', 'operatingHours'],
    ['ns=2;s=Filler.Zustand', 'state'],
    ['FILLER_TEMPERATUR', 'temperature'],
    ['Abfüller.Motorstrom_A', 'current'],
    ['filler/vib_rms', 'vibration'],
    ['filler.spd', 'speed'],
  ];
  for (const [address, property] of guesses) {
    it(`${address} is ${property}`, () => {
      const proposal = proposeProperty(address, filler);
      assert.equal(proposal?.property, property);
      assert.ok(proposal.confidence >= 0.5, `preselected only from 0.5 on; ${proposal.confidence}`);
    });
  }

  for (const address of ['ns=2;s=Filler.Watchdog', 'ns=0;i=2258', 'heartbeat', '', 'ns=2;s=Filler.RecipeName']) {
    it(`${address || 'nothing'} is none of them`, () => assert.equal(proposeProperty(address, filler), null));
  }

  it('lets a whole line of addresses compete for the properties, each once', () => {
    const addresses = ['F.MotorTemp', 'F.ProductTemp', 'F.MotorCurrent', 'F.Speed', 'F.SpeedSetpoint'].map((address) => ({ address }));
    const names = ['productTemperature', 'motorTemperature', 'motorCurrent', 'speed', 'speedSetpoint'];
    const properties: PropertyHint[] = names.map((name) => ({ name }));
    const found = Object.fromEntries([...proposeMapping(addresses, properties)].map(([address, { property }]) => [address, property]));
    assert.deepEqual(found, {
      'F.MotorTemp': 'motorTemperature',
      'F.ProductTemp': 'productTemperature',
      'F.MotorCurrent': 'motorCurrent',
      'F.Speed': 'speed',
      'F.SpeedSetpoint': 'speedSetpoint',
    });
  });

  it('tells zones by their number', () => {
    const zones: PropertyHint[] = [{ name: 'zone1Temperature' }, { name: 'zone2Temperature' }];
    assert.equal(proposeProperty('oven.Zone2.Temp', zones)?.property, 'zone2Temperature');
    assert.equal(proposeProperty('oven.Zone1.Temp', zones)?.property, 'zone1Temperature');
  });

  it('believes a unit that fits and doubts one that does not', () => {
    const plain = mappingConfidence('filler.value1.temp', filler[0] as PropertyHint);
    assert.ok(mappingConfidence('filler.value1.temp', filler[0] as PropertyHint, 'Cel') >= plain);
    assert.ok(mappingConfidence('filler.value1.temp', filler[0] as PropertyHint, 'bar') < plain);
    // The other unit of the same thing still fits.
    assert.ok(mappingConfidence('filler.value1.temp', filler[0] as PropertyHint, '[degF]') >= plain);
  });

  it('cuts addresses into words', () => {
    assert.deepEqual(wordsOf('ns=2;s=Filler.MotorCurrentIst_2'), ['ns', '2', 's', 'filler', 'motor', 'current', 'actual', '2']);
    assert.deepEqual(wordsOf('Füllstand'), ['level']);
  });

  it('for anything: confidence 0–1, every property at most once, the same in any order', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 });
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 6 }), fc.uniqueArray(text, { maxLength: 6 }), (addresses, names) => {
        const properties = names.map((name) => ({ name }));
        const given = addresses.map((address) => ({ address }));
        const found = proposeMapping(given, properties);
        const used = [...found.values()].map(({ property }) => property);
        assert.equal(new Set(used).size, used.length);
        for (const { confidence } of found.values()) assert.ok(confidence >= 0 && confidence <= 1);
        assert.deepEqual(new Map([...proposeMapping([...given].reverse(), [...properties].reverse())].sort()), new Map([...found].sort()));
      }),
      { numRuns: 300 },
    );
  });

  it('names like __proto__ and constructor do no harm', () => {
    const found = proposeMapping([{ address: '__proto__' }, { address: 'constructor' }], [{ name: '__proto__' }, { name: 'constructor' }]);
    assert.equal(found.get('constructor')?.property, 'constructor');
    assert.equal(({} as Record<string, unknown>)['property'], undefined);
  });
});
