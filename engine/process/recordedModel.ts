import { Problem } from '../problem.ts';
import type { LineEvent } from '../simulation/lineBlock.ts';
import type { BlockModel, FailureModel, LineModel, StationModel } from '../simulation/lineModel.ts';
import { scaledCycles } from '../simulation/scaledCycles.ts';
import { quantileOfSorted } from '../statistics/order.ts';
import { bufferPlaces } from './bufferPlaces.ts';
import { type FittedLine, fitCycle, fitLine } from './fitLine.ts';
import { type FittedProducts, fitProducts } from './fitProducts.ts';
import type { StateChange } from './lineStates.ts';
import { countedProducts, productAt, type ProductRecord, stationProducts } from './productRecord.ts';
import { badOf, countedTimes, countedTogether, type StationRecord } from './stationRecord.ts';
import { stopsOf } from './stopsOf.ts';
import type { Experience } from './whatIf.ts';

/** A line's record as it is simulated: one row of stations. */
export interface LineRecord {
  fromMs: number;
  toMs: number;
  /** In the order of the flow, the ones that are simulated alone. */
  stations: readonly StationRecord[];
  /** People who repair; 0: a stop never waits for anybody. */
  operators: number;
  /** Planned hours of a day; 0 or 24: always. */
  plannedHours: number;
  /** Where products are told apart. */
  products?: ProductRecord;
}

export interface RecordedModel {
  fitted: FittedLine;
  /** By station: usual deviations of the logarithms of what was fitted. */
  uncertain: [station: string, { cycle: number; between: number; repair: number; setup?: number; cycleOf?: Readonly<Record<string, number>>; defectsOf?: Readonly<Record<string, number>> }][];
  experience: [name: string, range: { low: number; high: number }][];
  /** Stations whose counters began again, or whose readings had holes. */
  resets: string[];
  /** Stations that were never seen waiting: their working time may hold waits. */
  neverWaits: string[];
  /** Never seen waiting, but told to be faster than what was counted: that is its working time. */
  rated: { station: string; seconds: number }[];
  /** Set-ups that went with no change of product. */
  setups: { station: string; count: number; meanS: number }[];
  /** Undefined: products are not told apart, or fewer than two ran. */
  products?: FittedProducts;
  /** Waits at the ends of the line, for what lies beyond it. */
  ends: { station: string; state: 'starved' | 'blocked'; share: number }[];
}

/** Told to need less than so much of what was counted, a station waits for others without being seen to. */
const fasterBy = 0.97;

/**
 * The model of a line from what its twin recorded: counters say when a part was finished, states how much of the time before was work. Where
 * products are told apart, they come in runs as long as those on record, and what went with their changes is set-up; other set-ups are taken as stops that
 * came as often as they came. Where people repair and were all busy, a stop lasted longer than its repair, so it says
 * nothing about that.
 * @throws Problem TWIN_LINE_NO_COUNTER, TWIN_LINE_RECORD
 */
