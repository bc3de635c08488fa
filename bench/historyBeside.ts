import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../demo/seededRandom.ts';
import { influxd } from '../test/services/startInfluxd.ts';
import { victoriaMetrics } from '../test/services/startVictoriaMetrics.ts';
import { analogSignal } from './analogSignal.ts';
import { quantile, timed } from './quantile.ts';

interface Database {
  name: string;
  folder: string;
  /** What its data files are called; beside them lie logs and files of a fixed size. */
  data: RegExp;
  write: string;
  /** The points of one signal, all of them. */
  range(fromMs: number, toMs: number): string;
  /** Of one signal in so many buckets. */
  buckets(fromMs: number, toMs: number, count: number): string;
  /** What it holds in memory goes to disk. */
  settle(): Promise<unknown>;
  stop(): Promise<void>;
}

interface Sizes {
  signals: number;
  days: number;
  startMs: number;
}

const day = 86_400_000;
const rowsAtOnce = 10;

/** InfluxDB 1.6 and VictoriaMetrics, each real, on the same machine in the same run: snapshots as line protocol over HTTP, one connection. */
export async function historyBeside(print: (line: string) => void, sizes: Sizes): Promise<void> {
  print('');
  print(`| beside it, by HTTP | snapshots of ${sizes.signals} signals, M points/s | range of 3,000 points, p50 ms | ${sizes.days} days of 10 s in 1,000 buckets, p50 ms | bytes per point |`);
  print('|---|---|---|---|---|');
  for (const [name, open] of [['InfluxDB 1.6', openInflux], ['VictoriaMetrics', openVictoria]] as const) {
    const database = await open().catch((problem: unknown) => String(problem));
    if (typeof database === 'string') {
      print(`| ${name} | could not be started: ${database} | | | |`);
      continue;
    }
    try {
      print(await measured(database, sizes));
    } finally {
      await database.stop();
    }
  }
}

async function measured(database: Database, { signals, days, startMs }: Sizes): Promise<string> {
  const seeded = new SeededRandom(42);
  const random = (): number => seeded.uniform();
  const post = async (lines: string[]): Promise<void> => {
    const answer = await fetch(database.write, { method: 'POST', body: lines.join('\n') });
    if (!answer.ok) throw new Error(await answer.text());
  };
  const rows = 300;
  let points = 0;
  let tookMs = 0;
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const lines: string[] = [];
    for (let index = row; index < row + rowsAtOnce; index++) {
      for (let signal = 0; signal < signals; signal++) lines.push(`line,signal=s${signal} value=${analogSignal(index, signal, random)} ${startMs + index * 1000}`);
    }
    points += lines.length;
    const at = performance.now();
    await post(lines);
    tookMs += performance.now() - at;
  }
  const rate = points / tookMs / 1000;
  const count = (days * day) / 10_000;
  for (let row = 0; row < count; row += 10_000) {
    const lines: string[] = [];
    for (let index = row; index < Math.min(count, row + 10_000); index++) lines.push(`press,signal=p value=${analogSignal(index, 1, random)} ${startMs + index * 10_000}`);
    points += lines.length;
    await post(lines);
  }
  await database.settle();
  const read = (url: string): Promise<unknown> => fetch(url).then(async (answer) => {
    const text = await answer.text();
    if (!answer.ok) throw new Error(text.slice(0, 300));
    return text;
  });
  const range = await timed(30, (index) => read(database.range(startMs + index * 10_000_000, startMs + index * 10_000_000 + 30_000_000)));
  const down = await timed(10, () => read(database.buckets(startMs, startMs + days * day, 1000)));
  const bytes = await sizeOf(database.folder, database.data);
  return `| ${database.name} | ${rate.toFixed(2)} | ${quantile(range, 0.5).toFixed(2)} | ${quantile(down, 0.5).toFixed(1)} | ${(bytes / points).toFixed(2)} |`;
}

async function openInflux(): Promise<Database> {
  const { url, process, query, stop } = await influxd({ coldAfter: '1s' });
  await query('CREATE DATABASE bench');
  const ask = (text: string): string => `${url}/query?db=bench&epoch=ms&q=${encodeURIComponent(text)}`;
  const between = (fromMs: number, toMs: number): string => `time >= ${fromMs}ms AND time < ${toMs}ms`;
  return {
    name: 'InfluxDB 1.6',
    folder: process.folder,
    data: /\.tsm$/,
    write: `${url}/write?db=bench&precision=ms`,
    range: (fromMs, toMs) => ask(`SELECT value FROM press WHERE ${between(fromMs, toMs)}`),
    buckets: (fromMs, toMs, count) =>
      ask(`SELECT MIN(value), MEAN(value), MAX(value), FIRST(value), LAST(value) FROM press WHERE ${between(fromMs, toMs)} GROUP BY time(${Math.round((toMs - fromMs) / count)}ms)`),
    settle: () => until(async () => (await sizeOf(path.join(process.folder, 'wal'), /./)) < 10_000),
    stop,
  };
}

async function openVictoria(): Promise<Database> {
  const { url, process, stop } = await victoriaMetrics();
  const seconds = (timeMs: number): string => String(timeMs / 1000);
  return {
    name: 'VictoriaMetrics',
    folder: process.folder,
    data: /./,
    write: `${url}/write?precision=ms`,
    range: (fromMs, toMs) => `${url}/api/v1/export?match[]=press_value&start=${seconds(fromMs)}&end=${seconds(toMs)}`,
    buckets: (fromMs, toMs, count) =>
      `${url}/api/v1/query_range?query=${encodeURIComponent('aggr_over_time(("min_over_time","avg_over_time","max_over_time","first_over_time","last_over_time"),press_value)')}`
      + `&start=${seconds(fromMs)}&end=${seconds(toMs)}&step=${Math.round((toMs - fromMs) / count / 1000)}&nocache=1`,
    // Ending it writes what is in memory.
    settle: async () => {
      await process.halt();
      await process.start();
    },
    stop,
  };
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100 && !(await done()); tries++) await delay(200);
}

async function sizeOf(folder: string, of: RegExp): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && of.test(entry.name)) sum += (await stat(path.join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return sum;
}
