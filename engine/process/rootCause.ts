import { type Centre, conditionalDeviation } from './conditionalDeviation.ts';
import { type FeedGraph, wayBetween } from './feedGraph.ts';
import type { PartColumn, PartTable } from './partTable.ts';

export interface RootCauseSettings {
  /** Bad parts below which nothing is said (20), and good ones. */
  fewestBad?: number;
  fewestGood?: number;
  /** How often, at most, something is named where nothing is (0.005; 199 shifts, so no smaller, and 999 near the line). */
  falseClaims?: number;
  /** Parts by which the way of a part may be wrong (40). */
  lagParts?: number;
  /**
   * What the bad parts from here on go with, ms UTC: those before are left out, good ones of the whole time stand beside. So what stood before, and
   * spoiled parts then as well, does not hide what came.
   */
  sinceMs?: number;
  /**
   * Whether the parts just before and after may speak for a part, and what stands most of the time for all (true). Not where rows are stretches of time: what
   * follows from a bad one, as after a stop, changes the values of those behind it.
   */
  neighbours?: boolean;
}

/** Bad and good parts in equal steps of the value, for the picture beside the answer. */
export interface TwoDistributions {
  edges: number[];
  bad: number[];
  good: number[];
}

/** Something upstream that goes with the bad parts. */
export interface Condition {
  station: string;
  property: string;
  unit: string;
  direction: 'low' | 'high';
  /** How far off it was in these parts, in its unit: the middle half of the distances from what is usual there. */
  fromOff: number;
  toOff: number;
  /** Parts in which it was off. */
  badWith: number;
  goodWith: number;
  /** Of all bad parts, 0–1. */
  share: number;
  /** Evidence after everything that speaks against it; only for order. */
  score: number;
  /** What the score is made of, each 0–1 but for the evidence (a log likelihood ratio). */
  because: { evidence: number; reaches: number; onset: number; transit: number; notExplained: number; notCoinciding: number };
  /** Stations from here to where the parts were judged; empty when no relation leads there. */
  path: string[];
  distributions: TwoDistributions;
}

export interface RootCauseAnswer {
  verdict: 'conditions' | 'none of these' | 'not enough data';
  bad: number;
  good: number;
  fewestBad: number;
  fewestGood: number;
  /** When the bad parts began to be more; undefined when there is no such moment. */
  sinceMs?: number;
  /** How likely evidence as strong comes about by chance, 0–1. */
  chance: number;
  /** Strongest first; none unless the verdict says so. */
  conditions: Condition[];
  /** Stations that cannot be looked at, and why. */
  left: { station: string; why: 'no values' | 'no way known' | 'constant' }[];
}

/** Shares of parts at which a tail may begin, from the far end. */
const tails = [0.004, 0.008, 0.015, 0.025, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.35];
const shifts = 199;
/** Where the verdict hangs on a shift or two: chance up to here, and a shift that gives nearly as much evidence. */
const moreShifts = 999;
const nearChance = 0.03;
const nearShare = 0.8;
const mostConditions = 5;
/** Parts away that are still the same state of a machine, and more than a way is wrong by. */
const nearParts = 6;
/** Parts before and after that are smoothed over. */
const smoothParts = 7;
/** Evidence that bad parts became more once again. */
const roseAgain = 6;

interface Candidate {
  column: number;
  /** Which bin each part is in: 0 the lowest tail … ; 255 no value. */
  bins: Uint8Array;
  high: boolean;
  cut: number;
  evidence: number;
  inside: Uint8Array;
  deviation: Float64Array;
  /** Steps from either end that are tried as a tail. */
  steps: number;
  isSmooth: boolean;
}

/**
 * Ranks what upstream goes with bad parts. Per part: what each station measured when the part was there, less what its leaders account for
 * (conditional anomaly), by itself and with its neighbours; the tail of it that holds most more bad parts than it should (scan statistic, Kulldorff 1997), within groups of
 * equal products. Then what speaks against it: no way to the judging station, bad parts that came first, a better match at another transit
 * time, and upstream conditions that account for it. Whether chance could do as well is told by shifting the bad parts along the row,
 * which keeps every rhythm in the data (circular shift test; strongest of all columns, so the number of columns is paid for).
 * Choose it when single parts are known as good or bad, rather than for an alarm without parts. It says what goes with bad parts; it does
 * not prove that it makes them.
 */
