import type { Quality } from '../observation.ts';
import type { HistoryPoint, HistoryReader, HistoryValue, SeriesColumns } from '../ports.ts';
import { Problem } from '../problem.ts';
import { aggregate } from './aggregates.ts';
import type { AggregateName, AggregateOptions } from './aggregates.ts';
import { joined, noColumns } from './columns.ts';

/** Points of one property that are aggregated at once, at most; some 17 MB. */
export const mostPointsAggregated = 1_000_000;
/** Points that are fetched with one request. */
const pageOfPoints = 50_000;

export interface HistoryQuestion {
  /** values: as they came; aggregates: one of each interval; moment: what was known at `toMs`. */
  what: 'values' | 'aggregates' | 'moment';
  /** Keys of twins with the properties that are wanted of each. */
  twins: readonly { key: string; properties: readonly string[] }[];
  fromMs: number;
  toMs: number;
  /** Length of an interval; 0: the whole stretch is one. */
  everyMs: number;
  aggregate: AggregateName;
  options: AggregateOptions;
  /** Values in the answer, at most. Each series gets its equal share. */
  mostValues: number;
  /** Whether the time for the answer is over. */
  isOver?: () => boolean;
}

export interface HistorySeries {
  twin: string;
  property: string;
  points: { timeMs: number; value: HistoryValue; quality: Quality }[];
}

export interface HistoryAnswer {
  series: HistorySeries[];
  /** Where a bound was met: the answer goes only up to here. */
  cutAtMs: number | undefined;
}

const words: readonly Quality[] = ['good', 'uncertain', 'bad'];

/**
 * History as an answer of bounded size, the same from every reader. Aggregates see the last point before the stretch and the first one after it, so
 * that a value that was sent once an hour ago still holds.
 * @throws Problem TWIN_READ_TOO_LONG, TWIN_HISTORY_BUCKETS; what the reader throws
 */
export async function readHistory(reader: HistoryReader, question: HistoryQuestion): Promise<HistoryAnswer> {
  const count = question.twins.reduce((sum, { properties }) => sum + properties.length, 0);
  const share = Math.max(1, Math.floor(question.mostValues / Math.max(1, count)));
  const answer: HistoryAnswer = { series: [], cutAtMs: undefined };
  const cut = (atMs: number): void => {
    answer.cutAtMs = Math.min(answer.cutAtMs ?? Infinity, atMs);
  };
  for (const { key, properties } of question.twins) {
    const wanted = new Set(properties);
    const atMs = question.what === 'moment' ? question.toMs : question.fromMs - 1;
    const before = question.what === 'values' ? [] : (await reader.asOf(key, atMs, properties)).filter(({ property }) => wanted.has(property));
    const lastOf = new Map(before.map((point) => [point.property, point]));
    for (const property of properties) {
      if (question.isOver?.() === true) {
        throw new Problem('TWIN_READ_TOO_LONG', 'Reading the history took too long.', 'Ask for a shorter stretch, fewer machines or fewer properties.');
      }
      if (question.what === 'moment') {
        const point = lastOf.get(property);
        if (point !== undefined) answer.series.push({ twin: key, property, points: [{ timeMs: point.timeMs, value: point.value, quality: point.quality }] });
        continue;
      }
      const points = question.what === 'values' ? await values(reader, question, key, property, share, cut) : await intervals(reader, question, key, property, lastOf.get(property), share, cut);
      answer.series.push({ twin: key, property, points });
    }
  }
  return answer;
}

async function values(
  reader: HistoryReader, { fromMs, toMs }: HistoryQuestion, twin: string, property: string, share: number, cut: (atMs: number) => void,
): Promise<HistorySeries['points']> {
  const { columns, nextMs } = await pages(reader, twin, property, fromMs, toMs, share);
  if (nextMs !== undefined) cut(nextMs);
  return Array.from(columns.times, (timeMs, index) => ({ timeMs, value: columns.values[index] as HistoryValue, quality: words[columns.qualities[index] as number] as Quality }));
}

async function intervals(
  reader: HistoryReader, question: HistoryQuestion, twin: string, property: string, before: HistoryPoint | undefined, share: number, cut: (atMs: number) => void,
): Promise<HistorySeries['points']> {
  const { fromMs } = question;
  const everyMs = question.everyMs > 0 ? question.everyMs : question.toMs - fromMs;
  let toMs = question.toMs;
  if (Math.ceil((toMs - fromMs) / everyMs) > share) {
    toMs = fromMs + share * everyMs;
    cut(toMs);
  }
  const { columns, nextMs } = await pages(reader, twin, property, fromMs, toMs, mostPointsAggregated);
  let after = noColumns;
  if (nextMs === undefined) after = await reader.columns(twin, property, toMs, Infinity, 1);
  else {
    // Only intervals whose points are all there.
    toMs = fromMs + Math.floor((nextMs - fromMs) / everyMs) * everyMs;
    cut(toMs);
    if (toMs <= fromMs) return [];
  }
  const all = joined(before === undefined ? noColumns : columnsOf(before), columns, after, noColumns);
  return aggregate(question.aggregate, all, fromMs, toMs, everyMs, question.options).map(({ timeMs, value, quality }) => ({ timeMs, value, quality }));
}

/** At most `limit` points, page by page. `nextMs`: there is more, from here on. */
async function pages(
  reader: HistoryReader, twin: string, property: string, fromMs: number, toMs: number, limit: number,
): Promise<{ columns: SeriesColumns; nextMs: number | undefined }> {
  const parts: SeriesColumns[] = [];
  let count = 0;
  let begin = fromMs;
  for (;;) {
    // One more than is wanted tells whether there is more.
    const wanted = Math.min(pageOfPoints, limit - count + 1);
    const page = await reader.columns(twin, property, begin, toMs, wanted);
    const last = page.times.at(-1);
    if (last === undefined) break;
    const room = limit - count;
    if (page.times.length > room) {
      const kept = { times: page.times.subarray(0, room), values: page.values.slice(0, room) as SeriesColumns['values'], qualities: page.qualities.subarray(0, room) };
      return { columns: joined(...parts, kept, noColumns), nextMs: page.times[room] as number };
    }
    parts.push(page);
    count += page.times.length;
    if (page.times.length < wanted) break;
    begin = last + 1;
  }
  return { columns: joined(...parts, noColumns), nextMs: undefined };
}

function columnsOf({ timeMs, value, quality }: HistoryPoint): SeriesColumns {
  return { times: Float64Array.of(timeMs), values: [value], qualities: Uint8Array.of(words.indexOf(quality)) };
}
