import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Observation } from '../../engine/observation.ts';
import { Twin } from '../../engine/twin/twin.ts';
import { compileTwinType } from '../../engine/twin/twinType.ts';
import { readMessage, TwinBatch, twinEventMessage, twinMessage } from '../../nodes/message.ts';
import type { Reading } from '../../nodes/message.ts';
import { readQuality, readStatusCode } from '../../nodes/messageQuality.ts';
import { readTimeMs } from '../../nodes/messageTime.ts';
import { opcuaMessages } from '../fixtures/opcuaMessages.ts';

const now = 1_767_225_600_000;
const sourceMs = Date.parse('2026-11-20T10:00:00.000Z');

function read(msg: unknown): Reading {
  return readMessage(msg, now);
}

function observationsOf(msg: unknown): Observation[] {
  const reading = read(msg);
  assert.equal(reading.kind, 'observations', JSON.stringify(reading));
  return (reading as Extract<Reading, { kind: 'observations' }>).observations;
}

/** The one observation, without what is the same everywhere. */
function one(msg: unknown): Partial<Observation> {
  const observations = observationsOf(msg);
  assert.equal(observations.length, 1);
  const { receivedTimeMs, ...rest } = observations[0] as Observation;
  assert.equal(receivedTimeMs, now);
  return rest;
}

function rowOf(msg: unknown): Extract<Reading, { kind: 'row' }> {
  const reading = read(msg);
  assert.equal(reading.kind, 'row', JSON.stringify(reading));
  return reading as Extract<Reading, { kind: 'row' }>;
}

function rowsOf(msg: unknown): Extract<Reading, { kind: 'rows' }> {
  const reading = read(msg);
  assert.equal(reading.kind, 'rows', JSON.stringify(reading));
  return reading as Extract<Reading, { kind: 'rows' }>;
}

