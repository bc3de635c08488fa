import type { RowBlock } from '../rowBlock.ts';
import { mostRows } from '../rowBlock.ts';
import { phaseArmed } from '../signalRow.ts';
import { isMeasurement } from '../statistics/columnTable.ts';
import { dotProduct } from '../statistics/dotProduct.ts';
import type { DriverLags } from './driverLags.ts';
import { lagTerms } from './driverLags.ts';
import type { ColumnInfo } from './index.ts';
import type { KeptRows } from './keptRows.ts';
import { rowsForSpread, rowsToTrust, narrowest, widest } from './laggedFit.ts';
import {
  asGood, bandWidths, doubtShare, doubtfulRuns, fitRowsToTrust, leanRows, leanWidth, leaningShare, longestStepMs, memoryMs, worthwhile, youngRows,
} from './modeModel.ts';
import type { ModeModel } from './modeModel.ts';

/** A baseline as this sees it. */
export interface BaselineInside {
  readonly columns: readonly ColumnInfo[];
  readonly judged: Uint8Array;
  readonly drivers: readonly number[];
  readonly lags: DriverLags;
  readonly point: Float64Array;
  readonly features: Float64Array;
  readonly kept: KeptRows;
  readonly columnTimeMs: Float64Array;
  readonly columnRows: Float64Array;
  readonly startRows: number;
  readonly minimumRows: number;
  timeMs: number;
  mode: string;
  readPoint(values: Float64Array): boolean;
  isCovered(model: ModeModel): boolean;
  noteSettings(): void;
}

/** So few rows are sooner learned one by one. */
const fewest = 4;
const mostTerms = lagTerms(3).dense;

/** Of the rows in hand, of whichever baseline: what is the same for all columns. */
const terms = new Float64Array(mostRows * mostTerms);
const knots = new Int32Array(mostRows);
const firstShares = new Float64Array(mostRows);
const secondShares = new Float64Array(mostRows);
const youths = new Float64Array(mostRows);
const preferences = new Float64Array(mostRows);
/** Rows that the fit of what the drivers were had learned before each, its first sum, and whether it takes the row. */
const knownRows = new Float64Array(mostRows);
const weights = new Float64Array(mostRows);
const takes = new Uint8Array(mostRows);
const follows = new Uint8Array(mostRows);
/** 1 where the row has a new value in the column in hand. */
const isNew = new Uint8Array(mostRows);
const before = new Float64Array(3);

/**
 * What a regime baseline expects of rows and learns from them, column by column, where all is known and nothing has to be made anew: first what is the same for
 * all columns, row by row; then each column in one loop. To the last bit what one row after the other comes to.
 */
export class ColumnsAhead {
  private readonly inside: BaselineInside;
  private readonly values: Float64Array;

  constructor(inside: BaselineInside) {
    this.inside = inside;
    this.values = new Float64Array(inside.columns.length);
  }

  /** @returns the row at which it ended, which has to be learned by itself */
  learn(model: ModeModel, block: RowBlock, from: number, to: number): number {
    const most = Math.min(to, from + this.plainRows(model));
    if (most - from < fewest) return from;
    const end = this.readRows(model, block, from, most);
    for (let column = 0; column < this.inside.columns.length; column += 1) this.learnColumn(model, block, column, from, end);
    return end;
  }

  /** For how many rows no column can come to where something is made anew. */
  private plainRows({ lagged, points, bins, rows, weight, nextSolve, doubts }: ModeModel): number {
    const { judged, lags, startRows, minimumRows, columns } = this.inside;
    if (lagged === undefined || points === undefined || bins === undefined || !lags.isSettled || lags.timeMs !== lags.timeMs) return 0;
    let plain = mostRows;
    const { right } = lagged.sums;
    for (let column = 0; column < columns.length; column += 1) {
      if (judged[column] === 0) continue;
      if (rows[column]! < minimumRows || weight[column]! < startRows || right[column * lagged.all] === 0) return 0;
      plain = Math.min(plain, nextSolve[column]! - weight[column]! - 2, this.mostDoubts(weight[column]!) - doubts[column]! - 1);
    }
    return Math.floor(plain);
  }

  private mostDoubts(weight: number): number {
    return Math.max(doubtfulRuns * this.inside.startRows, doubtShare * weight);
  }

