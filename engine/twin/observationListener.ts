import type { Grade } from './propertyTable.ts';

/** What became of a value that reached its property. */
export const observationOutcomes = ['taken', 'duplicate', 'replaced', 'late', 'refused', 'future'] as const;
export type ObservationOutcome = (typeof observationOutcomes)[number];

/** Told of everything that a source says, whatever became of it. Must be quick: it is called for each value. */
export interface ObservationListener {
  /**
   * @param index place of the property in its type
   * @param sourceMs source time; NaN where it had none
   * @param nowMs site time of the arrival; of a replayed row its own time
   * @param value NaN where it is no number
   * @param changed another value or quality than before; only of what was taken
   */
  observed(
    index: number,
    sourceMs: number,
    nowMs: number,
    value: number,
    grade: Grade,
    code: string | number | undefined,
    outcome: ObservationOutcome,
    changed: boolean,
  ): void;
  /** A row is complete. `mode` is the operating mode after it. */
  row(sourceMs: number, nowMs: number, mode: string): void;
  /** The source lives though it has nothing to say. */
  alive(nowMs: number): void;
}
