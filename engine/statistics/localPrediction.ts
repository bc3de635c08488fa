import type { Json } from '../ports.ts';
import { moveNumbers } from './columnMove.ts';
import type { ColumnMove, Quantity } from './columnMove.ts';
import { numbersFromJson, numbersToJson } from './columnTable.ts';
import type { ColumnNumbers } from './stateCopy.ts';

const slowShare = 0.1;
const fastShare = 0.5;
const trendShare = 0.2;
const settlingRows = 5;
const longestMemory = 5_000;
/** Where in a column's numbers stands what: values seen, */
const rows = 0;
/** values since a new begin, from 1 on, until a level is known again; 0 = it is, */
const settling = 1;
/** which of the three predicts, */
const best = 2;
/** their levels, */
const slow = 3;
const fast = 4;
const line = 5;
const trend = 6;
/** their mean squared errors, */
const slowSquare = 7;
const fastSquare = 8;
const lineSquare = 9;
/** and where the column usually is. */
const mean = 10;
const meanSquare = 11;
const places = 12;

/**
 * Predicts a column's next value from its last ones: a slow moving average, a fast one and a fast one with a trend (Holt
 * 1957) run side by side, and the one whose error was smallest predicts. So a flat noisy signal, a wandering one and a
 * smooth wave are each followed as closely as they can be, without knowing a period. Beside them stands where the column usually is.
 * Choose it for sudden changes, rather than for slow ones, which it follows. 14 numbers per column.
 */
export class LocalPrediction {
  /** `places` numbers per column, those of a column beside each other. */
  private readonly state: Float64Array;

  constructor(columns: number) {
    this.state = new Float64Array(columns * places);
  }

  /** Values by which it was trained. */
  rows(column: number): number {
    return this.state[column * places + rows]!;
  }

  predict(column: number): number {
    const { state } = this;
    const place = column * places;
    const chosen = state[place + best];
    return chosen === 0 ? state[place + slow]! : chosen === 1 ? state[place + fast]! : state[place + line]! + state[place + trend]!;
  }

  /** Standard deviation of value − prediction; 0 while nothing varied. */
  spread(column: number): number {
    return Math.sqrt(this.square(column));
  }

  /** Mean square of it. */
  square(column: number): number {
    const { state } = this;
    const place = column * places;
    const chosen = state[place + best];
    return chosen === 0 ? state[place + slowSquare]! : chosen === 1 ? state[place + fastSquare]! : state[place + lineSquare]!;
  }

  /** Learns how large the errors usually are; larger ones than four spreads count as four. */
  train(column: number, value: number): void {
    const { state } = this;
    const place = column * places;
    const seen = state[place + rows]!;
    state[place + rows] = seen + 1;
    if (seen === 0) {
      state[place + mean] = value;
      return;
    }
    const share = seen < longestMemory ? 1 / seen : 1 / longestMemory;
    const bySlow = settled(state[place + slowSquare]!, value - state[place + slow]!, share);
    const byFast = settled(state[place + fastSquare]!, value - state[place + fast]!, share);
    const byLine = settled(state[place + lineSquare]!, value - state[place + line]! - state[place + trend]!, share);
    state[place + slowSquare] = bySlow;
    state[place + fastSquare] = byFast;
    state[place + lineSquare] = byLine;
    const middle = state[place + mean]!;
    const fromMean = value - middle;
    state[place + meanSquare] = settled(state[place + meanSquare]!, fromMean, share);
    state[place + mean] = middle + share * fromMean;
    const flat = bySlow <= byFast ? 0 : 1;
    state[place + best] = byLine < (flat === 0 ? bySlow : byFast) ? 2 : flat;
  }

