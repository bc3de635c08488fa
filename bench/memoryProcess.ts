import { setTimeout as wait } from 'node:timers/promises';
import type { Site } from '../engine/site/site.ts';
import { sendResult, settingsOfProcess } from './benchProcess.ts';
import { benchClock, benchProperties, rowSource } from './benchRows.ts';
import { startEmbeddedNodeRed } from './embeddedNodeRed.ts';
import type { BenchNode } from './embeddedNodeRed.ts';

export interface MemorySettings {
  twins: number;
  signals: number;
  rowsPerTwin: number;
  /** Single messages of one signal for the long run, and how often the heap is looked at. */
  longRunMessages: number;
  looks: number;
}

export interface MemoryResult {
  /** Memory of a twin that has learned, less that of a Node-RED with its nodes deployed and no row yet. */
  bytesPerTwin: number;
  /** Of that, typed arrays outside of the heap. */
  externalBytesPerTwin: number;
  /** What a deployed twin takes before its first row: the node, the type's columns, empty arrays. */
  emptyBytesPerTwin: number;
  phases: Record<string, number>;
  /** CPU of one checkpoint of one twin (its state as JSON text), in µs, and the size of it. */
  checkpointMicroseconds: number;
  checkpointBytes: number;
  /** Messages so far and bytes in use after garbage collection, in the long run. */
  looks: { messages: number; bytes: number }[];
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

const settings = settingsOfProcess<MemorySettings>();
sendResult({ ...(await perTwin()), looks: await longRun() } satisfies MemoryResult);

async function perTwin(): Promise<Omit<MemoryResult, 'looks'>> {
  const { twins, signals, rowsPerTwin } = settings;
  const empty = await startEmbeddedNodeRed(flow(0));
  const emptySite = await empty.site('site');
  const withoutTwins = await bytesInUse(() => empty.historyWritten(emptySite));
  await empty.stop();

  const nodeRed = await startEmbeddedNodeRed(flow(twins));
  const site = await nodeRed.site('site');
  const sink = nodeRed.sink('sink');
  const settle = async (): Promise<void> => {
    await nodeRed.historyWritten(site);
    await site.checkpoint();
    // Verdicts of recent rows are kept for some seconds.
    for (let tick = 0; tick < 40; tick++) site.tick();
    await nodeRed.historyWritten(site);
  };
  const before = await bytesInUse(settle);
  await teach(site);
  const after = await bytesInUse(settle);
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
  return {
    bytesPerTwin: (after.all - before.all) / twins,
    externalBytesPerTwin: (after.outside - before.outside) / twins,
    emptyBytesPerTwin: (before.all - withoutTwins.all) / twins,
    phases,
    checkpointMicroseconds: (user + system) / twins,
    checkpointBytes: checkpointBytes / twins,
  };

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

async function longRun(): Promise<MemoryResult['looks']> {
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
  const looks: MemoryResult['looks'] = [];
  const settle = async (): Promise<void> => {
    await nodeRed.historyWritten(site);
    await site.checkpoint();
    for (let tick = 0; tick < 40; tick++) site.tick();
    await nodeRed.historyWritten(site);
  };
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
    looks.push({ messages: done, bytes: (await bytesInUse(settle)).all });
  }
  await nodeRed.stop();
  return looks;
}
