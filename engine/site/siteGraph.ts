import type { GraphAnswer, GraphElement, GraphQuestion, OwnRelation } from '../../contract/graph.ts';
import type { RecordInput } from '../graph/recordFacts.ts';
import { recordFacts } from '../graph/recordFacts.ts';
import type { NamedRows } from '../csvTable.ts';
import { linkTable } from '../graph/linkTable.ts';
import type { Relation, Relations } from '../graph/relations.ts';
import { relationNamed } from '../graph/relationTypes.ts';
import type { ElementQuery, Fact, FactQuery, GraphChange, GraphRefusal, GraphStore } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { LocalCalendar } from '../time/period.ts';

/** What a table says, row by row, and what is wrong with it. */
interface TableOutcome {
  rows: number;
  facts: { line: number; facts: (Fact & { ends?: boolean })[] }[];
  refused: { line: number; problem: Problem }[];
}

/** ISA-95's levels above a work unit, from the top (IEC 62264-1:2013, 5.3). */
const placeTypes = ['enterprise', 'site', 'area', 'work centre'];
const placeSource = 'place:';
const rowsAtOnce = 5000;

/**
 * The graph of a site: what nodes, the page and the editor ask and tell. Machines of the flow and the places they stand in become elements by
 * themselves; they are gathered and written with the next tick.
 */
export class SiteGraph {
  readonly #store: GraphStore;
  readonly #relations: Relations;
  readonly #nowMs: () => number;
  readonly #report: (problem: unknown) => void;
  /** Machines of a deploy that are still on their way. */
  readonly #prepared: () => Promise<void>;
  readonly #waiting = new Map<string, { name: string; path: readonly string[] }>();
  #writing: Promise<void> = Promise.resolve();

  /** Is told of each record that was noted. */
  onRecord: ((record: RecordInput) => void) | undefined;

  constructor(store: GraphStore, relations: Relations, nowMs: () => number, report: (problem: unknown) => void, prepared: () => Promise<void>) {
    this.#store = store;
    this.#relations = relations;
    this.#nowMs = nowMs;
    this.#report = report;
    this.#prepared = prepared;
  }

  /** A machine of the flow; written with the next tick. */
  declare(key: string, name: string, path: readonly string[]): void {
    this.#waiting.set(key, { name, path });
  }

