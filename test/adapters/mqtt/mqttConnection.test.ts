import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { createMqttConnection } from '../../../adapters/mqtt/mqttConnection.ts';
import type { MqttConnection, MqttOptions, MqttState } from '../../../adapters/mqtt/mqttConnection.ts';
import { Problem } from '../../../engine/problem.ts';
import { selfSignedCertificate } from '../../services/certificate.ts';
import { requireService } from '../../services/requireService.ts';
import { freePort } from '../../services/serviceProcess.ts';
import { mosquitto } from '../../services/startMosquitto.ts';
import type { Mosquitto } from '../../services/startMosquitto.ts';

const quick = { firstRetryMs: 50, longestRetryMs: 200 };

function reach(connection: MqttConnection, ...wanted: MqttState[]): Promise<Problem | undefined> {
  return new Promise((resolve) => {
    // Told of the present state at once, before there is anything to end.
    const listening = { end: () => {} };
    let reached = false;
    listening.end = connection.onState((state, problem) => {
      if (reached || !wanted.includes(state)) return;
      reached = true;
      listening.end();
      resolve(problem);
    });
    if (reached) listening.end();
  });
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Problem, String(error));
    assert.ok(error.found.length > 10 && error.remedy.length > 10);
    return error;
  }
  assert.fail('nothing was thrown');
}

/** Everything that arrives at the broker, as another client sees it. */
async function receive(options: { url: string; username?: string; password?: string }, protocolVersion: 4 | 5) {
  const received: { topic: string; text: string; retain: boolean; properties: unknown }[] = [];
  const { url, ...login } = options;
  const client = mqtt.connect(url, { protocolVersion, reconnectPeriod: 100, rejectUnauthorized: false, ...login });
  client.on('message', (topic: string, payload: Buffer, packet) => {
    received.push({ topic, text: payload.toString(), retain: packet.retain, properties: packet.properties?.userProperties });
  });
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  await client.subscribeAsync('#', { qos: 1 });
  return { received, end: () => client.endAsync(true) };
}

