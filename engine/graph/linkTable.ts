import { csvTime } from '../csvDialect.ts';
import type { NamedRows } from '../csvTable.ts';
import type { GraphChange } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { LocalCalendar } from '../time/period.ts';
import { parseTime } from '../time/period.ts';

/** What a row of a table of relations says, as changes. */
export interface LinkRow {
  line: number;
  changes: GraphChange[];
}

/** The columns by what they may be called, in English and German; blanks and case do not count. */
const columnNames = {
  from: ['from', 'von', 'subject'],
  relation: ['relation', 'beziehung', 'predicate'],
  to: ['to', 'nach', 'zu', 'object'],
  fromType: ['from type', 'from_type', 'fromtype', 'von typ', 'von art'],
  toType: ['to type', 'to_type', 'totype', 'nach typ', 'nach art', 'zu typ'],
  validFrom: ['valid from', 'valid_from', 'validfrom', 'gültig von', 'gültig ab', 'since', 'seit'],
  validTo: ['valid to', 'valid_to', 'validto', 'gültig bis', 'until', 'bis'],
} as const;

/**
 * Relations out of a table with the columns from, relation, to, and if there are: from type, to type (then what is not known yet becomes
 * known), valid from, valid to.
 * @throws Problem TWIN_LINK_COLUMNS where from, relation or to is missing
 */
export function linkTable({ dialect, rows }: NamedRows, source: string, nowMs: number, calendar: LocalCalendar): LinkRow[] {
  const columns = new Map<string, string>();
  for (const name of dialect.columns) {
    for (const [meaning, names] of Object.entries(columnNames)) {
      if ((names as readonly string[]).includes(name.trim().toLowerCase().replaceAll(/\s+/g, ' '))) columns.set(meaning, name);
    }
  }
  const missing = ['from', 'relation', 'to'].filter((name) => !columns.has(name));
  if (missing.length > 0) {
    throw new Problem('TWIN_LINK_COLUMNS', `The table has no column ${missing.join(', ')}.`, 'Its first row names the columns: from, relation, to.', { columns: missing.join(', ') });
  }
  return rows.map(({ line, cells }): LinkRow => {
    const cell = (meaning: keyof typeof columnNames): string => String(cells.get(columns.get(meaning) ?? '') ?? '').trim();
    const time = (meaning: 'validFrom' | 'validTo'): number | undefined => (cell(meaning) === '' ? undefined : (timeOf(cell(meaning), nowMs, calendar) ?? NaN));
    const [from, relation, to] = [cell('from'), cell('relation'), cell('to')];
    const validFromMs = time('validFrom') ?? nowMs;
    const validToMs = time('validTo');
    const changes: GraphChange[] = [];
    for (const [key, type] of [[from, cell('fromType')], [to, cell('toType')]] as const) {
      if (type !== '') changes.push({ kind: 'element', element: { key, type, name: '' }, recordedMs: nowMs });
    }
    changes.push({ kind: 'assert', fact: { subject: from, relation, object: to, validFromMs, ...(validToMs !== undefined && { validToMs }), recordedMs: nowMs, source } });
    return { line, changes };
  });
}

/** A time as tables write it: ISO 8601, 22.11.2026 10:30 (by the calendar where it names no zone), or a number since 1970 by its size. */
export function timeOf(text: string, nowMs: number, calendar: LocalCalendar): number | undefined {
  if (/^\d{9,11}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const local = parseTime(text, nowMs, calendar);
  if (local !== undefined) return local;
  return csvTime(text, 'iso') ?? csvTime(text, 'dayMonthYear');
}
