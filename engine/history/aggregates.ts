import type { Quality } from '../observation.ts';
import type { HistoryValue, SeriesColumns } from '../ports.ts';
import { Problem } from '../problem.ts';
import { placeOf } from '../statistics/order.ts';
import { mostBuckets } from './buckets.ts';

/** The aggregates of OPC 10000-13 (OPC UA Part 13, release 1.05) that we offer, by their names there. */
export const aggregateNames = [
  'timeAverage2', 'timeAverage', 'average', 'minimum', 'maximum', 'range', 'minimumActualTime', 'maximumActualTime', 'interpolative', 'start', 'end', 'delta',
  'total2', 'total', 'count', 'numberOfTransitions', 'durationInStateNonZero', 'durationInStateZero', 'durationGood', 'durationBad', 'percentGood', 'percentBad',
  'worstQuality', 'standardDeviationSample', 'varianceSample',
] as const;

export type AggregateName = (typeof aggregateNames)[number];

/** The aggregate configuration of Part 13, 4.2.1.2. */
export interface AggregateOptions {
  /** A value holds until the next one (sent on change), rather than moving to it in a straight line. Values that are no numbers always hold. */
  stepped: boolean;
  /** TreatUncertainAsBad. */
  uncertainIsBad: boolean;
  /** PercentDataBad, 0–100: from this share of bad on the result is bad. */
  percentBad: number;
  /** PercentDataGood, 0–100: from this share of good on the result is good. It is asked first, as where both hold the standard has it win. */
  percentGood: number;
  /** UseSlopedExtrapolation: beyond the last value in the direction of the last two, rather than level. */
  slopedExtrapolation: boolean;
}

export const usualAggregateOptions: AggregateOptions = { stepped: true, uncertainIsBad: true, percentBad: 100, percentGood: 100, slopedExtrapolation: false };

/** The aggregate of one interval. */
export interface AggregateValue {
  /** Begin of the interval; of `start`, `end` and the actual times: of the value itself. ms UTC. */
  timeMs: number;
  /** null: none can be told. Durations in ms, totals in value × seconds, worstQuality as the word. */
  value: HistoryValue;
  quality: Quality;
  /** Bad_NoData: nothing was measured here, as against measured badly. */
  noData: boolean;
  /** Uncertain_DataSubNormal, as against a raw value that was uncertain itself. */
  subNormal: boolean;
  /** The info bits of Part 13, 5.3.3. */
  calculated: boolean;
  interpolated: boolean;
  partial: boolean;
  multipleValues: boolean;
}

/** A value at a time, and how far it can be trusted. quality bad: there is none. */
interface Bound {
  value: HistoryValue;
  quality: Quality;
  /** It was measured at just this time. */
  raw: boolean;
}

interface Interval {
  fromMs: number;
  toMs: number;
  /** Places of the raw values in it. */
  low: number;
  high: number;
}

const none: Bound = { value: null, quality: 'bad', raw: false };
const words: readonly Quality[] = ['good', 'uncertain', 'bad'];

/**
 * Intervals of equal length from `fromMs` on, the last one cut at `toMs`, and one aggregate of each. The golden numbers are those of Annex A.
 * No line is drawn over bad values, but for `timeAverage`, `total` and `interpolative`, which the standard defines so; their results are
 * uncertain there. Choose timeAverage2 for a mean; average when each value counts the same, however long it held.
 * @param columns in time order; besides the stretch, where there is one, the last point before it and the first one after it
 * @throws Problem TWIN_HISTORY_BUCKETS
 */
export function aggregate(
  name: AggregateName, columns: SeriesColumns, fromMs: number, toMs: number, everyMs: number, options: AggregateOptions = usualAggregateOptions,
): AggregateValue[] {
  const count = Math.ceil((toMs - fromMs) / everyMs);
  if (!(toMs > fromMs) || !(everyMs > 0) || !(count <= mostBuckets)) {
    throw new Problem('TWIN_HISTORY_BUCKETS', `A stretch from ${fromMs} to ${toMs} cannot be divided into parts of ${everyMs} ms.`,
      `Ask for 1 to ${mostBuckets} parts of a stretch that ends after its begin.`, { count });
  }
  const series = new Series(columns, options);
  return Array.from({ length: count }, (_, index) => {
    const begin = fromMs + index * everyMs;
    return series.aggregate(name, begin, Math.min(toMs, begin + everyMs));
  });
}

