import type { Json } from '../ports.ts';
import { ResidualChart, moveResidualChart } from '../statistics/residualChart.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';
import type { ColumnRows, Detector, DetectorEntry, DetectorInput, DetectorParameters } from './detector.ts';
import { smallestChanges } from './detector.ts';

/**
 * EWMA chart on value − expectation with memories of 64, 256 and 1,024 values (Roberts 1959; Lucas and Saccucci 1990).
 * Flags a slow departure: |average| ÷ (6 · its usual size). Where nothing is expected, the column's own slow mean stands in.
 * Choose it for wear, fouling and sensor drift, rather than for changes at once (step) or soon (deviation).
 * 13 numbers per column. Montgomery, Introduction to Statistical Quality Control, 7th ed., 9.2.
 */
export interface DriftParameters extends DetectorParameters {
  /** Usual sizes of the average at which the score is 1; > 0. */
  width?: number;
}

const defaults = { columns: 1, width: 6 };
const horizons: readonly number[] = [64, 256, 1024];

class DriftDetector implements Detector {
  private readonly width: number;
  private readonly chart: ResidualChart;

  constructor(parameters: DriftParameters, snapshot?: Json) {
    const { columns, width } = { ...defaults, ...parameters };
    this.width = width;
    this.chart = new ResidualChart(columns, horizons, true, smallestChanges(parameters, columns));
    if (snapshot !== undefined) this.chart.restore(snapshot, 'drift');
  }

  score(input: DetectorInput, into: Float64Array): void {
    this.chart.deviations(input, this.width, into);
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

export const drift: DetectorEntry<DriftParameters> = {
  name: 'drift',
  kind: 'drift',
  promises: ['drift'],
  defaults,
  memory: 13,
  blockRows: 256,
  typical: { quantile: 0.37, excess: 0.06 },
  needsExpectation: false,
  create: (parameters = {}, snapshot) => new DriftDetector(parameters, snapshot),
  move: (snapshot, fresh, moves) => moveResidualChart(snapshot, fresh, moves, horizons.length),
};
