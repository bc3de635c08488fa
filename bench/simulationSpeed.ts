import { createRequire } from 'node:module';
import { LineThreads } from '../adapters/simulation/lineThreads.ts';
import { Resource, SimulationProcesses } from '../engine/simulation/simulationProcesses.ts';
import { RandomStream } from '../engine/simulation/randomStream.ts';
import { replicate, replicationSeed } from '../engine/simulation/replications.ts';
import { simulateLine } from '../engine/simulation/simulateLine.ts';
import { meanInterval } from '../engine/statistics/meanInterval.ts';
import type { LineModel } from '../engine/simulation/lineModel.ts';
import { exponential, queue, straightLine } from '../test/engine/simulation/lineModels.ts';
import { oracleRows } from '../test/engine/simulation/oracleRows.ts';
import { verdictOf } from './verdictOf.ts';

/** One queue before one machine, load 0.8: two events a part, arrival and end of service, whoever runs it. */
interface QueueRun {
  name: string;
  run(parts: number): Promise<{ events: number; meanInLine: number }> | { events: number; meanInLine: number };
  /** Parts that this package gets through in a second or so. */
  parts: number;
}

function ours(parts: number): { events: number; meanInLine: number } {
  const result = simulateLine(queue(exponential(1.25), exponential(1)), { seed: 1, warmUpS: 0, runS: parts * 1.25 });
  return { events: result.events, meanInLine: result.line.mean };
}

function ourProcesses(parts: number): { events: number; meanInLine: number } {
  const processes = new SimulationProcesses();
  const machine = new Resource(processes);
  const [arrival, service] = [new RandomStream(1, 'arrival'), new RandomStream(1, 'service')];
  let stays = 0;
  function* part(): Generator<number | Resource, void> {
    const cameS = processes.nowS;
    yield machine;
    yield service.exponential();
    machine.release();
    stays += processes.nowS - cameS;
  }
  function* arrivals(): Generator<number, void> {
    for (let index = 0; index < parts; index += 1) {
      yield 1.25 * arrival.exponential();
      processes.start(part());
    }
  }
  processes.start(arrivals());
  processes.run(parts * 1.25);
  return { events: 2 * parts, meanInLine: stays / processes.nowS };
}

interface SimJs {
  Sim: new () => { addEntity(entity: unknown): unknown; simulate(until: number): void; time(): number };
  Entity: new () => { time(): number; setTimer(delay: number): { done(callback: () => void): unknown }; useFacility(facility: unknown, duration: number): { done(callback: () => void): unknown } };
  Facility: new (name: string) => unknown;
}

let loadedSimjs: SimJs | undefined;

function simjs(parts: number): { events: number; meanInLine: number } {
  // Its build exports nothing; it leaves its names in a browser's window.
  const scope = globalThis as { window?: { Sim?: SimJs } };
  if (loadedSimjs === undefined) {
    scope.window = {};
    createRequire(import.meta.url)('simjs');
    loadedSimjs = scope.window.Sim;
    delete scope.window;
  }
  const { Sim, Entity, Facility } = loadedSimjs!;
  const sim = new Sim();
  const machine = new Facility('machine');
  const [arrival, service] = [new RandomStream(1, 'arrival'), new RandomStream(1, 'service')];
  let stays = 0;
  let made = 0;
  class Arrivals extends Entity {
    start(): void {
      this.setTimer(1.25 * arrival.exponential()).done(() => {
        if (made >= parts) return;
        made += 1;
        const cameS = this.time();
        this.useFacility(machine, service.exponential()).done(() => (stays += this.time() - cameS));
        this.start();
      });
    }
  }
  sim.addEntity(Arrivals);
  sim.simulate(parts * 1.25);
  return { events: 2 * made, meanInLine: stays / (parts * 1.25) };
}

