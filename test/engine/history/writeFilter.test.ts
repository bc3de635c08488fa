import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WriteFilter } from '../../../engine/history/writeFilter.ts';
import type { WriteRule } from '../../../engine/history/writeFilter.ts';

const rule = (more: Partial<WriteRule>): WriteRule => ({ mode: 'change', deadbandPercent: 1, atLeastMs: 0, intervalMs: 60_000, ...more });

describe('what of history goes outside', () => {
  it('on change: beyond the deadband of the range, or of the value; at the latest after a time; another quality at once', () => {
    const filter = new WriteFilter();
    const wants = (value: number | string, timeMs: number, quality: 'good' | 'bad' = 'good', width = 200, more: Partial<WriteRule> = {}): boolean =>
      filter.wants('pump', 'p', value, quality, timeMs, rule({ atLeastMs: 10_000, ...more }), width);
    assert.deepEqual([wants(50, 0), wants(52, 1), wants(52.1, 2), wants(51, 3), wants(51, 10_001), wants(51, 10_002), wants(51, 10_003, 'bad'), wants(51, 10_004, 'bad'), wants(51, 10_005)],
      [true, false, true, false, false, true, true, false, true]);
    // Without a range: of the value that was written last.
    assert.deepEqual([wants(60, 10_010, 'good', NaN), wants(60.5, 10_011, 'good', NaN), wants(60.7, 10_012, 'good', NaN)], [true, false, true]);
    // Older than what was written last.
    assert.equal(wants(60.7, 5), true);
    assert.deepEqual([wants('run', 10_020), wants('run', 10_021), wants('stop', 10_022)], [true, false, true]);
  });

  it('intervals: the first of each, on the clock', () => {
    const filter = new WriteFilter();
    const written = Array.from({ length: 300 }, (_, index) => 30_000 + index * 1000).filter((timeMs) => filter.wants('a', 'p', timeMs, 'good', timeMs, rule({ mode: 'interval' }), NaN));
    assert.deepEqual(written, [30_000, 60_000, 120_000, 180_000, 240_000, 300_000]);
    assert.equal(filter.wants('b', 'p', 1, 'good', 31_000, rule({ mode: 'interval' }), NaN), true);
    assert.equal(filter.wants('b', 'p', 1, 'good', 310_000, rule({ mode: 'never' }), NaN), false);
  });

  it('what holds outside is never further from what holds here than the deadband (property)', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 200 }), fc.integer({ min: 0, max: 50 }), (values, deadbandPercent) => {
      const filter = new WriteFilter();
      let outside = NaN;
      values.forEach((value, timeMs) => {
        if (filter.wants('a', 'p', value, 'good', timeMs, rule({ deadbandPercent }), 1000)) outside = value;
        assert.ok(Math.abs(outside - value) <= deadbandPercent * 10);
      });
    }));
  });
});
