import type { AssetBaseline } from '../baselines/index.ts';
import type { RowBlock } from '../rowBlock.ts';
import type { Cause } from '../statistics/chartLeast.ts';
import type { AssetJudge } from './judge.ts';

/**
 * Runs rows of a block through expect → judge → learn as long as each is normal beyond doubt; to the last bit what a baseline and a judge come to that take one
 * row after the other. What was expected of them, and their scores, are in the block then.
 * Choose it for rows that come together (a batch, history, a recording), and go on row by row from where it ends: a few rows, then it is worth trying again.
 * @param found as many of the judge's `causes` of a row as there are, at `loosestPerWeek` or at a stricter setting
 * @returns the row at which it ended, which was neither judged nor learned; `to` where all were
 */
export function takeRows(
  baseline: AssetBaseline, judge: AssetJudge, block: RowBlock, from: number, to: number, loosestPerWeek?: number, found?: (row: number, causes: readonly Cause[]) => void,
): number {
  if (!judge.isCalm()) return from;
  const ahead = baseline.goAhead(block, from, to);
  const end = ahead === from ? from : judge.takeCalm(block, from, ahead, loosestPerWeek, found);
  if (end < ahead) baseline.stayAt(block, from, end);
  return end;
}
