import type { Expectation, SignalRow } from './signalRow.ts';

/** So many rows at most are in a block. */
export const mostRows = 64;

/** One column of a block, one place per row; see SignalRow and Expectation. */
export interface BlockColumn {
  values: Float64Array;
  fresh: Uint8Array;
  expected: Float64Array;
  low: Float64Array;
  high: Float64Array;
  phase: Uint8Array;
  follows: Uint8Array;
}

/**
 * Consecutive rows of one operating mode, column by column, with what is expected of them and what came of them: what goes over many rows of a column
 * in one loop is several times as fast as what goes over all columns of a row. Belongs to the caller, who reuses it.
 */
export class RowBlock {
  readonly columns: readonly BlockColumn[];
  readonly timeMs = new Float64Array(mostRows);
  mode = '';
  /** Rows that are in it. */
  count = 0;
  /** See Verdict; of rows that were judged normal in one go. */
  readonly score = new Float64Array(mostRows);
  readonly leastPerWeek = new Float64Array(mostRows);

  constructor(width: number) {
    this.columns = Array.from({ length: width }, () => ({
      values: new Float64Array(mostRows), fresh: new Uint8Array(mostRows),
      expected: new Float64Array(mostRows), low: new Float64Array(mostRows), high: new Float64Array(mostRows),
      phase: new Uint8Array(mostRows), follows: new Uint8Array(mostRows),
    }));
  }

  /** Takes a row, after those that are in it. */
  add({ timeMs, values, fresh }: SignalRow): void {
    const row = this.count;
    this.count += 1;
    this.timeMs[row] = timeMs;
    for (let column = 0; column < values.length; column += 1) {
      const into = this.columns[column]!;
      into.values[row] = values[column]!;
      into.fresh[row] = fresh[column]!;
    }
  }

  /** Reads time, values and what is fresh of a row. */
  read(row: number, into: SignalRow): void {
    into.timeMs = this.timeMs[row]!;
    for (let column = 0; column < into.values.length; column += 1) {
      const one = this.columns[column]!;
      into.values[column] = one.values[row]!;
      into.fresh[column] = one.fresh[row]!;
    }
  }

  /** Reads what is expected of a row. */
  readExpectation(row: number, { expected, low, high, phase, follows }: Expectation): void {
    for (let column = 0; column < expected.length; column += 1) {
      const one = this.columns[column]!;
      expected[column] = one.expected[row]!;
      low[column] = one.low[row]!;
      high[column] = one.high[row]!;
      phase[column] = one.phase[row]!;
      follows[column] = one.follows[row]!;
    }
  }

  /** Writes what is expected of a row. */
  expect(row: number, { expected, low, high, phase, follows }: Expectation): void {
    for (let column = 0; column < expected.length; column += 1) {
      const into = this.columns[column]!;
      into.expected[row] = expected[column]!;
      into.low[row] = low[column]!;
      into.high[row] = high[column]!;
      into.phase[row] = phase[column]!;
      into.follows[row] = follows[column]!;
    }
  }
}
