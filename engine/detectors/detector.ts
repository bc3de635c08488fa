import type { Json } from '../ports.ts';
import type { ColumnMove } from '../statistics/columnMove.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';

export type AnomalyKind = 'spike' | 'step' | 'drift' | 'stuck' | 'noise' | 'dropout' | 'limit' | 'deviation' | 'relation' | 'shape';

/** One row as a detector sees it; one place per column. A detector keeps no reference to any of it. */
export interface DetectorInput {
  /** Only finite numbers up to 1e100 are looked at, whatever `usable` says. */
  values: Float64Array;
  /**
   * 0 where there is no new value in this row, 1 where there is one, 2 where it comes after a pause and 4 where the operating point moves, so
   * that it is not compared with the one before, 3 where another detector sees with it the end of a fault.
   */
  usable: Uint8Array;
  /** What the baseline expects; NaN where it expects nothing. */
  expected: Float64Array;
  /** How far apart neighbouring values of a coarse column lie, which flickers between them; 0 where it is not coarse. Left out: none is. */
  coarse?: Float64Array;
}

/** Neighbouring rows of one column as a detector sees them, one place per row; see DetectorInput. `usable` is 0 where there is no measurement, and never 2 or 3. */
export interface ColumnRows {
  values: Float64Array;
  usable: Uint8Array;
  expected: Float64Array;
  coarse: Float64Array;
  /** See `learn`. */
  trains: Uint8Array;
  /** What `score` would write of each row. */
  scores: Float64Array;
}

/** Finds one kind of fault in each of several columns, independently of each other. */
export interface Detector {
  /**
   * Writes how far each column's value is from normal: 0 = as expected, 1 = at this detector's own line, below 0 = a fault it was telling
   * of ends with this value, NaN = cannot say (still learning, or no new value). Changes nothing but `into`.
   */
  score(input: DetectorInput, into: Float64Array): void;
  /**
   * Moves on by one row. Where `trains` is 0 the row is abnormal: the detector's short memory follows it, what it holds for normal does not.
   */
  learn(input: DetectorInput, trains: Uint8Array): void;
  /**
   * `score` and then `learn` of each of a column's rows, in one loop and to the last bit.
   * @returns the row at which it stopped, whose score is below 0; `to` where none is
   */
  follow(column: number, rows: ColumnRows, from: number, to: number): number;
  /** All that `learn` changes, for whoever goes ahead of what is certain. The same list each time. */
  numbers(): readonly ColumnNumbers[];
  /** Plain JSON of bounded size. A detector made from it goes on exactly as this one. */
  snapshot(): Json;
}

/** Every detector takes these; all may be left out. */
export interface DetectorParameters {
  /** Number of columns, at least 1; default 1. */
  columns?: number;
  /** Per column, in its unit: what is smaller is of no interest; default 0. */
  smallestChange?: ArrayLike<number>;
}

/** A detector's place in the registry. */
export interface DetectorEntry<Parameters extends DetectorParameters = DetectorParameters> {
  name: string;
  /** What its findings are called. */
  kind: AnomalyKind;
  /** Which faults of the labelled signals it must find by itself. */
  promises: readonly AnomalyKind[];
  /** Everything a user may leave out, with its value. */
  defaults: Readonly<Omit<Required<Parameters>, 'smallestChange'>>;
  /** Numbers kept per column. */
  memory: number;
  /** Rows over which its score's largest value is taken when lines are calibrated; several times its own memory. */
  blockRows: number;
  /** What the 70 % quantile of those largest values is in independent Gaussian noise, and their mean excess above it, as scores. */
  typical: { quantile: number; excess: number };
  /** Whether it judges the value against the baseline's expectation; such a detector says nothing where none is given. */
  needsExpectation: boolean;
  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  create(parameters?: Parameters, snapshot?: Json): Detector;
  /**
   * A snapshot for other columns, or for the same ones in other units: what was learned of a column goes along with it, the others begin as in
   * `fresh`, a new detector's snapshot.
   * @throws Problem TWIN_SNAPSHOT_UNREADABLE
   */
  move(snapshot: Json, fresh: Json, moves: readonly ColumnMove[]): Json;
}

/**
 * Writes each value's distance from what is expected, or the value where nothing is.
 * @returns 1 where something is expected of all values, 0 where of none, −1 else
 */
export function distancesOf({ values, usable, expected }: ColumnRows, from: number, to: number, into: Float64Array): number {
  let seen = 0;
  let without = 0;
  for (let row = from; row < to; row += 1) {
    const middle = expected[row]!;
    const value = values[row]!;
    into[row] = middle !== middle ? value : value - middle;
    if (usable[row] === 0) continue;
    seen += 1;
    if (middle !== middle) without += 1;
  }
  return without === 0 ? 1 : without === seen ? 0 : -1;
}

export function smallestChanges(parameters: DetectorParameters, columns: number): Float64Array {
  const given = parameters.smallestChange;
  return Float64Array.from({ length: columns }, (_, column) => Math.max(0, given?.[column] ?? 0));
}
