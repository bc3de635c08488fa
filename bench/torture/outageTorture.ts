import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '../../test/services/serviceProcess.ts';
import type { TortureResult } from './tortureResult.ts';
import { PlantRecord, startPlant } from './startPlant.ts';
import type { PlantStat } from './startPlant.ts';
import { TortureOracle } from './tortureOracle.ts';

export interface OutageOptions {
  values: number;
  perSecond?: number;
  progress?(line: string): void;
}

const mega = 1024 * 1024;
const megabytes = (bytes: number): string => `${Math.round(bytes / mega)} MB`;

/**
 * The target is away while so many values come (an hour of 2,000 a second, as fast as they are accepted). Then it is back, and the plant goes on at
 * its rate: what waited must drain at five times that rate while what comes now is there within 2 s.
 */
export async function outageTorture({ values, perSecond = 2000, progress }: OutageOptions): Promise<TortureResult> {
  const folder = temporaryFolder('torture-outage');
  const oracle = new TortureOracle();
  const record = new PlantRecord();
  await oracle.start();
  await oracle.halt();
  const life = startPlant({ folder, url: oracle.url, sync: 'group', first: 0, firstAlert: 0, perSecond, burst: values, historian: false }, record);
  try {
    const beganMs = performance.now();
    let toldStats = 0;
    while (life.burstEnd === undefined && life.child.exitCode === null) {
      await delay(50);
      if (life.stats.length >= toldStats + 40) {
        toldStats = life.stats.length;
        progress?.(`${record.accepted.size} accepted, ${megabytes(life.stats.at(-1)?.rss ?? 0)}`);
      }
    }
    const filledMs = performance.now() - beganMs;
    const atFull = record.accepted.size;
    const filling = [...life.stats];
    // Some time at the plant's own rate, still without the target.
    await delay(2000);
    await oracle.start();
    const backMs = performance.now();
    while (oracle.values.size === 0 && life.child.exitCode === null) await delay(5);
    const firstMs = performance.now();
    const oldTo = record.issued;
    // What is issued from the next moment on is live.
    oracle.liveFrom = oldTo;
    const before = oracle.values.size;
    let told = 0;
    const oldArrived = (): number => oracle.values.size - Math.max(0, oracle.highest + 1 - oldTo);
    while (oldArrived() < oldTo && life.child.exitCode === null) {
      await delay(20);
      const share = Math.floor((10 * oracle.values.size) / oldTo);
      if (share > told) {
        told = share;
        progress?.(`${oracle.values.size} arrived, slowest live value ${Math.round(oracle.slowestLiveMs)} ms, ${megabytes(life.stats.at(-1)?.rss ?? 0)}`);
      }
    }
    const drainedMs = performance.now() - firstMs;
    const drainRate = (1000 * (oldTo - before)) / drainedMs;
    const slowestLiveMs = oracle.slowestLiveMs;
    const liveCame = oracle.values.size - oldTo;
    life.stop();
    await life.ended;
    let lost = 0;
    for (let n = 0; n < record.issued; n += 1) if (record.accepted.has(n) && !oracle.values.has(n)) lost += 1;
    const early = peak(filling.slice(0, Math.max(1, Math.ceil(filling.length / 5))));
    const highest = peak(life.stats);
    const growth = highest - early;
    return {
      title: `target away for ${values} values, then ${perSecond} values/s go on`,
      rows: [
        ['accepted while it was away', `${atFull} in ${(filledMs / 1000).toFixed(0)} s, one line each`, `≥ ${values}`, atFull >= values],
        ['lost', String(lost), '0', lost === 0],
        ['memory (RSS): most in the first fifth, most at all', `${megabytes(early)}, ${megabytes(highest)}`, 'flat: + ≤ 64 MB', growth <= 64 * mega],
        ['first line after the target is back', `${Math.round(firstMs - backMs)} ms`, '', true],
        ['drained at', `${Math.round(drainRate)} values/s = ${(drainRate / perSecond).toFixed(1)} × live`, '≥ 5 × live', drainRate >= 5 * perSecond],
        ['slowest live value meanwhile', `${Math.round(slowestLiveMs)} ms of ${liveCame} values`, '< 2000 ms', slowestLiveMs < 2000 && liveCame > 0],
        ['invented', String(oracle.wrongCount), '0', oracle.wrongCount === 0],
        ['given up', String(life.stats.at(-1)?.dropped ?? -1), '0', life.stats.at(-1)?.dropped === 0],
      ],
      notes: [...oracle.wrong, ...record.problems.slice(0, 5), ...[...record.refused].map(([code, count]) => `refused ${count} × ${code}`)],
    };
  } finally {
    life.child.kill('SIGKILL');
    await life.ended;
    await oracle.halt();
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface BlockedOptions {
  seconds: number;
  perSecond?: number;
  keepBytes?: number;
  progress?(line: string): void;
}

/**
 * The target takes every request and never answers, at ten times the load; what may wait is far less than what comes. The oldest go: each is
 * counted and dated, the memory stays bounded, and what was not given up arrives when the target lives again.
 */
export async function blockedTorture({ seconds, perSecond = 20_000, keepBytes = 100_000_000, progress }: BlockedOptions): Promise<TortureResult> {
  const folder = temporaryFolder('torture-blocked');
  const oracle = new TortureOracle();
  const record = new PlantRecord();
  await oracle.start();
  oracle.mood = 'stall';
  const life = startPlant({ folder, url: oracle.url, sync: 'group', first: 0, firstAlert: 0, perSecond, historian: false, keepBytes, timeoutMs: 5000, heapMegabytes: 256 }, record);
  try {
    await life.ready;
    const beganMs = Date.now();
    for (let second = 0; second < seconds && life.child.exitCode === null; second += 1) {
      await delay(1000);
      if ((second + 1) % 30 === 0) {
        const last = life.stats.at(-1);
        progress?.(`${second + 1} s: ${record.accepted.size} accepted, ${last?.waiting} wait, ${last?.dropped} given up, ${megabytes(last?.rss ?? 0)}`);
      }
    }
    const reached = record.accepted.size / seconds;
    oracle.release();
    life.stop();
    await life.ended;
    const endedMs = Date.now();
    const lost = life.gaps.reduce((sum, { records }) => sum + records, 0);
    const unexplained = record.accepted.size - oracle.values.size - lost;
    const dated = life.gaps.every(({ fromMs, toMs, droppedMs, records, reason }) =>
      fromMs >= beganMs - 60_000 && fromMs <= toMs && toMs <= droppedMs && droppedMs <= endedMs && records > 0 && reason !== '');
    const highest = peak(life.stats);
    const refused = [...record.refused.values()].reduce((sum, count) => sum + count, 0);
    return {
      title: `target blocked for ${seconds} s at ${perSecond} values/s, with a heap of 256 MB`,
      rows: [
        ['load reached', `${Math.round(reached)} values/s`, `≥ ${0.9 * perSecond}`, reached >= 0.9 * perSecond],
        ['memory (RSS), most', megabytes(highest), '< 400 MB', highest < 400 * mega],
        ['accepted, neither arrived nor given up', `${Math.max(0, unexplained)} of ${record.accepted.size} (arrived ${oracle.values.size})`, '0', unexplained <= 0],
        // What the target took without saying so may be given up as well; a batch at a time.
        ['given up though it had arrived, unknown to the plant', String(Math.max(0, -unexplained)), '≤ 1 batch', -unexplained <= 5000],
        ['given up, counted in gaps', `${lost} in ${life.gaps.length} gaps`, '> 0', lost > 0],
        ['every gap dated', dated ? 'yes' : 'no', 'yes', dated],
        ['refused instead of accepted', String(refused), '', true],
        ['invented', String(oracle.wrongCount), '0', oracle.wrongCount === 0],
        ['delivered the rest and ended', life.drained ? 'yes' : 'no', 'yes', life.drained],
      ],
      notes: [...oracle.wrong, ...record.problems.slice(0, 5), ...[...record.refused].map(([code, count]) => `refused ${count} × ${code}`)],
    };
  } finally {
    life.child.kill('SIGKILL');
    await life.ended;
    await oracle.halt();
    rmSync(folder, { recursive: true, force: true });
  }
}

function peak(stats: readonly PlantStat[]): number {
  return stats.reduce((most, { rss }) => Math.max(most, rss), 0);
}
