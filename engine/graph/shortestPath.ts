import type { Edge, GraphReader, Window } from './graphReader.ts';

/** Facts that one search looks at; a few hundred milliseconds. */
const mostEdges = 200_000;
/** Facts of one element that are looked at before those of elements with fewer. */
const fewEdges = 2000;

interface Step {
  edge: Edge;
  id: number;
  of: number;
}

interface Side {
  /** By element: the fact through which it was reached, from this side. */
  seen: Map<number, Edge | undefined>;
  front: number[];
}

/**
 * The shortest way between two elements over any facts in any direction: a search from both ends that widens the side with fewer elements
 * (bidirectional breadth-first search; Pohl, Bi-directional search, 1971). Things name few others, machines and lots are named by thousands: so
 * the facts that leave the front are looked at first, those that enter it element by element, the ones with few first, and the search ends
 * with the first that lead to the other side.
 */
export function shortestPath(reader: GraphReader, start: number, goal: number, window: Window, hops: number): { path: Step[]; cut?: 'hops' | 'rows' | 'time' } {
  if (start === goal) return { path: [] };
  const sides = [start, goal].map((id): Side => ({ seen: new Map<number, Edge | undefined>([[id, undefined]]), front: [id] }));
  const [first, second] = sides as [Side, Side];
  let looked = 0;
  const edges = (ids: readonly number[], direction: 'out' | 'in', most = mostEdges - looked + 1): Edge[] => {
    const found = ids.length === 0 ? [] : reader.edges(ids, undefined, direction, window, most);
    looked += found.length;
    return found;
  };
  const outs = new Map<Side, Edge[]>([[first, edges(first.front, 'out')], [second, edges(second.front, 'out')]]);
  for (let length = 1; length <= hops; length++) {
    // A fact from one front to the other.
    for (const [side, other] of [[first, second], [second, first]] as const) {
      const last = outs.get(side)?.find((edge) => other.seen.has(edge.to));
      if (last !== undefined) {
        if (!side.seen.has(last.to)) side.seen.set(last.to, last);
        return { path: joined(first.seen, second.seen, last.to) };
      }
    }
    if (length === hops) break;
    const [side, other] = first.front.length <= second.front.length ? [first, second] : [second, first];
    const next: number[] = [];
    const take = (found: readonly Edge[], direction: 'out' | 'in'): number[] => {
      const fresh: number[] = [];
      for (const edge of found) {
        const reached = direction === 'out' ? edge.to : edge.from;
        if (side.seen.has(reached)) continue;
        side.seen.set(reached, edge);
        fresh.push(reached);
      }
      next.push(...fresh);
      return fresh;
    };
    const nextOuts: Edge[] = [];
    const otherTargets = new Map((outs.get(other) ?? []).map((edge) => [edge.to, edge]));
    /** Whether the freshly reached elements stand one fact from the other side; no way is shorter, for those were looked for before. */
    const meeting = (fresh: readonly number[]): number | undefined => {
      for (const id of fresh) {
        const edge = otherTargets.get(id);
        if (edge === undefined) continue;
        other.seen.set(id, edge);
        return id;
      }
      const leaving = edges(fresh, 'out');
      nextOuts.push(...leaving);
      const edge = leaving.find(({ to }) => other.seen.has(to));
      if (edge === undefined) return undefined;
      side.seen.set(edge.to, edge);
      return edge.to;
    };
    let met = meeting(take(outs.get(side) ?? [], 'out'));
    const many: number[] = [];
    for (const id of side.front) {
      if (met !== undefined) break;
      const entering = edges([id], 'in', fewEdges);
      if (entering.length >= fewEdges) many.push(id);
      else met = meeting(take(entering, 'in'));
      if (reader.isLate()) return { path: [], cut: 'time' };
    }
    for (const id of many) {
      if (met !== undefined) break;
      met = meeting(take(edges([id], 'in'), 'in'));
      if (reader.isLate()) return { path: [], cut: 'time' };
    }
    if (met !== undefined) return length + 1 <= hops ? { path: joined(first.seen, second.seen, met) } : { path: [], cut: 'hops' };
    if (looked > mostEdges) return { path: [], cut: 'rows' };
    if (next.length === 0) return { path: [] };
    side.front = next;
    outs.set(side, nextOuts);
  }
  return { path: [], cut: 'hops' };
}

function joined(fromStart: ReadonlyMap<number, Edge | undefined>, fromGoal: ReadonlyMap<number, Edge | undefined>, meeting: number): Step[] {
  const path: Step[] = [];
  for (let id = meeting, edge = fromStart.get(id); edge !== undefined; edge = fromStart.get(id)) {
    const of = edge.from === id ? edge.to : edge.from;
    path.unshift({ edge, id, of });
    id = of;
  }
  for (let of = meeting, edge = fromGoal.get(of); edge !== undefined; edge = fromGoal.get(of)) {
    const id = edge.from === of ? edge.to : edge.from;
    path.push({ edge, id, of });
    of = id;
  }
  return path;
}
