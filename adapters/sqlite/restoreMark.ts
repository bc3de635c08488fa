import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../engine/problem.ts';

/**
 * `restore.json` in a data folder says that somebody is about to exchange what is in it. A running site that sees it closes
 * its store and gives the folder back; a site that would open the folder refuses. It is the last thing that a restore takes
 * away, so that a half-exchanged folder, after a power cut for instance, is never taken for a new plant and learned anew.
 */
const markName = 'restore.json';

/** What a site leaves when it has closed for a restore: where its Node-RED can be told to read its flow again. */
const closedName = 'restore-closed.json';

export function markRestore(folder: string, nowMs: number): void {
  writeFileSync(join(folder, markName), `${JSON.stringify({ v: 1, begun: new Date(nowMs).toISOString() })}\n`);
}

export function unmarkRestore(folder: string): void {
  rmSync(join(folder, closedName), { force: true });
  rmSync(join(folder, markName), { force: true });
}

/** @param adminUrl of the editor; undefined where there is none */
export function tellClosed(folder: string, adminUrl: string | undefined): void {
  writeFileSync(join(folder, closedName), `${JSON.stringify({ v: 1, adminUrl: adminUrl ?? null })}\n`);
}

/** The editor's address as the closed site told it. */
export function closedAt(folder: string): string | undefined {
  try {
    const { adminUrl } = JSON.parse(readFileSync(join(folder, closedName), 'utf8')) as { adminUrl?: unknown };
    return typeof adminUrl === 'string' ? adminUrl : undefined;
  } catch {
    return undefined;
  }
}

export function isRestoreMarked(folder: string): boolean {
  return existsSync(join(folder, markName));
}

export function restoreProblem(folder: string): Problem {
  let begun = '';
  try {
    begun = String((JSON.parse(readFileSync(join(folder, markName), 'utf8')) as { begun?: unknown }).begun ?? '').slice(0, 40);
  } catch {
    // Only the message gets poorer.
  }
  return new Problem('TWIN_RESTORE_UNFINISHED', `The data folder ${folder} is being restored${begun === '' ? '' : ` (since ${begun})`} or was left half-restored.`,
    'Let twin restore end, or run it again; then restart the flows. To go on with what is there, delete restore.json in it.', { folder, begun });
}
