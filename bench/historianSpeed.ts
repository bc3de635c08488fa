import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openSiteStore } from '../adapters/sqlite/siteStore.ts';
import { SeededRandom } from '../demo/seededRandom.ts';
import { influxd } from '../test/services/startInfluxd.ts';
import { verdictOf } from './verdictOf.ts';

const day = 86_400_000;
const startMs = 1_700_000_000_000;

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

async function timed(times: number, ask: (index: number) => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let index = 0; index < times; index++) {
    const at = performance.now();
    await ask(index);
    took.push(performance.now() - at);
  }
  return took.sort((a, b) => a - b);
}

/** A slow wave with noise and one decimal: what an analog input gives. */
function analog(index: number, signal: number, random: () => number): number {
  return Math.round(10 * (50 + signal + 5 * Math.sin((index + 37 * signal) / 300) + random())) / 10;
}

/** The embedded historian against its aims, with InfluxDB 1.6 on the same machine in the same run. Everything is on disk when it counts. */
export async function historianSpeed(print: (line: string) => void, sizes = { snapshotRows: 4000, signals: 1000, singles: 600_000, days: 30 }): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'twinwire-bench-historian-'));
  const store = openSiteStore(folder);
  const { historian } = store;
  const seeded = new SeededRandom(42);
  const random = (): number => seeded.uniform();
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const rows: [what: string, measured: string, aim: string, reached: boolean][] = [];
  try {
    // Snapshots: many signals at one time, ten rows to a call, as a source delivers them.
    const properties = Array.from({ length: sizes.signals }, (_, index) => `signal${index}`);
    const rowsAtOnce = 10;
    const { signals } = sizes;
    const batches = Array.from({ length: 20 }, (_, batch) =>
      Float64Array.from({ length: rowsAtOnce * signals }, (_value, place) => analog(batch * rowsAtOnce + Math.floor(place / signals), place % signals, random)));
    loop.enable();
    let at = performance.now();
    let waiting: Promise<void>[] = [];
    for (let row = 0; row < sizes.snapshotRows; row += rowsAtOnce) {
      const times = Float64Array.from({ length: rowsAtOnce }, (_, index) => startMs + (row + index) * 1000);
      waiting.push(historian.writeRows({ twin: 'line', properties, times, values: batches[(row / rowsAtOnce) % batches.length] as Float64Array }));
      if (waiting.length < 20) continue;
      await Promise.all(waiting);
      waiting = [];
    }
    await Promise.all(waiting);
    const snapshotRate = (sizes.snapshotRows * sizes.signals * 1000) / (performance.now() - at);
    rows.push([`snapshots, ${sizes.signals} signals at a time`, `${(snapshotRate / 1e6).toFixed(2)} M points/s`, '≥ 1 M', snapshotRate >= 1e6]);
    // Single values at their own times, of 1,000 series.
    at = performance.now();
    for (let done = 0; done < sizes.singles; ) {
      const calls: Promise<void>[] = [];
      for (let call = 0; call < 200 && done < sizes.singles; call++) {
        const points = Array.from({ length: 100 }, (_, index) => {
          const number = done + index;
          const timeMs = startMs + number * 3 + Math.floor(3 * random());
          return { twin: `machine${number % 20}`, property: `signal${number % 1000}`, timeMs, value: analog(number, number % 50, random), quality: 'good' as const };
        });
        done += points.length;
        calls.push(historian.write(points));
      }
      await Promise.all(calls);
    }
    const singleRate = (sizes.singles * 1000) / (performance.now() - at);
    rows.push(['single values at odd times', `${(singleRate / 1e6).toFixed(2)} M points/s`, '≥ 0.2 M', singleRate >= 200_000]);
    // Thirty days of one value a second.
    const month = sizes.days * 86_400;
    for (let row = 0; row < month; row += 50_000) {
      const count = Math.min(50_000, month - row);
      const times = Float64Array.from({ length: count }, (_, index) => startMs + (row + index) * 1000);
      await historian.writeRows({ twin: 'press', properties: ['temperature'], times, values: Float64Array.from({ length: count }, (_, index) => analog(row + index, 1, random)) });
    }
    const range = await timed(200, (index) => historian.columns('press', 'temperature', startMs + index * 11_000_000, startMs + index * 11_000_000 + 3_000_000));
    rows.push(['range of 3,000 points, p50', `${quantile(range, 0.5).toFixed(2)} ms`, '≤ 2 ms', quantile(range, 0.5) <= 2]);
    const down = await timed(20, () => historian.buckets('press', 'temperature', startMs, startMs + sizes.days * day, 1000));
    rows.push([`${sizes.days} days of seconds in 1,000 buckets, p50`, `${quantile(down, 0.5).toFixed(1)} ms`, '≤ 100 ms', quantile(down, 0.5) <= 100]);
    const fifty = await timed(100, (index) => historian.asOf(`machine${index % 20}`, startMs + 900_000 + index * 1000));
    rows.push(['50 properties as of a time, p50', `${quantile(fifty, 0.5).toFixed(2)} ms`, '≤ 5 ms', quantile(fifty, 0.5) <= 5]);
    loop.disable();
    rows.push(['longest hold of the event loop meanwhile', `${(loop.max / 1e6).toFixed(1)} ms`, '≤ 20 ms', loop.max / 1e6 <= 20]);
    const { bytes } = await historian.usage();
    const points = sizes.snapshotRows * sizes.signals + sizes.singles + month;
    rows.push([`bytes per point, ${(points / 1e6).toFixed(1)} M points, what is not sealed yet included`, (bytes / points).toFixed(2), '≤ 4', bytes / points <= 4]);
    print('| embedded historian | measured | aim | |');
    print('|---|---|---|---|');
    for (const [what, measured, aim, reached] of rows) print(`| ${what} | ${measured} | ${aim} | ${verdictOf(reached)} |`);
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
  await besideInflux(print);
}

