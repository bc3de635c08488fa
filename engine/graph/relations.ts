import type { Fact, GraphChange, GraphStore } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { ElementKind } from './elementTypes.ts';
import type { RelationType } from './relationTypes.ts';
import { relationNamed, relationTypes } from './relationTypes.ts';

/** The relations that a technician can draw between machines and places, each with what it is called from the other end. */
export const relationNames: ReadonlyMap<string, string> = new Map(
  ['feeds', 'part of', 'powers', 'measured by', 'located in', 'serviced by'].map((name) => [name, relationTypes.get(name)?.inverse ?? name]),
);

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

/**
 * How the plant is built, as far as machines and places go: drawn by a node, told by a message or a table, ended, never overwritten.
 * Whoever said it is the fact's source, so that removing a node ends just what that node drew. What else the graph knows stays in the store.
 */
export class Relations {
  readonly #store: GraphStore;
  /** Open facts by what they say; one per drawn line, so that a page or an alert can ask at no cost. */
  readonly #open = new Map<string, Fact>();
  /** The relations that the site added, by their name. */
  #own: ReadonlyMap<string, RelationType> = new Map();

  constructor(store: GraphStore) {
    this.#store = store;
  }

  async load(): Promise<void> {
    this.#own = new Map((await this.#store.relations()).map((type) => [type.name, type as RelationType]));
    const facts = await this.#store.structure([...relationNames.keys(), ...this.#own.keys()]);
    this.#open.clear();
    // Where a machine stands follows from its path and is no line that somebody drew.
    for (const fact of facts) if (!fact.source.startsWith('place:')) this.#open.set(nameOf(fact), fact);
  }

  get own(): ReadonlyMap<string, RelationType> {
    return this.#own;
  }

  /** Whether a relation of that name, from either end, is held here. */
  isDrawn(relation: string): boolean {
    const name = relationNamed(relation, this.#own)?.type.name ?? '';
    return relationNames.has(name) || this.#own.has(name);
  }

  /**
   * Says that a relation holds from now (or `validFromMs`) on. Saying it again changes nothing.
   * @param introduces ends that nobody knows yet become known as machines (`located in`: its place as an area)
   * @throws Problem TWIN_RELATION_ENDS, and those of GraphStore.change
   */
  async assert(relation: Relation, source: string, validFromMs: number, recordedMs: number, introduces = true): Promise<Fact> {
    if (relation.from === '' || relation.to === '') {
      throw new Problem('TWIN_RELATION_ENDS', 'A relation needs a twin at both ends.', 'Choose both twins by their key.');
    }
    for (const fact of this.#open.values()) {
      if (fact.source === source && fact.subject === relation.from && fact.relation === relation.relation && fact.object === relation.to) return fact;
    }
    const fact: Fact = { subject: relation.from, relation: relation.relation, object: relation.to, validFromMs, recordedMs, source };
    const type = relationNamed(relation.relation, this.#own);
    const [fromKinds, toKinds] = type === undefined ? [[], []] : type.inverted ? [type.type.to, type.type.from] : [type.type.from, type.type.to];
    const end = (key: string, kinds: readonly ElementKind[], place = false): GraphChange[] => {
      const known = introducedAs(kinds, place);
      return known === undefined ? [] : [{ kind: 'element', element: { key, type: known, name: '' }, recordedMs }];
    };
    // Before it is on the disk, so that who asks at once is told.
    if (relationNames.has(fact.relation) || this.#own.has(fact.relation)) this.#open.set(nameOf(fact), fact);
    const refusals = await this.#store.change([
      ...(introduces ? [...end(relation.from, fromKinds), ...end(relation.to, toKinds, relation.relation === 'located in')] : []),
      { kind: 'assert', fact },
    ]);
    // Known as something else already: then the relation itself decides.
    const refusal = refusals.find(({ problem }) => problem.code !== 'TWIN_ELEMENT_CHANGED');
    if (refusal !== undefined) {
      this.#open.delete(nameOf(fact));
      throw refusal.problem;
    }
    return fact;
  }

  /** Ends every open relation that the predicate names; gives how many. */
  async end(which: (fact: Fact) => boolean, validToMs: number, recordedMs: number): Promise<number> {
    const facts = [...this.#open.values()].filter(which);
    for (const fact of facts) this.#open.delete(nameOf(fact));
    if (facts.length > 0) {
      await this.#store.change(facts.map((fact): GraphChange => ({ kind: 'end', fact, validToMs: Math.max(validToMs, fact.validFromMs), recordedMs })));
    }
    return facts.length;
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
        neighbours.push({ relation: relationNames.get(relation.relation) ?? this.#own.get(relation.relation)?.inverse ?? relation.relation, key: relation.from, direction: 'upstream' });
      }
    }
    return neighbours;
  }
}

/** What an end that nobody knows yet is taken for: a machine, a place; undefined where it can only be something else. */
function introducedAs(kinds: readonly ElementKind[], place: boolean): string | undefined {
  if (!place && (kinds.length === 0 || kinds.includes('equipment'))) return 'work unit';
  return place || kinds.includes('facility') ? 'area' : undefined;
}

function nameOf({ source, subject, relation, object, validFromMs }: Fact): string {
  return JSON.stringify([source, subject, relation, object, validFromMs]);
}
