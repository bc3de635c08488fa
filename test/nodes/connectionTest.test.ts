import assert from 'node:assert/strict';
import { requireService } from '../services/requireService.ts';
import { freePort } from '../services/serviceProcess.ts';
import type { Influxd } from '../services/startInfluxd.ts';
import { influxd } from '../services/startInfluxd.ts';
import type { Mosquitto } from '../services/startMosquitto.ts';
import { mosquitto } from '../services/startMosquitto.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

const user = { name: 'ada', password: 'right "one"' };
interface Answer {
  ok: boolean;
  code?: string;
  text: string;
}

describe('the button that tests a connection', function () {
  this.timeout(40_000);
  let run: StartedFlow;
  let broker: Mosquitto;
  let database: Influxd;
  let nowhere = 0;
  before(requireService('mosquitto', 'influxd'));
  before(async () => {
    broker = await mosquitto({ user });
    database = await influxd({ user });
    nowhere = await freePort();
    // The stored connections hold the right password.
    const credentials = { mqtt: { username: user.name, password: user.password }, influx: { username: user.name, password: user.password } };
    run = await startFlow([
      { id: 'mqtt', type: 'twin-mqtt', url: broker.url },
      { id: 'influx', type: 'twin-influxdb', url: database.url, database: 'plant' },
      { id: 'tab', type: 'tab' },
    ], { credentials });
  });
  after(async () => {
    await run?.stop();
    await broker?.stop();
    await database?.stop();
  });

  async function test(kind: 'mqtt' | 'influxdb', body: unknown): Promise<Answer> {
    const answer = await run.admin('POST', `/twinwire/${kind}/test`, body);
    assert.equal(answer.status, 200, JSON.stringify(answer));
    const { ok, code, text } = answer.body as Answer;
    assert.ok(text.length > 10);
    assert.equal(code === undefined, ok);
    assert.ok(!text.includes(user.password) && !text.includes('wrong one'), text);
    return answer.body as Answer;
  }

  const cases = [
    { kind: 'mqtt', id: 'mqtt', url: () => broker.url, login: 'TWIN_MQTT_LOGIN', unreachable: 'TWIN_MQTT_UNREACHABLE', setting: 'TWIN_MQTT_SETTING', scheme: 'mqtt' },
    { kind: 'influxdb', id: 'influx', url: () => database.url, login: 'TWIN_INFLUX_LOGIN', unreachable: 'TWIN_INFLUX_UNREACHABLE', setting: 'TWIN_INFLUX_SETTING', scheme: 'http' },
  ] as const;
  for (const { kind, id, url, login, unreachable, setting, scheme } of cases) {
    it(`twin-${kind}: right, wrong password, unreachable, no address`, async () => {
      const given = { database: 'plant', username: user.name };
      assert.equal((await test(kind, { ...given, id: '', url: url(), password: user.password })).ok, true);
      assert.equal((await test(kind, { ...given, id, url: url(), password: '__PWRD__' })).ok, true, 'the stored password');
      assert.equal((await test(kind, { ...given, id: '', url: url(), password: 'wrong one' })).code, login);
      assert.equal((await test(kind, { ...given, id: 'nobody', url: url(), password: '__PWRD__' })).code, 'TWIN_PASSWORD_AGAIN', 'nothing is stored');
      assert.equal((await test(kind, { ...given, id: '', url: `${scheme}://127.0.0.1:${nowhere}`, password: 'x' })).code, unreachable);
      assert.equal((await test(kind, { ...given, id: '', url: 'not an address', password: 'x' })).code, setting);
      for (const body of [{ url: { toString: 5 } }, { url: 5 }, { id: '__proto__', url: url() }, { id: 5, url: url(), username: {} }]) assert.equal((await test(kind, body)).ok, false);
    });

    it(`twin-${kind}: a stored password goes to no other address`, async () => {
      const { ok, code } = await test(kind, { database: 'plant', id, url: `${scheme}://localhost:${new URL(url()).port}`, username: user.name, password: '__PWRD__' });
      assert.deepEqual([ok, code], [false, 'TWIN_PASSWORD_AGAIN']);
    });

    it(`twin-${kind}: takes its address from the environment, and answers in German`, async () => {
      process.env['TWINWIRE_TEST_ADDRESS'] = url();
      try {
        const answer = await test(kind, { database: 'plant', id: '', url: '${TWINWIRE_TEST_ADDRESS}', username: user.name, password: user.password, language: 'de' });
        assert.equal(answer.ok, true);
        assert.match(answer.text, /^Verbunden/);
      } finally {
        delete process.env['TWINWIRE_TEST_ADDRESS'];
      }
    });
  }
});