describe('messages of node-red-contrib-opcua, as recorded', () => {
  const by = (only: string): Map<string, Observation> => {
    const found = new Map<string, Observation>();
    for (const { msg } of opcuaMessages(only)) {
      const reading = read(msg);
      if (reading.kind === 'observations') for (const each of reading.observations) found.set(each.address, each);
    }
    return found;
  };

  for (const only of ['read', 'subscribe', 'multiple', 'readmultiple']) {
    it(`${only}: NodeId, value, source time, quality`, () => {
      const found = by(only);
      assert.ok(found.size >= 4, `${found.size} addresses`);
      for (const [address, { value, quality, sourceTimeMs, statusCode }] of found) {
        switch (address) {
          case 'ns=1;s=Sample.Double':
            assert.deepEqual([value, quality, sourceTimeMs, statusCode], [7.5, 'good', sourceMs + 1000, undefined]);
            break;
          case 'ns=1;s=Sample.Boolean':
            assert.deepEqual([value, quality, sourceTimeMs], [true, 'good', sourceMs]);
            break;
          case 'ns=1;s=Sample.String':
            assert.equal(value, 'producing');
            break;
          case 'ns=1;s=Sample.Int64':
            assert.equal(value, -2);
            break;
          case 'ns=1;s=Sample.UInt64':
            assert.equal(value, (79_191_203n << 32n) + 1_573_748_753n);
            break;
          case 'ns=1;s=Sample.NotANumber':
            assert.deepEqual([value, quality], [null, 'bad']);
            break;
          case 'ns=1;s=Sample.Array[1]':
            assert.equal(value, 2.5);
            break;
          case 'ns=1;s=Sample.LocalizedText':
            assert.equal(value, 'läuft');
            break;
          case 'ns=1;s=Sample.DateTime':
            assert.equal(value, '2026-11-20T10:00:00.000Z');
            break;
          case 'ns=1;s=Sample.Bad':
            assert.deepEqual([value, quality, statusCode], [7.25, 'bad', 'BadSensorFailure']);
            break;
          case 'ns=1;s=Sample.Uncertain':
            assert.deepEqual([value, quality, statusCode], [7.25, 'uncertain', 'UncertainLastUsableValue']);
            break;
          case 'ns=1;s=Sample.BadNoValue':
          case 'ns=1;s=Sample.Unknown':
            assert.deepEqual([value, quality], [null, 'bad']);
            break;
          default:
            assert.ok(['Float', 'UInt16', 'Array[0]'].some((name) => address === `ns=1;s=Sample.${name}`), address);
        }
      }
    });
  }

  it('the stray subscription id and the answer to a write are ignored', () => {
    for (const { case: only, msg } of opcuaMessages().filter((message) => message.output === 1)) {
      if (msg['topic'] === 'subscriptionId' || only === 'write') assert.equal(read(msg).kind, 'ignored', JSON.stringify(msg));
    }
    assert.equal(read({ topic: 'subscriptionId', payload: 5 }).kind, 'ignored');
  });

  it('readmultiple’s third output: addresses and DataValues are zipped', () => {
    const [message] = opcuaMessages().filter(({ output }) => output === 3);
    const observations = observationsOf(message?.msg);
    assert.deepEqual(
      observations.map(({ address, value, quality }) => [address, value, quality]),
      [
        ['ns=1;s=Sample.Double', 7.5, 'good'],
        ['ns=1;s=Sample.Float', 0.10000000149011612, 'good'],
        ['ns=1;s=Sample.Boolean', true, 'good'],
        ['ns=1;s=Sample.Bad', 7.25, 'bad'],
      ],
    );
    assert.equal(observations[0]?.sourceTimeMs, sourceMs + 1000);
  });

  it('the client’s own output: a keep-alive is a sign of life, other states are none', () => {
    const kinds = opcuaMessages().filter(({ output }) => output === 2).map(({ msg }) => [msg['status'], read(msg)] as const);
    assert.ok(kinds.length > 10);
    for (const [status, reading] of kinds) {
      if (status === 'keepalive') assert.deepEqual(
        reading,
        { kind: 'lifecycle', alive: true, source: 'opc.tcp://127.0.0.1:4840/recording' },
      );
      else assert.equal(reading.kind, 'ignored', String(status));
    }
    assert.deepEqual(
      read({ error: null, endpoint: 'opc.tcp://x', status: 'terminated' }),
      { kind: 'lifecycle', alive: false, source: 'opc.tcp://x' },
    );
  });

  it('survives JSON, where the status is only its number', () => {
    assert.deepEqual(
      one({ topic: 'ns=1;s=T', payload: 5, statusCode: { value: 2_156_658_688 }, sourceTimestamp: '2026-11-20T10:00:00.000Z' }),
      { address: 'ns=1;s=T', value: 5, quality: 'bad', statusCode: 2_156_658_688, sourceTimeMs: sourceMs },
    );
    assert.equal(one({ topic: 'ns=1;s=T', payload: 5, statusCode: { value: 0 } }).quality, 'good');
    assert.equal(one({ topic: 'ns=1;s=T', payload: [1, 2], datatype: 'UInt64' }).value, 4_294_967_298);
  });
});

