import type { MachineRun } from '../engine/prognosis/runFeatures.ts';

/** A set of runs until failure. */
export interface FailureRuns {
  name: string;
  columns: number;
  runs: MachineRun[];
  /** Rows above which time left is not told apart, where the set's papers say so. */
  cap?: number;
  published: readonly string[];
}

/**
 * Runs of pumps that wear: from a moment of its own each one's wear grows ever faster until 1, where it fails. Four values follow it with noise, two
 * do not; one stays as it is. @param wears without it no value follows, and only the age tells
 */
export function generatedRuns(count: number, seed: number, wears = true): FailureRuns {
  let state = (seed * 2_654_435_761) % 2_147_483_647 || 1;
  const uniform = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const noise = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  for (let skipped = 0; skipped < 10; skipped += 1) uniform();
  const columns = 7;
  const runs = Array.from({ length: count }, (_, run): MachineRun => {
    const length = Math.round(70 + 80 * uniform());
    const lasts = 30 + 25 * uniform();
    const own = [noise(), noise(), noise(), noise()];
    const values = new Float64Array(length * columns);
    for (let row = 0; row < length; row += 1) {
      const wear = wears ? Math.exp((row - length + 1) / (lasts / 3)) : 0;
      const load = Math.sin(row / 5 + run);
      values.set([
        2.1 + 5 * wear + 0.3 * noise() + 0.05 * own[0]!, 61 + 12 * wear + noise() + 0.3 * own[1]!, 4.9 - 0.6 * wear + 0.06 * noise(),
        14 + 1.5 * wear + 0.4 * load + 0.3 * noise(), 1480 + 8 * load + 3 * noise(), 21 + 2 * noise(), 100,
      ], row * columns);
    }
    return { id: `pump ${run + 1}`, values };
  });
  return { name: 'pumps (generated)', columns, runs, published: [] };
}
