import type { Json } from '../ports.ts';
import { member, numberFromJson, unreadableSnapshot } from '../statistics/columnTable.ts';
import type { ColumnMove } from '../statistics/columnMove.ts';
import { JointScatter, moveJointScatter } from '../statistics/jointScatter.ts';
import { TailLines } from '../statistics/tailLines.ts';
import { jointDetectors } from './index.ts';
import type { JointDetector, JointInput } from './jointDetector.ts';

/** Signals that an asset must have for their company to be judged. */
export const leastJointSignals = 3;
/** Blocks for which what Gaussian noise would show counts. */
const priorBlocks = 2;
/** Rows of which a score must be known before it counts, and those until which its line lies higher. */
const provisionalRows = 96;
const armedRows = 1_000;
const provisionalFactor = 2;
/** And later: what goes with what changes a little with every operating point that has not been yet. */
const armedFactor = 1.5;
/** Blocks that still count when the measure was made anew, and rows after which a new one differs little. */
const keptBlocks = 8;
const settledRows = 2_000;
const releaseShare = 0.7;
/** So many normal rows after an abnormal one belong to it still. */
const quietRows = 16;
/** A column is named when its share is so much of the largest. */
const namedShare = 0.2;
const suspiciousShare = 0.65;
/** A pause of so many usual intervals is a gap. */
const gapIntervals = 10;
const longestStepMs = 600_000;
const highestScore = 60;
/** The rarity of a block can be reckoned before the time between two rows is known. */
const firstIntervalMs = 1_000;

interface JointChart {
  detector: JointDetector;
  lines: TailLines;
  score: number;
  line: number;
}

/** What the columns of a row are, as the judge sees it. */
export interface JointRow {
  timeMs: number;
  /** From what is expected; NaN where there is no value or no expectation. */
  residuals: Float64Array;
  /** Columns that brought a new value. */
  news: number;
  /** The row says nothing of the company of its columns: the operating point moves. */
  moving: boolean;
}

/**
 * Asks every joint detector, each with a line of its own, whether the columns of an asset go together as they use to. The part of a judge that
 * looks at all columns at once; it opens, stays and ends as a column does.
 */
export class JointWatch {
  /** Score ÷ line of the row in hand; 0 where nothing can be said. */
  ratio = 0;
  /** Each column's share in it. */
  readonly shares: Float64Array;
  /** At so many false alarms a week this row would be an anomaly; Infinity: at none. */
  leastNow = Infinity;
  private readonly columns: number;
  private readonly standing: Float64Array;
  private readonly rarityOfOne: readonly number[];
  /** What its lines have to promise a week: so many passings. */
  perWeek: number;
  /** ln of the loosest line that anybody asks about: what passes only lines beyond it passes none. */
  asked = Infinity;
  /** Where it is off, it reckons all the same what it would tell. */
  readonly on: boolean;
  private scatter: JointScatter;
  private charts: JointChart[];
  private readonly inHand: JointInput = { distances: new Float64Array(0), present: new Uint8Array(0), count: 0, precision: new Float64Array(0), line: 0 };
  private taken = false;
  private afterGap = false;
  /** ln(intervalMs), and of which one it is. */
  private intervalLog = NaN;
  private logOf = NaN;
  private open = 0;
  private least = Infinity;
  private quiet = quietRows;
  /** Rows of which a score is known; `news` since the last row that was taken; usual time between two of them. */
  private rows = 0;
  private news = 0;
  private timeMs = NaN;
  private intervalMs = firstIntervalMs;

  /** @param on whether what it finds is told. @param rarityOf per rows of a block: how rare a block of rows one millisecond apart is where one false alarm per week is promised, as ln */
  constructor(columns: number, perWeek: number, on: boolean, rarityOf: (blockRows: number) => number, snapshot?: Json) {
    this.columns = columns;
    this.perWeek = perWeek;
    this.on = on;
    this.rarityOfOne = jointDetectors.map(({ blockRows }) => rarityOf(blockRows));
    this.shares = new Float64Array(columns);
    this.standing = new Float64Array(columns);
    this.scatter = new JointScatter(columns);
    this.charts = this.begun();
    if (snapshot !== undefined) this.restore(snapshot);
  }

  get isAbnormal(): boolean {
    return this.on && (this.ratio >= 1 || (this.ratio >= releaseShare && this.open > 0));
  }

