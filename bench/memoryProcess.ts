import { setTimeout as wait } from 'node:timers/promises';
import type { Site } from '../engine/site/site.ts';
import { sendResult, settingsOfProcess } from './benchProcess.ts';
import { benchClock, benchProperties, rowSource } from './benchRows.ts';
import { startEmbeddedNodeRed } from './embeddedNodeRed.ts';
import type { BenchNode, EmbeddedNodeRed } from './embeddedNodeRed.ts';

export interface MemorySettings {
  twins: number;
  signals: number;
  rowsPerTwin: number;
  /** Single messages of one signal for the long run, and how often the heap is looked at. */
  longRunMessages: number;
  looks: number;
}

/** Of one process: twins, or the long run. */
export interface MemoryTask extends MemorySettings {
  task: 'twins' | 'longRun';
}

export interface TwinsInUse {
  /** Heap and outside of it, all of Node-RED. */
  bytes: number;
  outsideBytes: number;
  phases: Record<string, number>;
  /** CPU of the checkpoint of one twin (its state as JSON text), in µs, and the size of it. */
  checkpointMicroseconds: number;
  checkpointBytes: number;
}

export interface Look {
  messages: number;
  bytes: number;
}

const collect = (globalThis as { gc?: () => void }).gc;

/** Bytes in use, heap and outside of it, after everything unreachable was collected and what waits for the disk is written. */
async function bytesInUse(settle: () => Promise<void>): Promise<{ all: number; outside: number }> {
  if (collect === undefined) throw new Error('Run this with --expose-gc.');
  await settle();
  for (let round = 0; round < 3; round++) {
    collect();
    await wait(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return { all: heapUsed + external, outside: external };
}

const settings = settingsOfProcess<MemoryTask>();
sendResult(settings.task === 'twins' ? await twinsInUse() : await longRun());

async function twinsInUse(): Promise<TwinsInUse> {
  const { twins, signals, rowsPerTwin } = settings;
  const nodeRed = await startEmbeddedNodeRed(flow(twins));
  const site = await nodeRed.site('site');
  const sink = nodeRed.sink('sink');
  await teach(site);
  const { all, outside } = await bytesInUse(async () => settle(nodeRed, site));
  const phases: Record<string, number> = {};
  for (const asset of site.assets()) {
    const { phase } = asset.progress();
    phases[phase] = (phases[phase] ?? 0) + 1;
  }
  const start = process.cpuUsage();
  let checkpointBytes = 0;
  for (const asset of site.assets()) checkpointBytes += JSON.stringify(asset.snapshot()).length;
  const { user, system } = process.cpuUsage(start);
  await nodeRed.stop();
  return { bytes: all, outsideBytes: outside, phases, checkpointMicroseconds: (user + system) / twins, checkpointBytes: checkpointBytes / twins };

  async function teach(opened: Site): Promise<void> {
    const rowsAtOnce = 250;
    const sources = Array.from({ length: twins }, (_, index) => rowSource(signals, index + 1));
    for (let done = 0; done < rowsPerTwin; done += rowsAtOnce) {
      for (let index = 0; index < twins; index++) {
        const rows = Array.from({ length: Math.min(rowsAtOnce, rowsPerTwin - done) }, () => (sources[index] as (typeof sources)[0]).message());
        await nodeRed.pass(`asset${index}`, rows, sink);
        if (index % 10 === 9) await nodeRed.historyWritten(opened);
      }
    }
  }

  function flow(count: number): BenchNode[] {
    return [
      { id: 'site', type: 'twin-site', name: 'Bench', ...benchClock },
      { id: 'type', type: 'twin-type', name: 'machine', version: 1, properties: benchProperties(signals) },
      ...Array.from({ length: count }, (_, index) => (
        { id: `asset${index}`, z: 'tab', type: 'twin-asset', site: 'site', assetType: 'type', key: `machine${index}`, name: `Machine ${index}`, place: 'bench', wires: [['baseline'], []] })),
      { id: 'baseline', z: 'tab', type: 'twin-baseline', site: 'site', wires: [['anomaly']] },
      { id: 'anomaly', z: 'tab', type: 'twin-anomaly', site: 'site', wires: [['sink']] },
      { id: 'sink', z: 'tab', type: 'bench-sink' },
    ];
  }
}

/** Everything is written, and the verdicts of recent rows, kept for some seconds, are let go. */
async function settle(nodeRed: EmbeddedNodeRed, site: Site): Promise<void> {
  await nodeRed.historyWritten(site);
  await site.checkpoint();
  for (let tick = 0; tick < 40; tick++) site.tick();
  await nodeRed.historyWritten(site);
}

async function longRun(): Promise<Look[]> {
  const nodeRed = await startEmbeddedNodeRed([
    { id: 'site', type: 'twin-site', name: 'Bench', ...benchClock },
    { id: 'type', type: 'twin-type', name: 'machine', version: 1, properties: benchProperties(1) },
    { id: 'asset', z: 'tab', type: 'twin-asset', site: 'site', assetType: 'type', key: 'machine', name: 'Machine', place: 'bench', wires: [['baseline'], []] },
    { id: 'baseline', z: 'tab', type: 'twin-baseline', site: 'site', wires: [['anomaly']] },
    { id: 'anomaly', z: 'tab', type: 'twin-anomaly', site: 'site', wires: [['sink']] },
    { id: 'sink', z: 'tab', type: 'bench-sink' },
  ]);
  const site = await nodeRed.site('site');
  const sink = nodeRed.sink('sink');
  const source = rowSource(1);
  const looks: Look[] = [];
  let done = 0;
  let unwritten = 0;
  for (let look = 0; look < settings.looks; look++) {
    const until = Math.round(((look + 1) * settings.longRunMessages) / settings.looks);
    while (done < until) {
      const count = Math.min(1_000, until - done);
      await nodeRed.pass('asset', Array.from({ length: count }, () => source.message()), sink);
      done += count;
      unwritten += count;
      if (unwritten < 50_000) continue;
      await nodeRed.historyWritten(site);
      unwritten = 0;
    }
    looks.push({ messages: done, bytes: (await bytesInUse(() => settle(nodeRed, site))).all });
  }
  await nodeRed.stop();
  return looks;
}
