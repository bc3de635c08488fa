/** Parameters for fast-check: the seed is printed, and taken from SEED to repeat a run. */
export function checkParameters(numRuns: number): { seed: number; numRuns: number } {
  const given = Number(process.env['SEED']);
  const seed = Number.isInteger(given) && process.env['SEED'] !== undefined ? given : Date.now() & 0x7fffffff;
  process.stdout.write(`      seed ${seed}\n`);
  return { seed, numRuns };
}
