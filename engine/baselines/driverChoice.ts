import { quantileOfSorted } from '../statistics/order.ts';
import type { ColumnInfo } from './index.ts';

export const mostDrivers = 3;

/** Words, in the languages of the first users, by which machines' conditions are named. */
const conditionWords =
  /(^|[^a-z])(rpm|speed|velocity|load|torque|throughput|feed|ambient|setpoint|drehzahl|geschwindigkeit|last|drehmoment|umgebung|vorschub|sollwert)/i;

/**
 * Guesses under which conditions a machine runs. Setpoints come first. Without any: measured columns whose name says that
 * they are a condition and that go with at least a quarter of the other columns (squared correlation over one half).
 * A correlation alone is never enough: of two columns that move together none is known to be the cause, and a column
 * taken for a driver by mistake would explain its own faults away.
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
  const measured = columns.flatMap((column, index) => (column.kind === 'measured' && varies[index] ? [index] : []));
  const candidates = measured.filter((index) => conditionWords.test(columns[index]!.name.replace(/([a-z])([A-Z])/g, '$1 $2')));
  const scored = candidates.map((index) => {
    const explained = measured.filter((other) => other !== index && squaredCorrelation(rows, rowCount, width, index, other) > 0.5).length;
    return { index, explained };
  });
  const others = Math.max(1, measured.length - candidates.length);
  return scored
    .filter(({ explained }) => explained >= Math.max(1, others / 4))
    .sort((a, b) => b.explained - a.explained || a.index - b.index)
    .slice(0, mostDrivers)
    .map(({ index }) => index);
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
