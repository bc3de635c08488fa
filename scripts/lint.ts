import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { checkHouseRules } from './houseRules.ts';
import { isMain } from './isMain.ts';
import { packageRoot, sourceFolders } from './packageRoot.ts';
import { runTool } from './runTool.ts';

/** One check of the sources, and what it found wrong. */
export interface LintResult {
  name: string;
  passed: boolean;
  output: string;
}

/** Each of these is compiled by itself: the engine without Node and DOM, the browser parts without Node, their tests with both. */
const typeChecks = ['engine/tsconfig.json', 'tsconfig.json', 'tsconfig.browser.json', 'test/editor/tsconfig.json'] as const;

/** Lints and type-checks the whole checkout; each check is one result. */
export async function lint(): Promise<LintResult[]> {
  const results: LintResult[] = [];
  const linted = await runTool('oxlint/bin/oxlint', ['.']);
  results.push({ name: 'oxlint', passed: linted.code === 0, output: linted.output.trim() });
  results.push(await houseRulesResult());
  for (const project of typeChecks) {
    if (!existsSync(path.join(packageRoot, project))) {
      results.push({ name: `types of ${project}`, passed: false, output: `${project} is missing.` });
      continue;
    }
    const checked = await runTool('typescript/bin/tsc', ['--noEmit', '-p', project]);
    results.push({ name: `types of ${project}`, passed: checked.code === 0, output: checked.output.trim() });
  }
  return results;
}

async function houseRulesResult(): Promise<LintResult> {
  const files = globSync(sourceFolders.map((folder) => `${folder}/**/*.{ts,mjs,cjs}`), {
    cwd: packageRoot,
    exclude: (name) => name.includes('node_modules'),
  }).sort();
  const findings = [];
  for (const file of files) findings.push(...checkHouseRules(file, await readFile(path.join(packageRoot, file), 'utf8')));
  const lines = findings.map(({ file, line, rule, because }) => `${file}:${line}  ${rule}: ${because}`);
  return { name: `house rules (${files.length} sources)`, passed: findings.length === 0 && files.length > 0, output: lines.join('\n') };
}

if (isMain(import.meta)) {
  const results = await lint();
  for (const { name, passed, output } of results) {
    console.log(`${passed ? 'ok    ' : 'FAILED'}  ${name}`);
    if (!passed) console.log(output.replace(/^/gm, '        '));
  }
  process.exitCode = results.every((result) => result.passed) ? 0 : 1;
}
