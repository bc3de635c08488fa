import type { Outbox, OutboxDepth, OutboxRecord, Random } from '../ports.ts';
import { Problem } from '../problem.ts';

/** A record of an attempt, by its place, that the target refuses for good, in its own words. */
export interface Refusal {
  index: number;
  reason: string;
}

/**
 * What became of one attempt. `delivered`: all that are not `rejected` were confirmed. `retry`: all but those that are named in
 * `delivered` and `rejected` have to go again.
 */
export type DeliveryOutcome =
  | { kind: 'delivered'; rejected: readonly Refusal[] }
  | { kind: 'retry'; problem: Problem; delivered?: readonly number[]; rejected?: readonly Refusal[]; /** When the target wants to be asked again. */ afterMs?: number };

/** How a delivery stands, for a person. */
export interface DeliveryState extends OutboxDepth {
  target: string;
  /** Of the last ten seconds. */
  deliveredPerSecond: number;
  /** Given up or refused since the start. */
  dropped: number;
  /** Why it has to wait at the moment. */
  problem: Problem | undefined;
}

/** What a delivery needs of the outside. */
export interface DeliveryPorts {
  outbox: Outbox;
  /**
   * Hands records to the target, in order, and resolves when it confirmed or refused them.
   * @param backfillTo records up to this sequence waited through an outage or a stop; where the target can carry that, they are marked
   */
  deliver(records: readonly OutboxRecord[], backfillTo: number): Promise<DeliveryOutcome>;
  /** Calls `action` once, about `delayMs` later; the returned function cancels it. */
  later(delayMs: number, action: () => void): () => void;
  /** Milliseconds UTC. */
  nowMs(): number;
  /** Shortens pauses by chance, so that many plants do not come back at once. Default: no chance. */
  random?: Random;
}

export interface DeliveryOptions {
  /** Name of the queue in the outbox; one Delivery per name. */
  target: string;
  /** Records in one attempt. Default 5000. */
  batchRecords?: number;
  /** How long the first record of a batch waits for others. Default 1000. */
  waitMs?: number;
  /** What may wait undelivered; beyond it see `atCap`. Default 512 MB. */
  keepBytes?: number;
  /**
   * `strict` (default): one after the other as they were accepted. `liveFirst`: after an outage what is accepted now goes first, and what
   * waited goes between, in order; choose it where the target orders by the time in the record, as a database of history does.
   */
  order?: 'strict' | 'liveFirst';
  /** Records older than this are given up. Default: none is too old. */
  keepMs?: number;
  /** dropOldest (default): the oldest go, counted and dated. block: new ones are refused with TWIN_OUTBOX_FULL. */
  atCap?: 'dropOldest' | 'block';
  /** Default 1000: the pause after the first failure; it doubles up to longestRetryMs (default 10,000), shortened by chance. */
  firstRetryMs?: number;
  longestRetryMs?: number;
  /** Records that the target confirmed. */
  onDelivered?(records: number): void;
  /** Why delivery has to wait, once per kind of problem. */
  onProblem?(problem: Problem): void;
  /** Records that wait while the target is away, after each failed attempt. */
  onWaiting?(records: number): void;
  /** Records given up, in one gap of the outbox. */
  onDropped?(records: number): void;
  /** Records set aside, with the target's reason. */
  onRejected?(records: number, reason: string): void;
}

/** A batch of so many characters is a full one. */
const fullBatchCharacters = 2_000_000;
const rateWindowMs = 10_000;
/** A target's own wish to be left alone is followed so far. */
const longestAfterMs = 300_000;

/** Dropping a little more than needed spares a write of the disk for every further record. */
const roomAfterDrop = 0.05;
const dropAtOnce = 5000;

interface Attempt {
  problem: Problem | undefined;
  afterMs?: number;
  left: boolean;
}

/**
 * Brings the records of an outbox to their target: in order, at least once, removed only after the target confirmed them.
 * A target that is away is asked again after a pause that doubles (binary exponential back-off with jitter; Metcalfe and
 * Boggs, 1976), so that a plant's connections do not all come back in the same second. Nothing goes silently: what the target
 * refuses is set aside with its reason, what no longer fits leaves a dated gap.
 */
