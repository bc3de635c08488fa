import { formatDuration } from '../time/duration.ts';
import { formatIsoTime } from '../time/isoTime.ts';
import type { AnomalyKind, AnomalySignal, LearningProgress, SentValue } from '../../contract/messages.ts';

/** The languages in which the product speaks; each text exists in all of them. */
export type Language = 'en-US' | 'de';

interface Texts {
  /** What a signal does, {signal} {value} {expected}. */
  kinds: Record<AnomalyKind, string>;
  expected: string;
  expectedBand: string;
  unusual: string;
  /** Where in a cycle a course differs most. */
  thirds: [string, string, string];
  above: string;
  below: string;
  and: string;
  severalMore: string;
  share: string;
  since: string;
  stale: string;
  learning: string;
  guard: string;
  unseen: string;
  eta: string;
  missing: Record<LearningProgress['missing'][number]['code'], string>;
  subjects: Record<'opened' | 'updated' | 'acknowledged' | 'cleared' | 'reminder', string>;
  historical: string;
  acknowledgedBy: string;
  clearedAt: string;
  neighbours: string;
  /** Of a case that is over because what was left of it is hidden. */
  aside: Record<'shelved' | 'suppressed' | 'outOfService' | 'root', string>;
  inhibits: string;
  also: string;
  reason: string;
  /** Rules of twin-alert. */
  farFromSetpoint: string;
  badSignal: string;
  digests: Record<'quiet' | 'cap' | 'flood' | 'floodOver', { subject: string; body: string }>;
  test: { subject: string; body: string };
  relations: Record<string, string>;
  normal: string;
  off: string;
  waiting: string;
}

