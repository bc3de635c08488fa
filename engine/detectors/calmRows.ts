import type { RowBlock } from '../rowBlock.ts';
import { mostRows } from '../rowBlock.ts';
import { phaseFrozen, phaseLearning } from '../signalRow.ts';
import type { SignalRow } from '../signalRow.ts';
import type { AlarmBudget } from '../statistics/alarmBudget.ts';
import type { Cause, ChartLeast } from '../statistics/chartLeast.ts';
import type { CoarseSteps } from '../statistics/coarseSteps.ts';
import { isMeasurement } from '../statistics/columnTable.ts';
import type { HeldSamples } from '../statistics/heldSamples.ts';
import { StateCopy } from '../statistics/stateCopy.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';
import type { CycleWatch } from './cycleWatch.ts';
import type { ColumnRows, DetectorInput } from './detector.ts';
import type { JointRow, JointWatch } from './jointWatch.ts';
import {
  armedRows, gapIntervals, highestScore, longestStepMs, movingBands, paceChange, provisionalFactor, provisionalRows, quietRows, releaseShare,
} from './judgeState.ts';
import type { JudgeChart, JudgeState } from './judgeState.ts';

/** A judge as this sees it: what it keeps, and the steps that it takes with each row that comes near a line. */
export interface JudgeInside {
  readonly charts: readonly JudgeChart[];
  readonly stuckChart: number;
  readonly noiseChart: number;
  readonly held: HeldSamples;
  readonly coarse: CoarseSteps;
  readonly together: JointWatch | undefined;
  readonly jointRow: JointRow;
  readonly cycles: CycleWatch;
  readonly state: JudgeState;
  readonly budget: AlarmBudget;
  readonly byChart: ChartLeast;
  readonly input: DetectorInput;
  readonly judged: Uint8Array;
  readonly smallest: Float64Array;
  readonly on: Uint8Array;
  readonly rarityOfOne: readonly number[];
  readonly paceLogs: Float64Array;
  readonly perWeek: number;
  readonly asked: number;
  readonly loosest: number;
  readonly passedNow: Float64Array;
  readonly toStay: Float64Array;
  readonly ofStretches: Float64Array;
  timeMs: number;
  readonly sinceMs: number;
  learnedMs: number;
  abnormalMs: number;
  passing: boolean;
  marked: boolean;
  readonly passedBefore: boolean;
  draw(index: number, column: number): number;
  drawLine(): void;
  lowest(index: number, column: number): number;
  reckonTold(): void;
  learnTold(normal: boolean): void;
  told(): number;
  settingOf(told: number): number;
  isAbnormal(column: number): boolean;
  noteBudget(timeMs: number, normal: boolean): boolean;
  causes(loosestPerWeek: number): readonly Cause[];
}

/** So few rows are sooner judged one by one. */
const fewest = 4;
/** Values of one column that train nothing, though they are normal: for each the column is gone over once more. */
const mostDoubtful = 6;

/** A column as most detectors see it, as the one does that looks whether values repeat, and as the one that looks from one value to the next. */
interface Rows extends ColumnRows {
  plain: ColumnRows;
  ranging: ColumnRows;
  residuals: Float64Array;
}

/** Of the rows in hand, of whichever judge. */
const scratch: Rows[] = [];

function newRows(): Rows {
  const take = (): Float64Array => new Float64Array(mostRows);
  const one = { values: take(), usable: new Uint8Array(mostRows), expected: take(), coarse: take(), trains: new Uint8Array(mostRows), scores: take() };
  const plain = { ...one, values: take(), usable: new Uint8Array(mostRows) };
  return { ...one, residuals: take(), plain, ranging: { ...one, values: plain.values } };
}

/**
 * Judges and learns rows that are normal beyond doubt many at a time: each detector goes over one column after the other, ahead of what is certain; what comes
 * near a line is noted and reckoned with row by row, in the judge's own way; and where a row is an anomaly, or anything else is out of the ordinary, all is put back to
 * where it was before that row. To the last bit what judging and learning one row after the other comes to.
 */
