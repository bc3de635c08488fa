/**
 * Something that went wrong, told once and usable everywhere: a stable code for machines (the Catch node's `error.code`),
 * what was found and what to do for people. Engine code throws or returns a Problem; the door (nodes/) turns it into a
 * status, a log line and a catchable error.
 */
export class Problem extends Error {
  /** Stable, upper case, prefixed: TWIN_KEY_TWICE. Never reused for another meaning. */
  readonly code: string;
  /** What was found, one sentence. */
  readonly found: string;
  /** What to do about it, one sentence. */
  readonly remedy: string;
  /** Values for the translated text, so that a page or dialog can say it in the reader's language. */
  readonly values: Readonly<Record<string, string | number>>;

  constructor(code: string, found: string, remedy: string, values: Readonly<Record<string, string | number>> = {}) {
    super(`${found} ${remedy}`);
    this.name = 'Problem';
    this.code = code;
    this.found = found;
    this.remedy = remedy;
    this.values = values;
  }
}
