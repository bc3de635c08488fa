import type { ScenarioChange, ScenarioChoice, ScenarioFigure, ScenarioQuality, ScenarioTrust } from '../../contract/lineAnswers.ts';
import type { QualityAnswer } from '../process/qualityResponse.ts';
import type { RecordedModel } from '../process/recordedModel.ts';
import { formatNumber } from '../twin/numberText.ts';
import { germanWhyNoMix } from './productSentences.ts';
import type { Language } from './sentences.ts';
import { shortNumber } from './shortNumber.ts';

type Texts = Record<string, string>;

const kinds: Record<Language, Record<ScenarioChange['kind'], { label: string; unit: string }>> = {
  'en-US': {
    speed: { label: 'Speed', unit: '%' }, repair: { label: 'Repair faster', unit: '%' }, failures: { label: 'Stops more often', unit: '%' },
    places: { label: 'Buffer places', unit: '' },
    operators: { label: 'People who repair', unit: '' }, hours: { label: 'Planned hours a day', unit: 'h' }, mix: { label: 'Share of a product', unit: '%' }, setting: { label: 'Setting', unit: '' },
  },
  de: {
    speed: { label: 'Geschwindigkeit', unit: '%' }, repair: { label: 'Schneller repariert', unit: '%' }, failures: { label: 'Häufiger gestört', unit: '%' },
    places: { label: 'Pufferplätze', unit: '' },
    operators: { label: 'Personen, die reparieren', unit: '' }, hours: { label: 'Geplante Stunden am Tag', unit: 'h' }, mix: { label: 'Anteil eines Produkts', unit: '%' },
    setting: { label: 'Einstellung', unit: '' },
  },
};

export const scenarioSteps: Record<ScenarioChange['kind'], Pick<ScenarioChoice, 'step' | 'minimum' | 'maximum' | 'wholeLine'>> = {
  speed: { step: 1, minimum: -50, maximum: 100, wholeLine: true },
  repair: { step: 5, minimum: -50, maximum: 200, wholeLine: true },
  failures: { step: 5, minimum: -80, maximum: 200, wholeLine: true },
  places: { step: 1, minimum: -100, maximum: 1_000, wholeLine: false },
  operators: { step: 1, minimum: -20, maximum: 20, wholeLine: true },
  hours: { step: 1, minimum: -12, maximum: 16, wholeLine: true },
  mix: { step: 5, minimum: 0, maximum: 100, wholeLine: false },
  setting: { step: 0.5, minimum: -1_000_000, maximum: 1_000_000, wholeLine: false },
};

export function kindLabel(kind: ScenarioChange['kind'], language: Language): { label: string; unit: string } {
  return kinds[language][kind];
}

const trusts: Record<Language, Record<ScenarioTrust, string>> = {
  'en-US': { 'inside experience': 'inside experience', 'at the edge': 'at the edge of what was ever run', 'never seen': 'never seen: a guess' },
  de: { 'inside experience': 'innerhalb der Erfahrung', 'at the edge': 'am Rand dessen, was je gefahren wurde', 'never seen': 'nie gesehen: geraten' },
};

export function trustText(trust: ScenarioTrust, language: Language): string {
  return trusts[language][trust];
}

const figureTexts: Record<Language, Record<ScenarioFigure['name'], { label: string; unit: string }>> = {
  'en-US': {
    throughput: { label: 'Good parts', unit: 'parts/h' }, wip: { label: 'Parts in the line', unit: 'parts' }, leadTime: { label: 'Time through the line', unit: 's' }, oee: { label: 'OEE', unit: '%' },
    energy: { label: 'Energy', unit: 'kWh/part' }, scrap: { label: 'Scrap', unit: '%' },
  },
  de: {
    throughput: { label: 'Gute Teile', unit: 'Teile/h' }, wip: { label: 'Teile in der Linie', unit: 'Teile' }, leadTime: { label: 'Durchlaufzeit', unit: 's' }, oee: { label: 'OEE', unit: '%' },
    energy: { label: 'Energie', unit: 'kWh/Teil' }, scrap: { label: 'Ausschuss', unit: '%' },
  },
};

export function figureText(name: ScenarioFigure['name'], aDay: boolean, language: Language): { label: string; unit: string } {
  const text = figureTexts[language][name];
  return name === 'throughput' && aDay ? { ...text, unit: language === 'de' ? 'Teile/Tag' : 'parts/day' } : text;
}

/** "Filler: speed +5 %" */
export function changeText({ kind, amount, property }: ScenarioChange, stationName: string, setting: { label: string; unit: string } | undefined, language: Language): string {
  if (kind === 'mix') return `${property ?? ''} ${shortNumber(amount, language)} % ${language === 'de' ? 'der Teile' : 'of the parts'}`;
  const { label, unit } = setting ?? kinds[language][kind];
  const sign = amount > 0 ? '+' : '';
  const text = `${label} ${sign}${shortNumber(amount, language)}${unit === '' ? '' : ` ${unit}`}`;
  return stationName === '' ? text : `${stationName}: ${text}`;
}