class Series {
  readonly #times: Float64Array;
  readonly #values: SeriesColumns['values'];
  readonly #qualities: Uint8Array;
  readonly #options: AggregateOptions;
  readonly #firstMs: number;
  readonly #lastMs: number;

  constructor({ times, values, qualities }: SeriesColumns, options: AggregateOptions) {
    this.#times = times;
    this.#values = values;
    this.#qualities = qualities;
    this.#options = options;
    this.#firstMs = times[0] ?? Infinity;
    this.#lastMs = times.at(-1) ?? -Infinity;
  }

  aggregate(name: AggregateName, fromMs: number, toMs: number): AggregateValue {
    if (name === 'interpolative') return this.#interpolative(fromMs);
    if (toMs <= this.#firstMs || fromMs > this.#lastMs) return noData(fromMs);
    const interval: Interval = { fromMs, toMs, low: placeOf(this.#times, fromMs), high: placeOf(this.#times, toMs) };
    const partial = fromMs < this.#firstMs || toMs > this.#lastMs;
    const result = this.#of(name, interval);
    // Annex A gives the average no such bit.
    return partial && !result.noData && name !== 'average' ? { ...result, partial } : result;
  }

  #of(name: Exclude<AggregateName, 'interpolative'>, interval: Interval): AggregateValue {
    switch (name) {
      case 'average': return this.#average(interval);
      case 'timeAverage': return this.#timeAverage(interval, false);
      case 'total': return this.#timeAverage(interval, true);
      case 'timeAverage2': return this.#timeAverage2(interval, false);
      case 'total2': return this.#timeAverage2(interval, true);
      case 'minimum': return this.#extreme(interval, -1, false);
      case 'maximum': return this.#extreme(interval, 1, false);
      case 'minimumActualTime': return this.#extreme(interval, -1, true);
      case 'maximumActualTime': return this.#extreme(interval, 1, true);
      case 'range': return this.#range(interval);
      case 'count': return this.#byCount(interval, this.#goodPlaces(interval).length);
      case 'numberOfTransitions': return this.#byCount(interval, this.#transitions(interval));
      case 'start': return this.#raw(interval, interval.low);
      case 'end': return this.#raw(interval, interval.high - 1);
      case 'delta': return this.#delta(interval);
      case 'durationInStateZero': return this.#inState(interval, false);
      case 'durationInStateNonZero': return this.#inState(interval, true);
      case 'durationGood': return calculated(interval.fromMs, this.#durations(interval).goodMs, 'good');
      case 'durationBad': return calculated(interval.fromMs, this.#durations(interval).badMs, 'good');
      case 'percentGood': return this.#percent(interval, this.#durations(interval).goodMs);
      case 'percentBad': return this.#percent(interval, this.#durations(interval).badMs);
      case 'worstQuality': return this.#worst(interval);
      case 'standardDeviationSample': return this.#variance(interval, Math.sqrt);
      case 'varianceSample': return this.#variance(interval, (variance) => variance);
    }
  }

  // --- raw values ----------------------------------------------------------------------------------------------

  #quality(place: number): Quality {
    const value = this.#values[place];
    if (value === null || value === undefined || value !== value) return 'bad';
    return words[this.#qualities[place] as number] ?? 'bad';
  }

  #isUsable(place: number): boolean {
    const quality = this.#quality(place);
    return quality === 'good' || (quality === 'uncertain' && !this.#options.uncertainIsBad);
  }

  #value(place: number): HistoryValue {
    return this.#values[place] as HistoryValue;
  }

  #goodPlaces({ low, high }: Interval): number[] {
    const places: number[] = [];
    for (let place = low; place < high; place++) if (this.#quality(place) === 'good') places.push(place);
    return places;
  }

  #goodNumbers(interval: Interval): { place: number; value: number }[] {
    return this.#goodPlaces(interval).flatMap((place) => {
      const value = this.#value(place);
      return typeof value === 'number' ? [{ place, value }] : [];
    });
  }

  /** Bad values, and uncertain ones where they count as bad. */
  #badCount({ low, high }: Interval): number {
    let count = 0;
    for (let place = low; place < high; place++) if (!this.#isUsable(place)) count++;
    return count;
  }

  /** Part 13, 5.4.3.2: from the shares of what is good and bad, in values or in time. What is only uncertain is neither. */
  #graded(good: number, bad: number, all: number): Quality {
    if (all > 0 && (good / all) * 100 >= this.#options.percentGood) return 'good';
    return all > 0 && (bad / all) * 100 >= this.#options.percentBad ? 'bad' : 'uncertain';
  }