describe('messages of other sources', () => {
  it('opcua-suite and FlowFuse: status as text, ISO times, nodeId', () => {
    const expected = { address: 'ns=2;s=T', value: 61.4, quality: 'good', sourceTimeMs: sourceMs, serverTimeMs: sourceMs + 5 };
    const more = { statusCode: 'Good', sourceTimestamp: '2026-11-20T10:00:00Z', serverTimestamp: '2026-11-20T10:00:00.005Z' };
    assert.deepEqual(one({ payload: 61.4, nodeId: 'ns=2;s=T', topic: 'read', ...more }), expected);
    assert.deepEqual(one({ items: [{ nodeId: 'ns=2;s=T', value: 61.4, ...more }] }), expected);
    assert.deepEqual(one({ payload: [{ nodeId: 'ns=2;s=T', value: 61.4, ...more }] }), expected);
    assert.deepEqual(one({ items: [{ nodeId: 'ns=2;s=T' }], payload: [61.4], ...more }), expected);
    assert.deepEqual(one({ payload: 61.4, nodeId: 'ns=2;s=T', ...more, statusCode: 'BadNoCommunication (0x80310000)' }).quality, 'bad');
  });

  it('iiot-opcua: everything inside the payload', () => {
    const value = {
      value: { dataType: 'Double', arrayType: 'Scalar', value: 61.4 },
      statusCode: { value: 0 },
      sourceTimestamp: '2026-11-20T10:00:00Z',
    };
    const expected = { address: 'ns=2;s=T', value: 61.4, quality: 'good', sourceTimeMs: sourceMs };
    assert.deepEqual(one({ topic: 'ns=2;s=T', payload: value }), expected);
    assert.deepEqual(one({ payload: [value], addressSpaceItems: [{ name: 'T', nodeId: 'ns=2;s=T' }] }), expected);
    assert.deepEqual(one({ payload: value, nodesToRead: ['ns=2;s=T'] }), expected);
    assert.deepEqual(one({ payload: { nodeId: 'ns=2;s=T', payload: value } }), expected);
    assert.deepEqual(one({ payload: { topic: 'ns=2;s=T', payload: 61.4, statusCode: 'Good', sourceTimestamp: sourceMs } }), expected);
  });

  it('s7: one variable, and all of them', () => {
    assert.deepEqual(one({ topic: 'Temp', payload: 61.4 }), { address: 'Temp', value: 61.4, quality: 'good' });
    const payload = { Temp: 61.4, Running: true };
    const row = rowOf({ topic: '', payload });
    assert.deepEqual([row.values, row.timeMs, row.quality], [payload, undefined, undefined]);
  });

  it('modbus: registers go on as they are', () => {
    assert.deepEqual(rowOf({ topic: 'polling', payload: [1, 2, 65_535], responseBuffer: {} }).values, { registers: [1, 2, 65_535] });
    assert.deepEqual(rowOf({ payload: [true, false] }).values, { registers: [true, false] });
    assert.deepEqual(rowOf({ payload: Uint16Array.of(7, 8) }).values, { registers: [7, 8] });
  });

  it('mqtt: JSON, {v, t, q}, UMH, a flat object, a plain number; as text and as buffer', () => {
    const topic = 'plant/press3/temperature';
    for (const payload of [
      { value: 61.4, timestamp: sourceMs },
      { value: 61.4, timestamp: '2026-11-20T10:00:00Z' },
      { v: 61.4, t: sourceMs / 1000, q: 192 },
      { v: 61.4, t: sourceMs, q: true },
      { value: 61.4, timestamp_ms: sourceMs },
    ]) {
      const expected = { address: topic, value: 61.4, quality: 'good', sourceTimeMs: sourceMs };
      assert.deepEqual(one({ topic, payload }), expected);
      assert.deepEqual(one({ topic, payload: JSON.stringify(payload) }), expected);
      assert.deepEqual(one({ topic, payload: Buffer.from(JSON.stringify(payload)) }), expected);
    }
    for (const payload of [61.4, '61.4', Buffer.from('61.4')]) {
      const { value, ...rest } = one({ topic, payload });
      assert.deepEqual([Number(value), rest], [61.4, { address: topic, quality: 'good' }]);
    }
    const flat = rowOf({ topic: 'plant/press3', payload: '{"temperature":61.4,"pressure":182,"timestamp_ms":1795345812000}' });
    assert.deepEqual(
      [flat.values['temperature'], flat.values['pressure'], flat.timeMs, flat.topic],
      [61.4, 182, 1_795_345_812_000, 'plant/press3'],
    );
    assert.equal(one({ topic, payload: { v: 5, t: sourceMs, q: 0 } }).quality, 'bad');
    assert.equal(one({ topic, payload: { v: 5, t: sourceMs, q: 'Uncertain_LastUsableValue' } }).quality, 'uncertain');
    // A voltage and a temperature.
    assert.deepEqual(rowOf({ topic, payload: { v: 230, t: 25 } }).values, { v: 230, t: 25 });
  });

  it('mqtt: nested objects and gateways', () => {
    assert.deepEqual(rowOf({ payload: { motor: { current: 7, temperatures: [60, 61] }, name: 'x' } }).values, {
      'motor.current': 7,
      'motor.temperatures.0': 60,
      'motor.temperatures.1': 61,
      name: 'x',
    });
    assert.deepEqual(
      observationsOf(
        { payload: { timestamp: sourceMs, temperature: { value: 61, timestamp: sourceMs - 5 }, pressure: { value: 5, quality: 'bad' } } },
      ).map(({ address, value, quality, sourceTimeMs }) => [address, value, quality, sourceTimeMs]),
      [
        ['temperature', 61, 'good', sourceMs - 5],
        ['pressure', 5, 'bad', sourceMs],
      ],
    );
    assert.deepEqual(
      observationsOf(
        {
          topic: 'iotgateway',
          payload: {
            timestamp: sourceMs,
            values: [{ id: 'Ch.Dev.T', v: 61, q: true, t: sourceMs }, { id: 'Ch.Dev.P', v: 5, q: false, t: sourceMs }],
          },
        },
      ).map(({ address, quality }) => [address, quality]),
      [
        ['Ch.Dev.T', 'good'],
        ['Ch.Dev.P', 'bad'],
      ],
    );
    assert.deepEqual(rowOf({ topic: 'x', payload: { value: { a: 1, b: 2 }, timestamp: sourceMs } }).values, { a: 1, b: 2 });
  });

  it('Sparkplug, decoded: metrics, quality, null, history, birth and death', () => {
    const metrics = [
      { name: 'bdSeq', value: 3 },
      {
        name: 'Motor/Current',
        value: 7.5,
        timestamp: sourceMs,
        type: 'Double',
        properties: { Quality: { type: 'Int32', value: 192 }, engUnit: { type: 'String', value: 'A' } },
      },
      { name: 'Motor/Speed', value: { low: 5, high: 0, unsigned: true }, type: 'UInt64' },
      { name: 'Oil/Temp', value: 61, quality: 500 },
      { name: 'Oil/Level', value: 9, is_null: true },
    ];
    const reading = read({ topic: 'spBv1.0/plant/DBIRTH/edge/press3', payload: { timestamp: sourceMs + 1, metrics, seq: 0 } });
    assert.ok(reading.kind === 'observations');
    assert.deepEqual([reading.birth, reading.complete, reading.historical], [true, true, false]);
    assert.deepEqual(
      reading.observations.map(({ address, value, quality, sourceTimeMs, unit }) => [address, value, quality, sourceTimeMs, unit]),
      [
        ['Motor/Current', 7.5, 'good', sourceMs, 'A'],
        ['Motor/Speed', 5, 'good', sourceMs + 1, undefined],
        ['Oil/Temp', 61, 'bad', sourceMs + 1, undefined],
        ['Oil/Level', null, 'bad', sourceMs + 1, undefined],
      ],
    );
    assert.equal(reading.device, 'plant/edge/press3');
    for (const [topic, device] of [['spBv1.0/plant/NDEATH/edge', 'plant/edge'], ['spBv1.0/plant/DDEATH/edge/press3', 'plant/edge/press3']] as const) {
      for (const payload of [{ timestamp: sourceMs, metrics: [{ name: 'bdSeq', value: 3 }] }, {}, '', Buffer.from([])]) {
        assert.deepEqual(read({ topic, payload }), { kind: 'lifecycle', alive: false, source: topic, device });
      }
    }
    const old = read(
      {
        topic: 'spBv1.0/plant/DDATA/edge/press3',
        payload: { metrics: [{ name: 'T', value: 5, timestamp: sourceMs, is_historical: true }] },
      },
    );
    assert.ok(old.kind === 'observations' && old.historical);
  });

  it('rows of InfluxDB, a CSV file, a long table: times of every kind, put in order', () => {
    const texts = [`${sourceMs}000000`, '2026-11-20T10:00:00Z', '2026-11-20 10:00:00', '2026-11-20T11:00:00+01:00'];
    for (const time of [sourceMs / 1000, sourceMs, sourceMs * 1e6, ...texts, new Date(sourceMs)]) {
      const reading = rowsOf({ payload: [{ time, temperature: 61 }] });
      assert.equal(reading.rows[0]?.timeMs, sourceMs, String(time));
      assert.equal(reading.rows[0]?.values['temperature'], 61);
      assert.equal(reading.historical, false);
    }
    const reading = rowsOf(
      { historical: true, payload: [{ time: sourceMs + 2000, a: 3 }, { time: sourceMs, a: 1 }, { time: sourceMs + 1000, a: 2 }] },
    );
    assert.deepEqual([reading.historical, reading.rows.map((row) => row.values['a'])], [true, [1, 2, 3]]);
    const long = rowsOf({
      payload: [
        { _time: '2026-11-20T10:00:00Z', _field: 'temperature', _value: 61, _measurement: 'm' },
        { _time: '2026-11-20T10:00:00Z', _field: 'pressure', _value: 5 },
        { _time: '2026-11-20T10:00:01Z', _field: 'temperature', _value: 62 },
      ],
    });
    assert.deepEqual(long.rows, [
      { timeMs: sourceMs, values: { temperature: 61, pressure: 5 }, topic: '' },
      { timeMs: sourceMs + 1000, values: { temperature: 62 }, topic: '' },
    ]);
    const points = rowsOf({ payload: [{ measurement: 'm', tags: {}, fields: { temperature: 61 }, timestamp: sourceMs }] });
    assert.deepEqual(points.rows, [{ timeMs: sourceMs, values: { temperature: 61 }, topic: '' }]);
  });

  it('our own messages can be read again', () => {
    const payload = { temperature: 61, pressure: 5 };
    const row = rowOf(
      { topic: 'plant/press3', payload, changed: ['temperature'], timestamp: sourceMs, quality: { pressure: 'uncertain' }, twin: {} },
    );
    assert.deepEqual([row.values, row.timeMs, [...(row.qualities ?? [])]], [payload, sourceMs, [['pressure', 'uncertain']]]);
  });

  it('anything else: a value belongs to its topic; without one it asks', () => {
    assert.deepEqual(one({ topic: 'temperature', payload: 5 }), { address: 'temperature', value: 5, quality: 'good' });
    assert.equal(one({ payload: 5 }).address, 'payload');
    assert.deepEqual(one({ topic: 't', payload: null }), { address: 't', value: null, quality: 'bad', statusCode: 'not-a-value' });
    assert.equal(one({ topic: 't', payload: 'läuft' }).value, 'läuft');
    assert.equal(one({ topic: 't', payload: '"on"' }).value, 'on');
  });

  it('a message in a message’s shape that is no value is ignored, with the reason', () => {
    const payloads = [undefined, {}, [], () => 1, [{}]];
    for (const msg of [undefined, null, 5, 'x', {}, { topic: 't' }, ...payloads.map((payload) => ({ payload }))]) {
      const reading = read(msg);
      assert.ok(reading.kind === 'ignored' || reading.kind === 'rows', JSON.stringify(reading));
    }
  });

  it('commands are taken, unknown ones told', () => {
    assert.deepEqual(
      read({ command: { do: 'acknowledge', case: 'c1', by: 'Ann', evil: 1 } }),
      { kind: 'command', command: { do: 'acknowledge', case: 'c1', by: 'Ann' } },
    );
    assert.deepEqual(
      read({ command: { do: 'learn-again', twin: 'press3', properties: ['a', 5] } }),
      { kind: 'command', command: { do: 'learn-again', twin: 'press3', properties: ['a'] } },
    );
    assert.deepEqual(
      read({ command: { do: 'link', from: 'a', relation: 'feeds', to: 'b' } }),
      { kind: 'command', command: { do: 'link', from: 'a', relation: 'feeds', to: 'b' } },
    );
    for (const command of [{}, { do: 'explode' }, { do: 'link', from: 'a' }]) {
      const reading = read({ command });
      assert.ok(reading.kind === 'problem' && reading.problem.code === 'TWIN_COMMAND_UNKNOWN');
    }
    // A command of somebody else's.
    assert.equal(read({ command: 'toggle', topic: 't', payload: 1 }).kind, 'observations');
  });

  it('too much is told, on either side of the bound', () => {
    const code = (msg: unknown): string | undefined => {
      const reading = read(msg);
      return reading.kind === 'problem' ? reading.problem.code : undefined;
    };
    const row = { time: sourceMs, a: 1 };
    assert.equal(code({ payload: new Array(100_000).fill(row) }), undefined);
    assert.equal(code({ payload: new Array(100_001).fill(row) }), 'TWIN_MESSAGE_TOO_LARGE');
    const wide = (count: number): Record<string, number> => Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`p${index}`, index]),
    );
    assert.equal(code({ payload: wide(10_000) }), undefined);
    assert.equal(code({ payload: wide(10_001) }), 'TWIN_MESSAGE_TOO_LARGE');
    assert.equal(code({ payload: { a: wide(10_001) } }), 'TWIN_MESSAGE_TOO_LARGE');
    assert.equal(code({ payload: `{"a":"${'x'.repeat(1_048_570)}"}` }), 'TWIN_MESSAGE_TOO_LARGE');
    assert.equal(code({ payload: '{"a":' }), 'TWIN_MESSAGE_JSON');
    assert.equal(code({ payload: [[1, 2], [3, 4]] }), 'TWIN_MESSAGE_SHAPE');
    let deep: unknown = 5;
    for (let level = 0; level < 5000; level += 1) deep = { a: deep };
    assert.equal(code({ payload: deep }), undefined);
    assert.deepEqual(rowOf({ payload: { b: 1, deep } }).values, { b: 1 });
    const loop: Record<string, unknown> = { a: 1 };
    loop['self'] = loop;
    assert.equal(code({ payload: loop }), undefined);
  });

  it('getters that throw are told, not thrown', () => {
    const payload = { get a(): number { throw new Error('no'); }, b: 1 };
    const reading = read({ payload });
    assert.ok(reading.kind === 'problem' && reading.problem.code === 'TWIN_MESSAGE_UNREADABLE');
  });
});

