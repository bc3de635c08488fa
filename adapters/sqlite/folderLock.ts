import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Problem } from '../../engine/problem.ts';
import { close, storeProblem } from './databaseFile.ts';

/**
 * Only one process, and in it only one site, uses a data folder. The lock is an exclusive transaction on lock.db, held
 * as long as the folder is open: the operating system takes it back with the process, also at kill -9, so no stale lock
 * file can ever keep a plant from starting. The process id beside it serves the message only.
 */
export class FolderLock {
  readonly #database: DatabaseSync;
  readonly #processFile: string;

  /** @throws Problem TWIN_STORE_LOCKED, TWIN_STORE_FOLDER */
  constructor(folder: string) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new Problem('TWIN_STORE_FOLDER', `The data folder ${folder} cannot be created: ${reasonOf(error)}.`,
        'Choose a folder that the user running Node-RED may write to.', { folder });
    }
    this.#processFile = join(folder, 'lock.pid');
    const path = join(folder, 'lock.db');
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path);
      // The rollback journal would be a second file to be left behind; nothing is ever written here.
      // Whoever only asks whether the folder is open (isFolderOpen) holds the lock for a moment.
      database.exec('PRAGMA busy_timeout = 250; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      close(database);
      throw this.#refusal(error, folder, path);
    }
    this.#database = database;
    try {
      writeFileSync(this.#processFile, `${process.pid}\n`);
    } catch {
      // Only the message of a second opener gets poorer.
    }
  }

  release(): void {
    // Before the lock goes: afterwards the file may belong to the next holder.
    rmSync(this.#processFile, { force: true });
    close(this.#database);
  }

  #refusal(error: unknown, folder: string, path: string): Problem {
    const code = (error as { errcode?: unknown }).errcode;
    const busy = typeof code === 'number' && (code & 0xff) === 5;
    if (!busy) {
      const { found, remedy } = storeProblem(error, path);
      return new Problem('TWIN_STORE_FOLDER', found, remedy, { folder });
    }
    let holder: string | undefined;
    try {
      holder = /^\d+/.exec(readFileSync(this.#processFile, 'utf8'))?.[0];
    } catch {
      // Not known.
    }
    if (holder === String(process.pid)) {
      return new Problem('TWIN_STORE_LOCKED', `The data folder ${folder} is already open in this Node-RED (process ${holder}).`,
        'Give each site a data folder of its own.', { folder, process: holder });
    }
    const by = holder === undefined ? 'another process' : `another process (${holder})`;
    return new Problem('TWIN_STORE_LOCKED', `The data folder ${folder} is in use by ${by}.`,
      'Stop the other Node-RED, or give this site a data folder of its own.', { folder, process: holder ?? '' });
  }
}

/** Whether a site has this data folder open now. Asks without taking the lock. */
export function isFolderOpen(folder: string): boolean {
  const path = join(folder, 'lock.db');
  if (!existsSync(path)) return false;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    const code = (error as { errcode?: unknown }).errcode;
    if (typeof code === 'number' && (code & 0xff) === 5) return true;
    throw storeProblem(error, path);
  } finally {
    close(database);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
