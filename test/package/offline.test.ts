import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { offlineObstacle, packOffline } from '../../scripts/packOffline.ts';
import type { OfflinePackage } from '../../scripts/packOffline.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { nodeNames } from '../checks/nodes/nodeUnit.ts';
import { startNodeRed } from '../flows/startNodeRed.ts';

const ownName = '@twinwire/node-red-digital-twin';
const loopbackOnly = path.join(import.meta.dirname, 'loopbackOnly.cjs');

describe('the package for boxes without internet', function () {
  this.timeout(120_000);
  let folder: string;
  let userDir: string;
  let diary: string;
  let packed: OfflinePackage;

  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'twinwire-offline-test-'));
    userDir = path.join(folder, 'user directory');
    diary = path.join(folder, 'diary');
    mkdirSync(userDir);
    packed = packOffline(folder);
    const nothing = { npm_config_cache: path.join(folder, 'empty cache'), npm_config_registry: 'http://127.0.0.1:9/', npm_config_update_notifier: 'false' };
    const given = ['install', '--offline', '--no-audit', '--no-fund', packed.file];
    const ran = spawnSync('npm', given, { cwd: userDir, encoding: 'utf8', env: { ...process.env, ...nothing }, shell: process.platform === 'win32' });
    assert.equal(ran.status, 0, ran.stderr);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What a module that lies in the installed package prints. */
  function runInside(source: string): string {
    const file = path.join(userDir, 'node_modules', ownName, 'inside.mjs');
    writeFileSync(file, source);
    try {
      return execFileSync(process.execPath, ['--require', loopbackOnly, file], { encoding: 'utf8', env: { ...process.env, TWINWIRE_TEST_DIARY: diary } }).trim();
    } finally {
      rmSync(file);
    }
  }

  it('is small, and holds exactly the locked packages with their licences', () => {
    assert.ok(packed.bytes < 6_000_000, `${packed.bytes} bytes`);
    assert.ok(packed.unpackedBytes < 25_000_000, `${packed.unpackedBytes} bytes unpacked`);
    const whole = path.join(userDir, 'node_modules', ownName);
    const manifests = globSync('node_modules/**/package.json', { cwd: whole });
    const places = manifests.map((file) => path.dirname(file).replaceAll('\\', '/')).filter((place) => /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/.test(place));
    assert.equal(places.length, packed.packages);
    assert.ok(places.length > 100, `${places.length} packages`);
    for (const place of places) {
      const here = globSync('*', { cwd: path.join(packageRoot, place) }).filter((name) => /^(?:licen[cs]e|copying|notice)/i.test(name) && /licen|copy|notice/i.test(name));
      assert.deepEqual(here.filter((name) => !existsSync(path.join(whole, place, name))), [], `licence of ${place}`);
    }
  });

  it('brings all that its dependencies need to load', () => {
    const manifest = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as Record<'dependencies' | 'optionalDependencies', object>;
    const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
    assert.ok(names.length >= 6, names.join());
    const resolved = runInside(`for (const name of ${JSON.stringify(names)}) {
      await import(name);
      console.log(import.meta.resolve(name));
    }`).split('\n');
    assert.equal(resolved.length, names.length);
    assert.deepEqual(resolved.filter((place) => !place.includes(`${ownName}/node_modules/`)), [], 'everything comes out of the package itself');
  });

  it('brings what trains a small network, though most of its files stay behind', () => {
    const output = runInside(`
      const tf = await import('@tensorflow/tfjs-core');
      const layers = await import('@tensorflow/tfjs-layers');
      await import('@tensorflow/tfjs-backend-cpu');
      await tf.setBackend('cpu');
      const model = layers.sequential({ layers: [layers.layers.dense({ units: 1, inputShape: [1] })] });
      model.compile({ optimizer: tf.train.adam(0.1), loss: 'meanSquaredError' });
      const rows = [-1, 0, 1, 2];
      const { history } = await model.fit(tf.tensor2d(rows, [4, 1]), tf.tensor2d(rows.map((x) => 2 * x + 1), [4, 1]), { epochs: 150, verbose: 0 });
      console.log(JSON.stringify([history.loss[0], history.loss.at(-1)]));`);
    const [first, last] = JSON.parse(output) as [number, number];
    assert.ok(last < first / 20, output);
  });

  it('starts in Node-RED with all its nodes, and nothing reaches for a network', async () => {
    const environment = { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --require ${JSON.stringify(loopbackOnly)}`, TWINWIRE_TEST_DIARY: diary };
    const nodeRed = await startNodeRed({ nodes: 'userDir', userDir, environment });
    try {
      const answer = await fetch(`${nodeRed.url}/nodes`, { headers: { accept: 'application/json' } });
      const sets = (await answer.json()) as { module: string; types: string[]; enabled: boolean; err?: unknown }[];
      const own = sets.filter(({ module }) => module === ownName);
      assert.deepEqual(own.flatMap(({ types }) => types).sort(), [...nodeNames(), 'twin-machine'].sort());
      assert.deepEqual(own.filter(({ enabled, err }) => !enabled || err !== undefined), []);
      assert.deepEqual(nodeRed.complaints(), []);
    } finally {
      await nodeRed.stop();
    }
    assert.equal(existsSync(diary) ? readFileSync(diary, 'utf8') : '', '');
  });

  it('would have noticed an attempt to reach a network', () => {
    const planted = path.join(folder, 'planted');
    const source = "fetch('http://198.51.100.1/').catch(() => {}); require('node:dns').lookup('twinwire.invalid', () => {});";
    execFileSync(process.execPath, ['--require', loopbackOnly, '-e', source], { env: { ...process.env, TWINWIRE_TEST_DIARY: planted } });
    assert.deepEqual(readFileSync(planted, 'utf8').trim().split('\n').sort(), ['connection to 198.51.100.1', 'name twinwire.invalid']);
  });

  it('refuses what would not install everywhere', () => {
    assert.equal(offlineObstacle('fine', {}, ['index.js', 'lib/node.js']), undefined);
    assert.match(offlineObstacle('bound', { os: ['linux'], cpu: ['x64'] }, []) ?? '', /only for linux, x64/);
    assert.match(offlineObstacle('scripted', { hasInstallScript: true }, []) ?? '', /script/);
    assert.match(offlineObstacle('native', {}, ['build/thing.node']) ?? '', /native/);
    assert.match(offlineObstacle('built', {}, ['binding.gyp']) ?? '', /native/);
  });
});
