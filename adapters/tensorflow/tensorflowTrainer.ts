import { Worker } from 'node:worker_threads';
import type { Trainer, TrainingOrder, TrainingResult } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import type { TrainingAnswer } from './trainingThread.ts';

/** The thread must run the same form of the code: source under development, JavaScript in the published package. */
const threadFile = new URL(import.meta.url.endsWith('.ts') ? './trainingThread.ts' : './trainingThread.js', import.meta.url);
const packages = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-cpu'];

/**
 * Trains with tensorflow.js on a thread beside the flow. The thread lives for one training, one after the other, so that nothing of the library
 * stays in memory. The packages are optional and are looked for only when there is something to train.
 */
export class TensorflowTrainer implements Trainer {
  readonly #resolve: (name: string) => unknown;
  readonly #running = new Set<Worker>();
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param resolve throws where a package is not installed */
  constructor(resolve: (name: string) => unknown = (name) => import.meta.resolve(name)) {
    this.#resolve = resolve;
  }

  train(order: TrainingOrder): Promise<TrainingResult> {
    const result = this.#last.then(() => this.#train(order));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running].map((worker) => worker.terminate()));
  }

  #train(order: TrainingOrder): Promise<TrainingResult> {
    if (this.#closed) return Promise.reject(failed('the site is closed'));
    try {
      for (const name of packages) this.#resolve(name);
    } catch {
      return Promise.reject(missing());
    }
    return new Promise((resolve, reject) => {
      const worker = new Worker(threadFile, { workerData: { twinwireTraining: true }, name: 'twinwire training' });
      worker.unref();
      this.#running.add(worker);
      const over = (): void => {
        this.#running.delete(worker);
        void worker.terminate();
      };
      worker.once('message', (answer: TrainingAnswer) => {
        over();
        if ('result' in answer) resolve(answer.result);
        else reject(answer.missing ? missing() : failed(answer.failed));
      });
      worker.once('error', (error) => {
        over();
        reject(failed(error.message));
      });
      worker.once('exit', () => {
        this.#running.delete(worker);
        reject(failed('its thread ended'));
      });
      worker.postMessage(order);
    });
  }
}

function missing(): Problem {
  return new Problem(
    'TWIN_DEEP_MISSING',
    'The packages for watching signals together are not installed.',
    'Install Twinwire again with its optional packages (tensorflow.js); until then all else is watched as before.',
  );
}

function failed(what: string): Problem {
  return new Problem('TWIN_DEEP_FAILED', `Learning how signals go together failed: ${what}.`, 'It is tried again later; all else is watched as before.', { what });
}
