import type { Json } from '../ports.ts';
import type { RowBlock } from '../rowBlock.ts';
import type { Expectation, SignalRow } from '../signalRow.ts';
import type { ColumnMove } from '../statistics/columnMove.ts';
import { moveRegimeBaseline } from './moveRegimeBaseline.ts';
import { RegimeBaseline, defaultMinimumRows } from './regimeBaseline.ts';

export { driverUsers, meanIntervals } from './moveRegimeBaseline.ts';

/** Values until a property is armed, where nothing else is asked for. */
export const rowsToLearn = defaultMinimumRows;

/** A column as baselines and judges know it. */
export interface ColumnInfo {
  name: string;
  /** Setpoints are taken as drivers and never judged; counters are neither learned nor judged. */
  kind: 'measured' | 'setpoint' | 'counter' | 'derived';
  /** In the column's unit, > 0: what is smaller than this is of no interest. */
  smallestChange?: number;
  /** The instrument's range, in the column's unit. */
  range?: { low: number; high: number };
}

export interface BaselineOptions {
  /** Names of the columns that say under which conditions the machine runs (speed, load, ambient); none = guessed. At most 3 are used. */
  drivers?: readonly string[];
  /** Rows until a column is armed; default 300, at least 60. A fifth of it makes it provisional. */
  minimumRows?: number;
}

export interface BaselineProgress {
  /** Whether anything can be expected yet. */
  started: boolean;
  /** The least of all columns in the operating modes met so far. */
  phase: 'learning' | 'provisional' | 'armed';
  /** 0–100. */
  percent: number;
  /** What keeps it from being armed: rows (of a property), milliseconds, operating points, fresh values (of a property). */
  missing: { code: 'rows' | 'time' | 'operating-points' | 'fresh-values'; property?: string; missing: number }[];
}

/** What is normal for an asset. Rows go in by `learn` only after they were judged. */
export interface AssetBaseline {
  readonly columns: readonly ColumnInfo[];
  /** The columns by which it tells operating points apart, named or found; at most 3. */
  driverColumns(): readonly number[];
  /** Writes what is expected of this row. Changes nothing but `into`. */
  expect(row: SignalRow, into: Expectation): void;
  /** The baseline's own gate where nothing judges: is this row near enough to what is expected to be learned from? Changes nothing. */
  isPlausible(row: SignalRow, expectation: Expectation): boolean;
  /** Moves on by a row that was found normal. A row older than the last one learned is left out. */
  learn(row: SignalRow): void;
  /** Moves on by a row that was judged abnormal: nothing is learned from it, but what the machine went through is not forgotten. */
  pass(row: SignalRow): void;
  /**
   * `expect` and `learn` of rows of a block one after the other, to the last bit and as if each were normal; writes what is expected into the block. Whoever calls it
   * says with `stayAt` how many of them were.
   * @returns the row at which it ended, with which it has to be asked by itself; `to` where none has
   */
  goAhead(block: RowBlock, from: number, to: number): number;
  /** Goes back to where it was before `row` of the block that it last went ahead with. Not needed where all of it stays. */
  stayAt(block: RowBlock, from: number, row: number): void;
  /** Forgets what was learned, of all columns or of the named ones. */
  learnAgain(properties?: readonly string[]): void;
  progress(): BaselineProgress;
  /** Plain JSON of bounded size. A baseline made from it goes on exactly as this one. */
  snapshot(): Json;
}

/** @throws Problem TWIN_SNAPSHOT_UNREADABLE when the snapshot is damaged or of other columns. */
export type BaselineFactory = (columns: readonly ColumnInfo[], options: BaselineOptions, snapshot?: Json) => AssetBaseline;

/** Every kind of baseline; the first is what `createBaseline` makes. The conformance tests walk this list. */
export const baselines: readonly { name: string; create: BaselineFactory }[] = [
  { name: 'regime', create: (columns, options, snapshot) => new RegimeBaseline(columns, options, snapshot) },
];

/** @throws Problem TWIN_SNAPSHOT_UNREADABLE when the snapshot is damaged or of other columns. */
export function createBaseline(columns: readonly ColumnInfo[], options: BaselineOptions, snapshot?: Json): AssetBaseline {
  return new RegimeBaseline(columns, options, snapshot);
}

/**
 * A baseline's snapshot for a changed type; `createBaseline` takes it.
 * @throws Problem TWIN_SNAPSHOT_UNREADABLE
 */
export function moveBaseline(snapshot: Json, columns: readonly ColumnInfo[], options: BaselineOptions, moves: readonly ColumnMove[]): Json {
  return moveRegimeBaseline(snapshot, columns, options, moves);
}
