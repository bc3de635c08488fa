import type { AnswerRole, AnswerRow, GraphAnswer, GraphElement, GraphQuestion, SiblingsBy } from '../../contract/graph.ts';
import { Problem } from '../problem.ts';
import { elementTypes } from './elementTypes.ts';
import type { Edge, GraphReader, Stretch, Window } from './graphReader.ts';
import { shortestPath } from './shortestPath.ts';

const limits = { hops: { usual: 8, most: 32 }, rows: { usual: 1000, most: 10_000 }, timeMs: { usual: 2000, most: 10_000 } } as const;
const hourMs = 3_600_000;
const mostHours = 24 * 366;
/** Stays of which the surroundings are told; a part is in fewer machines. */
const mostStays = 100;

/** How long a question may search, in ms. */
export function timeLimitOf(question: GraphQuestion): number {
  return limitOf(question, 'timeMs');
}

function limitOf(question: GraphQuestion, name: keyof typeof limits): number {
  const given = question[name];
  const { usual, most } = limits[name];
  return given === undefined || !(given >= 1) ? usual : Math.min(most, Math.floor(given));
}

/**
 * The ready questions, on any reader. Each is bounded in hops, rows and time, and says what cut it.
 * @throws Problem TWIN_ELEMENT_UNKNOWN, TWIN_QUESTION
 */
export function answer(question: GraphQuestion, reader: GraphReader, nowMs: number): GraphAnswer {
  return new Search(question, reader, nowMs).run();
}

/** The questions by their name, so that a form or a message can be checked. */
export const questionNames: readonly GraphQuestion['ask'][] = ['origin', 'impact', 'siblings', 'streams', 'changes', 'where', 'path', 'around'];

/** What a machine's facts with others are called in an answer, by the type of the other. */
const roleOfType: Readonly<Record<string, AnswerRole>> = {
  operator: 'operator', shift: 'shift', tool: 'tool', recipe: 'recipe', 'material lot': 'lot', 'job order': 'order', 'maintenance order': 'maintenance',
};

const sharedTypes: Readonly<Record<Exclude<SiblingsBy, 'lot' | 'machine' | 'order'>, { relation: string; type: string }>> = {
  tool: { relation: 'uses', type: 'tool' },
  operator: { relation: 'operated by', type: 'operator' },
  shift: { relation: 'operated by', type: 'shift' },
};

class Search {
  readonly #question: GraphQuestion;
  readonly #reader: GraphReader;
  readonly #start: number;
  readonly #validMs: number;
  readonly #recordedMs: number;
  readonly #hops: number;
  readonly #most: number;
  /** All that had begun by the time asked for, and what held at it. */
  readonly #begun: Window;
  readonly #held: Window;
  readonly #rows: AnswerRow[] = [];
  readonly #elements = new Map<number, GraphElement>();
  #cut: GraphAnswer['cut'];

