import type { LineModel } from './lineModel.ts';
import { type RunResult, simulateLine } from './simulateLine.ts';

/** Independent runs of one model: the same line on other luck. */
export interface ReplicationOrder {
  model: LineModel;
  /** All chance goes back to this and the number of the replication. */
  seed: number;
  /** First replication and how many. */
  first: number;
  count: number;
  warmUpS: number;
  runS: number;
}

/** Runs replications one after the other; the adapter with threads shares an order out among them. */
export function replicate({ model, seed, first, count, warmUpS, runS }: ReplicationOrder): RunResult[] {
  return Array.from({ length: count }, (_, index) => simulateLine(model, { seed: replicationSeed(seed, first + index), warmUpS, runS }));
}

/** The seed of one replication: the same for every scenario, so that scenarios are compared on common random numbers. */
export function replicationSeed(seed: number, replication: number): number {
  return (Math.imul(seed, 0x9e3779b1) + Math.imul(replication + 1, 0x85ebca6b)) | 0;
}

/** Shares replications out in as many equal orders as there are workers. */
export function sharedOut<Order extends { first: number; count: number }>(order: Order, workers: number): Order[] {
  const orders: Order[] = [];
  const parts = Math.min(workers, order.count);
  for (let part = 0; part < parts; part += 1) {
    const from = Math.floor((order.count * part) / parts);
    const to = Math.floor((order.count * (part + 1)) / parts);
    orders.push({ ...order, first: order.first + from, count: to - from });
  }
  return orders;
}
