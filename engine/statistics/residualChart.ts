import type { Json } from '../ports.ts';
import { moveNumbers, moveTable } from './columnMove.ts';
import type { ColumnMove } from './columnMove.ts';
import {
  columnArrays, isMeasurement, member, numbersFromJson, numbersToJson, tableFromJson, tableToJson, unreadableSnapshot,
} from './columnTable.ts';
import { clippedSquare } from './localPrediction.ts';
import { coarseSpread } from './coarseSteps.ts';

const longestMemory = 20_000;
const shortShare = 0.35;
/** Standard deviation of the short average of independent values. */
const shortSpread = Math.sqrt(shortShare / (2 - shortShare));
const warmUpRows = 20;
const clip = 3;
/** An average so many usual sizes away may be the begin of something, even if too small to be of interest: no spread is learned from it. */
const suspicious = 3;

/** One place per column; `expected` is NaN where nothing is, `coarse` see DetectorInput. */
export interface ResidualRow {
  values: Float64Array;
  expected: Float64Array;
  coarse?: Float64Array;
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

  /** @param horizons memories in rows. @param ownMean whether the own slow mean stands in for a missing expectation. */
  constructor(columns: number, horizons: readonly number[], ownMean: boolean, smallest: Float64Array) {
    this.horizons = horizons;
    this.ownMean = ownMean;
    this.smallest = smallest;
    const numbers = columnArrays(columns, 5);
    this.state = { rows: numbers(), mean: numbers(), square: numbers(), short: numbers(), basis: numbers() };
    this.averages = new Float64Array(columns * horizons.length);
    this.averageSquares = new Float64Array(columns * horizons.length);
  }

  /** How many of its own usual sizes the most unusual average lies from 0; NaN while it cannot say. @param coarse see DetectorInput */
  deviation(column: number, value: number, expected: number, coarse = 0): number {
    const { state, horizons } = this;
    if (!isMeasurement(value)) return NaN;
    const rows = state.rows[column]!;
    const basis = Number.isNaN(expected) ? 0 : 1;
    if (rows < warmUpRows || (basis === 0 && !this.ownMean) || basis !== state.basis[column]) return NaN;
    const spread = this.spread(column, value, coarse);
    const residual = value - (basis === 1 ? expected : state.mean[column]!);
    const standard = this.clipped(column, residual / spread, spread);
    let most = NaN;
    for (let index = 0; index < horizons.length; index += 1) {
      const horizon = horizons[index]!;
      if (rows < 3 * horizon) break;
      const place = column * horizons.length + index;
      const average = this.averages[place]! + (standard - this.averages[place]!) / horizon;
      const deviation = Math.abs(average) / this.averageSpread(place, horizon, rows);
      // What is smaller than the smallest change of interest is none.
      const counted = Math.abs(average) * spread < this.smallest[column]! ? 0 : deviation;
      if (!(most >= counted)) most = counted;
    }
    return most;
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
    return distance * distance < 16 * size ? 0 : Math.abs(distance) / Math.max(this.spread(column, value, coarse), least);
  }

  /** Takes the row rather than its numbers: numbers that are handed over one by one are put on the heap each. */
  learn(column: number, row: ResidualRow, trains: boolean): void {
    const { state, horizons } = this;
    const value = row.values[column]!;
    const expected = row.expected[column]!;
    const coarse = row.coarse === undefined ? 0 : row.coarse[column]!;
    if (!isMeasurement(value)) return;
    const basis = Number.isNaN(expected) ? 0 : 1;
    if (basis === 0 && !this.ownMean) return;
    if (basis !== state.basis[column]) {
      state.basis[column] = basis;
      state.rows[column] = 0;
      state.short[column] = 0;
      state.square[column] = 0;
      this.averages.fill(0, column * horizons.length, (column + 1) * horizons.length);
      this.averageSquares.fill(0, column * horizons.length, (column + 1) * horizons.length);
    }
    const rows = state.rows[column]!;
    if (rows === 0 && basis === 0) state.mean[column] = value;
    const residual = value - (basis === 1 ? expected : state.mean[column]!);
    const spread = this.spread(column, value, coarse);
    const standard = rows < warmUpRows ? 0 : this.clipped(column, residual / spread, spread);
    const short = state.short[column]! + shortShare * (standard - state.short[column]!);
    state.short[column] = short;
    const share = Math.max(1 / (rows + 1), 1 / longestMemory);
    let calm = true;
    for (let index = 0; index < horizons.length; index += 1) {
      const horizon = horizons[index]!;
      const place = column * horizons.length + index;
      const average = this.averages[place]! + (standard - this.averages[place]!) / horizon;
      const usual = this.averageSpread(place, horizon, rows);
      if (Math.abs(average) > 3 * usual && short * Math.sign(average) < 0.5 * Math.abs(average) - 1.5 * shortSpread) {
        this.averages[place] = 0;
        continue;
      }
      this.averages[place] = average;
      if (Math.abs(average) > suspicious * usual && rows >= 3 * horizon) calm = false;
      if (trains && calm && rows >= warmUpRows) {
        const square = this.averageSquares[place]!;
        const newest = clippedSquare(average, Math.max(square, usual * usual));
        this.averageSquares[place] = square + Math.max(1 / (rows - warmUpRows + 1), 1 / longestMemory) * (newest - square);
      }
    }
    if (!trains || !calm) return;
    state.rows[column] = rows + 1;
    state.square[column]! += share * (clippedSquare(residual, rows < 2 ? 0 : state.square[column]!) - state.square[column]!);
    if (basis === 0) state.mean[column]! += share * Math.max(-4 * spread, Math.min(4 * spread, residual));
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

  private spread(column: number, value: number, coarse: number): number {
    return Math.max(Math.sqrt(this.state.square[column]!), coarse * coarseSpread, 1e-9 * Math.abs(value), 1e-150);
  }

  /** One value says only so much, but always enough to show a change of interest. */
  private clipped(column: number, standard: number, spread: number): number {
    const most = Math.max(clip, (2 * this.smallest[column]!) / spread);
    return standard > most ? most : standard < -most ? -most : standard;
  }

  /** At least that of independent values around a mean that is itself known from `rows` values only. */
  private averageSpread(place: number, horizon: number, rows: number): number {
    const independent = 1 / (2 * horizon - 1);
    return Math.sqrt(Math.max(this.averageSquares[place]!, independent) + 1 / (rows + 1));
  }
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
