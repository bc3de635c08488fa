import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Fact, GraphStore, HistorySummary, Json, SeriesColumns, StateEntry } from '../../engine/ports.ts';
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

  historyClear(twin: string, property: string, fromMs: number, toMs: number): void {
    this.#inHistory((history) => history.clear(twin, property, fromMs, toMs));
  }

  /** Deletes some of the oldest while more bytes are used; returns whether it is still too much. */
  historyTrim(mostBytes: number): { gone: number; more: boolean } {
    return this.#inHistory((history) => history.trim(mostBytes));
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
