/** Why there is no forecast, or that there is one, or that the limit is passed. */
export type TwinForecastState = 'refused' | 'tooFew' | 'noTrend' | 'noWear' | 'forecast' | 'reached';

/** When a property reaches its limit, or the machine fails, as twin-forecast says it in `msg.forecast`. */
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
  /** What is foretold; absent: limit. */
  until?: 'limit' | 'failure';
  /** Without the noise, in the property's unit. */
  level?: number;
  /** Change per day, now. */
  perDay?: number;
  /** Most likely moment, and four of five cases between; `toMs` is left out where it may as well never be. */
  expectedMs?: number;
  fromMs?: number;
  toMs?: number;
  /** The recorded run that it resembles most. */
  like?: string;
  /** What it rests on where failures count. */
  failures?: ForecastFailures;
  /** Less time is left than asked for. */
  warn: boolean;
  /** A sentence, in the site's language. */
  text: string;
  /** What became of the forecasts before the limit was last reached, or the machine last failed. */
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

/** Recorded failures of machines of this type, and how good forecasts were when each was foretold from the others. */
export interface ForecastFailures {
  recorded: number;
  needed: number;
  /** Root mean square, ms. */
  errorMs?: number;
  /** Share of ranges that held. */
  held?: number;
}
