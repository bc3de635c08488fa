import { existsSync, statSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isFolderOpen } from '../adapters/sqlite/folderLock.ts';
import { readOutbox } from '../adapters/sqlite/outboxFolder.ts';
import { isRestoreMarked } from '../adapters/sqlite/restoreMark.ts';
import type { TwinCase } from '../contract/messages.ts';
import { CaseBook } from '../engine/alarms/caseBook.ts';
import { type ColumnInfo, createBaseline } from '../engine/baselines/index.ts';
import type { Json } from '../engine/ports.ts';
import { type LastBackup, lastBackupOf } from './backup.ts';
import { fileProblem, filesUnder, readUserDirectory } from './userDirectory.ts';
import { nodeRedVersionOf, packageVersion } from './versions.ts';

export interface MachineStatus {
  key: string;
  name: string;
  /** undefined: what is stored cannot be read by this version. */
  learning: { phase: 'learning' | 'provisional' | 'armed'; percent: number } | undefined;
  openCase: { id: string; state: TwinCase['state']; letter: TwinCase['letter']; sinceMs: number; signals: string[] } | undefined;
  /** false: it is in the flow, but nothing was stored yet. */
  known: boolean;
}

export interface OutboxStatus {
  target: string;
  waiting: number;
  oldestMs: number | null;
  refused: number;
}

export type SiteState = 'running' | 'stopped' | 'restoring' | 'never ran' | 'unreadable';

export interface SiteStatus {
  name: string;
  folder: string;
  state: SiteState;
  /** Why it is unreadable. */
  reason?: string;
  machines: MachineStatus[];
  outbox: OutboxStatus[];
  bytes: number;
  freeBytes: number | null;
}

export interface Status {
  userDir: string;
  nowMs: number;
  sites: SiteStatus[];
  lastBackup: (LastBackup & { found: boolean }) | null;
  versions: { twinwire: string; node: string; nodeRed: string | null };
  /** What needs a look, most urgent first. */
  look: { about: Trouble; site?: string; machine?: string; target?: string }[];
}

export type Trouble =
  | Exclude<SiteState, 'running'>
  | 'case' | 'outbox' | 'refused' | 'disk' | 'no backup' | 'old backup' | 'no sites';

export const oldBackupMs = 8 * 86_400_000;
const lateDeliveryMs = 15 * 60_000;
export const leastFreeBytes = 500 * 1024 * 1024;

/**
 * What a look at the files tells, whether or not Node-RED runs, answers or asks for a login. What a running site learned in
 * the last two seconds may not be in them yet.
 * @throws Problem as `readUserDirectory`
 */
export function status(userDir: string, flow: string | undefined, nowMs: number): Status {
  const directory = readUserDirectory(userDir, { flow });
  const look: Status['look'] = [];
  const sites = directory.sites.map(({ id, name, folder }): SiteStatus => {
    const keys = directory.nodes.filter((node) => node.type === 'twin-asset' && node['site'] === id && node['d'] !== true);
    const site = siteStatus(name, folder, new Map(keys.map((node) => [String(node['key'] ?? ''), String(node['name'] ?? '')])));
    if (site.state !== 'running') look.push({ about: site.state, site: name });
    for (const { key, openCase } of site.machines) if (openCase?.state === 'open') look.push({ about: 'case', site: name, machine: key });
    for (const { target, oldestMs, refused } of site.outbox) {
      if (oldestMs !== null && nowMs - oldestMs > lateDeliveryMs) look.push({ about: 'outbox', site: name, target });
      if (refused > 0) look.push({ about: 'refused', site: name, target });
    }
    if (site.freeBytes !== null && site.freeBytes < leastFreeBytes) look.push({ about: 'disk', site: name });
    return site;
  });
  if (sites.length === 0) look.push({ about: 'no sites' });
  const last = lastBackupOf(userDir);
  if (last === undefined) look.push({ about: 'no backup' });
  else if (nowMs - Date.parse(last.created) > oldBackupMs) look.push({ about: 'old backup' });
  return {
    userDir,
    nowMs,
    sites,
    lastBackup: last === undefined ? null : { ...last, found: existsSync(last.file) },
    versions: { twinwire: packageVersion(), node: process.versions.node, nodeRed: nodeRedVersionOf(userDir) ?? null },
    look,
  };
}

function siteStatus(name: string, folder: string, inFlow: ReadonlyMap<string, string>): SiteStatus {
  const site: SiteStatus = { name, folder, state: 'never ran', machines: [], outbox: [], bytes: 0, freeBytes: null };
  const machine = (key: string, title: string | undefined): MachineStatus =>
    ({ key, name: title || key, learning: undefined, openCase: undefined, known: false });
  if (!existsSync(path.join(folder, 'site.db'))) {
    site.machines = [...inFlow].map(([key, title]) => machine(key, title));
    if (existsSync(folder) && isRestoreMarked(folder)) site.state = 'restoring';
    return site;
  }
  try {
    for (const file of filesUnder(folder)) site.bytes += statSync(path.join(folder, file), { throwIfNoEntry: false })?.size ?? 0;
    const { bavail, bsize } = statfsSync(folder);
    site.freeBytes = bavail * bsize;
    const stored = readRows(path.join(folder, 'site.db'), `
      SELECT substr(key, 7) AS key, value FROM state WHERE key >= 'asset/' AND key < 'asset0' ORDER BY key`) as { key: string; value: string }[];
    const seen = new Set<string>();
    for (const { key, value } of stored) {
      // What was learned of a machine that is in the flow no more is kept, but it is no machine of this plant now.
      if (!inFlow.has(key)) continue;
      seen.add(key);
      site.machines.push(storedMachine(machine(key, inFlow.get(key)), value));
    }
    for (const [key, title] of inFlow) if (!seen.has(key)) site.machines.push(machine(key, title));
    site.outbox = readOutbox(folder, () => {}).map(({ target, records, oldestMs, setAside }) => ({ target, waiting: records, oldestMs: oldestMs ?? null, refused: setAside }));
    site.state = isRestoreMarked(folder) ? 'restoring' : isFolderOpen(folder) ? 'running' : 'stopped';
  } catch (error) {
    site.state = 'unreadable';
    site.reason = fileProblem(error, folder).found;
  }
  return site;
}

function storedMachine(machine: MachineStatus, text: string): MachineStatus {
  machine.known = true;
  try {
    const snapshot = JSON.parse(text) as { columns: ColumnInfo[]; baseline: Json; cases: Json; baselineSettings?: { drivers?: string[] } };
    const names = new Set(snapshot.columns.map((column) => column.name));
    const open = new CaseBook({ twin: machine.key, historical: false, clearAfterMs: 0, repeatAfterMs: 0 }, snapshot.cases).open;
    if (open !== undefined) {
      machine.openCase = { id: open.id, state: open.state, letter: open.letter, sinceMs: open.sinceMs, signals: open.signals.map(({ property }) => property) };
    }
    const drivers = (snapshot.baselineSettings?.drivers ?? []).filter((name) => names.has(name));
    const { phase, percent } = createBaseline(snapshot.columns, { drivers }, snapshot.baseline).progress();
    machine.learning = { phase, percent };
  } catch {
    // Of another version: told as not readable.
  }
  return machine;
}

function readRows(file: string, sql: string): unknown[] {
  if (!existsSync(file)) return [];
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}
