import type { ForecastOutcome, TwinForecast } from '../../contract/forecast.ts';
import { scoreForecasts } from '../prognosis/forecastRecord.ts';
import type { MadeForecast } from '../prognosis/forecastRecord.ts';
import { timeToLimit } from '../prognosis/timeToLimit.ts';
import type { HistoryPoint } from '../ports.ts';
import type { AssetTwin } from './assetTwin.ts';
import { forecastSentence } from './forecastSentences.ts';
import type { Site } from './site.ts';
import { mayConclude } from './twinReadiness.ts';

const dayMs = 86_400_000;
/** What is recorded is looked at in so many pieces, each as its mean. */
const pieces = 200;
/** A value holds in its piece for so long without a new one. */
const longestHoldMs = 3_600_000;
/** Forecasts on record are this far apart at least, so that a year of them is some thousand. */
const recordedEveryMs = 3_600_000;
const mostRecorded = 20_000;

export interface ForecastQuestion {
  property: string;
  limit: number;
  side: 'high' | 'low';
  /** How far back is looked. */
  days: number;
  /** Warn when less is left. */
  warnDays: number;
}

/** Where forecasts stand in the history, beside the machine's own values. */
const seriesOf = (key: string): string => `${key}/forecasts`;

/**
 * When a property of a machine reaches a limit, from what the site recorded of it; says why not where nothing can be said. Each forecast goes on
 * record, at most one an hour, and once the limit is reached they are scored.
 */
export class TwinForecaster {
  readonly #site: Site;
  readonly #asset: AssetTwin;
  readonly #question: ForecastQuestion;
  #recordedMs = -Infinity;
  #last: TwinForecast['state'] | undefined;
  #outcome: ForecastOutcome | undefined;
  #isOutcomeRead = false;
  #spanMs = 0;

  constructor(site: Site, asset: AssetTwin, question: ForecastQuestion) {
    this.#site = site;
    this.#asset = asset;
    this.#question = question;
  }

