/** What is known of a property when an address is to be matched with it. */
export interface PropertyHint {
  name: string;
  label?: string;
  /** UCUM code. */
  unit?: string;
}

export interface MappingProposal {
  property: string;
  unit: string;
  /** 0–1. From 0.5 on it is worth to be preselected. */
  confidence: number;
}

/** Different words of the trade, English and German, written out or as tags abbreviate them, for the same thing. */
const sameThing: readonly (readonly string[])[] = [
  ['temperature', 'temperatur', 'temp', 'tmp', 'tt', 'ti', 'celsius'],
  ['pressure', 'druck', 'press', 'prs', 'pt', 'pi', 'bar'],
  ['current', 'strom', 'cur', 'curr', 'amps', 'ampere', 'amp', 'stromaufnahme'],
  ['voltage', 'spannung', 'volt', 'volts'],
  ['power', 'leistung', 'pwr', 'watt', 'kw'],
  ['energy', 'energie', 'kwh'],
  ['speed', 'geschwindigkeit', 'spd', 'velocity', 'tempo', 'drehzahl', 'rpm', 'rotation', 'revolutions', 'umdrehungen'],
  ['vibration', 'schwingung', 'vib', 'vibr', 'rms', 'schwinggeschwindigkeit'],
  ['torque', 'drehmoment', 'moment', 'trq'],
  ['position', 'pos', 'lage', 'weg'],
  ['level', 'fuellstand', 'lvl', 'niveau', 'lt'],
  ['flow', 'durchfluss', 'volumenstrom', 'ft'],
  ['force', 'kraft'],
  ['humidity', 'feuchte', 'feuchtigkeit', 'hum'],
  ['cycles', 'cycle', 'zyklen', 'zyklus', 'takte', 'takt', 'count', 'counter', 'cnt', 'zaehler', 'stueck', 'pieces', 'parts'],
  ['hours', 'stunden', 'hrs', 'betriebsstunden', 'runtime', 'laufzeit', 'operatinghours'],
  ['state', 'status', 'zustand', 'mode', 'betriebsart', 'modus', 'betriebszustand'],
  ['setpoint', 'sollwert', 'soll', 'sp', 'target', 'setp'],
  ['actual', 'istwert', 'ist', 'pv', 'value', 'wert'],
  ['motor', 'mot', 'antrieb', 'drive'],
  ['bearing', 'lager'],
  ['product', 'produkt', 'recipe', 'rezept'],
];

const wordMeaning: ReadonlyMap<string, string> = new Map(
  sameThing.flatMap((words) => words.map((word) => [word, words[0] ?? word] as const)),
);

/** Words that say what kind of thing a unit measures. */
const unitMeaning: ReadonlyMap<string, string> = new Map([
  ['cel', 'temperature'], ['°c', 'temperature'], ['[degf]', 'temperature'], ['°f', 'temperature'], ['k', 'temperature'],
  ['bar', 'pressure'], ['mbar', 'pressure'], ['pa', 'pressure'], ['kpa', 'pressure'], ['mpa', 'pressure'], ['[psi]', 'pressure'],
  ['a', 'current'], ['ma', 'current'], ['v', 'voltage'], ['mv', 'voltage'], ['w', 'power'], ['kw', 'power'], ['kw.h', 'energy'],
  ['mm/s', 'vibration'], ['/min', 'speed'], ['m/min', 'speed'], ['m/s', 'speed'], ['n.m', 'torque'], ['n', 'force'], ['h', 'hours'],
  ['l/min', 'flow'], ['m3/h', 'flow'],
]);

/** Words that stand in nearly every address and tell nothing. */
const emptyWords: ReadonlySet<string> = new Set([
  'ns', 's', 'i', 'g', 'db', 'plc', 'opc', 'objects', 'tag', 'tags', 'data', 'value', 'actual', 'real', 'int', 'var', 'gvl', 'main', 'prg',
]);

/** `ns=2;s=Filler.MotorCurrent` → filler, motor, current. The last words come last and tell most. */
export function wordsOf(text: string): string[] {
  return text
    .normalize('NFC')
    .replace(/[äÄ]/g, 'ae').replace(/[öÖ]/g, 'oe').replace(/[üÜ]/g, 'ue').replace(/ß/g, 'ss')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .flatMap((word) => word.match(/[a-z]+|\d+/g) ?? [])
    .flatMap(parts)
    .filter((word) => word !== '');
}

