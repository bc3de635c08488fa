import type { Conclusion, ReadinessCriterion, ReadinessGrade } from '../../contract/messages.ts';
import type { CriterionGrade, ReasonCode, ReasonValue } from '../readiness/criterionGrades.ts';
import { formatDuration } from '../time/duration.ts';
import type { Language } from './sentences.ts';
import { numberText, oneLine, timeText, valueText } from './sentences.ts';

interface Texts {
  grades: Record<ReadinessGrade, string>;
  criteria: Record<ReadinessCriterion, string>;
  conclusions: Record<Conclusion, string>;
  reasons: Record<ReasonCode, string>;
  /** What to do; '' = nothing. */
  steps: Record<ReasonCode, string>;
  allGood: string;
  unknown: string;
  ofMany: string;
  declareInterval: string;
  yes: string;
  notWatched: string;
  dataTooPoor: string;
  poorHere: string;
  needsHours: string;
  needsHoursOfMode: string;
  needsTwo: string;
  needsConditions: string;
  clocksDiffer: string;
  unevenly: string;
  caution: string;
  fell: string;
  rose: string;
  title: string;
  property: string;
}

const texts: Record<Language, Texts> = {
  'en-US': {
    grades: { good: 'good', usable: 'usable', poor: 'poor', unusable: 'unusable', unknown: 'not known yet' },
    criteria: {
      coverage: 'Completeness', gaps: 'Gaps', interval: 'Interval', stuck: 'Stuck', resolution: 'Fineness', clock: 'Clock', duplicates: 'Duplicates',
      quality: 'Signal quality', range: 'Range', unit: 'Unit',
    },
    conclusions: { baseline: 'Learn what is normal', forecast: 'Forecast', rootCause: 'Find causes' },
    reasons: {
      'nothing-came': 'nothing has arrived in {time}',
      coverage: '{share} of the last {time} are there',
      'gaps.none': 'no gap',
      gaps: '{count} gaps, the longest {longest}, until {until}',
      'interval.kept': 'every {declared} declared, every {measured} measured',
      'interval.undeclared': 'about every {measured}',
      'interval.slow': 'every {declared} declared, but only every {measured} measured',
      'interval.slower': 'every {former} before, now only every {measured}',
      'stuck.no': 'it moves as it always did',
      'stuck.now': 'it has stood at {value} for {time}, longer than ever, while the machine goes on',
      'stuck.was': 'it stood still for {time}, longer than ever, while the machine went on',
      'stuck.unknown': 'it has moved too seldom to know',
      'resolution.fine': 'its steps are fine enough',
      'resolution.coarse': 'it moves in steps of {step}, but changes of {matters} matter',
      'resolution.coarser': 'it now moves in steps of {step}; before, {finest} could be told apart',
      'resolution.noise': 'its steps of {step} are as large as its usual movement',
      'resolution.unknown': 'it has moved too seldom to know',
      'clock.right': 'its clock is right',
      'clock.behind': 'its time stamps are {offset} behind',
      'clock.ahead': 'its clock is {offset} ahead',
      'clock.jumped': 'its clock jumped {jumps} times, by up to {jump}',
      'clock.refused': '{share} of its values have an impossible time or lie in the future',
      'clock.none': 'it sends no time; the time of arrival counts',
      duplicates: '{share} of the values come twice',
      'duplicates.contradict': '{share} of the values come twice with the same time and another value',
      quality: 'bad signal in {bad} of the time',
      'quality.uncertain': '{uncertain} of the values are uncertain',
      range: '{share} of the values are outside {low} to {high}',
      'unit.kept': 'the unit stays the same',
      'unit.looks': 'since {time} it looks like another unit or scale ({conversion}): {from} became {to}',
      'unit.named': 'since {time} the source names another unit',
    },
    steps: {
      'nothing-came': 'Check the address of {label} in twin-asset, and whether the source sends it.',
      coverage: 'Check network and source at the times without data.',
      'gaps.none': '',
      gaps: 'See what happened until {until}: network, switch, restart of the source.',
      'interval.kept': '',
      'interval.undeclared': '',
      'interval.slow': 'Shorten the publishing interval of {label} in its source, or declare {measured} in the type.',
      'interval.slower': 'See what changed at the source; where it is meant, declare the interval in the type.',
      'stuck.no': '',
      'stuck.now': 'Check the sensor of {label} and its cable; compare with a reading by hand.',
      'stuck.was': 'Keep an eye on the sensor of {label}; a loose contact or a bus fault does this.',
      'stuck.unknown': '',
      'resolution.fine': '',
      'resolution.coarse': 'Send {label} with more digits (scaling, deadband or data type in the PLC), or declare what really matters in the type.',
      'resolution.coarser': 'Check scaling, deadband and data type of {label} in the PLC; it once was finer.',
      'resolution.noise': 'Send {label} with more digits, or declare the smallest change that matters in the type.',
      'resolution.unknown': '',
      'clock.right': '',
      'clock.behind': 'Set the clock of the source by NTP; if it is right, values are under way too long.',
      'clock.ahead': 'Set the clock of the source by NTP.',
      'clock.jumped': 'Set the clock of the source by NTP and let it correct itself slowly.',
      'clock.refused': 'Set the clock of the source; until then such values are left out.',
      'clock.none': '',
      duplicates: 'See whether two connections or two wires deliver {label}.',
      'duplicates.contradict': 'See whether two sources deliver {label}; only one may.',
      quality: 'Look up the status of {label} in the PLC: wire break, fault of the module, node missing.',
      'quality.uncertain': 'Look up in the PLC why {label} is marked uncertain.',
      range: 'Check sensor and scaling of {label}, or correct the range in the type.',
      'unit.kept': '',
      'unit.looks': 'See whether unit or scaling of {label} was changed at the source; then set it in the type and learn again.',
      'unit.named': 'Set the unit of {label} back at the source, or change it in the type and learn again.',
    },
    allGood: 'Everything is as it should be.',
    unknown: 'Too little has arrived yet to say.',
    ofMany: '{label}: {reason} ({count} of {all} values are below usable)',
    declareInterval: 'Declare its interval in the type, so that missing values are noticed.',
    yes: 'Yes, the data is good enough.',
    notWatched: 'The data is not watched; put a twin-readiness into the flow to know.',
    dataTooPoor: 'No: the data is {grade}. {reason}',
    poorHere: 'No, the data is {grade}.',
    needsHours: 'Not yet: needs about {hours} more.',
    needsHoursOfMode: 'Not yet: needs about {hours} more of "{mode}".',
    needsTwo: 'No: at least two measured values are needed, and only {count} is usable.',
    needsConditions: 'Not yet: only one operating condition was seen; another mode or speed is needed.',
    clocksDiffer: 'No: the clocks of its values differ by {time}, so that cause and effect cannot be put in order.',
    unevenly: 'No: {share} of the time is missing; at most {most} may be.',
    caution: 'Less certain, because the data is {grade}: {label}: {reason}.',
    fell: '{name}: the data is now {to} (before: {from}). {reason}',
    rose: '{name}: the data is {to} again (before: {from}). {reason}',
    title: 'Is the data good enough? {site}, {time}',
    property: '{label}: {letter} {grade}. {reason}',
  },
  de: {
    grades: { good: 'gut', usable: 'brauchbar', poor: 'schwach', unusable: 'unbrauchbar', unknown: 'noch nicht bekannt' },
    criteria: {
      coverage: 'Vollständigkeit', gaps: 'Lücken', interval: 'Abstand', stuck: 'Stillstand', resolution: 'Feinheit', clock: 'Uhr', duplicates: 'Doppelte',
      quality: 'Signalqualität', range: 'Messbereich', unit: 'Einheit',
    },
    conclusions: { baseline: 'Lernen, was normal ist', forecast: 'Vorhersagen', rootCause: 'Ursachen finden' },
    reasons: {
      'nothing-came': 'seit {time} ist nichts angekommen',
      coverage: '{share} der letzten {time} sind da',
      'gaps.none': 'keine Lücke',
      gaps: '{count} Lücken, die längste {longest}, bis {until}',
      'interval.kept': 'alle {declared} vereinbart, alle {measured} gemessen',
      'interval.undeclared': 'etwa alle {measured}',
      'interval.slow': 'alle {declared} vereinbart, aber nur alle {measured} gemessen',
      'interval.slower': 'früher alle {former}, jetzt nur alle {measured}',
      'stuck.no': 'bewegt sich wie immer',
      'stuck.now': 'steht seit {time} auf {value}, so lange wie nie, während die Maschine weiterläuft',
      'stuck.was': 'stand {time} still, so lange wie nie, während die Maschine weiterlief',
      'stuck.unknown': 'hat sich noch zu selten bewegt',
      'resolution.fine': 'die Schritte sind fein genug',
      'resolution.coarse': 'springt in Schritten von {step}, wichtig sind aber schon {matters}',
      'resolution.coarser': 'springt jetzt in Schritten von {step}; früher waren {finest} zu unterscheiden',
      'resolution.noise': 'die Schritte von {step} sind so groß wie die übliche Bewegung',
      'resolution.unknown': 'hat sich noch zu selten bewegt',
      'clock.right': 'die Uhr geht richtig',
      'clock.behind': 'die Zeitstempel sind {offset} zurück',
      'clock.ahead': 'die Uhr geht {offset} vor',
      'clock.jumped': 'die Uhr ist {jumps}-mal gesprungen, um bis zu {jump}',
      'clock.refused': '{share} der Werte haben eine unmögliche Zeit oder liegen in der Zukunft',
      'clock.none': 'sendet keine Zeit; es gilt die Ankunft',
      duplicates: '{share} der Werte kommen doppelt',
      'duplicates.contradict': '{share} der Werte kommen doppelt, mit gleicher Zeit und anderem Wert',
      quality: 'in {bad} der Zeit schlechtes Signal',
      'quality.uncertain': '{uncertain} der Werte sind unsicher',
      range: '{share} der Werte liegen außerhalb von {low} bis {high}',
      'unit.kept': 'die Einheit bleibt gleich',
      'unit.looks': 'sieht seit {time} nach anderer Einheit oder Skalierung aus ({conversion}): aus {from} wurde {to}',
      'unit.named': 'die Quelle nennt seit {time} eine andere Einheit',
    },
    steps: {
      'nothing-came': 'Adresse von {label} in twin-asset prüfen, und ob die Quelle sie sendet.',
      coverage: 'Netzwerk und Quelle zu den Zeiten ohne Daten prüfen.',
      'gaps.none': '',
      gaps: 'Nachsehen, was bis {until} geschah: Netzwerk, Switch, Neustart der Quelle.',
      'interval.kept': '',
      'interval.undeclared': '',
      'interval.slow': 'Das Sendeintervall von {label} in der Quelle verkürzen, oder im Typ {measured} eintragen.',
      'interval.slower': 'Nachsehen, was sich an der Quelle geändert hat; ist es gewollt, den Abstand im Typ eintragen.',
      'stuck.no': '',
      'stuck.now': 'Sensor von {label} und sein Kabel prüfen; mit einer Messung von Hand vergleichen.',
      'stuck.was': 'Den Sensor von {label} im Auge behalten; Wackelkontakt oder Busfehler sehen so aus.',
      'stuck.unknown': '',
      'resolution.fine': '',
      'resolution.coarse': '{label} mit mehr Stellen senden (Skalierung, Totband oder Datentyp in der SPS), oder im Typ eintragen, was wirklich wichtig ist.',
      'resolution.coarser': 'Skalierung, Totband und Datentyp von {label} in der SPS prüfen; früher war es feiner.',
      'resolution.noise': '{label} mit mehr Stellen senden, oder im Typ die kleinste wichtige Änderung eintragen.',
      'resolution.unknown': '',
      'clock.right': '',
      'clock.behind': 'Die Uhr der Quelle per NTP stellen; geht sie richtig, sind die Werte zu lange unterwegs.',
      'clock.ahead': 'Die Uhr der Quelle per NTP stellen.',
      'clock.jumped': 'Die Uhr der Quelle per NTP stellen und langsam nachregeln lassen.',
      'clock.refused': 'Die Uhr der Quelle stellen; bis dahin bleiben solche Werte außen vor.',
      'clock.none': '',
      duplicates: 'Nachsehen, ob zwei Verbindungen oder zwei Leitungen im Flow {label} liefern.',
      'duplicates.contradict': 'Nachsehen, ob zwei Quellen {label} liefern; es darf nur eine sein.',
      quality: 'In der SPS nach dem Status von {label} sehen: Drahtbruch, Baugruppenfehler, Adresse fehlt.',
      'quality.uncertain': 'In der SPS nachsehen, warum {label} als unsicher gilt.',
      range: 'Sensor und Skalierung von {label} prüfen, oder den Messbereich im Typ berichtigen.',
      'unit.kept': '',
      'unit.looks': 'Prüfen, ob Einheit oder Skalierung von {label} an der Quelle geändert wurde; dann im Typ eintragen und neu lernen.',
      'unit.named': 'Die Einheit von {label} an der Quelle zurückstellen, oder im Typ ändern und neu lernen.',
    },
    allGood: 'Alles ist, wie es sein soll.',
    unknown: 'Es ist noch zu wenig angekommen, um etwas zu sagen.',
    ofMany: '{label}: {reason} ({count} von {all} Werten sind weniger als brauchbar)',
    declareInterval: 'Den Abstand im Typ eintragen, damit fehlende Werte auffallen.',
    yes: 'Ja, die Daten sind gut genug.',
    notWatched: 'Die Daten werden nicht beobachtet; dafür ein twin-readiness in den Flow setzen.',
    dataTooPoor: 'Nein: Die Daten sind {grade}. {reason}',
    poorHere: 'Nein, die Daten sind {grade}.',
    needsHours: 'Noch nicht: Es fehlen noch etwa {hours}.',
    needsHoursOfMode: 'Noch nicht: Es fehlen noch etwa {hours} „{mode}“.',
    needsTwo: 'Nein: Mindestens zwei gemessene Werte sind nötig, brauchbar ist nur {count}.',
    needsConditions: 'Noch nicht: Bisher gab es nur einen Betriebszustand; eine andere Betriebsart oder Drehzahl fehlt.',
    clocksDiffer: 'Nein: Die Uhren der Werte liegen {time} auseinander, Ursache und Wirkung lassen sich nicht ordnen.',
    unevenly: 'Nein: {share} der Zeit fehlen; höchstens {most} dürfen es sein.',
    caution: 'Weniger sicher, denn die Daten sind {grade}: {label}: {reason}.',
    fell: '{name}: Die Daten sind jetzt {to} (vorher: {from}). {reason}',
    rose: '{name}: Die Daten sind wieder {to} (vorher: {from}). {reason}',
    title: 'Sind die Daten gut genug? {site}, {time}',
    property: '{label}: {letter} {grade}. {reason}',
  },
};

