import type { Condition, RootCauseAnswer } from './rootCause.ts';

export interface CauseNames {
  /** What people call the station and its property. */
  station(key: string): string;
  property(station: string, property: string): string;
  /** The time of day as the site writes it: "10:20". */
  clock(timeMs: number): string;
}

type Language = 'en-US' | 'de';

/** What the bad ones are: parts, or slices of time in which a stop of `station` began, its case was open, or it gave little. */
export interface CauseSubject {
  about: 'scrap' | 'stops' | 'case' | 'slow';
  station: string;
}

interface Words {
  /** "71 % of the scrap" */
  whole: string;
  bad: string;
  /** Behind the number of good ones that are off, and by itself. */
  good: string;
  goods: string;
}

function wordsOf({ about, station }: CauseSubject, de: boolean): Words {
  if (about === 'stops') {
    return de
      ? { whole: `der Stillstände von ${station}`, bad: 'Stillständen', good: 'Abschnitten ohne', goods: 'Abschnitte ohne Stillstand' }
      : { whole: `of the stops of ${station}`, bad: 'stops', good: 'stretches without', goods: 'stretches without a stop' };
  }
  if (about === 'case') {
    return de
      ? { whole: `der Zeit mit Fall an ${station}`, bad: 'Abschnitten mit Fall', good: 'Abschnitten ohne', goods: 'Abschnitte ohne Fall' }
      : { whole: `of the time with a case at ${station}`, bad: 'stretches with it', good: 'without', goods: 'stretches without it' };
  }
  if (about === 'slow') {
    return de
      ? { whole: `der langsamen Zeit von ${station}`, bad: 'langsamen Abschnitten', good: 'anderen', goods: 'andere Abschnitte' }
      : { whole: `of the slow time of ${station}`, bad: 'slow stretches', good: 'others', goods: 'other stretches' };
  }
  return de
    ? { whole: 'des Ausschusses', bad: 'schlechten Teilen', good: 'guten', goods: 'gute Teile' } : { whole: 'of the scrap', bad: 'bad parts', good: 'good', goods: 'good parts' };
}

/** As the subject of a sentence rather than after a preposition. */
function badOnes({ about }: CauseSubject, bad: string, de: boolean): string {
  if (!de) return bad;
  return { scrap: 'schlechte Teile', stops: 'Stillstände', case: 'Abschnitte mit Fall', slow: 'langsame Abschnitte' }[about];
}

/**
 * The answer as people say it: "Sealing station: 71 % of the scrap since 10:20 goes with jaw temperature 4–7 °C low (182 of 256 bad parts, 9 of
 * 3,100 good). Second: filler, 12 %." It goes with; nobody says that it causes.
 */
export function causeSentence(answer: RootCauseAnswer, names: CauseNames, language: Language, subject: CauseSubject = { about: 'scrap', station: '' }): string {
  const de = language === 'de';
  const words = wordsOf(subject, de);
  const number = (value: number): string => grouped(value, de);
  const since = answer.sinceMs === undefined ? '' : `${de ? ' seit ' : ' since '}${names.clock(answer.sinceMs)}`;
  if (answer.verdict === 'not enough data') {
    const few = answer.bad < answer.fewestBad;
    const [found, needs, what] = few ? [answer.bad, answer.fewestBad, badOnes(subject, words.bad, de)] : [answer.good, answer.fewestGood, words.goods];
    return de ? `Zu wenig Daten: ${number(found)} ${what}, nötig sind ${number(needs)}.` : `Not enough data: ${number(found)} ${what}, needs ${number(needs)}.`;
  }
  const [first, second] = answer.conditions;
  if (first === undefined) {
    return de
      ? `Nichts davon: Zu den ${number(answer.bad)} ${words.bad}${since} passt nichts, was gemessen wird.`
      : `None of these: nothing that is measured goes with the ${number(answer.bad)} ${words.bad}${since}.`;
  }
  const share = (condition: Condition): string => `${Math.round(100 * condition.share)} %`;
  const off = offOf(first, de);
  const property = names.property(first.station, first.property);
  const where = names.station(first.station);
  const counts = de
    ? `${number(first.badWith)} von ${number(answer.bad)} ${words.bad}, ${number(first.goodWith)} von ${number(answer.good)} ${words.good}`
    : `${number(first.badWith)} of ${number(answer.bad)} ${words.bad}, ${number(first.goodWith)} of ${number(answer.good)} ${words.good}`;
  const sentence = de
    ? `${where}: ${share(first)} ${words.whole}${since} geht einher mit ${property} ${off} (${counts}).`
    : `${where}: ${share(first)} ${words.whole}${since} ${subject.about === 'stops' ? 'go' : 'goes'} with ${property} ${off} (${counts}).`;
  if (second === undefined) return sentence;
  return `${sentence} ${de ? 'Danach' : 'Second'}: ${names.station(second.station)}, ${share(second)}.`;
}

/** "4–7 °C low"; one number where both ends read the same. */
function offOf({ fromOff, toOff, unit, direction }: Condition, de: boolean): string {
  const digits = toOff >= 10 ? 0 : toOff >= 1 ? 1 : 3;
  const text = (value: number): string => {
    const short = String(Number(value.toFixed(digits)));
    return de ? short.replace('.', ',') : short;
  };
  const range = text(fromOff) === text(toOff) ? text(toOff) : `${text(fromOff)}–${text(toOff)}`;
  const way = de ? (direction === 'low' ? 'zu tief' : 'zu hoch') : direction;
  return `${range}${unit === '' ? '' : ` ${unit}`} ${way}`;
}

function grouped(value: number, de: boolean): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, de ? '.' : ',');
}
