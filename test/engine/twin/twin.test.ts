import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Observation } from '../../../engine/observation.ts';
import type { Json } from '../../../engine/ports.ts';
import { eventText, textCodes } from '../../../engine/twin/texts.ts';
import { formatNumber } from '../../../engine/twin/numberText.ts';
import { displayUnit, formatQuantity } from '../../../engine/twin/unitText.ts';
import type { Twin, TwinUpdate } from '../../../engine/twin/twin.ts';
import { makeTwin, observation, start, told } from './makeTwin.ts';

const second = 1000;

describe('addresses', () => {
  const properties = [
    { name: 'temperature', address: 'ns=2;s={machine}.Temp' },
    { name: 'pressure', address: 'ns=2;s={machine}.Pressure' },
    { name: 'motor_current' },
  ];
  const placeholders = new Map([['machine', 'Press3']]);

  it('lead by pattern with the machine’s placeholders, by name, by nested name', () => {
    const twin = makeTwin(properties, { placeholders });
    twin.apply([observation('ns=2;s=Press3.Temp', 61, start), observation('pressure', 182, start)], start);
    twin.applyRow({ 'motor.current': 7 }, start, start);
    assert.deepEqual(twin.payload(), { temperature: 61, pressure: 182, motor_current: 7 });
    assert.deepEqual(twin.problems, []);
  });

  it('the machine’s table goes before the pattern, scales, and leaves out', () => {
    const twin = makeTwin(properties, {
      placeholders,
      mapping: [
        { address: 'DB1.W4', property: 'temperature', scale: 0.1, offset: -20 },
        { address: 'ns=2;s=Press3.Pressure', property: '', scale: 1, offset: 0 },
      ],
    });
    const update = twin.apply([observation('DB1.W4', 810, start), observation('ns=2;s=Press3.Pressure', 5, start)], start);
    assert.deepEqual(twin.payload(), { temperature: 61, pressure: null, motor_current: null });
    assert.deepEqual([update.counts.leftOut, update.counts.unmapped], [1, 0]);
  });

  it('a topic may stand before a column, and the twin’s own path before a name', () => {
    const twin = makeTwin(properties, { placeholders, mapping: [{ address: 'cell/press/T', property: 'temperature' }] });
    twin.applyRow({ T: 61, pressure: 182 }, start, start, { topic: 'cell/press' });
    twin.apply([observation('plant/line1/press3/motor_current', 7, start)], start);
    assert.deepEqual(twin.payload(), { temperature: 61, pressure: 182, motor_current: 7 });
    const other = makeTwin(properties, { placeholders });
    other.apply([observation('plant/line1/press4/motor_current', 9, start)], start);
    assert.equal(other.payload()['motor_current'], null);
  });

  it('mistakes in the table and missing placeholders are told', () => {
    const twin = makeTwin(properties, {
      mapping: [
        { address: 'x', property: 'nothing' },
        { address: 'y', property: 'temperature' },
        { address: 'y', property: 'pressure' },
        { address: 'reg:4 float33', property: 'pressure' },
      ],
    });
    assert.deepEqual(twin.problems.map((problem) => problem.code), [
      'TWIN_MAPPING_PROPERTY',
      'TWIN_MAPPING_TWICE',
      'TWIN_REGISTER_ADDRESS',
      'TWIN_PLACEHOLDER_MISSING',
      'TWIN_PLACEHOLDER_MISSING',
    ]);
  });

  it('unmapped ones are kept for Listen, counted, asked about once, and bounded', () => {
    const twin = makeTwin(properties, { placeholders });
    const first = twin.apply([observation('a', 1, start, { unit: 'bar' }), observation('b', 'on', start)], start);
    assert.deepEqual([first.counts.unmapped, told(first.events)], [2, ['unmapped']]);
    assert.deepEqual(twin.apply([observation('a', 2, start + second)], start + second).events, []);
    assert.deepEqual(
      twin.unmapped().map(({ address, count, value, numeric, unit }) => ({ address, count, value, numeric, unit })),
      [
        { address: 'b', count: 1, value: 'on', numeric: false, unit: undefined },
        { address: 'a', count: 2, value: '2', numeric: true, unit: 'bar' },
      ],
    );
    let events = 0;
    for (let each = 0; each < 1000; each += 1) events += twin.apply(
      [observation(`tag${each}`, each, start + each)],
      start + each,
    ).events.length;
    assert.equal(twin.unmapped().length, 200);
    assert.ok(events <= 200, `${events} events`);
    assert.equal(twin.counts().unmapped, 1003);
  });

  it('times and qualities beside values are no unmapped addresses', () => {
    const twin = makeTwin(properties, { placeholders });
    assert.equal(twin.applyRow({ timestamp: start, time: 1, quality: 'Good', pressure: 5 }, start, start).counts.unmapped, 0);
  });

  it('columns that change their order or number are still told apart', () => {
    const twin = makeTwin([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    const entries = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer()), { selector: ([name]) => name });
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 8 }), (rows) => {
        rows.forEach((row, index) => {
          const nowMs = (twin.timeMs ?? start) + 1 + index;
          twin.applyRow(Object.fromEntries(row), nowMs, nowMs);
          for (const [name, value] of row) if (name < 'd') assert.equal(twin.payload()[name], value === 0 ? 0 : value);
        });
      }),
    );
  });

  it('registers are decoded by the type’s and the table’s addresses', () => {
    const twin = makeTwin(
      [{ name: 'temperature', address: 'reg:0 int16 x0.1' }, { name: 'pressure' }, { name: 'on', valueKind: 'state', address: 'reg:3.1' }],
      { mapping: [{ address: 'reg:1 float32 swap', property: 'pressure', scale: 2, offset: 1 }] },
    );
    const words = new DataView(new ArrayBuffer(4));
    words.setFloat32(0, 12.5);
    const update = twin.applyRow({ registers: [65_526, words.getUint16(2), words.getUint16(0), 2] }, start, start);
    assert.deepEqual(twin.payload(), { temperature: -1, pressure: 26, on: true });
    assert.equal(update.counts.unmapped, 0);
    twin.applyRow({ registers: [1] }, start + second, start + second);
    assert.deepEqual(twin.quality(), { pressure: 'bad', on: 'bad' });
  });
});

