import type { Json } from '../ports.ts';
import { member, numberFromJson, numbersFromJson, numbersToJson } from './columnTable.ts';

const weekMs = 604_800_000;
const weeksKept = 8;
/** Where in a week's numbers stands what: its number since 1970, the time that was judged in it, the false alarms allowed in that time, the alarms told. */
const number = 0;
const judgedMs = 1;
const allowed = 2;
const told = 3;
const places = 4;

/** Lines at which alarms are counted, as ln of what the tail model promises a week: 1/4, 1, 4 … 4,096. */
const levels = 8;
const firstLevel = Math.log(1 / 4);
const levelStep = Math.log(4);
/** ln of what the loosest of them promises a week. */
export const loosestCounted = firstLevel + (levels - 1) * levelStep;
/** Alarms that are so near to each other are one. */
const oneAlarmRows = 30;
/** A line that is passed more often than once in so many rows says nothing: one alarm would run into the next. */
const rowsPerAlarm = 120;
/** What the tail model promises counts as so many alarms seen between two lines, and between the two next to them. */
const priorAlarms = 6;
/** What is counted fades over so many weeks, and over half of the time that was counted: how often lines were passed while they were young says little. */
const memoryWeeks = 6;
const agedShare = 0.5;
/** "At most" is a promise: so much of what was asked for is aimed at. */
const aimedShare = 0.76;
/** Alarms grow with this power of the line's promise, 1 = as promised: what is usual, how surely, and how far it may be from that. */
const usualPower = 1.15;
const priorOfPower = 12;
const leastPower = 0.7;
const mostPower = 1.5;
const mostLoosened = Math.log(200);
const mostTightened = Math.log(50);
const rowsUntilReview = 500;

/** What was promised beside what came of it, over the weeks that are kept (eight). */
export interface ExpectedAgainstSeen {
  /** Weeks in which the machine was judged and sound; > 0 once it is judged. */
  weeks: number;
  /** False alarms that were allowed in that time: the setting of each moment, added up. */
  expected: number;
  /** Anomalies that began, right ones included: whoever knows that one was right takes it off. */
  seen: number;
}

/**
 * Keeps the promise of "at most so many false alarms a week" over time. Lines are found by a tail model for each chart; how often they are
 * passed by a machine as a whole nobody knows before: charts tell of the same things, tails are no straight lines, and a lone glitch is not told. So
 * alarms are counted at eight lines, most of them so loose that many are seen in a week, on rows that were not yet learned when they were judged
 * (prequential, Dawid 1984); what they say of the line asked for is a straight line in logarithms through the loosest ones (extrapolation of
 * return levels, Coles 2001, 4.3). Beside that it keeps what was allowed and what was told, for eight weeks. 60 numbers.
 * Choose it beside TailLines rather than a stricter share of the budget per chart, which is too strict for charts that agree.
 */
export class AlarmBudget {
  /** What a line has to promise a week, as ln, so that as many alarms are seen as are aimed at: `offset` + `slope` · ln(asked). */
  private offset = Math.log(aimedShare);
  private slope = 1;
  private readonly weeks = new Float64Array(weeksKept * places);
  /** Alarms counted per level, and rows since the last row beyond it. */
  private readonly counts = new Float64Array(levels);
  private readonly since = new Float64Array(levels).fill(oneAlarmRows);
  private countedMs = 0;
  private countedRows = 0;
  private agedWeeks = 0;
  private reviewRows = 0;

  /** ln of what lines have to promise a week. @param perWeek false alarms asked for; > 0 */
  lineFor(perWeek: number): number {
    return this.offset + this.slope * Math.log(perWeek);
  }

  /** The other way round: for which setting, in false alarms a week, lines promise so much. */
  settingFor(line: number): number {
    return Math.exp((line - this.offset) / this.slope);
  }

  /**
   * Takes notice of a row that was judged.
   * @param passedMs time since the one before
   * @param line ln of the promise of the strictest line that it passes; Infinity: none
   * @param state 'sound', 'begins': an anomaly begins with it, or 'abnormal': one goes on, so that nothing can begin
   * @returns whether lines changed
   */
  note(timeMs: number, passedMs: number, perWeek: number, line: number, state: 'sound' | 'begins' | 'abnormal'): boolean {
    this.noteWeek(timeMs, state === 'sound' ? passedMs : 0, perWeek, state === 'begins');
    const { since, counts } = this;
    const first = state === 'abnormal' ? 0 : Math.max(0, Math.ceil((line - firstLevel) / levelStep));
    if (first < levels) {
      for (let level = first; level < levels; level += 1) {
        if (since[level]! >= oneAlarmRows && state !== 'abnormal') counts[level]! += 1;
        since[level] = -1;
      }
    }
    for (let level = 0; level < levels; level += 1) if (since[level]! < oneAlarmRows) since[level]! += 1;
    if (state !== 'sound') return false;
    this.countedMs += passedMs;
    this.countedRows += 1;
    this.reviewRows += 1;
    if (this.reviewRows < rowsUntilReview) return false;
    this.review();
    return true;
  }

