import { Problem } from '../problem.ts';
import { parseDuration } from './duration.ts';

/** Stretches of time as people name them. */
export const periodNames = ['last', 'sinceShiftStart', 'lastShift', 'today', 'yesterday', 'thisWeek', 'lastWeek', 'fromTo'] as const;

export type PeriodName = (typeof periodNames)[number];

/** The plant's calendar: the engine knows no time zone. */
export interface LocalCalendar {
  /** ms UTC of a local time. A day beyond the end of its month (or before its begin) counts on into the next. */
  utcOf(year: number, month: number, day: number, hour: number, minute: number, second: number): number;
  /** The local date of a time; weekday 0 is Monday. */
  dateOf(timeMs: number): { year: number; month: number; day: number; weekday: number };
}

export interface Period {
  name: PeriodName;
  /** Of `last`. */
  lastMs: number;
  /** Of `fromTo`: a time as text, see `parseTime`. */
  from: string;
  to: string;
  /** Local times at which a shift begins: `06:00, 14:00, 22:00`. */
  shiftStarts: string;
}

const named: readonly [RegExp, PeriodName][] = [
  [/^(since (the )?(shift start|start of (the )?shift)|seit schichtbeginn|this shift|diese schicht)$/, 'sinceShiftStart'],
  [/^(last shift|letzte schicht)$/, 'lastShift'],
  [/^(today|heute)$/, 'today'],
  [/^(yesterday|gestern)$/, 'yesterday'],
  [/^(this week|diese woche)$/, 'thisWeek'],
  [/^(last week|letzte woche)$/, 'lastWeek'],
];

const spelt: readonly [RegExp, string][] = [
  [/\b(seconds?|sekunden?)\b/g, 's'], [/\b(minutes?|minuten?)\b/g, 'min'], [/\b(hours?|stunden?)\b/g, 'h'], [/\b(days?|tagen?|tage?)\b/g, 'd'], [/\b(weeks?|wochen?)\b/g, 'w'],
];

/** A length of time, also with its unit spelt out: `8 hours`, `15 min`, `2 Tage`, `hour` (one). undefined: none. */
export function parseLength(text: string): number | undefined {
  let short = text.trim().toLowerCase();
  for (const [word, unit] of spelt) short = short.replace(word, unit);
  return parseDuration(/^[a-z]+$/.test(short) ? `1 ${short}` : short);
}

/** A stretch in words, English or German: `last 8 hours`, `since shift start`, `gestern`. undefined: none of ours. */
export function parsePeriod(text: string): { name: PeriodName; lastMs?: number } | undefined {
  const plain = text.trim().toLowerCase().replace(/\s+/g, ' ');
  for (const [pattern, name] of named) if (pattern.test(plain)) return { name };
  const last = /^(?:the )?(?:last|past|letzte[nrs]?)? ?(.+)$/.exec(plain)?.[1];
  const lastMs = last === undefined ? undefined : parseLength(last);
  return lastMs === undefined || lastMs <= 0 ? undefined : { name: 'last', lastMs };
}

const dated = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3})\d*)?)?)?\s*(Z|[-+]\d{2}:?\d{2})?$/i;
const datedGerman = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

/**
 * A time: `now`, `-8 h` or `8 hours ago` (`vor 8 Stunden`), `2026-05-04 06:00` or `04.05.2026 06:00` (local, unless it has a zone), ms UTC as digits.
 * @returns ms UTC; undefined where it is none
 */
export function parseTime(text: string, nowMs: number, calendar: LocalCalendar): number | undefined {
  const plain = text.trim();
  if (plain === '' || plain.length > 60) return undefined;
  if (/^(now|jetzt)$/i.test(plain)) return nowMs;
  if (/^\d{12,14}$/.test(plain)) return Number(plain);
  const ago = /^(?:-\s*(.+)|(.+) ago|vor (.+))$/i.exec(plain);
  if (ago !== null) {
    const lengthMs = parseLength(ago[1] ?? ago[2] ?? ago[3] ?? '');
    return lengthMs === undefined ? undefined : nowMs - lengthMs;
  }
  const german = datedGerman.exec(plain);
  if (german !== null) return localTime([german[3], german[2], german[1], german[4], german[5], german[6]], calendar);
  const found = dated.exec(plain);
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = found;
  const utc: LocalCalendar = { ...calendar, utcOf: utcOf };
  const timeMs = localTime([year, month, day, hour, minute, second], zone === undefined ? calendar : utc);
  if (timeMs === undefined) return undefined;
  return timeMs + Number((fraction ?? '').padEnd(3, '0')) - (zone === undefined ? 0 : offsetMs(zone));
}

