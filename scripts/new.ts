import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMain } from './isMain.ts';
import { detectorTemplate } from './new/detectorTemplate.ts';
import { nodeTemplate } from './new/nodeTemplate.ts';
import { packageRoot } from './packageRoot.ts';
import { PlainError, plainText } from './plainError.ts';

const usage = `npm run new node twin-NAME       a node: config, runtime, editor, texts and help in two languages, icon, example, test, package.json
npm run new detector NAME        a detector: its file and its entry in the registry`;

/** Writes a new node into a checkout; gives the files written. Throws a PlainError when the name does not do. */
export function newNode(type: string, root = packageRoot): string[] {
  if (!/^twin-[a-z]+(?:-[a-z]+)*$/.test(type)) throw new PlainError(`A node is called twin- and a noun in small letters, not "${type}".`);
  if (existsSync(path.join(root, 'nodes', type))) throw new PlainError(`nodes/${type} is there already.`);
  const files = nodeTemplate(type);
  for (const file of files.keys()) if (existsSync(path.join(root, file))) throw new PlainError(`${file} is there already.`);
  for (const [file, text] of files) write(root, file, text);
  const manifestFile = path.join(root, 'package.json');
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as { 'node-red': { nodes: Record<string, string> } };
  const nodes = { ...manifest['node-red'].nodes, [type]: `dist/nodes/${type}/runtime.js` };
  manifest['node-red'].nodes = Object.fromEntries(Object.entries(nodes).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`);
  return [...files.keys(), 'package.json'];
}

/** Writes a new detector and enters it in the registry, last. Throws a PlainError when the name does not do. */
export function newDetector(name: string, root = packageRoot): string[] {
  if (!/^[a-z][A-Za-z0-9]*$/.test(name) || ['index', 'detector', 'detectors', 'judge'].includes(name)) {
    throw new PlainError(`A detector has a camelCase name of its own, not "${name}".`);
  }
  const file = `engine/detectors/${name}.ts`;
  if (existsSync(path.join(root, file))) throw new PlainError(`${file} is there already.`);
  const registryFile = path.join(root, 'engine/detectors/index.ts');
  const registry = readFileSync(registryFile, 'utf8');
  const list = /(export const detectors: readonly DetectorEntry\[\] = \[)([^\]]*)(\];)/;
  const imports = [...registry.matchAll(/^import \{ \w+ \} from '\.\/\w+\.ts';\n/gm)].at(-1);
  if (!list.test(registry) || imports === undefined) throw new PlainError('engine/detectors/index.ts has no list of detectors that this command knows.');
  const end = imports.index + imports[0].length;
  const entered = `${registry.slice(0, end)}import { ${name} } from './${name}.ts';\n${registry.slice(end)}`.replace(
    list,
    (_match, before: string, names: string, after: string) => `${before}${names.trim().replace(/,$/, '')}, ${name}${after}`,
  );
  write(root, file, detectorTemplate(name));
  writeFileSync(registryFile, entered);
  return [file, 'engine/detectors/index.ts'];
}

function write(root: string, file: string, text: string): void {
  const target = path.join(root, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
}

if (isMain(import.meta)) {
  const [kind, name] = process.argv.slice(2);
  try {
    if (name === undefined || (kind !== 'node' && kind !== 'detector')) throw new PlainError(usage);
    const files = kind === 'node' ? newNode(name) : newDetector(name);
    console.log(`Written:\n${files.map((file) => `  ${file}`).join('\n')}\nNow: npm test`);
    if (kind === 'node') console.log('Then say in test/flows/shippedFlows.test.ts what the example promises.');
  } catch (problem) {
    console.error(plainText(problem));
    process.exitCode = 1;
  }
}
