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
  const measurement = lineMeasurement(point.measurement);
  if (measurement === '') {
    onLeftOut?.('The measurement has no name.');
    return undefined;
  }
  if (!Number.isInteger(point.timeMs) || Math.abs(point.timeMs) > furthestTimeMs) {
    onLeftOut?.(`The time ${point.timeMs} is none that InfluxDB can hold.`);
    return undefined;
  }
  let line = measurement.replace(/[, ]/g, '\\$&');
  const tagNames = new Set<string>();
  for (const [name, value] of point.tags) {
    const text = lineName(value);
    if (text === '' || name === '') continue;
    line += `,${escapeKey(unused(lineKey(name), tagNames))}=${escapeKey(text)}`;
  }
  const fields: string[] = [];
  const fieldNames = new Set<string>();
  for (const [name, value] of point.fields) {
    const text = name === '' ? undefined : encodeValue(value);
    if (text === undefined) onLeftOut?.(name);
    else fields.push(`${escapeKey(unused(lineKey(name), fieldNames))}=${text}`);
  }
  return fields.length === 0 ? undefined : `${line} ${fields.join(',')} ${point.timeMs}`;
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