export function rootCause(whole: PartTable, graph: FeedGraph, settings: RootCauseSettings = {}): RootCauseAnswer {
  const { fewestBad = 20, fewestGood = 100, falseClaims = 0.005, lagParts = 40, sinceMs, neighbours = true } = settings;
  const table = sinceMs === undefined ? whole : badSince(whole, sinceMs);
  const rows = table.bad.length;
  const bad = table.bad.reduce((sum, one) => sum + one, 0);
  const answer: RootCauseAnswer = {
    verdict: 'not enough data', bad, good: rows - bad, fewestBad, fewestGood, chance: 1, conditions: [], left: [],
  };
  if (bad < fewestBad || rows - bad < fewestGood) return answer;
  const found = candidatesOf(table, graph, answer, tails.length + (sinceMs === undefined && neighbours ? standingSteps : 0), neighbours);
  answer.verdict = 'none of these';
  if (found.length === 0) return answer;
  const rates = groupRates(table.bad, table.group);
  for (const one of found) best(one, table.bad, rates, 0, undefined);
  // By the values alone: among smoothed ones, slow ways up and down by chance are as strong as a fault that came once.
  answer.chance = chanceOf(found.filter(({ isSmooth }) => !isSmooth), table, rates);
  const onset = onsetOf(table.bad);
  if (sinceMs !== undefined) answer.sinceMs = sinceMs;
  else if (onset !== undefined) answer.sinceMs = table.timesMs[onset]!;
  if (answer.chance > falseClaims) return answer;
  answer.conditions = ranked(strongerOf(found), table, graph, rates, lagParts, onset);
  if (answer.conditions.length > 0) answer.verdict = 'conditions';
  return answer;
}

function badSince(table: PartTable, sinceMs: number): PartTable {
  const { timesMs, bad, group, columns } = table;
  const isKept = (_: number, row: number): boolean => bad[row] === 0 || timesMs[row]! >= sinceMs;
  return {
    ...table, timesMs: timesMs.filter(isKept), bad: bad.filter(isKept), group: group.filter(isKept),
    columns: columns.map((column) => ({ ...column, values: column.values.filter(isKept) })),
  };
}

function candidatesOf(table: PartTable, graph: FeedGraph, answer: RootCauseAnswer, steps: number, neighbours: boolean): Candidate[] {
  const byStation = new Map<string, number[]>();
  for (const [index, { station }] of table.columns.entries()) byStation.set(station, [...(byStation.get(station) ?? []), index]);
  for (const station of graph.ancestors.get(table.judgedAt) ?? []) {
    if (!byStation.has(station)) answer.left.push({ station, why: 'no values' });
  }
  const centres = new Map<Float64Array, Centre>();
  return table.columns.flatMap((column, index): Candidate[] => {
    const leaders = leadersOf(column, table, graph).flatMap((station) => byStation.get(station) ?? []);
    if (column.kind === 'measured') leaders.push(...(byStation.get(column.station) ?? []).filter((one) => table.columns[one]!.kind === 'setpoint'));
    const deviation = conditionalDeviation(column.values, leaders.map((one) => table.columns[one]!.values), table.bad, table.group, centres);
    const bins = binned(deviation);
    if (bins === undefined) {
      answer.left.push({ station: column.station, why: column.values.some((value) => Number.isFinite(value)) ? 'constant' : 'no values' });
      return [];
    }
    const plain = candidateOf(index, deviation, bins, steps, false);
    if (!neighbours) return [plain];
    const smooth = smoothed(deviation);
    const smoothBins = binned(smooth);
    return smoothBins === undefined ? [plain] : [plain, candidateOf(index, smooth, smoothBins, steps, true)];
  });
}

function candidateOf(column: number, deviation: Float64Array, bins: Uint8Array, steps: number, isSmooth: boolean): Candidate {
  return { column, bins, high: false, cut: 0, evidence: 0, inside: new Uint8Array(bins.length), deviation, steps, isSmooth };
}

