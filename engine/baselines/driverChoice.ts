import { quantileOfSorted } from '../statistics/order.ts';
import type { ColumnInfo } from './index.ts';

export const mostDrivers = 3;

/** Words, in the languages of the first users, by which a machine's conditions are named. */
const conditionWords = new RegExp(
  '(^|[^a-z])(rpm|speed|load|torque|throughput|ambient|setpoint|drehzahl|geschwindigkeit|belastung|drehmoment|umgebung|vorschub|sollwert)',
  'i',
);

/**
 * Guesses under which conditions a machine runs. Setpoints come first. Without any: measured columns whose name says that
 * they are a condition, those first that go with most of the other columns (squared correlation over one half), as long as there are
 * others to explain. A correlation alone is never enough: of two columns that move together none is known to be the cause,
 * and a column taken for a driver by mistake would explain its own faults away.
 *
 * @param rows row after row, one number per column.
 * @returns at most three column numbers.
 */
export function guessDrivers(columns: readonly ColumnInfo[], rows: Float64Array, rowCount: number): number[] {
  const width = columns.length;
  const varies = columns.map((_, column) => {
    const { low, high } = spreadOf(rows, rowCount, width, column);
    return high > low;
  });
  const setpoints = columns.flatMap((column, index) => (column.kind === 'setpoint' ? [index] : []));
  if (setpoints.length > 0) {
    return [...setpoints.filter((index) => varies[index]), ...setpoints.filter((index) => !varies[index])].slice(0, mostDrivers);
  }
  const measured = columns.flatMap((column, index) => (column.kind === 'measured' ? [index] : []));
  const candidates = measured.filter((index) => conditionWords.test(columns[index]!.name.replace(/([a-z])([A-Z])/g, '$1 $2')));
  const others = measured.filter((index) => !candidates.includes(index));
  if (others.length === 0) return [];
  return candidates
    .map((index) => ({ index, explained: others.filter((other) => squaredCorrelation(rows, rowCount, width, index, other) > 0.5).length }))
    .sort((a, b) => b.explained - a.explained || a.index - b.index)
    .slice(0, mostDrivers)
    .map(({ index }) => index);
}

const speedWords = /(^|[^a-z])(rpm|speed|drehzahl|geschwindigkeit)/i;

/** The same drivers, a speed first: it is the one that may have resonances, and has a curve of its own. */
export function speedFirst(drivers: readonly number[], columns: readonly ColumnInfo[]): number[] {
  const isSpeed = (driver: number): boolean => speedWords.test(columns[driver]!.name.replace(/([a-z])([A-Z])/g, '$1 $2'));
  return [...drivers.filter(isSpeed), ...drivers.filter((driver) => !isSpeed(driver))];
}

/** Where nine tenths of a column's values lie. Both NaN when it has none. */
export function spreadOf(rows: Float64Array, rowCount: number, width: number, column: number): { low: number; middle: number; high: number } {
  const values: number[] = [];
  for (let row = 0; row < rowCount; row += 1) {
    const value = rows[row * width + column]!;
    if (!Number.isNaN(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  return { low: quantileOfSorted(values, 0.05), middle: quantileOfSorted(values, 0.5), high: quantileOfSorted(values, 0.95) };
}

function squaredCorrelation(rows: Float64Array, rowCount: number, width: number, one: number, other: number): number {
  let count = 0;
  let meanOne = 0;
  let meanOther = 0;
  let squaresOne = 0;
  let squaresOther = 0;
  let products = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const x = rows[row * width + one]!;
    const y = rows[row * width + other]!;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    count += 1;
    const beforeX = x - meanOne;
    const beforeY = y - meanOther;
    meanOne += beforeX / count;
    meanOther += beforeY / count;
    squaresOne += beforeX * (x - meanOne);
    squaresOther += beforeY * (y - meanOther);
    products += beforeX * (y - meanOther);
  }
  return count > 20 && squaresOne > 0 && squaresOther > 0 ? (products / squaresOne) * (products / squaresOther) : 0;
}
