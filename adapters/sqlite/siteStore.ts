import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { GraphChange, GraphStore, Historian, HistoryPoint, HistoryValue, Json, Outbox, StateStore } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import { FolderLock } from './folderLock.ts';
import { isRestoreMarked, restoreProblem } from './restoreMark.ts';
import { GroupCommit } from './groupCommit.ts';
import { checkBuckets } from '../../engine/history/buckets.ts';
import { qualityWords } from './historyBatch.ts';
import { HistoryQueue } from './historyQueue.ts';
import { OutboxFolder } from './outboxFolder.ts';
import type { OutboxSync } from './outboxFolder.ts';
import { unpackAnswer } from './packedAnswer.ts';
import { packChanges } from './packedChanges.ts';
import { problemOf, StoreClient } from './storeClient.ts';
import { StoreDatabases } from './storeDatabases.ts';
import type { StateChange } from './storeDatabases.ts';

/** The embedded store of one site: files in one folder, opened by one process at a time. */
export interface SiteStore {
  /** Absolute path. */
  readonly folder: string;
  readonly state: StateStore;
  readonly historian: Historian;
  readonly graph: GraphStore;
  readonly outbox: Outbox;
  /** What was found damaged, when opening and since. */
  readonly problems: readonly Problem[];
  /** Called for each problem found after opening. */
  onProblem(listener: (problem: Problem) => void): void;
  /** Writes what is waiting, closes the files and gives the folder back. */
  close(): Promise<void>;
}

/** Callers wait for the disk, so the window only has to gather what comes at the same time. */
const stateWindowMs = 5;
/**
 * Opens (or creates) the store of a folder. Blocking, because nothing else can start before it: some ten milliseconds.
 * @throws Problem TWIN_STORE_LOCKED, TWIN_RESTORE_UNFINISHED, TWIN_STORE_NEWER, TWIN_STORE_FOLDER, TWIN_STORE_DISK_FULL, TWIN_STORE_FAILED
 */
export function openSiteStore(folder: string, { outboxSync = 'group' }: { outboxSync?: OutboxSync } = {}): SiteStore {
  const lock = new FolderLock(resolve(folder));
  try {
    if (isRestoreMarked(folder)) throw restoreProblem(folder);
    return new EmbeddedSiteStore(realpathSync(folder), lock, outboxSync);
  } catch (error) {
    lock.release();
    throw error;
  }
}

class EmbeddedSiteStore implements SiteStore {
  readonly folder: string;
  readonly problems: Problem[] = [];
  readonly #listeners: ((problem: Problem) => void)[] = [];
  readonly #lock: FolderLock;
  readonly #client: StoreClient;
  readonly #state: GroupCommit<StateChange, number>;
  readonly #facts: GroupCommit<GraphChange, Problem | undefined>;
  readonly #history: HistoryQueue;
  #closing: Promise<void> | undefined;

  constructor(folder: string, lock: FolderLock, outboxSync: OutboxSync) {
    this.folder = folder;
    this.#lock = lock;
    // Opened here once, so that a newer format or a damaged file is known before anything starts; the thread reopens them.
    const databases = new StoreDatabases(folder);
    this.problems.push(...databases.problems);
    databases.close();
    this.outbox = new OutboxFolder(folder, outboxSync, (problem) => this.#found(problem));
    const client = new StoreClient(folder, (problem) => this.#found(problem));
    this.#client = client;
    this.#state = new GroupCommit(
      { windowMs: stateWindowMs, batch: 1000, atomic: true, limit: 100_000, sizeOf: () => 1 },
      (changes) => client.call('stateCommit', changes),
      (limit) => full('state', limit),
    );
    this.#facts = new GroupCommit(
      { windowMs: stateWindowMs, batch: 1000, atomic: true, limit: 1_000_000, sizeOf: () => 1 },
      async (changes) => {
        const answers: (Problem | undefined)[] = Array.from({ length: changes.length });
        for (const { place, problem } of await client.call('graphChange', packChanges(changes))) answers[place] = problemOf(problem);
        return answers;
      },
      (limit) => full('graph', limit),
    );
    this.#history = new HistoryQueue((batch) => client.call('historyWrite', batch), (limit) => full('history', limit));
  }

  readonly state: StateStore = {
    entries: async (prefix) => {
      await this.#state.flush();
      return this.#client.call('stateEntries', prefix);
    },
    get: async (key) => {
      await this.#state.flush();
      return this.#client.call('stateGet', key);
    },
    commit: async (changes) => this.#state.add(changes.map(({ key, value }) => ({ key, text: jsonText(key, value) }))),
  };

