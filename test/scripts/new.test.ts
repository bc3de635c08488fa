import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { newDetector, newNode } from '../../scripts/new.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';

const copied = ['adapters', 'contract', 'editor', 'engine', 'icons', 'nodes', 'page', 'scripts', 'subflows', 'test', 'web', 'examples', 'flows', 'demo', 'DESIGN.md', 'package.json', '.mocharc.cjs'];

describe('npm run new', function () {
  this.timeout(300_000);
  let root: string;

  /** A copy of the checkout, so that what is scaffolded is checked by the checkout's own checks. */
  before(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'twinwire-new-'));
    for (const name of copied) {
      const filter = (source: string): boolean => !source.includes(`${path.sep}node_modules`);
      if (existsSync(path.join(packageRoot, name))) cpSync(path.join(packageRoot, name), path.join(root, name), { recursive: true, filter });
    }
    for (const name of ['tsconfig.base.json', 'tsconfig.json', 'tsconfig.build.json', 'tsconfig.browser.json', '.oxlintrc.json']) {
      cpSync(path.join(packageRoot, name), path.join(root, name));
    }
    symlinkSync(path.join(packageRoot, 'node_modules'), path.join(root, 'node_modules'), 'dir');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  function run(script: string, ...given: string[]): { code: number | null; output: string } {
    const ran = spawnSync(process.execPath, [path.join(root, script), ...given], { cwd: root, encoding: 'utf8', env: { ...process.env, TWINWIRE_TEST_RESULTS: '' } });
    return { code: ran.status, output: `${ran.stdout}${ran.stderr}` };
  }

  it('refuses names that do not fit, in one sentence', () => {
    for (const name of ['pump', 'twin-', 'twin-Pump', 'twin-pump-2', '../twin-x', '__proto__']) assert.throws(() => newNode(name, root), { name: 'PlainError' }, name);
    assert.throws(() => newNode('twin-asset', root), /there already/);
    for (const name of ['', 'Spike', 'a b', 'index', '../x']) assert.throws(() => newDetector(name, root), { name: 'PlainError' }, name);
    assert.throws(() => newDetector('spike', root), /there already/);
  });

  it('writes a node that builds and passes every check', () => {
    const files = newNode('twin-scaffold', root);
    assert.ok(files.length >= 11, files.join(', '));
    assert.ok(readFileSync(path.join(root, 'package.json'), 'utf8').includes('"twin-scaffold": "dist/nodes/twin-scaffold/runtime.js"'));
    const built = run('scripts/build.ts');
    assert.equal(built.code, 0, built.output);
    const tested = run(
      'node_modules/mocha/bin/mocha.js',
      ...['--grep', 'twin-scaffold|lies about', 'test/nodes/twinScaffold.test.ts', 'test/conformance/nodes.test.ts', 'test/conformance/nodeFiles.test.ts'],
    );
    assert.equal(tested.code, 0, tested.output);
    // Its own test, six checks of what it does, nine of its files, and that no file lies about.
    assert.match(tested.output, /\b1[7-9] passing/, tested.output);
  });

  it('writes a detector that keeps the engine pure and passes every check of detectors', () => {
    newDetector('scaffolded', root);
    const typed = run('node_modules/typescript/bin/tsc', '--noEmit', '-p', path.join(root, 'tsconfig.build.json'));
    assert.equal(typed.code, 0, typed.output);
    const tested = run('node_modules/mocha/bin/mocha.js', 'test/conformance/detectors.test.ts');
    assert.equal(tested.code, 0, tested.output);
    assert.match(tested.output, /scaffolded/, tested.output);
    assert.match(tested.output, /\b\d+ passing/);
  });
});
