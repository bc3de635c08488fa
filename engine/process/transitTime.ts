import { quantileOfSorted } from '../statistics/order.ts';
import type { Passing } from './lineFigures.ts';

/** How long parts need from one station to the next. "≈ 42 s, from 310 parts". */
export interface TransitTime {
  ms: number;
  /** The middle 80 % of parts. */
  fromMs: number;
  toMs: number;
  parts: number;
  by: 'serial number' | 'pattern';
  /** Parts that seem to arrive before they left: the clocks of the two stations differ by at least so much. */
  skewMs: number;
}

/** Why there is none. */
export interface NoTransitTime {
  parts: number;
  needs: number;
  why: 'too few parts' | 'no clear pattern' | 'parts never arrive';
}

const fewestParts = 20;

/** By serial number: the median of what parts needed. */
export function transitBySerial(left: readonly Passing[], arrived: readonly Passing[]): TransitTime | NoTransitTime {
  const at = new Map(left.map(({ part, timeMs }) => [part, timeMs]));
  const times: number[] = [];
  for (const { part, timeMs } of arrived) {
    const from = at.get(part);
    if (from !== undefined) times.push(timeMs - from);
  }
  if (times.length < fewestParts) {
    return { parts: times.length, needs: fewestParts, why: times.length === 0 && left.length >= fewestParts ? 'parts never arrive' : 'too few parts' };
  }
  times.sort((one, other) => one - other);
  const early = quantileOfSorted(times, 0.02);
  return {
    ms: quantileOfSorted(times, 0.5), fromMs: quantileOfSorted(times, 0.1), toMs: quantileOfSorted(times, 0.9), parts: times.length, by: 'serial number',
    skewMs: early < 0 ? -early : 0,
  };
}

/**
 * Without serial numbers: the lag at which one row of passings repeats the other best, by the peak among all differences of times (cross
 * correlogram; Perkel, Gerstein and Moore 1967), against what an even spread would give. Needs passings that are not perfectly even, as
 * any line with stops has; an even row has no pattern and is told so.
 * @param mostMs longest way that is looked for
 */
export function transitByPattern(leftMs: readonly number[], arrivedMs: readonly number[], mostMs: number, stepMs = 500): TransitTime | NoTransitTime {
  const parts = Math.min(leftMs.length, arrivedMs.length);
  const none = (why: NoTransitTime['why']): NoTransitTime => ({ parts, needs: 3 * fewestParts, why });
  if (arrivedMs.length === 0 && leftMs.length >= 3 * fewestParts) return none('parts never arrive');
  if (parts < 3 * fewestParts) return none('too few parts');
  const steps = Math.max(1, Math.ceil(mostMs / stepMs));
  const counts = new Float64Array(steps);
  let first = 0;
  for (const from of leftMs) {
    while (first < arrivedMs.length && arrivedMs[first]! < from) first += 1;
    for (let at = first; at < arrivedMs.length && arrivedMs[at]! - from < mostMs; at += 1) counts[Math.floor((arrivedMs[at]! - from) / stepMs)]! += 1;
  }
  // Two neighbouring steps together, so that a peak on an edge is one.
  let best = 0;
  const pair = (step: number): number => counts[step]! + (counts[step + 1] ?? 0);
  for (let step = 1; step < steps; step += 1) if (pair(step) > pair(best)) best = step;
  const mean = (2 * counts.reduce((sum, count) => sum + count, 0)) / steps;
  const second = Math.max(0, ...Array.from(counts, (_, step) => (Math.abs(step - best) > 3 ? pair(step) : 0)));
  const peak = pair(best);
  if (peak < mean + 6 * Math.sqrt(mean + 1) || peak < 1.15 * second) return none('no clear pattern');
  const near: number[] = [];
  first = 0;
  const low = (best - 2) * stepMs;
  const high = (best + 4) * stepMs;
  for (const from of leftMs) {
    while (first < arrivedMs.length && arrivedMs[first]! < from + low) first += 1;
    for (let at = first; at < arrivedMs.length && arrivedMs[at]! < from + high; at += 1) near.push(arrivedMs[at]! - from);
  }
  near.sort((one, other) => one - other);
  return {
    ms: quantileOfSorted(near, 0.5), fromMs: quantileOfSorted(near, 0.1), toMs: quantileOfSorted(near, 0.9), parts: Math.min(parts, near.length), by: 'pattern', skewMs: 0,
  };
}
