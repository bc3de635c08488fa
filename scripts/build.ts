import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { withFileLock } from './fileLock.mjs';
import { isMain } from './isMain.ts';
import { packageRoot } from './packageRoot.ts';
import { runTool } from './runTool.ts';

/** What a build came to. */
export interface BuildResult {
  /** false: nothing had changed since the last build. */
  built: boolean;
  /** One entry for each thing that is wrong; empty when all is well. */
  problems: string[];
}

export interface BuildOptions {
  /** Take over what was emitted even though the types do not fit, so that tests still run on the newest code. */
  despiteProblems?: boolean;
  /** Build even though nothing changed. */
  always?: boolean;
  log?: (line: string) => void;
}

/** Parts of the build that live in files of their own: each exports a function that writes into a folder, relative to the checkout's root. */
const parts = [
  { file: 'scripts/buildBundled.ts', name: 'buildBundled', target: '.' },
  { file: 'scripts/buildEditor.ts', name: 'buildEditor', target: '.' },
  { file: 'scripts/buildPage.ts', name: 'buildPage', target: 'page' },
] as const;

const inputs = [
  '{engine,adapters,contract,web,nodes,subflows,command,editor,page,icons}/**/*',
  'tsconfig*.json',
  'package.json',
  'scripts/build*.ts',
] as const;

/**
 * Builds `dist/`: compiled code, the nodes' html with help and locales, the page, the message schemas. Everything is made in a folder of its
 * own first and then taken over, so that a running Node-RED never meets half a build. Does nothing when no input changed.
 */
export async function build(options: BuildOptions = {}): Promise<BuildResult> {
  const log = options.log ?? (() => {});
  const record = path.join(packageRoot, '.data/build.json');
  return withFileLock(
    path.join(packageRoot, '.data/build.lock'),
    async () => {
      const inputHash = await hashOfFiles(globSync([...inputs], { cwd: packageRoot }).sort(), true);
      const before = existsSync(record) ? (JSON.parse(await readFile(record, 'utf8')) as { inputs?: string; outputs?: string }) : {};
      if (options.always !== true && before.inputs === inputHash && before.outputs === (await outputHash())) {
        return { built: false, problems: [] };
      }
      await rm(record, { force: true });
      const staging = await mkdtemp(path.join(packageRoot, '.data/build-'));
      try {
        const problems = await buildInto(staging, log);
        if (problems.length === 0 || options.despiteProblems === true) await takeOver(staging, path.join(packageRoot, 'dist'));
        if (problems.length === 0) await writeFile(record, JSON.stringify({ inputs: inputHash, outputs: await outputHash() }));
        return { built: true, problems };
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    },
    (owner) => log(`Another build of this checkout (process ${owner}) is running; waiting for it …`),
  );
}

async function buildInto(staging: string, log: (line: string) => void): Promise<string[]> {
  const problems = checkPackage();
  const compiled = await runTool('typescript/bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', staging]);
  if (compiled.code !== 0) problems.push(`The types do not fit (tsconfig.build.json):\n${compiled.output.trim()}`);
  for (const part of parts) {
    if (!existsSync(path.join(packageRoot, part.file))) {
      problems.push(`${part.file} is missing, so ${part.name} was not done.`);
      continue;
    }
    try {
      const module = (await import(pathToFileURL(path.join(packageRoot, part.file)).href)) as Record<string, unknown>;
      const make = module[part.name];
      if (typeof make !== 'function') problems.push(`${part.file} does not export ${part.name}.`);
      else await (make as (folder: string) => Promise<unknown>)(path.relative(packageRoot, path.join(staging, part.target)) || '.');
    } catch (problem) {
      problems.push(`${part.name} failed: ${problem instanceof Error ? problem.message : String(problem)}`);
    }
  }
  try {
    await writeMessageSchemas(path.join(staging, 'contract/messages.schema.json'));
  } catch (problem) {
    problems.push(`The message schemas could not be written: ${problem instanceof Error ? problem.message : String(problem)}`);
  }
  log(`Built ${(await readdir(staging, { recursive: true })).length} files.`);
  return problems;
}

async function writeMessageSchemas(file: string): Promise<void> {
  const { messageSchemas } = await import('../contract/messageSchemas.ts');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(messageSchemas, null, 2)}\n`);
}

/** Says where package.json and the node folders differ: Node-RED loads only what package.json names. */
export function checkPackage(root = packageRoot): string[] {
  const problems: string[] = [];
  const folders = globSync('nodes/*/runtime.ts', { cwd: root })
    .map((file) => path.basename(path.dirname(file)))
    .sort();
  const listed = nodeList(root);
  for (const name of folders) {
    const wanted = `dist/nodes/${name}/runtime.js`;
    const given = listed.get(name);
    if (given === undefined) problems.push(`nodes/${name} is not in package.json: add "${name}": "${wanted}" under "node-red".nodes.`);
    else if (given !== wanted) problems.push(`package.json names "${given}" for ${name}; it must be "${wanted}".`);
  }
  const subflows = globSync('subflows/*.ts', { cwd: root }).map((file) => path.basename(file, '.ts'));
  for (const name of subflows) {
    const wanted = `dist/subflows/${name}.js`;
    if (listed.get(name) !== wanted) problems.push(`subflows/${name}.ts must be in package.json: "${name}": "${wanted}" under "node-red".nodes.`);
  }
  for (const name of listed.keys()) {
    if (subflows.includes(name)) continue;
    if (!folders.includes(name)) problems.push(`package.json names the node ${name}, but nodes/${name}/runtime.ts is missing.`);
  }
  return problems;
}

function nodeList(root: string): Map<string, string> {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { 'node-red'?: { nodes?: Record<string, string> } };
  return new Map(Object.entries(manifest['node-red']?.nodes ?? {}));
}

/** Makes `to` hold exactly what `from` holds; a file that stays the same is left alone, a changed one is replaced in one step. */
async function takeOver(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const wanted = new Set<string>();
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const relative = path.relative(from, path.join(entry.parentPath, entry.name));
    wanted.add(relative);
    const source = path.join(from, relative);
    const target = path.join(to, relative);
    if (existsSync(target) && (await readFile(source)).equals(await readFile(target))) continue;
    await mkdir(path.dirname(target), { recursive: true });
    await cp(source, `${target}.new`);
    await rename(`${target}.new`, target);
  }
  for (const entry of await readdir(to, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !wanted.has(path.relative(to, file))) await rm(file, { force: true });
  }
}

async function outputHash(): Promise<string> {
  return hashOfFiles(globSync('dist/**/*', { cwd: packageRoot }).sort(), false);
}

/** One hash over names and contents (or names, sizes and times, where contents would be slow). */
async function hashOfFiles(files: readonly string[], contents: boolean): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    const full = path.join(packageRoot, file);
    const state = await stat(full);
    if (!state.isFile()) continue;
    hash.update(`${file}\0`);
    hash.update(contents ? await readFile(full) : `${state.size}:${state.mtimeMs}`);
    hash.update('\0');
  }
  return hash.digest('hex');
}

if (isMain(import.meta)) {
  process.chdir(packageRoot);
  const result = await build({ always: process.argv.includes('--always'), log: (line) => console.log(line) });
  for (const problem of result.problems) console.error(problem);
  if (result.problems.length > 0) {
    console.error(`The build has ${result.problems.length} problem${result.problems.length === 1 ? '' : 's'}; dist was left as it was.`);
    process.exitCode = 1;
  } else if (!result.built) {
    console.log('Nothing changed since the last build.');
  }
}
