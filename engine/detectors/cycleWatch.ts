import type { Json } from '../ports.ts';
import type { SignalRow } from '../signalRow.ts';
import { isMeasurement, member, numberFromJson, numbersFromJson, numbersToJson, unreadableSnapshot } from '../statistics/columnTable.ts';
import { isKept } from '../statistics/columnMove.ts';
import type { ColumnMove } from '../statistics/columnMove.ts';
import { CycleTrigger, countingColumn, levelColumn, moveCycleTrigger } from '../statistics/cycleTrigger.ts';
import { TailLines, moveTailLines } from '../statistics/tailLines.ts';
import type { CourseDetector, CourseParameters } from './courseDetector.ts';
import { courseDetectors } from './index.ts';

const entry = courseDetectors[0]!;
const leastPoints = 6;
const mostPoints = 24;
/** Of a column's scores so many must be known before they count; until `armedCycles` its line lies higher, and then a little. */
const provisionalCycles = 12;
const armedCycles = 100;
const provisionalFactor = 1.7;
const armedFactor = 1.4;
const releaseShare = 0.7;
const suspiciousShare = 0.65;
/** A column is named when its score is so much of the highest. */
const namedShare = 0.5;

/** What is kept of each column while cycles are known. */
interface WatchedColumn {
  detector: CourseDetector;
  /** Cycles of which a score is known. */
  known: number;
  /** Score ÷ line of the last cycle, and the third in which it differs most. */
  ratio: number;
  third: number;
}

/**
 * Cuts what a machine does into cycles, where it works in cycles, and asks the detector of courses whether each column went through the last one as it used to, with a line per
 * column. The part of a judge that looks at cycles: what it says of one holds until the next is whole. Of a cycle in which another chart told something it says nothing.
 */
export class CycleWatch {
  /** Score ÷ line of the last cycle, by the column that is highest; 0 where nothing can be said. */
  ratio = 0;
  /** At so many false alarms a week the last cycle is an anomaly; Infinity: at none. */
  leastNow = Infinity;
  /** What its lines have to promise a week: so many passings. */
  perWeek: number;
  /** Where it is off, it reckons all the same what it would tell. */
  readonly on: boolean;
  private readonly kinds: Uint8Array;
  private readonly judged: Uint8Array;
  private readonly smallest: Float64Array;
  private readonly rarityOfOne: number;
  private open = false;
  private timeMs = NaN;
  private trigger: CycleTrigger;
  /** There while cycles are known; of columns that are not judged there is none. */
  private columns: (WatchedColumn | undefined)[] = [];
  private lines = new TailLines(0, 1, { quantile: 1, excess: 1 });
  private points = 0;
  private slotMs = 0;
  /** The cycle in hand: when it began, whether another chart told something in it, and the sum and number of values per column and point. */
  private beginMs = NaN;
  private troubled = false;
  private sums = new Float64Array(0);
  private counts = new Float64Array(0);

  /**
   * @param kinds per column what it tells of cycles, see CycleTrigger. @param judged per column 1 where its course is. @param on whether what it finds is told
   * @param rarityOf per cycles of a block: how rare a block of cycles of one millisecond is where one false alarm per week is promised, as ln
   */
  constructor(kinds: Uint8Array, judged: Uint8Array, smallest: Float64Array, perWeek: number, on: boolean, rarityOf: (blockCycles: number) => number, snapshot?: Json) {
    this.kinds = kinds;
    this.judged = judged;
    this.smallest = smallest;
    this.perWeek = perWeek;
    this.on = on;
    this.rarityOfOne = rarityOf(entry.blockCycles);
    this.trigger = new CycleTrigger(kinds);
    if (snapshot !== undefined) this.restore(snapshot);
  }

  get isAbnormal(): boolean {
    return this.open;
  }

  /** Whether it cuts rows into cycles: only then it asks whether all other charts are calm. */
  get isCyclic(): boolean {
    return this.trigger.isLocked;
  }

  /** Whether the values of the next row are looked at. */
  get looks(): boolean {
    return this.trigger.looks;
  }

  /** Shares of those columns that stand out, the others 0; they add up to 1. */
  named(): Float64Array {
    const highest = this.columns.reduce((most, column) => Math.max(most, column?.ratio ?? 0), 0);
    const weights = Float64Array.from(this.judged, (_, index) => {
      const ratio = this.columns[index]?.ratio ?? 0;
      return ratio > 0 && ratio >= namedShare * highest ? ratio ** 2 : 0;
    });
    const sum = weights.reduce((all, weight) => all + weight, 0);
    return sum > 0 ? weights.map((weight) => weight / sum) : weights;
  }