export class CalmRows {
  private readonly judge: JudgeInside;
  private readonly width: number;
  private readonly copies = new StateCopy();
  private parts: readonly ColumnNumbers[] = [];
  private firstOfCharts = 0;
  private partsOf: readonly JudgeChart[] | undefined;
  private partsOfHeld: HeldSamples | undefined;
  private readonly rows: readonly Rows[];
  private readonly moving = new Uint8Array(mostRows);
  private readonly news = new Uint8Array(mostRows);
  /** 1 where nothing is expected of a column, though the baseline knows it: a driver, of which only standing still is a fault. */
  private readonly silent: Uint8Array;
  private readonly repeats = new Uint8Array(mostRows);
  private readonly repeatsLater = new Uint8Array(mostRows);
  private readonly sooner = new Float64Array(mostRows);
  private readonly ratios = new Float64Array(mostRows);
  private readonly kinds = new Uint8Array(mostRows);
  private readonly highest = new Float64Array(mostRows);
  /** What came near a line: of each row the first such, and of each such the next of the same row. */
  private readonly first = new Int32Array(mostRows);
  private readonly nextOf: number[] = [];
  private readonly rowOf: number[] = [];
  private readonly places: number[] = [];
  private readonly opens: number[] = [];
  private readonly stays: number[] = [];
  private count = 0;
  private readonly whole: SignalRow;
  /** The first row that may be the begin of something in the column in hand. */
  private doubted = 0;

  constructor(judge: JudgeInside, width: number) {
    this.judge = judge;
    this.whole = { timeMs: NaN, mode: '', values: new Float64Array(width), fresh: new Uint8Array(width) };
    this.width = width;
    this.silent = new Uint8Array(width);
    while (scratch.length < width) scratch.push(newRows());
    this.rows = scratch;
  }

  /**
   * @param from row of the block to begin with; what is expected of it and of those after it is in the block. @param to the row after the last
   * @param loosestPerWeek see `causes` of a judge: what it would tell of a row goes to `found`
   * @returns the row at which it ended, which has to be judged by itself; `to` where none has
   */
  take(block: RowBlock, from: number, to: number, loosestPerWeek: number, found: (row: number, causes: readonly Cause[]) => void): number {
    const { judge } = this;
    if (!this.isCalm()) return from;
    const most = Math.min(to, from + judge.budget.rowsToReview, this.laterRows(block, from, to));
    if (most - from < fewest) return from;
    this.copies.keep(this.listParts());
    let end = this.goAhead(block, from, most);
    if (end - from < fewest) {
      this.putBack();
      return from;
    }
    if (end < most) {
      this.putBack();
      this.goAhead(block, from, end);
    }
    const ended = this.goOn(block, from, end, loosestPerWeek, found);
    if (ended < end) {
      end = ended;
      this.putBack();
      if (ended > from) this.goAhead(block, from, ended);
    }
    return end;
  }

  /** Whether nothing is open, and nothing was of late. */
  isCalm(): boolean {
    const { state, together, sinceMs, timeMs } = this.judge;
    if (!Number.isNaN(sinceMs) || Number.isNaN(timeMs)) return false;
    if (this.judge.cycles.isAbnormal || (together !== undefined && !together.isCalm)) return false;
    const { open, quiet, rows } = state;
    let ready = false;
    for (let column = 0; column < this.width; column += 1) {
      if (open[column] !== 0 || quiet[column]! < quietRows) return false;
      if (rows[column]! >= provisionalRows) ready = true;
    }
    return ready;
  }

  /** @returns the first row that is not later than the one before it */
  private laterRows({ timeMs }: RowBlock, from: number, to: number): number {
    let before = this.judge.timeMs;
    for (let row = from; row < to; row += 1) {
      if (!(timeMs[row]! > before) || timeMs[row] === Infinity) return row;
      before = timeMs[row]!;
    }
    return to;
  }

  private listParts(): readonly ColumnNumbers[] {
    const { charts, held, coarse, state } = this.judge;
    if (this.partsOf === charts && this.partsOfHeld === held) return this.parts;
    this.partsOf = charts;
    this.partsOfHeld = held;
    const first = [...[state.timeMs, state.intervalMs, state.expected, state.rows, state.kind].map((numbers) => ({ numbers, each: 1 })), ...held.numbers(), ...coarse.numbers()];
    this.firstOfCharts = first.length;
    this.parts = [
      ...first, ...charts.flatMap(({ detector, lines }) => [...detector.numbers(), ...lines.numbers()]),
    ];
    return this.parts;
  }

  /** Goes over all columns. @returns the row at which the first of them has to stop; then all is to be put back */
  private goAhead(block: RowBlock, from: number, to: number): number {
    this.moving.fill(0, from, to);
    this.news.fill(0, from, to);
    this.highest.fill(0, from, to);
    this.first.fill(-1, from, to);
    this.count = 0;
    let end = to;
    for (let column = 0; column < this.width; column += 1) end = this.readColumn(block, column, from, end);
    for (let column = 0; column < this.width && end > from; column += 1) end = this.judgeColumn(column, from, end);
    return end;
  }

