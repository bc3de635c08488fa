import { lateRow } from '../contract/messages.ts';
import type { BatchRow, QualityWord, SentValue, TwinBatchMessage } from '../contract/messages.ts';
import type { HistoryPoint } from '../engine/ports.ts';
import type { Twin, TwinUpdate } from '../engine/twin/twin.ts';

const none: HistoryPoint[] = [];

/**
 * Of what a row brought, the values that went to history only, because they are older than what is known. The marks of a gap and
 * bad values tell a reader of history nothing and are left out.
 * @param unsent true: the row's message does not go out, so that its current values are to be told here too
 */
export function lateValues(update: TwinUpdate, unsent: boolean): HistoryPoint[] {
  if (!unsent && update.counts.late === 0) return none;
  const sent = new Set(unsent ? [] : update.updated);
  return update.accepted.filter(({ property, value, quality }) => value !== null && quality !== 'bad' && !sent.has(property));
}

/**
 * The message that brings late values to history: a batch with rows of those values alone, historical, with a row number that
 * tells twin-baseline, twin-anomaly and twin-alert to leave it alone.
 */
export function lateMessage(twin: Twin, points: readonly HistoryPoint[]): TwinBatchMessage {
  const values = new Map<number, Map<string, SentValue>>();
  const words = new Map<number, Map<string, QualityWord>>();
  for (const { timeMs, property, value, quality } of points) {
    const row = values.get(timeMs);
    if (row === undefined) values.set(timeMs, new Map([[property, value]]));
    else row.set(property, value);
    if (quality !== 'good') words.set(timeMs, (words.get(timeMs) ?? new Map<string, QualityWord>()).set(property, quality));
  }
  const times = [...values.keys()].sort((a, b) => a - b);
  const quality = times.flatMap((timeMs, index) => {
    const row = words.get(timeMs);
    return row === undefined ? [] : [[String(index), Object.fromEntries(row)] as const];
  });
  return {
    topic: twin.path.join('/'),
    payload: times.map((time): BatchRow => ({ ...Object.fromEntries(values.get(time) ?? []), time })),
    changed: [...new Set(points.map(({ property }) => property))],
    timestamp: times.at(-1) ?? 0,
    quality: Object.fromEntries(quality),
    states: times.map(() => ''),
    twin: twin.header(lateRow),
    historical: true,
  };
}
