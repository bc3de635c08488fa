import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const sources = fileURLToPath(new URL('../page/', import.meta.url));

/**
 * Builds the operator page: `<outDir>/index.html` and `<outDir>/assets/*`, each asset with a hash of its content in its
 * name. The plots are a file of their own that is loaded when a machine is opened. Empties `outDir` first.
 * @returns names of the files, relative to `outDir`.
 */
export async function buildPage(outDir: string): Promise<string[]> {
  const out = resolve(outDir);
  rmSync(out, { recursive: true, force: true });
  const assets = join(out, 'assets');
  mkdirSync(assets, { recursive: true });
  const result = await build({
    entryPoints: { page: join(sources, 'twinPage.ts'), style: join(sources, 'page.css') },
    outdir: assets,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2022', 'chrome117', 'firefox115', 'safari16.4'],
    minify: true,
    metafile: true,
    // Lit's production form.
    conditions: ['production', 'browser'],
    // The licences stand in full in a file beside.
    legalComments: 'none',
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false, verbatimModuleSyntax: true } },
    logLevel: 'warning',
  });
  const built = Object.keys(result.metafile.outputs).map((name) => resolve(name));
  const named = (pattern: RegExp): string => {
    const found = built.find((name) => pattern.test(basename(name)));
    if (!found) throw new Error(`The build of the page has no file like ${pattern}.`);
    return `assets/${basename(found)}`;
  };
  const icon = readFileSync(join(sources, 'icon.svg'));
  const iconName = `assets/icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
  writeFileSync(join(out, iconName), icon);
  const shell = readFileSync(join(sources, 'shell.html'), 'utf8')
    .replace('{{icon}}', iconName)
    .replace('{{style}}', named(/^style-.*\.css$/))
    .replace('{{script}}', named(/^page-.*\.js$/));
  writeFileSync(join(out, 'index.html'), shell);
  writeFileSync(join(out, 'licences.txt'), licencesOf(Object.keys(result.metafile.inputs)));
  return ['index.html', 'licences.txt', iconName, ...built.map((name) => relative(out, name).replaceAll('\\', '/'))];
}

/** The licence of every package of which something was bundled, in full, as each of them asks. */
function licencesOf(inputs: readonly string[]): string {
  const folders = new Map<string, string>();
  for (const input of inputs) {
    const found = /^(.*node_modules\/)((?:@[^/]+\/)?[^/]+)\//.exec(resolve(input).replaceAll('\\', '/'));
    if (found?.[1] !== undefined && found[2] !== undefined) folders.set(found[2], found[1] + found[2]);
  }
  const texts = [...folders].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, folder]) => {
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string; license: string };
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`;
  });
  return `The page contains code of these packages.\n\n${texts.join('\n---\n\n')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPage(process.argv[2] ?? fileURLToPath(new URL('../dist/page/', import.meta.url)));
}
