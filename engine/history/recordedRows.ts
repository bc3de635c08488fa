import type { Quality } from '../observation.ts';
import type { HistoryReader, HistoryValue, SeriesColumns } from '../ports.ts';

/** A point of a twin's own history: scaled, counted on, as the twin kept it. */
export interface RecordedPoint {
  property: string;
  timeMs: number;
  value: HistoryValue;
  quality: Quality;
}

/** Points of one moment: what was one row when it was live. */
export interface RecordedRow {
  twin: string;
  /** Of its newest point. */
  timeMs: number;
  points: RecordedPoint[];
}

/** Points of one property that are fetched with one request; fewer where there are many properties, for all of a page are put in order at once. */
const mostInPage = 5000;
const fewestInPage = 500;
const pointsAtOnce = 20_000;
const firstWindowMs = 3_600_000;
const longestWindowMs = 30 * 86_400_000;
const words: readonly Quality[] = ['good', 'uncertain', 'bad'];

/**
 * The rows of a twin as they were when they came, from its history: points that lie within `togetherMs` of each other are one row, unless a property
 * comes twice. The marks that a twin itself made for gaps are left out: living the rows through again makes them anew.
 * @param properties that were measured; what is derived comes out of the twin
 * @param togetherMs as at the twin-asset that took them
 */
export async function* recordedRows(
  reader: HistoryReader, twin: string, properties: readonly string[], fromMs: number, toMs: number, togetherMs: number,
): AsyncGenerator<RecordedRow> {
  const pageOfPoints = Math.min(mostInPage, Math.max(fewestInPage, Math.floor(pointsAtOnce / properties.length)));
  let begin = await firstTime(reader, twin, properties, fromMs, toMs);
  let windowMs = firstWindowMs;
  let row: RecordedRow | undefined;
  let rowBeganMs = NaN;
  const known = new Set<string>();
  while (begin < toMs) {
    let end = Math.min(toMs, begin + windowMs);
    const parts: { property: string; columns: SeriesColumns }[] = [];
    let most = 0;
    for (const property of properties) {
      const columns = await reader.columns(twin, property, begin, end, pageOfPoints);
      const last = columns.times.at(-1);
      if (last === undefined) continue;
      // Only as far as this property could be read; the others are cut there.
      if (columns.times.length === pageOfPoints) end = Math.min(end, last + 1);
      most = Math.max(most, columns.times.length);
      parts.push({ property, columns });
    }
    for (const point of inOrder(parts, end)) {
      if (point.value === null && point.quality === 'bad' && known.has(point.property)) continue;
      known.add(point.property);
      const belongs = row !== undefined && point.timeMs - rowBeganMs <= togetherMs && !row.points.some(({ property }) => property === point.property);
      if (row === undefined || !belongs) {
        if (row !== undefined) yield row;
        row = { twin, timeMs: point.timeMs, points: [] };
        rowBeganMs = point.timeMs;
      }
      row.points.push(point);
      row.timeMs = point.timeMs;
    }
    // Over silence to the next value, however far.
    begin = most === 0 ? await firstTime(reader, twin, properties, end, toMs) : end;
    windowMs = most * 4 < pageOfPoints ? Math.min(longestWindowMs, windowMs * 2) : most === pageOfPoints ? Math.max(1000, windowMs / 2) : windowMs;
  }
  if (row !== undefined) yield row;
}

async function firstTime(reader: HistoryReader, twin: string, properties: readonly string[], fromMs: number, toMs: number): Promise<number> {
  let first = toMs;
  for (const property of properties) {
    const { times } = await reader.columns(twin, property, fromMs, toMs, 1);
    first = Math.min(first, times[0] ?? toMs);
  }
  return first;
}

/** By time; at the same time in the order of the properties. */
function inOrder(parts: readonly { property: string; columns: SeriesColumns }[], endMs: number): RecordedPoint[] {
  const points: RecordedPoint[] = [];
  for (const { property, columns } of parts) {
    for (let index = 0; index < columns.times.length; index++) {
      const timeMs = columns.times[index] as number;
      if (timeMs >= endMs) break;
      points.push({ property, timeMs, value: columns.values[index] as HistoryValue, quality: words[columns.qualities[index] as number] ?? 'bad' });
    }
  }
  return points.sort((a, b) => a.timeMs - b.timeMs);
}

/** Rows of several twins in the order of their time. */
export async function* rowsInOrder(sources: readonly AsyncGenerator<RecordedRow>[]): AsyncGenerator<RecordedRow> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, next: await source.next() })));
  for (;;) {
    let earliest: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (head.next.done !== true && (earliest === undefined || earliest.next.done === true || head.next.value.timeMs < earliest.next.value.timeMs)) earliest = head;
    }
    if (earliest === undefined || earliest.next.done === true) return;
    yield earliest.next.value;
    earliest.next = await earliest.source.next();
  }
}
