import type { FoundSignal } from '../contract/discovery.ts';
import type { HeldAddress } from './heldValues.ts';

/** What arrived and waits, as signals in which machines can be found: topics and their columns, Sparkplug metrics, OPC UA addresses. */
export function heldSignals(held: readonly HeldAddress[]): FoundSignal[] {
  return held.map(({ address, topic, type, unit, isDevice }) => {
    // A type's pattern, too, reads a column as topic/column.
    const full = topic === '' || topic === address ? address : `${topic}/${address}`;
    const [, id] = /^(?:nsu?=[^;]*;)?[isgb]=([\s\S]+)$/.exec(full) ?? [];
    const path = (id ?? full).split('/').filter((part) => part !== '');
    const dataType = type === 'text' ? 'String' : type === 'boolean' ? 'Boolean' : undefined;
    const machineAt = isDevice === true ? topic.split('/').length - 1 : undefined;
    return { address: full, path, ...(machineAt === undefined ? {} : { machineAt }), ...(dataType === undefined ? {} : { dataType }), ...(unit === undefined ? {} : { unit }) };
  });
}
