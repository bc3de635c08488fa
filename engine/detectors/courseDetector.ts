import type { Json } from '../ports.ts';
import type { ColumnMove } from '../statistics/columnMove.ts';
import type { AnomalyKind } from './detector.ts';

/** Finds what is wrong with the course that one column takes in each cycle of the machine: its means in parts of the cycle of one length, NaN where a part has no value. */
export interface CourseDetector {
  /**
   * About 1 while the course is as usual, higher the more it differs; NaN where nothing can be said: still learning, the column has no course of its own,
   * or too much of this one is missing. Changes nothing.
   */
  score(course: Float64Array): number;
  /** The third of the cycle in which the course scored last differs most: 0, 1 or 2. */
  readonly third: number;
  /** Moves on by one cycle. Where it does not train, the short memory follows it, what is held for normal does not. It keeps no reference to the course. */
  learn(course: Float64Array, trains: boolean): void;
  /** Plain JSON of bounded size. A detector made from it goes on exactly as this one. */
  snapshot(): Json;
}

/** Every course detector takes these; all may be left out. */
export interface CourseParameters {
  /** Points of a course, 6 to 24; default 24. */
  points?: number;
  /** Rows that lie in a point; default 2. */
  rows?: number;
  /** In the column's unit: what is smaller is of no interest; default 0. */
  smallestChange?: number;
}

/** What course detectors can promise to find: mean, spread and extremes of the column stay nearly as they are, the course is another. */
export type CourseFault = 'late' | 'slow' | 'shoulder' | 'missing';

/** A course detector's place in the registry. */
export interface CourseDetectorEntry<Parameters extends CourseParameters = CourseParameters> {
  name: string;
  kind: AnomalyKind;
  promises: readonly CourseFault[];
  /** Everything a user may leave out, with its value. */
  defaults: Readonly<Required<Parameters>>;
  /** Numbers kept per point of a column. */
  memory: number;
  /** Cycles over which its score's largest value is taken when lines are calibrated. */
  blockCycles: number;
  /** What the 70 % quantile of those largest values is in independent Gaussian noise around a course of so many points, and their mean excess above it. */
  typical: (points: number) => { quantile: number; excess: number };
  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  create(parameters?: Parameters, snapshot?: Json): CourseDetector;
  /**
   * A snapshot for the same column in another unit.
   * @throws Problem TWIN_SNAPSHOT_UNREADABLE
   */
  move(snapshot: Json, move: ColumnMove): Json;
}
