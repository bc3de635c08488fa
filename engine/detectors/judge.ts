import type { ColumnInfo } from '../baselines/index.ts';
import type { RowBlock } from '../rowBlock.ts';
import type { Json } from '../ports.ts';
import type { Expectation, SignalRow } from '../signalRow.ts';
import { phaseFrozen, phaseLearning } from '../signalRow.ts';
import {
  columnArrays, isMeasurement, member, numberFromJson, numbersFromJson, tableToJson, unreadableSnapshot,
} from '../statistics/columnTable.ts';
import { keptMove, moveNumbers, moveTable } from '../statistics/columnMove.ts';
import type { ColumnMove } from '../statistics/columnMove.ts';
import { AlarmBudget, loosestCounted } from '../statistics/alarmBudget.ts';
import type { ExpectedAgainstSeen } from '../statistics/alarmBudget.ts';
import { CoarseSteps, moveCoarseSteps } from '../statistics/coarseSteps.ts';
import { HeldSamples, moveHeldSamples } from '../statistics/heldSamples.ts';
import { Recurrences, moveRecurrences } from '../statistics/recurrences.ts';
import { TailLines, moveTailLines } from '../statistics/tailLines.ts';
import { ChartLeast } from '../statistics/chartLeast.ts';
import type { Cause } from '../statistics/chartLeast.ts';
import type { AnomalyKind, DetectorInput, DetectorParameters } from './detector.ts';
import { CalmRows } from './calmRows.ts';
import type { JudgeInside } from './calmRows.ts';
import { CycleWatch, cycleKind, moveCycleWatch } from './cycleWatch.ts';
import { chartKinds, detectors, jointDetectors } from './index.ts';
import { JointWatch, leastJointSignals, moveJointWatch } from './jointWatch.ts';
import type { JointRow } from './jointWatch.ts';
import {
  armedRows, gapIntervals, highestScore, keptPassed, longestStepMs, movingBands, newState, paceChange, provisionalFactor, provisionalRows, quietRows, releaseShare,
} from './judgeState.ts';
import type { JudgeChart, JudgeState } from './judgeState.ts';

export interface JudgeOptions {
  /** At most so many false alarms per week and asset; > 0, default 1. */
  falseAlarmsPerWeek?: number;
  /** Kinds of findings that are not told. */
  off?: readonly AnomalyKind[];
}

export type { Cause } from '../statistics/chartLeast.ts';

export interface Verdict {
  /** 'learning' while no column of the asset can be judged. */
  verdict: 'learning' | 'normal' | 'anomaly';
  /** Finite; 0 = as expected, 1 = at the line that keeps the asked false alarms per week. */
  score: number;
  /** Source time at which this anomaly began; NaN if there is none. */
  sinceMs: number;
  /** Columns by number, biggest share first; the shares add up to 1. Of a course, the third of the cycle (0–2) that differs most. Empty unless the verdict is 'anomaly'. */
  signals: { column: number; share: number; kind: AnomalyKind; third?: number }[];
  /**
   * The fewest false alarms per week that have to be allowed for this row to be an anomaly, with all that was learned until now: what
   * another setting would have told follows from it without judging again. Infinity: an anomaly at no setting.
   */
  leastPerWeek: number;
}

/** Decides whether an asset is as it should be. Rows go in by `learn` only after they were judged. */
export interface AssetJudge {
  /** Changes nothing. A row older than the last one learned is not evaluated and gives no anomaly. */
  judge(row: SignalRow, expectation: Expectation): Verdict;
  /** Moves on by a judged row. An abnormal row trains nothing of what is normal. */
  learn(row: SignalRow, expectation: Expectation, verdict: Verdict): void;
  learnAgain(): void;
  /**
   * Judges and learns rows of a block one after the other as long as each is normal beyond doubt; to the last bit what `judge` and `learn` come to, many times as
   * fast. What is expected of them must be in the block. Writes their scores into it; as many of their `causes` as there are go to `found`.
   * @returns the row at which it ended, which has to be judged by itself, maybe because it is an anomaly; `to` where none has
   */
  takeCalm(block: RowBlock, from: number, to: number, loosestPerWeek?: number, found?: (row: number, causes: readonly Cause[]) => void): number;
  /** Whether nothing is open, and nothing was of late: else `takeCalm` takes no row. */
  isCalm(): boolean;
  /** What was found abnormal of this column is over, for it is asked about in another way; what is normal stays. Else a column without news stays as it was told. */
  close(column: number): void;
  /** Normal values of a column that were seen; undefined where it is not judged. */
  normalRows(column: number): number | undefined;
  /** Of the row judged last: what each detector, whether it is off or not, would tell at this setting or at a stricter one. Mostly nothing. */
  causes(loosestPerWeek: number): readonly Cause[];
  /** False alarms allowed and anomalies told in the last eight weeks of what was judged. */
  expectedAgainstSeen(): ExpectedAgainstSeen;
  /** Plain JSON of bounded size. A judge made from it goes on exactly as this one. */
  snapshot(): Json;
}

const snapshotVersion = 1;
const weekMs = 7 * 24 * 3_600_000;
/** A line lies never lower than this share of the detector's own one; where a value must not be learned, and of standing still, this one. */
const lowestLine = 0.5;
const lowestToLearn = 0.75;
/** Values from here on, as a share of the line, may be the begin of something: they train nothing. */
const suspiciousShare = 0.65;
/** It tells of a stretch of values by itself. */
const noiseChart = detectors.findIndex(({ kind }) => kind === 'noise');
/** Where so many signals are judged, one that is wild for a moment while the others show nothing is a glitch of its sensor. */
const witnesses = 3;
/** Its place after the detectors of columns, and what its findings are called. */
const jointChart = detectors.length;
const jointKind = chartKinds[jointChart]!;
const cycleChart = jointChart + 1;
const courseKind = chartKinds[cycleChart]!;
/** What ends by itself after at most so many values, and was never farther beyond its line, moves the line: what it says comes in the end as often as was promised. */
const trifleRows = 32;
const trifleShare = 1.25;
/**
 * So does what lasts longer or is farther beyond, where one detector tells it of one column alone more often than all false alarms together were asked for:
 * so many in the time in which as many were asked for. A shift's work must be known: until then, what comes four times may as well be four faults.
 */
const routineShare = 3;
const routineAlarms = 3;
const shiftMs = 8 * 3_600_000;
/** Not in states of earlier versions. */
const newer: readonly string[] = ['half', 'passed', 'told', 'recent', 'most', 'mostOf', 'lasted', 'wrongMs'];
const stuckChart = detectors.findIndex(({ kind }) => kind === 'stuck');

/** Settings beyond it are not asked about. */
const loosestPerWeek = 1_000;
const noCauses: readonly Cause[] = [];

