import type { Json } from '../ports.ts';
import { mostRows } from '../rowBlock.ts';
import { moveNumbers, moveTable } from '../statistics/columnMove.ts';
import { columnArrays, isMeasurement, member, tableFromJson, tableToJson } from '../statistics/columnTable.ts';
import { LocalPrediction, moveLocalPrediction } from '../statistics/localPrediction.ts';
import { wholeTable } from '../statistics/stateCopy.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';
import type { ColumnRows, Detector, DetectorEntry, DetectorInput, DetectorParameters } from './detector.ts';
import { distancesOf, smallestChanges } from './detector.ts';

/**
 * Run rule on the one-step prediction error (Western Electric 1956, "consecutive points beyond a limit on one side", here three
 * in a row against a prediction that is held meanwhile).
 * Flags a level that jumped and stays: the smallest of three errors in a row on one side ÷ (4 · usual error). The jump is
 * remembered and flagged until the value comes back to where it would be without it, or for at most 150 values. Where they come one after
 * another, from the fifth on what went back in between is taken off.
 * Choose it for a level that changes at once, rather than for a single wild value (spike) or a slow change (drift).
 * 26 numbers per column. Montgomery, Introduction to Statistical Quality Control, 7th ed., 5.3.4.
 */
export interface StepParameters extends DetectorParameters {
  /** Prediction errors at which the score is 1, in standard deviations; > 0. */
  width?: number;
  /** Values after which a jump is taken for the new level. */
  longestRows?: number;
}

interface StepState extends Record<string, Float64Array> {
  /** Errors in a row on one side, counted below 0 on the low side. */
  away: Float64Array;
  /** Their least distance and their sum. */
  least: Float64Array;
  sum: Float64Array;
  /** The jump that is open; 0 = none. */
  jump: Float64Array;
  jumpRows: Float64Array;
  /** How far the prediction has followed the values since; 0 without an open jump. */
  followed: Float64Array;
  /** Jumps that were added up in the open one. */
  jumps: Float64Array;
  /** The largest recent error on the high and on the low side; fades. */
  high: Float64Array;
  low: Float64Array;
  /** Abnormal values in a row. */
  troubled: Float64Array;
  basis: Float64Array;
}

const defaults = { columns: 1, width: 4, longestRows: 150 };
const warmUpRows = 20;
const inARow = 3;
/** Steps of a coarse signal up to which there is no jump. */
const coarseSteps = 1.5;
const troubledRows = 20;
/** What is left of a jump when another one has taken it back. */
const returned = 0.25;
/** So many jumps, each soon after the one before, are the machine's way of working. */
const routineJumps = 4;
/** What is left of an error one value later; a step must be three times as large as what is left from the other side. */
const fading = 0.95;
/** An error from here on, as a share of the line, may be the begin of a step: it is not followed. */
const suspicious = 0.7;

/** Of the rows in hand, of whichever detector. */
const distances = new Float64Array(mostRows);
const errors = new Float64Array(mostRows);
const squares = new Float64Array(mostRows);

class StepDetector implements Detector {
  private readonly width: number;
  private readonly longestRows: number;
  private readonly smallest: Float64Array;
  private readonly prediction: LocalPrediction;
  private readonly state: StepState;
  private readonly whole: readonly ColumnNumbers[];

  constructor(parameters: StepParameters, snapshot?: Json) {
    const { columns, width, longestRows } = { ...defaults, ...parameters };
    this.width = width;
    this.longestRows = longestRows;
    this.smallest = smallestChanges(parameters, columns);
    this.prediction = new LocalPrediction(columns);
    const take = columnArrays(columns, 11);
    this.state = {
      away: take(), least: take(), sum: take(),
      jump: take(), jumpRows: take(), followed: take(), jumps: take(), troubled: take(),
      high: take(), low: take(), basis: take(),
    };
    this.whole = [wholeTable(this.state.away), this.prediction.numbers()];
    if (snapshot === undefined) return;
    const { followed, jumps, ...others } = this.state;
    const stored = member(snapshot, 'state');
    tableFromJson(others, stored, 'step');
    // Absent in states of an earlier version.
    if (member(stored, 'followed') !== undefined) tableFromJson({ followed, jumps }, stored, 'step');
    this.prediction.restore(member(snapshot, 'prediction'), 'step.prediction');
  }

