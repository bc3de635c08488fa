import type { FeedbackAnswer } from '../../contract/feedback.ts';
import type { CaseStory, StoryPart } from './caseAnswers.ts';
import type { Language, Naming } from './sentences.ts';
import { oneLine, timeText, valueText } from './sentences.ts';

interface Texts {
  onIt: string;
  onItMore: string;
  real: string;
  realMore: string;
  counts: Record<'none' | 'some', string>;
  confirmed: Record<'one' | 'other', string>;
  parts: Record<StoryPart['side'], string>;
  inMode: string;
  more: string;
  capped: string;
  firm: string;
  limits: string;
  planned: string;
  plannedLimits: string;
  changed: string;
  changedMore: string;
  undone: string;
  names: Record<FeedbackAnswer, string>;
  duration: { minutes: string; hours: string };
}

const texts: Record<Language, Texts> = {
  'en-US': {
    onIt: 'The case stays open and carries your name; nobody is reminded of it any more.',
    onItMore: 'What is an alarm stays as it is.',
    real: 'The case is confirmed: {what}.',
    realMore: 'No later “false alarm” makes a case like this one vanish.',
    counts: {
      none: 'This is the first such case in the last 30 days ({cases} in all).',
      some: 'Of the last 30 days’ {cases} cases, {vanish} would vanish.',
    },
    confirmed: { one: 'Your confirmed one stays.', other: 'Your {confirmed} confirmed ones stay.' },
    parts: {
      above: '{label} up to {size} above what is expected counts as normal{mode}.',
      below: '{label} up to {size} below what is expected counts as normal{mode}.',
      still: '{label} may stand still for {size}{mode}.',
    },
    inMode: ' in “{mode}”',
    more: 'The same for {count} more signals.',
    capped: 'It went further than an answer may allow: a case as large as this one is told again.',
    firm: 'A limit or missing values are part of this case: that part is told again.',
    limits: 'Alarm limits stay as they are, and whatever is clearly larger is still told.',
    planned: 'Until {until} {machine} is neither judged nor does it learn.',
    plannedLimits: 'Alarm limits and missing values are still told.',
    changed: 'What is normal for {list} is forgotten and learned again, beginning now.',
    changedMore: 'Until that is known, {machine} is not judged by it. Alarm limits stay as they are.',
    undone: 'Taken back: {text}',
    names: { onIt: 'I’m on it', real: 'Real', falseAlarm: 'False alarm', planned: 'Planned', changed: 'The process changed' },
    duration: { minutes: '{count} min', hours: '{count} h' },
  },
  de: {
    onIt: 'Der Fall bleibt offen und trägt Ihren Namen; niemand wird mehr an ihn erinnert.',
    onItMore: 'Was ein Alarm ist, bleibt, wie es ist.',
    real: 'Der Fall ist bestätigt: {what}.',
    realMore: 'Kein späteres „Fehlalarm“ lässt einen Fall wie diesen verschwinden.',
    counts: {
      none: 'Das ist der erste solche Fall in den letzten 30 Tagen (insgesamt {cases}).',
      some: 'Von den {cases} Fällen der letzten 30 Tage würden {vanish} verschwinden.',
    },
    confirmed: { one: 'Ihr bestätigter Fall bleibt.', other: 'Ihre {confirmed} bestätigten bleiben.' },
    parts: {
      above: '{label} gilt bis {size} über dem Erwarteten als normal{mode}.',
      below: '{label} gilt bis {size} unter dem Erwarteten als normal{mode}.',
      still: '{label} darf {size} lang stillstehen{mode}.',
    },
    inMode: ' in „{mode}“',
    more: 'Ebenso {count} weitere Signale.',
    capped: 'Es ging weiter, als eine Antwort erlauben darf: ein so großer Fall wird wieder gemeldet.',
    firm: 'Zu diesem Fall gehören eine Grenze oder fehlende Werte: dieser Teil wird wieder gemeldet.',
    limits: 'Alarmgrenzen bleiben, wie sie sind, und was deutlich größer ist, wird weiter gemeldet.',
    planned: 'Bis {until} wird {machine} weder beurteilt, noch lernt sie.',
    plannedLimits: 'Alarmgrenzen und fehlende Werte werden weiter gemeldet.',
    changed: 'Was für {list} normal ist, wird vergessen und ab jetzt neu gelernt.',
    changedMore: 'Bis das bekannt ist, wird {machine} nicht danach beurteilt. Alarmgrenzen bleiben, wie sie sind.',
    undone: 'Zurückgenommen: {text}',
    names: { onIt: 'Ich kümmere mich', real: 'Echt', falseAlarm: 'Fehlalarm', planned: 'Geplant', changed: 'Der Prozess ist jetzt anders' },
    duration: { minutes: '{count} min', hours: '{count} h' },
  },
};

/** Every key of every language, for the test that none is missing. */
export const feedbackTexts: Readonly<Record<Language, unknown>> = texts;

