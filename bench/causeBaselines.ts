import { feedGraph, type FeedRelation } from '../engine/process/feedGraph.ts';
import type { PartTable } from '../engine/process/partTable.ts';

/** Columns in the order of suspicion, by one plain rule each. All get the values aligned to the parts, as ours does. */
export const causeBaselines: readonly { name: string; rank(table: PartTable, relations: readonly FeedRelation[]): number[] }[] = [
  { name: 'highest deviation', rank: (table) => byScore(table.columns.map(({ values }) => deviationOf(values, table.bad))) },
  { name: 'onset order', rank: (table) => byScore(table.columns.map(({ values }) => -onsetOf(values))) },
  { name: 'correlation', rank: (table) => byScore(table.columns.map(({ values }) => Math.abs(correlationOf(values, table.bad)))) },
  { name: 'graph only (most upstream of what is off)', rank: graphOnly },
];

function byScore(scores: readonly number[]): number[] {
  return scores.map((score, column) => ({ score, column })).sort((one, other) => other.score - one.score).map(({ column }) => column);
}

function usualOf(values: Float64Array): { centre: number; spread: number } {
  const sorted = values.slice().sort();
  return { centre: sorted[sorted.length >> 1]!, spread: (sorted[Math.floor(0.75 * sorted.length)]! - sorted[Math.floor(0.25 * sorted.length)]!) / 1.349 || 1 };
}

/** Mean distance from the usual value in bad parts, in usual deviations. */
function deviationOf(values: Float64Array, bad: Uint8Array): number {
  const { centre, spread } = usualOf(values);
  let sum = 0;
  let count = 0;
  for (let row = 0; row < values.length; row += 1) {
    if (bad[row] === 0) continue;
    sum += Math.abs(values[row]! - centre) / spread;
    count += 1;
  }
  return sum / count;
}

/** The first row from which the mean of 20 stays off by 2.5 usual deviations; never: after everything. */
function onsetOf(values: Float64Array): number {
  const { centre, spread } = usualOf(values);
  let sum = 0;
  for (let row = 0; row < values.length; row += 1) {
    sum += values[row]! - (row >= 20 ? values[row - 20]! : 0);
    if (row >= 19 && Math.abs(sum / 20 - centre) > 2.5 * spread) return row;
  }
  return values.length + 1;
}

function correlationOf(values: Float64Array, bad: Uint8Array): number {
  const rows = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / rows;
  const rate = bad.reduce((sum, one) => sum + one, 0) / rows;
  let product = 0;
  let square = 0;
  for (let row = 0; row < rows; row += 1) {
    product += (values[row]! - mean) * (bad[row]! - rate);
    square += (values[row]! - mean) ** 2;
  }
  return product / Math.sqrt(square * rows * rate * (1 - rate));
}

function graphOnly(table: PartTable, relations: readonly FeedRelation[]): number[] {
  const graph = feedGraph(relations);
  return byScore(table.columns.map(({ station, values }) => {
    const off = deviationOf(values, table.bad);
    return (off > 1.3 ? 1_000 - 10 * (graph.ancestors.get(station)?.size ?? 0) : 0) + Math.min(9, off);
  }));
}
