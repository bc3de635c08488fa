import { Problem } from '../problem.ts';

/** Relations that carry something on: material, or what drives a station. */
const carrying: ReadonlySet<string> = new Set(['feeds', 'powers']);

export interface FeedRelation {
  from: string;
  relation: string;
  to: string;
}

/** Which station stands before which. */
export interface FeedGraph {
  stations: readonly string[];
  /** Directly before, and everything before; by station. */
  parents: ReadonlyMap<string, ReadonlySet<string>>;
  ancestors: ReadonlyMap<string, ReadonlySet<string>>;
  /** Stations in the order of the flow; those in a loop and after it are left out. */
  order: readonly string[];
  /** Stations of loops, in the order of their names; empty when material only goes forward. */
  loops: readonly string[];
}

/** Reads the order of stations from relations; a loop (rework) is named and breaks nothing. */
export function feedGraph(relations: readonly FeedRelation[]): FeedGraph {
  const parents = new Map<string, Set<string>>();
  const children = new Map<string, Set<string>>();
  const setOf = (map: Map<string, Set<string>>, key: string): Set<string> => {
    let set = map.get(key);
    if (set === undefined) map.set(key, (set = new Set()));
    return set;
  };
  for (const { from, relation, to } of relations) {
    if (!carrying.has(relation)) continue;
    for (const key of [from, to]) {
      setOf(parents, key);
      setOf(children, key);
    }
    setOf(parents, to).add(from);
    setOf(children, from).add(to);
  }
  const open = new Map([...parents].map(([key, before]) => [key, before.size]));
  const order: string[] = [];
  const ready = [...open].filter(([, count]) => count === 0).map(([key]) => key);
  while (ready.length > 0) {
    const key = ready.shift()!;
    order.push(key);
    for (const child of children.get(key) ?? []) {
      const left = open.get(child)! - 1;
      open.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  const ancestors = new Map<string, Set<string>>();
  for (const key of parents.keys()) {
    const seen = new Set<string>();
    const next = [...(parents.get(key) ?? [])];
    while (next.length > 0) {
      const one = next.pop()!;
      if (seen.has(one)) continue;
      seen.add(one);
      next.push(...(parents.get(one) ?? []));
    }
    ancestors.set(key, seen);
  }
  const loops = [...parents.keys()].filter((key) => ancestors.get(key)!.has(key)).sort();
  return { stations: [...parents.keys()], parents, ancestors, order, loops };
}

/** For whoever needs a line that only goes forward. @throws Problem TWIN_FEEDS_LOOP */
export function refuseLoops({ loops }: FeedGraph): void {
  if (loops.length === 0) return;
  throw new Problem(
    'TWIN_FEEDS_LOOP', `The stations feed each other in a circle: ${loops.join(', ')}.`,
    'Take out the relation that goes back; rework is a setting of the station that sends parts back.', { stations: loops.join(', ') },
  );
}

/** The shortest way along the relations, both ends included; undefined when there is none. */
export function wayBetween({ parents }: FeedGraph, from: string, to: string): string[] | undefined {
  const before = new Map<string, string>();
  const next = [to];
  const seen = new Set(next);
  while (next.length > 0) {
    const key = next.shift()!;
    if (key === from) {
      const way = [key];
      for (let at = key; at !== to; ) way.push((at = before.get(at)!));
      return way;
    }
    for (const parent of parents.get(key) ?? []) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      before.set(parent, key);
      next.push(parent);
    }
  }
  return undefined;
}
