import type { Json } from '../ports.ts';
import { moveTable } from './columnMove.ts';
import type { ColumnMove } from './columnMove.ts';
import { columnArrays, isMeasurement, tableFromJson, tableToJson } from './columnTable.ts';

/** Runs that must have been seen. */
const runsToTell = 30;
const longestMemory = 500;
/** Mean run from which on a signal repeats itself enough to matter. */
const leastRun = 1.4;
/** Scatter of the runs, as a share of what it would be were each value a repeat by chance (geometric): below the first it is held, above the other no longer. */
const heldShare = 0.2;
const releasedShare = 0.4;
/** A run so many times the usual one is a fault (standing still) and says nothing of the sampling. */
const longestRun = 3;
/** A ramp or a switch, read with its resolution, also changes evenly: then each change is as large as the smallest. */
const leastChange = 1.5;

/**
 * Tells columns whose values are taken more seldom than rows come and repeated in between: an analyser that measures every 15 minutes, a slow
 * register that is polled fast. Their runs of equal values are nearly of one length, where chance (a coarse resolution) makes runs of all lengths:
 * index of dispersion of the run length against the geometric distribution's, var ÷ (mean · (mean − 1)).
 * Choose it to leave the repeats out, rather than a fixed interval per signal, which nobody knows. 9 numbers per column.
 */
export class HeldSamples {
  private readonly state: {
    last: Float64Array; timeMs: Float64Array; run: Float64Array; runs: Float64Array; mean: Float64Array; square: Float64Array; finest: Float64Array; change: Float64Array; held: Float64Array;
  };

  constructor(columns: number) {
    const take = columnArrays(columns, 9);
    this.state = { last: take(NaN), timeMs: take(NaN), run: take(), runs: take(), mean: take(), square: take(), finest: take(), change: take(), held: take() };
  }

  /** Whether this value only repeats the last one that was really taken. */
  isRepeat(column: number, value: number): boolean {
    return this.state.held[column] === 1 && value === this.state.last[column];
  }

  /** Takes a value; one that is no later than the one before is left out. @returns true when with it the column was recognised as one that is held */
  learn(column: number, row: { values: Float64Array; timeMs: number }): boolean {
    const value = row.values[column]!;
    const { timeMs } = row;
    const { last, run, runs, mean, square, finest, change, held } = this.state;
    if (!isMeasurement(value) || timeMs <= this.state.timeMs[column]!) return false;
    this.state.timeMs[column] = timeMs;
    const before = last[column]!;
    last[column] = value;
    if (value === before) {
      run[column]! += 1;
      return false;
    }
    const length = run[column]!;
    run[column] = 1;
    if (Number.isNaN(before) || length === 0) return false;
    const known = runs[column]!;
    if (known >= runsToTell && length > longestRun * mean[column]!) return false;
    const size = Math.abs(value - before);
    if (finest[column] === 0 || size < finest[column]!) finest[column] = size;
    runs[column] = Math.min(known + 1, longestMemory);
    const share = 1 / runs[column]!;
    mean[column]! += share * (length - mean[column]!);
    square[column]! += share * (length * length - square[column]!);
    change[column]! += share * (Math.min(size, known < runsToTell ? Infinity : 10 * change[column]!) - change[column]!);
    const usual = mean[column]!;
    const scatter = square[column]! - usual * usual;
    const chance = usual * (usual - 1);
    const was = held[column]!;
    const evenly = usual >= leastRun && scatter < (was === 1 ? releasedShare : heldShare) * chance && change[column]! > leastChange * finest[column]!;
    held[column] = known + 1 >= runsToTell && evenly ? 1 : 0;
    return was === 0 && held[column] === 1;
  }

  snapshot(): Json {
    return tableToJson(this.state);
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json | undefined, what: string): void {
    tableFromJson(this.state, json, what);
  }
}

/** A snapshot for other columns. */
export function moveHeldSamples(snapshot: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[]): Json {
  return moveTable(snapshot, fresh, moves, { last: 'value', finest: 'difference', change: 'difference' });
}
