import type { Json } from '../ports.ts';
import { moveNumber } from '../statistics/columnMove.ts';
import type { Quantity } from '../statistics/columnMove.ts';
import { columnArrays, isMeasurement, member, numberFromJson, tableFromJson, tableToJson, unreadableSnapshot } from '../statistics/columnTable.ts';
import type { CourseDetector, CourseDetectorEntry, CourseParameters } from './courseDetector.ts';

/**
 * Profile monitoring against the mean course with the spread of each of its points (Kang and Albin 2000), smoothed over cycles by EWMA (Roberts 1959).
 * Flags a cycle that takes another course, though mean, spread and extremes may be the usual ones: a valve that opens late, a pressure that rises slowly, a shoulder that is new or
 * missing. Root of the mean of z² ÷ its usual size over the points; z is the moving average, over cycles, of (value − a − b · mean course) ÷ spread of the point, each cut off
 * at 6. Level a and size b of a cycle are fitted to it, for step, drift and deviation tell those. The first cycle that has little of what those before it differed by ends it.
 * Choose it for machines that repeat themselves, rather than for single values (spike) or how much a signal scatters (noise).
 * 4 numbers per column and point; numbers per column: 1. Woodall, Current research on profile monitoring, Produção 17 (2007) 3.
 */
export interface ShapeParameters extends CourseParameters {
  /** What the last cycle counts, above 0 to 1. */
  share?: number;
}

const defaults = { points: 24, rows: 2, smallestChange: 0, share: 0.25 };
const warmUpCycles = 12;
const longestMemory = 200;
/** Share of the points that must have values. */
const leastPresent = 0.75;
/** Usual sizes beyond which a point counts no more; one that is learned, no more than so many. */
const clip = 6;
const learnedClip = 4;
/** Usual size of a point: at least so much of the middle one, of the way that the column goes in a cycle, and of the way in a row: how an edge falls between rows is chance. */
const leastOfMiddle = 0.5;
const leastOfWay = 0.005;
const leastOfRow = 0.2;
const shareOfSmallest = 1 / 3;
/** A column has a course where its points differ so many times more than cycles do; squares. */
const leastCourse = 1;
/** A course of another size, as a share of the usual one, is still the same. */
const leastSize = 0.5;
const mostSize = 2;
/** What cycles differ by so clearly is over with the first one that has less than such a share of it. */
const clearSquare = 2.5;
const leastLikeness = 0.3;

class ShapeDetector implements CourseDetector {
  third = 0;
  private readonly points: number;
  private readonly share: number;
  /** The square of a moving average's spread, where cycles are independent of each other. */
  private readonly leastSmooth: number;
  private readonly smallest: number;
  private readonly leastOfEdge: number;
  private cycles = 0;
  private hasCourse = false;
  /** Mean course, square of the spread, moving averages of what cycles differ, and the mean square of these, per point. */
  private readonly state: { usual: Float64Array; square: Float64Array; smooth: Float64Array; smoothSquare: Float64Array };
  /** Usual size of each point, made from these; it does not know yet of the cycle in hand. */
  private readonly sizes: Float64Array;
  private readonly differences: Float64Array;
  private over = false;

  constructor(parameters: ShapeParameters, snapshot?: Json) {
    const { points, rows, share, smallestChange } = { ...defaults, ...parameters };
    this.points = points;
    this.share = share;
    this.smallest = smallestChange;
    this.leastOfEdge = leastOfRow / Math.max(1, rows);
    this.leastSmooth = share / (2 - share);
    const take = columnArrays(points, 6);
    this.state = { usual: take(), square: take(), smooth: take(), smoothSquare: take(this.leastSmooth) };
    this.sizes = take(1);
    this.differences = take();
    if (snapshot === undefined) return;
    this.cycles = numberFromJson(snapshot, 'cycles', 'shape');
    tableFromJson(this.state, member(snapshot, 'points') ?? null, 'shape');
    if (!Object.values(this.state).every((numbers) => numbers.every(Number.isFinite))) throw unreadableSnapshot('shape', 'a number is missing');
    if (this.cycles > 0) this.measure();
  }

  score(course: Float64Array): number {
    if (this.cycles < warmUpCycles || !this.hasCourse || !this.compare(course)) return NaN;
    let sum = 0;
    let most = -1;
    for (let third = 0, point = 0; third < 3; third += 1) {
      let part = 0;
      for (; 3 * point < (third + 1) * this.points; point += 1) part += this.next(point) ** 2 / this.state.smoothSquare[point]!;
      if (part > most) this.third = third;
      most = Math.max(most, part);
      sum += part;
    }
    return Math.sqrt(sum / this.points);
  }

  learn(course: Float64Array, trains: boolean): void {
    const { usual, square, smooth, smoothSquare } = this.state;
    if (this.cycles === 0) {
      if (!trains || !course.every(isMeasurement)) return;
      usual.set(course);
      this.cycles = 1;
      this.measure();
      return;
    }
    if (!this.compare(course)) return;
    const known = this.cycles >= warmUpCycles;
    if (known) for (let point = 0; point < this.points; point += 1) smooth[point] = this.next(point);
    if (!trains) return;
    this.cycles = Math.min(longestMemory, this.cycles + 1);
    const share = 1 / this.cycles;
    for (let point = 0; point < this.points; point += 1) {
      if (Number.isNaN(this.differences[point]!)) continue;
      const most = known ? learnedClip * this.sizes[point]! : Infinity;
      const difference = Math.max(-most, Math.min(most, this.differences[point]!));
      usual[point]! += share * difference;
      // The first difference from a mean of n is larger than from the true one: n ÷ (n + 1).
      if (known) smoothSquare[point] = Math.max(this.leastSmooth, smoothSquare[point]! + share * (smooth[point]! ** 2 - smoothSquare[point]!));
      square[point]! += share * (difference * difference * (1 - share) - square[point]!) * (this.cycles === 2 ? 2 : 1);
    }
    this.measure();
  }