export class Delivery {
  readonly #outbox: Outbox;
  readonly #ports: DeliveryPorts;
  readonly #options: DeliveryOptions;
  #cancelTimer: (() => void) | undefined;
  /** gathering and pausing have a timer; delivering has a promise. */
  #phase: 'stopped' | 'idle' | 'gathering' | 'delivering' | 'pausing' = 'stopped';
  #running: Promise<void> = Promise.resolve();
  #failures = 0;
  #toldCode = '';
  #bytes: number | undefined;
  /** What is being added at the moment. */
  #reserved = 0;
  readonly #adding = new Set<Promise<unknown>>();
  #underWay = new Set<number>();
  #making: Promise<void> | undefined;
  /** Up to here it waited through an outage or a stop; Infinity: all there is, until something new comes. 0: nothing. */
  #backlogTo = Infinity;
  #newest: number | undefined;
  #lastLiveMs = -Infinity;
  #delivered: { atMs: number; records: number }[] = [];
  #dropped = 0;
  #problem: Problem | undefined;
  /** What could not even be accepted, until it can be written down. */
  #refused: { records: number; bytes: number; fromMs: number; toMs: number; reason: string } | undefined;

  constructor(ports: DeliveryPorts, options: DeliveryOptions) {
    this.#ports = ports;
    this.#outbox = ports.outbox;
    this.#options = options;
  }