const texts: Record<Language, Texts> = {
  'en-US': {
    kinds: {
      spike: '{signal} jumped to {value}',
      step: '{signal} changed suddenly to {value}',
      drift: '{signal} is creeping away: {value}',
      stuck: '{signal} is stuck at {value}',
      noise: '{signal} is unusually restless: {value}',
      dropout: '{signal} keeps dropping out',
      limit: '{signal} is beyond its limit: {value}',
      deviation: '{signal} is {value}',
      relation: '{signal} does not go with the other values as it used to: {value}',
      shape: '{signal} takes another course over a cycle than it used to{third}',
      unit: '{signal} reads as if it came in another unit: {value}',
    },
    thirds: [', most in its first third', ', most in its middle third', ', most in its last third'],
    expected: 'about {expected} is usual here',
    expectedBand: 'normal here is {low} to {high}',
    unusual: '{signal} behaves unusually: {value}',
    above: '{signal} is {value}, above the limit of {limit}',
    below: '{signal} is {value}, below the limit of {limit}',
    and: '{first}; {second} is unusual too',
    severalMore: '{first}; {count} more signals are unusual too',
    share: '{percent} % of the deviation',
    since: 'Since {time}.',
    stale: 'no data from the machine',
    learning: 'Learning what is normal: {percent} %.',
    guard: 'Limits, silence and values that stand still are watched meanwhile.',
    unseen: 'It never ran at this operating point before: that is being learned and not judged yet.',
    eta: 'Armed in about {left} of operation.',
    missing: {
      rows: '{missing} more values are needed',
      time: '{missing} more minutes are needed',
      'operating-points': 'more operating points are needed',
      'fresh-values': '{property} has sent nothing yet',
    },
    subjects: {
      opened: '{machine} needs a look: {what}',
      updated: '{machine}, something joined: {what}',
      acknowledged: '{machine}: {by} is on it',
      cleared: '{machine} is back to normal',
      reminder: '{machine} still needs a look: {what}',
    },
    historical: '(recorded data)',
    acknowledgedBy: 'Acknowledged by {by}.',
    clearedAt: 'Normal again since {time}.',
    neighbours: 'Beside it: {list}.',
    aside: {
      shelved: '{machine}: put aside by {by} until {time}',
      suppressed: '{machine}: nothing is told for now',
      outOfService: '{machine}: taken out of service by {by}',
      root: '{machine}: {cause} is the cause',
    },
    inhibits: 'Held back because of this: {list}.',
    also: 'Also: {list}.',
    reason: 'Reason: {why}.',
    farFromSetpoint: '{signal} is {value}, further than {limit} from its setpoint {setpoint}',
    badSignal: '{signal} sends no usable value',
    digests: {
      quiet: { subject: '{site}: {count} messages from the quiet hours', body: 'What happened in the quiet hours:' },
      cap: { subject: '{site}: {count} messages that were held back', body: "The day's number of messages was used up. What came after it:" },
      flood: {
        subject: '{site}: alarm flood, {alarms} alarms in ten minutes',
        body: '{alarms} alarms came within ten minutes, more than anybody can follow. Until that is over only the most urgent are told singly, the others together:',
      },
      floodOver: { subject: '{site}: the alarm flood is over', body: 'Fewer than five alarms came within ten minutes. Each case is told singly again. What was held back last:' },
    },
    test: { subject: 'TEST: {site}', body: 'This is a TEST alarm, sent by the button in the dialog of {node}. Nothing is wrong. If you can read this, alarms reach you here.' },
    relations: {
      feeds: 'feeds {name}',
      'fed by': 'is fed by {name}',
      'part of': 'is part of {name}',
      'has part': 'has part {name}',
      powers: 'powers {name}',
      'powered by': 'is powered by {name}',
      'measured by': 'is measured by {name}',
      measures: 'measures {name}',
      'located in': 'is located in {name}',
      contains: 'contains {name}',
      'serviced by': 'is serviced by {name}',
      services: 'services {name}',
    },
    normal: 'Normal.',
    off: 'Not producing: {state}. Nothing is judged meanwhile.',
    waiting: 'No data has arrived yet.',
  },
  de: {
    kinds: {
      spike: '{signal} ist auf {value} gesprungen',
      step: '{signal} hat sich plötzlich auf {value} geändert',
      drift: '{signal} läuft langsam weg: {value}',
      stuck: '{signal} steht fest auf {value}',
      noise: '{signal} ist ungewöhnlich unruhig: {value}',
      dropout: '{signal} setzt immer wieder aus',
      limit: '{signal} ist außerhalb der Grenze: {value}',
      deviation: '{signal} ist {value}',
      relation: '{signal} passt nicht mehr wie sonst zu den anderen Werten: {value}',
      shape: '{signal} verläuft über einen Takt anders als sonst{third}',
      unit: '{signal} liest sich wie in einer anderen Einheit: {value}',
    },
    thirds: [', am meisten im ersten Drittel', ', am meisten im mittleren Drittel', ', am meisten im letzten Drittel'],
    expected: 'üblich ist hier etwa {expected}',
    expectedBand: 'hier normal sind {low} bis {high}',
    unusual: '{signal} verhält sich ungewöhnlich: {value}',
    above: '{signal} ist {value}, über der Grenze von {limit}',
    below: '{signal} ist {value}, unter der Grenze von {limit}',
    and: '{first}; auch {second} ist auffällig',
    severalMore: '{first}; {count} weitere Signale sind ebenfalls auffällig',
    share: '{percent} % der Abweichung',
    since: 'Seit {time}.',
    stale: 'keine Daten von der Maschine',
    learning: 'Lernt, was normal ist: {percent} %.',
    guard: 'Grenzwerte, Ausbleiben und stehende Werte werden dabei schon überwacht.',
    unseen: 'An diesem Betriebspunkt lief sie noch nie: Er wird gelernt und noch nicht beurteilt.',
    eta: 'Scharf in etwa {left} Betrieb.',
    missing: {
      rows: 'noch {missing} Werte nötig',
      time: 'noch {missing} Minuten nötig',
      'operating-points': 'weitere Betriebspunkte nötig',
      'fresh-values': '{property} hat noch nichts gesendet',
    },
    subjects: {
      opened: '{machine} braucht einen Blick: {what}',
      updated: '{machine}, es kam etwas dazu: {what}',
      acknowledged: '{machine}: {by} kümmert sich',
      cleared: '{machine} ist wieder normal',
      reminder: '{machine} braucht noch immer einen Blick: {what}',
    },
    historical: '(aufgezeichnete Daten)',
    acknowledgedBy: 'Bestätigt von {by}.',
    clearedAt: 'Wieder normal seit {time}.',
    neighbours: 'Daneben: {list}.',
    aside: {
      shelved: '{machine}: von {by} zurückgestellt bis {time}',
      suppressed: '{machine}: wird vorerst nicht gemeldet',
      outOfService: '{machine}: von {by} außer Betrieb genommen',
      root: '{machine}: {cause} ist die Ursache',
    },
    inhibits: 'Deshalb nicht eigens gemeldet: {list}.',
    also: 'Außerdem: {list}.',
    reason: 'Grund: {why}.',
    farFromSetpoint: '{signal} ist {value}, weiter als {limit} vom Sollwert {setpoint} entfernt',
    badSignal: '{signal} sendet keinen brauchbaren Wert',
    digests: {
      quiet: { subject: '{site}: {count} Meldungen aus der Ruhezeit', body: 'Was in der Ruhezeit geschah:' },
      cap: { subject: '{site}: {count} zurückgehaltene Meldungen', body: 'Die Zahl der Meldungen für den Tag war aufgebraucht. Was danach kam:' },
      flood: {
        subject: '{site}: Alarmflut, {alarms} Alarme in zehn Minuten',
        body: '{alarms} Alarme kamen innerhalb von zehn Minuten, mehr als jemand verfolgen kann. Bis das vorbei ist, kommen nur die dringendsten einzeln, die anderen gesammelt:',
      },
      floodOver: { subject: '{site}: die Alarmflut ist vorbei', body: 'Weniger als fünf Alarme kamen innerhalb von zehn Minuten. Jeder Fall wird wieder einzeln gemeldet. Zuletzt zurückgehalten:' },
    },
    test: { subject: 'TEST: {site}', body: 'Das ist ein TEST-Alarm, gesendet vom Knopf im Dialog von {node}. Es ist nichts passiert. Wer das lesen kann, den erreichen hier auch Alarme.' },
    relations: {
      feeds: 'beliefert {name}',
      'fed by': 'wird von {name} beliefert',
      'part of': 'gehört zu {name}',
      'has part': 'hat als Teil {name}',
      powers: 'versorgt {name} mit Energie',
      'powered by': 'wird von {name} mit Energie versorgt',
      'measured by': 'wird von {name} gemessen',
      measures: 'misst {name}',
      'located in': 'steht in {name}',
      contains: 'enthält {name}',
      'serviced by': 'wird von {name} gewartet',
      services: 'wartet {name}',
    },
    normal: 'Normal.',
    off: 'Produziert nicht: {state}. Solange wird nichts beurteilt.',
    waiting: 'Es sind noch keine Daten angekommen.',
  },
};

