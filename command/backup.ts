import { createHash } from 'node:crypto';
import { createReadStream, existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, statfsSync, writeFileSync } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FolderLock } from '../adapters/sqlite/folderLock.ts';
import { isDamage } from '../adapters/sqlite/databaseFile.ts';
import { isOutboxFile } from '../adapters/sqlite/outboxLog.ts';
import { Problem } from '../engine/problem.ts';
import { type ArchiveEntry, writeArchive } from './archive.ts';
import { decryptCredentials } from './credentials.ts';
import { type FileRole, type Manifest, type ManifestFile, manifestFormat, manifestName } from './manifest.ts';
import { type UserDirectory, fileProblem, filesUnder, readJson, readText, readUserDirectory } from './userDirectory.ts';
import { nodeRedVersionOf, packageVersion } from './versions.ts';

export interface BackupOptions {
  userDir: string;
  flow?: string;
  /** A file, or a folder for a file named after the time. Default: `backups` in the user directory. */
  to?: string;
  /** Keep so many backups in the folder and delete older ones, once this one is complete. */
  keep?: number;
  /** Take settings.js along: it may hold passwords in plain text. */
  settings?: boolean;
}

export interface BackupResult {
  file: string;
  bytes: number;
  manifest: Manifest;
  pruned: string[];
  hasPrivateKey: boolean;
}

/** What `twin status` says of the last backup. */
export interface LastBackup {
  created: string;
  file: string;
  bytes: number;
  complete: boolean;
}

const namePattern = /^twinwire-backup-\d{8}T\d{6}Z(?:-\d+)?\.tar\.gz$/;
const stagingName = '.twin-backup';

/**
 * Copies everything that a new box needs into one file while Node-RED runs and learns. Each database is copied in one read
 * transaction (VACUUM INTO), so it is whole, with all that was committed, whatever is written meanwhile: the state first and
 * the outbox after it, so that a delivery may be made twice but never gets lost between the two. The file appears under its
 * name only when it is whole and on disk.
 * @throws Problem TWIN_BACKUP_EXISTS, TWIN_BACKUP_RUNNING, TWIN_BACKUP_NO_SITES, TWIN_BACKUP_KEEP, TWIN_DISK_FULL,
 * TWIN_NO_RIGHTS and those of `readUserDirectory`
 */