/** The mean of what the parts just before and after say too: a state of a machine lasts, and stands out of what is different from part to part. */
function smoothed(deviation: Float64Array): Float64Array {
  const rows = deviation.length;
  const sums = new Float64Array(rows + 1);
  const counts = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row += 1) {
    const isKnown = Number.isFinite(deviation[row]!);
    sums[row + 1] = sums[row]! + (isKnown ? deviation[row]! : 0);
    counts[row + 1] = counts[row]! + (isKnown ? 1 : 0);
  }
  return Float64Array.from(deviation, (_, row) => {
    const from = Math.max(0, row - smoothParts);
    const to = Math.min(rows, row + smoothParts + 1);
    const count = counts[to]! - counts[from]!;
    return count === 0 ? NaN : (sums[to]! - sums[from]!) / count;
  });
}

/** Of each column, plain or smoothed, what says more. */
function strongerOf(found: readonly Candidate[]): Candidate[] {
  const byColumn = new Map<number, Candidate>();
  for (const one of found) if (!(one.evidence <= (byColumn.get(one.column)?.evidence ?? -1))) byColumn.set(one.column, one);
  return [...byColumn.values()];
}

/** The stations right before; where no relation says which, the one that parts leave last before they come here. */
function leadersOf(column: PartColumn, table: PartTable, graph: FeedGraph): string[] {
  const known = [...(graph.parents.get(column.station) ?? [])].filter((station) => station !== column.station);
  if (known.length > 0 || column.wayMs === undefined) return known;
  let last: PartColumn | undefined;
  for (const one of table.columns) if (isBefore(one, column, graph) && one.wayMs !== undefined && one.wayMs < (last?.wayMs ?? Infinity)) last = one;
  return last === undefined ? [] : [last.station];
}

/** Ranks in unequal steps, fine at both ends. */
function binned(deviation: Float64Array): Uint8Array | undefined {
  const sorted = deviation.filter((value) => Number.isFinite(value)).sort();
  if (sorted.length < 100 || sorted[0] === sorted[sorted.length - 1]) return undefined;
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const edges = Float64Array.from([...tails.map(at), ...tails.toReversed().map((share) => at(1 - share))]);
  return Uint8Array.from(deviation, (value) => {
    if (!Number.isFinite(value)) return 255;
    let bin = 0;
    while (bin < edges.length && value >= edges[bin]!) bin += 1;
    return bin;
  });
}

/** The share of bad parts in the group of each part. */
function groupRates(bad: Uint8Array, group: Int32Array): Float64Array {
  const counts = new Map<number, { bad: number; all: number }>();
  for (let row = 0; row < bad.length; row += 1) {
    const one = counts.get(group[row]!) ?? { bad: 0, all: 0 };
    one.all += 1;
    one.bad += bad[row]!;
    counts.set(group[row]!, one);
  }
  return Float64Array.from(group, (key) => counts.get(key)!.bad / counts.get(key)!.all);
}

const binCount = 2 * tails.length + 1;
/** Beyond the middle, up to 91 % of the parts: what has stood most of the time. It did not come with a rise that is asked about. */
const standingSteps = 5;
const badIn = new Float64Array(binCount);
const expectedIn = new Float64Array(binCount);

/**
 * The strongest tail of a candidate when the row of bad parts is shifted by `shift` places, among the parts that `among` marks with 1
 * (all without it). Kept in the candidate, except when shifted. @returns its evidence
 */
function best(candidate: Candidate, bad: Uint8Array, rates: Float64Array, shift: number, among: Uint8Array | undefined): number {
  const { bins } = candidate;
  const rows = bins.length;
  badIn.fill(0);
  expectedIn.fill(0);
  let total = 0;
  let expected = 0;
  for (let row = 0; row < rows; row += 1) {
    const bin = bins[row]!;
    if (bin === 255) continue;
    let from = row + shift;
    if (from >= rows) from -= rows;
    if (among !== undefined && among[row] === 0) continue;
    const rate = rates[from]!;
    badIn[bin]! += bad[from]!;
    expectedIn[bin]! += rate;
    total += bad[from]!;
    expected += rate;
  }
  const { evidence: strongest, high, cut } = strongestTail(total, expected, candidate.steps);
  if (shift === 0 && among === undefined) {
    candidate.high = high;
    candidate.cut = cut;
    candidate.evidence = strongest;
    for (let row = 0; row < rows; row += 1) candidate.inside[row] = cut >= 0 && bins[row] !== 255 && (high ? bins[row]! >= cut : bins[row]! <= cut) ? 1 : 0;
  }
  return strongest;
}

