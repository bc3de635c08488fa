import type { FoundSignal, ProposedProperty } from '../../contract/discovery.ts';

const states = new Set(['state', 'status', 'mode', 'zustand', 'betriebsart', 'modus', 'program', 'programm', 'recipe', 'rezept']);
const counters = new Set([
  'count', 'counter', 'counts', 'cnt', 'cycles', 'parts', 'pieces', 'total', 'produced', 'zaehler', 'zyklen', 'takte', 'stueck', 'stueckzahl',
  'hours', 'stunden', 'betriebsstunden', 'energy', 'energie', 'good', 'scrap', 'rejects', 'gutteile', 'ausschuss',
]);
/** These count on in whole numbers only; as a fraction they are a measured share of something. */
const wholeOnly = new Set(['good', 'scrap', 'rejects', 'parts', 'pieces', 'total']);
const setpoints = new Set(['setpoint', 'sollwert', 'soll', 'sp', 'target', 'setvalue']);

/**
 * What kind of property a signal is, by its data type first and then by the words of its name. A number that nothing else
 * is said of is measured.
 */
export function signalKind(signal: FoundSignal, words: readonly string[]): ProposedProperty['kind'] {
  const type = signal.dataType ?? '';
  if (['Boolean', 'String', 'LocalizedText', 'Enumeration'].includes(type)) return 'state';
  const isWhole = /^(?:U?Int(?:16|32|64)|S?Byte|U?Integer)$/.test(type);
  const last = words.filter((word) => !/^\d+$/.test(word)).slice(-2);
  if (last.some((word) => setpoints.has(word))) return 'setpoint';
  if (last.some((word) => counters.has(word) && (isWhole || !wholeOnly.has(word)))) return 'counter';
  if ((isWhole || type === '') && last.some((word) => states.has(word))) return 'state';
  return 'measured';
}

/** Types that hold no single value that a twin can show. */
export function isValueType(dataType: string | undefined): boolean {
  return dataType === undefined || /^(?:Boolean|S?Byte|U?Int(?:16|32|64)|U?Integer|Number|Float|Double|Decimal|String|LocalizedText|Enumeration)$/.test(dataType);
}

/** Numbers compare with numbers only; whether of 16 or 32 bits is a machine's own affair. */
export function typeClass(dataType: string | undefined): string {
  if (dataType === undefined) return '';
  if (dataType === 'Boolean') return 'b';
  return dataType === 'String' || dataType === 'LocalizedText' ? 's' : 'n';
}
