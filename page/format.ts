import type { MachineProperty } from '../contract/http.ts';
import type { SentValue } from '../contract/messages.ts';
import type { Say } from './texts.ts';

const wholeUnits = new Map<string, string>([
  ['Cel', '°C'],
  ['[degF]', '°F'],
  ['K', 'K'],
  ['1', ''],
  ['%', '%'],
  ['[ppm]', 'ppm'],
  ['{rpm}', '1/min'],
  ['{count}', ''],
  ['{cycles}', ''],
  ['{pieces}', ''],
  ['/min', '1/min'],
  ['/s', '1/s'],
  ['/h', '1/h'],
  ['deg', '°'],
  ['dB[SPL]', 'dB'],
]);

// UCUM's own spellings where they differ from what is written on a gauge.
const unitAtoms = new Map<string, string>([
  ['Cel', '°C'],
  ['[degF]', '°F'],
  ['[psi]', 'psi'],
  ['[in_i]', 'in'],
  ['[ft_i]', 'ft'],
  ['[g]', 'g'],
  ['Ohm', 'Ω'],
  ['kOhm', 'kΩ'],
  ['MOhm', 'MΩ'],
  ['um', 'µm'],
  ['us', 'µs'],
  ['uA', 'µA'],
  ['uV', 'µV'],
  ['deg', '°'],
  ['L', 'l'],
  ['{rpm}', '1'],
  ['a', 'a'],
  ['mo', 'mo'],
]);

