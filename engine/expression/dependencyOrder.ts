import { Problem } from '../problem.ts';

/** A derived value and the names it reads. */
export interface Dependent {
  name: string;
  reads: readonly string[];
}

/**
 * The order in which derived values can be computed, each after those it reads (depth-first topological order). Names that are
 * not themselves dependents are inputs.
 * @returns the places of the dependents in that order, without those in a loop or behind one, and a Problem TWIN_DERIVED_LOOP per
 *   loop, with the way round it: "a → b → a"
 */
export function dependencyOrder(dependents: readonly Dependent[]): { order: number[]; problems: Problem[] } {
  const place = new Map<string, number>();
  dependents.forEach((dependent, index) => place.set(dependent.name, index));
  const order: number[] = [];
  const problems: Problem[] = [];
  // 0 not seen, 1 on the way, 2 in order, 3 in or behind a loop
  const mark = new Uint8Array(dependents.length);
  for (let start = 0; start < dependents.length; start += 1) {
    if (mark[start] !== 0) continue;
    // An own stack: a chain of derived properties may be as long as the type.
    const way: { index: number; next: number; broken: boolean }[] = [{ index: start, next: 0, broken: false }];
    mark[start] = 1;
    while (way.length > 0) {
      const step = way[way.length - 1] as { index: number; next: number; broken: boolean };
      const { reads } = dependents[step.index] as Dependent;
      if (step.next >= reads.length) {
        mark[step.index] = step.broken ? 3 : 2;
        if (!step.broken) order.push(step.index);
        way.pop();
        const parent = way[way.length - 1];
        if (parent !== undefined && step.broken) parent.broken = true;
        continue;
      }
      const index = place.get(reads[step.next] as string);
      step.next += 1;
      if (index === undefined || mark[index] === 2) continue;
      if (mark[index] === 3) step.broken = true;
      else if (mark[index] === 1) {
        step.broken = true;
        const from = way.findIndex((each) => each.index === index);
        const names = way.slice(from).map((each) => (dependents[each.index] as Dependent).name);
        const loop = [...names, names[0]].join(' → ');
        problems.push(
          new Problem(
            'TWIN_DERIVED_LOOP',
            `Derived properties depend on each other in a loop: ${loop}.`,
            'Let one of them use measured properties only, or previous() of a measured one.',
            { loop },
          ),
        );
      } else {
        mark[index] = 1;
        way.push({ index, next: 0, broken: false });
      }
    }
  }
  return { order, problems };
}