describe('whatever message comes', () => {
  const { type } = compileTwinType({ name: 'press', properties: [{ name: 'a' }, { name: 'b', valueKind: 'state' }] });
  const key = fc.constantFrom(
    'a',
    'b',
    'value',
    'v',
    't',
    'q',
    'timestamp',
    'time',
    'payload',
    'metrics',
    'items',
    'topic',
    'nodeId',
    'statusCode',
    'name',
    'quality',
    'values',
    'fields',
    '_field',
    '_value',
    '__proto__',
    'constructor',
    'low',
    'high',
    'unsigned',
  );
  const leaf = fc.oneof(
    fc.anything(),
    fc.double(),
    fc.constantFrom(null, '', '{', '[1]', '{"a":1}', 'Good', sourceMs, '2026-11-20T10:00:00Z', NaN, 2n ** 70n),
    fc.date(),
  );
  const shape = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('node'), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie('node')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
    ),
  })).node;
  const message = fc.record(
    {
      topic: fc.oneof(leaf, fc.constantFrom('a', 'spBv1.0/g/DDATA/e/d', 'multiple', 'readmultiple')),
      payload: shape,
      items: shape,
      statusCode: leaf,
      historical: leaf,
      command: shape,
    },
    { requiredKeys: [] },
  );

  it('reading never throws, never changes it, and a twin takes the result', () => {
    fc.assert(
      fc.property(message, (msg) => {
        const before = describeValue(msg);
        const reading = read(msg);
        assert.equal(describeValue(msg), before);
        const twin = new Twin({ key: 'k', name: 'k', path: ['k'], type });
        twin.applyRow({ a: 1, b: 'on' }, now, now);
        if (reading.kind === 'observations') twin.apply(reading.observations, now + 1000, reading.historical);
        else if (reading.kind === 'row') twin.applyRow(reading.values, reading.timeMs, now + 1000, reading);
        else if (reading.kind === 'rows') for (const row of reading.rows) twin.applyRow(row.values, row.timeMs, now + 1000, row);
        for (const value of Object.values(twin.payload())) assert.ok(value === null || typeof value !== 'number' || Number.isFinite(value));
        assert.equal(({} as Record<string, unknown>)['a'], undefined);
      }),
      { numRuns: 2000 },
    );
  });
});

