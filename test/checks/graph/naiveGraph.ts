import type { GraphAnswer, GraphElement, GraphQuestion, OwnRelation } from '../../../contract/graph.ts';
import type { GraphLedger } from '../../../engine/graph/applyChange.ts';
import { applyChange } from '../../../engine/graph/applyChange.ts';
import { elementTypes } from '../../../engine/graph/elementTypes.ts';
import { factOrder } from '../../../engine/graph/factOrder.ts';
import type { Edge, GraphReader, Reached, Stretch, Window } from '../../../engine/graph/graphReader.ts';
import { answer } from '../../../engine/graph/questions.ts';
import type { RelationType } from '../../../engine/graph/relationTypes.ts';
import type { ElementQuery, Fact, FactKey, FactQuery, GraphChange, GraphRefusal, GraphStore } from '../../../engine/ports.ts';
import { Problem } from '../../../engine/problem.ts';

/** The oracle's own notion of it. */
const isSame = (a: FactKey, b: FactKey): boolean => !naming.some((name) => a[name] !== b[name]);
const naming = ['validFromMs', 'source', 'subject', 'object', 'relation', 'value'] as const;

type Step = { op: 'assert'; fact: Fact } | { op: 'end'; key: FactKey; validToMs: number; recordedMs: number } | { op: 'retract'; key: FactKey; recordedMs: number };

/** The oracle: the log as an array, and every question answered by reading all of it. Slow and plain on purpose. */
export class NaiveGraph implements GraphStore, GraphLedger, GraphReader {
  readonly #log: Step[] = [];
  readonly #elements: GraphElement[] = [];
  readonly #own = new Map<string, RelationType>();

  async change(changes: readonly GraphChange[]): Promise<GraphRefusal[]> {
    return changes.flatMap((change, place) => {
      try {
        applyChange(change, this);
        return [];
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        return [{ place, problem }];
      }
    });
  }