  /** In which third of the last cycle a column differed most. */
  thirdOf(column: number): number {
    return this.columns[column]?.third ?? 0;
  }

  /** Moves on by a row. @param normal whether the asset was judged normal, by everybody. @param calm whether all other charts say so */
  learn(row: SignalRow, normal: boolean, calm: boolean): void {
    // What somebody called normal has not been told.
    if (normal && this.open) this.close();
    const { timeMs, values } = row;
    if (timeMs <= this.timeMs) return;
    this.timeMs = timeMs;
    const wasLocked = this.trigger.isLocked;
    const step = this.trigger.next(row);
    if (!this.trigger.isLocked) {
      if (wasLocked) this.begin();
      return;
    }
    if (!wasLocked) this.begin();
    if (step !== 'none') {
      if (step === 'whole' && !this.troubled) this.endCycle();
      this.beginMs = timeMs;
      this.troubled = false;
      this.sums.fill(0);
      this.counts.fill(0);
    }
    if (!calm) this.troubled = true;
    const point = Math.floor((timeMs - this.beginMs) / this.slotMs);
    if (!(point < this.points)) return;
    for (let column = 0, place = point; column < values.length; column += 1, place += this.points) {
      const value = values[column]!;
      if (!isMeasurement(value)) continue;
      this.sums[place]! += value;
      this.counts[place]! += 1;
    }
  }

  /** What was found is over, for it is asked about in another way. */
  close(): void {
    this.open = false;
    this.ratio = 0;
    this.leastNow = Infinity;
    for (const column of this.columns) if (column !== undefined) column.ratio = 0;
  }

  learnAgain(): void {
    this.timeMs = NaN;
    this.trigger = new CycleTrigger(this.kinds);
    this.begin();
  }

  snapshot(): Json {
    return {
      timeMs: numberOrNull(this.timeMs), trigger: this.trigger.snapshot(),
      ...(this.isCyclic ? {
        open: this.open, ratio: this.ratio, least: numberOrNull(this.leastNow), slotMs: this.slotMs, points: this.points, beginMs: numberOrNull(this.beginMs), troubled: this.troubled,
        sums: numbersToJson(this.sums), counts: numbersToJson(this.counts), lines: this.lines.snapshot(),
        columns: this.columns.map((column): Json => (column === undefined ? null : { ...column, detector: column.detector.snapshot() })),
      } : {}),
    };
  }

  private restore(json: Json): void {
    const what = 'cycles';
    const number = (name: string, none: number): number => (member(json, name) === null ? none : numberFromJson(json, name, what));
    this.timeMs = number('timeMs', NaN);
    this.trigger = new CycleTrigger(this.kinds, member(json, 'trigger') ?? null);
    this.begin();
    if (!this.isCyclic) return;
    const columns = member(json, 'columns');
    this.slotMs = numberFromJson(json, 'slotMs', what);
    if (!Array.isArray(columns) || columns.length !== this.judged.length) throw unreadableSnapshot(what, 'a part is missing');
    if (!(this.slotMs > 0) || numberFromJson(json, 'points', what) !== this.points) throw unreadableSnapshot(what, 'the length of a cycle is damaged');
    columns.forEach((column, index) => {
      // Of another type, a column that is new begins anew.
      if (this.judged[index] !== 1 || column === null) return;
      this.columns[index] = {
        detector: entry.create(this.parameters(index), member(column, 'detector') ?? null),
        known: numberFromJson(column, 'known', what), ratio: numberFromJson(column, 'ratio', what), third: numberFromJson(column, 'third', what),
      };
    });
    this.lines.restore(member(json, 'lines'), what);
    this.open = member(json, 'open') === true;
    this.ratio = numberFromJson(json, 'ratio', what);
    this.leastNow = number('least', Infinity);
    this.beginMs = number('beginMs', NaN);
    this.troubled = member(json, 'troubled') === true;
    numbersFromJson(member(json, 'sums'), this.sums, what);
    numbersFromJson(member(json, 'counts'), this.counts, what);
  }

