import type { Fact, GraphStore } from '../ports.ts';
import { Problem } from '../problem.ts';

/** The relations that a technician can draw, each with what it is called from the other end. */
export const relationNames: ReadonlyMap<string, string> = new Map([
  ['feeds', 'fed by'],
  ['part of', 'has part'],
  ['powers', 'powered by'],
  ['measured by', 'measures'],
  ['located in', 'contains'],
  ['serviced by', 'services'],
]);

export interface Relation {
  from: string;
  relation: string;
  to: string;
}

export interface Neighbour {
  relation: string;
  key: string;
  direction: 'upstream' | 'downstream';
}

const maximumKeyLength = 200;

/**
 * Relations between twins as facts with valid time and recorded time: drawn by a node, told by a message, ended, never
 * overwritten. Whoever said it is the fact's source, so that removing a node ends just what that node drew.
 */
export class Relations {
  readonly #store: GraphStore;
  /** Open facts by id; small (one per drawn line), so that a page or an alert can ask at no cost. */
  readonly #open = new Map<string, Fact>();

  constructor(store: GraphStore) {
    this.#store = store;
  }

  async load(nowMs: number): Promise<void> {
    for (const fact of await this.#store.facts({ validMs: nowMs, recordedMs: Number.MAX_SAFE_INTEGER })) {
      if (fact.validToMs === undefined && fact.retractedMs === undefined) this.#open.set(fact.id, fact);
    }
  }

  /**
   * Says that a relation holds from now (or `validFromMs`) on. Saying it again changes nothing.
   * @throws Problem TWIN_RELATION_UNKNOWN, TWIN_RELATION_ENDS, TWIN_RELATION_SELF
   */
  async assert(relation: Relation, source: string, validFromMs: number, recordedMs: number): Promise<Fact> {
    checkRelation(relation);
    for (const fact of this.#open.values()) {
      if (fact.source === source && fact.subject === relation.from && fact.relation === relation.relation && fact.object === relation.to) return fact;
    }
    const fact: Fact = {
      id: JSON.stringify([source, relation.from, relation.relation, relation.to, validFromMs]),
      subject: relation.from,
      relation: relation.relation,
      object: relation.to,
      validFromMs,
      recordedMs,
      source,
    };
    this.#open.set(fact.id, fact);
    await this.#store.assert([fact]);
    return fact;
  }

  /** Ends every open relation that the predicate names; gives how many. */
  async end(which: (fact: Fact) => boolean, validToMs: number, recordedMs: number): Promise<number> {
    const ids = [...this.#open.values()].filter(which).map((fact) => fact.id);
    for (const id of ids) this.#open.delete(id);
    if (ids.length > 0) await this.#store.end(ids, validToMs, recordedMs);
    return ids.length;
  }

  open(): Relation[] {
    const seen = new Map<string, Relation>();
    for (const fact of this.#open.values()) {
      const relation = { from: fact.subject, relation: fact.relation, to: fact.object };
      seen.set(JSON.stringify([relation.from, relation.relation, relation.to]), relation);
    }
    return [...seen.values()];
  }

  /** When something was last told of a twin, as the relation says; lines that a node draws have no time of their own. undefined: never, as far as is open. */
  lastTold(subject: string, relation: string, nowMs: number): number | undefined {
    let lastMs: number | undefined;
    for (const fact of this.#open.values()) {
      if (fact.subject !== subject || fact.relation !== relation || fact.source.startsWith('node:') || fact.validFromMs > nowMs) continue;
      if (lastMs === undefined || fact.validFromMs > lastMs) lastMs = fact.validFromMs;
    }
    return lastMs;
  }

  /** What stands beside a twin: upstream feeds, powers or contains it; downstream is fed by it. */
  neighbours(key: string): Neighbour[] {
    const neighbours: Neighbour[] = [];
    for (const relation of this.open()) {
      if (relation.from === key) neighbours.push({ relation: relation.relation, key: relation.to, direction: 'downstream' });
      if (relation.to === key) {
        neighbours.push({ relation: relationNames.get(relation.relation) ?? relation.relation, key: relation.from, direction: 'upstream' });
      }
    }
    return neighbours;
  }
}

function checkRelation(relation: Relation): void {
  if (!relationNames.has(relation.relation)) {
    throw new Problem(
      'TWIN_RELATION_UNKNOWN',
      `"${relation.relation.slice(0, 60)}" is not a relation.`,
      `Use one of: ${[...relationNames.keys()].join(', ')}.`,
      { relation: relation.relation.slice(0, 60) },
    );
  }
  for (const end of [relation.from, relation.to]) {
    if (end === '' || end.length > maximumKeyLength) {
      throw new Problem('TWIN_RELATION_ENDS', 'A relation needs a twin at both ends.', 'Choose both twins by their key.');
    }
  }
  if (relation.from === relation.to) {
    throw new Problem('TWIN_RELATION_SELF', `"${relation.from}" cannot be related to itself.`, 'Choose two different twins.', { key: relation.from });
  }
}
