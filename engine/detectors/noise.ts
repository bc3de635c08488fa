import type { Json } from '../ports.ts';
import { moveNumbers, moveTable } from '../statistics/columnMove.ts';
import { columnArrays, isMeasurement, member, tableFromJson, tableToJson } from '../statistics/columnTable.ts';
import { clippedSquare } from '../statistics/localPrediction.ts';
import { medianOfSeven } from '../statistics/order.ts';
import { wholeTable } from '../statistics/stateCopy.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';
import type { ColumnRows, Detector, DetectorEntry, DetectorInput, DetectorParameters } from './detector.ts';
import { smallestChanges } from './detector.ts';

/**
 * Moving-range chart (Shewhart 1931) with a median of seven ranges instead of their mean (Clifford 1959).
 * Flags a signal that scatters more than it used to: median of the last seven |value − value before| ÷ (3.5 · its usual size).
 * Neither a single wild value nor a step moves the median of seven. The usual size of a coarse signal is at least its step.
 * Choose it for a loose contact, cavitation or a failing sensor, rather than for a changed level (step, drift).
 * 13 numbers per column. Montgomery, Introduction to Statistical Quality Control, 7th ed., 6.4.
 */
export interface NoiseParameters extends DetectorParameters {
  /** Times its usual size at which the score is 1; > 1. */
  factor?: number;
}

interface NoiseState extends Record<string, Float64Array> {
  /** The value before; NaN at the begin. */
  last: Float64Array;
  /** The last seven ranges, oldest at `next`. */
  ranges: Float64Array;
  next: Float64Array;
  /** Mean square of the median range. */
  square: Float64Array;
  /** The smallest range above 0: what the signal's resolution can be. */
  finest: Float64Array;
  rows: Float64Array;
  /** 1 while it scatters beyond the line, until it falls to half of it. */
  noisy: Float64Array;
}

const defaults = { columns: 1, factor: 3.5 };
const kept = 7;
const warmUpRows = 40;
const longestMemory = 5_000;
const noiseEnd = 0.4;

/** The seven ranges of the column that is followed, ascending: to exchange one of them takes fewer steps than to find the middle one anew. */
const sorted = new Float64Array(kept);
const middle = 3;

function sortSeven(ranges: Float64Array, first: number): void {
  for (let index = 0; index < kept; index += 1) {
    const range = ranges[first + index]!;
    let place = index;
    for (; place > 0 && sorted[place - 1]! > range; place -= 1) sorted[place] = sorted[place - 1]!;
    sorted[place] = range;
  }
}

function replaceInSorted(old: number, range: number): void {
  let place = 0;
  while (place < kept - 1 && sorted[place]! < old) place += 1;
  for (; place < kept - 1 && sorted[place + 1]! < range; place += 1) sorted[place] = sorted[place + 1]!;
  for (; place > 0 && sorted[place - 1]! > range; place -= 1) sorted[place] = sorted[place - 1]!;
  sorted[place] = range;
}

class NoiseDetector implements Detector {
  private readonly factor: number;
  private readonly smallest: Float64Array;
  private readonly state: NoiseState;
  private readonly whole: readonly ColumnNumbers[];

  constructor(parameters: NoiseParameters, snapshot?: Json) {
    const { columns, factor } = { ...defaults, ...parameters };
    this.factor = factor;
    this.smallest = smallestChanges(parameters, columns);
    const take = columnArrays(columns, 6);
    this.state = {
      last: take(NaN), ranges: new Float64Array(columns * kept), next: take(),
      square: take(), finest: take(), rows: take(), noisy: take(),
    };
    this.whole = [wholeTable(this.state.last), { numbers: this.state.ranges, each: kept }];
    if (snapshot === undefined) return;
    tableFromJson(this.state, snapshot, 'noise');
    const { next } = this.state;
    for (let column = 0; column < columns; column += 1) next[column] = Math.abs(Math.trunc(next[column]!)) % kept || 0;
  }

  score(input: DetectorInput, into: Float64Array): void {
    const { state } = this;
    for (let column = 0; column < this.smallest.length; column += 1) {
      const value = input.values[column]!;
      if (input.usable[column] !== 1 || !isMeasurement(value) || state.rows[column]! < warmUpRows) {
        into[column] = NaN;
        continue;
      }
      const score = this.scoreOf(column, value, Math.abs(value - state.last[column]!), input.coarse);
      // What was seen in the noise says nothing of the level: whoever looks at that begins anew.
      into[column] = score < noiseEnd && state.noisy[column] === 1 ? -1 : score;
    }
  }