  async preview(changes: readonly GraphChange[]): Promise<GraphRefusal[]> {
    const copy = new NaiveGraph();
    for (const element of this.#elements) copy.putElement(element);
    for (const type of this.#own.values()) copy.putRelation(type);
    for (const fact of this.#believedAt(Infinity)) copy.put(fact);
    return copy.change(changes);
  }

  /** The facts as they were believed at a time, with the ends that were known then. */
  #believedAt(recordedMs: number): Fact[] {
    const facts: Fact[] = [];
    for (const [index, step] of this.#log.entries()) {
      if (step.op !== 'assert' || step.fact.recordedMs > recordedMs) continue;
      const { validToMs, ...fact } = step.fact;
      let to = validToMs;
      let isBelieved = true;
      for (const later of this.#log.slice(index + 1)) {
        if (later.op === 'assert' || !isSame(later.key, fact)) continue;
        if (later.op === 'end' && later.recordedMs <= recordedMs) to ??= later.validToMs;
        if (later.op === 'retract') {
          isBelieved = later.recordedMs > recordedMs;
          break;
        }
      }
      if (isBelieved) facts.push(to === undefined ? fact : { ...fact, validToMs: to });
    }
    return facts;
  }

  async facts({ validMs, recordedMs, newest = Infinity, ...names }: FactQuery): Promise<Fact[]> {
    return this.#believedAt(recordedMs)
      .filter((fact) => fact.validFromMs <= validMs && (fact.validToMs === undefined || fact.validToMs > validMs))
      .filter((fact) => Object.entries(names).every(([name, value]) => value === undefined || fact[name as 'subject'] === value))
      .sort(factOrder)
      .slice(-newest);
  }

  async relations(): Promise<OwnRelation[]> {
    return [...this.#own.values()].map((type) => ({ ...type, from: [...type.from], to: [...type.to] }));
  }

  async structure(relations: readonly string[]): Promise<Fact[]> {
    const kindOf = (key: string): string => elementTypes.get(this.typeOf(key) ?? '') ?? '';
    const isPlant = (key: string): boolean => kindOf(key) === 'equipment' || kindOf(key) === 'facility';
    return this.#believedAt(Infinity).filter((fact) => relations.includes(fact.relation) && fact.validToMs === undefined && isPlant(fact.subject) && isPlant(fact.object)).sort(factOrder);
  }

  async elements({ types, keys, contains = '', limit }: ElementQuery): Promise<GraphElement[]> {
    const found = this.#elements.filter(({ key, type, name }) => (types?.includes(type) ?? true) && (keys?.includes(key) ?? true) && [key, name].some((text) =>
      text.toLowerCase().includes(contains.toLowerCase())));
    return found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))).slice(0, limit);
  }

  async ask(question: GraphQuestion, nowMs: number): Promise<GraphAnswer> {
    return answer(question, this, nowMs);
  }

  // --- the ledger ------------------------------------------------------------------------------------------------

  typeOf(key: string): string | undefined {
    return this.#elements.find((element) => element.key === key)?.type;
  }

  putElement(element: GraphElement): void {
    const index = this.#elements.findIndex(({ key }) => key === element.key);
    if (index < 0) this.#elements.push({ ...element });
    else this.#elements[index] = { ...element };
  }

  ownRelations(): ReadonlyMap<string, RelationType> {
    return this.#own;
  }

  putRelation(type: RelationType): void {
    this.#own.set(type.name, type);
  }

  reaches(from: string, relation: string, to: string, validFromMs: number, validToMs: number): boolean {
    return this.#believedAt(Infinity).some((fact) => {
      const since = Math.max(validFromMs, fact.validFromMs);
      const until = Math.min(validToMs, fact.validToMs ?? Infinity);
      if (fact.subject !== from || fact.relation !== relation || since >= until) return false;
      return fact.object === to || this.reaches(fact.object, relation, to, since, until);
    });
  }

  believed(key: FactKey): Fact | undefined {
    return this.#believedAt(Infinity).find((fact) => isSame(fact, key));
  }

  put(fact: Fact): boolean {
    if (this.believed(fact) !== undefined) return false;
    this.#log.push({ op: 'assert', fact: { ...fact } });
    return true;
  }

  end(key: FactKey, validToMs: number, recordedMs: number): void {
    this.#log.push({ op: 'end', key, validToMs, recordedMs });
  }

  retract(key: FactKey, recordedMs: number): void {
    this.#log.push({ op: 'retract', key, recordedMs });
  }

  ofSource(source: string): Fact[] {
    return this.#believedAt(Infinity).filter((fact) => fact.source === source);
  }

  // --- the reader ------------------------------------------------------------------------------------------------

  idOf(key: string): number | undefined {
    const index = this.#elements.findIndex((element) => element.key === key);
    return index < 0 ? undefined : index;
  }

  element(id: number): GraphElement {
    return this.#elements[id] as GraphElement;
  }

  closure(starts: readonly number[], relations: readonly string[], direction: 'out' | 'in', window: Window, hops: number, rows: number): ReturnType<GraphReader['closure']> {
    const reached: Reached[] = starts.map((id) => ({ id, parent: id, relation: '', depth: 0, fromMs: 0, toMs: 0 }));
    for (let depth = 0; ; depth++) {
      const level: Reached[] = [];
      for (const { id: parent } of reached.filter((one) => one.depth === depth)) {
        for (const { from, relation, to, fromMs, toMs } of this.edges([parent], relations, direction, window)) {
          level.push({ id: direction === 'out' ? to : from, parent, relation, depth: depth + 1, fromMs, toMs });
        }
      }
      const fresh = level
        .filter(({ id }) => !reached.some((one) => one.id === id))
        .sort((a, b) => a.id - b.id || a.parent - b.parent || a.fromMs - b.fromMs)
        .filter(({ id }, index, all) => all.findIndex((one) => one.id === id) === index);
      const found = (): Reached[] => reached.slice(starts.length);
      if (fresh.length === 0) return { reached: found() };
      if (depth === hops) return { reached: found(), cut: 'hops' };
      const room = rows - found().length;
      reached.push(...fresh.slice(0, room));
      if (fresh.length > room) return { reached: found(), cut: 'rows' };
    }
  }

  edges(ids: readonly number[], relations: readonly string[] | undefined, direction: 'out' | 'in', { sinceMs, untilMs, recordedMs }: Window): Edge[] {
    const keys = ids.map((id) => this.element(id).key);
    return this.#between(recordedMs)
      .filter(({ from, to, relation }) => keys.includes(this.element(direction === 'out' ? from : to).key) && (relations?.includes(relation) ?? true))
      .filter(({ fromMs, toMs }) => fromMs <= untilMs && (toMs > sinceMs || fromMs >= sinceMs));
  }

  last(id: number, relation: string, direction: 'out' | 'in', untilMs: number, recordedMs: number): Edge | undefined {
    let last: Edge | undefined;
    for (const edge of this.#between(recordedMs)) {
      const [near, far] = direction === 'out' ? [edge.from, edge.to] : [edge.to, edge.from];
      if (near !== id || edge.relation !== relation || edge.fromMs > untilMs) continue;
      const lastFar = last === undefined ? -1 : direction === 'out' ? last.to : last.from;
      if (last === undefined || edge.fromMs > last.fromMs || (edge.fromMs === last.fromMs && far > lastFar)) last = edge;
    }
    return last;
  }

  /** Every fact against every stretch. */
  within(stretches: readonly Stretch[], relations: readonly string[], direction: 'out' | 'in', recordedMs: number, rows: number): { place: number; edge: Edge }[] {
    const found: { place: number; edge: Edge }[] = [];
    for (const edge of this.#between(recordedMs)) {
      if (!relations.includes(edge.relation)) continue;
      for (const [place, { id, sinceMs, untilMs }] of stretches.entries()) {
        const held = edge.toMs > sinceMs || edge.fromMs >= sinceMs;
        if (id === (direction === 'out' ? edge.from : edge.to) && held && edge.fromMs <= untilMs) found.push({ place, edge });
      }
    }
    return found.sort((a, b) => a.place - b.place).slice(0, rows);
  }

  lasts(stretches: readonly Stretch[], relation: string, recordedMs: number): { place: number; edge: Edge }[] {
    const found: { place: number; edge: Edge }[] = [];
    for (let place = 0; place < stretches.length; place++) {
      const { id, sinceMs } = stretches[place] as Stretch;
      const edge = this.last(id, relation, 'out', sinceMs, recordedMs);
      if (edge !== undefined) found.push({ place, edge });
    }
    return found;
  }

  /** What joins two elements, as believed then. */
  #between(recordedMs: number): Edge[] {
    const edges: Edge[] = [];
    for (const { subject, relation, object, value, validFromMs, validToMs = Infinity } of this.#believedAt(recordedMs)) {
      if (value !== undefined) continue;
      edges.push({ from: this.idOf(subject) as number, relation, to: this.idOf(object) as number, fromMs: validFromMs, toMs: validToMs });
    }
    return edges;
  }

  expect(): void {}

  isLate(): boolean {
    return false;
  }
}
