/**
 * How devices write units, and the UCUM code of each (The Unified Code for Units of Measure, 2.1). The codes of two or three capitals are
 * those of UNECE Recommendation 20, which OPC UA's EUInformation carries.
 */
const codes: ReadonlyMap<string, string> = new Map(
  (
    [
      ['Cel', '°c', 'degc', 'deg c', 'c', 'celsius', 'gradc', 'grad c', 'cel'],
      ['[degF]', '°f', 'degf', 'f', 'fahrenheit', 'fah', '[degf]'],
      ['K', 'k', 'kelvin', 'kel'],
      ['bar', 'bar'],
      ['mbar', 'mbar', 'mbr'],
      ['Pa', 'pa', 'pal'],
      ['kPa', 'kpa'],
      ['MPa', 'mpa'],
      ['[psi]', 'psi', '[psi]', 'ps'],
      ['A', 'a', 'amp', 'ampere'],
      ['mA', 'ma', '4k'],
      ['V', 'v', 'volt', 'vlt'],
      ['mV', 'mv', '2z'],
      ['W', 'w', 'watt', 'wtt'],
      ['kW', 'kw', 'kwt'],
      ['kW.h', 'kwh', 'kw.h', 'kw·h'],
      ['/min', 'rpm', '1/min', '/min', 'u/min', 'min-1', 'min⁻¹', 'min^-1', 'r/min', '{rpm}'],
      ['Hz', 'hz', 'htz'],
      ['mm/s', 'mm/s', 'mmps', 'c16'],
      ['m/s', 'm/s', 'mps', 'mts'],
      ['m/min', 'm/min', '2x'],
      ['mm', 'mm', 'mmt'],
      ['um', 'um', 'µm', 'μm', '4h'],
      ['m', 'm', 'mtr'],
      ['kg', 'kg', 'kgm'],
      ['g', 'g', 'grm'],
      ['s', 's', 'sec'],
      ['ms', 'ms', 'msec', 'c26'],
      ['min', 'min'],
      ['h', 'h', 'hur', 'hrs'],
      ['N', 'n', 'new'],
      ['kN', 'kn', 'b47'],
      ['N.m', 'nm', 'n.m', 'n·m', 'n m', 'nu'],
      ['l/min', 'l/min', 'lpm', 'l2'],
      ['m3/h', 'm3/h', 'm³/h', 'mqh'],
      ['l', 'l', 'ltr'],
      ['%', '%', 'pct', 'percent', 'p1'],
      ['deg', '°', 'deg', 'dd'],
    ] as const
  ).flatMap(([code, ...written]) => written.map((text) => [text, code] as [string, string])),
);

/** At the end of a name, only these say a unit: `_min` may be the smallest value, `_A` and `_V` parts of a machine. */
const suffixes: ReadonlySet<string> = new Set([
  'degc', 'celsius', 'degf', 'bar', 'mbar', 'kpa', 'mpa', 'psi', 'ampere', 'amp', 'volt', 'kw', 'watt', 'kwh', 'rpm', 'hz', 'mmps', 'mps', 'mm',
  'kg', 'nm', 'kn', 'lpm', 'pct', 'percent', 'ma', 'mv', 'msec',
]);

/** The UCUM code of a unit as a device writes it. An unknown one is kept where it is short and plain; else ''. */
export function unitCode(written: string): string {
  const text = written.trim().replace(/^\[(.*)\]$/, '$1');
  if (text === '') return '';
  const known = codes.get(written.trim().toLowerCase()) ?? codes.get(text.toLowerCase());
  if (known !== undefined) return known;
  return /^[\p{L}\d%./·*^²³{}[\]-]{1,20}$/u.test(text) ? text : '';
}

/** A unit that a name says: `Temp_degC`, `Pressure [bar]`, `Druck (bar)`. */
export function unitInName(name: string): { name: string; unit: string } | undefined {
  const bracketed = /^(.*?\S)\s*[[(]([^[\]()]{1,12})[\])]$/su.exec(name);
  const inBrackets = bracketed === null ? undefined : codes.get((bracketed[2] as string).trim().toLowerCase());
  if (bracketed !== null && inBrackets !== undefined) return { name: bracketed[1] as string, unit: inBrackets };
  const ended = /^(.*[^\s_-])[\s_-]+([\p{L}%]{1,8})$/su.exec(name);
  const word = (ended?.[2] ?? '').toLowerCase();
  const unit = suffixes.has(word) ? codes.get(word) : undefined;
  return ended === null || unit === undefined ? undefined : { name: ended[1] as string, unit };
}
