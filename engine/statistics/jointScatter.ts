import type { Json } from '../ports.ts';
import { isKept, moveTable } from './columnMove.ts';
import type { ColumnMove } from './columnMove.ts';
import { columnArrays, member, numbersFromJson, numbersToJson, numberFromJson, tableFromJson, tableToJson, unreadableSnapshot } from './columnTable.ts';
import { factorRidge, solveFactored } from './factorRidge.ts';
import { clippedSquare } from './localPrediction.ts';

/** Rows of which a column must have been part to count. */
const leastRows = 60;
const longestMemory = 20_000;
/** Until then each row is learned, however many columns there are. */
const eachRow = 2_000;
const everyFourth = 4;
/** After so many rows without it nobody waits for a column any more. */
const longestAbsence = 300;
/** Memory of the average by which a column is found to wander by itself, and usual sizes at which it is left aside; below 70 % of it, no longer. */
const leanRows = 20;
const mostLean = 1.5;
const leanRelease = 0.7;
const slowRows = 256;
/** Usual sizes beyond which a distance counts no more when learned, and beyond which a value is outside its own limits. */
const learnedClip = 4;
const ownLimit = 4;
/** Beyond which it counts no more for whether its column wanders. */
const leanClip = 6;
/** The covariance is taken anew whenever the rows have become so many times more. */
const growth = 1.5;
const leastShrinkage = 0.02;
const mostShrinkage = 0.5;
/** From so many columns on one that is missing is taken out of the inverse of all, unless more than one in so many is. */
const manyColumns = 16;

/**
 * How the distances of several columns from what is expected of them usually go together: covariance of clipped values around a mean that
 * follows slowly (at most one usual size in 256 rows, so that what wanders by itself is no fault of the company), shrunk towards no correlation by columns ÷ rows
 * (after Ledoit and Wolf 2004). What rows are looked at with is fixed until there are half as many rows more, so that a row is never part of its own measure.
 * A column without a value lowers the dimension: the inverse is that of the others. So does one that is by itself outside its limits (4 usual sizes, or 1.5 on average over 20 rows): what it
 * does alone is told by charts of its own, and would here drown what it does in company.
 * Choose it where signals hang together, rather than a spread per column. (columns + 1) + 7 numbers per column.
 */
export class JointScatter {
  /** Rows that the measure in use is made of; 0 = none yet. */
  fittedRows = 0;
  /** Of the row in hand, in usual sizes; 0 where there is none. */
  readonly distances: Float64Array;
  readonly present: Uint8Array;
  /** The same of all that have a value. */
  private readonly afar: Float64Array;
  /** Columns that are present. */
  count = 0;
  /** Inverse of their correlations, row by row; 0 where one is missing. */
  readonly precision: Float64Array;
  private rows = 0;
  private readonly columns: number;
  private readonly state: { seen: Float64Array; absent: Float64Array; slow: Float64Array; square: Float64Array; scale: Float64Array; lean: Float64Array; aside: Float64Array };
  /** Lower triangles row by row: products learned so far, and the correlations in use. */
  private readonly products: Float64Array;
  private readonly correlations: Float64Array;
  /** For which columns `precision` is. */
  private readonly inverted: Uint8Array;
  private stale = true;
  /** The inverse of the correlations of all columns that are known, lower triangle row by row; undefined until it is asked for. */
  private whole: Float64Array | undefined;
  /** Of the row that is learned. */
  private readonly clipped: Float64Array;
  private readonly shares: Float64Array;
  private readonly there: Int32Array;

  constructor(columns: number, snapshot?: Json) {
    const what = 'signals together';
    this.columns = columns;
    const take = columnArrays(columns, 7);
    this.state = { seen: take(), absent: take(), slow: take(), square: take(), scale: take(), lean: take(), aside: take() };
    this.products = new Float64Array((columns * (columns + 1)) / 2);
    this.correlations = new Float64Array(this.products.length);
    this.distances = new Float64Array(columns);
    this.afar = new Float64Array(columns);
    this.there = new Int32Array(columns);
    this.present = new Uint8Array(columns);
    this.inverted = new Uint8Array(columns);
    this.clipped = new Float64Array(columns);
    this.shares = new Float64Array(columns);
    this.precision = new Float64Array(columns * columns);
    if (snapshot === undefined) return;
    tableFromJson(this.state, member(snapshot, 'state'), what);
    numbersFromJson(member(snapshot, 'products'), this.products, `${what}.products`);
    numbersFromJson(member(snapshot, 'correlations'), this.correlations, `${what}.correlations`);
    this.rows = numberFromJson(snapshot, 'rows', what);
    this.fittedRows = numberFromJson(snapshot, 'fittedRows', what);
  }

