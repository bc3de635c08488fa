import type { LearningProgress, WatchPhase } from '../../contract/messages.ts';
import type { BaselineProgress } from '../baselines/index.ts';

/** Normal values from which on a judge tells of a column, and from which on with its own lines. */
export const provisionalRows = 60;
export const armedRows = 300;

/** What is known of one column that is judged. */
export interface WatchedColumn {
  property: string;
  /** Normal values that the judge has seen; undefined where nothing judges. */
  normalRows: number | undefined;
  /** Share of the rows in which it comes, 0–1. */
  presence: number;
}

/**
 * How well a machine is watched: from the first value by its limits, for silence and for values that stand still (guard); while it is learned (learning); as soon
 * as deviations of at least one value are told, with wider lines (provisional); with all that was asked for (armed). The baseline and what judges by it count together.
 * @param paceMs usual time between two rows; NaN: not known
 */
export function watchPhase(
  baseline: BaselineProgress, columns: readonly WatchedColumn[], paceMs: number,
): { watch: WatchPhase; missing: LearningProgress['missing']; etaMs: number | undefined } {
  const { started } = baseline;
  const missing: LearningProgress['missing'] = [...baseline.missing];
  const lacks = (code: string, property: string): number => missing.find((one) => one.code === code && one.property === property)?.missing ?? 0;
  let told = 0;
  let whole = 0;
  let watched = 0;
  let etaMs = 0;
  for (const { property, normalRows, presence } of columns) {
    // What has sent nothing yet holds nothing up.
    if (lacks('fresh-values', property) > 0) continue;
    watched += 1;
    const rows = lacks('rows', property);
    const timeMs = lacks('time', property);
    const judged = normalRows ?? armedRows;
    if (started && timeMs === 0 && judged >= provisionalRows) told += 1;
    const left = Math.max(rows, armedRows - judged);
    if (left <= 0 && timeMs === 0) whole += 1;
    if (rows === 0 && judged < armedRows) missing.push({ code: 'rows', property, missing: armedRows - judged });
    etaMs = Math.max(etaMs, timeMs, Math.max(0, left) * paceMs / Math.min(1, Math.max(0.02, presence)));
  }
  const watch = !started ? 'guard' : told === 0 ? 'learning' : whole === watched && baseline.phase === 'armed' ? 'armed' : 'provisional';
  return { watch, missing: watch === 'armed' ? baseline.missing : missing, etaMs: watch === 'armed' || !(etaMs > 0) || !Number.isFinite(etaMs) ? undefined : etaMs };
}
