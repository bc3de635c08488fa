import { feedGraph, type FeedRelation } from '../engine/process/feedGraph.ts';
import type { PartColumn, PartTable } from '../engine/process/partTable.ts';
import { RandomStream } from '../engine/simulation/randomStream.ts';

/**
 * Lines with known causes of scrap, for measuring root cause. A part goes through 5 to 8 stations of 3 properties, one of which a side branch
 * feeds; compressed air powers two of them. Every property is a slow noise (autocorrelation 0.5–0.98 per part), moves with the kind of
 * product, with a wave through the hall that nobody measures, and with properties of the stations before it. What makes it hard:
 * - the cause is off by 2–3.6 usual deviations only, and only a part of what it touches becomes bad (10–30 %), beside a base rate of 0.7–2 %
 *   that differs by product;
 * - what follows from it deviates more than the cause: one property behind it amplifies it, and one or two react to the bad parts themselves;
 * - in 7 of 10 lines something else is off at another time, and harmless;
 * - confounded: something else is off at nearly the same times, more strongly and a little earlier;
 * - delayed: ways are four times as long, and someone turns a knob after each wave of scrap;
 * - two causes: at different stations and times;
 * - second while one stands: a cause that has stood from the first third on, and another one at another station from 55–80 % of the parts on; both stay
 *   and each spoils parts by itself;
 * - no cause: nothing is off; or something harmless is; or scrap comes in waves from something that is not measured.
 */
export type CauseCase = 'single' | 'confounded' | 'delayed' | 'two causes' | 'no cause' | 'second while one stands';
export const causeCases: readonly CauseCase[] = ['single', 'confounded', 'delayed', 'two causes', 'no cause'];

export interface CauseLine {
  table: PartTable;
  relations: FeedRelation[];
  /** Columns of the table that are causes; where one stood before, the second one last. */
  causes: number[];
  /** When the second cause began, where one stood before. */
  secondMs?: number;
  /** How far the causes, and what deviates most besides, are off in bad parts: usual deviations. */
  difficulty: { causeOff: number; otherOff: number; badShare: number };
}

/** Thresholds and weights were chosen on these; figures are reported on the others alone. */
export const tuningSeeds = Array.from({ length: 40 }, (_, index) => 1 + index);
export const reportingSeeds = Array.from({ length: 100 }, (_, index) => 300_001 + index);

/** What another line may have otherwise; what is left out is as described above. */
export interface CauseLineShape {
  parts?: number;
  stations?: number;
  /** Side branches that join. */
  branches?: number;
  /** Usual deviations by which a cause is off, least and most. */
  off?: [number, number];
  /** Of the parts that a cause touches, and without any. */
  spoils?: [number, number];
  base?: [number, number];
  /** Share of values that are missing. */
  missing?: number;
  /** A reading only every so many parts. */
  readEvery?: number;
  /** Kinds of product; 1: one only. */
  kinds?: number;
  /** Parts by which the place of a part is wrong. */
  wrongBy?: number;
}

/** One thing other than usual at a time, to see where it breaks. */
export const otherShapes: readonly { name: string; shape: CauseLineShape }[] = [
  { name: '3 stations', shape: { stations: 3 } },
  { name: '14 stations, 3 branches', shape: { stations: 14, branches: 3 } },
  { name: '1,000 parts', shape: { parts: 1_000 } },
  { name: '6,000 parts', shape: { parts: 6_000 } },
  { name: 'scrap usually 0.05–0.2 %', shape: { base: [0.0005, 0.002] } },
  { name: 'scrap usually 5–10 %', shape: { base: [0.05, 0.1] } },
  { name: 'causes off by 1.2–2', shape: { off: [1.2, 2] } },
  { name: 'causes off by 4–7', shape: { off: [4, 7] } },
  { name: 'causes spoil 4–8 %', shape: { spoils: [0.04, 0.08] } },
  { name: '30 % of values missing', shape: { missing: 0.3 } },
  { name: 'a reading every 10 parts', shape: { readEvery: 10 } },
  { name: 'places wrong by up to 8 parts', shape: { wrongBy: 8 } },
  { name: 'one product', shape: { kinds: 1 } },
  { name: '6 products', shape: { kinds: 6 } },
];