  /** Takes a row in hand: fills `distances`, `present`, `count` and `precision`. @param residuals NaN where there is none */
  look(residuals: Float64Array): void {
    const { slow, scale, aside } = this.state;
    this.count = 0;
    let same = !this.stale;
    for (let column = 0; column < this.columns; column += 1) {
      const residual = residuals[column]!;
      const size = scale[column]!;
      const distance = (residual - slow[column]!) / size;
      this.afar[column] = distance;
      const is = size > 0 && aside[column] === 0 && Math.abs(distance) <= ownLimit;
      this.present[column] = is ? 1 : 0;
      if (is) this.count += 1;
      if (this.present[column] !== this.inverted[column]) same = false;
      this.distances[column] = is ? distance : 0;
    }
    if (!same) this.invert();
  }

  /** Moves on by the row that was looked at, whatever it was judged. */
  follow(residuals: Float64Array): void {
    const { scale, lean, aside } = this.state;
    for (let column = 0; column < this.columns; column += 1) {
      const residual = residuals[column]!;
      if (!(Math.abs(residual) < Infinity) || scale[column] === 0) continue;
      const distance = this.afar[column]!;
      lean[column]! += ((distance < -leanClip ? -leanClip : distance > leanClip ? leanClip : distance) - lean[column]!) / leanRows;
      const off = Math.abs(lean[column]!);
      if (off > mostLean) aside[column] = 1;
      else if (off < leanRelease * mostLean) aside[column] = 0;
    }
  }

  /** @returns true when the measure was made anew */
  learn(residuals: Float64Array): boolean {
    const { seen, absent, slow, square } = this.state;
    let whole = true;
    let count = 0;
    for (let column = 0; column < this.columns; column += 1) {
      if (Math.abs(residuals[column]!) < Infinity) {
        absent[column] = 0;
        this.there[count] = column;
        count += 1;
      } else {
        absent[column] = Math.min(absent[column]! + 1, longestAbsence);
        if (seen[column]! >= leastRows && absent[column]! < longestAbsence) whole = false;
      }
    }
    // A row without one of them would say of the others what is true for them alone.
    if (!whole) return false;
    const { clipped, shares, products, columns, there } = this;
    let even = true;
    const firstSeen = seen[there[0]!]!;
    for (let index = 0; index < count; index += 1) {
      const column = there[index]!;
      const distance = residuals[column]! - slow[column]!;
      const known = seen[column]!;
      if (known !== firstSeen) even = false;
      clipped[column] = known < 10 ? distance : clippedTo(distance, learnedClip * learnedClip * square[column]!);
      shares[column] = 1 / (known + 1 < longestMemory ? known + 1 : longestMemory);
    }
    // Neighbouring rows say nearly the same of the company. Where there are many columns, every fourth row counts for four later.
    const counts = columns < manyColumns || this.rows < eachRow ? 1 : this.rows % everyFourth === 0 ? everyFourth : 0;
    if (even && count > 0) {
      const share = counts * shares[there[0]!]!;
      const counted = share < 1 ? share : 1;
      for (let row = 0; row < count && counts > 0; row += 1) {
        const own = there[row]!;
        const one = clipped[own]!;
        const begin = (own * (own + 1)) / 2;
        for (let index = 0; index <= row; index += 1) {
          const column = there[index]!;
          const product = products[begin + column]!;
          products[begin + column] = product + counted * (one * clipped[column]! - product);
        }
      }
    } else for (let row = 0; row < count && counts > 0; row += 1) {
      const own = there[row]!;
      const one = clipped[own]!;
      const ownShare = shares[own]!;
      const begin = (own * (own + 1)) / 2;
      for (let index = 0; index <= row; index += 1) {
        const column = there[index]!;
        const share = shares[column]!;
        const place = begin + column;
        const product = products[place]!;
        const counted = counts * (share > ownShare ? share : ownShare);
        products[place] = product + (counted < 1 ? counted : 1) * (one * clipped[column]! - product);
      }
    }
    for (let index = 0; index < count; index += 1) {
      const column = there[index]!;
      const residual = residuals[column]!;
      const before = square[column]!;
      const distance = residual - slow[column]!;
      const known = seen[column]!;
      const now = before + (clippedSquare(distance, known < 10 ? 0 : before) - before) * shares[column]!;
      square[column] = now;
      slow[column]! += clippedTo(distance, now) / slowRows;
      seen[column] = known + 1;
    }
    this.rows += 1;
    if (this.rows < Math.max(leastRows, 2 * this.columns, growth * this.fittedRows)) return false;
    this.fit();
    return true;
  }

  snapshot(): Json {
    return {
      rows: this.rows, fittedRows: this.fittedRows, state: tableToJson(this.state),
      products: numbersToJson(this.products), correlations: numbersToJson(this.correlations),
    };
  }

  private fit(): void {
    const { seen, scale } = this.state;
    const kept = 1 - Math.min(mostShrinkage, Math.max(leastShrinkage, this.columns / this.rows));
    for (let column = 0; column < this.columns; column += 1) {
      const square = this.products[(column * (column + 3)) / 2]!;
      scale[column] = seen[column]! >= leastRows && square > 1e-200 ? Math.sqrt(square) : 0;
    }
    for (let row = 0, place = 0; row < this.columns; row += 1) {
      for (let column = 0; column <= row; column += 1, place += 1) {
        const size = scale[row]! * scale[column]!;
        // Of columns that came later, correlations are of other rows than the rest, and together could be those of no real signals.
        const known = Math.min(1, Math.sqrt((seen[row]! / this.rows) * (seen[column]! / this.rows)));
        this.correlations[place] = row === column ? 1 : size > 0 ? (kept * known * this.products[place]!) / size : 0;
      }
    }
    this.fittedRows = this.rows;
    this.stale = true;
  }