  /** Begins with what an earlier run left. */
  start(): void {
    if (this.#phase !== 'stopped') return;
    this.#phase = 'idle';
    this.#deliverNow();
  }

  /** Ends after the attempt under way. What is undelivered stays in the outbox. */
  async stop(): Promise<void> {
    this.#phase = 'stopped';
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.#running;
  }

  /**
   * Accepts records: on disk when this resolves.
   * @throws Problem TWIN_OUTBOX_FULL with atCap 'block'; whatever the outbox throws, when nothing could be stored
   */
  async add(records: readonly { idempotencyKey: string; body: string }[]): Promise<void> {
    if (records.length === 0) return;
    const bytes = records.reduce((sum, { body }) => sum + utf8Length(body), 0);
    try {
      await this.#makeRoom(bytes);
      const adding = this.#outbox.add(this.#options.target, records, this.#ports.nowMs());
      this.#adding.add(adding);
      let sequences: number[];
      try {
        sequences = await adding;
      } finally {
        this.#adding.delete(adding);
        this.#reserved -= bytes;
      }
      if (this.#bytes !== undefined) this.#bytes += bytes;
      if (this.#backlogTo === Infinity) this.#backlogTo = (sequences[0] ?? 1) - 1;
      this.#newest = Math.max(this.#newest ?? 0, sequences.at(-1) ?? 0);
    } catch (error) {
      this.#countRefused(records.length, bytes, asProblem(error));
      throw error;
    }
    if (this.#refused !== undefined) await this.#tellRefused();
    if (this.#phase !== 'idle') return;
    this.#deliverSoon();
  }

  async state(): Promise<DeliveryState> {
    const depth = await this.#outbox.depth(this.#options.target);
    const sinceMs = this.#ports.nowMs() - rateWindowMs;
    const delivered = this.#delivered.reduce((sum, { atMs, records }) => sum + (atMs > sinceMs ? records : 0), 0);
    return { ...depth, target: this.#options.target, deliveredPerSecond: (1000 * delivered) / rateWindowMs, dropped: this.#dropped, problem: this.#problem };
  }

  /** For when the target is known to be back, or refused records were put back: does not wait for the end of the pause. */
  retryNow(): void {
    if (this.#phase === 'pausing' || this.#phase === 'idle') this.#deliverNow();
  }

  #deliverNow(): void {
    if (this.#phase === 'stopped' || this.#phase === 'delivering') return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#phase = 'delivering';
    this.#running = this.#deliverAll();
  }

  async #deliverAll(): Promise<void> {
    for (;;) {
      let problem: Problem | undefined;
      let afterMs: number | undefined;
      let left = false;
      try {
        ({ problem, afterMs, left } = await this.#attempt());
      } catch (error) {
        // The outbox itself: the disk is full or away. Nothing is lost, it is tried again.
        problem = asProblem(error);
      }
      if (this.#isStopped()) return;
      this.#problem = problem;
      if (problem !== undefined) return await this.#pause(problem, afterMs);
      this.#failures = 0;
      this.#toldCode = '';
      if (left) continue;
      this.#phase = 'idle';
      // Something may have come while the last batch was under way.
      const depth = await this.#outbox.depth(this.#options.target).catch(() => undefined);
      this.#bytes = depth?.bytes ?? this.#bytes;
      if (this.#phase === 'idle' && depth !== undefined && depth.records > 0) this.#deliverSoon();
      return;
    }
  }

  #deliverSoon(): void {
    this.#phase = 'gathering';
    this.#cancelTimer = this.#ports.later(this.#options.waitMs ?? 1000, () => this.#deliverNow());
  }

  #isStopped(): boolean {
    return this.#phase === 'stopped';
  }

  async #attempt(): Promise<Attempt> {
    const { target, batchRecords = 5000, waitMs = 1000, order = 'strict' } = this.#options;
    await this.#dropOld();
    const hasLanes = order === 'liveFirst' && this.#backlogTo > 0 && this.#backlogTo !== Infinity;
    let liveIsFull = false;
    if (hasLanes && this.#ports.nowMs() - this.#lastLiveMs >= waitMs) {
      const live = await this.#outbox.pending(target, batchRecords, this.#backlogTo);
      this.#lastLiveMs = this.#ports.nowMs();
      const attempt = await this.#deliverBatch(live);
      if (attempt.problem !== undefined || this.#isStopped()) return attempt;
      liveIsFull = attempt.left;
    }
    const records = await this.#outbox.pending(target, batchRecords);
    const [oldest] = records;
    const backlog = hasLanes ? records.filter(({ sequence }) => sequence <= this.#backlogTo) : records;
    if (oldest === undefined || oldest.sequence > this.#backlogTo) this.#backlogTo = 0;
    const attempt = await this.#deliverBatch(hasLanes && this.#backlogTo > 0 ? backlog : records);
    return { ...attempt, left: attempt.left || liveIsFull || (hasLanes && records.length > 0) };
  }

  async #deliverBatch(records: readonly OutboxRecord[]): Promise<Attempt> {
    if (records.length === 0) return { problem: undefined, left: false };
    const { batchRecords = 5000 } = this.#options;
    this.#underWay = new Set(records.map(({ sequence }) => sequence));
    try {
      const outcome = await this.#ports.deliver(records, this.#backlogTo)
        .catch((error: unknown): DeliveryOutcome => ({ kind: 'retry', problem: asProblem(error) }));
      await this.#settle(records, outcome);
      if (outcome.kind === 'retry') {
        // All that was accepted until now has waited.
        this.#backlogTo = this.#newest ?? Infinity;
        return { problem: outcome.problem, left: true, ...(outcome.afterMs !== undefined && { afterMs: outcome.afterMs }) };
      }
      const characters = records.reduce((sum, { body }) => sum + body.length, 0);
      return { problem: undefined, left: records.length >= batchRecords || characters >= fullBatchCharacters };
    } finally {
      this.#underWay = new Set();
    }
  }

  async #settle(records: readonly OutboxRecord[], outcome: DeliveryOutcome): Promise<void> {
    if (outcome.kind === 'delivered' && (outcome.rejected ?? []).length === 0) {
      await this.#confirm(records);
      return;
    }
    const { target } = this.#options;
    const indices = outcome.kind === 'delivered' ? records.keys() : outcome.delivered;
    const open = new Map([...new Set(indices)].map((index) => [index, records[index]]));
    const reasons = new Map<string, OutboxRecord[]>();
    const refused = new Set<number>();
    for (const { index, reason } of outcome.rejected ?? []) {
      open.delete(index);
      const record = records[index];
      if (record === undefined || refused.has(index)) continue;
      refused.add(index);
      const same = reasons.get(reason);
      if (same === undefined) reasons.set(reason, [record]);
      else same.push(record);
    }
    for (const [reason, some] of reasons) {
      await this.#outbox.setAside(target, some.map(({ sequence }) => sequence), reason, this.#ports.nowMs());
      this.#forget(some);
      this.#options.onRejected?.(some.length, reason);
    }
    await this.#confirm([...open.values()].filter((record) => record !== undefined));
  }

  async #confirm(confirmed: readonly OutboxRecord[]): Promise<void> {
    if (confirmed.length === 0) return;
    await this.#outbox.confirm(this.#options.target, confirmed.map(({ sequence }) => sequence));
    this.#forget(confirmed);
    const nowMs = this.#ports.nowMs();
    this.#delivered = this.#delivered.filter(({ atMs }) => atMs > nowMs - rateWindowMs);
    const last = this.#delivered.at(-1);
    // A handful of entries, however small the batches are.
    if (last !== undefined && nowMs - last.atMs < rateWindowMs / 20) last.records += confirmed.length;
    else this.#delivered.push({ atMs: nowMs, records: confirmed.length });
    this.#options.onDelivered?.(confirmed.length);
  }

  #forget(records: readonly OutboxRecord[]): void {
    if (this.#bytes !== undefined) this.#bytes -= records.reduce((sum, { body }) => sum + utf8Length(body), 0);
  }

  async #pause(problem: Problem, afterMs: number | undefined): Promise<void> {
    const { firstRetryMs = 1000, longestRetryMs = 10_000, target } = this.#options;
    const ownMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.#failures, 30)) * (0.5 + (this.#ports.random?.() ?? 1) / 2);
    const pauseMs = Math.max(ownMs, Math.min(afterMs ?? 0, longestAfterMs));
    this.#failures += 1;
    this.#phase = 'pausing';
    this.#cancelTimer = this.#ports.later(pauseMs, () => this.#deliverNow());
    if (problem.code !== this.#toldCode) {
      this.#toldCode = problem.code;
      this.#options.onProblem?.(problem);
    }
    const depth = await this.#outbox.depth(target).catch(() => undefined);
    if (depth !== undefined && !this.#isStopped()) this.#options.onWaiting?.(depth.records);
  }

  /** One at a time: two callers must neither make room for each other's records nor take the same room. */
  async #makeRoom(bytes: number): Promise<void> {
    while (this.#making !== undefined) await this.#making;
    const { keepBytes = 512_000_000, target } = this.#options;
    if (this.#bytes === undefined) {
      const depth = await this.#outbox.depth(target);
      this.#bytes ??= depth.bytes;
      while (this.#making !== undefined) await this.#making;
    }
    const taken = this.#bytes + this.#reserved;
    if (taken + bytes > keepBytes) {
      if (this.#options.atCap === 'block') {
        throw new Problem('TWIN_OUTBOX_FULL', `${Math.round(taken / 1e6)} MB wait for ${target}, which is as much as may wait.`,
          'See why the target does not take them, or let more wait.', { target, bytes: taken });
      }
      // Only what is in the outbox can be dropped, the oldest first.
      const work = Promise.allSettled([...this.#adding]).then(() => this.#dropUntil(keepBytes - bytes - keepBytes * roomAfterDrop));
      this.#making = work.catch(() => undefined);
      try {
        await work;
      } finally {
        this.#making = undefined;
      }
    }
    this.#reserved += bytes;
  }

  async #dropUntil(goalBytes: number): Promise<void> {
    const { target } = this.#options;
    while ((this.#bytes ?? 0) > Math.max(0, goalBytes)) {
      const oldest = (await this.#outbox.pending(target, dropAtOnce + this.#underWay.size))
        .filter(({ sequence }) => !this.#underWay.has(sequence));
      const gone: number[] = [];
      let bytes = 0;
      for (const record of oldest) {
        if ((this.#bytes ?? 0) - bytes <= Math.max(0, goalBytes)) break;
        gone.push(record.sequence);
        bytes += utf8Length(record.body);
      }
      if (gone.length === 0) {
        // Everything that waits is under way: count anew, the confirmation makes the room.
        this.#bytes = (await this.#outbox.depth(target)).bytes;
        return;
      }
      await this.#drop(gone, 'More waited than may be kept.');
      this.#bytes = (this.#bytes ?? 0) - bytes;
    }
  }

  async #dropOld(): Promise<void> {
    const { keepMs, target } = this.#options;
    if (keepMs === undefined) return;
    const limitMs = this.#ports.nowMs() - keepMs;
    for (;;) {
      const old = (await this.#outbox.pending(target, dropAtOnce)).filter(({ acceptedMs }) => acceptedMs < limitMs);
      if (old.length === 0) return;
      await this.#drop(old.map(({ sequence }) => sequence), 'It waited longer than it may be kept.');
      if (this.#bytes !== undefined) this.#bytes -= old.reduce((sum, { body }) => sum + utf8Length(body), 0);
      if (old.length < dropAtOnce) return;
    }
  }

  async #drop(sequences: number[], reason: string): Promise<void> {
    await this.#outbox.drop(this.#options.target, sequences, reason, this.#ports.nowMs());
    this.#dropped += sequences.length;
    this.#options.onDropped?.(sequences.length);
  }

  #countRefused(records: number, bytes: number, problem: Problem): void {
    const nowMs = this.#ports.nowMs();
    this.#refused ??= { records: 0, bytes: 0, fromMs: nowMs, toMs: nowMs, reason: problem.found };
    this.#refused.records += records;
    this.#refused.bytes += bytes;
    this.#refused.toMs = nowMs;
  }

  /** Accepting works again: what is missing is written down, dated. */
  async #tellRefused(): Promise<void> {
    const refused = this.#refused;
    this.#refused = undefined;
    if (refused === undefined) return;
    this.#dropped += refused.records;
    await this.#outbox.leaveGap({ ...refused, target: this.#options.target, droppedMs: this.#ports.nowMs() }).catch(() => undefined);
    this.#options.onDropped?.(refused.records);
  }
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new Problem('TWIN_DELIVERY_FAILED', `Delivery failed: ${reason}.`, 'It is tried again by itself.', { reason });
}

const ascii = /^[\u0000-\u007f]*$/;

/** Bytes of a text in UTF-8; the engine has no Buffer. */
function utf8Length(text: string): number {
  let bytes = text.length;
  if (ascii.test(text)) return bytes;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    // A surrogate pair counts 2 + 2 of its 4 bytes.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
