import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openSiteStore } from '../adapters/sqlite/siteStore.ts';
import type { HistoryPoint } from '../engine/ports.ts';

export interface StoreSpeed {
  historyPointsPerSecond: number;
  outboxRecordsPerSecond: number;
  /** One record at a time, each waited for: what one sync of the disk takes. */
  outboxMillisecondsAlone: number;
}

/** Prints how fast the embedded store takes history and outbox records, by the wall clock; everything is on disk when it counts. */
export async function storeSpeed(print: (line: string) => void, sizes = { points: 200_000, records: 5_000, alone: 50 }): Promise<StoreSpeed> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'twinwire-bench-store-'));
  const store = openSiteStore(folder);
  try {
    const series = 200;
    const startMs = 1_700_000_000_000;
    let at = performance.now();
    for (let done = 0; done < sizes.points; ) {
      const count = Math.min(20_000, sizes.points - done);
      const points = Array.from({ length: count }, (_, index): HistoryPoint => {
        const number = done + index;
        return { twin: `machine${number % 10}`, property: `signal${number % (series / 10)}`, timeMs: startMs + 100 * Math.floor(number / series), value: 50 + (number % 97) / 10, quality: 'good' };
      });
      await store.historian.write(points);
      done += count;
    }
    const historyPointsPerSecond = (1_000 * sizes.points) / (performance.now() - at);
    const body = JSON.stringify({ twin: 'machine', text: 'x'.repeat(300) });
    at = performance.now();
    await Promise.all(Array.from({ length: sizes.records }, (_, index) => store.outbox.add('bench', [{ idempotencyKey: `many${index}`, body }], startMs)));
    const outboxRecordsPerSecond = (1_000 * sizes.records) / (performance.now() - at);
    at = performance.now();
    for (let index = 0; index < sizes.alone; index++) await store.outbox.add('bench', [{ idempotencyKey: `alone${index}`, body }], startMs);
    const outboxMillisecondsAlone = (performance.now() - at) / sizes.alone;
    print('Embedded store, by the wall clock, everything on disk (for information; no aim is set):');
    print('');
    print('| what | figure |');
    print('|---|---|');
    print(`| history, ${sizes.points} points of ${series} series | ${Math.round(historyPointsPerSecond)} points/s |`);
    print(`| outbox, ${sizes.records} records added at the same time (group commit) | ${Math.round(outboxRecordsPerSecond)} records/s |`);
    print(`| outbox, one record, waited for | ${outboxMillisecondsAlone.toFixed(1)} ms |`);
    return { historyPointsPerSecond, outboxRecordsPerSecond, outboxMillisecondsAlone };
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await storeSpeed((line) => console.log(line));
