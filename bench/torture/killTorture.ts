import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../../demo/seededRandom.ts';
import { temporaryFolder } from '../../test/services/serviceProcess.ts';
import type { TortureResult } from './tortureResult.ts';
import { PlantRecord, startPlant } from './startPlant.ts';
import type { PlantOrder } from './startPlant.ts';
import { TortureOracle } from './tortureOracle.ts';

export interface KillOptions {
  kills: number;
  seed: number;
  perSecond?: number;
  sync?: 'always' | 'group';
  /** See PlantOrder. */
  fault?: PlantOrder['fault'];
  progress?(line: string): void;
}

/**
 * SIGKILL again and again under load, some of them while the plant is still opening its store; the target is busy, breaks off or is away by
 * turns. In the end everything that was accepted must have come, exactly, and nothing that was not issued; alerts in their order.
 */
export async function killTorture({ kills, seed, perSecond = 2000, sync = 'group', fault, progress }: KillOptions): Promise<TortureResult> {
  const random = new SeededRandom(seed);
  const folder = temporaryFolder('torture-kills');
  const oracle = new TortureOracle();
  const record = new PlantRecord();
  const starts: { wallMs: number; cpuMs: number }[] = [];
  const slowest = (which: 'wallMs' | 'cpuMs'): number => Math.round(starts.reduce((most, one) => Math.max(most, one[which]), 0));
  let failedStarts = 0;
  let keptLost = 0;
  let keptWrong = 0;
  let checkedTo = 0;
  await oracle.start();
  try {
    const order = (): PlantOrder => ({
      folder, url: oracle.url, sync, perSecond, historian: true, ...(fault !== undefined && { fault }),
      // Whole rows of 20: what a kill left half issued is not used again.
      first: 20 * Math.ceil(record.issued / 20), firstAlert: record.issuedAlerts, historyTo: { from: checkedTo, to: record.issued },
    });
    const check = (history: { there: number[]; wrong: number } | undefined, to: number): void => {
      if (history === undefined) return;
      const there = new Set(history.there);
      keptWrong += history.wrong;
      for (let n = checkedTo; n < to; n += 1) if (record.kept.has(n) && !there.has(n)) keptLost += 1;
      checkedTo = to;
    };
    for (let round = 0; round < kills; round += 1) {
      const mood = random.uniform();
      oracle.mood = mood < 0.7 ? 'up' : mood < 0.8 ? 'busy' : mood < 0.9 ? 'cut' : 'stall';
      const from = 20 * Math.floor(record.issued / 20);
      const life = startPlant(order(), record);
      if (random.uniform() < 0.1) {
        // While it opens.
        await Promise.race([delay(random.uniform() * 250), life.ended]);
      } else {
        const took = await life.ready;
        if (took === undefined) failedStarts += 1;
        else starts.push(took);
        // Under load: not before it accepts.
        const loadedMs = 100 + random.uniform() * 400;
        while (took !== undefined && life.recent.length === 0 && life.child.exitCode === null) await delay(5);
        await Promise.race([delay(loadedMs), life.ended]);
      }
      if (life.child.exitCode !== null) failedStarts += 1;
      life.child.kill('SIGKILL');
      await life.ended;
      check(life.history, from);
      if (progress !== undefined && (round + 1) % 50 === 0) {
        progress(`${round + 1} kills: ${record.accepted.size} values accepted, ${oracle.values.size} arrived, slowest start ${slowest('wallMs')} ms`);
      }
    }
    oracle.release();
    const life = startPlant({ ...order(), last: 20 * Math.ceil(record.issued / 20) + 2000 }, record);
    await life.ended;
    check(life.history, record.issued - 2000);
    let lost = 0;
    let invented = 0;
    for (let n = 0; n < record.issued; n += 1) if (record.accepted.has(n) && !oracle.values.has(n)) lost += 1;
    if (oracle.highest >= record.issued) invented += 1;
    let alertsLost = 0;
    for (let n = 0; n < record.issuedAlerts; n += 1) if (record.alerts.has(n) && !oracle.alerts.has(n)) alertsLost += 1;
    const middle = Math.round(starts.map(({ wallMs }) => wallMs).toSorted((a, b) => a - b)[starts.length >> 1] ?? NaN);
    return {
      title: `${kills} × SIGKILL under ${perSecond} values/s (${sync}, seed ${seed})`,
      rows: [
        ['values accepted', String(record.accepted.size), `> ${kills * 100}`, record.accepted.size > kills * 100],
        ['accepted values lost on their way to the target', String(lost), '0', lost === 0],
        ['accepted alerts lost', `${alertsLost} of ${record.alerts.size}`, '0', alertsLost === 0 && record.alerts.size > kills],
        ['alerts out of order', String(oracle.alertsOutOfOrder), '0', oracle.alertsOutOfOrder === 0],
        ['accepted values lost in the embedded historian', `${keptLost} of ${record.kept.size}`, '0', keptLost === 0 && checkedTo > 0],
        ['invented, at the target and in the historian', String(invented + oracle.wrongCount + keptWrong), '0', invented + oracle.wrongCount + keptWrong === 0],
        ['came twice (harmless)', String(oracle.repeated), '', true],
        ['failed starts', String(failedStarts), '0', failedStarts === 0],
        ['found damaged', String(record.problems.length), '0', record.problems.length === 0],
        ['slowest start until ready', `${slowest('wallMs')} ms (median ${middle} ms; processor at most ${slowest('cpuMs')} ms)`, '< 3000 ms', slowest('wallMs') < 3000],
        ['a fresh one passes afterwards', life.drained ? 'yes' : 'no', 'yes', life.drained],
      ],
      notes: [...oracle.wrong, ...record.problems.slice(0, 5), ...[...record.refused].map(([code, count]) => `refused ${count} × ${code}`)],
    };
  } finally {
    await oracle.halt();
    rmSync(folder, { recursive: true, force: true });
  }
}
