import type { TwinForecast } from '../../contract/forecast.ts';
import { timeToLimit } from '../prognosis/timeToLimit.ts';
import type { AssetTwin } from './assetTwin.ts';
import { ForecastBook } from './forecastBook.ts';
import { forecastSentence } from './forecastSentences.ts';
import type { Site } from './site.ts';
import { mayConclude } from './twinReadiness.ts';

const dayMs = 86_400_000;
/** What is recorded is looked at in so many pieces, each as its mean. */
const pieces = 200;
/** A value holds in its piece for so long without a new one. */
const longestHoldMs = 3_600_000;

export interface ForecastQuestion {
  property: string;
  limit: number;
  side: 'high' | 'low';
  /** How far back is looked. */
  days: number;
  /** Warn when less is left. */
  warnDays: number;
}

/**
 * When a property of a machine reaches a limit, from what the site recorded of it; says why not where nothing can be said. Each forecast goes on
 * record, at most one an hour, and once the limit is reached they are scored.
 */
export class TwinForecaster {
  readonly #site: Site;
  readonly #asset: AssetTwin;
  readonly #question: ForecastQuestion;
  readonly #book: ForecastBook;
  #spanMs = 0;

  constructor(site: Site, asset: AssetTwin, question: ForecastQuestion) {
    this.#site = site;
    this.#asset = asset;
    this.#question = question;
    this.#book = new ForecastBook(site, asset.key, question.property);
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
    const outcome = await this.#book.outcome(nowMs);
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
      const scored = this.#book.isOpen ? await this.#book.score(timeMs) : undefined;
      if (scored !== undefined) made.record = scored;
    }
    if (found.state === 'forecast') {
      made.perDay = found.perDay;
      made.expectedMs = Math.round(timeMs + found.leftMs);
      made.fromMs = Math.round(timeMs + found.fromMs);
      if (Number.isFinite(found.toMs)) made.toMs = Math.round(timeMs + found.toMs);
      made.warn = found.leftMs < warnDays * dayMs;
      await this.#book.record(timeMs, { atMs: made.expectedMs, fromMs: made.fromMs, toMs: made.toMs }, this.#spanMs);
    } else this.#book.close();
    return this.#told(made, '');
  }

  #told(forecast: Omit<TwinForecast, 'text'>, reason: string): TwinForecast {
    const { naming, language, twin } = this.#asset;
    const { label, unit = '' } = naming(forecast.property);
    return { ...forecast, text: forecastSentence(forecast, { machine: twin.name, signal: label, unit }, language, reason) };
  }
}
