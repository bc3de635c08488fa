import { setTimeout as delay } from 'node:timers/promises';
import { openSiteStore } from '../../../adapters/sqlite/siteStore.ts';

/**
 * The process that siteStore.kill.test.ts kills: writes state, facts, history and outbox records as fast as it can and
 * tells its parent (who is never killed) what was acknowledged.
 */
const [, , folder = '', first = '0'] = process.argv;
const store = openSiteStore(folder);

async function loop(kind: string, write: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = Number(first); ; n += 1) {
    // Issued before, acknowledged after: what the parent finds must lie between the two.
    process.stdout.write(`issued ${kind} ${n}\n`);
    await write(n);
    process.stdout.write(`stored ${kind} ${n}\n`);
  }
}

process.stdout.write('open\n');
void loop('state', (n) => store.state.commit([{ key: `twin/${n}`, value: { n } }, { key: 'latest', value: n }]));
void loop('fact', (n) =>
  store.graph.change([
    { kind: 'element', element: { key: 'a', type: 'work unit', name: '' }, recordedMs: n },
    { kind: 'element', element: { key: `part ${n}`, type: 'part', name: '' }, recordedMs: n },
    { kind: 'assert', fact: { subject: `part ${n}`, relation: 'produced by', object: 'a', validFromMs: n, recordedMs: n, source: 'test' } },
  ]));
void loop('bulk', async (n) => {
  // Not all the time, or the parent has too much to read.
  await delay(150);
  await store.graph.change([
    { kind: 'element', element: { key: 'a', type: 'work unit', name: '' }, recordedMs: n },
    ...Array.from({ length: 500 }, (_, index) => ({
      kind: 'assert' as const, fact: { subject: 'a', relation: 'note', object: '', value: index, validFromMs: n, recordedMs: n, source: 'bulk' },
    })),
  ]);
});
void loop('history', (n) =>
  store.historian.write(Array.from({ length: 100 }, (_, index) => ({
    twin: 'a', property: `p${index}`, timeMs: n, value: n + index, quality: 'good' as const,
  }))));
void loop('outbox', (n) => store.outbox.add('t', [{ idempotencyKey: `${n}`, body: `body ${n}` }], n));