export interface AnswerFacts {
  changes: string;
  throughput: ScenarioFigure;
  limitToday: string;
  limitThen: string;
  gainsAlmostNothing: boolean;
  trust: ScenarioTrust;
}

export function scenarioSentence({ changes, throughput, limitToday, limitThen, gainsAlmostNothing, trust }: AnswerFacts, language: Language): string {
  const de = language === 'de';
  const n = (value: number): string => shortNumber(value, language);
  const signed = (value: number): string => `${value >= 0.05 ? '+' : ''}${formatNumber(Math.round(10 * value) / 10 + 0, language).replace('-', '−')}`;
  const { today, after, change, unit } = throughput;
  // "good parts/h"
  const what = `${de ? 'gute' : 'good'} ${unit}`;
  const percent = `${signed((100 * change.value) / today.value)} %`;
  const limits = limitToday === limitThen
    ? de ? `Es begrenzt weiter ${limitThen}.` : `${limitThen} still limits the line.`
    : de ? `Dann begrenzt ${limitThen} statt ${limitToday}.` : `Then ${limitThen} limits the line instead of ${limitToday}.`;
  const range = de ? `in neun von zehn Schichten ${signed(change.low)} bis ${signed(change.high)}` : `${signed(change.low)} to ${signed(change.high)} in nine of ten shifts`;
  const figures = de ? `${n(after.value)} statt ${n(today.value)} ${what}, ${percent} (${range})` : `${n(after.value)} instead of ${n(today.value)} ${what}, ${percent} (${range})`;
  const almost = gainsAlmostNothing ? (de ? 'ändert fast nichts: ' : 'changes almost nothing: ') : '';
  return `${changes}${almost === '' ? ': ' : ' '}${almost}${figures}. ${limits} ${de ? 'Vertrauen' : 'Trust'}: ${trustText(trust, language)}.`;
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['a scenario has 1 to 20 changes', 'ein Szenario hat 1 bis 20 Änderungen'],
  ['the number of people who repair is 1 to 100', 'es reparieren 1 bis 100 Personen'],
  ['there is no such change', 'eine solche Änderung gibt es nicht'],
  ['it needs a station', 'sie braucht eine Station'],
  ['the line has nothing of this name', 'die Linie hat nichts dieses Namens'],
  ['it needs a property', 'sie braucht eine Eigenschaft'],
  ['work is planned at all times; enter the planned hours in twin-line', 'Arbeit ist immer geplant; die geplanten Stunden in twin-line eintragen'],
  ['how many people repair today is not known; enter it', 'wie viele heute reparieren, ist nicht bekannt; eintragen'],
  ['there is no buffer in front of the first station', 'vor der ersten Station ist kein Puffer'],
  ['the station stands on a side branch, which is not simulated', 'die Station steht auf einem Seitenzweig, der nicht simuliert wird'],
]);

/** Why a change cannot be tried, in the site's language. */
export function whyNot(reason: string, language: Language): string {
  if (language !== 'de') return reason;
  return reasons.get(reason) ?? germanWhyNoMix(reason) ?? reason.replace(/^(.*) is not between (.*) and (.*)$/, '$1 liegt nicht zwischen $2 und $3');
}

export function withheldSentence(changes: string, language: Language): string {
  return language === 'de'
    ? `${changes}: Die Linie lief nie auch nur annähernd so, deshalb wird die Antwort zurückgehalten. Einen kleineren Schritt versuchen, oder sie trotzdem verlangen und als Schätzung nehmen.`
    : `${changes}: the line was never run anywhere near this, so the answer is withheld. Try a smaller step, or ask for it all the same and take it for a guess.`;
}

