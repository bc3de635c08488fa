import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openSiteStore } from '../adapters/sqlite/siteStore.ts';
import { SeededRandom } from '../demo/seededRandom.ts';
import { analogSignal } from './analogSignal.ts';
import { historyBeside } from './historyBeside.ts';
import { LoopHold } from './loopHold.ts';
import { quantile, timed } from './quantile.ts';
import { verdictOf } from './verdictOf.ts';

const day = 86_400_000;
const startMs = 1_700_000_000_000;

/** The embedded historian against its aims, with InfluxDB 1.6 on the same machine in the same run. Everything is on disk when it counts. */
export async function historianSpeed(print: (line: string) => void, sizes = { snapshotRows: 4000, signals: 1000, singles: 600_000, days: 30 }): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'twinwire-bench-historian-'));
  const store = openSiteStore(folder);
  const { historian } = store;
  const seeded = new SeededRandom(42);
  const random = (): number => seeded.uniform();
  const hold = new LoopHold();
  const rows: [what: string, measured: string, aim: string, reached: boolean][] = [];
  try {
    // Snapshots: many signals at one time, ten rows to a call, as a source delivers them.
    const properties = Array.from({ length: sizes.signals }, (_, index) => `signal${index}`);
    const rowsAtOnce = 10;
    const { signals } = sizes;
    const batches = Array.from({ length: 20 }, (_, batch) =>
      Float64Array.from({ length: rowsAtOnce * signals }, (_value, place) => analogSignal(batch * rowsAtOnce + Math.floor(place / signals), place % signals, random)));
    hold.start();
    let used = process.cpuUsage();
    let at = performance.now();
    let waiting: Promise<void>[] = [];
    for (let row = 0; row < sizes.snapshotRows; row += rowsAtOnce) {
      const times = Float64Array.from({ length: rowsAtOnce }, (_, index) => startMs + (row + index) * 1000);
      // Each in a turn of its own, as they arrive.
      await nextTurn();
      waiting.push(historian.writeRows({ twin: 'line', properties, times, values: batches[(row / rowsAtOnce) % batches.length] as Float64Array }));
      if (waiting.length < 20) continue;
      await Promise.all(waiting);
      waiting = [];
    }
    await Promise.all(waiting);
    hold.stop();
    const snapshots = sizes.snapshotRows * sizes.signals;
    const snapshotRate = (snapshots * 1000) / (performance.now() - at);
    const perCpu = millionsPer(snapshots, process.cpuUsage(used));
    rows.push([`snapshots, ${sizes.signals} signals at a time`, `${(snapshotRate / 1e6).toFixed(2)} M points/s (${perCpu})`, '≥ 1 M', snapshotRate >= 1e6]);
    // Single values at their own times, of 1,000 series, a hundred to a turn.
    let singlesMs = 0;
    const singlesUsed: NodeJS.CpuUsage = { user: 0, system: 0 };
    for (let done = 0; done < sizes.singles; ) {
      // Made before the time counts.
      const turns = Array.from({ length: Math.min(200, Math.ceil((sizes.singles - done) / 100)) }, (_turn, turn) => Array.from({ length: 100 }, (_, index) => {
        const number = done + turn * 100 + index;
        const timeMs = startMs + number * 3 + Math.floor(3 * random());
        return { twin: `machine${number % 20}`, property: `signal${number % 1000}`, timeMs, value: analogSignal(number, number % 50, random), quality: 'good' as const };
      }));
      done += turns.length * 100;
      hold.start();
      used = process.cpuUsage();
      at = performance.now();
      const calls: Promise<void>[] = [];
      for (const points of turns) {
        await nextTurn();
        calls.push(historian.write(points));
      }
      await Promise.all(calls);
      singlesMs += performance.now() - at;
      const own = process.cpuUsage(used);
      singlesUsed.user += own.user;
      singlesUsed.system += own.system;
      hold.stop();
    }
    const singleRate = (sizes.singles * 1000) / singlesMs;
    rows.push(['single values at odd times', `${(singleRate / 1e6).toFixed(2)} M points/s (${millionsPer(sizes.singles, singlesUsed)})`, '≥ 0.2 M', singleRate >= 200_000]);
    // Thirty days of one value a second.
    const month = sizes.days * 86_400;
    for (let row = 0; row < month; row += 50_000) {
      const count = Math.min(50_000, month - row);
      const times = Float64Array.from({ length: count }, (_, index) => startMs + (row + index) * 1000);
      await historian.writeRows({ twin: 'press', properties: ['temperature'], times, values: Float64Array.from({ length: count }, (_, index) => analogSignal(row + index, 1, random)) });
    }
    hold.start();
    const range = await timed(200, (index) => historian.columns('press', 'temperature', startMs + index * 11_000_000, startMs + index * 11_000_000 + 3_000_000));
    rows.push(['range of 3,000 points, p50', `${quantile(range, 0.5).toFixed(2)} ms`, '≤ 2 ms', quantile(range, 0.5) <= 2]);
    used = process.cpuUsage();
    const down = await timed(20, () => historian.buckets('press', 'temperature', startMs, startMs + sizes.days * day, 1000));
    rows.push([`${sizes.days} days of seconds in 1,000 buckets, p50`, `${quantile(down, 0.5).toFixed(1)} ms (${cpuMsPer(20, used)})`, '≤ 100 ms', quantile(down, 0.5) <= 100]);
    const fifty = await timed(100, (index) => historian.asOf(`machine${index % 20}`, startMs + 900_000 + index * 1000));
    rows.push(['50 properties as of a time, p50', `${quantile(fifty, 0.5).toFixed(2)} ms`, '≤ 5 ms', quantile(fifty, 0.5) <= 5]);
    hold.stop();
    rows.push(['longest hold of the event loop by writing and reading', `${hold.longestMs.toFixed(1)} ms of CPU`, '≤ 20 ms', hold.longestMs <= 20]);
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
  await historyBeside(print, { ...sizes, startMs });
}

/** Of all threads together: what another process takes away does not count. */
function millionsPer(points: number, { user, system }: NodeJS.CpuUsage): string {
  return `${(points / (user + system)).toFixed(2)} M per second of CPU`;
}

function cpuMsPer(times: number, before: NodeJS.CpuUsage): string {
  const { user, system } = process.cpuUsage(before);
  return `${((user + system) / 1000 / times).toFixed(1)} ms of CPU each`;
}

if (import.meta.main) await historianSpeed((line) => console.log(line));
