import type { Problem } from '../engine/problem.ts';
import type { NodeInstance } from './red.d.ts';

/** What became of one delivery; `retry` keeps the records, `rejected` puts single ones aside with the reason. */
export type DeliveryOutcome =
  | { kind: 'delivered'; rejected: { index: number; reason: string }[] }
  | { kind: 'retry'; problem: Problem };

/** A place outside that records are delivered to, kept by a config node (twin-mqtt, twin-influxdb). */
export interface TargetHandle {
  /** undefined: nothing is configured, which is no fault. */
  readonly address: string | undefined;
  /** Delivers in order and resolves when the target confirmed. Never rejects. */
  deliver(records: readonly { body: string; idempotencyKey: string }[]): Promise<DeliveryOutcome>;
}

const targets = new WeakMap<NodeInstance, TargetHandle>();

export function offerTarget(node: NodeInstance, target: TargetHandle): void {
  targets.set(node, target);
}

export function targetOf(node: NodeInstance | null): TargetHandle | undefined {
  return node === null ? undefined : targets.get(node);
}
