import { setTimeout as delay } from 'node:timers/promises';
import { deliverLines } from '../../engine/site/deliverLines.ts';
import { createInfluxWriter } from '../../adapters/influx/influxWriter.ts';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import { Delivery } from '../../engine/site/delivery.ts';

/** The process that delivery.kill.test.ts kills: takes lines, tells which it accepted, and delivers them to InfluxDB. */
const [, , folder = '', url = '', first = '0', last = '0'] = process.argv;
const store = openSiteStore(folder);
const later = (delayMs: number, action: () => void): (() => void) => {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
};
const writer = createInfluxWriter({ url, version: '1', database: 'plant', createDatabase: true });
const line = new Delivery({ outbox: store.outbox, deliver: deliverLines(writer), later, nowMs: () => Date.now() },
  { target: 't', waitMs: 10, batchRecords: 50, firstRetryMs: 20, longestRetryMs: 100 });
line.start();
process.stdout.write('open\n');

async function one(n: number): Promise<void> {
  process.stdout.write(`issued ${n}\n`);
  await line.add([{ idempotencyKey: `${n}`, body: `m value=${n},text="line ${n}" ${1_000_000 + n}` }]);
  process.stdout.write(`accepted ${n}\n`);
}

for (let n = Number(first); n < Number(last); n += 10) await Promise.all(Array.from({ length: Math.min(10, Number(last) - n) }, (_, k) => one(n + k)));
while ((await store.outbox.depth('t')).records > 0) await delay(20);
await line.stop();
await store.close();
process.stdout.write('drained\n');
