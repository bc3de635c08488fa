import { placeOf } from '../statistics/order.ts';
import type { StationSeries } from './partTable.ts';
import { type Lot, qualityAt, type QualityAnswer } from './qualityResponse.ts';
import { badOf, type CounterReadings, countedTimes, countedTogether } from './stationRecord.ts';

/** A question for a quality at other settings, from the record of a line. */
export interface QualityOrder {
  fromMs: number;
  toMs: number;
  /** Counters of the station that finds the bad parts. */
  parts: CounterReadings;
  bad: readonly CounterReadings[];
  /** Settings; the first ones are asked about, the others may account for the quality. */
  series: readonly StationSeries[];
  /** How much more of the first ones. */
  changes: readonly number[];
}

const lots = 48;
const shortestLotMs = 300_000;
const fewestParts = 20;
/** A setting that nobody asks about takes part while there are at most so many; each costs lots. */
const mostOthers = 4;

/**
 * Lots are equal stretches of time with at least 20 parts, their quality the share of bad ones. Each takes part with the mean of every setting;
 * settings that nobody asked about only where they varied, the ones that moved most first.
 */
export function qualityOfRecord({ fromMs, toMs, parts, bad, series, changes }: QualityOrder): QualityAnswer {
  const partsMs = countedTimes(parts).timesMs;
  const isBad = badOf(partsMs, countedTogether(bad).timesMs);
  const lotMs = Math.max(shortestLotMs, (toMs - fromMs) / lots);
  const nameOf = (index: number): string => `${series[index]!.station}/${series[index]!.property}`;
  const made: { fromMs: number; made: number; bad: number }[] = [];
  let at = 0;
  for (let begin = fromMs; begin + lotMs <= toMs + 1; begin += lotMs) {
    const lot = { fromMs: begin, made: 0, bad: 0 };
    while (at < partsMs.length && partsMs[at]! < begin) at += 1;
    while (at < partsMs.length && partsMs[at]! < begin + lotMs) {
      lot.made += 1;
      lot.bad += isBad[at]!;
      at += 1;
    }
    if (lot.made >= fewestParts) made.push(lot);
  }
  const means = series.map(({ times, values }) => made.map((lot) => meanWithin(times, values, lot.fromMs, lot.fromMs + lotMs)));
  const asked = changes.length;
  const spread = (values: readonly number[]): number => {
    const finite = values.filter((value) => Number.isFinite(value));
    const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
    return finite.length < made.length ? 0 : Math.sqrt(finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / finite.length) / (Math.abs(mean) + 1e-12);
  };
  const others = means.map((values, index) => ({ index, moved: spread(values) })).slice(asked).filter(({ moved }) => moved > 1e-6)
    .sort((one, other) => other.moved - one.moved).slice(0, mostOthers);
  const used = [...Array.from({ length: asked }, (_, index) => index), ...others.map(({ index }) => index)];
  const told = made.map((lot, place): Lot => ({ settings: Object.fromEntries(used.map((index) => [nameOf(index), means[index]![place]!])), quality: lot.bad / lot.made }));
  const complete = told.filter(({ settings }) => used.slice(0, asked).every((index) => Number.isFinite(settings[nameOf(index)])));
  return qualityAt(complete, Object.fromEntries(changes.map((change, index) => [nameOf(index), change])));
}

function meanWithin(times: ArrayLike<number>, values: ArrayLike<number>, fromMs: number, toMs: number): number {
  const first = placeOf(times, fromMs);
  let sum = 0;
  let count = 0;
  for (let at = first; at < times.length && times[at]! < toMs; at += 1) {
    if (!Number.isFinite(values[at]!)) continue;
    sum += values[at]!;
    count += 1;
  }
  // Nothing came: what was told last still holds.
  if (count === 0) return first > 0 ? values[first - 1]! : NaN;
  return sum / count;
}