/** Every key of every language, for the test that none is missing. */
export const readinessTexts: Readonly<Record<Language, unknown>> = texts;

export type ReadinessPhrase = Exclude<keyof Texts, 'grades' | 'criteria' | 'conclusions' | 'reasons' | 'steps'>;

/** One of the phrases, filled in. */
export function readinessPhrase(phrase: ReadinessPhrase, language: Language, values: Readonly<Record<string, string>> = {}): string {
  return filled(texts[language][phrase], values);
}

export function gradeWord(grade: ReadinessGrade, language: Language): string {
  return texts[language].grades[grade];
}

export function criterionWord(criterion: ReadinessCriterion, language: Language): string {
  return texts[language].criteria[criterion];
}

export function conclusionWord(conclusion: Conclusion, language: Language): string {
  return texts[language].conclusions[conclusion];
}

export function gradeLetter(grade: ReadinessGrade): 'A' | 'B' | 'C' | 'D' | '-' {
  return ({ good: 'A', usable: 'B', poor: 'C', unusable: 'D', unknown: '-' } as const)[grade];
}

export function percentText(share: number, language: Language): string {
  const percent = share * 100;
  // Nearly all is not all, and a few are not none.
  const shown = percent > 99 && percent < 100 ? Math.floor(percent * 10) / 10 : percent > 0 && percent < 1 ? Math.max(0.1, Math.round(percent * 10) / 10) : Math.round(percent);
  return `${numberText(shown, language)} %`;
}

/** What was measured, and what to do about it: '' for what is good. */
export function criterionSentences(found: CriterionGrade, property: { label: string; unit: string }, language: Language): { reason: string; nextStep: string } {
  const values: Record<string, string> = { label: oneLine(property.label) };
  for (const [name, value] of Object.entries(found.values)) values[name] = reasonValue(value, property.unit, language);
  const nextStep = found.grade === 'good' || found.grade === 'unknown' ? '' : filled(texts[language].steps[found.code], values);
  return { reason: filled(texts[language].reasons[found.code], values), nextStep };
}

function reasonValue(value: ReasonValue, unit: string, language: Language): string {
  if ('ms' in value) return formatDuration(value.ms, language);
  if ('timeMs' in value) return timeText(value.timeMs, language);
  if ('number' in value) return numberText(value.number, language);
  if ('percent' in value) return percentText(value.percent, language);
  if ('quantity' in value) return valueText(value.quantity, unit === '' ? undefined : unit, language);
  return value.text;
}

function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? '') : whole));
}