describe('limits', () => {
  const property = { name: 'p', label: 'Druck', unit: 'bar', highHigh: '90', high: '80', low: '20', lowLow: '10', deadband: '2' };
  const eventsOf = (twin: Twin, values: number[]): string[] => values.flatMap(
    (value, row) => told(twin.applyRow({ p: value }, start + row * second, start + row * second).events),
  );

  it('begin at the limit and end a deadband behind it', () => {
    assert.deepEqual(
      eventsOf(makeTwin([property]), [79.9, 80, 79, 78.1, 77.9, 81, 78]),
      ['limit p high begins', 'limit p high ends', 'limit p high begins'],
    );
    assert.deepEqual(eventsOf(makeTwin([property]), [50, 20, 21.9, 22.1]), ['limit p low begins', 'limit p low ends']);
  });

  it('come in steps: high and highHigh, low and lowLow', () => {
    assert.deepEqual(eventsOf(makeTwin([property]), [50, 95, 85, 50, 5]), [
      'limit p high begins',
      'limit p highHigh begins',
      'limit p highHigh ends',
      'limit p high ends',
      'limit p low begins',
      'limit p lowLow begins',
    ]);
  });

  it('without a deadband: 1 % of the range, or else of the limit', () => {
    assert.deepEqual(
      eventsOf(makeTwin([{ name: 'p', high: '80', rangeLow: '0', rangeHigh: '200' }]), [80, 78.1, 77.9]),
      ['limit p high begins', 'limit p high ends'],
    );
    assert.deepEqual(eventsOf(makeTwin([{ name: 'p', high: '80' }]), [80, 79.3, 79.1]), ['limit p high begins', 'limit p high ends']);
    assert.deepEqual(eventsOf(makeTwin([{ name: 'p', high: '0' }]), [0, -0.001]), ['limit p high begins', 'limit p high ends']);
  });

  it('say a sentence in the site’s language, with its numbers and units', () => {
    const german = makeTwin([property], { language: 'de' }).applyRow({ p: 85.25 }, start, start).events[0];
    assert.equal(german?.text, 'Druck: 85,25 bar, oberer Grenzwert 80 bar erreicht oder überschritten.');
    assert.deepEqual([german?.limit, german?.limitValue, german?.value, german?.active, german?.timeMs], ['high', 80, 85.25, true, start]);
    assert.equal(
      makeTwin([property]).applyRow({ p: 85.25 }, start, start).events[0]?.text,
      'Druck is 85.25 bar: at or above its high limit of 80 bar.',
    );
  });

  it('hold for derived properties', () => {
    const twin = makeTwin([{ name: 'a' }, { name: 'double', valueKind: 'derived', expression: 'a * 2', high: '10' }]);
    assert.deepEqual(told(twin.applyRow({ a: 6 }, start, start).events), ['limit double high begins']);
  });
});

