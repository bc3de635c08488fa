/** Messages that nobody should send and somebody will. Made anew each time, for a node may keep or change what it is given. */
export function oddMessages(): { name: string; message: Record<string, unknown> }[] {
  const circular: Record<string, unknown> = { value: 1 };
  circular.self = circular;
  const deep: Record<string, unknown> = {};
  let inner = deep;
  for (let depth = 0; depth < 2_000; depth++) inner = inner.next = {} as Record<string, unknown>;
  const proto = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 1, "toString": 2, "hasOwnProperty": 3}') as Record<string, unknown>;
  const frozen = Object.freeze({ value: 1, timestamp: 2 });
  const throwing = {
    get value(): number {
      throw new Error('a getter that throws');
    },
  };
  const now = Date.now();
  const payloads: Record<string, unknown> = {
    'nothing': undefined,
    'null': null,
    'true': true,
    'empty text': '',
    'a space': ' ',
    'hexadecimal text': '0x10',
    'decimal comma': '12,5',
    'NaN as text': 'NaN',
    '1e400 as text': '1e400',
    'NaN': NaN,
    'infinity': Infinity,
    'minus infinity': -Infinity,
    'minus zero': -0,
    'the largest number': Number.MAX_VALUE,
    'the smallest number': Number.MIN_VALUE,
    '1e308': 1e308,
    'a big integer': 2n ** 70n,
    'a symbol': Symbol('odd'),
    'a function': () => 1,
    'a date': new Date(),
    'an invalid date': new Date(NaN),
    'a regular expression': /odd/g,
    'an error': new Error('odd'),
    'a buffer': Buffer.from([1, 2, 3]),
    'an empty buffer': Buffer.alloc(0),
    'typed array': new Float64Array([1, NaN, 3]),
    'a map': new Map([['temperature', 1]]),
    'a set': new Set([1]),
    'a promise': Promise.resolve(1),
    'an empty array': [],
    'numbers': [1, 2, 3],
    'mixed array': [null, undefined, {}, [], 'x', NaN],
    'rows without time': [{ temperature: 1 }, { temperature: 2 }],
    'rows with odd times': [{ time: 'yesterday', temperature: 1 }, { time: NaN, temperature: 2 }, { time: null }, { time: {} }],
    'rows out of order': [{ time: now, temperature: 1 }, { time: now - 60_000, temperature: 2 }],
    'sparse array': Object.assign([], { 3: 1 }),
    'an empty object': {},
    'an object without prototype': Object.assign(Object.create(null) as object, { temperature: 1 }),
    'dangerous names': proto,
    'a circle': circular,
    'a deep object': deep,
    'a frozen object': frozen,
    'a getter that throws': throwing,
    'nested values': { temperature: { value: { value: { value: 1 } } } },
    'many properties': Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`p${index}`, index])),
    'a long text': 'x'.repeat(200_000),
    'broken JSON': '{"value": 1',
    'JSON text': '{"value": 12.5, "timestamp": 1795345812000}',
    'control characters': 'a\u0000b\u0007c\u2028d',
    'half an emoji': '\ud83d',
    'right-to-left text': '\u202eevil',
    'markup': '<img src=x onerror=alert(1)>',
    'sparkplug without metrics': { metrics: null },
    'sparkplug with odd metrics': { metrics: [null, 1, { name: 1, value: {} }, { name: 'Press1.Temperature', value: null, is_null: true }] },
    'a data value without value': { statusCode: { name: 'Good', value: 0 }, value: null },
    'a status that is no status': { value: 1, statusCode: { name: 5, isGood: 'yes' }, sourceTimestamp: 'never' },
  };
  const list: { name: string; message: Record<string, unknown> }[] = Object.entries(payloads).map(([name, payload]) => ({
    name: `payload: ${name}`,
    message: { topic: 'Press1.Temperature', payload },
  }));
  const further: Record<string, Record<string, unknown>> = {
    'no topic and no payload': {},
    'topic: number': { topic: 5, payload: 1 },
    'topic: object': { topic: {}, payload: 1 },
    'topic: array with other length': { topic: ['a', 'b'], payload: [1] },
    'topic: dangerous name': { topic: '__proto__', payload: 1 },
    'topic: very long': { topic: 'x'.repeat(100_000), payload: 1 },
    'timestamp: text': { topic: 'Press1.Temperature', payload: 1, timestamp: 'now' },
    'timestamp: year 9999': { topic: 'Press1.Temperature', payload: 1, timestamp: 253_370_764_800_000 },
    'timestamp: before 1970': { topic: 'Press1.Temperature', payload: 1, timestamp: -1e15 },
    'sourceTimestamp: invalid date': { topic: 'Press1.Temperature', payload: 1, sourceTimestamp: new Date(NaN) },
    'statusCode: null': { topic: 'Press1.Temperature', payload: 1, statusCode: null },
    'statusCode: no methods': { topic: 'Press1.Temperature', payload: 1, statusCode: { name: 'BadSensorFailure' } },
    'twin: null': { payload: {}, twin: null },
    'twin: of the future': { payload: { temperature: 1 }, twin: { v: 99, key: 'press1' }, changed: ['temperature'], timestamp: now },
    'twin: half': { payload: { temperature: 1 }, twin: { v: 1 }, changed: 'temperature' },
    'twin: unknown key': { payload: { temperature: 1 }, twin: { v: 1, key: 'nobody', name: '', type: 'x@1', state: '', path: [], units: {}, row: 1 }, changed: [], timestamp: now },
    'anomaly: odd': { payload: {}, anomaly: { verdict: 7, signals: 'none', score: NaN }, twin: { v: 1, key: 'press1' } },
    'event: odd': { payload: '', event: { kind: {}, timeMs: 'x' }, twin: { v: 1, key: 'press1' } },
    'command: text': { command: 'acknowledge' },
    'command: unknown verb': { command: { do: '__proto__' } },
    'command: half': { command: { do: 'link' } },
    'command: odd values': { command: { do: 'acknowledge', twin: {}, case: [], by: 5 } },
    'reset and parts': { reset: true, parts: { id: 1, index: 'x', count: -1 }, payload: 1 },
    'historical: odd': { topic: 'Press1.Temperature', payload: 1, historical: 'perhaps', replay: 5 },
    'replay: odd': { topic: 'Press1.Temperature', payload: 1, historical: true, replay: { id: {}, complete: 'yes' } },
  };
  for (const [name, message] of Object.entries(further)) list.push({ name, message });
  return list;
}