class RegistryJudge implements AssetJudge, JudgeInside {
  private readonly columns: readonly ColumnInfo[];
  private readonly options: JudgeOptions;
  readonly smallest: Float64Array;
  charts: JudgeChart[] = [];
  /** Which columns repeat a value until their next sample. */
  held: HeldSamples;
  /** Looks at all columns at once, where there are enough. */
  readonly together: JointWatch | undefined;
  readonly jointRow: JointRow;
  /** Looks at whole cycles, where the machine works in them. */
  readonly cycles: CycleWatch;
  /** The steps of those that are coarse. */
  coarse: CoarseSteps;
  state: JudgeState;
  timeMs = NaN;
  sinceMs = NaN;
  /** Operation seen as normal, and as abnormal of late. */
  learnedMs = 0;
  readonly budget = new AlarmBudget();
  /** Time of the last row that it was told of. */
  private notedMs = NaN;
  abnormalMs = 0;
  /** The row as most detectors see it: where the column scatters more than elsewhere, distances count less. */
  readonly input: DetectorInput & { coarse: Float64Array };
  /** The same with the values as they came, for what looks from one value to the next: what is expected may jump in between. */
  private readonly ranging: DetectorInput;
  /** The same with the values as they came, for what looks whether they repeat. */
  private readonly plain: DetectorInput;
  private readonly trains: Uint8Array;
  private readonly ratios: Float64Array;
  private readonly kinds: Uint8Array;
  readonly judged: Uint8Array;
  readonly perWeek: number;
  /** Columns that are judged. */
  private readonly witnesses: number;
  /** Per chart: a block of values one millisecond apart is so rare where one false alarm per week is promised, as ln. */
  readonly rarityOfOne: readonly number[];
  /** What lines have to promise, as ln. */
  private line = 0;
  /** The same of the loosest setting that is ever asked about, and of the loosest line that anybody asks about: what passes only lines beyond it passes none. */
  loosest = 0;
  asked = 0;
  /** 1 where a value may be the begin of something, which must not be learned. */
  private readonly suspicious: Uint8Array;
  /** Whether `passedNow`, `toStay` and `ofStretches` hold anything of the row in hand. */
  marked = true;
  /** What `passed` and `told` are with the row in hand; belong to `ratios`. */
  readonly passedNow: Float64Array;
  private readonly toldNow: Float64Array;
  readonly toStay: Float64Array;
  /** The same of charts that tell of a stretch of values by themselves. */
  readonly ofStretches: Float64Array;
  /** What is passed per detector, as settings. */
  readonly byChart: ChartLeast;
  /** Per detector, whether it is asked. */
  readonly on: Uint8Array;
  /** ln(paceMs). */
  readonly paceLogs: Float64Array;
  /** How much higher lines lie while little is known. */
  private readonly early: Float64Array;
  /** Of the row in hand: whose word counts of a column: 0 nobody's, 1 that it stands still, 2 all. */
  private readonly speaks: Uint8Array;
  /** What lines make of it: 0 nothing, 1 it is normal, 2 it is not. */
  private readonly use: Uint8Array;
  /** Whether a column of the row in hand passes any line, or may go on doing so; what follows from it is left out where none does. */
  passing = false;
  /** Whether any did in the rows before that count. */
  passedBefore = true;
  /** Whether `toldNow` holds anything. */
  private telling = true;
  readonly stuckChart = stuckChart;
  readonly noiseChart = noiseChart;
  private calmRows: CalmRows | undefined;
  /** Whether a value of the row in hand is outside what is expected. */
  private outside = false;
  /** What `ratios`, `kinds`, `toldNow` and the scores were made from, beside `plain` and `input`, so that learning a row that was just judged need not do it again. */
  private readonly seen: { timeMs: number; ready: boolean; fresh: Uint8Array; lows: Float64Array; highs: Float64Array; phases: Uint8Array };

  constructor(columns: readonly ColumnInfo[], options: JudgeOptions, snapshot?: Json) {
    const width = columns.length;
    this.columns = columns.map((column) => ({ ...column }));
    this.options = options;
    const asked = options.falseAlarmsPerWeek ?? 1;
    const perWeek = asked > 0 && Number.isFinite(asked) ? asked : 1;
    this.judged = Uint8Array.from(columns, ({ kind }) => (kind === 'measured' || kind === 'derived' ? 1 : 0));
    this.witnesses = this.judged.reduce((sum, one) => sum + one, 0);
    const jointly = this.witnesses >= leastJointSignals;
    const charts = Math.max(1, this.witnesses) * detectors.length + (jointly ? jointDetectors.length : 0);
    this.perWeek = perWeek;
    this.rarityOfOne = detectors.map(({ blockRows }) => TailLines.logRarity(blockRows / weekMs / charts));
    this.suspicious = new Uint8Array(width);
    this.early = new Float64Array(width);
    this.speaks = new Uint8Array(width);
    this.use = new Uint8Array(width);
    this.passedNow = new Float64Array(width);
    this.toldNow = new Float64Array(width);
    this.toStay = new Float64Array(width);
    this.ofStretches = new Float64Array(width);
    this.byChart = new ChartLeast(width);
    this.on = Uint8Array.from(detectors, ({ kind }) => (options.off?.includes(kind) === true ? 0 : 1));
    this.paceLogs = new Float64Array(width).fill(Math.log(1_000));
    this.seen = {
      timeMs: NaN, ready: false, fresh: new Uint8Array(width), lows: new Float64Array(width), highs: new Float64Array(width), phases: new Uint8Array(width),
    };
    this.smallest = Float64Array.from(columns, ({ smallestChange = 0 }) => smallestChange);
    this.input = { values: new Float64Array(width), usable: new Uint8Array(width), expected: new Float64Array(width), coarse: new Float64Array(width) };
    this.plain = { ...this.input, values: new Float64Array(width), usable: new Uint8Array(width) };
    this.ranging = { ...this.input, values: this.plain.values };
    this.trains = new Uint8Array(width);
    this.ratios = new Float64Array(width);
    this.kinds = new Uint8Array(width);
    this.jointRow = { timeMs: NaN, residuals: new Float64Array(width), news: 0, moving: false };
    const together = snapshot === undefined ? undefined : member(snapshot, 'together');
    // Absent in states of an earlier version, and of another type: learned anew.
    if (jointly) {
      const rarityOf = (blockRows: number): number => TailLines.logRarity(blockRows / weekMs / charts);
      this.together = new JointWatch(width, perWeek, options.off?.includes(jointKind) !== true, rarityOf, together ?? undefined);
    }
    const cycles = snapshot === undefined ? undefined : member(snapshot, 'cycles');
    this.cycles = new CycleWatch(
      Uint8Array.from(columns, ({ kind }) => cycleKind(kind)), this.judged, this.smallest, perWeek, options.off?.includes(courseKind) !== true,
      (blockCycles) => TailLines.logRarity(blockCycles / weekMs / charts), cycles ?? undefined,
    );
    this.state = newState(width);
    this.held = new HeldSamples(width);
    this.coarse = new CoarseSteps(width);
    this.begin(undefined);
    if (snapshot !== undefined) this.restore(snapshot);
    this.drawLine();
  }

