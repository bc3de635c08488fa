/** A promise that every implementation of a kind keeps: a function from an implementation to its test. */
export interface Check<Implementation> {
  /** Reads on after "it": 'works with no parameters'. */
  name: string;
  /** Throws where the promise is broken. */
  run(implementation: Implementation): void;
}

/** The names of the checks that an implementation fails. */
export function failedChecks<Implementation>(checks: readonly Check<Implementation>[], implementation: Implementation): string[] {
  return checks.flatMap(({ name, run }) => {
    try {
      run(implementation);
      return [];
    } catch {
      return [name];
    }
  });
}

/** Uniform numbers in [0, 1) from a seed (a linear congruential generator modulo 2^32, constants of Numerical Recipes). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** `count` values around 50 with normal noise of standard deviation 0.3. */
export function noisyValues(seed: number, count: number): number[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, () => 50 + 0.3 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}

/** The last of some quiet values, and the faults that are planted after them; each with the rows in which it must be told. */
export const plantedFaults: Readonly<Record<string, (quiet: readonly number[], normal: readonly number[]) => number[]>> = {
  spike: (_, normal) => normal.slice(0, 40).map((value, index) => (index === 20 ? value + 5 : value)),
  step: (_, normal) => normal.slice(0, 80).map((value, index) => (index >= 20 ? value + 4 : value)),
  drift: (_, normal) => normal.slice(0, 400).map((value, index) => value + (6 * index) / 400),
  stuck: (quiet) => Array.from({ length: 60 }, () => quiet.at(-1)!),
  noise: (_, normal) => normal.slice(0, 120).map((value) => 50 + 4 * (value - 50)),
  deviation: (_, normal) => normal.slice(0, 60).map((value) => value + 2),
};