describe('mode and derived properties', () => {
  it('the mode comes from the expression, and its change is told', () => {
    const twin = makeTwin(
      [{ name: 'speed' }, { name: 'rpm', valueKind: 'derived', expression: 'speed * 60' }],
      { mode: "if(rpm > 10, 'producing', 'idle')" },
    );
    assert.equal(twin.state, '');
    assert.deepEqual(told(twin.applyRow({ speed: 0 }, start, start).events), []);
    assert.equal(twin.state, 'idle');
    const [event] = twin.applyRow({ speed: 5 }, start + second, start + second).events;
    assert.deepEqual(
      [event?.kind, event?.from, event?.to, event?.text],
      ['state', 'idle', 'producing', 'Press 3 changed from idle to producing.'],
    );
    twin.apply([observation('speed', 1, start + 2 * second, { quality: 'bad' })], start + 2 * second);
    assert.equal(twin.header().state, 'producing');
  });

  it('without an expression it is the state property', () => {
    const twin = makeTwin([{ name: 'state', valueKind: 'state' }]);
    twin.applyRow({ state: 'idle' }, start, start);
    assert.deepEqual(told(twin.applyRow({ state: 3 }, start + second, start + second).events), ['state idle 3']);
    assert.deepEqual(twin.payload(), { state: 3 });
  });

  it('are computed in order, once per row, with the worst quality of what they read', () => {
    const twin = makeTwin([
      { name: 'sum', valueKind: 'derived', expression: 'double + a' },
      { name: 'double', valueKind: 'derived', expression: 'a * 2' },
      { name: 'a' },
      { name: 'b' },
      { name: 'ratio', valueKind: 'derived', expression: 'a / b' },
    ]);
    const update = twin.applyRow({ a: 3, b: 0 }, start, start);
    assert.deepEqual(twin.payload(), { sum: 9, double: 6, a: 3, b: 0, ratio: null });
    assert.deepEqual(twin.quality(), { ratio: 'bad' });
    assert.deepEqual(update.changed.sort(), ['a', 'b', 'double', 'sum']);
    twin.apply([observation('a', 4, start + second, { quality: 'uncertain' })], start + second);
    assert.deepEqual(twin.quality(), { a: 'uncertain', double: 'uncertain', sum: 'uncertain', ratio: 'bad' });
    const other = twin.applyRow({ b: 2 }, start + 2 * second, start + 2 * second);
    assert.deepEqual(other.updated, ['b', 'ratio']);
    assert.equal(twin.payload()['ratio'], 2);
  });

  it('count operating hours', () => {
    const twin = makeTwin([{ name: 'speed' }, { name: 'hours', valueKind: 'derived', expression: 'hours(speed > 0)', unit: 'h' }]);
    for (let row = 0; row <= 60; row += 1) twin.applyRow({ speed: row < 30 ? 5 : 0 }, start + row * 60_000, start + row * 60_000);
    assert.ok(Math.abs((twin.payload()['hours'] as number) - 0.5) < 1e-9, String(twin.payload()['hours']));
  });
});