/** A text of everything that a value holds, its own properties in their order. */
function describeValue(value: unknown, depth = 0): string {
  if (typeof value === 'object' && value !== null) {
    if (value instanceof Date) return `Date(${value.getTime()})`;
    if (depth > 12) return '…';
    const held = value as Record<PropertyKey, unknown>;
    return `{${Reflect.ownKeys(value).map((name) => `${String(name)}:${describeValue(held[name], depth + 1)}`).join(',')}}`;
  }
  return Object.is(value, -0) ? '-0' : `${typeof value} ${String(value)}`;
}

describe('times', () => {
  it('are told apart by their size', () => {
    for (const [given, expected] of [
      [1_700_000_000, 1_700_000_000_000],
      [1_700_000_000_000, 1_700_000_000_000],
      [1_700_000_000_000_000, 1_700_000_000_000],
      [1_700_000_000_000_000_000n, 1_700_000_000_000],
      ['1700000000000000000', 1_700_000_000_000],
      [{ low: 0, high: 1 }, 4_294_967_296_000],
      ['2023-11-14T22:13:20Z', 1_700_000_000_000],
      ['2023-11-14T22:13:20.5', 1_700_000_000_500],
      ['2023-11-14T23:13:20+0100', 1_700_000_000_000],
      ['2023-11-14', 1_699_920_000_000],
    ] as const) {
      assert.equal(readTimeMs(given), expected, String(given));
    }
    const texts = ['', '5', 'yesterday', '14.11.2023', '2023-13-45T00:00:00Z', '1e400'];
    for (const given of [...texts, NaN, Infinity, true, null, undefined, {}, new Date(NaN)]) {
      assert.equal(readTimeMs(given), undefined, String(given));
    }
  });
});

