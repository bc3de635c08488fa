import type { HistorySummary, SeriesColumns } from '../ports.ts';

export function emptySummary(): HistorySummary {
  return {
    count: 0, minimum: NaN, minimumAtMs: NaN, maximum: NaN, maximumAtMs: NaN, first: NaN, firstAtMs: NaN, last: NaN, lastAtMs: NaN, integral: 0, coveredMs: 0,
  };
}

export function addPoint(summary: HistorySummary, timeMs: number, value: number): void {
  if (summary.count === 0) {
    summary.minimum = summary.maximum = summary.first = value;
    summary.minimumAtMs = summary.maximumAtMs = summary.firstAtMs = timeMs;
  } else {
    if (value < summary.minimum) {
      summary.minimum = value;
      summary.minimumAtMs = timeMs;
    }
    if (value > summary.maximum) {
      summary.maximum = value;
      summary.maximumAtMs = timeMs;
    }
  }
  summary.last = value;
  summary.lastAtMs = timeMs;
  summary.count += 1;
}

const pointFields = ['count', 'minimum', 'minimumAtMs', 'maximum', 'maximumAtMs', 'first', 'firstAtMs', 'last', 'lastAtMs'] as const;

/** Adds a later stretch. */
export function addSummary(summary: HistorySummary, later: HistorySummary): void {
  summary.integral += later.integral;
  summary.coveredMs += later.coveredMs;
  if (later.count === 0) return;
  if (summary.count === 0) {
    for (const field of pointFields) summary[field] = later[field];
    return;
  }
  if (later.minimum < summary.minimum) {
    summary.minimum = later.minimum;
    summary.minimumAtMs = later.minimumAtMs;
  }
  if (later.maximum > summary.maximum) {
    summary.maximum = later.maximum;
    summary.maximumAtMs = later.maximumAtMs;
  }
  summary.last = later.last;
  summary.lastAtMs = later.lastAtMs;
  summary.count += later.count;
}

/** A whole chunk, from its first to its last point, and what is needed to go on from it. */
export interface ChunkSummary extends HistorySummary {
  /** The last point's value, NaN when it does not count: what holds until the next chunk. */
  end: number;
  /** The longest time between two neighbouring points. */
  longestStepMs: number;
}

/** The number at a place, NaN when it does not count (no number, bad quality). */
export function numberAt({ values, qualities }: SeriesColumns, index: number): number {
  const value = values[index];
  return typeof value === 'number' && qualities[index] !== 2 ? value : NaN;
}

export function summaryOf(columns: SeriesColumns): ChunkSummary {
  const summary = emptySummary();
  const { times } = columns;
  let longestStepMs = 0;
  let before = NaN;
  for (let index = 0; index < times.length; index++) {
    const timeMs = times[index] as number;
    if (index > 0) {
      const step = timeMs - (times[index - 1] as number);
      if (step > longestStepMs) longestStepMs = step;
      if (before === before) {
        summary.integral += before * step;
        summary.coveredMs += step;
      }
    }
    before = numberAt(columns, index);
    if (before === before) addPoint(summary, timeMs, before);
  }
  return { ...summary, end: before, longestStepMs };
}

const fields = [...pointFields, 'integral', 'coveredMs', 'end', 'longestStepMs'] as const satisfies readonly (keyof ChunkSummary)[];

export function packSummary(summary: ChunkSummary): Uint8Array {
  const packed = new Float64Array(fields.length);
  for (let index = 0; index < fields.length; index++) packed[index] = summary[fields[index] as keyof ChunkSummary];
  return new Uint8Array(packed.buffer);
}

/** @throws RangeError */
export function unpackSummary(bytes: Uint8Array): ChunkSummary {
  if (bytes.length !== 8 * fields.length) throw new RangeError('A summary has another length.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (index: number): number => view.getFloat64(8 * index, true);
  return {
    count: at(0), minimum: at(1), minimumAtMs: at(2), maximum: at(3), maximumAtMs: at(4), first: at(5), firstAtMs: at(6), last: at(7), lastAtMs: at(8),
    integral: at(9), coveredMs: at(10), end: at(11), longestStepMs: at(12),
  };
}
