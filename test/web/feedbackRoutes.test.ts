import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemoryStateStore } from '../../adapters/memory/memoryStore.ts';
import type { FeedbackDone, FeedbackEffect, FeedbackList } from '../../contract/feedback.ts';
import type { ErrorAnswer, Overview } from '../../contract/http.ts';
import { SiteUsers } from '../../web/siteUsers.ts';
import { twinRoutes, type TwinRoutes } from '../../web/twinRoutes.ts';
import { MemoryPlant, morning } from './pageFixture.ts';

const key = 'northfield/filler';
const about = { site: 'northfield', key, case: 'case-17' };

describe('answers to a case over HTTP', () => {
  let server: Server;
  let routes: TwinRoutes;
  let plant: MemoryPlant;
  let base: string;
  const nowMs = Date.UTC(2026, 10, 20);

  beforeEach(async () => {
    plant = new MemoryPlant(morning(nowMs));
    routes = twinRoutes(plant);
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
    fetch(`${base}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const codeOf = async (response: Response): Promise<string> => `${response.status} ${((await response.json()) as ErrorAnswer).code}`;
  const list = async (): Promise<FeedbackList> => (await (await fetch(`${base}/feedback?site=northfield&key=${key}`)).json()) as FeedbackList;
  async function withUsers(): Promise<(name: string) => Promise<{ cookie: string }>> {
    const users = await SiteUsers.open(new MemoryStateStore(), { nowMs: () => nowMs, cost: { n: 16, r: 1, p: 1 } });
    for (const role of ['viewer', 'operator', 'engineer'] as const) await users.put({ name: role, role, password: `${role}-secret` });
    plant.siteGates.set('northfield', { users, readers: 'everyone' });
    return async (name) => ({ cookie: ((await post('login', { name, password: `${name}-secret` })).headers.get('set-cookie') ?? '').split(';')[0] ?? '' });
  }

  it('shows the effect, gives the answer, lists it and takes it back', async () => {
    const effect = (await (await post('feedback/preview', { ...about, answer: 'real', what: 'Bearing' })).json()) as FeedbackEffect;
    assert.equal(effect.sentences[0], 'The case is confirmed.');
    assert.deepEqual((await list()).records, [], 'asking changes nothing');
    const { record } = (await (await post('feedback', { ...about, answer: 'real', what: 'Bearing\r\nworn', by: ' Kim\u0000 ' })).json()) as FeedbackDone;
    assert.deepEqual([record.by, record.what], ['Kim', 'Bearing worn']);
    assert.deepEqual((await list()).records.map(({ id }) => id), [record.id]);
    const undone = (await (await post('feedback/undo', { site: 'northfield', key, id: record.id, by: 'Ada' })).json()) as FeedbackDone;
    assert.equal(undone.record.undone?.by, 'Ada');
  });

  it('a site without users lets who is trusted teach, and nothing that hides alarms; with the first user that ends', async () => {
    const users = await SiteUsers.open(new MemoryStateStore(), { nowMs: () => nowMs, cost: { n: 16, r: 1, p: 1 } });
    plant.siteGates.set('northfield', { users, readers: 'everyone', trusts: (request) => request.headers['x-test'] === 'here' });
    const here = { 'x-test': 'here' };
    const mayOf = async (headers: Record<string, string>): Promise<unknown> => ((await (await fetch(`${base}/overview`, { headers })).json()) as Overview).sites[0]?.access;
    assert.equal(await mayOf({}), undefined);
    assert.deepEqual(await mayOf(here), { withoutUsers: true, may: ['read', 'acknowledge', 'shelve', 'note', 'teach'] });
    assert.equal(await codeOf(await post('feedback', { ...about, answer: 'falseAlarm', by: 'Kim' })), '401 TWIN_LOGIN_NEEDED');
    assert.equal((await post('feedback', { ...about, answer: 'falseAlarm', by: 'Kim' }, here)).status, 200);
    assert.equal(await codeOf(await post('feedback', { ...about, answer: 'falseAlarm' }, here)), '400 TWIN_PAGE_INPUT', 'in somebody\'s name');
    await users.put({ name: 'Ada', role: 'engineer', password: 'ada-secret' });
    assert.equal(await codeOf(await post('feedback', { ...about, answer: 'falseAlarm', by: 'Kim' }, here)), '401 TWIN_LOGIN_NEEDED');
  });

  it('what is an alarm is only changed by an engineer; nobody answers in another name than their own', async () => {
    assert.equal(await codeOf(await post('feedback/preview', { ...about, answer: 'falseAlarm' })), '401 TWIN_LOGIN_NEEDED', 'not even where a site has no users');
    const logIn = await withUsers();
    const [viewer, operator, engineer] = [await logIn('viewer'), await logIn('operator'), await logIn('engineer')];
    for (const answer of ['onIt', 'real', 'planned', 'falseAlarm', 'changed']) {
      const body = { ...about, answer, what: 'x', untilMs: nowMs + 1000, by: 'Somebody else' };
      assert.equal(await codeOf(await post('feedback', body)), '401 TWIN_LOGIN_NEEDED', answer);
      assert.equal(await codeOf(await post('feedback', body, viewer)), '403 TWIN_NOT_ALLOWED', answer);
      const asOperator = await post('feedback', body, operator);
      assert.equal(asOperator.status, answer === 'falseAlarm' || answer === 'changed' ? 403 : 200, answer);
      assert.equal((await post('feedback', body, engineer)).status, 200, answer);
    }
    const { records } = await list();
    assert.deepEqual(new Set(records.map(({ by }) => by)), new Set(['operator', 'engineer']));
    const taught = records.find(({ answer }) => answer === 'falseAlarm');
    assert.equal(await codeOf(await post('feedback/undo', { site: 'northfield', key, id: taught?.id }, operator)), '403 TWIN_NOT_ALLOWED');
    assert.equal((await post('feedback/undo', { site: 'northfield', key, id: taught?.id }, engineer)).status, 200);
  });

  it('refuses bad input, foreign pages and other methods, and says why', async () => {
    const bad: unknown[] = [
      '', '{', '[]', 'null', {}, { ...about }, { ...about, answer: '__proto__', by: 'K' }, { ...about, answer: 'real', by: 'K', untilMs: 'soon' }, { ...about, key: 5, answer: 'onIt', by: 'K' },
    ];
    for (const body of bad) {
      for (const path of ['feedback', 'feedback/preview', 'feedback/undo']) assert.equal(await codeOf(await post(path, body)), '400 TWIN_PAGE_INPUT', `${path} ${JSON.stringify(body)}`);
    }
    assert.equal(await codeOf(await post('feedback', { ...about, answer: 'onIt' })), '400 TWIN_PAGE_INPUT', 'nobody');
    assert.equal(await codeOf(await post('feedback', { ...about, answer: 'real', by: 'K' })), '409 TWIN_FEEDBACK_WHAT');
    assert.equal(await codeOf(await post('feedback', { ...about, case: 'case-1', answer: 'onIt', by: 'K' })), '409 TWIN_CASE_UNKNOWN');
    assert.equal(await codeOf(await post('feedback/undo', { site: 'northfield', key, id: 'a9', by: 'K' })), '409 TWIN_FEEDBACK_UNKNOWN');
    assert.equal(await codeOf(await post('feedback', { ...about, answer: 'onIt', by: 'K' }, { origin: 'http://elsewhere.example' })), '403 TWIN_PAGE_ORIGIN');
    assert.equal(await codeOf(await post('feedback', { ...about, answer: 'onIt', by: 'K' }, { 'content-type': 'text/plain' })), '415 TWIN_PAGE_INPUT');
    assert.equal(await codeOf(await fetch(`${base}/feedback/preview`)), '405 TWIN_PAGE_METHOD');
    assert.equal(await codeOf(await fetch(`${base}/feedback?site=northfield`)), '400 TWIN_PAGE_INPUT');
    assert.equal(await codeOf(await fetch(`${base}/feedback?site=northfield&key=nobody`)), '404 TWIN_MACHINE_UNKNOWN');
    assert.equal(await codeOf(await fetch(`${base}/feedback?site=nowhere&key=${key}`)), '404 TWIN_MACHINE_UNKNOWN');
  });
});
