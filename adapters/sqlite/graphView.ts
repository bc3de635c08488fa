import type { GraphElement } from '../../engine/ports.ts';
import type { Edge, GraphReader, Reached, Stretch, Window } from '../../engine/graph/graphReader.ts';
import type { GraphNames } from './graphNames.ts';
import type { Statements } from './statements.ts';

/** Above every time that can be told. */
export const never = Number.MAX_SAFE_INTEGER;
/** A fact that holds longer is found by an index of its own, so that what held at a time needs no look at all that was before. */
export const longMs = 2 * 86_400_000;
/** Relations that, once true, stay so: never asked by an overlap in time, so not worth that index. */
export const lasting: ReadonlySet<string> = new Set(['made from', 'made for', 'documented by', 'must meet', 'follows']);
/** Elements of which the facts are read one by one; more cross as one list. */
const fewElements = 8;
/** Of one statement; a search that needs more is cut. */
const mostRows = 2 ** 20;

type Direction = 'out' | 'in';
type EdgeRow = [far: number, relation: number, fromMs: number, toMs: number | null];
type NearEdgeRow = [...EdgeRow, near: number];

/** Columns of a fact by the end from which it is read, and its index: both hold all that is needed, so no row is looked up twice. */
const ends = {
  out: { near: 'subject', far: 'object', from: 'edge e', long: 'edge e INDEXED BY edge_long_subject' },
  in: { near: 'object', far: 'subject', from: 'edge e INDEXED BY edge_object', long: 'edge e INDEXED BY edge_long_object' },
} as const;

const texts = new Map<string, string>();

/** A statement's text, made once for each form. */
function text(form: string, direction: Direction, relations: number, most: number, make: (wanted: string, limit: string) => string): string {
  // A power of two that is part of the text: a limit that is bound makes SQLite plan the statement anew at each call, which costs more than the answer.
  const exponent = Math.ceil(Math.log2(Math.max(1, Math.min(most, mostRows))));
  const name = `${form} ${direction} ${relations} ${exponent}`;
  let known = texts.get(name);
  if (known === undefined) {
    known = make(relations < 0 ? '' : `AND e.relation IN (${Array.from({ length: relations }, (_, index) => `?${index + 5}`).join()})`, `LIMIT ${2 ** exponent}`);
    texts.set(name, known);
  }
  return known;
}

/**
 * How questions read the view: short statements that are prepared once and answered out of one index each. A fact of one element takes some
 * three microseconds; so the search itself goes in JavaScript, level by level.
 */
export class GraphView implements GraphReader {
  readonly #statements: Statements;
  readonly #names: GraphNames;
  readonly #relationsInUse: () => string[];
  #lateAt = Infinity;

  constructor(statements: Statements, names: GraphNames, relationsInUse: () => string[]) {
    this.#statements = statements;
    this.#names = names;
    this.#relationsInUse = relationsInUse;
  }

  /** From now on. */
  limit(timeMs: number): void {
    this.#lateAt = performance.now() + timeMs;
  }

  isLate(): boolean {
    return performance.now() > this.#lateAt;
  }

  idOf(key: string): number | undefined {
    return this.#names.known(key)?.id;
  }

  element(id: number): GraphElement {
    return this.#names.element(id);
  }

  expect(ids: readonly number[]): void {
    this.#names.expect(ids);
  }

