import type {
  Conclusion, ConclusionAnswer, CriterionReadiness, PropertyReadiness, ReadinessGrade, ReadinessMessage, ReadinessRow, TwinReadiness,
} from '../../contract/messages.ts';
import { gradeMachine, gradeOrder, gradeProperty } from '../readiness/criterionGrades.ts';
import type { PropertyGrade } from '../readiness/criterionGrades.ts';
import type { ObservationFacts } from '../readiness/observationFacts.ts';
import { formatDuration } from '../time/duration.ts';
import type { Twin } from '../twin/twin.ts';
import { conclusionWord, criterionSentences, criterionWord, gradeLetter, gradeWord, percentText, readinessPhrase } from './readinessSentences.ts';
import type { Language } from './sentences.ts';
import { oneLine, timeText } from './sentences.ts';

const hourMs = 3_600_000;

/**
 * What must have been seen before a conclusion may be trusted. A shift for what is normal; three days for a forecast, so that each hour of
 * the day was seen more than twice; a day with more than one condition for causes, because what never varied explains nothing.
 */
export const conclusionNeeds = {
  baseline: { hoursOfMode: 8 },
  forecast: { hours: 72, mostMissing: 0.05 },
  rootCause: { hours: 24, properties: 2, clocksApartMs: 5_000 },
} as const;

/** What is asked about: a machine, and what was gathered about its data. */
export interface Watched {
  readonly twin: Twin;
  readonly language: Language;
  /** undefined while no twin-readiness stands in the flow. */
  readonly facts: ObservationFacts | undefined;
  isOffMode(mode: string): boolean;
}

interface Graded {
  grade: ReadinessGrade;
  properties: PropertyGrade[];
}

function rank(grade: ReadinessGrade): number {
  return gradeOrder.indexOf(grade);
}

export function isBelowUsable(grade: ReadinessGrade): boolean {
  return grade === 'poor' || grade === 'unusable';
}

function gradeTwin(facts: ObservationFacts, { twin }: Watched, nowMs: number, rate: number): Graded {
  // What is computed here is as good as what it is computed from.
  const properties = twin.type.properties
    .filter(({ kind }) => kind !== 'derived')
    .map((property) => gradeProperty(property, facts.measured(property.index, nowMs), rate))
    .sort((one, two) => rank(two.grade) - rank(one.grade));
  return { grade: gradeMachine(properties.map(({ grade }) => grade)), properties };
}

/**
 * Whether something may be concluded from the data of a machine, or of one of its properties.
 *
 * `no`: the data is below usable, or cannot carry it; `notYet`: it will, with more of what the reason names. Where no twin-readiness stands in
 * the flow the answer is yes, and the reason says that nobody looked.
 */
export function mayConclude(watched: Watched, conclusion: Conclusion, nowMs: number, rate = 1, property?: string): ConclusionAnswer {
  const { facts, language } = watched;
  if (facts === undefined) return { answer: 'yes', reason: readinessPhrase('notWatched', language) };
  return answerFrom(gradeTwin(facts, watched, nowMs, rate), facts, watched, conclusion, property);
}

