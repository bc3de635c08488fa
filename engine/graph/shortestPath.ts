import type { Edge, GraphReader, Window } from './graphReader.ts';

/** Facts that one search looks at; a few hundred milliseconds. */
const mostEdges = 200_000;

interface Step {
  edge: Edge;
  id: number;
  of: number;
}

/**
 * The shortest way between two elements over any facts in any direction: a search from both ends that widens the side with fewer elements
 * to look at (bidirectional breadth-first search; Pohl, Bi-directional search, 1971).
 */
export function shortestPath(reader: GraphReader, start: number, goal: number, window: Window, hops: number): { path: Step[]; cut?: 'hops' | 'rows' | 'time' } {
  if (start === goal) return { path: [] };
  // By element: the fact through which it was reached, from that side.
  const sides = [start, goal].map((id) => ({ seen: new Map<number, Edge | undefined>([[id, undefined]]), front: [id] }));
  let looked = 0;
  for (let depth = 0; depth < hops; depth++) {
    const [first, second] = sides as [(typeof sides)[0], (typeof sides)[0]];
    const [side, other] = first.front.length <= second.front.length ? [first, second] : [second, first];
    if (side.front.length === 0) return { path: [] };
    const next: number[] = [];
    let meeting: number | undefined;
    for (const direction of ['out', 'in'] as const) {
      const edges = reader.edges(side.front, undefined, direction, window, mostEdges - looked + 1);
      looked += edges.length;
      for (const edge of edges) {
        const reached = direction === 'out' ? edge.to : edge.from;
        if (side.seen.has(reached)) continue;
        side.seen.set(reached, edge);
        next.push(reached);
        if (other.seen.has(reached) && (meeting === undefined || reached < meeting)) meeting = reached;
      }
      if (looked > mostEdges) return { path: [], cut: 'rows' };
    }
    if (meeting !== undefined) return { path: joined(first.seen, second.seen, meeting) };
    if (reader.isLate()) return { path: [], cut: 'time' };
    side.front = next;
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
