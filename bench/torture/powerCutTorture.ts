import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, ftruncateSync, mkdirSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import { SeededRandom } from '../../demo/seededRandom.ts';
import { temporaryFolder } from '../../test/services/serviceProcess.ts';
import type { TortureResult } from './tortureResult.ts';
import { PlantRecord, startPlant } from './startPlant.ts';
import { TortureOracle, baseMs } from './tortureOracle.ts';

export interface PowerCutOptions {
  cuts: number;
  seed: number;
  sync: 'always' | 'group';
  perSecond?: number;
  progress?(line: string): void;
}

const imageBytes = 96 * 1024 * 1024;

/** Why power cannot be cut here; undefined: it can. */
export function noPowerCuts(): string | undefined {
  if (process.platform !== 'linux') return 'power cuts are made with Linux loop mounts';
  const folder = temporaryFolder('torture-mount');
  try {
    makeImage(path.join(folder, 'image'), 8 * 1024 * 1024);
    mkdirSync(path.join(folder, 'mounted'));
    execFileSync('mount', ['-o', 'loop', path.join(folder, 'image'), path.join(folder, 'mounted')], { stdio: 'ignore' });
    execFileSync('umount', [path.join(folder, 'mounted')]);
    return undefined;
  } catch {
    return 'power cuts need the right to mount an image, and mkfs.ext4';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeImage(file: string, bytes: number): void {
  const image = openSync(file, 'w');
  ftruncateSync(image, bytes);
  closeSync(image);
  execFileSync('mkfs.ext4', ['-q', '-F', file], { stdio: 'ignore' });
}

/**
 * The plant writes on an ext4 in a file. A copy of that file holds what the file system had written down and nothing of what it still kept
 * in memory: as if the power had gone. What was accepted by then, and is not at the target, must be in the copy.
 */
export async function powerCutTorture({ cuts, seed, sync, perSecond = 2000, progress }: PowerCutOptions): Promise<TortureResult> {
  const title = `${cuts} power cuts under ${perSecond} values/s (${sync}, seed ${seed})`;
  const skipped = noPowerCuts();
  if (skipped !== undefined) return { title, rows: [], skipped };
  const random = new SeededRandom(seed);
  const folder = temporaryFolder('torture-power');
  const [image, mounted, copy, copied] = ['image', 'mounted', 'copy', 'copied'].map((name) => path.join(folder, name)) as [string, string, string, string];
  const oracle = new TortureOracle();
  const record = new PlantRecord();
  let isMounted = false;
  let isCopied = false;
  let life: ReturnType<typeof startPlant> | undefined;
  const found = { lost: 0, oldestLostMs: 0, keptLost: 0, failedStarts: 0, invented: 0, waiting: 0, damaged: 0 };
  try {
    makeImage(image, imageBytes);
    for (const one of [mounted, copied]) mkdirSync(one);
    execFileSync('mount', ['-o', 'loop', image, mounted]);
    isMounted = true;
    await oracle.start();
    life = startPlant({ folder: path.join(mounted, 'site'), url: oracle.url, sync, first: 0, firstAlert: 0, perSecond, historian: true, timeoutMs: 5000 }, record);
    if ((await life.ready) === undefined) throw new Error('The plant did not start.');
    let checkedTo = 0;
    for (let round = 0; round < cuts; round += 1) {
      // Mostly the target is away, so that much waits; now and then it takes all of it.
      oracle.mood = round % 10 === 9 ? 'up' : 'busy';
      await delay(100 + random.uniform() * 250);
      if (oracle.mood === 'up') for (let wait = 0; wait < 100 && oracle.values.size < 0.9 * record.accepted.size; wait += 1) await delay(20);
      const cutMs = Date.now();
      life.child.kill('SIGSTOP');
      copyFileSync(image, copy);
      // What it said before it stood still is on its way.
      await delay(40);
      const accepted = life.recent.filter(({ atMs }) => atMs <= cutMs);
      const { issued } = record;
      const kept = record.kept;
      const keptTo = accepted.at(-1)?.end ?? 0;
      const keptNow = Array.from({ length: Math.max(0, keptTo - checkedTo) }, (_, index) => checkedTo + index).filter((n) => kept.has(n));
      execFileSync('mount', ['-o', 'loop', copy, copied]);
      isCopied = true;
      life.child.kill('SIGCONT');
      try {
        const store = openSiteStore(path.join(copied, 'site'), { outboxSync: 'always' });
        try {
          found.damaged += store.problems.length;
          const pending = new Set<number>();
          for (let after = 0; ; ) {
            const some = await store.outbox.pending('history:torture', 10_000, after);
            if (some.length === 0) break;
            for (const { idempotencyKey } of some) pending.add(Number(idempotencyKey));
            after = some.at(-1)?.sequence ?? Infinity;
          }
          found.waiting += pending.size;
          for (const n of pending) if (n >= issued) found.invented += 1;
          for (const { first, end, atMs } of accepted) {
            for (let n = first; n < end; n += 1) {
              if (pending.has(n) || oracle.values.has(n)) continue;
              found.lost += 1;
              found.oldestLostMs = Math.max(found.oldestLostMs, cutMs - atMs);
            }
          }
          const there = new Set<number>();
          for (let signal = 0; signal < 20 && keptNow.length > 0; signal += 1) {
            const { times } = await store.historian.columns('m', `s${signal}`, baseMs + Math.floor(checkedTo / 20), baseMs + 1e9, 1e7);
            for (const timeMs of times) there.add((timeMs - baseMs) * 20 + signal);
          }
          for (const n of keptNow) if (!there.has(n)) found.keptLost += 1;
          await store.outbox.add('history:torture', [{ idempotencyKey: 'fresh', body: 'fresh' }], 1);
        } finally {
          await store.close();
        }
        checkedTo = keptTo;
      } catch (error) {
        found.failedStarts += 1;
        progress?.(String(error));
      } finally {
        execFileSync('umount', [copied]);
        isCopied = false;
      }
      if ((round + 1) % 20 === 0) progress?.(`${round + 1} cuts: ${record.accepted.size} accepted, ${found.lost} lost, oldest of them ${found.oldestLostMs} ms`);
    }
    oracle.mood = 'up';
    life.stop();
    await life.ended;
    const aim = sync === 'always' ? 0 : 100;
    let missing = 0;
    for (let n = 0; n < record.issued; n += 1) if (record.accepted.has(n) && !oracle.values.has(n)) missing += 1;
    return {
      title,
      rows: [
        ['values accepted', String(record.accepted.size), `> ${cuts * 100}`, record.accepted.size > cuts * 100],
        ['values waiting in the copies', String(found.waiting), '> 0', found.waiting > 0],
        sync === 'always' ? ['accepted values lost', String(found.lost), '0', found.lost === 0]
          : ['oldest accepted value that was lost', `${found.oldestLostMs} ms before the cut (${found.lost} values in all)`, `≤ ${aim} ms`, found.oldestLostMs <= aim],
        ['lost in the embedded historian', String(found.keptLost), '0', found.keptLost === 0],
        ['invented', String(found.invented + oracle.wrongCount), '0', found.invented + oracle.wrongCount === 0],
        ['failed starts', String(found.failedStarts), '0', found.failedStarts === 0],
        ['found damaged', String(found.damaged), '', true],
        ['the plant itself went on; accepted and not delivered by it in the end', String(missing), '0', missing === 0 && life.drained && life.gaps.length === 0],
      ],
      notes: record.problems.slice(0, 5),
    };
  } finally {
    if (life !== undefined) {
      life.child.kill('SIGKILL');
      await life.ended;
    }
    await oracle.halt();
    if (isCopied) execFileSync('umount', [copied]);
    if (isMounted) execFileSync('umount', [mounted]);
    rmSync(folder, { recursive: true, force: true });
  }
}
