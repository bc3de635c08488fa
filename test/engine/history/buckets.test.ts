import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Buckets } from '../../../engine/history/buckets.ts';
import { joined, merged, part } from '../../../engine/history/columns.ts';
import { placeOf } from '../../../engine/statistics/order.ts';
import { packSummary, summaryOf, unpackSummary } from '../../../engine/history/summary.ts';
import type { HistorySummary, HistoryValue, SeriesColumns } from '../../../engine/ports.ts';
import { checkParameters } from '../../checks/ports/checkParameters.ts';

type Point = [timeMs: number, value: HistoryValue, quality?: number];

function columns(points: readonly Point[]): SeriesColumns {
  return { times: Float64Array.from(points, ([time]) => time), values: points.map(([, value]) => value), qualities: Uint8Array.from(points, ([, , quality = 0]) => quality) };
}

/** Millisecond by millisecond: slow, and hard to get wrong. */
function plainly(points: readonly Point[], fromMs: number, toMs: number, count: number, holdAtMostMs: number): Pick<HistorySummary, 'count' | 'integral' | 'coveredMs' | 'minimum' | 'maximum'>[] {
  const width = (toMs - fromMs) / count;
  return Array.from({ length: count }, (_, bucket) => {
    let integral = 0;
    let coveredMs = 0;
    const inside: number[] = [];
    for (let time = fromMs + bucket * width; time < fromMs + (bucket + 1) * width; time++) {
      const last = points.filter(([at]) => at <= time).at(-1);
      if (last !== undefined && typeof last[1] === 'number' && last[2] !== 2 && time < last[0] + holdAtMostMs) {
        integral += last[1];
        coveredMs += 1;
        if (last[0] === time) inside.push(last[1]);
      }
    }
    return { count: inside.length, integral, coveredMs, minimum: inside.length === 0 ? NaN : Math.min(...inside), maximum: inside.length === 0 ? NaN : Math.max(...inside) };
  });
}

describe('history in buckets', () => {
  const points = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom(null, 'off', true)), fc.constantFrom(0, 0, 0, 1, 2)), {
    selector: ([time]) => time,
    maxLength: 60,
  });

  it('are the same from points, from chunks and counted millisecond by millisecond (property)', () => {
    fc.assert(fc.property(points, fc.constantFrom(1, 5, 7, 50), fc.constantFrom(Infinity, 20), fc.integer({ min: 1, max: 20 }), (given, count, hold, chunkLength) => {
      const list = (given as unknown as Point[]).sort((a, b) => a[0] - b[0]);
      const whole = columns(list);
      const [from, to] = [50, 400];
      const one = new Buckets(from, to, count, hold);
      one.addColumns(whole);
      const fromPoints = one.finish();
      const other = new Buckets(from, to, count, hold);
      for (let start = 0; start < list.length; start += chunkLength) {
        const chunk = part(whole, start, Math.min(list.length, start + chunkLength));
        const summary = unpackSummary(packSummary(summaryOf(chunk)));
        const [first, last] = [chunk.times[0] as number, chunk.times.at(-1) as number];
        if (other.takesWhole(first, last, summary)) other.addChunk(first, last, summary);
        else other.addColumns(chunk);
      }
      assert.deepEqual(other.finish(), fromPoints);
      const expected = plainly(list, from, to, count, hold);
      for (const [index, summary] of fromPoints.entries()) {
        const { count: inside, integral, coveredMs, minimum, maximum } = summary;
        const wanted = expected[index];
        assert.deepEqual({ count: inside, integral, coveredMs, minimum, maximum }, wanted);
      }
    }), checkParameters(300));
  });

  it('merging keeps each time once and the newer value (property)', () => {
    fc.assert(fc.property(points, points, (a, b) => {
      const sorted = (list: unknown): Point[] => (list as Point[]).sort((x, y) => x[0] - y[0]);
      const expected = new Map<number, HistoryValue>();
      for (const [time, value] of [...sorted(a), ...sorted(b)]) expected.set(time, value);
      const result = merged(columns(sorted(a)), columns(sorted(b)));
      assert.deepEqual([...result.times].map((time, index) => [time, result.values[index]]), [...expected].sort((x, y) => x[0] - y[0]));
    }), checkParameters(200));
    assert.equal(placeOf(Float64Array.of(1, 3, 5), 3), 1);
    assert.equal(placeOf(Float64Array.of(1, 3, 5), 9), 3);
    assert.deepEqual([...joined(columns([[1, 1]]), columns([]), columns([[2, 'x']])).values], [1, 'x']);
  });
});
