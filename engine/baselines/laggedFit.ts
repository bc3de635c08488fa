import type { Json } from '../ports.ts';
import { isKept, moveNumbers } from '../statistics/columnMove.ts';
import type { ColumnMove } from '../statistics/columnMove.ts';
import { member, numberFromJson, numbersFromJson, numbersToJson, tableFromJson, tableToJson } from '../statistics/columnTable.ts';
import { dotProduct } from '../statistics/dotProduct.ts';
import { factorRidge, solveFactored } from '../statistics/factorRidge.ts';
import { StateCopy } from '../statistics/stateCopy.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';
import { lagTerms } from './driverLags.ts';
import type { DriverLags } from './driverLags.ts';

const memoryMs = 7 * 24 * 3_600_000;
const ridge = 3e-4;
/** Every row is learned at first, then every fourth: neighbours say nearly the same. */
const eachRow = 3_000;
const everyFourth = 4;
/** Rows for each term before a fit is made, and rows that it must have been tried on. */
const rowsPerTerm = 4;
export const rowsToTrust = 120;
const rowsHere = 20;
/** Rows until the spread may follow the operating point, and how far it may. */
export const rowsForSpread = 600;
export const narrowest = 0.8;
export const widest = 3;

/**
 * Ridge regression (Hoerl and Kennard 1970) of every column on the drivers as they are and as they were (DriverLags), with one matrix for all
 * columns; the same of the size of what is left on the drivers as they are, so that the spread follows the operating point
 * (Glejser 1969). Choose it for temperatures and what else has a memory, and where noise grows with the load, rather than the plain polynomial,
 * which is known after a tenth of the rows. (terms² + terms)/2 numbers, and per column 2 · terms and some; terms = 33, 45, 61 for 1–3 drivers.
 */
export class LaggedFit {
  readonly own: number;
  readonly dense: number;
  readonly all: number;
  rows = 0;
  private since = 0;
  private fade = 0;
  private nextSolve: number;
  private readonly copies = new StateCopy();
  private parts: ColumnNumbers[] | undefined;
  private before: { rows: number; since: number; fade: number; nextSolve: number } | undefined;
  readonly lower: Float64Array;
  readonly sums: { right: Float64Array; coefficients: Float64Array; sizeRight: Float64Array; sizeCoefficients: Float64Array };
  readonly tried: { square: Float64Array; rows: Float64Array };

  constructor(drivers: number, columns: number) {
    const { own, dense, all } = lagTerms(drivers);
    this.own = own;
    this.dense = dense;
    this.all = all;
    this.nextSolve = rowsPerTerm * own;
    this.lower = new Float64Array((all * (all + 1)) / 2);
    this.sums = {
      right: new Float64Array(columns * all), coefficients: new Float64Array(columns * all),
      sizeRight: new Float64Array(columns * own), sizeCoefficients: new Float64Array(columns * own),
    };
    this.tried = { square: new Float64Array(columns), rows: new Float64Array(columns) };
  }

  get isTried(): boolean {
    return this.rows >= eachRow;
  }

  /** Whether the next row that is learned makes it fit anew. */
  get isAboutToSolve(): boolean {
    return this.rows + 1 >= this.nextSolve;
  }

  /** Whether rows enough were learned where the first driver is. */
  knows({ knot }: DriverLags): boolean {
    return this.lower[(knot * (knot + 3)) / 2]! + this.lower[((knot + 1) * (knot + 4)) / 2]! >= rowsHere;
  }

  /** Mean square of what the fit leaves on rows not yet learned; Infinity while it was not tried on enough of them. */
  square(column: number): number {
    return this.tried.rows[column]! >= rowsToTrust ? this.tried.square[column]! : Infinity;
  }

  value(column: number, { terms, knot }: DriverLags): number {
    const { all, dense } = this;
    const { coefficients } = this.sums;
    const start = column * all;
    return coefficients[start + knot]! * terms[knot]! + coefficients[start + knot + 1]! * terms[knot + 1]! + dotProduct(coefficients, start, terms, dense);
  }

