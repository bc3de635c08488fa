import type { Json } from '../ports.ts';
import { ResidualChart, moveResidualChart } from '../statistics/residualChart.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';
import type { ColumnRows, Detector, DetectorEntry, DetectorInput, DetectorParameters } from './detector.ts';
import { smallestChanges } from './detector.ts';

/**
 * EWMA chart on value − expectation with a memory of 5 values (Roberts 1959); for the first value after a pause or a restart, which has
 * none before it, a Shewhart chart (1931) with a wide limit beside it.
 * Flags a value that is not what it should be under the operating conditions of the moment: |average| ÷ (6 · its usual size), after a
 * pause also |value − expectation| ÷ (12 · its usual size), three times half the baseline's band.
 * Choose it where a baseline knows the operating conditions, rather than for what the signal shows by itself (spike, step).
 * 9 numbers per column. Montgomery, Introduction to Statistical Quality Control, 7th ed., 9.2.
 */
export interface DeviationParameters extends DetectorParameters {
  /** Usual sizes of the average at which the score is 1; > 0. */
  width?: number;
  /** Usual sizes of the first value's distance, after a pause, at which the score is 1; > 0. */
  singleWidth?: number;
}

const defaults = { columns: 1, width: 6, singleWidth: 12 };
const horizons: readonly number[] = [5];

class DeviationDetector implements Detector {
  private readonly width: number;
  private readonly singleWidth: number;
  private readonly columns: number;
  private readonly chart: ResidualChart;

  constructor(parameters: DeviationParameters, snapshot?: Json) {
    const { columns, width, singleWidth } = { ...defaults, ...parameters };
    this.width = width;
    this.singleWidth = singleWidth;
    this.columns = columns;
    this.chart = new ResidualChart(columns, horizons, false, smallestChanges(parameters, columns));
    if (snapshot !== undefined) this.chart.restore(snapshot, 'deviation');
  }

  score(input: DetectorInput, into: Float64Array): void {
    this.chart.deviations(input, this.width, into);
    for (let column = 0; column < this.columns; column += 1) {
      if (input.usable[column] !== 2) continue;
      const single = this.chart.distance(column, input.values[column]!, input.expected[column]!, input.coarse?.[column]) / this.singleWidth;
      if (single > into[column]!) into[column] = Math.min(single, 1_000);
    }
  }

  learn(input: DetectorInput, trains: Uint8Array): void {
    this.chart.learn(input, trains);
  }

  follow(column: number, rows: ColumnRows, from: number, to: number): number {
    this.chart.follow(column, rows, this.width, from, to);
    return to;
  }

  numbers(): readonly ColumnNumbers[] {
    return this.chart.numbers();
  }

  snapshot(): Json {
    return this.chart.snapshot();
  }
}

export const deviation: DetectorEntry<DeviationParameters> = {
  name: 'deviation',
  kind: 'deviation',
  promises: ['deviation'],
  defaults,
  memory: 9,
  blockRows: 64,
  typical: { quantile: 0.38, excess: 0.055 },
  needsExpectation: true,
  create: (parameters = {}, snapshot) => new DeviationDetector(parameters, snapshot),
  move: (snapshot, fresh, moves) => moveResidualChart(snapshot, fresh, moves, horizons.length),
};