  judge(row: SignalRow, expectation: Expectation): Verdict {
    this.evaluate(row, expectation);
    const { ready } = this.seen;
    let score = 0;
    let abnormal = 0;
    let sum = 0;
    const told = this.told();
    const leastPerWeek = told === Infinity ? Infinity : this.settingOf(told);
    for (let column = 0; column < this.ratios.length; column += 1) {
      const ratio = this.ratios[column]!;
      if (ratio > score) score = ratio;
      if (this.isAbnormal(column)) {
        abnormal += 1;
        sum += weightOf(ratio);
      }
    }
    const joint = this.together?.isAbnormal === true ? this.together : undefined;
    if (this.together?.on === true) {
      score = Math.max(score, this.together.ratio);
    }
    const cycles = this.cycles.isAbnormal ? this.cycles : undefined;
    if (this.cycles.on) score = Math.max(score, this.cycles.ratio);
    score = Math.min(score, highestScore);
    if (abnormal === 0 && joint === undefined && cycles === undefined) {
      return { verdict: ready ? 'normal' : 'learning', score: ready ? Math.min(score, 1) : 0, sinceMs: NaN, signals: [], leastPerWeek };
    }
    const signals: Verdict['signals'] = [];
    const named = joint?.named();
    const courses = cycles?.named();
    if (joint !== undefined) sum += weightOf(joint.ratio);
    if (cycles !== undefined) sum += weightOf(cycles.ratio);
    for (let column = 0; column < this.ratios.length; column += 1) {
      const alone = this.isAbnormal(column);
      const share = named === undefined ? 0 : named[column]! * weightOf(joint!.ratio);
      const ofCourse = courses === undefined ? 0 : courses[column]! * weightOf(cycles!.ratio);
      if (!alone && share === 0 && ofCourse === 0) continue;
      const kind = alone ? detectors[this.kinds[column]!]!.kind : share > 0 ? jointKind : courseKind;
      signals.push({
        column, share: ((alone ? weightOf(this.ratios[column]!) : 0) + share + ofCourse) / sum, kind, ...(kind === courseKind && { third: this.cycles.thirdOf(column) }),
      });
    }
    signals.sort((a, b) => b.share - a.share || a.column - b.column);
    return { verdict: 'anomaly', score, sinceMs: Number.isNaN(this.sinceMs) ? row.timeMs : this.sinceMs, signals, leastPerWeek };
  }

  isCalm(): boolean {
    this.calmRows ??= new CalmRows(this, this.columns.length);
    return this.calmRows.isCalm();
  }

  takeCalm(block: RowBlock, from: number, to: number, loosest = 0, found: (row: number, causes: readonly Cause[]) => void = () => {}): number {
    this.calmRows ??= new CalmRows(this, this.columns.length);
    const end = this.calmRows.take(block, from, to, loosest, found);
    this.marked = true;
    this.passing = false;
    this.seen.timeMs = NaN;
    return end;
  }

  learn(row: SignalRow, expectation: Expectation, verdict: Verdict): void {
    if (!(row.timeMs >= this.timeMs) && !Number.isNaN(this.timeMs)) return;
    if (!Number.isFinite(row.timeMs)) return;
    if (!this.isSeen(row, expectation)) this.evaluate(row, expectation);
    this.seen.timeMs = NaN;
    this.byChart.learn();
    const { state, trains, input, use } = this;
    const normal = verdict.verdict !== 'anomaly';
    const passedMs = Math.min(longestStepMs, row.timeMs > this.timeMs ? row.timeMs - this.timeMs : 0);
    const changed = verdict.verdict !== 'learning' && passedMs > 0 && this.noteBudget(row.timeMs, normal);
    this.timeMs = row.timeMs;
    this.learnedMs += normal ? passedMs : 0;
    if (!normal) this.countWrong(passedMs);
    this.abnormalMs = Math.max(0, this.abnormalMs + (normal ? -0.5 : 1) * passedMs);
    if (this.abnormalMs > Math.max(1.25 * this.learnedMs, longestStepMs)) {
      // What has lasted a quarter longer than all that was called normal before is normal: too little had been seen to judge it.
      this.takeLasting();
      return;
    }
    let anyOpen = false;
    const { quiet } = state;
    const columns = quiet.length;
    if (this.together !== undefined) {
      this.together.learn(this.jointRow, normal, this.areQuiet());
      if (!this.together.isQuiet) anyOpen = true;
    }
    const company = this.together?.isQuiet !== false;
    this.cycles.learn(row, normal, !this.cycles.isCyclic || (company && this.areQuiet() && !this.isFrozen()));
    if (!normal && this.cycles.isAbnormal) anyOpen = true;
    this.learnHeld(row);
    this.coarse.learnRow(row, this.held, normal);
    if (this.passing) this.learnTold(normal);
    const { suspicious, kinds } = this;
    const { usable: usables, expected: middles } = input;
    const { kind, timeMs: timeOf, intervalMs, paceMs, expected, rows, half: halfOf, open } = state;
    const { timeMs } = row;
    const { follows, low, high } = expectation;
    for (let column = 0; column < columns; column += 1) {
      const isOpen = open[column]! > 0;
      const usable = usables[column] !== 0;
      kind[column] = kinds[column]!;
      let quietFor = quiet[column]!;
      if (isOpen) {
        quietFor = quiet[column] = 0;
        this.takeOpen(column);
      } else if (usable && quietFor < quietRows) {
        quietFor = quiet[column]! += 1;
        if (quietFor === quietRows) this.takeEnd(column);
      }
      if (quietFor < quietRows) anyOpen = true;
      const sound = normal && company && quietFor >= quietRows;
      const train = sound && suspicious[column] === 0;
      use[column] = isOpen ? 2 : sound ? 1 : 0;
      trains[column] = train ? 1 : 0;
      if (!usable) continue;
      const stepMs = timeMs - timeOf[column]!;
      if (stepMs > 0) {
        const usual = intervalMs[column]!;
        const now = usual !== usual ? stepMs : usual + 0.02 * (Math.min(stepMs, 4 * usual) - usual);
        intervalMs[column] = now;
        if (Math.abs(now - paceMs[column]!) > paceChange * paceMs[column]!) {
          paceMs[column] = now;
          this.paceLogs[column] = Math.log(now);
          for (const { drawn } of this.charts) drawn[column] = NaN;
        }
      }
      timeOf[column] = timeMs;
      const before = expected[column]!;
      const now = middles[column]!;
      expected[column] = before !== before || now !== now ? now : before + 0.2 * (now - before);
      if (!train) continue;
      rows[column]! += 1;
      if (halfOf[column] === 0 && follows[column] === 1) {
        const half = (high[column]! - low[column]!) / 2;
        if (half > 0) halfOf[column] = half;
      }
    }
    if (changed) this.drawLine();
    this.sinceMs = anyOpen ? (Number.isNaN(this.sinceMs) ? row.timeMs : this.sinceMs) : NaN;
    for (const { lines, scores, drawn } of this.charts) lines.learn(scores, use, drawn);
    for (let index = 0; index < this.charts.length; index += 1) {
      const { detector, scores } = this.charts[index]!;
      detector.learn(this.seenBy(index), trains);
      if (index !== stuckChart) continue;
      // A value that stands still says nothing about the signal: the other detectors do not see it.
      for (let column = 0; column < scores.length; column += 1) if (scores[column]! >= 1) input.usable[column] = 0;
    }
  }