  /** Shares of those columns that stand out, the others 0; they add up to 1. */
  named(): Float64Array {
    const most = Math.max(...this.shares);
    let sum = 0;
    for (let column = 0; column < this.columns; column += 1) {
      this.standing[column] = this.shares[column]! >= namedShare * most ? this.shares[column]! : 0;
      sum += this.standing[column]!;
    }
    for (let column = 0; column < this.columns; column += 1) this.standing[column]! /= sum > 0 ? sum : 1;
    return this.standing;
  }

  /** Whether nothing is open, and nothing was of late. */
  get isCalm(): boolean {
    return this.open === 0 && this.isQuiet;
  }

  /** Whether what it told of is over for so long that rows may be learned from. */
  get isQuiet(): boolean {
    return this.quiet >= quietRows;
  }

  /** Fills `ratio`, `shares` and `leastNow`. Changes nothing that a snapshot holds. */
  look(row: JointRow): void {
    this.ratio = this.open;
    this.leastNow = this.least;
    this.taken = !row.moving && row.residuals.length >= leastJointSignals && (Number.isNaN(this.timeMs) || row.timeMs > this.timeMs) && this.hasNews(row);
    if (!this.taken) return;
    this.afterGap = row.timeMs - this.timeMs > gapIntervals * this.intervalMs;
    this.scatter.look(row.residuals);
    this.ratio = 0;
    const input = this.input();
    const counts = this.rows >= provisionalRows && !this.afterGap;
    let best: JointChart | undefined;
    let opening = Infinity;
    let staying = Infinity;
    if (this.intervalMs !== this.logOf) {
      this.logOf = this.intervalMs;
      this.intervalLog = Math.log(this.intervalMs);
    }
    const promise = -Math.log(this.perWeek);
    const early = this.rows < armedRows ? provisionalFactor : armedFactor;
    for (let index = 0; index < this.charts.length; index += 1) {
      const chart = this.charts[index]!;
      const beyond = this.rarityOfOne[index]! - this.intervalLog;
      chart.line = chart.lines.line(0, beyond + promise) * early;
      input.line = chart.line;
      chart.score = this.scatter.fittedRows > 0 && !this.afterGap ? Math.min(highestScore, chart.detector.score(input)) : NaN;
      if (!counts || !(chart.score > 0)) continue;
      opening = Math.min(opening, beyond - chart.lines.rarity(0, chart.score / early));
      staying = Math.min(staying, beyond - chart.lines.rarity(0, chart.score / early / releaseShare));
      const ratio = chart.score / chart.line;
      if (ratio <= this.ratio) continue;
      this.ratio = ratio;
      best = chart;
    }
    opening = opening < this.asked ? Math.exp(opening) : Infinity;
    staying = staying < this.asked ? Math.exp(staying) : Infinity;
    const now = Math.min(opening, Math.max(staying, this.least));
    this.leastNow = this.isAbnormal ? Math.min(now, this.perWeek) : this.above(now);
    if (best === undefined || !(this.leastNow < Infinity)) return;
    input.line = best.line;
    best.detector.shares(input, this.shares);
  }

  /** Moves on by the row in hand. @param normal whether the asset was judged normal. @param trains whether it may be learned as normal */
  learn(row: JointRow, normal: boolean, trains: boolean): void {
    if (!this.taken) {
      this.news = Math.min(this.columns, this.news + row.news);
      return;
    }
    this.news = 0;
    const abnormal = !normal && this.isAbnormal;
    this.open = abnormal ? this.ratio : 0;
    this.least = abnormal || !this.on ? this.leastNow : this.above(this.leastNow);
    this.quiet = abnormal ? 0 : Math.min(quietRows, this.quiet + 1);
    const stepMs = row.timeMs - this.timeMs;
    if (stepMs > 0) this.intervalMs += Math.max(0.02, 1 / (this.rows + 1)) * (Math.min(stepMs, longestStepMs) - this.intervalMs);
    this.timeMs = row.timeMs;
    if (this.afterGap) for (const { detector } of this.charts) detector.restart();
    const input = this.input();
    for (const { detector, lines, score, line } of this.charts) {
      if (Number.isNaN(score)) continue;
      if (abnormal) lines.reject(0);
      else if (normal && this.isQuiet) lines.add(0, score);
      input.line = line;
      detector.learn(input, true);
    }
    this.scatter.follow(row.residuals);
    if (!normal || !trains || !this.isQuiet) return;
    if (!Number.isNaN(this.charts[0]!.score) && this.rows < armedRows) this.rows += 1;
    if (this.ratio >= suspiciousShare && this.rows >= provisionalRows) return;
    if (this.scatter.learn(row.residuals) && this.scatter.fittedRows < settledRows) this.goOn();
  }

