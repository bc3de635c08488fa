import { existsSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Problem } from '../../engine/problem.ts';

/**
 * The files of a data folder, each with its own promise:
 *
 * | file | holds | synchronous | so that |
 * |---|---|---|---|
 * | site.db | learned state | FULL | a commit is on disk when it is acknowledged |
 * | graph.db | facts: the log and the view of it | FULL | the same |
 * | history.db | recent values, summaries of older ones | FULL | accepted = on disk, also at power loss |
 *
 * Files of their own, because a damaged history must not take the learned state along, and because a commit
 * of the small state must not wait for the checkpoint of the large history. The table `fact` of site.db is what an older version left. What waits to be delivered is no database but a log
 * (outboxLog.ts); outbox.db is what an older version left, and is only read.
 */
export type FileName = 'site' | 'graph' | 'history' | 'outbox';
export const fileNames: readonly FileName[] = ['site', 'graph', 'history'];
/** Those that may lie in a folder. */
export const knownFileNames: readonly FileName[] = [...fileNames, 'outbox'];

/** What formats 1 and 2 of graph.db have for "never" and "not yet". */
const never = Number.MAX_SAFE_INTEGER;
const smallerTimes = { valid_to: `nullif(valid_to, ${never})`, end_recorded: `nullif(nullif(end_recorded, ${never}), recorded)`, retracted: `nullif(retracted, ${never})` };