describe('qualities', () => {
  it('of OPC UA: by severity, name, object', () => {
    for (const [given, quality] of [
      [0, 'good'],
      [0x0040_0000, 'good'],
      [0x4090_0000, 'uncertain'],
      [0x8000_0000, 'bad'],
      [-2_147_483_648, 'bad'],
      ['Good', 'good'],
      ['GoodLocalOverride', 'good'],
      ['UncertainInitialValue', 'uncertain'],
      ['BadTimeout', 'bad'],
      [{ _name: 'BadTimeout', _value: 0x800a_0000 }, 'bad'],
      [{ Code: 0x4090_0000, Symbol: 'UncertainLastUsableValue' }, 'uncertain'],
      [{ isGood: () => false }, 'bad'],
      [{}, 'uncertain'],
      [true, 'good'],
    ] as const) {
      assert.equal(readStatusCode(given).quality, quality, JSON.stringify(given));
    }
  });

  it('of other sources: 192 good, 0 bad, 500 stale, words', () => {
    for (const [given, quality] of [
      [192, 'good'],
      [216, 'good'],
      [64, 'uncertain'],
      [0, 'bad'],
      [24, 'bad'],
      [500, 'bad'],
      ['192', 'good'],
      ['0x80000000', 'bad'],
      ['stale', 'bad'],
      ['Bad_Stale', 'bad'],
      ['ok', 'good'],
      ['so so', 'uncertain'],
      [false, 'bad'],
    ] as const) {
      assert.equal(readQuality(given).quality, quality, JSON.stringify(given));
    }
  });
});

