import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { GraphAnswer, GraphElement, GraphQuestion, OwnRelation } from '../../engine/ports.ts';
import type { Fact, FactQuery, GraphChange, GraphStore, HistorySummary, Json, SeriesColumns, StateEntry } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import type { FileName } from './databaseFile.ts';
import { GraphDatabase } from './graphDatabase.ts';
import type { HistoryBatch } from './historyBatch.ts';
import { HistoryDatabase } from './historyDatabase.ts';
import type { PackedAnswer } from './packedAnswer.ts';
import { packAnswer } from './packedAnswer.ts';
import type { PackedChanges } from './packedChanges.ts';
import { unpackChanges } from './packedChanges.ts';
import { close, fileNames, filePath, isDamage, openDatabase, replaceDamaged, rollBack, storeProblem } from './databaseFile.ts';

/** One change of state, its value already as JSON text; null deletes. */
export interface StateChange {
  key: string;
  text: string | null;
}

interface OldFact {
  subject: string;
  relation: string;
  object: string;
  valid_from: number;
  valid_to: number | null;
  recorded: number;
  end_recorded: number | null;
  retracted: number | null;
  source: string;
}

/** A bulk of facts is taken into the view when no more came for so long, and so many at once. */
const quietMs = 200;
const factsAtOnce = 4096;

/** A problem as it crosses from the store's thread. */
export interface ProblemText {
  code: string;
  found: string;
  remedy: string;
  values: Record<string, string | number>;
}

export function problemText({ code, found, remedy, values }: Problem): ProblemText {
  return { code, found, remedy, values: { ...values } };
}

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
  #graph: GraphDatabase | undefined;
  #graphChangedAt = -Infinity;

  constructor(folder: string) {
    this.#folder = folder;
    try {
      for (const name of fileNames) {
        const { length } = this.problems;
        this.#databases.set(name, openDatabase(folder, name, this.problems, Date.now()));
        if (name === 'graph' && this.problems.length > length) this.#rebuildGraph();
      }
      this.#takeOldFacts();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Closes the files, with nothing left that the next start would have to do. */
  finish(): void {
    try {
      this.#inGraph(false, () => {});
    } catch {
      // The log has it all the same.
    }
    this.close();
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

  graphChange(changes: PackedChanges): { place: number; problem: ProblemText }[] {
    this.#graphChangedAt = performance.now();
    return this.#inGraph(true, (graph) => graph.change(unpackChanges(changes)).map(({ place, problem }) => ({ place, problem: problemText(problem) })));
  }

  /** Done and undone. */
  graphPreview(changes: readonly GraphChange[]): { place: number; problem: ProblemText }[] {
    let refused: { place: number; problem: ProblemText }[] = [];
    this.#inGraph(false, () => {});
    return this.#on('graph', () => {
      const database = this.#database('graph');
      database.exec('BEGIN IMMEDIATE');
      try {
        refused = new GraphDatabase(database).change(changes).map(({ place, problem }) => ({ place, problem: problemText(problem) }));
      } finally {
        rollBack(database);
      }
      return refused;
    });
  }

  graphFacts(query: FactQuery): Fact[] {
    return this.#inGraph(false, (graph) => graph.facts(query));
  }

  graphRelations(): OwnRelation[] {
    return this.#inGraph(false, (graph) => graph.relations());
  }

  graphStructure(relations: readonly string[]): Fact[] {
    return this.#inGraph(false, (graph) => graph.structure(relations));
  }

  graphElements(query: Parameters<GraphStore['elements']>[0]): GraphElement[] {
    return this.#inGraph(false, (graph) => graph.elements(query));
  }

  /** The answer, packed; with the parameters of the machines then where the question wants them. */
  graphAsk(question: GraphQuestion, nowMs: number): PackedAnswer {
    const answer = this.#inGraph(false, (graph) => graph.ask(question, nowMs));
    if (question.ask === 'origin' && question.parameters === true) this.#addParameters(answer, question);
    return packAnswer(answer);
  }

  #addParameters(answer: GraphAnswer, question: GraphQuestion & { ask: 'origin' }): void {
    this.#inHistory((history) => {
      for (const row of answer.rows) {
        if (row.role !== 'stay' || row.fromMs === undefined) continue;
        row.parameters = history.during(row.element.key, row.fromMs, Math.max(row.fromMs + 1, Math.min(row.toMs ?? Infinity, answer.validMs + 1)), question.properties);
      }
    });
  }

  #inGraph<T>(writes: boolean, work: (graph: GraphDatabase) => T): T {
    const open = (): GraphDatabase => (this.#graph ??= new GraphDatabase(this.#database('graph')));
    if (writes) return this.#write('graph', () => work(open()));
    if (this.#on('graph', () => open().isBehind)) this.#write('graph', () => open().catchUp());
    return this.#on('graph', () => work(open()));
  }

  /** A slice of what the view of the graph is behind its log, unless more is coming in; returns whether there is more. */
  graphRest(): boolean {
    if (this.#graph?.isBehind !== true) return false;
    if (performance.now() - this.#graphChangedAt > quietMs) this.#write('graph', () => this.#graph?.catchUp(factsAtOnce));
    return this.#graph?.isBehind === true;
  }

  /** The file was damaged: what its view lost is in the log, as far as that could be read. */
  #rebuildGraph(): void {
    this.#write('graph', () => new GraphDatabase(this.#database('graph')).rebuild());
  }

  /** The relations that an older version kept in site.db, once. What they join is equipment, as far as is known. */
  #takeOldFacts(): void {
    if (this.#prepare('graph', "SELECT 1 FROM mark WHERE name = 'old facts'").get() !== undefined) return;
    const rows = this.#prepare('site', 'SELECT subject, relation, object, valid_from, valid_to, recorded, end_recorded, retracted, source FROM fact ORDER BY recorded').all() as unknown as OldFact[];
    this.#write('graph', () => {
      const graph = (this.#graph ??= new GraphDatabase(this.#database('graph')));
      for (const { subject, relation, object, valid_from: validFromMs, valid_to: validToMs, recorded: recordedMs, end_recorded: endMs, retracted, source } of rows) {
        const fact: Fact = { subject, relation, object, validFromMs, recordedMs, source };
        const place = relation === 'located in' ? 'area' : 'work unit';
        const changes: GraphChange[] = [
          { kind: 'element', element: { key: subject, type: 'work unit', name: '' }, recordedMs },
          { kind: 'element', element: { key: object, type: place, name: '' }, recordedMs },
          { kind: 'assert', fact },
        ];
        if (validToMs !== null) changes.push({ kind: 'end', fact, validToMs: Math.max(validToMs, validFromMs), recordedMs: endMs ?? recordedMs });
        if (retracted !== null) changes.push({ kind: 'retract', fact, recordedMs: retracted });
        graph.change(changes);
      }
      this.#prepare('graph', "INSERT INTO mark (name, value) VALUES ('old facts', ?)").run(rows.length);
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
        this.#forget(name);
        throw error;
      }
    });
  }

  #forget(name: FileName): void {
    if (name === 'history') this.#history = undefined;
    if (name === 'graph') this.#graph = undefined;
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
    this.#forget(name);
    close(this.#databases.get(name));
    this.#databases.delete(name);
    this.#databases.set(name, replaceDamaged(this.#folder, name, this.problems, Date.now()));
    if (name === 'graph') this.#rebuildGraph();
    try {
      return work();
    } catch (error) {
      throw storeProblem(error, path);
    }
  }
}
