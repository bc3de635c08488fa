import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { skip } from '../skip.ts';
import { freePort, nodeRedVersions, startNodeRed } from './startNodeRed.ts';

const { hashSync } = createRequire(import.meta.url)('bcryptjs') as { hashSync(text: string, rounds: number): string };
const redFiles = { 5: 'node_modules/node-red/red.js', 4: 'node_modules/node-red-4/red.js' } as const;

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

describe('Node-RED with the hardened settings', function () {
  this.timeout(90_000);
  let folder: string;
  let child: ChildProcess | undefined;
  let output = '';

  before(function () {
    folder = mkdtempSync(path.join(tmpdir(), 'twinwire-hardened-'));
    mkdirSync(path.join(folder, 'secrets'));
    try {
      const key = path.join(folder, 'secrets/tls.key');
      const certificate = path.join(folder, 'secrets/tls.crt');
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate, '-subj', '/CN=localhost'], { stdio: 'ignore' });
    } catch {
      skip(this, 'openssl makes the certificate, and it is not installed');
    }
    copyFileSync(path.join(packageRoot, 'docs/settings.hardened.js'), path.join(folder, 'settings.hardened.js'));
    writeFileSync(path.join(folder, 'secrets/admin.hash'), `${hashSync('of the editor', 8)}\n`);
    writeFileSync(path.join(folder, 'flows.json'), JSON.stringify([{ id: 'tab', type: 'tab', label: 'plant' }, { id: 'site', type: 'twin-site', name: 'Plant', pageAccess: 'users' }]));
  });
  afterEach(async () => {
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child?.once('close', done));
      child.kill('SIGTERM');
      await ended;
    }
    child = undefined;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function launch(version: '4' | '5'): Promise<number> {
    const port = await freePort();
    output = '';
    child = spawn(process.execPath, [path.join(packageRoot, redFiles[version]), '--settings', path.join(folder, 'settings.hardened.js')], {
      cwd: folder,
      env: { ...process.env, PORT: '', TWINWIRE_PORT: String(port), TWINWIRE_DEV_NODES: packageRoot, TWINWIRE_HOST: '127.0.0.1', TWINWIRE_USER_DIR: '', TWINWIRE_SECRETS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.on('data', (chunk: Buffer) => { output += chunk.toString(); });
    child.stderr?.on('data', (chunk: Buffer) => { output += chunk.toString(); });
    for (let round = 0; round < 600 && !/Started flows/.test(output) && child.exitCode === null; round++) await new Promise((done) => setTimeout(done, 100));
    return port;
  }

  function ask(port: number, address: string, form?: Record<string, string>, token?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const body = form === undefined ? '' : new URLSearchParams(form).toString();
      const headers: Record<string, string> = {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      };
      const asked = httpsRequest({ host: '127.0.0.1', port, path: address, method: form === undefined ? 'GET' : 'POST', headers, rejectUnauthorized: false, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  it('does not start without its secrets, and says which one is missing', async () => {
    await launch('5');
    assert.match(output, /credential\.secret cannot be read \(ENOENT\)/);
    assert.doesNotMatch(output, /Started flows/);
    writeFileSync(path.join(folder, 'secrets/credential.secret'), 'a long random text for a test\n');
  });

  for (const version of nodeRedVersions) {
    it(`Node-RED ${version}: editor and page by HTTPS only, each with its login`, async () => {
      assert.ok(existsSync(path.join(packageRoot, 'dist/nodes')), 'run npm run build first');
      const port = await launch(version);
      assert.match(output, /Started flows/, output);
      assert.equal((await ask(port, '/flows')).status, 401);
      const editor = await ask(port, '/');
      assert.equal(editor.status, 200);
      assert.equal(editor.headers['x-frame-options'], 'SAMEORIGIN');
      const login = { client_id: 'node-red-editor', grant_type: 'password', scope: '*', username: 'admin' };
      assert.notEqual((await ask(port, '/auth/token', { ...login, password: 'wrong' })).status, 200);
      const token = (JSON.parse((await ask(port, '/auth/token', { ...login, password: 'of the editor' })).text) as { access_token: string }).access_token;
      assert.equal((await ask(port, '/flows', undefined, token)).status, 200);
      // The store opens after the flows have started.
      let people = await ask(port, '/twinwire/site/site/users', undefined, token);
      for (let round = 0; round < 100 && people.status === 404; round++) {
        await new Promise((done) => setTimeout(done, 100));
        people = await ask(port, '/twinwire/site/site/users', undefined, token);
      }
      assert.deepEqual(JSON.parse(people.text), { users: [], loginNeeded: false, openTo: { editor: false, page: false } });
      assert.equal((await ask(port, '/twinwire/site/site/users')).status, 401);
      assert.equal((await ask(port, '/twin/')).status, 200);
      assert.match((await ask(port, '/twin/api/overview')).text, /"access":\{"may":\[\]\}/);
      const plain = await new Promise<string>((resolve) => {
        httpRequest({ host: '127.0.0.1', port, path: '/', agent: false }, (response) => resolve(`answered ${response.statusCode}`)).on('error', () => resolve('refused')).end();
      });
      assert.equal(plain, 'refused');
      assert.doesNotMatch(output, /TWIN_EDITOR_OPEN/);
    });

    // It listens beyond loopback, and only for the moment that it takes to say so.
    it(`Node-RED ${version}: without them, a site says that the editor is open to the network`, async () => {
      const red = await startNodeRed({ version, flow: [{ id: 'site', type: 'twin-site', name: 'Plant' }], settings: { uiHost: '0.0.0.0' } });
      try {
        await red.until(() => red.log.some(({ text }) => text.includes('TWIN_EDITOR_OPEN')), 'the warning');
        await red.until(() => red.statuses.get('site')?.fill === 'yellow', 'the status');
        assert.match(red.statuses.get('site')?.text ?? '', /editor open to the network/);
      } finally {
        await red.stop();
      }
    });
  }
});
