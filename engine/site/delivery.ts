import type { Outbox, OutboxRecord } from '../ports.ts';
import { Problem } from '../problem.ts';

/** What became of one attempt. */
export type DeliveryOutcome =
  /** The target confirmed all but the rejected ones (by index), which it refuses for good. */
  | { kind: 'delivered'; rejected: readonly { index: number; reason: string }[] }
  /** Nothing was confirmed; try again later. */
  | { kind: 'retry'; problem: Problem };

export interface DeliveryPorts {
  outbox: Outbox;
  /** Delivers in order; never rejects. */
  deliver(records: readonly OutboxRecord[]): Promise<DeliveryOutcome>;
  /** Calls back after a while; the returned function takes that back. */
  later(delayMs: number, action: () => void): () => void;
  /** Wall clock, ms UTC. */
  nowMs(): number;
}

export interface DeliveryOptions {
  target: string;
  /** At most so many records at once. Default 1,000. */
  batchRecords?: number;
  /** How long a record may wait for others to go with it. Default 0: at once. */
  waitMs?: number;
  /** What may wait on disk; beyond it the oldest go, counted and dated. Default 512 MB. */
  keepBytes?: number;
  onProblem?: (problem: Problem) => void;
  onDelivered?: (records: number) => void;
  /** After a failed attempt: so many wait. */
  onWaiting?: (records: number) => void;
  onDropped?: (records: number) => void;
}

const firstRetryMs = 500;
const longestRetryMs = 30_000;
const dropAtOnce = 1000;
/** The depth is asked for after so many records, because each question costs a query. */
const capCheckedEvery = 500;

/**
 * Takes records in once they are on disk and brings them to their target, in order, until the target confirmed them: at least
 * once, so each carries its idempotency key. A target that is away holds nothing else up; what it refuses for good is set aside
 * with the reason; when the space for waiting is used up, the oldest go and leave a dated gap.
 */
export class Delivery {
  readonly #ports: DeliveryPorts;
  readonly #options: Required<Pick<DeliveryOptions, 'target' | 'batchRecords' | 'waitMs' | 'keepBytes'>> & DeliveryOptions;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #retryMs = firstRetryMs;
  #failing = false;
  #sinceCapCheck = 0;

  constructor(ports: DeliveryPorts, options: DeliveryOptions) {
    this.#ports = ports;
    this.#options = { ...options, batchRecords: options.batchRecords ?? 1000, waitMs: options.waitMs ?? 0, keepBytes: options.keepBytes ?? 512_000_000 };
  }

  /** Brings what an earlier process left. */
  start(): void {
    this.#wake(0);
  }

  /** Resolves when the records are on disk. */
  async add(records: readonly { idempotencyKey: string; body: string }[]): Promise<void> {
    if (records.length === 0) return;
    await this.#ports.outbox.add(this.#options.target, records, this.#ports.nowMs());
    this.#sinceCapCheck += records.length;
    if (this.#sinceCapCheck >= capCheckedEvery) {
      this.#sinceCapCheck = 0;
      await this.#keepWithinBounds();
    }
    if (!this.#failing) this.#wake(this.#options.waitMs);
  }

  /** Ends after the attempt that is under way; the rest stays on disk. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#running;
  }

  #wake(delayMs: number): void {
    if (this.#stopped || this.#cancel !== undefined) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#cancel = this.#ports.later(delayMs, () => {
      this.#cancel = undefined;
      this.#running = this.#drain().finally(() => {
        this.#running = undefined;
        if (this.#again) {
          this.#again = false;
          this.#wake(this.#failing ? this.#retryMs : this.#options.waitMs);
        }
      });
    });
  }

  async #drain(): Promise<void> {
    const { outbox } = this.#ports;
    const { target, batchRecords } = this.#options;
    try {
      while (!this.#stopped) {
        const records = await outbox.pending(target, batchRecords);
        if (records.length === 0) break;
        const outcome = await this.#ports.deliver(records);
        if (outcome.kind === 'retry') {
          await this.#failed(outcome.problem);
          return;
        }
        await this.#settle(records, outcome.rejected);
        this.#failing = false;
        this.#retryMs = firstRetryMs;
        this.#options.onDelivered?.(records.length - outcome.rejected.length);
        if (records.length < batchRecords) break;
      }
    } catch (cause) {
      await this.#failed(new Problem('TWIN_OUTBOX', `What waits for "${target}" cannot be read or written: ${cause instanceof Error ? cause.message : String(cause)}.`, 'Check free space and rights of the data folder; it is tried again.'));
    }
  }

  async #settle(records: readonly OutboxRecord[], rejected: readonly { index: number; reason: string }[]): Promise<void> {
    const { outbox } = this.#ports;
    const { target, onProblem } = this.#options;
    const refused = new Map(rejected.map(({ index, reason }) => [index, reason]));
    const byReason = new Map<string, number[]>();
    for (const [index, reason] of refused) {
      const sequence = records[index]?.sequence;
      if (sequence === undefined) continue;
      byReason.set(reason, [...(byReason.get(reason) ?? []), sequence]);
    }
    for (const [reason, sequences] of byReason) {
      await outbox.setAside(target, sequences, reason, this.#ports.nowMs());
      onProblem?.(new Problem('TWIN_REJECTED', `${sequences.length} records were refused: ${reason}.`, 'They are set aside and not lost; correct the cause.', { count: sequences.length, reason }));
    }
    await outbox.confirm(
      target,
      records.flatMap(({ sequence }, index) => (refused.has(index) ? [] : [sequence])),
    );
  }

  async #failed(problem: Problem): Promise<void> {
    this.#failing = true;
    this.#options.onProblem?.(problem);
    const depth = await this.#ports.outbox.depth(this.#options.target).catch(() => undefined);
    if (depth !== undefined) this.#options.onWaiting?.(depth.records);
    const delayMs = this.#retryMs;
    this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2);
    this.#again = false;
    if (this.#stopped) return;
    this.#cancel = this.#ports.later(delayMs, () => {
      this.#cancel = undefined;
      this.#running = this.#drain().finally(() => {
        this.#running = undefined;
        if (!this.#failing) this.#wake(this.#options.waitMs);
      });
    });
  }

  async #keepWithinBounds(): Promise<void> {
    const { outbox } = this.#ports;
    const { target, keepBytes, onDropped } = this.#options;
    let dropped = 0;
    for (;;) {
      const depth = await outbox.depth(target);
      if (depth.bytes <= keepBytes || depth.records === 0) break;
      const oldest = await outbox.pending(target, dropAtOnce);
      let excess = depth.bytes - keepBytes;
      const going: number[] = [];
      for (const record of oldest) {
        if (excess <= 0) break;
        going.push(record.sequence);
        excess -= record.body.length;
      }
      if (going.length === 0) break;
      await outbox.drop(target, going, 'the space for waiting is used up', this.#ports.nowMs());
      dropped += going.length;
    }
    if (dropped > 0) onDropped?.(dropped);
  }
}
