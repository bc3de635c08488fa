import type { Json } from '../ports.ts';
import type { SignalRow } from '../signalRow.ts';
import { columnArrays, isMeasurement, member, numberFromJson, numbersFromJson, numbersToJson, tableFromJson, tableToJson, unreadableSnapshot } from './columnTable.ts';
import { isKept, moveNumber, moveNumbers } from './columnMove.ts';
import type { ColumnMove } from './columnMove.ts';

/** What a column can tell of cycles. */
export const silentColumn = 0;
export const levelColumn = 1;
export const countingColumn = 2;

/** Where a column's levels lie in its range, and how far above the lower end of each its upper one. */
const levels = [0.1, 0.35, 0.6] as const;
const levelWidth = 0.25;
/** A cycle is known when so many in a row differ by at most such a factor. */
const steadyCycles = 16;
const steadyFactor = 1.5;
const leastRows = 12;
const leastOfLonger = 4;
const longerShare = 0.7;
/** Rows of the first search; each of the next ones takes four times as many and looks at half as many of them. An eighth of them shows the range. */
const firstRows = 1_024;
const searches = 4;
const rangeShare = 1 / 8;
/** Rows of rest after all searches, doubled each time. */
const firstRest = 20_000;
const longestRest = 1_280_000;
/** A cycle of the usual length is no shorter and no longer than so many of it; a pause inside is at most such a share. */
const shortest = 0.7;
const longest = 1.4;
const longestPause = 1 / 8;
const periodMemory = 50;
/** It is none any more after so many begins without a whole cycle, or so many of its lengths without a begin. */
const mostBroken = 60;
const mostSilent = 10_000;

/** What a row is to the cycles of a machine: nothing; a begin; a begin after a whole cycle of the usual length without a pause. */
export type CycleStep = 'none' | 'begins' | 'whole';

/**
 * Finds out whether a machine works in cycles, and then tells where each begins: by what comes back at steady intervals, be it a counter that goes up, an operating mode that is
 * taken up, or one of three levels that a column rises through, with hysteresis (Schmitt 1938). Searched are cycles of 12 to 3,000 rows; then it rests for 20,000 rows, each time
 * twice as long, so that a machine without cycles costs one subtraction a row.
 * Choose it for machines whose cycles begin with something, however long they wait in between, rather than the period of an autocorrelation, which one pause puts out of step.
 * 18 numbers per column while it searches.
 */
export class CycleTrigger {
  /** Usual length of a cycle; NaN while none is known. */
  periodMs = NaN;
  /** Usual number of rows in one when it was found. */
  periodRows = NaN;
  private readonly kinds: Uint8Array;
  /** Of what may begin a cycle the one that does: level + 3 · column, or the last one, which is the mode; −1 while none is known. */
  private chosen = -1;
  private mode = '';
  private rowMs = NaN;
  private beginMs = NaN;
  private paused = false;
  private broken = 0;
  private rest = 0;
  private fails = 0;
  private search = 0;
  private rows = 0;
  private fromMs = NaN;
  /** Per candidate: its level's ends; whether it was below or elsewhere, or the count before; when it last began; how often in a row, and the shortest and longest of these. */
  private readonly state: { low: Float64Array; high: Float64Array; was: Float64Array; lastMs: Float64Array; streak: Float64Array; least: Float64Array; most: Float64Array };

  constructor(kinds: Uint8Array, snapshot?: Json) {
    this.kinds = kinds;
    const take = columnArrays(levels.length * kinds.length + 1, 7);
    this.state = { low: take(), high: take(), was: take(), lastMs: take(), streak: take(), least: take(), most: take() };
    this.begin(0);
    if (snapshot !== undefined) this.restore(snapshot);
  }

  /** Whether cycles are known. */
  get isLocked(): boolean {
    return this.chosen >= 0;
  }

  /** Whether the values of the next row are looked at. */
  get looks(): boolean {
    return this.chosen >= 0 || (this.rest === 0 && this.rows % 2 ** this.search === 0);
  }

  /** Takes a row; rows come in time order. */
  next(row: SignalRow): CycleStep {
    if (this.chosen < 0) {
      if (this.rest > 0) this.rest -= 1;
      else this.look(row);
      return 'none';
    }
    if (row.timeMs - this.rowMs > longestPause * this.periodMs) this.paused = true;
    this.rowMs = row.timeMs;
    const lengthMs = row.timeMs - this.beginMs;
    if (!this.fires(this.chosen, row)) {
      if (lengthMs > mostSilent * this.periodMs) this.begin(0);
      return 'none';
    }
    const whole = !this.paused && lengthMs >= shortest * this.periodMs && lengthMs <= longest * this.periodMs;
    this.beginMs = row.timeMs;
    this.paused = false;
    if (whole) {
      this.broken = 0;
      this.periodMs += (lengthMs - this.periodMs) / periodMemory;
      return 'whole';
    }
    this.broken += 1;
    if (this.broken > mostBroken) this.begin(0);
    return 'begins';
  }

