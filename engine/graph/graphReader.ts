import type { GraphElement } from '../../contract/graph.ts';

/** What a search has found: elements by number, open facts to Infinity. */
export interface Edge {
  from: number;
  relation: string;
  to: number;
  fromMs: number;
  toMs: number;
}

export interface Reached {
  id: number;
  /** The element through which it was reached first; of several, the one with the lowest number. */
  parent: number;
  relation: string;
  depth: number;
  fromMs: number;
  toMs: number;
}

/**
 * Facts that began at or before `untilMs` and were not over at `sinceMs`, as believed at `recordedMs`. A fact whose end was not known then
 * counts as open. `sinceMs` = `untilMs`: what held at that moment; `sinceMs` = -Infinity: all that had begun by then.
 */
export interface Window {
  sinceMs: number;
  untilMs: number;
  recordedMs: number;
}

/** An element and a time; `place` in an answer is the place in the list. */
export interface Stretch {
  id: number;
  sinceMs: number;
  untilMs: number;
}

/** How questions read the facts. Numbers are given to elements in the order in which they became known. */
export interface GraphReader {
  idOf(key: string): number | undefined;
  element(id: number): GraphElement;
  /** All that is reached over these relations, each element once, at its least depth; in order of depth, then number. No starts. */
  closure(starts: readonly number[], relations: readonly string[], direction: 'out' | 'in', window: Window, hops: number, rows: number): { reached: Reached[]; cut?: 'hops' | 'rows' | 'time' };
  /** Facts that leave (or enter) these elements, at most `rows`, in no order. No relations: all. */
  edges(ids: readonly number[], relations: readonly string[] | undefined, direction: 'out' | 'in', window: Window, rows: number): Edge[];
  /** The fact that began last, at or before `untilMs`. */
  last(id: number, relation: string, direction: 'out' | 'in', untilMs: number, recordedMs: number): Edge | undefined;
  /** As `edges`, for many elements with a time of each: what was beside a machine while a part was in it. At most `rows` in all, in no order. */
  within(stretches: readonly Stretch[], relations: readonly string[], direction: 'out' | 'in', recordedMs: number, rows: number): { place: number; edge: Edge }[];
  /** As `last`, outwards, for many: before the begin of each stretch. */
  lasts(stretches: readonly Stretch[], relation: string, recordedMs: number): { place: number; edge: Edge }[];
  /** Told beforehand which elements will be asked for. */
  expect(ids: readonly number[]): void;
  /** Whether the time that the question may take is over. */
  isLate(): boolean;
}
