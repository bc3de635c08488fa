import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { InfluxDB } from 'influx';
import { createInfluxWriter } from '../adapters/influx/influxWriter.ts';
import { openSiteStore } from '../adapters/sqlite/siteStore.ts';
import { readConfig } from '../contract/fields.ts';
import type { TwinHeader } from '../contract/messages.ts';
import { SeededRandom } from '../demo/seededRandom.ts';
import { Delivery } from '../engine/site/delivery.ts';
import { deliverLines } from '../engine/site/deliverLines.ts';
import { HistoryLines } from '../nodes/historyLines.ts';
import { fields as historyFields } from '../nodes/twin-history/config.ts';
import { influxd } from '../test/services/startInfluxd.ts';
import type { Influxd } from '../test/services/startInfluxd.ts';
import { analogSignal } from './analogSignal.ts';
import { verdictOf } from './verdictOf.ts';

interface Row {
  timeMs: number;
  values: Record<string, number>;
}

export interface WritePathSpeed {
  name: string;
  signals: number;
  microsecondsPerValue: number;
  valuesPerSecond: number;
  stored: number;
}

const startMs = 1_700_000_000_000;
const batchRows = 1000;
const header = (signals: number): TwinHeader =>
  ({ v: 1, key: 'press3', name: 'Press 3', type: `press${signals}@1`, state: 'running', path: ['plant', 'line1', 'press3'], units: {}, row: 0 });

/**
 * What a value costs in processor time of this process (all its threads) on its whole way: from a batch of rows to the database's confirmation. The
 * same rows through twin-history's encoding, the outbox on the disk and the delivery; straight through the package influx; and through
 * node-red-contrib-influxdb's batch node.
 */
export async function writePath(print: (line: string) => void, { batches = 60, signals = [10, 1] }: { batches?: number; signals?: number[] } = {}): Promise<WritePathSpeed[]> {
  const service = await influxd();
  const results: WritePathSpeed[] = [];
  try {
    for (const width of signals) {
      const rows = rowsOf(batches, width);
      for (const [name, way] of ways) {
        const database = `bench_${width}_${results.length}`;
        await service.query(`CREATE DATABASE ${database}`);
        // What compiles and fills caches is not the way of a value.
        const run = await way(service, database, width);
        try {
          await run.write(rows.slice(0, Math.ceil(rows.length / 6)));
          const at = performance.now();
          const used = process.cpuUsage();
          await run.write(rows);
          const { user, system } = process.cpuUsage(used);
          const values = rows.length * batchRows * width;
          const [counted] = await service.query(`SELECT count(s0) FROM "${run.measurement}"`, database);
          results.push({
            name, signals: width, microsecondsPerValue: (user + system) / values, valuesPerSecond: (1000 * values) / (performance.now() - at),
            stored: Number(counted?.values[0]?.[1] ?? 0) * width,
          });
        } finally {
          await run.close();
        }
      }
    }
  } finally {
    await service.stop();
  }
  print('Processor time of a value from a batch of 1,000 rows to InfluxDB 1.6\'s confirmation, all threads of the process; the database is not counted:');
  print('');
  print('| way | values in a row | µs of processor per value | values/s by the wall | aim | |');
  print('|---|---|---|---|---|---|');
  for (const { name, signals: width, microsecondsPerValue, valuesPerSecond } of results) {
    const aimed = name.startsWith('twinwire') && width > 1;
    print(`| ${name} | ${width} | ${microsecondsPerValue.toFixed(2)} | ${Math.round(valuesPerSecond)} | ${aimed ? '≤ 3' : ''} | ${aimed ? verdictOf(microsecondsPerValue <= 3) : ''} |`);
  }
  print('');
  print('Telegraf, published and not measured here: 25.8 µs for making and reading one metric, Telegraf\'s own BenchmarkNewAndReader before its commit 1c0f63a,');
  print('as reported by a user in issue 7070 of influxdata/telegraf (24 February 2020); its buffer on disk and its HTTP are not in it.');
  return results;
}

function rowsOf(batches: number, width: number): Row[][] {
  const seeded = new SeededRandom(42);
  const random = (): number => seeded.uniform();
  return Array.from({ length: batches }, (_, batch) => Array.from({ length: batchRows }, (_row, index): Row => {
    const row = batch * batchRows + index;
    return { timeMs: startMs + row * 100, values: Object.fromEntries(Array.from({ length: width }, (_signal, signal) => [`s${signal}`, analogSignal(row, signal, random)])) };
  }));
}

interface Way {
  measurement: string;
  /** Resolves when the database confirmed all of it. */
  write(rows: readonly Row[][]): Promise<void>;
  close(): Promise<void>;
}

