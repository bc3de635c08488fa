import { columnArrays } from '../statistics/columnTable.ts';
import type { Recurrences } from '../statistics/recurrences.ts';
import type { TailLines } from '../statistics/tailLines.ts';
import type { Detector } from './detector.ts';

export const provisionalRows = 60;
export const armedRows = 300;
/** While little is known, lines lie higher, until 300 rows by so much; at 600 they do by 5 %. */
export const provisionalFactor = 1.4;
/** An open anomaly ends below this share of the line. */
export const releaseShare = 0.7;
export const highestScore = 1_000;
/** So many normal values after an abnormal one belong to it still: they train nothing, and what follows is no new anomaly. */
export const quietRows = 16;
/** The operating point moves while what is expected of any column lies so far, as a share of its band, from what was expected before. */
export const movingBands = 0.25;
/** A pause of so many usual intervals is a gap. */
export const gapIntervals = 10;
/** A pause counts as at most this long. */
export const longestStepMs = 600_000;
const rowsToStay = 6;
/** Passed lines that are kept of each column: the row in hand is one more. */
export const keptPassed = rowsToStay - 1;
/** A pace that has changed by this share is another one. */
export const paceChange = 0.1;

/** What a judge keeps of each column. */
export interface JudgeState extends Record<string, Float64Array> {
  /** Time of the last value taken; NaN before the first. */
  timeMs: Float64Array;
  /** Usual time between two values, and what the lines are reckoned with: the same, but for small changes. */
  intervalMs: Float64Array;
  paceMs: Float64Array;
  /** Normal values seen. */
  rows: Float64Array;
  /** Score ÷ line of the last value where the column is abnormal; 0 where it is not. */
  open: Float64Array;
  /** Number of the detector that said so. */
  kind: Float64Array;
  /** Normal values since the last abnormal one. */
  quiet: Float64Array;
  /** Of what is open, or was just now: the largest score ÷ line, the detector that said so, and abnormal values. */
  most: Float64Array;
  mostOf: Float64Array;
  lasted: Float64Array;
  /** Of the abnormal time that is counted, the column's own. */
  wrongMs: Float64Array;
  /** What was expected in the last rows. */
  expected: Float64Array;
  /** How wide the band was at first, from its middle, where it follows the operating point: what distances are reckoned to. 0 = it does not. */
  half: Float64Array;
  /**
   * ln of the promise of the strictest line that the column passes, or has passed and not yet left; and the same of what was told of it. Infinity: none. Beside
   * it the passed lines of the last values.
   */
  passed: Float64Array;
  told: Float64Array;
  recent: Float64Array;
}

/** A detector with its lines, and what it said of the row in hand. */
export interface JudgeChart {
  detector: Detector;
  lines: TailLines;
  /** What it told that was long and not far beyond its line. */
  told: Recurrences;
  scores: Float64Array;
  /** Per column, where its line lies; NaN until it is asked for after what it is made from has changed. */
  drawn: Float64Array;
  /** Drawn with it: from here on a score may be the begin of something. */
  doubtful: Float64Array;
  /** Drawn with it: below it a score passes no line that anybody asks about, nor goes on doing so. */
  near: Float64Array;
}

export function newState(width: number): JudgeState {
  const take = columnArrays(width, 15);
  return {
    timeMs: take(NaN), intervalMs: take(NaN), paceMs: take(1_000),
    rows: take(),
    open: take(), kind: take(), quiet: take(quietRows), most: take(), mostOf: take(), lasted: take(), wrongMs: take(),
    expected: take(NaN), half: take(), passed: take(Infinity), told: take(Infinity), recent: new Float64Array(width * keptPassed).fill(Infinity),
  };
}
