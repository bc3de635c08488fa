import type { ForecastFailures, TwinForecast } from '../../contract/forecast.ts';
import { fewestFailures } from '../prognosis/failureLibrary.ts';
import type { FailureLibrary } from '../prognosis/failureLibrary.ts';
import type { AssetTwin } from './assetTwin.ts';
import { failureSentence, fallbackSentence } from './failureSentences.ts';
import { ForecastBook } from './forecastBook.ts';
import type { Site } from './site.ts';
import { TwinForecaster } from './twinForecast.ts';
import type { ForecastQuestion } from './twinForecast.ts';
import { mayConclude } from './twinReadiness.ts';

const dayMs = 86_400_000;
const longestHoldMs = 3_600_000;
const mostRows = 1_000;

/**
 * How long until a machine fails, by what was recorded until machines of its type did. Where that cannot be said (fewer than ten failures, nothing in
 * them that tells, a machine unlike them) the time to its limit is said instead, and why. Forecasts go on record and are scored at the next failure.
 */
export class FailureForecaster {
  readonly #site: Site;
  readonly #asset: AssetTwin;
  readonly #question: ForecastQuestion;
  readonly #limit: TwinForecaster;
  readonly #book: ForecastBook;
  readonly #breathe: () => Promise<void>;
  #stepMs = 0;

  /** @param breathe is awaited every few milliseconds of learning */
  constructor(site: Site, asset: AssetTwin, question: ForecastQuestion, breathe: () => Promise<void>) {
    this.#site = site;
    this.#asset = asset;
    this.#question = question;
    this.#limit = new TwinForecaster(site, asset, question);
    this.#book = new ForecastBook(site, asset.key, 'failure');
    this.#breathe = breathe;
  }

  get standsMs(): number {
    return this.#stepMs === 0 ? this.#limit.standsMs : Math.min(3_600_000, Math.max(2_000, this.#stepMs / 2));
  }

  async forecast(): Promise<TwinForecast> {
    const site = this.#site;
    const asset = this.#asset;
    const nowMs = site.clock.nowMs();
    const may = mayConclude(asset, 'forecast', nowMs, site.clock.rate);
    if (may.answer !== 'yes') return this.#limit.forecast();
    const learned = await site.failures.library(asset, this.#breathe);
    const outcome = await this.#outcome(nowMs);
    const known = site.failures.count(asset.twin.type.name);
    this.#stepMs = learned?.stepMs ?? 0;
    if (learned === undefined) return this.#instead(known < fewestFailures ? 'tooFew' : 'nothing', { recorded: known, needed: fewestFailures });
    const { library, stepMs } = learned;
    const failures: ForecastFailures = {
      recorded: library.runs, needed: fewestFailures, errorMs: Math.round(library.heldOut.error * stepMs), held: library.heldOut.held,
    };
    if (!library.isEvidence) return this.#instead('nothing', failures);
    const found = await this.#remaining(library, learned, nowMs);
    if (found.state === 'tooFew' || found.state === 'unlike') return this.#instead(found.state === 'unlike' ? 'unlike' : 'tooYoung', failures);
    const { property, limit, side, warnDays } = this.#question;
    const at = (rows: number): number => Math.round(nowMs + rows * stepMs);
    const made: Omit<TwinForecast, 'text'> = {
      v: 1, twin: asset.key, property, limit, side, until: 'failure', timeMs: nowMs, state: found.state === 'fresh' ? 'noWear' : 'forecast', warn: false,
      expectedMs: at(found.leftRows), fromMs: at(found.fromRows), toMs: at(found.toRows), failures, ...(outcome === undefined ? {} : { record: outcome }),
    };
    made.warn = found.leftRows * stepMs < warnDays * dayMs;
    if (found.state === 'forecast') {
      made.like = found.alike.split('\n')[0] ?? '';
      await this.#book.record(nowMs, { atMs: at(found.leftRows), fromMs: at(found.fromRows), toMs: at(found.toRows) }, library.cap * stepMs);
    }
    return { ...made, text: failureSentence(made, asset.twin.name, asset.language) };
  }

  async #remaining(library: FailureLibrary, { names, stepMs }: { names: readonly string[]; stepMs: number }, nowMs: number): Promise<ReturnType<FailureLibrary['remaining']>> {
    const { historian } = this.#site;
    const beginMs = await this.#site.failures.beginMs(this.#asset, names, nowMs);
    const rows = Math.min(mostRows, Math.floor((nowMs - beginMs) / stepMs));
    const values = new Float64Array(Math.max(0, rows) * names.length).fill(NaN);
    if (rows > 0) {
      for (const [column, name] of names.entries()) {
        const buckets = await historian.buckets(this.#asset.key, name, nowMs - rows * stepMs, nowMs, rows, longestHoldMs);
        buckets.forEach(({ integral, coveredMs }, row) => {
          if (coveredMs > 0) values[row * names.length + column] = integral / coveredMs;
        });
      }
    }
    return library.remaining({ id: this.#asset.key, values });
  }

  /** Once it has failed, what was foretold is compared with when. */
  async #outcome(nowMs: number): Promise<TwinForecast['record']> {
    const outcome = await this.#book.outcome(nowMs);
    const last = this.#site.failures.last(this.#asset.key);
    if (!this.#book.isOpen || last === undefined || last.atMs <= (outcome?.reachedMs ?? 0) || last.atMs > nowMs) return outcome;
    if (last.failed) return this.#book.score(last.atMs);
    this.#book.close();
    return outcome;
  }

  async #instead(why: 'tooFew' | 'nothing' | 'unlike' | 'tooYoung', failures: ForecastFailures): Promise<TwinForecast> {
    const forecast = await this.#limit.forecast();
    return { ...forecast, until: 'limit', failures, text: `${fallbackSentence(why, failures, this.#asset.language)} ${forecast.text}` };
  }
}