  /** How long a forecast stands before it is worth another: a piece of what is recorded, two seconds to an hour. */
  get standsMs(): number {
    return Math.min(3_600_000, Math.max(2_000, this.#spanMs / pieces));
  }

  async forecast(): Promise<TwinForecast> {
    const { property, limit, side, days, warnDays } = this.#question;
    const site = this.#site;
    const asset = this.#asset;
    const { historian } = site;
    const nowMs = site.clock.nowMs();
    const outcome = await this.#readOutcome(nowMs);
    const base = { v: 1 as const, twin: asset.key, property, limit, side, timeMs: nowMs, warn: false };
    const may = mayConclude(asset, 'forecast', nowMs, site.clock.rate, property);
    if (may.answer !== 'yes') return this.#told({ ...base, state: 'refused' }, may.reason);
    const first = await historian.columns(asset.key, property, nowMs - days * dayMs, nowMs + 1, 1);
    const firstMs = first.times[0] ?? nowMs;
    this.#spanMs = nowMs - firstMs;
    const buckets = this.#spanMs >= pieces ? await historian.buckets(asset.key, property, firstMs, nowMs + 1, pieces, longestHoldMs) : [];
    const times: number[] = [];
    const values: number[] = [];
    for (const bucket of buckets) {
      if (bucket.count === 0 || !(bucket.coveredMs > 0)) continue;
      times.push((bucket.firstAtMs + bucket.lastAtMs) / 2);
      values.push(bucket.integral / bucket.coveredMs);
    }
    // What was before it last came back from beyond the limit is another part or another oil.
    const isBeyond = (value: number): boolean => (side === 'high' ? value >= limit : value <= limit);
    const lastBeyond = values.findLastIndex(isBeyond);
    const begin = lastBeyond >= 0 && lastBeyond < values.length - 3 ? lastBeyond + 1 : 0;
    const found = timeToLimit({ times: times.slice(begin), values: values.slice(begin), limit, side });
    const timeMs = times.at(-1) === undefined ? nowMs : Math.round(times.at(-1)!);
    const made: Omit<TwinForecast, 'text'> = { ...base, timeMs, state: found.state, ...(outcome === undefined ? {} : { record: outcome }) };
    if (found.state !== 'tooFew') made.level = found.level;
    if (found.state === 'reached') {
      made.warn = true;
      if (this.#last === 'forecast') await this.#score(timeMs, made);
    }
    if (found.state === 'forecast') {
      made.perDay = found.perDay;
      made.expectedMs = Math.round(timeMs + found.leftMs);
      made.fromMs = Math.round(timeMs + found.fromMs);
      if (Number.isFinite(found.toMs)) made.toMs = Math.round(timeMs + found.toMs);
      made.warn = found.leftMs < warnDays * dayMs;
      await this.#record(timeMs, made);
    }
    this.#last = found.state;
    return this.#told(made, '');
  }

  #told(forecast: Omit<TwinForecast, 'text'>, reason: string): TwinForecast {
    const { naming, language, twin } = this.#asset;
    const { label, unit = '' } = naming(forecast.property);
    return { ...forecast, text: forecastSentence(forecast, { machine: twin.name, signal: label, unit }, language, reason) };
  }

  #point(property: string, timeMs: number, value: number | null): HistoryPoint {
    return { twin: seriesOf(this.#asset.key), property: `${this.#question.property}/${property}`, timeMs, value, quality: 'good' };
  }

  async #record(timeMs: number, { expectedMs = NaN, fromMs = NaN, toMs }: Omit<TwinForecast, 'text'>): Promise<void> {
    if (timeMs - this.#recordedMs < Math.min(recordedEveryMs, this.#spanMs / 10)) return;
    this.#recordedMs = timeMs;
    await this.#site.historian.write([this.#point('at', timeMs, expectedMs), this.#point('from', timeMs, fromMs), this.#point('to', timeMs, toMs ?? null)]);
  }

  /** The limit was reached: what was foretold since it was last reached is compared with when. */
  async #score(reachedMs: number, made: Omit<TwinForecast, 'text'>): Promise<void> {
    const { historian } = this.#site;
    const sinceMs = this.#outcome?.reachedMs ?? 0;
    const read = (name: string): Promise<Map<number, number>> =>
      historian.columns(seriesOf(this.#asset.key), `${this.#question.property}/${name}`, sinceMs + 1, reachedMs + 1, mostRecorded).then(
        ({ times, values }) => new Map(Array.from(times, (timeMs, index): [number, number] => [timeMs, typeof values[index] === 'number' ? values[index] : Infinity])),
      );
    const [at, from, to] = [await read('at'), await read('from'), await read('to')];
    const forecasts = [...at].map(([madeMs, atMs]): MadeForecast => ({ madeMs, atMs, fromMs: from.get(madeMs) ?? -Infinity, toMs: to.get(madeMs) ?? Infinity }));
    const score = scoreForecasts(forecasts, reachedMs);
    if (score === undefined) return;
    const { held, error } = score;
    this.#outcome = { reachedMs, forecasts: score.forecasts, held, error };
    made.record = this.#outcome;
    await historian.write([this.#point('held', reachedMs, held), this.#point('error', reachedMs, error), this.#point('forecasts', reachedMs, score.forecasts)]);
  }

  /** What is on record from before a restart. */
  async #readOutcome(nowMs: number): Promise<ForecastOutcome | undefined> {
    if (this.#isOutcomeRead) return this.#outcome;
    this.#isOutcomeRead = true;
    const points = await this.#site.historian.asOf(seriesOf(this.#asset.key), nowMs);
    const last = (name: string): HistoryPoint | undefined => points.find(({ property }) => property === `${this.#question.property}/${name}`);
    const [held, error, forecasts] = [last('held'), last('error'), last('forecasts')];
    if (typeof held?.value === 'number' && typeof error?.value === 'number' && typeof forecasts?.value === 'number') {
      this.#outcome = { reachedMs: held.timeMs, forecasts: forecasts.value, held: held.value, error: error.value };
    }
    const made = last('at');
    if (made !== undefined && made.timeMs > (this.#outcome?.reachedMs ?? 0)) this.#last = 'forecast';
    return this.#outcome;
  }
}
