import type { Distribution } from '../simulation/distribution.ts';
import type { BlockModel, FailureModel, LineModel, StationModel } from '../simulation/lineModel.ts';
import type { LineEvent } from '../simulation/lineBlock.ts';
import { Problem } from '../problem.ts';
import { incompleteGamma } from '../statistics/incompleteGamma.ts';
import { meanInterval } from '../statistics/meanInterval.ts';
import { normalShare } from '../statistics/normalQuantile.ts';

/** A line as people know it: stations in the order of the flow, and what is known of the places between them. */
export interface KnownLine {
  stations: readonly string[];
  /** Places in the buffer behind a station, where they are known; else they are taken from the record. */
  places?: ReadonlyMap<string, number>;
  /** Stations whose places were never seen full: there are at least so many. */
  atLeast?: ReadonlySet<string>;
}

/** How well a number is known. */
export interface FittedNumber {
  value: number;
  /** 95 %; as wide as it is when little was seen. */
  low: number;
  high: number;
  /** From how many observations; 0: never observed, and then the value is an assumption. */
  from: number;
}

export interface FittedStation {
  name: string;
  /** Working time of a part without stops, seconds, and how it varies. */
  cycleS: FittedNumber;
  cycleScv: number;
  shape: 'constant' | 'gamma' | 'lognormal' | 'empirical';
  /** Largest distance between the observed and the fitted share of parts, 0–1 (Kolmogorov 1933): below 0.05 good. */
  misfit: number;
  /** Seconds of work between stops, and of a stop; value NaN where none was ever seen. */
  betweenS: FittedNumber;
  repairS: FittedNumber;
  /** Share of parts that were scrapped here. */
  scrap: FittedNumber;
  /** Places behind it; not seen to be full: at least so many. */
  places: FittedNumber & { atLeast: boolean };
}

export interface FittedLine {
  model: LineModel;
  stations: FittedStation[];
  /** What was never observed, said for people who read the answer: station and what. */
  neverObserved: { station: string; what: 'stops' | 'scrap' | 'a full buffer' | 'set-ups' }[];
  hours: number;
  parts: number;
}

const fewestCycles = 30;

/**
 * The model of a line from its own record: start and finish of work on each part, stops and their ends, scrap. Cycle times are what is left
 * of start to finish without the stops between. Stops are counted by time at work (operation-dependent; Buzacott and Hanifin 1978).
 * Capacities are the most parts that ever stood between two stations at once when the station before was seen to wait with a finished part.
 * @throws Problem TWIN_LINE_RECORD when a station has fewer than 30 cycles
 */
export function fitLine(events: readonly LineEvent[], known: KnownLine): FittedLine {
  let firstS = Infinity;
  let lastS = -Infinity;
  for (const { timeS } of events) {
    firstS = Math.min(firstS, timeS);
    lastS = Math.max(lastS, timeS);
  }
  const fitted = known.stations.map((name) => stationRecord(name, events));
  for (const { name, cycles } of fitted) {
    if (cycles.length >= fewestCycles) continue;
    throw new Problem(
      'TWIN_LINE_RECORD', `"${name}" has ${cycles.length} recorded cycles; at least 30 are needed.`, 'Record longer, or leave this station out of the line.',
      { name, count: cycles.length },
    );
  }
  const stations: FittedStation[] = [];
  const neverObserved: FittedLine['neverObserved'] = [];
  const blocks: BlockModel[] = [{ kind: 'source', name: 'source', to: known.stations[0]! }];
  for (const [index, record] of fitted.entries()) {
    const { name } = record;
    const next = fitted[index + 1];
    const cycle = fitCycle(record.cycles);
    const fails = record.stops.length > 0;
    const scrap = shareInterval(Math.min(record.scrapped, record.finishes.length), record.finishes.length);
    const places = next === undefined ? { value: 0, low: 0, high: 0, from: 1, atLeast: false } : placesBetween(record, next, known.places?.get(name), known.atLeast?.has(name) === true);
    stations.push({
      name, cycleS: meanOfMany(record.cycles), cycleScv: cycle.scv, shape: cycle.distribution.kind as FittedStation['shape'], misfit: cycle.misfit,
      betweenS: fails ? exponentialMean(record.workS, record.stops.length) : unseen(record.workS), repairS: fails ? meanOfMany(record.stops) : { value: NaN, low: NaN, high: NaN, from: 0 },
      scrap, places,
    });
    if (!fails) neverObserved.push({ station: name, what: 'stops' });
    if (record.scrapped === 0) neverObserved.push({ station: name, what: 'scrap' });
    if (places.atLeast) neverObserved.push({ station: name, what: 'a full buffer' });
    const failures: FailureModel[] = fails ? [{ between: { kind: 'exponential', mean: record.workS / record.stops.length }, repair: fitCycle(record.stops).distribution }] : [];
    const station: StationModel = {
      kind: 'station', name, to: next === undefined ? 'sink' : `${name} buffer`, cycle: cycle.distribution, failures,
      ...(scrap.value > 0 ? { defects: scrap.value, finds: 1, mostReworks: 0 } : {}),
    };
    blocks.push(station);
    if (next !== undefined) blocks.push({ kind: 'buffer', name: `${name} buffer`, to: next.name, places: places.value });
  }
  blocks.push({ kind: 'sink', name: 'sink' });
  return {
    model: { blocks }, stations, neverObserved, hours: lastS > firstS ? (lastS - firstS) / 3_600 : 0,
    parts: fitted[fitted.length - 1]?.finishes.length ?? 0,
  };
}

