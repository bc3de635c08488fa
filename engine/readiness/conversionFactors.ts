/** A way in which a value is given in another unit or scale: value × factor + offset. */
export interface Conversion {
  /** For people: "°C → °F", "× 10". */
  text: string;
  /** UCUM codes that it starts from; empty: any unit. */
  from: readonly string[];
  factor: number;
  offset: number;
}

const pairs: readonly (readonly [from: readonly string[], text: string, factor: number, offset: number])[] = [
  [['Cel'], '°C → °F', 1.8, 32],
  [['Cel'], '°C → K', 1, 273.15],
  [['[degF]'], '°F → °C', 1 / 1.8, -32 / 1.8],
  [['K'], 'K → °C', 1, -273.15],
  [['bar'], 'bar → psi', 14.503_774, 0],
  [['bar'], 'bar → kPa', 100, 0],
  [['bar'], 'bar → MPa', 0.1, 0],
  [['kPa'], 'kPa → psi', 0.145_037_74, 0],
  [['[psi]'], 'psi → bar', 0.068_947_573, 0],
  [['[psi]'], 'psi → kPa', 6.894_757_3, 0],
  [['mm/s'], 'mm/s → in/s', 1 / 25.4, 0],
  [['[in_i]/s'], 'in/s → mm/s', 25.4, 0],
  [['mm', 'cm', 'm'], 'mm → in', 1 / 25.4, 0],
  [['m/s'], 'm/s → km/h', 3.6, 0],
  [['kW'], 'kW → hp', 1.341_022, 0],
  [['L', 'l', 'L/min', 'l/min', 'm3/h'], 'l → gal', 0.264_172, 0],
  [['/min', '{rpm}'], '1/min → 1/s', 1 / 60, 0],
  [['/s', 'Hz'], '1/s → 1/min', 60, 0],
  [['h', 'min', 's'], 'h → min', 60, 0],
];

const scales: readonly Conversion[] = [10, 100, 1000, 0.1, 0.01, 0.001].map((factor) => ({
  text: factor > 1 ? `× ${factor}` : `÷ ${Math.round(1 / factor)}`,
  from: [],
  factor,
  offset: 0,
}));

/** The named conversions of a unit first, then shifts of the decimal point, which befall every unit. Without a unit all are possible. */
export function conversionsOf(unit: string): Conversion[] {
  const named = pairs.filter(([from]) => unit === '' || from.includes(unit));
  return [...named.map(([from, text, factor, offset]) => ({ text, from, factor, offset })), ...scales];
}