  readonly outbox: OutboxFolder;

  readonly graph: GraphStore = {
    change: async (changes) => {
      const answers = await this.#facts.add([...changes]);
      return answers.flatMap((problem, place) => (problem === undefined ? [] : [{ place, problem }]));
    },
    preview: async (changes) => {
      await this.#facts.flush();
      return (await this.#client.call('graphPreview', changes)).map(({ place, problem }) => ({ place, problem: problemOf(problem) }));
    },
    facts: async (query) => {
      await this.#facts.flush();
      return this.#client.call('graphFacts', query);
    },
    relations: async () => {
      await this.#facts.flush();
      return this.#client.call('graphRelations');
    },
    structure: async (relations) => {
      await this.#facts.flush();
      return this.#client.call('graphStructure', relations);
    },
    elements: async (query) => {
      await this.#facts.flush();
      return this.#client.call('graphElements', query);
    },
    ask: async (question, nowMs) => {
      await this.#facts.flush();
      if (question.ask === 'origin' && question.parameters === true) await this.#history.flush();
      return unpackAnswer(await this.#client.call('graphAsk', question, nowMs));
    },
  };

  readonly historian: Historian = {
    write: (points) => this.#history.add(points),
    writeRows: (rows) => this.#history.addRows(rows),
    range: async (twin, property, fromMs, toMs, limit = 100_000) => {
      const { times, values, qualities } = await this.historian.columns(twin, property, fromMs, toMs, limit);
      const points: HistoryPoint[] = [];
      for (let index = 0; index < times.length; index++) {
        const quality = qualityWords[qualities[index] as number] ?? 'bad';
        points.push({ twin, property, timeMs: times[index] as number, value: stored(values[index] as HistoryValue), quality });
      }
      return points;
    },
    columns: async (twin, property, fromMs, toMs, limit = 100_000) => {
      await this.#history.flush();
      return this.#client.call('historyColumns', twin, property, fromMs, toMs, limit);
    },
    buckets: async (twin, property, fromMs, toMs, count, holdAtMostMs = Infinity) => {
      checkBuckets(fromMs, toMs, count);
      await this.#history.flush();
      return this.#client.call('historyBuckets', twin, property, fromMs, toMs, count, holdAtMostMs);
    },
    asOf: async (twin, timeMs) => {
      await this.#history.flush();
      const found = await this.#client.call('historyAsOf', twin, timeMs);
      return found.map((point) => ({ ...point, twin, value: stored(point.value), quality: qualityWords[point.quality] ?? 'bad' }));
    },
    clear: async (twin, property, fromMs, toMs) => {
      await this.#history.flush();
      await this.#client.call('historyClear', twin, property, fromMs, toMs);
    },
    forget: async (beforeMs) => {
      await this.#history.flush();
      return inParts(() => this.#client.call('historyForget', beforeMs));
    },
    trim: async (mostBytes) => {
      await this.#history.flush();
      return inParts(() => this.#client.call('historyTrim', mostBytes));
    },
    usage: async () => {
      await this.#history.flush();
      return this.#client.call('historyUsage');
    },
  };

  onProblem(listener: (problem: Problem) => void): void {
    this.#listeners.push(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Whoever waits for one of these gets the answer from its own promise.
    await Promise.allSettled([this.#state.close(), this.#facts.close(), this.#history.flush(), this.outbox.close()]);
    await this.#client.close();
    this.#lock.release();
  }

  #found(problem: Problem): void {
    this.problems.push(problem);
    // Bounded: a disk that fails all the time repeats itself.
    if (this.problems.length > 100) this.problems.splice(0, this.problems.length - 100);
    for (const listener of this.#listeners) listener(problem);
  }
}

/** Not a number is no value. */
function stored(value: HistoryValue): HistoryValue {
  return value !== value ? null : value;
}

function jsonText(key: string, value: Json): string | null {
  if (value === null) return null;
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) {
    throw new Problem('TWIN_STATE_VALUE', `The state of ${key} is not plain data.`, 'Report this with the log around it.', { key });
  }
  return text;
}

function full(part: string, limit: number): Problem {
  return new Problem('TWIN_STORE_BACKLOG', `The ${part} has more waiting to be written than fits (${limit}): the disk is too slow or full.`,
    'Free the disk or send less often; what was refused here is not stored.', { part, limit });
}

/** So that other requests get their turn in between. */
async function inParts(next: () => Promise<{ gone: number; more: boolean }>): Promise<number> {
  let gone = 0;
  for (;;) {
    const part = await next();
    gone += part.gone;
    if (!part.more) return gone;
  }
}