  /**
   * `train`, where it may, and `follow` of neighbouring values, as long as the square of each one's error is below `near` mean squares. Writes the error and the
   * mean square of each as they were before it was learned. Not while it is settling, nor for the first two values.
   * @param usable 1 where there is a value, 0 where there is none; ends at any other
   * @returns the row at which it ended
   */
  advance(column: number, values: Float64Array, usable: Uint8Array, trains: Uint8Array, from: number, to: number, near: number, errors: Float64Array, squares: Float64Array): number {
    const { state } = this;
    const place = column * places;
    let seen = state[place + rows]!;
    let chosen = state[place + best]!;
    let slowly = state[place + slow]!;
    let quickly = state[place + fast]!;
    let level = state[place + line]!;
    let rising = state[place + trend]!;
    let bySlow = state[place + slowSquare]!;
    let byFast = state[place + fastSquare]!;
    let byLine = state[place + lineSquare]!;
    let middle = state[place + mean]!;
    let middleSquare = state[place + meanSquare]!;
    let row = from;
    for (; row < to; row += 1) {
      if (usable[row] === 0) continue;
      if (usable[row] !== 1) break;
      const value = values[row]!;
      const predicted = level + rising;
      const slowError = value - slowly;
      const fastError = value - quickly;
      const error = chosen === 0 ? slowError : chosen === 1 ? fastError : value - predicted;
      const square = chosen === 0 ? bySlow : chosen === 1 ? byFast : byLine;
      if (!(error * error < near * square)) break;
      errors[row] = error;
      squares[row] = square;
      if (trains[row] === 1) {
        const share = seen < longestMemory ? 1 / seen : 1 / longestMemory;
        seen += 1;
        bySlow = settled(bySlow, slowError, share);
        byFast = settled(byFast, fastError, share);
        byLine = settled(byLine, value - level - rising, share);
        const fromMean = value - middle;
        middleSquare = settled(middleSquare, fromMean, share);
        middle += share * fromMean;
        const flat = bySlow <= byFast ? 0 : 1;
        chosen = byLine < (flat === 0 ? bySlow : byFast) ? 2 : flat;
      }
      slowly += slowShare * slowError;
      quickly += fastShare * fastError;
      const now = predicted + fastShare * (value - predicted);
      rising += trendShare * (now - level - rising);
      level = now;
    }
    state[place + rows] = seen;
    state[place + best] = chosen;
    state[place + slow] = slowly;
    state[place + fast] = quickly;
    state[place + line] = level;
    state[place + trend] = rising;
    state[place + slowSquare] = bySlow;
    state[place + fastSquare] = byFast;
    state[place + lineSquare] = byLine;
    state[place + mean] = middle;
    state[place + meanSquare] = middleSquare;
    return row;
  }

  numbers(): ColumnNumbers {
    return { numbers: this.state, each: places };
  }

  /** Moves on by a value. */
  follow(column: number, value: number): void {
    const { state } = this;
    const place = column * places;
    const since = state[place + settling]!;
    if (since > 0) {
      // The mean of the values since: one alone would be a noisy level.
      const level = state[place + slow]! + (value - state[place + slow]!) / (since + 1);
      this.moveTo(column, level);
      state[place + settling] = since + 1 < settlingRows ? since + 1 : 0;
      return;
    }
    if (state[place + rows]! <= 1) {
      this.moveTo(column, value);
      return;
    }
    state[place + slow]! += slowShare * (value - state[place + slow]!);
    state[place + fast]! += fastShare * (value - state[place + fast]!);
    const before = state[place + line]!;
    const rising = state[place + trend]!;
    const predicted = before + rising;
    const level = predicted + fastShare * (value - predicted);
    state[place + trend] = rising + trendShare * (level - before - rising);
    state[place + line] = level;
  }

  /**
   * Whether a value lies where the column usually is while the prediction does not: the end of something, not its begin.
   * @param troubled the column has been abnormal for a while; then it is enough that the prediction lies farther out.
   */
  isReturn(column: number, value: number, troubled: boolean): boolean {
    const { state } = this;
    const place = column * places;
    const usual = Math.sqrt(state[place + meanSquare]!);
    const distance = Math.abs(value - state[place + mean]!);
    const predicted = this.predict(column);
    const before = Math.abs(predicted - state[place + mean]!);
    // A single wild value does not come back all the way.
    if (Math.abs(value - predicted) < 0.6 * before) return false;
    return distance <= 2 * usual && (before > 2.2 * usual || (troubled && before > distance));
  }

  /** Begins anew with a value; until a level is known, nothing can be said of errors. */
  restart(column: number, value: number): void {
    this.moveTo(column, value);
    this.state[column * places + settling] = 1;
  }

  isSettling(column: number): boolean {
    return this.state[column * places + settling]! > 0;
  }

  /** Goes on from another level at once, without a trend. */
  moveTo(column: number, level: number): void {
    const { state } = this;
    const place = column * places;
    state[place + slow] = level;
    state[place + fast] = level;
    state[place + line] = level;
    state[place + trend] = 0;
  }

  snapshot(): Json {
    return numbersToJson(this.state);
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json | undefined, what: string): void {
    numbersFromJson(json, this.state, what);
  }
}

/** A mean square, moved on by an error. */
function settled(usual: number, error: number, share: number): number {
  return usual + share * (clippedSquare(error, usual) - usual);
}

/** A snapshot for other columns. @param level what a column's levels are: values, or distances from what was expected. */
export function moveLocalPrediction(snapshot: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[], level: (from: number) => Quantity): Json {
  return moveNumbers(
    snapshot, fresh, moves,
    (from, part) => {
      if (part === slow || part === fast || part === line || part === mean) return level(from);
      if (part === slowSquare || part === fastSquare || part === lineSquare || part === meanSquare) return 'square';
      return part === trend ? 'difference' : 'plain';
    },
    places,
  );
}

/** The square of an error, at most 16 times its usual size; anything is taken while the usual size is 0. */
export function clippedSquare(error: number, usual: number): number {
  const square = error * error;
  return usual > 0 && square > 16 * usual ? 16 * usual : square;
}