const perStation = 3;

interface Property {
  station: number;
  persistence: number;
  byKind: number[];
  wave: number;
  parents: { column: number; weight: number }[];
}

export function causeLine(kind: CauseCase, seed: number, shape: CauseLineShape = {}): CauseLine {
  const { parts: rows = 3_000, branches = 1, off = [2, 3.6], spoils = [0.1, 0.3], base: baseShare = [0.007, 0.02], missing = 0, readEvery = 1, wrongBy } = shape;
  const random = new RandomStream(seed, `cause ${kind}`);
  const some = (low: number, high: number): number => low + (high - low) * random.uniform();
  const sign = (): number => (random.uniform() < 0.5 ? -1 : 1);
  const chain = shape.stations ?? 5 + random.below(4);
  const branch = chain;
  const air = chain + 1;
  const stations = [
    ...Array.from({ length: chain }, (_, index) => `station ${index + 1}`), 'side branch', 'compressed air',
    ...Array.from({ length: branches - 1 }, (_, index) => `side branch ${index + 2}`),
  ];
  const joins = 1 + random.below(chain - 2);
  const powered = new Set([random.below(chain), random.below(chain)]);
  const relations: FeedRelation[] = [];
  for (let at = 1; at < chain; at += 1) relations.push({ from: stations[at - 1]!, relation: 'feeds', to: stations[at]! });
  relations.push({ from: stations[branch]!, relation: 'feeds', to: stations[joins]! });
  const joined = Array.from({ length: branches - 1 }, () => 1 + random.below(chain - 2));
  for (const [index, to] of joined.entries()) relations.push({ from: stations[air + 1 + index]!, relation: 'feeds', to: stations[to]! });
  for (const at of powered) relations.push({ from: stations[air]!, relation: 'powers', to: stations[at]! });
  const before = (station: number): number[] => relations.filter(({ to }) => to === stations[station]).map(({ from }) => stations.indexOf(from));

  // Properties in the order in which they can follow from each other.
  const order = [air, branch, ...joined.map((_, index) => air + 1 + index), ...Array.from({ length: chain }, (_, index) => index)];
  const kinds = shape.kinds ?? 2 + random.below(2);
  const properties: Property[] = [];
  const firstOf = new Map<number, number>();
  for (const station of order) {
    firstOf.set(station, properties.length);
    for (let index = 0; index < perStation; index += 1) {
      const parents = before(station).flatMap((one) =>
        Array.from({ length: perStation }, (_, at) => ({ column: firstOf.get(one)! + at, weight: random.uniform() < 0.35 ? sign() * some(0.25, 0.7) : 0 })),
      ).filter(({ weight }) => weight !== 0);
      properties.push({ station, persistence: some(0.5, 0.98), byKind: Array.from({ length: kinds }, () => some(-1.5, 1.5)), wave: some(-0.5, 0.5), parents });
    }
  }

  const columns = properties.length;
  const canCause = properties.flatMap(({ station }, column) => (station === chain - 1 ? [] : [column]));
  const pick = (from: readonly number[]): number => from[random.below(from.length)]!;
  const cause = pick(canCause);
  const stands = kind === 'second while one stands';
  const second = kind === 'two causes' || stands ? pick(canCause.filter((one) => properties[one]!.station !== properties[cause]!.station)) : -1;
  const causes = kind === 'no cause' ? [] : second < 0 ? [cause] : [cause, second];
  const nothing = kind === 'no cause' ? random.below(3) : -1;
  const directions = new Map<number, number>();
  const faults = new Map<number, Float64Array>();
  const fault = (column: number, marks: Float64Array, size: number): void => {
    const direction = sign();
    directions.set(column, direction);
    const sum = faults.get(column) ?? new Float64Array(rows);
    for (let row = 0; row < rows; row += 1) sum[row]! += direction * size * marks[row]!;
    faults.set(column, sum);
  };
  const episodes = (): Float64Array => {
    const marks = new Float64Array(rows);
    if (random.uniform() < 0.3) {
      const from = Math.floor(some(0.5, 0.8) * rows);
      for (let row = from; row < rows; row += 1) marks[row] = Math.min(1, (row - from + 1) / some(1, 200));
      return marks;
    }
    for (let left = 4 + random.below(6); left > 0; left -= 1) {
      const from = Math.floor(some(0.1, 0.95) * rows);
      const length = Math.floor(some(30, 110));
      for (let row = from; row < Math.min(rows, from + length); row += 1) marks[row] = 1;
    }
    return marks;
  };
  let secondRow = 0;
  const standing = (from: number): Float64Array => {
    secondRow = Math.floor(from * rows);
    const rise = some(1, 120);
    return Float64Array.from({ length: rows }, (_, row) => Math.max(0, Math.min(1, (row - secondRow + 1) / rise)));
  };
  for (const one of causes) {
    const marks = !stands ? episodes() : one === cause ? standing(some(0.1, 0.33)) : standing(some(0.55, 0.8));
    fault(one, marks, some(...off));
    if (kind === 'confounded') {
      const decoy = pick(canCause.filter((column) => !causes.includes(column)));
      // Nearly the same times: each mark a little earlier or longer, some left out.
      const lead = 8 + random.below(25);
      const blurred = Float64Array.from(marks, (_, row) => (marks[Math.min(rows - 1, row + lead)]! > 0 && Math.sin(row / 37 + seed) > -0.8 ? 1 : 0));
      fault(decoy, blurred, some(3, 5));
    }
  }
  const harmless = kind === 'no cause' ? nothing === 1 : random.uniform() < 0.7;
  if (harmless) fault(pick(canCause.filter((column) => !faults.has(column))), episodes(), some(3, 5));

  // Behind the first cause one property follows it more than it moves itself.
  if (causes.length > 0) {
    const behind = properties.flatMap(({ station }, column) => (before(station).includes(properties[cause]!.station) ? [column] : []));
    if (behind.length > 0) properties[pick(behind)]!.parents.push({ column: cause, weight: sign() * some(1.1, 1.7) });
  }
  // What reacts to bad parts stands behind whatever made them so.
  const graph = feedGraph(relations);
  const behindAll = (column: number): boolean => causes.every((one) => graph.ancestors.get(stations[properties[column]!.station]!)!.has(stations[properties[one]!.station]!));
  const symptoms = causes.length === 0 ? [] : properties.flatMap((_, column) => (behindAll(column) && !faults.has(column) ? [column] : []));
  const reacting = new Map<number, { size: number; share: number }>();
  for (let left = 1 + random.below(2); left > 0 && symptoms.length > 0; left -= 1) reacting.set(pick(symptoms), { size: sign() * some(2, 3.5), share: some(0.5, 0.8) });

  // The parts, one after the other through the line.
  const group = new Int32Array(rows);
  for (let row = 0, now = 0, left = 0; row < rows; row += 1, left -= 1) {
    if (left <= 0) {
      now = random.below(kinds);
      left = Math.floor(some(150, 400));
    }
    group[row] = now;
  }
  const base = Array.from({ length: kinds }, () => some(...baseShare));
  const strength = some(...spoils);
  const waves = nothing === 2 ? episodes() : undefined;
  const values = properties.map(() => new Float64Array(rows));
  const noise = new Float64Array(columns);
  const bad = new Uint8Array(rows);
  const phase = some(0, 6);
  const knob = kind === 'delayed' ? pick(canCause.filter((column) => !faults.has(column))) : -1;
  const knobSize = sign() * some(2.5, 4);
  const knobLag = 25 + random.below(35);
  for (let row = 0; row < rows; row += 1) {
    const own = new Float64Array(columns);
    let danger = 0;
    for (let column = 0; column < columns; column += 1) {
      const { persistence, byKind, wave, parents } = properties[column]!;
      noise[column] = persistence * noise[column]! + Math.sqrt(1 - persistence ** 2) * random.normal();
      let value = noise[column]! + byKind[group[row]!]! + wave * Math.sin(row / 260 + phase) + (faults.get(column)?.[row] ?? 0);
      for (const { column: parent, weight } of parents) value += weight * (own[parent]! - properties[parent]!.byKind[group[row]!]!);
      if (column === knob && row > knobLag) {
        let seen = 0;
        for (let back = knobLag; back < knobLag + 20 && back <= row; back += 1) seen += bad[row - back]!;
        if (seen >= 3) value += knobSize;
      }
      own[column] = value;
      if (causes.includes(column)) {
        const off = directions.get(column)! * (noise[column]! + (faults.get(column)?.[row] ?? 0));
        const share = 1 / (1 + Math.exp(-3 * (off - 1.9)));
        // What spoils a part by itself spoils it beside what stands.
        danger = stands ? danger + share : Math.max(danger, share);
      }
    }
    const rate = base[group[row]!]! + strength * danger + 0.2 * (waves?.[row] ?? 0);
    bad[row] = random.uniform() < rate ? 1 : 0;
    for (const [column, { size, share }] of reacting) if (bad[row] === 1 && random.uniform() < share) own[column]! += size;
    for (let column = 0; column < columns; column += 1) values[column]![row] = own[column]!;
  }

  const longer = kind === 'delayed' ? 4 : 1;
  const hops = Array.from({ length: chain + 1 }, () => longer * Math.round(some(4, 40)) * 1_000);
  const wayOf = (station: number): number | undefined => {
    if (station === air) return undefined;
    const from = station === branch ? joins : station > air ? joined[station - air - 1]! : station;
    return hops.slice(from + 1, chain).reduce((sum, hop) => sum + hop, 0) + (station >= branch ? hops[chain]! : 0);
  };

  // What the tracking gives: each station's values at the time when the part was there, wrong by a part or two (more where ways are long).
  const blur = wrongBy ?? (kind === 'delayed' ? 3 : 1);
  const table: PartTable = {
    timesMs: Float64Array.from({ length: rows }, (_, row) => 1_700_000_000_000 + 4_000 * row), bad, group, judgedAt: stations[chain - 1]!,
    columns: properties.map(({ station }, column): PartColumn => {
      const shift = station === chain - 1 ? 0 : random.below(2 * blur + 1) - blur;
      const seen = Float64Array.from({ length: rows }, (_, row) => {
        const at = Math.max(0, Math.min(rows - 1, row + shift));
        return missing > 0 && random.uniform() < missing ? NaN : 10 * values[column]![at - (at % readEvery)]! + 200;
      });
      const wayMs = wayOf(station);
      return { ...(wayMs === undefined ? {} : { wayMs }), station: stations[station]!, property: `value ${(column % perStation) + 1}`, kind: 'measured', values: seen };
    }),
  };
  return { table, relations, causes, ...(stands ? { secondMs: table.timesMs[secondRow]! } : {}), difficulty: difficultyOf(table, causes) };
}