  private takeOpen(column: number): void {
    const { most, mostOf, lasted, open } = this.state;
    if (this.input.usable[column] !== 0) lasted[column]! += 1;
    if (!(open[column]! > most[column]!)) return;
    most[column] = open[column]!;
    mostOf[column] = this.kinds[column]!;
  }

  /**
   * What was abnormal is over, and trains nothing. But a line that learns only from what lies below it never learns that it lies too low; so what was a trifle
   * beyond it for a moment is the largest score of its block, as any other, and so is what comes again and again.
   */
  private takeEnd(column: number): void {
    const { most, mostOf, lasted } = this.state;
    const index = mostOf[column]!;
    const ratio = most[column]!;
    if (ratio > 0 && ratio <= routineShare && index !== stuckChart) {
      const { lines, told } = this.charts[index]!;
      const score = ratio * this.draw(index, column);
      const ofLate = told.add(column, this.timeMs, (routineAlarms * weekMs) / this.perWeek);
      const short = lasted[column]! <= trifleRows;
      // What is over in a moment has to come twice as often: some faults are short.
      if (ofLate > (short ? 2 : 1) * routineAlarms && this.learnedMs >= shiftMs) lines.admit(column, score);
      else if (short && ratio <= trifleShare) lines.raise(column, score);
    }
    most[column] = 0;
    lasted[column] = 0;
  }

  /** Whether the charts of all columns say nothing, and have not for a while. */
  private areQuiet(): boolean {
    const { quiet } = this.state;
    for (let column = 0; column < quiet.length; column += 1) if (this.isAbnormal(column) || quiet[column]! < quietRows) return false;
    return true;
  }

  private isFrozen(): boolean {
    const { phases } = this.seen;
    for (let column = 0; column < phases.length; column += 1) if (this.judged[column] === 1 && phases[column] === phaseFrozen) return true;
    return false;
  }

  /** Keeps which lines are passed, and what was told. */
  learnTold(normal: boolean): void {
    const { state, toldNow, passedNow, ratios, input } = this;
    const { open, told, passed, recent } = state;
    let any = false;
    for (let column = 0; column < open.length; column += 1) {
      const abnormal = this.isAbnormal(column);
      // What somebody called normal has not been told.
      const called = abnormal && normal;
      open[column] = abnormal && !normal ? ratios[column]! : 0;
      told[column] = called ? Infinity : toldNow[column]!;
      passed[column] = called ? Infinity : passedNow[column]!;
      if (told[column]! < Infinity || passed[column]! < Infinity) any = true;
      const end = (column + 1) * keptPassed - 1;
      if (input.usable[column] !== 0 && this.witnesses >= witnesses) {
        // By hand: five numbers are moved sooner than a function for it is called.
        for (let place = end - keptPassed + 1; place < end; place += 1) recent[place] = recent[place + 1]!;
        recent[end] = passedNow[column]!;
      }
      for (let place = end - keptPassed + 1; place <= end; place += 1) if (recent[place]! < Infinity) any = true;
    }
    this.passedBefore = any;
  }

  /** A row without a value that can be judged is none. @returns whether lines changed */
  noteBudget(timeMs: number, normal: boolean): boolean {
    if (this.jointRow.news === 0) return false;
    const passedMs = Number.isNaN(this.notedMs) ? 0 : Math.min(longestStepMs, timeMs - this.notedMs);
    this.notedMs = timeMs;
    return this.budget.note(timeMs, passedMs, this.perWeek, this.told(), normal ? 'sound' : Number.isNaN(this.sinceMs) ? 'begins' : 'abnormal');
  }

  /** Once it is known that a column is held, what was learned from its repeats is forgotten. */
  private learnHeld(row: SignalRow): void {
    for (const column of this.held.learnRow(row, this.judged)) {
      const moves = this.columns.map((_, index) => ({ ...keptMove(index), again: index === column }));
      const fresh = this.newCharts();
      this.charts = this.charts.map((chart, index) => {
        if (index === stuckChart) return chart;
        const entry = detectors[index]!;
        const begun = fresh[index]!;
        const detector = entry.create(this.parameters(), entry.move(chart.detector.snapshot(), begun.detector.snapshot(), moves));
        begun.lines.restore(moveTailLines(chart.lines.snapshot(), begun.lines.snapshot(), moves), entry.name);
        return { ...begun, detector, scores: chart.scores };
      });
      this.state.rows[column] = 0;
      this.state.open[column] = 0;
      this.state.passed[column] = Infinity;
      this.state.told[column] = Infinity;
      this.state.intervalMs[column] = NaN;
    }
  }

  learnAgain(): void {
    this.beginAnew();
    this.cycles.learnAgain();
    this.timeMs = NaN;
    this.notedMs = NaN;
    this.learnedMs = 0;
    this.budget.learnAgain();
    this.drawLine();
  }

  expectedAgainstSeen(): ExpectedAgainstSeen {
    return this.budget.expectedAgainstSeen(this.timeMs);
  }

  close(column: number): void {
    this.state.open[column] = 0;
    this.state.quiet[column] = quietRows;
    this.state.told[column] = Infinity;
    this.state.passed[column] = Infinity;
    this.byChart.close(column);
    this.cycles.close();
    this.seen.timeMs = NaN;
  }

  normalRows(column: number): number | undefined {
    return this.judged[column] === 1 ? this.state.rows[column]! : undefined;
  }

