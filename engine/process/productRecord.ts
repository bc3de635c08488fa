import type { CounterReadings, StationRecord } from './stationRecord.ts';
import { countedTimes } from './stationRecord.ts';
import { stopsOf } from './stopsOf.ts';
import { transitByPattern } from './transitTime.ts';

/** What is on record of the products that a line made. Plain data. */
export interface ProductRecord {
  names: readonly string[];
  /** By station that names its product: from when on which one, its number in `names`; −1: none. Ascending ms UTC. */
  series: readonly { station: string; readings: CounterReadings }[];
  /** What ran earlier, as event frames tell it, ascending: parts of a product from when to when. Judges how far the shares have varied, and nothing else. */
  runs: readonly ProductRun[];
}

export interface ProductRun {
  product: number;
  parts: number;
  fromMs: number;
  toMs: number;
}

/** A change of product as a station saw it. */
export interface ProductChange {
  timeMs: number;
  from: number;
  to: number;
  /** Seconds of set-up that went with it; 0: none. */
  setupS: number;
}

export interface StationProducts {
  station: string;
  first: number;
  changes: ProductChange[];
  /** Known by the way of the parts alone, so near a change it is not sure; ms on either side. */
  unsureMs: number;
  /** Set-ups that went with a change, by when they began. */
  matched: ReadonlySet<number>;
  /** Most of them followed a wait for parts: it is set up when the first part is there rather than when the last one is through. */
  waitsFirst: boolean;
}

/** Shares of parts where products are told: each product's own, and the runs they were made in. */
export interface CountedProducts {
  station: string;
  /** By product. */
  parts: number[];
  runs: ProductRun[];
}

/** A set-up may begin or end so long before or after the last and the first part of the two products. */
const nearMs = 120_000;
/** Where nothing tells the way of the parts. */
const unknownWayMs = 300_000;
const shortWaitMs = 10_000;
const longestWayMs = 1_800_000;
const mostForWay = 3_000;

/** What was made of each product at the last station of the row that names it; undefined where none does or none counts. */
export function countedProducts({ names, series }: ProductRecord, stations: readonly Pick<StationRecord, 'key' | 'parts'>[]): CountedProducts | undefined {
  for (const { key, parts } of [...stations].reverse()) {
    const own = series.find(({ station }) => station === key);
    if (own === undefined || parts === undefined) continue;
    const runs = runsOf(own.readings, countedTimes(parts).timesMs);
    if (runs.length === 0) continue;
    const made = names.map(() => 0);
    for (const { product, parts: count } of runs) made[product]! += count;
    return { station: key, parts: made, runs };
  }
  return undefined;
}

/** Parts of one product after each other. A part is of the product that was named right before it was counted. */
function runsOf({ times, values }: CounterReadings, partsMs: Float64Array): ProductRun[] {
  const runs: ProductRun[] = [];
  let at = -1;
  for (const timeMs of partsMs) {
    while (at + 1 < times.length && times[at + 1]! < timeMs) at += 1;
    const product = at < 0 ? -1 : values[at]!;
    if (!(product >= 0)) continue;
    const last = runs[runs.length - 1];
    if (last?.product === product) {
      last.parts += 1;
      last.toMs = timeMs;
    } else runs.push({ product, parts: 1, fromMs: timeMs, toMs: timeMs });
  }
  return runs;
}

/**
 * Which product each station of a row worked on when. Who names its product tells it itself; of the others it is the product of the nearest station that
 * does, shifted by the way of the parts (entered, by serial numbers, or by the pattern of passings). A set-up near the change says when it really was.
 */
