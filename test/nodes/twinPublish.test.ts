import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import mqtt from 'mqtt';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { FaultProxy } from '../adapters/opcua/faultProxy.ts';
import { schemaProblems } from '../checks/messageProblems.ts';
import { requireService } from '../services/requireService.ts';
import { mosquitto } from '../services/startMosquitto.ts';
import type { Mosquitto } from '../services/startMosquitto.ts';
import { codeOf } from './plantFlow.ts';
import { publishFlow } from './publishFlow.ts';
import { startFlow } from './startFlow.ts';
import type { StartedFlow } from './startFlow.ts';

type Entry = Record<string, unknown>;
interface Arrived {
  topic: string;
  text: string;
  body: Entry;
  packet: IPublishPacket;
}

const base = 'twinwire/plant/line1/pump1';

/** Which schema a topic's messages must fit. */
function schemaOf(topic: string): string {
  if (topic.includes('/_publisher/')) return 'PublisherStatus';
  if (topic.includes('/properties/')) return 'PublishedProperty';
  const level = topic.split('/').at(-1) as string;
  return `Published${level[0]?.toUpperCase() ?? ''}${level.slice(1)}`;
}

describe('twin-publish', function () {
  this.timeout(40_000);
  let run: StartedFlow | undefined;
  let broker: Mosquitto;
  let userDir = '';
  const readers: MqttClient[] = [];
  const proxies: FaultProxy[] = [];
  before(requireService('mosquitto'));
  beforeEach(async () => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-publish-'));
    broker = await mosquitto();
  });
  afterEach(async () => {
    await run?.stop();
    run = undefined;
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
    await Promise.all(readers.splice(0).map((reader) => reader.endAsync(true)));
    await broker.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  /** Everything that another client sees; every message is held against its schema. */
  async function read(protocolVersion: 4 | 5 = 5): Promise<Arrived[]> {
    const arrived: Arrived[] = [];
    const client = mqtt.connect(broker.url, { protocolVersion, reconnectPeriod: 50 });
    readers.push(client);
    client.on('error', () => {});
    client.on('message', (topic, payload, packet) => {
      const text = payload.toString();
      arrived.push({ topic, text, body: text === '' ? {} : (JSON.parse(text) as Entry), packet });
    });
    await new Promise<void>((resolve, reject) => {
      client.on('connect', () => client.subscribe('#', { qos: 1 }, (problem) => (problem ? reject(problem) : resolve())));
    });
    return arrived;
  }
  const last = (arrived: Arrived[], topic: string): Arrived | undefined => arrived.filter((each) => each.topic === topic).at(-1);
  const bodyOn = (arrived: Arrived[], topic: string): Entry => last(arrived, topic)?.body ?? {};
  const publisherOf = (arrived: Arrived[]): Arrived | undefined => arrived.filter(({ topic }) => topic.includes('/_publisher/')).at(-1);
  const send = (values: Entry, timestamp = Date.now()): void => run?.node('asset').receive({ payload: values, timestamp });
  const problems = (arrived: Arrived[]): string[] =>
    arrived.filter(({ text }) => text !== '').flatMap(({ topic, body }) => schemaProblems(schemaOf(topic), body).map((problem) => `${topic}: ${problem}`));

  for (const protocolVersion of [5, 4] as const) {
    it(`the picture of a machine, its events and its case, by MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}`, async () => {
      const arrived = await read(protocolVersion);
      run = await startFlow(publishFlow(broker.url, { properties: true, rows: true }, { protocolVersion: String(protocolVersion) }), { userDir });
      const start = Date.now();
      send({ speed: 1500, current: 6, pressure: 7 }, start);
      send({ pressure: 8.5 }, start + 1000);
      await run.until(() => last(arrived, `${base}/case`)?.body['open'] === true, 'the case', 15_000);
      await run.until(() => last(arrived, `${base}/state`)?.body['pressure'] === 8.5, 'the state');
      await run.until(() => arrived.filter(({ topic }) => topic === `${base}/row`).length === 2, 'both rows');
      const state = bodyOn(arrived, `${base}/state`);
      assert.deepEqual([state['speed'], state['current'], state['timestamp']], [1500, 6, start + 1000]);
      await run.until(() => (last(arrived, `${base}/state`)?.body['anomaly'] as Entry | undefined)?.['verdict'] !== undefined, 'the verdict of the same row');
      assert.deepEqual(last(arrived, `${base}/properties/current`)?.body, { value: 6, timestamp: start, quality: 'good', unit: 'A' });
      assert.deepEqual(arrived.filter(({ topic }) => topic === `${base}/row`).map(({ body }) => [body['pressure'], body['speed']]), [[7, 1500], [8.5, undefined]]);
      const events = (): Entry[] => arrived.filter(({ topic }) => topic === `${base}/event`).map(({ body }) => body);
      await run.until(() => events().some(({ event }) => (event as Entry | undefined)?.['kind'] === 'limit'), 'the event');
      await run.until(() => events().some((body) => (body['case'] as Entry | undefined)?.['change'] === 'opened'), 'the case as an event');
      assert.match(String(last(arrived, `${base}/case`)?.body['sentence']), /Pressure/);
      const meta = last(arrived, `${base}/meta`)?.body as { publisher: string; properties: Entry[] };
      assert.deepEqual(meta.properties[2], { name: 'pressure', label: 'Pressure', unit: 'bar', kind: 'measured', high: 8, highHigh: 9 });
      assert.equal(meta.publisher, publisherOf(arrived)?.topic);
      assert.deepEqual([publisherOf(arrived)?.body['status'], last(arrived, `${base}/status`)?.body['status']], ['online', 'online']);
      assert.deepEqual(problems(arrived), []);
      if (protocolVersion === 5) {
        assert.equal(last(arrived, `${base}/state`)?.packet.properties?.contentType, 'application/json');
        assert.ok((publisherOf(arrived)?.packet.properties?.messageExpiryInterval ?? 0) > 0, 'it is forgotten should even the will not work');
      }
      // Who comes later finds the picture, and no events.
      const late = await read(protocolVersion);
      await run.until(() => late.length >= 8, 'what is retained');
      await delay(100);
      assert.ok(late.every(({ packet }) => packet.retain));
      assert.deepEqual(late.map(({ topic }) => topic).filter((topic) => /\/(event|row)$/.test(topic)), []);
      assert.deepEqual(last(late, `${base}/state`)?.body, last(arrived, `${base}/state`)?.body);
      // The case is over: it stays to be read, closed.
      send({ pressure: 5 }, start + 2000);
      await run.until(() => last(arrived, `${base}/case`)?.body['open'] === false, 'the closed case', 15_000);
      assert.equal((bodyOn(arrived, `${base}/case`)['case'] as Entry)['state'], 'cleared');
      // An orderly end is told, confirmed, and is no last will.
      await run.stop();
      await run.until(() => last(arrived, `${base}/status`)?.body['status'] === 'offline' && publisherOf(arrived)?.body['status'] === 'offline', 'the farewell');
      assert.deepEqual([publisherOf(arrived)?.body['status'], publisherOf(arrived)?.body['orderly']], ['offline', true]);
      assert.deepEqual(problems(arrived), []);
      // Back again, the picture is there before a single value came.
      arrived.length = 0;
      run = await startFlow(publishFlow(broker.url, { properties: true }, { protocolVersion: String(protocolVersion) }), { userDir });
      await run.until(() => last(arrived, `${base}/state`)?.body['pressure'] === 5, 'the state after a restart');
      assert.equal(last(arrived, `${base}/properties/pressure`)?.body['value'], 5);
    });
  }

  it('an outage: every event once the broker is back, in order, the state only as it is now; live first; also after a restart', async () => {
    const arrived = await read();
    // Only the plant's side is cut, so that the reader misses nothing when it returns.
    const proxy = await FaultProxy.open(Number(new URL(broker.url).port));
    proxies.push(proxy);
    const flow = publishFlow(`mqtt://127.0.0.1:${proxy.port}`);
    run = await startFlow(flow, { userDir });
    await run.until(() => publisherOf(arrived) !== undefined, 'the first connection');
    await proxy.set('refuse');
    const start = Date.now();
    const levels = [8.5, 7, 8.6, 7.1, 8.7, 7.2];
    for (const [index, pressure] of levels.entries()) send({ speed: 1500, current: 6, pressure }, start + index * 1000);
    await run.until(() => (run?.received('out') ?? []).filter(({ case: twinCase }) => twinCase !== undefined).length >= 6, 'six changes of a case', 10_000);
    await run.stop();
    arrived.length = 0;
    run = await startFlow(flow, { userDir });
    await run.until(() => run?.statuses('publish').some(({ fill }) => fill === 'red' || fill === 'yellow') === true, () => JSON.stringify(run?.statuses('publish')));
    await proxy.set('pass');
    await run.until(() => arrived.filter(({ topic, body }) => topic === `${base}/event` && body['case'] !== undefined).length >= 6, 'the cases', 20_000);
    const limits = arrived.filter(({ topic, body }) => topic === `${base}/event` && body['event'] !== undefined).map(({ body }) => body['event'] as Entry);
    const order = limits.filter(({ kind }) => kind === 'limit').map(({ timeMs, active }) => [timeMs, active]);
    assert.deepEqual(order.filter((each, index) => index === 0 || String(each) !== String(order[index - 1])), levels.map((_, index) => [start + index * 1000, index % 2 === 0]));
    const states = arrived.filter(({ topic }) => topic === `${base}/state`).map(({ body }) => body['pressure']);
    assert.deepEqual([...new Set(states)], [7.2]);
    const firstEvent = arrived.findIndex(({ topic }) => topic.endsWith('/event'));
    assert.ok(arrived.findIndex(({ topic }) => topic === `${base}/state`) < firstEvent, 'the picture of now comes first');
    assert.deepEqual(problems(arrived), []);
  });

  for (const protocolVersion of ['5', '4'] as const) {
    it(`kill -9: a reader sees that the box is gone; no accepted event is lost to an outage (MQTT ${protocolVersion === '5' ? '5' : '3.1.1'})`, async () => {
      const arrived = await read(protocolVersion === '5' ? 5 : 4);
      const children: ChildProcess[] = [];
      /** A Node-RED of its own; resolves when it wrote `word`. */
      const start = async (count: number, word: string): Promise<{ child: ChildProcess; accepted: number[] }> => {
        const program = fileURLToPath(new URL('./killedPublisher.ts', import.meta.url));
        const child = spawn(process.execPath, [program, userDir, broker.url, protocolVersion, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
        children.push(child);
        const accepted: number[] = [];
        const lines = createInterface({ input: child.stdout });
        for await (const text of lines) {
          if (text.startsWith('accepted ')) accepted.push(Number(text.slice('accepted '.length)));
          if (text === word) break;
        }
        return { child, accepted };
      };
      const until = async (condition: () => boolean, what: string): Promise<void> => {
        for (const end = performance.now() + 10_000; !condition(); await delay(10)) assert.ok(performance.now() < end, what);
      };
      const kill = async (child: ChildProcess): Promise<void> => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      };
      try {
        const first = await start(1, 'done');
        await until(() => publisherOf(arrived)?.body['status'] === 'online' && last(arrived, `${base}/status`)?.body['status'] === 'online', 'online');
        await kill(first.child);
        await until(() => publisherOf(arrived)?.body['status'] === 'offline', 'the last will');
        assert.equal(publisherOf(arrived)?.body['orderly'], false);
        assert.equal(publisherOf(arrived)?.topic, last(arrived, `${base}/status`)?.body['publisher'], 'the machine names who publishes it');
        // The broker is away, events are accepted, and then the box dies, too.
        await broker.process.halt('SIGKILL');
        const second = await start(6, 'done');
        assert.equal(second.accepted.length, 6);
        await kill(second.child);
        await broker.process.start();
        await delay(300);
        arrived.length = 0;
        const third = await start(0, 'done');
        const times = (): unknown[] => arrived.flatMap(({ topic, body }) => {
          const event = body['event'] as Entry | undefined;
          // What was confirmed a moment before the first kill may come twice, and the third run's own first value may be an event.
          const timeMs = Number(event?.['timeMs']);
          const isNew = timeMs >= Number(second.accepted[0]) && timeMs <= Number(second.accepted.at(-1));
          return topic === `${base}/event` && event?.['kind'] === 'limit' && isNew ? [event['timeMs']] : [];
        });
        await until(() => new Set(times()).size >= 6, `all six events, not ${times().join()}`);
        const sent = times();
        assert.deepEqual(sent.filter((time, index) => sent.indexOf(time) === index), second.accepted);
        await until(() => publisherOf(arrived)?.body['status'] === 'online', 'online again');
        assert.deepEqual(problems(arrived), []);
        await kill(third.child);
      } finally {
        for (const child of children) await kill(child);
      }
    });
  }

  it('names cannot make other topics; two on one topic are refused; nothing historical is published', async () => {
    const arrived = await read();
    const twice = { id: 'publish2', type: 'twin-publish', site: 'site', mqtt: 'mqtt', every: 0, wires: [[]] };
    run = await startFlow(
      publishFlow(broker.url, {}, {}, { key: 'pu/mp+1#', place: 'pl+ant/$SYS', wires: [['publish', 'publish2'], []] }, [twice]),
      { userDir },
    );
    send({ speed: 1 });
    const topic = 'twinwire/pl%2Bant/%24SYS/pu%2Fmp%2B1%23/state';
    await run.until(() => last(arrived, topic) !== undefined, () => `published on ${arrived.map((each) => each.topic).join()}`);
    await run.until(() => run?.received('caught').some((message) => codeOf(message) === 'TWIN_TOPIC_TWICE') === true, 'refused');
    run.node('asset').receive({ payload: { speed: 99 }, timestamp: Date.now(), historical: true });
    run.node('asset').receive({ payload: { speed: 98 }, timestamp: Date.now() - 86_400_000 });
    send({ speed: 2 });
    await run.until(() => last(arrived, topic)?.body['speed'] === 2, 'the live one');
    assert.deepEqual([...new Set(arrived.filter((each) => each.topic === topic).map(({ body }) => body['speed']))], [1, 2]);
  });

  it('the state at most every n seconds, and the last one not later; a machine that falls silent is stale', async () => {
    const arrived = await read();
    run = await startFlow(publishFlow(broker.url, { every: 1 }, {}, { staleAfter: 2 }), { userDir });
    const start = Date.now();
    for (let index = 0; index <= 20; index++) {
      send({ speed: index }, start + index);
      await delay(20);
    }
    await run.until(() => last(arrived, `${base}/state`)?.body['speed'] === 20, 'the last one', 4000);
    assert.ok(arrived.filter(({ topic }) => topic === `${base}/state`).length <= 3);
    await run.until(() => bodyOn(arrived, `${base}/status`)['status'] === 'stale', 'stale', 15_000);
    send({ speed: 21 });
    await run.until(() => bodyOn(arrived, `${base}/status`)['status'] === 'online', 'online again');
  });

  it('removed, its retained topics are cleared; a machine that moves leaves none behind', async () => {
    const arrived = await read();
    run = await startFlow(publishFlow(broker.url, { properties: true }), { userDir });
    send({ speed: 1 });
    await run.until(() => last(arrived, `${base}/state`) !== undefined, 'the state');
    await run.deploy(publishFlow(broker.url, { properties: true }, {}, { place: 'plant/line2' }));
    await run.until(() => last(arrived, 'twinwire/plant/line2/pump1/state') !== undefined, 'at its new place');
    await run.until(() => last(arrived, `${base}/state`)?.text === '', 'gone at the former one');
    await run.deploy(publishFlow(broker.url, {}, {}, { place: 'plant/line2' }).filter(({ id }) => id !== 'publish'));
    await delay(200);
    const left = await read();
    await delay(200);
    assert.deepEqual(left.map(({ topic }) => topic), []);
  });

  it('what the broker refuses is said in plain words, the rest goes on (MQTT 5)', async () => {
    await broker.stop();
    broker = await mosquitto({ user: { name: 'line', password: 'p' }, accessControl: 'user line\ntopic readwrite twinwire/_publisher/#\n' });
    run = await startFlow(publishFlow(broker.url), { userDir, credentials: { mqtt: { username: 'line', password: 'p' } } });
    send({ speed: 1 });
    await run.until(() => run?.statuses('publish').some(({ fill, text }) => fill === 'red' && /may not publish there/.test(text ?? '')) === true, () => JSON.stringify(run?.statuses('publish')));
  });

  it('a broker without retained messages is said, and the machine is published all the same (MQTT 5)', async () => {
    await broker.stop();
    broker = await mosquitto({ configuration: 'retain_available false' });
    const arrived = await read();
    run = await startFlow(publishFlow(broker.url), { userDir });
    send({ speed: 1 });
    await run.until(() => last(arrived, `${base}/state`) !== undefined, 'the state', 10_000);
    assert.ok(run.warnings().some((text) => text.includes('TWIN_MQTT_NO_RETAIN')), run.warnings().join());
  });

  it('the preview is what is published', async () => {
    const arrived = await read();
    run = await startFlow(publishFlow(broker.url), { userDir });
    send({ speed: 1, current: 2 });
    await run.until(() => last(arrived, `${base}/state`) !== undefined && last(arrived, `${base}/meta`) !== undefined, 'the state');
    const { body } = await run.admin('GET', '/twinwire/publish/preview?site=site&twin=pump1&prefix=twinwire&id=publish');
    const { topics } = body as { topics: { topic: string; body?: Entry; retained: boolean }[] };
    const shown = (topic: string): Entry | undefined => topics.find((each) => each.topic === topic)?.body;
    const { anomaly: _anomaly, expected: _expected, ...state } = bodyOn(arrived, `${base}/state`);
    assert.deepEqual(shown(`${base}/state`), state);
    assert.deepEqual(shown(`${base}/meta`), last(arrived, `${base}/meta`)?.body);
    assert.ok(topics.some(({ topic }) => topic === publisherOf(arrived)?.topic));
    assert.equal(((await run.admin('GET', '/twinwire/publish/preview?site=site&twin=pump1&prefix=%2B')).body as Entry)['code'], 'TWIN_PUBLISH_PREFIX');
  });
});