  causes(loosestPerWeek: number): readonly Cause[] {
    const [ofAll, ofCycles] = [this.leastOf(this.together), this.leastOf(this.cycles)];
    if (this.byChart.isCalm && !(Math.min(ofAll, ofCycles) <= loosestPerWeek)) return noCauses;
    const causes = this.byChart.isCalm ? [] : this.byChart.causes(loosestPerWeek);
    if (ofAll <= loosestPerWeek) this.together!.named().forEach((share, column) => share > 0 && causes.push({ column, chart: jointChart, leastPerWeek: ofAll }));
    if (ofCycles <= loosestPerWeek) this.cycles.named().forEach((share, column) => share > 0 && causes.push({ column, chart: cycleChart, leastPerWeek: ofCycles }));
    return causes;
  }

  snapshot(): Json {
    return {
      v: snapshotVersion,
      columns: this.columns.map(({ name }) => name),
      timeMs: Number.isNaN(this.timeMs) ? null : this.timeMs,
      sinceMs: Number.isNaN(this.sinceMs) ? null : this.sinceMs,
      learnedMs: this.learnedMs,
      abnormalMs: this.abnormalMs,
      state: tableToJson(this.state),
      budget: this.budget.snapshot(),
      notedMs: Number.isNaN(this.notedMs) ? null : this.notedMs,
      held: this.held.snapshot(),
      coarse: this.coarse.snapshot(),
      ...(this.together === undefined ? {} : { together: this.together.snapshot() }),
      cycles: this.cycles.snapshot(),
      charts: this.charts.map(({ detector, lines, told }, index) => ({
        name: detectors[index]!.name, detector: detector.snapshot(), lines: lines.snapshot(), told: told.snapshot(),
      })),
    };
  }

  /** The fewest false alarms a week that have to be allowed for what is told of all columns together, or of cycles. */
  private leastOf(watch: JointWatch | CycleWatch | undefined): number {
    if (watch === undefined || watch.leastNow === Infinity) return Infinity;
    const least = this.budget.settingFor(Math.log(watch.leastNow));
    if (!watch.on) return least;
    return watch.isAbnormal ? Math.min(least, this.perWeek) : Math.max(least, this.perWeek * (1 + 1e-9));
  }

  drawLine(): void {
    this.line = this.budget.lineFor(this.perWeek);
    this.loosest = this.budget.lineFor(loosestPerWeek);
    this.asked = Math.max(this.loosest, this.line, loosestCounted) + 1e-9;
    if (this.together !== undefined) {
      this.together.perWeek = Math.exp(this.line);
      this.together.asked = this.asked;
    }
    this.cycles.perWeek = Math.exp(this.line);
    for (const { drawn } of this.charts) drawn.fill(NaN);
  }

  private begin(charts: Json[] | undefined): void {
    this.passedBefore = true;
    this.held = new HeldSamples(this.columns.length);
    this.coarse = new CoarseSteps(this.columns.length);
    this.charts = this.newCharts(charts);
  }

  private parameters(): DetectorParameters {
    return { columns: this.columns.length, smallestChange: this.smallest };
  }

  private newCharts(charts?: Json[]): JudgeChart[] {
    const columns = this.columns.length;
    return detectors.map((entry) => {
      const stored = charts?.find((chart) => member(chart, 'name') === entry.name);
      const known = stored === undefined ? undefined : member(stored, 'detector');
      const detector = entry.create(this.parameters(), known);
      const lines = new TailLines(columns, entry.blockRows, entry.typical);
      if (stored !== undefined) lines.restore(member(stored, 'lines'), `lines of ${entry.name}`);
      const told = new Recurrences(columns);
      const before = stored === undefined ? undefined : member(stored, 'told');
      // Absent in states of an earlier version.
      if (before !== undefined) told.restore(before, `told of ${entry.name}`);
      const take = columnArrays(columns, 4);
      return { detector, lines, told, scores: take(NaN), drawn: take(NaN), doubtful: take(), near: take() };
    });
  }

  private countWrong(passedMs: number): void {
    const { wrongMs } = this.state;
    if (this.abnormalMs === 0) wrongMs.fill(0);
    for (let column = 0; column < wrongMs.length; column += 1) if (this.isAbnormal(column)) wrongMs[column]! += passedMs;
  }

  /**
   * What lasts is normal from now on: what is known of the columns that it is seen in begins anew, the others are judged as before; all begin anew where less
   * than a shift's work is known.
   */
  private takeLasting(): void {
    const { wrongMs } = this.state;
    const least = this.abnormalMs / 2;
    const lasting = Array.from(wrongMs, (ms) => ms >= least);
    const others = Array.from(this.judged, (judged, column) => judged === 1 && !lasting[column]);
    const isKnown = this.learnedMs >= shiftMs && lasting.includes(true) && others.includes(true);
    this.beginAnew(isKnown ? lasting : undefined);
  }

  /** @param only which columns; left out: all, with what their lines promised */
  private beginAnew(only?: readonly boolean[]): void {
    if (only === undefined) {
      this.begin(undefined);
      this.state = newState(this.columns.length);
      this.paceLogs.fill(Math.log(1_000));
      this.budget.recount();
    } else {
      this.restore(moveJudge(this.snapshot(), this.columns, this.options, only.map((again, column) => ({ ...keptMove(column), again }))));
      this.state.wrongMs.fill(0);
    }
    this.together?.learnAgain();
    // A course that lasts is the usual one; of any other reason to begin anew it knows nothing.
    if (this.cycles.isAbnormal) this.cycles.learnAgain();
    this.byChart.forget();
    this.seen.timeMs = NaN;
    this.sinceMs = NaN;
    this.abnormalMs = 0;
    this.drawLine();
  }

