import type { Quality } from '../observation.ts';
import type { HistoryValue } from '../ports.ts';

/** every: each value; change: when it differs by more than the deadband, and now and then all the same; interval: the first of each interval. */
export interface WriteRule {
  mode: 'every' | 'change' | 'interval' | 'never';
  /** In percent of the instrument's range (PercentDeadband of OPC 10000-8), or of the value that was written last where there is no range. */
  deadbandPercent: number;
  /** change: written again after this time, though it is the same. 0: never. */
  atLeastMs: number;
  /** interval: its length; intervals begin at whole multiples of it. */
  intervalMs: number;
}

interface Written {
  value: HistoryValue;
  quality: Quality;
  timeMs: number;
}

/**
 * Which values go to a target outside. Another quality always does, so that an outage is no straight line there; so does what is older than what was written
 * last. What is held back is in the embedded history all the same. Choose it for databases that cost by the value rather than for the site's own history.
 */
export class WriteFilter {
  readonly #written = new Map<string, Map<string, Written>>();

  /** @param rangeWidth of the instrument; NaN or Infinity: none */
  wants(twin: string, property: string, value: HistoryValue, quality: Quality, timeMs: number, rule: WriteRule, rangeWidth: number): boolean {
    if (rule.mode === 'never') return false;
    if (rule.mode === 'every') return true;
    let ofTwin = this.#written.get(twin);
    if (ofTwin === undefined) {
      ofTwin = new Map();
      this.#written.set(twin, ofTwin);
    }
    const last = ofTwin.get(property);
    if (last !== undefined && timeMs < last.timeMs) return true;
    if (last !== undefined && quality === last.quality && !isDue(last, value, timeMs, rule, rangeWidth)) return false;
    if (last === undefined) ofTwin.set(property, { value, quality, timeMs });
    else {
      last.value = value;
      last.quality = quality;
      last.timeMs = timeMs;
    }
    return true;
  }
}

function isDue(last: Written, value: HistoryValue, timeMs: number, rule: WriteRule, rangeWidth: number): boolean {
  if (rule.mode === 'interval') return Math.floor(timeMs / rule.intervalMs) !== Math.floor(last.timeMs / rule.intervalMs);
  if (rule.atLeastMs > 0 && timeMs - last.timeMs >= rule.atLeastMs) return true;
  if (typeof value !== 'number' || typeof last.value !== 'number') return value !== last.value;
  const width = rangeWidth > 0 && rangeWidth < Infinity ? rangeWidth : Math.abs(last.value);
  return Math.abs(value - last.value) > (rule.deadbandPercent / 100) * width;
}
