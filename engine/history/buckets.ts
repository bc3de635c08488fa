import type { HistorySummary, SeriesColumns } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { ChunkSummary } from './summary.ts';
import { addPoint, addSummary, emptySummary, numberAt } from './summary.ts';

export const mostBuckets = 100_000;

/** @throws Problem TWIN_HISTORY_BUCKETS */
export function checkBuckets(fromMs: number, toMs: number, count: number): void {
  if (Number.isFinite(fromMs) && Number.isFinite(toMs) && toMs > fromMs && Number.isInteger(count) && count >= 1 && count <= mostBuckets) return;
  throw new Problem('TWIN_HISTORY_BUCKETS', `A stretch from ${fromMs} to ${toMs} cannot be divided into ${count} parts.`,
    `Ask for 1 to ${mostBuckets} parts of a stretch that ends after its begin.`, { count });
}

/**
 * A stretch of time in equal buckets, filled in time order from points or, where a whole chunk lies in one bucket, from its summary: both
 * give the same. Choose it for charts and long tables rather than reading every point.
 */
export class Buckets {
  readonly summaries: HistorySummary[];
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #widthMs: number;
  readonly #holdAtMostMs: number;
  #heldSinceMs = NaN;
  #held = NaN;

  /** @param holdAtMostMs a value holds no longer than this, so that an outage is not filled with the last value before it */
  constructor(fromMs: number, toMs: number, count: number, holdAtMostMs = Infinity) {
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#widthMs = (toMs - fromMs) / count;
    this.#holdAtMostMs = holdAtMostMs;
    this.summaries = Array.from({ length: count }, emptySummary);
  }

  #bucketOf(timeMs: number): number {
    return Math.min(this.summaries.length - 1, Math.max(0, Math.floor((timeMs - this.#fromMs) / this.#widthMs)));
  }

  #hold(untilMs: number): void {
    if (this.#held !== this.#held) return;
    let at = Math.max(this.#fromMs, this.#heldSinceMs);
    const end = Math.min(untilMs, this.#toMs, this.#heldSinceMs + this.#holdAtMostMs);
    while (at < end) {
      const bucket = this.#bucketOf(at);
      const edge = bucket === this.summaries.length - 1 ? this.#toMs : this.#fromMs + (bucket + 1) * this.#widthMs;
      // An edge that rounding puts at or before `at` must not stop the walk.
      const next = edge > at ? Math.min(edge, end) : end;
      const summary = this.summaries[bucket] as HistorySummary;
      summary.integral += this.#held * (next - at);
      summary.coveredMs += next - at;
      at = next;
    }
  }

  /** Points before the stretch only say what holds at its begin. */
  addColumns(columns: SeriesColumns): void {
    const { times } = columns;
    for (let index = 0; index < times.length; index++) {
      const timeMs = times[index] as number;
      if (timeMs >= this.#toMs) return;
      this.#hold(timeMs);
      const value = numberAt(columns, index);
      this.#held = value;
      this.#heldSinceMs = timeMs;
      if (timeMs < this.#fromMs || value !== value) continue;
      const bucket = this.#bucketOf(timeMs);
      addPoint(this.summaries[bucket] as HistorySummary, timeMs, value);
      index = this.#addRun(columns, index, bucket);
    }
  }

  /** Adds the good numbers that follow within the bucket, each held to the next: what nearly all points are. Gives the place of the last one. */
  #addRun({ times, values, qualities }: SeriesColumns, from: number, bucket: number): number {
    if (!(values instanceof Float64Array)) return from;
    const summary = this.summaries[bucket] as HistorySummary;
    // Rounding may put what lies at the very edge into either bucket: that is left to the one who looks closely.
    const endMs = (bucket === this.summaries.length - 1 ? this.#toMs : this.#fromMs + (bucket + 1) * this.#widthMs) - 1;
    let { count, minimum, minimumAtMs, maximum, maximumAtMs, integral, coveredMs } = summary;
    let held = this.#held;
    let sinceMs = this.#heldSinceMs;
    let index = from + 1;
    for (; index < times.length; index++) {
      const timeMs = times[index] as number;
      const value = values[index] as number;
      const stepMs = timeMs - sinceMs;
      if (timeMs >= endMs || value !== value || qualities[index] === 2 || stepMs > this.#holdAtMostMs) break;
      integral += held * stepMs;
      coveredMs += stepMs;
      count += 1;
      if (value < minimum) {
        minimum = value;
        minimumAtMs = timeMs;
      }
      if (value > maximum) {
        maximum = value;
        maximumAtMs = timeMs;
      }
      held = value;
      sinceMs = timeMs;
    }
    if (index === from + 1) return from;
    Object.assign(summary, { count, minimum, minimumAtMs, maximum, maximumAtMs, integral, coveredMs, last: held, lastAtMs: sinceMs });
    this.#held = held;
    this.#heldSinceMs = sinceMs;
    return index - 1;
  }

  /** Whether a chunk can be added by its summary alone. */
  takesWhole(firstMs: number, lastMs: number, summary: ChunkSummary): boolean {
    return firstMs >= this.#fromMs && lastMs < this.#toMs && summary.longestStepMs <= this.#holdAtMostMs && this.#bucketOf(firstMs) === this.#bucketOf(lastMs);
  }

  addChunk(firstMs: number, lastMs: number, summary: ChunkSummary): void {
    this.#hold(firstMs);
    addSummary(this.summaries[this.#bucketOf(firstMs)] as HistorySummary, summary);
    this.#held = summary.end;
    this.#heldSinceMs = lastMs;
  }

  /** A stretch of which only the summary is left (older than the raw values). */
  addTier(startMs: number, stepMs: number, summary: HistorySummary): void {
    const middleMs = startMs + stepMs / 2;
    if (middleMs >= this.#fromMs && middleMs < this.#toMs) addSummary(this.summaries[this.#bucketOf(middleMs)] as HistorySummary, summary);
  }

  /** What holds at the end holds up to the end of the stretch. */
  finish(): HistorySummary[] {
    this.#hold(this.#toMs);
    return this.summaries;
  }
}