describe('what a row says it did', () => {
  it('changed and updated are two things', () => {
    const twin = makeTwin([{ name: 'a' }, { name: 'b' }]);
    twin.applyRow({ a: 1, b: 2 }, start, start);
    const update = twin.applyRow({ a: 1, b: 3 }, start + second, start + second);
    assert.deepEqual([update.changed, update.updated, update.timeMs], [['b'], ['a', 'b'], start + second]);
    assert.equal(update.accepted.length, 2);
  });

  it('rows of a machine keep their order in time though its values do not', () => {
    const twin = makeTwin([{ name: 'a' }, { name: 'b' }]);
    twin.applyRow({ a: 1 }, start + 500, start + 600);
    const update = twin.applyRow({ b: 1 }, start + 400, start + 700);
    assert.deepEqual([update.updated, update.timeMs], [['b'], start + 500]);
  });

  it('without a source time the site’s time stands in', () => {
    const twin = makeTwin([{ name: 'a' }]);
    assert.equal(twin.applyRow({ a: 1 }, undefined, start + 5).accepted[0]?.timeMs, start + 5);
    assert.equal(twin.apply([observation('a', 2)], start + 9).timeMs, start + 9);
    assert.equal(twin.apply([observation('a', 3, undefined, { serverTimeMs: start + 11 })], start + 12).timeMs, start + 11);
  });
});