export function stationProducts(record: ProductRecord, stations: readonly StationRecord[], counted: ReadonlyMap<string, Float64Array>): StationProducts[] {
  const told = stations.map(({ key }) => {
    const own = record.series.find(({ station }) => station === key);
    return own === undefined ? [] : runsOf(own.readings, counted.get(key)!);
  });
  const hops = stations.map((station, index) => (index === 0 ? { ms: 0, unsureMs: 0 } : wayTo(station, counted.get(stations[index - 1]!.key)!, counted.get(station.key)!)));
  return stations.flatMap((station, index): StationProducts[] => {
    const near = nearestTold(told, index);
    if (near < 0) return [];
    const between = hops.slice(Math.min(near, index) + 1, Math.max(near, index) + 1);
    const shiftMs = Math.sign(index - near) * between.reduce((sum, { ms }) => sum + ms, 0);
    const unsureMs = between.reduce((sum, one) => sum + one.unsureMs, 0);
    return [{ station: station.key, first: told[near]![0]!.product, unsureMs, ...changesOf(told[near]!, shiftMs, unsureMs, station, counted.get(station.key)!) }];
  });
}

function nearestTold(told: readonly (readonly ProductRun[])[], index: number): number {
  for (let away = 0; away < told.length; away += 1) {
    for (const at of [index - away, index + away]) if ((told[at]?.length ?? 0) > 0) return at;
  }
  return -1;
}

function wayTo({ way }: StationRecord, before: Float64Array, here: Float64Array): { ms: number; unsureMs: number } {
  if (way !== undefined) return { ms: 1_000 * way.seconds, unsureMs: 30_000 };
  const found = transitByPattern([...before.slice(-mostForWay)], [...here.slice(-mostForWay)], longestWayMs);
  // Through a full buffer it is some places long, less than what is unsure of any way.
  if ('why' in found && found.why === 'station behind leads') return { ms: 0, unsureMs: 60_000 };
  return 'ms' in found ? { ms: found.ms, unsureMs: Math.max(60_000, found.toMs - found.fromMs) } : { ms: 0, unsureMs: unknownWayMs };
}

function changesOf(runs: readonly ProductRun[], shiftMs: number, unsureMs: number, { stretches }: StationRecord, partsMs: Float64Array): Pick<StationProducts, 'changes' | 'matched' | 'waitsFirst'> {
  const setups = stopsOf(stretches, 'setup');
  const matched = new Set<number>();
  // The last change may not have come here yet, or gone by before the record.
  const [fromMs, toMs] = [partsMs[0] ?? NaN, partsMs[partsMs.length - 1] ?? NaN];
  const changes = runs.slice(1).map((run, index): ProductChange => {
    const before = runs[index]!;
    const [lowMs, highMs] = [before.toMs + shiftMs, run.fromMs + shiftMs];
    let setupMs = 0;
    let timeMs = (lowMs + highMs) / 2;
    for (const setup of setups) {
      if (matched.has(setup.fromMs) || setup.toMs < lowMs - nearMs - unsureMs || setup.fromMs > highMs + nearMs + unsureMs) continue;
      matched.add(setup.fromMs);
      setupMs += setup.toMs - setup.fromMs;
      timeMs = Math.min(setup.toMs, Math.max(setup.fromMs, timeMs));
    }
    return { timeMs, from: before.product, to: run.product, setupS: setupMs / 1_000 };
  });
  const waited = stretches.filter(({ state, fromMs: beganMs, toMs: endMs }) => state === 'starved' && matched.has(endMs) && endMs - beganMs > shortWaitMs);
  return { waitsFirst: 2 * waited.length > matched.size, changes: changes.filter(({ timeMs, setupS }) => setupS > 0 || (timeMs >= fromMs && timeMs <= toMs)), matched };
}

/** The product at a moment; −1: not sure. Ask in ascending order. */
export function productAt({ first, changes, unsureMs }: StationProducts): (timeMs: number) => number {
  let at = 0;
  return (timeMs) => {
    while (at < changes.length && changes[at]!.timeMs <= timeMs) at += 1;
    const isNear = (change: ProductChange | undefined): boolean => change !== undefined && change.setupS === 0 && Math.abs(change.timeMs - timeMs) < unsureMs;
    if (isNear(changes[at - 1]) || isNear(changes[at])) return -1;
    return at === 0 ? first : changes[at - 1]!.to;
  };
}
