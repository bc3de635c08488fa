import type { Distribution } from '../simulation/distribution.ts';
import { quantileOfSorted } from '../statistics/order.ts';
import { studentTQuantile } from '../statistics/studentT.ts';
import { type FittedNumber, fitCycle } from './fitLine.ts';
import type { CountedProducts, ProductRecord, ProductRun, StationProducts } from './productRecord.ts';

/** The products of a line as they are simulated. Shares 0–1. */
export interface FittedProducts {
  /** In the order in which they are simulated to come; those without parts last. */
  kinds: { name: string; share: number; parts: number }[];
  changes: number;
  partsPerChange: number;
  /** Usual deviation of the logarithm of `partsPerChange`. */
  uncertain: number;
  stations: FittedProductStation[];
  /** Changes of that order that were never seen: from, to. */
  neverChanged: [from: string, to: string][];
  /** Shares in equal stretches of time (days where three are known, else quarters of the record) by product: 5 and 95 % of them. */
  shares: [name: string, range: { low: number; high: number }][];
  /** Which stretches those are: so many, days or quarters. */
  seenIn: { days: number } | { hours: number };
}

export interface FittedProductStation {
  station: string;
  /** Seconds of a set-up at a change of product, those without any counted as 0; `ahead`: before the first part comes. Undefined: none was ever seen here. */
  setup?: { distribution: Distribution; seconds: number; from: number; uncertain: number; ahead: boolean };
  /** Working times of products that differ from the others' by evidence. `uncertain`: usual deviation of the logarithm of the mean. */
  cycles: { name: string; distribution: Distribution; seconds: FittedNumber; uncertain: number }[];
  /** Of all the others; undefined: there are none. */
  common?: Distribution;
  /** Shares of bad parts of products that differ from the others' by evidence. `uncertain`: usual deviation of the logarithm. */
  scrap: { name: string; share: FittedNumber; uncertain: number }[];
  /** Share of bad parts of all the others. */
  scrapOfOthers: number;
  /** Products of which too few parts were worked on here, and of how many: they are taken for the others. */
  few: { name: string; parts: number }[];
}

/** What a station did, in order; products as numbers, −1: not sure. */
export interface ProductWork {
  /** Seconds of work on each part whose work is known. */
  products: Int32Array;
  seconds: Float64Array;
  /** Of each part counted, and whether it was bad. */
  counted: Int32Array;
  bad: Uint8Array;
}

const fewestCycles = 30;
/** Fewer bad parts tell nothing of a product, nor of the others. */
const fewestBad = 5;
const fewestBatches = 3;
const dayMs = 86_400_000;
/** Less of a difference matters to nobody. */
const leastDifference = 0.01;

/**
 * Shares, order and run lengths of products from what was counted, and what differs between them at each station: a product has a working time of its
 * own where its mean differs from that of the others by more than chance gives (Welch 1947, 1 % over all products, on means of batches, since
 * neighbouring parts are alike; Law, Simulation Modeling and Analysis, 5th ed., 9.5.3). So with its share of bad parts: one bad hour is not the product's.
 * @returns undefined where fewer than two products changed
 * @param work by station
 */
export function fitProducts(
  record: ProductRecord, counted: CountedProducts, stations: readonly StationProducts[], work: ReadonlyMap<string, ProductWork>, fromMs: number, toMs: number,
): FittedProducts | undefined {
  const { parts, runs } = counted;
  const changes = runs.length - 1;
  if (changes < 1) return undefined;
  const all = parts.reduce((sum, count) => sum + count, 0);
  const order = orderOf(parts, runs);
  const lengths = runs.slice(1, -1).map((run) => run.parts);
  const kinds = order.map((product) => ({ name: record.names[product]!, share: parts[product]! / all, parts: parts[product]! }));
  const came = order.filter((product) => parts[product]! > 0);
  const isSeen = (from: number, to: number): boolean => runs.some(({ product }, index) => product === to && runs[index - 1]?.product === from);
  const never = came.map((product, index): [number, number] => [product, came[(index + 1) % came.length]!]).filter(([from, to]) => !isSeen(from, to));
  return {
    kinds, changes, partsPerChange: Math.max(1, all / changes), uncertain: Math.min(0.5, relativeError(lengths)), stations: stations.map((station) => stationOf(record.names, parts, station, work)),
    neverChanged: never.map(([from, to]) => [record.names[from]!, record.names[to]!]), ...sharesSeen(record, runs, fromMs, toMs),
  };
}

