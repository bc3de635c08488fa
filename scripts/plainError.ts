/** Something to tell the person at the terminal: what was found and what to do. Shown without a stack trace. */
export class PlainError extends Error {
  override name = 'PlainError';
}

/** What to print of any problem: a plain one as it is, another with its kind. */
export function plainText(problem: unknown): string {
  if (problem instanceof PlainError) return problem.message;
  return problem instanceof Error ? `${problem.name}: ${problem.message}` : String(problem);
}
