import type { OutboxRecord } from '../engine/ports.ts';
import type { DeliveryOutcome } from '../engine/site/delivery.ts';
import type { NodeInstance } from './red.d.ts';

/** A place outside that records are delivered to, kept by a config node (twin-mqtt, twin-influxdb). */
export interface TargetHandle {
  /** undefined: nothing is configured, which is no fault. */
  readonly address: string | undefined;
  /** Delivers in order and resolves when the target confirmed. Never rejects. `backfillTo`: see DeliveryPorts. */
  deliver(records: readonly OutboxRecord[], backfillTo: number): Promise<DeliveryOutcome>;
  /** Calls back when the target can be reached again, where that is known by itself; the returned function ends it. */
  onReturn?(listener: () => void): () => void;
}

const targets = new WeakMap<NodeInstance, TargetHandle>();

export function offerTarget(node: NodeInstance, target: TargetHandle): void {
  targets.set(node, target);
}

export function targetOf(node: NodeInstance | null): TargetHandle | undefined {
  return node === null ? undefined : targets.get(node);
}