/** Every key of every language, for the test that none is missing. */
export const sentenceTexts: Readonly<Record<Language, unknown>> = texts;

/** What a property is called for people, and its unit. */
export type Naming = (property: string) => { label: string; unit?: string };

/** Human forms of the UCUM codes that machines mostly carry; others are shown as they are. */
const unitSigns: ReadonlyMap<string, string> = new Map([
  ['Cel', '°C'],
  ['[degF]', '°F'],
  ['/min', '1/min'],
  ['{rpm}', '1/min'],
  ['/h', '1/h'],
  ['1', ''],
  ['um', 'µm'],
  ['m3/h', 'm³/h'],
  ['m3', 'm³'],
  ['mm/s', 'mm/s'],
  ['m/s2', 'm/s²'],
  ['Ohm', 'Ω'],
  ['kW.h', 'kWh'],
  ['A.min', 'A·min'],
]);

export function unitSign(unit: string): string {
  return unitSigns.get(unit) ?? unit;
}

/** Three significant digits are what a person compares; large counts keep all. Decimal comma in German. */
export function numberText(value: number, language: Language): string {
  if (!Number.isFinite(value)) return '–';
  const magnitude = Math.abs(value);
  const text =
    magnitude >= 1e15 || (magnitude > 0 && magnitude < 1e-4) ? value.toExponential(2) : value.toFixed(magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3);
  const short = text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text;
  return language === 'de' ? short.replace('.', ',') : short;
}

