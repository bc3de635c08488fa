import type { ParameterThen } from '../../contract/graph.ts';
import type { HistoryPoint, SeriesColumns } from '../ports.ts';

/** A value that was as old as this when the time began is told, but not as good. */
const longestHeldMs = 86_400_000;
const qualityWords = ['good', 'uncertain', 'bad'] as const;

/**
 * What a property was from `fromMs` (inclusive) to `toMs` (exclusive). A value holds until the next one, so the mean is weighted by time; only
 * numbers of good or uncertain quality count.
 * @param columns the points within that time
 * @param before the last point at or before `fromMs`, where there is one
 */
export function parameterThen(
  property: string, columns: SeriesColumns, before: Pick<HistoryPoint, 'timeMs' | 'value' | 'quality'> | undefined, fromMs: number, toMs: number,
): ParameterThen {
  const { times, values, qualities } = columns;
  let minimum = Infinity;
  let maximum = -Infinity;
  let integral = 0;
  let covered = 0;
  let count = 0;
  let heldFrom = fromMs;
  let held = before !== undefined && before.quality !== 'bad' && typeof before.value === 'number' && before.timeMs < (times[0] ?? Infinity) ? before.value : NaN;
  const take = (untilMs: number): void => {
    if (held !== held) return;
    integral += held * (untilMs - heldFrom);
    covered += untilMs - heldFrom;
    if (held < minimum) minimum = held;
    if (held > maximum) maximum = held;
  };
  for (let index = 0; index < times.length; index++) {
    const timeMs = times[index] as number;
    if (timeMs > heldFrom) take(timeMs);
    heldFrom = timeMs;
    const value = values[index];
    held = qualities[index] !== 2 && typeof value === 'number' ? value : NaN;
    if (held === held) count++;
  }
  take(toMs);
  const last = times.length - 1;
  const point = last >= 0
    ? { timeMs: times[last] as number, value: values[last] ?? null, quality: qualityWords[qualities[last] as number] ?? 'bad' }
    : before;
  if (point === undefined) return { property, count, value: null, quality: 'no data' };
  if (point.value === null || point.value !== point.value) return { property, count, ...figures(), value: null, quality: point.quality === 'bad' ? 'bad' : 'no data', timeMs: point.timeMs };
  const isOld = fromMs - point.timeMs > longestHeldMs && point.quality === 'good';
  return { property, count, ...figures(), value: point.value, timeMs: point.timeMs, quality: isOld ? 'uncertain' : point.quality };

  function figures(): Pick<ParameterThen, 'minimum' | 'mean' | 'maximum'> {
    return covered > 0 ? { minimum, mean: integral / covered, maximum } : {};
  }
}
