import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { startNodeRed } from '../flows/startNodeRed.ts';
import type { NodeRed } from '../flows/startNodeRed.ts';
import { property } from './startFlow.ts';

const require = createRequire(import.meta.url);
const { hashSync } = require('bcryptjs') as { hashSync(text: string, rounds: number): string };

/** In a real Node-RED with a login, because the test helper knows none. */
describe('what the editor asks of the nodes needs a login', function () {
  this.timeout(60_000);
  let red: NodeRed;
  before(async () => {
    const users = [
      { username: 'reader', password: hashSync('reads', 4), permissions: 'read' },
      { username: 'owner', password: hashSync('owns', 4), permissions: '*' },
    ];
    red = await startNodeRed({
      settings: { adminAuth: { type: 'credentials', users } },
      flow: [
        { id: 'tab', type: 'tab', label: 'plant' },
        { id: 'site', type: 'twin-site', name: 'Plant' },
        { id: 'type', type: 'twin-type', name: 'pump', version: 1, properties: [property('current')] },
        { id: 'asset', type: 'twin-asset', z: 'tab', x: 1, y: 1, site: 'site', assetType: 'type', key: 'pump1', wires: [['baseline'], []] },
        { id: 'baseline', type: 'twin-baseline', z: 'tab', x: 1, y: 1, site: 'site', wires: [[]] },
        { id: 'replay', type: 'twin-replay', z: 'tab', x: 1, y: 1, site: 'site', file: 'none.csv', wires: [[]] },
      ],
    });
  });
  after(() => red?.stop());

  async function token(username: string, password: string, scope: string): Promise<string> {
    const body = new URLSearchParams({ client_id: 'node-red-admin', grant_type: 'password', scope, username, password });
    const response = await fetch(new URL('/auth/token', red.url), { method: 'POST', body });
    return ((await response.json()) as { access_token: string }).access_token;
  }
  async function ask(method: string, path: string, bearer?: string): Promise<number> {
    const response = await fetch(new URL(path, red.url), {
      method,
      headers: { 'content-type': 'application/json', ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) },
      ...(method === 'POST' ? { body: JSON.stringify({ key: 'pump1', url: 'mqtt://127.0.0.1:9' }) } : {}),
    });
    await response.arrayBuffer();
    return response.status;
  }

  const reading = ['/twinwire/site/site/users', '/twinwire/site/site/outbox', '/twinwire/site/site/outbox/refused?target=x', '/twinwire/outbox', '/twinwire/twins',
    '/twinwire/asset/asset/addresses', '/twinwire/baseline/baseline/progress', '/twinwire/forecast/forecast/now'];
  const changing = ['/twinwire/site/site/users', '/twinwire/baseline/baseline/learn-again', '/twinwire/baseline/baseline/keep', '/twinwire/baseline/baseline/go-back',
    '/twinwire/replay/replay/start', '/twinwire/mqtt/test', '/twinwire/influxdb/test',
    '/twinwire/alert/none/test', '/twinwire/opcua-source/find', '/twinwire/opcua-source/check', '/twinwire/assets/none/find'];

  it('refuses everyone who has none', async () => {
    for (const path of reading) assert.equal(await ask('GET', path), 401, path);
    for (const path of changing) assert.equal(await ask('POST', path), 401, path);
    for (const path of changing) assert.equal(await ask('POST', path, 'made-up'), 401, path);
  });

  it('lets a reader read and change nothing', async () => {
    const bearer = await token('reader', 'reads', 'read');
    for (const path of reading) assert.equal(await ask('GET', path, bearer), 200, path);
    for (const path of [...changing, '/twinwire/site/site/outbox']) assert.equal(await ask('POST', path, bearer), 401, path);
  });

  it('lets the owner do both', async () => {
    const bearer = await token('owner', 'owns', '*');
    red.receive('asset', { payload: { current: 1 } });
    for (const path of reading) assert.equal(await ask('GET', path, bearer), 200, path);
    // There is no earlier version to go back to: let in, and told so.
    for (const path of changing) assert.equal(await ask('POST', path, bearer), path.endsWith('/go-back') ? 409 : 200, path);
  });
});