const ways: [string, (service: Influxd, database: string, width: number) => Promise<Way>][] = [
  ['twinwire, outbox synced in groups', (service, database, width) => twinwire(service, database, width, 'group')],
  ['twinwire, outbox synced always', (service, database, width) => twinwire(service, database, width, 'always')],
  ['influx alone, nothing kept', influxAlone],
  ['node-red-contrib-influxdb, nothing kept', contrib],
];

async function twinwire({ url }: Influxd, database: string, width: number, sync: 'group' | 'always'): Promise<Way> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'twinwire-bench-write-'));
  const store = openSiteStore(folder, { outboxSync: sync });
  const writer = createInfluxWriter({ url, version: '1', database });
  let confirmed = 0;
  let added = 0;
  const later = (delayMs: number, action: () => void): (() => void) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  };
  const delivery = new Delivery({ outbox: store.outbox, deliver: deliverLines(writer), later, nowMs: () => Date.now() },
    { target: 'bench', order: 'liveFirst', waitMs: 100, batchRecords: 5000, onDelivered: (count) => void (confirmed += count) });
  delivery.start();
  const encoder = new HistoryLines(readConfig(historyFields, {}).config);
  const twin = header(width);
  return {
    measurement: `press${width}`,
    async write(batches) {
      const underWay = new Set<Promise<void>>();
      for (const rows of batches) {
        const lines = rows.flatMap(({ timeMs, values }) => encoder.row(undefined, twin, { values, quality: {}, timeMs }, false));
        const one = delivery.add(lines.map((body) => ({ idempotencyKey: `bench/${added++}`, body }))).finally(() => underWay.delete(one));
        underWay.add(one);
        if (underWay.size >= 4) await Promise.race(underWay);
        await nextTurn();
      }
      await Promise.all(underWay);
      while (confirmed < added) await delay(5);
    },
    async close() {
      await delivery.stop();
      await writer.close();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

const tagsOf = (width: number): Record<string, string> => ({ twin: header(width).key, path: header(width).path.join('/'), state: 'running' });

async function influxAlone({ host, port }: Influxd, database: string, width: number): Promise<Way> {
  const influx = new InfluxDB({ host, port, database, username: null as unknown as string });
  const tags = tagsOf(width);
  return {
    measurement: `press${width}`,
    async write(batches) {
      for (const rows of batches) {
        await influx.writePoints(rows.map(({ timeMs, values }) => ({ measurement: `press${width}`, tags, fields: values, timestamp: timeMs })), { precision: 'ms' });
      }
    },
    close: async () => {},
  };
}

/** Its nodes outside of Node-RED: what they are given by it is little. */
async function contrib({ host, port }: Influxd, database: string, width: number): Promise<Way> {
  type Node = Record<string, unknown>;
  const types = new Map<string, new (definition: object) => Node>();
  const nodes = new Map<string, Node>();
  const listeners: ((message: object, send: () => void, done: (error?: unknown) => void) => void)[] = [];
  const RED = {
    nodes: {
      registerType: (name: string, type: new (definition: object) => Node) => types.set(name, type),
      createNode: (node: Node, definition: { id: string }) => {
        nodes.set(definition.id, node);
        node['credentials'] = {};
        node['on'] = (event: string, listener: (typeof listeners)[number]) => event === 'input' && listeners.push(listener);
        node['log'] = node['warn'] = node['error'] = () => {};
      },
      getNode: (id: string) => nodes.get(id),
    },
    _: (key: string) => key,
  };
  createRequire(import.meta.url)('node-red-contrib-influxdb')(RED);
  new (types.get('influxdb') as new (definition: object) => Node)({ id: 'db', hostname: host, port: String(port), protocol: 'http', database, influxdbVersion: '1.x', usetls: false });
  new (types.get('influxdb batch') as new (definition: object) => Node)({ id: 'batch', influxdb: 'db', precision: 'ms' });
  const [input] = listeners;
  if (input === undefined) throw new Error('node-red-contrib-influxdb\'s batch node takes no messages.');
  const tags = tagsOf(width);
  return {
    measurement: `press${width}`,
    async write(batches) {
      for (const rows of batches) {
        const payload = rows.map(({ timeMs, values }) => ({ measurement: `press${width}`, tags, fields: values, timestamp: timeMs }));
        await new Promise<void>((resolve, reject) => input.call(nodes.get('batch'), { payload }, () => {}, (error) => (error === undefined || error === null ? resolve() : reject(error as Error))));
      }
    },
    close: async () => {},
  };
}

if (import.meta.main) await writePath((line) => console.log(line));