function answerFrom(graded: Graded, facts: ObservationFacts, watched: Watched, conclusion: Conclusion, name?: string): ConclusionAnswer {
  const { language } = watched;
  const own = name === undefined ? undefined : graded.properties.find(({ property }) => property.name === name);
  const grade = own?.grade ?? graded.grade;
  const say = (phrase: Parameters<typeof readinessPhrase>[0], values: Record<string, string> = {}): string => readinessPhrase(phrase, language, values);
  if (grade === 'unknown') return { answer: 'notYet', reason: say('unknown') };
  if (isBelowUsable(grade)) {
    const reason = sentence((own === undefined ? machineReason(graded, language) : propertyReason(own, language)).reason);
    return { answer: 'no', reason: say('dataTooPoor', { grade: gradeWord(grade, language), reason }) };
  }
  const modes = facts.modes();
  const observedMs = modes.reduce((sum, { ms }) => sum + ms, 0);
  const more = (ms: number): string => formatDuration(Math.max(60_000, ms), language);
  switch (conclusion) {
    case 'baseline': {
      const main = modes.find(({ mode }) => !watched.isOffMode(mode));
      const missingMs = conclusionNeeds.baseline.hoursOfMode * hourMs - (main?.ms ?? 0);
      if (missingMs <= 0) break;
      const reason = main === undefined || main.mode === '' ? say('needsHours', { hours: more(missingMs) })
        : say('needsHoursOfMode', { hours: more(missingMs), mode: oneLine(main.mode) });
      return { answer: 'notYet', reason };
    }
    case 'forecast': {
      const coverage = own?.facts.coverage ?? Math.min(1, ...graded.properties.filter((each) => each.grade !== 'unknown').map((each) => each.facts.coverage));
      const { hours, mostMissing } = conclusionNeeds.forecast;
      if (1 - coverage > mostMissing) {
        return { answer: 'no', reason: say('unevenly', { share: percentText(1 - coverage, language), most: percentText(mostMissing, language) }) };
      }
      if (observedMs < hours * hourMs) return { answer: 'notYet', reason: say('needsHours', { hours: more(hours * hourMs - observedMs) }) };
      break;
    }
    case 'rootCause': {
      const { hours, properties, clocksApartMs } = conclusionNeeds.rootCause;
      const usable = graded.properties.filter((each) => each.property.kind !== 'state' && (each.grade === 'good' || each.grade === 'usable'));
      if (usable.length < properties) return { answer: 'no', reason: say('needsTwo', { count: String(usable.length) }) };
      const offsets = usable.map((each) => each.facts.offsetMs).filter(Number.isFinite);
      const apartMs = offsets.length < 2 ? 0 : Math.max(...offsets) - Math.min(...offsets);
      if (apartMs > clocksApartMs) return { answer: 'no', reason: say('clocksDiffer', { time: formatDuration(apartMs, language) }) };
      if (observedMs < hours * hourMs) return { answer: 'notYet', reason: say('needsHours', { hours: more(hours * hourMs - observedMs) }) };
      const setMoved = usable.some((each) => each.property.kind === 'setpoint' && each.facts.high > each.facts.low);
      if (modes.length < 2 && !setMoved) return { answer: 'notYet', reason: say('needsConditions') };
      break;
    }
  }
  return { answer: 'yes', reason: say('yes') };
}

function propertyReason({ criteria, property, grade, facts }: PropertyGrade, language: Language): { reason: string; nextStep: string } {
  const [worst] = criteria;
  if (grade === 'unknown' || worst === undefined) return { reason: readinessPhrase('unknown', language), nextStep: '' };
  if (grade === 'good') {
    const interval = criteria.find(({ criterion }) => criterion === 'interval');
    const silent = property.kind === 'state' || property.kind === 'setpoint' || !Number.isNaN(facts.declaredMs) || !facts.even;
    const reason = interval === undefined ? readinessPhrase('allGood', language) : criterionSentences(interval, property, language).reason;
    return { reason, nextStep: silent ? '' : readinessPhrase('declareInterval', language) };
  }
  return criterionSentences(worst, property, language);
}

