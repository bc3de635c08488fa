import { parentPort, workerData } from 'node:worker_threads';
import { Problem } from '../../engine/problem.ts';
import { replicate, type ReplicationOrder } from '../../engine/simulation/replications.ts';
import type { RunResult } from '../../engine/simulation/simulateLine.ts';

/** What a thread answers to an order. */
export type ReplicationAnswer = { results: RunResult[] } | { problem: { code: string; found: string; remedy: string; values: Record<string, string | number> } };

const marked = workerData as { twinwireReplications?: boolean } | null;
if (parentPort !== null && marked?.twinwireReplications === true) {
  const port = parentPort;
  port.on('message', (order: ReplicationOrder) => port.postMessage(replicationAnswer(order)));
}

export function replicationAnswer(order: ReplicationOrder): ReplicationAnswer {
  try {
    return { results: replicate(order) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, found, remedy, values } = error;
    return { problem: { code, found, remedy, values: { ...values } } };
  }
}
