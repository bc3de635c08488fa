import type { AnswerRow, GraphAnswer, GraphElement, ParameterThen } from '../../engine/ports.ts';

/** An answer as it crosses from the store's thread: columns instead of an object for each row, each element once. */
export interface PackedAnswer {
  head: Omit<GraphAnswer, 'rows'>;
  keys: string[];
  /** Of each element, a number of `words`. */
  types: Uint32Array;
  /** Of those that are called otherwise than by their key. */
  names: [element: number, name: string][];
  /** Roles, relations and types that occur. */
  words: string[];
  /** For each row: role, element, of (-1: none), relation (-1: none), depth, from, to (NaN: none). */
  numbers: Float64Array;
  of: string[];
  parameters: [row: number, parameters: ParameterThen[]][];
}

const width = 7;

export function packAnswer({ rows, ...head }: GraphAnswer): PackedAnswer {
  const places = new Map<GraphElement, number>();
  const words = new Map<string, number>();
  const of = new Map<string, number>();
  const keys: string[] = [];
  const types: number[] = [];
  const names: PackedAnswer['names'] = [];
  const numbers = new Float64Array(width * rows.length);
  const parameters: PackedAnswer['parameters'] = [];
  const numberOf = (map: Map<string, number>, text: string): number => {
    let number = map.get(text);
    if (number === undefined) map.set(text, (number = map.size));
    return number;
  };
  for (const [index, row] of rows.entries()) {
    let element = places.get(row.element);
    if (element === undefined) {
      const { key, type, name } = row.element;
      places.set(row.element, (element = places.size));
      keys.push(key);
      types.push(numberOf(words, type));
      if (name !== key) names.push([element, name]);
    }
    const at = index * width;
    numbers[at] = numberOf(words, row.role);
    numbers[at + 1] = element;
    numbers[at + 2] = row.of === undefined ? -1 : numberOf(of, row.of);
    numbers[at + 3] = row.relation === undefined ? -1 : numberOf(words, row.relation);
    numbers[at + 4] = row.depth;
    numbers[at + 5] = row.fromMs ?? NaN;
    numbers[at + 6] = row.toMs ?? NaN;
    if (row.parameters !== undefined) parameters.push([index, row.parameters]);
  }
  return { head, keys, types: Uint32Array.from(types), names, words: [...words.keys()], numbers, of: [...of.keys()], parameters };
}

export function unpackAnswer({ head, keys, types, names, words, numbers, of, parameters }: PackedAnswer): GraphAnswer {
  const known = keys.map((key, place): GraphElement => ({ key, type: words[types[place] as number] as string, name: key }));
  for (const [place, name] of names) (known[place] as GraphElement).name = name;
  const rows: AnswerRow[] = [];
  for (let at = 0; at < numbers.length; at += width) {
    const row: AnswerRow = { role: words[numbers[at] as number] as AnswerRow['role'], element: known[numbers[at + 1] as number] as GraphElement, depth: numbers[at + 4] as number };
    const ofPlace = numbers[at + 2] as number;
    const relation = numbers[at + 3] as number;
    const fromMs = numbers[at + 5] as number;
    const toMs = numbers[at + 6] as number;
    if (ofPlace >= 0) row.of = of[ofPlace] as string;
    if (relation >= 0) row.relation = words[relation] as string;
    if (fromMs === fromMs) row.fromMs = fromMs;
    if (toMs === toMs) row.toMs = toMs;
    rows.push(row);
  }
  for (const [index, list] of parameters) (rows[index] as AnswerRow).parameters = list;
  return { ...head, rows };
}
