import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOpcuaSource } from '../adapters/opcua/opcuaSource.ts';
import type { OpcuaSecurity } from '../adapters/opcua/opcuaSource.ts';
import { FaultBench, faultNames, inject, pause, until } from '../test/adapters/opcua/opcuaFaults.ts';
import { startTestServer } from '../test/adapters/opcua/startTestServer.ts';

/**
 * The PLC source under load, under faults and over many deploys. The server is a process of its own, so that only the source is measured.
 *
 *   node bench/opcuaSource.ts                 1,000 tags at 100 ms for 20 s, without and with encryption
 *   node bench/opcuaSource.ts faults [100]    so many injected faults, each noticed in 5 s and over in 10 s
 *   node bench/opcuaSource.ts cycles [500]    so many times opened and closed
 */
const [what = 'speed', count] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'twin-opcua-bench-'));
try {
  if (what === 'faults') await faults(Number(count ?? 100));
  else if (what === 'cycles') await cycles(Number(count ?? 500));
  else {
    await speed('none');
    await speed('Basic256Sha256');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

async function speed(security: OpcuaSecurity): Promise<void> {
  const tags = 1000;
  const measuredMs = 20_000;
  const server = await startTestServer({ folder: join(folder, security), tags, tickMs: 100 });
  const source = createOpcuaSource({ url: `opc.tcp://127.0.0.1:${server.port}/test`, pkiFolder: join(folder, 'client'), security });
  source.onState((_state, problem) => {
    if (problem?.code === 'TWIN_OPCUA_CERTIFICATE') void source.trust(String(problem.values['fingerprint']));
  });
  let values = 0;
  let measuring = false;
  const lagsMs: number[] = [];
  source.subscribe({ subtrees: ['ns=2;s=Tags'], publishingIntervalMs: 100, samplingIntervalMs: 100 }, {
    values(batch) {
      if (!measuring) return;
      values += batch.length;
      const first = batch[0];
      if (first?.sourceTimeMs !== undefined) lagsMs.push(first.receivedTimeMs - first.sourceTimeMs);
    },
  });
  await until(() => source.state === 'connected', 20_000, () => `not connected: ${source.problem?.message}`);
  await pause(3000);
  const { ticks: ticksBefore = 0 } = await server.ask({ do: 'ticks' });
  const before = process.cpuUsage();
  const fromMs = performance.now();
  measuring = true;
  await pause(measuredMs);
  measuring = false;
  const seconds = (performance.now() - fromMs) / 1000;
  const cpu = process.cpuUsage(before);
  const { ticks = 0 } = await server.ask({ do: 'ticks' });
  await source.close();
  await server.kill();
  lagsMs.sort((a, b) => a - b);
  console.log(JSON.stringify({
    security, tags, valuesPerSecond: Math.round(values / seconds), offeredPerSecond: Math.round(((ticks - ticksBefore) * tags) / seconds),
    corePercent: Math.round((cpu.user + cpu.system) / 1e4 / seconds * 10) / 10,
    lagMs: { p50: quantile(lagsMs, 0.5), p99: quantile(lagsMs, 0.99) },
    rssMB: Math.round(process.memoryUsage.rss() / 1e6),
  }));
}

async function faults(total: number): Promise<void> {
  // Several plants side by side: most of the time is waiting.
  const plants = 4;
  let next = 0;
  let good = 0;
  const worst = new Map<string, { noticedMs: number; backMs: number }>();
  await Promise.all(Array.from({ length: plants }, async (_each, plant) => {
    const bench = await FaultBench.open({ folder: join(folder, `plant${plant}`) }, plant % 2 === 0 ? 'none' : 'best');
    try {
      await bench.data();
      while (next < total) {
        const fault = faultNames[next % faultNames.length]!;
        next += 1;
        try {
          const { noticedMs, backMs } = await inject(bench, fault, Math.random() * 5000);
          const so = worst.get(fault) ?? { noticedMs: 0, backMs: 0 };
          worst.set(fault, { noticedMs: Math.max(so.noticedMs, Math.round(noticedMs)), backMs: Math.max(so.backMs, Math.round(backMs)) });
          if (noticedMs <= 5000 && backMs <= 10_000) good += 1;
          else console.log(`too late: ${fault} noticed after ${Math.round(noticedMs)} ms, data back after ${Math.round(backMs)} ms`);
        } catch (cause) {
          console.log(`${fault}: ${cause instanceof Error ? cause.message : String(cause)}`);
        }
      }
    } finally {
      await bench.close();
    }
  }));
  console.log(JSON.stringify({ faults: total, good, worst: Object.fromEntries(worst) }));
  if (good < total) process.exitCode = 1;
}

async function cycles(total: number): Promise<void> {
  const server = await startTestServer({ folder: join(folder, 'cycles') });
  const url = `opc.tcp://127.0.0.1:${server.port}/test`;
  const handles = (): number => process.getActiveResourcesInfo().length;
  let heapAfterTen = 0;
  let handlesAfterTen = 0;
  const heapMB = async (): Promise<number> => {
    await pause(500);
    globalThis.gc?.();
    return process.memoryUsage().heapUsed / 1e6;
  };
  for (let cycle = 0; cycle < total; cycle += 1) {
    const source = createOpcuaSource({ url, pkiFolder: join(folder, 'client'), security: 'none' });
    let values = 0;
    source.subscribe({ addresses: ['ns=2;s=Count'], publishingIntervalMs: 50 }, { values: (batch) => (values += batch.length) });
    // Every third is closed while it connects.
    if (cycle % 3 === 0) await pause(cycle % 50);
    else await until(() => values > 0, 20_000, () => `no value in cycle ${cycle}: ${source.problem?.message}`);
    await source.close();
    if (cycle === 9) {
      heapAfterTen = await heapMB();
      handlesAfterTen = handles();
    }
  }
  const heapAtEnd = await heapMB();
  const { sessions, subscriptions } = await server.ask({ do: 'sessions' });
  console.log(JSON.stringify({
    cycles: total, sessionsLeft: sessions, subscriptionsLeft: subscriptions, handlesGrown: handles() - handlesAfterTen,
    heapGrownMB: Math.round((heapAtEnd - heapAfterTen) * 10) / 10, heapIsExact: globalThis.gc !== undefined,
  }));
  await server.kill();
  if (sessions !== 0 || subscriptions !== 0 || handles() > handlesAfterTen) process.exitCode = 1;
}
