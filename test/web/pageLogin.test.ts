import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemoryStateStore } from '../../adapters/memory/memoryStore.ts';
import type { ErrorAnswer, Machine, Overview } from '../../contract/http.ts';
import type { SiteGate } from '../../web/pageAccess.ts';
import { SiteUsers } from '../../web/siteUsers.ts';
import { twinRoutes, type TwinRoutes } from '../../web/twinRoutes.ts';
import { MemoryPlant, morning } from './pageFixture.ts';

const cost = { n: 16, r: 1, p: 1 };
const key = 'northfield/filler';

describe('the page with users', function () {
  this.timeout(20_000);
  let server: Server;
  let routes: TwinRoutes;
  let plant: MemoryPlant;
  let base: string;
  let nowMs: number;
  let said: string[];
  let gate: SiteGate;

  beforeEach(async () => {
    nowMs = Date.UTC(2026, 10, 20);
    said = [];
    plant = new MemoryPlant(morning(nowMs), { ...morning(nowMs), id: 'second', name: 'Second' });
    const users = await SiteUsers.open(new MemoryStateStore(), { nowMs: () => nowMs, cost });
    for (const role of ['viewer', 'operator', 'engineer']) await users.put({ name: role, role, password: `${role}-secret` });
    gate = { users, readers: 'users' };
    plant.siteGates.set('northfield', gate);
    users.onChange(() => plant.tell({ site: 'northfield' }));
    routes = twinRoutes(plant, { intervalMs: 10, keepAliveMs: 40, onLogin: (text) => said.push(text) });
    server = createServer(routes);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  });
  afterEach(async () => {
    routes.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${base}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  async function logIn(name: string, headers: Record<string, string> = {}): Promise<string> {
    const response = await post('login', { name, password: `${name}-secret` }, headers);
    assert.equal(response.status, 200, await response.text());
    return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  }
  const site = async (cookie = '', id = 'northfield'): Promise<Overview['sites'][number] | undefined> =>
    ((await (await fetch(`${base}/overview`, { headers: { cookie } })).json()) as Overview).sites.find((one) => one.id === id);
  const acknowledge = (cookie: string, id = 'northfield', by = 'Somebody else'): Promise<Response> => post('acknowledge', { site: id, key, case: 'case-17', by }, { cookie });
  const codeOf = async (response: Response): Promise<string> => `${response.status} ${((await response.json()) as ErrorAnswer).code}`;

  it('shows a closed site to nobody but its users, and an open one to all', async () => {
    assert.deepEqual((await site())?.machines, []);
    assert.deepEqual((await site())?.access, { may: [] });
    assert.ok(((await site('', 'second'))?.machines.length ?? 0) > 0);
    assert.equal(await codeOf(await fetch(`${base}/machine?site=northfield&key=${key}`)), '401 TWIN_LOGIN_NEEDED');
    const cookie = await logIn('viewer');
    assert.deepEqual((await site(cookie))?.access, { user: { name: 'viewer', role: 'viewer' }, may: ['read'] });
    assert.ok(((await site(cookie))?.machines.length ?? 0) > 0);
    assert.equal((await fetch(`${base}/machine?site=northfield&key=${key}`, { headers: { cookie } })).status, 200);
    plant.siteGates.set('northfield', { ...gate, readers: 'everyone' });
    assert.deepEqual((await site())?.access, { may: ['read'] });
    assert.equal(await codeOf(await acknowledge('')), '401 TWIN_LOGIN_NEEDED');
  });

  it('takes an acknowledgement from operators only, under their own name', async () => {
    assert.equal(await codeOf(await acknowledge('')), '401 TWIN_LOGIN_NEEDED');
    assert.equal(await codeOf(await acknowledge(await logIn('viewer'))), '403 TWIN_NOT_ALLOWED');
    const done = await acknowledge(await logIn('operator'));
    assert.equal(((await done.json()) as Machine).openCase?.acknowledgedBy, 'operator');
    assert.equal((await acknowledge('', 'second', 'Ann')).status, 200, 'a site without users takes a typed name');
  });

  it('hands out a cookie that scripts and other websites cannot use', async () => {
    const plain = (await post('login', { name: 'engineer', password: 'engineer-secret' })).headers.get('set-cookie') ?? '';
    assert.match(plain, /^twinwire-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Max-Age=86400$/);
    const proxied = await post('login', { name: 'engineer', password: 'engineer-secret' }, { 'x-forwarded-proto': 'https' });
    assert.match(proxied.headers.get('set-cookie') ?? '', /; Secure$/);
    assert.equal((await post('login', { name: 'engineer', password: 'engineer-secret' }, { origin: 'http://evil.example' })).status, 403);
    const response = await fetch(`${base}/login`, { method: 'POST', body: 'name=engineer&password=engineer-secret' });
    assert.equal(response.status, 415);
  });

  it('forgets the login at logout, and the one before at the next login', async () => {
    const first = await logIn('operator');
    const second = await logIn('viewer', { cookie: first });
    assert.equal((await site(first))?.access?.user, undefined);
    assert.equal((await site(second))?.access?.user?.name, 'viewer');
    const out = await post('logout', {}, { cookie: second });
    assert.match(out.headers.get('set-cookie') ?? '', /Max-Age=0/);
    assert.equal((await site(second))?.access?.user, undefined);
  });

  it('says the same of a wrong name and a wrong password, then asks to wait; others get in', async () => {
    const refused: string[] = [];
    for (const name of ['operator', 'nobody']) {
      for (let attempt = 0; attempt < 7; attempt++) refused.push(await codeOf(await post('login', { name, password: 'guess' })));
    }
    assert.deepEqual(refused.slice(0, 7), refused.slice(7));
    assert.equal(refused[0], '401 TWIN_LOGIN_REFUSED');
    assert.equal(refused[6], '429 TWIN_LOGIN_WAIT');
    assert.ok((await logIn('engineer')).length > 0);
    assert.match(said.join('\n'), /"operator" at .*127\.0\.0\.1: login refused/);
    await post('login', { name: 'a\nb', password: 'guess' });
    assert.ok(said.every((line) => !line.includes('\n') && !line.includes('guess')));
  });

  it('lets people change their own password, which ends their other logins', async () => {
    const body = { current: 'operator-secret', next: 'another-secret' };
    assert.equal(await codeOf(await post('password', body)), '401 TWIN_LOGIN_NEEDED');
    const [here, elsewhere] = [await logIn('operator'), await logIn('operator')] as const;
    const change = (given: object): Promise<Response> => post('password', given, { cookie: here });
    assert.equal(await codeOf(await change({ current: 'operator-secret' })), '400 TWIN_PAGE_INPUT');
    assert.equal(await codeOf(await change({ ...body, next: 'short' })), '400 TWIN_USER_PASSWORD');
    assert.equal(await codeOf(await change({ ...body, current: 'guess' })), '403 TWIN_PASSWORD_WRONG');
    const done = await change(body);
    assert.equal(done.status, 200);
    const now = (done.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    assert.deepEqual((await site(now))?.access?.user, { name: 'operator', role: 'operator' });
    for (const former of [here, elsewhere]) assert.equal((await site(former))?.access?.user, undefined);
    assert.equal(await codeOf(await post('login', { name: 'operator', password: 'operator-secret' })), '401 TWIN_LOGIN_REFUSED');
    assert.equal((await post('login', { name: 'operator', password: 'another-secret' })).status, 200);
    assert.match(said.join('\n'), /"operator" at .*: change of password refused\n.*: has a new password/);
    assert.ok(said.every((line) => !/secret|guess|short/.test(line)));
  });

  it('makes guessing the current password as slow as logging in, and says how long to wait', async () => {
    const cookie = await logIn('operator');
    const answers = [];
    for (let attempt = 0; attempt < 7; attempt++) answers.push(await post('password', { current: 'guess', next: 'another-secret' }, { cookie }));
    const last = answers.at(-1);
    assert.equal(last?.status, 429);
    const { code, seconds } = (await last.json()) as ErrorAnswer;
    assert.equal(code, 'TWIN_LOGIN_WAIT');
    assert.equal(String(seconds), last.headers.get('retry-after'));
    assert.ok(seconds !== undefined && seconds >= 1 && seconds <= 60, String(seconds));
  });

  it('asks who is not logged in to do that first, whatever they sent', async () => {
    for (const body of [{ site: 'northfield' }, { site: 'northfield', key, case: 'case-17' }, { site: 'northfield', by: 7 }]) {
      assert.equal(await codeOf(await post('acknowledge', body)), '401 TWIN_LOGIN_NEEDED', JSON.stringify(body));
    }
    assert.equal(await codeOf(await post('acknowledge', {})), '400 TWIN_PAGE_INPUT');
    assert.equal(await codeOf(await post('acknowledge', { site: 'second' })), '400 TWIN_PAGE_INPUT');
  });

  it('looks at no more guesses when they come all at once', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => post('login', { name: 'operator', password: 'guess' }).then(({ status }) => status)));
    assert.ok(answers.filter((status) => status === 401).length <= 6, answers.join());
  });

  async function listen(cookie: string): Promise<{ text: () => string; ended: Promise<void> }> {
    const response = await fetch(`${base}/live`, { headers: { cookie } });
    let text = '';
    const ended = (async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString();
    })();
    ended.catch(() => undefined);
    return { text: () => text, ended };
  }

  it('ends a live line with the login that it belongs to, and tells each line what it may know', async () => {
    plant.sites = plant.sites.slice(0, 1);
    const anonymous = await listen('');
    await anonymous.ended;
    assert.doesNotMatch(anonymous.text(), /Filler/);
    const cookies = [await logIn('viewer'), await logIn('operator')] as const;
    const lines = await Promise.all(cookies.map(listen));
    await new Promise((done) => setTimeout(done, 60));
    assert.match(lines[0]?.text() ?? '', /Filler/);
    await post('logout', {}, { cookie: cookies[0] });
    await lines[0]?.ended;
    assert.equal(routes.watching, 1);
    // By the passing of time alone.
    nowMs += 13 * 3_600_000;
    await lines[1]?.ended;
    assert.equal(routes.watching, 0);
  });

  it('sends nothing of a closed site to who only reads the open one', async () => {
    const line = await listen('');
    await new Promise((done) => setTimeout(done, 50));
    const at = plant.machine('northfield', key)?.machine;
    assert.ok(at);
    plant.put('northfield', { ...at, sentence: 'for users only' });
    plant.put('second', { ...at, sentence: 'for everybody' });
    for (let round = 0; round < 100 && !line.text().includes('for everybody'); round++) await new Promise((done) => setTimeout(done, 20));
    assert.match(line.text(), /for everybody/);
    assert.doesNotMatch(line.text(), /for users only/);
  });
});
