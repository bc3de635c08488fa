import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeLine, encodeLine, lineKey, lineMeasurement, lineName, splitLines } from '../../engine/lineProtocol.ts';
import { checkParameters } from '../checks/ports/checkParameters.ts';

describe('lineProtocol', () => {
  const fields: [string, number][] = [['v', 1]];

  it('writes measurement, tags, fields and time', () => {
    assert.equal(
      encodeLine({
        measurement: 'filler', tags: [['twin', 'f 1'], ['line', '']], timeMs: 1_767_323_045_123,
        fields: [['temp', 12.5], ['on', true], ['off', false], ['state', 'say "a\\b"'], ['count', 9_007_199_254_740_993n]],
      }),
      'filler,twin=f\\ 1 temp=12.5,on=true,off=false,state="say \\"a\\\\b\\"",count=9007199254740993i 1767323045123',
    );
  });

  it('a name cannot add tags, fields or points', () => {
    const evil = 'a,b=c d=1 1\nforged value=1 1';
    assert.equal(
      encodeLine({ measurement: evil, tags: [[evil, evil]], fields: [[evil, evil]], timeMs: 1 }),
      'a\\,b=c\\ d=1\\ 1_forged\\ value=1\\ 1,a\\,b\\=c\\ d\\=1\\ 1_forged\\ value\\=1\\ 1=a\\,b\\=c\\ d\\=1\\ 1_forged\\ value\\=1\\ 1 '
      + 'a\\,b\\=c\\ d\\=1\\ 1_forged\\ value\\=1\\ 1="a,b=c d=1 1\nforged value=1 1" 1',
    );
    assert.equal(encodeLine({ measurement: 'm\\', tags: [['t\\', 'v\\']], fields, timeMs: 1 }), 'm/,t/=v/ v=1 1');
  });

  it('names are kept where they can be', () => {
    assert.equal(lineName('DOMAIN\\user ü 漢 \u{1F600}'), 'DOMAIN\\user ü 漢 \u{1F600}');
    assert.equal(lineName('a\\,b\\\\c\\'), 'a/,b/\\c/');
    assert.equal(lineName('a\r\nb\0'), 'a_b_');
    assert.equal(lineMeasurement('# one'), '_# one');
    assert.deepEqual(['time', '_field', '__proto__'].map(lineKey), ['time_', '_field_', '__proto__']);
    assert.equal(encodeLine({ measurement: 'm', tags: [['a\n', '1'], ['a\r', '2']], fields: [['x\n', 1], ['x\t', 2]], timeMs: 1 }),
      'm,a_=1,a__2=2 x_=1,x__2=2 1', 'two names never become one');
  });

  it('leaves out what InfluxDB cannot hold, and says so', () => {
    const told: string[] = [];
    const tell = (what: string): void => void told.push(what);
    assert.equal(
      encodeLine({ measurement: 'm', tags: [], fields: [['a', NaN], ['b', Infinity], ['c', null], ['d', 2n ** 63n], ['', 1], ['e', 0]], timeMs: 1 }, tell),
      'm e=0 1',
    );
    assert.deepEqual(told.splice(0), ['a', 'b', 'c', 'd', '']);
    assert.equal(encodeLine({ measurement: 'm', tags: [], fields: [['a', NaN]], timeMs: 1 }), undefined);
    assert.equal(encodeLine({ measurement: '', tags: [], fields, timeMs: 1 }, tell), undefined);
    for (const timeMs of [NaN, Infinity, 1.5, 9_223_372_036_855]) {
      assert.equal(encodeLine({ measurement: 'm', tags: [], fields, timeMs }, tell), undefined);
    }
    assert.equal(told.length, 5);
  });

  /** Characters that have a meaning somewhere in a line, and a few that have none. */
  const unit = fc.constantFrom(...'a1_.,;= "\'\\#\n\r\t/{}$&%ü', '\u{1F600}', '\0', '漢', '\ud800', '__proto__', 'time');
  const name = fc.oneof(fc.string({ unit, maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 8 }));
  const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.string({ unit, maxLength: 20 }), fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }));
  const point = fc.record({
    measurement: name, tags: fc.array(fc.tuple(name, name), { maxLength: 3 }), fields: fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 3 }), timeMs: fc.integer(),
  });

  it('what is written is read back, one line or many, cut anywhere behind a line (property)', () => {
    fc.assert(fc.property(fc.array(point, { maxLength: 5 }), (points) => {
      const lines = points.flatMap((one) => encodeLine(one) ?? []);
      const decoded = lines.map((line) => decodeLine(line));
      assert.deepEqual(decoded.map((one) => one && encodeLine(one)), lines);
      let at = 0;
      for (const one of points) {
        if (encodeLine(one) === undefined) continue;
        const values = one.fields.flatMap(([key, each]) => (key === '' ? [] : [typeof each === 'string' ? each.replace(/\p{Surrogate}/gu, '\uFFFD') : each === 0 ? 0 : each]));
        assert.deepEqual([decoded[at]?.timeMs, decoded[at]?.fields.map(([, each]) => each)], [one.timeMs, values]);
        at += 1;
      }
      assert.deepEqual(splitLines(lines.map((line) => `${line}\n`).join('')), [...lines, '']);
    }), checkParameters(2000));
  });

  it('what is no line is none', () => {
    for (const text of ['', '#', 'm', 'm v=1', 'm v=1 x', 'm v= 5', 'm =1 5', 'm,t v=1 5', 'm,t= v=1 5', 'm,t=a=b v=1 5', 'm v="a 5', 'm v=NaN 5', 'm v=1, 5', ',t=a v=1 5', 'm v=1  5']) {
      assert.equal(decodeLine(text), undefined, text);
    }
  });
});
