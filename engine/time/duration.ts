/** Milliseconds per unit. Month and year are left out on purpose: they have no fixed length. */
const unitMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['sec', 1000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['day', 86_400_000],
  ['days', 86_400_000],
  ['w', 604_800_000],
]);

const part = /\s*(\d+(?:[.,]\d+)?)\s*([a-z]+)/y;

/**
 * Reads a duration as people write it: `500 ms`, `20s`, `5 min`, `1.5 h`, `1,5 h`, `1h 30min`, `2 d`, `1 w`.
 * Every number needs its unit.
 * @returns milliseconds, or undefined where the text is no duration (empty, negative, unknown unit, longer than 100 years).
 */
export function parseDuration(text: string): number | undefined {
  const lower = text.trim().toLowerCase();
  if (lower === '' || lower.length > 60) return undefined;
  let position = 0;
  let totalMs = 0;
  while (position < lower.length) {
    part.lastIndex = position;
    const found = part.exec(lower);
    if (found === null) return undefined;
    const factor = unitMs.get(found[2] ?? '');
    if (factor === undefined) return undefined;
    totalMs += Number((found[1] ?? '').replace(',', '.')) * factor;
    position = part.lastIndex;
    while (lower[position] === ' ') position += 1;
  }
  return totalMs <= 3_155_760_000_000 ? totalMs : undefined;
}

/** The factor of one unit of `parseDuration`, in ms; undefined where there is no such unit. */
export function durationUnitMs(unit: string): number | undefined {
  return unitMs.get(unit.toLowerCase());
}

/**
 * A duration for people, with at most two units: `20 s`, `1 h 30 min`, `2 d`. Below ten seconds one decimal where it says something:
 * `2.5 s`, in German `2,5 s`.
 */
export function formatDuration(durationMs: number, language: string): string {
  if (!Number.isFinite(durationMs) || durationMs < 0) return '–';
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 10_000) {
    const text = String(Math.round(durationMs / 100) / 10);
    return `${language.startsWith('de') ? text.replace('.', ',') : text} s`;
  }
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return join(minutes, 'min', minutes < 10 ? seconds % 60 : 0, 's');
  const wholeMinutes = Math.round(seconds / 60);
  const hours = Math.floor(wholeMinutes / 60);
  if (hours < 24) return join(hours, 'h', wholeMinutes % 60, 'min');
  const wholeHours = Math.round(seconds / 3600);
  return join(Math.floor(wholeHours / 24), 'd', wholeHours % 24, 'h');
}

function join(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}
