import { Worker } from 'node:worker_threads';
import { Problem } from '../../engine/problem.ts';
import { type ReplicationOrder, sharedOut } from '../../engine/simulation/replications.ts';
import type { RunResult } from '../../engine/simulation/simulateLine.ts';
import type { ReplicationAnswer } from './replicationThread.ts';

/** The thread must run the same form of the code: source under development, JavaScript in the published package. */
const threadFile = new URL(import.meta.url.endsWith('.ts') ? './replicationThread.ts' : './replicationThread.js', import.meta.url);

/**
 * Runs replications on threads beside the flow, so that messages go on meanwhile. Threads start with the first order and are kept; the
 * results are the same whatever their number. Idle threads don't keep the process alive.
 */
export class ReplicationThreads {
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
    const result = this.#last.then(() => this.#run(order));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
  }

  async #run(order: ReplicationOrder): Promise<RunResult[]> {
    if (this.#closed) throw new Problem('TWIN_SIMULATION_CLOSED', 'The simulator is closed.', 'Ask again when the flow runs.');
    const orders = sharedOut(order, this.#count);
    while (this.#workers.length < orders.length) this.#workers.push(new Worker(threadFile, { workerData: { twinwireReplications: true }, name: 'twinwire simulation' }));
    const answers = await Promise.all(orders.map((one, index) => this.#ask(this.#workers[index]!, one)));
    const results: RunResult[] = [];
    for (const answer of answers) {
      if ('problem' in answer) throw new Problem(answer.problem.code, answer.problem.found, answer.problem.remedy, answer.problem.values);
      results.push(...answer.results);
    }
    return results;
  }

  #ask(worker: Worker, order: ReplicationOrder): Promise<ReplicationAnswer> {
    return new Promise((resolve, reject) => {
      const over = (): void => {
        worker.off('message', done);
        worker.off('error', failed);
        worker.off('exit', ended);
        worker.unref();
      };
      const done = (answer: ReplicationAnswer): void => {
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
      worker.postMessage(order);
    });
  }
}
