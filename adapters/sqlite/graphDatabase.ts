import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { GraphAnswer, GraphElement, GraphQuestion } from '../../engine/ports.ts';
import type { GraphLedger } from '../../engine/graph/applyChange.ts';
import { applyChange } from '../../engine/graph/applyChange.ts';
import type { ElementKind } from '../../engine/graph/elementTypes.ts';
import { elementTypes } from '../../engine/graph/elementTypes.ts';
import { factOrder } from '../../engine/graph/factOrder.ts';
import type { Edge, GraphReader, Reached, Stretch, Window } from '../../engine/graph/graphReader.ts';
import { answer, timeLimitOf } from '../../engine/graph/questions.ts';
import type { RelationType } from '../../engine/graph/relationTypes.ts';
import { relationTypes } from '../../engine/graph/relationTypes.ts';
import type { ElementQuery, Fact, FactKey, FactQuery, GraphChange, OwnRelation } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';

/** Stands for "open" and "never" in the files, above every time that can be told. */
const open = Number.MAX_SAFE_INTEGER;
/** A fact that holds longer is found by an index of its own, so that what held at a time needs no look at all that was before. */
const longMs = 2 * 86_400_000;
/** Relations that, once true, stay so: never asked by an overlap in time, so not worth that index. */
const lasting: ReadonlySet<string> = new Set(['made from', 'made for', 'documented by', 'must meet', 'follows']);
/** Elements kept in memory: some megabytes. */
const mostCached = 30_000;
/** Numbers for each step of the log. */
const stepWidth = 8;
const opCodes = { element: 1, relation: 2, edge: 3, property: 4, endEdge: 5, endProperty: 6, retractEdge: 7, retractProperty: 8 } as const;

interface KnownElement {
  id: number;
  type: string;
}

interface FactRow {
  subject: string;
  relation: string;
  object: string;
  source: string;
  value: string | null;
  valid_from: number;
  valid_to: number;
  end_recorded: number;
  recorded: number;
}

const factColumns = `
  s.key AS subject, r.text AS relation, o.key AS object, w.text AS source, NULL AS value, e.valid_from, e.valid_to, e.end_recorded, e.recorded
  FROM edge e JOIN element s ON s.id = e.subject JOIN element o ON o.id = e.object JOIN word r ON r.id = e.relation JOIN word w ON w.id = e.source`;
const propertyColumns = `
  s.key AS subject, r.text AS relation, '' AS object, w.text AS source, e.value, e.valid_from, e.valid_to, e.end_recorded, e.recorded
  FROM property e JOIN element s ON s.id = e.subject JOIN word r ON r.id = e.relation JOIN word w ON w.id = e.source`;

/**
 * Facts in two forms, written in one transaction: the log of what was asserted, ended and taken back, to which things are only added, and
 * the view of it that questions read: one row per fact with its four times, clustered by subject, with an index by object (Snodgrass,
 * Developing Time-Oriented Database Applications in SQL, 2000). Names are kept once and stand in the facts as numbers. Plain, blocking
 * calls inside transactions that the caller opens; it runs in the store's own thread.
 */
export class GraphDatabase implements GraphLedger, GraphReader {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #words = new Map<string, number>();
  readonly #texts = new Map<number, string>();
  readonly #own = new Map<string, RelationType>();
  #byKey = new Map<string, KnownElement>();
  #byId = new Map<number, GraphElement>();
  /** Steps of this transaction: numbers, and the texts among them. */
  #steps: number[] = [];
  #stepTexts: [step: number, text: string][] = [];
  #lateAt = Infinity;

  constructor(database: DatabaseSync) {
    this.#database = database;
    for (const row of database.prepare('SELECT r.name, w.text, r.inverse, r.from_kinds, r.to_kinds, r.acyclic FROM relation r JOIN word w ON w.id = r.name').all() as
      { name: number; text: string; inverse: string; from_kinds: string; to_kinds: string; acyclic: number }[]) {
      this.#own.set(row.text, { name: row.text, inverse: row.inverse, from: kindList(row.from_kinds), to: kindList(row.to_kinds), ...(row.acyclic === 1 && { acyclic: true }) });
    }
  }

  /** Applies changes; gives the places of those that were refused, and why. */
  change(changes: readonly GraphChange[]): { place: number; problem: Problem }[] {
    const refused: { place: number; problem: Problem }[] = [];
    for (const [place, change] of changes.entries()) {
      try {
        applyChange(change, this);
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        refused.push({ place, problem });
      }
    }
    this.#writeLog();
    return refused;
  }

