import type { Json } from '../ports.ts';
import type { SignalRow } from '../signalRow.ts';
import { moveNumbers, moveTable } from './columnMove.ts';
import type { ColumnMove } from './columnMove.ts';
import { columnArrays, isMeasurement, member, tableFromJson, tableToJson } from './columnTable.ts';
import type { FollowedColumn } from './heldSamples.ts';
import { wholeTable } from './stateCopy.ts';
import type { ColumnNumbers } from './stateCopy.ts';

/** Standard deviation of what a reading in steps leaves out, in steps: it is spread evenly over one (Sheppard 1898). */
export const coarseSpread = 1 / Math.sqrt(12);
const warmUpRows = 20;
const longestMemory = 5_000;
/** Share of repeats from which on a signal is coarse. */
const coarseShare = 0.05;
/** A change so many times the usual one counts no more. */
const mostChange = 4;

/**
 * How far apart neighbouring values of a coarse signal lie: where values repeat, the mean size of those changes that are none. A level between
 * two steps flickers, at times more and at times less, and that is no change of the machine.
 * Choose it rather than the smallest change ever seen, which one value that was converted otherwise makes tiny. 6 numbers per column.
 */
export class CoarseSteps {
  /** Per column, in its unit; 0 where it is not coarse. */
  readonly steps: Float64Array;
  private readonly state: { last: Float64Array; timeMs: Float64Array; repeats: Float64Array; changes: Float64Array; change: Float64Array };
  /** Repeats of the value that stands now: they count once another one has come, for a sensor that stands still is no coarse one. */
  private readonly standing: Float64Array;

  constructor(columns: number) {
    const take = columnArrays(columns, 7);
    this.steps = take();
    this.standing = take();
    this.state = { last: take(NaN), timeMs: take(NaN), repeats: take(), changes: take(), change: take() };
  }

  step(column: number): number {
    return this.steps[column]!;
  }

  /** Takes what is new in a row; a value that is no later than the one before is left out. @param trains whether it is normal */
  learnRow({ values, fresh, timeMs }: SignalRow, held: { isRepeat(column: number, value: number): boolean }, trains: boolean): void {
    const { last, timeMs: timeOf, repeats, changes, change } = this.state;
    for (let column = 0; column < last.length; column += 1) {
      const value = values[column]!;
      if (fresh[column] !== 1 || held.isRepeat(column, value) || !isMeasurement(value) || timeMs <= timeOf[column]!) continue;
      timeOf[column] = timeMs;
      const size = Math.abs(value - last[column]!);
      last[column] = value;
      if (size === 0) {
        this.standing[column] = trains ? this.standing[column]! + 1 : 0;
        continue;
      }
      const stood = this.standing[column]!;
      this.standing[column] = 0;
      if (!trains || size !== size) continue;
      repeats[column]! += stood;
      const known = changes[column]!;
      changes[column] = known + 1;
      const usual = change[column]!;
      change[column] = usual + ((known < warmUpRows || size < mostChange * usual ? size : mostChange * usual) - usual) / (known + 1);
      if (repeats[column]! + changes[column]! >= longestMemory) {
        repeats[column]! /= 2;
        changes[column]! /= 2;
      }
      this.measure(column);
    }
  }

  /** The same of a column's rows, which are normal. Writes what the step was before each. @param repeats 1 where a value only repeats the last one */
  follow(column: number, { values, fresh }: FollowedColumn, times: Float64Array, repeats: Uint8Array, from: number, to: number, into: Float64Array): void {
    const { last, timeMs: timeOf, repeats: repeated, changes, change } = this.state;
    let before = last[column]!;
    let taken = timeOf[column]!;
    let same = repeated[column]!;
    let stood = this.standing[column]!;
    let known = changes[column]!;
    let usual = change[column]!;
    let step = this.steps[column]!;
    for (let row = from; row < to; row += 1) {
      into[row] = step;
      const value = values[row]!;
      if (fresh[row] !== 1 || repeats[row] === 1 || !isMeasurement(value) || times[row]! <= taken) continue;
      taken = times[row]!;
      const size = Math.abs(value - before);
      before = value;
      if (size === 0) {
        stood += 1;
        continue;
      }
      const counted = stood;
      stood = 0;
      if (size !== size) continue;
      same += counted;
      usual += ((known < warmUpRows || size < mostChange * usual ? size : mostChange * usual) - usual) / (known + 1);
      known += 1;
      if (same + known >= longestMemory) {
        same /= 2;
        known /= 2;
      }
      step = stepOf(same, known, usual);
    }
    last[column] = before;
    timeOf[column] = taken;
    repeated[column] = same;
    this.standing[column] = stood;
    changes[column] = known;
    change[column] = usual;
    this.steps[column] = step;
  }

  numbers(): readonly ColumnNumbers[] {
    return [wholeTable(this.steps)];
  }

  snapshot(): Json {
    return tableToJson({ ...this.state, standing: this.standing });
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json | undefined, what: string): void {
    tableFromJson(this.state, json, what);
    // Not in states of earlier versions.
    if (member(json, 'standing') !== undefined) tableFromJson({ standing: this.standing }, json, what);
    for (let column = 0; column < this.steps.length; column += 1) this.measure(column);
  }

  private measure(column: number): void {
    const { repeats, changes, change } = this.state;
    this.steps[column] = stepOf(repeats[column]!, changes[column]!, change[column]!);
  }
}

function stepOf(repeats: number, changes: number, change: number): number {
  const all = repeats + changes;
  return all >= warmUpRows && repeats > coarseShare * all ? change : 0;
}

/** A snapshot for other columns. */
export function moveCoarseSteps(snapshot: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[]): Json {
  const { standing = null, ...others } = fresh as { [name: string]: Json };
  const moved = moveTable(snapshot, others, moves, { last: 'value', change: 'difference' });
  return { ...moved, standing: member(snapshot, 'standing') === undefined ? standing : moveNumbers(member(snapshot, 'standing'), standing, moves, 'plain') };
}