function offsetMs(zone: string): number {
  if (/^z$/i.test(zone)) return 0;
  const [, sign, hours, minutes] = /^([-+])(\d{2}):?(\d{2})$/.exec(zone) as unknown as [string, string, string, string];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

function localTime(parts: readonly (string | undefined)[], calendar: LocalCalendar): number | undefined {
  const [year = NaN, month = NaN, day = NaN, hour = 0, minute = 0, second = 0] = parts.map((part) => (part === undefined ? undefined : Number(part)));
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month) || hour > 23 || minute > 59 || second > 59) return undefined;
  return calendar.utcOf(year, month, day, hour, minute, second);
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970 by Hinnant's algorithm (see isoTime.ts), for texts that bring their own zone. */
function utcOf(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const days = era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
  return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000;
}

/**
 * From when to when.
 * @throws Problem TWIN_PERIOD
 */
export function resolvePeriod(period: Period, nowMs: number, calendar: LocalCalendar): { fromMs: number; toMs: number } {
  const { year, month, day, weekday } = calendar.dateOf(nowMs);
  const midnight = (offset: number): number => calendar.utcOf(year, month, day + offset, 0, 0, 0);
  switch (period.name) {
    case 'last':
      return ordered(nowMs - period.lastMs, nowMs);
    case 'today':
      return { fromMs: midnight(0), toMs: nowMs };
    case 'yesterday':
      return { fromMs: midnight(-1), toMs: midnight(0) };
    case 'thisWeek':
      return { fromMs: midnight(-weekday), toMs: nowMs };
    case 'lastWeek':
      return { fromMs: midnight(-weekday - 7), toMs: midnight(-weekday) };
    case 'sinceShiftStart':
    case 'lastShift': {
      const starts = shiftBegins(period.shiftStarts, nowMs, calendar).filter((startMs) => startMs <= nowMs);
      const current = starts.at(-1) as number;
      return period.name === 'sinceShiftStart' ? { fromMs: current, toMs: nowMs } : { fromMs: starts.at(-2) as number, toMs: current };
    }
    case 'fromTo': {
      const read = (text: string): number => {
        const timeMs = parseTime(text, nowMs, calendar);
        if (timeMs === undefined) {
          throw new Problem('TWIN_PERIOD', `"${text.slice(0, 60)}" is no time.`, 'Write it as 2026-05-04 06:00, as -8 h or as now.', { text: text.slice(0, 60) });
        }
        return timeMs;
      };
      return ordered(read(period.from), read(period.to.trim() === '' ? 'now' : period.to));
    }
  }
}

function ordered(fromMs: number, toMs: number): { fromMs: number; toMs: number } {
  if (toMs > fromMs) return { fromMs, toMs };
  throw new Problem('TWIN_PERIOD', 'The stretch of time ends before it begins.', 'Give a begin that is before the end.', { fromMs, toMs });
}

/** Begins of the shifts from the day before yesterday to today, in order. */
function shiftBegins(text: string, nowMs: number, calendar: LocalCalendar): number[] {
  const times = text.split(/[,;\s]+/).filter((part) => part !== '').map((part) => /^(\d{1,2})[:.](\d{2})$/.exec(part));
  const { year, month, day } = calendar.dateOf(nowMs);
  const wrong = times.length === 0 || times.some((time) => time === null || Number(time[1]) > 23 || Number(time[2]) > 59);
  if (wrong) throw new Problem('TWIN_PERIOD', `"${text.slice(0, 60)}" are no times at which shifts begin.`, 'Write them as 06:00, 14:00, 22:00.', { text: text.slice(0, 60) });
  return [-2, -1, 0]
    .flatMap((offset) => times.map((time) => calendar.utcOf(year, month, day + offset, Number(time?.[1]), Number(time?.[2]), 0)))
    .sort((a, b) => a - b);
}
