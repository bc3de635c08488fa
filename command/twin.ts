#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Problem } from '../engine/problem.ts';
import type { CheckOptions } from './check.ts';
import { type CommandLanguage, clean, fill, help, languageOf, problemsInGerman, said } from './texts.ts';
import { userDirectoryPath } from './userDirectory.ts';
import type { UserAction } from './users.ts';

/** Where the command writes: lines of text. */
export interface CommandOutput {
  out(text: string): void;
  error(text: string): void;
}

/** Asks for a new password with these two questions. Default: at the terminal, or what is piped in. */
export type AskPassword = (prompts: readonly [first: string, again: string]) => Promise<string>;

const options = {
  'user-dir': { type: 'string' },
  flow: { type: 'string' },
  language: { type: 'string' },
  json: { type: 'boolean' },
  to: { type: 'string' },
  keep: { type: 'string' },
  settings: { type: 'boolean' },
  replace: { type: 'boolean' },
  url: { type: 'string' },
  user: { type: 'string' },
  'password-file': { type: 'string' },
  site: { type: 'string' },
  role: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parse>['values'];

/** What each command understands; anything else is a mistake that is told, not passed over. */
const commands: Record<string, { options: readonly (keyof typeof options)[]; files: number }> = {
  status: { options: ['json'], files: 0 },
  check: { options: ['json', 'url'], files: 1 },
  backup: { options: ['to', 'keep', 'settings'], files: 0 },
  restore: { options: ['replace', 'settings', 'url', 'user', 'password-file'], files: 1 },
  user: { options: ['site', 'role', 'url', 'user', 'password-file', 'json'], files: 2 },
  help: { options: [], files: 1 },
};
const common: readonly string[] = ['user-dir', 'flow', 'language', 'help'];

/**
 * Runs `twin …` and gives its exit code: 0 all is well, 1 something needs a look, 2 it could not be done or cannot be said.
 * Never throws.
 */
export async function runTwin(
  given: readonly string[], output: CommandOutput, environment: NodeJS.ProcessEnv = process.env, ask?: AskPassword,
): Promise<number> {
  let language = languageOf(languageIn(given), environment);
  try {
    const { values, positionals } = parse(given);
    const [command = 'help', ...files] = positionals;
    language = languageOf(values.language, environment);
    expectSense(command, files, values);
    if (command === 'help' || values.help === true) {
      output.out(fill(help, language));
      return 0;
    }
    expectNode();
    return await run(command, files, values, output, language, ask);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const problem = error instanceof Problem ? error : new Problem('TWIN_UNEXPECTED', reason, 'Please report this.');
    output.error(`${problem.code}: ${problemText(problem, language)}`);
    return 2;
  }
}

function parse(given: readonly string[]) {
  try {
    return parseArgs({ args: [...given], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw mistake(error instanceof Error ? `${error.message.split('. ')[0]}.` : String(error));
  }
}

/** Also where the rest of the line cannot be understood. */
function languageIn(given: readonly string[]): string | undefined {
  const at = given.findIndex((part) => part.startsWith('--language'));
  return at < 0 ? undefined : (given[at]?.split('=')[1] ?? given[at + 1]);
}

function expectSense(command: string, files: readonly string[], values: Values): void {
  const known = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (known === undefined) throw mistake(`There is no command "${clean(command)}".`);
  const wrong = Object.keys(values).find((name) => !common.includes(name) && !(known.options as readonly string[]).includes(name));
  if (wrong !== undefined) throw mistake(`twin ${command} does not know --${wrong}.`);
  if (files.length > known.files) throw mistake(`twin ${command} does not know what to do with "${clean(files[known.files] ?? '')}".`);
  if (command === 'restore' && files.length === 0) throw mistake('Name the backup: twin restore FILE.');
  if (command === 'user') expectUserSense(files, values);
  if (values.language !== undefined && !/^(?:en|de)\b/i.test(values.language)) throw mistake(`There is no language "${clean(values.language)}".`);
  if (values.keep !== undefined && !/^[1-9]\d{0,4}$/.test(values.keep)) throw mistake('--keep takes a whole number from 1 on.');
}

const userActions: readonly string[] = ['list', 'add', 'remove', 'password'];

function expectUserSense([action, name]: readonly string[], values: Values): void {
  if (action === undefined || !userActions.includes(action)) throw mistake('Say what to do: twin user list, add NAME, remove NAME or password NAME.');
  if ((action === 'list') !== (name === undefined)) throw mistake(name === undefined ? 'Name the person.' : 'twin user list takes no name.');
  if ((action === 'add') !== (values.role !== undefined)) throw mistake('--role viewer, operator or engineer belongs to twin user add.');
  if (values.json === true && action !== 'list') throw mistake('--json belongs to twin user list.');
}

function mistake(text: string): Problem {
  return new Problem('TWIN_COMMAND', text, 'See twin help.', { text });
}

/** Before anything that needs SQLite is loaded: on an older Node that would be a stack trace. */
function expectNode(): void {
  if (process.getBuiltinModule?.('node:sqlite')) return;
  const version = process.versions.node;
  throw new Problem('TWIN_NODE_VERSION', `Node.js ${version} is too old for Twinwire.`, 'Install Node.js 22.13 or newer.', { version });
}

async function run(command: string, files: readonly string[], values: Values, output: CommandOutput, language: CommandLanguage, ask?: AskPassword):
Promise<number> {
  const userDir = userDirectoryPath(values['user-dir']);
  const nowMs = Date.now();
  const place = { userDir, ...(values.flow === undefined ? {} : { flow: values.flow }) };
  const { backupLines, checkLines, restoreLines, statusLines, userLines } = await import('./report.ts');
  const print = ({ lines, code }: { lines: string[]; code: number }): number => {
    for (const line of lines) output.out(line);
    return code;
  };
  if (command === 'backup') {
    const { backup } = await import('./backup.ts');
    const keep = values.keep === undefined ? {} : { keep: Number(values.keep) };
    return print(backupLines(await backup({ ...place, ...keep, to: values.to, settings: values.settings }, nowMs), language));
  }
  if (command === 'restore') {
    const { restore } = await import('./restore.ts');
    const { adminPassword } = await import('./nodeRedAdmin.ts');
    const { url, user, replace, settings } = values;
    const password = user === undefined ? undefined : adminPassword(values['password-file']);
    const asked = { ...place, file: files[0] ?? '', url: url?.replace(/\/+$/, ''), user, password, replace, settings };
    return print(restoreLines(await restore(asked, nowMs), userDir, language));
  }
  if (command === 'user') {
    const { changePageUsers } = await import('./users.ts');
    const { adminPassword } = await import('./nodeRedAdmin.ts');
    const { url, user, site, role } = values;
    const [action = '', name = ''] = files;
    const asked = {
      ...place, action: action as UserAction, name, site, role, url, user,
      password: user === undefined ? undefined : adminPassword(values['password-file']),
      askPassword: async () => (ask ?? (await import('./askPassword.ts')).askPassword)([fill(said.askPassword, language, { name }), fill(said.askAgain, language)]),
    };
    const result = await changePageUsers(asked, Date.now);
    return print(values.json === true ? { lines: [JSON.stringify({ v: 1, ...result }, null, 2)], code: 0 } : userLines(result, asked.action, language));
  }
  if (command === 'check') {
    const { check } = await import('./check.ts');
    const asked: CheckOptions = { ...place, url: values.url, file: files[0] };
    const findings = await check(asked, nowMs);
    const told = checkLines(findings, language);
    if (values.json === true) told.lines = [JSON.stringify({ v: 1, findings: told.texts }, null, 2)];
    return print(told);
  }
  const { status } = await import('./status.ts');
  const state = status(userDir, values.flow, nowMs);
  const told = statusLines(state, language);
  if (values.json === true) told.lines = [JSON.stringify({ v: 1, ...state }, null, 2)];
  return print(told);
}

function problemText(problem: Problem, language: CommandLanguage): string {
  const german = language === 'de' ? problemsInGerman[problem.code] : undefined;
  return german === undefined ? clean(problem.message) : fill([german, german], language, problem.values);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  process.exitCode = await runTwin(process.argv.slice(2), { out: (text) => console.log(text), error: (text) => console.error(text) });
}