/** Begins with the most frequent product; then always the one that most often followed and is not in it yet. */
function orderOf(parts: readonly number[], runs: readonly ProductRun[]): number[] {
  const left = new Set([...parts.keys()].sort((one, other) => parts[other]! - parts[one]! || one - other));
  const order: number[] = [];
  while (left.size > 0) {
    const last = order[order.length - 1];
    const followed = (product: number): number => runs.filter((run, index) => last !== undefined && run.product === product && runs[index - 1]?.product === last).length;
    const next = [...left].reduce((best, product) => (followed(product) > followed(best) ? product : best));
    left.delete(next);
    order.push(next);
  }
  return order;
}

function relativeError(values: readonly number[]): number {
  const count = values.length;
  if (count < 2) return 0.5;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return Math.sqrt(variance / count) / mean;
}

function stationOf(
  names: readonly string[], made: readonly number[], { station, changes, waitsFirst }: StationProducts, work: ReadonlyMap<string, ProductWork>,
): FittedProductStation {
  const { products, seconds, counted, bad } = work.get(station)!;
  const of = names.map((_, product) => seconds.filter((__, part) => products[part] === product));
  const batches = of.map(batchMeans);
  const few = names.flatMap((name, product) => (of[product]!.length < fewestCycles || batches[product]!.length < fewestBatches ? [{ name, parts: of[product]!.length }] : []));
  const own = names.map((_, product) => product).filter((product) => made[product]! > 0 && !few.some(({ name }) => name === names[product]) && differs(batches, product, names.length));
  const others = seconds.filter((_, part) => !own.includes(products[part]!));
  const found: FittedProductStation = {
    station, few, ...scrapOf(names, made, counted, bad),
    cycles: own.map((product) => {
      const uncertain = relativeError(batches[product]!);
      const mean = of[product]!.reduce((sum, value) => sum + value, 0) / of[product]!.length;
      return {
        name: names[product]!, distribution: fitCycle([...of[product]!]).distribution, uncertain,
        seconds: { value: mean, low: mean * (1 - 1.96 * uncertain), high: mean * (1 + 1.96 * uncertain), from: of[product]!.length },
      };
    }),
  };
  // Where all products have times of their own, what is left are parts whose product is not sure.
  if (own.length > 0 && others.length >= fewestCycles && own.length < names.length) found.common = fitCycle([...others]).distribution;
  const setups = changes.map(({ setupS }) => setupS);
  const seen = setups.filter((one) => one > 0);
  if (seen.length > 0) {
    const mean = setups.reduce((sum, one) => sum + one, 0) / setups.length;
    const variance = setups.reduce((sum, one) => sum + (one - mean) ** 2, 0) / setups.length;
    found.setup = {
      ahead: !waitsFirst, seconds: mean, from: seen.length, uncertain: Math.min(0.5, relativeError(setups)),
      // Some changes need none: a shape that keeps mean and spread.
      distribution: seen.length === setups.length ? fitCycle(setups).distribution : { kind: 'gamma', mean, scv: Math.max(0.01, variance / mean ** 2) },
    };
  }
  return found;
}

