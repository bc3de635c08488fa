/** Time left, most likely and four of five cases between, ms. */
export interface TimeLeft {
  leftMs: number;
  fromMs: number;
  /** Infinity where it may as well never be. */
  toMs: number;
}

/** The three cells of a table, in seconds; empty where nothing is said. */
export function timeLeftCells(left: TimeLeft | undefined): string {
  if (left === undefined) return ',,';
  const seconds = (ms: number): string => (Number.isFinite(ms) ? String(Math.round(ms / 1000)) : '');
  return `${seconds(left.leftMs)},${seconds(left.fromMs)},${seconds(left.toMs)}`;
}
