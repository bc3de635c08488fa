import type { DeliveryOptions } from '../engine/site/delivery.ts';
import type { Site } from '../engine/site/site.ts';
import type { Fields } from '../contract/fields.ts';
import { deliverTo } from './deliverTo.ts';
import type { DeliveryLine } from './deliverTo.ts';
import type { Runtime } from './red.d.ts';
import type { TwinNode } from './twinNode.ts';

/**
 * The same records to each of several targets, each with a queue of its own, so that one that is away holds up no other. `onDelivered` counts what the
 * first of them took. undefined: no target is chosen.
 */
export function deliverToAll<F extends Fields>(
  RED: Runtime,
  twin: TwinNode<F>,
  site: Site,
  targets: readonly { id: string; name: string }[],
  options: Omit<DeliveryOptions, 'target'>,
): DeliveryLine | undefined {
  const lines: DeliveryLine[] = [];
  for (const { id, name } of targets) {
    if (id === '') continue;
    const isFirst = lines.length === 0;
    const line = deliverTo(RED, twin, site, id, name, { ...options, onDelivered: (records) => options.onDelivered?.(isFirst ? records : 0) });
    if (line !== undefined) lines.push(line);
  }
  if (lines.length < 2) return lines[0];
  return {
    async add(records) {
      await Promise.all(lines.map((line) => line.add(records)));
    },
    async waiting(language) {
      for (const line of lines) {
        const status = await line.waiting(language);
        if (status !== undefined) return status;
      }
      return undefined;
    },
  };
}
