import type { Json } from '../ports.ts';
import type { SignalRow } from '../signalRow.ts';
import { moveTable } from './columnMove.ts';
import type { ColumnMove } from './columnMove.ts';
import { columnArrays, isMeasurement, tableFromJson, tableToJson } from './columnTable.ts';
import { wholeTable } from './stateCopy.ts';
import type { ColumnNumbers } from './stateCopy.ts';

/** Values of one column, one place per row. */
export interface FollowedColumn {
  values: Float64Array;
  fresh: Uint8Array;
}

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
const none: readonly number[] = [];

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

  /**
   * Takes what is new in a row; a value that is no later than the one before is left out.
   * @param judged 1 where a column is looked at
   * @returns the columns that with it were recognised as ones that are held
   */
  learnRow({ values, fresh, timeMs }: SignalRow, judged: Uint8Array): readonly number[] {
    const { last, timeMs: timeOf, run } = this.state;
    let found: number[] | undefined;
    for (let column = 0; column < last.length; column += 1) {
      const value = values[column]!;
      if (fresh[column] !== 1 || judged[column] !== 1 || !isMeasurement(value) || timeMs <= timeOf[column]!) continue;
      timeOf[column] = timeMs;
      const before = last[column]!;
      last[column] = value;
      if (value === before) {
        run[column]! += 1;
        continue;
      }
      const length = run[column]!;
      run[column] = 1;
      if (length > 0 && before === before && this.endRun(column, length, Math.abs(value - before))) (found ??= []).push(column);
    }
    return found ?? none;
  }

  /**
   * The same of a column's rows. Writes 1 where a value is a repeat, and where the same value would be one after it was taken.
   * @returns the row with which the column was recognised, where it stops; `to` where it was not
   */
  follow(column: number, { values, fresh }: FollowedColumn, times: Float64Array, judged: number, from: number, to: number, repeats: Uint8Array, later: Uint8Array): number {
    const { last, timeMs: timeOf, run, held, runs, mean, square, finest, change } = this.state;
    for (let row = from; row < to; row += 1) {
      const value = values[row]!;
      repeats[row] = held[column] === 1 && value === last[column] ? 1 : 0;
      if (fresh[row] === 1 && judged === 1 && isMeasurement(value) && !(times[row]! <= timeOf[column]!)) {
        timeOf[column] = times[row]!;
        const before = last[column]!;
        last[column] = value;
        if (value === before) run[column]! += 1;
        else {
          const length = run[column]!;
          run[column] = 1;
          if (length === 1 && mean[column] === 1 && square[column] === 1 && held[column] === 0) {
            // Most of what comes: no value was ever a repeat, so that of what `endRun` does only this is left.
            const size = Math.abs(value - before);
            const known = runs[column]!;
            if (finest[column] === 0 || size < finest[column]!) finest[column] = size;
            const count = known < longestMemory ? known + 1 : longestMemory;
            runs[column] = count;
            const usual = change[column]!;
            change[column] = usual + (1 / count) * ((known >= runsToTell && size > 10 * usual ? 10 * usual : size) - usual);
          } else if (length > 0 && before === before && this.endRun(column, length, Math.abs(value - before))) return row;
        }
      }
      later[row] = held[column] === 1 && value === last[column] ? 1 : 0;
    }
    return to;
  }

  numbers(): readonly ColumnNumbers[] {
    return [wholeTable(this.state.last)];
  }

  /** @returns true when the column was recognised */
  private endRun(column: number, length: number, size: number): boolean {
    const { runs, mean, square, finest, change, held } = this.state;
    const known = runs[column]!;
    const usualRun = mean[column]!;
    if (known >= runsToTell && length > longestRun * usualRun) return false;
    let least = finest[column]!;
    if (least === 0 || size < least) finest[column] = least = size;
    const count = known < longestMemory ? known + 1 : longestMemory;
    runs[column] = count;
    const share = 1 / count;
    const usual = usualRun + share * (length - usualRun);
    mean[column] = usual;
    const usualSquare = square[column]! + share * (length * length - square[column]!);
    square[column] = usualSquare;
    const usualChange = change[column]!;
    const counted = known >= runsToTell && size > 10 * usualChange ? 10 * usualChange : size;
    const changeNow = usualChange + share * (counted - usualChange);
    change[column] = changeNow;
    const was = held[column]!;
    const evenly = usual >= leastRun && known + 1 >= runsToTell && changeNow > leastChange * least &&
      usualSquare - usual * usual < (was === 1 ? releasedShare : heldShare) * usual * (usual - 1);
    held[column] = evenly ? 1 : 0;
    return was === 0 && evenly;
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
