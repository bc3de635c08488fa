import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { withFileLock } from '../../scripts/fileLock.mjs';
import { packageRoot } from '../../scripts/packageRoot.ts';

const bootstrap = path.join(packageRoot, 'scripts/bootstrap.mjs');

describe('the bootstrap', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'twinwire boot strap '));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const script = (name: string, source: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, source);
    return file;
  };

  it('runs a TypeScript script with its arguments, the right Node, and its exit code', () => {
    const file = script('echo.ts', `const said: string = JSON.stringify([process.version, process.argv.slice(2), process.cwd()]); console.log(said); process.exitCode = 7;`);
    const ran = spawnSync(process.execPath, [bootstrap, file, 'a b', '--grep', '"c"'], { cwd: os.tmpdir(), encoding: 'utf8' });
    assert.equal(ran.status, 7, ran.stderr);
    const [version, given, cwd] = JSON.parse(ran.stdout) as [string, string[], string];
    assert.ok(Number(version.slice(1).split('.')[0]) >= 22);
    assert.deepEqual(given, ['a b', '--grep', '"c"']);
    assert.equal(cwd, packageRoot);
    assert.equal(ran.stderr, '');
  });

  it('finds the same Node and the tools first on the path of what it starts', () => {
    const source = `import { execFileSync } from 'node:child_process';
      const run = (program: string, option: string): string => execFileSync(program, [option], { encoding: 'utf8' }).trim();
      console.log(JSON.stringify([run('node', '--version') === process.version, run('tsc', '--version')]));`;
    const file = script('path.ts', source);
    const ran = spawnSync(process.execPath, [bootstrap, file], { encoding: 'utf8' });
    assert.equal(ran.status, 0, ran.stderr);
    const [same, tsc] = JSON.parse(ran.stdout) as [boolean, string];
    assert.equal(same, true);
    assert.match(tsc, /^Version 7\./);
  });

  it('passes a signal on and ends as the script does', async () => {
    const file = script('wait.ts', `process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(5); }); console.log('up'); setInterval(() => {}, 1000);`);
    const child = spawn(process.execPath, [bootstrap, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said === 'up\n') child.kill('SIGTERM');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(said, 'up\nasked to stop\n');
    assert.equal(code, 5);
  });

  it('says in one sentence what is missing where no Node of ours runs', () => {
    // A platform that the lock does not know, and a Node that is too old.
    const pretend = script('pretend.cjs', `Object.defineProperty(process, 'arch', { value: 'mips' }); Object.defineProperty(process.versions, 'node', { value: '20.0.0' });`);
    const ran = spawnSync(process.execPath, ['--require', pretend, bootstrap, 'scripts/lint.ts'], { encoding: 'utf8' });
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /This machine's Node is 20\.0\.0; Twinwire needs 22\.13 or newer.*mips.*https:\/\/nodejs\.org/);
    assert.equal(ran.stderr.trim().split('\n').length, 1, ran.stderr);
  });

  it('asks for a script', () => {
    const ran = spawnSync(process.execPath, [bootstrap], { encoding: 'utf8' });
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /^Usage: /);
  });
});

describe('the file lock', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'twinwire-lock-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('lets one in at a time, also in one process', async () => {
    const file = path.join(folder, 'a.lock');
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    };
    await Promise.all([1, 2, 3].map(() => withFileLock(file, work)));
    assert.equal(most, 1);
  });

  it('is taken over from a process that is gone, and released after a failure', async () => {
    const file = path.join(folder, 'b.lock');
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(file, String(gone));
    await assert.rejects(withFileLock(file, () => Promise.reject(new Error('planted'))), /planted/);
    assert.equal(await withFileLock(file, () => 3), 3);
  });
});
