import type { Json } from '../ports.ts';
import { Problem } from '../problem.ts';

/** State of several columns: named arrays of numbers. */
export type ColumnTable = Readonly<Record<string, Float64Array | Float32Array>>;

/**
 * Hands out `count` arrays of `columns` numbers that lie in one piece of memory: a twin has hundreds of short arrays, and each
 * one with memory of its own would cost more for its bookkeeping than for its numbers.
 */
export function columnArrays(columns: number, count: number): (fill?: number) => Float64Array {
  const whole = new Float64Array(columns * count);
  let next = 0;
  return (fill = 0) => {
    if (next >= count) throw new RangeError(`only ${count} arrays were asked for`);
    next += 1;
    return whole.subarray((next - 1) * columns, next * columns).fill(fill);
  };
}

/** Values beyond this are not measurements; leaving them out keeps squares and sums finite. */
export const largestMeasurement = 1e100;

/** A number that can be reckoned with: neither NaN nor infinite nor absurdly big. */
export function isMeasurement(value: number): boolean {
  return Math.abs(value) <= largestMeasurement;
}

/** What every unreadable snapshot is told as. */
export function unreadableSnapshot(what: string, why: string): Problem {
  return new Problem(
    'TWIN_SNAPSHOT_UNREADABLE',
    `What was learned (${what}) cannot be read: ${why}.`,
    'Learn again from history or from now on; the stored copy is left as it is.',
    { what, why },
  );
}

/** Plain JSON; NaN becomes null, every other number comes back bit for bit. */
export function numbersToJson(numbers: ArrayLike<number>): Json {
  const list: Json[] = [];
  for (let index = 0; index < numbers.length; index += 1) {
    const value = numbers[index]!;
    list.push(Number.isFinite(value) ? (Object.is(value, -0) ? 0 : value) : null);
  }
  return list;
}

export function tableToJson(table: ColumnTable): Json {
  return Object.fromEntries(Object.entries(table).map(([name, numbers]) => [name, numbersToJson(numbers)]));
}

/** A JSON object's own member; undefined for anything else, whatever was stored. */
export function member(json: Json | undefined, name: string): Json | undefined {
  if (json === null || typeof json !== 'object' || Array.isArray(json) || !Object.hasOwn(json, name)) return undefined;
  return json[name];
}

/**
 * Fills an array from its JSON.
 * @throws Problem TWIN_SNAPSHOT_UNREADABLE when length or a value does not fit.
 */
export function numbersFromJson(json: Json | undefined, into: Float64Array | Float32Array | Uint16Array, what: string): void {
  if (!Array.isArray(json) || json.length !== into.length) {
    throw unreadableSnapshot(what, `a list of ${into.length} numbers is expected`);
  }
  for (let index = 0; index < into.length; index += 1) {
    const value = json[index];
    if (value !== null && (typeof value !== 'number' || !Number.isFinite(value))) {
      throw unreadableSnapshot(what, `place ${index} is not a number`);
    }
    into[index] = value === null ? NaN : value;
  }
}

/** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
export function tableFromJson(table: ColumnTable, json: Json | undefined, what: string): void {
  for (const [name, numbers] of Object.entries(table)) numbersFromJson(member(json, name), numbers, `${what}.${name}`);
}

/** @throws Problem TWIN_SNAPSHOT_UNREADABLE when there is no finite number under this name. */
export function numberFromJson(json: Json | undefined, name: string, what: string): number {
  const value = member(json, name);
  if (typeof value !== 'number' || !Number.isFinite(value)) throw unreadableSnapshot(what, `${name} is not a number`);
  return value;
}
