import type { GraphElement } from '../../engine/ports.ts';
import type { Statements } from './statements.ts';

/** Of each kind; a few megabytes. */
const mostKept = 8192;
/** Looked up one by one up to here. */
const fewNames = 4;

interface KnownElement {
  id: number;
  type: string;
}

/** What was used lately: two halves, of which the older one goes when the newer one is full. */
class Recent<Key, Value> {
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    if (this.#young.size >= mostKept / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: Key): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}

/** The names in graph.db and the numbers that stand for them in its facts: elements, and words (relations, types, sources). */
export class GraphNames {
  readonly #statements: Statements;
  readonly #words = new Recent<string, number>();
  readonly #texts = new Recent<number, string>();
  readonly #byKey = new Recent<string, KnownElement>();
  readonly #byId = new Recent<number, GraphElement>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  known(key: string): KnownElement | undefined {
    const kept = this.#byKey.get(key);
    if (kept !== undefined) return kept;
    const [row] = this.#statements.rows<[number, number]>('SELECT id, type FROM element WHERE key = ?', key);
    if (row === undefined) return undefined;
    const known = { id: row[0], type: this.text(row[1]) };
    this.#byKey.set(key, known);
    return known;
  }

  element(id: number): GraphElement {
    const kept = this.#byId.get(id);
    if (kept !== undefined) return kept;
    const [row] = this.#statements.rows<[string, number, string]>('SELECT key, type, name FROM element WHERE id = ?', id);
    const [key, type, name] = row as [string, number, string];
    return this.#keep(id, key, type, name);
  }

  /** Reads those that are not known at once. */
  expect(ids: readonly number[]): void {
    const unknown = new Set<number>();
    for (const id of ids) if (this.#byId.get(id) === undefined) unknown.add(id);
    if (unknown.size <= fewNames) return;
    // Many cross as one text for each column: less than a value for each.
    const [row] = this.#statements.rows<[string, string, string, string]>(`
      SELECT json_group_array(n.id), json_group_array(n.key), json_group_array(n.type), json_group_array(nullif(n.name, n.key))
      FROM json_each(?) i CROSS JOIN element n ON n.id = i.value`, JSON.stringify([...unknown]));
    const [found, keys, types, names] = (row as string[]).map((text) => JSON.parse(text) as unknown) as [number[], string[], number[], (string | null)[]];
    for (const [place, id] of found.entries()) this.#keep(id, keys[place] as string, types[place] as number, names[place] ?? (keys[place] as string));
  }

  #keep(id: number, key: string, type: number, name: string): GraphElement {
    // One text for both where they are the same, as most are.
    const element = { key, type: this.text(type), name: name === key ? key : name };
    this.#byId.set(id, element);
    return element;
  }

  /** Adds an element, or gives a known one another name; gives its number where something changed. */
  put({ key, type, name }: GraphElement): number | undefined {
    const known = this.known(key);
    if (known !== undefined) {
      if (Number(this.#statements.prepare('UPDATE element SET name = ?1 WHERE id = ?2 AND name <> ?1').run(name, known.id).changes) === 0) return undefined;
      this.#byId.delete(known.id);
      return known.id;
    }
    const id = Number(this.#statements.prepare('INSERT INTO element (key, type, name) VALUES (?, ?, ?)').run(key, this.word(type), name).lastInsertRowid);
    this.#byKey.set(key, { id, type });
    return id;
  }

  /** undefined: never heard of. */
  wordId(text: string): number | undefined {
    const kept = this.#words.get(text);
    if (kept !== undefined) return kept;
    const id = this.#statements.rows<[number]>('SELECT id FROM word WHERE text = ?', text)[0]?.[0];
    if (id !== undefined) this.#words.set(text, id);
    return id;
  }

  word(text: string): number {
    const known = this.wordId(text);
    if (known !== undefined) return known;
    const id = Number(this.#statements.prepare('INSERT INTO word (text) VALUES (?)').run(text).lastInsertRowid);
    this.#words.set(text, id);
    return id;
  }

  text(id: number): string {
    let text = this.#texts.get(id);
    if (text === undefined) {
      [text] = this.#statements.rows<[string]>('SELECT text FROM word WHERE id = ?', id)[0] as [string];
      this.#texts.set(id, text);
    }
    return text;
  }
}
