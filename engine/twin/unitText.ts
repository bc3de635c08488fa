import { formatNumber } from './numberText.ts';

/** How UCUM codes (The Unified Code for Units of Measure, 2.1) are shown. Others are shown as they are, with ² ³ · put in. */
const shown: ReadonlyMap<string, string> = new Map([
  ['Cel', '°C'],
  ['[degF]', '°F'],
  ['Ohm', 'Ω'],
  ['um', 'µm'],
  ['um/s', 'µm/s'],
  ['us', 'µs'],
  ['uA', 'µA'],
  ['uV', 'µV'],
  ['/min', '1/min'],
  ['/s', '1/s'],
  ['/h', '1/h'],
  ['{rpm}', '1/min'],
  ['[psi]', 'psi'],
  ['[in_i]', 'in'],
  ['[ft_i]', 'ft'],
  ['[gal_us]', 'gal'],
  ['deg', '°'],
  ['1', ''],
  ['{count}', ''],
  ['{pcs}', 'pcs'],
]);
const shownInGerman: ReadonlyMap<string, string> = new Map([
  ['{pcs}', 'Stück'],
  ['d', 'Tage'],
]);

/** A UCUM code for people: `Cel` → `°C`. */
export function displayUnit(unit: string, language: string): string {
  const local = language.startsWith('de') ? shownInGerman.get(unit) : undefined;
  return local ?? shown.get(unit) ?? unit.replace(/([a-zA-Z])2\b/g, '$1²').replace(/([a-zA-Z])3\b/g, '$1³').replace(/\./g, '·');
}

/** `61.4 °C`, in German `61,4 °C`. */
export function formatQuantity(value: number, unit: string, language: string): string {
  const text = displayUnit(unit, language);
  return text === '' ? formatNumber(value, language) : `${formatNumber(value, language)} ${text}`;
}
