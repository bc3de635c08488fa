import { Worker } from 'node:worker_threads';
import { Problem } from '../../engine/problem.ts';
import type { ProblemText, StoreDatabases } from './storeDatabases.ts';
import type { StoreAnswer, StoreCall, StoreRequest } from './storeThread.ts';

/** The thread must run the same form of the code: source under development, JavaScript in the published package. */
const threadFile = new URL(import.meta.url.endsWith('.ts') ? './storeThread.ts' : './storeThread.js', import.meta.url);

type ParametersOf<Call extends StoreCall> = Parameters<StoreDatabases[Call]>;
type Result<Call extends StoreCall> = ReturnType<StoreDatabases[Call]>;

interface Waiting {
  resolve(value: unknown): void;
  reject(problem: Problem): void;
}

/**
 * The near end of the store's thread: requests are answered in the order in which they were sent. A thread that fails
 * rejects what was under way and is started again by the next request.
 */
export class StoreClient {
  readonly #folder: string;
  readonly #onProblem: (problem: Problem) => void;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;
  #closed = false;

  constructor(folder: string, onProblem: (problem: Problem) => void) {
    this.#folder = folder;
    this.#onProblem = onProblem;
    this.#worker = this.#start();
  }

  call<Call extends StoreCall>(call: Call, ...parameters: ParametersOf<Call>): Promise<Result<Call>> {
    if (this.#closed) return Promise.reject(closedProblem(this.#folder));
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const request: StoreRequest = { id: this.#lastId, call, parameters };
      this.#waiting.set(request.id, { resolve: resolve as (value: unknown) => void, reject });
      // Only what is under way keeps the process alive.
      worker.ref();
      worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.ref();
    const exit = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage('close');
    await exit;
  }

  #start(): Worker {
    // What comes and goes with each request is small, and what is large lies in buffers, which do not count: more room is memory that never comes back.
    const resourceLimits = { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 1024 };
    const worker = new Worker(threadFile, { workerData: { twinwireStoreFolder: this.#folder }, name: 'twinwire store', resourceLimits });
    worker.unref();
    worker.on('message', (answer: StoreAnswer) => {
      for (const text of answer.found) this.#onProblem(problemOf(text));
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (this.#waiting.size === 0) worker.unref();
      if (answer.problem === undefined) waiting?.resolve(answer.result);
      else waiting?.reject(problemOf(answer.problem));
    });
    let reason = 'it ended';
    worker.on('error', (error) => (reason = error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      const problem = this.#closed
        ? closedProblem(this.#folder)
        : new Problem('TWIN_STORE_FAILED', `The store in ${this.#folder} stopped: ${reason}.`,
          'It is started again by itself; if this repeats, check the disk and the log.', { folder: this.#folder, reason });
      const interrupted = [...this.#waiting.values()];
      this.#waiting.clear();
      if (!this.#closed) this.#onProblem(problem);
      for (const waiting of interrupted) waiting.reject(problem);
    });
    return worker;
  }
}

export function problemOf(text: ProblemText): Problem {
  return new Problem(text.code, text.found, text.remedy, text.values);
}

export function closedProblem(folder: string): Problem {
  return new Problem('TWIN_STORE_CLOSED', `The store in ${folder} is closed.`, 'Deploy again.', { folder });
}
