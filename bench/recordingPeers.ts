import { IsolationForest } from 'isolation-forest';
import { factorRidge } from '../engine/statistics/factorRidge.ts';
import { seededRandom } from './labelledStream.ts';
import type { Recording } from './recordings.ts';
import type { Told } from './recordingScores.ts';

/** A peer's alarms on a recording, after its commissioning. */
export interface RecordingPeer {
  name: string;
  tell(recording: Recording, commissioned: Recording | undefined): Told;
}

/** Each column against mean ± `width` standard deviations of its last `window` values; the score is the largest distance ÷ width. */
function rolling(window: number, width: number): RecordingPeer['tell'] {
  return (recording) => {
    const columns = recording.columns.length;
    const rows = recording.times.length;
    const alarms = new Uint8Array(rows);
    const scores = new Float64Array(rows);
    for (let column = 0; column < columns; column += 1) {
      const origin = recording.values[column]!;
      let sum = 0;
      let squares = 0;
      for (let row = 0; row < rows; row += 1) {
        const value = recording.values[row * columns + column]! - origin;
        if (row >= window) {
          const mean = sum / window;
          const spread = Math.sqrt(Math.max(0, squares / window - mean * mean));
          const score = spread > 0 ? Math.abs(value - mean) / (width * spread) : 0;
          if (score > scores[row]!) scores[row] = score;
          if (score > 1 && row >= recording.commissioningRows) alarms[row] = 1;
          const old = recording.values[(row - window) * columns + column]! - origin;
          sum -= Number.isNaN(old) ? 0 : old;
          squares -= Number.isNaN(old) ? 0 : old * old;
        }
        sum += Number.isNaN(value) ? 0 : value;
        squares += Number.isNaN(value) ? 0 : value * value;
      }
    }
    return { recording, alarms, scores };
  };
}

/** Hotelling's T² (1947) with mean and covariance of the commissioning, all components, its own 99.9 % quantile there as the line. */
function hotelling(recording: Recording, commissioned: Recording | undefined): Told {
  const width = recording.columns.length;
  const base = commissioned ?? recording;
  const known = Math.max(2, commissioned === undefined ? recording.commissioningRows : commissioned.times.length);
  const valueOf = (of: Recording, row: number, column: number): number => of.values[row * width + column]!;
  const mean = new Float64Array(width);
  const spread = new Float64Array(width);
  for (let column = 0; column < width; column += 1) {
    let count = 0;
    let squares = 0;
    for (let row = 0; row < known; row += 1) {
      const value = valueOf(base, row, column);
      if (Number.isNaN(value)) continue;
      count += 1;
      const before = value - mean[column]!;
      mean[column]! += before / count;
      squares += before * (value - mean[column]!);
    }
    spread[column] = Math.sqrt(squares / Math.max(1, count)) || 1;
  }
  const row = new Float64Array(width);
  const read = (of: Recording, at: number): void => {
    for (let column = 0; column < width; column += 1) {
      const value = (valueOf(of, at, column) - mean[column]!) / spread[column]!;
      row[column] = Number.isNaN(value) ? 0 : value;
    }
  };
  const lower = new Float64Array((width * (width + 1)) / 2);
  for (let at = 0; at < known; at += 1) {
    read(base, at);
    for (let one = 0, place = 0; one < width; one += 1) for (let other = 0; other <= one; other += 1, place += 1) lower[place]! += (row[one]! * row[other]!) / known;
  }
  const factor = factorRidge(lower, width, 1e-3) ?? new Float64Array(lower.length).fill(1);
  const white = new Float64Array(width);
  const score = (of: Recording, at: number): number => {
    read(of, at);
    let sum = 0;
    for (let one = 0, begin = 0; one < width; begin += one + 1, one += 1) {
      let left = row[one]!;
      for (let other = 0; other < one; other += 1) left -= factor[begin + other]! * white[other]!;
      white[one] = left / factor[begin + one]!;
      sum += white[one]! ** 2;
    }
    return sum;
  };
  const seen = Float64Array.from({ length: known }, (_, at) => score(base, at)).sort();
  const line = seen[Math.min(known - 1, Math.floor(0.999 * known))]!;
  const scores = Float64Array.from(recording.times, (_, at) => score(recording, at) / line);
  return { recording, scores, alarms: Uint8Array.from(scores, (one, at) => (one > 1 && at >= recording.commissioningRows ? 1 : 0)) };
}

const fittedRows = 2_000;
const scoredRows = 20_000;

/**
 * Isolation forest (Liu, Ting and Zhou 2008) of the npm package of that name, 100 trees of 256 rows, fitted on the commissioning, its own 99.9 % quantile
 * there as the line. It takes tens of µs a row: of more than 20,000 rows only so many are scored, evenly, and each holds until the next.
 */
function isolation(recording: Recording, commissioned: Recording | undefined): Told {
  const width = recording.columns.length;
  const base = commissioned ?? recording;
  const known = Math.max(2, commissioned === undefined ? recording.commissioningRows : commissioned.times.length);
  const last: Record<string, number> = {};
  const rowOf = (of: Recording, row: number): Record<string, number> => {
    for (let column = 0; column < width; column += 1) {
      const value = of.values[row * width + column]!;
      if (!Number.isNaN(value)) last[`c${column}`] = value;
      else last[`c${column}`] ??= 0;
    }
    return { ...last };
  };
  const thin = (of: Recording, rows: number, most: number): { step: number; data: Record<string, number>[] } => {
    const step = Math.ceil(rows / most);
    return { step, data: Array.from({ length: Math.ceil(rows / step) }, (_, index) => rowOf(of, index * step)) };
  };
  const chance = Math.random;
  // The package draws its chance from there; the same recording shall have the same forest.
  Math.random = seededRandom(1);
  try {
    const forest = new IsolationForest(100, 256);
    const { data } = thin(base, known, fittedRows);
    forest.fit(data);
    const seen = Float64Array.from(forest.predict(data)).sort();
    const line = seen[Math.min(seen.length - 1, Math.floor(0.999 * seen.length))]!;
    const rows = recording.times.length;
    const { step, data: all } = thin(recording, rows, scoredRows);
    const told = forest.predict(all);
    const scores = Float64Array.from({ length: rows }, (_, row) => told[Math.floor(row / step)]! / line);
    return { recording, scores, alarms: Uint8Array.from(scores, (one, row) => (one > 1 && row >= recording.commissioningRows ? 1 : 0)) };
  } finally {
    Math.random = chance;
  }
}

/** What is measured beside, in the same run. */
export const recordingPeers: readonly RecordingPeer[] = [
  { name: 'rolling 3 sigma, 100 rows', tell: rolling(100, 3) },
  { name: 'windowed Gaussian, 400 rows, 5 sigma', tell: rolling(400, 5) },
  { name: 'T², all components, 99.9 %', tell: hotelling },
  { name: 'isolation forest (npm), 100 trees, 99.9 %', tell: isolation },
];
