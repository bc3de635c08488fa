import assert from 'node:assert/strict';
import { ClockComparison } from '../../../engine/twin/clockComparison.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';

describe('how far a clock is off', () => {
  const second = 1_000;
  /** A row a second, each up to 2 s on its way. @returns what was known after each, seconds */
  const watched = (offS: (at: number) => number, rows: number): number[] => {
    const random = new SeededRandom(11);
    const clock = new ClockComparison(1);
    return Array.from({ length: rows }, (_, at) => {
      const madeMs = 1.7e12 + at * second;
      clock.row(madeMs + offS(at) * second, madeMs + 2 * second * random.uniform());
      return clock.offsetMs / second;
    });
  };

  it('ahead: at once, and within a minute without what delays the rows', () => {
    const known = watched(() => 60, 300);
    assert.ok(Math.abs(known[0]! + 60) <= 2, String(known[0]));
    for (const [at, offset] of known.slice(60).entries()) assert.ok(Math.abs(offset + 60) < 0.3, `${at + 60}: ${offset}`);
  });

  it('behind: after a minute, without what delays the rows', () => {
    const known = watched(() => -60, 300);
    assert.deepEqual(known.slice(0, 30).filter((offset) => offset !== 0), []);
    for (const [at, offset] of known.slice(70).entries()) assert.ok(Math.abs(offset - 60) < 0.3, `${at + 70}: ${offset}`);
  });

  it('put right, or further off: known again', () => {
    const known = watched((at) => (at < 100 ? 60 : at < 200 ? 0 : 120), 300);
    assert.deepEqual(known.slice(101, 200).filter((offset) => offset !== 0), []);
    assert.ok(Math.abs(known[201]! + 120) <= 2 && Math.abs(known[299]! + 120) < 0.3);
    const slow = watched((at) => 60 - at / 20, 600);
    assert.ok(Math.abs(slow[599]! + 30) < 4, `a clock that runs slow is followed: ${slow[599]}`);
  });
});
