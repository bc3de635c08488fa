import type { DecodedPoint } from '../../engine/lineProtocol.ts';

/**
 * History as a table of values, one a row: time (ISO, UTC), measurement, tags, property, value, quality. A quality stands in the row of its value.
 * Quoted as RFC 4180 says; a text that a spreadsheet would compute begins with an apostrophe.
 */
export function csvHeading(semicolon: boolean): Buffer {
  return Buffer.from(`\uFEFF${['time', 'measurement', 'tags', 'property', 'value', 'quality'].join(semicolon ? ';' : ',')}\r\n`);
}

const qualityEnd = '.quality';
const words = new Set<unknown>(['good', 'uncertain', 'bad']);

export function csvRows({ measurement, tags, fields, timeMs }: DecodedPoint, semicolon: boolean): string {
  const time = new Date(timeMs);
  const front = [Number.isNaN(time.getTime()) ? String(timeMs) : time.toISOString(), text(measurement), text(tags.map(([name, value]) => `${tagText(name)}=${tagText(value)}`).join(','))];
  const qualities = new Map<string, string>();
  const values = new Map<string, string>();
  for (const [name, value] of fields) {
    const base = name.slice(0, -qualityEnd.length);
    if (name.endsWith(qualityEnd) && base !== '' && words.has(value)) qualities.set(base, String(value));
    else values.set(name, typeof value === 'string' ? text(value) : semicolon && typeof value === 'number' ? String(value).replace('.', ',') : String(value));
  }
  let rows = '';
  for (const name of new Set([...values.keys(), ...qualities.keys()])) {
    rows += `${[...front, text(name), values.get(name) ?? '', qualities.get(name) ?? ''].join(semicolon ? ';' : ',')}\r\n`;
  }
  return rows;
}

/** Length up to behind the last row that is whole: a row ends at a line end outside of quotation marks. */
export function wholeCsvLength(bytes: Buffer): number {
  let quoted = false;
  let whole = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === 0x22) quoted = !quoted;
    else if (byte === 0x0a && !quoted) whole = at + 1;
  }
  return whole;
}

/** Names and values of tags keep their comma and equals sign apart. */
function tagText(name: string): string {
  return name.replaceAll(/[,=\\]/g, '\\$&');
}

function text(value: string): string {
  const safe = /^'*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return safe === '' || /[",;\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
