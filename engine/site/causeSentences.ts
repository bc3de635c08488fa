import type { CauseAbout, CauseAnswer } from '../../contract/lineAnswers.ts';
import type { CauseNames } from '../process/causeSentence.ts';
import { causeSentence } from '../process/causeSentence.ts';
import type { CauseResult } from '../process/causeRecord.ts';
import { formatNumber } from '../twin/numberText.ts';
import type { Language } from './sentences.ts';

const noteTexts: Record<Language, Record<CauseResult['notes'][number]['code'], string>> = {
  'en-US': {
    'no values': '{name}: no values in this time; it was not looked at.',
    constant: '{name}: a value that never changed was not looked at.',
    'no way known': '{name}: how long parts need from there is not known, so it was not looked at. Enter the seconds.',
    'parts never arrive': '{name}: parts that leave there were not seen to arrive.',
    'clock skew': '{name}: its parts seem to arrive about {seconds} s before they left; the clocks of the stations differ. It was not looked at.',
    'counter reset': '{name}: a counter began again or was not read for a while; parts of that time are left out.',
    'no counter': '{name}: bad parts are not counted, so nothing can be said. Enter the counters in twin-line.',
    loop: '{name}: stations feed each other in a circle; what comes before what cannot be told there.',
    since: '{name}: nothing goes with the bad parts since then alone; all of the time were looked at.',
    'buffer full': '{name}: the buffer behind it is full, so parts leave when the next station takes one; how long they need then is not known. Enter its places or the seconds.',
    'way varies': '{name}: how long parts need from there changed meanwhile, so it was not looked at. Enter the seconds.',
    'way between': '{name}: parts needed {from} to {to} s from there; it was looked at as of {seconds} s.',
    'too many parts': '{name}: the newest 6,000 parts were looked at.',
  },
  de: {
    'no values': '{name}: keine Werte in dieser Zeit; nicht betrachtet.',
    constant: '{name}: Ein Wert, der sich nie änderte, wurde nicht betrachtet.',
    'no way known': '{name}: Wie lange Teile von dort brauchen, ist nicht bekannt, also nicht betrachtet. Die Sekunden eintragen.',
    'parts never arrive': '{name}: Teile, die von dort kommen, kamen nicht an.',
    'clock skew': '{name}: Teile scheinen etwa {seconds} s vor ihrem Abgang anzukommen; die Uhren der Stationen gehen verschieden. Nicht betrachtet.',
    'counter reset': '{name}: Ein Zähler begann neu oder wurde eine Weile nicht gelesen; Teile dieser Zeit sind ausgelassen.',
    'no counter': '{name}: Schlechte Teile werden nicht gezählt, also lässt sich nichts sagen. Die Zähler in twin-line eintragen.',
    loop: '{name}: Stationen speisen sich im Kreis; was dort vor was kommt, lässt sich nicht sagen.',
    since: '{name}: Zu den schlechten Teilen seit diesem Zeitpunkt allein passt nichts; betrachtet wurden alle der Zeit.',
    'buffer full': '{name}: Der Puffer danach ist voll, Teile gehen also, wenn die nächste Station eines nimmt; wie lange sie dann brauchen, ist nicht bekannt. Plätze oder Sekunden eintragen.',
    'way varies': '{name}: Wie lange Teile von dort brauchen, änderte sich zwischendurch, also nicht betrachtet. Die Sekunden eintragen.',
    'way between': '{name}: Teile brauchten von dort {from} bis {to} s; betrachtet wie bei {seconds} s.',
    'too many parts': '{name}: Betrachtet wurden die neuesten 6.000 Teile.',
  },
};

export function causeNotes(notes: CauseResult['notes'], nameOf: (key: string) => string, language: Language): string[] {
  const whole = (value = 0): string => formatNumber(Math.round(value), language);
  return notes.map(({ code, station, seconds, from, to }) => noteTexts[language][code]
    .replace('{from}', whole(from)).replace('{to}', whole(to)).replace('{seconds}', whole(seconds)).replace('{name}', () => nameOf(station)));
}

export function causeAnswerSentence(about: CauseAbout, stationName: string, answer: Parameters<typeof causeSentence>[0], names: CauseNames, language: Language): string {
  return causeSentence(answer, names, language, { about, station: stationName });
}

/** A short line for a status: "Sealer: jaw temperature low, 71 %". */
export function causeInShort({ verdict, bad, fewestBad, conditions }: CauseAnswer, language: Language): string {
  const de = language === 'de';
  const [first] = conditions;
  if (verdict === 'not enough data') return de ? `${bad} von ${fewestBad} nötigen` : `${bad} of ${fewestBad} needed`;
  if (first === undefined) return de ? 'nichts davon' : 'none of these';
  const way = de ? (first.direction === 'low' ? 'zu tief' : 'zu hoch') : first.direction;
  return `${first.stationName}: ${first.label} ${way}, ${Math.round(100 * first.share)} %`;
}
