import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { skip } from '../skip.ts';

const folder = path.join(packageRoot, 'docs/service');
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const units = readdirSync(folder).filter((name) => /\.(?:service|timer)$/.test(name));

/** Runs systemd's own check over units whose programs and folders need not be on this computer. */
function verify(texts: ReadonlyMap<string, string>): { status: number | null; output: string } {
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'twinwire-units-'));
  try {
    for (const [name, text] of texts) writeFileSync(path.join(temporary, name), text.replaceAll('/opt/node/bin/node', process.execPath));
    const ran = spawnSync('systemd-analyze', ['verify', ...[...texts.keys()].map((name) => path.join(temporary, name))], { encoding: 'utf8' });
    return { status: ran.status, output: `${ran.stdout}${ran.stderr}` };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

describe('the service files', function () {
  this.timeout(30_000);

  it('are what systemd accepts, and a mistake in them is found', function () {
    assert.equal(units.length, 3);
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) skip(this, 'systemd-analyze is not on this computer');
    const texts = new Map(units.map((name) => [name, read(name)]));
    assert.deepEqual(verify(texts), { status: 0, output: '' });
    const planted = read('node-red-twinwire.service').replace('MemoryMax=2G', 'MemoryMaximum=2G');
    assert.match(verify(new Map([['node-red-twinwire.service', planted]])).output, /MemoryMaximum/);
  });

  it('name programs, options and folders that are there', () => {
    const backup = read('node-red-twinwire-backup.service');
    assert.ok(backup.includes('/opt/node-red/node_modules/@twinwire/node-red-digital-twin/dist/command/twin.js backup'));
    assert.ok(existsSync(path.join(packageRoot, 'command/twin.ts')));
    const help = spawnSync(process.execPath, [path.join(packageRoot, 'command/twin.ts'), 'help', '--language', 'en'], { encoding: 'utf8' });
    assert.equal(help.status, 0, help.stderr);
    const options = [...backup.slice(backup.indexOf('ExecStart')).split('\n\n')[0]!.matchAll(/ (--[a-z-]+)/g)].map(([, option]) => option!);
    assert.ok(options.length >= 3, options.join());
    assert.deepEqual(options.filter((option) => !help.stdout.includes(option)), []);
    for (const folderName of ['node-red', 'node-red-backup']) assert.match(backup, new RegExp(`StateDirectory=.*\\b${folderName}\\b`));
    const manifest = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const page = readFileSync(path.join(packageRoot, 'docs/running.md'), 'utf8');
    for (const [, script] of page.matchAll(/npm run ([\w-]+)/g)) assert.ok(Object.hasOwn(manifest.scripts, script!), script);
    for (const [, file] of page.matchAll(/\]\((?!https?:)([^)]+)\)/g)) assert.ok(existsSync(path.join(packageRoot, 'docs', file!)), file);
    assert.ok(page.includes('docs/settings.hardened.js') && existsSync(path.join(packageRoot, 'docs/settings.hardened.js')));
  });

  it('let a container be healthy only while Node-RED answers', async () => {
    const [, given] = /^HEALTHCHECK .*? CMD (\[[\s\S]*?\])\n\n/m.exec(read('Containerfile').replaceAll('\\\n', '')) ?? [];
    const [, ...command] = JSON.parse(given ?? '[]') as string[];
    const check = async (port: number): Promise<number> => {
      const child = spawn(process.execPath, command, { env: { ...process.env, TWINWIRE_PORT: String(port) }, stdio: 'ignore' });
      return ((await once(child, 'exit')) as [number])[0];
    };
    const answering = createServer((_request, response) => response.writeHead(401).end()).listen(0, '127.0.0.1');
    // Takes the connection, as the system does for a program that hangs, and says nothing.
    const hanging = createServer(() => {}).listen(0, '127.0.0.1');
    await Promise.all([once(answering, 'listening'), once(hanging, 'listening')]);
    try {
      const port = (server: typeof answering): number => (server.address() as AddressInfo).port;
      assert.deepEqual(await Promise.all([check(port(answering)), check(port(hanging))]), [0, 1]);
      const closed = port(answering);
      answering.close();
      await once(answering, 'close');
      assert.equal(await check(closed), 1);
    } finally {
      answering.close();
      hanging.closeAllConnections();
      hanging.close();
    }
  });
});