/** Over so many steps from both ends, of what stands in `badIn` and `expectedIn`. */
function strongestTail(total: number, expected: number, steps: number): { evidence: number; high: boolean; cut: number } {
  // Within a part of the rows or with values missing, what is expected has to add up to what is there.
  const factor = total / expected;
  const found = { evidence: 0, high: false, cut: -1 };
  for (const side of [0, 1]) {
    let some = 0;
    let share = 0;
    for (let step = 0; step < steps; step += 1) {
      const bin = side === 0 ? step : binCount - 1 - step;
      some += badIn[bin]!;
      share += expectedIn[bin]! * factor;
      const evidence = likelihood(some, share, total);
      if (evidence <= found.evidence) continue;
      found.evidence = evidence;
      found.high = side === 1;
      found.cut = bin;
    }
  }
  return found;
}

/** Log likelihood ratio for more bad parts inside than expected, all else equal (Kulldorff 1997, Poisson). */
function likelihood(some: number, expected: number, total: number): number {
  if (some <= expected || expected <= 0 || total <= expected) return 0;
  return some * Math.log(some / expected) + (some < total ? (total - some) * Math.log((total - some) / (total - expected)) : 0);
}

/**
 * Column by column over all shifts: the bad parts are few, and what is expected is summed over stretches of one group from running counts, so that a
 * shift costs some hundred operations whatever the number of parts.
 */
function chanceOf(found: readonly Candidate[], { bad, group }: PartTable, rates: Float64Array): number {
  const rows = bad.length;
  const strongest = Math.max(...found.map(({ evidence }) => evidence));
  const least = Math.floor(rows / 25);
  const badRows = Int32Array.from(bad.keys()).filter((row) => bad[row] === 1);
  const begins = Int32Array.from(group.keys()).filter((row) => row === 0 || group[row] !== group[row - 1]);
  // Products that alternate with every part have as many stretches as parts.
  const byStretch = begins.length <= rows / 50;
  const counts = new Uint32Array((rows + 1) * binCount);
  /** The strongest of all columns at each of so many shifts; what is stronger than the row as it is counts no further. */
  const strongestAt = (turns: number): Float64Array => {
    const most = new Float64Array(turns);
    for (const one of found) {
      if (byStretch) {
        for (let row = 0, at = 0; row < rows; row += 1, at += binCount) {
          counts.copyWithin(at + binCount, at, at + binCount);
          if (one.bins[row] !== 255) counts[at + binCount + one.bins[row]!]! += 1;
        }
      }
      for (let turn = 0; turn < turns; turn += 1) {
        if (most[turn]! >= strongest) continue;
        const shift = least + Math.floor(((rows - 2 * least) * (turn + 0.5)) / turns);
        const evidence = byStretch ? shifted(one, counts, badRows, begins, rates, shift) : best(one, bad, rates, shift, undefined);
        if (evidence > most[turn]!) most[turn] = evidence;
      }
    }
    return most;
  };
  const chance = (most: Float64Array): number => (most.reduce((sum, one) => sum + (one >= strongest ? 1 : 0), 0) + 1) / (most.length + 1);
  const few = strongestAt(shifts);
  // Near the line, one shift of few would be the verdict, and another one after every new part.
  const isNear = chance(few) <= nearChance && few.some((one) => one >= nearShare * strongest);
  return isNear && byStretch ? chance(strongestAt(Math.min(moreShifts, rows - 2 * least))) : chance(few);
}

/** What `best` says of a shift, from running counts by bin and the rows at which a stretch of one group begins. */
function shifted({ bins, steps }: Candidate, counts: Uint32Array, badRows: Int32Array, begins: Int32Array, rates: Float64Array, shift: number): number {
  const rows = bins.length;
  badIn.fill(0);
  expectedIn.fill(0);
  let total = 0;
  for (const from of badRows) {
    const bin = bins[from >= shift ? from - shift : from - shift + rows]!;
    if (bin === 255) continue;
    badIn[bin]! += 1;
    total += 1;
  }
  const add = (first: number, end: number, rate: number): void => {
    for (let bin = 0; bin < binCount; bin += 1) expectedIn[bin]! += rate * (counts[end * binCount + bin]! - counts[first * binCount + bin]!);
  };
  for (let at = 0; at < begins.length; at += 1) {
    const first = begins[at]! - shift;
    const end = (begins[at + 1] ?? rows) - shift;
    const rate = rates[begins[at]!]!;
    if (first >= 0) add(first, end, rate);
    else if (end <= 0) add(first + rows, end + rows, rate);
    else {
      add(first + rows, rows, rate);
      add(0, end, rate);
    }
  }
  return strongestTail(total, expectedIn.reduce((sum, one) => sum + one, 0), steps).evidence;
}

