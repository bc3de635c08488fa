import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import type { AlertMessage } from '../../contract/messages.ts';
import { requireService } from '../services/requireService.ts';
import type { Mosquitto } from '../services/startMosquitto.ts';
import { mosquitto } from '../services/startMosquitto.ts';
import { codeOf, plantFlow, verdictMessage } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

interface Arrived {
  topic: string;
  qos: number;
  body: { subject: string; text: string; case: { change: string; twin: string; id: string }; alarm: { idempotencyKey: string } };
  userKey: unknown;
}

function alertFlow(url: string, mqttNode: Record<string, unknown> = {}, asset: Record<string, unknown> = {}): Record<string, unknown>[] {
  return plantFlow({
    asset,
    more: [
      { id: 'mqtt', type: 'twin-mqtt', url, protocolVersion: '5', ...mqttNode },
      { id: 'alert', type: 'twin-alert', site: 'site', mqtt: 'mqtt', clearAfter: 0, wires: [['out']] },
      { id: 'out', type: 'helper' },
    ],
  });
}

describe('alerts over MQTT', function () {
  this.timeout(30_000);
  let run: StartedFlow | undefined;
  let userDir = '';
  let subscriber: MqttClient | undefined;
  let arrived: Arrived[] = [];

  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-delivery-'));
    arrived = [];
  });
  afterEach(async () => {
    await run?.stop();
    run = undefined;
    await subscriber?.endAsync(true);
    subscriber = undefined;
    rmSync(userDir, { recursive: true, force: true });
  });

  async function subscribe(url: string, protocolVersion: 4 | 5): Promise<void> {
    const client = mqtt.connect(url, { protocolVersion, reconnectPeriod: 100 });
    subscriber = client;
    client.on('error', () => {});
    client.on('message', (topic, payload, packet) => {
      const properties = packet.properties?.userProperties as Record<string, unknown> | undefined;
      arrived.push({ topic, qos: packet.qos, body: JSON.parse(payload.toString()) as Arrived['body'], userKey: properties?.['idempotencyKey'] });
    });
    await new Promise<void>((resolve, reject) => {
      client.on('connect', () => client.subscribe('#', { qos: 1 }, (problem) => (problem ? reject(problem) : resolve())));
    });
  }
  const started = (): StartedFlow => run as StartedFlow;
  const sentKeys = (): string[] => (started().received('out') as unknown as AlertMessage[]).map((message) => message.alarm.idempotencyKey);

  describe('mosquitto, MQTT 5', () => {
    let broker: Mosquitto;
    before(requireService('mosquitto'));
    beforeEach(async () => {
      broker = await mosquitto();
    });
    afterEach(async () => {
      await broker.stop();
    });

    it('publishes each alert with QoS 1, and keeps it until the broker confirmed it', async () => {
      await subscribe(broker.url, 5);
      run = await startFlow(alertFlow(broker.url), { userDir });
      const now = Date.now();
      run.node('alert').receive(verdictMessage('anomaly', now, [{}]));
      run.node('alert').receive(verdictMessage('normal', now + 10));
      await run.until(() => arrived.length === 2, 'opened and cleared');
      assert.deepEqual(arrived.map((message) => [message.topic, message.qos, message.body.case.change]), [
        ['twinwire/plant/line1/pump1/case', 1, 'opened'],
        ['twinwire/plant/line1/pump1/case', 1, 'cleared'],
      ]);
      assert.deepEqual(arrived.map((message) => message.userKey), sentKeys());
      assert.match(arrived[0]?.body.text ?? '', /Motor current/);
      await run.until(() => started().statuses('mqtt').at(-1)?.text === 'connected', 'the status');
      // Restarted, nothing of it is left to be sent again.
      await run.stop();
      run = await startFlow(alertFlow(broker.url), { userDir });
      run.node('alert').receive(verdictMessage('anomaly', now + 20, [{}]));
      await run.until(() => arrived.length >= 3, 'the next one');
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(arrived.length, 3);
    });

    it('a test alarm goes the way of a real one, says first what it is, and is no case', async () => {
      await subscribe(broker.url, 5);
      run = await startFlow(alertFlow(broker.url), { userDir });
      await run.until(() => started().statuses('alert').length > 0, 'the node');
      let answer = await run.admin('POST', '/twinwire/alert/alert/test', {});
      while ((answer.body as { ok?: boolean }).ok !== true) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        answer = await run.admin('POST', '/twinwire/alert/alert/test', {});
      }
      await run.until(() => arrived.length === 1, 'the test alarm');
      assert.match(arrived[0]?.body.subject ?? '', /^TEST/);
      assert.equal(arrived[0]?.topic, 'twinwire/Plant/TEST/case');
      const [sent] = started().received('out') as unknown as AlertMessage[];
      assert.deepEqual([sent?.alarm.test, sent?.alarm.idempotencyKey], [true, arrived[0]?.body.alarm.idempotencyKey]);
      assert.deepEqual(started().statuses('alert').filter(({ text }) => /open: /.test(text ?? '')), []);
      assert.deepEqual((await run.admin('POST', '/twinwire/alert/none/test', {})).body, { ok: false });
    });

    it('delivers what was told while the broker was down, in order and with the same keys, also after a restart', async () => {
      run = await startFlow(alertFlow(broker.url), { userDir });
      await broker.process.halt();
      const now = Date.now();
      run.node('alert').receive(verdictMessage('anomaly', now, [{}]));
      run.node('alert').receive(verdictMessage('normal', now + 10));
      await run.until(() => sentKeys().length === 2, 'both told in the flow');
      await run.until(() => started().warnings().some((text) => text.includes('TWIN_MQTT_UNREACHABLE')), 'a warning');
      const keys = sentKeys();
      await run.stop();
      run = await startFlow(alertFlow(broker.url), { userDir });
      await broker.process.start();
      await subscribe(broker.url, 5);
      await run.until(() => new Set(arrived.map((message) => message.userKey)).size >= 2, 'both delivered', 15_000);
      const order = [...new Set(arrived.map((message) => message.userKey))];
      assert.deepEqual(order, keys);
      run.node('alert').receive(verdictMessage('anomaly', now + 20, [{}]));
      await run.until(() => arrived.some((message) => message.userKey === sentKeys()[0]), 'a fresh one passes');
    });

    it('lets no name make another topic, and publishes nothing historical', async () => {
      await subscribe(broker.url, 5);
      run = await startFlow(alertFlow(broker.url, {}, { key: 'pu/mp+1#\n', name: 'Pump\r\nBcc: all', place: 'pl+ant/#/li\nne' }), { userDir });
      run.node('alert').receive(verdictMessage('anomaly', Date.now(), [{}], 'pu/mp+1#'));
      await run.until(() => arrived.length === 1, `published; ${run.warnings().join()}`);
      assert.equal(arrived[0]?.topic, 'twinwire/pl_ant/_/li_ne/pu_mp_1_/case');
      assert.doesNotMatch(arrived[0]?.body.subject ?? '\n', /[\r\n]/);
      run.node('alert').receive({ ...verdictMessage('anomaly', Date.now(), [{}], 'pu/mp+1#'), historical: true, replay: { id: 'r1' } });
      await run.until(() => sentKeys().length === 2, 'the historical one in the flow');
      run.node('alert').receive(verdictMessage('normal', Date.now() + 10, [], 'pu/mp+1#'));
      await run.until(() => arrived.length === 2, 'the live one');
      assert.deepEqual(arrived.map((message) => message.body.case.change), ['opened', 'cleared']);
      assert.equal(run.received('out').filter((message) => message['historical'] === true).length, 1);
    });
  });

  it('publishes to a broker of MQTT 3.1.1', async () => {
    const aedes = await Aedes.createBroker();
    const server: Server = createServer(aedes.handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await subscribe(url, 4);
      run = await startFlow(alertFlow(url, { protocolVersion: '4' }), { userDir });
      run.node('alert').receive(verdictMessage('anomaly', Date.now(), [{}]));
      await run.until(() => arrived.length === 1, 'published');
      assert.deepEqual([arrived[0]?.qos, arrived[0]?.body.alarm.idempotencyKey], [1, sentKeys()[0]]);
      assert.equal(codeOf(run.received('caught')[0]), undefined);
    } finally {
      await run?.stop();
      run = undefined;
      await subscriber?.endAsync(true);
      subscriber = undefined;
      await new Promise<void>((resolve) => aedes.close(resolve));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });
});