  /** Cycles are known from now on, or none any more. */
  private begin(): void {
    const { isLocked, periodMs, periodRows } = this.trigger;
    this.close();
    this.points = isLocked ? Math.max(leastPoints, Math.min(mostPoints, Math.floor(periodRows / 2))) : 0;
    this.slotMs = periodMs / this.points;
    this.beginMs = NaN;
    this.sums = new Float64Array(this.points * this.judged.length);
    this.counts = new Float64Array(this.points * this.judged.length);
    this.lines = new TailLines(isLocked ? this.judged.length : 0, entry.blockCycles, entry.typical(this.points));
    this.columns = isLocked ? Array.from(this.judged, (judged, index) => (judged === 1 ? { detector: entry.create(this.parameters(index)), known: 0, ratio: 0, third: 0 } : undefined)) : [];
  }

  private parameters(column: number): CourseParameters {
    return { points: this.points, rows: this.trigger.periodRows / this.points, smallestChange: this.smallest[column]! };
  }

  /** A cycle is whole: fills `ratio` and what goes with it, and learns from it. */
  private endCycle(): void {
    const { points, lines, columns } = this;
    const beyond = this.rarityOfOne - Math.log(this.trigger.periodMs);
    const promised = Math.max(0, beyond - Math.log(this.perWeek));
    const courses = this.sums.map((sum, place) => sum / this.counts[place]!);
    const scores = new Float64Array(columns.length).fill(NaN);
    let opening = Infinity;
    let staying = Infinity;
    this.ratio = 0;
    columns.forEach((column, index) => {
      if (column === undefined) return;
      const score = column.detector.score(courses.subarray(index * points, (index + 1) * points));
      scores[index] = score;
      column.ratio = 0;
      if (!(score > 0) || column.known < provisionalCycles) return;
      const wider = column.known < armedCycles ? provisionalFactor : armedFactor;
      column.ratio = score / (lines.line(index, promised) * wider);
      column.third = column.detector.third;
      this.ratio = Math.max(this.ratio, column.ratio);
      opening = Math.min(opening, Math.exp(beyond - lines.rarity(index, score / wider)));
      staying = Math.min(staying, Math.exp(beyond - lines.rarity(index, score / wider / releaseShare)));
    });
    const abnormal = this.on && (this.ratio >= 1 || (this.ratio >= releaseShare && this.open));
    const least = Math.min(opening, Math.max(staying, this.leastNow));
    // What is not abnormal is so at a looser setting only than the one in force.
    this.leastNow = abnormal ? Math.min(least, this.perWeek) : !this.on || least > this.perWeek ? least : this.perWeek * (1 + 1e-9);
    this.open = abnormal;
    columns.forEach((column, index) => {
      if (column === undefined) return;
      column.detector.learn(courses.subarray(index * points, (index + 1) * points), !abnormal && (column.ratio < suspiciousShare || column.known < armedCycles));
      if (Number.isNaN(scores[index]!)) return;
      column.known = Math.min(armedCycles, column.known + 1);
      if (abnormal) lines.reject(index);
      else lines.add(index, scores[index]!);
    });
  }
}

function numberOrNull(number: number): Json {
  return Number.isFinite(number) ? number : null;
}

/** What a column of this kind tells of cycles. */
export function cycleKind(kind: 'measured' | 'setpoint' | 'counter' | 'derived'): number {
  return kind === 'counter' ? countingColumn : levelColumn;
}

/**
 * A watch's snapshot for a changed type: the courses of columns that stay go along with them. Where what begins the cycles goes, all is found anew.
 * @throws Problem TWIN_SNAPSHOT_UNREADABLE
 */
export function moveCycleWatch(snapshot: Json, fresh: Json, moves: readonly ColumnMove[]): Json {
  const what = 'cycles';
  const trigger = moveCycleTrigger(member(snapshot, 'trigger') ?? null, member(fresh, 'trigger') ?? null, moves);
  if (member(trigger, 'chosen') === undefined) return { timeMs: member(snapshot, 'timeMs') ?? null, trigger };
  const columns = member(snapshot, 'columns');
  const points = numberFromJson(snapshot, 'points', what);
  if (!Array.isArray(columns)) throw unreadableSnapshot(what, 'a part is missing');
  const begunLines = new TailLines(moves.length, entry.blockCycles, entry.typical(points)).snapshot();
  const none = new Float64Array(points * moves.length);
  return {
    ...(snapshot as { [name: string]: Json }), trigger,
    // Of the cycle in hand not all was taken along.
    beginMs: null, sums: numbersToJson(none), counts: numbersToJson(none), lines: moveTailLines(member(snapshot, 'lines'), begunLines, moves),
    columns: moves.map((move): Json => {
      const column = isKept(move) ? columns[move.from] ?? null : null;
      return column === null ? null : { ...(column as { [name: string]: Json }), detector: entry.move(member(column, 'detector') ?? null, move) };
    }),
  };
}