const superscripts = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/** A UCUM code as people write it: Cel → °C, /min → 1/min, m3/h → m³/h, kW.h → kWh. What is no UCUM code stays as it is. */
export function shownUnit(code: string | undefined): string {
  if (!code) return '';
  const whole = wholeUnits.get(code);
  if (whole !== undefined) return whole;
  if (!/^[\w.%/*'"[\]{}+-]+$/.test(code) || code.length > 40) return plainName(code, 24);
  const parts = code.split('/').map((part) =>
    part
      .split('.')
      .map((factor) => shownFactor(factor))
      .join(/^[km]?[WA]\.h$/.test(part) ? '' : '·'),
  );
  if (parts[0] === '') parts[0] = '1';
  return parts.filter((part, index) => index === 0 || part !== '').join('/');
}

function shownFactor(factor: string): string {
  const atom = unitAtoms.get(factor);
  if (atom !== undefined) return atom;
  const note = /^\{(.*)\}$/.exec(factor);
  if (note) return note[1] ?? '';
  const power = /^(\D+?)(-?)(\d)$/.exec(factor);
  if (power) {
    const base = unitAtoms.get(power[1] ?? '') ?? power[1];
    return `${base}${power[2] ? '⁻' : ''}${superscripts[Number(power[3])] ?? ''}`;
  }
  return factor.replace(/\{[^}]*\}/g, '');
}

const chosenDecimals = new Map<string, number>();
const mostChosen = 2_000;

/**
 * How many decimals a live property is shown with; stays as it is while its range only breathes, so that the number does
 * not jump to and fro.
 */
export function steadyDecimals(property: Pick<MachineProperty, 'name' | 'unit' | 'value' | 'low' | 'high'>): number {
  const name = `${property.name.slice(0, 100)} ${property.unit?.slice(0, 40)}`;
  const decimals = decimalsFor(property, chosenDecimals.get(name));
  if (chosenDecimals.size >= mostChosen) chosenDecimals.clear();
  chosenDecimals.set(name, decimals);
  return decimals;
}

/** How many decimals a value needs, by the width of its normal range, else by its size. `before` is kept where it still fits. */
export function decimalsFor(property: Pick<MachineProperty, 'value' | 'low' | 'high'>, before?: number): number {
  const { low, high, value } = property;
  if (low !== undefined && high !== undefined && high > low) {
    // About a hundredth of the band can be told apart, and a value outside never reads as the border itself.
    const wanted = 2 - Math.log10(high - low);
    let decimals = clamp(before !== undefined && Math.abs(wanted - before) <= 0.8 ? before : Math.round(wanted), 0, 4);
    const border = typeof value !== 'number' ? undefined : value > high ? high : value < low ? low : undefined;
    while (border !== undefined && decimals < 6 && border.toFixed(decimals) === (value as number).toFixed(decimals)) decimals += 1;
    return decimals;
  }
  if (typeof value !== 'number' || Number.isInteger(value)) return 0;
  const size = Math.abs(value);
  if (size >= 1000) return 0;
  if (size >= 10) return 1;
  return size >= 1 ? 2 : 3;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** A number in the reader's spelling. Very big and very small ones with a power of ten, so that they fit. */
export function shownNumber(say: Say, value: number, decimals: number): string {
  const size = Math.abs(value);
  if (size >= 1e9 || (size > 0 && size < 1e-4)) {
    return new Intl.NumberFormat(say.language, { notation: 'scientific', maximumSignificantDigits: 4 }).format(value);
  }
  return numberFormat(say.language, decimals).format(value);
}

const numberFormats = new Map<string, Intl.NumberFormat>();

function numberFormat(language: string, decimals: number): Intl.NumberFormat {
  const name = `${language} ${decimals}`;
  let format = numberFormats.get(name);
  if (!format) {
    // A minus that turns out as zero would read "-0".
    format = new Intl.NumberFormat(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay: 'negative' });
    numberFormats.set(name, format);
  }
  return format;
}

export function shownPercent(say: Say, percent: number): string {
  return new Intl.NumberFormat(say.language, { style: 'percent', maximumFractionDigits: 0 }).format(clamp(percent, 0, 100) / 100);
}

/** The value without its unit. */
export function shownValue(say: Say, value: SentValue, decimals: number): string {
  if (value === null) return say('value.none');
  if (typeof value === 'boolean') return say(value ? 'value.yes' : 'value.no');
  if (typeof value === 'string') return plainName(value, 40);
  return Number.isFinite(value) ? shownNumber(say, value, decimals) : say('value.none');
}

/** With its unit, joined so that they never part. */
export function shownQuantity(say: Say, value: SentValue, decimals: number, unit: string): string {
  const text = shownValue(say, value, decimals);
  return unit && typeof value === 'number' ? `${text}\u00a0${unit}` : text;
}

/** Time of day; with the day where it is not the day of `nowMs`. */
export function shownTime(say: Say, timeMs: number, nowMs: number): string {
  const time = new Date(timeMs);
  if (!Number.isFinite(time.getTime())) return '–';
  const clock = dateFormat(say.language, 'clock').format(time);
  if (time.toDateString() === new Date(nowMs).toDateString()) return clock;
  const sameYear = time.getFullYear() === new Date(nowMs).getFullYear();
  return `${dateFormat(say.language, sameYear ? 'day' : 'date').format(time)}, ${clock}`;
}

export function shownClock(say: Say, timeMs: number): string {
  return dateFormat(say.language, 'seconds').format(new Date(timeMs));
}

const dateFormats = new Map<string, Intl.DateTimeFormat>();
const dateOptions = {
  // A 24-hour clock in both languages: that is what stands on a plant's wall, and it cannot be misread at 6.
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  seconds: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  day: { day: 'numeric', month: 'short' },
  date: { day: 'numeric', month: 'short', year: 'numeric' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

function dateFormat(language: string, kind: keyof typeof dateOptions): Intl.DateTimeFormat {
  const name = `${language} ${kind}`;
  let format = dateFormats.get(name);
  if (!format) {
    format = new Intl.DateTimeFormat(language, dateOptions[kind]);
    dateFormats.set(name, format);
  }
  return format;
}

const steps = [
  { unit: 'day', ms: 86_400_000 },
  { unit: 'hour', ms: 3_600_000 },
  { unit: 'minute', ms: 60_000 },
  { unit: 'second', ms: 1_000 },
] as const;

/** "40 seconds", "2 hours": one unit, rounded down. */
export function shownDuration(say: Say, durationMs: number): string {
  const step = steps.find(({ ms }) => durationMs >= ms) ?? steps[3];
  const count = Math.max(1, Math.floor(durationMs / step.ms));
  return new Intl.NumberFormat(say.language, { style: 'unit', unit: step.unit, unitDisplay: 'long' }).format(count);
}

/** "3 minutes ago" by the site's clock; what is younger than 3 seconds of the reader's is "just now". */
export function shownAge(say: Say, ageMs: number, rate: number): string {
  if (ageMs < 3_000 * Math.max(1, rate)) return say('age.now');
  const step = steps.find(({ ms }) => ageMs >= ms) ?? steps[3];
  return new Intl.RelativeTimeFormat(say.language, { numeric: 'always' }).format(-Math.max(1, Math.floor(ageMs / step.ms)), step.unit);
}

// Marks that turn the direction of the text around them, and control characters.
const unruly = /[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\p{Cc}]+/gu;

/** A foreign name, fit to stand inside a sentence: one line, no control or direction marks, cut to `most` characters. */
export function plainName(name: string, most = 60): string {
  // Cut roughly first: the exact cut walks through the characters.
  const plain = name.slice(0, most * 8).replace(unruly, ' ').trim();
  const characters = Array.from(plain);
  return characters.length <= most ? plain : `${characters.slice(0, most - 1).join('').trimEnd()}…`;
}

/** The same, set apart so that a name written from right to left leaves the sentence around it in order. */
export function nameInSentence(name: string, most = 60): string {
  return `\u2068${plainName(name, most)}\u2069`;
}
