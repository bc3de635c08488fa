import type { Json } from '../ports.ts';
import { moveTable } from '../statistics/columnMove.ts';
import { columnArrays, isMeasurement, tableFromJson, tableToJson } from '../statistics/columnTable.ts';
import { wholeTable } from '../statistics/stateCopy.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';
import type { ColumnRows, Detector, DetectorEntry, DetectorInput, DetectorParameters } from './detector.ts';

/**
 * Run-length test of bit-equal values (the flat-line test of QARTOD, U.S. IOOS 2020, with a line that it finds by itself).
 * Flags a noisy signal that stands still: the run of equal values ÷ its line. The line is the longest of ten values, the
 * run that equal neighbours, at the rate in which they usually come (or, of a coarse signal, may come), would reach once in 10⁹ values, and
 * twice the longest run seen.
 * Choose it for frozen sensors and gateways that repeat their last value, rather than for values that stop coming (staleness).
 * 6 numbers per column. Manual for Real-Time Quality Control of In-situ Temperature and Salinity Data, version 2.1, test 8.
 */
export interface StuckParameters extends DetectorParameters {
  /** The shortest run at which the score can be 1, at least 2. */
  shortestRun?: number;
}

interface StuckState extends Record<string, Float64Array> {
  last: Float64Array;
  /** Values since the last change. */
  run: Float64Array;
  /** 1 where one of them was abnormal. */
  tainted: Float64Array;
  /** The longest run in normal times. */
  longest: Float64Array;
  /** Values equal to the one before, in normal times, and all of them. */
  repeats: Float64Array;
  rows: Float64Array;
}

const defaults = { columns: 1, shortestRun: 10 };
const warmUpRows = 60;
const rareLog = Math.log(1e-9);

class StuckDetector implements Detector {
  private readonly shortestRun: number;
  private readonly state: StuckState;
  private readonly whole: readonly ColumnNumbers[];

  constructor(parameters: StuckParameters, snapshot?: Json) {
    const { columns, shortestRun } = { ...defaults, ...parameters };
    this.shortestRun = shortestRun;
    const take = columnArrays(columns, 6);
    this.state = {
      last: take(NaN), run: take(), tainted: take(),
      longest: take(), repeats: take(), rows: take(),
    };
    this.whole = [wholeTable(this.state.last)];
    if (snapshot !== undefined) tableFromJson(this.state, snapshot, 'stuck');
  }

  score(input: DetectorInput, into: Float64Array): void {
    const { state } = this;
    for (let column = 0; column < state.last.length; column += 1) {
      const value = input.values[column]!;
      if (input.usable[column] === 0 || !isMeasurement(value) || state.rows[column]! < warmUpRows) into[column] = NaN;
      else if (value !== state.last[column]) into[column] = state.run[column]! > 0 && this.scoreOf(column, state.run[column]!, input.coarse) >= 1 ? -1 : 0;
      else into[column] = this.scoreOf(column, state.run[column]! + 1, input.coarse);
    }
  }

  learn(input: DetectorInput, trains: Uint8Array): void {
    const { state } = this;
    for (let column = 0; column < state.last.length; column += 1) {
      const value = input.values[column]!;
      if (input.usable[column] === 0 || !isMeasurement(value)) continue;
      const equal = value === state.last[column];
      const run = state.run[column]!;
      // A run is judged normal once it ends below the line; until then it says nothing about what is usual.
      if (!equal && run > 0 && state.tainted[column] === 0 && !(state.rows[column]! >= warmUpRows && this.scoreOf(column, run, input.coarse) >= 1)) {
        state.repeats[column]! += run;
        state.rows[column]! += run;
        if (run > state.longest[column]!) state.longest[column] = run;
      }
      state.run[column] = equal ? run + 1 : 0;
      state.tainted[column] = trains[column] === 0 || (equal && state.tainted[column] === 1) ? 1 : 0;
      state.last[column] = value;
      if (!equal && trains[column] === 1) state.rows[column]! += 1;
    }
  }

  follow(column: number, { values, usable, coarse, trains, scores }: ColumnRows, from: number, to: number): number {
    const { state, shortestRun } = this;
    let last = state.last[column]!;
    let run = state.run[column]!;
    let tainted = state.tainted[column]!;
    let longest = state.longest[column]!;
    let repeats = state.repeats[column]!;
    let rows = state.rows[column]!;
    let row = from;
    for (; row < to; row += 1) {
      scores[row] = NaN;
      if (usable[row] === 0) continue;
      const value = values[row]!;
      const equal = value === last;
      const known = rows >= warmUpRows;
      const ended = equal || run === 0 || !known ? 0 : runScore(run, longest, repeats, rows, coarse[row]!, shortestRun);
      if (known) {
        scores[row] = equal ? runScore(run + 1, longest, repeats, rows, coarse[row]!, shortestRun) : ended >= 1 ? -1 : 0;
        if (ended >= 1) break;
      }
      const trained = trains[row]!;
      if (equal) {
        run += 1;
        if (trained === 0) tainted = 1;
      } else {
        if (run > 0 && tainted === 0) {
          repeats += run;
          rows += run;
          if (run > longest) longest = run;
        }
        run = 0;
        tainted = trained === 0 ? 1 : 0;
        if (trained === 1) rows += 1;
      }
      last = value;
    }
    state.last[column] = last;
    state.run[column] = run;
    state.tainted[column] = tainted;
    state.longest[column] = longest;
    state.repeats[column] = repeats;
    state.rows[column] = rows;
    return row;
  }

  numbers(): readonly ColumnNumbers[] {
    return this.whole;
  }

  snapshot(): Json {
    return tableToJson(this.state);
  }

  private scoreOf(column: number, run: number, coarse: Float64Array | undefined): number {
    const { longest, repeats, rows } = this.state;
    return runScore(run, longest[column]!, repeats[column]!, rows[column]!, coarse?.[column] ?? 0, this.shortestRun);
  }
}

function runScore(run: number, longest: number, repeats: number, rows: number, coarse: number, shortestRun: number): number {
  const usual = (repeats + 1) / (rows + 5);
  // A coarse signal repeats itself much more in the middle of a step than at its edge: it may change half as often as on average.
  const rate = coarse > 0 ? (1 + usual) / 2 : usual;
  return run / Math.max(shortestRun, rareLog / Math.log(rate), 2 * longest + 3);
}

export const stuck: DetectorEntry<StuckParameters> = {
  name: 'stuck',
  kind: 'stuck',
  promises: ['stuck'],
  defaults,
  memory: 6,
  blockRows: 64,
  typical: { quantile: 0.1, excess: 0.08 },
  needsExpectation: false,
  create: (parameters = {}, snapshot) => new StuckDetector(parameters, snapshot),
  move: (snapshot, fresh, moves) => moveTable(snapshot, fresh, moves, { last: 'value' }),
};
