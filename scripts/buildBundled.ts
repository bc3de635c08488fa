import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from './packageRoot.ts';

/** Compiled files that use a package which the published one brings along itself. */
export const bundledFiles = [
  'adapters/csv/readCsv.js', 'adapters/table/readTableFile.js', 'adapters/table/workbookThread.js', 'adapters/table/writeWorkbook.js',
] as const;

/** What is inlined; a package that one of these needs is inlined with it. Everything else stays a dependency or our own file. */
export const bundledPackages = ['csv-parse', 'read-excel-file', 'write-excel-file'] as const;

/**
 * Inlines what reads and writes tables into the compiled files that use it, so that whoever installs the package installs none of it.
 * The licences of all that was inlined go into `bundled-licences.txt`.
 * @param outDir folder of the compiled code, relative to the checkout's root
 */
export async function buildBundled(outDir = 'dist'): Promise<string[]> {
  const out = resolve(packageRoot, outDir);
  const inputs = new Set<string>();
  const packages: string[] = [];
  for (const file of bundledFiles) {
    const entry = join(out, file);
    const result = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: 'none',
      logLevel: 'warning',
      absWorkingDir: packageRoot,
      nodePaths: [join(packageRoot, 'node_modules')],
      plugins: [
        {
          name: 'own-files-stay',
          setup(building) {
            // Our own files must not be there twice; the engine's classes are compared by identity.
            building.onResolve({ filter: /^\./ }, ({ path, importer }) => (resolve(importer) === entry ? { path, external: true } : undefined));
          },
        },
      ],
      banner: { js: "import { createRequire as bundledRequire } from 'node:module'; const require = bundledRequire(import.meta.url);" },
    });
    const [made] = result.outputFiles;
    if (made === undefined) throw new Error(`${file} could not be bundled.`);
    writeFileSync(entry, made.contents);
    for (const input of Object.keys(result.metafile.inputs)) inputs.add(input);
  }
  const folders = new Map<string, string>();
  for (const input of inputs) {
    const found = /^(.*node_modules\/)((?:@[^/]+\/)?[^/]+)\//.exec(resolve(packageRoot, input).replaceAll('\\', '/'));
    if (found?.[1] !== undefined && found[2] !== undefined) folders.set(found[2], found[1] + found[2]);
  }
  const texts = [...folders].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, folder]) => {
    packages.push(name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string; license: string };
    const file = ['LICENSE', 'LICENSE.md', 'LICENCE', 'license'].map((each) => join(folder, each)).find((each) => existsSync(each));
    // A package without a file of its own says its licence in its manifest alone.
    const text = file === undefined ? `Licence as its package.json says: ${license}` : readFileSync(file, 'utf8').trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  writeFileSync(join(out, 'bundled-licences.txt'), `Files of this package contain code of these packages.\n\n${texts.join('\n---\n\n')}`);
  const missing = bundledPackages.filter((name) => !folders.has(name));
  if (missing.length > 0) throw new Error(`Nothing of ${missing.join(', ')} was bundled from ${relative(packageRoot, out)}.`);
  return packages;
}
