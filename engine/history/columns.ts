import type { HistoryValue, SeriesColumns } from '../ports.ts';

export const noColumns: SeriesColumns = { times: new Float64Array(0), values: new Float64Array(0), qualities: new Uint8Array(0) };

export function part({ times, values, qualities }: SeriesColumns, from: number, to: number): SeriesColumns {
  return { times: times.subarray(from, to), values: values instanceof Float64Array ? values.subarray(from, to) : values.slice(from, to), qualities: qualities.subarray(from, to) };
}

/** One after the other; every time of `b` must be after those of `a`. */
export function joined(...parts: readonly SeriesColumns[]): SeriesColumns {
  const given = parts.filter(({ times }) => times.length > 0);
  if (given.length === 1) return given[0] as SeriesColumns;
  const count = given.reduce((sum, { times }) => sum + times.length, 0);
  const times = new Float64Array(count);
  const qualities = new Uint8Array(count);
  let at = 0;
  for (const one of given) {
    times.set(one.times, at);
    qualities.set(one.qualities, at);
    at += one.times.length;
  }
  if (given.every(({ values }) => values instanceof Float64Array)) {
    const values = new Float64Array(count);
    at = 0;
    for (const one of given) {
      values.set(one.values as Float64Array, at);
      at += one.times.length;
    }
    return { times, values, qualities };
  }
  const values: HistoryValue[] = [];
  for (const one of given) for (const value of one.values) values.push(value);
  return { times, values, qualities };
}

/** Both in time order, each time once; where both have it, `newer` wins. */
export function merged(older: SeriesColumns, newer: SeriesColumns): SeriesColumns {
  const order: { from: SeriesColumns; index: number }[] = [];
  let a = 0;
  let b = 0;
  while (a < older.times.length || b < newer.times.length) {
    const timeA = a < older.times.length ? (older.times[a] as number) : Infinity;
    const timeB = b < newer.times.length ? (newer.times[b] as number) : Infinity;
    if (timeB <= timeA) {
      order.push({ from: newer, index: b });
      b += 1;
      if (timeA === timeB) a += 1;
    } else {
      order.push({ from: older, index: a });
      a += 1;
    }
  }
  const numbers = older.values instanceof Float64Array && newer.values instanceof Float64Array;
  const values: HistoryValue[] = order.map(({ from, index }) => from.values[index] as HistoryValue);
  return {
    times: Float64Array.from(order, ({ from, index }) => from.times[index] as number),
    values: numbers ? Float64Array.from(values as number[]) : values,
    qualities: Uint8Array.from(order, ({ from, index }) => from.qualities[index] as number),
  };
}