export function recordedModel({ fromMs, toMs, stations, operators, plannedHours, products: told }: LineRecord): RecordedModel {
  const resets: string[] = [];
  const neverWaits: string[] = [];
  const rated: RecordedModel['rated'] = [];
  const events: LineEvent[] = [];
  const counted = new Map<string, Float64Array>();
  const scrapped = new Map<string, Float64Array>();
  for (const { key, parts, bad, stretches } of stations) {
    if (parts === undefined) {
      throw new Problem(
        'TWIN_LINE_NO_COUNTER', `"${key}" does not count its parts, so this line cannot be simulated.`, 'Enter its counter in twin-line, or leave the station out of the line.', { station: key },
      );
    }
    const made = countedTimes(parts);
    const lost = countedTogether(bad);
    if (made.resets + made.gaps + lost.resets + lost.gaps > 0) resets.push(key);
    counted.set(key, made.timesMs);
    scrapped.set(key, lost.timesMs);
    if (!stretches.some(({ state }) => state === 'starved' || state === 'blocked')) neverWaits.push(key);
  }
  const made = told === undefined ? undefined : countedProducts(told, stations);
  const seen = made === undefined ? [] : stationProducts(told!, stations, counted);
  const work = new Map<string, StationWork>();
  for (const { key, stretches } of stations) {
    const own = seen.find(({ station }) => station === key);
    work.set(key, tellEvents(key, counted.get(key)!, stretches, scrapped.get(key)!, events, own === undefined ? () => -1 : productAt(own)));
  }
  const products = made === undefined ? undefined : fitProducts(told!, made, seen, work, fromMs, toMs);
  const places = new Map<string, number>();
  const atLeast = new Set<string>();
  for (const [index, { key }] of stations.entries()) {
    const behind = stations[index + 1];
    if (behind === undefined) continue;
    const found = behind.placesBefore === undefined ? bufferPlaces(stations[index]!, behind, counted, scrapped) : { places: behind.placesBefore, full: true };
    places.set(key, found.places);
    if (!found.full) atLeast.add(key);
  }
  const fitted = fitLine(events, { stations: stations.map(({ key }) => key), places, atLeast });
  const setups: RecordedModel['setups'] = [];
  const ends: RecordedModel['ends'] = [];
  const blocks = fitted.model.blocks.map((block): BlockModel => {
    if (block.kind !== 'station') return block;
    const station = stations.find(({ key }) => key === block.name)!;
    const own = fitted.stations.find(({ name }) => name === block.name)!;
    const failures: FailureModel[] = (block.failures ?? []).map((failure) => {
      if (operators <= 0) return failure;
      const alone = repairsAlone(station, stations, operators);
      return { ...failure, crew: 'operators', ...(alone.length >= 5 ? { repair: fitCycle(alone).distribution } : {}) };
    });
    const changed = products === undefined ? undefined : seen.find(({ station: key }) => key === block.name)?.matched;
    const product = products?.stations.find(({ station: key }) => key === block.name);
    const changes = stopsOf(station.stretches, 'setup').filter(({ fromMs: beganMs }) => changed?.has(beganMs) !== true)
      .map(({ fromMs, toMs }) => (toMs - fromMs) / 1_000).filter((seconds) => seconds > 0);
    const workS = own.cycleS.value * own.cycleS.from;
    if (changes.length > 0) {
      const meanS = changes.reduce((sum, seconds) => sum + seconds, 0) / changes.length;
      setups.push({ station: block.name, count: changes.length, meanS });
      failures.push({ name: 'set-up', between: { kind: 'exponential', mean: workS / changes.length }, repair: { kind: 'constant', value: meanS } });
    }
    // Beyond the ends nothing is simulated: parts that did not come, or were not taken, are stops that came as often.
    for (const [end, state] of [[stations[0], 'starved'], [stations[stations.length - 1], 'blocked']] as const) {
      if (end !== station) continue;
      const waits = stopsOf(station.stretches, state).map(({ fromMs, toMs }) => (toMs - fromMs) / 1_000).filter((seconds) => seconds > 0);
      const sumS = waits.reduce((sum, seconds) => sum + seconds, 0);
      if (waits.length < 3 || sumS < 0.005 * workS) continue;
      ends.push({ station: block.name, state, share: sumS / (sumS + workS) });
      failures.push({ name: state, between: { kind: 'exponential', mean: workS / waits.length }, repair: fitCycle(waits).distribution });
    }
    const byProduct = product === undefined ? block : withProducts(block, product);
    // A line that moves as one hides who could do more; what people know of the machine tells.
    const { idealS } = station;
    if (idealS === undefined || !neverWaits.includes(block.name) || idealS > fasterBy * own.cycleS.value) return { ...byProduct, failures };
    rated.push({ station: block.name, seconds: idealS });
    return { ...byProduct, failures, ...scaledCycles(byProduct, () => idealS / own.cycleS.value) };
  });
  const isShort = plannedHours > 0 && plannedHours < 24;
  const model: LineModel = {
    ...fitted.model,
    blocks: blocks.map((block): BlockModel => {
      const own = block.kind === 'source' && products !== undefined
        ? { ...block, mix: products.kinds.map(({ name, share }) => ({ kind: name, share })), partsPerChange: products.partsPerChange } : block;
      return isShort && (own.kind === 'station' || own.kind === 'source') ? { ...own, shift: 'planned' } : own;
    }),
    ...(operators > 0 ? { crews: [{ name: 'operators', count: operators }] } : {}),
    ...(isShort ? { shifts: [{ name: 'planned', cycleS: 86_400, work: [[0, plannedHours * 3_600] as const] }] } : {}),
  };
  return {
    fitted: { ...fitted, model }, resets, neverWaits: neverWaits.filter((key) => !rated.some(({ station }) => station === key)), rated, setups, ends,
    ...(products === undefined ? {} : { products }),
    uncertain: fitted.stations.map(({ name, cycleS, betweenS, repairS }) => {
      const own = products?.stations.find(({ station }) => station === name);
      return [name, {
        cycle: relativeOf(cycleS), between: betweenS.from > 0 ? 1 / Math.sqrt(betweenS.from) : 0, repair: repairS.from > 1 ? Math.min(0.5, relativeOf(repairS)) : 0,
        ...(own?.setup === undefined ? {} : { setup: own.setup.uncertain }),
        ...(own === undefined || own.cycles.length === 0 ? {} : { cycleOf: Object.fromEntries(own.cycles.map(({ name: kind, uncertain }) => [kind, uncertain])) }),
        ...(own === undefined || own.scrap.length === 0 ? {} : { defectsOf: Object.fromEntries(own.scrap.map(({ name: kind, uncertain }) => [kind, uncertain])) }),
      }];
    }),
    experience: [...experienceOf(stations, counted, fitted), ...(products?.shares ?? []).map(([name, range]): [string, typeof range] => [`mix ${name}`, range])],
  };
}

