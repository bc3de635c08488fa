import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type FileName, fileFormat, knownFileNames } from '../adapters/sqlite/databaseFile.ts';
import { FolderLock, isFolderOpen } from '../adapters/sqlite/folderLock.ts';
import { isOutboxFile } from '../adapters/sqlite/outboxLog.ts';
import { closedAt, markRestore, unmarkRestore } from '../adapters/sqlite/restoreMark.ts';
import { Problem } from '../engine/problem.ts';
import { damaged } from './archive.ts';
import { generatedSecret } from './backup.ts';
import { decryptCredentials, encryptCredentials } from './credentials.ts';
import { type Manifest, type ManifestFile, type Sink, verifyBackup } from './manifest.ts';
import { type AdminOptions, type Reload, reloadFlows } from './nodeRedAdmin.ts';
import { type UserDirectory, credentialsFileOf, fileProblem, readJson, readText, readUserDirectory } from './userDirectory.ts';

export interface RestoreOptions extends AdminOptions {
  file: string;
  userDir: string;
  flow?: string;
  /** Move aside what is there. Without it only an empty box is restored to. */
  replace?: boolean;
  /** Take settings.js from the backup too. */
  settings?: boolean;
  /** How long a running site gets to close its store. Default 30 s. */
  closeWithinMs?: number;
}

export type RestoreNote =
  /** settings.js of the other box had the secret of the passwords: the same has to stand in this one's. */
  | 'secret in settings'
  /** The passwords can only be read after Node-RED was started again. */
  | 'restart for passwords'
  | 'settings left'
  | 'incomplete';

export interface RestoreResult {
  manifest: Manifest;
  /** Folders with what was there before; empty for a new box. */
  aside: string[];
  /** undefined: no site was running. */
  reload: Reload | 'restart needed' | undefined;
  /** Every restored site is open again in the running Node-RED. */
  running: boolean;
  notes: RestoreNote[];
  /** Modules with nodes that the other box had and this one has not. */
  missingModules: string[];
}

const stagingName = '.twin-restore';

interface SiteTarget {
  folder: string;
  /** Files of the backup, by the name in the data folder. */
  files: Map<string, string>;
}

/**
 * Puts a backup in place, on a new box or on one that is running. Nothing is touched before the whole backup was read and
 * found good. Then each data folder is marked, its running site closes the store and gives the lock back, and only who holds
 * every lock exchanges files; what was there is moved aside. At last a running Node-RED reads its flow again.
 * @throws Problem TWIN_BACKUP_DAMAGED, TWIN_BACKUP_FOREIGN, TWIN_BACKUP_NEWER, TWIN_STORE_NEWER, TWIN_RESTORE_NOT_EMPTY, TWIN_RESTORE_BUSY,
 * TWIN_RESTORE_RUNNING, TWIN_DISK_FULL, TWIN_NO_RIGHTS
 */
export async function restore(options: RestoreOptions, nowMs: number): Promise<RestoreResult> {
  const staging = path.join(options.userDir, stagingName);
  const isNew = !existsSync(staging);
  try {
    mkdirSync(staging, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileProblem(error, options.userDir);
  }
  const lock = lockOf(staging, options.userDir);
  let placed = false;
  try {
    clear(staging);
    const manifest = await unpack(options.file, staging);
    checkDatabases(manifest, staging, options.file);
    const result = await exchange(manifest, staging, options, nowMs);
    placed = true;
    return result;
  } catch (error) {
    throw fileProblem(error, options.userDir);
  } finally {
    clear(staging);
    lock.release();
    // A refused backup leaves nothing in a folder that it was not restored to.
    if (isNew || placed) rmSync(staging, { recursive: true, force: true });
  }
}

function lockOf(staging: string, userDir: string): FolderLock {
  try {
    return new FolderLock(staging);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'TWIN_STORE_LOCKED') throw fileProblem(error, staging);
    throw new Problem('TWIN_RESTORE_RUNNING', `Another restore to ${userDir} is running.`, 'Wait until it has ended.', { folder: userDir });
  }
}

function clear(staging: string): void {
  for (const name of readdirSync(staging)) {
    if (!name.startsWith('lock.')) rmSync(path.join(staging, name), { recursive: true, force: true });
  }
}

async function unpack(file: string, staging: string): Promise<Manifest> {
  let isChecked = false;
  return verifyBackup(path.resolve(file), async (entry, manifest) => {
    if (!isChecked) {
      isChecked = true;
      expectSpace(manifest, staging);
    }
    const target = path.join(staging, entry.path);
    mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
    return fileSink(target);
  });
}

async function fileSink(target: string): Promise<Sink> {
  const handle = await open(target, 'wx', 0o600);
  return {
    async write(part) {
      await handle.writeFile(part);
    },
    async close() {
      await handle.sync();
      await handle.close();
    },
  };
}

