import type { Condition, RootCauseAnswer } from './rootCause.ts';

export interface CauseNames {
  /** What people call the station and its property. */
  station(key: string): string;
  property(station: string, property: string): string;
  /** The time of day as the site writes it: "10:20". */
  clock(timeMs: number): string;
}

type Language = 'en-US' | 'de';

/**
 * The answer as people say it: "Sealing station: 71 % of the scrap since 10:20 goes with jaw temperature 4–7 °C low (182 of 256 bad parts, 9 of
 * 3,100 good). Second: filler, 12 %." It goes with; nobody says that it causes.
 */
export function causeSentence(answer: RootCauseAnswer, names: CauseNames, language: Language): string {
  const de = language === 'de';
  const number = (value: number): string => grouped(value, de);
  const since = answer.sinceMs === undefined ? '' : `${de ? ' seit ' : ' since '}${names.clock(answer.sinceMs)}`;
  if (answer.verdict === 'not enough data') {
    if (answer.bad < answer.fewestBad) {
      return de
        ? `Zu wenig Daten: ${number(answer.bad)} schlechte Teile, nötig sind ${number(answer.fewestBad)}.`
        : `Not enough data: ${number(answer.bad)} bad parts, needs ${number(answer.fewestBad)}.`;
    }
    return de
      ? `Zu wenig Daten: ${number(answer.good)} gute Teile, nötig sind ${number(answer.fewestGood)}.`
      : `Not enough data: ${number(answer.good)} good parts, needs ${number(answer.fewestGood)}.`;
  }
  const [first, second] = answer.conditions;
  if (first === undefined) {
    return de
      ? `Nichts davon: Zu den ${number(answer.bad)} schlechten Teilen${since} passt nichts, was gemessen wird.`
      : `None of these: nothing that is measured goes with the ${number(answer.bad)} bad parts${since}.`;
  }
  const share = (condition: Condition): string => `${Math.round(100 * condition.share)} %`;
  const off = offOf(first, de);
  const property = names.property(first.station, first.property);
  const where = names.station(first.station);
  const counts = de
    ? `${number(first.badWith)} von ${number(answer.bad)} schlechten Teilen, ${number(first.goodWith)} von ${number(answer.good)} guten`
    : `${number(first.badWith)} of ${number(answer.bad)} bad parts, ${number(first.goodWith)} of ${number(answer.good)} good`;
  const sentence = de
    ? `${where}: ${share(first)} des Ausschusses${since} geht einher mit ${property} ${off} (${counts}).`
    : `${where}: ${share(first)} of the scrap${since} goes with ${property} ${off} (${counts}).`;
  if (second === undefined) return sentence;
  return `${sentence} ${de ? 'Danach' : 'Second'}: ${names.station(second.station)}, ${share(second)}.`;
}

/** "4–7 °C low"; one number where both ends read the same. */
function offOf({ fromOff, toOff, unit, direction }: Condition, de: boolean): string {
  const digits = toOff >= 100 ? 0 : toOff >= 10 ? 0 : toOff >= 1 ? 1 : 3;
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
