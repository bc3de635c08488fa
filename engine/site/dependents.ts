import type { Relation } from '../graph/relations.ts';

/** Who depends on whom: what is fed or powered depends on what feeds or powers it, a part on the whole that it belongs to. */
const downFrom: Readonly<Record<string, 'to' | 'from'>> = { feeds: 'to', powers: 'to', 'part of': 'from' };

/** All that depends on a machine, over any number of steps, nearest first, without itself. A ring of relations ends. */
export function dependentsOf(key: string, relations: readonly Relation[]): string[] {
  return reached(key, relations, true);
}

/** All that a machine depends on, nearest first. */
export function supportsOf(key: string, relations: readonly Relation[]): string[] {
  return reached(key, relations, false);
}

function reached(key: string, relations: readonly Relation[], down: boolean): string[] {
  const next = new Map<string, string[]>();
  for (const { from, relation, to } of relations) {
    if (!Object.hasOwn(downFrom, relation)) continue;
    const [support, dependent] = downFrom[relation] === 'to' ? [from, to] : [to, from];
    const [start, end] = down ? [support, dependent] : [dependent, support];
    const list = next.get(start);
    if (list === undefined) next.set(start, [end]);
    else list.push(end);
  }
  const seen = new Set([key]);
  const order: string[] = [];
  for (let queue = [key]; queue.length > 0; ) {
    const step: string[] = [];
    for (const each of queue) {
      for (const end of next.get(each) ?? []) {
        if (seen.has(end)) continue;
        seen.add(end);
        order.push(end);
        step.push(end);
      }
    }
    queue = step;
  }
  return order;
}
