import type { Anomaly, AnomalySignal, BatchRow, Expected, LearningPhase, LearningProgress, TwinBatchMessage, TwinEvent, TwinMessage } from '../../contract/messages.ts';
import { CaseBook } from '../alarms/caseBook.ts';
import { createBaseline } from '../baselines/index.ts';
import type { AssetBaseline, ColumnInfo } from '../baselines/index.ts';
import type { AnomalyKind } from '../detectors/index.ts';
import { createJudge } from '../detectors/judge.ts';
import type { AssetJudge, Cause, Verdict } from '../detectors/judge.ts';
import { takeRows } from '../detectors/takeRows.ts';
import type { ExpectedAgainstSeen } from '../statistics/alarmBudget.ts';
import type { HistoryPoint, Json } from '../ports.ts';
import type { Problem } from '../problem.ts';
import { RowBlock, mostRows } from '../rowBlock.ts';
import { newExpectation, phaseArmed, phaseFrozen, phaseProvisional } from '../signalRow.ts';
import type { Expectation, SignalRow } from '../signalRow.ts';
import type { ObservationFacts } from '../readiness/observationFacts.ts';
import { eventText } from '../twin/texts.ts';
import type { Twin } from '../twin/twin.ts';
import { formatQuantity } from '../twin/unitText.ts';
import { CaseAnswers } from './caseAnswers.ts';
import { EventRecord, eventTwin, valueEvents } from './eventRecord.ts';
import { ExpectationRecord, expectationSeries, expectationTwin } from './expectationRecord.ts';
import { explanation } from './explanation.ts';
import { FirstGuard } from './firstGuard.ts';
import { RecentVerdicts } from './recentVerdicts.ts';
import type { DeepWatch } from './deepWatch.ts';
import type { Language, Naming } from './sentences.ts';
import { signalsSentence } from './sentences.ts';
import { UnitShift, usualBands } from './unitShift.ts';
import type { UnitQuestion } from './unitShift.ts';
import { CauseSizes, loosestPerWeek, withoutSmall } from './verdictCauses.ts';
import type { TrialSetting } from './verdictCauses.ts';
import { watchPhase } from './watchPhase.ts';
import { VerdictRecord, verdictSeries } from './verdictRecord.ts';

/** What twin-baseline asks for. */
export interface BaselineSettings {
  drivers: readonly string[];
  offModes: readonly string[];
}

/** What twin-anomaly asks for. */
export interface JudgeSettings {
  falseAlarmsPerWeek: number;
  /** Watch the signals together as well. */
  deep?: boolean;
  /** Kinds of findings that are not told; absent: all are. */
  off?: readonly AnomalyKind[];
  /** Changes below so many percent of the usual value do not matter. */
  smallestPercent?: number;
}

/** What the chain knows of one row after it went through. */
export interface Evaluation {
  expected: Expected;
  anomaly: Anomaly;
}

export interface AssetTwinOptions {
  twin: Twin;
  language: Language;
  /** A replay keeps its own state; the live one carries none. */
  replay?: string;
}

/** What is stored under the twin's key. */
export interface AssetTwinSnapshot {
  v: 1;
  /** Of which type it was; absent before types were kept. */
  type?: { name: string; version: number };
  /** Names by which others may still call a property that was renamed, each with its name now. */
  renamed?: [string, string][];
  columns: { name: string; kind: ColumnInfo['kind'] }[];
  twin: Json;
  baseline: Json;
  judge: Json;
  cases: Json;
  baselineSettings: BaselineSettings;
  judgeSettings: JudgeSettings;
  presence: number[];
  run: { settledRows: number; sinceMs: number | null; typicalMs: number; paceMs?: number };
}

/** Verdicts that twin-anomaly may still ask for are kept for two to four seconds. */
const ticksRemembered = 8;
/** So much of what is missing goes with each message; the rest is for the page to ask once that has come. */
const missingTold = 3;
/**
 * After a standstill or changeover a machine needs some rows and some time to settle, in which it is neither judged nor learned:
 * a minute, or a quarter of its usual run where it starts and stops more often.
 */
const settlingRows = 3;
/** So many rows of a batch are worth trying to take together; where one is out of the ordinary, so many are taken one by one. */
const fewestTogether = 8;
const rowsOneByOne = 4;
/** And up to so many, the more often in vain: a machine of which most rows are out of the ordinary. */
const mostOneByOne = 256;
const longestSettlingMs = 60_000;
/** Over how many rows a column's presence is averaged. */
const presenceRows = 64;
/** So many signals of an anomaly say with which operating point they were compared. */
const signalsWithPoint = 3;
/** So many rows in a row without any expectation are an operating point that was never seen. */
const unseenToTell = 3;
/** Over how many rows the time between two is averaged; a pause counts as at most this long. */
const paceRows = 50;
const longestPaceMs = 600_000;
/** Rows of the chart's band history; even, because it halves. */
const bandRows = 64;

const phaseNames: readonly LearningPhase[] = ['learning', 'provisional', 'armed', 'frozen'];

/**
 * One machine with all that was learned about it: the living twin, what is normal for it, the judge, its cases.
 *
 * Each row is scored before it is learned, exactly once, in the order in which twin-asset numbered the rows, whichever of
 * twin-baseline and twin-anomaly meets the row first: so a batch gives the same verdicts as single messages, and a value is
 * never judged by a baseline that it has already bent. Only what was judged normal is learned. Where no twin-anomaly stands
 * in the site, the baseline's own gate decides.
 */
