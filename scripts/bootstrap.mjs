/**
 * The first thing every command of this checkout runs: `node scripts/bootstrap.mjs scripts/start.ts …`.
 *
 * It finds a Node that is new enough (the machine's own, or one that the lock file of scripts/runtime pins), installs
 * what package-lock.json asks for when node_modules does not hold it, and hands over to the TypeScript script. Nothing global is
 * touched. Plain JavaScript for Node 20 and newer, with nothing imported from node_modules.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withFileLock } from './fileLock.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const floor = [22, 13];
const floorText = floor.join('.');

/** Something to tell the person in front of the terminal, without a stack trace. */
class Plainly extends Error {}

/** @param {string} version "22.13.0", with or without a leading v */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > floor[0] || (major === floor[0] && minor >= floor[1]);
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`${text}\n`);
}

/** @param {NodeJS.ProcessEnv} environment */
function withPath(environment, /** @type {string[]} */ ...folders) {
  const name = Object.keys(environment).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  return { ...environment, [name]: [...folders, environment[name] ?? ''].join(path.delimiter) };
}

/**
 * @param {string} node the Node to run npm with
 * @param {string} folder
 * @param {string} what
 */
function installLocked(node, folder, what) {
  say(what);
  // Install scripts of packages are not needed by anything in the lock, so none is run.
  const options = ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const own = process.env.npm_execpath ?? '';
  const byScript = /npm-cli\.c?js$/.test(own) && existsSync(own);
  const environment = withPath({ ...process.env, npm_config_update_notifier: 'false' }, path.dirname(node));
  const result = byScript
    ? spawnSync(node, [own, ...options], { cwd: folder, encoding: 'utf8', env: environment, maxBuffer: 1e9 })
    : spawnSync('npm', options.map((option) => (process.platform === 'win32' ? `"${option}"` : option)), {
        cwd: folder,
        encoding: 'utf8',
        env: environment,
        maxBuffer: 1e9,
        shell: process.platform === 'win32',
      });
  if (result.error !== undefined) {
    throw new Plainly(`npm could not be started (${result.error.message}). Install npm and try again.`);
  }
  if (result.status !== 0) {
    const output = `${result.stdout}${result.stderr}`.split('\n').filter((line) => line.trim() !== '' && !/allow-scripts|npm warn/i.test(line));
    throw new Plainly(
      `npm could not install what ${path.relative(root, path.join(folder, 'package-lock.json'))} asks for:\n${output.slice(0, 12).join('\n')}\n` +
        'Check the connection to the package registry and the free disk space, then run the same command again.',
    );
  }
}

/** Where the private runtime of this platform lies, whether it is installed or not. */
function privateNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const offered = JSON.parse(readFileSync(path.join(root, 'scripts/runtime/package.json'), 'utf8')).optionalDependencies;
  if (!Object.hasOwn(offered, name)) {
    throw new Plainly(
      `This machine's Node is ${process.versions.node}; Twinwire needs ${floorText} or newer, and brings none of its own for ${os.type()} on ` +
        `${process.arch}. Install Node ${floorText} or newer from https://nodejs.org and run the same command again.`,
    );
  }
  const binary = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  return { binary: path.join(root, 'scripts/runtime/node_modules', name, binary), version: offered[name] };
}

/** @param {string} binary */
function versionOf(binary) {
  if (!existsSync(binary)) return undefined;
  const result = spawnSync(binary, ['-p', 'process.version'], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : `none: ${(result.error?.message ?? result.stderr).trim().split('\n')[0]}`;
}

async function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const { binary, version } = privateNode();
  if (versionOf(binary) !== `v${version}`) {
    await underLock(() => {
      if (versionOf(binary) === `v${version}`) return;
      installLocked(
        process.execPath,
        path.join(root, 'scripts/runtime'),
        `This machine's Node is ${process.versions.node}; Twinwire needs ${floorText}. Fetching Node ${version} for this checkout only (once) …`,
      );
    });
  }
  const found = versionOf(binary);
  if (found !== `v${version}`) {
    throw new Plainly(
      `The Node ${version} that this checkout brings does not run here (${found ?? 'not installed'}). Install Node ${floorText} or newer from ` +
        'https://nodejs.org and run the same command again.',
    );
  }
  return binary;
}

/**
 * Does node_modules hold what package-lock.json asks for? Compared with npm's own record of what it put there, so that it does not
 * matter which npm command did it. Optional packages may be absent: they are for other platforms.
 */
function isInstalled() {
  const record = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const present = JSON.parse(readFileSync(record, 'utf8')).packages ?? {};
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages ?? {};
  for (const [folder, entry] of Object.entries(wanted)) {
    if (folder === '') continue;
    const there = Object.hasOwn(present, folder) ? present[folder] : undefined;
    if (there === undefined ? !(entry.optional || entry.devOptional || entry.peer) : there.version !== entry.version) return false;
  }
  return true;
}

/** @param {() => void} work */
function underLock(work) {
  return withFileLock(path.join(root, '.data/bootstrap.lock'), work, (owner) =>
    say(`Another command of this checkout (process ${owner}) is installing; waiting for it …`),
  );
}

async function main() {
  const [script, ...given] = process.argv.slice(2);
  if (script === undefined) throw new Plainly('Usage: node scripts/bootstrap.mjs <script.ts> [arguments]');
  const node = await findNode();
  if (!isInstalled()) {
    await underLock(() => {
      if (!isInstalled()) installLocked(node, root, 'Installing what package-lock.json asks for (once; takes a minute or two) …');
    });
  }
  const environment = withPath(process.env, path.dirname(node), path.join(root, 'node_modules/.bin'));
  const strips = node !== process.execPath || Boolean(/** @type {{ typescript?: unknown }} */ (process.features).typescript);
  if (!strips) {
    // Node 22.13 to 22.17 strip types only when asked; child processes must do so too.
    const asked = '--experimental-strip-types --disable-warning=ExperimentalWarning';
    environment.NODE_OPTIONS = [process.env.NODE_OPTIONS, asked].filter(Boolean).join(' ');
  }
  const child = spawn(node, [path.resolve(root, script), ...given], { stdio: 'inherit', cwd: root, env: environment });
  const signals = /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  child.once('error', (problem) => {
    say(`The command could not be started: ${problem.message}`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    for (const name of signals) process.removeListener(name, forward);
    if (signal !== null) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}

main().catch((problem) => {
  say(problem instanceof Plainly ? problem.message : `The checkout could not be prepared: ${problem?.message ?? problem}`);
  process.exitCode = 1;
});
