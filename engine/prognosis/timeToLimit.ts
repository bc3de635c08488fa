import { medianInPlace, quantileOfSorted } from '../statistics/order.ts';

export interface ForecastInput {
  /** Ascending, ms; at most 400 are looked at (the last ones). */
  times: ArrayLike<number>;
  /** One per time, of good quality; what is not finite is left out. */
  values: ArrayLike<number>;
  limit: number;
  /** Whether the limit is reached from below or from above. */
  side: 'high' | 'low';
}

export type Forecast =
  /** Less than `fewestPoints` usable points: `missing` more. */
  | { state: 'tooFew'; missing: number }
  /** No trend towards the limit that could not as well be chance. */
  | { state: 'noTrend'; level: number }
  /** The limit has been passed. */
  | { state: 'reached'; level: number }
  | {
      state: 'forecast';
      level: number;
      /** Change per day now. */
      perDay: number;
      shape: 'line' | 'exponential';
      /** Time left from the last point on, ms; `toMs` is Infinity where it may as well never be reached. Four of five cases lie between. */
      leftMs: number;
      fromMs: number;
      toMs: number;
    };

export const fewestPoints = 20;
const mostPoints = 400;
/** Beyond so many times the span that was seen nothing is foretold. */
const farthest = 10;
/** Two-sided normal quantile of an 80 % interval, and of the test for a trend (1 %). */
const intervalWidth = 1.2816;
const evidence = 2.5758;
/** The exponential must leave less than this share of what the line leaves. */
const worthwhile = 0.85;

/**
 * When a slowly moving value reaches a limit: the median of the slopes of all pairs (Theil 1950, Sen 1968) with Sen's interval from the variance of
 * Kendall's S (Mann 1945, Kendall 1975), widened for values that hang together (Hamed and Rao 1998, here by the first autocorrelation); the
 * same of ln(distance from where it began) where an exponential leaves clearly less. Without a trend at the 1 % level there is no forecast.
 * Choose it for wear and fouling of a machine whose failures were never recorded, rather than FailureLibrary, which needs ten of them.
 */
export function timeToLimit({ times, values, limit, side }: ForecastInput): Forecast {
  const sign = side === 'high' ? 1 : -1;
  const t: number[] = [];
  const y: number[] = [];
  for (let index = Math.max(0, times.length - mostPoints); index < times.length; index += 1) {
    const value = values[index]!;
    if (!Number.isFinite(value) || !Number.isFinite(times[index]!)) continue;
    t.push(times[index]!);
    y.push(sign * value);
  }
  if (t.length < fewestPoints || !Number.isFinite(limit)) return { state: 'tooFew', missing: Math.max(1, fewestPoints - t.length) };
  const line = robustLine(t, y);
  const last = t.at(-1)!;
  const goal = sign * limit;
  const recent = Float64Array.from(y.slice(-7));
  if (medianInPlace(recent) >= goal) return { state: 'reached', level: sign * recent[3]! };
  const level = line.middle + line.slope * (last - line.centre);
  if (!(line.slope > 0) || line.evidence < evidence) return { state: 'noTrend', level: sign * level };
  const span = last - t[0]!;
  const bent = exponential(t, y, goal);
  if (bent !== undefined && bent.error < worthwhile * line.error) {
    const { leftMs, fromMs, toMs, slope } = bent;
    return { state: 'forecast', level: sign * bent.level, perDay: sign * slope * 86_400_000, shape: 'exponential', ...bounded(leftMs, fromMs, toMs, span) };
  }
  // The level now is known to the scatter of what is left, over the points that hang together.
  const unsure = (intervalWidth * line.scatter) / Math.sqrt(Math.max(4, t.length / line.inflation / 4));
  const time = (from: number, slope: number): number => (slope > 0 ? Math.max(0, (goal - from) / slope) : Infinity);
  return {
    state: 'forecast', level: sign * level, perDay: sign * line.slope * 86_400_000, shape: 'line',
    ...bounded(time(level, line.slope), time(level + unsure, line.steepest), time(level - unsure, line.flattest), span),
  };
}

