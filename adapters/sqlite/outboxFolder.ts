import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Outbox, OutboxDepth, OutboxGap, RejectedRecord } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import { close, filePath, openDatabase, storeProblem } from './databaseFile.ts';
import { GroupCommit } from './groupCommit.ts';
import { OutboxLog, targetsAmong, writeLogAtOnce } from './outboxLog.ts';
import type { OutboxAddition } from './outboxLog.ts';

/**
 * When a record counts as accepted. `always`: the disk has confirmed it, so that it outlives a power cut. `group`: it is written and
 * outlives a kill of the process; the disk confirms it within 100 ms, so that a power cut costs that much at most. At first, and where the
 * disk or the computer is too busy for that, it is as `always`, until a row of quick syncs has shown that it holds.
 */
export type OutboxSync = 'always' | 'group';

/** Callers wait for the disk: the window only has to gather what comes at the same time. */
const alwaysWindowMs = 20;
const groupWindowMs = 5;
/** The sync itself takes some milliseconds more. */
const groupSyncMs = 30;
/** What was accepted so long before its sync came back, or a sync that takes so long, leaves too little of the 100 ms. */
const lateMs = 70;
const slowSyncMs = 35;
/** A record is accepted before its sync only after so many quick ones in a row: at the start, and after one that was late. */
const quickSyncsAtStart = 20;
const quickSyncsAfterLate = 1000;
const backlogBytes = 64 * 1024 * 1024;

/** The outbox of a data folder: a log per target (outboxLog.ts). Whoever opens it holds the folder's lock. */
export class OutboxFolder implements Outbox {
  readonly #folder: string;
  readonly #found: (problem: Problem) => void;
  readonly #logs = new Map<string, OutboxLog>();
  readonly #additions: GroupCommit<OutboxAddition, number>;
  readonly #sync: OutboxSync;
  #syncTimer: NodeJS.Timeout | undefined;
  /** When the oldest record was accepted that no sync covers yet. */
  #oldestUnsyncedMs: number | undefined;
  #quickSyncs = 0;
  #quickSyncsNeeded = quickSyncsAtStart;
  #closed = false;

