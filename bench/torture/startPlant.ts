import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { OutboxGap } from '../../engine/ports.ts';
import { NumberSet } from './tortureOracle.ts';

const program = fileURLToPath(new URL('./torturedPlant.ts', import.meta.url));

export interface PlantOrder {
  folder: string;
  url: string;
  sync: 'always' | 'group';
  /** The number of the first value and of the first alert. */
  first: number;
  firstAlert: number;
  /** Behind the last value; without it until it is stopped. */
  last?: number;
  perSecond: number;
  burst?: number;
  historian: boolean;
  /** Say which values of these the embedded historian holds. */
  historyTo?: { from: number; to: number };
  keepBytes?: number;
  batchRecords?: number;
  timeoutMs?: number;
  /** What the process may have as heap, in MB. */
  heapMegabytes?: number;
  /** A plant with a fault, to see that the torture finds it: one batch in ten is accepted without being kept, or comes with another text. */
  fault?: 'loses' | 'changes';
}

export interface PlantStat {
  atMs: number;
  rss: number;
  waiting: number;
  bytes: number;
  dropped: number;
}

/** What a plant said over all its lives. */
export class PlantRecord {
  issued = 0;
  issuedAlerts = 0;
  readonly accepted = new NumberSet();
  readonly alerts = new NumberSet();
  /** In the embedded historian. */
  readonly kept = new NumberSet();
  readonly problems: string[] = [];
  readonly refused = new Map<string, number>();
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One life of a plant. */
export interface PlantLife {
  readonly child: ChildProcess;
  /** Milliseconds from the start of the process, by the wall and of the processor; undefined: it ended before. */
  readonly ready: Promise<{ wallMs: number; cpuMs: number } | undefined>;
  readonly ended: Promise<void>;
  readonly stats: PlantStat[];
  readonly drained: boolean;
  readonly gaps: OutboxGap[];
  readonly setAside: number;
  /** Accepted ranges with the plant's own time, newest last; only the last few. */
  readonly recent: { first: number; end: number; atMs: number }[];
  history: { there: number[]; wrong: number } | undefined;
  /** Set when everything of `burst` is accepted. */
  burstEnd: number | undefined;
  stop(): void;
}

export function startPlant(order: PlantOrder, record: PlantRecord): PlantLife {
  const startedMs = performance.now();
  const heap = order.heapMegabytes === undefined ? [] : [`--max-old-space-size=${order.heapMegabytes}`];
  const child = spawn(process.execPath, [...heap, program, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  running.add(child);
  let readyNow: (took: { wallMs: number; cpuMs: number } | undefined) => void = () => {};
  let endedNow: () => void = () => {};
  const life = {
    child,
    ready: new Promise<{ wallMs: number; cpuMs: number } | undefined>((resolve) => (readyNow = resolve)),
    ended: new Promise<void>((resolve) => (endedNow = resolve)),
    stats: [] as PlantStat[],
    drained: false,
    gaps: [] as OutboxGap[],
    setAside: 0,
    recent: [] as { first: number; end: number; atMs: number }[],
    history: undefined as PlantLife['history'],
    burstEnd: undefined as number | undefined,
    stop: () => void (child.connected && child.send({ stop: true })),
  };
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  lines.on('line', (line) => {
    const at = line.indexOf(' ');
    const verb = at < 0 ? line : line.slice(0, at);
    const rest = at < 0 ? '' : line.slice(at + 1);
    const [first = 0, end = 0, atMs = 0] = verb === 'issued' || verb === 'accepted' || verb === 'kept' ? rest.split(' ').map(Number) : [];
    switch (verb) {
      case 'ready': readyNow({ wallMs: performance.now() - startedMs, cpuMs: Number(rest) }); break;
      case 'issued': record.issued = Math.max(record.issued, end); break;
      case 'accepted':
        for (let n = first; n < end; n += 1) record.accepted.add(n);
        life.recent.push({ first, end, atMs });
        if (life.recent.length > 2000) life.recent.splice(0, 1000);
        break;
      case 'kept':
        for (let n = first; n < end; n += 1) record.kept.add(n);
        break;
      case 'alert-issued': record.issuedAlerts = Math.max(record.issuedAlerts, Number(rest) + 1); break;
      case 'alert-accepted': record.alerts.add(Number(rest)); break;
      case 'problem': record.problems.push(rest); break;
      case 'refused': record.refused.set(rest, (record.refused.get(rest) ?? 0) + 1); break;
      case 'stat': life.stats.push({ atMs: performance.now(), ...(JSON.parse(rest) as Omit<PlantStat, 'atMs'>) }); break;
      case 'history': life.history = JSON.parse(rest) as PlantLife['history']; break;
      case 'gaps': life.gaps = JSON.parse(rest) as OutboxGap[]; break;
      case 'aside': life.setAside = Number(rest); break;
      case 'burst': life.burstEnd = Number(rest); break;
      case 'drained': life.drained = true; break;
      default:
    }
  });
  lines.on('close', () => {
    readyNow(undefined);
    if (child.exitCode !== null || child.signalCode !== null) finish();
    else child.once('exit', finish);
  });
  function finish(): void {
    running.delete(child);
    endedNow();
  }
  return life;
}