  tick(): void {
    if (this.#waiting.size === 0) return;
    const machines = [...this.#waiting];
    this.#waiting.clear();
    this.#writing = this.#writing.then(() => this.#declareAll(machines)).catch((problem: unknown) => this.#report(problem));
  }

  /** Everything that was declared is written. */
  async settled(): Promise<void> {
    await this.#prepared();
    this.tick();
    await this.#writing;
  }

  async #declareAll(machines: readonly [string, { name: string; path: readonly string[] }][]): Promise<void> {
    const recordedMs = this.#nowMs();
    const open = new Map<string, Fact>();
    for (const fact of await this.#store.structure(['part of'])) if (fact.source.startsWith(placeSource)) open.set(fact.subject, fact);
    const changes = new Map<string, GraphChange>();
    const place = (key: string, name: string, type: string, above: string | undefined): void => {
      changes.set(`element ${key}`, { kind: 'element', element: { key, type, name }, recordedMs });
      const known = open.get(key);
      if (known?.object === above) return;
      if (known !== undefined) changes.set(`end ${key}`, { kind: 'end', fact: known, validToMs: recordedMs, recordedMs });
      if (above === undefined) return;
      changes.set(`part ${key}`, { kind: 'assert', fact: { subject: key, relation: 'part of', object: above, validFromMs: recordedMs, recordedMs, source: `${placeSource}${key}` } });
    };
    for (const [key, { name, path }] of machines) {
      // A path of one is a line, of two a site and a line; what lies between comes with longer ones.
      const levels = path.slice(0, 4);
      const types = levels.length < 3 ? [...(levels.length === 2 ? ['site'] : []), 'work centre'] : placeTypes.slice(4 - levels.length);
      let above: string | undefined;
      for (const [index, level] of levels.entries()) {
        const placeKey = levels.slice(0, index + 1).join('/');
        place(placeKey, level, types[index] as string, above);
        above = placeKey;
      }
      place(key, name, 'work unit', above);
    }
    await this.#store.change([...changes.values()]);
  }

  /** Applies changes; relations between machines and places are known to alerts and the page at once. */
  async change(changes: readonly GraphChange[]): Promise<GraphRefusal[]> {
    await this.settled();
    let refusals = await this.#store.change(changes);
    if (this.#waiting.size > 0 && refusals.some(({ problem }) => problem.code === 'TWIN_ELEMENT_UNKNOWN')) {
      // A machine came meanwhile, as at a deploy.
      await this.settled();
      const again = await this.#store.change(refusals.map(({ place }) => changes[place] as GraphChange));
      refusals = again.map(({ place, problem }) => ({ place: refusals[place]?.place ?? 0, problem }));
    }
    const isDrawn = (change: GraphChange): boolean => change.kind === 'relation'
      || ((change.kind === 'assert' || change.kind === 'end' || change.kind === 'retract') && this.#relations.isDrawn(change.fact.relation));
    if (changes.some(isDrawn)) await this.#relations.load();
    return refusals;
  }

  /** The relations of the site's own, before anything is told with them; gives those that cannot be added. */
  async declareRelations(relations: readonly OwnRelation[]): Promise<GraphRefusal[]> {
    if (relations.length === 0) return [];
    const refusals = await this.#store.change(relations.map((relation): GraphChange => ({ kind: 'relation', relation })));
    await this.#relations.load();
    return refusals;
  }

  /**
   * Relations out of a table, or only what would be refused of them. Each row for itself; a wrong one has its line and a problem.
   * @throws Problem TWIN_LINK_COLUMNS
   */
  async link(table: NamedRows, source: string, previewOnly: boolean, calendar: LocalCalendar): Promise<TableOutcome> {
    await this.settled();
    const rows = linkTable(table, source, this.#nowMs(), calendar);
    const refused = new Map<number, Problem>();
    // Looked at all at once: what a row makes known is known to the rows below.
    const atOnce = previewOnly ? rows.length : rowsAtOnce;
    for (let start = 0; start < rows.length; start += atOnce) {
      const some = rows.slice(start, start + atOnce);
      const lines = some.flatMap(({ line, changes }) => changes.map(() => line));
      const changes = some.flatMap((row) => row.changes);
      const refusals = previewOnly ? await this.#store.preview(changes) : await this.#store.change(changes);
      // The first thing that is wrong with a row says most; what follows from it says less.
      for (const { place, problem } of refusals) if (!refused.has(lines[place] as number)) refused.set(lines[place] as number, problem);
    }
    if (!previewOnly) await this.#relations.load();
    const facts = rows.map(({ line, changes }) => ({ line, facts: changes.flatMap((change) => (change.kind === 'assert' ? [change.fact] : [])) }));
    return { rows: rows.length, facts, refused: [...refused].map(([line, problem]) => ({ line, problem })) };
  }

  /** Ends every open fact that joins the two by this relation, from whichever end it is named; gives how many. */
  async unlink({ from, relation, to }: Relation, validToMs: number): Promise<number> {
    const named = relationNamed(relation, this.#relations.own);
    const [subject, object] = named?.inverted === true ? [to, from] : [from, to];
    const recordedMs = this.#nowMs();
    const facts = await this.#store.facts({ subject, object, relation: named?.type.name ?? relation, validMs: validToMs, recordedMs: Number.MAX_SAFE_INTEGER });
    const open = facts.filter((fact) => fact.validToMs === undefined);
    if (open.length > 0) await this.change(open.map((fact): GraphChange => ({ kind: 'end', fact, validToMs, recordedMs })));
    return open.length;
  }

  facts(query: FactQuery): Promise<Fact[]> {
    return this.#store.facts(query);
  }

  elements(query: ElementQuery): Promise<GraphElement[]> {
    return this.#store.elements(query);
  }

  /**
   * @throws Problem TWIN_ELEMENT_UNKNOWN, TWIN_ELEMENT_AMBIGUOUS, TWIN_QUESTION
   */
  async ask(question: GraphQuestion): Promise<GraphAnswer> {
    await this.settled();
    try {
      return await this.#store.ask(question, this.#nowMs());
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.code !== 'TWIN_ELEMENT_UNKNOWN') throw problem;
      const named = { ...question, element: await this.#keyOf(question.element, problem) };
      return this.#store.ask(named.ask === 'path' ? { ...named, to: await this.#keyOf(named.to, problem) } : named, this.#nowMs());
    }
  }

  /** People know things by their names. */
  async #keyOf(text: string, unknown: Problem): Promise<string> {
    const found = await this.#store.elements({ contains: String(text), limit: 50 });
    const wanted = String(text).trim().toLowerCase();
    const same = found.filter(({ key, name }) => key.toLowerCase() === wanted || name.toLowerCase() === wanted);
    const exact = same.find(({ key }) => key === text) ?? (same.length === 1 ? same[0] : undefined);
    if (exact !== undefined) return exact.key;
    if (same.length === 0) throw unknown;
    throw new Problem('TWIN_ELEMENT_AMBIGUOUS', `"${String(text).slice(0, 60)}" is the name of several: ${same.slice(0, 5).map(({ key }) => key).join(', ')}.`,
      'Give the key.', { name: String(text).slice(0, 60) });
  }

  /**
   * Notes what another system or a person reports. The same record again changes nothing; with other content it is a correction.
   * @throws Problem TWIN_RECORD_FIELDS, TWIN_RECORD_NOT_OPEN, and those of GraphStore.change
   */
  async note(input: RecordInput, replacesBefore: boolean): Promise<{ facts: number; ended: number }> {
    const recordedMs = this.#nowMs();
    const { elements, facts, ends, begins, source } = recordFacts(input, recordedMs);
    if (ends) return { facts: 0, ended: await this.#endOpen(facts, input.toMs ?? input.fromMs, recordedMs) };
    if (begins && (await this.#areOpen(facts, input.reporter, input.fromMs))) return { facts: 0, ended: 0 };
    const before = replacesBefore ? await this.#before(facts, elements, input.fromMs) : [];
    const refusals = await this.change([
      ...elements,
      ...before.map((fact): GraphChange => ({ kind: 'end', fact, validToMs: input.fromMs, recordedMs })),
      { kind: 'replace', source, facts, recordedMs },
    ]);
    const refusal = refusals[0];
    if (refusal !== undefined) throw refusal.problem;
    this.onRecord?.(input);
    return { facts: facts.length, ended: before.length };
  }

  /** What these records would say, and what would be refused of them; nothing is noted. Each sees those before it. */
  async previewNotes(inputs: readonly { line: number; input: RecordInput }[]): Promise<Omit<TableOutcome, 'rows'>> {
    await this.settled();
    const recordedMs = this.#nowMs();
    const refused = new Map<number, Problem>();
    const facts: { line: number; facts: (Fact & { ends?: boolean })[] }[] = [];
    const changes: GraphChange[] = [];
    const lines: number[] = [];
    const begun = new Set<string>();
    for (const { line, input } of inputs) {
      try {
        const said = recordFacts(input, recordedMs);
        if (said.ends) {
          const untold = said.facts.filter((fact) => fact.object !== '' && !begun.has(JSON.stringify([fact.subject, fact.relation, fact.object])));
          if (untold.length === said.facts.filter(({ object }) => object !== '').length) await this.#openOf(untold, input.toMs ?? input.fromMs);
        } else {
          for (const { subject, relation, object } of said.facts) begun.add(JSON.stringify([subject, relation, object]));
          const own: GraphChange[] = [...said.elements, { kind: 'replace', source: said.source, facts: said.facts, recordedMs }];
          changes.push(...own);
          lines.push(...own.map(() => line));
        }
        facts.push({ line, facts: said.ends ? said.facts.map((fact) => ({ ...fact, ends: true })) : said.facts });
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        refused.set(line, problem);
      }
    }
    for (const { place, problem } of await this.#store.preview(changes)) if (!refused.has(lines[place] as number)) refused.set(lines[place] as number, problem);
    return { facts, refused: [...refused].map(([line, problem]) => ({ line, problem })) };
  }

  /** What the same machine used or was operated by before, of the same type: a new recipe ends the one before. */
  async #before(facts: readonly Fact[], elements: readonly GraphChange[], fromMs: number): Promise<Fact[]> {
    const types = new Map(elements.map((change) => (change.kind === 'element' ? [change.element.key, change.element.type] : ['', ''])));
    const ended: Fact[] = [];
    for (const { subject, relation, object } of facts) {
      const type = types.get(object);
      if (type === undefined || (relation !== 'uses' && relation !== 'operated by')) continue;
      const held = await this.#store.facts({ subject, relation, validMs: fromMs, recordedMs: Number.MAX_SAFE_INTEGER });
      const open = held.filter((known) => known.validToMs === undefined && known.object !== object);
      const same = await this.#store.elements({ keys: open.map((known) => known.object), types: [type], limit: open.length + 1 });
      ended.push(...open.filter((known) => same.some(({ key }) => key === known.object)));
    }
    return ended;
  }

  /** Whether all of this was said to begin before, by the same reporter, and has not ended. */
  async #areOpen(facts: readonly Fact[], reporter: string, validMs: number): Promise<boolean> {
    for (const { subject, relation, object } of facts) {
      if (object === '') continue;
      const held = await this.#store.facts({ subject, relation, object, validMs, recordedMs: Number.MAX_SAFE_INTEGER });
      if (!held.some((known) => known.validToMs === undefined && known.source.startsWith(`record:${reporter}:`))) return false;
    }
    return facts.length > 0;
  }

  /** Those of them that hold then without an end. @throws Problem TWIN_RECORD_NOT_OPEN where there is none */
  async #openOf(facts: readonly Fact[], validToMs: number): Promise<Fact[]> {
    const open: Fact[] = [];
    for (const { subject, relation, object } of facts) {
      if (object === '') continue;
      for (const known of await this.#store.facts({ subject, relation, object, validMs: validToMs, recordedMs: Number.MAX_SAFE_INTEGER })) {
        if (known.validToMs === undefined) open.push(known);
      }
    }
    if (open.length === 0) {
      throw new Problem('TWIN_RECORD_NOT_OPEN', 'The record ends something that has not begun.', 'Report the begin first; late ones are put where they belong.', {});
    }
    return open;
  }

  async #endOpen(facts: readonly Fact[], validToMs: number, recordedMs: number): Promise<number> {
    const changes = (await this.#openOf(facts, validToMs)).map((fact): GraphChange => ({ kind: 'end', fact, validToMs, recordedMs }));
    const refusals = await this.change(changes);
    const refusal = refusals[0];
    if (refusal !== undefined) throw refusal.problem;
    return changes.length;
  }
}
