import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { GraphAnswer, GraphElement, GraphQuestion } from '../../engine/ports.ts';
import type { GraphLedger } from '../../engine/graph/applyChange.ts';
import { applyChange } from '../../engine/graph/applyChange.ts';
import type { ElementKind } from '../../engine/graph/elementTypes.ts';
import { elementTypes } from '../../engine/graph/elementTypes.ts';
import { factOrder } from '../../engine/graph/factOrder.ts';
import { answer, timeLimitOf } from '../../engine/graph/questions.ts';
import type { RelationType } from '../../engine/graph/relationTypes.ts';
import { relationTypes } from '../../engine/graph/relationTypes.ts';
import type { ElementQuery, Fact, FactKey, FactQuery, GraphChange, OwnRelation } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import { rollBack } from './databaseFile.ts';
import { GraphNames } from './graphNames.ts';
import { believedAt, GraphView, lasting, longMs, never } from './graphView.ts';
import { Statements } from './statements.ts';

/** Numbers for each step of the log. */
const stepWidth = 8;
/** A longer row of the log is cut. */
const stepsOfRow = 4096;
/** Columns of a step in the order of the view's key: subject, relation, from, object, source. */
const viewOrder = [1, 2, 5, 3, 4] as const;
/** So many changes at once, and those that follow, go into the log first and into the view when there is time or when it is asked. */
const bulk = 500;
/** Facts that the view may be behind the log, some 20 MB; a writer that is faster waits. */
const mostWaiting = 250_000;
const opCodes = { element: 1, relation: 2, edge: 3, property: 4, endEdge: 5, endProperty: 6, retractEdge: 7, retractProperty: 8 } as const;

interface LogRow {
  sequence: number;
  /** `stepWidth` for each step. */
  numbers: Float64Array;
  texts: [step: number, text: string][];
}

interface FactRow {
  subject: string;
  relation: string;
  object: string;
  source: string;
  value: string | null;
  valid_from: number;
  /** null: it still holds. */
  valid_to: number | null;
  /** null: with the fact, or never. */
  end_recorded: number | null;
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
export class GraphDatabase implements GraphLedger {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #names: GraphNames;
  readonly #view: GraphView;
  readonly #insertEdge: StatementSync;
  readonly #insertProperty: StatementSync;
  readonly #own = new Map<string, RelationType>();
  /** Steps of this transaction that are not in the log yet: numbers, and the texts among them. */
  #steps = new Float64Array(stepWidth * stepsOfRow);
  #stepCount = 0;
  #stepTexts: [step: number, text: string][] = [];
  /** Of these steps, assertions that the view does not have. */
  #unseen = 0;
  /** Whether assertions go into the log alone. */
  #isBulk = false;
  /** Rows of the log that the view does not have yet, oldest first. */
  readonly #waiting: LogRow[] = [];
  #waitingFacts = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = new Statements(database);
    this.#insertEdge = database.prepare('INSERT OR IGNORE INTO edge (subject, relation, valid_from, object, source, version, recorded, valid_to, long) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#insertProperty = database.prepare('INSERT OR IGNORE INTO property (subject, relation, valid_from, value, source, version, recorded, valid_to) VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#names = new GraphNames(this.#statements);
    this.#view = new GraphView(this.#statements, this.#names, () => [...relationTypes.keys(), ...this.#own.keys()]);
    for (const row of database.prepare('SELECT r.name, w.text, r.inverse, r.from_kinds, r.to_kinds, r.acyclic FROM relation r JOIN word w ON w.id = r.name').all() as
      { name: number; text: string; inverse: string; from_kinds: string; to_kinds: string; acyclic: number }[]) {
      this.#own.set(row.text, { name: row.text, inverse: row.inverse, from: kindList(row.from_kinds), to: kindList(row.to_kinds), ...(row.acyclic === 1 && { acyclic: true }) });
    }
    const [since] = this.#statements.rows<[number]>("SELECT value FROM mark WHERE name = 'unseen'");
    if (since !== undefined) for (const row of this.#logRows(since[0])) this.#wait(row);
  }

  /** Whether the log is ahead of the view; `catchUp` comes before a question then. */
  get isBehind(): boolean {
    return this.#waiting.length > 0;
  }

