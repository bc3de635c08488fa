/** What of a thing is compared: the names of all its signals, each once. */
export interface Shaped {
  keys: readonly string[];
  /** Of two things with the same type name, less has to agree. */
  type?: string | undefined;
}

interface Cluster {
  members: number[];
  /** In how many members each key occurs. */
  counts: Map<string, number>;
  type: string | undefined;
}

const sameShape = 0.5;
const sameShapeOfOneType = 0.2;

/**
 * Groups things of like shape: each joins the group with which it shares most, if it shares half of all names (Jaccard 1901)
 * that at least half of the group has. Larger things first, so that a group is founded by its fullest member.
 * @returns places in `things`, each in one group; groups and members in the order given
 */
export function shapeClusters(things: readonly Shaped[]): number[][] {
  const clusters: Cluster[] = [];
  const having = new Map<string, Set<number>>();
  const order = things.map((_, index) => index).sort((a, b) => keysOf(things, b) - keysOf(things, a) || a - b);
  for (const index of order) {
    const { keys, type } = things[index] as Shaped;
    const shared = new Map<number, number>();
    for (const key of keys) {
      for (const cluster of having.get(key) ?? []) {
        const own = clusters[cluster] as Cluster;
        if ((own.counts.get(key) ?? 0) * 2 >= own.members.length) shared.set(cluster, (shared.get(cluster) ?? 0) + 1);
      }
    }
    let best = -1;
    let most = 0;
    for (const [cluster, common] of shared) {
      const own = clusters[cluster] as Cluster;
      let usual = 0;
      for (const count of own.counts.values()) if (count * 2 >= own.members.length) usual += 1;
      const alike = common / (usual + keys.length - common);
      const needed = type !== undefined && type === own.type ? sameShapeOfOneType : sameShape;
      if (alike >= needed && alike > most) {
        best = cluster;
        most = alike;
      }
    }
    if (best < 0) best = clusters.push({ members: [], counts: new Map(), type }) - 1;
    const own = clusters[best] as Cluster;
    own.members.push(index);
    for (const key of keys) {
      own.counts.set(key, (own.counts.get(key) ?? 0) + 1);
      let holders = having.get(key);
      if (holders === undefined) having.set(key, (holders = new Set()));
      holders.add(best);
    }
  }
  return clusters.map(({ members }) => members.sort((a, b) => a - b)).sort((a, b) => (a[0] as number) - (b[0] as number));
}

function keysOf(things: readonly Shaped[], index: number): number {
  return (things[index] as Shaped).keys.length;
}
