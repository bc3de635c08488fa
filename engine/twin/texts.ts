import { formatNumber } from './numberText.ts';

export type Language = 'en-US' | 'de';

export type TextValues = Readonly<Record<string, string | number>>;

/** Sentences of twin-asset's events, one per language under a stable key. {name} stands for a value. */
const sentences = {
  'limit.highHigh': {
    'en-US': '{label} is {value}: at or above its highest limit of {limit}.',
    de: '{label}: {value}, oberster Grenzwert {limit} erreicht oder überschritten.',
  },
  'limit.high': {
    'en-US': '{label} is {value}: at or above its high limit of {limit}.',
    de: '{label}: {value}, oberer Grenzwert {limit} erreicht oder überschritten.',
  },
  'limit.low': {
    'en-US': '{label} is {value}: at or below its low limit of {limit}.',
    de: '{label}: {value}, unterer Grenzwert {limit} erreicht oder unterschritten.',
  },
  'limit.lowLow': {
    'en-US': '{label} is {value}: at or below its lowest limit of {limit}.',
    de: '{label}: {value}, unterster Grenzwert {limit} erreicht oder unterschritten.',
  },
  'limit.back': {
    'en-US': '{label} is {value}: back within its limit of {limit}.',
    de: '{label}: {value}, wieder innerhalb des Grenzwerts {limit}.',
  },
  'stale.machine': {
    'en-US': 'Nothing has come from {machine} for {age}: its values are no longer current.',
    de: 'Seit {age} kommt nichts von {machine}: die Werte sind nicht mehr aktuell.',
  },
  'stale.down': {
    'en-US': 'The source of {machine} reports that it is gone: the values are no longer current.',
    de: 'Die Quelle von {machine} meldet sich ab: die Werte sind nicht mehr aktuell.',
  },
  'stale.property': {
    'en-US': '{label} has not come for {age}: its value is no longer current.',
    de: '{label} kommt seit {age} nicht mehr: der Wert ist nicht mehr aktuell.',
  },
  'fresh.machine': {
    'en-US': '{machine} sends values again after {age}.',
    de: '{machine} liefert nach {age} wieder Werte.',
  },
  'fresh.property': {
    'en-US': '{label} comes again.',
    de: '{label} kommt wieder.',
  },
  gap: {
    'en-US': 'No values from {from} to {to} ({age}): nothing is computed across this gap.',
    de: 'Keine Werte von {from} bis {to} ({age}): über diese Lücke wird nichts gerechnet.',
  },
  state: {
    'en-US': '{machine} changed from {from} to {to}.',
    de: '{machine} wechselt von {from} zu {to}.',
  },
  'quality.changed': {
    'en-US': 'The quality of {label} changed from {from} to {to} ({reason}).',
    de: 'Die Qualität von {label} wechselt von {from} zu {to} ({reason}).',
  },
  'quality.many': {
    'en-US': 'The quality of {count} values changed to {to}: {names} …',
    de: 'Die Qualität von {count} Werten wechselt zu {to}: {names} …',
  },
  'quality.unit': {
    'en-US': '{label} now comes in {to} instead of {from}. Was the unit changed? Until then its values count as uncertain.',
    de: '{label} kommt jetzt in {to} statt in {from}. Wurde die Einheit geändert? Bis dahin gelten die Werte als unsicher.',
  },
  'unit.looks': {
    'en-US': '{label} reads {value} as if its unit had changed ({conversion}); {expected} is usual. Was it changed? Until this is answered it is neither judged nor learned.',
    de: '{label} zeigt {value}, als hätte sich die Einheit geändert ({conversion}); üblich ist {expected}. Wurde sie geändert? Bis zur Antwort wird es weder beurteilt noch gelernt.',
  },
  'unit.back': {
    'en-US': '{label} comes in its usual unit again.',
    de: '{label} kommt wieder in seiner üblichen Einheit.',
  },
  'unit.learned': {
    'en-US': '{label} is learned anew, as it comes now.',
    de: '{label} wird neu gelernt, so wie es jetzt kommt.',
  },
  'counter.rollover': {
    'en-US': '{label} rolled over at {modulus} and is counted on.',
    de: '{label} ist bei {modulus} übergelaufen und wird weitergezählt.',
  },
  'counter.reset': {
    'en-US': '{label} was reset: from {from} to {to}.',
    de: '{label} wurde zurückgesetzt: von {from} auf {to}.',
  },
  'clock.ahead': {
    'en-US': "The source's clock is {age} ahead of the site's.",
    de: 'Die Uhr der Quelle geht gegenüber der Anlage um {age} vor.',
  },
  'clock.behind': {
    'en-US': "The source's clock is {age} behind the site's.",
    de: 'Die Uhr der Quelle geht gegenüber der Anlage um {age} nach.',
  },
  'clock.right': {
    'en-US': "The source's clock agrees with the site's again.",
    de: 'Die Uhr der Quelle stimmt wieder mit der Anlage überein.',
  },
  'clock.quarantined': {
    'en-US': 'Values dated {time} lie {age} in the future and are set aside. Set the clock of the source.',
    de: 'Werte vom {time} liegen {age} in der Zukunft und werden nicht verwendet. Bitte die Uhr der Quelle stellen.',
  },
  'clock.refused': {
    'en-US': 'Values dated {time} are refused: that is no possible time. Set the clock of the source.',
    de: 'Werte vom {time} werden abgewiesen: das ist keine mögliche Zeit. Bitte die Uhr der Quelle stellen.',
  },
  'unmapped.one': {
    'en-US': '"{address}" belongs to no property of {machine}. Assign it in the node, or leave it out there.',
    de: '„{address}“ gehört zu keiner Eigenschaft von {machine}. Bitte im Node zuordnen oder dort weglassen.',
  },
  'unmapped.many': {
    'en-US': '{count} addresses belong to no property of {machine}: {names} … Assign them in the node, or leave them out there.',
    de: '{count} Adressen gehören zu keiner Eigenschaft von {machine}: {names} … Bitte im Node zuordnen oder dort weglassen.',
  },
} as const satisfies Record<string, Record<Language, string>>;