/** Usual deviation of a mean as a share of it, from its 95 % interval. */
function relativeOf({ value, low, high }: { value: number; low: number; high: number }): number {
  const share = (high - low) / (2 * 1.96 * value);
  return Number.isFinite(share) ? share : 0;
}

function withProducts(block: StationModel, { setup, cycles, common, scrap, scrapOfOthers }: FittedProducts['stations'][number]): StationModel {
  return {
    ...block,
    ...(scrap.length === 0 ? {} : { defects: scrapOfOthers, defectsOf: Object.fromEntries(scrap.map(({ name, share }) => [name, share.value])) }),
    ...(common === undefined ? {} : { cycle: common }), ...(setup === undefined ? {} : { setup: setup.distribution, setupAhead: setup.ahead }),
    ...(cycles.length === 0 ? {} : { cycleOf: Object.fromEntries(cycles.map(({ name, distribution }) => [name, distribution])) }),
  };
}

const working: ReadonlySet<StateChange['state']> = new Set(['producing']);

interface StationWork {
  /** Of each part whose work is known; −1: not sure which. */
  products: Int32Array;
  seconds: Float64Array;
  /** Of each part counted: its product, −1: not sure, and whether it was bad. */
  counted: Int32Array;
  bad: Uint8Array;
}

function tellEvents(key: string, finishes: Float64Array, stretches: readonly StateChange[], bad: Float64Array, events: LineEvent[], product: (timeMs: number) => number): StationWork {
  const products: number[] = [];
  const worked: number[] = [];
  const counted: number[] = [];
  const stops = stopsOf(stretches, 'down');
  let stretch = 0;
  let stop = 0;
  const tell = (event: LineEvent['event'], timeMs: number, part: number): void => void events.push({ timeS: timeMs / 1_000, block: key, event, part, kind: '' });
  for (let part = 1; part < finishes.length; part += 1) {
    const fromMs = finishes[part - 1]!;
    const toMs = finishes[part]!;
    while (stretch < stretches.length && stretches[stretch]!.toMs <= fromMs) stretch += 1;
    let workedMs = 0;
    let isKnown = toMs > fromMs;
    let reachedMs = fromMs;
    for (let at = stretch; at < stretches.length && stretches[at]!.fromMs < toMs; at += 1) {
      const { state, fromMs: beginMs, toMs: endMs } = stretches[at]!;
      if (state === 'unknown' || beginMs > reachedMs + 1) isKnown = false;
      reachedMs = endMs;
      if (working.has(state)) workedMs += Math.min(toMs, endMs) - Math.max(fromMs, beginMs);
    }
    if (reachedMs < toMs) isKnown = false;
    const within: { fromMs: number; toMs: number }[] = [];
    while (stop < stops.length && stops[stop]!.toMs <= toMs) within.push(stops[stop++]!);
    const stoodMs = within.reduce((sum, one) => sum + one.toMs - one.fromMs, 0);
    // In the middle of its work a part is surely there, whichever of its ends a change falls on.
    const own = product(workedMs > 0 ? toMs - workedMs / 2 : toMs);
    counted.push(own);
    if (isKnown && workedMs > 0) {
      tell('start', toMs - workedMs - stoodMs, part);
      products.push(own);
      worked.push(workedMs / 1_000);
    }
    for (const one of within) {
      tell('down', one.fromMs, part);
      tell('up', one.toMs, part);
    }
    tell('finish', toMs, part);
  }
  for (const timeMs of bad) tell('scrap', timeMs, 0);
  return { products: Int32Array.from(products), seconds: Float64Array.from(worked), counted: Int32Array.from(counted), bad: badOf(finishes.subarray(1), bad) };
}

