import assert from 'node:assert/strict';
import { registration, single, startSite } from '../site/siteFixture.ts';
import { makeTwin, start, told, typeOf } from './makeTwin.ts';
import { machineLimits } from '../../../engine/twin/machineLimits.ts';

const properties = [
  { name: 'temperature', unit: 'Cel', low: '10', high: '80', highHigh: '90' },
  { name: 'pressure', unit: 'bar' },
];

describe('limits of a single machine', () => {
  it('hold instead of those of the type; an empty one is the type\'s', () => {
    const type = typeOf(properties);
    const own = machineLimits(type, [{ property: 'temperature', high: '70,5', low: '' }, { property: 'pressure', highHigh: '200' }], 'Press 3');
    assert.deepEqual(own.problems, []);
    const [temperature, pressure] = own.type.properties;
    assert.deepEqual([temperature?.low, temperature?.high, temperature?.highHigh, pressure?.highHigh], [10, 70.5, 90, 200]);
    assert.equal(type.properties[0]?.high, 80, 'the type stays as it is');
    assert.equal(own.type.columns, type.columns);
  });

  it('name what is wrong with them, and the type\'s hold then', () => {
    const type = typeOf(properties);
    const wrong = machineLimits(type, [{ property: 'gone', high: '1' }, { property: 'temperature', high: '8O' }, { property: 'temperature', high: '95' }], 'Press 3');
    assert.deepEqual(wrong.problems.map(({ code }) => code), ['TWIN_LIMIT_PROPERTY', 'TWIN_LIMIT_NUMBER', 'TWIN_LIMIT_ORDER']);
    assert.match(wrong.problems[1]?.found ?? '', /"8O" of temperature is not a number/);
    assert.equal(wrong.type.properties[0]?.high, 80);
  });

  it('are those that a value is compared with; one that is taken away while it is passed ends', () => {
    const twin = makeTwin(properties, { limits: [{ property: 'pressure', high: '100' }] });
    assert.deepEqual(told(twin.applyRow({ temperature: 60, pressure: 120 }, start, start).events), ['limit pressure high begins']);
    const after = makeTwin(properties, {}, twin.snapshot());
    assert.deepEqual(told(after.applyRow({ pressure: 120 }, start + 1000, start + 1000).events), ['limit pressure high ends']);
    assert.deepEqual(told(after.applyRow({ pressure: 121 }, start + 2000, start + 2000).events), []);
  });

  it('relearn nothing: what was learned is the same to the letter under other limits', async () => {
    const { site } = await startSite({ clock: 'replay' });
    site.addJudge('judge');
    const asset = site.register(registration('pump'));
    asset.configureBaseline({ drivers: ['speed'], offModes: [] });
    for (let index = 0; index < 400; index++) {
      const speed = 1000 + 100 * (Math.floor(index / 10) % 5);
      const values = { speed, current: speed / 250 + (index % 7) / 100, vibration: 2 + (index % 5) / 50, mode: 'producing' };
      asset.evaluate(single(site, asset, { timeMs: start + index * 1000, values }));
    }
    const before = JSON.stringify(asset.snapshot());
    site.unregister('pump', 'node-pump');
    const again = site.register(registration('pump', { limits: [{ property: 'vibration', high: '5' }, { property: 'current', highHigh: '9' }] }));
    assert.equal(again.twin.type.properties[2]?.high, 5);
    assert.equal(JSON.stringify(again.snapshot()), before);
  });

  it('factor and offset hold for the address of the type and for the property\'s own name', () => {
    const twin = makeTwin([{ name: 'temperature', address: '{key}.Temp' }], { scaling: new Map([['temperature', { scale: 0.1, offset: -5 }]]) });
    twin.applyRow({ 'press3.Temp': 600 }, start, start);
    assert.equal(twin.payload()['temperature'], 55);
    twin.applyRow({ temperature: 700 }, start + 1000, start + 1000);
    assert.equal(twin.payload()['temperature'], 65);
  });
});
