import type { DriverBins } from './driverBins.ts';
import type { LaggedFit } from './laggedFit.ts';
import type { OperatingPoints } from './operatingPoints.ts';

export const memoryMs = 7 * 24 * 3_600_000;
/** A pause counts as at most this long: nothing is forgotten while the machine stands. */
export const longestStepMs = 600_000;
/** The fit must leave less than this share of the plain mean's squared error to be preferred. */
export const worthwhile = 0.9;
/** Of two that are as good where the machine has been, the one with a curve of its own learns a new speed better. */
export const asGood = 1.05;
/** Usual sizes up to which a value is expected. */
export const bandWidths = 4;
/** Values that a fit must have been tried on. */
export const fitRowsToTrust = 20;
/** Memory of the average by which a slow fault is suspected, how many usual sizes it must lie away, and what a value then counts. */
export const leanRows = 64;
export const leanWidth = 2.5;
export const leaningShare = 0.2;
/** How long, as a share of what was learned, a column must be far from what was expected and yet be given to learn, until it begins anew. */
export const doubtShare = 0.05;
export const doubtfulRuns = 2;
/** From so many values on, one counts little anyway, and what leans slowly is the season. */
export const youngRows = 2_000;

/** What is known of one operating mode; one place per column, or `terms` of them. */
export interface ModeModel {
  /** Values learned; `weight` the same, but it starts again when the drivers change. */
  rows: Float64Array;
  weight: Float64Array;
  mean: Float64Array;
  /** Clipped mean squares of value − mean and of value − fit, each taken before the value was learned. */
  meanSquare: Float64Array;
  fitSquare: Float64Array;
  fitRows: Float64Array;
  nextSolve: Float64Array;
  /** Values in a row that were far from what was expected, and yet were given to learn. */
  doubts: Float64Array;
  /** Moving average of the distances from what was expected, in spreads, and its usual square. */
  lean: Float64Array;
  leanSquare: Float64Array;
  fade: Float64Array;
  lower: Float64Array;
  right: Float64Array;
  coefficients: Float64Array;
  points: OperatingPoints | undefined;
  /** What the drivers were counts too; undefined where there are none. */
  lagged: LaggedFit | undefined;
  bins: DriverBins | undefined;
}