export function valueText(value: SentValue | undefined, unit: string | undefined, language: Language): string {
  if (value === null || value === undefined) return '–';
  const text = typeof value === 'number' ? numberText(value, language) : String(value).slice(0, 80);
  return withUnit(text, unit);
}

/** "Vibration is 4.1 mm/s, normal here is 2.2 to 2.9 mm/s" */
export function signalSentence(signal: AnomalySignal, naming: Naming, language: Language): string {
  if (signal.text !== undefined) return signal.text;
  const { label, unit } = naming(signal.property);
  const t = texts[language];
  const { kind, value, expected, low, high } = signal;
  const name = { signal: label, value: valueText(value, unit, language), third: t.thirds[signal.third ?? -1] ?? '' };
  if (kind === 'limit' && typeof value === 'number' && expected !== undefined && value !== expected) {
    return fill(value > expected ? t.above : t.below, { ...name, limit: valueText(expected, unit, language) });
  }
  // That a standing or missing value lies within its band says nothing; that a restless one does, neither.
  if (kind === 'limit' || kind === 'stuck' || kind === 'dropout' || kind === 'shape' || typeof value !== 'number') return fill(t.kinds[kind], name);
  if (low !== undefined && high !== undefined && Number.isFinite(low) && Number.isFinite(high) && (value < low || value > high)) {
    const digits = bandDigits(low, high, value);
    const text = (number: number): string => withDigits(number, digits, language);
    const sentence = fill(t.kinds[kind], { signal: label, value: withUnit(text(value), unit) });
    return `${sentence}, ${fill(t.expectedBand, { low: text(low), high: withUnit(text(high), unit) })}`;
  }
  const usual = expected === undefined || !Number.isFinite(expected) ? undefined : valueText(expected, unit, language);
  // Within its band, so it is the company that is unusual: the number alone would contradict the alarm.
  const sentence = fill(kind === 'deviation' && usual !== undefined ? t.unusual : t.kinds[kind], name);
  if (kind === 'noise' || kind === 'deviation' || kind === 'relation' || usual === undefined || usual === name.value) return sentence;
  return `${sentence}, ${fill(t.expected, { expected: usual })}`;
}

/** So many decimals that the width of a band shows in two digits, fewer where they are noughts, and more where a value would look as if it were inside. */
function bandDigits(low: number, high: number, value: number): number {
  const width = Math.abs(high - low);
  let digits = width > 0 ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(width)))) : 3;
  while (digits > 0 && low.toFixed(digits).endsWith('0') && high.toFixed(digits).endsWith('0')) digits--;
  const end = value < low ? low : high;
  while (digits < 6 && end.toFixed(digits) === value.toFixed(digits)) digits++;
  return digits;
}

/** With this many decimals; very large numbers as `numberText` writes them. */
function withDigits(value: number, digits: number, language: Language): string {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e9) return numberText(value, language);
  const text = value.toFixed(digits);
  return language === 'de' ? text.replace('.', ',') : text;
}

function withUnit(text: string, unit: string | undefined): string {
  const sign = unit === undefined ? '' : unitSign(unit);
  return sign === '' ? text : `${text} ${sign}`;
}

/** The first signal in full, how many more there are. */
export function signalsSentence(signals: readonly AnomalySignal[], naming: Naming, language: Language): string {
  const t = texts[language];
  const [first, second] = signals;
  if (first === undefined) return t.stale;
  const sentence = signalSentence(first, naming, language);
  if (second === undefined) return sentence;
  if (signals.length === 2) return fill(t.and, { first: sentence, second: naming(second.property).label });
  return fill(t.severalMore, { first: sentence, count: String(signals.length - 1) });
}