  /** What is the same for all columns. @returns the first row that is not plain */
  private readRows(model: ModeModel, block: RowBlock, from: number, to: number): number {
    const { inside, values } = this;
    const { lags, features, point, columns, drivers, columnTimeMs, kept } = inside;
    const lagged = model.lagged!;
    const bins = model.bins!;
    const points = model.points!;
    const { dense } = lagged;
    const width = columns.length;
    // Of the row before, at the same point.
    let known = false;
    let worn = false;
    for (let row = from; row < to; row += 1) {
      const timeMs = block.timeMs[row]!;
      if (!(timeMs > inside.timeMs) || timeMs === Infinity) return row;
      let anyNew = false;
      for (let column = 0; column < width; column += 1) {
        const one = block.columns[column]!;
        const value = one.values[row]!;
        values[column] = value;
        if (one.fresh[row] === 1 && isMeasurement(value) && !(timeMs <= columnTimeMs[column]!)) anyNew = true;
      }
      if (!anyNew || !inside.readPoint(values)) return row;
      let same = known;
      for (let index = 0; index < drivers.length && same; index += 1) same = point[index] === before[index];
      if (!same) {
        known = false;
        if (!inside.isCovered(model) || points.isAboutToBeKnown(point)) return row;
        before.set(point);
        worn = points.isWorn(point);
        known = worn && !bins.isTrusting;
      }
      const stepMs = Math.min(longestStepMs, Math.max(0, timeMs - lags.timeMs));
      if (lagged.isAboutToSolve) return row;
      lags.read(features, timeMs);
      const { knot } = lags;
      for (let term = 0, place = row * dense; term < dense; term += 1, place += 1) terms[place] = lags.terms[term]!;
      knots[row] = knot;
      firstShares[row] = lags.terms[knot]!;
      secondShares[row] = lags.terms[knot + 1]!;
      youths[row] = bins.youth();
      follows[row] = lagged.isTried ? 1 : 0;
      preferences[row] = !lagged.knows(lags) ? 0 : lagged.isTried ? asGood : worthwhile;
      knownRows[row] = lagged.rows;
      weights[row] = lagged.lower[0]!;
      inside.noteSettings();
      takes[row] = lagged.takes(stepMs) ? 1 : 0;
      if (takes[row] === 1) {
        lagged.learnTerms(lags);
        bins.visit();
      }
      lags.follow(timeMs);
      if (!worn) points.visit(point);
      kept.offer(values, block.mode);
      inside.timeMs = timeMs;
    }
    inside.mode = block.mode;
    return to;
  }

  private learnColumn(model: ModeModel, block: RowBlock, column: number, from: number, to: number): void {
    const { inside } = this;
    const { columnTimeMs, columnRows } = inside;
    const one = block.columns[column]!;
    const { values, fresh } = one;
    const { timeMs } = block;
    let takenMs = columnTimeMs[column]!;
    let count = columnRows[column]!;
    for (let row = from; row < to; row += 1) {
      isNew[row] = fresh[row] === 1 && isMeasurement(values[row]!) && !(timeMs[row]! <= takenMs) ? 1 : 0;
      if (isNew[row] === 0) continue;
      takenMs = timeMs[row]!;
      count += 1;
    }
    if (inside.judged[column] === 0) this.leaveOut(model, block, column, from, to);
    else this.learnJudged(model, block, column, from, to);
    columnTimeMs[column] = takenMs;
    columnRows[column] = count;
  }

  /** Nothing is expected of a driver or a counter. */
  private leaveOut({ rows }: ModeModel, block: RowBlock, column: number, from: number, to: number): void {
    const { startRows, minimumRows } = this.inside;
    const { expected, low, high, phase, follows: followed } = block.columns[column]!;
    let known = rows[column]!;
    for (let row = from; row < to; row += 1) {
      expected[row] = NaN;
      low[row] = NaN;
      high[row] = NaN;
      phase[row] = known < startRows ? 0 : known < minimumRows ? 1 : phaseArmed;
      followed[row] = 0;
      if (isNew[row] === 1) known += 1;
    }
    rows[column] = known;
  }