function scrapOf(names: readonly string[], made: readonly number[], counted: Int32Array, bad: Uint8Array): Pick<FittedProductStation, 'scrap' | 'scrapOfOthers'> {
  const values = Float64Array.from(bad);
  const of = names.map((_, product) => values.filter((__, part) => counted[part] === product));
  const batches = of.map(batchMeans);
  const sum = (own: Float64Array): number => own.reduce((all, value) => all + value, 0);
  const all = of.reduce((whole, own) => whole + sum(own), 0);
  const own = names.map((_, product) => product).filter((product) => {
    if (made[product] === 0 || batches[product]!.length < fewestBatches || of[product]!.length < fewestCycles || all < fewestBad) return false;
    return differs(batches, product, names.length);
  });
  const others = values.filter((_, part) => !own.includes(counted[part]!));
  return {
    scrap: own.map((product) => {
      const parts = of[product]!;
      const value = sum(parts) / parts.length;
      const [, error] = meanAndError(batches[product]!);
      const share = { value, low: Math.max(0, value - 1.96 * error), high: Math.min(1, value + 1.96 * error), from: parts.length };
      return { name: names[product]!, share, uncertain: value > 0 ? Math.min(0.5, error / value) : 0 };
    }),
    scrapOfOthers: others.length === 0 ? 0 : sum(others) / others.length,
  };
}

/** Some twenty batches of parts of a product that follow each other, ten or more each, over the ends of short runs as well; what is left over is part of the last one. */
function batchMeans(own: Float64Array): number[] {
  const size = Math.max(10, Math.ceil(own.length / 20));
  const count = Math.floor(own.length / size);
  return Array.from({ length: count }, (_, batch) => {
    const values = own.subarray(batch * size, batch === count - 1 ? own.length : (batch + 1) * size);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
}

function differs(batches: readonly (readonly number[])[], product: number, products: number): boolean {
  const own = batches[product]!;
  const others = batches.filter((_, index) => index !== product).flat();
  if (others.length < fewestBatches) return false;
  const [mean, error] = meanAndError(own);
  const [rest, restError] = meanAndError(others);
  const difference = Math.abs(mean - rest);
  const line = studentTQuantile(1 - 0.005 / products, Math.min(own.length, others.length) - 1);
  return difference > leastDifference * rest && difference > line * Math.hypot(error, restError);
}

function meanAndError(values: readonly number[]): [number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) / values.length)];
}

function sharesSeen({ names, runs: earlier }: ProductRecord, runs: readonly ProductRun[], fromMs: number, toMs: number): Pick<FittedProducts, 'shares' | 'seenIn'> {
  const firstMs = Math.min(fromMs, earlier[0]?.fromMs ?? fromMs);
  const days = Math.floor((toMs - firstMs) / dayMs);
  const own = runs[0]!.fromMs;
  // Frames tell what was before; what was counted here is surer.
  const told = [...earlier.filter((run) => run.toMs <= own), ...runs];
  const lengthMs = days >= 3 ? dayMs : (toMs - fromMs) / 4;
  const count = days >= 3 ? days : 4;
  const stretches: number[][] = [];
  for (let stretch = 0; stretch < count; stretch += 1) {
    const [beginMs, endMs] = [toMs - (count - stretch) * lengthMs, toMs - (count - stretch - 1) * lengthMs];
    const made = names.map(() => 0);
    for (const run of told) {
      const withinMs = Math.min(endMs, run.toMs) - Math.max(beginMs, run.fromMs);
      if (withinMs >= 0 && run.fromMs < endMs) made[run.product]! += run.toMs === run.fromMs ? run.parts : (run.parts * withinMs) / (run.toMs - run.fromMs);
    }
    const all = made.reduce((sum, parts) => sum + parts, 0);
    if (all >= fewestCycles) stretches.push(made.map((parts) => parts / all));
  }
  const shares = names.flatMap((name, product): FittedProducts['shares'] => {
    const sorted = stretches.map((stretch) => stretch[product]!).sort((one, other) => one - other);
    if (sorted.length < 3 || sorted[sorted.length - 1] === 0) return [];
    return [[name, { low: quantileOfSorted(sorted, 0.05), high: quantileOfSorted(sorted, 0.95) }]];
  });
  return { shares, seenIn: days >= 3 ? { days: stretches.length } : { hours: lengthMs / 3_600_000 } };
}
