import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot, sourceFolders } from '../scripts/packageRoot.ts';
import { codeOnly, importedModules } from '../scripts/sourceText.ts';
import { checkSources, type Finding, type Sources } from './checks/architecture/checkSources.ts';
import { type Design, readDesign } from './checks/architecture/designTables.ts';

/** Sources that each break one rule, and the finding that has to come of it. */
const planted: { rule: Finding['rule']; what: string; sources: Record<string, string> }[] = [
  {
    rule: 'import',
    what: 'an engine source takes Node',
    sources: { 'engine/time/faulty.ts': `import fs from 'node:fs'; export const faulty = fs;` },
  },
  {
    rule: 'import',
    what: 'an engine source takes a package',
    sources: { 'engine/time/faulty.ts': `export { x as faulty } from 'mqtt'; export const faulty = 1;` },
  },
  {
    rule: 'import',
    what: 'an engine source takes more than types of a contract',
    sources: { 'engine/site/faulty.ts': `import { v } from '../../contract/messages.ts'; export const faulty = v;` },
  },
  {
    rule: 'import',
    what: 'an engine source takes a contract it must not',
    sources: { 'engine/site/faulty.ts': `import type { F } from '../../contract/fields.ts'; export type Faulty = F;` },
  },
  {
    rule: 'import',
    what: 'an engine source loads a module late',
    sources: { 'engine/time/faulty.ts': `export const faulty = () => import('node:fs');` },
  },
  {
    rule: 'import',
    what: 'a type is taken where it must not be',
    sources: { 'engine/time/faulty.ts': `export type Faulty = import('node:fs').Stats;` },
  },
  {
    rule: 'order',
    what: 'an engine source looks upwards',
    sources: { 'engine/time/faulty.ts': `import { S } from '../site/site.ts'; export const faulty = S;` },
  },
  {
    rule: 'order',
    what: 'two parts meet outside site',
    sources: { 'engine/graph/faulty.ts': `import { T } from '../twin/twin.ts'; export const faulty = T;` },
  },
  {
    rule: 'order',
    what: 'a ground file looks upwards',
    sources: { 'engine/faulty.ts': `import { T } from './twin/twin.ts'; export const faulty = T;` },
  },
  {
    rule: 'order',
    what: 'a part that the house does not know',
    sources: { 'engine/misc/faulty.ts': `import { T } from '../observation.ts'; export const faulty = T;` },
  },
  {
    rule: 'import',
    what: 'an adapter takes another',
    sources: { 'adapters/mqtt/faulty.ts': `import { s } from '../sqlite/siteStore.ts'; export const faulty = s;` },
  },
  {
    rule: 'import',
    what: 'an adapter takes a contract',
    sources: { 'adapters/mqtt/faulty.ts': `import { s } from '../../contract/fields.ts'; export const faulty = s;` },
  },
  {
    rule: 'import',
    what: 'a contract takes anything',
    sources: { 'contract/faulty.ts': `import { P } from '../engine/problem.ts'; export const faulty = P;` },
  },
  {
    rule: 'import',
    what: 'the web takes an adapter',
    sources: { 'web/faulty.ts': `import { s } from '../adapters/sqlite/siteStore.ts'; export const faulty = s;` },
  },
  {
    rule: 'import',
    what: 'the web takes a node',
    sources: { 'web/faulty.ts': `import { s } from '../nodes/status.ts'; export const faulty = s;` },
  },
  {
    rule: 'import',
    what: 'a shared node file takes an adapter',
    sources: { 'nodes/faulty.ts': `import { s } from '../adapters/sqlite/siteStore.ts'; export const faulty = s;` },
  },
  {
    rule: 'import',
    what: 'a shared node file takes a node',
    sources: { 'nodes/faulty.ts': `import { s } from './twin-site/runtime.ts'; export const faulty = s;` },
  },
  {
    rule: 'import',
    what: 'a config takes more than fields',
    sources: { 'nodes/twin-x/config.ts': `import { s } from '../status.ts'; export const fields = s;` },
  },
  {
    rule: 'import',
    what: 'a runtime that is no config node takes an adapter',
    sources: { 'nodes/twin-x/runtime.ts': `import { s } from '../../adapters/sqlite/siteStore.ts'; export default s;`, 'nodes/twin-x/editor.ts': `({ category: 'twin' })` },
  },
  {
    rule: 'import',
    what: 'a runtime takes another node',
    sources: { 'nodes/twin-x/runtime.ts': `import { s } from '../twin-site/config.ts'; export default s;` },
  },
  {
    rule: 'import',
    what: 'a runtime takes the editor',
    sources: { 'nodes/twin-x/runtime.ts': `import { s } from '../../editor/form.ts'; export default s;` },
  },
  {
    rule: 'import',
    what: 'an editor takes the engine',
    sources: { 'nodes/twin-x/editor.ts': `import { s } from '../../engine/problem.ts'; void s;` },
  },
  { rule: 'import', what: 'an editor takes a runtime', sources: { 'nodes/twin-x/editor.ts': `import s from './runtime.ts'; void s;` } },
  {
    rule: 'import',
    what: 'the editor takes the page',
    sources: { 'editor/faulty.ts': `import { s } from '../page/twinPage.ts'; export const faulty = s;` },
  },
  {
    rule: 'import',
    what: 'the page takes the web',
    sources: { 'page/faulty.ts': `import { s } from '../web/twinRoutes.ts'; export const faulty = s;` },
  },
  { rule: 'import', what: 'the page takes Node', sources: { 'page/faulty.ts': `import s from 'node:fs'; export const faulty = s;` } },
  { rule: 'forbidden-name', what: 'Date', sources: { 'engine/time/faulty.ts': `export const faulty = () => Date.now();` } },
  { rule: 'forbidden-name', what: 'Math.random', sources: { 'engine/time/faulty.ts': `export const faulty = () => Math . random();` } },
  {
    rule: 'forbidden-name',
    what: 'performance',
    sources: { 'engine/time/faulty.ts': `export const faulty = () => globalThis.performance.now();` },
  },
  { rule: 'forbidden-name', what: 'a timer', sources: { 'engine/time/faulty.ts': `export const faulty = () => setTimeout(() => {}, 1);` } },
  { rule: 'file-name', what: 'a file named after nothing it exports', sources: { 'engine/time/faulty.ts': `export const other = 1;` } },
  { rule: 'file-name', what: 'a file name that is not camelCase', sources: { 'engine/time/Faulty.ts': `export const Faulty = 1;` } },
  { rule: 'vague-name', what: 'a file called helper', sources: { 'web/dateHelper.ts': `export const dateHelper = 1;` } },
  { rule: 'vague-name', what: 'a folder called utils', sources: { 'web/utils/wait.ts': `export const wait = 1;` } },
  { rule: 'no-row', what: 'a folder that the table does not know', sources: { 'misc/faulty.ts': `export const faulty = 1;` } },
];

