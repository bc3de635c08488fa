import type { GraphAnswer, GraphElement, GraphQuestion, ParameterThen } from '../../engine/ports.ts';
import type { GraphLedger } from '../../engine/graph/applyChange.ts';
import { applyChange, isSame } from '../../engine/graph/applyChange.ts';
import { elementTypes } from '../../engine/graph/elementTypes.ts';
import { byCodePoint, factOrder } from '../../engine/graph/factOrder.ts';
import type { Edge, GraphReader, Reached, Stretch, Window } from '../../engine/graph/graphReader.ts';
import { parameterThen } from '../../engine/graph/parameterThen.ts';
import { answer } from '../../engine/graph/questions.ts';
import type { RelationType } from '../../engine/graph/relationTypes.ts';
import type { ElementQuery, Fact, FactKey, FactQuery, GraphChange, GraphRefusal, GraphStore, Historian, OwnRelation } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';

/** A fact with what was recorded of its end. */
export interface StoredFact extends Fact {
  endRecordedMs: number;
  retractedMs: number;
}

/**
 * Facts in arrays, found by subject, object and source. `facts` is protected so that a test can plant a fault.
 */
export class MemoryGraphStore implements GraphStore, GraphLedger, GraphReader {
  protected readonly stored: StoredFact[] = [];
  readonly #elements: GraphElement[] = [];
  readonly #ids = new Map<string, number>();
  readonly #own = new Map<string, RelationType>();
  readonly #bySubject = new Map<string, StoredFact[]>();
  readonly #byObject = new Map<string, StoredFact[]>();
  readonly #bySource = new Map<string, StoredFact[]>();
  readonly #historian: Historian | undefined;

  constructor(historian?: Historian) {
    this.#historian = historian;
  }

  async change(changes: readonly GraphChange[]): Promise<GraphRefusal[]> {
    const refusals: GraphRefusal[] = [];
    for (const [place, change] of changes.entries()) {
      try {
        applyChange(change, this);
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        refusals.push({ place, problem });
      }
    }
    return refusals;
  }

