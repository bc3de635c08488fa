import type { HistoryPoint } from '../ports.ts';
import { causesText, loosestPerWeek } from './verdictCauses.ts';
import type { JudgedCause } from './verdictCauses.ts';

/** Under this name, beside the machine's own key, so that it is none of the machine's values. */
export const verdictSeries = (key: string): { twin: string; property: string } => ({ twin: `${key}/verdicts`, property: 'leastPerWeek' });

/** The strictest setting that can be asked for, in false alarms per week. */
const strictest = 0.01;
/** Stands for an anomaly at no setting. */
export const never = 1000;
/** So often a verdict that stays the same is written again: where nothing stands for longer, nothing was judged. */
export const longestSilenceMs = 3_600_000;
const mostWaiting = 20_000;

/**
 * What was found in each row, and how strict the setting could have been for each row to be an anomaly, as a series of the site's history: written when it changes, and once an hour.
 * Nearly all rows would be no anomaly at any setting, so that two weeks of a machine are some thousand points. Rows that nobody judges, because
 * the machine stands, are of uncertain quality.
 */
export class VerdictRecord {
  readonly #series: { twin: string; property: string };
  #restateMs: number;
  #waiting: HistoryPoint[] = [];
  #lastMs = -Infinity;
  #writtenMs = -Infinity;
  #value: number | string = NaN;
  #unjudged = false;

  /** @param fromMs with the first row from there on what holds then is written, whether or not it changed */
  constructor(key: string, fromMs = -Infinity) {
    this.#restateMs = fromMs;
    this.#series = verdictSeries(key);
  }

  /**
   * @param leastPerWeek as in a judge's verdict; undefined: not judged
   * @param asked the setting in force, which rounding must not cross
   * @param found in the row
   */
  note(timeMs: number, leastPerWeek: number | undefined, asked: number, found: readonly JudgedCause[] = []): void {
    if (!(timeMs > this.#lastMs) || !Number.isFinite(timeMs)) return;
    const beforeMs = this.#lastMs;
    this.#lastMs = timeMs;
    const unjudged = leastPerWeek === undefined;
    const value = unjudged ? never : causesText(found, (least) => rounded(least, asked)) || rounded(leastPerWeek, asked);
    const restate = timeMs >= this.#restateMs && this.#restateMs > -Infinity;
    if (restate) this.#restateMs = -Infinity;
    if (value === this.#value && unjudged === this.#unjudged && timeMs - this.#writtenMs < longestSilenceMs) {
      if (restate) this.#push(timeMs);
      return;
    }
    // Until when nobody could see whether a fault is over.
    if (this.#unjudged && !unjudged && beforeMs > this.#writtenMs) this.#write(beforeMs);
    this.#value = value;
    this.#unjudged = unjudged;
    this.#write(timeMs);
  }

  #write(timeMs: number): void {
    this.#writtenMs = timeMs;
    this.#push(timeMs);
  }

  #push(timeMs: number): void {
    if (this.#waiting.length >= mostWaiting) return;
    this.#waiting.push({ ...this.#series, timeMs: Math.round(timeMs), value: this.#value, quality: this.#unjudged ? 'uncertain' : 'good' });
  }

  /** What is to be written since the last call. */
  take(): readonly HistoryPoint[] {
    if (this.#waiting.length === 0) return this.#waiting;
    const points = this.#waiting;
    this.#waiting = [];
    return points;
  }
}

/** Three digits say enough and are stored in few bytes. */
function rounded(leastPerWeek: number, asked: number): number {
  if (leastPerWeek > loosestPerWeek) return never;
  if (leastPerWeek <= strictest) return 0;
  const value = Number(leastPerWeek.toPrecision(3));
  return value <= asked === leastPerWeek <= asked ? value : leastPerWeek;
}
