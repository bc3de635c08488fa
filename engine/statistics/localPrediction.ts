import type { Json } from '../ports.ts';
import { columnArrays, tableFromJson, tableToJson } from './columnTable.ts';

const slowShare = 0.1;
const fastShare = 0.5;
const trendShare = 0.2;
const settlingRows = 5;
const longestMemory = 5_000;

/**
 * Predicts a column's next value from its last ones: a slow moving average, a fast one and a fast one with a trend (Holt
 * 1957) run side by side, and the one whose error was smallest predicts. So a flat noisy signal, a wandering one and a
 * smooth wave are each followed as closely as they can be, without knowing a period. Beside them stands where the column usually is.
 * Choose it for sudden changes, rather than for slow ones, which it follows. 14 numbers per column.
 */
export class LocalPrediction {
  readonly rows: Float64Array;
  /** Values since a new begin, from 1 on, until a level is known again; 0 = it is. */
  private readonly settling: Float64Array;
  /** Which of the three predicts. */
  private readonly best: Float64Array;
  private readonly slow: Float64Array;
  private readonly fast: Float64Array;
  private readonly line: Float64Array;
  private readonly trend: Float64Array;
  private readonly slowSquare: Float64Array;
  private readonly fastSquare: Float64Array;
  private readonly lineSquare: Float64Array;
  private readonly mean: Float64Array;
  private readonly meanSquare: Float64Array;

  constructor(columns: number) {
    const take = columnArrays(columns, 12);
    this.rows = take();
    this.settling = take();
    this.best = take();
    this.slow = take();
    this.fast = take();
    this.line = take();
    this.trend = take();
    this.slowSquare = take();
    this.fastSquare = take();
    this.lineSquare = take();
    this.mean = take();
    this.meanSquare = take();
  }

  predict(column: number): number {
    const best = this.best[column];
    return best === 0 ? this.slow[column]! : best === 1 ? this.fast[column]! : this.line[column]! + this.trend[column]!;
  }

  /** Standard deviation of value − prediction; 0 while nothing varied. */
  spread(column: number): number {
    const best = this.best[column];
    return Math.sqrt(best === 0 ? this.slowSquare[column]! : best === 1 ? this.fastSquare[column]! : this.lineSquare[column]!);
  }

  /** Learns how large the errors usually are; larger ones than four spreads count as four. */
  train(column: number, value: number): void {
    const rows = this.rows[column]!;
    this.rows[column] = rows + 1;
    if (rows === 0) {
      this.mean[column] = value;
      return;
    }
    const share = Math.max(1 / rows, 1 / longestMemory);
    const slow = clippedSquare(value - this.slow[column]!, this.slowSquare[column]!);
    const fast = clippedSquare(value - this.fast[column]!, this.fastSquare[column]!);
    const line = clippedSquare(value - this.line[column]! - this.trend[column]!, this.lineSquare[column]!);
    const slowSquare = (this.slowSquare[column]! += share * (slow - this.slowSquare[column]!));
    const fastSquare = (this.fastSquare[column]! += share * (fast - this.fastSquare[column]!));
    const lineSquare = (this.lineSquare[column]! += share * (line - this.lineSquare[column]!));
    const fromMean = value - this.mean[column]!;
    this.meanSquare[column]! += share * (clippedSquare(fromMean, this.meanSquare[column]!) - this.meanSquare[column]!);
    this.mean[column]! += share * fromMean;
    const best = slowSquare <= fastSquare ? 0 : 1;
    this.best[column] = lineSquare < Math.min(slowSquare, fastSquare) ? 2 : best;
  }

  /** Moves on by a value. */
  follow(column: number, value: number): void {
    const settling = this.settling[column]!;
    if (settling > 0) {
      // The mean of the values since: one alone would be a noisy level.
      const level = this.slow[column]! + (value - this.slow[column]!) / (settling + 1);
      this.moveTo(column, level);
      this.settling[column] = settling + 1 < settlingRows ? settling + 1 : 0;
      return;
    }
    if (this.rows[column]! <= 1) {
      this.moveTo(column, value);
      return;
    }
    this.slow[column]! += slowShare * (value - this.slow[column]!);
    this.fast[column]! += fastShare * (value - this.fast[column]!);
    const predicted = this.line[column]! + this.trend[column]!;
    const level = predicted + fastShare * (value - predicted);
    this.trend[column]! += trendShare * (level - this.line[column]! - this.trend[column]!);
    this.line[column] = level;
  }

  /**
   * Whether a value lies where the column usually is while the prediction does not: the end of something, not its begin.
   * @param troubled the column has been abnormal for a while; then it is enough that the prediction lies farther out.
   */
  isReturn(column: number, value: number, troubled: boolean): boolean {
    const usual = Math.sqrt(this.meanSquare[column]!);
    const distance = Math.abs(value - this.mean[column]!);
    const predicted = this.predict(column);
    const before = Math.abs(predicted - this.mean[column]!);
    // A single wild value does not come back all the way.
    if (Math.abs(value - predicted) < 0.6 * before) return false;
    return distance <= 2 * usual && (before > 2.2 * usual || (troubled && before > distance));
  }

  /** Begins anew with a value; until a level is known, nothing can be said of errors. */
  restart(column: number, value: number): void {
    this.moveTo(column, value);
    this.settling[column] = 1;
  }

  isSettling(column: number): boolean {
    return this.settling[column]! > 0;
  }

  /** Goes on from another level at once, without a trend. */
  moveTo(column: number, level: number): void {
    this.slow[column] = level;
    this.fast[column] = level;
    this.line[column] = level;
    this.trend[column] = 0;
  }

  snapshot(): Json {
    return tableToJson(this.table());
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json | undefined, what: string): void {
    tableFromJson(this.table(), json, what);
  }

  private table(): Record<string, Float64Array> {
    const { rows, settling, best, slow, fast, line, trend, slowSquare, fastSquare, lineSquare, mean, meanSquare } = this;
    return { rows, settling, best, slow, fast, line, trend, slowSquare, fastSquare, lineSquare, mean, meanSquare };
  }
}

/** The square of an error, at most 16 times its usual size; anything is taken while the usual size is 0. */
export function clippedSquare(error: number, usual: number): number {
  const square = error * error;
  return usual > 0 && square > 16 * usual ? 16 * usual : square;
}
