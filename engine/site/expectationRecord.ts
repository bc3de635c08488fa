import type { HistoryPoint } from '../ports.ts';
import type { Expectation } from '../signalRow.ts';

/** Beside the machine's own key, so that it is none of its values: what was expected of each of its properties. */
export const expectationTwin = (key: string): string => `${key}/expected`;

/** Of each property: the expected value, and the band in which a normal one lies nearly always. */
export const expectationSeries = (property: string): readonly [value: string, low: string, high: string] => [property, `${property}\u0001low`, `${property}\u0001high`];

/** A change below this part of the band is none worth keeping. */
const deadband = 0.1;
/** So often at most, and at least while something is expected. */
const shortestMs = 10_000;
const longestMs = 3_600_000;
const mostWaiting = 20_000;

/**
 * What was expected, as series of the site's history: written when it moves by a tenth of its band, at most every ten seconds and at least once an hour, so
 * that a chart of last week shows the band as it was then. Where nothing is expected any more stands null. 40 bytes per property.
 */
export class ExpectationRecord {
  readonly #twin: string;
  #restateMs: number;
  readonly #series: (readonly [string, string, string])[];
  readonly #value: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #writtenMs: Float64Array;
  #waiting: HistoryPoint[] = [];

  /** @param fromMs with the first row from there on what was written last is written again, for it holds there */
  constructor(key: string, names: readonly string[], fromMs = -Infinity) {
    this.#restateMs = fromMs;
    this.#twin = expectationTwin(key);
    this.#series = names.map((name) => expectationSeries(name));
    this.#value = new Float64Array(names.length).fill(NaN);
    this.#low = new Float64Array(names.length).fill(NaN);
    this.#high = new Float64Array(names.length).fill(NaN);
    this.#writtenMs = new Float64Array(names.length).fill(-Infinity);
  }

  note(timeMs: number, { expected, low, high }: Expectation): void {
    if (timeMs >= this.#restateMs && this.#restateMs > -Infinity) {
      this.#restateMs = -Infinity;
      // Where it is written anyway the later point of the same time wins.
      for (let column = 0; column < this.#series.length; column += 1) if (this.#value[column] === this.#value[column]) this.#push(column, timeMs);
    }
    for (let column = 0; column < this.#series.length; column += 1) {
      const before = this.#value[column] as number;
      const value = expected[column] as number;
      if (value !== value) {
        if (before === before) this.#write(column, timeMs, NaN, NaN, NaN);
        continue;
      }
      const sinceMs = timeMs - (this.#writtenMs[column] as number);
      if (before === before && sinceMs < longestMs) {
        if (sinceMs < shortestMs) continue;
        const [from, to] = [low[column] as number, high[column] as number];
        const least = deadband * (to - from);
        if (Math.abs(value - before) <= least && Math.abs(from - (this.#low[column] as number)) <= least && Math.abs(to - (this.#high[column] as number)) <= least) continue;
      } else if (before !== before && sinceMs < shortestMs) continue;
      this.#write(column, timeMs, value, low[column] as number, high[column] as number);
    }
  }

  #write(column: number, timeMs: number, value: number, low: number, high: number): void {
    this.#value[column] = value;
    this.#low[column] = low;
    this.#high[column] = high;
    this.#writtenMs[column] = timeMs;
    this.#push(column, timeMs);
  }

  #push(column: number, timeMs: number): void {
    if (this.#waiting.length >= mostWaiting || !Number.isFinite(timeMs)) return;
    const figures = [this.#value[column], this.#low[column], this.#high[column]];
    (this.#series[column] as readonly string[]).forEach((property, place) => {
      this.#waiting.push({ twin: this.#twin, property, timeMs: Math.round(timeMs), value: rounded(figures[place] as number), quality: 'good' });
    });
  }

  /** What is to be written since the last call. */
  take(): readonly HistoryPoint[] {
    if (this.#waiting.length === 0) return this.#waiting;
    const points = this.#waiting;
    this.#waiting = [];
    return points;
  }
}

/** Five digits are far finer than the deadband and stored in few bytes. */
function rounded(figure: number): number | null {
  return Number.isFinite(figure) ? Number(figure.toPrecision(5)) : null;
}
