import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from './build.ts';
import { lint } from './lint.ts';
import type { TestRecord } from './mochaReporter.ts';
import { packageRoot } from './packageRoot.ts';
import { runTool } from './runTool.ts';

const usage = `npm test -- [files] [options]
  files          only these test files or folders
  --grep TEXT    only tests whose title matches; any other option of mocha works too
  --quick        leave out build, lint, types and the soak
  --coverage     measure which lines were run; the report is in coverage/
  --verbose      show what passing tests print`;

/** The order of the run: what is quick and pure first, what needs a whole Node-RED or a browser last. */
const order = [
  ...['engine', 'contract', 'scripts', '', 'adapters', 'web', 'nodes', 'checks', 'conformance', 'editor', 'page', 'demo'],
  ...['bench', 'services', 'flows', 'package', 'browser'],
];
/** Pure and small: all in one process. Everything else has a process for each file, so that a crash or a leak names its file. */
const together = ['engine', 'contract'];
/** These start whole programs: one at a time in each lane, so that only two fight for the cores. */
const lanes = [['browser'], ['demo', 'bench', 'services', 'flows', 'package']];
/** What lasts longest begins first in its turn, so that no core waits at the end for one that began last. */
const longest = ['test/conformance/nodes.test.ts', 'test/browser/dialogs.test.ts', 'test/flows/shippedFlows.test.ts', 'test/browser/dialogBehaviour.test.ts'];
/** Its plant runs 60 times as fast as the clock, and a second without the core is a minute of data that it lacks: it runs when the lanes are done, with nothing beside it. */
const alone = ['test/flows/packagingLine.test.ts'];
/** A browser only makes one wait; beside it runs a plant whose clock does not. */
const browserLane = 0;
/** These only reckon, and no clock hangs on them: they take what the two others leave of the cores while those wait, and give way to them. */
const fillers = /^(?:\d+ pure test files?|test\/(?:scripts\/.*|conformance\/detectors\.test\.ts|architecture\.test\.ts|editor\/.*))$/;
const fillerTestMs = 90_000;
/** A process that says nothing for this long hangs. Installing a service takes minutes; a test has a time limit of its own. */
const silenceMs = 15 * 60_000;

interface Group {
  name: string;
  files: string[];
  /** Which of the lanes; absent: beside anything. */
  lane?: number;
  /** Runs as a third, behind the others. */
  fills?: true;
  /** Nothing but its code decides what comes of it. */
  pure?: true;
  isSecondTry?: true;
}

interface GroupResult {
  passed: number;
  failures: { title: string; message: string }[];
  skipped: { title: string; reason: string }[];
  finished: boolean;
  output: string;
  durationMs: number;
}

const flags = { quick: false, coverage: false, verbose: false };
const files: string[] = [];
const passThrough: string[] = [];
for (const argument of process.argv.slice(2)) {
  const flag = argument.replace(/^--/, '');
  if (argument === '--help') {
    console.log(usage);
    process.exit(0);
  }
  if (argument.startsWith('--') && Object.hasOwn(flags, flag)) flags[flag as keyof typeof flags] = true;
  else if (/^(?:\.\/)?test(?:\/|$)|\.test\.ts$/.test(argument) && !argument.startsWith('-')) files.push(argument.replace(/^\.\//, ''));
  else passThrough.push(argument);
}

const startedMs = Date.now();
const startedCores = coreTimes();
let groupNumber = 0;
let passed = 0;
const failures: { title: string; message: string }[] = [];
const skipped: { title: string; reason: string }[] = [];
/** What failed beside others: a clock that runs 60 times as fast does not forgive a stall of the machine, nor does a time limit. Each runs once more, alone. */
const again: Group[] = [];
const secondTries: string[] = [];

/** Node's own watch over children that must not outlive us. */
const running = new Set<{ pid: number }>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const { pid } of running) endGroup(pid);
    console.log(`\nStopped by ${signal}.`);
    finish();
    process.exit(1);
  });
}