  snapshot(): Json {
    const { chosen, rest, fails, search, rows, mode, state } = this;
    if (chosen < 0) return { rest, fails, ...(rest > 0 ? {} : { search, rows, mode, fromMs: Number.isNaN(this.fromMs) ? null : this.fromMs, state: tableToJson(state) }) };
    return {
      chosen, columns: this.kinds.length, fails, mode, broken: this.broken, paused: this.paused, periodRows: this.periodRows,
      numbers: numbersToJson([this.periodMs, this.rowMs, this.beginMs, state.low[chosen]!, state.high[chosen]!, state.was[chosen]!]),
    };
  }

  private restore(json: Json): void {
    const what = 'begin of cycles';
    this.fails = numberFromJson(json, 'fails', what);
    if (member(json, 'chosen') === undefined) {
      this.rest = numberFromJson(json, 'rest', what);
      if (this.rest > 0) return;
      this.search = numberFromJson(json, 'search', what);
      this.rows = numberFromJson(json, 'rows', what);
      this.fromMs = member(json, 'fromMs') === null ? NaN : numberFromJson(json, 'fromMs', what);
      this.mode = String(member(json, 'mode') ?? '');
      tableFromJson(this.state, member(json, 'state') ?? null, what);
      return;
    }
    const chosen = numberFromJson(json, 'chosen', what);
    const numbers = new Float64Array(6);
    numbersFromJson(member(json, 'numbers'), numbers, what);
    if (!Number.isInteger(chosen) || chosen < 0 || chosen >= this.state.low.length || !(numbers[0]! > 0)) throw unreadableSnapshot(what, 'it is of other columns');
    this.chosen = chosen;
    this.mode = String(member(json, 'mode') ?? '');
    this.broken = numberFromJson(json, 'broken', what);
    this.paused = member(json, 'paused') === true;
    this.periodRows = numberFromJson(json, 'periodRows', what);
    [this.periodMs, this.rowMs, this.beginMs, this.state.low[chosen], this.state.high[chosen], this.state.was[chosen]] = numbers as unknown as [number, number, number, number, number, number];
  }

  private begin(search: number): void {
    this.chosen = -1;
    this.periodMs = NaN;
    this.search = search;
    this.rows = 0;
    const { low, high, was, lastMs, streak } = this.state;
    low.fill(NaN);
    high.fill(NaN);
    was.fill(NaN);
    lastMs.fill(NaN);
    streak.fill(0);
  }

  private look(row: SignalRow): void {
    const length = firstRows * 4 ** this.search;
    const place = this.rows;
    this.rows += 1;
    if (this.rows >= length) {
      if (this.search + 1 < searches) this.begin(this.search + 1);
      else {
        this.rest = Math.min(longestRest, firstRest * 2 ** this.fails);
        this.fails += 1;
        this.begin(0);
      }
      return;
    }
    if (place === 0) {
      this.mode = row.mode;
      this.fromMs = row.timeMs;
    }
    if (place % 2 ** this.search !== 0) return;
    if (place < rangeShare * length) {
      this.widen(row);
    } else {
      if (place === rangeShare * length) this.divide();
      const last = this.state.low.length - 1;
      if (this.isTakenUp(row.mode) && this.isSteady(last, row.timeMs)) return;
      for (let column = 0, place = 0; place < last; column += 1, place += levels.length) {
        const value = row.values[column]!;
        const kind = this.kinds[column]!;
        if (kind === silentColumn || !isMeasurement(value)) continue;
        if (kind === countingColumn) {
          if (this.goesUp(place, value) && this.isSteady(place, row.timeMs)) return;
        } else for (let candidate = place; candidate < place + levels.length; candidate += 1) if (this.rises(candidate, value) && this.isSteady(candidate, row.timeMs)) return;
      }
    }
  }

  /** Range of each column, at the place of its first level. */
  private widen({ values }: SignalRow): void {
    const { low, high } = this.state;
    for (let column = 0, place = 0; column < values.length; column += 1, place += levels.length) {
      const value = values[column]!;
      if (this.kinds[column] !== levelColumn || !isMeasurement(value)) continue;
      if (!(value >= low[place]!)) low[place] = value;
      if (!(value <= high[place]!)) high[place] = value;
    }
  }

  private divide(): void {
    const { low, high } = this.state;
    for (let place = 0; place < low.length - 1; place += levels.length) {
      const least = low[place]!;
      const range = high[place]! - least;
      levels.forEach((level, index) => {
        low[place + index] = range > 0 ? least + level * range : NaN;
        high[place + index] = range > 0 ? least + (level + levelWidth) * range : NaN;
      });
    }
  }

  private fires(candidate: number, { values, mode }: SignalRow): boolean {
    if (candidate === this.state.low.length - 1) return this.isTakenUp(mode);
    const column = Math.floor(candidate / levels.length);
    const value = values[column]!;
    if (!isMeasurement(value)) return false;
    return this.kinds[column] === countingColumn ? this.goesUp(candidate, value) : this.rises(candidate, value);
  }

