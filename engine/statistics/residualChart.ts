import type { Json } from '../ports.ts';
import { moveNumbers, moveTable } from './columnMove.ts';
import type { ColumnMove } from './columnMove.ts';
import {
  columnArrays, isMeasurement, member, numbersFromJson, numbersToJson, tableFromJson, tableToJson, unreadableSnapshot,
} from './columnTable.ts';
import { clippedSquare } from './localPrediction.ts';
import { coarseSpread } from './coarseSteps.ts';
import { wholeTable } from './stateCopy.ts';
import type { ColumnNumbers } from './stateCopy.ts';

const longestMemory = 20_000;
const shortShare = 0.35;
/** Standard deviation of the short average of independent values. */
const shortSpread = Math.sqrt(shortShare / (2 - shortShare));
const warmUpRows = 20;
const clip = 3;
/** An average so many usual sizes away may be the begin of something, even if too small to be of interest: no spread is learned from it. */
const suspicious = 3;

/** One place per column; see DetectorInput. */
export interface ResidualRow {
  values: Float64Array;
  usable: Uint8Array;
  expected: Float64Array;
  coarse?: Float64Array;
}

/** The same of one column, one place per row. */
export interface ResidualColumn extends ResidualRow {
  coarse: Float64Array;
  trains: Uint8Array;
  scores: Float64Array;
}

/**
 * Moving averages of value − expectation with several memories, each against its own usual size: an EWMA chart (Roberts
 * 1959) whose limit follows the averages' real scatter, so that a signal that wanders or waves by itself is allowed to.
 * An average that the last values contradict starts again at 0, so that the chart falls silent when the fault has gone.
 * Without an expectation the column's own slow mean takes its place. 7 numbers per column and 2 per memory.
 */
export class ResidualChart {
  private readonly horizons: readonly number[];
  private readonly ownMean: boolean;
  private readonly smallest: Float64Array;
  private readonly state: { rows: Float64Array; mean: Float64Array; square: Float64Array; short: Float64Array; basis: Float64Array };
  private readonly averages: Float64Array;
  private readonly averageSquares: Float64Array;
  /** Per memory, what a new value counts, and the mean square that averages of independent values have at least. */
  private readonly shares: Float64Array;
  private readonly independent: Float64Array;
  private readonly whole: readonly ColumnNumbers[];

  /** @param horizons memories in rows. @param ownMean whether the own slow mean stands in for a missing expectation. */
  constructor(columns: number, horizons: readonly number[], ownMean: boolean, smallest: Float64Array) {
    this.horizons = horizons;
    this.ownMean = ownMean;
    this.smallest = smallest;
    const numbers = columnArrays(columns, 5);
    this.state = { rows: numbers(), mean: numbers(), square: numbers(), short: numbers(), basis: numbers() };
    this.averages = new Float64Array(columns * horizons.length);
    this.shares = Float64Array.from(horizons, (rows) => 1 / rows);
    this.independent = Float64Array.from(horizons, (rows) => 1 / (2 * rows - 1));
    this.averageSquares = new Float64Array(columns * horizons.length);
    const each = horizons.length;
    this.whole = [wholeTable(this.state.rows), { numbers: this.averages, each }, { numbers: this.averageSquares, each }];
  }

  /**
   * Writes of each column how many of its own usual sizes the most unusual average lies from 0, as a share of `width`; NaN while it cannot say, and where
   * there is no new value or another fault has just ended.
   */
  deviations({ values, expected, usable, coarse }: ResidualRow, width: number, into: Float64Array): void {
    const { horizons, ownMean, smallest, averages, averageSquares, shares, independent } = this;
    const { rows: rowsOf, mean, square, basis: basisOf } = this.state;
    const count = horizons.length;
    for (let column = 0; column < rowsOf.length; column += 1) {
      const value = values[column]!;
      const usableNow = usable[column]!;
      const rows = rowsOf[column]!;
      const middle = expected[column]!;
      const basis = middle !== middle ? 0 : 1;
      if (usableNow === 0 || usableNow === 3 || !isMeasurement(value) || rows < warmUpRows || (basis === 0 && !ownMean) || basis !== basisOf[column]) {
        into[column] = NaN;
        continue;
      }
      const spread = spreadOf(square[column]!, coarse === undefined ? 0 : coarse[column]!, value);
      const least = smallest[column]!;
      const standard = clipped(least, (value - (basis === 1 ? middle : mean[column]!)) / spread, spread);
      const unsure = 1 / (rows + 1);
      let most = NaN;
      for (let index = 0, place = column * count; index < count; index += 1, place += 1) {
        if (rows < 3 * horizons[index]!) break;
        const before = averages[place]!;
        const average = before + (standard - before) * shares[index]!;
        const usual = averageSquares[place]!;
        const own = independent[index]!;
        // What is smaller than the smallest change of interest is none.
        const counted = Math.abs(average) * spread < least ? 0 : (average * average) / ((usual > own ? usual : own) + unsure);
        if (!(most >= counted)) most = counted;
      }
      into[column] = Math.sqrt(most) / width;
    }
  }

