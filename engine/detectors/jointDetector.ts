import type { Json } from '../ports.ts';
import type { ColumnMove } from '../statistics/columnMove.ts';
import type { AnomalyKind } from './detector.ts';

/** One row as a joint detector sees it. It keeps no reference to any of it. */
export interface JointInput {
  /** Of each column from what is expected of it, in usual sizes; 0 where it has no value. */
  distances: Float64Array;
  /** 1 where it has one; `count` of them have. */
  present: Uint8Array;
  count: number;
  /** Inverse of the correlations of those, row by row, columns × columns; 0 where one is missing. */
  precision: Float64Array;
  /** The score from which on it is a fault: a single row, however wild, does not reach it. */
  line: number;
}

/** Finds what is wrong with several columns together, though each may be as it should be by itself. */
export interface JointDetector {
  /** About 1 while all is as usual, higher the less they go together; NaN where fewer than two columns have a value. Changes nothing. */
  score(input: JointInput): number;
  /** Writes each column's share in this row's score; they add up to 1, or are 0 where nothing stands out. Changes nothing but `into`. */
  shares(input: JointInput, into: Float64Array): void;
  /** Moves on by one row. @param scored whether it is the row that was scored last: what came of that need not be reckoned again */
  learn(input: JointInput, scored?: boolean): void;
  /** What comes next has nothing to do with what was. */
  restart(): void;
  /** Plain JSON of bounded size. A detector made from it goes on exactly as this one. */
  snapshot(): Json;
}

/** Every joint detector takes these; all may be left out. */
export interface JointParameters {
  /** Number of columns, at least 2; default 3. */
  columns?: number;
}

/** What joint detectors can promise to find: signals that no longer go together, or that lie against each other, each within what is normal for it. */
export type JointFault = 'apart' | 'against';

/** A joint detector's place in the registry. */
export interface JointDetectorEntry<Parameters extends JointParameters = JointParameters> {
  name: string;
  kind: AnomalyKind;
  promises: readonly JointFault[];
  /** Everything a user may leave out, with its value. */
  defaults: Readonly<Required<Parameters>>;
  /** Numbers kept per column. */
  memory: number;
  /** Rows over which its score's largest value is taken when its line is calibrated. */
  blockRows: number;
  /** What the 70 % quantile of those largest values is in independent Gaussian noise of so many columns, and their mean excess above it. */
  typical: (columns: number) => { quantile: number; excess: number };
  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  create(parameters?: Parameters, snapshot?: Json): JointDetector;
  /**
   * A snapshot for other columns, or for the same ones in other units; the others begin as in `fresh`.
   * @throws Problem TWIN_SNAPSHOT_UNREADABLE
   */
  move(snapshot: Json, fresh: Json, moves: readonly ColumnMove[]): Json;
}
