import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { isMain } from './isMain.ts';
import { packageRoot } from './packageRoot.ts';
import { PlainError, plainText } from './plainError.ts';

const usage = `npm run pack-offline -- [options]: the package with all that it needs, as one file for boxes without internet
  --to FOLDER   where the file goes; default this checkout
On the box, in the user directory of Node-RED: npm install --offline FILE`;

export interface LockedPackage {
  version: string;
  dev?: boolean;
  devOptional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  hasInstallScript?: boolean;
}

interface Manifest {
  name: string;
  version: string;
  files: string[];
  dependencies: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}

export interface OfflinePackage {
  file: string;
  packages: number;
  bytes: number;
  unpackedBytes: number;
}

/** What a package is made of when it runs. Licences stay: they have to go along with what is handed on. */
const kept = /\.(?:[cm]?js|json|wasm)$|(?:^|\/)(?:licen[cs]e|copying|notice|copyright|authors)[^/]*$/i;
/** Bundles for browsers, which nothing in Node.js asks for: the packages' own `exports` lead elsewhere. */
const forBrowsers = [/^mqtt\/dist\//, /^csv-parse\/dist\/(?:umd|iife)\//, /\.min\.js$/, /\/\.[^/]*$/];

/** Of these, what Node.js loads is one file that holds all of it; beside it lie the same sources for bundlers, eighty megabytes of them. */
const oneFile = /^@tensorflow\//;

/**
 * Packs the built package together with the exact tree of its dependencies from package-lock.json into one .tgz, which npm installs
 * without a registry (bundleDependencies). No native code, no install scripts, nothing for one platform only: else it says so and packs nothing.
 * @throws PlainError
 */
export function packOffline(targetFolder: string): OfflinePackage {
  const manifest = readJson<Manifest>(path.join(packageRoot, 'package.json'));
  const locked = Object.entries(readJson<{ packages: Record<string, LockedPackage> }>(path.join(packageRoot, 'package-lock.json')).packages)
    .filter(([place, { dev, devOptional }]) => place !== '' && dev !== true && devOptional !== true);
  const staging = mkdtempSync(path.join(os.tmpdir(), 'twinwire-offline-'));
  try {
    const whole = path.join(staging, 'package');
    for (const pattern of [...manifest.files, 'README.md', 'LICENSE']) {
      const names = globSync(pattern, { cwd: packageRoot });
      if (names.length === 0) throw new PlainError(`${pattern} is missing: run npm run build first.`);
      for (const name of names) cpSync(path.join(packageRoot, name), path.join(whole, name), { recursive: true });
    }
    for (const [place, entry] of locked) stage(place, entry, whole);
    const { scripts: _scripts, devDependencies: _devDependencies, ...rest } = manifest;
    const bundled = { ...rest, bundleDependencies: Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }) };
    writeFileSync(path.join(whole, 'package.json'), `${JSON.stringify(bundled, null, 2)}\n`);
    const [packed] = JSON.parse(npm(whole, ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', staging])) as [
      { filename: string; size: number; unpackedSize: number; files: { path: string }[] },
    ];
    // npm leaves out what no dependency of ours leads to: the lock would be wrong then, and so would the package.
    const names = new Set(packed.files.map((file) => file.path));
    const absent = locked.map(([place]) => place).filter((place) => !names.has(`${place}/package.json`));
    if (absent.length > 0) throw new PlainError(`npm did not pack ${absent.join(', ')}.`);
    mkdirSync(targetFolder, { recursive: true });
    const file = path.join(targetFolder, packed.filename.replace(/\.tgz$/, '-offline.tgz'));
    cpSync(path.join(staging, packed.filename), `${file}.new`);
    renameSync(`${file}.new`, file);
    return { file, packages: locked.length, bytes: packed.size, unpackedBytes: packed.unpackedSize };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Copies what runs of an installed package. @throws PlainError when it is not the locked one, or not for every box */
function stage(place: string, entry: LockedPackage, whole: string): void {
  const from = path.join(packageRoot, place);
  const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const installed = existsSync(path.join(from, 'package.json')) ? readJson<{ version: string }>(path.join(from, 'package.json')).version : 'none';
  if (installed !== entry.version) throw new PlainError(`${name}: ${entry.version} is locked, ${installed} is installed. Run npm ci first.`);
  const files = globSync('**/*', { cwd: from, exclude: (folder) => folder.split(/[\\/]/).includes('node_modules') })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => statSync(path.join(from, file)).isFile());
  const obstacle = offlineObstacle(name, entry, files);
  if (obstacle !== undefined) throw new PlainError(obstacle);
  // Types have no part in running: of such a package only the name is left, for npm to find.
  const isTypes = /^@types\/|\/types$/.test(name);
  const { main = '' } = readJson<{ main?: string }>(path.join(from, 'package.json'));
  for (const file of files) {
    if (oneFile.test(name) && /\.(?:[cm]?js|wasm)$/.test(file) && file !== main.replace(/^\.\//, '')) continue;
    if (!kept.test(file) || forBrowsers.some((pattern) => pattern.test(`${name}/${file}`))) continue;
    if (isTypes && !/^(?:package\.json|licen[cs]e.*)$/i.test(file)) continue;
    cpSync(path.join(from, file), path.join(whole, place, file));
  }
}

/**
 * Why a package cannot go into a file that installs on every box without internet.
 * @param files of the package, with slashes
 */
export function offlineObstacle(name: string, entry: Omit<LockedPackage, 'version'>, files: readonly string[]): string | undefined {
  const bound = [...(entry.os ?? []), ...(entry.cpu ?? []), ...(entry.libc ?? [])];
  if (bound.length > 0) return `${name} is only for ${bound.join(', ')}: an offline package for every box cannot hold it.`;
  if (entry.hasInstallScript === true) return `${name} wants to run a script when it is installed; a box without internet cannot.`;
  const native = files.find((file) => /(?:\.node|(?:^|\/)binding\.gyp)$/.test(file));
  return native === undefined ? undefined : `${name} holds native code (${native}): it would only run on boxes like this one.`;
}

function npm(folder: string, given: string[]): string {
  const ran = spawnSync('npm', given, {
    cwd: folder, encoding: 'utf8', maxBuffer: 1e9, shell: process.platform === 'win32',
    env: { ...process.env, npm_config_update_notifier: 'false', npm_config_loglevel: 'error' },
  });
  if (ran.status !== 0) throw new PlainError(`npm ${given[0]} failed: ${(ran.error?.message ?? ran.stderr).trim().slice(0, 2000)}`);
  return ran.stdout;
}

function readJson<Content>(file: string): Content {
  return JSON.parse(readFileSync(file, 'utf8')) as Content;
}

if (isMain(import.meta)) {
  try {
    const { values } = parseArgs({ options: { to: { type: 'string' }, help: { type: 'boolean' } } });
    if (values.help === true) console.log(usage);
    else {
      const { problems } = await build({ despiteProblems: false });
      if (problems.length > 0) throw new PlainError(`The build has problems:\n${problems.join('\n')}`);
      const { file, packages, bytes, unpackedBytes } = packOffline(path.resolve(values.to ?? packageRoot));
      console.log(`${file}\n${(bytes / 1e6).toFixed(1)} MB, ${(unpackedBytes / 1e6).toFixed(1)} MB unpacked, with ${packages} packages.`);
      console.log(`On the box, in the user directory of Node-RED: npm install --offline ${path.basename(file)}`);
    }
  } catch (problem) {
    console.error(plainText(problem));
    process.exitCode = 1;
  }
}
