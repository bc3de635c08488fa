import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../scripts/packageRoot.ts';

const skipModule = JSON.stringify(path.join(packageRoot, 'test/skip.ts'));

/** Test files with something wrong, and what the runner must make of each. */
const planted = [
  { name: 'passes', source: `it('is fine', () => {});`, counts: '1 passed, 0 failed, 0 skipped', says: /ok/ },
  { name: 'fails', source: `it('is wrong', () => { throw new Error('planted fault'); });`, counts: '0 passed, 1 failed, 0 skipped', says: /planted fault/ },
  {
    name: 'skips',
    source: `import { skip } from ${skipModule}; it('cannot', function () { skip(this, 'planted reason'); }); it('is fine', () => {});`,
    counts: '1 passed, 0 failed, 1 skipped',
    says: /cannot: planted reason/,
  },
  {
    name: 'skips a suite',
    source: `import { skip } from ${skipModule};
      describe('needs', () => { before(function () { skip(this, 'planted reason'); }); it('one', () => {}); it('two', () => {}); });
      it('is fine', () => {});`,
    counts: '1 passed, 0 failed, 2 skipped',
    says: /needs two: planted reason/,
  },
  { name: 'hangs', source: `setInterval(() => {}, 1000); it('is fine', () => {});`, counts: '1 passed, 1 failed, 0 skipped', says: /went on, because of: Timeout/ },
  { name: 'does not load', source: `import './nothing.ts';`, counts: '0 passed, 1 failed, 0 skipped', says: /ended before its tests did/ },
  {
    name: 'dies',
    source: `it('is fine', () => {}); it('dies', () => process.kill(process.pid, 'SIGKILL'));`,
    counts: '1 passed, 1 failed, 0 skipped',
    says: /SIGKILL/,
  },
  { name: 'is empty', source: `export {};`, counts: '0 passed, 1 failed, 0 skipped', says: /No test was run/ },
  { name: 'rejects late', source: `it('is fine', () => { void Promise.reject(new Error('planted late')); });`, counts: '1 passed, 1 failed, 0 skipped', says: /planted late/ },
] as const;

describe('the test runner', function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'twinwire-runner-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const { name, source, counts, says } of planted) {
    it(`reports a file that ${name}`, async () => {
      const file = path.join(folder, `${name.replaceAll(' ', '-')}.test.ts`);
      await writeFile(file, source);
      const result = spawnSync(process.execPath, ['scripts/test.ts', '--quick', file], { cwd: packageRoot, encoding: 'utf8' });
      const lastLine = result.stdout.trimEnd().split('\n').at(-1) ?? '';
      assert.equal(lastLine, counts, result.stdout);
      assert.match(result.stdout, says);
      assert.equal(result.status === 0, lastLine.includes(' 0 failed'), 'the exit code says the same as the last line');
    });
  }

  for (const { name, where, fails, counts } of [
    { name: 'a whole program that fails once', where: 'flows', fails: `!existsSync(import.meta.filename + '.ran')`, counts: '1 passed, 0 failed, 0 skipped' },
    { name: 'a unit that fails once', where: 'nodes', fails: `!existsSync(import.meta.filename + '.ran')`, counts: '1 passed, 0 failed, 0 skipped' },
    { name: 'a whole program that fails twice', where: 'flows', fails: 'true', counts: '0 passed, 1 failed, 0 skipped' },
  ]) {
    it(`runs ${name} beside others again, alone, and says so`, async () => {
      const result = await runFailing(where, name, fails);
      assert.equal(result.stdout.trimEnd().split('\n').at(-1), counts, result.stdout);
      assert.match(result.stdout, /AGAIN .*[\s\S]*planted stall[\s\S]*NEEDED A SECOND TRY, ALONE:/);
    });
  }

  it('gives what is pure no second try: nothing but its code decides what comes of it', async () => {
    const result = await runFailing('engine', 'pure', `!existsSync(import.meta.filename + '.ran')`);
    assert.equal(result.stdout.trimEnd().split('\n').at(-1), '0 passed, 1 failed, 0 skipped', result.stdout);
    assert.doesNotMatch(result.stdout, /AGAIN/);
  });

  async function runFailing(where: string, name: string, fails: string): Promise<{ stdout: string }> {
    await mkdir(path.join(folder, where), { recursive: true });
    const file = path.join(folder, where, `${name.replaceAll(' ', '-')}.test.ts`);
    await writeFile(file, `import { existsSync, writeFileSync } from 'node:fs';
      it('fails', () => { const fails = ${fails}; writeFileSync(import.meta.filename + '.ran', ''); if (fails) throw new Error('planted stall'); });`);
    return spawnSync(process.execPath, ['scripts/test.ts', '--quick', file], { cwd: packageRoot, encoding: 'utf8' });
  }
});
