import type { Fact, GraphChange } from '../../engine/ports.ts';

/** Changes as they cross to the store's thread: assertions, which are nearly all of them, as columns with each text once; the others as they are. */
export interface PackedChanges {
  length: number;
  texts: string[];
  /** For each assertion: its place, then numbers of texts (subject, relation, object, source), of its value (-1: none), from, to (NaN: none), recorded. */
  numbers: Float64Array;
  values: (number | string | boolean)[];
  others: [place: number, change: GraphChange][];
}

const width = 9;

export function packChanges(changes: readonly GraphChange[]): PackedChanges {
  const places = new Map<string, number>();
  const numbers = new Float64Array(width * changes.length);
  const values: PackedChanges['values'] = [];
  const others: PackedChanges['others'] = [];
  let at = 0;
  const placeOf = (text: string): number => {
    let place = places.get(text);
    if (place === undefined) places.set(text, (place = places.size));
    return place;
  };
  for (let place = 0; place < changes.length; place++) {
    const change = changes[place] as GraphChange;
    if (change.kind !== 'assert' || !isUsual(change.fact)) {
      others.push([place, change]);
      continue;
    }
    const { subject, relation, object, source, value, validFromMs, validToMs, recordedMs } = change.fact;
    numbers[at] = place;
    numbers[at + 1] = placeOf(subject);
    numbers[at + 2] = placeOf(relation);
    numbers[at + 3] = placeOf(object);
    numbers[at + 4] = placeOf(source);
    numbers[at + 5] = value === undefined ? -1 : values.push(value) - 1;
    numbers[at + 6] = validFromMs;
    numbers[at + 7] = validToMs ?? NaN;
    numbers[at + 8] = recordedMs;
    at += width;
  }
  return { length: changes.length, texts: [...places.keys()], numbers: numbers.slice(0, at), values, others };
}

/** Texts and numbers where they belong; anything else crosses as it is and is refused on the other side. */
function isUsual(fact: Fact): boolean {
  if (typeof fact.subject !== 'string' || typeof fact.relation !== 'string' || typeof fact.object !== 'string' || typeof fact.source !== 'string') return false;
  if (typeof fact.validFromMs !== 'number' || typeof fact.recordedMs !== 'number') return false;
  return fact.validToMs === undefined || (typeof fact.validToMs === 'number' && fact.validToMs === fact.validToMs);
}

export function unpackChanges({ length, texts, numbers, values, others }: PackedChanges): GraphChange[] {
  const changes: GraphChange[] = [];
  let at = 0;
  let other = 0;
  for (let place = 0; place < length; place++) {
    if (others[other]?.[0] === place) {
      changes.push((others[other] as [number, GraphChange])[1]);
      other++;
      continue;
    }
    const fact: Fact = {
      subject: texts[numbers[at + 1] as number] as string, relation: texts[numbers[at + 2] as number] as string, object: texts[numbers[at + 3] as number] as string,
      validFromMs: numbers[at + 6] as number, recordedMs: numbers[at + 8] as number, source: texts[numbers[at + 4] as number] as string,
    };
    const value = numbers[at + 5] as number;
    const toMs = numbers[at + 7] as number;
    if (value >= 0) fact.value = values[value] as NonNullable<Fact['value']>;
    if (toMs === toMs) fact.validToMs = toMs;
    changes.push({ kind: 'assert', fact });
    at += width;
  }
  return changes;
}
