import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundledFiles, bundledPackages } from '../../scripts/buildBundled.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';

describe('what is bundled', function () {
  this.timeout(60_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'twinwire-bundled-'));
    for (const part of ['engine', 'adapters/csv', 'adapters/table', 'contract']) cpSync(path.join(packageRoot, 'dist', part), path.join(folder, 'dist', part), { recursive: true });
    mkdirSync(path.join(folder, 'home'));
    writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('names none of the inlined packages any more, and their licences are there in full', () => {
    for (const file of bundledFiles) {
      const source = readFileSync(path.join(folder, 'dist', file), 'utf8');
      for (const name of bundledPackages) assert.ok(!new RegExp(`(?:from|import|require\\()\\s*["']${name}`).test(source), `${file} asks for ${name}`);
    }
    const licences = readFileSync(path.join(packageRoot, 'dist/bundled-licences.txt'), 'utf8');
    for (const name of bundledPackages) assert.match(licences, new RegExp(`^${name} [\\d.]+ \\(MIT\\)`, 'm'));
    assert.ok(licences.includes('Permission is hereby granted'));
  });

  it('reads and writes CSV and Excel where no package is installed at all', () => {
    assert.ok(!existsSync(path.join(folder, 'node_modules')));
    const script = `
      import { readTableBytes } from './dist/adapters/table/readTableFile.js';
      import { writeWorkbook } from './dist/adapters/table/writeWorkbook.js';
      import { readCsv } from './dist/adapters/csv/readCsv.js';
      const excel = await readTableBytes(await writeWorkbook([['key', 'high'], ['p1', 80.5]]));
      const csv = await readTableBytes(Buffer.from('key;high\\np1;80,5'));
      const rows = [];
      for await (const row of readCsv({ text: 'time,a\\n2026-01-01T00:00:00Z,5' })) rows.push(row.values.a);
      console.log(JSON.stringify([excel.rows[1].cells, csv.rows[1].cells, csv.decimal, rows]));`;
    writeFileSync(path.join(folder, 'try.js'), script);
    const said = execFileSync(process.execPath, ['try.js'], { cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: path.join(folder, 'home') } });
    assert.deepEqual(JSON.parse(said), [['p1', '80.5'], ['p1', '80,5'], 'comma', [5]]);
  });
});