describe('messages that go out', () => {
  const { type } = compileTwinType(
    {
      name: 'press',
      version: 3,
      properties: [
        { name: 'temperature', unit: 'Cel', high: '80' },
        { name: 'pressure', unit: 'bar' },
        { name: 'state', valueKind: 'state' },
      ],
    },
  );
  const make = (): Twin => new Twin({ key: 'press3', name: 'Press 3', path: ['plant', 'line1', 'press3'], type });

  it('a row: all current values, what changed, the source time, what is not good, who speaks', () => {
    const twin = make();
    twin.applyRow({ temperature: 61, pressure: 182, state: 'producing' }, now, now);
    const received = { _msgid: 'm1', topic: 'in', payload: 1, mine: { kept: true }, parts: { id: 'p' } };
    const update = twin.applyRow({ temperature: 61.4 }, now + 1000, now + 1000);
    assert.deepEqual(twinMessage(twin, update, { received, row: 7 }), {
      _msgid: 'm1',
      mine: { kept: true },
      parts: { id: 'p' },
      topic: 'plant/line1/press3',
      payload: { temperature: 61.4, pressure: 182, state: 'producing' },
      changed: ['temperature'],
      updated: ['temperature'],
      timestamp: now + 1000,
      quality: {},
      twin: {
        v: 1,
        key: 'press3',
        name: 'Press 3',
        type: 'press@3',
        state: 'producing',
        path: ['plant', 'line1', 'press3'],
        units: { temperature: 'Cel', pressure: 'bar' },
        row: 7,
      },
    });
    assert.deepEqual(received.topic, 'in');
    const replayed = twinMessage(twin, update, { historical: true, replay: { id: 'r' } });
    assert.deepEqual([replayed.historical, replayed.replay], [true, { id: 'r' }]);
    assert.ok(!('historical' in twinMessage(twin, update)));
  });

  it('an event: its sentence', () => {
    const twin = make();
    const [event] = twin.applyRow({ temperature: 85 }, now, now).events;
    assert.ok(event !== undefined);
    const message = twinEventMessage(twin, event);
    assert.deepEqual(
      [message.topic, message.payload, message.event.limit, message.timestamp],
      ['plant/line1/press3', event.text, 'high', now],
    );
  });

  it('a batch: a row for each row with what it brought, the mode of each, what is not good', () => {
    const twin = make();
    const batch = new TwinBatch();
    const rows = [{ temperature: 61, state: 'idle' }, { temperature: 'none', state: 'producing' }, { pressure: 5 }];
    rows.forEach((row, index) => batch.add(twin, twin.applyRow(row, now + index * 1000, now + 5000)));
    batch.add(twin, twin.applyRow({ temperature: 1 }, now - 1000, now + 5000));
    assert.equal(batch.length, 3);
    const message = batch.message(twin, { row: 10 });
    assert.deepEqual(message.payload, [
      { temperature: 61, state: 'idle', time: now },
      { temperature: 61, state: 'producing', time: now + 1000 },
      { pressure: 5, time: now + 2000 },
    ]);
    assert.deepEqual([message.changed, message.states, message.quality, message.timestamp, message.twin.row], [
      ['temperature', 'state', 'pressure'],
      ['idle', 'producing', 'producing'],
      { 1: { temperature: 'bad' } },
      now + 2000,
      10,
    ]);
  });
});
