import type { Row, RowProblem } from './rowList.ts';
import type { TextValues } from './text.ts';

/** Fields of a property that hold a number as text, where empty means: none. */
export const numberFields = [
  'rangeLow', 'rangeHigh', 'lowLow', 'low', 'high', 'highHigh', 'deadband', 'smallestChange', 'maximumRate', 'expectedInterval',
] as const;

const neverNegative: ReadonlySet<string> = new Set(['deadband', 'smallestChange', 'maximumRate', 'expectedInterval']);

/** `time` is the time of a row; the others mean something to JavaScript itself. */
const reservedNames: ReadonlySet<string> = new Set(['time', '__proto__', 'constructor', 'prototype']);

/** UCUM codes that machines mostly speak in. */
export const unitSuggestions: readonly string[] = [
  'Cel', 'bar', 'mbar', 'Pa', 'A', 'mA', 'V', 'kW', 'W', 'kW.h', 'mm/s', 'm/s', 'm/min', '/min', 'Hz', 'mm', 'um', 'm', 'N', 'kN', 'N.m',
  'l/min', 'm3/h', 'l', 'kg', 'g', 's', 'ms', 'min', 'h', '%', '1',
];

const onlyNumbers: ReadonlySet<string> = new Set(numberFields.filter((field) => field !== 'expectedInterval'));

/** What a kind of property has no use for is not asked. */
export function showsField(row: Row, field: string): boolean {
  const kind = row['valueKind'];
  if (field === 'expression') return kind === 'derived';
  if (field === 'counterBits') return kind === 'counter';
  if (onlyNumbers.has(field)) return kind !== 'state';
  return true;
}

/** People type a decimal comma; the flow file holds a point. */
export function pointForComma(value: string | number | boolean | undefined): string {
  const text = String(value ?? '').trim();
  return /^[-+]?\d*,\d+$/.test(text) ? text.replace(',', '.') : text;
}

/** The number that a field holds; undefined where it is empty or none. */
function numberOf(row: Row, field: string): number | undefined {
  const text = pointForComma(row[field]);
  const number = Number(text);
  return text === '' || !Number.isFinite(number) ? undefined : number;
}

/** What is wrong with a type's table of properties, row by row, in plain sentences. */
export function checkProperties(rows: readonly Row[], text: (key: string, values?: TextValues) => string): RowProblem[] {
  const problems: RowProblem[] = [];
  const first = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    const say = (field: string, problem: string, values: TextValues = {}): void => {
      problems.push({ index, field, text: text(`check.${problem}`, { column: text(`column.properties.${field}`), ...values }) });
    };
    const name = String(row['name'] ?? '').trim();
    const earlier = first.get(name);
    if (name === '') say('name', 'nameMissing');
    else if (reservedNames.has(name)) say('name', 'nameReserved', { name });
    else if (earlier !== undefined) say('name', 'nameTwice', { name, other: earlier + 1 });
    else first.set(name, index);
    if (row['valueKind'] === 'derived' && String(row['expression'] ?? '').trim() === '') say('expression', 'expressionMissing');
    for (const field of numberFields) {
      const typed = pointForComma(row[field]);
      if (typed === '' || /^\$\{[^{}]+\}$/.test(typed)) continue;
      const number = Number(typed);
      if (!Number.isFinite(number)) say(field, 'notANumber');
      else if (number < 0 && neverNegative.has(field)) say(field, 'negative');
    }
    const rangeLow = numberOf(row, 'rangeLow');
    const rangeHigh = numberOf(row, 'rangeHigh');
    if (rangeLow !== undefined && rangeHigh !== undefined && rangeLow >= rangeHigh) say('rangeLow', 'range');
    let below: { field: string; value: number } | undefined;
    for (const field of ['lowLow', 'low', 'high', 'highHigh']) {
      const value = numberOf(row, field);
      if (value === undefined) continue;
      if (below !== undefined && below.value >= value) {
        say(field, 'order', { lower: text(`column.properties.${below.field}`), lowerValue: below.value, value });
      }
      below = { field, value };
    }
  }
  return problems;
}