  score(input: DetectorInput, into: Float64Array): void {
    const { values, usable, expected, coarse } = input;
    for (let column = 0; column < this.smallest.length; column += 1) {
      into[column] = this.scoreValue(column, values[column]!, usable[column]!, expected[column]!, coarse === undefined ? 0 : coarse[column]!);
    }
  }

  private scoreValue(column: number, value: number, usable: number, expected: number, coarse: number): number {
    if (usable !== 1 || !isMeasurement(value) || this.prediction.rows(column) < warmUpRows) return NaN;
    const basis = expected !== expected ? 0 : 1;
    if (basis !== this.state.basis[column]) return NaN;
    const residual = basis === 1 ? value - expected : value;
    const error = residual - this.prediction.predict(column);
    const away = this.state.away[column]!;
    const near = 0.999 * (suspicious * this.width) ** 2;
    // Most of what comes: nothing has begun, and nothing ends here.
    if (this.state.jump[column] === 0 && away > 1 - inARow && away < inARow - 1 && error * error < near * this.prediction.square(column)) return 0;
    return this.scoreOf(column, residual, this.line(column, value, coarse));
  }

  learn(input: DetectorInput, trains: Uint8Array): void {
    const { values, usable, expected, coarse } = input;
    for (let column = 0; column < this.smallest.length; column += 1) {
      this.learnValue(column, values[column]!, usable[column]!, expected[column]!, coarse === undefined ? 0 : coarse[column]!, trains[column]!);
    }
  }

  private learnValue(column: number, value: number, usable: number, expected: number, coarse: number, trains: number): void {
    if (usable === 0 || !isMeasurement(value)) return;
    const { prediction, state } = this;
    const near = 0.999 * (suspicious * this.width) ** 2;
    const basis = expected !== expected ? 0 : 1;
    const residual = basis === 1 ? value - expected : value;
    if (basis !== state.basis[column] || usable >= 2) {
      state.basis[column] = basis;
      this.restart(column, residual);
      return;
    }
    if (prediction.rows(column) < warmUpRows) {
      prediction.train(column, residual);
      prediction.follow(column, residual);
      return;
    }
    if (prediction.isSettling(column)) {
      prediction.follow(column, residual);
      return;
    }
    const error = residual - prediction.predict(column);
    // What is that small is followed, whatever else the line is made of; it is most of what comes.
    if (state.jump[column] === 0 && error * error < near * prediction.square(column)) {
      const training = trains === 1;
      state.troubled[column] = training ? 0 : state.troubled[column]! + 1;
      state.high[column] = faded(state.high[column]!);
      state.low[column] = faded(state.low[column]!);
      state.away[column] = 0;
      if (training) prediction.train(column, residual);
      prediction.follow(column, residual);
      this.waitForNext(column);
      return;
    }
    const line = this.line(column, value, coarse);
    if (this.isReturn(column, residual, error, line)) {
      this.restart(column, residual);
      return;
    }
    state.troubled[column] = trains === 1 ? 0 : state.troubled[column]! + 1;
    if (state.jump[column] !== 0) {
      if (this.isBack(column, error, line)) {
        prediction.restart(column, residual);
        this.close(column);
        return;
      }
      state.jumpRows[column]! += 1;
      if (state.jumpRows[column]! >= this.longestRows) this.forget(column);
    } else this.waitForNext(column);
    state.high[column] = faded(state.high[column]!);
    state.low[column] = faded(state.low[column]!);
    if (Math.abs(error) < suspicious * line) {
      state.away[column] = 0;
      if (trains === 1 && state.jump[column] === 0) prediction.train(column, residual);
      const before = prediction.predict(column);
      prediction.follow(column, residual);
      if (state.jump[column] !== 0) state.followed[column]! += prediction.predict(column) - before;
      return;
    }
    const side = error > 0 ? 1 : -1;
    const peaks = side > 0 ? state.high : state.low;
    peaks[column] = Math.max(peaks[column]!, Math.abs(error));
    const continues = Math.sign(state.away[column]!) === side;
    state.away[column] = (continues ? state.away[column]! : 0) + side;
    state.least[column] = continues ? Math.min(state.least[column]!, Math.abs(error)) : Math.abs(error);
    state.sum[column] = (continues ? state.sum[column]! : 0) + error;
    if (Math.abs(state.away[column]!) < inARow) return;
    const mean = state.sum[column]! / inARow;
    const open = state.jump[column]!;
    const jumped = state.least[column]! >= line && !this.scatters(column, mean);
    if (state.jumps[column]! < routineJumps) {
      if (jumped) {
        state.jump[column] = open + mean;
        state.jumps[column]! += 1;
        state.jumpRows[column] = 0;
      } else if (open !== 0) state.followed[column]! += mean;
    } else {
      // What went on slowly the same way was no jump, and more than all of it can't have gone back.
      const followed = state.followed[column]!;
      const left = open * followed >= 0 ? open : open * (open + followed) > 0 ? open + followed : 0;
      const away = left + mean;
      if (Math.abs(away) < Math.max(line, returned * Math.abs(open))) this.close(column);
      else if (jumped) {
        state.jump[column] = away;
        state.jumpRows[column] = 0;
        state.followed[column] = 0;
      } else state.followed[column]! += mean;
    }
    prediction.moveTo(column, prediction.predict(column) + mean);
    state.away[column] = 0;
  }

