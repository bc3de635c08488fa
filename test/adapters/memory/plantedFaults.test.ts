import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plantedFaults } from '../../checks/ports/plantedFaults.ts';
import { temporaryFolder } from '../../services/serviceProcess.ts';

const mocha = join(dirname(createRequire(import.meta.url).resolve('mocha/package.json')), 'bin', 'mocha.js');
const planted = fileURLToPath(new URL('./plantedStore.ts', import.meta.url));

describe('checks of the storage ports', function () {
  this.timeout(120_000);
  let failures: { fullTitle: string }[] = [];
  let passes: { fullTitle: string }[] = [];

  before(() => {
    const folder = temporaryFolder('planted');
    try {
      const report = join(folder, 'report.json');
      const options = ['--no-config', '--timeout', '10000', '--reporter', 'json', '--reporter-option', `output=${report}`];
      spawnSync(process.execPath, [mocha, ...options, planted], { stdio: 'ignore', env: { ...process.env, SHRINK: 'no' }, timeout: 100_000 });
      ({ failures, passes } = JSON.parse(readFileSync(report, 'utf8')) as { failures: { fullTitle: string }[]; passes: { fullTitle: string }[] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  for (const { fault, caughtBy } of plantedFaults) {
    it(`catch: ${fault}`, () => {
      const titles = failures.map(({ fullTitle }) => fullTitle).filter((title) => title.startsWith(`${fault}: `));
      assert.ok(titles.some((title) => title.includes(caughtBy)), `not caught by "${caughtBy}"; failed: ${titles.join(' | ') || 'nothing'}`);
    });
  }

  it('are otherwise content: each fault fails some checks, not all', () => {
    assert.equal(plantedFaults.length, 21);
    for (const { fault } of plantedFaults) assert.ok(passes.some(({ fullTitle }) => fullTitle.startsWith(`${fault}: `)), fault);
  });
});
