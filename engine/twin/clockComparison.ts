import type { Json } from '../ports.ts';

/** Before it, no time stamp of a living machine is believed: 1601 and 1970 are zeros, 1980, 1984 and 1990 begin the clocks of PLCs. */
export const earliestTimeMs = 631_238_400_000;
/** Year 2200. */
export const latestTimeMs = 7_258_118_400_000;

const skewMs = 5000;
const futureMs = 300_000;
const backfillMs = 600_000;
const windowMs = 30_000;
const steadyMs = 10_000;

/**
 * Compares source times with the site's clock. A source whose clock is wrong sends every value with the same difference; a
 * source that delivers what it had stored sends values whose difference shrinks. So the least difference of each 30 s is kept, and
 * when two windows in a row agree it is the clock. All limits grow with the rate of an accelerated site clock.
 */
export class ClockComparison {
  readonly #factor: number;
  #windowStartMs = NaN;
  #least = NaN;
  #before = NaN;
  /** How far the source's clock is known to be behind (> 0) or ahead (< 0). */
  #offsetMs = 0;

  constructor(rate: number) {
    this.#factor = Math.max(1, rate);
  }

  /** More than 5 min ahead: no source can know the future. */
  inFuture(sourceMs: number, siteNowMs: number): boolean {
    return sourceMs - siteNowMs > futureMs * this.#factor;
  }

  /**
   * Takes the newest source time of a row in.
   * @returns backfill: delivered late, not read with a wrong clock; skewMs: site − source where it is beyond 5 s, else 0
   */
  row(sourceMs: number, siteNowMs: number): { backfill: boolean; skewMs: number } {
    const lag = siteNowMs - sourceMs;
    const skewed = Math.abs(lag) > skewMs * this.#factor;
    if (!skewed) {
      // The clock is right; no need to wait for windows.
      this.#offsetMs = 0;
      this.#before = NaN;
      this.#windowStartMs = siteNowMs;
      this.#least = lag;
      return { backfill: false, skewMs: 0 };
    }
    // Ahead is certain at once; what delays a row on its way is no part of it, so the least difference counts.
    if (lag < 0) this.#offsetMs = Math.abs(lag - this.#offsetMs) <= steadyMs * this.#factor ? Math.min(lag, this.#offsetMs) : lag;
    if (Number.isNaN(this.#windowStartMs)) {
      this.#windowStartMs = siteNowMs;
      this.#least = lag;
    } else if (siteNowMs - this.#windowStartMs >= windowMs * this.#factor) {
      if (Math.abs(this.#least - this.#before) <= steadyMs * this.#factor) this.#offsetMs = Math.min(this.#least, this.#before);
      this.#before = this.#least;
      this.#least = lag;
      this.#windowStartMs = siteNowMs;
    } else if (lag < this.#least) this.#least = lag;
    const beyond = lag - Math.max(0, this.#offsetMs);
    return { backfill: beyond > backfillMs * this.#factor, skewMs: lag };
  }

  /** > 0: the source's clock is that much behind, < 0: ahead, as far as it is certain; 0: it agrees. */
  get offsetMs(): number {
    return Math.abs(this.#offsetMs) > skewMs * this.#factor ? this.#offsetMs : 0;
  }

  snapshot(): Json {
    return [this.#offsetMs, this.#windowStartMs, this.#least, this.#before].map((each) => (Number.isFinite(each) ? each : null));
  }

  restore(snapshot: Json | undefined): void {
    if (!Array.isArray(snapshot)) return;
    const [offsetMs, startMs, least, before] = snapshot.map((each) => (typeof each === 'number' ? each : NaN));
    if (offsetMs !== undefined && Number.isFinite(offsetMs)) this.#offsetMs = offsetMs;
    this.#windowStartMs = startMs ?? NaN;
    this.#least = least ?? NaN;
    this.#before = before ?? NaN;
  }
}
