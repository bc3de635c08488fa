import type { Json } from '../ports.ts';

/** What an expression reads and gives. undefined stands for bad: missing, of the wrong kind, not finite. */
export type ExpressionValue = number | string | boolean | bigint;

/**
 * Gives the current value of a property; undefined where it has none that is usable.
 * @param index the place of `name` in `Compiled.names`, for those who look up by number.
 */
export type Lookup = (name: string, index: number) => ExpressionValue | undefined;

/** What goes with one evaluation. Only stateful functions look at it. */
export interface ExpressionContext {
  /** Source time of the row, ms UTC; rows come in time order. */
  timeMs: number;
  /** From `Compiled.newState()` or a snapshot; changed in place. Plain JSON. */
  state: Json[];
  /** Longer silences than this are gaps: nothing is counted, averaged or differentiated across them. Default 10 min. */
  gapMs?: number;
  /** Whether this row brought a new value of a name. Absent: every row brings all. */
  fresh?: (index: number) => boolean;
  /** Whether a name's value does not continue the one before (counter reset, source restart): no difference is formed. */
  broken?: (index: number) => boolean;
}

/** A number, or undefined where the value is none. Texts and booleans are not numbers. */
export function numberOf(value: ExpressionValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' ? Number(value) : undefined;
}

/** A condition: booleans, and numbers as PLCs send them (0 = false). Texts are no conditions. */
export function conditionOf(value: ExpressionValue | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  return typeof value === 'bigint' ? value !== 0n : undefined;
}

/** The value itself, or undefined for numbers that are not finite. */
export function usable(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