  /** Brings the view up to the log, or nearer to it by some so many facts. */
  catchUp(facts = Infinity): void {
    let count = 0;
    let taken = 0;
    while (taken < this.#waiting.length && count < facts) count += (this.#waiting[taken++] as LogRow).numbers.length / stepWidth;
    const rows = this.#waiting.splice(0, taken);
    this.#waitingFacts -= count;
    const all = new Float64Array(stepWidth * count);
    const textOf: string[] = [];
    let at = 0;
    for (const { numbers, texts } of rows) {
      all.set(numbers, at * stepWidth);
      for (const [step, text] of texts) textOf[at + step] = text;
      at += numbers.length / stepWidth;
    }
    // In the order of the view, so that each of its pages is written once; what is said of the same thing stays in the order in which it was said.
    const order = Uint32Array.from({ length: count }, (_, index) => index).sort((a, b) => {
      for (const column of viewOrder) {
        const difference = (all[a * stepWidth + column] as number) - (all[b * stepWidth + column] as number);
        if (difference !== 0) return difference;
      }
      return a - b;
    });
    for (const step of order) this.#replay(all.subarray(step * stepWidth, (step + 1) * stepWidth), textOf[step] ?? '', true);
    const [next] = this.#waiting;
    if (next === undefined) this.#prepare("DELETE FROM mark WHERE name = 'unseen'").run();
    else this.#prepare("UPDATE mark SET value = ? WHERE name = 'unseen'").run(next.sequence);
  }

  #wait(row: LogRow): void {
    this.#waiting.push(row);
    this.#waitingFacts += row.numbers.length / stepWidth;
  }