  private isTakenUp(mode: string): boolean {
    if (this.mode === '') return false;
    const { was } = this.state;
    const before = was.at(-1);
    was[was.length - 1] = mode === this.mode ? 0 : 1;
    return before === 1 && mode === this.mode;
  }

  private goesUp(candidate: number, value: number): boolean {
    const before = this.state.was[candidate]!;
    this.state.was[candidate] = value;
    return value > before;
  }

  private rises(candidate: number, value: number): boolean {
    const { low, high, was } = this.state;
    if (was[candidate] === 1) {
      if (!(value >= high[candidate]!)) return false;
      was[candidate] = 0;
      return true;
    }
    if (value < low[candidate]!) was[candidate] = 1;
    return false;
  }

  /** Something came back: whether it now did so often enough at steady intervals, and is the begin of cycles. */
  private isSteady(candidate: number, timeMs: number): boolean {
    const { lastMs, streak, least, most } = this.state;
    const lengthMs = timeMs - lastMs[candidate]!;
    lastMs[candidate] = timeMs;
    if (!(lengthMs > 0)) return false;
    const [shorter, longer] = [Math.min(least[candidate]!, lengthMs), Math.max(most[candidate]!, lengthMs)];
    const goesOn = streak[candidate]! > 0 && longer <= steadyFactor * shorter;
    least[candidate] = goesOn ? shorter : lengthMs;
    most[candidate] = goesOn ? longer : lengthMs;
    streak[candidate] = goesOn ? streak[candidate]! + 1 : 1;
    return streak[candidate]! >= steadyCycles && this.choose((least[candidate]! + most[candidate]!) / 2, timeMs);
  }

  /** Of all that comes back as often takes what was made to tell begins, else the steadiest. */
  private choose(lengthMs: number, timeMs: number): boolean {
    const { lastMs, streak, least, most, low } = this.state;
    const periodRows = (lengthMs * this.rows) / (timeMs - this.fromMs);
    let best = -1;
    let steadiest = Infinity;
    for (let candidate = 0; candidate < low.length; candidate += 1) {
      const ownMs = (least[candidate]! + most[candidate]!) / 2;
      // What comes back less often, and has done so all the time, is the cycle, and this one several in it: wait for it.
      if (streak[candidate]! >= leastOfLonger && ownMs > steadyFactor * lengthMs && streak[candidate]! * ownMs > longerShare * steadyCycles * lengthMs) return false;
      if (streak[candidate]! < steadyCycles - 2 || Math.abs(ownMs - lengthMs) > 0.25 * lengthMs) continue;
      const named = candidate === low.length - 1 || this.kinds[(candidate / levels.length) | 0] === countingColumn;
      const unsteady = named ? 0 : most[candidate]! / least[candidate]!;
      if (unsteady >= steadiest) continue;
      steadiest = unsteady;
      best = candidate;
    }
    if (best < 0 || periodRows < leastRows) return false;
    this.chosen = best;
    this.periodMs = lengthMs;
    this.periodRows = periodRows;
    this.rowMs = timeMs;
    this.beginMs = lastMs[best]!;
    // What it was before says nothing of the cycle in hand, of which no row was kept.
    this.paused = true;
    this.broken = 0;
    return true;
  }
}

/** A snapshot for a changed type; as in `fresh`, of a new one, where what begins the cycles is gone, so that they are searched anew. */
export function moveCycleTrigger(snapshot: Json, fresh: Json, moves: readonly ColumnMove[]): Json {
  const [chosen, known, numbers] = [member(snapshot, 'chosen'), member(snapshot, 'columns'), member(snapshot, 'numbers')];
  const all = snapshot as { [name: string]: Json };
  if (typeof chosen !== 'number') return member(snapshot, 'state') === undefined ? snapshot : { ...all, state: movedSearch(member(snapshot, 'state'), member(fresh, 'state'), moves) };
  if (typeof known !== 'number' || !Array.isArray(numbers)) throw unreadableSnapshot('begin of cycles', 'a part is missing');
  if (chosen === levels.length * known) return { ...all, columns: moves.length, chosen: levels.length * moves.length };
  const column = moves.findIndex((move) => isKept(move) && move.from === Math.floor(chosen / levels.length));
  if (column < 0) return fresh;
  const values = numbers.map((number, place): Json => (place < 3 ? number : place < 5 ? moveNumber(number, 'value', moves[column]!) : null));
  return { ...all, columns: moves.length, chosen: levels.length * column + (chosen % levels.length), numbers: values };
}

/** The last candidate belongs to no column. */
function movedSearch(old: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[]): Json {
  return Object.fromEntries(Object.entries(fresh as { [name: string]: Json }).map(([name, begun]): [string, Json] => {
    const numbers = member(old, name);
    const last = Array.isArray(numbers) ? numbers.at(-1) ?? null : null;
    return [name, [...moveNumbers(numbers, begun, moves, name === 'low' || name === 'high' ? 'value' : 'plain', levels.length), last]];
  }));
}