  private learnJudged(model: ModeModel, block: RowBlock, column: number, from: number, to: number): void {
    const { inside } = this;
    const { timeMs, columns } = block;
    const { values, expected, low, high, phase, follows: followed } = columns[column]!;
    const { smallestChange = 0 } = inside.columns[column]!;
    const lagged = model.lagged!;
    const { all, dense, own } = lagged;
    const { coefficients, right, sizeCoefficients, sizeRight } = lagged.sums;
    const start = column * all;
    const sizeStart = column * own;
    const solved = coefficients[start] !== 0;
    const sized = sizeCoefficients[sizeStart] !== 0;
    // The polynomial of the moment has the first `own` terms.
    const plainStart = column * own;
    const triangle = (column * own * (own + 1)) / 2;
    const { coefficients: plain, lower, right: plainRight } = model;
    let rows = model.rows[column]!;
    let weight = model.weight[column]!;
    let mean = model.mean[column]!;
    let meanSquare = model.meanSquare[column]!;
    let fitSquare = model.fitSquare[column]!;
    let fitRows = model.fitRows[column]!;
    let doubts = model.doubts[column]!;
    let lean = model.lean[column]!;
    let leanSquare = model.leanSquare[column]!;
    let fade = model.fade[column]!;
    let triedRows = lagged.tried.rows[column]!;
    let triedSquare = lagged.tried.square[column]!;
    let takenMs = inside.columnTimeMs[column]!;
    for (let row = from; row < to; row += 1) {
      const at = row * dense;
      const knot = knots[row]!;
      let widening = 1;
      if (knownRows[row]! >= rowsForSpread && sized) {
        const size = sizeRight[sizeStart]! / weights[row]!;
        if (size > 0) {
          let sum = 0;
          for (let term = 0; term < own; term += 1) sum += sizeCoefficients[sizeStart + term]! * terms[at + term]!;
          widening = Math.min(widest, Math.max(narrowest, sum / size));
        }
      }
      widening *= youths[row]!;
      const fitted = fitRows >= fitRowsToTrust && fitSquare < worthwhile * meanSquare;
      const square = fitted ? fitSquare : meanSquare;
      const other = triedRows >= rowsToTrust ? triedSquare : Infinity;
      let fit = mean;
      if (fitRows > 0) {
        fit = 0;
        for (let term = 0; term < own; term += 1) fit += plain[plainStart + term]! * terms[at + term]!;
      }
      const usesLagged = other < preferences[row]! * square;
      let byLags = NaN;
      if (usesLagged || (takes[row] === 1 && solved)) {
        byLags = coefficients[start + knot]! * firstShares[row]! + coefficients[start + knot + 1]! * secondShares[row]! + dotProduct(coefficients, start, terms, dense, at);
      }
      const centre = usesLagged ? byLags : fitted ? fit : mean;
      const reach = bandWidths * (Math.sqrt(usesLagged ? other : square) * widening);
      const half = Math.max(reach, smallestChange, 1e-9 * Math.abs(centre));
      expected[row] = centre;
      low[row] = centre - half;
      high[row] = centre + half;
      phase[row] = phaseArmed;
      followed[row] = follows[row]!;
      const raw = values[row]!;
      const news = isNew[row] === 1;
      if (takes[row] === 1) {
        const value = !news ? centre : reach > 0 ? Math.min(centre + reach, Math.max(centre - reach, raw)) : raw;
        if (value === value) {
          if (solved) {
            const error = Math.min(reach, Math.max(-reach, value - byLags));
            triedRows += 1;
            triedSquare += Math.max(1 / triedRows, Math.min(1 / 800, 2 / triedRows), 1 / 20_000) * (error * error - triedSquare);
          }
          for (let term = 0; term < dense; term += 1) right[start + term]! += terms[at + term]! * value;
          right[start + knot]! += firstShares[row]! * value;
          right[start + knot + 1]! += secondShares[row]! * value;
          const size = Math.abs(value - centre);
          for (let term = 0; term < own; term += 1) sizeRight[sizeStart + term]! += terms[at + term]! * size;
        }
      }
      if (!news) continue;
      const stepMs = timeMs[row]! - takenMs;
      takenMs = timeMs[row]!;
      const passed = (stepMs > 0 ? Math.min(stepMs, longestStepMs) : 0) / memoryMs;
      let value = raw;
      let counts = 1;
      if (reach > 0) {
        if (raw > centre + reach) value = centre + reach;
        else if (raw < centre - reach) value = centre - reach;
        doubts = value === raw ? 0 : doubts + 1;
        if (weight < youngRows) {
          // As `leans` of a baseline.
          const distance = (value - centre) / (reach / bandWidths);
          const now = lean + (distance - lean) / leanRows;
          const usual = Math.max(leanSquare, 1 / (2 * leanRows - 1));
          lean = now;
          if (now * now > leanWidth * leanWidth * (usual + 1 / weight)) counts = leaningShare;
          else leanSquare += (1 / (weight - inside.startRows + 1)) * (now * now - leanSquare);
        }
      }
      const young = 1 / (weight + 1);
      const share = counts * (young > passed ? young : passed);
      const fromMean = value - mean;
      meanSquare += share * (fromMean * fromMean - meanSquare);
      mean += share * fromMean;
      weight += counts;
      rows += 1;
      if (fitRows > 0) {
        const fromFit = value - fit;
        const newest = 1 / (fitRows + 1);
        fitSquare += counts * (newest > passed ? newest : passed) * (fromFit * fromFit - fitSquare);
        fitRows += counts;
      }
      if (takes[row] === 0) continue;
      for (let term = 0, place = triangle; term < own; term += 1) {
        const feature = counts * terms[at + term]!;
        for (let second = 0; second <= term; second += 1, place += 1) lower[place]! += feature * terms[at + second]!;
        plainRight[plainStart + term]! += feature * value;
      }
      fade += counts * passed;
    }
    model.rows[column] = rows;
    model.weight[column] = weight;
    model.mean[column] = mean;
    model.meanSquare[column] = meanSquare;
    model.fitSquare[column] = fitSquare;
    model.fitRows[column] = fitRows;
    model.doubts[column] = doubts;
    model.lean[column] = lean;
    model.leanSquare[column] = leanSquare;
    model.fade[column] = fade;
    lagged.tried.rows[column] = triedRows;
    lagged.tried.square[column] = triedSquare;
  }
}
