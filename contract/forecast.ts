/** Why there is no forecast, or that there is one, or that the limit is passed. */
export type TwinForecastState = 'refused' | 'tooFew' | 'noTrend' | 'forecast' | 'reached';

/** When a property reaches its limit, as twin-forecast says it in `msg.forecast`. */
export interface TwinForecast {
  v: 1;
  /** Twin key. */
  twin: string;
  property: string;
  state: TwinForecastState;
  /** ms UTC of the last value that it rests on. */
  timeMs: number;
  limit: number;
  side: 'high' | 'low';
  /** Without the noise, in the property's unit. */
  level?: number;
  /** Change per day, now. */
  perDay?: number;
  /** Most likely moment, and four of five cases between; `toMs` is left out where it may as well never be. */
  expectedMs?: number;
  fromMs?: number;
  toMs?: number;
  /** Less time is left than asked for. */
  warn: boolean;
  /** A sentence, in the site's language. */
  text: string;
  /** What became of the forecasts before the limit was last reached. */
  record?: ForecastOutcome;
}

export interface ForecastOutcome {
  reachedMs: number;
  forecasts: number;
  /** Share whose interval held. */
  held: number;
  /** Median of |expected − true time left| ÷ true time left. */
  error: number;
}
