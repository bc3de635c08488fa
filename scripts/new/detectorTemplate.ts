/** The file of a new detector: a value that differs from the last one by more than it usually does. A start, to be replaced. */
export function detectorTemplate(name: string): string {
  const pascal = `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`;
  return `import type { Json } from '../ports.ts';
import { moveTable } from '../statistics/columnMove.ts';
import { isMeasurement, tableFromJson, tableToJson } from '../statistics/columnTable.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';
import type { ColumnRows, Detector, DetectorEntry, DetectorInput, DetectorParameters } from './detector.ts';

/**
 * Largest usual change (${new Date().getFullYear()}; put the method's name in its field, author and year here). Flags a value that differs from the
 * last one by more than neighbours ever did in normal times: the score is change ÷ (times × largest change).
 * Choose it for a first try, rather than for a noisy signal, whose largest change says little.
 * 3 numbers per column. Say here where the method is described: author, title, year, page.
 */
export interface ${pascal}Parameters extends DetectorParameters {
  /** How many usual changes a change must be to score 1, more than 1. */
  times?: number;
}

interface ${pascal}State extends Record<string, Float64Array> {
  last: Float64Array;
  /** The largest change in normal times. */
  change: Float64Array;
  rows: Float64Array;
}

const defaults = { columns: 1, times: 2 };
const warmUpRows = 60;

class ${pascal}Detector implements Detector {
  private readonly times: number;
  private readonly state: ${pascal}State;
  private readonly all: readonly ColumnNumbers[];

  constructor(parameters: ${pascal}Parameters, snapshot?: Json) {
    const { columns, times } = { ...defaults, ...parameters };
    this.times = times;
    this.state = { last: new Float64Array(columns).fill(NaN), change: new Float64Array(columns), rows: new Float64Array(columns) };
    this.all = Object.values(this.state).map((numbers) => ({ numbers, each: 1 }));
    if (snapshot !== undefined) tableFromJson(this.state, snapshot, '${name}');
  }

  score(input: DetectorInput, into: Float64Array): void {
    for (let column = 0; column < this.state.last.length; column += 1) into[column] = this.scoreOf(column, input.values[column]!, input.usable[column]!);
  }

  learn(input: DetectorInput, trains: Uint8Array): void {
    for (let column = 0; column < this.state.last.length; column += 1) this.learnOne(column, input.values[column]!, input.usable[column]!, trains[column]!);
  }

  follow(column: number, rows: ColumnRows, from: number, to: number): number {
    for (let row = from; row < to; row += 1) {
      rows.scores[row] = this.scoreOf(column, rows.values[row]!, rows.usable[row]!);
      this.learnOne(column, rows.values[row]!, rows.usable[row]!, rows.trains[row]!);
    }
    return to;
  }

  numbers(): readonly ColumnNumbers[] {
    return this.all;
  }

  private scoreOf(column: number, value: number, usable: number): number {
    const { last, change, rows } = this.state;
    const isReady = usable === 1 && isMeasurement(value) && rows[column]! >= warmUpRows && change[column]! > 0;
    return isReady ? Math.abs(value - last[column]!) / change[column]! / this.times : NaN;
  }

  private learnOne(column: number, value: number, usable: number, trains: number): void {
    const { last, change, rows } = this.state;
    if (usable === 0 || !isMeasurement(value)) return;
    if (trains === 1) {
      const difference = Math.abs(value - last[column]!);
      if (difference > change[column]!) change[column] = difference;
      rows[column]! += 1;
    }
    last[column] = value;
  }

  snapshot(): Json {
    return tableToJson(this.state);
  }
}

export const ${name}: DetectorEntry<${pascal}Parameters> = {
  name: '${name}',
  kind: 'spike',
  promises: ['spike'],
  defaults,
  memory: 3,
  blockRows: 8,
  typical: { quantile: 0.2, excess: 0.1 },
  needsExpectation: false,
  create: (parameters = {}, snapshot) => new ${pascal}Detector(parameters, snapshot),
  move: (snapshot, fresh, moves) => moveTable(snapshot, fresh, moves, { last: 'value', change: 'difference' }),
};
`;
}
