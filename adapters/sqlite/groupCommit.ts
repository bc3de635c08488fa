import type { Problem } from '../../engine/problem.ts';

export interface GroupCommitOptions<Item> {
  /** How long the first item of a group waits for others. */
  windowMs: number;
  /** A group of so many items does not wait any longer. */
  batch: number;
  /** Items given in one `add` are written together or not at all. Otherwise a group is written in parts of `part` items. */
  atomic: boolean;
  part?: number;
  /** What may wait, as the sum of `sizeOf`. */
  limit: number;
  sizeOf(item: Item): number;
}

interface Waiting<Item, Answer> {
  items: readonly Item[];
  size: number;
  resolve(answers: Answer[]): void;
  reject(error: unknown): void;
}

/**
 * Gathers what many callers want to write at the same time into one transaction: one sync of the disk then serves them
 * all (group commit; Gawlick and Kinkade, IMS/VS Fast Path, 1985). Each caller's promise settles when the transaction
 * that holds its items did. One group is under way at a time; what comes meanwhile forms the next one.
 */
export class GroupCommit<Item, Answer> {
  readonly #options: GroupCommitOptions<Item>;
  readonly #write: (items: Item[]) => Promise<Answer[]>;
  readonly #refusal: (limit: number) => Problem;
  #queue: Waiting<Item, Answer>[] = [];
  #queuedItems = 0;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: GroupCommitOptions<Item>, write: (items: Item[]) => Promise<Answer[]>, refusal: (limit: number) => Problem) {
    this.#options = options;
    this.#write = write;
    this.#refusal = refusal;
  }

  /** Resolves with one answer per item, when they are written. */
  add(items: readonly Item[]): Promise<Answer[]> {
    if (items.length === 0) return Promise.resolve([]);
    const size = items.reduce((sum, item) => sum + this.#options.sizeOf(item), 0);
    if (this.#size + size > this.#options.limit && this.#size > 0) return Promise.reject(this.#refusal(this.#options.limit));
    this.#size += size;
    this.#queuedItems += items.length;
    return new Promise((resolve, reject) => {
      this.#queue.push({ items, size, resolve, reject });
      if (this.#running !== undefined) return;
      if (this.#queuedItems >= this.#options.batch) void this.#run();
      else this.#timer ??= setTimeout(() => void this.#run(), this.#options.windowMs);
    });
  }

  /** Everything that was added before is written (or has failed) when this resolves. */
  async flush(): Promise<void> {
    // What was queued at this moment goes with the group under way or with the next one; later ones are not waited for.
    if (this.#running !== undefined) await this.#running;
    if (this.#queue.length > 0) await (this.#running ?? this.#run());
  }

  async close(): Promise<void> {
    while (this.#queue.length > 0 || this.#running !== undefined) await this.flush();
  }

  #run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      if (this.#queue.length > 0) this.#timer ??= setTimeout(() => void this.#run(), this.#nextDelayMs());
    });
    return this.#running;
  }

  /** What came while a group was under way has waited long enough; history prefers large groups. */
  #nextDelayMs(): number {
    return this.#options.atomic || this.#queuedItems >= this.#options.batch ? 0 : this.#options.windowMs;
  }

  async #drain(): Promise<void> {
    const group = this.#queue;
    this.#queue = [];
    this.#queuedItems = 0;
    if (this.#options.atomic) await this.#writeAtOnce(group);
    else await this.#writeInParts(group);
  }

  async #writeAtOnce(group: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#write(group.flatMap(({ items }) => items));
      let start = 0;
      for (const waiting of group) {
        waiting.resolve(answers.slice(start, start + waiting.items.length));
        start += waiting.items.length;
      }
    } catch (error) {
      for (const waiting of group) waiting.reject(error);
    }
    for (const { size } of group) this.#size -= size;
  }

  async #writeInParts(group: readonly Waiting<Item, Answer>[]): Promise<void> {
    const size = this.#options.part ?? this.#options.batch;
    let part: Item[] = [];
    // Callers whose last item lies in the current part.
    let complete: Waiting<Item, Answer>[] = [];
    const failed = new Map<Waiting<Item, Answer>, unknown>();
    const open: Waiting<Item, Answer>[] = [];
    const write = async (): Promise<void> => {
      try {
        await this.#write(part);
      } catch (error) {
        for (const waiting of open) failed.set(waiting, error);
      }
      for (const waiting of complete) {
        this.#size -= waiting.size;
        if (failed.has(waiting)) waiting.reject(failed.get(waiting));
        else waiting.resolve([]);
      }
      // Callers are served in order, so the complete ones stand first.
      open.splice(0, complete.length);
      complete = [];
      part = [];
    };
    for (const waiting of group) {
      open.push(waiting);
      for (let start = 0; start < waiting.items.length; ) {
        const end = Math.min(waiting.items.length, start + size - part.length);
        for (const item of waiting.items.slice(start, end)) part.push(item);
        start = end;
        if (start === waiting.items.length) complete.push(waiting);
        if (part.length >= size) await write();
      }
    }
    if (part.length > 0) await write();
  }
}
