import type { ForecastOutcome } from '../../contract/forecast.ts';
import type { HistoryPoint } from '../ports.ts';
import { scoreForecasts } from '../prognosis/forecastRecord.ts';
import type { MadeForecast } from '../prognosis/forecastRecord.ts';
import type { Site } from './site.ts';

/** Forecasts on record are this far apart at least, so that a year of them is some thousand. */
const recordedEveryMs = 3_600_000;
const mostRecorded = 20_000;

/** The forecasts of one kind for one machine, as they stand in the site's history beside its own values, and what became of them. */
export class ForecastBook {
  readonly #site: Site;
  readonly #series: string;
  readonly #name: string;
  #recordedMs = -Infinity;
  #outcome: ForecastOutcome | undefined;
  #isRead = false;
  #isOpen = false;

  /** @param name of what is foretold: a property, or the failure */
  constructor(site: Site, key: string, name: string) {
    this.#site = site;
    this.#series = `${key}/forecasts`;
    this.#name = name;
  }

  /** Whether there are forecasts that nothing has become of yet. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What became of the last ones, also from before a restart. */
  async outcome(nowMs: number): Promise<ForecastOutcome | undefined> {
    if (this.#isRead) return this.#outcome;
    this.#isRead = true;
    const points = await this.#site.historian.asOf(this.#series, nowMs);
    const last = (name: string): HistoryPoint | undefined => points.find(({ property }) => property === `${this.#name}/${name}`);
    const [held, error, forecasts] = [last('held'), last('error'), last('forecasts')];
    if (typeof held?.value === 'number' && typeof error?.value === 'number' && typeof forecasts?.value === 'number') {
      this.#outcome = { reachedMs: held.timeMs, forecasts: forecasts.value, held: held.value, error: error.value };
    }
    const made = last('at');
    this.#isOpen = made !== undefined && made.timeMs > (this.#outcome?.reachedMs ?? 0);
    return this.#outcome;
  }

  /** @param spanMs how far what it rests on goes back: a short record is noted more often */
  async record(timeMs: number, { atMs, fromMs, toMs }: { atMs: number; fromMs: number; toMs: number | undefined }, spanMs: number): Promise<void> {
    this.#isOpen = true;
    if (timeMs - this.#recordedMs < Math.min(recordedEveryMs, spanMs / 10)) return;
    this.#recordedMs = timeMs;
    await this.#site.historian.write([this.#point('at', timeMs, atMs), this.#point('from', timeMs, fromMs), this.#point('to', timeMs, toMs ?? null)]);
  }

  /** What was foretold does not hold any more and will not be compared: the trend is gone, or a part was replaced before it failed. */
  close(): void {
    this.#isOpen = false;
  }

  /** It happened: what was foretold since it last did is compared with when. */
  async score(reachedMs: number): Promise<ForecastOutcome | undefined> {
    const { historian } = this.#site;
    this.#isOpen = false;
    const sinceMs = this.#outcome?.reachedMs ?? 0;
    const read = (name: string): Promise<Map<number, number>> =>
      historian.columns(this.#series, `${this.#name}/${name}`, sinceMs + 1, reachedMs + 1, mostRecorded).then(
        ({ times, values }) => new Map(Array.from(times, (timeMs, index): [number, number] => [timeMs, typeof values[index] === 'number' ? values[index] : Infinity])),
      );
    const [at, from, to] = [await read('at'), await read('from'), await read('to')];
    const forecasts = [...at].map(([madeMs, atMs]): MadeForecast => ({ madeMs, atMs, fromMs: from.get(madeMs) ?? -Infinity, toMs: to.get(madeMs) ?? Infinity }));
    const score = scoreForecasts(forecasts, reachedMs);
    if (score === undefined) return this.#outcome;
    const { held, error } = score;
    this.#outcome = { reachedMs, forecasts: score.forecasts, held, error };
    await historian.write([this.#point('held', reachedMs, held), this.#point('error', reachedMs, error), this.#point('forecasts', reachedMs, score.forecasts)]);
    return this.#outcome;
  }

  #point(property: string, timeMs: number, value: number | null): HistoryPoint {
    return { twin: this.#series, property: `${this.#name}/${property}`, timeMs, value, quality: 'good' };
  }
}