  private restore(json: Json): void {
    const what = 'judge';
    const names = member(json, 'columns');
    const charts = member(json, 'charts');
    const timeMs = member(json, 'timeMs');
    const sinceMs = member(json, 'sinceMs');
    if (numberFromJson(json, 'v', what) !== snapshotVersion) throw unreadableSnapshot(what, 'it is of another version');
    if (!Array.isArray(names) || names.length !== this.columns.length || this.columns.some(({ name }, index) => names[index] !== name)) {
      throw unreadableSnapshot(what, 'it is of other columns');
    }
    if (!Array.isArray(charts) || !(timeMs === null || typeof timeMs === 'number') || !(sinceMs === null || typeof sinceMs === 'number')) {
      throw unreadableSnapshot(what, 'a part is missing');
    }
    const stored = member(json, 'state');
    for (const [name, numbers] of Object.entries(this.state)) {
      // Absent in states of an earlier version.
      if (newer.includes(name) && member(stored, name) === undefined) continue;
      numbersFromJson(member(stored, name), numbers, `${what}.${name}`);
    }
    for (const numbers of [this.state.told, this.state.passed, this.state.recent]) {
      for (let place = 0; place < numbers.length; place += 1) if (Number.isNaN(numbers[place]!)) numbers[place] = Infinity;
    }
    if (member(stored, 'told') === undefined) {
      // Known is only what was told at the setting of the time.
      for (let column = 0; column < this.columns.length; column += 1) {
        if (this.state.open[column]! > 0) this.state.told[column] = this.state.passed[column] = this.budget.lineFor(this.perWeek);
      }
    }
    for (let column = 0; column < this.paceLogs.length; column += 1) {
      if (!(this.state.paceMs[column]! > 0)) throw unreadableSnapshot(what, 'a pace is damaged');
      this.paceLogs[column] = Math.log(this.state.paceMs[column]!);
    }
    this.begin(charts);
    // Absent in states of an earlier version: it is counted from here on.
    const budget = member(json, 'budget');
    if (budget !== undefined) this.budget.restore(budget, `${what}.budget`);
    const notedMs = member(json, 'notedMs');
    this.notedMs = typeof notedMs === 'number' ? notedMs : NaN;
    const held = member(json, 'held');
    // Absent in states of an earlier version.
    if (held !== undefined) this.held.restore(held, `${what}.held`);
    const coarse = member(json, 'coarse');
    if (coarse !== undefined) this.coarse.restore(coarse, `${what}.coarse`);
    this.learnedMs = numberFromJson(json, 'learnedMs', what);
    this.abnormalMs = numberFromJson(json, 'abnormalMs', what);
    this.timeMs = timeMs ?? NaN;
    this.sinceMs = sinceMs ?? NaN;
  }

  private isSeen(row: SignalRow, { expected, low, high, phase }: Expectation): boolean {
    const { timeMs, fresh, lows, highs, phases } = this.seen;
    if (timeMs !== row.timeMs) return false;
    const { values, fresh: freshNow } = row;
    const seenValues = this.plain.values;
    const seenExpected = this.input.expected;
    for (let column = 0; column < fresh.length; column += 1) {
      if (fresh[column] !== freshNow[column] || phases[column] !== phase[column] || !same(seenValues[column]!, values[column]!)) return false;
      if (!same(seenExpected[column]!, expected[column]!) || !same(lows[column]!, low[column]!) || !same(highs[column]!, high[column]!)) return false;
    }
    return true;
  }

  /** Fills `ratios`, `kinds`, `toldNow` and every chart's scores, and remembers from what. */
  private evaluate(row: SignalRow, expectation: Expectation): void {
    this.byChart.begin();
    this.take(row, expectation);
    this.passing = this.passedBefore;
    for (let index = 0; index < this.charts.length; index += 1) this.ask(index);
    this.together?.look(this.jointRow);
    if (this.outside) this.keepOutside(row, expectation);
    this.reckonTold();
    if (!this.byChart.isSilent) this.byChart.reckon(this.input.usable);
    if (!this.passing && this.byChart.isCalm) return;
    for (let column = 0; column < this.columns.length; column += 1) {
      const abnormal = this.isAbnormal(column);
      if (abnormal || !this.byChart.isCalm) this.byChart.told(column, abnormal ? this.kinds[column]! : -1, this.perWeek, this.on);
    }
  }

  /** Takes a row in hand: what detectors look at, and what is true of a column before they do. */
  private take(row: SignalRow, expectation: Expectation): void {
    const { input, plain, state, ratios, kinds, suspicious, speaks, early, held, judged, smallest } = this;
    const { timeMs, values, fresh } = row;
    const { expected, low, high, phase } = expectation;
    const { lows, highs, phases, fresh: freshSeen } = this.seen;
    const { usable: usables, values: evenedValues, expected: middles, coarse } = input;
    const { usable: plainUsables, values: plainValues } = plain;
    const { residuals } = this.jointRow;
    const { steps } = this.coarse;
    const { rows: rowsOf, timeMs: timeOf, intervalMs, open: openOf, kind: kindOf, half: halfOf } = state;
    const late = timeMs < this.timeMs || !Number.isFinite(timeMs);
    const moving = this.isMoving(expectation);
    let ready = false;
    let news = 0;
    let outside = false;
    if (this.marked) {
      this.marked = false;
      this.passedNow.fill(Infinity);
      this.toStay.fill(Infinity);
      this.ofStretches.fill(Infinity);
    }
    for (let column = 0; column < ratios.length; column += 1) {
      const value = values[column]!;
      const rows = rowsOf[column]!;
      const lowest = low[column]!;
      const highest = high[column]!;
      const middle = expected[column]!;
      const phaseNow = phase[column]!;
      const isFresh = fresh[column]!;
      const isOutside = value < lowest || value > highest;
      const isJudged = judged[column] === 1 && isMeasurement(value) && phaseNow !== phaseFrozen;
      freshSeen[column] = isFresh;
      lows[column] = lowest;
      highs[column] = highest;
      phases[column] = phaseNow;
      plainValues[column] = value;
      middles[column] = middle;
      // A value so far from what is expected as it would be had the column's band always the same width: noise may grow with the load, and
      // what was learned of the distances while the machine was hardly known counts in the measure of that time.
      let evened = value;
      const usual = halfOf[column]!;
      if (usual > 0) {
        const half = (highest - lowest) / 2;
        if (half > 0) {
          const widening = half / usual;
          // What is smaller than the smallest change of interest must not be blown up.
          if (!(widening < 1 && smallest[column]! > 0)) evened = middle + (value - middle) / widening;
        }
      }
      evenedValues[column] = evened;
      coarse[column] = steps[column]!;
      residuals[column] = isJudged ? evened - middle : NaN;
      // Until the detectors know a column, only values inside the baseline's band teach them.
      let usable = 0;
      if (isJudged && !late && isFresh === 1 && (phaseNow !== phaseLearning || !Number.isNaN(middle)) && (rows >= provisionalRows || !isOutside)) {
        const before = timeOf[column]!;
        if (!(timeMs <= before)) {
          usable = timeMs - before > gapIntervals * intervalMs[column]! ? 2 : moving ? 4 : 1;
          news += 1;
        }
      }
      plainUsables[column] = usable;
      // What an analyser repeats until its next sample is no news, but to who asks whether it stands still.
      if (usable !== 0 && !held.isRepeat(column, value)) {
        usables[column] = usable;
        if (isOutside) outside = true;
        ratios[column] = 0;
        suspicious[column] = 0;
        kinds[column] = 0;
      } else {
        // A column without news stays as it was told last.
        usables[column] = 0;
        const open = openOf[column]!;
        ratios[column] = open;
        suspicious[column] = open >= suspiciousShare ? 1 : 0;
        kinds[column] = kindOf[column]!;
      }
      if (rows >= provisionalRows) {
        ready = true;
        // A driver's own changes are the operator's, and what is not yet settled may still change: there, only standing still is a fault.
        speaks[column] = phaseNow !== phaseLearning && !Number.isNaN(middle) ? 2 : 1;
        const share = armedRows / rows;
        early[column] = rows < armedRows ? provisionalFactor : 1 + (provisionalFactor - 1) * share * share * share;
      } else speaks[column] = 0;
    }
    this.outside = outside;
    this.jointRow.timeMs = timeMs;
    this.jointRow.moving = moving || late;
    this.jointRow.news = news;
    this.seen.timeMs = timeMs;
    this.seen.ready = ready;
  }