  snapshot(): Json {
    return { cycles: this.cycles, points: tableToJson(this.state) };
  }

  /** In usual sizes; NaN where the point has no value. */
  private distance(point: number): number {
    return Math.max(-clip, Math.min(clip, this.differences[point]! / this.sizes[point]!));
  }

  private next(point: number): number {
    const smooth = this.over ? 0 : this.state.smooth[point]!;
    const distance = this.distance(point);
    return distance !== distance ? smooth : smooth + this.share * (distance - smooth);
  }

  /** Whether the cycle in hand has little of what those before it clearly differed by. */
  private isOver(): boolean {
    const { smooth } = this.state;
    let product = 0;
    let square = 0;
    for (let point = 0; point < this.points; point += 1) {
      const distance = this.distance(point);
      if (Number.isNaN(distance)) continue;
      product += distance * smooth[point]!;
      square += smooth[point]! * smooth[point]!;
    }
    return square > clearSquare * this.leastSmooth * this.points && product < leastLikeness * square;
  }

  /** Fills `sizes`. */
  private measure(): void {
    const { points, sizes } = this;
    const { usual, square } = this.state;
    let squares = 0;
    let mean = 0;
    let least = Infinity;
    let most = -Infinity;
    for (let point = 0; point < points; point += 1) {
      sizes[point] = Math.sqrt(square[point]!);
      squares += square[point]!;
      mean += usual[point]! / points;
      least = Math.min(least, usual[point]!);
      most = Math.max(most, usual[point]!);
    }
    let courseSquares = 0;
    for (let point = 0; point < points; point += 1) courseSquares += (usual[point]! - mean) ** 2;
    const floor = Math.max(leastOfMiddle * sizes.slice().sort()[points >> 1]!, leastOfWay * (most - least), shareOfSmallest * this.smallest);
    for (let point = 0; point < points; point += 1) {
      const [before, after] = [usual[(point + points - 1) % points]!, usual[(point + 1) % points]!];
      sizes[point] = Math.max(sizes[point]!, floor, this.leastOfEdge * Math.abs(usual[point]! - before), this.leastOfEdge * Math.abs(usual[point]! - after)) || 1;
    }
    this.hasCourse = courseSquares > leastCourse * squares && most > least;
  }

  /** Fills `differences`: from the mean course in the level and size that fit best by the points that are usually near it. @returns false where too much is missing */
  private compare(course: Float64Array): boolean {
    const { points, sizes, differences } = this;
    const { usual } = this.state;
    let [present, weights, usualMean, mean] = [0, 0, 0, 0];
    for (let point = 0; point < points; point += 1) {
      if (!isMeasurement(course[point]!)) continue;
      const weight = 1 / (sizes[point]! * sizes[point]!);
      present += 1;
      weights += weight;
      usualMean += weight * usual[point]!;
      mean += weight * course[point]!;
    }
    if (present < leastPresent * points || !(weights > 0)) return false;
    usualMean /= weights;
    mean /= weights;
    let [product, square] = [0, 0];
    for (let point = 0; point < points; point += 1) {
      if (!isMeasurement(course[point]!)) continue;
      const away = (usual[point]! - usualMean) / sizes[point]!;
      product += away * ((course[point]! - mean) / sizes[point]!);
      square += away * away;
    }
    // Until the course is known, its size cannot be told from noise.
    const size = this.cycles >= warmUpCycles && square > 0 ? Math.max(leastSize, Math.min(mostSize, product / square)) : 1;
    for (let point = 0; point < points; point += 1) {
      differences[point] = isMeasurement(course[point]!) ? course[point]! - mean - size * (usual[point]! - usualMean) : NaN;
    }
    this.over = this.isOver();
    return true;
  }
}

export const shape: CourseDetectorEntry<ShapeParameters> = {
  name: 'shape',
  kind: 'shape',
  promises: ['late', 'slow', 'shoulder', 'missing'],
  defaults,
  memory: 4,
  blockCycles: 8,
  typical: (points) => ({ quantile: 1 + 0.83 / Math.sqrt(points), excess: 0.41 / Math.sqrt(points) }),
  create: (parameters = {}, snapshot) => new ShapeDetector(parameters, snapshot),
  move(snapshot, move) {
    const points = member(snapshot, 'points');
    const moved = (name: string, quantity: Quantity): Json => {
      const numbers = member(points, name);
      if (!Array.isArray(numbers)) throw unreadableSnapshot('shape', 'the course is missing');
      return numbers.map((number) => moveNumber(number, quantity, move));
    };
    return {
      cycles: member(snapshot, 'cycles') ?? null,
      points: { usual: moved('usual', 'value'), square: moved('square', 'square'), smooth: moved('smooth', 'plain'), smoothSquare: moved('smoothSquare', 'plain') },
    };
  },
};
