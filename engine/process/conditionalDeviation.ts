import { medianInPlace } from '../statistics/order.ts';
import { solveRidge } from '../statistics/solveRidge.ts';

/** Of a column: its median and usual deviation. */
export interface Centre {
  centre: number;
  spread: number;
}

const leastRows = 60;
/** Beyond so many usual deviations a row does not take part in the second fit. */
const far = 4;

/**
 * What of a value its leaders do not account for: the rest of a ridge regression on the columns before it and on the group, in units of its
 * usual size. Fitted on good parts, twice, the second time without what lay far off, so that a fault does not teach that it is usual.
 * @param known centres of columns reckoned before, for a table in which columns lead several others; what is reckoned here is added
 * @returns NaN where a value or a leader is missing; all NaN below 60 rows or when the column does not vary
 */
export function conditionalDeviation(values: Float64Array, leaders: readonly Float64Array[], bad: Uint8Array, group: Int32Array, known = new Map<Float64Array, Centre>()): Float64Array {
  const rows = values.length;
  const groups = Math.max(0, ...new Set(group)) + 1;
  const size = 1 + leaders.length + (groups - 1);
  const knownCentre = (column: Float64Array): Centre => {
    let found = known.get(column);
    if (found === undefined) known.set(column, (found = centreOf(column)));
    return found;
  };
  const centres = leaders.map(knownCentre);
  const usable = new Uint8Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    usable[row] = Number.isFinite(values[row]!) ? 1 : 0;
    if (usable[row] === 1 && bad[row] === 0) count += 1;
  }
  const rest = new Float64Array(rows).fill(NaN);
  if (count < leastRows) return rest;
  const own = knownCentre(values);
  if (!(own.spread > 0)) return rest;
  const x = new Float64Array(size);
  const fill = (row: number): void => {
    x[0] = 1;
    for (const [index, leader] of leaders.entries()) {
      const { centre, spread } = centres[index]!;
      // A leader that is missing says nothing: it is taken as usual.
      const scaled = spread > 0 ? (leader[row]! - centre) / spread : 0;
      x[1 + index] = Number.isFinite(scaled) ? Math.max(-12, Math.min(12, scaled)) : 0;
    }
    for (let one = 1; one < groups; one += 1) x[leaders.length + one] = group[row] === one ? 1 : 0;
  };
  const weights = new Float64Array(size);
  const takesPart = Uint8Array.from(usable, (one, row) => (one === 1 && bad[row] === 0 ? 1 : 0));
  for (let round = 0; round < 2; round += 1) {
    const lower = new Float64Array((size * (size + 1)) / 2);
    const right = new Float64Array(size);
    for (let row = 0; row < rows; row += 1) {
      if (takesPart[row] === 0) continue;
      fill(row);
      const y = (values[row]! - own.centre) / own.spread;
      for (let one = 0, place = 0; one < size; one += 1) {
        right[one]! += x[one]! * y;
        for (let other = 0; other <= one; other += 1, place += 1) lower[place]! += x[one]! * x[other]!;
      }
    }
    if (!solveRidge(lower, 0, right, 0, size, 1e-3, weights, 0)) return rest;
    for (let row = 0; row < rows; row += 1) {
      if (usable[row] === 0) continue;
      fill(row);
      let expected = 0;
      for (let one = 0; one < size; one += 1) expected += weights[one]! * x[one]!;
      rest[row] = (values[row]! - own.centre) / own.spread - expected;
    }
    const { centre, spread } = centreOf(rest);
    if (!(spread > 0)) return rest.fill(NaN);
    for (let row = 0; row < rows; row += 1) {
      rest[row] = (rest[row]! - centre) / spread;
      if (Math.abs(rest[row]!) > far) takesPart[row] = 0;
    }
  }
  return rest;
}

/**
 * Median and usual deviation (1.4826 × median absolute deviation; without one, half of the middle 90 % ÷ 1.645; without that too, as of a contact that is
 * hardly ever off, the standard deviation).
 */
function centreOf(numbers: Float64Array): Centre {
  const finite = numbers.filter((number) => Number.isFinite(number));
  const centre = medianInPlace(finite.slice());
  const away = finite.map((number) => Math.abs(number - centre));
  const spread = 1.4826 * medianInPlace(away);
  if (spread > 0) return { centre, spread };
  const most = away.sort()[Math.floor(0.9 * away.length)] ?? NaN;
  return { centre, spread: most > 0 ? most / 1.645 : Math.sqrt(away.reduce((sum, distance) => sum + distance ** 2, 0) / away.length) };
}
