import type { HistorySummary, Json } from '../ports.ts';
import { member } from '../statistics/columnTable.ts';
import type { MachineRun } from './runFeatures.ts';

/** A run as it is kept: what was recorded of each property in so many equal pieces, from its begin to its failure. */
export interface StoredRun {
  columns: string[];
  lengthMs: number;
  pieces: number;
  /** Column after column, the mean of each piece; null where there is none. */
  values: (number | null)[];
}

/** Bounds of what is kept of a run. */
export const mostPieces = 300;
export const mostRunColumns = 30;
/** Rows of a run of median length. */
const rowsPerLife = 150;
const mostRows = 1_000;

/** The run from what the history says of each property; undefined where it says nothing of any. */
export function storedRun(lengthMs: number, properties: readonly { name: string; buckets: readonly HistorySummary[] }[]): StoredRun | undefined {
  const there = properties.slice(0, mostRunColumns).filter(({ buckets }) => buckets.some(({ coveredMs }) => coveredMs > 0));
  const pieces = there[0]?.buckets.length ?? 0;
  if (pieces === 0 || !(lengthMs > 0)) return undefined;
  const values = there.flatMap(({ buckets }) => buckets.map(({ integral, coveredMs }) => {
    const mean = coveredMs > 0 ? integral / coveredMs : NaN;
    return Number.isFinite(mean) ? Number(mean.toPrecision(7)) : null;
  }));
  return { columns: there.map(({ name }) => name), lengthMs, pieces, values };
}

/** Fewer rows of a table are no run. */
const fewestTableRows = 20;

/** The run from rows of a table, the last one being its failure; undefined where they are too few. */
export function storedRunOfRows(names: readonly string[], rows: readonly { timeMs: number; values: ArrayLike<number> }[]): StoredRun | undefined {
  const sorted = rows.toSorted((one, other) => one.timeMs - other.timeMs);
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined || sorted.length < fewestTableRows || !(last.timeMs > first.timeMs)) return undefined;
  const lengthMs = last.timeMs - first.timeMs;
  const pieces = Math.min(mostPieces, sorted.length);
  const columns = names.slice(0, mostRunColumns);
  const sums = new Float64Array(columns.length * pieces);
  const counts = new Float64Array(columns.length * pieces);
  for (const { timeMs, values } of sorted) {
    const piece = Math.min(pieces - 1, Math.floor(((timeMs - first.timeMs) / lengthMs) * pieces));
    for (let column = 0; column < columns.length; column += 1) {
      const value = values[column] ?? NaN;
      if (!Number.isFinite(value)) continue;
      sums[column * pieces + piece]! += value;
      counts[column * pieces + piece]! += 1;
    }
  }
  return { columns, lengthMs, pieces, values: Array.from(sums, (sum, at) => (counts[at]! > 0 ? Number((sum / counts[at]!).toPrecision(7)) : null)) };
}

/** Undefined for what is no run. */
export function storedRunFromJson(json: Json | undefined): StoredRun | undefined {
  const columns = member(json, 'columns');
  const lengthMs = member(json, 'lengthMs');
  const pieces = member(json, 'pieces');
  const values = member(json, 'values');
  if (!Array.isArray(columns) || columns.length > mostRunColumns || !columns.every((name) => typeof name === 'string')) return undefined;
  if (typeof lengthMs !== 'number' || !(lengthMs > 0) || typeof pieces !== 'number' || !(pieces >= 1 && pieces <= mostPieces) || !Array.isArray(values)) return undefined;
  if (values.length !== columns.length * pieces || !values.every((value) => value === null || Number.isFinite(value))) return undefined;
  return { columns: columns as string[], lengthMs, pieces, values: values as (number | null)[] };
}

/** The distance between two rows that suits these runs, ms. */
export function stepOf(runs: readonly StoredRun[]): number {
  const lengths = runs.map(({ lengthMs }) => lengthMs).sort((a, b) => a - b);
  return Math.max(1, (lengths[lengths.length >> 1] ?? NaN) / rowsPerLife);
}

/** The run in rows `stepMs` apart with these columns; the last row is its failure. A longer one keeps its last `mostRows` rows. */
export function rowsOf(id: string, { columns, lengthMs, pieces, values }: StoredRun, names: readonly string[], stepMs: number): MachineRun {
  const rows = Math.max(1, Math.min(mostRows, Math.round(lengthMs / stepMs)));
  const out = new Float64Array(rows * names.length).fill(NaN);
  names.forEach((name, column) => {
    const at = columns.indexOf(name);
    if (at < 0) return;
    for (let row = 0; row < rows; row += 1) {
      const beforeEnd = (rows - 1 - row + 0.5) * stepMs;
      const piece = Math.floor(((lengthMs - beforeEnd) / lengthMs) * pieces);
      const value = values[at * pieces + Math.max(0, Math.min(pieces - 1, piece))];
      out[row * names.length + column] = value ?? NaN;
    }
  });
  return { id, values: out };
}