  /**
   * Makes `precision` that of the columns that are there. Where there are many, one that is missing is taken out of the inverse of all (partitioned inverse;
   * Golub and Van Loan, 2.1.4): an inversion for each glitch of one of 200 signals would be most of the work. Both follow from what a snapshot holds, in the same order.
   */
  private invert(): void {
    const { columns, precision, present, inverted } = this;
    const { scale } = this.state;
    if (this.stale) this.whole = undefined;
    this.stale = false;
    inverted.set(present);
    let missing = 0;
    for (let column = 0; column < columns; column += 1) if (scale[column]! > 0 && present[column] === 0) missing += 1;
    if (columns < manyColumns || missing > columns / manyColumns) {
      this.invertOf((column) => present[column] === 1);
      return;
    }
    if (this.whole === undefined) {
      this.invertOf((column) => scale[column]! > 0);
      this.whole = new Float64Array(this.products.length);
      for (let row = 0, place = 0; row < columns; row += 1) for (let column = 0; column <= row; column += 1, place += 1) this.whole[place] = precision[row * columns + column]!;
    }
    for (let row = 0, place = 0; row < columns; row += 1) {
      for (let column = 0; column <= row; column += 1, place += 1) precision[row * columns + column] = precision[column * columns + row] = this.whole[place]!;
    }
    for (let column = 0; column < columns; column += 1) if (scale[column]! > 0 && present[column] === 0) this.leaveOut(column);
  }

  private leaveOut(out: number): void {
    const { columns, precision } = this;
    const own = precision[out * columns + out]!;
    for (let row = 0; row < columns; row += 1) {
      const share = precision[row * columns + out]! / own;
      if (row === out || share === 0) continue;
      for (let column = 0; column < columns; column += 1) precision[row * columns + column]! -= share * precision[out * columns + column]!;
      precision[row * columns + out] = 0;
    }
    precision.fill(0, out * columns, (out + 1) * columns);
  }

  private invertOf(isIn: (column: number) => boolean): void {
    const { columns, precision } = this;
    precision.fill(0);
    const chosen: number[] = [];
    for (let column = 0; column < columns; column += 1) if (isIn(column)) chosen.push(column);
    const count = chosen.length;
    if (count === 0) return;
    const lower = new Float64Array((count * (count + 1)) / 2);
    for (let row = 0, place = 0; row < count; row += 1) {
      for (let column = 0; column <= row; column += 1, place += 1) lower[place] = this.correlations[(chosen[row]! * (chosen[row]! + 1)) / 2 + chosen[column]!]!;
    }
    const factor = factorRidge(lower, count, 1e-9) ?? factorRidge(lower, count, 0.2);
    const unit = new Float64Array(count);
    for (let row = 0; row < count; row += 1) {
      unit.fill(0);
      unit[row] = 1;
      // Never the case with what is kept of the correlations; then each column counts by itself.
      if (factor !== undefined) solveFactored(factor, count, unit, 0, unit, 0);
      for (let column = 0; column < count; column += 1) precision[chosen[row]! * columns + chosen[column]!] = unit[column]!;
    }
  }
}

/** A distance whose square is at most `most`. */
function clippedTo(distance: number, most: number): number {
  if (distance * distance <= most) return distance;
  return distance > 0 ? Math.sqrt(most) : -Math.sqrt(most);
}

/** A snapshot for other columns, or for the same ones in other units. */
export function moveJointScatter(snapshot: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[]): Json {
  const old = { products: member(snapshot, 'products'), correlations: member(snapshot, 'correlations') };
  const moved = (of: Json | undefined, scaled: boolean): Json => {
    if (!Array.isArray(of)) throw unreadableSnapshot('signals together', 'a part is missing');
    const numbers: Json[] = [];
    for (const [row, one] of moves.entries()) {
      for (const other of moves.slice(0, row + 1)) {
        const [high, low] = [Math.max(one.from, other.from), Math.min(one.from, other.from)];
        const number = isKept(one) && isKept(other) ? of[(high * (high + 1)) / 2 + low] : 0;
        numbers.push(typeof number === 'number' ? number * (scaled ? one.scale * other.scale : 1) : 0);
      }
    }
    return numbers;
  };
  return {
    rows: member(snapshot, 'rows') ?? null, fittedRows: member(snapshot, 'fittedRows') ?? null,
    state: moveTable(member(snapshot, 'state'), member(fresh, 'state'), moves, { slow: 'difference', square: 'square', scale: 'difference' }),
    products: moved(old.products, true), correlations: moved(old.correlations, false),
  };
}