if (!flags.quick) await checkSources();
// Ten minutes beside everything else; who asks for certain tests gets only these.
const soak = !flags.quick && files.length === 0 && passThrough.length === 0 ? startSoak() : undefined;
await runTests();
if (soak !== undefined) record('soak: eight hours of a plant in ten minutes', await soak);
if (flags.coverage) await reportCoverage();
finish();

function record(title: string, problem: string | undefined): void {
  if (problem === undefined) {
    passed++;
    console.log(`ok      ${title}`);
  } else {
    failures.push({ title, message: problem });
    console.log(`FAILED  ${title}\n${problem.replace(/^/gm, '        ')}`);
  }
}

async function checkSources(): Promise<void> {
  const { problems } = await build({ despiteProblems: true, log: () => {} });
  if (problems.length === 0) record('build', undefined);
  for (const problem of problems) record('build', problem);
  for (const result of await lint()) record(result.name, result.passed ? undefined : result.output);
}

/** Starts the soak at low priority; resolves with what is wrong, if anything is, and writes its table. */
function startSoak(): Promise<string | undefined> {
  // In a process group of its own, so that an interruption takes all of it along.
  const child = spawn(process.execPath, [path.join(packageRoot, 'scripts/soak.ts'), '--minutes', '10', '--speed', '48', '--background'], {
    cwd: packageRoot,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const entry = { pid: child.pid ?? 0 };
  if (child.pid !== undefined) running.add(entry);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-50_000)));
  return new Promise((resolve) => {
    child.once('error', (problem) => resolve(problem.message));
    child.once('exit', (code, signal) => {
      running.delete(entry);
      if (code === 0) console.log(output.trim().replace(/^/gm, '        '));
      resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}\n${output.trim()}`);
    });
  });
}

async function runTests(): Promise<void> {
  const groups = testGroups();
  const concurrent = Math.max(1, Math.min(2, os.availableParallelism()));
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'twinwire-test-'));
  try {
    const inTurn = async (waiting: Group[]): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await runAndTell(next, scratch);
    };
    const filling = concurrent > 1 ? groups.filter(({ fills }) => fills === true) : [];
    const free = groups.filter((group) => group.lane === undefined && !filling.includes(group));
    const inLanes = lanes.map((_, lane) => groups.filter((group) => group.lane === lane && !alone.includes(group.name)));
    // Whose own lane is done takes from the other, so that no core waits; nor does one wait for the last of what has no lane.
    const fromLane = async (lane: number): Promise<void> => {
      await inTurn(free);
      await inTurn(inLanes[lane] ?? []);
      for (const other of inLanes) await inTurn(other);
      await inTurn(filling);
    };
    await Promise.all([...Array.from({ length: concurrent }, (_, lane) => fromLane(lane)), inTurn(filling)]);
    await inTurn(groups.filter(({ name }) => alone.includes(name)));
    for (const group of again) {
      secondTries.push(group.name);
      await runAndTell({ name: group.name, files: group.files, isSecondTry: true }, scratch);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function testGroups(): Group[] {
  const wanted = files.length === 0 ? ['test'] : files;
  const found = wanted.flatMap((entry) => {
    if (path.isAbsolute(entry)) return [entry];
    return globSync(/[*{]|\.ts$/.test(entry) ? entry : `${entry}/**/*.test.ts`, { cwd: packageRoot });
  });
  const folderOf = (file: string): string => (path.isAbsolute(file) ? path.basename(path.dirname(file)) : (file.split(/[\\/]/).slice(1, -1)[0] ?? ''));
  const rank = (file: string): number => (order.includes(folderOf(file)) ? order.indexOf(folderOf(file)) : order.indexOf('nodes'));
  const begins = (file: string): number => (longest.includes(file) ? longest.indexOf(file) : longest.length);
  const all = [...new Set(found)].sort((a, b) => begins(a) - begins(b) || rank(a) - rank(b) || a.localeCompare(b));
  const pure = all.filter((file) => together.includes(folderOf(file)));
  const others = all.filter((file) => !together.includes(folderOf(file)));
  return [
    ...(pure.length > 0 ? [{ name: `${pure.length} pure test file${pure.length === 1 ? '' : 's'}`, files: pure, pure: true as const }] : []),
    ...others.map((file): Group => {
      const lane = lanes.findIndex((folders) => folders.includes(folderOf(file)));
      return { name: file, files: [file], ...(lane >= 0 && { lane }) };
    }),
  ].map((group): Group => ({ ...group, ...(fillers.test(group.name) && { fills: true }) }));
}

async function runAndTell(group: Group, scratch: string): Promise<void> {
  const result = await runGroup(group, scratch);
  if (!result.finished && group.files.length > 1) {
    // One file that does not even load takes the others with it: find out which.
    for (const file of group.files) await runAndTell({ name: file, files: [file], ...(group.pure === true && { pure: true }) }, scratch);
    return;
  }
  if (result.failures.length > 0 && group.pure !== true && group.isSecondTry !== true) {
    again.push(group);
    const titles = result.failures.map(({ title, message }) => `        ${title}: ${message}\n`).join('');
    console.log(`AGAIN   ${group.name}: ${result.failures.length} failed; it runs once more, alone\n${titles}${result.output.replace(/^/gm, '        ')}`);
    return;
  }
  passed += result.passed;
  failures.push(...result.failures);
  skipped.push(...result.skipped);
  const counts = [
    `${result.passed} passed`,
    ...(result.failures.length > 0 ? [`${result.failures.length} failed`] : []),
    ...(result.skipped.length > 0 ? [`${result.skipped.length} skipped`] : []),
  ].join(', ');
  const bad = result.failures.length > 0;
  console.log(`${bad ? 'FAILED' : 'ok    '}  ${group.name}: ${counts} (${(result.durationMs / 1000).toFixed(1)} s)`);
  if (bad || flags.verbose) console.log(result.output.replace(/^/gm, '        '));
  // What mocha could not print: a hang, a crash, a rejection after the last test.
  for (const { title, message } of result.failures) if (!result.output.includes(message.split('\n')[0] ?? '')) console.log(`        ${title}: ${message}`);
}

function runGroup(group: Group, scratch: string): Promise<GroupResult> {
  const results = path.join(scratch, `${groupNumber++}.ndjson`);
  const began = Date.now();
  const environment: NodeJS.ProcessEnv = { ...process.env, TWINWIRE_TEST_RESULTS: results };
  // What one process has stripped of its types and compiled, all others take from there: a thread or a Node-RED starts in half the time. With it coverage would be blurred.
  if (!flags.coverage) environment.NODE_COMPILE_CACHE ??= path.join(scratch, 'compiled');
  else environment.NODE_V8_COVERAGE = path.join(packageRoot, 'coverage/tmp');
  const given = [path.join(packageRoot, 'node_modules/mocha/bin/mocha.js'), '--reporter', path.join(packageRoot, 'scripts/mochaReporter.ts')];
  if (group.fills === true) given.push('--timeout', String(fillerTestMs));
  return new Promise((resolve) => {
    // In a process group of its own, so that whatever it started can be ended with it.
    const child = spawn(process.execPath, [...given, ...passThrough, ...group.files], {
      cwd: packageRoot,
      env: environment,
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pid = child.pid;
    if (pid !== undefined) {
      running.add({ pid });
      if (group.lane === browserLane || group.fills === true) giveWay(pid);
    }
    let output = '';
    let silent = false;
    let lastMs = Date.now();
    const hear = (chunk: Buffer): void => {
      lastMs = Date.now();
      output = (output + chunk.toString()).slice(-200_000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const watch = setInterval(() => {
      if (Date.now() - lastMs < silenceMs) return;
      silent = true;
      if (pid !== undefined) endGroup(pid);
    }, 5_000);
    const done = async (code: number | null, signal: NodeJS.Signals | null): Promise<void> => {
      clearInterval(watch);
      for (const entry of running) if (entry.pid === pid) running.delete(entry);
      const result = await readResults(results);
      if (silent) result.failures.push({ title: group.name, message: `said nothing for ${silenceMs / 60_000} minutes and was ended` });
      else if (!result.finished) result.failures.push({ title: group.name, message: `ended before its tests did (${signal ?? `exit code ${code}`})` });
      else if (code !== 0 && result.failures.length === 0) result.failures.push({ title: group.name, message: `ended with exit code ${code}` });
      // A service that a crashed test left behind would disturb the next ones.
      if (pid !== undefined && !result.finished) endGroup(pid);
      resolve({ ...result, output: output.trim(), durationMs: Date.now() - began });
    };
    child.once('error', (problem) => {
      output += problem.message;
      void done(null, null);
    });
    child.once('exit', (code, signal) => {
      // Wait for the last output, but not for a grandchild that keeps the pipe open.
      setTimeout(() => void done(code, signal), 50);
    });
  });
}

async function readResults(file: string): Promise<Omit<GroupResult, 'output' | 'durationMs'>> {
  const result: Omit<GroupResult, 'output' | 'durationMs'> = { passed: 0, failures: [], skipped: [], finished: false };
  if (!existsSync(file)) return result;
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    if (line === '') continue;
    const entry = JSON.parse(line) as TestRecord;
    if (entry.event === 'pass') result.passed++;
    else if (entry.event === 'fail') result.failures.push({ title: entry.title, message: entry.message });
    else if (entry.event === 'skip') result.skipped.push({ title: entry.title, reason: entry.reason });
    else if (entry.event === 'end') result.finished = true;
    else {
      const what = entry.handles.join(', ') || 'unknown';
      result.failures.push({ title: 'left something open', message: `after its last test the process went on, because of: ${what}` });
    }
  }
  return result;
}

/** Lets whatever runs beside it have the core first; its children inherit that. */
function giveWay(pid: number): void {
  try {
    os.setPriority(pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already.
  }
}

/** What the cores of this machine have done since it started. */
function coreTimes(): { busyMs: number; allMs: number } {
  const times = os.cpus().map(({ times: { user, nice, sys, irq, idle } }) => ({ busyMs: user + nice + sys + irq, allMs: user + nice + sys + irq + idle }));
  return { busyMs: times.reduce((sum, { busyMs }) => sum + busyMs, 0), allMs: times.reduce((sum, { allMs }) => sum + allMs, 0) };
}

function endGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function reportCoverage(): Promise<void> {
  const sources = ['engine', 'adapters', 'contract', 'web', 'nodes'].flatMap((folder) => ['--include', `${folder}/**/*.ts`]);
  const report = await runTool('c8/bin/c8.js', ['report', '--temp-directory', 'coverage/tmp', '--reporter', 'text-summary', '--reporter', 'lcov', ...sources]);
  console.log(report.output);
}

function finish(): void {
  if (skipped.length > 0) {
    console.log('\nSKIPPED:');
    for (const { title, reason } of skipped) console.log(`  ${title}: ${reason}`);
  }
  if (secondTries.length > 0) {
    console.log('\nNEEDED A SECOND TRY, ALONE:');
    for (const name of secondTries) console.log(`  ${name}`);
  }
  if (failures.length > 0) {
    console.log('\nFAILED:');
    for (const { title, message } of failures) console.log(`  ${title}: ${message.split('\n')[0]}`);
  }
  if (passed + failures.length === 0) {
    console.log('\nNo test was run, which counts as a failure: no title or file matched.');
    failures.push({ title: 'no test', message: 'nothing ran' });
  }
  const { busyMs, allMs } = coreTimes();
  const busy = Math.round((100 * (busyMs - startedCores.busyMs)) / Math.max(1, allMs - startedCores.allMs));
  console.log(`\n${Math.round((Date.now() - startedMs) / 1000)} s, in which the cores were busy ${busy} % of the time`);
  console.log(`${passed} passed, ${failures.length} failed, ${skipped.length} skipped`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}