interface StationRecord {
  name: string;
  /** Seconds at work on each part, stops taken out. */
  cycles: number[];
  stops: number[];
  workS: number;
  scrapped: number;
  starts: { timeS: number; part: number }[];
  finishes: { timeS: number; part: number }[];
}

function stationRecord(name: string, events: readonly LineEvent[]): StationRecord {
  const record: StationRecord = { name, cycles: [], stops: [], workS: 0, scrapped: 0, starts: [], finishes: [] };
  let startedS = NaN;
  let downS = NaN;
  let stoodS = 0;
  for (const { block, event, timeS, part } of events) {
    if (block !== name) continue;
    if (event === 'start') {
      startedS = timeS;
      stoodS = 0;
      record.starts.push({ timeS, part });
    } else if (event === 'down') {
      downS = timeS;
    } else if (event === 'up' && !Number.isNaN(downS)) {
      record.stops.push(timeS - downS);
      stoodS += timeS - downS;
      downS = NaN;
    } else if (event === 'finish') {
      record.finishes.push({ timeS, part });
      // A record that begins in the middle of a part, or whose clock went back, gives no cycle.
      const cycle = timeS - startedS - stoodS;
      if (cycle > 0) {
        record.cycles.push(cycle);
        record.workS += cycle;
      }
      startedS = NaN;
    } else if (event === 'scrap') {
      record.scrapped += 1;
    }
  }
  return record;
}

/** The simplest shape that fits: constant, gamma or lognormal, else what was observed itself. */
export function fitCycle(observed: readonly number[]): { distribution: Distribution; scv: number; misfit: number } {
  const sorted = [...observed].sort((one, other) => one - other);
  const count = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / count;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, count - 1);
  const scv = variance / (mean * mean);
  if (count === 1 || scv < 1e-6) return { distribution: { kind: 'constant', value: mean }, scv: 0, misfit: 0 };
  const shapes: Distribution[] = [{ kind: 'gamma', mean, scv }, { kind: 'lognormal', mean, scv }];
  const fits = shapes.map((distribution) => ({ distribution, scv, misfit: distance(sorted, distribution) }));
  fits.sort((one, other) => one.misfit - other.misfit);
  // Kolmogorov's 1 % point; parameters were taken from the same numbers, so it is generous.
  const allowed = Math.max(0.03, 1.63 / Math.sqrt(count));
  const best = fits[0]!;
  if (best.misfit <= allowed || count < fewestCycles) return best;
  const steps = Math.min(200, count);
  const values = Array.from({ length: steps + 1 }, (_, step) => sorted[Math.round((step / steps) * (count - 1))]!);
  return { distribution: { kind: 'empirical', values }, scv, misfit: 0 };
}