/** The same snapshots as line protocol into InfluxDB 1.6, straight by HTTP. */
async function besideInflux(print: (line: string) => void): Promise<void> {
  const service = await influxd().catch((problem: unknown) => String(problem));
  if (typeof service === 'string') {
    print(`\nInfluxDB 1.6 could not be started beside it: ${service}`);
    return;
  }
  try {
    const seeded = new SeededRandom(42);
    const random = (): number => seeded.uniform();
    const signals = 1000;
    const count = 200;
    await fetch(`${service.url}/query?q=${encodeURIComponent('CREATE DATABASE bench')}`, { method: 'POST' });
    const at = performance.now();
    for (let row = 0; row < count; row += 10) {
      const lines: string[] = [];
      for (let index = row; index < row + 10; index++) {
        for (let signal = 0; signal < signals; signal++) lines.push(`line,signal=s${signal} value=${analog(index, signal, random)} ${startMs + index * 1000}`);
      }
      const answer = await fetch(`${service.url}/write?db=bench&precision=ms`, { method: 'POST', body: lines.join('\n') });
      if (!answer.ok) throw new Error(await answer.text());
    }
    const rate = (count * signals * 1000) / (performance.now() - at);
    const range = await timed(30, (index) => {
      const query = encodeURIComponent(`SELECT value FROM line WHERE signal='s${index}'`);
      return fetch(`${service.url}/query?db=bench&epoch=ms&q=${query}`).then((answer) => answer.text());
    });
    print('');
    print(`InfluxDB 1.6 in the same run, line protocol over HTTP, one connection: ${(rate / 1e6).toFixed(2)} M points/s; range of ${count} points p50 ${quantile(range, 0.5).toFixed(2)} ms.`);
  } finally {
    await service.stop();
  }
}

if (import.meta.main) await historianSpeed((line) => console.log(line));