  /** Fills a column's rows, and moves on what looks at its values alone. */
  private readColumn(block: RowBlock, column: number, from: number, to: number): number {
    const { judge, moving, news, repeats, repeatsLater, silent } = this;
    const { state, judged } = judge;
    const { timeMs } = block;
    const { values, fresh, expected, low, high, phase, follows } = block.columns[column]!;
    const into = this.rows[column]!;
    const plain = into.plain;
    let end = judge.held.follow(column, block.columns[column]!, timeMs, judged[column]!, from, to, repeats, repeatsLater);
    judge.coarse.follow(column, block.columns[column]!, timeMs, repeatsLater, from, end, into.coarse);
    const known = state.rows[column]!;
    const half = state.half[column]!;
    let taken = state.timeMs[column]!;
    let interval = state.intervalMs[column]!;
    let before = state.expected[column]!;
    let seen = false;
    const pace = state.paceMs[column]!;
    const smallest = judge.smallest[column]!;
    for (let row = from; row < end; row += 1) {
      const value = values[row]!;
      const lowest = low[row]!;
      const highest = high[row]!;
      const middle = expected[row]!;
      if (Math.abs(middle - before) > movingBands * (highest - lowest)) moving[row] = 1;
      const isJudged = judged[column] === 1 && isMeasurement(value) && phase[row] !== phaseFrozen;
      let evened = value;
      if (half > 0) {
        const now = (highest - lowest) / 2;
        if (now > 0) {
          const widening = now / half;
          if (!(widening < 1 && smallest > 0)) evened = middle + (value - middle) / widening;
        }
      }
      into.values[row] = evened;
      plain.values[row] = value;
      into.expected[row] = middle;
      into.residuals[row] = isJudged ? evened - middle : NaN;
      into.usable[row] = 0;
      plain.usable[row] = 0;
      if (!isJudged || fresh[row] !== 1 || !(phase[row] !== phaseLearning || middle === middle) || timeMs[row]! <= taken) continue;
      // What is not yet known, comes after a pause or is new in another way goes the long way.
      const isSilent = middle !== middle ? 1 : 0;
      if (known < provisionalRows || phase[row] === phaseLearning || (seen && isSilent !== silent[column]) || (half === 0 && follows[row] === 1)) {
        end = row;
        break;
      }
      silent[column] = isSilent;
      seen = true;
      const stepMs = timeMs[row]! - taken;
      if (stepMs > gapIntervals * interval) {
        end = row;
        break;
      }
      news[row]! += 1;
      plain.usable[row] = 1;
      if (repeats[row] === 1) continue;
      const now = interval !== interval ? stepMs : interval + 0.02 * (Math.min(stepMs, 4 * interval) - interval);
      if (Math.abs(now - pace) > paceChange * pace) {
        end = row;
        break;
      }
      interval = now;
      taken = timeMs[row]!;
      into.usable[row] = 1;
      if (value < lowest || value > highest) this.noteNear(row, -1, column, Infinity, -Infinity);
      before = before !== before || middle !== middle ? middle : before + 0.2 * (middle - before);
    }
    state.timeMs[column] = taken;
    state.intervalMs[column] = interval;
    state.expected[column] = before;
    return end;
  }