  learn(input: DetectorInput, trains: Uint8Array): void {
    const { state } = this;
    // A trifle less, so that it is the line that decides.
    const least = 0.999 * this.factor * this.factor;
    for (let column = 0; column < this.smallest.length; column += 1) {
      const value = input.values[column]!;
      if (input.usable[column] === 0 || !isMeasurement(value)) continue;
      const before = state.last[column]!;
      state.last[column] = value;
      if (input.usable[column]! >= 2) state.noisy[column] = 0;
      if (Number.isNaN(before) || input.usable[column]! >= 2) continue;
      const range = Math.abs(value - before);
      // The median only passes the line when the newest range does.
      if (state.noisy[column] === 1 || (state.rows[column]! >= warmUpRows && range * range >= least * state.square[column]! && range >= this.line(column, value, input.coarse))) {
        const score = this.scoreOf(column, value, range, input.coarse);
        if (score >= 1 || score < noiseEnd) state.noisy[column] = score >= 1 ? 1 : 0;
      }
      const next = state.next[column]!;
      state.ranges[column * kept + next] = range;
      state.next[column] = next + 1 === kept ? 0 : next + 1;
      if (trains[column] === 0) continue;
      const rows = state.rows[column]!;
      state.rows[column] = rows + 1;
      // Rounding of the arithmetic itself is no resolution.
      if (range > 1e-12 * Math.abs(value) && (state.finest[column] === 0 || range < state.finest[column]!)) state.finest[column] = range;
      // Neighbouring medians share most of their ranges: every fourth is enough. By bits: a remainder of such numbers is a slow call.
      if (rows < kept || (rows & 3) !== 0) continue;
      const median = medianOfSeven(state.ranges, column * kept);
      const usual = state.square[column]!;
      state.square[column] = usual + Math.max(4 / rows, 4 / longestMemory) * (clippedSquare(median, usual) - usual);
    }
  }

  follow(column: number, { values, usable, coarse, trains, scores }: ColumnRows, from: number, to: number): number {
    const { state, factor } = this;
    const { ranges } = state;
    const smallest = this.smallest[column]!;
    const first = column * kept;
    let last = state.last[column]!;
    let next = state.next[column]!;
    let square = state.square[column]!;
    let finest = state.finest[column]!;
    let rows = state.rows[column]!;
    let noisy = state.noisy[column]!;
    let root = Math.sqrt(square);
    const least = 0.999 * factor * factor;
    sortSeven(ranges, first);
    let row = from;
    for (; row < to; row += 1) {
      scores[row] = NaN;
      const how = usable[row]!;
      if (how === 0) continue;
      const value = values[row]!;
      const before = last;
      if (how !== 1 || before !== before) {
        // Nothing came before it that it could be compared with.
        last = value;
        if (how !== 1) noisy = 0;
        continue;
      }
      const range = Math.abs(value - before);
      const oldest = ranges[first + next]!;
      ranges[first + next] = range;
      replaceInSorted(oldest, range);
      const median = sorted[middle]!;
      if (rows >= warmUpRows) {
        const usual = Math.max(root, finest, coarse[row]!);
        const line = Math.max(factor * usual, smallest, 1e-9 * Math.abs(value));
        const score = median === 0 ? 0 : Math.min(median / line, 1_000);
        if (score < noiseEnd && noisy === 1) {
          ranges[first + next] = oldest;
          scores[row] = -1;
          break;
        }
        scores[row] = score;
        if (score >= 1 && (noisy === 1 || (range * range >= least * square && range >= line))) noisy = 1;
      }
      last = value;
      next = next + 1 === kept ? 0 : next + 1;
      if (trains[row] === 0) continue;
      const known = rows;
      rows += 1;
      if (range > 1e-12 * Math.abs(value) && (finest === 0 || range < finest)) finest = range;
      if (known < kept || (known & 3) !== 0) continue;
      square += Math.max(4 / known, 4 / longestMemory) * (clippedSquare(median, square) - square);
      root = Math.sqrt(square);
    }
    state.last[column] = last;
    state.next[column] = next;
    state.square[column] = square;
    state.finest[column] = finest;
    state.rows[column] = rows;
    state.noisy[column] = noisy;
    return row;
  }

  numbers(): readonly ColumnNumbers[] {
    return this.whole;
  }

  snapshot(): Json {
    return tableToJson(this.state);
  }

  private scoreOf(column: number, value: number, range: number, coarse: Float64Array | undefined): number {
    const median = this.medianWith(column, range);
    return median === 0 ? 0 : Math.min(median / this.line(column, value, coarse), 1_000);
  }

  private line(column: number, value: number, coarse: Float64Array | undefined): number {
    const usual = Math.max(Math.sqrt(this.state.square[column]!), this.state.finest[column]!, coarse?.[column] ?? 0);
    return Math.max(this.factor * usual, this.smallest[column]!, 1e-9 * Math.abs(value));
  }

  /** The median as it would be with one more range. */
  private medianWith(column: number, range: number): number {
    const { ranges, next } = this.state;
    const place = column * kept + next[column]!;
    const oldest = ranges[place]!;
    ranges[place] = range;
    const median = medianOfSeven(ranges, column * kept);
    ranges[place] = oldest;
    return median;
  }
}

export const noise: DetectorEntry<NoiseParameters> = {
  name: 'noise',
  kind: 'noise',
  promises: ['noise'],
  defaults,
  memory: 13,
  blockRows: 64,
  typical: { quantile: 0.57, excess: 0.06 },
  needsExpectation: false,
  create: (parameters = {}, snapshot) => new NoiseDetector(parameters, snapshot),
  move(snapshot, fresh, moves) {
    const { ranges, ...others } = fresh as { [name: string]: Json };
    return {
      ...moveTable(snapshot, others, moves, { last: 'value', square: 'square', finest: 'difference' }),
      ranges: moveNumbers(member(snapshot, 'ranges'), ranges, moves, 'difference', kept),
    };
  },
};
