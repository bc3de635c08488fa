import { setTimeout as delay } from 'node:timers/promises';
import { deliverLines } from '../../engine/site/deliverLines.ts';
import { createInfluxWriter } from '../../adapters/influx/influxWriter.ts';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import { encodeLine } from '../../engine/lineProtocol.ts';
import type { OutboxRecord } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import { Delivery } from '../../engine/site/delivery.ts';
import type { DeliveryOutcome } from '../../engine/site/delivery.ts';
import type { PlantOrder } from './startPlant.ts';
import { baseMs } from './tortureOracle.ts';

/**
 * The process that is tortured: writes numbered values to the embedded historian and, through the outbox, to the oracle; numbered alerts
 * as well. It says what it issues before it writes it, and what was accepted after. With `burst` the first values come as fast as they go.
 */
const order = JSON.parse(process.argv[2] ?? '{}') as PlantOrder;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const later = (delayMs: number, action: () => void): (() => void) => {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
};

const store = openSiteStore(order.folder, { outboxSync: order.sync });
for (const problem of store.problems) say(`problem ${problem.code} ${problem.found}`);
store.onProblem((problem) => say(`problem ${problem.code} ${problem.found}`));
const writer = createInfluxWriter({ url: order.url, version: '2', bucket: 'b', token: 't', timeoutMs: order.timeoutMs ?? 30_000 });
const retries = { firstRetryMs: 50, longestRetryMs: 500 };
const ports = { outbox: store.outbox, later, nowMs: () => Date.now(), random: Math.random };
const history = new Delivery({ ...ports, deliver: deliverLines(writer) },
  { target: 'history:torture', order: 'liveFirst', waitMs: 100, batchRecords: order.batchRecords ?? 5000, keepBytes: order.keepBytes ?? 4e9, ...retries });
const alerts = new Delivery({ ...ports, deliver: deliverAlerts }, { target: 'alert:torture', waitMs: 10, ...retries });
history.start();
alerts.start();
const { user, system } = process.cpuUsage();
say(`ready ${Math.round((user + system) / 1000)}`);

let perSecond = order.perSecond;
let stopping = false;
process.on('message', (message: { stop?: boolean; perSecond?: number }) => {
  if (message.perSecond !== undefined) ({ perSecond } = message);
  if (message.stop === true) stopping = true;
});

if (order.historyTo !== undefined) await checkHistory(order.historyTo);
const stats = setInterval(() => {
  void history.state().then(({ records, bytes, dropped }) => {
    say(`stat ${JSON.stringify({ rss: process.memoryUsage.rss(), waiting: records, bytes, dropped })}`);
  });
}, 500);

const stepMs = 10;
let next = order.first;
let alert = order.firstAlert;
const underWay = new Set<Promise<void>>();

if (order.burst !== undefined) {
  const end = next + order.burst;
  while (next < end) {
    const count = Math.min(1000, end - next);
    start(values(next, count));
    next += count;
    // As many as an embedded box would have under way: what is full is waited for.
    while (underWay.size >= 8) await Promise.race(underWay);
    // The flow around it has its turn, too.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(underWay);
  say(`burst ${next}`);
}

const beganMs = performance.now();
let sent = 0;
let steps = 0;
while (!stopping && (order.last === undefined || next < order.last)) {
  const due = Math.floor(((performance.now() - beganMs) * perSecond) / 1000) - sent;
  // Whole rows of 20, so that each is one moment of one machine.
  const count = Math.min(due - (due % 20), 2000, (order.last ?? Infinity) - next);
  if (count > 0) {
    start(values(next, count));
    next += count;
    sent += count;
  }
  steps += 1;
  if (steps % 5 === 0) start(oneAlert(alert++));
  await delay(stepMs);
}
await Promise.all(underWay);
clearInterval(stats);
say(`written ${next}`);
while ((await store.outbox.depth('history:torture')).records + (await store.outbox.depth('alert:torture')).records > 0) await delay(20);
const gaps = await store.outbox.gaps('history:torture');
say(`gaps ${JSON.stringify(gaps)}`);
say(`aside ${(await store.outbox.depth('history:torture')).setAside}`);
await history.stop();
await alerts.stop();
await writer.close();
await store.close();
say('drained');
process.disconnect?.();

function start(work: Promise<void>): void {
  const one = work.catch((error: unknown) => say(`refused ${error instanceof Problem ? error.code : String(error)}`)).finally(() => underWay.delete(one));
  underWay.add(one);
}

async function values(first: number, count: number): Promise<void> {
  say(`issued ${first} ${first + count}`);
  const nowMs = Date.now();
  const records = Array.from({ length: count }, (_, index) => {
    const n = first + index;
    const body = encodeLine({ measurement: 'v', tags: [['series', `s${n % 20}`]], fields: [['at', nowMs], ['n', n], ['text', `value ${n} ü`]], timeMs: baseMs + n });
    return { idempotencyKey: String(n), body: body as string };
  });
  const isFaulty = Math.floor(first / 20) % 10 === 0;
  if (order.fault === 'changes' && isFaulty) for (const record of records) record.body = record.body.replace('value', 'valve');
  const writing = [(order.fault === 'loses' && isFaulty ? Promise.resolve() : history.add(records)).then(() => say(`accepted ${first} ${first + count} ${Date.now()}`))];
  if (order.historian) writing.push(writeHistory(first, count).then(() => say(`kept ${first} ${first + count}`)));
  await Promise.all(writing);
}

/** A row of 20 properties each; n stands in the row n / 20. */
function writeHistory(first: number, count: number): Promise<void> {
  const rows = Math.floor(count / 20);
  return store.historian.writeRows({
    twin: 'm', properties: Array.from({ length: 20 }, (_, index) => `s${index}`),
    times: Float64Array.from({ length: rows }, (_, row) => baseMs + first / 20 + row),
    values: Float64Array.from({ length: rows * 20 }, (_, index) => first + index),
  });
}

/** Says how many of the values below it are in the embedded historian, and how many are wrong. */
async function checkHistory({ from, to }: { from: number; to: number }): Promise<void> {
  const there: number[] = [];
  let wrong = 0;
  for (let signal = 0; signal < 20; signal += 1) {
    const { times, values: found } = await store.historian.columns('m', `s${signal}`, baseMs + Math.floor(from / 20), baseMs + 1e9, 1e7);
    for (const [index, timeMs] of times.entries()) {
      const n = (timeMs - baseMs) * 20 + signal;
      if (n >= to || found[index] !== n) wrong += 1;
      else there.push(n);
    }
  }
  say(`history ${JSON.stringify({ there: there.sort((a, b) => a - b), wrong })}`);
}

async function oneAlert(n: number): Promise<void> {
  say(`alert-issued ${n}`);
  await alerts.add([{ idempotencyKey: `a${n}`, body: `{"alert":${n}}` }]);
  say(`alert-accepted ${n}`);
}

async function deliverAlerts(records: readonly OutboxRecord[]): Promise<DeliveryOutcome> {
  const answer = await fetch(`${order.url}/alert`, { method: 'POST', body: records.map(({ body }) => body).join('\n') });
  await answer.arrayBuffer();
  if (answer.ok) return { kind: 'delivered', rejected: [] };
  return { kind: 'retry', problem: new Problem('TWIN_AWAY', 'The oracle is busy.', 'It is tried again.') };
}
