import type { Json } from '../ports.ts';
import { DelayedCondition } from './delayedCondition.ts';
import type { DelayedChange } from './delayedCondition.ts';

export interface LimitWatchSettings {
  /**
   * high: active above the limit, clears below limit − deadband; low mirrored; deviation: active where the value is further than the limit
   * from its setpoint, on either side, clears within limit − deadband of it; true: active where the value is not 0.
   */
  kind: 'high' | 'low' | 'deviation' | 'true';
  limit: number;
  deadband: number;
  onDelayMs: number;
  offDelayMs: number;
}

export type WatchQuality = 'good' | 'uncertain' | 'bad';

/**
 * One limit of one property, evaluated value by value: deadband, then delays in source time. Bad and uncertain quality, NaN and ±Infinity
 * never raise it and never clear it; a delay that ran begins again after them. Values older than the last one are not evaluated.
 *
 * Choose it for a limit that somebody can name, rather than a baseline, which learns what is usual. Memory: some numbers per limit.
 */
export class LimitWatch {
  #settings: LimitWatchSettings;
  readonly #condition: DelayedCondition;
  #value = NaN;
  #setpoint = 0;

  constructor(settings: LimitWatchSettings, snapshot?: Json) {
    this.#settings = settings;
    this.#condition = new DelayedCondition(settings.onDelayMs, settings.offDelayMs, snapshot);
  }

  get active(): boolean {
    return this.#condition.active;
  }

  get settings(): Readonly<LimitWatchSettings> {
    return this.#settings;
  }

  /** The value that was last evaluated. */
  get value(): number {
    return this.#value;
  }

  /** Other settings from `timeMs` on. Another limit or deadband starts a running delay again, with the value that is known. */
  change(next: LimitWatchSettings, timeMs: number): readonly DelayedChange[] {
    const { kind, limit, deadband } = this.#settings;
    const due = this.#condition.pending ? this.#condition.advance(timeMs) : undefined;
    this.#condition.onDelayMs = next.onDelayMs;
    this.#condition.offDelayMs = next.offDelayMs;
    this.#settings = next;
    const before = due === undefined ? [] : [due];
    if (next.kind === kind && next.limit === limit && next.deadband === deadband) return before;
    this.#condition.again();
    return this.#value === this.#value && this.#condition.lastMs <= timeMs ? [...before, ...this.take(timeMs, this.#value, 'good', this.#setpoint)] : before;
  }

  /** @param setpoint only for a deviation; one that is not known is bad quality */
  take(timeMs: number, value: number, quality: WatchQuality, setpoint = 0): readonly DelayedChange[] {
    const condition = this.#condition;
    if (timeMs < condition.lastMs) return nothing;
    const { kind, limit, deadband } = this.#settings;
    const measured = kind === 'deviation' ? Math.abs(value - setpoint) : kind === 'low' ? -value : value;
    // What fell due before this value decides on which side of the deadband it is looked at.
    const due = condition.pending ? condition.advance(timeMs) : undefined;
    if (quality !== 'good' || measured - measured !== 0) {
      condition.again();
      return due === undefined ? nothing : [due];
    }
    this.#value = value;
    this.#setpoint = setpoint;
    const line = kind === 'low' ? -limit : limit;
    let holds: boolean;
    if (kind === 'true') holds = value !== 0;
    // On the line itself nothing is crossed; without a deadband a value that is back on it is back.
    else if (condition.active) holds = deadband > 0 ? measured >= line - deadband : measured > line;
    else holds = measured > line;
    const changes = condition.take(timeMs, holds);
    return due === undefined ? changes : [due, ...changes];
  }

  /** Time passes without a value. */
  advance(timeMs: number): DelayedChange | undefined {
    return this.#condition.advance(timeMs);
  }

  snapshot(): Json {
    return this.#condition.snapshot();
  }
}

const nothing: readonly DelayedChange[] = [];