export async function backup(options: BackupOptions, nowMs: number): Promise<BackupResult> {
  const userDirectory = readUserDirectory(options.userDir, { flow: options.flow });
  if (userDirectory.sites.length === 0) {
    throw new Problem('TWIN_BACKUP_NO_SITES', `There is no twin-site in ${userDirectory.flowFile}, so there is nothing to save.`,
      "Name the right Node-RED user directory with --user-dir, or the flow file with --flow.", { file: userDirectory.flowFile });
  }
  const target = targetOf(options, nowMs);
  const folder = path.dirname(target.file);
  const staging = path.join(folder, stagingName);
  try {
    mkdirSync(staging, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileProblem(error, folder);
  }
  const lock = lockOf(staging);
  try {
    clear(staging);
    if (!target.automatic && existsSync(target.file)) throw exists(target.file);
    expectSpace(userDirectory, folder);
    return await backupInto(staging, userDirectory, options, target, nowMs);
  } catch (error) {
    throw fileProblem(error, target.file);
  } finally {
    clear(staging);
    lock.release();
  }
}

async function backupInto(staging: string, userDirectory: UserDirectory, options: BackupOptions, target: Target, nowMs: number): Promise<BackupResult> {
  const entries: { entry: ArchiveEntry; role: FileRole }[] = [];
  const leftOut: string[] = [];
  const add = (name: string, role: FileRole, file: string, mode = 0o600): void => {
    entries.push({ role, entry: { name, bytes: statSync(file).size, mode, content: { file } } });
  };
  const addText = (name: string, role: FileRole, text: string): void => {
    entries.push({ role, entry: { name, bytes: Buffer.byteLength(text), mode: 0o600, content: { text } } });
  };

  const { flow, credentials } = readTogether(userDirectory);
  addText('flow/flows.json', 'flow', flow);
  if (credentials !== undefined) addText('flow/flows_cred.json', 'credentials', credentials);
  const runtime = path.join(userDirectory.folder, '.config.runtime.json');
  if (existsSync(runtime)) addText('user-dir/.config.runtime.json', 'runtime', readText(runtime));
  const installed = path.join(userDirectory.folder, 'package.json');
  if (existsSync(installed)) addText('user-dir/package.json', 'package', readText(installed));
  if (options.settings === true && userDirectory.settingsFile !== undefined) {
    addText(`user-dir/${path.basename(userDirectory.settingsFile)}`, 'settings', readText(userDirectory.settingsFile));
  }
  let hasPrivateKey = false;
  for (const name of filesUnder(userDirectory.certificates)) {
    const copy = path.join(staging, `certificate-${entries.length}`);
    await copyFile(path.join(userDirectory.certificates, name), copy);
    add(`opcua/${posix(name)}`, 'certificate', copy);
    hasPrivateKey ||= /private/i.test(name);
  }

  const sites: Manifest['sites'] = [];
  const seen = new Set<string>();
  for (const site of userDirectory.sites) {
    if (seen.has(site.folder)) continue;
    seen.add(site.folder);
    const place = `sites/${sites.length + 1}`;
    // A site that was never deployed has no folder yet; it goes along as it is, empty.
    sites.push({ name: site.name, folder: path.isAbsolute(site.given) ? site.given : posix(site.given), path: place });
    const files = inOrder(siteFiles(site.folder, userDirectory.folder));
    for (const name of files) {
      const copy = path.join(staging, `site-${entries.length}`);
      const source = path.join(site.folder, name);
      try {
        if (name.endsWith('.db')) copyDatabase(source, copy);
        else await copyFile(source, copy);
      } catch (error) {
        rmSync(copy, { force: true });
        // A small file may go while it is copied; a damaged one must not keep the whole ones from being saved.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        if (!isDamage(error)) throw error;
        leftOut.push(`${site.given}/${posix(name)}`);
        continue;
      }
      add(`${place}/${posix(name)}`, 'site', copy);
      // Files that the outbox began while the state was copied.
      if (name === 'site.db') files.push(...siteFiles(site.folder, userDirectory.folder).filter((one) => isOutboxFile(one) && !files.includes(one)));
    }
  }

  const files: ManifestFile[] = [];
  for (const { entry, role } of entries) files.push({ path: entry.name, role, bytes: entry.bytes, sha256: await hashOf(entry), mode: entry.mode });
  const manifest: Manifest = {
    kind: 'twinwire-backup',
    format: manifestFormat,
    created: new Date(nowMs).toISOString(),
    versions: { twinwire: packageVersion(), node: process.versions.node, nodeRed: nodeRedVersionOf(userDirectory.folder) ?? null },
    complete: leftOut.length === 0,
    leftOut,
    secret: secretOf(userDirectory, credentials),
    sites,
    files,
  };
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  const part = path.join(staging, 'archive');
  const first: ArchiveEntry = { name: manifestName, bytes: Buffer.byteLength(text), mode: 0o600, content: { text } };
  await writeArchive(part, [first, ...entries.map(({ entry }) => entry)], nowMs);
  const { size: bytes } = statSync(part);
  const file = publish(part, target);
  await syncFolder(path.dirname(file));
  const pruned = options.keep !== undefined && manifest.complete ? prune(path.dirname(file), options.keep, file) : [];
  const last: LastBackup = { created: manifest.created, file, bytes, complete: manifest.complete };
  writeFileSync(lastBackupFile(userDirectory.folder), `${JSON.stringify(last)}\n`, { mode: 0o600 });
  return { file, bytes, manifest, pruned, hasPrivateKey };
}

/** Beside the sites' folders; created with the first backup. */
export function lastBackupFile(userDir: string): string {
  const folder = path.join(userDir, 'twinwire');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return path.join(folder, 'last-backup.json');
}

export function lastBackupOf(userDir: string): LastBackup | undefined {
  const last = readJson(path.join(userDir, 'twinwire', 'last-backup.json')) as Partial<LastBackup> | undefined;
  return typeof last?.created === 'string' && Number.isFinite(Date.parse(last.created)) && typeof last.file === 'string' ? (last as LastBackup) : undefined;
}

interface Target {
  file: string;
  /** The name was made here, so another one may be taken when it exists. */
  automatic: boolean;
}

function targetOf({ userDir, to, keep }: BackupOptions, nowMs: number): Target {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '');
  const name = `twinwire-backup-${stamp}.tar.gz`;
  if (to === undefined) return { file: path.join(userDir, 'backups', name), automatic: true };
  const given = path.resolve(to);
  const isFile = /\.(?:tar\.gz|tgz)$/.test(given) && !(existsSync(given) && statSync(given).isDirectory());
  if (!isFile) return { file: path.join(given, name), automatic: true };
  if (keep !== undefined) {
    throw new Problem('TWIN_BACKUP_KEEP', '--keep deletes older backups of a folder, but --to names a file.', 'Name a folder with --to.', { to });
  }
  return { file: given, automatic: false };
}

function lockOf(staging: string): FolderLock {
  try {
    return new FolderLock(staging);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'TWIN_STORE_LOCKED') throw fileProblem(error, staging);
    throw new Problem('TWIN_BACKUP_RUNNING', `Another backup into ${path.dirname(staging)} is running.`,
      'Wait until it has ended.', { folder: path.dirname(staging) });
  }
}