describe('mqttConnection with mosquitto', function () {
  this.timeout(60_000);
  before(requireService('mosquitto'));
  const services: Mosquitto[] = [];
  const connections: MqttConnection[] = [];
  const start = async (options: Parameters<typeof mosquitto>[0] = {}): Promise<Mosquitto> => {
    const service = await mosquitto(options);
    services.push(service);
    return service;
  };
  const connect = (options: MqttOptions): MqttConnection => {
    const connection = createMqttConnection({ ...quick, ...options });
    connections.push(connection);
    return connection;
  };
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
    await Promise.all(services.splice(0).map((service) => service.stop()));
  });

  for (const protocolVersion of [5, 4] as const) {
    it(`publishes and is confirmed (protocol ${protocolVersion})`, async () => {
      const service = await start();
      const { received, end } = await receive(service, protocolVersion);
      const connection = connect({ url: service.url, protocolVersion });
      assert.equal(await reach(connection, 'connected'), undefined);
      await connection.publish('plant/filler/alarm', '{"case":1}', { userProperties: { id: 'k1' } });
      await Promise.all(Array.from({ length: 200 }, (_, n) => connection.publish('plant/n', String(n))));
      await connection.publish('plant/bytes', Buffer.from([0, 255]), { retain: true, qos: 0 });
      while (received.length < 202) await delay(10);
      assert.deepEqual(received[0], {
        topic: 'plant/filler/alarm', text: '{"case":1}', retain: false,
        properties: protocolVersion === 5 ? Object.assign(Object.create(null), { id: 'k1' }) : undefined,
      });
      assert.deepEqual(received.slice(1, 201).map(({ text }) => Number(text)), Array.from({ length: 200 }, (_, n) => n));
      assert.deepEqual(await connection.test(), { ok: true, version: protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1' });
      await end();
    });
  }

  it('a publication right after the start waits for the first attempt, in order', async () => {
    const service = await start();
    const { received, end } = await receive(service, 5);
    const connection = connect({ url: service.url, protocolVersion: 5 });
    await Promise.all(Array.from({ length: 60 }, (_, n) => connection.publish('n', String(n))));
    while (received.length < 60) await delay(10);
    assert.deepEqual(received.map(({ text }) => Number(text)), Array.from({ length: 60 }, (_, n) => n));
    await end();
    const nowhere = connect({ url: `mqtt://127.0.0.1:${await freePort()}`, protocolVersion: 5 });
    assert.equal((await problemOf(nowhere.publish('n', '1'))).code, 'TWIN_MQTT_UNREACHABLE');
  });

  it('tells that the broker is away, rejects meanwhile and comes back by itself', async () => {
    const service = await start();
    const connection = connect({ url: service.url, protocolVersion: 5 });
    await reach(connection, 'connected');
    await service.process.halt('SIGKILL');
    const problem = await reach(connection, 'reconnecting');
    assert.equal(problem?.code, 'TWIN_MQTT_UNREACHABLE');
    assert.equal((await problemOf(connection.publish('a', 'b'))).code, 'TWIN_MQTT_UNREACHABLE');
    const tested = await connection.test();
    assert.ok(tested instanceof Problem && tested.code === 'TWIN_MQTT_UNREACHABLE');
    await service.process.start();
    await reach(connection, 'connected');
    const { received, end } = await receive(service, 5);
    await connection.publish('a', 'after');
    while (received.length < 1) await delay(10);
    assert.deepEqual(received.map(({ text }) => text), ['after'], 'nothing was kept in memory and sent behind our back');
    await end();
  });

  it('a wrong password is refused, with the remedy', async () => {
    const service = await start({ user: { name: 'line', password: 'right' } });
    for (const protocolVersion of [4, 5] as const) {
      const wrong = connect({ url: service.url, protocolVersion, username: 'line', password: 'wrong' });
      assert.equal((await reach(wrong, 'refused'))?.code, 'TWIN_MQTT_LOGIN');
      assert.equal((await problemOf(wrong.publish('a', 'b'))).code, 'TWIN_MQTT_LOGIN');
      assert.equal(((await wrong.test()) as Problem).code, 'TWIN_MQTT_LOGIN');
      const right = connect({ url: service.url, protocolVersion, username: 'line', password: 'right' });
      await reach(right, 'connected');
      await right.publish('a', 'b');
    }
  });

  it('a message that the broker refuses is rejected for good, the others go through (MQTT 5)', async () => {
    const service = await start({
      user: { name: 'line', password: 'p' }, accessControl: 'user line\ntopic readwrite plant/#\n', configuration: 'max_packet_size 2000',
    });
    const connection = connect({ url: service.url, protocolVersion: 5, username: 'line', password: 'p' });
    await reach(connection, 'connected');
    assert.equal((await problemOf(connection.publish('forbidden/topic', 'x'))).code, 'TWIN_MQTT_REJECTED');
    await connection.publish('plant/ok', 'x');
    for (const topic of ['', 'plant/#', 'plant/+/x', 'a\0b', 'x'.repeat(65_536)]) {
      assert.equal((await problemOf(connection.publish(topic, 'x'))).code, 'TWIN_MQTT_REJECTED');
    }
    assert.equal(connection.state, 'connected');
    assert.equal((await problemOf(connection.publish('plant/large', 'x'.repeat(5000)))).code, 'TWIN_MQTT_REJECTED');
    await connection.publish('plant/ok', 'y');
    assert.equal(connection.state, 'connected', 'the connection was never lost over it');
  });

  it('trusts no unknown certificate, unless told so', async () => {
    const certificate = selfSignedCertificate();
    const service = await start({ certificate });
    const strict = connect({ url: service.url, protocolVersion: 5 });
    assert.equal((await reach(strict, 'refused'))?.code, 'TWIN_MQTT_CERTIFICATE');
    assert.equal(((await strict.test()) as Problem).code, 'TWIN_MQTT_CERTIFICATE');
    const withAuthority = connect({ url: service.url, protocolVersion: 5, ca: certificate.certificate });
    await reach(withAuthority, 'connected');
    await withAuthority.publish('a', 'b');
    const blind = connect({ url: service.url, protocolVersion: 5, verifyCertificate: false });
    await reach(blind, 'connected');
  });

  it('says when two connections use the same client id', async () => {
    const service = await start();
    const first = connect({ url: service.url, protocolVersion: 5, clientId: 'same' });
    const second = connect({ url: service.url, protocolVersion: 5, clientId: 'same' });
    const problem = await Promise.race([reach(first, 'refused'), reach(second, 'refused')]);
    assert.equal(problem?.code, 'TWIN_MQTT_CLIENT_ID');
  });

  it('closes at once, connected or not, and says so to those who wait', async () => {
    const service = await start();
    const connection = connect({ url: service.url, protocolVersion: 5 });
    await reach(connection, 'connected');
    await Promise.all([connection.close(), connection.close()]);
    assert.equal(connection.state, 'closed');
    assert.equal((await problemOf(connection.publish('a', 'b'))).code, 'TWIN_MQTT_CLOSED');
    const never = connect({ url: `mqtt://127.0.0.1:${await freePort()}`, protocolVersion: 5 });
    await never.close();
    assert.equal(never.state, 'closed');
  });
});

