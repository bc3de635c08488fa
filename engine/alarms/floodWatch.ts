import type { FloodState } from '../../contract/alarms.ts';
import type { Json } from '../ports.ts';

const windowMs = 600_000;
const startsAbove = 10;
const endsBelow = 5;
/** More than that in ten minutes is a flood whatever the exact number. */
const mostKept = 10_000;

/**
 * Too many alarms in ten minutes for anybody to follow: a flood starts when more than 10 were annunciated within ten minutes and ends when
 * fewer than 5 were (ANSI/ISA-18.2, EEMUA 191).
 */
export class FloodWatch {
  #times: number[] = [];
  #sinceMs: number | undefined;

  constructor(snapshot?: Json) {
    const saved = (snapshot ?? {}) as { times?: number[]; sinceMs?: number | null };
    if (Array.isArray(saved.times)) this.#times = saved.times.filter((time) => typeof time === 'number');
    if (typeof saved.sinceMs === 'number') this.#sinceMs = saved.sinceMs;
  }

  note(timeMs: number): void {
    this.#times.push(timeMs);
    if (this.#times.length > mostKept) this.#times.splice(0, this.#times.length - mostKept);
  }

  /** @returns what began or ended */
  tick(nowMs: number): 'begun' | 'over' | undefined {
    let old = 0;
    while (old < this.#times.length && (this.#times[old] as number) <= nowMs - windowMs) old++;
    if (old > 0) this.#times.splice(0, old);
    if (this.#sinceMs === undefined && this.#times.length > startsAbove) {
      this.#sinceMs = nowMs;
      return 'begun';
    }
    if (this.#sinceMs !== undefined && this.#times.length < endsBelow) {
      this.#sinceMs = undefined;
      return 'over';
    }
    return undefined;
  }

  get state(): FloodState {
    return { active: this.#sinceMs !== undefined, ...(this.#sinceMs === undefined ? {} : { sinceMs: this.#sinceMs }), inTenMinutes: this.#times.length };
  }

  snapshot(): Json {
    return { times: [...this.#times], sinceMs: this.#sinceMs ?? null };
  }
}