/** German puts words together: `motorstrom` → motor, current. Only longer endings, for short ones end many words by chance. */
function parts(word: string): string[] {
  const meaning = wordMeaning.get(word);
  if (meaning !== undefined) return [meaning];
  for (let length = word.length - 2; length >= 5; length -= 1) {
    const ending = wordMeaning.get(word.slice(-length));
    if (ending !== undefined) return [wordMeaning.get(word.slice(0, -length)) ?? word.slice(0, -length), ending];
  }
  return [word];
}

/** What two neighbouring words mean as one: `Betriebs`, `Stunden` → hours. */
function joined(text: string): string[] {
  const plain = text.replace(/[^\p{L}]+/gu, ' ').replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().split(' ').filter((word) => word !== '');
  return plain.slice(1).flatMap((word, index) => wordMeaning.get(`${plain[index] ?? ''}${word}`) ?? []);
}

/** How alike two words are, 0–1: the same, one the beginning of the other, or an abbreviation that skips letters. */
function likeness(one: string, other: string): number {
  if (one === other) return 1;
  if (/^\d+$/.test(one) || /^\d+$/.test(other)) return 0;
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  if (short.length < 3) return 0;
  if (long.startsWith(short)) return 0.6 + (0.3 * short.length) / long.length;
  if (long.endsWith(short) && short.length >= 4) return 0.7;
  if (long[0] !== short[0]) return 0;
  let at = 0;
  for (const letter of long) if (letter === short[at]) at += 1;
  return at === short.length ? 0.4 + (0.3 * short.length) / long.length : 0;
}

/**
 * How sure it is, 0–1, that an address means a property: by the words of the property's name or label found in the
 * address (English or German, abbreviations, camelCase) and, where both are known, by the unit.
 */
export function mappingConfidence(address: string, property: PropertyHint, unit = ''): number {
  const inAddress = wordsOf(address);
  const telling = [...inAddress.filter((word) => !emptyWords.has(word) && !/^\d+$/.test(word)), ...joined(address)];
  let best = 0;
  const named = [property.name, property.label ?? ''];
  for (const words of [...named.map(wordsOf), ...named.map(joined)]) {
    const wanted = words.filter((word) => !emptyWords.has(word));
    if (wanted.length === 0) continue;
    // Found words, each by its likeness; a number in the name (`zone 2`) must stand in the address too.
    let found = 0;
    let last = 0;
    for (const word of wanted) {
      const candidates = /^\d+$/.test(word) ? inAddress : telling;
      let most = 0;
      for (const [index, candidate] of candidates.entries()) {
        const alike = likeness(word, candidate);
        if (alike > most) {
          most = alike;
          last = Math.max(last, index === candidates.length - 1 && alike > 0.5 ? 1 : 0);
        }
      }
      found += most;
    }
    const share = found / wanted.length;
    // The longer name that is found whole is the better guess: "motor current" goes before "current".
    const detail = Math.min(1, found / Math.max(1, Math.min(3, telling.length)));
    best = Math.max(best, share ** 2 * (0.7 + 0.15 * last + 0.15 * detail));
  }
  const given = unit.trim().toLowerCase();
  const own = (property.unit ?? '').trim().toLowerCase();
  if (given !== '' && own !== '') {
    const same = given === own || (unitMeaning.has(given) && unitMeaning.get(given) === unitMeaning.get(own));
    best = same ? Math.min(1, best + 0.25) : best * 0.5;
  }
  return Math.round(best * 100) / 100;
}

/** The likeliest property for one address; null where none is likely. Choose it for a single address; else `proposeMapping`. */
export function proposeProperty(address: string, properties: readonly PropertyHint[], unit = ''): MappingProposal | null {
  return proposeMapping([{ address, unit }], properties).get(address) ?? null;
}

/**
 * The likeliest property for each address, each property at most once: the surest pair first. Addresses without a likely
 * property are absent. Choose it rather than one by one where several addresses are known, for they compete.
 */
export function proposeMapping(
  addresses: readonly { address: string; unit?: string | undefined }[],
  properties: readonly PropertyHint[],
): Map<string, MappingProposal> {
  const pairs: { address: string; property: PropertyHint; confidence: number }[] = [];
  for (const { address, unit } of addresses) {
    for (const property of properties) {
      const confidence = mappingConfidence(address, property, unit);
      if (confidence >= 0.3) pairs.push({ address, property, confidence });
    }
  }
  pairs.sort((a, b) => b.confidence - a.confidence || compare(a.address, b.address) || compare(a.property.name, b.property.name));
  const proposals = new Map<string, MappingProposal>();
  const taken = new Set<string>();
  for (const { address, property, confidence } of pairs) {
    if (proposals.has(address) || taken.has(property.name)) continue;
    proposals.set(address, { property: property.name, unit: property.unit ?? '', confidence });
    taken.add(property.name);
  }
  return proposals;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
