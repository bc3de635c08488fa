import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import type { PageUsers } from '../../contract/http.ts';
import { runTwin } from '../../command/twin.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { SiteUsers } from '../../web/siteUsers.ts';
import { changeUsers, usersAnswer } from '../../web/usersRoutes.ts';
import { temporaryFolder } from '../services/serviceProcess.ts';

describe('twin user', function () {
  this.timeout(30_000);
  let folder: string;
  let box: string;
  let asked: string[];
  beforeEach(() => {
    folder = temporaryFolder('users');
    box = path.join(folder, 'box');
    asked = [];
    cpSync(path.join(packageRoot, 'test/fixtures/older/0.1.0'), box, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function twin(password: string, ...given: string[]): Promise<{ code: number; text: string }> {
    const lines: string[] = [];
    const output = { out: (text: string) => lines.push(text), error: (text: string) => lines.push(text) };
    const ask = async ([first]: readonly string[]): Promise<string> => {
      asked.push(first ?? '');
      return password;
    };
    const code = await runTwin(['user', ...given, '--user-dir', box], output, { LANG: 'C' }, ask);
    return { code, text: lines.join('\n') };
  }

  it('tells what it does not understand before it asks for anything', async () => {
    for (const wrong of [[], ['make'], ['list', 'Ann'], ['add'], ['add', 'Ann'], ['remove', 'Ann', '--role', 'viewer'], ['add', 'Ann', 'secret'],
      ['remove', 'Ann', '--json'], ['list', '--password', 'x']]) {
      const { code, text } = await twin('', ...wrong);
      assert.equal(code, 2, wrong.join(' '));
      assert.match(text, /^TWIN_COMMAND: .+ See twin help\.$/, wrong.join(' '));
    }
    assert.match((await twin('', 'add', 'Ann', '--role', 'king')).text, /^TWIN_USER_ROLE: .*viewer, operator, engineer/);
    assert.match((await twin('', 'list', '--site', 'Mars', '--language', 'de')).text, /^TWIN_SITE_CHOICE: Die Anlagen hier sind: Plant\./);
    assert.deepEqual(asked, []);
  });

  it('works on the store of a site that does not run, and gives the folder back', async () => {
    assert.deepEqual(await twin('', 'list'), { code: 0, text: 'Plant: nobody is entered, so whoever can read the page may also acknowledge.' });
    assert.match((await twin('short', 'add', 'Ann', '--role', 'operator')).text, /^TWIN_USER_PASSWORD: .*8 to 200/);
    assert.deepEqual(await twin('correct horse', 'add', 'Ann', '--role', 'operator'), { code: 0, text: 'Ann can log in to the page of Plant now.' });
    assert.match((await twin('correct horse', 'add', 'ann', '--role', 'engineer')).text, /^TWIN_USER_EXISTS: "Ann"/);
    assert.match((await twin('', 'list', '--language', 'de')).text, /^Ann {2}operator: beantwortet Alarme$/);
    assert.match((await twin('battery staple', 'password', 'ANN')).text, /^Ann has a new password/);
    assert.match((await twin('', 'remove', 'Bob')).text, /^TWIN_USER_UNKNOWN/);
    assert.deepEqual(asked, ['Password for Ann: ', 'Password for Ann: ', 'Password for ANN: ']);
    const store = openSiteStore(path.join(box, 'twinwire/plant'));
    const users = await SiteUsers.open(store.state, { nowMs: Date.now });
    assert.equal(await users.check('Ann', 'correct horse'), undefined);
    assert.equal((await users.check('Ann', 'battery staple'))?.role, 'operator');
    await store.close();
    const { code, text } = await twin('', 'remove', 'Ann');
    assert.equal(code, 0);
    assert.match(text, /^Ann cannot log in .*\nPlant: nobody is entered/);
  });

  it('asks the Node-RED that runs the site, with its login, and says plainly where that does not work', async () => {
    const store = openSiteStore(path.join(box, 'twinwire/plant'));
    const users = await SiteUsers.open(store.state, { nowMs: Date.now, cost: { n: 16, r: 1, p: 1 } });
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const answer = (status: number, data: unknown): void => void response.writeHead(status).end(JSON.stringify(data));
        if (request.url === '/auth/token') answer(body.includes('"password":"right"') ? 200 : 403, { access_token: 'abc' });
        else if (request.headers.authorization !== 'Bearer abc') answer(401, {});
        else if (!/^\/twinwire\/site\/[\w.-]+\/users$/.test(request.url ?? '')) answer(404, {});
        else {
          const changed = request.method === 'POST' ? changeUsers(users, JSON.parse(body)) : Promise.resolve(undefined);
          void changed.then((refusal) => answer(200, { ...usersAnswer(users, { editor: false, page: false }), ...refusal }));
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const former = process.env['TWIN_PASSWORD'];
    try {
      process.env['TWIN_PASSWORD'] = 'right';
      const there = ['--url', url, '--user', 'admin'];
      assert.equal((await twin('correct horse', 'add', 'Ann', '--role', 'viewer', ...there)).text, 'Ann can log in to the page of Plant now.');
      assert.equal((await users.check('ann', 'correct horse'))?.role, 'viewer');
      assert.match((await twin('short', 'password', 'Ann', ...there)).text, /^TWIN_USER_PASSWORD/);
      const list = JSON.parse((await twin('', 'list', '--json', ...there)).text) as PageUsers & { v: number };
      assert.deepEqual([list.v, list.users.map(({ name, role }) => [name, role])], [1, [['Ann', 'viewer']]]);
      assert.match((await twin('', 'list', '--url', url)).text, /^TWIN_EDITOR_LOGIN: .*dialog of the twin-site/);
      assert.match((await twin('', 'list', '--url', `${url}/elsewhere`, '--user', 'admin')).text, /^TWIN_EDITOR_LOGIN|^TWIN_SITE_CLOSED/);
      assert.match((await twin('x', 'password', 'Ann', '--url', 'http://192.0.2.1:1880')).text, /^TWIN_EDITOR_PLAIN/);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      assert.match((await twin('', 'list', '--url', url)).text, /^TWIN_EDITOR_SILENT/);
    } finally {
      if (former === undefined) delete process.env['TWIN_PASSWORD'];
      else process.env['TWIN_PASSWORD'] = former;
      await store.close();
    }
  });

  it('takes the password from a pipe', () => {
    const { stdout, stderr } = spawnSync(process.execPath, [path.join(packageRoot, 'command/twin.ts'), 'user', 'add', 'Ann', '--role', 'viewer', '--user-dir', box],
      { input: 'correct horse\nnot this\n', encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, timeout: 20_000 });
    assert.equal(stdout, 'Ann can log in to the page of Plant now.\n', stderr);
  });
});
