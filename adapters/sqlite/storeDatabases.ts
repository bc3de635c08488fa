import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Fact, GraphStore, HistorySummary, Json, OutboxGap, OutboxRecord, RejectedRecord, SeriesColumns, StateEntry } from '../../engine/ports.ts';
import { mostRejected } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import type { FileName } from './databaseFile.ts';
import type { HistoryBatch } from './historyBatch.ts';
import { HistoryDatabase } from './historyDatabase.ts';
import { close, fileNames, filePath, isDamage, openDatabase, replaceDamaged, rollBack, storeProblem } from './databaseFile.ts';

/** One change of state, its value already as JSON text; null deletes. */
export interface StateChange {
  key: string;
  text: string | null;
}

export interface OutboxAddition {
  target: string;
  idempotencyKey: string;
  body: string;
  acceptedMs: number;
}

export type FactChange =
  | { kind: 'assert'; facts: readonly Fact[] }
  | { kind: 'end'; ids: readonly string[]; validToMs: number; recordedMs: number };

/**
 * The databases of one data folder, with plain, blocking calls. It runs in a thread of its own (storeThread.ts), so that
 * neither a sync of the disk nor a long question holds up the event loop of Node-RED.
 */
export class StoreDatabases {
  /** Found while running; taken and emptied by the caller. */
  readonly problems: Problem[] = [];
  readonly #folder: string;
  readonly #databases = new Map<FileName, DatabaseSync>();
  readonly #statements = new Map<FileName, Map<string, StatementSync>>();
  /** undefined until the first request, and after a write that failed: then it is read anew from the disk. */
  #history: HistoryDatabase | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    try {
      for (const name of fileNames) this.#databases.set(name, openDatabase(folder, name, this.problems, Date.now()));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const database of this.#databases.values()) close(database);
    this.#databases.clear();
    this.#statements.clear();
  }

  // --- learned state -------------------------------------------------------------------------------------------

  stateEntries(prefix: string): StateEntry[] {
    return this.#on('site', () => {
      const entries: StateEntry[] = [];
      const rows = this.#prepare('site', 'SELECT key, value, revision FROM state WHERE key >= ? ORDER BY key').iterate(prefix);
      for (const row of rows as Iterable<{ key: string; value: string; revision: number }>) {
        if (!row.key.startsWith(prefix)) break;
        const entry = this.#entry(row);
        if (entry !== undefined) entries.push(entry);
      }
      return entries;
    });
  }

  stateGet(key: string): StateEntry | undefined {
    return this.#on('site', () => {
      const row = this.#prepare('site', 'SELECT key, value, revision FROM state WHERE key = ?').get(key);
      return row && this.#entry(row as { key: string; value: string; revision: number });
    });
  }

  stateCommit(changes: readonly StateChange[]): number[] {
    return this.#write('site', () => {
      const known = this.#prepare('site', "SELECT value FROM counter WHERE name = 'revision'").get() as { value: number } | undefined;
      let revision = known?.value ?? 0;
      const put = this.#prepare('site', 'INSERT OR REPLACE INTO state (key, value, revision) VALUES (?, ?, ?)');
      const remove = this.#prepare('site', 'DELETE FROM state WHERE key = ?');
      const revisions = changes.map(({ key, text }) => {
        revision += 1;
        if (text === null) remove.run(key);
        else put.run(key, text, revision);
        return revision;
      });
      this.#prepare('site', "INSERT OR REPLACE INTO counter (name, value) VALUES ('revision', ?)").run(revision);
      return revisions;
    });
  }

  #entry(row: { key: string; value: string; revision: number }): StateEntry | undefined {
    try {
      return { key: row.key, value: JSON.parse(row.value) as Json, revision: row.revision };
    } catch {
      this.problems.push(new Problem('TWIN_STATE_DAMAGED', `What was learned under ${row.key} cannot be read.`,
        'It is learned again from now on; restore site.db from a backup to have the old state back.', { key: row.key }));
      return undefined;
    }
  }

  // --- facts ---------------------------------------------------------------------------------------------------

  factChange(changes: readonly FactChange[]): void {
    this.#write('site', () => {
      const put = this.#prepare('site', `
        INSERT INTO fact (id, subject, relation, object, valid_from, valid_to, recorded, end_recorded, retracted, source)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
          end_recorded = CASE WHEN valid_to IS NULL THEN excluded.end_recorded ELSE end_recorded END,
          valid_to = coalesce(valid_to, excluded.valid_to),
          retracted = coalesce(retracted, excluded.retracted)`);
      const end = this.#prepare('site', 'UPDATE fact SET valid_to = ?, end_recorded = ? WHERE id = ? AND valid_to IS NULL');
      for (const change of changes) {
        if (change.kind === 'end') {
          for (const id of change.ids) end.run(change.validToMs, change.recordedMs, id);
          continue;
        }
        for (const fact of change.facts) {
          const endRecordedMs = fact.validToMs === undefined ? null : fact.recordedMs;
          put.run(fact.id, fact.subject, fact.relation, fact.object, fact.validFromMs, fact.validToMs ?? null, fact.recordedMs,
            endRecordedMs, fact.retractedMs ?? null, fact.source);
        }
      }
    });
  }

  facts(query: Parameters<GraphStore['facts']>[0]): Fact[] {
    return this.#on('site', () => {
      let where = `recorded <= ?1 AND valid_from <= ?2 AND (retracted IS NULL OR retracted > ?1)
        AND (valid_to IS NULL OR end_recorded > ?1 OR valid_to > ?2)`;
      const parameters: SQLInputValue[] = [query.recordedMs, query.validMs];
      for (const column of ['subject', 'object', 'relation', 'source'] as const) {
        const value = query[column];
        if (value === undefined) continue;
        parameters.push(value);
        where += ` AND ${column} = ?${parameters.length}`;
      }
      const statement = this.#prepare('site', `
        SELECT id, subject, relation, object, valid_from AS validFromMs, recorded AS recordedMs, source,
          CASE WHEN end_recorded <= ?1 THEN valid_to END AS validToMs
        FROM fact WHERE ${where} ORDER BY valid_from, id`);
      return (statement.all(...parameters) as unknown as (Omit<Fact, 'validToMs'> & { validToMs: number | null })[]).map((row) => {
        const { validToMs, ...fact } = row;
        return validToMs === null ? fact : { ...fact, validToMs };
      });
    });
  }

  // --- history -------------------------------------------------------------------------------------------------

  historyWrite(batch: HistoryBatch): void {
    this.#inHistory((history) => {
      history.write(batch);
      // A writer that is faster than the sealing waits for it here, so that memory stays bounded.
      history.rest();
    });
  }

  historyColumns(twin: string, property: string, fromMs: number, toMs: number, limit: number): SeriesColumns {
    return this.#inHistory((history) => history.columns(twin, property, fromMs, toMs, limit));
  }

  historyBuckets(twin: string, property: string, fromMs: number, toMs: number, count: number, holdAtMostMs: number): HistorySummary[] {
    return this.#inHistory((history) => history.buckets(twin, property, fromMs, toMs, count, holdAtMostMs));
  }

  historyAsOf(twin: string, timeMs: number): ReturnType<HistoryDatabase['asOf']> {
    return this.#inHistory((history) => history.asOf(twin, timeMs));
  }

  /** Deletes some of what is older, so that other requests get their turn; returns whether more is left. */
  historyForget(beforeMs: number): { gone: number; more: boolean } {
    return this.#inHistory((history) => history.forget(beforeMs));
  }

  historyUsage(): { bytes: number; oldestMs: number | undefined } {
    return this.#inHistory((history) => history.usage());
  }

  /** A slice of what can wait; returns whether there is more. */
  historyRest(): boolean {
    if (this.#history?.isDue !== true) return false;
    return this.#inHistory((history) => {
      history.rest();
      return history.isDue;
    });
  }

  /** Seals all that is not sealed yet. */
  historySealAll(): void {
    this.#inHistory((history) => history.sealAll());
  }

  #inHistory<T>(work: (history: HistoryDatabase) => T): T {
    return this.#write('history', () => work((this.#history ??= new HistoryDatabase(this.#database('history'), this.problems))));
  }

  // --- outbox --------------------------------------------------------------------------------------------------

  outboxAdd(additions: readonly OutboxAddition[]): number[] {
    return this.#write('outbox', () => {
      const put = this.#prepare('outbox', 'INSERT INTO record (target, idempotency_key, body, accepted) VALUES (?, ?, ?, ?)');
      const sums = new Map<string, { records: number; bytes: number }>();
      const sequences = additions.map(({ target, idempotencyKey, body, acceptedMs }) => {
        const sum = sums.get(target) ?? { records: 0, bytes: 0 };
        sums.set(target, { records: sum.records + 1, bytes: sum.bytes + Buffer.byteLength(body) });
        return Number(put.run(target, idempotencyKey, body, acceptedMs).lastInsertRowid);
      });
      for (const [target, { records, bytes }] of sums) this.#count(target, records, bytes, 0);
      return sequences;
    });
  }

  outboxPending(target: string, limit: number): OutboxRecord[] {
    return this.#on('outbox', () => this.#prepare('outbox', `
      SELECT sequence, target, idempotency_key AS idempotencyKey, body, accepted AS acceptedMs
      FROM record WHERE target = ? ORDER BY sequence LIMIT ?`).all(target, limit).map((row) => ({ ...row }) as unknown as OutboxRecord));
  }

  outboxConfirm(target: string, sequences: readonly number[]): void {
    this.#write('outbox', () => {
      const remove = this.#prepare('outbox',
        'DELETE FROM record WHERE sequence = ? AND target = ? RETURNING octet_length(body) AS bytes');
      let records = 0;
      let bytes = 0;
      for (const sequence of sequences) {
        const row = remove.get(sequence, target) as { bytes: number } | undefined;
        if (row === undefined) continue;
        records += 1;
        bytes += row.bytes;
      }
      this.#count(target, -records, -bytes, 0);
    });
  }

  outboxSetAside(target: string, sequences: readonly number[], reason: string, atMs: number): void {
    this.#write('outbox', () => {
      const copy = this.#prepare('outbox', `
        INSERT INTO rejected (sequence, target, idempotency_key, body, accepted, reason, rejected)
        SELECT sequence, target, idempotency_key, body, accepted, ?, ? FROM record WHERE sequence = ? AND target = ?
        RETURNING octet_length(body) AS bytes`);
      const remove = this.#prepare('outbox', 'DELETE FROM record WHERE sequence = ?');
      let records = 0;
      let bytes = 0;
      for (const sequence of sequences) {
        const row = copy.get(reason, atMs, sequence, target) as { bytes: number } | undefined;
        if (row === undefined) continue;
        remove.run(sequence);
        records += 1;
        bytes += row.bytes;
      }
      this.#count(target, -records, -bytes, records);
      this.#trimRejected(target, atMs);
    });
  }

  outboxDrop(target: string, sequences: readonly number[], reason: string, atMs: number): void {
    this.#write('outbox', () => {
      const remove = this.#prepare('outbox',
        'DELETE FROM record WHERE sequence = ? AND target = ? RETURNING octet_length(body) AS bytes, accepted');
      let records = 0;
      let bytes = 0;
      let fromMs = Infinity;
      let toMs = -Infinity;
      for (const sequence of sequences) {
        const row = remove.get(sequence, target) as { bytes: number; accepted: number } | undefined;
        if (row === undefined) continue;
        records += 1;
        bytes += row.bytes;
        fromMs = Math.min(fromMs, row.accepted);
        toMs = Math.max(toMs, row.accepted);
      }
      if (records === 0) return;
      this.#leaveGap(target, { records, bytes, fromMs, toMs }, reason, atMs);
      this.#count(target, -records, -bytes, 0);
    });
  }

  #leaveGap(target: string, gap: { records: number; bytes: number; fromMs: number; toMs: number }, reason: string, atMs: number): void {
    this.#prepare('outbox', 'INSERT INTO gap (target, records, bytes, from_time, to_time, reason, dropped) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(target, gap.records, gap.bytes, gap.fromMs, gap.toMs, reason, atMs);
    this.#prepare('outbox', `DELETE FROM gap WHERE target = ?1 AND id <=
      (SELECT id FROM gap WHERE target = ?1 ORDER BY id DESC LIMIT 1 OFFSET 1000)`).run(target);
  }

  /** A target that refuses everything must not fill the disk. */
  #trimRejected(target: string, atMs: number): void {
    const { rejected } = (this.#prepare('outbox', 'SELECT rejected FROM depth WHERE target = ?').get(target) ?? { rejected: 0 }) as
      { rejected: number };
    if (rejected <= mostRejected) return;
    const gone = this.#prepare('outbox', `DELETE FROM rejected WHERE sequence IN
      (SELECT sequence FROM rejected WHERE target = ? ORDER BY sequence LIMIT ?) RETURNING octet_length(body) AS bytes, accepted`)
      .all(target, rejected - mostRejected) as { bytes: number; accepted: number }[];
    const gap = { records: gone.length, bytes: 0, fromMs: Infinity, toMs: -Infinity };
    for (const { bytes, accepted } of gone) {
      gap.bytes += bytes;
      gap.fromMs = Math.min(gap.fromMs, accepted);
      gap.toMs = Math.max(gap.toMs, accepted);
    }
    if (gone.length === 0) return;
    this.#count(target, 0, 0, -gone.length);
    this.#leaveGap(target, gap, 'More was refused than is kept.', atMs);
  }

  outboxDepth(target: string): { records: number; bytes: number; oldestMs?: number; setAside: number } {
    return this.#on('outbox', () => {
      const row = this.#prepare('outbox', 'SELECT records, bytes, rejected FROM depth WHERE target = ?').get(target) as
        { records: number; bytes: number; rejected: number } | undefined;
      const oldest = this.#prepare('outbox', 'SELECT accepted FROM record WHERE target = ? ORDER BY sequence LIMIT 1').get(target) as
        { accepted: number } | undefined;
      return {
        records: row?.records ?? 0, bytes: row?.bytes ?? 0, ...(oldest && { oldestMs: oldest.accepted }), setAside: row?.rejected ?? 0,
      };
    });
  }

  outboxGaps(target: string): OutboxGap[] {
    return this.#on('outbox', () => this.#prepare('outbox', `
      SELECT target, records, bytes, from_time AS fromMs, to_time AS toMs, reason, dropped AS droppedMs
      FROM gap WHERE target = ? ORDER BY id`).all(target).map((row) => ({ ...row }) as unknown as OutboxGap));
  }

  outboxRejected(target: string, limit: number): RejectedRecord[] {
    return this.#on('outbox', () => this.#prepare('outbox', `
      SELECT sequence, target, idempotency_key AS idempotencyKey, body, accepted AS acceptedMs, reason, rejected AS rejectedMs
      FROM rejected WHERE target = ? ORDER BY sequence LIMIT ?`)
      .all(target, limit).map((row) => ({ ...row }) as unknown as RejectedRecord));
  }

  outboxRetry(target: string, sequences: readonly number[]): number[] {
    return this.#write('outbox', () => {
      const copy = this.#prepare('outbox', `
        INSERT INTO record (target, idempotency_key, body, accepted)
        SELECT target, idempotency_key, body, accepted FROM rejected WHERE sequence = ? AND target = ?
        RETURNING sequence, octet_length(body) AS bytes`);
      const remove = this.#prepare('outbox', 'DELETE FROM rejected WHERE sequence = ?');
      const again: number[] = [];
      let bytes = 0;
      for (const sequence of [...sequences].sort((a, b) => a - b)) {
        const row = copy.get(sequence, target) as { sequence: number; bytes: number } | undefined;
        if (row === undefined) continue;
        remove.run(sequence);
        again.push(row.sequence);
        bytes += row.bytes;
      }
      this.#count(target, again.length, bytes, -again.length);
      return again;
    });
  }

  outboxDiscard(target: string, sequences: readonly number[]): void {
    this.#write('outbox', () => {
      const remove = this.#prepare('outbox', 'DELETE FROM rejected WHERE sequence = ? AND target = ?');
      let gone = 0;
      for (const sequence of sequences) gone += Number(remove.run(sequence, target).changes);
      this.#count(target, 0, 0, -gone);
    });
  }

  #count(target: string, records: number, bytes: number, rejected: number): void {
    if (records === 0 && rejected === 0) return;
    this.#prepare('outbox', `
      INSERT INTO depth (target, records, bytes, rejected) VALUES (?1, ?2, ?3, ?4)
      ON CONFLICT (target) DO UPDATE SET records = records + ?2, bytes = bytes + ?3, rejected = rejected + ?4`)
      .run(target, records, bytes, rejected);
  }

  // --- the files -----------------------------------------------------------------------------------------------

  #prepare(name: FileName, sql: string): StatementSync {
    let statements = this.#statements.get(name);
    if (statements === undefined) {
      statements = new Map();
      this.#statements.set(name, statements);
    }
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = this.#database(name).prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  #database(name: FileName): DatabaseSync {
    let database = this.#databases.get(name);
    if (database === undefined) {
      // A former attempt to replace it failed (disk full, for instance): try again.
      database = openDatabase(this.#folder, name, this.problems, Date.now());
      this.#databases.set(name, database);
    }
    return database;
  }

  /** All or nothing. */
  #write<T>(name: FileName, work: () => T): T {
    return this.#on(name, () => {
      const database = this.#database(name);
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        rollBack(database);
        // What it holds in memory is ahead of the disk now.
        if (name === 'history') this.#history = undefined;
        throw error;
      }
    });
  }

  /** Runs once more on a fresh file when the old one turns out to be damaged. */
  #on<T>(name: FileName, work: () => T): T {
    const path = filePath(this.#folder, name);
    try {
      return work();
    } catch (error) {
      if (!isDamage(error)) throw storeProblem(error, path);
    }
    this.#statements.delete(name);
    if (name === 'history') this.#history = undefined;
    close(this.#databases.get(name));
    this.#databases.delete(name);
    this.#databases.set(name, replaceDamaged(this.#folder, name, this.problems, Date.now()));
    try {
      return work();
    } catch (error) {
      throw storeProblem(error, path);
    }
  }
}
