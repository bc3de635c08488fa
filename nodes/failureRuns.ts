import { csvTable } from '../engine/csvTable.ts';
import { Problem } from '../engine/problem.ts';
import { readTimeMs } from './messageTime.ts';

const longestTable = 50_000_000;
const mostRows = 2_000_000;
const hourMs = 3_600_000;
const runNames = ['run', 'unit', 'lauf'];
const timeNames = ['time', 't', 'zeit', 'timestamp'];
const hourNames = ['hours', 'hour', 'stunden'];

export interface FailureRunTable {
  /** Columns that are no run and no time. */
  names: string[];
  runs: Map<string, { timeMs: number; values: number[] }[]>;
}

/**
 * Runs until failure from the text of a table, or from a list of flat objects: a column `run` with a name for each run, a column `time` (or `hours`
 * since it began), the others are properties. The last row of each run is its failure.
 * @throws Problem TWIN_FAILURE_RUNS
 */
export function failureRuns(payload: unknown): FailureRunTable {
  let rows: ReadonlyMap<string, unknown>[];
  if (typeof payload === 'string' && payload.length <= longestTable) rows = csvTable(payload).rows.map(({ cells }) => cells);
  else if (Array.isArray(payload)) {
    rows = payload.filter((row): row is object => typeof row === 'object' && row !== null && !Array.isArray(row)).map((row) => new Map(Object.entries(row)));
  } else rows = [];
  const all = new Set<string>();
  for (const row of rows.slice(0, mostRows)) for (const name of row.keys()) all.add(name);
  const named = (names: readonly string[]): string | undefined => [...all].find((name) => names.includes(name.trim().toLowerCase()));
  const run = named(runNames);
  const time = named(timeNames);
  const hours = named(hourNames);
  const names = [...all].filter((name) => name !== run && name !== time && name !== hours);
  if (run === undefined || (time === undefined && hours === undefined) || names.length === 0) {
    throw new Problem('TWIN_FAILURE_RUNS', 'The table has no column "run", none with times, or no values.',
      'Give it a column "run" with a name for each run, a column "time" or "hours", and the last row at the failure.');
  }
  const runs = new Map<string, { timeMs: number; values: number[] }[]>();
  for (const row of rows.slice(0, mostRows)) {
    const id = String(row.get(run) ?? '').trim();
    const timeMs = time === undefined ? Number(row.get(hours!) ?? NaN) * hourMs : readTimeMs(row.get(time));
    if (id === '' || timeMs === undefined || !Number.isFinite(timeMs)) continue;
    const known = runs.get(id) ?? [];
    if (known.length === 0) runs.set(id, known);
    known.push({ timeMs, values: names.map((name) => { const value = row.get(name); return typeof value === 'number' ? value : NaN; }) });
  }
  return { names, runs };
}