export function learningSentence(progress: LearningProgress, naming: Naming, language: Language): string {
  const t = texts[language];
  const { missing: [first], watch, etaMs, unseen } = progress;
  if (unseen === true && watch !== 'guard') return t.unseen;
  const parts = [fill(t.learning, { percent: String(Math.round(progress.percent)) })];
  if (first !== undefined) {
    const missing = fill(t.missing[first.code], {
      missing: numberText(Math.ceil(first.code === 'time' ? first.missing / 60_000 : first.missing), language),
      property: first.property === undefined ? '' : naming(first.property).label,
    });
    parts.push(`${missing.charAt(0).toUpperCase()}${missing.slice(1)}.`);
  }
  if (etaMs !== undefined) parts.push(fill(t.eta, { left: formatDuration(Math.max(60_000, Math.ceil(etaMs / 60_000) * 60_000), language) }));
  if (watch === 'guard' || watch === 'learning') parts.push(t.guard);
  return parts.join(' ');
}

export function plainSentence(which: 'normal' | 'waiting' | 'stale', language: Language): string {
  const text = texts[language][which];
  return which === 'stale' ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : text;
}

export function offSentence(state: string, language: Language): string {
  return fill(texts[language].off, { state });
}

/** A site's time for a person, to the minute; in UTC, because the texts leave the plant and are read elsewhere. */
export function timeText(timeMs: number, language: Language): string {
  const iso = formatIsoTime(timeMs);
  const [day = '', clock = ''] = iso.split('T');
  if (iso === '?') return '–';
  const minute = clock.slice(0, 5);
  if (language === 'en-US') return `${day} ${minute} UTC`;
  const [year, month, date] = day.split('-');
  return `${date}.${month}.${year} ${minute} UTC`;
}

/** An answer from history that was cut. */
export function cutSentence(atMs: number, mostValues: number, language: Language): string {
  const time = timeText(atMs, language);
  return language === 'de'
    ? `Es gibt mehr als ${mostValues} Werte: die Antwort reicht nur bis ${time}. Frage nach einem kürzeren Zeitraum, weniger Eigenschaften oder längeren Abschnitten.`
    : `There are more than ${mostValues} values: the answer goes only up to ${time}. Ask for a shorter time, fewer properties or longer intervals.`;
}

/** What a chart's line of an expectation is called, behind the name of its property. */
export function expectedWord(part: 'expected' | 'low' | 'high', language: Language): string {
  const words = language === 'de' ? { expected: 'erwartet', low: 'normal ab', high: 'normal bis' } : { expected: 'expected', low: 'normal from', high: 'normal to' };
  return words[part];
}

export interface CaseTextInput {
  machine: string;
  change: 'opened' | 'updated' | 'acknowledged' | 'cleared' | 'reminder';
  signals: readonly AnomalySignal[];
  /** Nothing arrives from the machine any more: then nothing else matters as much. */
  silent?: boolean;
  sinceMs: number;
  clearedMs?: number;
  acknowledgedBy?: string;
  historical: boolean;
  neighbours: readonly { relation: string; name: string }[];
  /** By how much a signal is off, in words, and with what it was compared, as a sentence; '' = not known. */
  beyond?: (signal: AnomalySignal) => string;
  compared?: string;
  /** Machines that the case stands for. */
  inhibits?: readonly string[];
  /** Why it is over although it may still be true; `why` of a root alarm: the machine's name. */
  aside?: { what: 'shelved' | 'suppressed' | 'outOfService' | 'root'; by?: string; why?: string; untilMs?: number };
}

const namesPerLine = 15;

