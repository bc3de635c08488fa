import { placeOf, quantileOfSorted } from '../statistics/order.ts';
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
  /** The way changed meanwhile, as while a buffer empties: `ms` is only its middle. */
  varies?: true;
}

/** Why there is none. */
export interface NoTransitTime {
  parts: number;
  needs: number;
  /** 'station behind leads': parts leave when it takes one, so the buffer between is full and the pattern says nothing of the way. */
  why: 'too few parts' | 'no clear pattern' | 'parts never arrive' | 'station behind leads' | 'way varies';
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
 * Who waits for whom is told by the spread: the row that leads is repeated more exactly than it repeats; and no way is shorter than the work behind it.
 * Where the pattern holds a part of the time only, parts are counted on from there, first in, first out; where counts disagree (parts are lost), the way
 * is not told.
 * @param mostMs longest way that is looked for
 * @param places of the buffer between, with which the way through a full one can be counted; undefined: not known
 */
export function transitByPattern(
  leftMs: readonly number[], arrivedMs: readonly number[], mostMs: number, stepMs = 500, places?: number,
): TransitTime | NoTransitTime {
  const parts = Math.min(leftMs.length, arrivedMs.length);
  const none = (why: NoTransitTime['why']): NoTransitTime => ({ parts, needs: 3 * fewestParts, why });
  if (arrivedMs.length === 0 && leftMs.length >= 3 * fewestParts) return none('parts never arrive');
  if (parts < 3 * fewestParts) return none('too few parts');
  const peak = peakOf(leftMs, arrivedMs, mostMs, stepMs);
  if (peak === undefined) return none('no clear pattern');
  const back = peakOf(arrivedMs, leftMs, Math.min(mostMs, longestBackMs), stepMs);
  // No part is counted behind in less than the work there takes.
  const isTooShort = peak.ms < 0.8 * fastestMs(arrivedMs);
  if (isTooShort || (back !== undefined && back.toMs - back.fromMs < peak.toMs - peak.fromMs)) {
    return waysThroughFull(leftMs, arrivedMs, mostMs, places) ?? none('station behind leads');
  }
  const found = { ...peak, parts: Math.min(parts, peak.parts), by: 'pattern' as const, skewMs: 0 };
  const pieces = piecesOf(leftMs, arrivedMs, peak, stepMs);
  const best = Math.max(...pieces.map(({ share }) => share));
  const clear = pieces.filter(({ share }) => share >= clearFrom * best);
  // One stop of the station behind makes one piece late.
  if (clear.length >= pieces.length - 1) return found;
  const ahead = clear[0]!.ahead;
  if (clear.some((piece) => Math.abs(piece.ahead - ahead) > 1)) return none('way varies');
  const counted = countedWays(leftMs, arrivedMs, ahead, mostMs);
  if (counted === undefined) return none('way varies');
  return counted.toMs - counted.fromMs < peak.toMs - peak.fromMs + Math.max(2 * stepMs, 0.1 * peak.ms) ? found : { ...found, ...counted, varies: true };
}

/** From one passing to the next, in the fastest tenth. */
function fastestMs(timesMs: readonly number[]): number {
  const gaps = timesMs.slice(1).map((timeMs, at) => timeMs - timesMs[at]!).sort((one, other) => one - other);
  return gaps.length === 0 ? 0 : quantileOfSorted(gaps, 0.1);
}

/** Ways when the part at a place of the row that arrived stands `ahead` places further down the row of those that left; undefined: counts do not fit. */
function countedWays(leftMs: readonly number[], arrivedMs: readonly number[], ahead: number, mostMs: number): Peak | undefined {
  const ways: number[] = [];
  for (const [at, timeMs] of arrivedMs.entries()) {
    const from = leftMs[at + ahead];
    if (from !== undefined) ways.push(timeMs - from);
  }
  ways.sort((one, other) => one - other);
  if (ways.length < 3 * fewestParts || quantileOfSorted(ways, 0.02) < 0 || quantileOfSorted(ways, 0.98) > mostMs) return undefined;
  return { ms: quantileOfSorted(ways, 0.5), fromMs: quantileOfSorted(ways, 0.1), toMs: quantileOfSorted(ways, 0.9), parts: ways.length };
}

/** A part that is finished while the buffer is full has to see the parts in its places go, the one in work behind it, and itself. */
function waysThroughFull(leftMs: readonly number[], arrivedMs: readonly number[], mostMs: number, places: number | undefined): TransitTime | undefined {
  if (places === undefined) return undefined;
  const middles: number[] = [];
  for (let piece = 0; piece < pieceCount; piece += 1) {
    const ahead: number[] = [];
    for (let at = Math.floor((leftMs.length * piece) / pieceCount); at < Math.floor((leftMs.length * (piece + 1)) / pieceCount); at += 1) {
      ahead.push(at - placeOf(arrivedMs, leftMs[at]!));
    }
    middles.push(ahead.sort((one, other) => one - other)[ahead.length >> 1]!);
  }
  const middle = [...middles].sort((one, other) => one - other)[pieceCount >> 1]!;
  // Parts that are lost between, or a buffer that was not full for long, make the count wrong.
  if (middles.filter((one) => Math.abs(one - middle) <= 1).length < pieceCount - 1) return undefined;
  const counted = countedWays(leftMs, arrivedMs, middle - places - 1, mostMs);
  return counted === undefined ? undefined : { ...counted, by: 'pattern', skewMs: 0, varies: true };
}

const longestBackMs = 300_000;
const pieceCount = 6;
/** A piece of the time in which so much less than in the best one fits the way has another. */
const clearFrom = 0.85;

interface Peak {
  ms: number;
  fromMs: number;
  toMs: number;
  parts: number;
}

function peakOf(leftMs: readonly number[], arrivedMs: readonly number[], mostMs: number, stepMs: number): Peak | undefined {
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
  if (peak < mean + 6 * Math.sqrt(mean + 1) || peak < 1.15 * second) return undefined;
  const near: number[] = [];
  first = 0;
  const low = (best - 2) * stepMs;
  const high = (best + 4) * stepMs;
  for (const from of leftMs) {
    while (first < arrivedMs.length && arrivedMs[first]! < from + low) first += 1;
    for (let at = first; at < arrivedMs.length && arrivedMs[at]! < from + high; at += 1) near.push(arrivedMs[at]! - from);
  }
  near.sort((one, other) => one - other);
  return { ms: quantileOfSorted(near, 0.5), fromMs: quantileOfSorted(near, 0.1), toMs: quantileOfSorted(near, 0.9), parts: near.length };
}

/** By pieces of the time: the share of parts that arrive as the way says, and by how many places they stand further down the row of those that left. */
function piecesOf(leftMs: readonly number[], arrivedMs: readonly number[], { fromMs, toMs, ms }: Peak, stepMs: number): { share: number; ahead: number }[] {
  // Those that left before anything arrived, or whose arrival was not seen any more, say nothing.
  const begin = placeOf(leftMs, arrivedMs[0]! - ms);
  const end = placeOf(leftMs, arrivedMs[arrivedMs.length - 1]! - ms);
  const pieces: { share: number; ahead: number }[] = [];
  for (let piece = 0; piece < pieceCount; piece += 1) {
    const first = begin + Math.floor(((end - begin) * piece) / pieceCount);
    const last = begin + Math.floor(((end - begin) * (piece + 1)) / pieceCount);
    if (last - first < 10) continue;
    const ahead: number[] = [];
    for (let at = first; at < last; at += 1) {
      const arrival = placeOf(arrivedMs, leftMs[at]! + fromMs - stepMs / 2);
      if (arrival < arrivedMs.length && arrivedMs[arrival]! <= leftMs[at]! + toMs + stepMs / 2) ahead.push(at - arrival);
    }
    ahead.sort((one, other) => one - other);
    pieces.push({ share: ahead.length / (last - first), ahead: ahead[ahead.length >> 1] ?? 0 });
  }
  return pieces;
}