  private judgeColumn(column: number, from: number, to: number): number {
    const { judge, moving, sooner, ratios, kinds, highest } = this;
    const { charts, state, stuckChart, noiseChart } = judge;
    const rows = this.rows[column]!;
    const { usable, trains, plain, ranging } = rows;
    let any = false;
    for (let row = from; row < to; row += 1) {
      if (plain.usable[row] === 0) continue;
      any = true;
      if (moving[row] === 0) continue;
      plain.usable[row] = 4;
      if (usable[row] !== 0) usable[row] = 4;
    }
    if (!any) return to;
    trains.fill(1, from, to);
    const known = state.rows[column]!;
    const { count } = this;
    let end = to;
    for (let doubtful = 0; ; doubtful += 1) {
      let rowsNow = known;
      for (let row = from; row < end; row += 1) {
        const share = armedRows / rowsNow;
        sooner[row] = rowsNow < armedRows ? provisionalFactor : 1 + (provisionalFactor - 1) * share * share * share;
        if (usable[row] !== 0 && trains[row] === 1) rowsNow += 1;
      }
      state.rows[column] = rowsNow;
      ratios.fill(0, from, end);
      kinds.fill(0, from, end);
      let doubted = end;
      for (let index = 0; index < charts.length; index += 1) {
        const seen = index === stuckChart ? plain : index === noiseChart ? ranging : rows;
        const stopped = charts[index]!.detector.follow(column, seen, from, end);
        if (stopped < end) end = stopped;
        end = this.holdAgainstLines(index, column, seen, from, end);
        doubted = Math.min(doubted, this.doubted);
      }
      if (doubted >= end) break;
      if (doubtful === mostDoubtful) {
        end = doubted;
        break;
      }
      // What may be the begin of something trains nothing; what comes after it is other than was reckoned.
      trains[doubted] = 0;
      this.copies.putBackColumn(column, this.width, this.firstOfCharts);
      for (const { drawn } of charts) drawn[column] = NaN;
      state.rows[column] = known;
      this.forgetNear(count);
    }
    for (let row = from; row < end; row += 1) if (ratios[row]! > highest[row]!) highest[row] = ratios[row]!;
    if (end === to) {
      for (let row = to - 1; row >= from; row -= 1) {
        if (usable[row] === 0 && !(ratios[row]! > 0)) continue;
        state.kind[column] = kinds[row]!;
        break;
      }
    }
    return end;
  }

  /** What `ask` of a judge does with the scores of one detector, of all rows of a column. @returns the row at which it has to stop */
  private holdAgainstLines(index: number, column: number, { scores, trains }: ColumnRows, from: number, to: number): number {
    const { judge, sooner, ratios, kinds } = this;
    const { lines, drawn, doubtful: doubtfuls, near: nears } = judge.charts[index]!;
    const isStuck = index === judge.stuckChart;
    const speaks = isStuck || this.silent[column] === 0;
    const asked = speaks && judge.on[index] === 1;
    this.doubted = to;
    let row = from;
    while (row < to) {
      if (Number.isNaN(drawn[column]!)) judge.draw(index, column);
      const line = drawn[column]!;
      const doubtful = doubtfuls[column]!;
      const near = nears[column]!;
      let left = lines.rowsLeft(column);
      let largest = lines.largest(column);
      for (; row < to && left > 0; row += 1) {
        const score = scores[row]!;
        if (score !== score) continue;
        left -= 1;
        if (!(score > 0)) continue;
        if (isStuck && score >= 1) return row;
        const early = sooner[row]!;
        if (asked) {
          if (score > ratios[row]! * line * early) {
            ratios[row] = score / (line * early);
            kinds[row] = index;
          }
          if (score >= doubtful * early && trains[row] === 1 && row < this.doubted) this.doubted = row;
        }
        if (speaks && score >= near * early) this.comesNear(row, index, column, score / early);
        if (score > largest) largest = Math.fround(score);
      }
      if (lines.goOn(column, left, largest)) drawn[column] = NaN;
    }
    return to;
  }

  /** Notes which lines a score passes that may do so. */
  private comesNear(row: number, index: number, column: number, opening: number): void {
    const { judge } = this;
    const { lines } = judge.charts[index]!;
    const promised = judge.rarityOfOne[index]! - judge.paceLogs[column]!;
    const stays = promised - lines.rarity(column, opening / releaseShare);
    if (!(stays < judge.asked)) return;
    this.noteNear(row, index, column, opening < judge.lowest(index, column) ? Infinity : promised - lines.rarity(column, opening), stays);
  }

  /** @param index −1: the value is outside what is expected */
  private noteNear(row: number, index: number, column: number, opens: number, stays: number): void {
    const place = this.count;
    this.count += 1;
    this.nextOf[place] = this.first[row]!;
    this.rowOf[place] = row;
    this.places[place] = index * this.width + column;
    this.opens[place] = opens;
    this.stays[place] = stays;
    this.first[row] = place;
  }

  private forgetNear(from: number): void {
    for (let place = this.count - 1; place >= from; place -= 1) this.first[this.rowOf[place]!] = this.nextOf[place]!;
    this.count = from;
  }

  private putBack(): void {
    this.copies.putBack();
    for (const { drawn } of this.judge.charts) drawn.fill(NaN);
  }