  /** What it looks at. */
  private seenBy(index: number): DetectorInput {
    return index === stuckChart ? this.plain : index === noiseChart ? this.ranging : this.input;
  }

  /** Asks one detector of the row in hand, and holds against its lines what it says. */
  private ask(index: number): void {
    const { ratios, kinds, suspicious, speaks, early } = this;
    const { detector, scores, drawn, doubtful, near } = this.charts[index]!;
    const { usable } = this.input;
    const least = index === stuckChart ? 1 : 2;
    const asked = this.on[index] === 1;
    detector.score(this.seenBy(index), scores);
    for (let column = 0; column < scores.length; column += 1) {
      const score = scores[column]!;
      if (!(score > 0)) {
        // What comes after is told that a fault has ended.
        if (score < 0) usable[column] = 3;
        continue;
      }
      if (speaks[column]! < least) continue;
      let line = drawn[column]!;
      if (line !== line) line = this.draw(index, column);
      const sooner = early[column]!;
      if (asked) {
        if (score > ratios[column]! * line * sooner) {
          ratios[column] = score / (line * sooner);
          kinds[column] = index;
        }
        if (score >= doubtful[column]! * sooner) suspicious[column] = 1;
      }
      if (score >= near[column]! * sooner) this.pass(index, column, score / sooner);
    }
  }

  /** Reckons where a line lies, from where on a score may be the begin of something, and from where on it is of interest at any setting. */
  draw(index: number, column: number): number {
    const { lines, drawn, doubtful, near } = this.charts[index]!;
    const promised = this.rarityOfOne[index]! - this.paceLogs[column]!;
    const lowest = this.lowest(index, column);
    const own = lines.line(column, promised - this.line);
    // A trifle less, so that it is `pass` that decides.
    near[column] = releaseShare * Math.max(lowest, (1 - 1e-6) * lines.line(column, promised - this.asked));
    // What is usual must be learned from: else the measure shrinks, and the score grows until it passes the line.
    const known = index === noiseChart ? lines.usual(column) : lines.routine(column);
    doubtful[column] = Math.max(suspiciousShare * Math.max(own, lowestToLearn), known);
    return (drawn[column] = Math.max(own, lowest));
  }

  lowest(index: number, column: number): number {
    // With a smallest change of interest given, the detector's own line is already there.
    return this.smallest[column]! > 0 ? 1 : index === stuckChart ? lowestToLearn : lowestLine;
  }

  /** Notes which lines a score passes that may do so. */
  private pass(index: number, column: number, opening: number): void {
    const { passedNow, toStay, ofStretches, asked } = this;
    const { lines } = this.charts[index]!;
    const promised = this.rarityOfOne[index]! - this.paceLogs[column]!;
    // A line lies as many mean excesses higher as the promise is stricter, e times stricter for each.
    const stays = promised - lines.rarity(column, opening / releaseShare);
    if (!(stays < asked)) return;
    const opens = opening < this.lowest(index, column) ? Infinity : promised - lines.rarity(column, opening);
    if (stays < this.loosest) this.byChart.note(index, column, opens < this.loosest ? this.budget.settingFor(opens) : Infinity, this.budget.settingFor(stays));
    if (this.on[index] !== 1) return;
    this.marked = true;
    if (stays < toStay[column]!) toStay[column] = stays;
    if (!(opens < asked)) return;
    this.passing = true;
    if (opens < passedNow[column]!) passedNow[column] = opens;
    if ((index === stuckChart || index === noiseChart) && opens < ofStretches[column]!) ofStretches[column] = opens;
  }

  /** What was found is not over while the value is outside what is expected, though the chart that told it may have let go. */
  private keepOutside({ values }: SignalRow, { low, high }: Expectation): void {
    const { state, ratios, kinds, input, toStay } = this;
    for (let column = 0; column < ratios.length; column += 1) {
      if (input.usable[column] === 0 || !(values[column]! < low[column]! || values[column]! > high[column]!)) continue;
      toStay[column] = -Infinity;
      this.marked = true;
      if (!(state.open[column]! > 0) || ratios[column]! >= releaseShare) continue;
      ratios[column] = releaseShare;
      kinds[column] = state.kind[column]!;
      this.byChart.note(kinds[column]!, column, Infinity, 0);
    }
  }

  /** While the operating point moves, columns that lag behind or run ahead make jumps that are no fault. */
  private isMoving({ expected, low, high }: Expectation): boolean {
    const before = this.state.expected;
    for (let column = 0; column < before.length; column += 1) {
      if (Math.abs(expected[column]! - before[column]!) > movingBands * (high[column]! - low[column]!)) return true;
    }
    return false;
  }

  /**
   * Fills `passedNow` and `toldNow`. A column passes a line where its score reaches it, or 0.7 of it after it reached it before; both are true
   * from some line on, so that one number per column says it of all lines, and so of all settings. Where many signals are judged, one that is
   * wild for some rows while the others show nothing is a glitch of its sensor and no anomaly of the machine: it is told when it stays.
   */
  reckonTold(): void {
    const { passedNow, toldNow, toStay, state, input } = this;
    if (!this.passing) {
      if (this.telling) toldNow.fill(Infinity);
      this.telling = false;
      return;
    }
    this.telling = true;
    this.marked = true;
    const { passed, told, recent } = state;
    let strictest = Infinity;
    let second = Infinity;
    for (let column = 0; column < passedNow.length; column += 1) {
      // A column without news stays as it was told last, unless it is told to stand still.
      const now = input.usable[column] === 0 ? Math.min(passed[column]!, passedNow[column]!) : Math.min(passedNow[column]!, Math.max(toStay[column]!, passed[column]!));
      passedNow[column] = now;
      if (now < strictest) {
        second = strictest;
        strictest = now;
      } else if (now < second) second = now;
    }
    if (this.witnesses < witnesses) {
      toldNow.set(passedNow);
      return;
    }
    for (let column = 0; column < passedNow.length; column += 1) {
      const now = passedNow[column]!;
      if (input.usable[column] === 0) toldNow[column] = Math.min(told[column]!, this.ofStretches[column]!);
      else if (now === Infinity) toldNow[column] = Infinity;
      else {
        let staying = now;
        for (let place = column * keptPassed; place < (column + 1) * keptPassed; place += 1) if (recent[place]! > staying) staying = recent[place]!;
        const together = Math.max(now, now === strictest ? second : strictest);
        toldNow[column] = Math.min(staying, together, this.ofStretches[column]!, Math.max(now, told[column]!));
      }
    }
  }

