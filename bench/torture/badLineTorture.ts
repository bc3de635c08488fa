import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createInfluxWriter } from '../../adapters/influx/influxWriter.ts';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import { SeededRandom } from '../../demo/seededRandom.ts';
import { encodeLine } from '../../engine/lineProtocol.ts';
import type { LineWriter } from '../../engine/ports.ts';
import { Delivery } from '../../engine/site/delivery.ts';
import { deliverLines } from '../../engine/site/deliverLines.ts';
import { influxContract } from '../../test/services/influxContract.ts';
import { findService } from '../../test/services/requireService.ts';
import { temporaryFolder } from '../../test/services/serviceProcess.ts';
import { influxd } from '../../test/services/startInfluxd.ts';
import type { TortureResult } from './tortureResult.ts';
import { baseMs } from './tortureOracle.ts';

export interface BadLineOptions {
  /** Batches of 1,000 lines, one of them bad at a random place. */
  batches: number;
  seed: number;
}

interface Target {
  name: string;
  writer: LineWriter;
  stored(): Promise<number>;
  requests(): number | undefined;
  stop(): Promise<void>;
}

/** One bad line in a thousand, through outbox and delivery, to each target: the 999 are stored, the bad one is a dead letter with its reason. */
export async function badLineTorture({ batches, seed }: BadLineOptions): Promise<TortureResult> {
  const random = new SeededRandom(seed);
  const rows: TortureResult['rows'] = [];
  const notes: string[] = [];
  const opens = [() => contractTarget('2.7'), () => contractTarget('3 Core')];
  if (findService('influxd') !== undefined) opens.unshift(influxdTarget);
  else notes.push('InfluxDB 1.x is not on this machine.');
  for (const open of opens) {
    const target = await open();
    const folder = temporaryFolder('torture-lines');
    const store = openSiteStore(folder, { outboxSync: 'group' });
    const later = (delayMs: number, action: () => void): (() => void) => {
      const timer = setTimeout(action, delayMs);
      return () => clearTimeout(timer);
    };
    const delivery = new Delivery({ outbox: store.outbox, deliver: deliverLines(target.writer), later, nowMs: () => Date.now() }, { target: 't', waitMs: 1, batchRecords: 1000 });
    try {
      const bad = new Set<number>();
      for (let batch = 0; batch < batches; batch += 1) bad.add(batch * 1000 + Math.floor(random.uniform() * 1000));
      for (let batch = 0; batch < batches; batch += 1) {
        await delivery.add(Array.from({ length: 1000 }, (_, index) => {
          const n = batch * 1000 + index;
          const good = encodeLine({ measurement: 'v', tags: [['series', `s${n % 20}`]], fields: [['n', n]], timeMs: baseMs + n }) as string;
          return { idempotencyKey: String(n), body: bad.has(n) ? `v,series=s${n % 20} n=not\\ a\\ number ${baseMs + n}` : good };
        }));
      }
      delivery.start();
      while ((await store.outbox.depth('t')).records > 0) await delay(10);
      await delivery.stop();
      const stored = await target.stored();
      const aside = await store.outbox.rejected('t', Infinity);
      const rightOnes = aside.length === batches && aside.every(({ idempotencyKey, reason }) => bad.has(Number(idempotencyKey)) && reason !== '');
      const requests = target.requests();
      rows.push([`${target.name}: stored of ${batches * 1000}`, String(stored), String(batches * 999), stored === batches * 999]);
      rows.push([`${target.name}: dead letters, each a bad one with its reason`, String(aside.length), String(batches), rightOnes]);
      if (requests !== undefined) rows.push([`${target.name}: requests per batch with a bad line`, (requests / batches).toFixed(1), '≤ 25', requests / batches <= 25]);
    } finally {
      await delivery.stop();
      await target.writer.close();
      await store.close();
      await target.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { title: `1 bad line in 1,000, ${batches} times (seed ${seed})`, rows, notes };
}

async function influxdTarget(): Promise<Target> {
  const service = await influxd();
  return {
    name: 'InfluxDB 1.6',
    writer: createInfluxWriter({ url: service.url, version: '1', database: 'plant', createDatabase: true }),
    stored: async () => Number((await service.query('SELECT count(n) FROM v', 'plant'))[0]?.values[0]?.[1] ?? 0),
    requests: () => undefined,
    stop: () => service.stop(),
  };
}

async function contractTarget(version: '2.7' | '3 Core'): Promise<Target> {
  const contract = await influxContract(version);
  return {
    name: `InfluxDB ${version} (contract)`,
    writer: createInfluxWriter({ url: contract.url, version: '2', bucket: contract.bucket, token: contract.token }),
    stored: async () => contract.points().length,
    requests: () => contract.requests,
    stop: () => contract.stop(),
  };
}