function expectSpace({ files }: Manifest, folder: string): void {
  const needed = files.reduce((sum, { bytes }) => sum + bytes, 16 * 1024 * 1024);
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= needed) return;
  const megabytes = (bytes: number): number => Math.ceil(bytes / 1_048_576);
  throw new Problem('TWIN_DISK_FULL', `The disk that holds ${folder} has ${megabytes(bavail * bsize)} MB left; the backup needs about ${megabytes(needed)} MB.`,
    'Free some space and try again; nothing was changed.', { file: folder, free: megabytes(bavail * bsize), needed: megabytes(needed) });
}

/** The manifest proves that the bytes are those that were saved; this proves that they can be used here. */
function checkDatabases(manifest: Manifest, staging: string, file: string): void {
  for (const { path: name } of manifest.files.filter(({ role, path: entry }) => role === 'site' && entry.endsWith('.db'))) {
    const database = new DatabaseSync(path.join(staging, name), { readOnly: true });
    try {
      const known = path.posix.basename(name, '.db');
      const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
      if ((knownFileNames as readonly string[]).includes(known) && version > fileFormat(known as FileName)) {
        throw new Problem('TWIN_STORE_NEWER',
          `The file ${name} in ${file} was written by a newer version of Twinwire (format ${version}, known: ${fileFormat(known as FileName)}).`,
          'Update Twinwire on this box first; nothing was changed here.', { file: name, version, known: fileFormat(known as FileName) });
      }
      if ((database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }).quick_check !== 'ok') throw damaged(file);
    } catch (error) {
      throw error instanceof Problem ? error : damaged(file);
    } finally {
      database.close();
    }
  }
}