  /** ln of the promise of the strictest line at which something is told of the row in hand; Infinity: at none. */
  told(): number {
    let told = Infinity;
    if (this.passing) for (let column = 0; column < this.toldNow.length; column += 1) if (this.toldNow[column]! < told) told = this.toldNow[column]!;
    if (this.together !== undefined) told = this.toldBy(this.together, told);
    return this.toldBy(this.cycles, told);
  }

  private toldBy(watch: JointWatch | CycleWatch, told: number): number {
    if (!watch.on || (watch.leastNow === Infinity && !watch.isAbnormal)) return told;
    return watch.isAbnormal ? Math.min(told, this.line, Math.log(watch.leastNow)) : Math.min(told, Math.max(Math.log(watch.leastNow), this.line + 1e-9));
  }

  /** At which setting what is told so would be an anomaly. */
  settingOf(told: number): number {
    const setting = this.budget.settingFor(told);
    // At the setting in force, what was told is what counts.
    if (told <= this.line === setting <= this.perWeek) return setting;
    return told <= this.line ? this.perWeek : this.perWeek * (1 + 1e-9);
  }

  isAbnormal(column: number): boolean {
    return this.toldNow[column]! <= this.line;
  }
}

function same(one: number, other: number): boolean {
  return one === other || (one !== one && other !== other);
}

/** How much a column's ratio counts in the shares: bounded, so that one wild value does not hide the others. */
function weightOf(ratio: number): number {
  return Math.min(ratio, 10) ** 2;
}

/** @throws Problem TWIN_SNAPSHOT_UNREADABLE when the snapshot is damaged or of other columns. */
export function createJudge(columns: readonly ColumnInfo[], options: JudgeOptions, snapshot?: Json): AssetJudge {
  return new RegistryJudge(columns, options, snapshot);
}

/**
 * A judge's snapshot for a changed type: what was learned of a column goes along with it, other columns begin anew.
 * @throws Problem TWIN_SNAPSHOT_UNREADABLE
 */
export function moveJudge(snapshot: Json, columns: readonly ColumnInfo[], options: JudgeOptions, moves: readonly ColumnMove[]): Json {
  const fresh = new RegistryJudge(columns, options).snapshot();
  const stored = member(snapshot, 'charts');
  const begun = member(fresh, 'charts');
  const names = member(snapshot, 'columns');
  const known = Array.isArray(names) ? names.length : 0;
  if (!Array.isArray(stored) || !Array.isArray(begun)) throw unreadableSnapshot('judge', 'a part is missing');
  const charts = begun.map((chart): Json => {
    const name = member(chart, 'name');
    const entry = detectors.find((one) => one.name === name);
    const old = stored.find((one) => member(one, 'name') === name);
    if (entry === undefined || old === undefined) return chart;
    return {
      name: entry.name,
      detector: entry.move(member(old, 'detector') ?? null, member(chart, 'detector') ?? null, moves),
      lines: moveTailLines(member(old, 'lines'), member(chart, 'lines'), moves),
      ...(member(old, 'told') === undefined ? {} : { told: moveRecurrences(member(old, 'told'), member(chart, 'told'), moves) }),
    };
  });
  const held = member(snapshot, 'held');
  const coarse = member(snapshot, 'coarse');
  const together = member(snapshot, 'together');
  const begunTogether = member(fresh, 'together');
  const cycles = member(snapshot, 'cycles');
  return {
    ...(fresh as { [name: string]: Json }),
    timeMs: member(snapshot, 'timeMs') ?? null,
    sinceMs: member(snapshot, 'sinceMs') ?? null,
    learnedMs: member(snapshot, 'learnedMs') ?? 0,
    notedMs: member(snapshot, 'notedMs') ?? null,
    abnormalMs: member(snapshot, 'abnormalMs') ?? 0,
    state: moveState(member(snapshot, 'state'), member(fresh, 'state'), moves),
    budget: moveBudget(member(snapshot, 'budget'), member(fresh, 'budget'), moves.length === known),
    ...(held === undefined ? {} : { held: moveHeldSamples(held, member(fresh, 'held'), moves) }),
    ...(together === undefined || begunTogether === undefined ? {} : { together: moveJointWatch(together, begunTogether, moves) }),
    ...(cycles === undefined ? {} : { cycles: moveCycleWatch(cycles, member(fresh, 'cycles') ?? null, moves) }),
    ...(coarse === undefined ? {} : { coarse: moveCoarseSteps(coarse, member(fresh, 'coarse'), moves) }),
    charts,
  };
}

/** With more or fewer columns the lines are others, so that what was counted says nothing of them. */
function moveBudget(old: Json | undefined, fresh: Json | undefined, same: boolean): Json {
  if (old === undefined || same) return old ?? fresh ?? null;
  return { ...(fresh as { [name: string]: Json }), weeks: member(old, 'weeks') ?? null };
}

function moveState(old: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[]): Json {
  const { half = null, passed = null, told = null, recent = null, most = null, mostOf = null, lasted = null, wrongMs = null, ...others } = fresh as { [name: string]: Json };
  const moved = (name: string, begun: Json, quantity: 'plain' | 'difference', each = 1): Json =>
    member(old, name) === undefined ? begun : moveNumbers(member(old, name), begun, moves, quantity, each);
  return {
    ...moveTable(old, others, moves, { expected: 'value' }),
    half: moved('half', half, 'difference'), passed: moved('passed', passed, 'plain'), told: moved('told', told, 'plain'), recent: moved('recent', recent, 'plain', keptPassed),
    most: moved('most', most, 'plain'), mostOf: moved('mostOf', mostOf, 'plain'), lasted: moved('lasted', lasted, 'plain'), wrongMs: moved('wrongMs', wrongMs, 'plain'),
  };
}

/** Usual time between two values, per column of a judge's snapshot, in ms; NaN where it is not known. */
export function usualIntervals(snapshot: Json): number[] {
  const intervals = member(member(snapshot, 'state'), 'intervalMs');
  return Array.isArray(intervals) ? intervals.map((one) => (typeof one === 'number' ? one : NaN)) : [];
}
