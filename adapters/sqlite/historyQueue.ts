import type { HistoryPoint, HistoryRows } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import type { HistoryBatch } from './historyBatch.ts';
import { HistoryBatchBuilder } from './historyBatch.ts';

interface OpenBatch {
  builder: HistoryBatchBuilder;
  written: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** The promise of the store: what is accepted is on disk within this time. */
const windowMs = 100;
/** A batch of so many points does not wait any longer. */
const fullBatch = 20_000;
/** One piece of rows that crosses to the thread at once. */
const mostInPiece = 100_000;
/** Points that may wait while the disk is slow; about 40 MB. Beyond it a write is refused, not swallowed. */
const mostWaiting = 2_000_000;

/**
 * Gathers history into batches (group commit): one transaction and one sync for all that came within the window. Everybody whose points
 * are in a batch waits for the same promise.
 */
export class HistoryQueue {
  readonly #write: (batch: HistoryBatch) => Promise<void>;
  readonly #refusal: (limit: number) => Problem;
  #open: OpenBatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(write: (batch: HistoryBatch) => Promise<void>, refusal: (limit: number) => Problem) {
    this.#write = write;
    this.#refusal = refusal;
  }

  async add(points: readonly HistoryPoint[]): Promise<void> {
    for (const { timeMs } of points) if (!Number.isSafeInteger(timeMs)) throw timeProblem(timeMs);
    if (points.length === 0) return;
    this.#checkRoom(points.length);
    const batch = this.#batch();
    batch.builder.add(points);
    await this.#added(batch, points.length);
  }

  async addRows(rows: HistoryRows): Promise<void> {
    const { times, values, properties } = rows;
    for (const timeMs of times) if (!Number.isSafeInteger(timeMs)) throw timeProblem(timeMs);
    if (values.length !== times.length * properties.length) {
      throw new Problem('TWIN_HISTORY_ROWS', `${times.length} times of ${properties.length} properties came with ${values.length} values.`, 'Report this with the log around it.');
    }
    if (values.length === 0) return;
    this.#checkRoom(values.length);
    const rowsAtOnce = Math.max(1, Math.floor(mostInPiece / properties.length));
    const written: Promise<void>[] = [];
    for (let start = 0; start < times.length; start += rowsAtOnce) {
      const end = Math.min(times.length, start + rowsAtOnce);
      const batch = this.#batch();
      batch.builder.addRows({ ...rows, times: times.subarray(start, end), values: values.subarray(start * properties.length, end * properties.length) });
      written.push(this.#added(batch, (end - start) * properties.length));
    }
    await Promise.all(written);
  }

  /** Everything that was added before is written (or has failed) when this resolves. */
  async flush(): Promise<void> {
    this.#send();
    await this.#underWay;
  }

  #checkRoom(points: number): void {
    if (this.#waiting > 0 && this.#waiting + points > mostWaiting) throw this.#refusal(mostWaiting);
  }

  #batch(): OpenBatch {
    if (this.#open !== undefined) return this.#open;
    let resolve: () => void = () => {};
    let reject: (error: unknown) => void = () => {};
    const written = new Promise<void>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    // Whoever adds waits for it; a batch is never without one, but its own rejection must not count as unhandled.
    written.catch(() => {});
    this.#open = { builder: new HistoryBatchBuilder(), written, resolve, reject };
    return this.#open;
  }

  #added(batch: OpenBatch, points: number): Promise<void> {
    this.#waiting += points;
    if (batch.builder.points >= fullBatch) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), windowMs);
    return batch.written;
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#open;
    if (batch === undefined) return;
    this.#open = undefined;
    const points = batch.builder.points;
    this.#underWay = Promise.all([this.#underWay, this.#write(batch.builder.take()).then(batch.resolve, batch.reject)]).then(() => {
      this.#waiting -= points;
    });
  }
}

function timeProblem(timeMs: number): Problem {
  return new Problem('TWIN_HISTORY_TIME', `A point of history has the time ${timeMs}.`, 'Send whole milliseconds since 1970 (UTC).', { time: String(timeMs) });
}