async function exchange(manifest: Manifest, staging: string, options: RestoreOptions, nowMs: number): Promise<RestoreResult> {
  const here = readUserDirectory(options.userDir, { flow: options.flow, flowOptional: true });
  const sites = siteTargets(manifest, staging, options);
  if (options.replace !== true) expectEmpty(here, sites);
  const { adminUrls, wasOpen, locks } = await takeFolders(sites, options, nowMs);
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '');
  const aside = new Set<string>();
  const folders = new Map<string, string>();
  const moveAside = (file: string, root: string): void => {
    if (!existsSync(file)) return;
    let folder = folders.get(root);
    if (folder === undefined) {
      folder = path.join(root, `before-restore-${stamp}`);
      // What an earlier restore of the same second put aside stays.
      for (let count = 2; existsSync(folder); count++) folder = path.join(root, `before-restore-${stamp}-${count}`);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      folders.set(root, folder);
    }
    renameSync(file, path.join(folder, path.basename(file)));
    aside.add(folder);
  };
  const notes: RestoreNote[] = manifest.complete ? [] : ['incomplete'];
  let isPlaced = false;
  let missingModules: string[] = [];
  try {
    for (const { folder, files } of sites) {
      for (const name of readdirSync(folder)) {
        if ((/\.db(?:-wal|-shm|-journal)?$/.test(name) && !name.startsWith('lock.')) || isOutboxFile(name)) moveAside(path.join(folder, name), folder);
      }
      for (const [name, source] of files) {
        moveAside(path.join(folder, name), folder);
        await place(source, path.join(folder, name));
      }
    }
    const certificates = manifest.files.filter(({ role }) => role === 'certificate');
    if (certificates.length > 0) moveAside(here.certificates, here.folder);
    for (const { path: name } of certificates) await place(path.join(staging, name), path.join(here.certificates, name.replace(/^opcua\//, '')));
    missingModules = await placeUserFiles(manifest, staging, here, options, moveAside, notes);
    const flow = pathOf(manifest, 'flow');
    if (flow !== undefined) {
      moveAside(here.flowFile, here.folder);
      await place(path.join(staging, flow), here.flowFile);
    }
    isPlaced = true;
  } finally {
    // Half-exchanged folders stay marked: no site may open them and learn anew.
    if (isPlaced) for (const { folder } of sites) unmarkRestore(folder);
    for (const lock of locks) lock.release();
  }
  const admin = options.url ?? adminUrls[0];
  let reload: RestoreResult['reload'];
  if (notes.includes('restart for passwords')) reload = wasOpen ? 'restart needed' : undefined;
  else if (admin !== undefined) reload = await reloadFlows(admin, options);
  else if (wasOpen) reload = 'not reachable';
  const running = reload === 'reloaded' && (await opened(sites, 20_000));
  return { manifest, aside: [...aside], reload, running, notes, missingModules };
}

function siteTargets(manifest: Manifest, staging: string, { userDir, file }: RestoreOptions): SiteTarget[] {
  const targets = manifest.sites.map(({ folder, path: place }): SiteTarget => {
    const files = new Map<string, string>();
    for (const entry of manifest.files) {
      const name = path.posix.basename(entry.path);
      if (entry.role === 'site' && entry.path === `${place}/${name}` && !/^lock\.|^restore/.test(name)) files.set(name, path.join(staging, entry.path));
    }
    return { folder: path.resolve(userDir, folder), files };
  });
  if (new Set(targets.map(({ folder }) => folder)).size !== targets.length) throw damaged(file);
  return targets;
}

function expectEmpty(here: UserDirectory, sites: readonly SiteTarget[]): void {
  const stores = sites.map(({ folder }) => path.join(folder, 'site.db'));
  const found = here.nodes.some(({ type }) => type !== 'tab') ? here.flowFile : stores.find((file) => existsSync(file));
  if (found === undefined) return;
  throw new Problem('TWIN_RESTORE_NOT_EMPTY', `There is something here already: ${found}.`,
    'Add --replace to move it aside (nothing is deleted), or name another user directory.', { file: found });
}

/** Asks running sites to close, and holds every folder's lock when it resolves. */
async function takeFolders(sites: readonly SiteTarget[], options: RestoreOptions, nowMs: number):
Promise<{ locks: FolderLock[]; adminUrls: string[]; wasOpen: boolean }> {
  const locks: FolderLock[] = [];
  const adminUrls: string[] = [];
  let wasOpen = false;
  const marked: string[] = [];
  const end = performance.now() + (options.closeWithinMs ?? 30_000);
  try {
    for (const { folder } of sites) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      wasOpen = isFolderOpen(folder) || wasOpen;
      markRestore(folder, nowMs);
      marked.push(folder);
    }
    for (const { folder } of sites) {
      for (;;) {
        try {
          locks.push(new FolderLock(folder));
          break;
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== 'TWIN_STORE_LOCKED') throw error;
          if (performance.now() > end) {
            throw new Problem('TWIN_RESTORE_BUSY', `The data folder ${folder} is in use and is not given back.`,
              'Stop Node-RED, run twin restore again, and start Node-RED.', { folder });
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const url = closedAt(folder);
      if (url !== undefined) adminUrls.push(url);
    }
    return { locks, adminUrls, wasOpen };
  } catch (error) {
    for (const folder of marked) unmarkRestore(folder);
    for (const lock of locks) lock.release();
    // Sites that had closed already come back.
    const url = options.url ?? adminUrls[0];
    if (url !== undefined) await reloadFlows(url, options);
    throw error;
  }
}

type MoveAside = (file: string, root: string) => void;

/** Credentials, the generated secret, settings.js and package.json; returns the modules that are missing here. */
async function placeUserFiles(manifest: Manifest, staging: string, here: UserDirectory, options: RestoreOptions, moveAside: MoveAside, notes: RestoreNote[]):
Promise<string[]> {
  const settings = pathOf(manifest, 'settings');
  if (settings !== undefined) {
    const target = path.join(here.folder, path.posix.basename(settings));
    if (options.settings === true || here.settingsFile === undefined) {
      moveAside(target, here.folder);
      await place(path.join(staging, settings), target);
    } else notes.push('settings left');
  }
  const credentials = pathOf(manifest, 'credentials');
  const credentialsFile = credentialsFileOf(here.flowFile);
  moveAside(credentialsFile, here.folder);
  if (credentials !== undefined) {
    const source = path.join(staging, credentials);
    if (manifest.secret === 'included') encryptForHere(source, staging, here, notes);
    else if (manifest.secret === 'in settings') notes.push('secret in settings');
    await place(source, credentialsFile);
  }
  const packages = pathOf(manifest, 'package');
  if (packages === undefined) return [];
  const wanted = Object.keys((readJson(path.join(staging, packages))?.['dependencies'] as Record<string, unknown> | undefined) ?? {});
  const target = path.join(here.folder, 'package.json');
  if (!existsSync(target)) await place(path.join(staging, packages), target);
  return wanted.filter((name) => !existsSync(path.join(here.folder, 'node_modules', name)));
}

/** This box may have made a secret of its own, which a running Node-RED holds in memory: then the passwords take that one. */
function encryptForHere(source: string, staging: string, here: UserDirectory, notes: RestoreNote[]): void {
  const theirs = generatedSecret(path.join(staging, 'user-dir'));
  const plain = theirs === undefined ? undefined : decryptCredentials(readText(source), theirs);
  if (theirs === undefined || plain === undefined) return;
  const given = /\bcredentialSecret["']?\s*:\s*(?:(["'])(.*?)\1)?/.exec(here.settingsText);
  const ours = given === null ? generatedSecret(here.folder) : given[2];
  if (ours !== undefined) {
    writeFileSync(source, encryptCredentials(plain, ours));
    return;
  }
  // Node-RED takes it from here at its next start, also when its settings name another one.
  const file = path.join(here.folder, '.config.runtime.json');
  writeFileSync(`${file}.part`, JSON.stringify({ ...readJson(file), _credentialSecret: theirs }, null, 4), { mode: 0o600 });
  renameSync(`${file}.part`, file);
  notes.push('restart for passwords');
}

function pathOf(manifest: Manifest, role: ManifestFile['role']): string | undefined {
  return manifest.files.find((file) => file.role === role)?.path;
}

/** In one step, so that nobody ever meets half a file. */
async function place(source: string, target: string): Promise<void> {
  mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
  try {
    renameSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await copyFile(source, `${target}.part`);
    const handle = await open(`${target}.part`, 'r+');
    await handle.sync();
    await handle.close();
    renameSync(`${target}.part`, target);
  }
}

async function opened(sites: readonly SiteTarget[], withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (!sites.every(({ folder }) => isFolderOpen(folder))) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return true;
}