export type TextCode = keyof typeof sentences;

/** Every sentence's key, for the test that walks them. */
export const textCodes = Object.keys(sentences) as TextCode[];

const words: Record<Language, ReadonlyMap<string, string>> = {
  'en-US': new Map([
    ['bad', 'bad'],
    ['good', 'good'],
    ['uncertain', 'uncertain'],
    ['not-a-number', 'not a number'],
    ['not-a-value', 'not a value'],
    ['out-of-range', "outside the instrument's range"],
    ['too-fast', 'changed faster than is possible'],
    ['unit-changed', 'the unit changed'],
    ['too-long', 'text too long'],
    ['source', 'said by the source'],
    ['none', 'none'],
  ]),
  de: new Map([
    ['bad', 'schlecht'],
    ['good', 'gut'],
    ['uncertain', 'unsicher'],
    ['not-a-number', 'keine Zahl'],
    ['not-a-value', 'kein Wert'],
    ['out-of-range', 'außerhalb des Messbereichs'],
    ['too-fast', 'schneller geändert als möglich'],
    ['unit-changed', 'die Einheit hat sich geändert'],
    ['too-long', 'Text zu lang'],
    ['source', 'von der Quelle gemeldet'],
    ['none', 'keine'],
  ]),
};

/** A word of ours in the reader's language; other words as they are. */
export function wordText(word: string, language: Language): string {
  return words[language].get(word) ?? word;
}

/** The sentence of an event. Numbers among the values are localised; texts are put in as they are, shortened to 120 characters. */
export function eventText(code: TextCode, values: TextValues, language: Language): string {
  return sentences[code][language].replace(/\{(\w+)\}/g, (whole, name: string) => {
    if (!Object.hasOwn(values, name)) return whole;
    const value = values[name] as string | number;
    if (typeof value === 'number') return formatNumber(value, language);
    return value.length > 120 ? `${value.slice(0, 119)}…` : value;
  });
}
