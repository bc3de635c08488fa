import { Problem } from '../problem.ts';

export interface RetainedPorts {
  /** Resolves when the broker confirmed; rejects with a Problem, of which TWIN_MQTT_REJECTED holds for good. */
  publish(topic: string, payload: string, expirySeconds: number | undefined): Promise<void>;
  /** Calls `action` once, about `delayMs` later; the returned function cancels it. */
  later(delayMs: number, action: () => void): () => void;
  /** The broker will not take what a topic holds now. */
  onRefused(topic: string, problem: Problem): void;
}

interface Entry {
  payload: string;
  expirySeconds: number | undefined;
  /** Counts what was set. */
  version: number;
  underWay: boolean;
}

/** Fewer than a broker's window of 20, so that events get through beside a thousand machines that come back at once. */
const atOnce = 12;
const retryAfterMs = 5000;

/**
 * Retained topics, of which only the newest content counts: what could not be sent is replaced by what comes after it, so an outage of
 * any length costs one message per topic. Never two of one topic under way, so that an older one cannot overtake.
 * Choose it for the current picture rather than an outbox, which keeps each message; events belong there.
 * Memory: one payload per topic.
 */
export class RetainedTopics {
  readonly #ports: RetainedPorts;
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new Set<string>();
  #online = false;
  #underWay = 0;
  #cancelRetry: (() => void) | undefined;
  readonly #waiting: (() => void)[] = [];

  constructor(ports: RetainedPorts) {
    this.#ports = ports;
  }

  /** An equal payload is not sent again. */
  set(topic: string, payload: string, expirySeconds?: number): void {
    const entry = this.#entries.get(topic);
    if (entry === undefined) this.#entries.set(topic, { payload, expirySeconds, version: 1, underWay: false });
    else {
      if (entry.payload === payload) return;
      entry.payload = payload;
      entry.expirySeconds = expirySeconds;
      entry.version++;
    }
    this.#queue.add(topic);
    this.#pump();
  }

  /** Removes what the broker keeps of a topic. */
  clear(topic: string): void {
    this.set(topic, '');
  }

  /** The connection is there. What the broker keeps is not known, so everything is told anew, in the order in which it was first set. */
  connected(): void {
    this.#online = true;
    this.#queue.clear();
    for (const topic of this.#entries.keys()) this.#queue.add(topic);
    this.#pump();
  }

  disconnected(): void {
    this.#online = false;
  }

  /** Topics whose newest content is not confirmed. */
  get open(): number {
    return this.#queue.size + this.#underWay;
  }

  /** Resolves when everything is confirmed or refused. */
  settled(): Promise<void> {
    return this.open === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    this.#online = false;
    this.#cancelRetry?.();
  }

  #pump(): void {
    if (!this.#online) return;
    for (const topic of this.#queue) {
      if (this.#underWay >= atOnce) return;
      const entry = this.#entries.get(topic) as Entry;
      if (entry.underWay) continue;
      this.#queue.delete(topic);
      void this.#send(topic, entry);
    }
  }

  async #send(topic: string, entry: Entry): Promise<void> {
    const { version, payload, expirySeconds } = entry;
    entry.underWay = true;
    this.#underWay++;
    let failed = false;
    try {
      await this.#ports.publish(topic, payload, expirySeconds);
    } catch (cause) {
      failed = !(cause instanceof Problem && cause.code === 'TWIN_MQTT_REJECTED');
      if (!failed) this.#ports.onRefused(topic, cause as Problem);
    }
    entry.underWay = false;
    this.#underWay--;
    if (failed) {
      this.#queue.add(topic);
      this.#retryLater();
    } else if (entry.version > version) this.#queue.add(topic);
    else if (payload === '') this.#entries.delete(topic);
    if (!failed) this.#pump();
    if (this.open === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #retryLater(): void {
    this.#cancelRetry ??= this.#ports.later(retryAfterMs, () => {
      this.#cancelRetry = undefined;
      this.#pump();
    });
  }
}