  /**
   * How many of its usual sizes a single value lies from its expectation; 0 within four of them, NaN while it cannot say. The size is at
   * least a quarter of the smallest change of interest, as in the baseline's bands: a machine that starts may be a little off at first.
   */
  distance(column: number, value: number, expected: number, coarse = 0): number {
    const { rows, basis, square } = this.state;
    if (!isMeasurement(value) || Number.isNaN(expected) || rows[column]! < warmUpRows || basis[column] !== 1) return NaN;
    const distance = value - expected;
    const least = this.smallest[column]! / 4;
    const size = Math.max(square[column]!, least * least);
    return distance * distance < 16 * size ? 0 : Math.abs(distance) / Math.max(spreadOf(square[column]!, coarse, value), least);
  }

  /** Takes a row. @param trains 1 where the value is normal */
  learn({ values, expected, usable, coarse }: ResidualRow, trains: Uint8Array): void {
    const { state, horizons, ownMean, smallest, averages, averageSquares, shares, independent } = this;
    const { rows: rowsOf, mean, square: squares, short: shorts, basis: basisOf } = state;
    const count = horizons.length;
    for (let column = 0; column < rowsOf.length; column += 1) {
      const usableNow = usable[column]!;
      const value = values[column]!;
      if (usableNow === 3) this.restart(column);
      if (usableNow === 0 || !isMeasurement(value)) continue;
      const middle = expected[column]!;
      const basis = middle !== middle ? 0 : 1;
      if (basis === 0 && !ownMean) continue;
      if (basis !== basisOf[column]) this.begin(column, basis);
      const rows = rowsOf[column]!;
      if (rows === 0 && basis === 0) mean[column] = value;
      const residual = value - (basis === 1 ? middle : mean[column]!);
      const spread = spreadOf(squares[column]!, coarse === undefined ? 0 : coarse[column]!, value);
      const standard = rows < warmUpRows ? 0 : clipped(smallest[column]!, residual / spread, spread);
      const short = shorts[column]! + shortShare * (standard - shorts[column]!);
      shorts[column] = short;
      const training = trains[column] === 1;
      const unsure = 1 / (rows + 1);
      const share = unsure > 1 / longestMemory ? unsure : 1 / longestMemory;
      const young = 1 / (rows - warmUpRows + 1);
      const squareShare = young > 1 / longestMemory ? young : 1 / longestMemory;
      let calm = true;
      for (let index = 0, place = column * count; index < count; index += 1, place += 1) {
        const before = averages[place]!;
        const average = before + (standard - before) * shares[index]!;
        const square = averageSquares[place]!;
        const own = independent[index]!;
        const usual = (square > own ? square : own) + unsure;
        const size = average * average;
        if (size > suspicious * suspicious * usual) {
          if ((average > 0 ? short : -short) < 0.5 * Math.abs(average) - 1.5 * shortSpread) {
            averages[place] = 0;
            continue;
          }
          if (rows >= 3 * horizons[index]!) calm = false;
        }
        averages[place] = average;
        // Nothing is clipped that is as usual as `usual`, which is never less than what was learned.
        if (training && calm && rows >= warmUpRows) averageSquares[place] = square + squareShare * ((size > 16 * usual ? 16 * usual : size) - square);
      }
      if (!training || !calm) continue;
      rowsOf[column] = rows + 1;
      const square = squares[column]!;
      squares[column] = square + share * (clippedSquare(residual, rows < 2 ? 0 : square) - square);
      if (basis === 0) mean[column]! += share * Math.max(-4 * spread, Math.min(4 * spread, residual));
    }
  }