export class AssetTwin {
  readonly twin: Twin;
  readonly columns: readonly ColumnInfo[];
  readonly replay: string | undefined;
  readonly language: Language;
  readonly naming: Naming;
  readonly #columnOf = new Map<string, number>();
  #renamed: ReadonlyMap<string, string> = new Map();
  readonly #names: readonly string[];
  #units: readonly (string | undefined)[];
  #baseline: AssetBaseline;
  #judge: AssetJudge;
  #baselineSettings: BaselineSettings = { drivers: [], offModes: [] };
  #judgeSettings: JudgeSettings = { falseAlarmsPerWeek: 1 };
  #offModes = new Set<string>();
  /** undefined until a twin-anomaly exists in the site. */
  judged = false;
  cases: CaseBook;
  /** What people answered to its cases; a replay shares the live twin's. */
  answers = new CaseAnswers();
  #row: SignalRow;
  #expectation: Expectation;
  #nextRow = 0;
  #evaluatedRow = -1;
  /** Rows one by one after the next try to take rows together, and those that are left of it. */
  #patience = rowsOneByOne;
  #waiting = 0;
  /** Rows since the last standstill, up to `settlingRows`; its first row after it, and how long it usually runs, 0 while unknown. */
  #settledRows = settlingRows;
  #runningSinceMs = NaN;
  #typicalRunMs = 0;
  #rowsSinceProgress = Infinity;
  #progress: LearningProgress = { phase: 'learning', percent: 0, missing: [] };
  readonly #verdicts = new RecentVerdicts();
  /** For back-tests and charts of the past; a replay keeps them where it computes anew. */
  #record: VerdictRecord | undefined;
  #expectations: ExpectationRecord | undefined;
  readonly #events: EventRecord;
  readonly #unitShift: UnitShift;
  readonly #causeSizes: CauseSizes;
  /** Until the judge tells by itself. */
  #guard: FirstGuard | undefined;
  /** Rows in which nothing was expected of anything, one after the other; usual time between two rows. */
  #unseenRows = 0;
  #paceMs = NaN;
  #pacedMs = NaN;
  /** Per column, the columns that are derived from it. */
  readonly #derivedFrom: readonly (readonly number[])[];
  #questions: TwinEvent[] = [];
  #recomputed: { fromMs: number; toMs: number } | undefined;
  #lastEvaluation: Evaluation | undefined;
  #ticks = 0;
  #offNow = false;
  readonly #bands: BandHistory;
  readonly #limits: readonly { column: number; low: number; high: number }[];
  /** Share of the rows in which a column came, and rows since it last did. */
  readonly #presence: Float64Array;
  readonly #absentRows: Float64Array;
  /** Why what was learned before could not be taken over. */
  problem: Problem | undefined;
  /** Makes what watches the signals together; the site's live machines have one, and it is asked only where that is wanted. */
  deepWatch: ((perWeek: number) => DeepWatch | undefined) | undefined;
  #deep: DeepWatch | undefined;
  /** What is known of its data, while a twin-readiness stands in the flow. */
  facts: ObservationFacts | undefined;
  /** Sentences while the data is below usable: of the machine, and of each property that is. */
  caution: { machine: string | undefined; properties: ReadonlyMap<string, string> } | undefined;
  /** Told before what was learned is forgotten, so that it can be kept. */
  beforeForgetting: ((why: 'learnAgain' | 'drivers') => void) | undefined;
  /** Changed since the last checkpoint. */
  dirty = false;

