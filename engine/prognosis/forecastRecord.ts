/** A forecast as it was made: at `madeMs` the limit was expected between `fromMs` and `toMs`, most likely at `atMs`. */
export interface MadeForecast {
  madeMs: number;
  atMs: number;
  fromMs: number;
  toMs: number;
}

/** What became of the forecasts of one way to a limit. */
export interface ForecastScore {
  reachedMs: number;
  forecasts: number;
  /** Share whose interval held; four of five is what is promised. */
  held: number;
  /** Median of |expected − true time left| ÷ true time left. */
  error: number;
  /** How long before the limit the first forecast was made. */
  firstMs: number;
}

/** Scores forecasts against when the limit was reached; undefined when none had been made before. What was made in the last hundredth is too late to count. */
export function scoreForecasts(made: readonly MadeForecast[], reachedMs: number): ForecastScore | undefined {
  const firstMs = Math.min(...made.map(({ madeMs }) => madeMs));
  const counted = made.filter(({ madeMs }) => reachedMs - madeMs > (reachedMs - firstMs) / 100);
  if (counted.length === 0) return undefined;
  const errors = counted.map(({ madeMs, atMs }) => Math.abs(atMs - reachedMs) / (reachedMs - madeMs)).sort((a, b) => a - b);
  const held = counted.filter(({ fromMs, toMs }) => fromMs <= reachedMs && reachedMs <= toMs).length;
  return { reachedMs, forecasts: counted.length, held: held / counted.length, error: errors[errors.length >> 1]!, firstMs: reachedMs - firstMs };
}