  constructor(question: GraphQuestion, reader: GraphReader, nowMs: number) {
    this.#question = question;
    this.#reader = reader;
    this.#validMs = question.validMs ?? nowMs;
    this.#recordedMs = question.recordedMs ?? Number.MAX_SAFE_INTEGER;
    if (!Number.isFinite(this.#validMs) || !Number.isFinite(this.#recordedMs)) throw wrongQuestion('a time is none');
    this.#hops = limitOf(question, 'hops');
    this.#most = limitOf(question, 'rows');
    this.#start = this.#known(question.element);
    this.#begun = { sinceMs: -Infinity, untilMs: this.#validMs, recordedMs: this.#recordedMs };
    this.#held = { sinceMs: this.#validMs, untilMs: this.#validMs, recordedMs: this.#recordedMs };
  }

  run(): GraphAnswer {
    const { ask } = this.#question;
    switch (this.#question.ask) {
      case 'origin': this.#origin(); break;
      case 'impact': this.#impact(); break;
      case 'siblings': this.#siblings(this.#question.by); break;
      case 'streams': this.#streams(); break;
      case 'changes': this.#changes(this.#question.hours); break;
      case 'where': this.#where(); break;
      case 'path': this.#path(this.#question.to); break;
      case 'around': this.#around(); break;
      default: throw wrongQuestion('it is not one of the ready ones');
    }
    if (this.#rows.length > this.#most) {
      this.#rows.length = this.#most;
      this.#cut = 'rows';
    }
    return {
      ask, element: this.#element(this.#start), validMs: this.#validMs, recordedMs: this.#recordedMs, rows: this.#rows,
      ...(this.#cut !== undefined && { cut: this.#cut }),
    };
  }

  // --- which machine made it, from what, under which conditions --------------------------------------------------

  #origin(): void {
    const materials = this.#closure([this.#start], ['made from'], 'out', this.#begun);
    const depths = new Map(materials.map(({ id, depth }) => [id, depth]));
    for (const one of materials) this.#add('material', one.id, { of: one.parent, relation: one.relation, depth: one.depth, fromMs: one.fromMs, toMs: one.toMs });
    const stays = this.#edges([this.#start, ...depths.keys()], ['produced by', 'made for'], 'out', this.#begun);
    for (const edge of stays) {
      const depth = (depths.get(edge.from) ?? 0) + 1;
      this.#add(edge.relation === 'made for' ? 'order' : 'stay', edge.to, { of: edge.from, relation: edge.relation, depth, fromMs: edge.fromMs, toMs: edge.toMs });
    }
    const machines = stays.filter(({ relation }) => relation === 'produced by');
    if (machines.length > mostStays) this.#cut ??= 'rows';
    if (this.#isLate()) {
      this.#cut ??= 'time';
      return;
    }
    const stretches = machines.slice(0, mostStays).map((stay) => this.#stretchOf(stay));
    const add = ({ place, edge }: { place: number; edge: Edge }, role?: AnswerRole): void => {
      const machine = machines[place] as Edge;
      const other = edge.from === machine.to ? edge.to : edge.from;
      const said = role ?? roleOfType[this.#element(other).type];
      const depth = (depths.get(machine.from) ?? 0) + 2;
      if (said !== undefined) this.#add(said, other, { of: machine.to, relation: edge.relation, depth, fromMs: edge.fromMs, toMs: edge.toMs });
    };
    for (const found of this.#beside(stretches)) add(found);
    for (const found of this.#reader.lasts(stretches.map((one) => ({ ...one, sinceMs: Math.min(one.sinceMs, this.#validMs) })), 'serviced by', this.#recordedMs)) add(found, 'maintenance');
  }

  /** What was at the machines of stays, at any moment of each. */
  #beside(stretches: readonly Stretch[], relations: readonly string[] = ['operated by', 'uses', 'consumes']): { place: number; edge: Edge }[] {
    const found = [...this.#within(stretches, relations, 'out'), ...this.#within(stretches, ['uses'], 'in')];
    this.#reader.expect(found.flatMap(({ edge }) => [edge.from, edge.to]));
    return found;
  }

  /** The end is not part of a stay. */
  #stretchOf({ to, fromMs, toMs }: Edge): Stretch {
    return { id: to, sinceMs: fromMs, untilMs: Math.min(this.#validMs, Math.max(fromMs, toMs - 1)) };
  }

  // --- everything made from it -----------------------------------------------------------------------------------

  #impact(): void {
    const starts = [this.#start];
    const told = new Set<number>();
    if (this.#reader.last(this.#start, 'made from', 'in', this.#validMs, this.#recordedMs) === undefined) {
      // Nothing says which products: those that were in the machine while it consumed the lot.
      for (const { product, machine, edge } of this.#madeWhile(this.#edges([this.#start], ['consumes'], 'in', this.#begun))) {
        if (told.has(product)) continue;
        told.add(product);
        starts.push(product);
        this.#add('product', product, { of: machine, relation: edge.relation, depth: 1, fromMs: edge.fromMs, toMs: edge.toMs });
      }
    }
    for (const one of this.#closure(starts, ['made from'], 'in', this.#begun)) {
      if (!told.has(one.id)) this.#add('product', one.id, { of: one.parent, relation: one.relation, depth: one.depth + (starts.length > 1 ? 1 : 0), fromMs: one.fromMs, toMs: one.toMs });
    }
  }

  /** The products that were in the machines of these facts while the facts held; the machine is where a fact comes from. */
  #madeWhile(facts: readonly Edge[]): { product: number; machine: number; edge: Edge; through: number }[] {
    const stretches = facts.map((fact) => ({ ...this.#stretchOf(fact), id: fact.from }));
    return this.#within(stretches, ['produced by'], 'in').map(({ place, edge }) => {
      const fact = facts[place] as Edge;
      return { product: edge.from, machine: fact.from, edge, through: fact.to };
    });
  }

  // --- what else had the same ------------------------------------------------------------------------------------

  #siblings(by: SiblingsBy): void {
    const stays = this.#edges([this.#start], ['produced by'], 'out', this.#begun);
    const seen = new Set([this.#start]);
    const share = (id: number, edge: Edge): void => this.#add('shared', id, { of: edge.from, relation: edge.relation, depth: 1, fromMs: edge.fromMs, toMs: edge.toMs });
    const product = (id: number, of: number, edge: Edge): void => {
      if (seen.has(id)) return;
      seen.add(id);
      this.#add('product', id, { of, relation: edge.relation, depth: 2, fromMs: edge.fromMs, toMs: edge.toMs });
    };
    const direct = { lot: 'made from', machine: 'produced by', order: 'made for' }[by as string];
    const wasShared = new Set<number>();
    if (direct !== undefined) {
      for (const edge of this.#edges([this.#start], [direct], 'out', this.#begun)) {
        if (wasShared.has(edge.to)) continue;
        wasShared.add(edge.to);
        share(edge.to, edge);
        for (const other of this.#edges([edge.to], [direct], 'in', this.#begun)) product(other.from, edge.to, other);
      }
      if (wasShared.size > 0 || by === 'machine') return;
    }
    const through = by === 'lot' ? { relation: 'consumes', type: 'material lot' } : sharedTypes[by as keyof typeof sharedTypes];
    if (through === undefined) {
      if (by === 'order') return;
      throw wrongQuestion('"by" is lot, machine, tool, operator, shift or order');
    }
    for (const { edge } of this.#within(stays.map((stay) => this.#stretchOf(stay)), [through.relation], 'out')) {
      if (this.#element(edge.to).type !== through.type || wasShared.has(edge.to)) continue;
      wasShared.add(edge.to);
      share(edge.to, edge);
      // On whichever machine: an operator or a tool moves.
      for (const one of this.#madeWhile(this.#edges([edge.to], [through.relation], 'in', this.#begun))) product(one.product, one.through, one.edge);
    }
  }

  // --- the line, what changed, where, the way between -------------------------------------------------------------

  #streams(): void {
    for (const [role, direction] of [['upstream', 'in'], ['downstream', 'out']] as const) {
      for (const one of this.#closure([this.#start], ['feeds', 'powers'], direction, this.#held)) {
        this.#add(role, one.id, { of: one.parent, relation: one.relation, depth: one.depth, fromMs: one.fromMs, toMs: one.toMs });
      }
    }
  }

  #changes(hours: number): void {
    if (!(hours > 0 && hours <= mostHours)) throw wrongQuestion(`"hours" is above 0 and at most ${mostHours}`);
    const isMachine = elementTypes.get(this.#element(this.#start).type) === 'equipment';
    const stays = isMachine
      ? [{ from: this.#start, relation: '', to: this.#start, fromMs: this.#validMs, toMs: this.#validMs }]
      : this.#edges([this.#start], ['produced by'], 'out', this.#begun);
    const events: { role: 'begin' | 'end'; atMs: number; edge: Edge; machine: number; other: number }[] = [];
    const stretches = stays.map((stay) => ({ ...this.#stretchOf(stay), sinceMs: stay.fromMs - hours * hourMs }));
    for (const { place, edge } of this.#beside(stretches, ['serviced by', 'uses', 'consumes', 'operated by'])) {
      const { id: machine, sinceMs, untilMs } = stretches[place] as Stretch;
      const other = edge.from === machine ? edge.to : edge.from;
      if (edge.fromMs >= sinceMs) events.push({ role: 'begin', atMs: edge.fromMs, edge, machine, other });
      if (edge.toMs >= sinceMs && edge.toMs <= untilMs && edge.toMs > edge.fromMs) events.push({ role: 'end', atMs: edge.toMs, edge, machine, other });
    }
    // The newest first: what changed last is asked about first.
    events.sort((a, b) => b.atMs - a.atMs || a.machine - b.machine || a.other - b.other);
    for (const { role, edge, machine, other } of events) this.#add(role, other, { of: machine, relation: edge.relation, depth: 1, fromMs: edge.fromMs, toMs: edge.toMs });
  }

  #where(): void {
    const now = [
      ...this.#edges([this.#start], ['located in', 'produced by', 'part of'], 'out', this.#held),
      ...this.#edges([this.#start], ['operated by', 'uses', 'consumes'], 'in', this.#held),
    ];
    if (now.length === 0) {
      const ways = [['located in', 'out'], ['produced by', 'out'], ['operated by', 'in'], ['uses', 'in'], ['consumes', 'in']] as const;
      const last = ways.map(([relation, direction]) => this.#reader.last(this.#start, relation, direction, this.#validMs, this.#recordedMs)).filter((edge) => edge !== undefined);
      last.sort((a, b) => b.fromMs - a.fromMs);
      if (last[0] !== undefined) now.push(last[0]);
    }
    const places = new Set<number>();
    for (const edge of now) {
      const place = edge.from === this.#start ? edge.to : edge.from;
      if (places.has(place)) continue;
      places.add(place);
      this.#add('place', place, { of: this.#start, relation: edge.relation, depth: 1, fromMs: edge.fromMs, toMs: edge.toMs });
    }
    for (const one of this.#closure([...places], ['part of', 'located in'], 'out', this.#held)) {
      this.#add('place', one.id, { of: one.parent, relation: one.relation, depth: one.depth + 1, fromMs: one.fromMs, toMs: one.toMs });
    }
  }

  #path(to: string): void {
    const { path, cut } = shortestPath(this.#reader, this.#start, this.#known(to), this.#begun, this.#hops);
    if (cut !== undefined) this.#cut = cut;
    for (const [index, { edge, id, of }] of path.entries()) this.#add('step', id, { of, relation: edge.relation, depth: index + 1, fromMs: edge.fromMs, toMs: edge.toMs });
  }

  #around(): void {
    // What happened to a thing stays true of it; what a machine or a person is beside changes.
    const kind = elementTypes.get(this.#element(this.#start).type);
    const window = kind === 'product' || kind === 'material' || kind === 'process' ? this.#begun : this.#held;
    const edges = [...this.#edges([this.#start], undefined, 'out', window), ...this.#edges([this.#start], undefined, 'in', window)];
    if (kind === 'equipment') {
      const service = this.#reader.last(this.#start, 'serviced by', 'out', this.#validMs, this.#recordedMs);
      if (service !== undefined && !edges.some(({ to, fromMs }) => to === service.to && fromMs === service.fromMs)) edges.push(service);
    }
    for (const edge of edges) {
      const other = edge.from === this.#start ? edge.to : edge.from;
      this.#add('neighbour', other, { of: this.#start, relation: edge.from === this.#start ? edge.relation : `< ${edge.relation}`, depth: 1, fromMs: edge.fromMs, toMs: edge.toMs });
    }
  }

  // --- reading, bounded ------------------------------------------------------------------------------------------

  #known(key: string): number {
    const id = typeof key === 'string' ? this.#reader.idOf(key) : undefined;
    if (id !== undefined) return id;
    const shown = String(key).slice(0, 60);
    throw new Problem('TWIN_ELEMENT_UNKNOWN', `Nothing is known under "${shown}".`, 'Check the key, or say what it is first.', { key: shown });
  }

  #closure(starts: readonly number[], relations: readonly string[], direction: 'out' | 'in', window: Window): ReturnType<GraphReader['closure']>['reached'] {
    if (starts.length === 0) return [];
    const { reached, cut } = this.#reader.closure(starts, relations, direction, window, this.#hops, this.#most);
    if (cut !== undefined) this.#cut ??= cut;
    return reached;
  }

  #edges(ids: readonly number[], relations: readonly string[] | undefined, direction: 'out' | 'in', window: Window): Edge[] {
    const edges = this.#reader.edges(ids, relations, direction, window, this.#most + 1);
    if (edges.length > this.#most) this.#cut ??= 'rows';
    this.#reader.expect(edges.flatMap(({ from, to }) => [from, to]));
    return edges.sort((a, b) => a.fromMs - b.fromMs || a.from - b.from || a.to - b.to || (a.relation < b.relation ? -1 : 1));
  }

  #within(stretches: readonly Stretch[], relations: readonly string[], direction: 'out' | 'in'): { place: number; edge: Edge }[] {
    if (stretches.length === 0) return [];
    const found = this.#reader.within(stretches, relations, direction, this.#recordedMs, this.#most + 1);
    if (found.length > this.#most) this.#cut ??= 'rows';
    return found.sort((a, b) => a.place - b.place || a.edge.fromMs - b.edge.fromMs || a.edge.from - b.edge.from || a.edge.to - b.edge.to || (a.edge.relation < b.edge.relation ? -1 : 1));
  }

  #isLate(): boolean {
    return this.#reader.isLate();
  }

  #element(id: number): GraphElement {
    let element = this.#elements.get(id);
    if (element === undefined) {
      element = this.#reader.element(id);
      this.#elements.set(id, element);
    }
    return element;
  }

  #add(role: AnswerRole, id: number, { of, relation, depth, fromMs, toMs }: { of: number; relation: string; depth: number; fromMs: number; toMs: number }): void {
    this.#rows.push({ role, element: this.#element(id), of: this.#element(of).key, relation, depth, fromMs, ...(toMs < Infinity && { toMs }) });
  }
}

function wrongQuestion(what: string): Problem {
  return new Problem('TWIN_QUESTION', `The question cannot be understood: ${what}.`, 'Choose one of the ready questions and fill in its fields.', { what });
}