  closure(starts: readonly number[], relations: readonly string[], direction: Direction, window: Window, hops: number, rows: number): ReturnType<GraphReader['closure']> {
    const known = new Set(starts);
    const reached: Reached[] = [];
    const limit = 4 * rows + starts.length + 1;
    let front: readonly number[] = starts;
    for (let depth = 1; front.length > 0; depth++) {
      const level = new Map<number, Reached>();
      const found = this.edges(front, relations, direction, window, limit);
      for (const { from, relation, to, fromMs, toMs } of found) {
        const parent = direction === 'out' ? from : to;
        const id = direction === 'out' ? to : from;
        if (known.has(id)) continue;
        const before = level.get(id);
        if (before !== undefined && (before.parent < parent || (before.parent === parent && before.fromMs <= fromMs))) continue;
        level.set(id, { id, parent, relation, depth, fromMs, toMs });
      }
      if (level.size > 0 && depth > hops) return { reached, cut: 'hops' };
      front = [...level.keys()].sort((a, b) => a - b);
      for (const id of front) {
        if (reached.length === rows) return { reached, cut: 'rows' };
        known.add(id);
        reached.push(level.get(id) as Reached);
      }
      if (found.length >= limit) return { reached, cut: 'rows' };
      if (this.isLate()) return { reached, cut: 'time' };
      this.#names.expect(front);
    }
    return { reached };
  }

  edges(ids: readonly number[], relations: readonly string[] | undefined, direction: Direction, window: Window, rows: number): Edge[] {
    const found: Edge[] = [];
    const most = Math.min(rows, mostRows);
    const [since, r] = [within(window.sinceMs), believedAt(window.recordedMs)];
    const unique = new Set(ids);
    // What is believed now needs no look at all that ever was; an end that was not known then makes even short facts long.
    if (window.sinceMs === -Infinity || r < never - 1) {
      const wanted = relations?.map((name) => this.#names.wordId(name) ?? 0) ?? [];
      const count = relations === undefined ? -1 : wanted.length;
      if (unique.size > fewElements) {
        const list = JSON.stringify([...unique]);
        const statement = listed(direction, count, most);
        for (const [far, relation, fromMs, toMs, near] of this.#statements.rows<NearEdgeRow>(statement, list, r, window.untilMs, since, ...wanted)) {
          if (found.length >= most) break;
          found.push(this.#edge(direction, near, far, relation, fromMs, toMs));
        }
        return found;
      }
      for (const id of unique) {
        this.#take(found, most, direction, id, this.#statements.rows<EdgeRow>(all(direction, count, most), id, r, window.untilMs, since, ...wanted));
        if (found.length >= most) break;
      }
      return found;
    }
    for (const id of unique) {
      this.#held(found, id, relations ?? this.#relationsInUse(), direction, since, window.untilMs, most);
      if (found.length >= most) break;
    }
    return found;
  }

  /** Of one element, what is believed now and held at some time from `since` on. */
  #held(found: Edge[], id: number, relations: readonly string[], direction: Direction, since: number, untilMs: number, most: number): void {
    const wanted: [lasting: number[], passing: number[]] = [[], []];
    for (const name of relations) {
      const word = this.#names.wordId(name);
      if (word !== undefined) wanted[lasting.has(name) ? 0 : 1].push(word);
    }
    for (const [place, words] of wanted.entries()) {
      if (words.length === 0 || found.length >= most) continue;
      const statement = (place === 0 ? all : recent)(direction, words.length, most);
      this.#take(found, most, direction, id, this.#statements.rows<EdgeRow>(statement, id, never - 1, untilMs, since, ...words));
    }
  }

  #take(found: Edge[], most: number, direction: Direction, near: number, rows: readonly EdgeRow[]): void {
    for (const [far, relation, fromMs, toMs] of rows) {
      if (found.length >= most) return;
      found.push(this.#edge(direction, near, far, relation, fromMs, toMs));
    }
  }

  #edge(direction: Direction, near: number, far: number, relation: number, fromMs: number, toMs: number | null): Edge {
    const name = this.#names.text(relation);
    return direction === 'out' ? { from: near, relation: name, to: far, fromMs, toMs: toMs ?? Infinity } : { from: far, relation: name, to: near, fromMs, toMs: toMs ?? Infinity };
  }

