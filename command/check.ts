import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type FileName, fileFormat, knownFileNames } from '../adapters/sqlite/databaseFile.ts';
import { readOutbox } from '../adapters/sqlite/outboxFolder.ts';
import { isFolderOpen } from '../adapters/sqlite/folderLock.ts';
import { isRestoreMarked } from '../adapters/sqlite/restoreMark.ts';
import { Problem } from '../engine/problem.ts';
import { lastBackupOf } from './backup.ts';
import { verifyBackup } from './manifest.ts';
import { adminUrl, editorLetsIn } from './nodeRedAdmin.ts';
import { leastFreeBytes, oldBackupMs } from './status.ts';
import { type SiteFolder, type UserDirectory, filesUnder, readUserDirectory } from './userDirectory.ts';
import { installedModules, nodeRedVersionOf } from './versions.ts';

export type Verdict = 'ok' | 'look' | 'unknown';

/** One thing that was looked at. The text stands in texts.ts under `code`, with `values` put in. */
export interface Finding {
  code: FindingCode;
  verdict: Verdict;
  values: Record<string, string | number>;
}

export type FindingCode =
  | 'nodeVersion' | 'nodeOld' | 'nodeRedVersion' | 'nodeRedOld' | 'nodeRedUnknown' | 'flowRead' | 'noSites' | 'siteUnsure'
  | 'typesThere' | 'typeMissing' | 'typesUnknown' | 'referencesThere' | 'referenceMissing' | 'keyTwice' | 'folderTwice'
  | 'folderMissing' | 'folderRights' | 'folderWritable' | 'folderClosed' | 'othersMayRead' | 'othersKeptOut'
  | 'running' | 'stopped' | 'restoring' | 'databaseWhole' | 'databaseDamaged' | 'databaseNewer' | 'setAside'
  | 'space' | 'spaceLow' | 'timeSynced' | 'timeNotSynced' | 'timeUnknown' | 'editorClosed' | 'editorOpen' | 'editorUnknown'
  | 'backupWhole' | 'backupOld' | 'backupNone' | 'backupBad';

export interface CheckOptions {
  userDir: string;
  flow?: string;
  /** Where the editor answers. */
  url?: string;
  /** A backup to verify instead of the last one. */
  file?: string;
}

/**
 * Looks at everything that can be wrong with a box, changes nothing, and needs no running Node-RED.
 * @throws Problem as `readUserDirectory`
 */
export async function check(options: CheckOptions, nowMs: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  const say = (verdict: Verdict, code: FindingCode, values: Finding['values'] = {}): void => void findings.push({ code, verdict, values });
  const directory = readUserDirectory(options.userDir, { flow: options.flow });
  checkVersions(directory, say);
  checkFlow(directory, say);
  for (const site of directory.sites) checkSite(site, say);
  checkPrivacy(directory, say);
  checkTime(say);
  await checkEditor(directory, options.url, say);
  await checkBackup(options, nowMs, say);
  return findings;
}

type Say = (verdict: Verdict, code: FindingCode, values?: Finding['values']) => void;

function checkVersions({ folder }: UserDirectory, say: Say): void {
  const node = process.versions.node;
  if (isAtLeast(node, [22, 13])) say('ok', 'nodeVersion', { version: node });
  else say('look', 'nodeOld', { version: node });
  const nodeRed = nodeRedVersionOf(folder);
  if (nodeRed === undefined) say('unknown', 'nodeRedUnknown');
  else if (isAtLeast(nodeRed, [4, 1])) say('ok', 'nodeRedVersion', { version: nodeRed });
  else say('look', 'nodeRedOld', { version: nodeRed });
}

export function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return a > major || (a === major && b >= minor);
}

/** Types that belong to no node. */
const structural = new Set(['tab', 'subflow', 'group', 'junction', 'global-config', 'unknown']);

