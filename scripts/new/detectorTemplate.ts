/** The file of a new detector: a value that differs from the last one by more than it usually does. A start, to be replaced. */
export function detectorTemplate(name: string): string {
  const pascal = `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`;
  return `import type { Json } from '../ports.ts';
import { moveTable } from '../statistics/columnMove.ts';
import { isMeasurement, tableFromJson, tableToJson } from '../statistics/columnTable.ts';
import type { Detector, DetectorEntry, DetectorInput, DetectorParameters } from './detector.ts';

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

  constructor(parameters: ${pascal}Parameters, snapshot?: Json) {
    const { columns, times } = { ...defaults, ...parameters };
    this.times = times;
    this.state = { last: new Float64Array(columns).fill(NaN), change: new Float64Array(columns), rows: new Float64Array(columns) };
    if (snapshot !== undefined) tableFromJson(this.state, snapshot, '${name}');
  }

  score(input: DetectorInput, into: Float64Array): void {
    const { last, change, rows } = this.state;
    for (let column = 0; column < last.length; column += 1) {
      const value = input.values[column]!;
      const isReady = input.usable[column] === 1 && isMeasurement(value) && rows[column]! >= warmUpRows && change[column]! > 0;
      into[column] = isReady ? Math.abs(value - last[column]!) / change[column]! / this.times : NaN;
    }
  }

  learn(input: DetectorInput, trains: Uint8Array): void {
    const { last, change, rows } = this.state;
    for (let column = 0; column < last.length; column += 1) {
      const value = input.values[column]!;
      if (input.usable[column] === 0 || !isMeasurement(value)) continue;
      if (trains[column] === 1) {
        const difference = Math.abs(value - last[column]!);
        if (difference > change[column]!) change[column] = difference;
        rows[column]! += 1;
      }
      last[column] = value;
    }
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
