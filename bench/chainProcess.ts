import { sendResult, settingsOfProcess } from './benchProcess.ts';
import { benchClock, benchProperties, rowSource } from './benchRows.ts';
import { startEmbeddedNodeRed } from './embeddedNodeRed.ts';
import type { BenchNode } from './embeddedNodeRed.ts';

export interface ChainSettings {
  cases: readonly { signals: number; rows: number }[];
  /** Messages before anything is measured, so that the baseline is armed and the code compiled. */
  warmUpRows: number;
  /** Signals that pass in one measured slice, about. */
  signalsPerSlice: number;
  slices: number;
}

/** CPU in µs per message: the median of the slices, so that what else the machine does in between counts little. */
export interface ChainResult {
  signals: number;
  /** 1: single messages; else rows of a batch. */
  rows: number;
  messages: number;
  /** Of the thread of Node-RED, while messages pass. */
  chain: number;
  passThrough: number;
  /** Of the whole process: garbage collection and compiler threads too. */
  chainProcess: number;
  passThroughProcess: number;
  /** What writing the history of these messages took afterwards: thread of Node-RED, and thread of the store. */
  historyNear: number;
  historyStore: number;
  phase: string;
  verdicts: Record<string, number>;
  historyDropped: number;
}

const readThread = (process as { threadCpuUsage?: () => NodeJS.CpuUsage }).threadCpuUsage ?? process.cpuUsage;

/**
 * CPU in µs: of the calling thread (Node 22 only tells of the process), and of the process. The process is asked first, because
 * only that brings the kernel's account of the running thread up to date; else it is some milliseconds old.
 */
function cpu(): readonly [thread: number, process: number] {
  const whole = process.cpuUsage();
  const own = readThread.call(process);
  return [own.user + own.system, whole.user + whole.system];
}

type F = Float64Array;

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

await main(settingsOfProcess<ChainSettings>());

async function main(settings: ChainSettings): Promise<void> {
  const widths = [...new Set(settings.cases.map(({ signals }) => signals))];
  const nodeRed = await startEmbeddedNodeRed(benchFlow(widths));
  const site = await nodeRed.site('site');
  const results: ChainResult[] = [];
  try {
    for (const { signals, rows } of settings.cases) {
      const id = rows === 1 ? `single${signals}` : `batch${signals}`;
      results.push(await measure(id, signals, rows));
    }
  } finally {
    await nodeRed.stop();
  }
  sendResult(results);

  async function measure(id: string, signals: number, rows: number): Promise<ChainResult> {
    const source = rowSource(signals);
    const sink = nodeRed.sink(`${id}-sink`);
    const passSink = nodeRed.sink('pass-sink');
    const messagesPerSlice = Math.max(1, Math.min(2_000, Math.round(settings.signalsPerSlice / signals / rows)));
    // A slice long enough to be measured.
    const passTurns = Math.ceil(1_000 / messagesPerSlice);
    const make = (count: number): Record<string, unknown>[] =>
      Array.from({ length: count }, () => (rows === 1 ? source.message() : source.batch(rows)));
    let unwritten = 0;
    for (let done = 0; done < settings.warmUpRows; ) {
      const messages = make(rows === 1 ? 200 : 1);
      await nodeRed.pass(`${id}-asset`, messages, sink);
      await nodeRed.pass('pass-1', make(messages.length), passSink);
      done += messages.length * rows;
      unwritten += messages.length * rows * signals;
      if (unwritten > 50_000) {
        await nodeRed.historyWritten(site);
        unwritten = 0;
      }
    }
    const verdicts: Record<string, number> = {};
    const slices = Array.from({ length: 6 }, () => new Float64Array(settings.slices));
    const [chain, chainProcess, passThrough, passThroughProcess, historyNear, historyStore] = slices as [F, F, F, F, F, F];
    for (let slice = 0; slice < settings.slices; slice++) {
      await nodeRed.historyWritten(site);
      const messages = make(messagesPerSlice);
      const others = make(messagesPerSlice);
      const a = cpu();
      await nodeRed.pass(`${id}-asset`, messages, sink);
      const b = cpu();
      await nodeRed.historyWritten(site);
      const c = cpu();
      for (let turn = 0; turn < passTurns; turn++) await nodeRed.pass('pass-1', others, passSink);
      const d = cpu();
      chain[slice] = b[0] - a[0];
      chainProcess[slice] = b[1] - a[1];
      historyNear[slice] = c[0] - b[0];
      historyStore[slice] = c[1] - b[1] - (c[0] - b[0]);
      passThrough[slice] = (d[0] - c[0]) / passTurns;
      passThroughProcess[slice] = (d[1] - c[1]) / passTurns;
      const { anomaly } = sink.last as { anomaly: { verdict: string } | { verdict: string }[] };
      for (const { verdict } of Array.isArray(anomaly) ? anomaly : [anomaly]) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    }
    const messages = settings.slices * messagesPerSlice;
    return {
      signals,
      rows,
      messages,
      chain: median(chain) / messagesPerSlice,
      passThrough: median(passThrough) / messagesPerSlice,
      chainProcess: median(chainProcess) / messagesPerSlice,
      passThroughProcess: median(passThroughProcess) / messagesPerSlice,
      historyNear: median(historyNear) / messagesPerSlice,
      historyStore: median(historyStore) / messagesPerSlice,
      phase: (sink.last as { learning: { phase: string } }).learning.phase,
      verdicts,
      historyDropped: site.historyDropped,
    };
  }
}

/** One site; a machine of each width for single messages and one for batches; a pass-through chain of three nodes. */
function benchFlow(widths: readonly number[]): BenchNode[] {
  const flow: BenchNode[] = [
    { id: 'site', type: 'twin-site', name: 'Bench', ...benchClock },
    { id: 'pass-1', z: 'tab', type: 'bench-pass', wires: [['pass-2']] },
    { id: 'pass-2', z: 'tab', type: 'bench-pass', wires: [['pass-3']] },
    { id: 'pass-3', z: 'tab', type: 'bench-pass', wires: [['pass-sink']] },
    { id: 'pass-sink', z: 'tab', type: 'bench-sink' },
  ];
  for (const width of widths) {
    flow.push({
      id: `type${width}`,
      type: 'twin-type',
      name: `machine${width}`,
      version: 1,
      properties: benchProperties(width),
    });
    for (const form of ['single', 'batch']) {
      const id = `${form}${width}`;
      flow.push(
        { id: `${id}-asset`, z: 'tab', type: 'twin-asset', site: 'site', assetType: `type${width}`, key: id, name: id, place: 'bench', wires: [[`${id}-baseline`], []] },
        { id: `${id}-baseline`, z: 'tab', type: 'twin-baseline', site: 'site', wires: [[`${id}-anomaly`]] },
        { id: `${id}-anomaly`, z: 'tab', type: 'twin-anomaly', site: 'site', wires: [[`${id}-sink`]] },
        { id: `${id}-sink`, z: 'tab', type: 'bench-sink' },
      );
    }
  }
  return flow;
}