interface SimScript {
  Simulation: new (options?: unknown) => {
    timeEnd?: number; start(reset?: boolean): Promise<void>; timeNow: number;
    activate(entity: unknown): void;
    finished: { addEventListener(listener: () => void): void };
  };
  Entity: new () => {
    enterQueue(queue: unknown): Promise<void>; leaveQueue(queue: unknown): void; delay(time: number): Promise<void>;
    simulation: { timeNow: number; activate(entity: unknown): void };
  };
  Queue: new (name: string, capacity?: number) => unknown;
}

async function simscript(parts: number): Promise<{ events: number; meanInLine: number }> {
  // It asks for a browser's frames when it yields; without a document a turn of the event loop does the same.
  const scope = globalThis as { requestAnimationFrame?: (callback: () => void) => unknown; document?: unknown };
  scope.requestAnimationFrame ??= (callback) => setImmediate(callback);
  const { Simulation, Entity, Queue } = createRequire(import.meta.url)('simscript') as SimScript;
  const [arrival, service] = [new RandomStream(1, 'arrival'), new RandomStream(1, 'service')];
  let stays = 0;
  let served = 0;
  const waiting = new Queue('queue');
  const machine = new Queue('machine', 1);
  class Part extends Entity {
    async script(): Promise<void> {
      const cameS = this.simulation.timeNow;
      await this.enterQueue(waiting);
      await this.enterQueue(machine);
      this.leaveQueue(waiting);
      await this.delay(service.exponential());
      this.leaveQueue(machine);
      stays += this.simulation.timeNow - cameS;
      served += 1;
    }
  }
  class Arrivals extends Entity {
    async script(): Promise<void> {
      for (let index = 0; index < parts; index += 1) {
        await this.delay(1.25 * arrival.exponential());
        this.simulation.activate(new Part());
      }
    }
  }
  class Line extends Simulation {
    onStarting(): void {
      this.activate(new Arrivals());
    }
  }
  const line = new Line();
  line.timeEnd = parts * 1.25;
  await new Promise<void>((resolve, reject) => {
    line.finished.addEventListener(() => resolve());
    Promise.resolve(line.start()).catch(reject);
  });
  return { events: 2 * served, meanInLine: stays / (parts * 1.25) };
}

/** Ten stations with failures and buffers over a shift of 8 h, a part each 3 s or so: what a what-if is asked about. */
function tenStations(): LineModel {
  const station = (at: number) => ({
    cycle: { kind: 'gamma', mean: 2.5 + 0.1 * (at % 4), scv: 0.25 } as const,
    failures: [{ between: exponential(1_800 + 300 * at), repair: exponential(60 + 10 * at) }],
  });
  return straightLine(Array.from({ length: 10 }, (_, at) => station(at)), Array.from({ length: 9 }, () => 8));
}

async function speed(print: (line: string) => void, seconds: number): Promise<void> {
  const runs: QueueRun[] = [
    { name: 'twinwire, blocks', run: ours, parts: 1_000_000 * seconds },
    { name: 'twinwire, generator processes', run: ourProcesses, parts: 500_000 * seconds },
    { name: 'simjs 2.0', run: simjs, parts: 40_000 * seconds },
    { name: 'simscript 1.0', run: simscript, parts: 20_000 * seconds },
  ];
  print('| one queue before one machine, load 0.8 (exact: 4 in line) | events/s, best of 3 | in line | aim | |');
  print('|---|---|---|---|---|');
  for (const { name, run, parts } of runs) {
    let best = 0;
    let inLine = NaN;
    await run(Math.ceil(parts / 20));
    for (let turn = 0; turn < 3; turn += 1) {
      const beginMs = performance.now();
      const { events, meanInLine } = await run(Math.ceil(parts));
      best = Math.max(best, events / ((performance.now() - beginMs) / 1_000));
      inLine = meanInLine;
    }
    const aim = name === 'twinwire, blocks' ? `≥ 1 M | ${verdictOf(best >= 1e6)}` : ' | ';
    print(`| ${name} | ${(best / 1e6).toFixed(2)} M | ${inLine.toFixed(2)} | ${aim} |`);
  }
  print('');
  const model = tenStations();
  const order = { model, seed: 1, first: 0, count: 30, warmUpS: 3_600, runS: 8 * 3_600 };
  const threads = new LineThreads(2);
  try {
    await threads.run({ ...order, count: 2, runS: 60 });
    const beginMs = performance.now();
    const results = await threads.run(order);
    const took = (performance.now() - beginMs) / 1_000;
    const events = results.reduce((sum, result) => sum + result.events, 0);
    print('| 10 stations × 30 replications × 8 h on 2 threads | took | events/s | aim | |');
    print('|---|---|---|---|---|');
    print(`| after 1 h of warm-up each; ${(events / 1e6).toFixed(1)} M events | ${took.toFixed(2)} s | ${(events / took / 1e6).toFixed(2)} M | ≤ 2 s | ${verdictOf(took <= 2)} |`);
  } finally {
    await threads.close();
  }
}

