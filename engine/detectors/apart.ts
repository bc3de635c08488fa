import type { Json } from '../ports.ts';
import { moveNumbers } from '../statistics/columnMove.ts';
import { member, numbersFromJson, numbersToJson } from '../statistics/columnTable.ts';
import { dotProduct } from '../statistics/dotProduct.ts';
import type { JointDetector, JointDetectorEntry, JointInput, JointParameters } from './jointDetector.ts';

/**
 * Squared prediction error with each column predicted from all the others (regression-adjusted variables, Hawkins 1991; the Q statistic of Jackson
 * and Mudholkar 1979 without a choice of components), smoothed by EWMA (Roberts 1959).
 * Flags columns that no longer go together, though each may be as it should be by itself: mean of e² ÷ its usual size, e = (C⁻¹ · d) ÷ its place on the
 * diagonal, d the distances from what is expected, averaged over 20 rows. Each column's share is what its own mean lies above its usual size.
 * Choose it for a relation that is broken or that scatters more, rather than for a lasting offset (against).
 * 1 numbers per column. MacGregor and Kourti, Statistical process control of multivariate processes, Control Engineering Practice 3 (1995) 3.
 */
export interface ApartParameters extends JointParameters {
  /** Memory in rows; > 1. */
  rows?: number;
}

const defaults = { columns: 3, rows: 20 };
/** Rows as wild as can be that it takes to reach the line. */
const rowsToReach = 5;

class ApartDetector implements JointDetector {
  private readonly share: number;
  /** How much a single row may count, in lines. */
  private readonly most: number;
  /** Moving averages of e² ÷ its usual size; 1 as usual. */
  private readonly averages: Float64Array;
  private readonly now: Float64Array;

  constructor(parameters: ApartParameters, snapshot?: Json) {
    const { columns, rows } = { ...defaults, ...parameters };
    this.share = 1 / rows;
    this.most = 1 / (1 - (1 - this.share) ** rowsToReach);
    this.averages = new Float64Array(columns).fill(1);
    this.now = new Float64Array(columns);
    if (snapshot !== undefined) numbersFromJson(member(snapshot, 'averages'), this.averages, 'apart.averages');
  }

  score(input: JointInput): number {
    if (input.count < 2) return NaN;
    this.move(input, this.now);
    let sum = 0;
    for (let column = 0; column < this.now.length; column += 1) if (input.present[column] === 1) sum += this.now[column]!;
    return sum / input.count;
  }

  shares(input: JointInput, into: Float64Array): void {
    this.move(input, this.now);
    let sum = 0;
    for (let column = 0; column < this.now.length; column += 1) {
      into[column] = input.present[column] === 1 ? Math.max(0, this.now[column]! - 1) : 0;
      sum += into[column]!;
    }
    for (let column = 0; column < this.now.length; column += 1) into[column] = sum > 0 ? into[column]! / sum : 0;
  }

  learn(input: JointInput, scored = false): void {
    if (input.count < 2) return;
    if (!scored) this.move(input, this.now);
    this.averages.set(this.now);
  }

  restart(): void {
    this.averages.fill(1);
  }

  snapshot(): Json {
    return { averages: numbersToJson(this.averages) };
  }

  /** Writes what the averages are with this row. */
  private move({ distances, present, count, precision, line }: JointInput, into: Float64Array): void {
    const columns = this.averages.length;
    const { averages, share } = this;
    let sum = 0;
    for (let row = 0, begin = 0; row < columns; row += 1, begin += columns) {
      if (present[row] !== 1) continue;
      const error = dotProduct(precision, begin, distances, columns);
      const square = (error * error) / precision[begin + row]!;
      into[row] = square;
      sum += square;
    }
    const most = this.most * line * count;
    const counted = sum > most ? most / sum : 1;
    for (let column = 0; column < columns; column += 1) {
      const average = averages[column]!;
      // A column without a value says nothing, neither of a fault nor of its end.
      into[column] = present[column] === 1 ? average + share * (counted * into[column]! - average) : average;
    }
  }
}

export const apart: JointDetectorEntry<ApartParameters> = {
  name: 'apart',
  kind: 'relation',
  promises: ['apart', 'against'],
  defaults,
  memory: 1,
  blockRows: 32,
  // Many columns are never quite known: the second part.
  typical: (columns) => ({ quantile: 1 + 0.4 / Math.sqrt(columns) + 0.001 * columns, excess: 0.16 / Math.sqrt(columns) + 0.0002 * columns }),
  create: (parameters = {}, snapshot) => new ApartDetector(parameters, snapshot),
  move: (snapshot, fresh, moves) => ({ averages: moveNumbers(member(snapshot, 'averages'), member(fresh, 'averages'), moves, 'plain') }),
};
