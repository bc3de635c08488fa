import { timeOf } from '../engine/graph/linkTable.ts';
import type { RecordInput, RecordKind, RecordRole } from '../engine/graph/recordFacts.ts';
import { Problem } from '../engine/problem.ts';
import { localCalendar } from './localCalendar.ts';
import { atPlace } from './messagePlace.ts';
import { readTimeMs } from './messageTime.ts';

/** What twin-record's form says of a record. */
export interface RecordMapping {
  what: string;
  recordId: string;
  endsBefore: boolean;
  mapping: readonly { role: string; place: string; relation: string; type: string }[];
}

/**
 * A record by the form's mapping.
 * @throws Problem TWIN_RECORD_TIME
 */
export function recordInput(config: RecordMapping, reporter: string, record: unknown, message: Readonly<Record<string, unknown>>, nowMs: number): RecordInput {
  const values = new Map<RecordRole, (string | number | boolean)[]>();
  const related: { relation: string; keys: string[]; type: string }[] = [];
  for (const { role, place, relation, type } of config.mapping) {
    const found = atPlace(place, record, message).filter((value): value is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof value));
    if (role === 'related') {
      const keys = found.map((value) => String(value).trim()).filter((key) => key !== '');
      if (keys.length > 0) related.push({ relation, keys, type: type === 'known' ? '' : type });
      continue;
    }
    if (found.length > 0) values.set(role as RecordRole, [...(values.get(role as RecordRole) ?? []), ...found.map((value) => (typeof value === 'string' ? value.trim() : value))]);
  }
  const time = (role: 'from' | 'to'): number | undefined => {
    const value = values.get(role)?.[0];
    if (value === undefined) return undefined;
    const timeMs = (typeof value === 'string' ? timeOf(value, nowMs, localCalendar) : undefined) ?? readTimeMs(value);
    if (timeMs === undefined) throw new Problem('TWIN_RECORD_TIME', `"${String(value).slice(0, 60)}" is not a time.`,
      'Write it as 2026-05-04T06:00:00Z, or as milliseconds since 1970.', { value: String(value).slice(0, 60) });
    return Math.round(timeMs);
  };
  const toMs = time('to');
  const fromMs = time('from') ?? (readTimeMs(message['timestamp']) ?? toMs ?? nowMs);
  const id = config.recordId === '' ? undefined : atPlace(config.recordId, record, message)[0];
  return {
    kind: config.what as RecordKind, reporter, values, related, fromMs: Math.round(fromMs), ...(toMs !== undefined && { toMs }),
    id: id === undefined ? contentId(values, related, fromMs) : String(id),
  };
}

/** Whether what the machine used before ends with such a record. */
export function replacesBefore({ what, endsBefore }: RecordMapping): boolean {
  return endsBefore && (what === 'change' || what === 'shift');
}

/** Without an id of its own a record is known by what it says. */
function contentId(
  values: ReadonlyMap<RecordRole, readonly (string | number | boolean)[]>, related: readonly { relation: string; keys: readonly string[] }[], fromMs: number,
): string {
  const named = [...values].filter(([role]) => role !== 'to' && role !== 'event').map(([role, list]) => `${role}=${list.join('|')}`);
  const said = [...named, ...related.map(({ relation, keys }) => `${relation}=${keys.join('|')}`)].join(';');
  return `${said};${fromMs}`.slice(0, 300);
}
