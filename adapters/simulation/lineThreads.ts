import { Worker } from 'node:worker_threads';
import { Problem } from '../../engine/problem.ts';
import type { CauseOrder, CauseResult } from '../../engine/process/causeRecord.ts';
import type { QualityOrder } from '../../engine/process/lotRecord.ts';
import type { QualityAnswer } from '../../engine/process/qualityResponse.ts';
import type { LineRecord, RecordedModel } from '../../engine/process/recordedModel.ts';
import type { ScenarioOrder, ScenarioRuns } from '../../engine/process/scenarioRuns.ts';
import type { StationRecord } from '../../engine/process/stationRecord.ts';
import { type ReplicationOrder, sharedOut } from '../../engine/simulation/replications.ts';
import type { RunResult } from '../../engine/simulation/simulateLine.ts';
import type { LineWork } from '../../engine/site/lineWork.ts';
import type { LineTask, LineTaskAnswer, LineTasks, PackedTask } from './lineThread.ts';
import { type PackedStation, packedStretches } from './packedStretches.ts';

/** The thread must run the same form of the code: source under development, JavaScript in the published package. */
const threadFile = new URL(import.meta.url.endsWith('.ts') ? './lineThread.ts' : './lineThread.js', import.meta.url);

/**
 * Simulates lines and looks for what goes with scrap on threads beside the flow, so that messages go on meanwhile. Threads start with the first order
 * and are kept; the results are the same whatever their number. Idle threads don't keep the process alive.
 */
export class LineThreads implements LineWork {
  readonly #workers: Worker[] = [];
  readonly #count: number;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param count threads; one per core is enough */
  constructor(count: number) {
    this.#count = Math.max(1, Math.floor(count));
  }

  /** Results in the order of the replications. Orders are worked on one after the other. @throws what `simulateLine` throws */
  run(order: ReplicationOrder): Promise<RunResult[]> {
    return this.#next(async () => (await this.#all(sharedOut(order, this.#count).map((one) => ({ kind: 'replications', order: one }) as const))).flat());
  }

  scenario(order: ScenarioOrder): Promise<ScenarioRuns> {
    return this.#next(async () => {
      const parts = await this.#all(sharedOut(order, this.#count).map((one) => ({ kind: 'scenario', order: one }) as const));
      return { today: parts.flatMap(({ today }) => today), after: parts.flatMap(({ after }) => after) };
    });
  }

  cause(order: CauseOrder): Promise<CauseResult> {
    return this.#next(async () => (await this.#all([{ kind: 'cause', order }]))[0]!);
  }

  model(order: LineRecord): Promise<RecordedModel> {
    return this.#next(async () => (await this.#all([{ kind: 'model', order }]))[0]!);
  }

  quality(order: QualityOrder): Promise<QualityAnswer> {
    return this.#next(async () => (await this.#all([{ kind: 'quality', order }]))[0]!);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
  }

  #next<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #all<Kind extends keyof LineTasks>(tasks: readonly { kind: Kind; order: LineTasks[Kind]['order'] }[]): Promise<LineTasks[Kind]['result'][]> {
    if (this.#closed) throw new Problem('TWIN_SIMULATION_CLOSED', 'The simulator is closed.', 'Ask again when the flow runs.');
    while (this.#workers.length < tasks.length) this.#workers.push(new Worker(threadFile, { workerData: { twinwireLines: true }, name: 'twinwire lines' }));
    const answers = await Promise.all(tasks.map((task, index) => this.#ask(this.#workers[index]!, task as LineTask)));
    return answers.map((answer) => {
      if ('problem' in answer) throw new Problem(answer.problem.code, answer.problem.found, answer.problem.remedy, answer.problem.values);
      return answer.result as LineTasks[Kind]['result'];
    });
  }

  #ask(worker: Worker, task: LineTask): Promise<LineTaskAnswer> {
    return new Promise((resolve, reject) => {
      const over = (): void => {
        worker.off('message', done);
        worker.off('error', failed);
        worker.off('exit', ended);
        worker.unref();
      };
      const done = (answer: LineTaskAnswer): void => {
        over();
        resolve(answer);
      };
      const fail = (what: string): void => {
        over();
        const place = this.#workers.indexOf(worker);
        if (place >= 0) this.#workers.splice(place, 1);
        reject(new Problem('TWIN_SIMULATION_FAILED', `The simulation failed: ${what}.`, 'Simulate a smaller line or a shorter time.', { what }));
      };
      const failed = (error: Error): void => fail(error.message);
      const ended = (): void => fail('its thread ended');
      worker.ref();
      worker.on('message', done);
      worker.on('error', failed);
      worker.on('exit', ended);
      const sent = packed(task);
      worker.postMessage(sent, buffersOf(sent));
    });
  }
}

function packed(task: LineTask): PackedTask {
  const stations = (given: readonly StationRecord[]): PackedStation[] => given.map((station) => ({ ...station, stretches: packedStretches(station.stretches) }));
  if (task.kind === 'cause') return { kind: task.kind, order: { ...task.order, stations: stations(task.order.stations) } };
  return task.kind === 'model' ? { kind: task.kind, order: { ...task.order, stations: stations(task.order.stations) } } : task;
}

/** Columns are handed over rather than copied: a day of a line is tens of megabytes. */
function buffersOf(task: PackedTask): ArrayBuffer[] {
  if (task.kind === 'replications' || task.kind === 'scenario') return [];
  const buffers = new Set<ArrayBuffer>();
  const look = (...arrays: readonly unknown[]): void => {
    for (const array of arrays) {
      if ((array instanceof Float64Array || array instanceof Uint32Array) && array.buffer instanceof ArrayBuffer && array.byteLength === array.buffer.byteLength) buffers.add(array.buffer);
    }
  };
  if (task.kind === 'quality') {
    for (const { times, values } of [task.order.parts, ...task.order.bad, ...task.order.series]) look(times, values);
    return [...buffers];
  }
  for (const { parts, bad, stretches } of task.order.stations) {
    for (const { times, values } of parts === undefined ? bad : [parts, ...bad]) look(times, values);
    look(stretches.times, stretches.places);
  }
  if (task.kind === 'model') for (const { readings } of task.order.products?.series ?? []) look(readings.times, readings.values);
  if (task.kind === 'cause') {
    for (const { times, values } of task.order.series) look(times, values);
    look(task.order.kinds?.times, task.order.kinds?.values);
  }
  return [...buffers];
}