const shownParts = 3;

export interface EffectWords {
  machine: string;
  cases: number;
  vanish: number;
  confirmed: number;
  parts: readonly StoryPart[];
  capped: boolean;
  story: CaseStory | undefined;
  what: string;
  untilMs: number;
  properties: readonly string[];
}

export function effectSentences(answer: FeedbackAnswer, words: EffectWords, naming: Naming, language: Language): string[] {
  const t = texts[language];
  const { machine, cases, vanish, confirmed, parts, capped, story, what, untilMs, properties } = words;
  switch (answer) {
    case 'onIt':
      return [t.onIt, t.onItMore];
    case 'real':
      return [fill(t.real, { what: what.replace(/\.$/, '') }), t.realMore];
    case 'planned':
      return [fill(t.planned, { until: timeText(untilMs, language), machine }), t.plannedLimits];
    case 'changed':
      return [fill(t.changed, { list: properties.map((name) => naming(name).label).join(', ') || machine }), fill(t.changedMore, { machine })];
    case 'falseAlarm': {
      const own = new Set(story?.parts.map(({ property, side, mode }) => `${side} ${property} ${mode}`));
      const named = parts.filter(({ property, side, mode }) => own.has(`${side} ${property} ${mode}`)).sort((a, b) => b.size / (b.cap || 1) - a.size / (a.cap || 1));
      return [
        fill(vanish === 1 ? t.counts.none : t.counts.some, { cases: String(cases), vanish: String(vanish) }),
        ...(confirmed > 0 ? [fill(t.confirmed[confirmed === 1 ? 'one' : 'other'], { confirmed: String(confirmed) })] : []),
        ...named.slice(0, shownParts).map((part) => partSentence(part, naming, language)),
        ...(named.length > shownParts ? [fill(t.more, { count: String(named.length - shownParts) })] : []),
        ...(capped ? [t.capped] : []),
        ...(story?.firm === true ? [t.firm] : []),
        t.limits,
      ];
    }
  }
}

function partSentence({ property, side, mode, size, unit }: StoryPart, naming: Naming, language: Language): string {
  const t = texts[language];
  const shown = side === 'still' ? durationText(size, language) : valueText(size, unit, language);
  return fill(t.parts[side], { label: naming(property).label, size: shown, mode: mode === '' ? '' : fill(t.inMode, { mode: mode.slice(0, 60) }) });
}

function durationText(ms: number, language: Language): string {
  const { minutes, hours } = texts[language].duration;
  return ms < 90 * 60_000 ? fill(minutes, { count: String(Math.max(1, Math.round(ms / 60_000))) }) : fill(hours, { count: String(Math.round(ms / 3_600_000)) });
}

export function undoneSentence(text: string, language: Language): string {
  return fill(texts[language].undone, { text });
}

export function answerName(answer: FeedbackAnswer, language: Language): string {
  return texts[language].names[answer];
}

const similarTexts: Record<Language, Record<'head' | 'line' | 'serviced', string> & { found: Record<FeedbackAnswer | 'unanswered', string> }> = {
  'en-US': {
    head: 'Earlier, much the same:',
    line: '{time}: {found}',
    serviced: 'Last maintenance: {time}.',
    found: { onIt: 'somebody looked after it', real: 'real: {what}', falseAlarm: 'false alarm', planned: 'planned work', changed: 'the process had changed', unanswered: 'nobody said what it was' },
  },
  de: {
    head: 'Früher schon ähnlich:',
    line: '{time}: {found}',
    serviced: 'Letzte Wartung: {time}.',
    found: {
      onIt: 'jemand hat sich gekümmert', real: 'echt: {what}', falseAlarm: 'Fehlalarm', planned: 'geplante Arbeit', changed: 'der Prozess war anders',
      unanswered: 'niemand hat gesagt, was es war',
    },
  },
};

export function plannedSentence(untilMs: number, language: Language): string {
  const until = timeText(untilMs, language);
  return language === 'de' ? `Geplante Arbeit bis ${until}. Solange wird nichts beurteilt.` : `Planned work until ${until}. Nothing is judged meanwhile.`;
}

/** What stood behind cases like this one, and when the machine was last serviced: lines for a mail. */
export function pastLines(
  similar: readonly { sinceMs: number; found: FeedbackAnswer | 'unanswered'; what?: string }[], servicedMs: number | undefined, language: Language,
): string[] {
  const t = similarTexts[language];
  const lines = similar.map(({ sinceMs, found, what = '' }) => `- ${fill(t.line, { time: timeText(sinceMs, language), found: fill(t.found[found], { what }) })}`);
  const serviced = servicedMs === undefined ? [] : [fill(t.serviced, { time: timeText(servicedMs, language) })];
  return [...(lines.length > 0 ? [t.head, ...lines] : []), ...serviced].map(oneLine);
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? '') : whole));
}