  /** How much wider or narrower than on the whole the column scatters at this operating point; 1 while that is not known. */
  widening(column: number, terms: Float64Array): number {
    const { own } = this;
    const { sizeCoefficients, sizeRight } = this.sums;
    const start = column * own;
    const mean = sizeRight[start]! / this.lower[0]!;
    if (this.rows < rowsForSpread || !(mean > 0) || sizeCoefficients[start] === 0) return 1;
    let sum = 0;
    for (let term = 0; term < own; term += 1) sum += sizeCoefficients[start + term]! * terms[term]!;
    return Math.min(widest, Math.max(narrowest, sum / mean));
  }

  /**
   * Whether the next row is to be learned.
   * @param stepMs time since the row before
   */
  takes(stepMs: number): boolean {
    this.fade += stepMs / memoryMs;
    this.since += 1;
    return this.rows < eachRow || this.since >= everyFourth;
  }

  /**
   * Learns a row.
   * @param values clipped, one per column; NaN where there is none: the centre stands in. @param centres what was expected
   * @param covered whether the operating point was known: elsewhere the fit is not yet asked. @param reaches what counts as the largest error: what a first fit of
   * few operating points did is no measure of the present one
   */
  learn(lags: DriverLags, values: Float64Array, centres: Float64Array, covered: boolean, judged: Uint8Array, reaches: Float64Array): void {
    const { all, dense, own, sums, tried } = this;
    const { terms, knot } = lags;
    this.learnTerms(lags);
    const solved = sums.coefficients;
    for (let column = 0; column < values.length; column += 1) {
      if (judged[column] === 0) continue;
      const centre = centres[column]!;
      const value = Number.isNaN(values[column]!) ? centre : values[column]!;
      if (Number.isNaN(value)) continue;
      if (this.rows > 1 && sums.right[column * all] === 0) this.join(column, value);
      if (covered && solved[column * all] !== 0) {
        const reach = reaches[column]!;
        const error = Math.min(reach, Math.max(-reach, value - this.value(column, lags)));
        const rows = (tried.rows[column]! += 1);
        tried.square[column]! += Math.max(1 / rows, Math.min(1 / 800, 2 / rows), 1 / 20_000) * (error * error - tried.square[column]!);
      }
      const right = column * all;
      for (let term = 0; term < dense; term += 1) sums.right[right + term]! += terms[term]! * value;
      // Of the knots, only two count.
      sums.right[right + knot]! += terms[knot]! * value;
      sums.right[right + knot + 1]! += terms[knot + 1]! * value;
      if (!covered) continue;
      const size = Number.isNaN(centre) ? 0 : Math.abs(value - centre);
      for (let term = 0, place = column * own; term < own; term += 1, place += 1) sums.sizeRight[place]! += terms[term]! * size;
    }
    if (this.rows >= this.nextSolve) this.solve();
  }

  /** What is learned of a row's terms, whatever its values are. */
  learnTerms({ terms }: DriverLags): void {
    const { all, lower } = this;
    this.since = 0;
    this.rows += 1;
    for (let row = 0, place = 0; row < all; row += 1) {
      const term = terms[row]!;
      if (term === 0) {
        place += row + 1;
        continue;
      }
      for (let other = 0; other <= row; other += 1, place += 1) lower[place]! += term * terms[other]!;
    }
  }

  /** A column that came later is taken for one that always was as it is now: what it really does is learned from here on. */
  private join(column: number, value: number): void {
    // The row in hand is in the matrix already, and comes to the right side after this.
    const before = 1 - 1 / this.rows;
    for (let term = 0; term < this.all; term += 1) this.sums.right[column * this.all + term] = before * value * this.lower[(term * (term + 1)) / 2]!;
  }

  /** The column's level is another one from now on, and always was: how it follows the drivers stays. */
  shift(column: number, by: number): void {
    const { all, lower } = this;
    const { right, coefficients } = this.sums;
    for (let term = 0; term < all; term += 1) right[column * all + term]! += by * lower[(term * (term + 1)) / 2]!;
    if (coefficients[column * all] !== 0) coefficients[column * all]! += by;
  }

  /** Is not asked of a column until it was tried on rows enough once more. */
  private doubt(column: number): void {
    this.tried.rows[column] = 0;
    this.tried.square[column] = 0;
  }

  forget(column: number): void {
    const { right, coefficients, sizeRight, sizeCoefficients } = this.sums;
    for (const numbers of [right, coefficients]) numbers.fill(0, column * this.all, (column + 1) * this.all);
    for (const numbers of [sizeRight, sizeCoefficients]) numbers.fill(0, column * this.own, (column + 1) * this.own);
    this.doubt(column);
  }

