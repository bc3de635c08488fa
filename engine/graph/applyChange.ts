import type { GraphElement } from '../../contract/graph.ts';
import type { Fact, FactKey, GraphChange } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { ElementKind } from './elementTypes.ts';
import { elementTypes } from './elementTypes.ts';
import type { RelationType } from './relationTypes.ts';
import { ownRelation, relationNamed } from './relationTypes.ts';

/** What the rules need of whoever keeps the facts. Facts are canonical here: relations by their name, never by the inverse. */
export interface GraphLedger {
  /** The type of a known element. */
  typeOf(key: string): string | undefined;
  /** Adds it, or gives a known one another name. */
  putElement(element: GraphElement, recordedMs: number): void;
  ownRelations(): ReadonlyMap<string, RelationType>;
  putRelation(type: RelationType): void;
  /** Whether `to` is reached from `from` over believed facts of the relation, all true at one moment within the time. */
  reaches(from: string, relation: string, to: string, validFromMs: number, validToMs: number): boolean;
  /** The fact of that key that is believed. */
  believed(key: FactKey): Fact | undefined;
  /** Adds a fact unless it is believed already; gives whether it was added. */
  put(fact: Fact): boolean;
  end(key: FactKey, validToMs: number, recordedMs: number): void;
  retract(key: FactKey, recordedMs: number): void;
  /** Believed facts of a source. */
  ofSource(source: string): Fact[];
}

const longestKey = 200;
const longestValue = 2000;
const latestMs = 8.64e15;

/**
 * One change by the rules, on any ledger.
 * @throws Problem as GraphStore.change names them; nothing was changed then
 */
export function applyChange(change: GraphChange, ledger: GraphLedger): void {
  switch (change.kind) {
    case 'element':
      checkElement(change.element, ledger);
      checkTime(change.recordedMs);
      putElement(change.element, change.recordedMs, ledger);
      return;
    case 'relation':
      ledger.putRelation(ownRelation(change.relation, ledger.ownRelations()));
      return;
    case 'assert':
      assertFact(checkedFact(change.fact, ledger), ledger);
      return;
    case 'end': {
      const key = canonical(change.fact, ledger);
      const known = ledger.believed(key);
      if (known === undefined || known.validToMs !== undefined) return;
      checkTime(change.recordedMs);
      checkEnd(known.validFromMs, change.validToMs);
      ledger.end(key, change.validToMs, change.recordedMs);
      return;
    }
    case 'retract': {
      const key = canonical(change.fact, ledger);
      checkTime(change.recordedMs);
      if (ledger.believed(key) !== undefined) ledger.retract(key, change.recordedMs);
      return;
    }
    case 'replace':
      replace(change, ledger);
  }
}

/** Without a name it is called by its key; a known name is not lost to an empty one. */
function putElement(element: GraphElement, recordedMs: number, ledger: GraphLedger): void {
  if (element.name !== '') ledger.putElement(element, recordedMs);
  else if (ledger.typeOf(element.key) === undefined) ledger.putElement({ ...element, name: element.key }, recordedMs);
}

function assertFact(fact: Fact, ledger: GraphLedger): void {
  if (ledger.put(fact) || fact.validToMs === undefined) return;
  const known = ledger.believed(fact);
  if (known?.validToMs === undefined) ledger.end(fact, fact.validToMs, fact.recordedMs);
}

function replace({ source, facts, recordedMs }: GraphChange & { kind: 'replace' }, ledger: GraphLedger): void {
  checkTime(recordedMs);
  const wanted: Fact[] = [];
  // Each against those before it too, so that facts of one record cannot close a circle between them.
  for (const fact of facts) wanted.push(checkedFact({ ...fact, source, recordedMs }, ledger, wanted));
  for (const known of ledger.ofSource(source)) {
    const same = wanted.find((fact) => isSame(fact, known));
    // An end may come later; one that is told differently now is a correction.
    if (same === undefined || (known.validToMs !== undefined && known.validToMs !== same.validToMs)) ledger.retract(known, recordedMs);
  }
  for (const fact of wanted) assertFact(fact, ledger);
}

export function isSame(a: FactKey, b: FactKey): boolean {
  return a.subject === b.subject && a.relation === b.relation && a.object === b.object && a.value === b.value && a.validFromMs === b.validFromMs && a.source === b.source;
}

function checkElement({ key, type, name }: GraphElement, ledger: GraphLedger): void {
  checkKey(key);
  if (!elementTypes.has(type)) {
    throw new Problem('TWIN_ELEMENT_TYPE', `"${short(type)}" is not a type of element.`, `Use one of: ${[...elementTypes.keys()].join(', ')}.`, { type: short(type) });
  }
  if (name.length > longestKey || !isPlain(name)) {
    throw new Problem('TWIN_ELEMENT_KEY', `The name of "${short(key)}" has more than 200 characters or some that cannot be kept.`, 'Give it a shorter name.', { key: short(key) });
  }
  const known = ledger.typeOf(key);
  if (known !== undefined && known !== type) {
    throw new Problem('TWIN_ELEMENT_CHANGED', `"${short(key)}" is a ${known} and cannot be a ${type} too.`, 'Use another key for the other one.', { key: short(key), type, known });
  }
}