  /** So many rows may follow until lines change, at least. */
  get rowsToReview(): number {
    return rowsUntilReview - this.reviewRows;
  }

  /** @param timeMs now: what is older than eight weeks no longer counts. */
  expectedAgainstSeen(timeMs: number): ExpectedAgainstSeen {
    const { weeks } = this;
    const now = Math.floor(timeMs / weekMs);
    const sum: ExpectedAgainstSeen = { weeks: 0, expected: 0, seen: 0 };
    for (let place = 0; place < weeks.length; place += places) {
      if (!(now - weeks[place + number]! < weeksKept)) continue;
      sum.weeks += weeks[place + judgedMs]! / weekMs;
      sum.expected += weeks[place + allowed]!;
      sum.seen += weeks[place + told]!;
    }
    return sum;
  }

  learnAgain(): void {
    this.weeks.fill(0);
    this.recount();
  }

  /** Lines mean something else from now on: what was counted says nothing of them. */
  recount(): void {
    this.counts.fill(0);
    this.since.fill(oneAlarmRows);
    this.countedMs = 0;
    this.countedRows = 0;
    this.reviewRows = 0;
    this.agedWeeks = 0;
    this.offset = Math.log(aimedShare);
    this.slope = 1;
  }

  snapshot(): Json {
    const { offset, slope, countedMs, countedRows, agedWeeks, reviewRows } = this;
    return {
      offset, slope, countedMs, countedRows, agedWeeks, reviewRows,
      counts: numbersToJson(this.counts), since: numbersToJson(this.since), weeks: numbersToJson(this.weeks),
    };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json, what: string): void {
    numbersFromJson(member(json, 'weeks'), this.weeks, `${what}.weeks`);
    // Absent in states of an earlier version: it is counted from here on.
    if (member(json, 'counts') === undefined) return;
    numbersFromJson(member(json, 'counts'), this.counts, `${what}.counts`);
    numbersFromJson(member(json, 'since'), this.since, `${what}.since`);
    this.offset = numberFromJson(json, 'offset', what);
    this.slope = Math.max(0.1, numberFromJson(json, 'slope', what));
    this.countedMs = numberFromJson(json, 'countedMs', what);
    this.countedRows = numberFromJson(json, 'countedRows', what);
    this.agedWeeks = numberFromJson(json, 'agedWeeks', what);
    this.reviewRows = numberFromJson(json, 'reviewRows', what);
  }

  private noteWeek(timeMs: number, soundMs: number, perWeek: number, begins: boolean): void {
    const { weeks } = this;
    const week = Math.floor(timeMs / weekMs);
    const place = (((week % weeksKept) + weeksKept) % weeksKept) * places;
    if (weeks[place + number] !== week) {
      weeks.fill(0, place, place + places);
      weeks[place + number] = week;
    }
    weeks[place + judgedMs]! += soundMs;
    weeks[place + allowed]! += (perWeek * soundMs) / weekMs;
    if (begins) weeks[place + told]! += 1;
  }

  /** Draws the straight line anew, and lets what was counted fade. */
  private review(): void {
    this.reviewRows = 0;
    const { counts } = this;
    const counted = this.countedMs / weekMs;
    if (!(counted > 0)) return;
    const loosest = Math.log(this.countedRows / counted / rowsPerAlarm);
    const last = Math.min(levels - 1, Math.floor((loosest - firstLevel) / levelStep));
    if (last >= 1) {
      // Alarms at a line that are none at the next stricter one: faults pass them all and drop out.
      const here = Math.max(0, counts[last]! - counts[last - 1]!);
      const before = last >= 2 ? Math.max(0, counts[last - 1]! - counts[last - 2]!) : 0;
      const at = firstLevel + last * levelStep;
      const promised = Math.exp(at) * (1 - Math.exp(-levelStep)) * counted;
      const power = last >= 2 ? Math.log((here + 1) / (before + Math.exp(-levelStep))) / levelStep : usualPower;
      const sure = before / (before + priorOfPower);
      // Little was seen: the lines are taken at their word.
      const trust = here / (here + priorAlarms);
      const drawn = 1 + trust * (Math.min(mostPower, Math.max(leastPower, usualPower + sure * (power - usualPower))) - 1);
      const share = ((here + priorAlarms) / (promised + priorAlarms)) * ((1 - Math.exp(-levelStep)) / (1 - Math.exp(-drawn * levelStep)));
      // ln(alarms a week at a line) = at + ln share + power · (line − at), turned round.
      this.slope = 1 / drawn;
      this.offset = Math.min(mostLoosened, Math.max(-mostTightened, at + (Math.log(aimedShare) - at - Math.log(share)) / drawn));
    }
    const passedWeeks = (counted * rowsUntilReview) / this.countedRows;
    this.agedWeeks += passedWeeks;
    const keep = Math.exp(-passedWeeks / Math.min(memoryWeeks, agedShare * this.agedWeeks));
    for (let level = 0; level < levels; level += 1) counts[level]! *= keep;
    this.countedMs *= keep;
    this.countedRows *= keep;
  }
}
