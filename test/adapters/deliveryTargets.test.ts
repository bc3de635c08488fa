import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import mqtt from 'mqtt';
import { deliverLines } from '../../engine/site/deliverLines.ts';
import { createInfluxWriter } from '../../adapters/influx/influxWriter.ts';
import { deliverMessages } from '../../adapters/mqtt/deliverMessages.ts';
import { createMqttConnection } from '../../adapters/mqtt/mqttConnection.ts';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import type { OutboxRecord } from '../../engine/ports.ts';
import { Delivery } from '../../engine/site/delivery.ts';
import type { DeliveryOptions, DeliveryOutcome } from '../../engine/site/delivery.ts';
import type { SiteStore } from '../../adapters/sqlite/siteStore.ts';
import { requireService } from '../services/requireService.ts';
import { temporaryFolder } from '../services/serviceProcess.ts';
import { influxd } from '../services/startInfluxd.ts';
import { mosquitto } from '../services/startMosquitto.ts';

type Deliver = (records: readonly OutboxRecord[]) => Promise<DeliveryOutcome>;

function delivery(store: SiteStore, deliver: Deliver, options: Partial<DeliveryOptions>): Delivery {
  const later = (delayMs: number, action: () => void): (() => void) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  };
  return new Delivery({ outbox: store.outbox, deliver, later, nowMs: () => Date.now() },
    { target: 't', waitMs: 20, firstRetryMs: 50, longestRetryMs: 200, ...options });
}

async function emptied(store: SiteStore): Promise<void> {
  while ((await store.outbox.depth('t')).records > 0) await delay(20);
}

describe('delivery from the disk to real targets', function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(() => (folder = temporaryFolder('delivery')));
  afterEach(() => rmSync(folder, { recursive: true }));

  describe('InfluxDB', () => {
    before(requireService('influxd'));

    it('stores every line once over an outage and a restart; bad lines are set aside', async () => {
      const service = await influxd();
      let store = openSiteStore(folder);
      try {
        const open = () => createInfluxWriter({ url: service.url, version: '1', database: 'plant', createDatabase: true });
        let line = delivery(store, deliverLines(open()), { batchRecords: 100 });
        line.start();
        const add = (from: number, to: number) => Promise.all(Array.from({ length: to - from }, (_, n) =>
          line.add([{ idempotencyKey: `${from + n}`, body: `m value=${from + n} ${1_000 + from + n}` }])));
        await add(0, 300);
        await emptied(store);
        await service.process.halt('SIGKILL');
        await add(300, 600);
        await line.add([{ idempotencyKey: 'bad', body: 'm value=nothing 1' }]);
        await delay(300);
        assert.equal((await store.outbox.depth('t')).records, 301);
        await line.stop();
        await store.close();
        store = openSiteStore(folder);
        line = delivery(store, deliverLines(open()), { batchRecords: 100 });
        line.start();
        await service.process.start();
        await add(600, 700);
        await emptied(store);
        await line.stop();
        const [series] = await service.query('SELECT value FROM m', 'plant');
        assert.deepEqual(series?.values, Array.from({ length: 700 }, (_, n) => [1000 + n, n]));
        const aside = await store.outbox.rejected('t', 10);
        assert.deepEqual(aside.map(({ idempotencyKey }) => idempotencyKey), ['bad']);
        assert.match(aside[0]?.reason ?? '', /unable to parse/);
      } finally {
        await store.close();
        await service.stop();
      }
    });
  });

  describe('MQTT', () => {
    before(requireService('mosquitto'));

    it('every message arrives in order over an outage; what the broker refuses is set aside', async () => {
      const service = await mosquitto({ user: { name: 'u', password: 'p' }, accessControl: 'user u\ntopic readwrite plant/#\n' });
      const store = openSiteStore(folder);
      const connection = createMqttConnection({ url: service.url, protocolVersion: 5, username: 'u', password: 'p', firstRetryMs: 50, longestRetryMs: 200 });
      const seen: number[] = [];
      const keys = new Set<unknown>();
      const receiver = mqtt.connect(service.url, { protocolVersion: 5, username: 'u', password: 'p', reconnectPeriod: 50, clean: false, clientId: 'receiver',
        properties: { sessionExpiryInterval: 1000 } });
      receiver.on('message', (_topic: string, payload: Buffer, packet) => {
        seen.push(Number(payload.toString()));
        keys.add(packet.properties?.userProperties?.['idempotencyKey']);
      });
      await new Promise<void>((resolve) => receiver.once('connect', () => resolve()));
      await receiver.subscribeAsync('plant/#', { qos: 1 });
      const line = delivery(store, deliverMessages(connection), {});
      connection.onState((state) => {
        if (state === 'connected') line.retryNow();
      });
      line.start();
      const add = (n: number, topic = 'plant/n') => line.add([{ idempotencyKey: `k${n}`, body: JSON.stringify({ topic, payload: String(n), retain: false }) }]);
      try {
        for (let n = 0; n < 50; n += 1) await add(n);
        await emptied(store);
        await service.process.halt();
        for (let n = 50; n < 100; n += 1) await add(n);
        await add(-1, 'forbidden');
        await line.add([{ idempotencyKey: 'x', body: 'no json' }]);
        const back = new Promise<void>((resolve) => receiver.once('connect', () => resolve()));
        await service.process.start();
        await back;
        await receiver.subscribeAsync('plant/#', { qos: 1 });
        await emptied(store);
        // The broker kept no session over its restart: what it took before the receiver subscribed again is gone, but not out of order.
        await add(100);
        while (seen.at(-1) !== 100) await delay(20);
        assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => a - b));
        assert.deepEqual(seen.slice(0, 50), Array.from({ length: 50 }, (_, n) => n));
        assert.ok([...keys].every((key) => /^k\d+$/.test(String(key))));
        // What is no message at all is seen at once, what the broker refuses only when it is back.
        assert.deepEqual((await store.outbox.rejected('t', 10)).map(({ idempotencyKey }) => idempotencyKey).sort(), ['k-1', 'x']);
      } finally {
        await line.stop();
        await connection.close();
        await receiver.endAsync(true);
        await store.close();
        await service.stop();
      }
    });
  });
});
