import type { AssetBaseline } from '../baselines/index.ts';
import type { RowBlock } from '../rowBlock.ts';
import { isMeasurement } from '../statistics/columnTable.ts';
import type { Cause } from '../statistics/chartLeast.ts';
import type { AssetJudge } from './judge.ts';

/**
 * Runs rows of a block through expect → judge → learn as long as each is normal beyond doubt; to the last bit what a baseline and a judge come to that take one
 * row after the other. What was expected of them, and their scores, are in the block then.
 * Choose it for rows that come together (a batch, history, a recording), and go on row by row from where it ends: a few rows, then it is worth trying again.
 * @param widest no row is taken with a value farther from what is expected of it than so many of its band's widths
 * @param found as many of the judge's `causes` of a row as there are, at `loosestPerWeek` or at a stricter setting
 * @returns the row at which it ended, which was neither judged nor learned; `to` where all were
 */
export function takeRows(
  baseline: AssetBaseline, judge: AssetJudge, block: RowBlock, from: number, to: number, widest = Infinity, loosestPerWeek?: number, found?: (row: number, causes: readonly Cause[]) => void,
): number {
  if (!judge.isCalm()) return from;
  const ahead = baseline.goAhead(block, from, to);
  const within = widest === Infinity ? ahead : withinBands(block, from, ahead, widest);
  const end = within === from ? from : judge.takeCalm(block, from, within, loosestPerWeek, found);
  if (end < ahead) baseline.stayAt(block, from, end);
  return end;
}

/** @returns the first row with a value that is farther away; `to` where none is */
function withinBands({ columns }: RowBlock, from: number, to: number, widest: number): number {
  let end = to;
  for (const { values, expected, low, high } of columns) {
    for (let row = from; row < end; row += 1) {
      const distance = Math.abs(values[row]! - expected[row]!);
      if (isMeasurement(values[row]!) ? distance > widest * (high[row]! - low[row]!) : values[row] === values[row]) end = row;
    }
  }
  return end;
}
