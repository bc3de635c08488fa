import type { Clock } from '../ports.ts';

export type SiteClockKind = 'live' | 'accelerated' | 'replay';

/**
 * What time it is at a site. Source times are compared with this clock and never with the computer's, so that an accelerated
 * plant is neither "in the future" nor "backfill".
 *
 * - live: the wall clock;
 * - accelerated: `originMs + (wall − originMs) × rate`. It depends on nothing but the wall clock, so that a simulated PLC in
 *   another process that was told the same origin and rate has the same time, after a restart too;
 * - replay: the newest time that was observed; it stands still between rows and never goes back.
 */
export class SiteClock {
  readonly kind: SiteClockKind;
  /** Site seconds per second; 1 for live and replay. Limits on clock differences are multiplied by max(1, rate). */
  readonly rate: number;
  readonly originMs: number;
  readonly #clock: Clock;
  #observedMs: number;

  /**
   * @param rate 0.001–100,000; anything else counts as 1.
   * @param originMs ms UTC of the wall clock at which the accelerated clock showed the same as the wall clock; absent or not
   *   finite: now. For a replay: the time before the first row.
   */
  constructor(clock: Clock, kind: SiteClockKind, rate = 1, originMs?: number) {
    this.#clock = clock;
    this.kind = kind;
    this.rate = kind === 'accelerated' && rate >= 0.001 && rate <= 100_000 ? rate : 1;
    const given = originMs !== undefined && Number.isFinite(originMs);
    this.originMs = given ? originMs : kind === 'replay' ? 0 : clock.nowMs();
    this.#observedMs = this.originMs;
  }

  /** Site time, ms UTC. */
  nowMs(): number {
    if (this.kind === 'replay') return this.#observedMs;
    const wallMs = this.#clock.nowMs();
    return this.kind === 'live' ? wallMs : this.originMs + (wallMs - this.originMs) * this.rate;
  }

  /** Tells a replay clock the time of a row; without effect on the others. */
  observe(timeMs: number): void {
    if (this.kind === 'replay' && timeMs > this.#observedMs && timeMs < Infinity) this.#observedMs = timeMs;
  }

  /** Wall milliseconds in which `siteMs` pass: how long to wait for something that is due in site time. */
  wallMs(siteMs: number): number {
    return siteMs / this.rate;
  }
}
