/**
 * InfluxDB's line protocol: the one place of the package where a point becomes text.
 *
 * A naive builder lets a machine's name add tags, fields or whole points of its own, and lets one NaN fail a batch. Here every
 * name is first made representable (`lineName`), then escaped; what has no representation is left out and named.
 * Sources: InfluxDB 1.x and 2.x documentation, "Line protocol"; behaviour checked against InfluxDB 1.6 by test.
 */

/** What a field can be given; null, NaN and infinite numbers have no form there and are left out. */
export type LineField = number | string | boolean | bigint | null;

export interface LinePoint {
  measurement: string;
  /** Pairs of tag and value, as from a Map or Object.entries. Tags without a value are left out: they mean the same as no tag. */
  tags: Iterable<readonly [string, string]>;
  fields: Iterable<readonly [string, LineField]>;
  /** Whole milliseconds UTC; write with precision ms. */
  timeMs: number;
}

/** Nanoseconds since 1970 must fit 64 bits: the years 1677 to 2262. */
const furthestTimeMs = 9_223_372_036_854;
const largestInteger = 9_223_372_036_854_775_807n;

/** Names that InfluxDB keeps for itself; a field called time is dropped by it. */
const reserved = new Set(['time', '_field', '_measurement']);

/** Nothing of it needs to be changed or escaped. */
const plainName = /^[\w.:/-]+$/;
const control = /[\p{Cc}\u2028\u2029]+/gu;
const surrogate = /\p{Surrogate}/gu;
/** In front of these, and at the end, a backslash would escape what follows; the database has no way to write it as itself. */
const ambiguousBackslash = /\\(?=[,= "\\]|$)/g;

/**
 * A measurement, tag or field name or tag value as InfluxDB can hold and give it back: control characters become _, a
 * backslash that would be taken for an escape becomes /. All else, in any script, stays as it is.
 */
export function lineName(text: string): string {
  return text.replace(control, '_').replace(surrogate, '\uFFFD').replace(ambiguousBackslash, '/');
}

/** A tag or field name; the few that InfluxDB keeps for itself get a _ behind. */
export function lineKey(text: string): string {
  const name = lineName(text);
  return reserved.has(name) ? `${name}_` : name;
}

/**
 * The line of a point, without a line end.
 * @param onLeftOut told of each field that has no value InfluxDB can hold, and of the reason where there is no line
 * @returns undefined where no field is left, the measurement has no name or the time lies outside 1677–2262
 */
export function encodeLine(point: LinePoint, onLeftOut?: (what: string) => void): string | undefined {
  const head = encodeHead(point.measurement, point.tags);
  if (head === '') {
    onLeftOut?.('The measurement has no name.');
    return undefined;
  }
  return lineOf(head, point.fields, point.timeMs, onLeftOut);
}

/** What the lines of one thing have in common, for `lineOf`: measurement and tags. '': the measurement has no name. */
export function encodeHead(measurement: string, tags: LinePoint['tags']): string {
  let head = lineMeasurement(measurement).replace(/[, ]/g, '\\$&');
  if (head === '') return '';
  const taken = new Set<string>();
  for (const [name, value] of tags) {
    const text = lineName(value);
    if (text === '' || name === '') continue;
    head += `,${escapeKey(unused(lineKey(name), taken))}=${escapeKey(text)}`;
  }
  return head;
}

/** As encodeLine, with a head that was made before: choose it for many lines of the same thing. */
export function lineOf(head: string, fields: LinePoint['fields'], timeMs: number, onLeftOut?: (what: string) => void): string | undefined {
  if (!Number.isInteger(timeMs) || Math.abs(timeMs) > furthestTimeMs) {
    onLeftOut?.(`The time ${timeMs} is none that InfluxDB can hold.`);
    return undefined;
  }
  let line = '';
  let taken: Set<string> | undefined;
  let first: string | undefined;
  for (const [name, value] of fields) {
    const text = name === '' ? undefined : encodeValue(value);
    if (text === undefined) {
      onLeftOut?.(name);
      continue;
    }
    // Names that stand as they are differ as they did; only what is changed may meet another.
    const isPlain = plainName.test(name) && !reserved.has(name);
    if (isPlain && line === '') {
      first = name;
      line = `${name}=${text}`;
      continue;
    }
    taken ??= new Set(first === undefined ? [] : [first]);
    const key = escapeKey(unused(isPlain ? name : lineKey(name), taken));
    line = line === '' ? `${key}=${text}` : `${line},${key}=${text}`;
  }
  return line === '' ? undefined : `${head} ${line} ${timeMs}`;
}

/** A line that begins with # is a comment to InfluxDB and would vanish without a word. */
export function lineMeasurement(text: string): string {
  const name = lineName(text);
  return name.startsWith('#') ? `_${name}` : name;
}

function escapeKey(name: string): string {
  return name.replace(/[,= ]/g, '\\$&');
}

/** Two names that became the same must not overwrite each other. */
function unused(name: string, taken: Set<string>): string {
  let free = name;
  for (let count = 2; taken.has(free); count += 1) free = `${name}_${count}`;
  taken.add(free);
  return free;
}

function encodeValue(value: LineField): string | undefined {
  switch (typeof value) {
    // Always a float: a field that is whole today and not tomorrow would change its type, which InfluxDB refuses.
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined;
    case 'bigint':
      return value <= largestInteger && value >= -largestInteger ? `${value}i` : undefined;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'string':
      return `"${value.replace(surrogate, '\uFFFD').replace(/[\\"]/g, '\\$&')}"`;
    default:
      return undefined;
  }
}

/** A line read back: a point whose tags and fields are pairs in the line's order, texts and names without their escapes. */
export interface DecodedPoint extends LinePoint {
  tags: [string, string][];
  fields: [string, Exclude<LineField, null>][];
}

const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Reads one line as `encodeLine` writes it (with its time, in ms).
 * @returns undefined where it is none
 */
export function decodeLine(line: string): DecodedPoint | undefined {
  let at = 0;
  /** Up to one of the ends, unescaped; in a measurement = is an ordinary character. */
  const name = (ends: string): string => {
    let text = '';
    for (; at < line.length && !ends.includes(line[at] as string); at += 1) {
      if (line[at] === '\\' && ',= '.includes(line[at + 1] ?? 'x')) at += 1;
      text += line[at];
    }
    return text;
  };
  const measurement = name(', ');
  if (measurement === '' || measurement.startsWith('#')) return undefined;
  const tags: [string, string][] = [];
  while (line[at] === ',') {
    at += 1;
    const key = name(',= ');
    if (key === '' || line[at] !== '=') return undefined;
    at += 1;
    const value = name(',= ');
    if (value === '' || line[at] === '=') return undefined;
    tags.push([key, value]);
  }
  const fields: [string, Exclude<LineField, null>][] = [];
  do {
    at += 1;
    const key = name(',= ');
    if (key === '' || line[at] !== '=') return undefined;
    at += 1;
    const end = line[at] === '"' ? endOfText(line, at) : endOfValue(line, at);
    const value = decodeValue(line.slice(at, end));
    if (value === undefined) return undefined;
    fields.push([key, value]);
    at = end;
  } while (line[at] === ',');
  if (line[at] !== ' ') return undefined;
  const time = line.slice(at + 1);
  return /^-?\d+$/.test(time) ? { measurement, tags, fields, timeMs: Number(time) } : undefined;
}

/** The lines of a text: a line ends at a line break outside of a quoted text, which begins behind the = of a field. The last may be incomplete. */
export function splitLines(text: string): string[] {
  const lines: string[] = [];
  let start = 0;
  let inFields = false;
  let quoted = false;
  let afterEquals = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    const opens = afterEquals;
    afterEquals = false;
    if (character === '\\') at += 1;
    else if (quoted) quoted = character !== '"';
    else if (character === ' ') inFields = true;
    else if (character === '=') afterEquals = inFields;
    else if (character === '"') quoted = opens;
    else if (character === '\n') {
      lines.push(text.slice(start, at));
      start = at + 1;
      inFields = false;
    }
  }
  lines.push(text.slice(start));
  return lines;
}

function endOfValue(line: string, start: number): number {
  let end = start;
  while (end < line.length && line[end] !== ',' && line[end] !== ' ') end += 1;
  return end;
}

/** Behind the closing quotation mark. */
function endOfText(line: string, start: number): number {
  for (let at = start + 1; at < line.length; at += 1) {
    if (line[at] === '\\') at += 1;
    else if (line[at] === '"') return at + 1;
  }
  return line.length;
}

function decodeValue(text: string): Exclude<LineField, null> | undefined {
  if (text.startsWith('"')) return text.length > 1 && text.endsWith('"') ? text.slice(1, -1).replace(/\\([\\"])/g, '$1') : undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d+i$/.test(text)) return BigInt(text.slice(0, -1));
  return numberPattern.test(text) ? Number(text) : undefined;
}