function checkFlow({ folder, nodes, sites, flowFile }: UserDirectory, say: Say): void {
  say('ok', 'flowRead', { file: path.basename(flowFile), count: nodes.length });
  const siteNodes = nodes.filter(({ type }) => type === 'twin-site');
  if (siteNodes.length === 0) say('look', 'noSites');
  if (siteNodes.length > sites.length) say('unknown', 'siteUnsure', { count: siteNodes.length - sites.length });
  const modules = installedModules(folder);
  if (modules === undefined) say('unknown', 'typesUnknown');
  else {
    const known = new Set(structural);
    for (const { nodes: sets } of Object.values(modules)) {
      for (const set of Object.values((sets ?? {}) as Record<string, { types?: unknown }>)) {
        for (const type of Array.isArray(set?.types) ? (set.types as unknown[]) : []) known.add(String(type));
      }
    }
    const missing = [...new Set(nodes.map(({ type }) => type))].filter((type) => !known.has(type) && !type.startsWith('subflow:'));
    for (const type of missing.slice(0, 20)) say('look', 'typeMissing', { type });
    if (missing.length === 0) say('ok', 'typesThere');
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  let wrong = 0;
  const keys = new Map<string, string>();
  for (const node of nodes) {
    if (!node.type.startsWith('twin-') || node['d'] === true) continue;
    const name = String(node['name'] || node.type);
    for (const [property, type] of [['site', 'twin-site'], ['assetType', 'twin-type']] as const) {
      const id = node[property];
      if (typeof id !== 'string' || (id === '' && property === 'assetType') || byId.get(id)?.type === type || id.startsWith('${')) continue;
      wrong++;
      say('look', 'referenceMissing', { node: name, type });
    }
    if (node.type !== 'twin-asset' || typeof node['key'] !== 'string' || node['key'] === '') continue;
    const place = `${String(node['site'])} ${node['key']}`;
    const other = keys.get(place);
    if (other !== undefined) {
      wrong++;
      say('look', 'keyTwice', { key: node['key'], first: other, second: name });
    }
    keys.set(place, name);
  }
  const folders = new Map<string, string>();
  for (const { folder: place, name } of sites) {
    const other = folders.get(place);
    if (other !== undefined) {
      wrong++;
      say('look', 'folderTwice', { folder: place, first: other, second: name });
    }
    folders.set(place, name);
  }
  if (wrong === 0) say('ok', 'referencesThere');
}

function checkSite({ name, folder }: SiteFolder, say: Say): void {
  const values = { site: name, folder };
  if (!existsSync(folder)) {
    say('look', 'folderMissing', values);
    return;
  }
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    // root may write anywhere; what counts is who Node-RED is.
    const strangers = readdirSync(folder).filter((file) => statSync(path.join(folder, file), { throwIfNoEntry: false })?.uid !== statSync(folder).uid);
    if (strangers.length > 0 && process.platform !== 'win32') say('look', 'folderRights', { ...values, file: strangers[0] ?? '' });
    else say('ok', 'folderWritable', values);
  } catch {
    say('look', 'folderClosed', values);
    return;
  }
  if (isRestoreMarked(folder)) say('look', 'restoring', values);
  else if (isFolderOpen(folder)) say('ok', 'running', values);
  else say('look', 'stopped', values);
  for (const file of knownFileNames) checkDatabase(folder, file, name, say);
  readOutbox(folder, ({ values: found, message }) => say('look', 'databaseDamaged', { site: name, file: String(found?.['file'] ?? folder), reason: message }));
  const setAside = readdirSync(folder).filter((file) => /\.(?:db|log|aside)\.damaged-[\w-]+$/.test(file) && !/-(?:wal|shm)$/.test(file));
  for (const file of setAside) say('look', 'setAside', { ...values, file });
  const { bavail, bsize } = statfsSync(folder);
  const megabytes = Math.floor((bavail * bsize) / 1_048_576);
  say(bavail * bsize < leastFreeBytes ? 'look' : 'ok', bavail * bsize < leastFreeBytes ? 'spaceLow' : 'space', { ...values, megabytes });
}

