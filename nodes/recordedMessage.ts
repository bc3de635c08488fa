import type { BatchRow, QualityWord, ReplayMark, SentValue } from '../contract/messages.ts';
import type { RecordedPoint, RecordedRow } from '../engine/history/recordedRows.ts';
import { Problem } from '../engine/problem.ts';
import type { ReadRow } from './message.ts';
import { largestRows, largestValues } from './messageLimits.ts';
import type { Message } from './red.d.ts';

/** What a message of recorded rows carries beside its marks. */
interface RecordedMessage {
  /** Flat rows, as everywhere. */
  payload: BatchRow[];
  /** Per row (by its index as text) only where something is not good. */
  quality: Record<string, Record<string, QualityWord>>;
  /** Per row, only values that have another time than their row. */
  times: Record<string, Record<string, number>>;
}

/** Rows of a machine's own history as a message, to be lived through again by that machine. */
export function recordedMessage(rows: readonly RecordedRow[]): RecordedMessage {
  const quality: [string, Record<string, QualityWord>][] = [];
  const times: [string, Record<string, number>][] = [];
  const payload = rows.map(({ timeMs, points }, index): BatchRow => {
    const notGood = points.filter((point) => point.quality !== 'good');
    const elsewhen = points.filter((point) => point.timeMs !== timeMs);
    if (notGood.length > 0) quality.push([String(index), Object.fromEntries(notGood.map((point) => [point.property, point.quality]))]);
    if (elsewhen.length > 0) times.push([String(index), Object.fromEntries(elsewhen.map((point) => [point.property, point.timeMs]))]);
    return { ...(Object.fromEntries(points.map(({ property, value }) => [property, value])) as Record<string, SentValue>), time: timeMs } as BatchRow;
  });
  return { payload, quality: Object.fromEntries(quality), times: Object.fromEntries(times) };
}

/**
 * The rows of such a message, and whose they are; undefined for any other message.
 * @throws Problem TWIN_ROWS where something on the way took them apart
 */
export function recordedRowsOf(message: Message): { twin: string; rows: ReadRow[] } | undefined {
  const mark = message.replay as Partial<ReplayMark> | null | undefined;
  if (message.historical !== true || typeof mark !== 'object' || mark === null || mark.recorded !== true || typeof mark.twin !== 'string') return undefined;
  const { payload } = message;
  if (!Array.isArray(payload) || payload.length > largestRows) throw takenApart();
  const quality = message['quality'] as RecordedMessage['quality'] | undefined;
  const times = message['times'] as RecordedMessage['times'] | undefined;
  const rows = payload.map((row: unknown, index): ReadRow => {
    if (typeof row !== 'object' || row === null || typeof (row as BatchRow).time !== 'number') throw takenApart();
    const { time: timeMs, ...values } = row as BatchRow;
    const names = Object.keys(values);
    if (names.length > largestValues) throw takenApart();
    const words = part(quality, index);
    const own = part(times, index);
    const recorded = names.map((property): RecordedPoint => {
      const value = (values as Record<string, SentValue>)[property] ?? null;
      const word = Object.hasOwn(words, property) ? words[property] : undefined;
      const at = Object.hasOwn(own, property) ? own[property] : undefined;
      return { property, timeMs: typeof at === 'number' ? at : timeMs, value, quality: word === 'bad' || word === 'uncertain' ? word : 'good' };
    });
    return { timeMs, values: {}, topic: '', recorded };
  });
  return { twin: mark.twin, rows };
}

function part<T>(all: Record<string, Record<string, T>> | undefined, index: number): Record<string, T> {
  const found = typeof all === 'object' && all !== null && Object.hasOwn(all, String(index)) ? all[String(index)] : undefined;
  return typeof found === 'object' && found !== null ? found : {};
}

function takenApart(): Problem {
  return new Problem('TWIN_ROWS', 'Rows from history were taken apart on the way.', 'Wire twin-replay straight to the machine, and leave its messages as they are.');
}
