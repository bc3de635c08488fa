/** New value = scale · value + offset. */
export interface UnitConversion {
  scale: number;
  offset: number;
}

/** UCUM codes (The Unified Code for Units of Measure, 2.1) with what makes them the first one of their quantity: scale, and for temperatures offset. */
const quantities: readonly Readonly<Record<string, readonly [number, number?]>>[] = [
  { K: [1], Cel: [1, 273.15], '[degF]': [5 / 9, 459.67 * (5 / 9)] },
  {
    Pa: [1], hPa: [100], kPa: [1e3], MPa: [1e6], bar: [1e5], mbar: [100], '[psi]': [6894.757293168361], 'mm[Hg]': [133.322387415],
    atm: [101_325], 'm[H2O]': [9806.65],
  },
  { m: [1], um: [1e-6], mm: [1e-3], cm: [1e-2], km: [1e3], '[in_i]': [0.0254], '[ft_i]': [0.3048] },
  {
    'm/s': [1], 'um/s': [1e-6], 'mm/s': [1e-3], 'cm/s': [1e-2], 'm/min': [1 / 60], 'mm/min': [1e-3 / 60], 'km/h': [1 / 3.6], '[in_i]/s': [0.0254],
    '[ft_i]/min': [0.3048 / 60], '[ft_i]/s': [0.3048],
  },
  { 'm/s2': [1], 'mm/s2': [1e-3], '[g]': [9.80665] },
  { W: [1], mW: [1e-3], kW: [1e3], MW: [1e6], '[HP]': [745.6998715822702] },
  { J: [1], kJ: [1e3], MJ: [1e6], 'W.h': [3600], 'kW.h': [3.6e6], 'MW.h': [3.6e9] },
  { A: [1], uA: [1e-6], mA: [1e-3], kA: [1e3] },
  { V: [1], uV: [1e-6], mV: [1e-3], kV: [1e3] },
  { Ohm: [1], mOhm: [1e-3], kOhm: [1e3], MOhm: [1e6] },
  { kg: [1], mg: [1e-6], g: [1e-3], t: [1e3], '[lb_av]': [0.45359237] },
  { s: [1], us: [1e-6], ms: [1e-3], min: [60], h: [3600], d: [86_400] },
  { Hz: [1], kHz: [1e3], '/s': [1], '/min': [1 / 60], '{rpm}': [1 / 60], '/h': [1 / 3600] },
  { N: [1], mN: [1e-3], kN: [1e3], '[lbf_av]': [4.4482216152605] },
  { 'N.m': [1], 'N.mm': [1e-3], 'kN.m': [1e3] },
  { l: [1], ml: [1e-3], mL: [1e-3], L: [1], m3: [1e3], cm3: [1e-3], '[gal_us]': [3.785411784] },
  {
    'l/s': [1], 'l/min': [1 / 60], 'L/min': [1 / 60], 'l/h': [1 / 3600], 'm3/s': [1e3], 'm3/min': [1e3 / 60], 'm3/h': [1 / 3.6],
    '[gal_us]/min': [3.785411784 / 60],
  },
  { 'kg/s': [1], 'kg/min': [1 / 60], 'kg/h': [1 / 3600], 't/h': [1 / 3.6], 'g/s': [1e-3] },
  { '1': [1], '%': [1e-2], '[ppm]': [1e-6] },
];

/** How values in one unit become values in another one; undefined where they measure different things, or one is not known here. */
export function unitConversion(from: string, to: string): UnitConversion | undefined {
  for (const units of quantities) {
    if (!Object.hasOwn(units, from) || !Object.hasOwn(units, to)) continue;
    const [fromScale, fromOffset = 0] = units[from]!;
    const [toScale, toOffset = 0] = units[to]!;
    return { scale: fromScale / toScale, offset: (fromOffset - toOffset) / toScale };
  }
  return undefined;
}
