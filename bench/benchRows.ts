import { seededNormal, seededRandom } from './labelledStream.ts';

/** A site clock so fast that hours of rows, sent in seconds, are neither too old nor of the future. */
export const benchClock = { clock: 'accelerated', clockRate: '1000' } as const;
const rowEveryMs = 50;

export interface RowSource {
  /** A flat object with its time, as a source node sends it. */
  message(): Record<string, unknown>;
  /** An array of flat objects, each with its time. */
  batch(rows: number): Record<string, unknown>;
}

/** The properties of a type for such rows: a setpoint, if there is more than one, and measured values. */
export function benchProperties(signals: number): Record<string, unknown>[] {
  return Array.from({ length: signals }, (_, index) => ({
    name: `signal${index}`, label: '', unit: '', valueKind: index === 0 && signals > 1 ? 'setpoint' : 'measured', address: '', expression: '',
  }));
}

/** Rows from now on, 50 ms apart: a setpoint of five steps, the others noise around a level that follows it. Every value is new. */
export function rowSource(signals: number, seed = signals): RowSource {
  const random = seededRandom(seed);
  const normal = seededNormal(random);
  const names = Array.from({ length: signals }, (_, index) => `signal${index}`);
  let timeMs = Date.now();
  let setpoint = 10;
  const row = (): Record<string, number> => {
    timeMs += rowEveryMs;
    if (random() < 0.01) setpoint = 10 + Math.floor(random() * 5);
    const values: Record<string, number> = {};
    for (let index = 0; index < signals; index++) {
      values[names[index] as string] = signals > 1 && index === 0 ? setpoint : 50 + index + 0.3 * normal() + (signals > 1 ? 0.2 * setpoint : 0);
    }
    return values;
  };
  return {
    message: () => ({ topic: '', payload: row(), timestamp: timeMs }),
    batch: (rows) => ({ topic: '', payload: Array.from({ length: rows }, () => ({ ...row(), time: timeMs })) }),
  };
}
