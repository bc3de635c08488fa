import type { Json } from '../ports.ts';
import { moveTable } from './columnMove.ts';
import type { ColumnMove } from './columnMove.ts';
import { columnArrays, tableFromJson, tableToJson } from './columnTable.ts';

/**
 * How often something came of late, per column: a count that fades exponentially in time. It stays above n only where it comes more often than n times in the memory.
 * Choose it where the pace of events counts, rather than the time of each. 2 numbers per column.
 */
export class Recurrences {
  private readonly state: { count: Float64Array; timeMs: Float64Array };

  constructor(columns: number) {
    const take = columnArrays(columns, 2);
    this.state = { count: take(), timeMs: take(NaN) };
  }

  /** Takes one more. @returns how many came of late, with it */
  add(column: number, timeMs: number, memoryMs: number): number {
    const { count, timeMs: timeOf } = this.state;
    const passedMs = timeMs - timeOf[column]!;
    count[column] = 1 + (passedMs >= 0 ? count[column]! * Math.exp(-passedMs / memoryMs) : 0);
    timeOf[column] = timeMs;
    return count[column];
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
export function moveRecurrences(snapshot: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[]): Json {
  return moveTable(snapshot, fresh, moves, {});
}