  async preview(changes: readonly GraphChange[]): Promise<GraphRefusal[]> {
    const copy = new MemoryGraphStore();
    for (const element of this.#elements) copy.putElement(element);
    for (const type of this.#own.values()) copy.putRelation(type);
    for (const fact of this.stored) if (fact.retractedMs === Infinity) copy.put(fact);
    return copy.change(changes);
  }

  async facts({ validMs, recordedMs, subject, object, relation, source, newest = Infinity }: FactQuery): Promise<Fact[]> {
    const list = subject !== undefined ? this.#bySubject.get(subject) : object !== undefined ? this.#byObject.get(object) : source !== undefined ? this.#bySource.get(source) : this.stored;
    const found: Fact[] = [];
    for (const fact of list ?? []) {
      if ((subject !== undefined && fact.subject !== subject) || (object !== undefined && fact.object !== object)) continue;
      if ((relation !== undefined && fact.relation !== relation) || (source !== undefined && fact.source !== source)) continue;
      if (fact.validFromMs > validMs || !isBelieved(fact, recordedMs)) continue;
      const toMs = seenEnd(fact, recordedMs);
      if (toMs > validMs) found.push(seen(fact, toMs));
    }
    return found.sort(factOrder).slice(-newest);
  }

  async relations(): Promise<OwnRelation[]> {
    return [...this.#own.values()].map((type) => ({ ...type, from: [...type.from], to: [...type.to] }));
  }

  async structure(relations: readonly string[]): Promise<Fact[]> {
    const isPlant = (key: string): boolean => ['equipment', 'facility'].includes(elementTypes.get(this.typeOf(key) ?? '') ?? '');
    return this.stored
      .filter((fact) => fact.retractedMs === Infinity && fact.validToMs === undefined && relations.includes(fact.relation) && isPlant(fact.subject) && isPlant(fact.object))
      .map((fact) => seen(fact, Infinity))
      .sort(factOrder);
  }

  async elements({ types, keys, contains, limit }: ElementQuery): Promise<GraphElement[]> {
    const text = contains?.toLowerCase() ?? '';
    return this.#elements
      .filter(({ type, key, name }) => (types === undefined || types.includes(type)) && (keys === undefined || keys.includes(key))
        && (key.toLowerCase().includes(text) || name.toLowerCase().includes(text)))
      .sort((a, b) => byCodePoint(a.key, b.key))
      .slice(0, limit)
      .map((element) => ({ ...element }));
  }

  async ask(question: GraphQuestion, nowMs: number): Promise<GraphAnswer> {
    const found = answer(question, this, nowMs);
    const historian = this.#historian;
    if (question.ask !== 'origin' || question.parameters !== true || historian === undefined) return found;
    for (const row of found.rows) {
      if (row.role !== 'stay') continue;
      const fromMs = row.fromMs ?? 0;
      const toMs = Math.max(fromMs + 1, Math.min(row.toMs ?? Infinity, found.validMs + 1));
      const parameters: ParameterThen[] = [];
      const held = new Map((await historian.asOf(row.element.key, fromMs)).map((point) => [point.property, point]));
      const later = (await historian.asOf(row.element.key, toMs - 1)).map(({ property }) => property);
      for (const property of question.properties ?? later) {
        const columns = await historian.columns(row.element.key, property, fromMs, toMs);
        parameters.push(parameterThen(property, columns, held.get(property), fromMs, toMs));
      }
      row.parameters = parameters;
    }
    return found;
  }

  // --- the ledger ------------------------------------------------------------------------------------------------

  typeOf(key: string): string | undefined {
    const id = this.#ids.get(key);
    return id === undefined ? undefined : this.#elements[id]?.type;
  }

  putElement(element: GraphElement): void {
    const known = this.#ids.get(element.key);
    if (known !== undefined) this.#elements[known] = { ...element };
    else this.#ids.set(element.key, this.#elements.push({ ...element }) - 1);
  }

  ownRelations(): ReadonlyMap<string, RelationType> {
    return this.#own;
  }

  putRelation(type: RelationType): void {
    this.#own.set(type.name, type);
  }

  reaches(from: string, relation: string, to: string, validFromMs: number, validToMs: number, seenKeys = new Set<string>()): boolean {
    for (const fact of this.#bySubject.get(from) ?? []) {
      if (fact.relation !== relation || fact.value !== undefined || fact.retractedMs < Infinity) continue;
      const since = Math.max(validFromMs, fact.validFromMs);
      const until = Math.min(validToMs, fact.validToMs ?? Infinity);
      if (since >= until) continue;
      if (fact.object === to) return true;
      const name = JSON.stringify([fact.object, since, until]);
      if (seenKeys.has(name)) continue;
      seenKeys.add(name);
      if (this.reaches(fact.object, relation, to, since, until, seenKeys)) return true;
    }
    return false;
  }

  believed(key: FactKey): StoredFact | undefined {
    return this.#bySubject.get(key.subject)?.find((fact) => fact.retractedMs === Infinity && isSame(fact, key));
  }

  put(fact: Fact): boolean {
    if (this.believed(fact) !== undefined) return false;
    const stored: StoredFact = { ...fact, endRecordedMs: fact.validToMs === undefined ? Infinity : fact.recordedMs, retractedMs: Infinity };
    this.stored.push(stored);
    entryOf(this.#bySubject, fact.subject).push(stored);
    entryOf(this.#byObject, fact.object).push(stored);
    entryOf(this.#bySource, fact.source).push(stored);
    return true;
  }

  end(key: FactKey, validToMs: number, recordedMs: number): void {
    const known = this.believed(key);
    if (known !== undefined) Object.assign(known, { validToMs, endRecordedMs: recordedMs });
  }

  retract(key: FactKey, recordedMs: number): void {
    const known = this.believed(key);
    if (known !== undefined) known.retractedMs = recordedMs;
  }

  ofSource(source: string): Fact[] {
    return (this.#bySource.get(source) ?? []).filter(({ retractedMs }) => retractedMs === Infinity);
  }

  // --- the reader ------------------------------------------------------------------------------------------------

  idOf(key: string): number | undefined {
    return this.#ids.get(key);
  }

  element(id: number): GraphElement {
    return this.#elements[id] as GraphElement;
  }

  closure(starts: readonly number[], relations: readonly string[], direction: 'out' | 'in', window: Window, hops: number, rows: number): ReturnType<GraphReader['closure']> {
    const known = new Set(starts);
    const reached: Reached[] = [];
    let front: readonly number[] = starts;
    for (let depth = 1; front.length > 0; depth++) {
      const level = new Map<number, Reached>();
      for (const { from, relation, to, fromMs, toMs } of this.edges(front, relations, direction, window, Infinity)) {
        const [parent, id] = direction === 'out' ? [from, to] : [to, from];
        const before = level.get(id);
        if (known.has(id) || (before !== undefined && (before.parent < parent || (before.parent === parent && before.fromMs <= fromMs)))) continue;
        level.set(id, { id, parent, relation, depth, fromMs, toMs });
      }
      if (level.size > 0 && depth > hops) return { reached, cut: 'hops' };
      front = [...level.keys()].sort((a, b) => a - b);
      for (const id of front) {
        if (reached.length === rows) return { reached, cut: 'rows' };
        known.add(id);
        reached.push(level.get(id) as Reached);
      }
    }
    return { reached };
  }

  edges(ids: readonly number[], relations: readonly string[] | undefined, direction: 'out' | 'in', { sinceMs, untilMs, recordedMs }: Window, rows: number): Edge[] {
    const found: Edge[] = [];
    for (const id of new Set(ids)) {
      const { key } = this.element(id);
      for (const fact of (direction === 'out' ? this.#bySubject : this.#byObject).get(key) ?? []) {
        if (fact.value !== undefined || (relations !== undefined && !relations.includes(fact.relation))) continue;
        if (fact.validFromMs > untilMs || !isBelieved(fact, recordedMs)) continue;
        const toMs = seenEnd(fact, recordedMs);
        if (toMs <= sinceMs && fact.validFromMs < sinceMs) continue;
        if (found.length >= rows) return found;
        found.push({ from: this.#ids.get(fact.subject) as number, relation: fact.relation, to: this.#ids.get(fact.object) as number, fromMs: fact.validFromMs, toMs });
      }
    }
    return found;
  }

  last(id: number, relation: string, direction: 'out' | 'in', untilMs: number, recordedMs: number): Edge | undefined {
    const edges = this.edges([id], [relation], direction, { sinceMs: -Infinity, untilMs, recordedMs }, Infinity);
    return edges.sort((a, b) => b.fromMs - a.fromMs || b.to - a.to || b.from - a.from)[0];
  }

  within(stretches: readonly Stretch[], relations: readonly string[], direction: 'out' | 'in', recordedMs: number, rows: number): { place: number; edge: Edge }[] {
    return stretches.flatMap(({ id, ...window }, place) => this.edges([id], relations, direction, { ...window, recordedMs }, rows).map((edge) => ({ place, edge }))).slice(0, rows);
  }

  lasts(stretches: readonly Stretch[], relation: string, recordedMs: number): { place: number; edge: Edge }[] {
    return stretches.flatMap(({ id, sinceMs }, place) => {
      const edge = this.last(id, relation, 'out', sinceMs, recordedMs);
      return edge === undefined ? [] : [{ place, edge }];
    });
  }

  expect(): void {}

  isLate(): boolean {
    return false;
  }
}

function isBelieved(fact: StoredFact, recordedMs: number): boolean {
  return fact.recordedMs <= recordedMs && fact.retractedMs > recordedMs;
}

function seenEnd(fact: StoredFact, recordedMs: number): number {
  return fact.validToMs === undefined || fact.endRecordedMs > recordedMs ? Infinity : fact.validToMs;
}

function seen(fact: StoredFact, toMs: number): Fact {
  const { endRecordedMs: _end, retractedMs: _retracted, validToMs: _to, ...rest } = fact;
  return toMs === Infinity ? rest : { ...rest, validToMs: toMs };
}

function entryOf<Value>(map: Map<string, Value[]>, key: string): Value[] {
  let list = map.get(key);
  if (list === undefined) {
    list = [];
    map.set(key, list);
  }
  return list;
}