/** The row from which on marks are more frequent, by the likelihood of one change; undefined when a change says nothing. */
function onsetOf(marks: Uint8Array): number | undefined {
  const rows = marks.length;
  const total = marks.reduce((sum, one) => sum + one, 0);
  let before = 0;
  let strongest = 8;
  let onset: number | undefined;
  for (let row = 1; row < rows; row += 1) {
    before += marks[row - 1]!;
    const after = total - before;
    if (after / (rows - row) <= total / rows) continue;
    const evidence = likelihood(after, (total * (rows - row)) / rows, total);
    if (evidence <= strongest) continue;
    strongest = evidence;
    onset = row;
  }
  return onset;
}

function ranked(
  found: readonly Candidate[], table: PartTable, graph: FeedGraph, rates: Float64Array, lagParts: number, badOnset: number | undefined,
): Condition[] {
  const strongest = Math.max(...found.map(({ evidence }) => evidence));
  const floor = Math.max(6, 0.02 * strongest);
  const strong = found.filter(({ evidence }) => evidence >= floor);
  const conditions: { condition: Condition; candidate: Candidate }[] = strong.map((candidate) => {
    const because = {
      evidence: candidate.evidence, reaches: reachesOf(candidate, table, graph), onset: onsetFit(candidate, badOnset, table.bad), transit: transitFit(candidate, table, rates, lagParts),
      notExplained: notExplained(candidate, strong, table, graph, rates), notCoinciding: notCoinciding(candidate, strong, table, graph, rates),
    };
    const score = because.evidence * because.reaches * because.onset * because.transit * because.notExplained * because.notCoinciding;
    return { candidate, condition: describe(candidate, table, graph, because, score) };
  });
  conditions.sort((one, other) => other.condition.score - one.condition.score);
  return coveringOrder(conditions, table, rates).slice(0, mostConditions);
}

/** The strongest first; then always the one that is strongest among the parts that those before do not cover. */
function coveringOrder(sorted: { condition: Condition; candidate: Candidate }[], { bad }: PartTable, rates: Float64Array): Condition[] {
  const left = [...sorted];
  const order: Condition[] = [];
  const among = new Uint8Array(bad.length).fill(1);
  while (left.length > 0) {
    let next = 0;
    if (order.length > 0) {
      let strongest = -1;
      for (const [index, { condition, candidate }] of left.entries()) {
        const score = best(candidate, bad, rates, 0, among) * (condition.score / candidate.evidence);
        if (score > strongest) {
          strongest = score;
          next = index;
        }
      }
      if (strongest < 3) next = 0;
    }
    const [{ condition, candidate }] = left.splice(next, 1) as [{ condition: Condition; candidate: Candidate }];
    order.push(condition);
    for (let row = 0; row < among.length; row += 1) if (candidate.inside[row] === 1) among[row] = 0;
  }
  return order;
}

/** 1 where relations lead to the judging station; without one a little is left, since relations may be missing. */
function reachesOf(candidate: Candidate, table: PartTable, graph: FeedGraph): number {
  const { station } = table.columns[candidate.column]!;
  return station === table.judgedAt || graph.ancestors.get(table.judgedAt)?.has(station) === true ? 1 : 0.5;
}

/** Below 1 when it was first off well after the bad parts had begun, unless these became more once again when it began. */
function onsetFit({ inside }: Candidate, badOnset: number | undefined, bad: Uint8Array): number {
  const onset = onsetOf(inside);
  if (onset === undefined || badOnset === undefined) return 1;
  const late = onset - badOnset - 15;
  if (late <= 0) return 1;
  let before = 0;
  let after = 0;
  for (let row = badOnset; row < bad.length; row += 1) {
    if (row < onset) before += bad[row]!;
    else after += bad[row]!;
  }
  const all = before + after;
  if (likelihood(after, (all * (bad.length - onset)) / (bad.length - badOnset), all) >= roseAgain) return 1;
  return Math.max(0.5, 1 - late / (0.1 * inside.length));
}