function distance(sorted: readonly number[], distribution: Distribution): number {
  const count = sorted.length;
  let most = 0;
  for (let at = 0; at < count; at += Math.max(1, Math.floor(count / 400))) {
    most = Math.max(most, Math.abs(shareBelow(sorted[at]!, distribution) - (at + 0.5) / count));
  }
  return most;
}

function shareBelow(value: number, distribution: Distribution): number {
  if (distribution.kind === 'lognormal') {
    const variance = Math.log(1 + distribution.scv);
    const z = (Math.log(value) - Math.log(distribution.mean) + variance / 2) / Math.sqrt(variance);
    return normalShare(z);
  }
  if (distribution.kind !== 'gamma') return NaN;
  return incompleteGamma(1 / distribution.scv, value / (distribution.mean * distribution.scv));
}

function meanOfMany(values: readonly number[]): FittedNumber {
  const { mean, low, high, count } = meanInterval(values);
  return { value: mean, low: Math.max(0, low), high, from: count };
}

/** Total time ÷ events, with the interval of a Poisson count (normal on the log scale). */
function exponentialMean(totalS: number, events: number): FittedNumber {
  const value = totalS / events;
  const factor = Math.exp(1.96 / Math.sqrt(events));
  return { value, low: value / factor, high: value * factor, from: events };
}

/** Nothing happened in so much time: with 95 % it is rarer than once in a third of it (rule of three; Hanley and Lippman-Hand 1983). */
function unseen(totalS: number): FittedNumber {
  return { value: NaN, low: totalS / 3, high: Infinity, from: 0 };
}

/** Wilson (1927). */
function shareInterval(some: number, all: number): FittedNumber {
  const z = 1.96;
  const share = some / all;
  const centre = (share + (z * z) / (2 * all)) / (1 + (z * z) / all);
  const half = (z * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all))) / (1 + (z * z) / all);
  return { value: share, low: Math.max(0, centre - half), high: centre + half, from: some };
}

/** The most parts between finish here and start there; seen full when a finished part waited longer than the next one needed to come free. */
function placesBetween(before: StationRecord, behind: StationRecord, told: number | undefined, atLeast: boolean): FittedStation['places'] {
  if (told !== undefined && atLeast) return { value: told, low: told, high: Infinity, from: 0, atLeast };
  if (told !== undefined) return { value: told, low: told, high: told, from: 1, atLeast: false };
  const moves = [
    ...before.finishes.map(({ timeS }) => ({ timeS, change: 1 })), ...behind.starts.map(({ timeS }) => ({ timeS, change: -1 })),
  ].sort((one, other) => one.timeS - other.timeS || other.change - one.change);
  const starts = before.starts.map(({ timeS }) => timeS);
  // Parts that begin work before the one in the station is finished would mean several places there; one is assumed.
  let level = 0;
  const waits = new Map<number, number>();
  let at = 0;
  for (const [index, { timeS, change }] of moves.entries()) {
    level += change;
    const untilS = moves[index + 1]?.timeS ?? timeS;
    if (change < 0 || level <= 0) continue;
    while (at < starts.length && starts[at]! < timeS) at += 1;
    // A part is finished and the next one has not begun although time passed: it still stands in the station.
    const nextStartS = starts[at] ?? Infinity;
    if (nextStartS > timeS && untilS > timeS && nextStartS >= untilS) waits.set(level, (waits.get(level) ?? 0) + 1);
  }
  let most = 0;
  level = 0;
  for (let index = 0; index < moves.length; index += 1) {
    level += moves[index]!.change;
    if (moves[index + 1]?.timeS !== moves[index]!.timeS) most = Math.max(most, level);
  }
  const full = waits.get(most) ?? 0;
  // The part that waits in the station is counted among those between, but needs no place.
  return full > 0 ? { value: Math.max(0, most - 1), low: most - 1, high: most - 1, from: full, atLeast: false } : { value: most, low: most, high: Infinity, from: 0, atLeast: true };
}
