import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemoryStateStore } from '../../adapters/memory/memoryStore.ts';
import type { AlarmActionAnswer, AlarmMeasures, AlarmsAnswer, JournalAnswer } from '../../contract/alarms.ts';
import type { ErrorAnswer } from '../../contract/http.ts';
import { SiteUsers } from '../../web/siteUsers.ts';
import { twinRoutes, type TwinRoutes } from '../../web/twinRoutes.ts';
import { AlarmPlant } from '../engine/site/alarmPlant.ts';
import { MemoryPlant, morning } from './pageFixture.ts';

const site = 'northfield';
const alarm = 'limit/vibration/high';

describe('alarms over HTTP', () => {
  let server: Server;
  let routes: TwinRoutes;
  let page: MemoryPlant;
  let plant: AlarmPlant;
  let base: string;
  const nowMs = Date.UTC(2026, 10, 20);

  beforeEach(async () => {
    plant = await new AlarmPlant().start(['m1']);
    plant.run(5, () => plant.row('m1', { vibration: 2 }));
    plant.run(2, () => plant.row('m1', { vibration: 9 }));
    page = new MemoryPlant(morning(nowMs));
    const source = Object.assign(page, { alarms: (name: string) => (name === site ? { desk: plant.site.alarms, written: () => plant.site.written() } : undefined) });
    routes = twinRoutes(source);
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
  const act = (more: Record<string, unknown>, headers?: Record<string, string>): Promise<Response> => post('alarm-action', { site, key: 'm1', by: 'Kim', ...more }, headers);
  const read = async <T>(path: string): Promise<T> => (await (await fetch(`${base}/${path}`)).json()) as T;
  const codeOf = async (response: Response): Promise<string> => (response.ok ? 'done' : `${response.status} ${((await response.json()) as ErrorAnswer).code}`);

  async function withUsers(): Promise<(name: string) => Promise<{ cookie: string }>> {
    const users = await SiteUsers.open(new MemoryStateStore(), { nowMs: () => nowMs, cost: { n: 16, r: 1, p: 1 } });
    for (const role of ['viewer', 'operator', 'engineer'] as const) await users.put({ name: role, role, password: `${role}-secret` });
    page.siteGates.set(site, { users, readers: 'users' });
    return async (name) => ({ cookie: ((await post('login', { name, password: `${name}-secret` })).headers.get('set-cookie') ?? '').split(';')[0] ?? '' });
  }

  it('lists alarms, takes an action and shows it in the journal and the measures', async () => {
    const before = await read<AlarmsAnswer>(`alarms?site=${site}`);
    assert.deepEqual(before.alarms.map(({ alarm, state, priority }) => [alarm, state, priority]), [[alarm, 'UNACK', 'low']]);
    assert.match(before.alarms[0]?.text ?? '', /Vibration is 9 mm\/s/);
    const answer = (await (await act({ action: 'shelve', alarm, occurrence: 1, forMs: 3_600_000, why: 'part\r\nordered', by: ' Kim\u0000 ' })).json()) as AlarmActionAnswer;
    assert.deepEqual([answer.alarms[0]?.state, answer.alarms[0]?.flags.shelf?.by, answer.alarms[0]?.flags.shelf?.why], ['SHLVD', 'Kim', 'part ordered']);
    assert.deepEqual(answer.records.filter(({ event }) => event === 'SHELVE').map(({ by, via }) => [by, via]), [['Kim', 'page']]);
    const journal = await read<JournalAnswer>(`journal?site=${site}&key=m1&event=SHELVE&text=ORDERED&limit=5`);
    assert.deepEqual([journal.site, journal.records.length, journal.more], [site, 1, false]);
    const measures = await read<AlarmMeasures>(`alarm-measures?site=${site}&days=1`);
    assert.deepEqual([measures.annunciated, measures.shelved.map(({ alarm }) => alarm)], [1, [alarm]]);
  });

  it('refuses what the table refuses, and what cannot be read', async () => {
    assert.equal(await codeOf(await act({ action: 'acknowledge', alarm, occurrence: 2 })), '409 TWIN_ALARM_OCCURRENCE');
    assert.equal(await codeOf(await act({ action: 'shelve', forMs: 1e12 })), '409 TWIN_ALARM_SHELF');
    assert.equal(await codeOf(await act({ action: 'acknowledge', case: 'm1/77' })), '409 TWIN_CASE_UNKNOWN');
    assert.equal(await codeOf(await act({ action: 'acknowledge', key: 'nobody' })), '404 TWIN_MACHINE_UNKNOWN');
    assert.equal(await codeOf(await act({ action: 'acknowledge', site: 'elsewhere' })), '404 TWIN_MACHINE_UNKNOWN');
    const odd = [
      { action: 'explode' }, { action: '__proto__' }, { action: 'shelve', forMs: '1' }, { action: 'acknowledge', by: '' }, { action: 'acknowledge', by: 'x'.repeat(81) },
      { key: 5, action: 'reset' },
    ];
    for (const more of odd) {
      assert.equal(await codeOf(await act(more)), '400 TWIN_PAGE_INPUT', JSON.stringify(more));
    }
    for (const query of ['journal?site=', `journal?site=${site}&limit=0`, `journal?site=${site}&event=X`, `journal?site=${site}&fromMs=x`, `alarm-measures?site=${site}&days=99`, 'alarms']) {
      assert.equal(await codeOf(await fetch(`${base}/${query}`)), '400 TWIN_PAGE_INPUT', query);
    }
    assert.equal((await fetch(`${base}/alarm-action`)).status, 405);
    assert.equal(await codeOf(await post('alarm-action', {}, { origin: 'http://evil.example' })), '403 TWIN_PAGE_ORIGIN');
    assert.deepEqual((await read<AlarmsAnswer>(`alarms?site=${site}&key=m1`)).alarms[0]?.state, 'UNACK', 'nothing of it changed anything');
  });

  it('whoever answers alarms does not change what is an alarm; a name is that of the login', async () => {
    assert.equal(await codeOf(await act({ action: 'suppress', why: 'trial' })), '401 TWIN_LOGIN_NEEDED', 'not even where a site has no users');
    const logIn = await withUsers();
    const [viewer, operator, engineer] = [await logIn('viewer'), await logIn('operator'), await logIn('engineer')];
    const may = async (action: string, who: Record<string, string>): Promise<boolean> => !/^40[13]/.test(await codeOf(await act({ action, why: 'x', forMs: 60_000 }, who)));
    const actions = ['note', 'shelve', 'unshelve', 'acknowledge', 'confirm', 'reset', 'suppress', 'unsuppress', 'takeOutOfService', 'returnToService'];
    const allowed = async (who: Record<string, string>): Promise<string[]> => {
      const list: string[] = [];
      for (const action of actions) if (await may(action, who)) list.push(action);
      return list;
    };
    assert.deepEqual(await allowed({}), []);
    assert.deepEqual(await allowed(viewer), []);
    assert.deepEqual(await allowed(operator), ['note', 'shelve', 'unshelve', 'acknowledge', 'confirm', 'reset']);
    assert.deepEqual(await allowed(engineer), actions);
    assert.equal((await fetch(`${base}/alarms?site=${site}`)).status, 401);
    assert.equal((await fetch(`${base}/alarms?site=${site}`, { headers: viewer })).status, 200);
    const { records } = (await (await fetch(`${base}/journal?site=${site}&event=NOTE`, { headers: viewer })).json()) as JournalAnswer;
    assert.deepEqual(new Set(records.map(({ by }) => by)), new Set(['operator', 'engineer']), 'never the name that was typed');
  });
});