function bounded(leftMs: number, fromMs: number, toMs: number, span: number): { leftMs: number; fromMs: number; toMs: number } {
  const most = farthest * span;
  return { leftMs: Math.min(leftMs, most), fromMs: Math.min(fromMs, most), toMs: toMs > most ? Infinity : toMs };
}

interface RobustLine {
  slope: number;
  flattest: number;
  steepest: number;
  /** Value at `centre`. */
  middle: number;
  centre: number;
  /** Median distance from the line; 1.4826 times that. */
  error: number;
  scatter: number;
  /** How many times wider the interval is for neighbours that hang together. */
  inflation: number;
  /** Kendall's S in standard deviations. */
  evidence: number;
}

function robustLine(t: readonly number[], y: readonly number[]): RobustLine {
  const count = t.length;
  const slopes = new Float64Array((count * (count - 1)) / 2);
  let pairs = 0;
  let s = 0;
  for (let one = 1; one < count; one += 1) {
    for (let other = 0; other < one; other += 1) {
      const rise = y[one]! - y[other]!;
      s += Math.sign(rise);
      if (t[one]! > t[other]!) slopes[pairs++] = rise / (t[one]! - t[other]!);
    }
  }
  const sorted = slopes.subarray(0, pairs).sort();
  const slope = quantileOfSorted(sorted, 0.5);
  const centre = t[count >> 1]!;
  const middle = medianInPlace(Float64Array.from(y, (value, index) => value - slope * (t[index]! - centre)));
  const left = Float64Array.from(y, (value, index) => value - middle - slope * (t[index]! - centre));
  let squares = 0;
  let products = 0;
  for (let index = 0; index < count; index += 1) {
    squares += left[index]! ** 2;
    if (index > 0) products += left[index]! * left[index - 1]!;
  }
  const together = squares > 0 ? Math.min(0.95, Math.max(0, products / squares)) : 0;
  const inflation = (1 + together) / (1 - together);
  const deviation = Math.sqrt(((count * (count - 1) * (2 * count + 5)) / 18) * inflation);
  const reach = (intervalWidth * deviation) / 2 / pairs;
  const error = medianInPlace(left.map(Math.abs));
  return {
    slope, middle, centre, error, scatter: 1.4826 * error, inflation,
    flattest: quantileOfSorted(sorted, 0.5 - reach), steepest: quantileOfSorted(sorted, 0.5 + reach),
    evidence: deviation > 0 ? (Math.abs(s) - 1) / deviation : 0,
  };
}

/** The line through ln(value − where it began), of the last half of the points; undefined where most of them lie no higher than that. */
function exponential(t: readonly number[], y: readonly number[], goal: number):
  { level: number; slope: number; leftMs: number; fromMs: number; toMs: number; error: number } | undefined {
  const begin = quantileOfSorted(Float64Array.from(y.slice(0, Math.ceil(y.length / 4))).sort(), 0.1);
  const half = y.length >> 1;
  const risen: number[] = [];
  const when: number[] = [];
  for (let index = half; index < y.length; index += 1) {
    if (y[index]! <= begin) continue;
    risen.push(Math.log(y[index]! - begin));
    when.push(t[index]!);
  }
  if (risen.length < fewestPoints / 2 || risen.length < 0.8 * (y.length - half) || goal <= begin) return undefined;
  const line = robustLine(when, risen);
  if (!(line.slope > 0) || line.evidence < evidence) return undefined;
  const last = t.at(-1)!;
  const now = line.middle + line.slope * (last - line.centre);
  const unsure = (intervalWidth * line.scatter) / Math.sqrt(Math.max(4, when.length / line.inflation / 4));
  const time = (from: number, slope: number): number => (slope > 0 ? Math.max(0, (Math.log(goal - begin) - from) / slope) : Infinity);
  const error = medianInPlace(Float64Array.from(when, (timeMs, index) => Math.abs(Math.exp(risen[index]!) - Math.exp(line.middle + line.slope * (timeMs - line.centre)))));
  return {
    level: begin + Math.exp(now), slope: line.slope * Math.exp(now), error,
    leftMs: time(now, line.slope), fromMs: time(now + unsure, line.steepest), toMs: time(now - unsure, line.flattest),
  };
}
