import assert from 'node:assert/strict';
import { encodeLine, lineKey, lineMeasurement, lineName } from '../../engine/lineProtocol.ts';

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
});