  constructor(options: AssetTwinOptions) {
    this.twin = options.twin;
    this.replay = options.replay;
    this.#events = new EventRecord(options.twin.key);
    this.language = options.language;
    this.columns = options.twin.type.columns;
    this.#names = this.columns.map(({ name }) => name);
    if (options.replay === undefined) this.#keepRecords(-Infinity);
    this.columns.forEach((column, index) => this.#columnOf.set(column.name, index));
    const named = new Map<string, { label: string; unit?: string }>(
      options.twin.type.properties.map(({ name, label, unit }) => [name, { label, ...(unit === '' ? {} : { unit }) }]),
    );
    this.naming = (property) => named.get(property) ?? { label: property };
    this.#units = this.columns.map((column) => named.get(column.name)?.unit);
    this.#unitShift = new UnitShift(this.columns.map(({ kind }, column) => (kind === 'measured' ? this.#units[column] : undefined)));
    this.#causeSizes = new CauseSizes(this.columns.length);
    this.#derivedFrom = derivedFrom(options.twin, this.#columnOf, this.#names);
    this.#baseline = createBaseline(this.columns, {});
    this.#judge = createJudge(this.columns, this.#judgeSettings);
    this.#row = { timeMs: NaN, mode: '', values: new Float64Array(this.columns.length).fill(NaN), fresh: new Uint8Array(this.columns.length) };
    this.#expectation = newExpectation(this.columns.length);
    this.#limits = options.twin.type.properties.flatMap(({ name, lowLow, low, high, highHigh }) => {
      const column = this.#columnOf.get(name);
      const lowest = Number.isNaN(low) ? lowLow : low;
      const highest = Number.isNaN(high) ? highHigh : high;
      return column === undefined || (Number.isNaN(lowest) && Number.isNaN(highest)) ? [] : [{ column, low: lowest, high: highest }];
    });
    this.#bands = new BandHistory(this.columns.length);
    this.#presence = new Float64Array(this.columns.length);
    this.#absentRows = new Float64Array(this.columns.length);
    this.cases = new CaseBook({ twin: this.key, historical: this.replay !== undefined, clearAfterMs: 60_000, repeatAfterMs: 0 });
  }

  get key(): string {
    return this.twin.key;
  }

  /** The number of the next row; a batch takes one for each of its rows. */
  takeRows(count: number): number {
    const first = this.#nextRow;
    this.#nextRow += count;
    this.dirty = true;
    return first;
  }

  /** The last row's evaluation, for the page. */
  get lastEvaluation(): Evaluation | undefined {
    return this.#lastEvaluation;
  }

  /** New drivers are another question about the machine, so what was learned for the old ones goes. Off modes change at once. */
  configureBaseline(settings: BaselineSettings): void {
    const known = this.#baselineSettings;
    if (known === settings) return;
    const now = (name: string): string => this.#renamed.get(name) ?? name;
    const sameDrivers = sameNames(known.drivers.map(now), settings.drivers.map(now));
    if (!sameDrivers) {
      this.beforeForgetting?.('drivers');
      this.#baseline = createBaseline(this.columns, { drivers: settings.drivers.map(now).filter((name) => this.#columnOf.has(name)) });
      this.#judge.learnAgain();
      this.#deep?.learnAgain();
      this.#rowsSinceProgress = Infinity;
      this.#lastEvaluation = undefined;
      this.dirty = true;
    }
    this.#baselineSettings = settings;
    this.#offModes = new Set(settings.offModes.map((mode) => mode.toLowerCase()));
  }

  /** The setting in force: at most so many false alarms per week. */
  get askedPerWeek(): number {
    return this.#judgeSettings.falseAlarmsPerWeek;
  }

  /** What twin-anomaly is set to. */
  get setting(): TrialSetting {
    const { falseAlarmsPerWeek: perWeek, off = [], smallestPercent = 0, deep = false } = this.#judgeSettings;
    return { perWeek, off, smallestPercent, together: deep };
  }

  /** False alarms that the settings allowed in the last eight weeks, beside the anomalies told. */
  expectedAgainstSeen(): ExpectedAgainstSeen {
    return this.#judge.expectedAgainstSeen();
  }

  #keepRecords(fromMs: number): void {
    this.#record = new VerdictRecord(this.key, fromMs);
    this.#expectations = new ExpectationRecord(this.key, this.#names, fromMs);
  }

  /** What is expected and concluded next is kept even where it is the same as before: what was kept last may be another now. */
  keepRecordsAnew(): void {
    this.#keepRecords(-Infinity);
  }

  get recomputes(): boolean {
    return this.#recomputed !== undefined;
  }

  /** A replay computes this stretch anew: what it expects and concludes there is kept as if it had been live. */
  recompute(fromMs: number, toMs: number): void {
    if (this.#recomputed?.fromMs === fromMs && this.#recomputed.toMs === toMs) return;
    this.#recomputed = { fromMs, toMs };
    this.#keepRecords(fromMs);
  }

  /** What is to be kept of what was expected and concluded since the last call. */
  takeRecords(): readonly HistoryPoint[] {
    const points = [...(this.#record?.take() ?? []), ...(this.#expectations?.take() ?? [])];
    return this.#recomputed === undefined ? points : points.filter(({ timeMs }) => this.#isRecomputed(timeMs));
  }

  /** The events as points to keep; of a replay those of the stretch that is computed anew. */
  recordEvents(events: readonly TwinEvent[]): HistoryPoint[] {
    if (this.replay === undefined) return this.#events.points(events);
    return this.#recomputed === undefined ? [] : this.#events.points(events.filter(({ timeMs }) => this.#isRecomputed(timeMs)));
  }

  #isRecomputed(timeMs: number): boolean {
    return this.#recomputed !== undefined && timeMs >= this.#recomputed.fromMs && timeMs < this.#recomputed.toMs;
  }

  /** The series that a recomputation writes anew, by twin. */
  recomputedSeries(): [twin: string, property: string][] {
    const verdicts = verdictSeries(this.key);
    return [
      ...this.twin.type.properties.filter(({ kind }) => kind === 'derived').map(({ name }): [string, string] => [this.key, name]),
      ...this.#names.flatMap((name) => expectationSeries(name).map((property): [string, string] => [expectationTwin(this.key), property])),
      [eventTwin(this.key), valueEvents],
      [verdicts.twin, verdicts.property],
    ];
  }

  /** Another budget moves the line, not what was learned. */
  configureJudge(settings: JudgeSettings): void {
    if (this.#judgeSettings === settings) return;
    const { falseAlarmsPerWeek, off = [] } = this.#judgeSettings;
    if (falseAlarmsPerWeek !== settings.falseAlarmsPerWeek || !sameNames(off, settings.off ?? [])) {
      this.#judge = createJudge(this.columns, settings, this.#judge.snapshot());
      this.dirty = true;
    }
    this.#judgeSettings = settings;
    if (settings.deep !== true) this.#deep = undefined;
    else if (this.#deep === undefined) this.#deep = this.deepWatch?.(settings.falseAlarmsPerWeek);
    else this.#deep.perWeek = settings.falseAlarmsPerWeek;
  }

  /** Forgets what is normal: of all properties, or of the named ones. */
  learnAgain(properties?: readonly string[]): void {
    this.beforeForgetting?.('learnAgain');
    const columns = this.#names.flatMap((name, column) => (properties === undefined || properties.includes(name) ? [column] : []));
    for (const column of this.#unitShift.forget(columns)) {
      const property = this.#names[column] as string;
      const text = eventText('unit.learned', { label: this.naming(property).label }, this.language);
      this.#questions.push({ v: 1, kind: 'quality', timeMs: Number.isNaN(this.#row.timeMs) ? 0 : this.#row.timeMs, property, active: false, text });
    }
    this.#baseline.learnAgain(properties);
    this.#judge.learnAgain();
    this.#deep?.learnAgain();
    this.#rowsSinceProgress = Infinity;
    this.#lastEvaluation = undefined;
    this.dirty = true;
  }

  /** The drivers that twin-baseline asks for, by their names now; none: they are guessed. */
  get askedDrivers(): string[] {
    return this.#baselineSettings.drivers.map((name) => this.#renamed.get(name) ?? name);
  }

  /** All that was learned, without the state of the twin and its cases; `goBack` takes it. */
  learned(): Json {
    const { twin: _, cases: __, ...learned } = this.snapshot() as { [name: string]: Json };
    return learned;
  }

  /** Whether what was learned is of these properties. */
  fits(learned: Json): boolean {
    return this.#hasColumns((learned as unknown as AssetTwinSnapshot).columns);
  }

  /**
   * Knows again what it knew when this was kept. What was found abnormal then is over; the settings in force stay.
   * @throws Problem TWIN_SNAPSHOT_UNREADABLE
   */
  goBack(learned: Json): void {
    const { baseline, judge } = learned as unknown as AssetTwinSnapshot;
    // What was promised and told since is no matter of what is known.
    const { budget = null } = this.#judge.snapshot() as { [name: string]: Json };
    const calm = { ...(judge as { [name: string]: Json }), sinceMs: null, abnormalMs: 0, budget };
    const drivers = this.askedDrivers.filter((name) => this.#columnOf.has(name));
    const [known, judged] = [createBaseline(this.columns, { drivers }, baseline), createJudge(this.columns, this.#judgeSettings, calm)];
    for (let column = 0; column < this.columns.length; column++) judged.close(column);
    this.#baseline = known;
    this.#judge = judged;
    this.#deep?.learnAgain();
    this.#rowsSinceProgress = Infinity;
    this.#lastEvaluation = undefined;
    this.dirty = true;
  }

  /** A twin beside the living one is asked the same. */
  takeSettingsOf(other: AssetTwin): void {
    this.configureBaseline({ ...other.#baselineSettings });
    // What watches the signals together is of the living one alone.
    this.configureJudge({ ...other.#judgeSettings, deep: false });
    this.#renamed = other.#renamed;
  }

  /** A recorded row: taken, judged and learned, as it was when it was live. */
  liveThrough(points: readonly Omit<HistoryPoint, 'twin'>[], siteNowMs: number): void {
    const { twin } = this;
    const { updated, changed, timeMs } = twin.applyRecorded(points, siteNowMs);
    if (updated.length === 0) return;
    this.evaluate({ topic: '', payload: twin.payload(), changed, updated, timestamp: timeMs, quality: twin.quality(), twin: twin.header(this.takeRows(1)) });
  }

  progress(): LearningProgress {
    if (this.#rowsSinceProgress >= 16) {
      this.#progress = this.#progressNow();
      this.#rowsSinceProgress = 0;
    }
    const caution = this.caution?.machine;
    return caution === undefined ? this.#progress : { ...this.#progress, caution };
  }

  #progressNow(): LearningProgress {
    const baseline = this.#baseline.progress();
    const columns = this.columns.flatMap(({ name, kind }, column) => {
      if (kind !== 'measured' && kind !== 'derived') return [];
      const usual = this.#presence[column] as number;
      return [{ property: name, normalRows: this.judged ? this.#judge.normalRows(column) : undefined, presence: usual > 0.5 ? 1 : usual }];
    });
    const { watch, missing, etaMs } = watchPhase(baseline, columns, this.#paceMs);
    const { phase, percent } = baseline;
    return {
      phase, percent, missing: missing.slice(0, missingTold), watch, ...(etaMs === undefined ? {} : { etaMs }),
      ...(baseline.started && this.#unseenRows >= unseenToTell ? { unseen: true } : {}),
    };
  }

  #noteUnseen(): void {
    const before = this.#unseenRows;
    const { expected } = this.#expectation;
    let column = 0;
    while (column < expected.length && expected[column] !== expected[column]) column++;
    this.#unseenRows = column < expected.length ? 0 : before + 1;
    // Told at once, when it begins and when it is over.
    if (this.#unseenRows === unseenToTell || (this.#unseenRows === 0 && before >= unseenToTell)) this.#rowsSinceProgress = Infinity;
  }

  #notePace(timeMs: number): void {
    const stepMs = timeMs - this.#pacedMs;
    this.#pacedMs = timeMs;
    if (!(stepMs > 0)) return;
    const taken = Math.min(stepMs, longestPaceMs);
    this.#paceMs = Number.isNaN(this.#paceMs) ? taken : this.#paceMs + (taken - this.#paceMs) / paceRows;
  }

  /** While the judge knows nothing yet, a value that stands still is told all the same. */
  #guarded(verdict: Verdict, timeMs: number): Verdict {
    if (verdict.verdict !== 'learning') {
      this.#guard = undefined;
      return verdict;
    }
    this.#guard ??= new FirstGuard(this.columns);
    const { columns, sinceMs } = this.#guard.look(this.#row);
    if (columns.length === 0 || this.setting.off.includes('stuck')) return verdict;
    const signals = columns.map((column) => ({ column, share: 1 / columns.length, kind: 'stuck' as const }));
    return { verdict: 'anomaly', score: 1, sinceMs: Number.isNaN(sinceMs) ? timeMs : sinceMs, signals, leastPerWeek: 0 };
  }

  /**
   * Under report by exception a value that did not move is not sent. Where a column usually comes with each row, its absence
   * says that it stood still, so that a sensor that got stuck is seen and not taken for one that merely said nothing.
   */
  #countRepeats(): void {
    const { fresh, values } = this.#row;
    for (let column = 0; column < fresh.length; column++) {
      const came = fresh[column] === 1;
      const absent = came ? 0 : (this.#absentRows[column] as number) + 1;
      this.#absentRows[column] = absent;
      const usual = this.#presence[column] as number;
      if (absent <= presenceRows) this.#presence[column] = usual + ((came ? 1 : 0) - usual) / presenceRows;
      const value = values[column] as number;
      if (!came && usual > 0.5 && value === value) fresh[column] = 1;
    }
  }

  /**
   * Runs rows through expect → judge → learn, which comes to the same as one after the other: those that are normal beyond doubt many at a time.
   * @param read writes a row into the row in hand, in which the one before it is; maybe twice. @param take what came of the row in hand
   */
  #evaluateRows(count: number, read: (index: number) => void, take: (index: number, frozen: boolean, verdict: Verdict | undefined) => void): void {
    let oneByOne = this.#waiting;
    for (let index = 0; index < count;) {
      if (oneByOne === 0 && count - index >= fewestTogether && this.#mayGoTogether()) {
        const taken = this.#takeTogether(index, count, read, take);
        if (taken >= fewestTogether) this.#patience = rowsOneByOne;
        else if (this.#patience < mostOneByOne) this.#patience *= 2;
        oneByOne = taken === Math.min(mostRows, count - index) ? 0 : this.#patience;
        index += taken;
        continue;
      }
      read(index);
      const { timeMs, mode } = this.#row;
      const { frozen, verdict } = this.#evaluateRow(timeMs, mode, this.isOffMode(mode));
      take(index, frozen, verdict);
      index++;
      if (oneByOne > 0) oneByOne--;
    }
    this.#waiting = oneByOne;
  }

  /** Whether nothing but the baseline and the judge has a word in it. */
  #mayGoTogether(): boolean {
    return this.judged && this.#deep === undefined && !this.#unitShift.anyActive && !Number.isNaN(this.#runningSinceMs) && this.#settledRows >= settlingRows && this.#judge.isCalm();
  }

  /** @returns how many rows it took, none of which is out of the ordinary */
  #takeTogether(first: number, count: number, read: (index: number) => void, take: (index: number, frozen: boolean, verdict: Verdict) => void): number {
    const row = this.#row;
    const width = this.columns.length;
    const { block, came } = blockOf(width);
    const before = { values: row.values.slice(), absent: this.#absentRows.slice(), presence: this.#presence.slice() };
    block.count = 0;
    while (block.count < mostRows && first + block.count < count) {
      read(first + block.count);
      if (block.count === 0) block.mode = row.mode;
      if (row.mode !== block.mode || this.isOffMode(row.mode) || this.answers.isPlanned(row.timeMs) || this.#isBeyondLimit()) break;
      came.set(row.fresh, block.count * width);
      this.#countRepeats();
      block.add(row);
    }
    causesFound.length = 0;
    const end = takeRows(this.#baseline, this.#judge, block, 0, block.count, usualBands, loosestPerWeek, (at, found) => (causesFound[at] = found));
    row.values.set(before.values);
    if (end < block.count) {
      this.#absentRows.set(before.absent);
      this.#presence.set(before.presence);
    }
    row.mode = block.mode;
    for (let at = 0; at < end; at++) {
      block.read(at, row);
      if (end < block.count) {
        for (let column = 0; column < width; column++) row.fresh[column] = came[at * width + column] as number;
        this.#countRepeats();
      }
      block.readExpectation(at, this.#expectation);
      this.#rowsSinceProgress++;
      this.#offNow = false;
      this.#notePace(row.timeMs);
      this.#noteUnseen();
      this.#bands.note(row.timeMs, this.#expectation);
      this.#expectations?.note(row.timeMs, this.#expectation);
      // Nothing is as far away as it asks about.
      this.#unitShift.look(row, this.#expectation);
      const leastPerWeek = block.leastPerWeek[at] as number;
      const verdict: Verdict = { verdict: 'normal', score: block.score[at] as number, sinceMs: NaN, signals: [], leastPerWeek };
      this.#guard = undefined;
      this.#record?.note(row.timeMs, leastPerWeek, this.askedPerWeek, this.#causeSizes.judged(causesFound[at] ?? [], verdict, row, this.#expectation));
      take(first + at, false, verdict);
    }
    return end;
  }

  #isBeyondLimit(): boolean {
    const { values } = this.#row;
    for (const { column, low, high } of this.#limits) if ((values[column] as number) < low || (values[column] as number) > high) return true;
    return false;
  }

  /** Runs a row of numbers through expect → judge → learn. */
  #evaluateRow(timeMs: number, mode: string, off: boolean): { frozen: boolean; verdict: Verdict | undefined } {
    const row = this.#row;
    row.timeMs = timeMs;
    row.mode = mode;
    this.#rowsSinceProgress++;
    this.#offNow = off;
    this.#countRepeats();
    if (this.answers.isPlanned(timeMs)) {
      // Somebody works on it: what comes now is neither judged nor learned.
      this.#settledRows = 0;
      this.#runningSinceMs = NaN;
      return this.#unjudged(timeMs, true);
    }
    if (off ? this.#standStill(timeMs) : this.#isSettling(timeMs)) {
      return this.#unjudged(timeMs, off);
    }
    this.#notePace(timeMs);
    this.#baseline.expect(row, this.#expectation);
    this.#noteUnseen();
    this.#bands.note(timeMs, this.#expectation);
    this.#expectations?.note(timeMs, this.#expectation);
    const questions = this.#unitShift.look(row, this.#expectation);
    if (questions !== undefined) for (const question of questions) this.#ask(question, timeMs);
    if (this.#unitShift.anyActive) this.#leaveOutOtherUnits();
    const alone = this.judged ? this.#judge.judge(row, this.#expectation) : undefined;
    const whole = alone === undefined || this.#deep === undefined ? alone : this.#deep.look(row, this.#expectation, alone);
    const found = whole === undefined ? [] : this.#causeSizes.judged(this.#judge.causes(loosestPerWeek), whole, row, this.#expectation);
    const told = whole === undefined || found.length === 0 ? whole : withoutSmall(whole, found, this.setting);
    const verdict = told === undefined ? undefined : this.#guarded(told, timeMs);
    if (verdict !== told) for (const { column } of verdict?.signals ?? []) found.push({ kind: 'stuck', column, leastPerWeek: 0, percent: Infinity });
    const forgiven = verdict !== undefined && verdict.verdict === 'anomaly' && this.#isForgiven(verdict, timeMs, mode);
    if (verdict !== undefined) this.#record?.note(timeMs, forgiven ? Infinity : verdict.leastPerWeek, this.askedPerWeek, forgiven ? [] : found);
    // What is too small to be told trains nothing either: told from tomorrow on, all is as if it always had been.
    const learnable = whole === undefined ? this.#baseline.isPlausible(row, this.#expectation) : whole.verdict !== 'anomaly' && verdict?.verdict !== 'anomaly';
    this.#withoutBeyondLimits(() => {
      if (whole !== undefined) this.#judge.learn(row, this.#expectation, whole);
      if (learnable) this.#baseline.learn(row);
      else this.#baseline.pass(row);
    });
    // It trains nothing, as an anomaly does not: taken back, all is as if it had never been forgiven.
    return { frozen: false, verdict: forgiven ? { ...verdict, verdict: 'normal', score: Math.min(verdict.score, 1), signals: [] } : verdict };
  }

  #unjudged(timeMs: number, off: boolean): { frozen: true; verdict: undefined } {
    this.#expectation.expected.fill(NaN);
    this.#expectation.phase.fill(phaseFrozen);
    this.#deep?.pause();
    if (this.judged) this.#record?.note(timeMs, off ? undefined : Infinity, this.askedPerWeek);
    this.#expectations?.note(timeMs, this.#expectation);
    return { frozen: true, verdict: undefined };
  }

  /** Somebody called as much as this normal, of each of its signals. What is beyond an alarm limit nobody can. */
  #isForgiven({ signals, sinceMs }: Verdict, timeMs: number, mode: string): boolean {
    if (!this.answers.allowsAny) return false;
    return signals.every(({ column, kind }) => {
      const { name } = this.columns[column] as ColumnInfo;
      const value = this.#row.values[column] as number;
      if (this.#limits.some((limit) => limit.column === column && (value < limit.low || value > limit.high))) return false;
      if (kind === 'stuck') return this.answers.allows(name, 'still', mode, Number.isFinite(sinceMs) ? timeMs - sinceMs : 0);
      const expected = this.#expectation.expected[column] as number;
      return this.answers.allows(name, value < expected ? 'below' : 'above', mode, Math.abs(value - expected));
    });
  }

  /** @returns true, for a machine that stands still is not judged */
  #standStill(timeMs: number): true {
    if (Number.isFinite(this.#runningSinceMs)) {
      const runMs = timeMs - this.#runningSinceMs;
      this.#typicalRunMs += (runMs - this.#typicalRunMs) / (this.#typicalRunMs === 0 ? 1 : 8);
    }
    this.#runningSinceMs = NaN;
    this.#settledRows = 0;
    return true;
  }

  #isSettling(timeMs: number): boolean {
    if (Number.isNaN(this.#runningSinceMs)) this.#runningSinceMs = timeMs;
    if (this.#settledRows >= settlingRows) return false;
    const settlingMs = this.#typicalRunMs === 0 ? longestSettlingMs : Math.min(longestSettlingMs, this.#typicalRunMs / 4);
    // Counted only up to the last one, which needs the time as well.
    if (this.#settledRows < settlingRows - 1 || timeMs - this.#runningSinceMs >= settlingMs) this.#settledRows++;
    return this.#settledRows < settlingRows;
  }

  #ask({ column, conversion, active, value, expected, low, high }: UnitQuestion, timeMs: number): void {
    const property = this.#names[column] as string;
    const { label, unit = '' } = this.naming(property);
    const text = (number: number): string => formatQuantity(number, unit, this.language);
    const values = { label, value: text(value), conversion: conversion.text, expected: text(expected) };
    const more = active ? { value, expected: { expected, low, high } } : {};
    if (active) for (const each of [column, ...(this.#derivedFrom[column] as readonly number[])]) this.#judge.close(each);
    this.#questions.push({ v: 1, kind: 'quality', timeMs, property, ...more, active, text: eventText(active ? 'unit.looks' : 'unit.back', values, this.language) });
  }

  /** What came to light of this machine beside its rows, to be told once. */
  takeQuestions(): TwinEvent[] {
    if (this.#questions.length === 0) return this.#questions;
    const questions = this.#questions;
    this.#questions = [];
    return questions;
  }

  /** A column in another unit, and what is derived from it, is as if it had not come. */
  #leaveOutOtherUnits(): void {
    const { values, fresh } = this.#row;
    for (let column = 0; column < values.length; column++) {
      if (!this.#unitShift.isActive(column)) continue;
      values[column] = NaN;
      fresh[column] = 0;
      for (const derived of this.#derivedFrom[column] as readonly number[]) {
        values[derived] = NaN;
        fresh[derived] = 0;
      }
    }
  }

  /** What is beyond an alarm limit is abnormal because somebody said so: it is judged, but never learned as normal. */
  #withoutBeyondLimits(learn: () => void): void {
    const { values, fresh } = this.#row;
    let leftOut: { column: number; value: number; fresh: number }[] | undefined;
    for (const { column, low, high } of this.#limits) {
      const value = values[column] as number;
      if (!(value < low || value > high)) continue;
      (leftOut ??= []).push({ column, value, fresh: fresh[column] as number });
      values[column] = NaN;
      fresh[column] = 0;
    }
    learn();
    if (leftOut === undefined) return;
    for (const left of leftOut) {
      values[left.column] = left.value;
      fresh[left.column] = left.fresh;
    }
  }

  /**
   * Expectation and verdict of a message of this twin; learns from it if this is the first time that its row is met.
   * @returns undefined when the message is older than what was already evaluated and its verdict is no longer at hand
   */
  evaluate(message: TwinMessage): Evaluation | undefined {
    const rowNumber = message.twin.row;
    if (rowNumber <= this.#evaluatedRow) {
      const known = this.#verdicts.get(rowNumber);
      if (known === undefined) return undefined;
      return { expected: this.#lastEvaluation?.expected ?? {}, anomaly: known };
    }
    this.#evaluatedRow = rowNumber;
    this.dirty = true;
    const { values, fresh } = this.#row;
    const { payload, quality, updated } = message;
    const names = this.#names;
    let next = 0;
    for (let column = 0; column < names.length; column++) {
      const name = names[column] as string;
      // Mostly `updated` is in the order of the columns, so that nothing has to be looked up.
      fresh[column] = updated[next] === name ? 1 : 0;
      if (fresh[column] === 1) next++;
      const value = payload[name];
      values[column] = typeof value === 'number' ? value : NaN;
    }
    for (; next < updated.length; next++) {
      const column = this.#columnOf.get(updated[next] as string);
      if (column !== undefined) fresh[column] = 1;
    }
    for (const name of Object.keys(quality)) {
      const column = this.#columnOf.get(name);
      if (column !== undefined && quality[name] !== undefined) values[column] = NaN;
    }
    const off = this.isOffMode(message.twin.state);
    const { frozen, verdict } = this.#evaluateRow(message.timestamp, message.twin.state, off);
    const anomaly = this.#anomalyOf(verdict, frozen);
    const evaluation: Evaluation = { expected: this.#expectedOf(message.twin.state), anomaly };
    this.#verdicts.add(rowNumber, anomaly);
    this.#lastEvaluation = evaluation;
    return evaluation;
  }

  /** The same for a batch; entry i belongs to row i. */
  evaluateBatch(message: TwinBatchMessage): { expected: Expected[]; anomaly: Anomaly[] } | undefined {
    const firstRow = message.twin.row;
    const rows = message.payload;
    if (firstRow <= this.#evaluatedRow) {
      const known = this.#knownVerdicts(firstRow, rows.length);
      return known === undefined ? undefined : { expected: [], anomaly: known };
    }
    this.#evaluatedRow = firstRow + rows.length - 1;
    this.dirty = true;
    const expected: Expected[] = new Array<Expected>(rows.length);
    const anomaly: Anomaly[] = new Array<Anomaly>(rows.length);
    const { values, fresh } = this.#row;
    const names = this.#names;
    const read = (i: number): void => {
      const row = rows[i] as BatchRow;
      const quality = message.quality[i];
      this.#row.timeMs = row.time;
      this.#row.mode = message.states[i] ?? message.twin.state;
      for (let column = 0; column < names.length; column++) {
        const name = names[column] as string;
        const value = row[name];
        if (value === undefined) {
          fresh[column] = 0;
          continue;
        }
        fresh[column] = 1;
        values[column] = typeof value === 'number' && quality?.[name] === undefined ? value : NaN;
      }
    };
    this.#evaluateRows(rows.length, read, (i, frozen, verdict) => {
      expected[i] = this.#expectedOf(this.#row.mode);
      const found = this.#anomalyOf(verdict, frozen);
      anomaly[i] = found;
      this.#verdicts.add(firstRow + i, found);
    });
    const last = rows.length - 1;
    if (last >= 0) this.#lastEvaluation = { expected: expected[last] as Expected, anomaly: anomaly[last] as Anomaly };
    return { expected, anomaly };
  }

  /** Whether nothing is judged in this operating mode. */
  isOffMode(mode: string): boolean {
    return mode !== '' && this.#offModes.size > 0 && this.#offModes.has(mode.toLowerCase());
  }

  #knownVerdicts(firstRow: number, count: number): Anomaly[] | undefined {
    const known: Anomaly[] = [];
    for (let i = 0; i < count; i++) {
      const anomaly = this.#verdicts.get(firstRow + i);
      if (anomaly === undefined) return undefined;
      known.push(anomaly);
    }
    return known;
  }

  /** Time passes; called four times a second. */
  tick(): void {
    this.#ticks++;
    if (this.#ticks % ticksRemembered === 0) this.#verdicts.windowEnded();
  }

  #expectedOf(mode: string): Expected {
    const { expected, low, high, phase } = this.#expectation;
    const result: Expected = {};
    const names = this.#names;
    for (let column = 0; column < names.length; column++) {
      const value = expected[column] as number;
      if (value !== value) continue;
      result[names[column] as string] = {
        value,
        low: low[column] as number,
        high: high[column] as number,
        mode,
        phase: phaseNames[phase[column] as number] as LearningPhase,
      };
    }
    return result;
  }

  #anomalyOf(verdict: Verdict | undefined, frozen: boolean): Anomaly {
    if (verdict === undefined) {
      return { v: 1, verdict: frozen ? 'normal' : 'learning', score: 0, signals: [], reason: '' };
    }
    if (verdict.verdict !== 'anomaly') return { v: 1, verdict: verdict.verdict, score: verdict.score, signals: [], reason: '' };
    const { expected, low, high, phase } = this.#expectation;
    const at = this.#operatingPoint();
    const signals = verdict.signals.map((signal, index): AnomalySignal => {
      const column = signal.column;
      const value = this.#row.values[column] as number;
      const known = (phase[column] === phaseArmed || phase[column] === phaseProvisional) && Number.isFinite(expected[column] as number);
      return {
        property: (this.columns[column] as ColumnInfo).name,
        share: signal.share,
        kind: signal.kind,
        ...(signal.third === undefined ? {} : { third: signal.third }),
        value: Number.isFinite(value) ? value : null,
        ...(known ? { expected: expected[column] as number, low: low[column] as number, high: high[column] as number } : {}),
        ...(known && index < signalsWithPoint && (at.mode !== '' || at.drivers.length > 0) ? { at } : {}),
        ...(this.#units[column] === undefined ? {} : { unit: this.#units[column] as string }),
      };
    });
    const caution = signals.map((signal) => this.caution?.properties.get(signal.property)).find((each) => each !== undefined);
    const reason = signalsSentence(signals, this.naming, this.language);
    const sinceMs = Number.isFinite(verdict.sinceMs) ? verdict.sinceMs : this.#row.timeMs;
    return {
      v: 1,
      verdict: 'anomaly',
      score: verdict.score,
      signals,
      sinceMs,
      explanation: explanation(signals, sinceMs, this.naming, this.language),
      reason: caution === undefined ? reason : `${reason}. ${caution}`,
      ...(caution === undefined ? {} : { caution }),
    };
  }

  /** Where the machine runs now, as the baseline sees it. */
  #operatingPoint(): NonNullable<AnomalySignal['at']> {
    const drivers = this.#baseline.driverColumns().map((column) => ({ property: this.#names[column] as string, value: this.#row.values[column] as number }));
    return { mode: this.#row.mode, drivers: drivers.filter(({ value }) => Number.isFinite(value)) };
  }

  /** Whether the last row came in a mode in which nothing is judged. */
  get isOff(): boolean {
    return this.#offNow;
  }

  /** The band of a property over the recent past, oldest first. */
  bands(property: string): { timeMs: number; low: number; high: number }[] {
    const column = this.#columnOf.get(property);
    return column === undefined ? [] : this.#bands.of(column);
  }

  /** What a property is now, in numbers for the page. */
  expectedNow(property: string): { value: number; low: number; high: number } | undefined {
    const expected = this.#lastEvaluation?.expected;
    return expected !== undefined && Object.hasOwn(expected, property) ? expected[property] : undefined;
  }

  snapshot(): Json {
    const snapshot: AssetTwinSnapshot = {
      v: 1,
      type: { name: this.twin.type.name, version: this.twin.type.version },
      ...(this.#renamed.size === 0 ? {} : { renamed: [...this.#renamed] }),
      columns: this.columns.map((column) => ({ name: column.name, kind: column.kind })),
      twin: this.twin.snapshot(),
      baseline: this.#baseline.snapshot(),
      judge: this.#judge.snapshot(),
      cases: this.cases.snapshot(),
      baselineSettings: this.#baselineSettings,
      judgeSettings: this.#judgeSettings,
      presence: [...this.#presence],
      run: {
        settledRows: this.#settledRows, sinceMs: Number.isNaN(this.#runningSinceMs) ? null : this.#runningSinceMs, typicalMs: this.#typicalRunMs,
        ...(Number.isNaN(this.#paceMs) ? {} : { paceMs: this.#paceMs }),
      },
    };
    return snapshot as unknown as Json;
  }

  /** A newer copy of its cases than the one it came with. */
  restoreCases(saved: Json): void {
    this.cases = new CaseBook({ twin: this.key, historical: this.replay !== undefined, clearAfterMs: 60_000, repeatAfterMs: 0 }, saved);
  }

  /**
   * Takes over what was learned, from a snapshot (of another type: migrated before) or from a replay of this twin. What fits no longer (another set of
   * properties) is learned anew; labels, limits and units change nothing.
   * @returns false when the properties differ, so that nothing of the baseline was taken over
   * @throws Problem TWIN_SNAPSHOT_UNREADABLE
   */
  restore(saved: Json, parts: 'all' | 'learned' = 'all'): boolean {
    const snapshot = saved as unknown as AssetTwinSnapshot;
    const same = this.#hasColumns(snapshot.columns);
    if (parts === 'all') {
      this.twin.restore(snapshot.twin);
      this.cases = new CaseBook({ twin: this.key, historical: this.replay !== undefined, clearAfterMs: 60_000, repeatAfterMs: 0 }, snapshot.cases);
    }
    if (same) {
      this.#renamed = new Map(snapshot.renamed ?? []);
      this.#presence.set(snapshot.presence);
      this.#settledRows = snapshot.run.settledRows;
      this.#runningSinceMs = snapshot.run.sinceMs ?? NaN;
      this.#typicalRunMs = snapshot.run.typicalMs;
      this.#paceMs = snapshot.run.paceMs ?? NaN;
      this.#judgeSettings = snapshot.judgeSettings;
      this.#baselineSettings = snapshot.baselineSettings;
      this.#offModes = new Set(snapshot.baselineSettings.offModes.map((mode) => mode.toLowerCase()));
      const drivers = snapshot.baselineSettings.drivers.map((name) => this.#renamed.get(name) ?? name).filter((name) => this.#columnOf.has(name));
      this.#baseline = createBaseline(this.columns, { drivers }, snapshot.baseline);
      this.#judge = createJudge(this.columns, snapshot.judgeSettings, snapshot.judge);
    }
    this.#rowsSinceProgress = Infinity;
    this.dirty = true;
    return same;
  }

  #hasColumns(columns: AssetTwinSnapshot['columns']): boolean {
    return Array.isArray(columns) && columns.length === this.columns.length &&
      columns.every((column, index) => column.name === this.columns[index]?.name && column.kind === this.columns[index]?.kind);
  }
}

/** Of the rows in hand, of whichever machine; by the number of columns. */
const blocks = new Map<number, { block: RowBlock; /** Row by row, which columns came with it. */ came: Uint8Array }>();
const causesFound: (readonly Cause[])[] = [];

function blockOf(width: number): { block: RowBlock; came: Uint8Array } {
  const known = blocks.get(width) ?? { block: new RowBlock(width), came: new Uint8Array(mostRows * width) };
  blocks.set(width, known);
  return known;
}

/** Per column, the columns that are derived from it, over any number of steps. */
function derivedFrom(twin: Twin, columnOf: ReadonlyMap<string, number>, names: readonly string[]): number[][] {
  const { properties, indexOf } = twin.type;
  const sources = new Map<number, Set<number>>();
  const sourcesOf = (index: number): Set<number> => {
    let known = sources.get(index);
    if (known === undefined) {
      known = new Set();
      sources.set(index, known);
      for (const input of properties[index]?.inputs ?? []) for (const source of [input, ...sourcesOf(input)]) known.add(source);
    }
    return known;
  };
  return names.map((name) => {
    const source = indexOf.get(name) ?? -1;
    return properties.flatMap(({ index, name: derived, kind }) => {
      const column = columnOf.get(derived);
      return kind === 'derived' && column !== undefined && sourcesOf(index).has(source) ? [column] : [];
    });
  });
}

/**
 * The last bands of each column for the chart, in a ring whose step doubles when it is full: bounded memory, the whole time
 * since the start, coarser as it grows older.
 */
class BandHistory {
  readonly #columns: number;
  readonly #times = new Float64Array(bandRows);
  readonly #low: Float32Array;
  readonly #high: Float32Array;
  #count = 0;
  #everyMs = 0;

  constructor(columns: number) {
    this.#columns = columns;
    this.#low = new Float32Array(bandRows * columns);
    this.#high = new Float32Array(bandRows * columns);
  }

  note(timeMs: number, expectation: Expectation): void {
    if (this.#count > 0 && timeMs - (this.#times[this.#count - 1] as number) < this.#everyMs) return;
    if (this.#count === bandRows) this.#halve();
    this.#times[this.#count] = timeMs;
    this.#low.set(expectation.low, this.#count * this.#columns);
    this.#high.set(expectation.high, this.#count * this.#columns);
    this.#count++;
  }

  #halve(): void {
    const kept = bandRows / 2;
    for (let row = 0; row < kept; row++) {
      const from = row * 2;
      this.#times[row] = this.#times[from] as number;
      this.#low.copyWithin(row * this.#columns, from * this.#columns, (from + 1) * this.#columns);
      this.#high.copyWithin(row * this.#columns, from * this.#columns, (from + 1) * this.#columns);
    }
    this.#count = kept;
    this.#everyMs = Math.max(this.#everyMs * 2, ((this.#times[kept - 1] as number) - (this.#times[0] as number)) / kept);
  }

  of(column: number): { timeMs: number; low: number; high: number }[] {
    const bands: { timeMs: number; low: number; high: number }[] = [];
    for (let row = 0; row < this.#count; row++) {
      const low = this.#low[row * this.#columns + column] as number;
      const high = this.#high[row * this.#columns + column] as number;
      if (low === low && high === high) bands.push({ timeMs: this.#times[row] as number, low, high });
    }
    return bands;
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