  /** `deviations` and then `learn` of each of a column's rows. `usable` is 0 where there is no measurement, and never 2 or 3. */
  follow(column: number, rows: ResidualColumn, width: number, from: number, to: number): void {
    const { values, usable, expected, coarse, trains, scores } = rows;
    const { state, horizons, ownMean, averages, averageSquares, shares, independent } = this;
    const smallest = this.smallest[column]!;
    const count = horizons.length;
    const first = column * count;
    let known = state.rows[column]!;
    let mean = state.mean[column]!;
    let square = state.square[column]!;
    let short = state.short[column]!;
    let root = Math.sqrt(square);
    for (let row = from; row < to; row += 1) {
      scores[row] = NaN;
      if (usable[row] === 0) continue;
      const value = values[row]!;
      const middle = expected[row]!;
      const basis = middle !== middle ? 0 : 1;
      if (basis === 0 && !ownMean) continue;
      const same = basis === state.basis[column];
      if (!same) {
        this.begin(column, basis);
        known = 0;
        square = 0;
        root = 0;
        short = 0;
      }
      if (known === 0 && basis === 0) mean = value;
      const residual = value - (basis === 1 ? middle : mean);
      const spread = Math.max(root, coarse[row]! * coarseSpread, 1e-9 * Math.abs(value), 1e-150);
      const warm = known >= warmUpRows;
      const standard = warm ? clipped(smallest, residual / spread, spread) : 0;
      short += shortShare * (standard - short);
      const training = trains[row] === 1;
      const unsure = 1 / (known + 1);
      const young = 1 / (known - warmUpRows + 1);
      const squareShare = young > 1 / longestMemory ? young : 1 / longestMemory;
      let calm = true;
      let most = NaN;
      for (let index = 0, place = first; index < count; index += 1, place += 1) {
        const before = averages[place]!;
        const average = before + (standard - before) * shares[index]!;
        const usualSquare = averageSquares[place]!;
        const own = independent[index]!;
        const usual = (usualSquare > own ? usualSquare : own) + unsure;
        const size = average * average;
        const ripe = known >= 3 * horizons[index]!;
        if (ripe && warm) {
          const counted = Math.abs(average) * spread < smallest ? 0 : size / usual;
          if (!(most >= counted)) most = counted;
        }
        if (size > suspicious * suspicious * usual) {
          if ((average > 0 ? short : -short) < 0.5 * Math.abs(average) - 1.5 * shortSpread) {
            averages[place] = 0;
            continue;
          }
          if (ripe) calm = false;
        }
        averages[place] = average;
        if (training && calm && warm) averageSquares[place] = usualSquare + squareShare * ((size > 16 * usual ? 16 * usual : size) - usualSquare);
      }
      if (warm) scores[row] = Math.sqrt(most) / width;
      if (!training || !calm) continue;
      const share = unsure > 1 / longestMemory ? unsure : 1 / longestMemory;
      if (basis === 0) mean += share * Math.max(-4 * spread, Math.min(4 * spread, residual));
      square += share * (clippedSquare(residual, known < 2 ? 0 : square) - square);
      root = Math.sqrt(square);
      known += 1;
    }
    state.rows[column] = known;
    state.mean[column] = mean;
    state.square[column] = square;
    state.short[column] = short;
  }

  /** All that `learn` changes. */
  numbers(): readonly ColumnNumbers[] {
    return this.whole;
  }

  /** Begins a column anew, where an expectation has come or gone. */
  private begin(column: number, basis: number): void {
    const { state } = this;
    state.basis[column] = basis;
    state.rows[column] = 0;
    state.square[column] = 0;
    this.averageSquares.fill(0, column * this.horizons.length, (column + 1) * this.horizons.length);
    this.restart(column);
  }

  /** Begins all averages of a column at 0. */
  restart(column: number): void {
    this.averages.fill(0, column * this.horizons.length, (column + 1) * this.horizons.length);
    this.state.short[column] = 0;
  }

  snapshot(): Json {
    return { state: tableToJson(this.state), averages: numbersToJson(this.averages), averageSquares: numbersToJson(this.averageSquares) };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json | undefined, what: string): void {
    if (json === undefined) throw unreadableSnapshot(what, 'it is missing');
    tableFromJson(this.state, member(json, 'state'), what);
    numbersFromJson(member(json, 'averages'), this.averages, `${what}.averages`);
    numbersFromJson(member(json, 'averageSquares'), this.averageSquares, `${what}.averageSquares`);
  }
}

function spreadOf(square: number, coarse: number, value: number): number {
  return Math.max(Math.sqrt(square), coarse * coarseSpread, 1e-9 * Math.abs(value), 1e-150);
}

/** One value says only so much, but always enough to show a change of interest. */
function clipped(smallest: number, standard: number, spread: number): number {
  const most = smallest > 0 ? Math.max(clip, (2 * smallest) / spread) : clip;
  return standard > most ? most : standard < -most ? -most : standard;
}

/** A snapshot for other columns. Averages are kept in spreads, so that another unit changes nothing in them. */
export function moveResidualChart(snapshot: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[], horizons: number): Json {
  const list = (name: string): Json => moveNumbers(member(snapshot, name), member(fresh, name), moves, 'plain', horizons);
  return {
    state: moveTable(member(snapshot, 'state'), member(fresh, 'state'), moves, { mean: 'value', square: 'square' }),
    averages: list('averages'),
    averageSquares: list('averageSquares'),
  };
}