/** Raised with each change of a schema; `migrations[n]` leads from version n to n + 1. */
const migrations: Record<FileName, readonly string[]> = {
  site: [`
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE fact (
      id TEXT PRIMARY KEY, subject TEXT NOT NULL, relation TEXT NOT NULL, object TEXT NOT NULL,
      valid_from INTEGER NOT NULL, valid_to INTEGER, recorded INTEGER NOT NULL, end_recorded INTEGER, retracted INTEGER,
      source TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX fact_subject ON fact (subject, relation);
    CREATE INDEX fact_object ON fact (object, relation);
    CREATE INDEX fact_source ON fact (source);
  `],
  graph: [`
    CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
    CREATE TABLE element (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, type INTEGER NOT NULL, name TEXT NOT NULL);
    CREATE INDEX element_type ON element (type);
    CREATE TABLE relation (name INTEGER PRIMARY KEY, inverse TEXT NOT NULL, from_kinds TEXT NOT NULL, to_kinds TEXT NOT NULL);
    CREATE TABLE edge (
      subject INTEGER NOT NULL, relation INTEGER NOT NULL, valid_from INTEGER NOT NULL, object INTEGER NOT NULL, source INTEGER NOT NULL,
      version INTEGER NOT NULL, recorded INTEGER NOT NULL, valid_to INTEGER NOT NULL, end_recorded INTEGER NOT NULL, retracted INTEGER NOT NULL,
      long INTEGER NOT NULL, PRIMARY KEY (subject, relation, valid_from, object, source, version)
    ) WITHOUT ROWID;
    CREATE INDEX edge_object ON edge (object, relation, valid_from);
    CREATE INDEX edge_source ON edge (source);
    CREATE INDEX edge_long_subject ON edge (subject, relation, valid_from) WHERE long = 1;
    CREATE INDEX edge_long_object ON edge (object, relation, valid_from) WHERE long = 1;
    CREATE TABLE property (
      subject INTEGER NOT NULL, relation INTEGER NOT NULL, valid_from INTEGER NOT NULL, value TEXT NOT NULL, source INTEGER NOT NULL,
      version INTEGER NOT NULL, recorded INTEGER NOT NULL, valid_to INTEGER NOT NULL, end_recorded INTEGER NOT NULL, retracted INTEGER NOT NULL,
      PRIMARY KEY (subject, relation, valid_from, value, source, version)
    ) WITHOUT ROWID;
    CREATE INDEX property_source ON property (source);
    CREATE TABLE log (sequence INTEGER PRIMARY KEY AUTOINCREMENT, steps BLOB NOT NULL, texts TEXT NOT NULL, crc INTEGER NOT NULL);
    CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  `, `
    ALTER TABLE relation ADD COLUMN acyclic INTEGER NOT NULL DEFAULT 0;
  `, `
    ${smallerFacts('edge', 'object INTEGER', 'object', 'long INTEGER NOT NULL,', 'long,')}
    CREATE INDEX edge_object ON edge (object, relation, valid_from, subject, valid_to, recorded, end_recorded, retracted);
    CREATE INDEX edge_source ON edge (source);
    CREATE INDEX edge_long_subject ON edge (subject, relation, valid_from) WHERE long = 1;
    CREATE INDEX edge_long_object ON edge (object, relation, valid_from) WHERE long = 1;
    ${smallerFacts('property', 'value TEXT', 'value', '', '')}
    CREATE INDEX property_source ON property (source);
  `],
  history: [`
    CREATE TABLE series (id INTEGER PRIMARY KEY, twin TEXT NOT NULL, property TEXT NOT NULL, UNIQUE (twin, property));
    CREATE TABLE point (series INTEGER NOT NULL, time INTEGER NOT NULL, value, quality INTEGER NOT NULL, PRIMARY KEY (series, time))
      WITHOUT ROWID;
  `, `
    ALTER TABLE series ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE batch (id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL, crc INTEGER NOT NULL);
    CREATE TABLE chunk (
      series INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL, summary BLOB NOT NULL,
      data BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (series, first)
    ) WITHOUT ROWID;
    CREATE TABLE tier (
      series INTEGER NOT NULL, step INTEGER NOT NULL, block INTEGER NOT NULL, data BLOB NOT NULL, crc INTEGER NOT NULL,
      PRIMARY KEY (series, step, block)
    ) WITHOUT ROWID;
    CREATE TABLE damaged (series INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (series, first));
  `],
  outbox: [`
    CREATE TABLE record (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, idempotency_key TEXT NOT NULL, body TEXT NOT NULL,
      accepted INTEGER NOT NULL
    );
    CREATE INDEX record_target ON record (target, sequence);
    CREATE TABLE rejected (
      sequence INTEGER PRIMARY KEY, target TEXT NOT NULL, idempotency_key TEXT NOT NULL, body TEXT NOT NULL,
      accepted INTEGER NOT NULL, reason TEXT NOT NULL, rejected INTEGER NOT NULL
    );
    CREATE INDEX rejected_target ON rejected (target, sequence);
    CREATE TABLE gap (
      id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, records INTEGER NOT NULL, bytes INTEGER NOT NULL,
      from_time INTEGER NOT NULL, to_time INTEGER NOT NULL, reason TEXT NOT NULL, dropped INTEGER NOT NULL
    );
    CREATE INDEX gap_target ON gap (target, id);
    CREATE TABLE depth (
      target TEXT PRIMARY KEY, records INTEGER NOT NULL, bytes INTEGER NOT NULL, rejected INTEGER NOT NULL
    ) WITHOUT ROWID;
  `],
};

/**
 * From format 2 of graph.db to 3: "never" and "not yet" are no number but NULL, which takes no room, and so is the time at which an end was
 * recorded when it came with the fact. With that an index by object has room for all that a question reads.
 */
function smallerFacts(table: string, last: string, lastName: string, long: string, longName: string): string {
  return `
    ALTER TABLE ${table} RENAME TO old_${table};
    CREATE TABLE ${table} (
      subject INTEGER NOT NULL, relation INTEGER NOT NULL, valid_from INTEGER NOT NULL, ${last} NOT NULL, source INTEGER NOT NULL,
      version INTEGER NOT NULL, recorded INTEGER NOT NULL, valid_to INTEGER, end_recorded INTEGER, retracted INTEGER,
      ${long} PRIMARY KEY (subject, relation, valid_from, ${lastName}, source, version)
    ) WITHOUT ROWID;
    INSERT INTO ${table} (subject, relation, valid_from, ${lastName}, source, version, ${longName} recorded, valid_to, end_recorded, retracted)
      SELECT subject, relation, valid_from, ${lastName}, source, version, ${longName} recorded, ${Object.values(smallerTimes).join(', ')} FROM old_${table};
    DROP TABLE old_${table};`;
}

