import type { AnomalySignal } from '../../contract/messages.ts';
import type { Language, Naming } from './sentences.ts';
import { signalSentence, timeText, valueText } from './sentences.ts';

interface Texts {
  above: string;
  below: string;
  share: string;
  at: string;
  inMode: string;
  atInMode: string;
  since: string;
  and: string;
  more: string;
}

const texts: Record<Language, Texts> = {
  'en-US': {
    above: 'that is {by} above',
    below: 'that is {by} below',
    share: '{percent} % of the deviation',
    at: 'Compared with what is normal at {point}.',
    inMode: 'Compared with what is normal while {mode}.',
    atInMode: 'Compared with what is normal at {point}, while {mode}.',
    since: 'Since {time}.',
    and: ' and ',
    more: '{count} more signals have a smaller part in it.',
  },
  de: {
    above: 'das sind {by} darüber',
    below: 'das sind {by} darunter',
    share: '{percent} % der Abweichung',
    at: 'Verglichen mit dem, was bei {point} normal ist.',
    inMode: 'Verglichen mit dem, was in der Betriebsart {mode} normal ist.',
    atInMode: 'Verglichen mit dem, was bei {point} in der Betriebsart {mode} normal ist.',
    since: 'Seit {time}.',
    and: ' und ',
    more: '{count} weitere Signale haben einen kleineren Anteil.',
  },
};

/** Every key of every language, for the test that none is missing. */
export const explanationTexts: Readonly<Record<Language, unknown>> = texts;

const mostNamed = 3;

/** How far the value lies outside of its band, in words; '' where it lies inside or has none. */
export function beyondText({ value, low, high, kind, unit, property, text }: AnomalySignal, naming: Naming, language: Language): string {
  if (typeof value !== 'number' || low === undefined || high === undefined || text !== undefined || kind === 'limit' || kind === 'stuck' || kind === 'dropout' || kind === 'shape') return '';
  const beyond = value > high ? value - high : value < low ? low - value : 0;
  if (!(beyond > 0) || !Number.isFinite(beyond)) return '';
  const by = valueText(Number(beyond.toPrecision(2)), unit ?? naming(property).unit, language);
  return fill(value > high ? texts[language].above : texts[language].below, { by });
}

/** With which operating point signals were compared: a sentence; '' where none is known. */
export function comparedText(signals: readonly AnomalySignal[], naming: Naming, language: Language): string {
  return signals.map((signal) => pointText(signal, naming, language)).find((text) => text !== '') ?? '';
}

function pointText({ at }: AnomalySignal, naming: Naming, language: Language): string {
  if (at === undefined) return '';
  const t = texts[language];
  const points = at.drivers.map(({ property, value }) => {
    const { label, unit } = naming(property);
    return `${label} ${valueText(value, unit, language)}`;
  });
  const point = points.length < 2 ? (points[0] ?? '') : `${points.slice(0, -1).join(', ')}${t.and}${points.at(-1)}`;
  if (point === '') return at.mode === '' ? '' : fill(t.inMode, { mode: at.mode });
  return at.mode === '' ? fill(t.at, { point }) : fill(t.atInMode, { point, mode: at.mode });
}

/**
 * Why something is an anomaly, in whole sentences: what each signal does, by how much and with which share, compared with which operating point, since when.
 * @param sinceMs left out where it stands elsewhere
 */
export function explanation(signals: readonly AnomalySignal[], sinceMs: number | undefined, naming: Naming, language: Language): string[] {
  const t = texts[language];
  const named = signals.slice(0, mostNamed);
  const lines = named.map((signal) => {
    const percent = Math.round(100 * signal.share);
    const parts = [signalSentence(signal, naming, language), beyondText(signal, naming, language), percent < 100 ? fill(t.share, { percent: String(percent) }) : ''];
    return `${parts.filter((part) => part !== '').join('; ')}.`;
  });
  if (signals.length > named.length) lines.push(fill(t.more, { count: String(signals.length - named.length) }));
  const compared = comparedText(named, naming, language);
  if (compared !== '') lines.push(compared);
  if (sinceMs !== undefined) lines.push(fill(t.since, { time: timeText(sinceMs, language) }));
  return lines;
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? '') : whole));
}