describe('a snapshot', () => {
  const properties = [
    { name: 'temperature', high: '60', unit: 'Cel', maximumRate: '50' },
    { name: 'parts', valueKind: 'counter', counterBits: '16' },
    { name: 'wh', valueKind: 'counter' },
    { name: 'state', valueKind: 'state' },
    { name: 'hours', valueKind: 'derived', expression: "hours(state = 'on')" },
    { name: 'average', valueKind: 'derived', expression: 'mean(temperature, 1min)' },
    { name: 'step', valueKind: 'derived', expression: 'delta(parts)' },
  ];
  const mode = "if(count(state = 'on') > 3, 'late', 'early')";
  const rowAt = (row: number): Record<string, unknown> => ({
    temperature: 50 + ((row * 7) % 23),
    parts: (row * 5000) % 65_536,
    wh: 9_007_199_254_740_993n + BigInt(row),
    state: row % 4 < 2 ? 'on' : 'off',
  });
  const result = (twin: Twin, update: TwinUpdate): unknown => [
    twin.payload(),
    twin.quality(),
    twin.state,
    update.changed,
    update.updated,
    update.events,
    update.timeMs,
    update.accepted,
    update.counts,
    twin.properties(),
  ];
  /** 64-bit integers have no JSON of their own. */
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

  it('continues exactly: counters, hours, limits, mode, learnt interval', () => {
    const one = makeTwin(properties, { mode });
    let other = makeTwin(properties, { mode });
    for (let row = 0; row < 60; row += 1) {
      // A silence, an old row and a bad value on the way.
      const nowMs = start + row * second + (row > 40 ? 3_600_000 : 0);
      const timeMs = row % 17 === 5 ? nowMs - 30_000 : nowMs;
      const values = row % 13 === 7 ? { ...rowAt(row), temperature: null } : rowAt(row);
      const before = one.applyRow(values, timeMs, nowMs);
      other = makeTwin(properties, { mode }, plain(other.snapshot()) as Json);
      const after = other.applyRow(values, timeMs, nowMs);
      assert.deepEqual(plain(result(other, after)), plain(result(one, before)), `row ${row}`);
    }
    assert.deepEqual(plain(other.snapshot()), plain(one.snapshot()));
    assert.ok(one.learntIntervalMs !== undefined);
  });

  it('of another version of the type: what is left is taken over, what is new starts afresh', () => {
    const twin = makeTwin(properties, { mode });
    for (let row = 0; row < 5; row += 1) twin.applyRow(rowAt(row), start + row * second, start + row * second);
    const other = makeTwin(
      [
        { name: 'temperature' },
        { name: 'brandNew' },
        { name: 'hours', valueKind: 'derived', expression: "hours(temperature > 0)" },
        { name: 'state' },
      ],
      {},
      plain(twin.snapshot()) as Json,
    );
    assert.deepEqual(
      [other.payload()['temperature'], other.payload()['brandNew'], other.payload()['state']],
      [twin.payload()['temperature'], null, null],
    );
  });

  it('that is damaged does no harm', () => {
    const twin = makeTwin(properties, { mode });
    for (let row = 0; row < 5; row += 1) twin.applyRow(rowAt(row), start + row * second, start + row * second);
    const good = plain(twin.snapshot()) as Json;
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), (garbage, seed) => {
        const damaged = JSON.parse(JSON.stringify(good)) as Json;
        const places: [Record<string, unknown>, string][] = [];
        const walk = (value: unknown): void => {
          if (typeof value !== 'object' || value === null) return;
          for (const key of Object.keys(value)) {
            places.push([value as Record<string, unknown>, key]);
            walk((value as Record<string, unknown>)[key]);
          }
        };
        walk(damaged);
        const place = places[seed % places.length];
        if (place !== undefined) place[0][place[1]] = garbage;
        for (const snapshot of [damaged, garbage as Json]) {
          const restored = makeTwin(properties, { mode }, snapshot);
          restored.watch(start + 10 * second);
          restored.applyRow(rowAt(9), start + 11 * second, start + 11 * second);
          for (const value of Object.values(restored.payload())) assert.ok(
            value === null || typeof value !== 'number' || Number.isFinite(value),
            JSON.stringify(garbage),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('whatever comes', () => {
  const properties = [
    { name: 'a', rangeLow: '-1e9', rangeHigh: '1e9', high: '100', expectedInterval: '5' },
    { name: 'b', valueKind: 'counter', counterBits: '16' },
    { name: 'c', valueKind: 'state' },
    { name: 'd', valueKind: 'derived', expression: 'rate(a) + mean(b, 1min) / count(c)' },
  ];
  const anything = fc.oneof(
    fc.anything(),
    fc.double(),
    fc.constantFrom(NaN, Infinity, -0, 1e308, '', ' ', '0x10', '12,5', 'NaN', '1e400', null, undefined, 2n ** 80n, [], {}),
  );
  const time = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.integer({ min: start - 1e9, max: start + 1e9 }),
    fc.constantFrom(undefined, NaN, 0, 8.64e15, -1),
  );

  const step = fc.record({
    value: anything,
    name: fc.constantFrom('a', 'b', 'c', 'x', '__proto__'),
    timeMs: time,
    quality: fc.constantFrom('good', 'uncertain', 'bad'),
  });

  it('nothing throws, a bad value changes no good one, and nothing but finite numbers goes out', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const twin = makeTwin(properties);
        twin.applyRow({ a: 1, b: 2, c: 'on' }, start, start);
        let nowMs = start;
        for (const { value, name, timeMs, quality } of steps) {
          nowMs += 1000;
          const before = twin.payload();
          const currentMs = twin.timeMs as number;
          const single = { address: name, value, quality, receivedTimeMs: nowMs, sourceTimeMs: timeMs } as Observation;
          const update = nowMs % 2000 === 0 ? twin.apply([single], nowMs) : twin.applyRow(
            Object.fromEntries([[name, value]]),
            timeMs,
            nowMs,
            { quality: quality as 'good' },
          );
          twin.watch(nowMs + 500);
          const after = twin.payload();
          if (quality === 'bad' || value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value))) {
            assert.deepEqual({ ...after, d: null }, { ...before, d: null });
          }
          assert.ok((twin.timeMs as number) >= currentMs, 'time went back');
          assert.ok((twin.timeMs as number) <= nowMs + 300_000, 'time from the future');
          for (const each of [...Object.values(after), ...update.accepted.map((point) => point.value)]) {
            assert.ok(each === null || typeof each !== 'number' || Number.isFinite(each), String(each));
          }
          for (const point of update.accepted) assert.ok(Number.isFinite(point.timeMs), String(point.timeMs));
          for (const event of update.events) {
            // A state, this one or the one before, may be called NaN or undefined by the PLC; a sentence of ours never says it by itself.
            const ours = steps.reduce((text, given) => (typeof given.value === 'string' && given.value !== '' ? text.replaceAll(given.value, '') : text), event.text);
            assert.ok(event.text.length > 0 && !/undefined|NaN|\{\w+\}/.test(ours), event.text);
          }
        }
        JSON.parse(JSON.stringify(twin.snapshot()));
      }),
      { numRuns: 300 },
    );
  });

  it('the state is the same whatever order late rows come in, and history holds each time once', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Array.from({ length: 12 }, (_, index) => index), { minLength: 12 }), (order) => {
        const twin = makeTwin([{ name: 'a' }]);
        const history = new Map<number, unknown>();
        for (const row of order) {
          const { accepted } = twin.applyRow({ a: row * 10 }, start + row * 1000, start + 60_000);
          for (const point of accepted) history.set(point.timeMs, point.value);
        }
        assert.deepEqual(twin.payload(), { a: 110 });
        assert.deepEqual(
          [...history].sort((a, b) => a[0] - b[0]).map(([, value]) => value),
          Array.from({ length: 12 }, (_, index) => index * 10),
        );
      }),
    );
  });

  it('memory stays bounded over a million values', function () {
    this.timeout(60_000);
    const twin = makeTwin(properties);
    const row: Record<string, unknown> = { a: 0, b: 0, c: 'on', x: 1 };
    let size = 0;
    for (let each = 0; each < 250_000; each += 1) {
      row['a'] = each % 90;
      row['b'] = each % 65_536;
      row['c'] = each % 100 < 50 ? 'on' : 'off';
      twin.applyRow(row, start + each * 1000, start + each * 1000);
      if (each === 50_000) size = JSON.stringify(twin.snapshot()).length;
    }
    assert.ok(JSON.stringify(twin.snapshot()).length < size * 1.1 + 200, `${size} → ${JSON.stringify(twin.snapshot()).length}`);
  });
});