/** Every known answer in long runs: the aim is an error below 0.5 %; beside it the error that chance alone leaves. */
export async function longRuns(print: (line: string) => void, factor: number): Promise<number> {
  const threads = new LineThreads(2);
  let met = 0;
  let all = 0;
  try {
    print('| model | figure | exact | 60 long runs | error | 99 % of chance | |');
    print('|---|---|---|---|---|---|---|');
    for (const { name, model, warmUpS, runS, longer, figures } of oracleRows) {
      const results = await threads.run({ model, seed: 4_711, first: 0, count: 60, warmUpS, runS: runS * longer * factor });
      for (const { name: figure, exact, of } of figures) {
        const { mean, half } = meanInterval(results.map(of), 0.99);
        const error = Math.abs(mean / exact - 1);
        all += 1;
        if (error < 0.005) met += 1;
        print(`| ${name} | ${figure} | ${exact.toFixed(6)} | ${mean.toFixed(6)} | ${(100 * error).toFixed(3)} % | ${((100 * half) / exact).toFixed(3)} % | ${verdictOf(error < 0.005)} |`);
      }
    }
  } finally {
    await threads.close();
  }
  print('');
  print(`${met} of ${all} figures within 0.5 %.`);
  return met / all;
}

/** How often a 95 % interval of 10 replications holds the exact figure, over many seeds. */
export function coverage(print: (line: string) => void, seeds: number): void {
  const rows = ['exponential 1, 1; buffers 1', 'Bernoulli 0.8, 0.9; N 2', 'CONWIP, 4 jobs'];
  print(`| 95 % intervals of 10 replications, ${seeds} seeds | hold the exact figure | aim | |`);
  print('|---|---|---|---|');
  for (const name of rows) {
    const row = oracleRows.find((one) => one.name === name)!;
    const figure = row.figures[0]!;
    let held = 0;
    for (let seed = 0; seed < seeds; seed += 1) {
      const results = replicate({ model: row.model, seed: replicationSeed(seed, 77), first: 0, count: 10, warmUpS: row.warmUpS, runS: 400 });
      const { low, high } = meanInterval(results.map(figure.of));
      if (low <= figure.exact && figure.exact <= high) held += 1;
    }
    const share = held / seeds;
    print(`| ${name} | ${(100 * share).toFixed(1)} % | 93–97 % | ${verdictOf(share >= 0.93 && share <= 0.97)} |`);
  }
}

/** Speed beside the packages that exist, the known answers in long runs, and whether intervals hold what they promise. */
export async function simulationSpeed(print: (line: string) => void, { seconds = 1, factor = 10, seeds = 1_000 } = {}): Promise<void> {
  await speed(print, seconds);
  print('');
  coverage(print, seeds);
  print('');
  await longRuns(print, factor);
}

if (import.meta.main) await simulationSpeed((line) => console.log(line));