  #byCount(interval: Interval, value: number): AggregateValue {
    const all = interval.high - interval.low;
    if (all === 0) return calculated(interval.fromMs, value, 'good');
    const quality = this.#graded(this.#goodPlaces(interval).length, this.#badCount(interval), all);
    return quality === 'bad' ? raw(interval.fromMs, null, 'bad') : calculated(interval.fromMs, value, quality);
  }

  #average(interval: Interval): AggregateValue {
    const good = this.#goodNumbers(interval);
    if (good.length === 0) return noData(interval.fromMs);
    return this.#byCount(interval, good.reduce((sum, { value }) => sum + value, 0) / good.length);
  }

  #extreme(interval: Interval, sign: 1 | -1, actualTime: boolean): AggregateValue {
    const good = this.#goodNumbers(interval);
    const [first] = good;
    if (first === undefined) return noData(interval.fromMs);
    let best = first;
    let times = 0;
    for (const each of good) {
      if (each.value * sign > best.value * sign) {
        best = each;
        times = 1;
      } else if (each.value === best.value) times++;
    }
    const atMs = this.#times[best.place] as number;
    const found = raw(actualTime ? atMs : interval.fromMs, best.value, this.#badCount(interval) > 0 ? 'uncertain' : 'good');
    return { ...found, calculated: !actualTime && atMs !== interval.fromMs, multipleValues: times > 1, subNormal: found.quality === 'uncertain' };
  }

  #range(interval: Interval): AggregateValue {
    const low = this.#extreme(interval, -1, false);
    if (low.noData) return low;
    const high = this.#extreme(interval, 1, false);
    return calculated(interval.fromMs, (high.value as number) - (low.value as number), low.quality);
  }

  #delta(interval: Interval): AggregateValue {
    const good = this.#goodNumbers(interval);
    const [first] = good;
    const last = good.at(-1);
    if (first === undefined || last === undefined) return noData(interval.fromMs);
    return calculated(interval.fromMs, last.value - first.value, this.#badCount(interval) > 0 ? 'uncertain' : 'good');
  }

  #raw(interval: Interval, place: number): AggregateValue {
    if (interval.high === interval.low) return noData(interval.fromMs);
    const quality = this.#quality(place);
    return raw(this.#times[place] as number, quality === 'bad' ? null : this.#value(place), quality);
  }

  #transitions({ low, high }: Interval): number {
    let before: HistoryValue = null;
    for (let place = low - 1; place >= 0 && before === null; place--) if (this.#isUsable(place)) before = this.#value(place);
    let count = 0;
    for (let place = low; place < high; place++) {
      if (!this.#isUsable(place)) continue;
      const value = this.#value(place);
      if (value !== before) count++;
      before = value;
    }
    return count;
  }

  #worst({ fromMs, low, high }: Interval): AggregateValue {
    if (high === low) return noData(fromMs);
    let worst = 0;
    let times = 0;
    for (let place = low; place < high; place++) {
      const grade = words.indexOf(this.#quality(place));
      if (grade > worst) {
        worst = grade;
        times = 1;
      } else if (grade === worst) times++;
    }
    return { ...calculated(fromMs, words[worst] as Quality, 'good'), multipleValues: times > 1 };
  }

  #variance(interval: Interval, then: (variance: number) => number): AggregateValue {
    const good = this.#goodNumbers(interval);
    if (good.length === 0) return noData(interval.fromMs);
    const mean = good.reduce((sum, { value }) => sum + value, 0) / good.length;
    const squares = good.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
    const quality = good.length < interval.high - interval.low ? 'uncertain' : 'good';
    return calculated(interval.fromMs, then(good.length < 2 ? 0 : squares / (good.length - 1)), quality);
  }

  // --- bounds --------------------------------------------------------------------------------------------------

  #usableBefore(place: number): number {
    let found = place - 1;
    while (found >= 0 && !this.#isUsable(found)) found--;
    return found;
  }

  #extrapolated(place: number, timeMs: number, stepped: boolean): Bound {
    const value = this.#value(place);
    const before = this.#usableBefore(place);
    if (stepped || !this.#options.slopedExtrapolation || before < 0) return { value, quality: 'uncertain', raw: false };
    return { value: this.#onLine(before, place, timeMs), quality: 'uncertain', raw: false };
  }

  #onLine(from: number, to: number, timeMs: number): HistoryValue {
    const a = this.#value(from);
    const b = this.#value(to);
    if (typeof a !== 'number' || typeof b !== 'number') return a;
    const begin = this.#times[from] as number;
    return a + ((b - a) * (timeMs - begin)) / ((this.#times[to] as number) - begin);
  }

  /** From the nearest usable values, however far (Part 13, 3.1.8). */
  #interpolatedBound(timeMs: number, stepped: boolean): Bound {
    const place = placeOf(this.#times, timeMs);
    if (this.#times[place] === timeMs && this.#isUsable(place)) return { value: this.#value(place), quality: this.#quality(place), raw: true };
    const before = this.#usableBefore(place);
    if (before < 0) return none;
    if (timeMs > this.#lastMs) return this.#extrapolated(before, timeMs, stepped);
    let after = place;
    while (after < this.#times.length && !this.#isUsable(after)) after++;
    if (after >= this.#times.length) return this.#extrapolated(before, timeMs, stepped);
    const level = stepped || typeof this.#value(before) !== 'number';
    const nextBad = level ? (this.#times[before + 1] as number) <= timeMs : after > before + 1;
    const uncertain = nextBad || this.#quality(before) === 'uncertain' || (!level && this.#quality(after) === 'uncertain');
    return { value: level ? this.#value(before) : this.#onLine(before, after, timeMs), quality: uncertain ? 'uncertain' : 'good', raw: false };
  }

  /** From the neighbouring values only (Part 13, 3.1.9): next to a bad one there is none. */
  #simpleBound(timeMs: number): Bound {
    const place = placeOf(this.#times, timeMs);
    const isRaw = this.#times[place] === timeMs;
    const before = isRaw ? place : place - 1;
    if (before < 0 || !this.#isUsable(before)) return none;
    if (isRaw) return { value: this.#value(place), quality: this.#quality(place), raw: true };
    if (place >= this.#times.length) return this.#extrapolated(before, timeMs, this.#options.stepped);
    const level = this.#options.stepped || typeof this.#value(before) !== 'number';
    if (level) return { value: this.#value(before), quality: this.#quality(before), raw: false };
    if (!this.#isUsable(place)) return { value: this.#value(before), quality: 'uncertain', raw: false };
    const good = this.#quality(before) === 'good' && this.#quality(place) === 'good';
    return { value: this.#onLine(before, place, timeMs), quality: good ? 'good' : 'uncertain', raw: false };
  }

  #interpolative(timeMs: number): AggregateValue {
    const bound = this.#interpolatedBound(timeMs, this.#options.stepped);
    if (bound.quality === 'bad') return noData(timeMs);
    const found = raw(timeMs, bound.value, bound.quality);
    return bound.raw ? found : { ...found, interpolated: true, subNormal: bound.quality === 'uncertain' };
  }

  // --- over time -----------------------------------------------------------------------------------------------

  /** Always a line between usable values, over bad ones too. */
  #timeAverage(interval: Interval, total: boolean): AggregateValue {
    const { fromMs, toMs, low, high } = interval;
    const points: { timeMs: number; value: number }[] = [];
    const add = (timeMs: number, value: HistoryValue): void => {
      if (typeof value === 'number') points.push({ timeMs, value });
    };
    const start = this.#interpolatedBound(fromMs, false);
    if (!start.raw) add(fromMs, start.value);
    let uncertain = start.quality !== 'good';
    for (let place = low; place < high; place++) {
      if (this.#quality(place) !== 'good') uncertain = true;
      if (this.#isUsable(place)) add(this.#times[place] as number, this.#value(place));
    }
    const end = this.#interpolatedBound(toMs, false);
    add(toMs, end.value);
    if (end.quality !== 'good') uncertain = true;
    let area = 0;
    let coveredMs = 0;
    for (let index = 1; index < points.length; index++) {
      const a = points[index - 1] as { timeMs: number; value: number };
      const b = points[index] as { timeMs: number; value: number };
      area += ((a.value + b.value) / 2) * (b.timeMs - a.timeMs);
      coveredMs += b.timeMs - a.timeMs;
    }
    if (coveredMs === 0) return noData(fromMs);
    return calculated(fromMs, total ? area / 1000 : area / coveredMs, uncertain ? 'uncertain' : 'good');
  }

  /** Stretches from the begin of the interval and from each raw value in it up to the next one. `bound`: what holds as it begins. */
  #regions({ fromMs, toMs, low, high }: Interval): { fromMs: number; toMs: number; bound: Bound; next: number }[] {
    const regions: { fromMs: number; toMs: number; bound: Bound; next: number }[] = [];
    const at = (place: number): number => Math.min(toMs, this.#times[place] ?? toMs);
    if (low >= this.#times.length || (this.#times[low] as number) > fromMs) {
      regions.push({ fromMs, toMs: at(low), bound: this.#simpleBound(fromMs), next: low });
    }
    for (let place = low; place < high; place++) {
      const bound = this.#isUsable(place) ? { value: this.#value(place), quality: this.#quality(place), raw: true } : none;
      regions.push({ fromMs: this.#times[place] as number, toMs: at(place + 1), bound, next: place + 1 });
    }
    return regions;
  }

  #timeAverage2(interval: Interval, total: boolean): AggregateValue {
    let area = 0;
    let coveredMs = 0;
    let goodMs = 0;
    for (const { fromMs, toMs, bound, next } of this.#regions(interval)) {
      const { value } = bound;
      if (typeof value !== 'number') continue;
      const lengthMs = toMs - fromMs;
      let until: HistoryValue = value;
      let quality = bound.quality;
      if (next >= this.#times.length) {
        quality = 'uncertain';
        until = this.#simpleBound(toMs).value;
      } else if (!this.#options.stepped) {
        if (this.#quality(next) !== 'good') quality = 'uncertain';
        if (this.#isUsable(next)) until = this.#times[next] === toMs ? this.#value(next) : this.#simpleBound(toMs).value;
      }
      area += ((value + (typeof until === 'number' ? until : value)) / 2) * lengthMs;
      coveredMs += lengthMs;
      if (quality === 'good') goodMs += lengthMs;
    }
    if (coveredMs === 0) return noData(interval.fromMs);
    const lengthMs = interval.toMs - interval.fromMs;
    const quality = this.#graded(goodMs, lengthMs - coveredMs, lengthMs);
    if (quality === 'bad') return { ...calculated(interval.fromMs, null, 'bad') };
    return calculated(interval.fromMs, total ? area / 1000 : area / coveredMs, quality);
  }

  /** The last value of all is known to have held for a millisecond, the resolution of our times. */
  #endOf({ toMs }: Interval): number {
    return Math.min(toMs, this.#lastMs + 1);
  }

  #durations(interval: Interval): { goodMs: number; badMs: number } {
    const end = this.#endOf(interval);
    let goodMs = 0;
    let badMs = 0;
    for (const { fromMs, toMs, bound } of this.#regions(interval)) {
      // Before the first value there is none, which counts as bad, as in the published examples.
      const lengthMs = Math.max(0, Math.min(toMs, end) - fromMs);
      if (bound.quality === 'good') goodMs += lengthMs;
      else if (bound.quality === 'bad') badMs += lengthMs;
    }
    return { goodMs, badMs };
  }

  #percent(interval: Interval, partMs: number): AggregateValue {
    return calculated(interval.fromMs, (partMs / (this.#endOf(interval) - interval.fromMs)) * 100, 'good');
  }

  #inState(interval: Interval, nonZero: boolean): AggregateValue {
    const end = this.#endOf(interval);
    let inStateMs = 0;
    let goodMs = 0;
    let badMs = 0;
    for (const { fromMs, toMs, bound } of this.#regions(interval)) {
      const lengthMs = Math.max(0, Math.min(toMs, end) - fromMs);
      if (bound.quality === 'bad') badMs += lengthMs;
      else if (bound.quality === 'good') goodMs += lengthMs;
      if (bound.quality !== 'bad' && (bound.value !== 0 && bound.value !== false && bound.value !== '') === nonZero) inStateMs += lengthMs;
    }
    const quality = this.#graded(goodMs, badMs, interval.toMs - interval.fromMs);
    return quality === 'bad' ? raw(interval.fromMs, null, 'bad') : calculated(interval.fromMs, inStateMs, quality);
  }
}

function raw(timeMs: number, value: HistoryValue, quality: Quality): AggregateValue {
  return { timeMs, value, quality, noData: false, subNormal: false, calculated: false, interpolated: false, partial: false, multipleValues: false };
}

function noData(timeMs: number): AggregateValue {
  return { ...raw(timeMs, null, 'bad'), noData: true };
}

function calculated(timeMs: number, value: HistoryValue, quality: Quality): AggregateValue {
  return { ...raw(timeMs, value, quality), calculated: true, subNormal: quality === 'uncertain' };
}
