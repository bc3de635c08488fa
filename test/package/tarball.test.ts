import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { nodeNames } from '../checks/nodes/nodeUnit.ts';
import { type FlowNode, nodeRedVersions, startNodeRed } from '../flows/startNodeRed.ts';

interface Packed {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string; size: number }[];
}

interface Manifest {
  name: string;
  version: string;
  license: string;
  keywords: string[];
  repository: { url: string };
  engines: { node: string };
  dependencies: Record<string, string>;
  scripts: Record<string, string>;
  'node-red': { version: string; nodes: Record<string, string> };
}

const manifest = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as Manifest;
const languages = ['en-US', 'de'];

function npm(folder: string, ...given: string[]): string {
  return execFileSync('npm', given, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, npm_config_update_notifier: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('the package', function () {
  this.timeout(300_000);
  let folder: string;
  let packed: Packed;
  let names: string[];

  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'twinwire-package-'));
    [packed] = JSON.parse(npm(packageRoot, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder)) as [Packed];
    names = packed.files.map((file) => file.path);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('holds all that a node needs, for every node', () => {
    const nodes = nodeNames();
    assert.ok(nodes.length >= 11, nodes.join(', '));
    const wanted = nodes.flatMap((name) => [
      `dist/nodes/${name}/runtime.js`,
      `dist/nodes/${name}/config.js`,
      `dist/nodes/${name}/runtime.html`,
      `dist/nodes/${name}/icons/${name}.svg`,
      ...languages.flatMap((language) => [`dist/nodes/${name}/locales/${language}/runtime.json`, `dist/nodes/${name}/locales/${language}/runtime.html`]),
    ]);
    const examples = globSync('examples/**/*.{json,csv}', { cwd: packageRoot });
    const flows = globSync('flows/*', { cwd: packageRoot });
    const docs = globSync('docs/{*.md,service/*}', { cwd: packageRoot });
    wanted.push(...examples, ...flows, ...docs, 'docs/settings.hardened.js');
    wanted.push('package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'NOTICE', 'dist/contract/messages.schema.json', 'dist/page/index.html');
    assert.deepEqual(wanted.filter((file) => !names.includes(file.replaceAll('\\', '/'))), []);
  });

  it('holds each compiled source once, and nothing that is older than its source', () => {
    const sources = globSync('{engine,adapters,contract,web}/**/*.ts', { cwd: packageRoot, exclude: (name) => name.endsWith('.d.ts') });
    const missing = sources.map((file) => `dist/${file.replaceAll('\\', '/').replace(/\.ts$/, '.js')}`).filter((file) => !names.includes(file));
    assert.deepEqual(missing, []);
    assert.ok(sources.length > 30);
  });

  it('holds each file of docs/ that a dialog, a log line or a guide names', () => {
    const telling = names.filter((name) => /^(?:dist\/nodes\/.*\.(?:html|json|js)|docs\/.*\.md)$/.test(name));
    const named = telling.flatMap((name) => readFileSync(path.join(packageRoot, name), 'utf8').match(/\bdocs\/[\w.-]+\.(?:md|js)\b/g) ?? []);
    assert.ok(named.includes('docs/network.md') && named.includes('docs/settings.hardened.js'), named.join(', '));
    assert.deepEqual([...new Set(named)].filter((name) => !names.includes(name)), []);
  });

  it('holds nothing that is only for development', () => {
    const foreign = names.filter((name) => !/^(?:dist|examples|flows|icons|docs|docs\/service)\/(?!images\/)/.test(name) && !/^[\w.-]+$/.test(name));
    assert.deepEqual(foreign, []);
    const unwanted = names.filter((name) => /(?:^|\/)(?:test|scripts|bench|demo|node_modules|\.data|\.ci)\/|\.test\.|(?<!\.d)\.ts$|tsconfig|\.tgz$|\.map$/.test(name));
    assert.deepEqual(unwanted, []);
  });

  it('is small', () => {
    assert.ok(packed.size < 2_000_000, `${packed.size} bytes packed`);
    assert.ok(packed.unpackedSize < 8_000_000, `${packed.unpackedSize} bytes unpacked`);
  });

  it('says what the Flow Library asks for', () => {
    assert.match(manifest.name, /^@[\w-]+\/node-red-/);
    assert.equal(manifest.license, 'Apache-2.0');
    assert.match(manifest.repository.url, /^git\+https:\/\//);
    assert.ok(manifest.keywords.includes('node-red'));
    assert.equal(manifest['node-red'].version, '>=4.1.0');
    assert.ok(Object.keys(manifest.dependencies).length <= 6, Object.keys(manifest.dependencies).join(', '));
    assert.deepEqual(Object.keys(manifest.scripts).filter((name) => /install|prepare/.test(name)), [], 'nothing runs at installation');
    // What the scorecard reads from the html without running it.
    for (const [name, file] of Object.entries(manifest['node-red'].nodes)) {
      // A subflow module has no page of its own: Node-RED makes it.
      if (file.startsWith('dist/subflows/')) continue;
      const html = readFileSync(path.join(packageRoot, file.replace(/\.js$/, '.html')), 'utf8');
      assert.match(html, new RegExp(`registerType\\(\\s*["'\`]${name}["'\`]\\s*,\\s*\\{`), `${file} registers "${name}" with an object literal`);
    }
  });

  it('is clean for node-red-dev validate (but for what it would ask of the catalogue)', () => {
    const tool = [path.join(packageRoot, 'node_modules/node-red-dev/bin/run'), 'validate', '-p', packageRoot];
    const ran = spawnSync(process.execPath, ['--require', path.join(import.meta.dirname, 'withoutCatalogue.cjs'), ...tool], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
    });
    const report = `${ran.stdout}${ran.stderr}`;
    assert.equal(ran.status, 0, report);
    for (const part of ['Validating Package', 'Validating Nodes', 'Validating Dependencies', 'Complete']) assert.ok(report.includes(part), report);
    assert.equal(report.split('✅').length - 1, 13, report);
    assert.deepEqual(report.split('\n').filter((line) => /warning|error|❌/i.test(line)), [], report);
  });

  it('has node types that are surely its own', () => {
    // The tool compares with the catalogue of all nodes, which no test asks: a prefix of our own stands in for that.
    assert.deepEqual(Object.keys(manifest['node-red'].nodes).filter((name) => !/^twin-[a-z]+(?:-[a-z]+)*$/.test(name)), []);
  });

  describe('installed into a fresh user directory', () => {
    let userDir: string;
    before(() => {
      userDir = path.join(folder, 'user directory');
      execFileSync(process.execPath, ['-e', `require('fs').mkdirSync(${JSON.stringify(userDir)})`]);
      writeFileSync(path.join(userDir, 'package.json'), '{"name": "node-red-project", "private": true}');
      npm(userDir, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--omit=dev', path.join(folder, packed.filename));
    });

    it('brings no more than it says', () => {
      const installed = Object.keys((JSON.parse(readFileSync(path.join(userDir, 'node_modules/.package-lock.json'), 'utf8')) as { packages: object }).packages);
      assert.ok(!installed.some((name) => /node_modules\/(?:node-red|mocha|typescript|esbuild|lit|playwright-core|aedes)$/.test(name)), installed.join(', '));
    });

    for (const version of nodeRedVersions) {
      it(`works in Node-RED ${version}.x: all types, the examples in the import menu, one of them running`, async () => {
        const nodeRed = await startNodeRed({ version, nodes: 'userDir', userDir });
        try {
          const sets = (await (await fetch(`${nodeRed.url}/nodes`, { headers: { accept: 'application/json' } })).json()) as { module: string; types: string[]; enabled: boolean; err?: unknown }[];
          const own = sets.filter((set) => set.module === manifest.name);
          assert.deepEqual(own.flatMap((set) => set.types).sort(), [...nodeNames(), 'twin-machine'].sort());
          assert.deepEqual(own.filter((set) => !set.enabled || set.err !== undefined), []);

          // A folder is a menu of its own.
          for (const folder of ['', 'starters']) {
            const names = globSync('*.json', { cwd: path.join(packageRoot, 'examples', folder) }).map((file) => path.basename(file, '.json'));
            assert.ok(names.length >= 2, folder);
            const menu = (await (await fetch(`${nodeRed.url}/library/examples/flows/${manifest.name}/${folder}`)).json()) as (string | { fn: string })[];
            assert.deepEqual(names.filter((name) => !menu.some((entry) => typeof entry === 'object' && entry.fn === name)), [], JSON.stringify(menu));
            if (folder === '') assert.ok(menu.includes('starters'), JSON.stringify(menu));
          }
          const example = await fetch(`${nodeRed.url}/library/examples/flows/${manifest.name}/twin-asset`);
          const flow = (await example.json()) as FlowNode[];
          await nodeRed.deploy(flow);
          const asset = flow.find((node) => node.type === 'twin-asset');
          await nodeRed.message(asset?.id ?? '');

          // What the editor loads.
          const html = await (await fetch(`${nodeRed.url}/nodes`, { headers: { accept: 'text/html', 'accept-language': 'de' } })).text();
          for (const name of nodeNames()) assert.ok(html.includes(`data-template-name="${name}"`), name);
          for (const name of nodeNames()) {
            const icon = await fetch(`${nodeRed.url}/icons/${manifest.name}/${name}.svg`);
            assert.match(await icon.text(), /<svg/, `icon of ${name}`);
          }
          const page = await fetch(`${nodeRed.url}/twin`);
          assert.equal(page.status, 200, 'the page of the machines');
          assert.deepEqual(nodeRed.complaints(), []);
        } finally {
          await nodeRed.stop();
        }
      });
    }
  });
});