  ask(question: GraphQuestion, nowMs: number): GraphAnswer {
    this.#lateAt = performance.now() + timeLimitOf(question);
    return answer(question, this, nowMs);
  }

  facts({ validMs, recordedMs, subject, object, relation, source, newest }: FactQuery): Fact[] {
    const r = believedAt(recordedMs);
    const found: FactRow[] = [];
    const ids = [this.#elementId(subject), this.#elementId(object), this.#wordId(relation), this.#wordId(source)];
    if (ids.includes(undefined)) return [];
    const where = ['e.recorded <= ?1 AND e.retracted > ?1 AND e.valid_from <= ?2 AND (e.valid_to > ?2 OR e.end_recorded > ?1)'];
    const columns = ['subject', 'object', 'relation', 'source'];
    const values: SQLInputValue[] = [r, validMs];
    for (const [index, id] of ids.entries()) {
      if (id === null) continue;
      values.push(id as number);
      where.push(`e.${columns[index]} = ?${values.length}`);
    }
    let condition = where.join(' AND ');
    // Equal times at the edge are settled by the order below.
    if (newest !== undefined) condition += ` ORDER BY e.valid_from DESC LIMIT ?${values.push(newest)}`;
    found.push(...(this.#prepare(`SELECT ${factColumns} WHERE ${condition}`).all(...values) as unknown as FactRow[]));
    if (object === undefined) found.push(...(this.#prepare(`SELECT ${propertyColumns} WHERE ${condition}`).all(...values) as unknown as FactRow[]));
    const facts = found.map((row) => factOf(row, r)).sort(factOrder);
    return newest === undefined ? facts : facts.slice(-newest);
  }

  relations(): OwnRelation[] {
    return [...this.#own.values()].map((type) => ({ ...type, from: [...type.from], to: [...type.to] }));
  }

  structure(relations: readonly string[]): Fact[] {
    const plantTypes = [...elementTypes].filter(([, kind]) => kind === 'equipment' || kind === 'facility').map(([type]) => type);
    const rows = this.#prepare(`
      SELECT ${factColumns}
      WHERE e.subject IN (SELECT id FROM element WHERE type IN (SELECT id FROM word WHERE text IN (SELECT value FROM json_each(?1))))
        AND e.relation IN (SELECT id FROM word WHERE text IN (SELECT value FROM json_each(?2)))
        AND e.retracted = ?3 AND e.valid_to = ?3
        AND o.type IN (SELECT id FROM word WHERE text IN (SELECT value FROM json_each(?1)))`)
      .all(JSON.stringify(plantTypes), JSON.stringify(relations), open) as unknown as FactRow[];
    return rows.map((row) => factOf(row, open - 1)).sort(factOrder);
  }

  elements({ types, keys, contains = '', limit }: ElementQuery): GraphElement[] {
    const values: SQLInputValue[] = [limit];
    const where: string[] = [];
    const given = (value: SQLInputValue): string => `?${values.push(value)}`;
    if (keys !== undefined) where.push(`e.key IN (SELECT value FROM json_each(${given(JSON.stringify(keys))}))`);
    if (types !== undefined) where.push(`e.type IN (SELECT id FROM word WHERE text IN (SELECT value FROM json_each(${given(JSON.stringify(types))})))`);
    if (contains !== '') {
      const text = given(contains);
      where.push(`(instr(lower(e.key), lower(${text})) > 0 OR instr(lower(e.name), lower(${text})) > 0)`);
    }
    const rows = this.#prepare(`SELECT e.key, t.text AS type, e.name FROM element e JOIN word t ON t.id = e.type
      ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`} ORDER BY e.key LIMIT ?1`).all(...values);
    return (rows as unknown as GraphElement[]).map(({ key, type, name }) => ({ key, type, name }));
  }

  /** Makes the view anew from the log; rows of the view of which the log knows nothing stay. */
  rebuild(): void {
    for (const table of ['edge', 'property']) this.#database.exec(`CREATE TEMP TABLE kept_${table} AS SELECT * FROM ${table}; DELETE FROM ${table}`);
    for (const row of this.#prepare('SELECT steps, texts, crc FROM log ORDER BY sequence').iterate() as Iterable<{ steps: Uint8Array; texts: string; crc: number }>) {
      if (crc32(row.steps) !== row.crc) continue;
      const bytes = inflateRawSync(row.steps);
      const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      const texts = new Map(JSON.parse(row.texts) as [number, string][]);
      for (let step = 0; step * stepWidth < numbers.length; step++) this.#replay(numbers.subarray(step * stepWidth, (step + 1) * stepWidth), texts.get(step) ?? '');
    }
    for (const table of ['edge', 'property']) {
      this.#database.exec(`INSERT INTO ${table} SELECT * FROM kept_${table} WHERE true ON CONFLICT DO UPDATE SET valid_to = min(valid_to, excluded.valid_to),
        end_recorded = min(end_recorded, excluded.end_recorded), retracted = min(retracted, excluded.retracted); DROP TABLE kept_${table}`);
    }
  }

  // --- the ledger ------------------------------------------------------------------------------------------------

  typeOf(key: string): string | undefined {
    return this.#known(key)?.type;
  }

  putElement({ key, type, name }: GraphElement): void {
    const known = this.#known(key);
    if (known !== undefined) {
      if (Number(this.#prepare('UPDATE element SET name = ?1 WHERE id = ?2 AND name <> ?1').run(name, known.id).changes) === 0) return;
      this.#byId.delete(known.id);
      this.#log(opCodes.element, known.id, this.#word(type));
      this.#logText(JSON.stringify([key, name]));
      return;
    }
    const id = Number(this.#prepare('INSERT INTO element (key, type, name) VALUES (?, ?, ?)').run(key, this.#word(type), name).lastInsertRowid);
    this.#remember(key, { id, type });
    this.#log(opCodes.element, id, this.#word(type));
    this.#logText(JSON.stringify([key, name]));
  }

  ownRelations(): ReadonlyMap<string, RelationType> {
    return this.#own;
  }

  putRelation(type: RelationType): void {
    const known = this.#own.get(type.name);
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(type)) return;
    const word = this.#word(type.name);
    this.#putRelation(word, type.inverse, type.from, type.to, type.acyclic === true);
    this.#own.set(type.name, type);
    this.#log(opCodes.relation, word);
    this.#logText(JSON.stringify([type.name, type.inverse, type.from, type.to, type.acyclic === true]));
  }

  #putRelation(word: number, inverse: string, from: readonly string[], to: readonly string[], acyclic: boolean): void {
    this.#prepare('INSERT OR REPLACE INTO relation (name, inverse, from_kinds, to_kinds, acyclic) VALUES (?, ?, ?, ?, ?)').run(word, inverse, from.join(), to.join(), acyclic ? 1 : 0);
  }

  reaches(from: string, relation: string, to: string, validFromMs: number, validToMs: number): boolean {
    const found = this.#prepare(`
      WITH RECURSIVE up (id, f, t) AS (
        SELECT ?1, ?3, ?4
        UNION
        SELECT e.object, max(up.f, e.valid_from), min(up.t, e.valid_to) FROM up JOIN edge e ON e.subject = up.id AND e.relation = ?2 AND e.retracted = ?6
        WHERE max(up.f, e.valid_from) < min(up.t, e.valid_to) AND up.id <> ?5
        LIMIT 10000
      ) SELECT 1 FROM up WHERE id = ?5 LIMIT 1`)
      .get(this.#known(from)?.id ?? 0, this.#wordId(relation) ?? 0, validFromMs, validToMs, this.#known(to)?.id ?? 0, open);
    return found !== undefined;
  }

  believed(key: FactKey): Fact | undefined {
    const row = (key.value === undefined
      ? this.#prepare('SELECT valid_to, recorded FROM edge WHERE subject = ? AND relation = ? AND valid_from = ? AND object = ? AND source = ? AND retracted = ?')
        .get(...this.#edgeKey(key), open)
      : this.#prepare('SELECT valid_to, recorded FROM property WHERE subject = ? AND relation = ? AND valid_from = ? AND value = ? AND source = ? AND retracted = ?')
        .get(...this.#propertyKey(key), open)) as { valid_to: number; recorded: number } | undefined;
    if (row === undefined) return undefined;
    const { subject, relation, object, value, validFromMs, source } = key;
    return { subject, relation, object, ...(value !== undefined && { value }), validFromMs, source, recordedMs: row.recorded, ...(row.valid_to < open && { validToMs: row.valid_to }) };
  }

  put(fact: Fact): boolean {
    const toMs = fact.validToMs ?? open;
    const endRecordedMs = fact.validToMs === undefined ? open : fact.recordedMs;
    if (fact.value !== undefined) {
      const [subject, name, from, value, source] = this.#propertyKey(fact) as [number, number, number, string, number];
      const isNew = this.#putRow('property', 'value', [subject, name, from, value, source], [fact.recordedMs, toMs, endRecordedMs]);
      if (isNew) {
        this.#log(opCodes.property, subject, name, 0, source, from, toMs, fact.recordedMs);
        this.#logText(value);
      }
      return isNew;
    }
    const key = this.#edgeKey(fact);
    const isLong = toMs - fact.validFromMs > longMs && !lasting.has(fact.relation) ? 1 : 0;
    const isNew = this.#putRow('edge', 'object', key, [fact.recordedMs, toMs, endRecordedMs, isLong]);
    const [subject, relation, from, object, source] = key;
    if (isNew) this.#log(opCodes.edge, subject, relation, object, source, from, toMs, fact.recordedMs);
    return isNew;
  }

  /** A fact that was taken back and is said again is a version of its own. */
  #putRow(table: 'edge' | 'property', last: 'object' | 'value', key: readonly SQLInputValue[], rest: readonly number[]): boolean {
    const long = table === 'edge' ? ', long' : '';
    const insert = this.#prepare(`INSERT OR IGNORE INTO ${table} (subject, relation, valid_from, ${last}, source, version, recorded, valid_to, end_recorded, retracted${long})
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ${open}${long === '' ? '' : ', ?'})`);
    if (insert.run(...key, 0, ...rest).changes === 1) return true;
    const versions = this.#prepare(`SELECT max(version) AS version, max(retracted) AS retracted FROM ${table}
      WHERE subject = ? AND relation = ? AND valid_from = ? AND ${last} = ? AND source = ?`).get(...key) as { version: number; retracted: number };
    if (versions.retracted === open) return false;
    insert.run(...key, versions.version + 1, ...rest);
    return true;
  }

  end(key: FactKey, validToMs: number, recordedMs: number): void {
    const isProperty = key.value !== undefined;
    const parts = isProperty ? this.#propertyKey(key) : this.#edgeKey(key);
    const isLong = !isProperty && validToMs - key.validFromMs > longMs && !lasting.has(key.relation) ? 1 : 0;
    this.#endRow(isProperty, parts, validToMs, recordedMs, isLong);
    this.#logKey(isProperty ? opCodes.endProperty : opCodes.endEdge, parts, validToMs, recordedMs);
  }

  #endRow(isProperty: boolean, parts: readonly SQLInputValue[], validToMs: number, recordedMs: number, isLong: number): void {
    if (isProperty) {
      this.#prepare('UPDATE property SET valid_to = ?, end_recorded = ? WHERE subject = ? AND relation = ? AND valid_from = ? AND value = ? AND source = ? AND retracted = ? AND valid_to = ?')
        .run(validToMs, recordedMs, ...parts, open, open);
      return;
    }
    this.#prepare('UPDATE edge SET valid_to = ?, end_recorded = ?, long = ? WHERE subject = ? AND relation = ? AND valid_from = ? AND object = ? AND source = ? AND retracted = ? AND valid_to = ?')
      .run(validToMs, recordedMs, isLong, ...parts, open, open);
  }

  retract(key: FactKey, recordedMs: number): void {
    const isProperty = key.value !== undefined;
    const parts = isProperty ? this.#propertyKey(key) : this.#edgeKey(key);
    this.#retractRow(isProperty, parts, recordedMs);
    this.#logKey(isProperty ? opCodes.retractProperty : opCodes.retractEdge, parts, 0, recordedMs);
  }

  #retractRow(isProperty: boolean, parts: readonly SQLInputValue[], recordedMs: number): void {
    const [table, last] = isProperty ? ['property', 'value'] : ['edge', 'object'];
    this.#prepare(`UPDATE ${table} SET retracted = ? WHERE subject = ? AND relation = ? AND valid_from = ? AND ${last} = ? AND source = ? AND retracted = ?`).run(recordedMs, ...parts, open);
  }

  ofSource(source: string): Fact[] {
    const word = this.#wordId(source);
    if (word === undefined || word === null) return [];
    const rows = [factColumns, propertyColumns].flatMap((columns) => this.#prepare(`SELECT ${columns} WHERE e.source = ? AND e.retracted = ?`).all(word, open) as unknown as FactRow[]);
    return rows.map((row) => factOf(row, open - 1));
  }

  // --- the reader ------------------------------------------------------------------------------------------------

  idOf(key: string): number | undefined {
    return this.#known(key)?.id;
  }

  element(id: number): GraphElement {
    let element = this.#byId.get(id);
    if (element === undefined) {
      const row = this.#prepare('SELECT key, type, name FROM element WHERE id = ?').get(id) as { key: string; type: number; name: string };
      element = this.#rememberElement(id, row.key, row.type, row.name);
    }
    return element;
  }

  closure(starts: readonly number[], relations: readonly string[], direction: 'out' | 'in', window: Window, hops: number, rows: number): ReturnType<GraphReader['closure']> {
    const [near, far] = direction === 'out' ? ['subject', 'object'] : ['object', 'subject'];
    const marks = relations.map((_, index) => `?${index + 7}`).join();
    const limit = 4 * rows + starts.length + 1;
    const statement = this.#prepare(`
      WITH RECURSIVE tree (id, parent, relation, depth, f, t) AS (
        SELECT value, 0, 0, 0, 0, 0 FROM json_each(?1)
        UNION
        SELECT e.${far}, tree.id, e.relation, tree.depth + 1, e.valid_from, CASE WHEN e.end_recorded > ?4 THEN ${open} ELSE e.valid_to END
        FROM tree CROSS JOIN edge e ON e.${near} = tree.id AND e.relation IN (${marks}) AND e.valid_from <= ?2
        WHERE tree.depth <= ?5 AND e.recorded <= ?4 AND e.retracted > ?4 AND (e.valid_to > ?3 OR e.end_recorded > ?4 OR e.valid_from >= ?3)
        LIMIT ?6
      ) SELECT json_group_array(json_array(tree.id, tree.parent, tree.relation, tree.depth, tree.f, tree.t, n.key, n.type, n.name)) AS rows
      FROM tree CROSS JOIN element n ON n.id = tree.id`);
    const names = relations.map((name) => this.#wordId(name) ?? 0);
    const found = rowsOf<ReachedRow>(statement.get(JSON.stringify(starts), window.untilMs, within(window.sinceMs), believedAt(window.recordedMs), hops, limit, ...names));
    found.sort((a, b) => a[3] - b[3] || a[0] - b[0] || a[1] - b[1] || a[4] - b[4]);
    const known = new Set(starts);
    const reached: Reached[] = [];
    for (const [id, parent, relation, depth, f, t, key, type, name] of found) {
      if (known.has(id)) continue;
      if (depth > hops) return { reached, cut: 'hops' };
      if (reached.length === rows) return { reached, cut: 'rows' };
      known.add(id);
      reached.push({ id, parent, relation: this.#text(relation), depth, fromMs: f, toMs: t === open ? Infinity : t });
      if (!this.#byId.has(id)) this.#rememberElement(id, key, type, name);
    }
    return found.length >= limit ? { reached, cut: 'rows' } : { reached };
  }

  edges(ids: readonly number[], relations: readonly string[] | undefined, direction: 'out' | 'in', window: Window, rows: number): Edge[] {
    const near = direction === 'out' ? 'subject' : 'object';
    const r = believedAt(window.recordedMs);
    const found: Edge[] = [];
    const columns = `SELECT json_array(e.subject, e.relation, e.object, e.valid_from, CASE WHEN e.end_recorded > ?4 THEN ${open} ELSE e.valid_to END) AS edge`;
    const believed = 'e.recorded <= ?4 AND e.retracted > ?4';
    const gathered = (select: string): StatementSync => this.#prepare(`SELECT json_group_array(json(edge)) AS rows FROM (${select})`);
    const take = (row: unknown): boolean => {
      for (const [subject, relation, object, f, t] of rowsOf<EdgeRow>(row)) {
        found.push({ from: subject, relation: this.#text(relation), to: object, fromMs: f, toMs: t === open ? Infinity : t });
      }
      return found.length >= rows;
    };
    const limit = (): number => Math.min(rows, Number.MAX_SAFE_INTEGER) - found.length;
    if (window.sinceMs === -Infinity || r < open - 1) {
      const wanted = relations === undefined ? '' : `AND e.relation IN (${relations.map((_, index) => `?${index + 6}`).join()})`;
      const statement = gathered(`${columns} FROM json_each(?1) i CROSS JOIN edge e ON e.${near} = i.value ${wanted} AND e.valid_from <= ?2
        WHERE ${believed} AND (e.valid_to > ?3 OR e.end_recorded > ?4 OR e.valid_from >= ?3) LIMIT ?5`);
      take(statement.get(JSON.stringify([...new Set(ids)]), window.untilMs, within(window.sinceMs), r, limit(), ...(relations ?? []).map((name) => (this.#wordId(name) ?? 0))));
      return found;
    }
    const short = `${columns} FROM edge e WHERE e.${near} = ?1 AND e.relation = ?2 AND e.valid_from <= ?5 AND e.valid_from > ?3 - ${longMs}
      AND ${believed} AND (e.valid_to > ?3 OR e.valid_from >= ?3)`;
    const long = `${columns} FROM edge e INDEXED BY edge_long_${near}
      WHERE e.${near} = ?1 AND e.relation = ?2 AND e.long = 1 AND e.valid_from <= ?3 - ${longMs}
      AND ${believed} AND e.valid_to > ?3`;
    const recent = gathered(`${short} UNION ALL ${long} LIMIT ?6`);
    const all = gathered(`${columns} FROM edge e WHERE e.${near} = ?1 AND e.relation = ?2 AND e.valid_from <= ?5 AND ${believed} AND (e.valid_to > ?3 OR e.valid_from >= ?3) LIMIT ?6`);
    const names = relations ?? this.#relationsInUse();
    for (const id of new Set(ids)) {
      for (const name of names) {
        if (take((lasting.has(name) ? all : recent).get(id, (this.#wordId(name) ?? 0), within(window.sinceMs), r, window.untilMs, limit()))) return found;
      }
    }
    return found;
  }

  within(stretches: readonly Stretch[], relations: readonly string[], direction: 'out' | 'in', recordedMs: number, rows: number): { place: number; edge: Edge }[] {
    const near = direction === 'out' ? 'subject' : 'object';
    const r = believedAt(recordedMs);
    const marks = relations.map((_, index) => `?${index + 4}`).join();
    const columns = `SELECT json_array(w.key, e.subject, e.relation, e.object, e.valid_from, CASE WHEN e.end_recorded > ?2 THEN ${open} ELSE e.valid_to END) AS edge
      FROM json_each(?1) w CROSS JOIN edge e`;
    const times = "CAST(w.value ->> 1 AS INTEGER)";
    const on = `ON e.${near} = w.value ->> 0 AND e.relation IN (${marks}) AND e.valid_from <= w.value ->> 2`;
    const believed = 'e.recorded <= ?2 AND e.retracted > ?2';
    // What is believed now needs no look at all that ever was; an end that was not known then makes even short facts long.
    const isNow = r === open - 1 && !relations.some((name) => lasting.has(name));
    const gathered = (select: string): StatementSync => this.#prepare(`SELECT json_group_array(json(edge)) AS rows FROM (${select})`);
    const statement = isNow
      ? gathered(`${columns} ${on} AND e.valid_from > ${times} - ${longMs} WHERE ${believed} AND (e.valid_to > ${times} OR e.valid_from >= ${times})
          UNION ALL ${columns} INDEXED BY edge_long_${near} ON e.${near} = w.value ->> 0 AND e.relation IN (${marks}) AND e.long = 1 AND e.valid_from <= ${times} - ${longMs}
          WHERE ${believed} AND e.valid_to > ${times} LIMIT ?3`)
      : gathered(`${columns} ${on} WHERE ${believed} AND (e.valid_to > ${times} OR e.end_recorded > ?2 OR e.valid_from >= ${times}) LIMIT ?3`);
    const given = JSON.stringify(stretches.map(({ id, sinceMs, untilMs }) => [id, within(sinceMs), untilMs]));
    const names = relations.map((name) => this.#wordId(name) ?? 0);
    return rowsOf<[place: number, ...EdgeRow]>(statement.get(given, r, Math.min(rows, Number.MAX_SAFE_INTEGER), ...names)).map(([place, subject, relation, object, f, t]) =>
      ({ place, edge: { from: subject, relation: this.#text(relation), to: object, fromMs: f, toMs: t === open ? Infinity : t } }));
  }

  lasts(stretches: readonly Stretch[], relation: string, recordedMs: number): { place: number; edge: Edge }[] {
    const found: { place: number; edge: Edge }[] = [];
    const known = new Map<string, Edge | undefined>();
    for (const [place, { id, sinceMs }] of stretches.entries()) {
      const name = `${id} ${sinceMs}`;
      if (!known.has(name)) known.set(name, this.last(id, relation, 'out', sinceMs, recordedMs));
      const edge = known.get(name);
      if (edge !== undefined) found.push({ place, edge });
    }
    return found;
  }

  expect(ids: readonly number[]): void {
    const unknown = [...new Set(ids)].filter((id) => !this.#byId.has(id));
    if (unknown.length < 2) return;
    const rows = this.#prepare('SELECT n.id, n.key, n.type, n.name FROM json_each(?) i CROSS JOIN element n ON n.id = i.value').all(JSON.stringify(unknown));
    for (const { id, key, type, name } of rows as unknown as { id: number; key: string; type: number; name: string }[]) this.#rememberElement(id, key, type, name);
  }

  last(id: number, relation: string, direction: 'out' | 'in', untilMs: number, recordedMs: number): Edge | undefined {
    const [near, far] = direction === 'out' ? ['subject', 'object'] : ['object', 'subject'];
    const row = this.#prepare(`SELECT ${far} AS far, valid_from AS f, CASE WHEN end_recorded > ?4 THEN ${open} ELSE valid_to END AS t FROM edge
      WHERE ${near} = ?1 AND relation = ?2 AND valid_from <= ?3 AND recorded <= ?4 AND retracted > ?4 ORDER BY valid_from DESC, ${far} DESC LIMIT 1`)
      .get(id, this.#wordId(relation) ?? 0, untilMs, believedAt(recordedMs)) as { far: number; f: number; t: number } | undefined;
    if (row === undefined) return undefined;
    const [from, to] = direction === 'out' ? [id, row.far] : [row.far, id];
    return { from, relation, to, fromMs: row.f, toMs: row.t === open ? Infinity : row.t };
  }

  isLate(): boolean {
    return performance.now() > this.#lateAt;
  }

  // --- the log ---------------------------------------------------------------------------------------------------

  #log(code: number, ...numbers: number[]): void {
    const { length } = this.#steps;
    this.#steps.push(code, ...numbers);
    while (this.#steps.length < length + stepWidth) this.#steps.push(0);
  }

  #logText(text: string): void {
    this.#stepTexts.push([this.#steps.length / stepWidth - 1, text]);
  }

  #logKey(code: number, parts: readonly SQLInputValue[], toMs: number, recordedMs: number): void {
    const [subject, relation, from, last, source] = parts as [number, number, number, number | string, number];
    this.#log(code, subject, relation, typeof last === 'number' ? last : 0, source, from, toMs, recordedMs);
    if (typeof last === 'string') this.#logText(last);
  }

  #writeLog(): void {
    if (this.#steps.length === 0) return;
    const steps = deflateRawSync(new Uint8Array(Float64Array.from(this.#steps).buffer), { level: 1 });
    this.#prepare('INSERT INTO log (steps, texts, crc) VALUES (?, ?, ?)').run(steps, JSON.stringify(this.#stepTexts), crc32(steps));
    this.#steps = [];
    this.#stepTexts = [];
  }

  #replay(numbers: Float64Array, text: string): void {
    const [code, subject, relation, object, source, from, toMs, recordedMs] = numbers as unknown as [number, number, number, number, number, number, number, number];
    switch (code) {
      case opCodes.element: {
        const [key, name] = JSON.parse(text) as [string, string];
        this.#prepare('INSERT INTO element (id, key, type, name) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET name = ?4').run(subject, key, relation, name);
        return;
      }
      case opCodes.relation: {
        const [, inverse, fromKinds, toKinds, acyclic] = JSON.parse(text) as [string, string, string[], string[], boolean | undefined];
        this.#putRelation(subject, inverse, fromKinds, toKinds, acyclic === true);
        return;
      }
      case opCodes.edge: {
        const isLong = toMs - from > longMs && !lasting.has(this.#text(relation)) ? 1 : 0;
        this.#putRow('edge', 'object', [subject, relation, from, object, source], [recordedMs, toMs, toMs === open ? open : recordedMs, isLong]);
        return;
      }
      case opCodes.property:
        this.#putRow('property', 'value', [subject, relation, from, text, source], [recordedMs, toMs, toMs === open ? open : recordedMs]);
        return;
      case opCodes.endEdge:
      case opCodes.endProperty: {
        const isProperty = code === opCodes.endProperty;
        const isLong = !isProperty && toMs - from > longMs && !lasting.has(this.#text(relation)) ? 1 : 0;
        this.#endRow(isProperty, [subject, relation, from, isProperty ? text : object, source], toMs, recordedMs, isLong);
        return;
      }
      default: {
        const isProperty = code === opCodes.retractProperty;
        this.#retractRow(isProperty, [subject, relation, from, isProperty ? text : object, source], recordedMs);
      }
    }
  }

  // --- names -----------------------------------------------------------------------------------------------------

  #edgeKey({ subject, relation, validFromMs, object, source }: FactKey): [number, number, number, number, number] {
    return [this.#known(subject)?.id ?? 0, this.#word(relation), validFromMs, this.#known(object)?.id ?? 0, this.#word(source)];
  }

  #propertyKey({ subject, relation, validFromMs, value, source }: FactKey): SQLInputValue[] {
    return [this.#known(subject)?.id ?? 0, this.#word(relation), validFromMs, JSON.stringify(value), this.#word(source)];
  }

  #known(key: string): KnownElement | undefined {
    const cached = this.#byKey.get(key);
    if (cached !== undefined) return cached;
    const row = this.#prepare('SELECT id, type FROM element WHERE key = ?').get(key) as { id: number; type: number } | undefined;
    if (row === undefined) return undefined;
    const known = { id: row.id, type: this.#text(row.type) };
    this.#remember(key, known);
    return known;
  }

  #remember(key: string, known: KnownElement): void {
    // Anew from time to time rather than by age: what is in use comes back at once.
    if (this.#byKey.size >= mostCached) this.#byKey = new Map();
    this.#byKey.set(key, known);
  }

  #rememberElement(id: number, key: string, type: number, name: string): GraphElement {
    if (this.#byId.size >= mostCached) this.#byId = new Map();
    const element = { key, type: this.#text(type), name };
    this.#byId.set(id, element);
    return element;
  }

  /** null: not asked for; undefined: not known. */
  #elementId(key: string | undefined): number | null | undefined {
    return key === undefined ? null : this.#known(key)?.id;
  }

  #wordId(text: string | undefined): number | null | undefined {
    if (text === undefined) return null;
    const cached = this.#words.get(text);
    if (cached !== undefined) return cached;
    const id = (this.#prepare('SELECT id FROM word WHERE text = ?').get(text) as { id: number } | undefined)?.id;
    if (id !== undefined) this.#words.set(text, id);
    return id;
  }

  #word(text: string): number {
    const cached = this.#words.get(text);
    if (cached !== undefined) return cached;
    const known = this.#prepare('SELECT id FROM word WHERE text = ?').get(text) as { id: number } | undefined;
    const id = known?.id ?? Number(this.#prepare('INSERT INTO word (text) VALUES (?)').run(text).lastInsertRowid);
    if (this.#words.size >= mostCached) this.#words.clear();
    this.#words.set(text, id);
    return id;
  }

  #text(id: number): string {
    let text = this.#texts.get(id);
    if (text === undefined) {
      ({ text } = this.#prepare('SELECT text FROM word WHERE id = ?').get(id) as { text: string });
      if (this.#texts.size >= mostCached) this.#texts.clear();
      this.#texts.set(id, text);
    }
    return text;
  }

  #relationsInUse(): string[] {
    const rows = this.#prepare("SELECT w.text FROM word w WHERE w.text IN (SELECT value FROM json_each(?))").all(JSON.stringify([...relationTypes.keys(), ...this.#own.keys()]));
    return (rows as { text: string }[]).map(({ text }) => text);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

type EdgeRow = [subject: number, relation: number, object: number, fromMs: number, toMs: number];
type ReachedRow = [id: number, parent: number, relation: number, depth: number, fromMs: number, toMs: number, key: string, type: number, name: string];

/** Many rows cross from SQLite as one text: read at once, several times faster than an object for each. */
function rowsOf<Row>(row: unknown): Row[] {
  return JSON.parse((row as { rows: string }).rows) as Row[];
}

function kindList(text: string): ElementKind[] {
  return text === '' ? [] : (text.split(',') as ElementKind[]);
}

/** What is believed now is believed at every later time too. */
function believedAt(recordedMs: number): number {
  return Math.min(open - 1, Math.max(-open, recordedMs));
}

function within(timeMs: number): number {
  return Math.max(-8.64e15, timeMs);
}

function factOf(row: FactRow, recordedMs: number): Fact {
  const isOpen = row.valid_to === open || row.end_recorded > recordedMs;
  return {
    subject: row.subject, relation: row.relation, object: row.object, validFromMs: row.valid_from, recordedMs: row.recorded, source: row.source,
    ...(row.value !== null && { value: JSON.parse(row.value) as string | number | boolean }), ...(!isOpen && { validToMs: row.valid_to }),
  };
}
