import type { Json } from '../ports.ts';

export interface DelayedChange {
  do: 'ACT' | 'RTN';
  /** Source time at which the delay was over. */
  sourceMs: number;
}

/**
 * A condition that has to be true for the on-delay before it counts, and false for the off-delay before it is over. Delays count source
 * time, so that a batch, a replay and the live machine agree: what fell due between two rows happens at the moment it fell due.
 * One value of the other kind starts a delay again; so does `again()`.
 */
export class DelayedCondition {
  onDelayMs: number;
  offDelayMs: number;
  #active: boolean;
  /** Since when it has been the other than it counts as; NaN: it is what it counts as. */
  #sinceMs = NaN;
  #lastMs = -Infinity;

  constructor(onDelayMs: number, offDelayMs: number, snapshot?: Json) {
    this.onDelayMs = onDelayMs;
    this.offDelayMs = offDelayMs;
    const saved = (snapshot ?? {}) as { active?: boolean; sinceMs?: number | null; lastMs?: number | null };
    this.#active = saved.active === true;
    if (typeof saved.sinceMs === 'number') this.#sinceMs = saved.sinceMs;
    if (typeof saved.lastMs === 'number') this.#lastMs = saved.lastMs;
  }

  get active(): boolean {
    return this.#active;
  }

  get lastMs(): number {
    return this.#lastMs;
  }

  /** A delay runs. */
  get pending(): boolean {
    return this.#sinceMs === this.#sinceMs;
  }

  /** What fell due before this value, and what it changes; at most one of each. Values older than the last one are without effect. */
  take(timeMs: number, condition: boolean): DelayedChange[] {
    if (timeMs < this.#lastMs) return nothing;
    const due = this.#sinceMs === this.#sinceMs ? this.advance(timeMs) : undefined;
    this.#lastMs = timeMs;
    if (condition === this.#active) {
      this.#sinceMs = NaN;
      return due === undefined ? nothing : [due];
    }
    if (this.#sinceMs !== this.#sinceMs) this.#sinceMs = timeMs;
    const now = this.advance(timeMs);
    return now === undefined ? (due === undefined ? nothing : [due]) : due === undefined ? [now] : [due, now];
  }

  /** Time passes without a value. */
  advance(timeMs: number): DelayedChange | undefined {
    const dueMs = this.#sinceMs + (this.#active ? this.offDelayMs : this.onDelayMs);
    if (!(dueMs <= timeMs)) return undefined;
    this.#active = !this.#active;
    this.#sinceMs = NaN;
    return { do: this.#active ? 'ACT' : 'RTN', sourceMs: dueMs };
  }

  /** A running delay starts again with the next value: the limit is another one, or nobody could see what it was. */
  again(): void {
    this.#sinceMs = NaN;
  }

  snapshot(): Json {
    return { active: this.#active, sinceMs: this.pending ? this.#sinceMs : null, lastMs: this.#lastMs === -Infinity ? null : this.#lastMs };
  }
}

const nothing: DelayedChange[] = [];