/** The format of each file that this version writes and the newest that it reads. */
export function fileFormat(name: FileName): number {
  return migrations[name].length;
}

/** In memory, as SQLite counts it: negative, in kB. */
const cacheKilobytes: Record<FileName, number> = { site: -2000, graph: -6000, history: -4000, outbox: -2000 };

/** Tables that are worth saving, row by row, from a damaged file. */
const salvaged: Record<FileName, readonly string[]> = {
  site: ['state', 'counter', 'fact'],
  graph: ['word', 'element', 'relation', 'edge', 'property', 'log', 'mark'],
  history: ['series', 'point', 'chunk', 'tier', 'batch', 'damaged'],
  outbox: ['record', 'rejected', 'gap', 'depth'],
};

/** A full check of a larger file would take seconds of start-up; damage there is met when the page is read. */
const largestCheckedPages = 16_384;

const sqliteFull = 13;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

export function isDamage(error: unknown): boolean {
  const code = resultCode(error);
  return code === sqliteCorrupt || code === sqliteNotADatabase;
}

/** A SQLite error as something that a person can act on. */
export function storeProblem(error: unknown, path: string): Problem {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? error.message : String(error);
  const values = { file: path, reason: message };
  if (resultCode(error) === sqliteFull || /ENOSPC/.test(message)) {
    return new Problem('TWIN_STORE_DISK_FULL', `The disk that holds ${path} is full.`,
      'Free some space: storing goes on by itself as soon as there is room.', values);
  }
  return new Problem('TWIN_STORE_FAILED', `The file ${path} cannot be read or written: ${message}.`,
    'Check that the disk works and that the folder belongs to the user that runs Node-RED.', values);
}

export function filePath(folder: string, name: FileName): string {
  return join(folder, `${name}.db`);
}

/**
 * Opens a file of the folder, creates or migrates it, and sets it aside when it is damaged: what can still be read is
 * copied into a fresh one.
 * @throws Problem TWIN_STORE_NEWER, TWIN_STORE_DISK_FULL, TWIN_STORE_FAILED
 */
export function openDatabase(folder: string, name: FileName, problems: Problem[], nowMs: number): DatabaseSync {
  const path = filePath(folder, name);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    configure(database, name, path);
    check(database);
    return database;
  } catch (error) {
    close(database);
    if (!isDamage(error)) throw storeProblem(error, path);
  }
  return replaceDamaged(folder, name, problems, nowMs);
}

/** Sets a damaged file aside and goes on with what could be read of it. The file must be closed. */
export function replaceDamaged(folder: string, name: FileName, problems: Problem[], nowMs: number): DatabaseSync {
  const path = filePath(folder, name);
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '');
  let aside = `${path}.damaged-${stamp}`;
  for (let count = 2; existsSync(aside); count += 1) aside = `${path}.damaged-${stamp}-${count}`;
  let fresh: DatabaseSync | undefined;
  try {
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    }
    fresh = new DatabaseSync(path);
    configure(fresh, name, path);
    const rows = salvage(aside, fresh, name);
    problems.push(new Problem('TWIN_STORE_DAMAGED',
      `The file ${basename(path)} in ${folder} was damaged and is set aside as ${basename(aside)}; ${rows} rows of it were saved.`,
      'Check the disk, and restore the file from a backup if something is missing.',
      { file: path, aside, rows }));
    return fresh;
  } catch (error) {
    close(fresh);
    throw storeProblem(error, path);
  }
}

