/** Where the normal range lies on every gauge, in percent of its width: always the same, so that whatever is off stands out of line. */
export const bandStart = 31;
export const bandEnd = 69;

/** Where a value stands on a gauge, in percent of its width, 0 to 100; undefined where there is nothing to compare it with. */
export function positionOnGauge(value: number, low: number | undefined, high: number | undefined): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  // With one border only, the range reaches as far as two fifths of it.
  const lower = low ?? (high === undefined ? undefined : high - Math.max(Math.abs(high) * 0.4, 1e-9));
  const upper = high ?? (low === undefined ? undefined : low + Math.max(Math.abs(low) * 0.4, 1e-9));
  if (lower === undefined || upper === undefined || !Number.isFinite(lower) || !Number.isFinite(upper) || upper < lower) return undefined;
  const width = Math.max(upper - lower, Math.abs(upper) * 1e-3, 1e-12);
  const middle = lower + (upper - lower) / 2;
  const position = (bandStart + bandEnd) / 2 + ((value - middle) / width) * (bandEnd - bandStart);
  return Number.isNaN(position) ? undefined : Math.min(100, Math.max(0, position));
}