  follow(column: number, rows: ColumnRows, from: number, to: number): number {
    const { values, usable, expected, coarse, trains, scores } = rows;
    const { prediction, state } = this;
    const near = 0.999 * (suspicious * this.width) ** 2;
    const basis = distancesOf(rows, from, to, distances);
    let row = from;
    while (row < to) {
      if (usable[row] === 1 && state.basis[column] === basis && state.jump[column] === 0 && Math.abs(state.away[column]!) < inARow - 1 &&
        prediction.rows(column) >= warmUpRows && !prediction.isSettling(column)) {
        const begin = row;
        row = prediction.advance(column, distances, usable, trains, row, to, near, errors, squares);
        let { [column]: troubled = 0 } = state.troubled;
        let { [column]: high = 0 } = state.high;
        let { [column]: low = 0 } = state.low;
        for (let done = begin; done < row; done += 1) {
          scores[done] = NaN;
          if (usable[done] === 0) continue;
          scores[done] = 0;
          troubled = trains[done] === 1 ? 0 : troubled + 1;
          high = faded(high);
          low = faded(low);
          if (state.jumps[column] !== 0) this.waitForNext(column);
        }
        state.troubled[column] = troubled;
        state.high[column] = high;
        state.low[column] = low;
        if (row > begin) state.away[column] = 0;
        if (row === to) break;
      }
      const score = this.scoreValue(column, values[row]!, usable[row]!, expected[row]!, coarse[row]!);
      scores[row] = score;
      if (score < 0) return row;
      this.learnValue(column, values[row]!, usable[row]!, expected[row]!, coarse[row]!, trains[row]!);
      row += 1;
    }
    return to;
  }

  numbers(): readonly ColumnNumbers[] {
    return this.whole;
  }

  snapshot(): Json {
    return { state: tableToJson(this.state), prediction: this.prediction.snapshot() };
  }

  private line(column: number, value: number, coarse: number): number {
    return Math.max(this.width * this.prediction.spread(column), coarseSteps * coarse, this.smallest[column]!, 1e-9 * Math.abs(value));
  }

