import { Delivery } from '../engine/site/delivery.ts';
import type { DeliveryOptions } from '../engine/site/delivery.ts';
import { Problem } from '../engine/problem.ts';
import type { Site } from '../engine/site/site.ts';
import type { Fields } from '../contract/fields.ts';
import type { Language } from '../engine/site/sentences.ts';
import { formatDuration } from '../engine/time/duration.ts';
import { deliveriesOf } from './deliveries.ts';
import type { Runtime, Status } from './red.d.ts';
import { status } from './status.ts';
import { targetOf } from './targetHandle.ts';
import type { TargetHandle } from './targetHandle.ts';
import type { TwinNode } from './twinNode.ts';

export interface DeliveryLine {
  /** Resolves when the records are on disk. */
  add(records: readonly { idempotencyKey: string; body: string }[]): Promise<void>;
  /** How much waits and why, as a status; undefined: it is delivered as it comes. */
  waiting(language: Language): Promise<Status | undefined>;
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
      deliver: (records, backfillTo) => target.deliver(records, backfillTo),
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
  const leave = deliveriesOf(site).add(name, { delivery, title: twin.title, node: twin.node.id });
  const endOfReturns = target.onReturn?.(() => delivery.retryNow());
  twin.onClose(() => {
    endOfReturns?.();
    leave();
    return delivery.stop();
  });
  return {
    add: (records) => delivery.add(records),
    async waiting(language) {
      const { records, oldestMs, dropped, deliveredPerSecond, problem } = await delivery.state();
      if (records === 0) return undefined;
      if (dropped > 0) return status('waitingDropped', language, { count: records, dropped });
      if (problem !== undefined) return status('waitingDelivery', language, { count: records, age: formatDuration(Date.now() - (oldestMs ?? Date.now()), language) });
      // What comes within the time that a batch is gathered is no backlog.
      return records > (options.batchRecords ?? 5000) ? status('catchingUp', language, { count: records, rate: Math.round(deliveredPerSecond) }) : undefined;
    },
  };
}