describe('mqttConnection with aedes (MQTT 3.1.1 only)', function () {
  this.timeout(60_000);
  let broker: Aedes;
  let server: Server;
  let url: string;
  beforeEach(async () => {
    broker = await Aedes.createBroker();
    server = createServer(broker.handle);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    server.close();
  });

  it('publishes and is confirmed', async () => {
    const { received, end } = await receive({ url }, 4);
    const connection = createMqttConnection({ url, protocolVersion: 4, ...quick });
    await reach(connection, 'connected');
    for (let n = 0; n < 100; n += 1) await connection.publish('a', String(n));
    while (received.length < 100) await delay(10);
    assert.deepEqual(received.map(({ text }) => Number(text)), Array.from({ length: 100 }, (_, n) => n));
    await connection.close();
    await end();
  });

  it('tells that it does not speak MQTT 5', async () => {
    const connection = createMqttConnection({ url, protocolVersion: 5, ...quick });
    assert.equal((await reach(connection, 'refused', 'connected'))?.code, 'TWIN_MQTT_VERSION');
    await connection.close();
  });
});

describe('mqttConnection with a server that misbehaves', function () {
  this.timeout(60_000);

  it('a server that accepts and says nothing is unreachable, and not waited for when closing', async () => {
    const server = createServer((socket) => void socket.resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = createMqttConnection({
      url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, protocolVersion: 5, connectTimeoutMs: 200, ...quick,
    });
    assert.equal((await reach(connection, 'reconnecting'))?.code, 'TWIN_MQTT_UNREACHABLE');
    await connection.close();
    server.close();
  });

  it('a broker that does not confirm: the publication fails in time and a new connection is made', async () => {
    let connects = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      // CONNACK for the first packet, nothing for any other.
      socket.once('data', () => {
        connects += 1;
        socket.write(Buffer.from([0x20, 0x02, 0x00, 0x00]));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = createMqttConnection({
      url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, protocolVersion: 4, publishTimeoutMs: 200, ...quick,
    });
    await reach(connection, 'connected');
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => connection.publish('a', 'b')));
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    assert.equal((outcomes[0] as PromiseRejectedResult).reason.code, 'TWIN_MQTT_UNCONFIRMED');
    await reach(connection, 'connected');
    while (connects < 2) await delay(10);
    await connection.close();
    server.close();
  });

  it('an address that is none is told at once', () => {
    for (const url of ['', 'broker', 'http://broker', 'mqtt://']) {
      assert.throws(() => createMqttConnection({ url, protocolVersion: 5 }), { code: 'TWIN_MQTT_SETTING' });
    }
  });
});