  /** Goes over the rows, with what looks at all columns at once and what came near a line. @returns the row that is an anomaly; `to` where none is */
  private goOn(block: RowBlock, from: number, to: number, loosestPerWeek: number, found: (row: number, causes: readonly Cause[]) => void): number {
    const { judge, width, rows, first } = this;
    const { together, cycles, jointRow, byChart } = judge;
    const { residuals } = jointRow;
    const times = block.timeMs;
    for (let row = from; row < to; row += 1) {
      const timeMs = times[row]!;
      jointRow.timeMs = timeMs;
      jointRow.news = this.news[row]!;
      jointRow.moving = this.moving[row] === 1;
      for (let column = 0; column < width; column += 1) residuals[column] = rows[column]!.residuals[row]!;
      if (together !== undefined) {
        together.look(jointRow);
        if (together.isAbnormal) return row;
      }
      if (cycles.isAbnormal) return row;
      const isSpecial = first[row]! >= 0 || judge.passedBefore || !byChart.isSilent;
      if (isSpecial && !this.reckon(row)) return row;
      const told = judge.told();
      let score = this.highest[row]!;
      if (together?.on === true && together.ratio > score) score = together.ratio;
      if (cycles.on && cycles.ratio > score) score = cycles.ratio;
      block.score[row] = Math.min(score, highestScore, 1);
      block.leastPerWeek[row] = told === Infinity ? Infinity : judge.settingOf(told);
      if (isSpecial || cycles.leastNow < Infinity || (together !== undefined && together.leastNow < Infinity)) {
        const causes = judge.causes(loosestPerWeek);
        if (causes.length > 0) found(row, causes);
      }
      byChart.learn();
      const passedMs = Math.min(longestStepMs, timeMs - judge.timeMs);
      const changed = judge.noteBudget(timeMs, true);
      judge.timeMs = timeMs;
      judge.learnedMs += passedMs;
      judge.abnormalMs = Math.max(0, judge.abnormalMs - 0.5 * passedMs);
      together?.learn(jointRow, true, true);
      this.learnCycles(block, row);
      if (judge.passing) judge.learnTold(true);
      judge.passing = false;
      if (changed) {
        judge.drawLine();
        return row + 1;
      }
    }
    return to;
  }

  private learnCycles(block: RowBlock, row: number): void {
    const { cycles, judged } = this.judge;
    const { whole } = this;
    let frozen = false;
    if (cycles.looks) block.read(row, whole);
    whole.timeMs = block.timeMs[row]!;
    whole.mode = block.mode;
    if (cycles.isCyclic) for (let column = 0; column < this.width; column += 1) if (judged[column] === 1 && block.columns[column]!.phase[row] === phaseFrozen) frozen = true;
    cycles.learn(whole, true, !frozen);
  }

  /** What a judge reckons of a row that comes near a line. @returns false where it is an anomaly */
  private reckon(row: number): boolean {
    const { judge, width, rows } = this;
    const { byChart, input, passedNow, toStay, ofStretches, asked, budget } = judge;
    byChart.begin();
    passedNow.fill(Infinity);
    toStay.fill(Infinity);
    ofStretches.fill(Infinity);
    judge.marked = true;
    judge.passing = judge.passedBefore;
    // A row's last note comes first here; a judge asks chart by chart.
    const notes: number[] = [];
    for (let note = this.first[row]!; note >= 0; note = this.nextOf[note]!) notes.push(note);
    notes.sort((one, other) => this.places[one]! - this.places[other]!);
    for (const note of notes) {
      const index = Math.floor(this.places[note]! / width);
      const column = this.places[note]! - index * width;
      const stays = this.stays[note]!;
      const opens = this.opens[note]!;
      if (index >= 0) {
        if (stays < judge.loosest) byChart.note(index, column, opens < judge.loosest ? budget.settingFor(opens) : Infinity, budget.settingFor(stays));
        if (judge.on[index] !== 1) continue;
      }
      if (stays < toStay[column]!) toStay[column] = stays;
      if (!(opens < asked)) continue;
      judge.passing = true;
      if (opens < passedNow[column]!) passedNow[column] = opens;
      if ((index === judge.stuckChart || index === judge.noiseChart) && opens < ofStretches[column]!) ofStretches[column] = opens;
    }
    for (let column = 0; column < width; column += 1) input.usable[column] = rows[column]!.usable[row]!;
    judge.reckonTold();
    if (!byChart.isSilent) byChart.reckon(input.usable);
    if (!judge.passing && byChart.isCalm) return true;
    for (let column = 0; column < width; column += 1) if (judge.isAbnormal(column)) return false;
    if (!byChart.isCalm) for (let column = 0; column < width; column += 1) byChart.told(column, -1, judge.perWeek, judge.on);
    return true;
  }
}
