import type { BackupResult } from './backup.ts';
import type { Finding } from './check.ts';
import type { RestoreResult } from './restore.ts';
import type { MachineStatus, Status } from './status.ts';
import { type CommandLanguage, clean, fill, findingTexts, lookTexts, noteTexts, said, roleTexts, siteStates } from './texts.ts';
import type { UserAction, UsersResult } from './users.ts';

/** What a command prints, and its exit code. */
export interface Report {
  lines: string[];
  code: number;
}

export function backupLines({ file, bytes, manifest, pruned, hasPrivateKey }: BackupResult, language: CommandLanguage): Report {
  const tell = (text: keyof typeof said, values = {}): string => fill(said[text], language, values);
  const lines = [tell('saved', { file, size: size(bytes, language), sites: manifest.sites.map(({ name }) => name).join(', ') })];
  const holds = [...(hasPrivateKey ? [tell('holdsKey')] : []), ...(manifest.secret === 'included' ? [tell('holdsSecret')] : [])];
  lines.push(tell('private', { what: holds.length === 0 ? tell('holdsData') : holds.join(', ') }));
  if (manifest.secret === 'in settings') lines.push(tell('keepSecret'));
  if (pruned.length > 0) lines.push(tell('pruned', { count: pruned.length }));
  if (!manifest.complete) lines.push(tell('leftOut', { files: manifest.leftOut.join(', ') }));
  return { lines, code: manifest.complete ? 0 : 1 };
}

export function restoreLines(result: RestoreResult, userDir: string, language: CommandLanguage): Report {
  const tell = (text: keyof typeof said, values = {}): string => fill(said[text], language, values);
  const { manifest, aside, reload, running, notes, missingModules } = result;
  const lines = [tell('restored', { created: when(Date.parse(manifest.created), language), sites: manifest.sites.map(({ name }) => name).join(', ') })];
  for (const folder of aside) lines.push(tell('aside', { folder }));
  for (const note of notes) lines.push(fill(noteTexts[note], language));
  if (missingModules.length > 0) lines.push(tell('missingModules', { names: missingModules.join(' '), folder: userDir }));
  if (running) lines.push(tell('isRunning'));
  else if (reload === undefined) lines.push(tell('startNow'));
  else lines.push(tell(reload === 'reloaded' ? 'notOpened' : reload === 'login needed' ? 'loginNow' : 'restartNow'));
  const needsLook = missingModules.length > 0 || notes.includes('incomplete') || notes.includes('secret in settings') || (reload !== undefined && !running);
  return { lines, code: needsLook ? 1 : 0 };
}

export function checkLines(findings: readonly Finding[], language: CommandLanguage): Report & { texts: (Finding & { text: string })[] } {
  const texts = findings.map((finding) => ({ ...finding, text: fill(findingTexts[finding.code], language, finding.values) }));
  const marks = { ok: fill(said.ok, language), look: fill(said.look, language), unknown: fill(said.cannotSay, language) };
  const width = Math.max(...Object.values(marks).map((mark) => mark.length));
  const looks = texts.filter(({ verdict }) => verdict === 'look').length;
  const unknowns = texts.filter(({ verdict }) => verdict === 'unknown').length;
  return {
    texts,
    lines: texts.map(({ verdict, text }) => `${marks[verdict].padEnd(width)}  ${text}`),
    code: looks > 0 ? 1 : unknowns > 0 ? 2 : 0,
  };
}

export function statusLines(status: Status, language: CommandLanguage): Report {
  const tell = (text: keyof typeof said, values = {}): string => fill(said[text], language, values);
  const lines: string[] = [];
  for (const site of status.sites) {
    lines.push(`${clean(site.name)}: ${fill(siteStates[site.state], language)}${site.reason === undefined ? '' : ` (${clean(site.reason)})`}`);
    const width = Math.min(40, Math.max(0, ...site.machines.map(({ name }) => clean(name).length)));
    for (const machine of site.machines) lines.push(`  ${clean(machine.name).padEnd(width)}  ${machineText(machine, language)}`);
    const waiting = site.outbox.filter((one) => one.waiting > 0);
    for (const one of waiting) lines.push(`  ${tell('outboxWaiting', { ...one, age: age(status.nowMs - (one.oldestMs ?? status.nowMs), language) })}`);
    if (waiting.length === 0 && site.state !== 'never ran') lines.push(`  ${tell('outboxEmpty')}`);
    for (const one of site.outbox.filter(({ refused }) => refused > 0)) lines.push(`  ${tell('outboxRefused', { ...one })}`);
    if (site.freeBytes !== null) lines.push(`  ${tell('usage', { used: size(site.bytes, language), free: size(site.freeBytes, language) })}`);
    lines.push('');
  }
  const { lastBackup: last, versions } = status;
  if (last !== null) lines.push(tell(last.found ? 'lastBackup' : 'lastBackupGone', { when: when(Date.parse(last.created), language), file: last.file }));
  lines.push(tell('versions', { ...versions, nodeRed: versions.nodeRed ?? tell('unknown') }), '');
  if (status.look.length === 0) lines.push(tell('allWell'));
  else lines.push(tell('needsLook'), ...status.look.map((look) => `  - ${fill(lookTexts[look.about], language, look)}`));
  const cannotSay = status.look.some(({ about }) => about === 'unreadable' || about === 'no sites');
  return { lines, code: cannotSay ? 2 : status.look.length > 0 ? 1 : 0 };
}

export function userLines({ site, users, changed }: UsersResult, action: UserAction, language: CommandLanguage): Report {
  const tell = (text: keyof typeof said, values = {}): string => fill(said[text], language, values);
  const lines: string[] = [];
  if (action === 'list') {
    const width = Math.min(40, Math.max(0, ...users.map(({ name }) => clean(name).length)));
    lines.push(...users.map(({ name, role }) => `${clean(name).padEnd(width)}  ${fill(roleTexts[role], language)}`));
  } else {
    const text = { add: 'userAdded', remove: 'userRemoved', password: 'userPassword' } as const;
    lines.push(tell(text[action], { name: changed?.name ?? '', site }));
  }
  if (users.length === 0) lines.push(tell('noUsers', { site }));
  return { lines, code: 0 };
}

function machineText({ known, learning, openCase }: MachineStatus, language: CommandLanguage): string {
  if (!known) return fill(said.notKnown, language);
  const learned = learning === undefined ? fill(said.notReadable, language) : fill(said[learning.phase], language, { percent: Math.round(learning.percent) });
  if (openCase === undefined) return learned;
  const values = { letter: openCase.letter, when: when(openCase.sinceMs, language), signals: openCase.signals.join(', ') };
  return `${learned}; ${fill(openCase.state === 'acknowledged' ? said.caseAcknowledged : said.caseOpen, language, values)}`;
}

function size(bytes: number, language: CommandLanguage): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value.toLocaleString(language, { maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 })} ${units[unit] ?? ''}`;
}

/** In the box's own time zone. */
function when(timeMs: number, language: CommandLanguage): string {
  return new Date(timeMs).toLocaleString(language === 'de' ? 'de' : 'en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

function age(ms: number, language: CommandLanguage): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} ${language === 'de' ? 'Tage' : 'days'}`;
}
