import type { Json } from '../ports.ts';

/** A number as JSON has it: NaN and infinities become null. */
export function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

/** The number that a snapshot holds, or another where it holds none. */
export function numberOr(value: Json | undefined, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

/** A time that a snapshot holds; NaN = not known. */
export function timeOf(value: Json | undefined): number {
  return numberOr(value, NaN);
}

export function recordOf(value: Json | undefined): { [name: string]: Json } | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

/** A deep copy, so that a snapshot and what goes on from it share nothing. */
export function copyOf(state: Json[]): Json[] {
  return JSON.parse(JSON.stringify(state)) as Json[];
}