function checkKey(key: string): void {
  if (key !== '' && key.length <= longestKey && isPlain(key)) return;
  throw new Problem('TWIN_ELEMENT_KEY', `"${short(key)}" cannot be the key of an element.`, 'A key has 1 to 200 characters and no control characters but line breaks.', { key: short(key) });
}

/** Quotes, line breaks and every script are names like others; what no file or screen can hold is not. */
function isPlain(text: string): boolean {
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\p{Surrogate}/u.test(text);
}

/** With the relation by its own name, the ends turned round where it was named from the other one. */
function canonical<F extends FactKey>(fact: F, ledger: GraphLedger): F {
  if (fact.value !== undefined) return fact;
  const named = relationNamed(fact.relation, ledger.ownRelations());
  if (named === undefined) {
    throw new Problem('TWIN_RELATION_UNKNOWN', `"${short(fact.relation)}" is not a relation.`, 'Use a ready relation, or add it to the site.', { relation: short(fact.relation) });
  }
  return named.inverted ? { ...fact, relation: named.type.name, subject: fact.object, object: fact.subject } : fact;
}

function checkedFact(given: Fact, ledger: GraphLedger, together: readonly Fact[] = []): Fact {
  const fact = canonical(given, ledger);
  const { subject, relation, object, value, validFromMs, validToMs } = fact;
  checkTime(fact.recordedMs);
  checkTime(validFromMs);
  if (validToMs !== undefined) checkEnd(validFromMs, validToMs);
  if (fact.source === '' || fact.source.length > 400 || !isPlain(fact.source)) {
    throw new Problem('TWIN_FACT_VALUE', 'A fact needs a source of 1 to 400 characters.', 'Name who says so.');
  }
  const from = kindOf(subject, ledger);
  if (value !== undefined) {
    checkValue(relation, object, value);
    return fact;
  }
  if (subject === object) {
    throw new Problem('TWIN_RELATION_SELF', `"${short(subject)}" cannot be related to itself.`, 'Choose two different twins.', { key: short(subject) });
  }
  const to = kindOf(object, ledger);
  const { type } = relationNamed(relation, ledger.ownRelations()) as { type: RelationType };
  if ((type.from.length > 0 && !type.from.includes(from)) || (type.to.length > 0 && !type.to.includes(to))) {
    throw new Problem('TWIN_RELATION_KINDS', `"${short(subject)}" (${from}) cannot be ${relation} "${short(object)}" (${to}).`,
      `It goes from ${kinds(type.from)} to ${kinds(type.to)}.`, { subject: short(subject), relation, object: short(object) });
  }
  if (type.acyclic === true && reaches(ledger, together, object, relation, subject, validFromMs, validToMs ?? latestMs)) {
    throw new Problem('TWIN_RELATION_CYCLE', `"${short(subject)}" would be ${relation} itself, through "${short(object)}".`, 'End the other relation first.',
      { subject: short(subject), relation, object: short(object) });
  }
  return fact;
}

/** As the ledger's, over facts that are not in it yet too. */
function reaches(ledger: GraphLedger, together: readonly Fact[], from: string, relation: string, to: string, fromMs: number, toMs: number): boolean {
  if (ledger.reaches(from, relation, to, fromMs, toMs)) return true;
  return together.some((fact, index) => {
    const since = Math.max(fromMs, fact.validFromMs);
    const until = Math.min(toMs, fact.validToMs ?? latestMs);
    if (fact.relation !== relation || since >= until || (fact.subject !== from && !ledger.reaches(from, relation, fact.subject, since, until))) return false;
    return fact.object === to || reaches(ledger, together.toSpliced(index, 1), fact.object, relation, to, since, until);
  });
}

function kinds(list: readonly ElementKind[]): string {
  return list.length === 0 ? 'anything' : list.join(', ');
}

function kindOf(key: string, ledger: GraphLedger): ElementKind {
  const type = ledger.typeOf(key);
  if (type === undefined) {
    throw new Problem('TWIN_ELEMENT_UNKNOWN', `Nothing is known under "${short(key)}".`, 'Check the key, or say what it is first.', { key: short(key) });
  }
  return elementTypes.get(type) as ElementKind;
}

function checkValue(property: string, object: string, value: number | string | boolean): void {
  const isWrong = property === '' || property.length > longestKey || !isPlain(property) || object !== ''
    || (typeof value === 'number' && !Number.isFinite(value)) || (typeof value === 'string' && (value.length > longestValue || !isPlain(value)));
  if (isWrong) {
    throw new Problem('TWIN_FACT_VALUE', `The property "${short(property)}" has no value that can be kept.`, 'Give a number, true or false, or a text of up to 2,000 characters.',
      { property: short(property) });
  }
}

function checkTime(timeMs: number): void {
  if (Number.isSafeInteger(timeMs) && Math.abs(timeMs) <= latestMs) return;
  throw new Problem('TWIN_FACT_TIMES', `${String(timeMs)} is not a time.`, 'Send whole milliseconds since 1970 (UTC).', { time: String(timeMs) });
}

function checkEnd(fromMs: number, toMs: number): void {
  checkTime(toMs);
  if (toMs >= fromMs) return;
  throw new Problem('TWIN_FACT_TIMES', 'It would end before it begins.', 'Check both times.', { from: fromMs, to: toMs });
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