  /** Keeps all as it is, for `putBack`. */
  keep(): void {
    const { rows, since, fade, nextSolve, lower, sums, tried } = this;
    this.parts ??= [lower, ...Object.values(sums), ...Object.values(tried)].map((numbers) => ({ numbers, each: 1 }));
    this.copies.keep(this.parts);
    this.before = { rows, since, fade, nextSolve };
  }

  putBack(): void {
    if (this.before === undefined) return;
    this.copies.putBack();
    this.rows = this.before.rows;
    this.since = this.before.since;
    this.fade = this.before.fade;
    this.nextSolve = this.before.nextSolve;
  }

  snapshot(): Json {
    const { rows, since, fade, nextSolve } = this;
    return { rows, since, fade, nextSolve, lower: numbersToJson(this.lower), sums: tableToJson(this.sums), tried: tableToJson(this.tried) };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json, what: string): void {
    this.rows = numberFromJson(json, 'rows', what);
    this.since = numberFromJson(json, 'since', what);
    this.fade = numberFromJson(json, 'fade', what);
    this.nextSolve = numberFromJson(json, 'nextSolve', what);
    numbersFromJson(member(json, 'lower'), this.lower, `${what}.lower`);
    tableFromJson(this.sums, member(json, 'sums'), `${what}.sums`);
    tableFromJson(this.tried, member(json, 'tried'), `${what}.tried`);
  }

  /** Fits anew with all that was learned. */
  solve(): void {
    const { all, own, lower, sums } = this;
    this.nextSolve = this.rows + Math.min(1_000, Math.ceil(this.rows / 2));
    const keep = Math.exp(-this.fade);
    this.fade = 0;
    for (const numbers of [lower, sums.right, sums.sizeRight]) for (let place = 0; place < numbers.length; place += 1) numbers[place]! *= keep;
    const factor = factorRidge(lower, all, ridge);
    if (factor === undefined || this.rows < rowsPerTerm * own) return;
    for (let column = 0; column < this.tried.rows.length; column += 1) {
      if (sums.right[column * all] === 0) continue;
      solveFactored(factor, all, sums.right, column * all, sums.coefficients, column * all);
      solveFactored(factor, own, sums.sizeRight, column * own, sums.sizeCoefficients, column * own);
    }
  }
}

/** A snapshot for other columns, of the same drivers. */
export function moveLaggedFit(snapshot: Json, drivers: number, moves: readonly ColumnMove[]): Json {
  const { own, all } = lagTerms(drivers);
  const fresh = new LaggedFit(drivers, moves.length).snapshot() as { [name: string]: Json };
  const lower = member(snapshot, 'lower');
  const sums = member(snapshot, 'sums');
  const begun = fresh['sums'];
  const list = (name: string, quantity: 'difference', each: number): Json[] => moveNumbers(member(sums, name), member(begun, name), moves, quantity, each);
  const right = list('right', 'difference', all);
  const coefficients = list('coefficients', 'difference', all);
  moves.forEach((move, column) => {
    if (!isKept(move) || move.offset === 0) return;
    // The first term is 1, so that its sums are those of the terms themselves.
    for (let term = 0; term < all; term += 1) {
      const place = column * all + term;
      right[place] = Number(right[place]) + move.offset * Number(Array.isArray(lower) ? lower[(term * (term + 1)) / 2] : 0);
    }
    if (Number(coefficients[column * all]) !== 0) coefficients[column * all] = Number(coefficients[column * all]) + move.offset;
  });
  const tried = member(snapshot, 'tried');
  return {
    ...fresh,
    ...Object.fromEntries(['rows', 'since', 'fade', 'nextSolve'].map((name) => [name, member(snapshot, name) ?? 0])),
    lower: lower ?? null,
    sums: { right, coefficients, sizeRight: list('sizeRight', 'difference', own), sizeCoefficients: list('sizeCoefficients', 'difference', own) },
    tried: {
      square: moveNumbers(member(tried, 'square'), member(fresh['tried'], 'square'), moves, 'square'),
      rows: moveNumbers(member(tried, 'rows'), member(fresh['tried'], 'rows'), moves, 'plain'),
    },
  };
}
