import type { StateChange } from './lineStates.ts';

/** Readings of a counter, ascending ms UTC. */
export interface CounterReadings {
  times: Float64Array;
  values: Float64Array;
}

/** What the history and the line's twin hold of a station over a stretch. */
export interface StationRecord {
  key: string;
  /** Stations directly before, of this line. */
  before: readonly string[];
  /** All parts, good and bad; undefined: not counted. */
  parts?: CounterReadings;
  /** Counters of the bad ones. */
  bad: readonly CounterReadings[];
  /** In the order of time. */
  stretches: readonly StateChange[];
  /** Seconds from the stations before, where somebody entered them or serial numbers tell (then from so many parts). */
  way?: { seconds: number; parts: number };
  /** Ideal seconds per part, where somebody entered them. */
  idealS?: number;
  /** Places in front of it, where somebody entered them. */
  placesBefore?: number;
}

export interface CountedTimes {
  /** When each part was counted, ms UTC, ascending. */
  timesMs: Float64Array;
  /** Times at which the counter began again. */
  resets: number;
  /** Readings between which so many parts or so long a time lay that their times would be guessed; they are left out. */
  gaps: number;
}

const longestGapMs = 600_000;
const mostAtOnce = 500;
const mostParts = 200_000;

/**
 * The time of each part from readings of a counter: parts between two readings are spread evenly over the time between. Where the counter began
 * again, or nobody looked for ten minutes, nothing is counted: what happened there is not known.
 */
export function countedTimes({ times, values }: CounterReadings): CountedTimes {
  const found: number[] = [];
  let resets = 0;
  let gaps = 0;
  let last = -1;
  for (let at = 0; at < times.length; at += 1) {
    const value = values[at]!;
    if (!Number.isFinite(value)) continue;
    if (last >= 0) {
      const parts = Math.round(value - values[last]!);
      const fromMs = times[last]!;
      const ms = times[at]! - fromMs;
      if (parts < 0) resets += 1;
      // A counter that is sent on change is silent while it stands, so one part may have taken any time.
      else if (parts > mostAtOnce || (parts > 1 && ms > longestGapMs)) gaps += 1;
      else if (found.length + parts <= mostParts) for (let part = 1; part <= parts; part += 1) found.push(fromMs + (ms * part) / parts);
    }
    last = at;
  }
  return { timesMs: Float64Array.from(found), resets, gaps };
}

/** The same of several counters together. */
export function countedTogether(counters: readonly CounterReadings[]): CountedTimes {
  const each = counters.map(countedTimes);
  const sum = (of: (one: CountedTimes) => number): number => each.reduce((total, one) => total + of(one), 0);
  const timesMs = new Float64Array(sum((one) => one.timesMs.length));
  let at = 0;
  for (const one of each) {
    timesMs.set(one.timesMs, at);
    at += one.timesMs.length;
  }
  return { timesMs: timesMs.sort(), resets: sum(({ resets }) => resets), gaps: sum(({ gaps }) => gaps) };
}

/** Which of the parts were bad: each bad one is the part that was counted nearest before or with it. @returns 1 for a bad part */
export function badOf(partsMs: Float64Array, badMs: Float64Array, togetherMs = 2_000): Uint8Array {
  const bad = new Uint8Array(partsMs.length);
  let at = 0;
  for (const timeMs of badMs) {
    while (at < partsMs.length && partsMs[at]! <= timeMs + togetherMs) at += 1;
    let part = at - 1;
    // Counted together with others: the next of them that is not taken yet.
    while (part >= 0 && bad[part] === 1) part -= 1;
    if (part >= 0) bad[part] = 1;
  }
  return bad;
}

/** Milliseconds of the states within from–to; `stretches` ascending. */
export function msWithin(stretches: readonly StateChange[], fromMs: number, toMs: number, states: ReadonlySet<StateChange['state']>): number {
  let ms = 0;
  for (const stretch of stretches) {
    if (stretch.toMs <= fromMs) continue;
    if (stretch.fromMs >= toMs) break;
    if (states.has(stretch.state)) ms += Math.min(toMs, stretch.toMs) - Math.max(fromMs, stretch.fromMs);
  }
  return ms;
}
