import type { Json } from '../ports.ts';
import { moveNumbers } from '../statistics/columnMove.ts';
import { member, numbersFromJson, numbersToJson } from '../statistics/columnTable.ts';
import { dotProduct } from '../statistics/dotProduct.ts';
import type { JointDetector, JointDetectorEntry, JointInput, JointParameters } from './jointDetector.ts';

/**
 * Multivariate EWMA chart: T² of the moving averages (Lowry, Woodall, Champ and Rigdon 1992; Hotelling 1947), here of the distances from what is
 * expected, divided by the number of columns.
 * Flags columns that stay a little off where, seen the way they go together, they should not be: √(a' · C⁻¹ · a · (2 − λ) ÷ λ ÷ columns), a the averages with λ = 1 ÷ 20.
 * Each column's share is its own part of that sum, which a column that is where it should be has none of.
 * Choose it for a lasting small offset of one signal against another, rather than for signals that have lost each other (apart).
 * 1 numbers per column. Montgomery, Introduction to Statistical Quality Control, 7th ed., 11.4.
 */
export interface AgainstParameters extends JointParameters {
  /** Memory in rows; > 1. */
  rows?: number;
}

const defaults = { columns: 3, rows: 20 };
/** Rows as wild as can be that it takes to reach the line. */
const rowsToReach = 5;

class AgainstDetector implements JointDetector {
  private readonly share: number;
  private readonly widening: number;
  /** How far a single row may lie off, in lines. */
  private readonly most: number;
  private readonly averages: Float64Array;
  private readonly now: Float64Array;

  constructor(parameters: AgainstParameters, snapshot?: Json) {
    const { columns, rows } = { ...defaults, ...parameters };
    this.share = 1 / rows;
    this.widening = (2 - this.share) / this.share;
    this.most = 1 / ((1 - (1 - this.share) ** rowsToReach) * Math.sqrt(this.widening));
    this.averages = new Float64Array(columns);
    this.now = new Float64Array(columns);
    if (snapshot !== undefined) numbersFromJson(member(snapshot, 'averages'), this.averages, 'against.averages');
  }

  score(input: JointInput): number {
    if (input.count < 2) return NaN;
    this.move(input, this.now);
    return Math.sqrt((squareOf(this.now, input) * this.widening) / input.count);
  }

  shares(input: JointInput, into: Float64Array): void {
    const columns = this.averages.length;
    this.move(input, this.now);
    let sum = 0;
    for (let row = 0; row < columns; row += 1) {
      const part = dotProduct(input.precision, row * columns, this.now, columns);
      into[row] = input.present[row] === 1 ? Math.max(0, this.now[row]! * part) : 0;
      sum += into[row]!;
    }
    for (let row = 0; row < columns; row += 1) into[row] = sum > 0 ? into[row]! / sum : 0;
  }

  learn(input: JointInput, scored = false): void {
    if (input.count < 2) return;
    if (!scored) this.move(input, this.now);
    this.averages.set(this.now);
  }

  restart(): void {
    this.averages.fill(0);
  }

  snapshot(): Json {
    return { averages: numbersToJson(this.averages) };
  }

  private move({ distances, present, count, precision, line }: JointInput, into: Float64Array): void {
    const size = Math.sqrt(squareOf(distances, { present, precision }) / count);
    const most = this.most * line;
    const counted = size > most ? most / size : 1;
    for (let column = 0; column < into.length; column += 1) {
      const average = this.averages[column]!;
      into[column] = present[column] === 1 ? average + this.share * (counted * distances[column]! - average) : average;
    }
  }
}

/** v' · C⁻¹ · v of the columns that are there. */
function squareOf(vector: Float64Array, { present, precision }: { present: Uint8Array; precision: Float64Array }): number {
  const columns = vector.length;
  let square = 0;
  for (let row = 0, begin = 0; row < columns; row += 1, begin += columns) {
    if (present[row] !== 1) continue;
    const sum = 0.5 * precision[begin + row]! * vector[row]! + dotProduct(precision, begin, vector, row);
    square += 2 * vector[row]! * sum;
  }
  return Math.max(0, square);
}

export const against: JointDetectorEntry<AgainstParameters> = {
  name: 'against',
  kind: 'relation',
  promises: ['against'],
  defaults,
  memory: 1,
  blockRows: 32,
  typical: (columns) => ({ quantile: 1 + 1.12 / Math.sqrt(columns), excess: 0.37 / Math.sqrt(columns) }),
  create: (parameters = {}, snapshot) => new AgainstDetector(parameters, snapshot),
  move: (snapshot, fresh, moves) => ({ averages: moveNumbers(member(snapshot, 'averages'), member(fresh, 'averages'), moves, 'plain') }),
};
