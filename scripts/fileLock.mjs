import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';

/**
 * Runs `work` while no other process of this machine does the same, by a lock file that names its owner's process id.
 * A lock whose owner is gone is taken over. Plain JavaScript, because the bootstrap runs before type stripping is there.
 *
 * @template T
 * @param {string} file the lock file; its folder is made
 * @param {() => T | Promise<T>} work
 * @param {(owner: number) => void} [waiting] called once when another process holds the lock
 * @returns {Promise<T>}
 */
export async function withFileLock(file, work, waiting) {
  mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  for (;;) {
    if (tryLock(file)) break;
    const owner = readOwner(file);
    if (owner !== undefined && !isAlive(owner)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told && owner !== undefined) waiting?.(owner);
    told ||= owner !== undefined;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/** @param {string} file */
function tryLock(file) {
  try {
    const descriptor = openSync(file, 'wx');
    writeSync(descriptor, String(process.pid));
    closeSync(descriptor);
    return true;
  } catch (problem) {
    if (/** @type {NodeJS.ErrnoException} */ (problem).code === 'EEXIST') return false;
    throw problem;
  }
}

/** @param {string} file */
function readOwner(file) {
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    if (Number.isInteger(owner) && owner > 0) return owner;
    // Made a moment ago and not yet written, or left empty by a crash between the two.
    return Date.now() - statSync(file).mtimeMs > 10_000 ? -1 : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} owner */
function isAlive(owner) {
  if (owner < 0) return false;
  try {
    process.kill(owner, 0);
    return true;
  } catch (problem) {
    return /** @type {NodeJS.ErrnoException} */ (problem).code === 'EPERM';
  }
}