  private scoreOf(column: number, residual: number, line: number): number {
    if (this.prediction.isSettling(column)) return 0;
    const { state } = this;
    const error = residual - this.prediction.predict(column);
    const jump = state.jump[column]!;
    if (this.isReturn(column, residual, error, line)) return -1;
    if (jump !== 0) return this.isBack(column, error, line) ? -1 : Math.min(Math.max(1, Math.abs(jump) / line), 1_000);
    const away = state.away[column]!;
    if (Math.abs(away) < inARow - 1 || Math.sign(error) !== Math.sign(away) || error === 0 || this.scatters(column, error)) return 0;
    return Math.min(state.least[column]!, Math.abs(error), 1_000 * line) / line;
  }

  /** Whether there were errors about as large on the other side just before: scatter, not a step. */
  private scatters(column: number, error: number): boolean {
    return (error > 0 ? this.state.low : this.state.high)[column]! > 0.3 * Math.abs(error);
  }

  /** Whether the value lies where it would be without the jump. */
  private isBack(column: number, error: number, line: number): boolean {
    const back = Math.abs(error + this.state.jump[column]!);
    return back < Math.abs(error) && back < line;
  }

  /** Whether the value jumped to where the column usually is, without which the end of a slow fault would look like a step. */
  private isReturn(column: number, residual: number, error: number, line: number): boolean {
    const { jump, troubled } = this.state;
    return Math.abs(error) >= suspicious * line && Math.abs(error) > 0.5 * Math.abs(jump[column]!) &&
      this.prediction.isReturn(column, residual, troubled[column]! >= troubledRows && !this.scatters(column, error));
  }

  private restart(column: number, residual: number): void {
    this.prediction.restart(column, residual);
    this.state.away[column] = 0;
    this.state.troubled[column] = 0;
    this.close(column);
  }

  /** How many jumps there were is known until none has come for a while: a machine that works by them goes on doing so when one was taken back. */
  private close(column: number): void {
    this.state.jump[column] = 0;
    this.state.jumpRows[column] = 0;
    this.state.followed[column] = 0;
  }

  private forget(column: number): void {
    this.close(column);
    this.state.jumps[column] = 0;
  }

  private waitForNext(column: number): void {
    const { jumps, jumpRows } = this.state;
    if (jumps[column] === 0) return;
    jumpRows[column]! += 1;
    if (jumpRows[column]! >= this.longestRows) jumps[column] = jumpRows[column] = 0;
  }
}

/** What is left of an error one value later; what is next to nothing is nothing, for numbers that small are reckoned with slowly. */
function faded(error: number): number {
  return error < 1e-200 ? 0 : fading * error;
}

export const step: DetectorEntry<StepParameters> = {
  name: 'step',
  kind: 'step',
  promises: ['step'],
  defaults,
  memory: 26,
  blockRows: 64,
  typical: { quantile: 0.25, excess: 0.12 },
  needsExpectation: false,
  create: (parameters = {}, snapshot) => new StepDetector(parameters, snapshot),
  move(snapshot, fresh, moves) {
    const basis = member(member(snapshot, 'state'), 'basis') as readonly Json[];
    const { followed = null, jumps = null, ...others } = member(fresh, 'state') as { [name: string]: Json };
    const stored = member(snapshot, 'state');
    const newer = member(stored, 'followed') === undefined
      ? { followed, jumps }
      : { followed: moveNumbers(member(stored, 'followed'), followed, moves, 'difference'), jumps: moveNumbers(member(stored, 'jumps'), jumps, moves, 'plain') };
    return {
      state: {
        ...moveTable(stored, others, moves, { least: 'difference', sum: 'difference', jump: 'difference', high: 'difference', low: 'difference' }),
        ...newer,
      },
      // Beside an expectation the levels are distances from it.
      prediction: moveLocalPrediction(
        member(snapshot, 'prediction'), member(fresh, 'prediction'), moves, (from) => (basis[from] === 1 ? 'difference' : 'value'),
      ),
    };
  },
};