/** How good the match is at the known way, against the best one if the part had been there earlier or later. */
function transitFit(candidate: Candidate, { bad }: PartTable, rates: Float64Array, lagParts: number): number {
  const rows = bad.length;
  let strongest = candidate.evidence;
  for (const step of [0.1, 0.2, 0.35, 0.6, 1]) {
    const lag = Math.max(1, Math.round(step * lagParts));
    for (const shift of [lag, rows - lag]) strongest = Math.max(strongest, best(candidate, bad, rates, shift, undefined));
  }
  return Math.sqrt(candidate.evidence / strongest);
}

/** Whether parts meet `first` before `second`: by the relations, or since the learnt ways say so, which hold where a relation is missing. */
function isBefore(first: PartColumn, second: PartColumn, graph: FeedGraph): boolean {
  if (first.station === second.station) return false;
  if (first.wayMs !== undefined && second.wayMs !== undefined) return first.wayMs > second.wayMs;
  return graph.ancestors.get(second.station)?.has(first.station) === true && graph.ancestors.get(first.station)?.has(second.station) !== true;
}

/**
 * What is left of a candidate when upstream conditions account for it: those that go with the bad parts also among parts where the
 * candidate says the same (else they only happen at the same time), and that it follows (else they are two causes). A candidate that
 * passes with the single part, not lasting like a state of a machine, needs less to be explained, and a lasting one more.
 */
function notExplained(candidate: Candidate, strong: readonly Candidate[], table: PartTable, graph: FeedGraph, rates: Float64Array): number {
  const { bad } = table;
  const covered = new Uint8Array(bad.length);
  const lasting = lastingOf(candidate, bad, rates);
  const passing = lasting < 0.3;
  let met = false;
  let follows = 0;
  for (const other of strong) {
    if (other === candidate || !isBefore(table.columns[other.column]!, table.columns[candidate.column]!, graph)) continue;
    // What is weak beside it cannot account for it.
    if (other.evidence < (passing ? Math.max(8, 0.05 * candidate.evidence) : Math.max(8, 0.1 * candidate.evidence))) continue;
    const left = evidenceGiven(other, candidate, table, rates);
    if ((!passing && left < Math.max(4, 0.07 * other.evidence)) || together(other, candidate, bad) < 2.5) continue;
    met = true;
    follows = Math.max(follows, Math.min(1, left / other.evidence));
    for (let row = 0; row < covered.length; row += 1) if (other.inside[row] === 1) covered[row] = 1;
  }
  let both = 0;
  let all = 0;
  for (let row = 0; row < bad.length; row += 1) {
    if (candidate.inside[row] === 0 || bad[row] === 0) continue;
    all += 1;
    both += covered[row]!;
  }
  if (all === 0) return 1;
  return Math.max(0.01, (1 - both / all) ** 2 * (follows >= 0.3 || (passing && met) ? 0.1 : (1 - follows) ** 1.5)) ** (1 - 0.8 * lasting);
}

/**
 * How much a condition goes with the parts just before and after as well, 0–1. A state of a machine does; what follows from a bad part goes
 * with that part alone.
 */
function lastingOf(candidate: Candidate, bad: Uint8Array, rates: Float64Array): number {
  const near = Math.max(...[nearParts, bad.length - nearParts].map((shift) => best(candidate, bad, rates, shift, undefined)));
  return Math.max(0, Math.min(1, (near / candidate.evidence - 0.25) / 0.35));
}

/** Small for what says nothing more once another condition is known, while that one still says much: they only happen at the same time. */
function notCoinciding(candidate: Candidate, strong: readonly Candidate[], table: PartTable, graph: FeedGraph, rates: Float64Array): number {
  let least = 1;
  for (const other of strong) {
    if (other === candidate) continue;
    const left = evidenceGiven(candidate, other, table, rates) / candidate.evidence;
    const theirs = evidenceGiven(other, candidate, table, rates) / other.evidence;
    if (theirs < 0.3 || left > theirs) continue;
    // What follows from the candidate hides a part of it by rights, and all of it where it is as good as the judgement itself.
    const behind = isBefore(table.columns[candidate.column]!, table.columns[other.column]!, graph);
    if (behind && lastingOf(other, table.bad, rates) < 0.3) continue;
    const enough = behind ? 0.1 : 0.35;
    least = Math.min(least, Math.max(0.05, left / enough));
  }
  return least;
}

