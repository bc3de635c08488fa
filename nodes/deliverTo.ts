import { Delivery } from '../engine/site/delivery.ts';
import type { DeliveryOptions } from '../engine/site/delivery.ts';
import { Problem } from '../engine/problem.ts';
import type { Site } from '../engine/site/site.ts';
import type { Fields } from '../contract/fields.ts';
import type { Runtime } from './red.d.ts';
import { targetOf } from './targetHandle.ts';
import type { TargetHandle } from './targetHandle.ts';
import type { TwinNode } from './twinNode.ts';

export interface DeliveryLine {
  /** Resolves when the records are on disk. */
  add(records: readonly { idempotencyKey: string; body: string }[]): Promise<void>;
}

/**
 * The way of a node's records to the target that a config node keeps (twin-mqtt, twin-influxdb), through the site's outbox.
 * undefined when that config node names no target, which is no fault. Ends with the node.
 */
export function deliverTo<F extends Fields>(
  RED: Runtime,
  twin: TwinNode<F>,
  site: Site,
  targetId: string,
  name: string,
  options: Omit<DeliveryOptions, 'target'>,
): DeliveryLine | undefined {
  const target = targetOf(RED.nodes.getNode(targetId));
  if (target === undefined) {
    twin.fail(new Problem('TWIN_TARGET_MISSING', `The connection that "${twin.title}" names is not there.`, 'Open the node and choose it again.', { node: twin.title }));
    return undefined;
  }
  return target.address === undefined ? undefined : deliverThrough(twin, site, target, name, options);
}

/** The same to a target that the node holds itself. */
export function deliverThrough<F extends Fields>(
  twin: TwinNode<F>,
  site: Site,
  target: TargetHandle,
  name: string,
  options: Omit<DeliveryOptions, 'target'>,
): DeliveryLine {
  const delivery = new Delivery(
    {
      outbox: site.outbox,
      deliver: (records) => target.deliver(records),
      later(delayMs, action) {
        const timer = setTimeout(action, delayMs);
        return () => clearTimeout(timer);
      },
      nowMs: () => Date.now(),
      random: Math.random,
    },
    { ...options, target: name },
  );
  delivery.start();
  const endOfReturns = target.onReturn?.(() => delivery.retryNow());
  twin.onClose(() => {
    endOfReturns?.();
    return delivery.stop();
  });
  return { add: (records) => delivery.add(records) };
}
