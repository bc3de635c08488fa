import type { Json } from '../ports.ts';

/** Silences that must have been seen before the learnt interval counts. */
const leastIntervals = 10;
/** Weight of the newest interval: the last few hundred count. */
const weight = 1 / 300;
const longestForgets = 0.999;

/**
 * How long a machine is usually silent. Learnt as the length-weighted mean of the intervals between arrivals, E[d²] / E[d], so
 * that twenty values in a burst every ten seconds count as an interval of ten seconds and not of half a second; and the longest
 * silence so far, slowly forgotten, so that report by exception is not taken for a dead source.
 */
export class ArrivalInterval {
  #count = 0;
  #sum = 0;
  #squares = 0;
  #longestMs = 0;

  add(intervalMs: number): void {
    if (!(intervalMs >= 0)) return;
    this.#count += 1;
    // The first ones weigh equally, so that the mean is right from the start.
    const share = Math.max(weight, 1 / this.#count);
    this.#sum += (intervalMs - this.#sum) * share;
    this.#squares += (intervalMs * intervalMs - this.#squares) * share;
    this.#longestMs = Math.max(intervalMs, this.#longestMs * longestForgets);
  }

  /** ms; undefined while too little was seen. */
  get intervalMs(): number | undefined {
    return this.#count < leastIntervals || this.#sum <= 0 ? undefined : this.#squares / this.#sum;
  }

  /** Silence from which on the machine counts as stale; undefined while that is not known. */
  limitMs(staleAfter: number): number | undefined {
    const interval = this.intervalMs;
    return interval === undefined ? undefined : Math.max(staleAfter * interval, 2 * this.#longestMs);
  }

  snapshot(): Json {
    return [this.#count, this.#sum, this.#squares, this.#longestMs];
  }

  restore(snapshot: Json | undefined): void {
    if (!Array.isArray(snapshot) || snapshot.length !== 4 || !snapshot.every((each) => typeof each === 'number' && each >= 0)) return;
    [this.#count, this.#sum, this.#squares, this.#longestMs] = snapshot as [number, number, number, number];
  }
}