function configure(database: DatabaseSync, name: FileName, path: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  const steps = migrations[name];
  if (version > steps.length) {
    throw new Problem('TWIN_STORE_NEWER',
      `The file ${path} was written by a newer version of Twinwire (format ${version}, known: ${steps.length}).`,
      'Update Twinwire, or choose another data folder.', { file: path, version, known: steps.length });
  }
  // A chunk and its key stay on their page then; only a fresh file takes it.
  if (name === 'history' && version === 0) database.exec('PRAGMA page_size = 16384');
  database.exec(`
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_size_limit = 16777216;
    PRAGMA wal_autocheckpoint = ${name === 'graph' ? 4000 : 1000};
    PRAGMA cache_size = ${cacheKilobytes[name]};
  `);
  if (version === steps.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${steps.length}`);
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

function check(database: DatabaseSync): void {
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
  if (pages > largestCheckedPages) return;
  const answer = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
  if (answer.quick_check !== 'ok') throw Object.assign(new Error(answer.quick_check), { errcode: sqliteCorrupt });
}

function salvage(aside: string, fresh: DatabaseSync, name: FileName): number {
  let rows = 0;
  let old: DatabaseSync | undefined;
  try {
    // Not read-only: its log of unfinished writes may hold the newest rows.
    old = new DatabaseSync(aside);
    for (const table of salvaged[name]) {
      // From both ends, so that one bad page costs only what lies on it.
      for (const direction of ['ASC', 'DESC'] as const) {
        const copied = copyRows(old, fresh, table, direction);
        rows += copied.rows;
        if (copied.whole) break;
      }
    }
  } catch {
    // Not even a header: nothing to save.
  } finally {
    close(old);
  }
  if (name === 'outbox') recount(fresh);
  // The damaged file may have been of an older format.
  if (name === 'graph') {
    const times = Object.entries(smallerTimes).map(([column, value]) => `${column} = ${value}`).join(', ');
    for (const table of ['edge', 'property']) fresh.exec(`UPDATE ${table} SET ${times} WHERE retracted = ${never} OR valid_to = ${never}`);
  }
  return rows;
}

function copyRows(old: DatabaseSync, fresh: DatabaseSync, table: string, direction: 'ASC' | 'DESC'): { rows: number; whole: boolean } {
  let rows = 0;
  let whole = false;
  const orders: Record<string, string> = {
    state: 'key', counter: 'name', fact: 'id', word: 'id', element: 'id', relation: 'name',
    edge: 'subject', property: 'subject', mark: 'name', series: 'id', point: 'series', chunk: 'series', tier: 'series', batch: 'id', damaged: 'series', depth: 'target', gap: 'id',
  };
  const order = orders[table] ?? 'sequence';
  fresh.exec('BEGIN');
  try {
    const columns = (fresh.prepare(`PRAGMA table_info(${table})`).all() as { name: string }[]).map((column) => column.name);
    const insert = fresh.prepare(`INSERT OR IGNORE INTO ${table} (${columns.join()}) VALUES (${columns.map(() => '?').join()})`);
    const select = old.prepare(`SELECT ${columns.join()} FROM ${table} ORDER BY ${order} ${direction}`);
    for (const row of select.iterate() as Iterable<Record<string, null | number | string | Uint8Array>>) {
      try {
        rows += Number(insert.run(...columns.map((column) => row[column] ?? null)).changes);
      } catch {
        // A row that breaks the schema: left out, the next one may be whole.
      }
    }
    whole = true;
  } catch {
    // The damaged page: what came before it is saved.
  }
  fresh.exec('COMMIT');
  return { rows, whole };
}

/** The depth of a salvaged outbox must fit the records that are really there. */
function recount(database: DatabaseSync): void {
  database.exec(`
    DELETE FROM depth;
    INSERT INTO depth (target, records, bytes, rejected)
      SELECT target, sum(waiting), sum(bytes), sum(refused) FROM (
        SELECT target, 1 AS waiting, octet_length(body) AS bytes, 0 AS refused FROM record
        UNION ALL SELECT target, 0, 0, 1 FROM rejected
      ) GROUP BY target;
  `);
}

export function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // No transaction is left: SQLite has rolled back by itself (disk full, input/output error).
  }
}

export function close(database: DatabaseSync | undefined): void {
  try {
    database?.close();
  } catch {
    // Closed already.
  }
}