  /** Blocking, like everything else that opens a store. @throws Problem TWIN_STORE_NEWER, TWIN_STORE_DISK_FULL, TWIN_STORE_FAILED */
  constructor(folder: string, sync: OutboxSync, found: (problem: Problem) => void) {
    this.#folder = folder;
    this.#sync = sync;
    this.#found = found;
    try {
      takeOverDatabase(folder, found);
      const names = readdirSync(folder);
      for (const target of targetsAmong(names)) this.#logs.set(target, new OutboxLog(folder, target, names, found));
    } catch (error) {
      throw storeProblem(error, join(folder, 'outbox-*'));
    }
    this.#additions = new GroupCommit(
      { windowMs: sync === 'always' ? alwaysWindowMs : groupWindowMs, batch: 5000, atomic: true, limit: backlogBytes, sizeOf: ({ body }) => 100 + 2 * body.length },
      (additions) => this.#write(additions),
      (limit) => new Problem('TWIN_STORE_BACKLOG', `The outbox has more waiting to be written than fits (${limit} bytes): the disk is too slow or full.`,
        'Free the disk or send less often; what was refused here is not stored.', { part: 'outbox', limit }),
    );
  }

  add(target: string, records: readonly { idempotencyKey: string; body: string }[], acceptedMs: number): Promise<number[]> {
    if (this.#closed) return Promise.reject(this.#isClosed());
    return this.#additions.add(records.map(({ idempotencyKey, body }) => ({ target, idempotencyKey, body, acceptedMs })));
  }

  pending(target: string, limit: number, after = 0): ReturnType<Outbox['pending']> {
    return this.#on(target, (log) => log.pending(limit, after));
  }

  confirm(target: string, sequences: readonly number[]): Promise<void> {
    return this.#on(target, (log) => log.confirm(sequences));
  }

  setAside(target: string, sequences: readonly number[], reason: string, atMs: number): Promise<void> {
    return this.#on(target, (log) => log.setAside(sequences, reason, atMs));
  }

  depth(target: string): ReturnType<Outbox['depth']> {
    return this.#on(target, (log) => log.depth());
  }

  drop(target: string, sequences: readonly number[], reason: string, atMs: number): Promise<void> {
    return this.#on(target, (log) => log.drop(sequences, reason, atMs));
  }

  leaveGap(gap: OutboxGap): Promise<void> {
    return this.#on(gap.target, (log) => log.leaveGap(gap));
  }

  gaps(target: string): Promise<OutboxGap[]> {
    return this.#on(target, async (log) => log.gaps());
  }

  rejected(target: string, limit: number): Promise<RejectedRecord[]> {
    return this.#on(target, async (log) => log.rejected(limit));
  }

  async retry(target: string, sequences: readonly number[]): Promise<number[]> {
    return this.#on(target, async (log) => {
      const again = log.rejectedAmong(sequences);
      // Accepted again before they leave the side: a stop between the two delivers them twice rather than not at all.
      const added = await this.#additions.add(again.map(({ idempotencyKey, body, acceptedMs }) => ({ target, idempotencyKey, body, acceptedMs })));
      await log.discard(again.map(({ sequence }) => sequence));
      return added;
    });
  }

  discard(target: string, sequences: readonly number[]): Promise<void> {
    return this.#on(target, (log) => log.discard(sequences));
  }

  async targets(): Promise<string[]> {
    const found: string[] = [];
    for (const [target, log] of this.#logs) {
      const { records, setAside } = await log.depth();
      if (records > 0 || setAside > 0 || log.gaps().length > 0) found.push(target);
    }
    return found.sort();
  }

  async remove(target: string): Promise<void> {
    await this.#additions.flush();
    await this.#logs.get(target)?.removeAll();
  }

  /** Writes what is waiting and closes the files. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#additions.close();
    clearTimeout(this.#syncTimer);
    for (const log of this.#logs.values()) {
      await log.sync().catch(() => undefined);
      await log.close();
    }
  }

  async #write(additions: readonly OutboxAddition[]): Promise<number[]> {
    const byTarget = new Map<string, { log: OutboxLog; places: number[]; some: OutboxAddition[] }>();
    for (const [place, addition] of additions.entries()) {
      let entry = byTarget.get(addition.target);
      if (entry === undefined) {
        entry = { log: this.#log(addition.target), places: [], some: [] };
        byTarget.set(addition.target, entry);
      }
      entry.places.push(place);
      entry.some.push(addition);
    }
    const sequences = new Array<number>(additions.length);
    const isSynced = this.#sync === 'always' || this.#quickSyncs < this.#quickSyncsNeeded;
    try {
      for (const { log, places, some } of byTarget.values()) {
        const given = await log.append(some);
        for (const [index, place] of places.entries()) sequences[place] = given[index] as number;
      }
      if (isSynced) {
        const beganMs = performance.now();
        for (const { log } of byTarget.values()) await log.sync();
        this.#judge(performance.now() - beganMs <= slowSyncMs);
      }
    } catch (error) {
      for (const { log } of byTarget.values()) await log.takeBack();
      throw storeProblem(error, join(this.#folder, 'outbox-*'));
    }
    for (const { log } of byTarget.values()) log.keep();
    if (!isSynced) {
      this.#oldestUnsyncedMs ??= performance.now();
      this.#syncTimer ??= setTimeout(() => void this.#syncAll(), groupSyncMs);
    }
    return sequences;
  }

  async #syncAll(): Promise<void> {
    this.#syncTimer = undefined;
    const oldestMs = this.#oldestUnsyncedMs ?? performance.now();
    this.#oldestUnsyncedMs = undefined;
    for (const log of this.#logs.values()) {
      try {
        await log.sync();
      } catch (error) {
        this.#found(storeProblem(error, join(this.#folder, 'outbox-*')));
      }
    }
    this.#judge(performance.now() - oldestMs <= lateMs);
  }

  #judge(wasQuick: boolean): void {
    if (wasQuick) this.#quickSyncs += 1;
    else {
      this.#quickSyncs = 0;
      this.#quickSyncsNeeded = quickSyncsAfterLate;
    }
  }

  #log(target: string): OutboxLog {
    let log = this.#logs.get(target);
    if (log === undefined) {
      log = new OutboxLog(this.#folder, target, [], this.#found);
      this.#logs.set(target, log);
    }
    return log;
  }

  async #on<T>(target: string, work: (log: OutboxLog) => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#isClosed();
    try {
      return await work(this.#log(target));
    } catch (error) {
      throw storeProblem(error, join(this.#folder, 'outbox-*'));
    }
  }

  #isClosed(): Problem {
    return new Problem('TWIN_STORE_CLOSED', `The store in ${this.#folder} is closed.`, 'Deploy again.', { folder: this.#folder });
  }
}

/** What waits in a folder's outbox, for a look at the files while a site may have them open. Changes nothing; blocking. */
export function readOutbox(folder: string, found: (problem: Problem) => void): ({ target: string } & OutboxDepth)[] {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const names = readdirSync(folder);
      return targetsAmong(names).map((target) => ({ target, ...new OutboxLog(folder, target, names, found, { onlyLooks: true }).depthAtOnce() }));
    } catch (error) {
      // A file that was delivered went between two looks.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 5 || !existsSync(folder)) throw error;
    }
  }
}

/** Up to version 0.1.0 the outbox was a database. What waits in it goes on; the file goes when all of it is in the logs. */
function takeOverDatabase(folder: string, found: (problem: Problem) => void): void {
  const path = filePath(folder, 'outbox');
  if (!existsSync(path)) return;
  const problems: Problem[] = [];
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(folder, 'outbox', problems, Date.now());
    const targets = database.prepare('SELECT target FROM record UNION SELECT target FROM rejected UNION SELECT target FROM gap').all() as { target: string }[];
    for (const { target } of targets) {
      const records = database.prepare('SELECT target, idempotency_key AS idempotencyKey, body, accepted AS acceptedMs FROM record WHERE target = ? ORDER BY sequence').all(target);
      const rejected = database.prepare(`
        SELECT idempotency_key AS idempotencyKey, body, accepted AS acceptedMs, reason, rejected AS rejectedMs FROM rejected WHERE target = ? ORDER BY sequence`).all(target);
      const gaps = database.prepare(`
        SELECT target, records, bytes, from_time AS fromMs, to_time AS toMs, reason, dropped AS droppedMs FROM gap WHERE target = ? ORDER BY id`).all(target);
      writeLogAtOnce(folder, target, records as unknown as OutboxAddition[], rejected as unknown as RejectedRecord[], gaps as unknown as OutboxGap[]);
    }
  } finally {
    close(database);
    for (const problem of problems) found(problem);
  }
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}
