import type { Json } from '../ports.ts';
import { mostRows } from '../rowBlock.ts';
import { moveTable } from '../statistics/columnMove.ts';
import { columnArrays, isMeasurement, member, tableFromJson, tableToJson } from '../statistics/columnTable.ts';
import { LocalPrediction, moveLocalPrediction } from '../statistics/localPrediction.ts';
import { wholeTable } from '../statistics/stateCopy.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';
import type { ColumnRows, Detector, DetectorEntry, DetectorInput, DetectorParameters } from './detector.ts';
import { distancesOf, smallestChanges } from './detector.ts';

/**
 * Shewhart chart on the one-step prediction error (Shewhart 1931; Alwan and Roberts 1988 for the residual form).
 * Flags a value far from what the values just before it let expect: |value − prediction| ÷ (6 · usual error).
 * A far value is not followed; only when three in a row lie on the same side does the prediction move there.
 * Choose it for single wild values, rather than for a changed level (step) or a wider scatter (noise).
 * 16 numbers per column. Montgomery, Introduction to Statistical Quality Control, 7th ed., 10.4.
 */
export interface SpikeParameters extends DetectorParameters {
  /** Prediction errors at which the score is 1, in standard deviations; > 0. */
  width?: number;
}

interface SpikeState extends Record<string, Float64Array> {
  /** Far values in a row, counted below 0 on the low side. */
  away: Float64Array;
  /** 1 while an expectation is given; when that changes, the prediction starts anew. */
  basis: Float64Array;
}

const defaults = { columns: 1, width: 6 };
const warmUpRows = 20;
const followAfter = 3;
/** Steps of a coarse signal up to which a value is no spike. */
const coarseSteps = 3;

/** Of the rows in hand, of whichever detector. */
const distances = new Float64Array(mostRows);
const errors = new Float64Array(mostRows);
const squares = new Float64Array(mostRows);

class SpikeDetector implements Detector {
  private readonly width: number;
  private readonly smallest: Float64Array;
  private readonly prediction: LocalPrediction;
  private readonly state: SpikeState;
  private readonly whole: readonly ColumnNumbers[];

  constructor(parameters: SpikeParameters, snapshot?: Json) {
    const { columns, width } = { ...defaults, ...parameters };
    this.width = width;
    this.smallest = smallestChanges(parameters, columns);
    this.prediction = new LocalPrediction(columns);
    const take = columnArrays(columns, 2);
    this.state = { away: take(), basis: take() };
    this.whole = [wholeTable(this.state.away), this.prediction.numbers()];
    if (snapshot === undefined) return;
    tableFromJson(this.state, member(snapshot, 'state'), 'spike');
    this.prediction.restore(member(snapshot, 'prediction'), 'spike.prediction');
  }

  score(input: DetectorInput, into: Float64Array): void {
    const { values, usable, expected, coarse } = input;
    for (let column = 0; column < this.smallest.length; column += 1) {
      into[column] = this.scoreOf(column, values[column]!, usable[column]!, expected[column]!, coarse === undefined ? 0 : coarse[column]!);
    }
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
    const near = 0.999 * this.width * this.width;
    const basis = expected !== expected ? 0 : 1;
    const residual = basis === 1 ? value - expected : value;
    if (basis !== state.basis[column] || usable >= 2) {
      state.basis[column] = basis;
      state.away[column] = 0;
      prediction.restart(column, residual);
      return;
    }
    const error = residual - prediction.predict(column);
    // Within its usual size it is not far, whatever else the line is made of.
    if (error * error >= near * prediction.square(column) && this.scoreOf(column, value, usable, expected, coarse) >= 1) {
      const side = error > 0 ? 1 : -1;
      const away = Math.sign(state.away[column]!) === side ? state.away[column]! + side : side;
      if (Math.abs(away) >= followAfter) {
        prediction.restart(column, residual);
        state.away[column] = 0;
      } else {
        state.away[column] = away;
      }
      return;
    }
    state.away[column] = 0;
    if (trains === 1 && !prediction.isSettling(column)) prediction.train(column, residual);
    prediction.follow(column, residual);
  }

  follow(column: number, rows: ColumnRows, from: number, to: number): number {
    const { values, usable, expected, coarse, trains, scores } = rows;
    const { prediction, state, width } = this;
    const smallest = this.smallest[column]!;
    const near = 0.999 * width * width;
    const basis = distancesOf(rows, from, to, distances);
    let row = from;
    while (row < to) {
      if (usable[row] === 1 && state.basis[column] === basis && prediction.rows(column) >= warmUpRows && !prediction.isSettling(column)) {
        const begin = row;
        row = prediction.advance(column, distances, usable, trains, row, to, near, errors, squares);
        for (let done = begin; done < row; done += 1) {
          if (usable[done] === 0) {
            scores[done] = NaN;
            continue;
          }
          const error = Math.abs(errors[done]!);
          const line = Math.max(width * Math.sqrt(squares[done]!), smallest, coarseSteps * coarse[done]!, 1e-9 * Math.abs(values[done]!));
          scores[done] = error === 0 ? 0 : Math.min(error / line, 1_000);
        }
        if (row > begin) state.away[column] = 0;
        if (row === to) break;
      }
      scores[row] = this.scoreOf(column, values[row]!, usable[row]!, expected[row]!, coarse[row]!);
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

  private scoreOf(column: number, value: number, usable: number, expected: number, coarse: number): number {
    if (usable !== 1 || !isMeasurement(value) || this.prediction.rows(column) < warmUpRows) return NaN;
    const basis = expected !== expected ? 0 : 1;
    if (basis !== this.state.basis[column]) return NaN;
    if (this.prediction.isSettling(column)) return 0;
    const residual = basis === 1 ? value - expected : value;
    const error = Math.abs(residual - this.prediction.predict(column));
    // Rounding of the arithmetic itself is no change.
    const line = Math.max(this.width * this.prediction.spread(column), this.smallest[column]!, coarseSteps * coarse, 1e-9 * Math.abs(value));
    return error === 0 ? 0 : Math.min(error / line, 1_000);
  }
}

export const spike: DetectorEntry<SpikeParameters> = {
  name: 'spike',
  kind: 'spike',
  promises: ['spike'],
  defaults,
  memory: 16,
  blockRows: 64,
  typical: { quantile: 0.46, excess: 0.055 },
  needsExpectation: false,
  create: (parameters = {}, snapshot) => new SpikeDetector(parameters, snapshot),
  move(snapshot, fresh, moves) {
    const basis = member(member(snapshot, 'state'), 'basis') as readonly Json[];
    return {
      state: moveTable(member(snapshot, 'state'), member(fresh, 'state'), moves, {}),
      // Beside an expectation the levels are distances from it.
      prediction: moveLocalPrediction(
        member(snapshot, 'prediction'), member(fresh, 'prediction'), moves, (from) => (basis[from] === 1 ? 'difference' : 'value'),
      ),
    };
  },
};