function difficultyOf({ columns, bad }: PartTable, causes: readonly number[]): CauseLine['difficulty'] {
  const off = columns.map(({ values }) => {
    const good = values.filter((value, row) => bad[row] === 0 && Number.isFinite(value));
    const mean = good.reduce((sum, value) => sum + value, 0) / good.length;
    const spread = Math.sqrt(good.reduce((sum, value) => sum + (value - mean) ** 2, 0) / good.length);
    const sick = values.filter((value, row) => bad[row] === 1 && Number.isFinite(value));
    return Math.abs(sick.reduce((sum, value) => sum + value, 0) / sick.length - mean) / spread;
  });
  return {
    causeOff: Math.max(0, ...causes.map((column) => off[column]!)), otherOff: Math.max(...off.filter((_, column) => !causes.includes(column))),
    badShare: bad.reduce((sum, one) => sum + one, 0) / bad.length,
  };
}

/** A fifth of the relations is gone or leads elsewhere. */
export function withWrongRelations(line: CauseLine, seed: number): CauseLine {
  const random = new RandomStream(seed, 'wrong relations');
  const stations = [...new Set(line.table.columns.map(({ station }) => station))];
  const count = Math.max(1, Math.round(0.2 * line.relations.length));
  const relations = [...line.relations];
  for (let left = count; left > 0; left -= 1) {
    const at = random.below(relations.length);
    const [{ from, relation }] = relations.splice(at, 1) as [FeedRelation];
    if (left % 2 === 1) continue;
    const elsewhere = stations.filter((one) => one !== from);
    relations.push({ from, relation, to: elsewhere[random.below(elsewhere.length)]! });
  }
  return { ...line, relations };
}
