/** Why tests were skipped in this process, for the summary at the end of the run. */
export const skipReasons: { title: string; reason: string }[] = [];

/** Skips the running test (or, from a `before` hook, its suite), saying why: the reasons are listed at the end of the run. */
export function skip(context: Mocha.Context, reason: string): never {
  skipReasons.push({ title: context.test?.fullTitle() ?? 'a test', reason });
  return context.skip();
}