describe('sentences', () => {
  it('exist in both languages, with the same values', () => {
    assert.ok(textCodes.length >= 20, `${textCodes.length} sentences`);
    for (const code of textCodes) {
      const slots = (['en-US', 'de'] as const).map(
        (language) => [...eventText(code, {}, language).matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort(),
      );
      assert.deepEqual(slots[0], slots[1], code);
      assert.notEqual(eventText(code, {}, 'en-US'), eventText(code, {}, 'de'), code);
    }
  });

  it('localise numbers and units', () => {
    assert.equal(formatNumber(1234.5678, 'de'), '1234,57');
    assert.equal(formatNumber(0.1 + 0.2, 'en-US'), '0.3');
    assert.equal(formatNumber(12_345_678.9, 'en-US'), '12345679');
    assert.equal(formatNumber(1e20, 'en-US'), '1.000e+20');
    assert.equal(formatNumber(NaN, 'de'), '–');
    assert.equal(formatQuantity(61.4, 'Cel', 'de'), '61,4 °C');
    assert.equal(formatQuantity(3, '1', 'de'), '3');
    assert.equal(displayUnit('m3/h', 'en-US'), 'm³/h');
    assert.equal(displayUnit('/min', 'de'), '1/min');
    assert.equal(displayUnit('mm/s', 'de'), 'mm/s');
  });
});
