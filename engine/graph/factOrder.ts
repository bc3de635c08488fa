import type { Fact } from '../ports.ts';

/** The order in which facts are told: by valid time, then by their names (by code points), then by when they were recorded. */
export function factOrder(a: Fact, b: Fact): number {
  return a.validFromMs - b.validFromMs || byCodePoint(a.subject, b.subject) || byCodePoint(a.relation, b.relation) || byCodePoint(a.object, b.object)
    || byCodePoint(a.source, b.source) || byCodePoint(String(a.value), String(b.value)) || a.recordedMs - b.recordedMs;
}

/** Also the order of UTF-8 bytes, and hence of SQLite. */
export function byCodePoint(a: string, b: string): number {
  if (a === b) return 0;
  for (let index = 0; ; index++) {
    const one = a.codePointAt(index);
    const other = b.codePointAt(index);
    if (one === other && one !== undefined) continue;
    return (one ?? -1) - (other ?? -1);
  }
}