function repairsAlone(station: StationRecord, all: readonly StationRecord[], operators: number): number[] {
  const others = all.filter((one) => one !== station).map((one) => stopsOf(one.stretches, 'down'));
  return stopsOf(station.stretches, 'down')
    .filter(({ fromMs }) => others.filter((stops) => stops.some((stop) => stop.fromMs <= fromMs && stop.toMs > fromMs)).length < operators)
    .map(({ fromMs, toMs }) => (toMs - fromMs) / 1_000).filter((seconds) => seconds > 0);
}

/** Ranges that were really run, as factors of today: speeds over 20 minutes, stops by five, fill of buffers. */
function experienceOf(stations: readonly StationRecord[], counted: ReadonlyMap<string, Float64Array>, fitted: FittedLine): Experience {
  const experience = new Map<string, { low: number; high: number }>();
  const range = (name: string, factors: readonly number[]): void => {
    if (factors.length < 4) return;
    const sorted = [...factors].sort((one, other) => one - other);
    experience.set(name, { low: quantileOfSorted(sorted, 0.05), high: quantileOfSorted(sorted, 0.95) });
  };
  for (const [index, station] of stations.entries()) {
    const { key, stretches } = station;
    const own = fitted.stations.find(({ name }) => name === key)!;
    const times = counted.get(key)!;
    const speeds: number[] = [];
    let part = 0;
    for (let fromMs = times[0] ?? NaN; fromMs < times[times.length - 1]!; fromMs += 1_200_000) {
      const toMs = fromMs + 1_200_000;
      let parts = 0;
      while (part < times.length && times[part]! < toMs) {
        parts += 1;
        part += 1;
      }
      let workedMs = 0;
      for (const stretch of stretches) {
        if (stretch.state === 'producing' && stretch.toMs > fromMs && stretch.fromMs < toMs) workedMs += Math.min(toMs, stretch.toMs) - Math.max(fromMs, stretch.fromMs);
      }
      if (parts >= 20 && workedMs > 300_000) speeds.push((own.cycleS.value * 1_000 * parts) / workedMs);
    }
    range(`speed ${key}`, speeds);
    const stops = stopsOf(stretches, 'down').map(({ fromMs, toMs }) => (toMs - fromMs) / 1_000);
    const repairs: number[] = [];
    const between: number[] = [];
    for (let at = 0; at + 5 <= stops.length; at += 5) {
      repairs.push(own.repairS.value / (stops.slice(at, at + 5).reduce((sum, seconds) => sum + seconds, 0) / 5));
    }
    const begins = stopsOf(stretches, 'down').map(({ fromMs }) => fromMs);
    const meanMs = begins.length < 2 ? NaN : (begins[begins.length - 1]! - begins[0]!) / (begins.length - 1);
    for (let at = 0; at + 5 < begins.length; at += 5) between.push((5 * meanMs) / (begins[at + 5]! - begins[at]!));
    range(`repair ${key}`, repairs);
    range(`failures ${key}`, between.filter((factor) => Number.isFinite(factor)));
    const behind = stations[index + 1];
    if (behind !== undefined) experience.set(`places ${key} buffer`, { low: -own.places.value, high: 0 });
  }
  return experience;
}