  within(stretches: readonly Stretch[], relations: readonly string[], direction: Direction, recordedMs: number, rows: number): { place: number; edge: Edge }[] {
    const found: { place: number; edge: Edge }[] = [];
    for (const [place, { id, sinceMs, untilMs }] of stretches.entries()) {
      for (const edge of this.edges([id], relations, direction, { sinceMs, untilMs, recordedMs }, rows - found.length)) found.push({ place, edge });
      if (found.length >= rows) break;
    }
    return found;
  }

  lasts(stretches: readonly Stretch[], relation: string, recordedMs: number): { place: number; edge: Edge }[] {
    const found: { place: number; edge: Edge }[] = [];
    for (const [place, { id, sinceMs }] of stretches.entries()) {
      const edge = this.last(id, relation, 'out', sinceMs, recordedMs);
      if (edge !== undefined) found.push({ place, edge });
    }
    return found;
  }

  last(id: number, relation: string, direction: Direction, untilMs: number, recordedMs: number): Edge | undefined {
    const word = this.#names.wordId(relation);
    if (word === undefined) return undefined;
    const [row] = this.#statements.rows<EdgeRow>(latest(direction), id, believedAt(recordedMs), untilMs, word);
    return row === undefined ? undefined : this.#edge(direction, id, ...row);
  }
}

const believed = 'e.recorded <= ?2 AND (e.retracted IS NULL OR e.retracted > ?2)';
const notOver = '(e.valid_to IS NULL OR e.valid_to > ?4 OR e.end_recorded > ?2 OR e.valid_from >= ?4)';
/** An end that was recorded later than that is not known. */
const columns = (direction: Direction): string => `e.${ends[direction].far}, e.relation, e.valid_from, CASE WHEN e.end_recorded > ?2 THEN NULL ELSE e.valid_to END`;

// ?1 element (or a list of them), ?2 believed at, ?3 until, ?4 since, ?5 … relations.

function all(direction: Direction, relations: number, most: number): string {
  return text('all', direction, relations, most, (wanted, limit) => `SELECT ${columns(direction)} FROM ${ends[direction].from}
    WHERE e.${ends[direction].near} = ?1 ${wanted} AND e.valid_from <= ?3 AND ${believed} AND ${notOver} ${limit}`);
}

function listed(direction: Direction, relations: number, most: number): string {
  return text('listed', direction, relations, most, (wanted, limit) => `SELECT ${columns(direction)}, i.value FROM json_each(?1) i CROSS JOIN ${ends[direction].from}
    ON e.${ends[direction].near} = i.value ${wanted} AND e.valid_from <= ?3 WHERE ${believed} AND ${notOver} ${limit}`);
}

/** As believed now. */
function recent(direction: Direction, relations: number, most: number): string {
  const { near, from, long } = ends[direction];
  return text('recent', direction, relations, most, (wanted, limit) => `SELECT ${columns(direction)} FROM ${from}
    WHERE e.${near} = ?1 ${wanted} AND e.valid_from <= ?3 AND e.valid_from > ?4 - ${longMs} AND ${believed} AND ${notOver}
    UNION ALL SELECT ${columns(direction)} FROM ${long}
    WHERE e.${near} = ?1 ${wanted} AND e.long = 1 AND e.valid_from <= ?4 - ${longMs} AND ${believed} AND (e.valid_to IS NULL OR e.valid_to > ?4) ${limit}`);
}

function latest(direction: Direction): string {
  const { near, far, from } = ends[direction];
  return text('latest', direction, -1, 1, (_, limit) => `SELECT ${columns(direction)} FROM ${from}
    WHERE e.${near} = ?1 AND e.relation = ?4 AND e.valid_from <= ?3 AND ${believed} ORDER BY e.valid_from DESC, e.${far} DESC ${limit}`);
}

/** What is believed now is believed at every later time too. */
export function believedAt(recordedMs: number): number {
  return Math.min(never - 1, Math.max(-never, recordedMs));
}

function within(timeMs: number): number {
  return Math.max(-8.64e15, timeMs);
}