export function qualityText(answer: QualityAnswer, label: string, nameOf: (setting: string) => string, language: Language): ScenarioQuality {
  const de = language === 'de';
  const n = (value: number): string => shortNumber(value, language);
  switch (answer.verdict) {
    case 'answer': {
      const number = (share: number): number => Math.max(0, 100 * share);
      const [today, value, low, high] = [answer.today, answer.value, answer.low, answer.high].map(number) as [number, number, number, number];
      const sentence = de
        ? `${label}: ${n(value)} % Ausschuss statt ${n(today)} %; ein neues Los liegt mit 95 % zwischen ${n(low)} und ${n(high)} % (aus ${answer.lots} Losen; ${trustText(answer.trust, language)}).`
        : `${label}: ${n(value)} % scrap instead of ${n(today)} %; a new lot lies between ${n(low)} and ${n(high)} % with 95 % (from ${answer.lots} lots; ${trustText(answer.trust, language)}).`;
      return { label, verdict: 'answer', today, after: { value, low, high }, lots: answer.lots, sentence };
    }
    case 'not enough data':
      return {
        label, verdict: 'not enough data', today: null, after: null, lots: answer.lots,
        sentence: de ? `${label}: zu wenig Daten: ${answer.lots} Lose, nötig sind ${answer.needs}.` : `${label}: not enough data: ${answer.lots} lots, needs ${answer.needs}.`,
      };
    case 'not identifiable': {
      const setting = nameOf(answer.setting);
      const why: Texts = de
        ? {
            'never varied': `${setting} änderte sich nie`, 'not recorded': `${setting} ist nicht aufgezeichnet`,
            'always together with another': `${setting} änderte sich nur zusammen mit ${nameOf(answer.with ?? '')}`,
          }
        : {
            'never varied': `${setting} never varied`, 'not recorded': `${setting} is not recorded`,
            'always together with another': `${setting} varied only together with ${nameOf(answer.with ?? '')}`,
          };
      return {
        label, verdict: 'not identifiable', today: null, after: null, lots: 0,
        sentence: de ? `${label}: nicht bestimmbar, denn ${why[answer.why]}.` : `${label}: not identifiable, for ${why[answer.why]}.`,
      };
    }
  }
}

/** What was never observed, and what else limits the answer. */
export function fitNotes(model: RecordedModel, left: readonly string[], nameOf: (key: string) => string, language: Language): string[] {
  const de = language === 'de';
  const n = (value: number): string => shortNumber(value, language);
  const { fitted } = model;
  const notes: string[] = [];
  const hours = n(fitted.hours);
  if (fitted.hours < 4) notes.push(de ? `Das Modell kennt nur ${hours} h der Linie.` : `The model knows only ${hours} h of the line.`);
  for (const station of left) {
    notes.push(de
      ? `${nameOf(station)} steht auf einem Seitenzweig und ist nicht simuliert: Er liefert, als wäre immer etwas da.`
      : `${nameOf(station)} stands on a side branch and is not simulated: it delivers as if there was always something.`);
  }
  for (const { station, what } of fitted.neverObserved) {
    const name = nameOf(station);
    if (what === 'stops') notes.push(de ? `${name}: in ${hours} h nie ein Stillstand; simuliert wird ohne.` : `${name}: never seen to stop in ${hours} h; it is simulated without stops.`);
    if (what === 'a full buffer') {
      const places = n(fitted.stations.find((one) => one.name === station)!.places.value);
      notes.push(de ? `Der Puffer hinter ${name} war nie voll; er hat mindestens ${places} Plätze.` : `The buffer behind ${name} was never full; it has at least ${places} places.`);
    }
  }
  for (const station of model.neverWaits) {
    notes.push(de ? `${nameOf(station)} wartete nie sichtbar: In der Arbeitszeit je Teil können Wartezeiten stecken.` : `${nameOf(station)} was never seen waiting: its working time may hold waits.`);
  }
  for (const { station, seconds } of model.rated) {
    notes.push(de
      ? `${nameOf(station)} wartete nie sichtbar, kann aber schneller: ${n(seconds)} s je Teil, wie in twin-line eingetragen.`
      : `${nameOf(station)} was never seen waiting but can do more: ${n(seconds)} s per part, as entered in twin-line.`);
  }
  for (const { name, misfit } of fitted.stations) {
    if (misfit > 0.05) notes.push(de
      ? `${nameOf(name)}: Die Arbeitszeiten folgen keiner einfachen Form (Abstand ${n(misfit)}).`
      : `${nameOf(name)}: working times follow no simple shape (distance ${n(misfit)}).`);
  }
  for (const { station, count, meanS } of model.setups) {
    notes.push(de
      ? `${nameOf(station)}: ${count} Rüstvorgänge von im Mittel ${n(meanS / 60)} min, simuliert so oft, wie sie kamen.`
      : `${nameOf(station)}: ${count} set-ups of ${n(meanS / 60)} min on average, simulated as often as they came.`);
  }
  for (const { station, state, share } of model.ends) {
    const percent = n(100 * share);
    if (state === 'starved') notes.push(de
      ? `${nameOf(station)} wartete ${percent} % der Zeit auf Teile von außerhalb der Linie; das bleibt so.`
      : `${nameOf(station)} waited ${percent} % of the time for parts from outside the line; that stays so.`);
    else notes.push(de
      ? `${nameOf(station)} wartete ${percent} % der Zeit auf Platz hinter der Linie; das bleibt so.`
      : `${nameOf(station)} waited ${percent} % of the time for space behind the line; that stays so.`);
  }
  for (const station of model.resets) {
    notes.push(de
      ? `${nameOf(station)}: Ein Zähler begann neu oder wurde eine Weile nicht gelesen; diese Zeit ist ausgelassen.`
      : `${nameOf(station)}: a counter began again or was not read for a while; that time is left out.`);
  }
  return notes;
}