function machineReason({ properties, grade }: Graded, language: Language): { reason: string; nextStep: string } {
  const [worst] = properties;
  if (worst === undefined || grade === 'unknown') return { reason: readinessPhrase('unknown', language), nextStep: '' };
  if (worst.grade === 'good') return { reason: readinessPhrase('allGood', language), nextStep: '' };
  const { reason, nextStep } = propertyReason(worst, language);
  const label = oneLine(worst.property.label);
  const below = properties.filter((each) => isBelowUsable(each.grade)).length;
  if (below < 2) return { reason: `${label}: ${reason}`, nextStep };
  return { reason: readinessPhrase('ofMany', language, { label, reason, count: String(below), all: String(properties.length) }), nextStep };
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** The whole report of one machine; undefined while nobody gathers facts. */
export function twinReadiness(watched: Watched, nowMs: number, rate = 1): TwinReadiness | undefined {
  const { facts, twin, language } = watched;
  if (facts === undefined) return undefined;
  const graded = gradeTwin(facts, watched, nowMs, rate);
  const { reason, nextStep } = machineReason(graded, language);
  const answer = (conclusion: Conclusion): ConclusionAnswer => {
    // What is wrong stands in the report once, not with each answer.
    if (isBelowUsable(graded.grade)) return { answer: 'no', reason: readinessPhrase('poorHere', language, { grade: gradeWord(graded.grade, language) }) };
    return answerFrom(graded, facts, watched, conclusion);
  };
  return {
    twin: twin.key,
    name: twin.name,
    grade: graded.grade,
    reason: sentence(reason),
    nextStep,
    sinceMs: Number.isNaN(facts.beginMs) ? null : facts.beginMs,
    modes: facts.modes().map(({ mode, ms }) => ({ mode, hours: Math.round((ms / hourMs) * 100) / 100 })),
    conditions: conditionsOf(graded.properties),
    conclusions: { baseline: answer('baseline'), forecast: answer('forecast'), rootCause: answer('rootCause') },
    properties: graded.properties.map((each): PropertyReadiness => {
      const { property, grade, criteria } = each;
      const { name, label, unit } = property;
      const own = propertyReason(each, language);
      const sentences = criteria.map((found): CriterionReadiness => {
        const said = criterionSentences(found, property, language);
        return { criterion: found.criterion, grade: found.grade, reason: sentence(said.reason), nextStep: said.nextStep };
      });
      return { property: name, label, unit, grade, reason: sentence(own.reason), nextStep: own.nextStep, criteria: sentences };
    }),
  };
}

function conditionsOf(properties: readonly PropertyGrade[]): TwinReadiness['conditions'] {
  return properties.flatMap(({ property: { name, label, kind, rangeLow, rangeHigh }, facts: { low, high } }) => {
    if (kind !== 'setpoint' || !(rangeLow < rangeHigh) || !(low <= high)) return [];
    return [{ property: name, label, percent: Math.min(100, Math.round(((high - low) / (rangeHigh - rangeLow)) * 100)) }];
  });
}

/** What twin-baseline and twin-anomaly say while the data is below usable; undefined while it is not. */
export function readinessCaution(watched: Watched, nowMs: number, rate: number): { machine: string | undefined; properties: ReadonlyMap<string, string> } {
  const { facts, language } = watched;
  const properties = new Map<string, string>();
  if (facts === undefined) return { machine: undefined, properties };
  const graded = gradeTwin(facts, watched, nowMs, rate);
  let machine: string | undefined;
  for (const each of graded.properties) {
    if (!isBelowUsable(each.grade)) continue;
    const values = { grade: gradeWord(each.grade, language), label: oneLine(each.property.label), reason: propertyReason(each, language).reason };
    const text = readinessPhrase('caution', language, values);
    properties.set(each.property.name, text);
    machine ??= text;
  }
  return { machine, properties };
}

/** The report as a table, as plain text, and as it is. */
export function readinessMessage(site: string, twins: TwinReadiness[], rows: ReadinessRow[], nowMs: number, language: Language): ReadinessMessage {
  const lines = [readinessPhrase('title', language, { site: oneLine(site), time: timeText(nowMs, language) }), ''];
  for (const twin of twins) {
    const line = (label: string, grade: ReadinessGrade, reason: string): string =>
      readinessPhrase('property', language, { label: oneLine(label), letter: gradeLetter(grade), grade: gradeWord(grade, language), reason });
    lines.push(line(twin.name, twin.grade, twin.reason));
    for (const property of twin.properties) {
      if (property.grade === 'good') continue;
      lines.push(`- ${line(property.label, property.grade, property.reason)}${property.nextStep === '' ? '' : ` → ${property.nextStep}`}`);
    }
    for (const conclusion of ['baseline', 'forecast', 'rootCause'] as const) {
      lines.push(`- ${conclusionWord(conclusion, language)}: ${twin.conclusions[conclusion].reason}`);
    }
    lines.push('');
  }
  return { topic: 'readiness', payload: rows, text: lines.join('\n').trimEnd(), readiness: { v: 1, site, timeMs: nowMs, twins }, timestamp: nowMs };
}

/** One row per property, flat. */
export function readinessRows(watched: Watched, report: TwinReadiness, nowMs: number): ReadinessRow[] {
  const { facts, twin, language } = watched;
  if (facts === undefined) return [];
  const seconds = (ms: number): number | null => (Number.isFinite(ms) ? Math.round(ms) / 1000 : null);
  return report.properties.map((property): ReadinessRow => {
    const measured = facts.measured(twin.type.indexOf.get(property.property) ?? 0, nowMs);
    const [worst] = property.criteria;
    const named = worst === undefined || property.grade === 'good' || property.grade === 'unknown' ? '' : `${criterionWord(worst.criterion, language)}: `;
    return {
      twin: report.twin,
      machine: report.name,
      property: property.property,
      label: property.label,
      unit: property.unit,
      letter: gradeLetter(property.grade),
      grade: property.grade,
      reason: `${named}${property.reason}`,
      nextStep: property.nextStep,
      values: measured.count,
      coveragePercent: measured.everCame ? Math.round(measured.coverage * 1000) / 10 : 0,
      gaps: measured.gaps,
      longestGapSeconds: seconds(measured.longestGapMs) ?? 0,
      declaredSeconds: seconds(measured.declaredMs),
      measuredSeconds: seconds(measured.intervalMs),
      clockOffsetSeconds: measured.hasSourceTime ? seconds(measured.offsetMs) : null,
      badPercent: Math.round(measured.badShare * 1000) / 10,
      duplicates: measured.duplicates + measured.replaced,
    };
  });
}

/** The sentence of a changed grade. */
export function gradeChangeText(name: string, from: ReadinessGrade, to: ReadinessGrade, reason: string, language: Language): string {
  const values = { name: oneLine(name), from: gradeWord(from, language), to: gradeWord(to, language), reason: sentence(reason) };
  return readinessPhrase(rank(to) > rank(from) ? 'fell' : 'rose', language, values);
}
