import { studentTQuantile } from './studentT.ts';

export interface MeanInterval {
  mean: number;
  /** Half of the interval; Infinity below two values. */
  half: number;
  low: number;
  high: number;
  count: number;
}

/**
 * Mean and interval of independent values (Student 1908; for replications of a simulation Law, Simulation Modeling and Analysis, 5th ed., 9.4.1).
 * @param confidence 0–1, as a rule 0.95
 */
export function meanInterval(values: readonly number[], confidence = 0.95): MeanInterval {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, half: Infinity, low: -Infinity, high: Infinity, count };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const half = studentTQuantile((1 + confidence) / 2, count - 1) * Math.sqrt(variance / count);
  return { mean, half, low: mean - half, high: mean + half, count };
}