/** Evidence of `one` among parts where `other` says the same: what is expected inside is taken from each of its steps. */
function evidenceGiven(one: Candidate, other: Candidate, { bad }: PartTable, rates: Float64Array): number {
  const badHere = new Float64Array(256);
  const rateHere = new Float64Array(256);
  const rateInside = new Float64Array(256);
  let some = 0;
  let total = 0;
  for (let row = 0; row < bad.length; row += 1) {
    if (one.bins[row] === 255) continue;
    const rate = rates[row]!;
    const bin = other.bins[row]!;
    total += bad[row]!;
    badHere[bin]! += bad[row]!;
    rateHere[bin]! += rate;
    if (one.inside[row] === 0) continue;
    some += bad[row]!;
    rateInside[bin]! += rate;
  }
  let expected = 0;
  for (let bin = 0; bin < 256; bin += 1) if (rateHere[bin]! > 0) expected += (rateInside[bin]! * badHere[bin]!) / rateHere[bin]!;
  return likelihood(some, expected, total);
}

/**
 * Evidence that `first` goes on with bad parts where `second` is off too. Of two causes, each accounts for its own bad parts, and the other is
 * there as often as anywhere; what only follows from bad parts finds the cause there as often as among all of them.
 */
function together(first: Candidate, second: Candidate, bad: Uint8Array): number {
  let inside = 0;
  let both = 0;
  let all = 0;
  for (let row = 0; row < bad.length; row += 1) {
    inside += first.inside[row]!;
    if (second.inside[row] === 0 || bad[row] === 0) continue;
    all += 1;
    both += first.inside[row]!;
  }
  return likelihood(both, (all * inside) / bad.length, all);
}

function describe(candidate: Candidate, table: PartTable, graph: FeedGraph, because: Condition['because'], score: number): Condition {
  const { station, property, unit, values } = table.columns[candidate.column]!;
  const { bad } = table;
  let badWith = 0;
  let goodWith = 0;
  const usual: number[] = [];
  const off: number[] = [];
  for (let row = 0; row < bad.length; row += 1) {
    if (candidate.bins[row] === 255) continue;
    if (candidate.inside[row] === 0) {
      if (bad[row] === 0) usual.push(values[row]!);
      continue;
    }
    if (bad[row] === 1) {
      badWith += 1;
      off.push(values[row]!);
    } else {
      goodWith += 1;
    }
  }
  usual.sort((one, other) => one - other);
  off.sort((one, other) => one - other);
  const centre = usual[usual.length >> 1] ?? NaN;
  const distances = [off[Math.floor(off.length / 4)]!, off[Math.floor((3 * off.length) / 4)]!].map((value) => Math.abs(value - centre)).sort((one, other) => one - other);
  const total = bad.reduce((sum, one) => sum + one, 0);
  return {
    station, property, unit: unit ?? '', direction: candidate.high ? 'high' : 'low', fromOff: distances[0] ?? NaN, toOff: distances[1] ?? NaN,
    badWith, goodWith, share: badWith / total, score, because,
    path: station === table.judgedAt ? [station] : (wayBetween(graph, station, table.judgedAt) ?? []), distributions: distributionsOf(values, bad),
  };
}

function distributionsOf(values: Float64Array, bad: Uint8Array): TwoDistributions {
  const sorted = values.filter((value) => Number.isFinite(value)).sort();
  const low = sorted[Math.floor(0.002 * sorted.length)]!;
  const high = sorted[Math.min(sorted.length - 1, Math.ceil(0.998 * sorted.length))]!;
  const steps = 24;
  const width = high > low ? (high - low) / steps : 1;
  const result: TwoDistributions = {
    edges: Array.from({ length: steps + 1 }, (_, index) => low + index * width), bad: Array.from({ length: steps }, () => 0), good: Array.from({ length: steps }, () => 0),
  };
  for (const [row, value] of values.entries()) {
    if (!Number.isFinite(value)) continue;
    const step = Math.max(0, Math.min(steps - 1, Math.floor((value - low) / width)));
    (bad[row] === 1 ? result.bad : result.good)[step]! += 1;
  }
  return result;
}