/** Subject line and body of a case, ready for mail, MQTT and messengers: plain text, control characters taken out. */
export function caseText(input: CaseTextInput, naming: Naming, language: Language): { subject: string; body: string } {
  const t = texts[language];
  const silent = input.silent === true && input.change !== 'cleared';
  const what = silent ? t.stale : signalsSentence(input.signals, naming, language);
  let subject = fill(t.subjects[input.change], { machine: input.machine, what, by: input.acknowledgedBy ?? '' });
  const { aside } = input;
  if (aside !== undefined) {
    const until = aside.untilMs === undefined ? '–' : timeText(aside.untilMs, language);
    subject = fill(t.aside[aside.what], { machine: input.machine, by: aside.by ?? '–', time: until, cause: aside.why ?? '' });
  }
  if (input.historical) subject += ` ${t.historical}`;
  // What has next to no part in it only distracts.
  const named = input.signals.filter((signal, index) => index === 0 || signal.share >= 0.005).slice(0, 5);
  const lines = named.map((signal) => {
    const beyond = input.beyond?.(signal) ?? '';
    const sentence = `${signalSentence(signal, naming, language)}${beyond === '' ? '' : `; ${beyond}`}`;
    const percent = Math.round(signal.share * 100);
    return percent === 100 ? `- ${sentence}` : `- ${sentence} (${fill(t.share, { percent: String(percent) })})`;
  });
  if (!silent && input.compared !== undefined && input.compared !== '') lines.push(input.compared);
  if (silent || (lines.length === 0 && input.change !== 'cleared')) lines.unshift(plainSentence('stale', language));
  lines.push(fill(t.since, { time: timeText(input.sinceMs, language) }));
  // What has no part in it is left out, but in a crowd everybody has next to none.
  const crowd = input.signals.length > 50;
  const others = input.signals.filter((signal) => !named.includes(signal) && (crowd || signal.share >= 0.005)).map(({ property }) => naming(property).label);
  for (let at = 0; at < others.length; at += namesPerLine) lines.push(fill(t.also, { list: others.slice(at, at + namesPerLine).join(', ') }));
  const held = input.inhibits ?? [];
  for (let at = 0; at < held.length; at += namesPerLine) lines.push(fill(t.inhibits, { list: held.slice(at, at + namesPerLine).join(', ') }));
  if (aside?.why !== undefined && aside.what !== 'root') lines.push(fill(t.reason, { why: aside.why }));
  if (input.clearedMs !== undefined && aside === undefined) lines.push(fill(t.clearedAt, { time: timeText(input.clearedMs, language) }));
  if (input.acknowledgedBy !== undefined && input.change !== 'acknowledged') lines.push(fill(t.acknowledgedBy, { by: input.acknowledgedBy }));
  if (input.neighbours.length > 0) {
    const list = input.neighbours.slice(0, 6).map((neighbour) => fill(t.relations[neighbour.relation] ?? '{name}', { name: neighbour.name }));
    lines.push(fill(t.neighbours, { list: list.join(', ') }));
  }
  return { subject: oneLine(subject), body: [oneLine(subject), '', ...lines.map(oneLine)].join('\n') };
}

/** Several cases in one message: a line each, the newest picture of it. */
export function digestText(
  input: { site: string; reason: 'quiet' | 'cap' | 'flood' | 'floodOver'; alarms: number; texts: readonly { subject: string; body: string }[] }, language: Language,
): { subject: string; body: string } {
  const { subject, body } = texts[language].digests[input.reason];
  const values = { site: input.site, count: String(input.texts.length), alarms: String(input.alarms) };
  const parts = input.texts.map((text) => text.body);
  return { subject: oneLine(fill(subject, values)), body: [oneLine(fill(body, values)), ...parts].join('\n\n') };
}

/** What the button "test alarm" sends: says in the first word what it is. */
export function testText(site: string, node: string, language: Language): { subject: string; body: string } {
  const { subject, body } = texts[language].test;
  return { subject: oneLine(fill(subject, { site })), body: `${oneLine(fill(subject, { site }))}\n\n${oneLine(fill(body, { node }))}` };
}

/** What a rule says of a signal; without its full stop. */
export function ruleSentence(rule: 'deviation' | 'badSignal', signal: { label: string; value: string; limit: string; setpoint: string }, language: Language): string {
  const t = texts[language];
  return fill(rule === 'badSignal' ? t.badSignal : t.farFromSetpoint, { signal: signal.label, value: signal.value, limit: signal.limit, setpoint: signal.setpoint });
}

/** No line breaks, no control or direction-changing characters: a name must not forge a mail header or a second line. */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').slice(0, 1000);
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? '') : whole));
}
