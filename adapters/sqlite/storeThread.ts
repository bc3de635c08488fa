import { parentPort, workerData } from 'node:worker_threads';
import { Problem } from '../../engine/problem.ts';
import type { ProblemText } from './storeDatabases.ts';
import { problemText, StoreDatabases } from './storeDatabases.ts';

/** What the store's thread is asked and what it answers. */
export interface StoreRequest {
  id: number;
  call: StoreCall;
  parameters: unknown[];
}

export type StoreCall = Exclude<keyof StoreDatabases, 'problems' | 'close' | 'finish'>;

export interface StoreAnswer {
  id: number;
  result?: unknown;
  problem?: ProblemText;
  /** Found on the way, whether or not the request could be answered. */
  found: ProblemText[];
}

export const closeRequest = 'close';
const restEveryMs = 50;

// Only the store's own thread serves; a test that loads this file does not.
const marked = workerData as { twinwireStoreFolder?: string } | null;
if (parentPort !== null && typeof marked?.twinwireStoreFolder === 'string') serve(parentPort, marked.twinwireStoreFolder);

function serve(port: NonNullable<typeof parentPort>, folder: string): void {
  const databases = new StoreDatabases(folder);
  let resting: NodeJS.Timeout | undefined;
  /** What can wait is done in slices, between the requests. */
  const rest = (): void => {
    resting = undefined;
    let more = false;
    try {
      more = databases.graphRest();
      more = databases.historyRest() || more;
    } catch {
      // The disk is full, for instance: the next write says so.
    }
    if (more) resting = setTimeout(rest, restEveryMs).unref();
  };
  port.on('message', (request: StoreRequest | typeof closeRequest) => {
    if (request === closeRequest) {
      clearTimeout(resting);
      databases.finish();
      port.close();
      return;
    }
    const answer: StoreAnswer = { id: request.id, found: [] };
    try {
      const work = databases[request.call] as (...parameters: unknown[]) => unknown;
      answer.result = work.apply(databases, request.parameters);
    } catch (error) {
      answer.problem = problemText(error instanceof Problem ? error : new Problem('TWIN_STORE_FAILED', `The store failed: ${String(error)}.`,
        'Report this with the log around it.'));
    }
    answer.found = databases.problems.splice(0).map(problemText);
    port.postMessage(answer);
    resting ??= setTimeout(rest, restEveryMs).unref();
  });
}