  /** Applies changes; gives the places of those that were refused, and why. */
  change(changes: readonly GraphChange[]): { place: number; problem: Problem }[] {
    const refused: { place: number; problem: Problem }[] = [];
    if (this.#waitingFacts > mostWaiting) this.catchUp(this.#waitingFacts - mostWaiting);
    this.#isBulk = changes.length >= bulk || this.isBehind;
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

  /** What follows needs the view: in this call assertions go into it at once. */
  #settle(): void {
    if (!this.#isBulk && !this.isBehind) return;
    this.#isBulk = false;
    this.#writeLog();
    this.catchUp();
  }

  ask(question: GraphQuestion, nowMs: number): GraphAnswer {
    this.#view.limit(timeLimitOf(question));
    // One transaction for all that is read: each statement would open one of its own.
    this.#database.exec('BEGIN');
    try {
      return answer(question, this.#view, nowMs);
    } finally {
      rollBack(this.#database);
    }
  }

  facts({ validMs, recordedMs, subject, object, relation, source, newest }: FactQuery): Fact[] {
    const r = believedAt(recordedMs);
    const found: FactRow[] = [];
    const ids = [this.#elementId(subject), this.#elementId(object), this.#asked(relation), this.#asked(source)];
    if (ids.includes(undefined)) return [];
    const where = ['e.recorded <= ?1 AND (e.retracted IS NULL OR e.retracted > ?1) AND e.valid_from <= ?2 AND (e.valid_to IS NULL OR e.valid_to > ?2 OR e.end_recorded > ?1)'];
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
        AND e.retracted IS NULL AND e.valid_to IS NULL
        AND o.type IN (SELECT id FROM word WHERE text IN (SELECT value FROM json_each(?1)))`)
      .all(JSON.stringify(plantTypes), JSON.stringify(relations)) as unknown as FactRow[];
    return rows.map((row) => factOf(row, never - 1)).sort(factOrder);
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
    for (const { numbers, texts } of this.#logRows(0)) {
      const textOf = new Map(texts);
      for (let step = 0; step * stepWidth < numbers.length; step++) this.#replay(numbers.subarray(step * stepWidth, (step + 1) * stepWidth), textOf.get(step) ?? '', false);
    }
    this.#waiting.length = 0;
    this.#waitingFacts = 0;
    this.#prepare("DELETE FROM mark WHERE name = 'unseen'").run();
    for (const table of ['edge', 'property']) {
      // Of an end or a retraction that only one of them knows, that one is right.
      this.#database.exec(`INSERT INTO ${table} SELECT * FROM kept_${table} WHERE true ON CONFLICT DO UPDATE SET
        end_recorded = CASE WHEN valid_to IS NULL THEN excluded.end_recorded ELSE end_recorded END${table === 'edge' ? ', long = CASE WHEN valid_to IS NULL THEN excluded.long ELSE long END' : ''},
        valid_to = coalesce(valid_to, excluded.valid_to), retracted = coalesce(min(retracted, excluded.retracted), retracted, excluded.retracted);
        DROP TABLE kept_${table}`);
    }
  }

  // --- the ledger ------------------------------------------------------------------------------------------------

  typeOf(key: string): string | undefined {
    return this.#names.known(key)?.type;
  }

  putElement({ key, type, name }: GraphElement): void {
    const id = this.#names.put({ key, type, name });
    if (id === undefined) return;
    this.#log(opCodes.element, id, this.#names.word(type));
    this.#logText(JSON.stringify([key, name]));
  }

  ownRelations(): ReadonlyMap<string, RelationType> {
    return this.#own;
  }

  putRelation(type: RelationType): void {
    const known = this.#own.get(type.name);
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(type)) return;
    const word = this.#names.word(type.name);
    this.#putRelation(word, type.inverse, type.from, type.to, type.acyclic === true);
    this.#own.set(type.name, type);
    this.#log(opCodes.relation, word);
    this.#logText(JSON.stringify([type.name, type.inverse, type.from, type.to, type.acyclic === true]));
  }

  #putRelation(word: number, inverse: string, from: readonly string[], to: readonly string[], acyclic: boolean): void {
    this.#prepare('INSERT OR REPLACE INTO relation (name, inverse, from_kinds, to_kinds, acyclic) VALUES (?, ?, ?, ?, ?)').run(word, inverse, from.join(), to.join(), acyclic ? 1 : 0);
  }

  reaches(from: string, relation: string, to: string, validFromMs: number, validToMs: number): boolean {
    this.#settle();
    const found = this.#prepare(`
      WITH RECURSIVE up (id, f, t) AS (
        SELECT ?1, ?3, ?4
        UNION
        SELECT e.object, max(up.f, e.valid_from), min(up.t, coalesce(e.valid_to, ?6)) FROM up JOIN edge e ON e.subject = up.id AND e.relation = ?2 AND e.retracted IS NULL
        WHERE max(up.f, e.valid_from) < min(up.t, coalesce(e.valid_to, ?6)) AND up.id <> ?5
        LIMIT 10000
      ) SELECT 1 FROM up WHERE id = ?5 LIMIT 1`)
      .get(this.#names.known(from)?.id ?? 0, this.#names.wordId(relation) ?? 0, validFromMs, validToMs, this.#names.known(to)?.id ?? 0, never);
    return found !== undefined;
  }

  believed(key: FactKey): Fact | undefined {
    this.#settle();
    const row = (key.value === undefined
      ? this.#prepare('SELECT valid_to, recorded FROM edge WHERE subject = ? AND relation = ? AND valid_from = ? AND object = ? AND source = ? AND retracted IS NULL')
        .get(...this.#edgeKey(key))
      : this.#prepare('SELECT valid_to, recorded FROM property WHERE subject = ? AND relation = ? AND valid_from = ? AND value = ? AND source = ? AND retracted IS NULL')
        .get(...this.#propertyKey(key))) as { valid_to: number | null; recorded: number } | undefined;
    if (row === undefined) return undefined;
    const { subject, relation, object, value, validFromMs, source } = key;
    return { subject, relation, object, ...(value !== undefined && { value }), validFromMs, source, recordedMs: row.recorded, ...(row.valid_to !== null && { validToMs: row.valid_to }) };
  }

  put(fact: Fact): boolean {
    const toMs = fact.validToMs ?? null;
    if (fact.value !== undefined) {
      const [subject, name, from, value, source] = this.#propertyKey(fact) as [number, number, number, string, number];
      const isNew = this.#isBulk || this.#putRow('property', [subject, name, from, value, source], [fact.recordedMs, toMs]);
      if (isNew) {
        this.#log(opCodes.property, subject, name, 0, source, from, toMs ?? never, fact.recordedMs);
        this.#logText(value);
        if (this.#isBulk) this.#unseen++;
      }
      return isNew;
    }
    const key = this.#edgeKey(fact);
    const isNew = this.#isBulk || this.#putRow('edge', key, [fact.recordedMs, toMs, isLong(fact.relation, fact.validFromMs, toMs)]);
    const [subject, relation, from, object, source] = key;
    if (isNew) this.#log(opCodes.edge, subject, relation, object, source, from, toMs ?? never, fact.recordedMs);
    if (this.#isBulk) this.#unseen++;
    return isNew;
  }

  /** A fact that was taken back and is said again is a version of its own. */
  #putRow(table: 'edge' | 'property', key: readonly SQLInputValue[], rest: readonly (number | null)[]): boolean {
    const insert = (table === 'edge' ? this.#insertEdge : this.#insertProperty);
    if (insert.run(...key, 0, ...rest).changes === 1) return true;
    const versions = this.#prepare(`SELECT max(version) AS version, count(*) - count(retracted) AS believed FROM ${table}
      WHERE subject = ? AND relation = ? AND valid_from = ? AND ${table === 'edge' ? 'object' : 'value'} = ? AND source = ?`).get(...key) as { version: number; believed: number };
    if (versions.believed > 0) return false;
    insert.run(...key, versions.version + 1, ...rest);
    return true;
  }

  end(key: FactKey, validToMs: number, recordedMs: number): void {
    const isProperty = key.value !== undefined;
    const parts = isProperty ? this.#propertyKey(key) : this.#edgeKey(key);
    this.#endRow(isProperty, parts, validToMs, recordedMs, isLong(key.relation, key.validFromMs, validToMs));
    this.#logKey(isProperty ? opCodes.endProperty : opCodes.endEdge, parts, validToMs, recordedMs);
  }

  #endRow(isProperty: boolean, parts: readonly SQLInputValue[], validToMs: number, recordedMs: number, long: number): void {
    const where = 'WHERE subject = ? AND relation = ? AND valid_from = ?';
    const open = 'AND source = ? AND retracted IS NULL AND valid_to IS NULL';
    if (isProperty) this.#prepare(`UPDATE property SET valid_to = ?, end_recorded = ? ${where} AND value = ? ${open}`).run(validToMs, recordedMs, ...parts);
    else this.#prepare(`UPDATE edge SET valid_to = ?, end_recorded = ?, long = ? ${where} AND object = ? ${open}`).run(validToMs, recordedMs, long, ...parts);
  }

  retract(key: FactKey, recordedMs: number): void {
    const isProperty = key.value !== undefined;
    const parts = isProperty ? this.#propertyKey(key) : this.#edgeKey(key);
    this.#retractRow(isProperty, parts, recordedMs);
    this.#logKey(isProperty ? opCodes.retractProperty : opCodes.retractEdge, parts, 0, recordedMs);
  }

  #retractRow(isProperty: boolean, parts: readonly SQLInputValue[], recordedMs: number): void {
    const [table, last] = isProperty ? ['property', 'value'] : ['edge', 'object'];
    this.#prepare(`UPDATE ${table} SET retracted = ? WHERE subject = ? AND relation = ? AND valid_from = ? AND ${last} = ? AND source = ? AND retracted IS NULL`).run(recordedMs, ...parts);
  }

  ofSource(source: string): Fact[] {
    this.#settle();
    const word = this.#names.wordId(source);
    if (word === undefined) return [];
    const rows = [factColumns, propertyColumns].flatMap((columns) => this.#prepare(`SELECT ${columns} WHERE e.source = ? AND e.retracted IS NULL`).all(word) as unknown as FactRow[]);
    return rows.map((row) => factOf(row, never - 1));
  }

  // --- the log ---------------------------------------------------------------------------------------------------

  #log(code: number, a: number, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0): void {
    if (this.#stepCount === stepsOfRow) this.#writeLog();
    const at = this.#stepCount * stepWidth;
    const steps = this.#steps;
    steps[at] = code;
    steps[at + 1] = a;
    steps[at + 2] = b;
    steps[at + 3] = c;
    steps[at + 4] = d;
    steps[at + 5] = e;
    steps[at + 6] = f;
    steps[at + 7] = g;
    this.#stepCount++;
  }

  #logText(text: string): void {
    this.#stepTexts.push([this.#stepCount - 1, text]);
  }

  #logKey(code: number, parts: readonly SQLInputValue[], toMs: number, recordedMs: number): void {
    const [subject, relation, from, last, source] = parts as [number, number, number, number | string, number];
    this.#log(code, subject, relation, typeof last === 'number' ? last : 0, source, from, toMs, recordedMs);
    if (typeof last === 'string') this.#logText(last);
  }

  #writeLog(): void {
    if (this.#stepCount === 0) return;
    const numbers = this.#steps.slice(0, this.#stepCount * stepWidth);
    const texts = this.#stepTexts;
    const steps = deflateRawSync(new Uint8Array(numbers.buffer), { level: 1 });
    const sequence = Number(this.#prepare('INSERT INTO log (steps, texts, crc) VALUES (?, ?, ?)').run(steps, JSON.stringify(texts), crc32(steps)).lastInsertRowid);
    if (this.#unseen > 0) {
      if (!this.isBehind) this.#prepare("INSERT INTO mark (name, value) VALUES ('unseen', ?)").run(sequence);
      this.#wait({ sequence, numbers, texts });
    }
    this.#stepCount = 0;
    this.#stepTexts = [];
    this.#unseen = 0;
  }

  /** From that row on; what is damaged is left out. */
  *#logRows(sequence: number): Generator<LogRow> {
    const rows = this.#database.prepare('SELECT sequence, steps, texts, crc FROM log WHERE sequence >= ? ORDER BY sequence').iterate(sequence);
    for (const row of rows as Iterable<{ sequence: number; steps: Uint8Array; texts: string; crc: number }>) {
      if (crc32(row.steps) !== row.crc) continue;
      const bytes = inflateRawSync(row.steps);
      const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      yield { sequence: row.sequence, numbers, texts: JSON.parse(row.texts) as LogRow['texts'] };
    }
  }

  /** @param factsOnly elements and relations are there already */
  #replay(numbers: Float64Array, text: string, factsOnly: boolean): void {
    const [code, subject, relation, object, source, from, toMs, recordedMs] = numbers as unknown as [number, number, number, number, number, number, number, number];
    const endMs = toMs === never ? null : toMs;
    if (factsOnly && code < opCodes.edge) return;
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
      case opCodes.edge:
        if (this.#putRow('edge', [subject, relation, from, object, source], [recordedMs, endMs, isLong(this.#names.text(relation), from, endMs)]) || endMs === null) return;
        // As the rules have it for a fact that is said again.
        this.#endRow(false, [subject, relation, from, object, source], endMs, recordedMs, isLong(this.#names.text(relation), from, endMs));
        return;
      case opCodes.property:
        if (this.#putRow('property', [subject, relation, from, text, source], [recordedMs, endMs]) || endMs === null) return;
        this.#endRow(true, [subject, relation, from, text, source], endMs, recordedMs, 0);
        return;
      case opCodes.endEdge:
        this.#endRow(false, [subject, relation, from, object, source], toMs, recordedMs, isLong(this.#names.text(relation), from, toMs));
        return;
      case opCodes.endProperty:
        this.#endRow(true, [subject, relation, from, text, source], toMs, recordedMs, 0);
        return;
      default: {
        const isProperty = code === opCodes.retractProperty;
        this.#retractRow(isProperty, [subject, relation, from, isProperty ? text : object, source], recordedMs);
      }
    }
  }

  // --- names -----------------------------------------------------------------------------------------------------

  #edgeKey({ subject, relation, validFromMs, object, source }: FactKey): [number, number, number, number, number] {
    return [this.#names.known(subject)?.id ?? 0, this.#names.word(relation), validFromMs, this.#names.known(object)?.id ?? 0, this.#names.word(source)];
  }

  #propertyKey({ subject, relation, validFromMs, value, source }: FactKey): SQLInputValue[] {
    return [this.#names.known(subject)?.id ?? 0, this.#names.word(relation), validFromMs, JSON.stringify(value), this.#names.word(source)];
  }

  /** null: not asked for; undefined: not known. */
  #elementId(key: string | undefined): number | null | undefined {
    return key === undefined ? null : this.#names.known(key)?.id;
  }

  #asked(word: string | undefined): number | null | undefined {
    return word === undefined ? null : this.#names.wordId(word);
  }

  #prepare(sql: string): ReturnType<Statements['prepare']> {
    return this.#statements.prepare(sql);
  }
}

function kindList(text: string): ElementKind[] {
  return text === '' ? [] : (text.split(',') as ElementKind[]);
}

function factOf(row: FactRow, recordedMs: number): Fact {
  const isOpen = row.valid_to === null || (row.end_recorded !== null && row.end_recorded > recordedMs);
  return {
    subject: row.subject, relation: row.relation, object: row.object, validFromMs: row.valid_from, recordedMs: row.recorded, source: row.source,
    ...(row.value !== null && { value: JSON.parse(row.value) as string | number | boolean }), ...(!isOpen && row.valid_to !== null && { validToMs: row.valid_to }),
  };
}

/** Whether a fact belongs into the index of those that hold long. */
function isLong(relation: string, fromMs: number, toMs: number | null): number {
  return (toMs ?? never) - fromMs > longMs && !lasting.has(relation) ? 1 : 0;
}