function checkDatabase(folder: string, file: FileName, site: string, say: Say): void {
  const target = path.join(folder, `${file}.db`);
  if (!existsSync(target)) return;
  const values = { site, file: target };
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(target, { readOnly: true });
    database.exec('PRAGMA busy_timeout = 5000');
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > fileFormat(file)) {
      say('look', 'databaseNewer', { ...values, version, known: fileFormat(file) });
      return;
    }
    const { quick_check: answer } = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (answer === 'ok') say('ok', 'databaseWhole', values);
    else say('look', 'databaseDamaged', { ...values, reason: answer.slice(0, 200) });
  } catch (error) {
    say('look', 'databaseDamaged', { ...values, reason: error instanceof Error ? error.message : String(error) });
  } finally {
    database?.close();
  }
}

/** Keys and secrets that other users of the computer could read. */
function checkPrivacy({ folder, certificates, settingsFile, credentialsFile }: UserDirectory, say: Say): void {
  if (process.platform === 'win32') return;
  const others = (file: string): boolean => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o007) !== 0;
  const secret = [
    path.join(folder, '.config.runtime.json'), credentialsFile, ...(settingsFile === undefined ? [] : [settingsFile]),
    ...filesUnder(certificates).filter((name) => /private/i.test(name)).map((name) => path.join(certificates, name)),
  ].filter((file) => existsSync(file));
  // A folder that others cannot enter protects what is in it.
  const open = others(folder) ? secret.filter((file) => others(file)) : [];
  if (open.length === 0) say('ok', 'othersKeptOut', { folder });
  else say('look', 'othersMayRead', { files: open.map((file) => path.relative(folder, file)).join(', '), folder });
}

function checkTime(say: Say): void {
  if (existsSync('/run/systemd/timesync/synchronized')) {
    say('ok', 'timeSynced');
    return;
  }
  try {
    const asked = ['show', '-p', 'NTPSynchronized', '--value'];
    const answer = execFileSync('timedatectl', asked, { encoding: 'utf8', timeout: 3000, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    if (answer === 'yes') say('ok', 'timeSynced');
    else if (answer === 'no') say('look', 'timeNotSynced');
    else say('unknown', 'timeUnknown');
  } catch {
    say('unknown', 'timeUnknown');
  }
}

/** Knocks from this computer at its own addresses on the network, as somebody there would. */
async function checkEditor(directory: UserDirectory, url: string | undefined, say: Say): Promise<void> {
  const local = adminUrl(directory, url);
  const state = await editorLetsIn(local);
  if (state === undefined) {
    say('unknown', 'editorUnknown', { url: local });
    return;
  }
  const all = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  const addresses = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  for (const { address, family } of addresses) {
    const target = new URL(local);
    target.hostname = family === 'IPv6' ? `[${address}]` : address;
    const there = target.href.replace(/\/$/, '');
    if ((await editorLetsIn(there)) === true) {
      say('look', 'editorOpen', { url: there });
      return;
    }
  }
  say('ok', 'editorClosed', { url: local });
}

async function checkBackup({ userDir, file }: CheckOptions, nowMs: number, say: Say): Promise<void> {
  const last = lastBackupOf(userDir);
  const target = file ?? last?.file;
  if (target === undefined) {
    say('look', 'backupNone');
    return;
  }
  if (!existsSync(target)) {
    say('look', 'backupBad', { file: target, reason: 'ENOENT' });
    return;
  }
  try {
    const { created, complete } = await verifyBackup(target);
    const days = Math.floor((nowMs - Date.parse(created)) / 86_400_000);
    if (!complete) say('look', 'backupBad', { file: target, reason: 'incomplete' });
    else if (file === undefined && nowMs - Date.parse(created) > oldBackupMs) say('look', 'backupOld', { file: target, days });
    else say('ok', 'backupWhole', { file: target, created });
  } catch (error) {
    say('look', 'backupBad', { file: target, reason: error instanceof Problem ? error.found : String(error) });
  }
}