/** What a former, interrupted backup left as well. The lock's own files stay: another one may wait for them. */
function clear(staging: string): void {
  for (const name of readdirSync(staging)) {
    if (!name.startsWith('lock.')) rmSync(path.join(staging, name), { recursive: true, force: true });
  }
}

/** The copies and the archive of them lie beside each other for a moment. */
function expectSpace(userDirectory: UserDirectory, folder: string): void {
  let needed = 16 * 1024 * 1024;
  for (const site of userDirectory.sites) {
    for (const name of siteFiles(site.folder, userDirectory.folder)) {
      needed += 1.5 * (statSync(path.join(site.folder, name), { throwIfNoEntry: false })?.size ?? 0);
    }
  }
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= needed) return;
  throw new Problem('TWIN_DISK_FULL',
    `The disk that holds ${folder} has ${megabytes(bavail * bsize)} MB left; the backup needs about ${megabytes(needed)} MB.`,
    'Free some space, or choose another place with --to; nothing half-written was left.',
    { file: folder, free: megabytes(bavail * bsize), needed: megabytes(needed) });
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_048_576);
}

/** A deploy writes both files, one after the other: a pair that does not belong together would lose passwords. */
function readTogether({ flowFile, credentialsFile }: UserDirectory): { flow: string; credentials: string | undefined } {
  const stamp = (): string => [flowFile, credentialsFile].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0).join();
  for (;;) {
    const before = stamp();
    const flow = readText(flowFile);
    const credentials = existsSync(credentialsFile) ? readText(credentialsFile) : undefined;
    if (stamp() === before) return { flow, credentials };
  }
}

function secretOf(userDirectory: UserDirectory, credentials: string | undefined): Manifest['secret'] {
  if (credentials === undefined) return 'none needed';
  const secret = generatedSecret(userDirectory.folder);
  if (secret !== undefined && decryptCredentials(credentials, secret) !== undefined) return 'included';
  return /"\$"\s*:/.test(credentials) ? 'in settings' : 'none needed';
}

/** The secret that Node-RED made for itself where the settings name none. */
export function generatedSecret(userDir: string): string | undefined {
  const secret = readJson(path.join(userDir, '.config.runtime.json'))?.['_credentialSecret'];
  return typeof secret === 'string' ? secret : undefined;
}

/** The files of a site: nothing below its folder, and where it is the user directory itself only databases and the outbox. */
function siteFiles(folder: string, userDir: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && isKept(entry.name) && (folder !== userDir || entry.name.endsWith('.db') || isOutboxFile(entry.name)))
      .map((entry) => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileProblem(error, folder);
  }
}

/** Not: the lock, logs of unfinished writes (they are in the copy), what was set aside as damaged, marks of a restore. */
function isKept(name: string): boolean {
  return !/^lock\.|-(?:wal|shm|journal)$|\.damaged-|^restore(?:-closed)?\.json$/.test(name);
}

function inOrder(names: string[]): string[] {
  const rank = (name: string): number => ['site.db', 'outbox.db'].indexOf(name) + (name === 'site.db' || name === 'outbox.db' ? 0 : 3);
  return names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function copyDatabase(source: string, copy: string): void {
  const database = new DatabaseSync(source, { readOnly: true });
  try {
    database.exec('PRAGMA busy_timeout = 10000');
    database.prepare('VACUUM INTO ?').run(copy);
  } finally {
    database.close();
  }
}

async function hashOf({ content }: ArchiveEntry): Promise<string> {
  const hash = createHash('sha256');
  if ('text' in content) hash.update(content.text);
  else for await (const chunk of createReadStream(content.file) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

/** Gives the finished file its name without ever replacing another one. */
function publish(part: string, target: Target): string {
  for (let count = 1; ; count++) {
    const file = count === 1 ? target.file : target.file.replace(/\.tar\.gz$/, `-${count}.tar.gz`);
    try {
      linkSync(part, file);
      return file;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') {
        if (!target.automatic) throw exists(file);
        continue;
      }
      // A file system without hard links, a memory stick for instance. The lock keeps other backups away.
      if (existsSync(file)) continue;
      renameSync(part, file);
      return file;
    }
  }
}

function exists(file: string): Problem {
  return new Problem('TWIN_BACKUP_EXISTS', `${file} exists already.`, 'Choose another name, or name a folder with --to.', { file });
}

async function syncFolder(folder: string): Promise<void> {
  // Not every system lets a folder be opened; then the name is on disk a little later.
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function prune(folder: string, keep: number, newest: string): string[] {
  const old = readdirSync(folder)
    .filter((name) => namePattern.test(name) && name !== path.basename(newest))
    .sort()
    .reverse()
    .slice(Math.max(0, keep - 1))
    .map((name) => path.join(folder, name));
  for (const file of old) rmSync(file, { force: true });
  return old;
}

function posix(name: string): string {
  return name.replaceAll(path.sep, '/');
}