/** Sources that break nothing though they look like it. */
const innocent: Record<string, string>[] = [
  { 'engine/time/fine.ts': `// Date.now() is not used\nexport const fine = 'Date Math.random import "node:fs"';` },
  { 'engine/time/fine.ts': 'export const fine = `${1} Date ${`setTimeout`}`; export const more = /Date/.test("");' },
  { 'engine/site/fine.ts': `import { T } from '../twin/twin.ts'; export const fine = T;` },
  { 'engine/site/fine.ts': `import type { T } from '../../contract/messages.ts'; export type Fine = T;` },
  { 'engine/time/fine.ts': `export interface Fine { Date: number } export const x = { performance: 1 };` },
  { 'adapters/mqtt/fine.ts': `import { s } from './other.ts'; import 'mqtt'; import type { C } from '../../engine/ports.ts'; export const fine = s as C;` },
  {
    'nodes/twin-x/runtime.ts': `import { s } from '../../adapters/sqlite/siteStore.ts'; import { fields } from './config.ts'; export default [s, fields];`,
    'nodes/twin-x/editor.ts': `({ category: 'config' })`,
  },
  { 'test/fine.test.ts': `import '../nodes/status.ts'; import 'node:fs'; import 'mocha';` },
];

const sourcesOf = (files: Record<string, string>): Sources => new Map(Object.entries(files));

describe('the house', () => {
  let design: Design;
  before(() => {
    design = readDesign(readFileSync(path.join(packageRoot, 'DESIGN.md'), 'utf8'));
  });

  it('has rules that can be read from DESIGN.md', () => {
    assert.ok(design.rows.length >= 10, `${design.rows.length} rows`);
    assert.ok(design.engineOrder.length >= 12, design.engineOrder.join(', '));
    assert.ok(design.apart.length >= 3, design.apart.join(', '));
    assert.ok(['Date', 'Math.random', 'performance', 'setTimeout'].every((name) => design.forbiddenNames.includes(name)), design.forbiddenNames.join(', '));
  });

  for (const { rule, what, sources } of planted) {
    it(`would find: ${what}`, () => {
      const { findings } = checkSources(design, sourcesOf(sources));
      assert.deepEqual([...new Set(findings.map((finding) => finding.rule))], [rule], JSON.stringify(findings, null, 1));
    });
  }

  for (const [index, files] of innocent.entries()) {
    it(`lets pass what is right (${index + 1})`, () => {
      assert.deepEqual(checkSources(design, sourcesOf(files)).findings, []);
    });
  }

  it('reads imports in every form', () => {
    const source = `import a from 'one'; import { b,\n c } from "two"; export * from 'three'; import 'four'; const d = await import('five');
      type E = import('six').E; const f = require('seven'); // import 'not'\n const g = "import x from 'not'"; export type { H } from 'eight';`;
    assert.deepEqual(
      importedModules(source)
        .map((found) => found.specifier)
        .sort(),
      ['eight', 'five', 'four', 'one', 'seven', 'six', 'three', 'two'],
    );
    assert.equal(codeOnly(source).length, source.length);
  });

  it('is built as DESIGN.md says', () => {
    const files = globSync(
      sourceFolders.map((folder) => `${folder}/**/*.{ts,mts,cts,mjs,cjs}`),
      { cwd: packageRoot, exclude: (name) => /(?:^|[/\\])(?:node_modules|fixtures)(?:[/\\]|$)/.test(name) },
    );
    const sources: Sources = new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(path.join(packageRoot, file), 'utf8')]));
    const scan = checkSources(design, sources);
    assert.deepEqual(
      scan.findings.map(({ file, line, text }) => `${file}:${line}: ${text}`),
      [],
    );
    for (const [pattern, count] of scan.filesPerRow) assert.ok(count > 0, `no source falls under ${pattern}`);
    assert.ok(scan.files > 100 && scan.imports > 3 * scan.files, `only ${scan.files} sources with ${scan.imports} imports were seen`);
  });
});