  learnAgain(): void {
    this.scatter = new JointScatter(this.columns);
    this.charts = this.begun();
    this.open = 0;
    this.least = Infinity;
    this.quiet = quietRows;
    this.rows = 0;
    this.news = 0;
    this.timeMs = NaN;
    this.intervalMs = firstIntervalMs;
  }

  snapshot(): Json {
    return {
      open: this.open, least: Number.isFinite(this.least) ? this.least : null, quiet: this.quiet, rows: this.rows, news: this.news,
      timeMs: Number.isNaN(this.timeMs) ? null : this.timeMs, intervalMs: this.intervalMs, scatter: this.scatter.snapshot(),
      charts: this.charts.map(({ detector, lines }, index) => ({ name: jointDetectors[index]!.name, detector: detector.snapshot(), lines: lines.snapshot() })),
    };
  }

  private restore(json: Json): void {
    const what = 'signals together';
    const charts = member(json, 'charts');
    if (!Array.isArray(charts)) throw unreadableSnapshot(what, 'a part is missing');
    this.open = numberFromJson(json, 'open', what);
    this.quiet = numberFromJson(json, 'quiet', what);
    this.rows = numberFromJson(json, 'rows', what);
    this.news = numberFromJson(json, 'news', what);
    this.intervalMs = numberFromJson(json, 'intervalMs', what);
    this.least = member(json, 'least') === null ? Infinity : numberFromJson(json, 'least', what);
    this.timeMs = member(json, 'timeMs') === null ? NaN : numberFromJson(json, 'timeMs', what);
    this.scatter = new JointScatter(this.columns, member(json, 'scatter'));
    this.charts = this.begun().map((chart, index): JointChart => {
      const entry = jointDetectors[index]!;
      const stored = charts.find((one) => member(one, 'name') === entry.name);
      if (stored === undefined) return chart;
      chart.lines.restore(member(stored, 'lines'), `lines of ${entry.name}`);
      return { ...chart, detector: entry.create({ columns: this.columns }, member(stored, 'detector')) };
    });
  }

  private begun(): JointChart[] {
    return jointDetectors.map((entry) => ({
      detector: entry.create({ columns: this.columns }), lines: new TailLines(1, entry.blockRows, entry.typical(Math.max(2, this.columns)), priorBlocks), score: NaN, line: Infinity,
    }));
  }

  /** Scores by a new measure are others: their lines begin with the last that was known, and learn anew. */
  private goOn(): void {
    for (const { lines } of this.charts) lines.keepLast(0, keptBlocks);
  }

  /** One object for all rows: a new one for each would be most of what a row leaves behind. */
  private input(): JointInput {
    const { inHand, scatter } = this;
    inHand.distances = scatter.distances;
    inHand.present = scatter.present;
    inHand.count = scatter.count;
    inHand.precision = scatter.precision;
    inHand.line = 0;
    return inHand;
  }

  /** A row counts when half of what has values has new ones, in it or since the last that counted: PLCs send their values one after the other. */
  private hasNews({ residuals, news }: JointRow): boolean {
    let there = 0;
    for (let column = 0; column < residuals.length; column += 1) if (Number.isFinite(residuals[column]!)) there += 1;
    return there >= 2 && 2 * (this.news + news) >= there;
  }

  /** What is not abnormal is so at a looser setting only than the one in force. */
  private above(least: number): number {
    return !this.on || least > this.perWeek ? least : this.perWeek * (1 + 1e-9);
  }
}

/** A watch's snapshot for a changed type: what was learned of columns that stay goes along with them. */
export function moveJointWatch(snapshot: Json, fresh: Json, moves: readonly ColumnMove[]): Json {
  const stored = member(snapshot, 'charts');
  const begun = member(fresh, 'charts');
  if (!Array.isArray(stored) || !Array.isArray(begun)) throw unreadableSnapshot('signals together', 'a part is missing');
  return {
    ...(snapshot as { [name: string]: Json }),
    scatter: moveJointScatter(member(snapshot, 'scatter'), member(fresh, 'scatter'), moves),
    charts: begun.map((chart): Json => {
      const entry = jointDetectors.find(({ name }) => name === member(chart, 'name'));
      const old = stored.find((one) => member(one, 'name') === member(chart, 'name'));
      if (entry === undefined || old === undefined) return chart;
      return { name: entry.name, detector: entry.move(member(old, 'detector') ?? null, member(chart, 'detector') ?? null, moves), lines: member(old, 'lines') ?? null };
    }),
  };
}
