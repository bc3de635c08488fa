/**
 * Parameters for fast-check: the seed is printed, and taken from SEED to repeat a run. With SHRINK=no a counterexample is not made
 * smaller (where only the fact of a failure counts).
 */
export function checkParameters(numRuns: number): { seed: number; numRuns: number; endOnFailure: boolean } {
  const given = Number(process.env['SEED']);
  const seed = Number.isInteger(given) && process.env['SEED'] !== undefined ? given : Date.now() & 0x7fffffff;
  process.stdout.write(`      seed ${seed}\n`);
  return { seed, numRuns, endOnFailure: process.env['SHRINK'] === 'no' };
}
