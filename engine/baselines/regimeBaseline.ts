import type { Json } from '../ports.ts';
import type { Expectation, SignalRow } from '../signalRow.ts';
import type { RowBlock } from '../rowBlock.ts';
import { newExpectation, phaseArmed, phaseLearning, phaseProvisional } from '../signalRow.ts';
import {
  columnArrays, isMeasurement, member, numberFromJson, numbersFromJson, numbersToJson, tableFromJson, tableToJson, unreadableSnapshot,
} from '../statistics/columnTable.ts';
import { solveRidge } from '../statistics/solveRidge.ts';
import { StateCopy, wholeTable } from '../statistics/stateCopy.ts';
import type { ColumnNumbers } from '../statistics/stateCopy.ts';
import { medianInPlace } from '../statistics/order.ts';
import { guessDrivers, mostDrivers, speedFirst, spreadOf } from './driverChoice.ts';
import { DriverBins } from './driverBins.ts';
import { DriverLags } from './driverLags.ts';
import { LaggedFit } from './laggedFit.ts';
import type { AssetBaseline, BaselineOptions, BaselineProgress, ColumnInfo } from './index.ts';
import { ColumnsAhead } from './columnsAhead.ts';
import type { BaselineInside } from './columnsAhead.ts';
import { KeptRows } from './keptRows.ts';
import {
  asGood, bandWidths, doubtShare, doubtfulRuns, fitRowsToTrust, leanRows, leanWidth, leaningShare, longestStepMs, memoryMs, worthwhile, youngRows,
} from './modeModel.ts';
import type { ModeModel } from './modeModel.ts';
import { OperatingPoints } from './operatingPoints.ts';

const snapshotVersion = 2;
/** Rows of a block that are learned one by one where they could not be learned together. */
const rowsOneByOne = 2;
export const defaultMinimumRows = 300;
const mostModes = 12;
const keptRows = 64;
const ridge = 1e-6;
/** So many rows after a setpoint was moved by so much, in its scaled unit, a new point says nothing of itself. */
const rowsToArrive = 2;
const moved = 1 / 6;
const settledBlocks = 4;
const settledRows = 40;
/** The scatter of the blocks' means may be so many times what independent values would show. */
const settledRatio = 6;
/** After so much operation or so many rows a column is taken as it is. */
const longestLearningMs = 14 * 24 * 3_600_000;
const longestLearningRows = 200_000;
/** Rows of the busiest column at which drivers and their scales are looked at again. */
const reviews: readonly number[] = [120, 300, 1_000, 3_000, 10_000, 30_000, 100_000];

/**
 * Regime baseline: what a column shows under the operating conditions of the moment.
 *
 * Per operating mode and column: value ≈ polynomial of second order of up to three drivers (ridge regression, Hoerl and
 * Kennard 1970), preferred to the mode's plain mean where its error on values not yet learned is smaller (prequential
 * comparison, Dawid 1984). Every value is clipped to four spreads around what was expected before it is learned. A grid of
 * operating points seen says where nothing can be expected yet. The first rows are kept, judged together by median and MAD
 * and only then learned, so that an outlier among them does little. Memory fades over seven days of operation. A column is armed
 * once its history is the same all through.
 *
 * Choose it when load, speed or a recipe moves the signals, rather than a moving average, which takes every change of load for a fault
 * and follows every slow fault. State per column: 64 short numbers,
 * about 20 others, and (terms² + 5·terms)/2 per mode, terms = 1, 3, 6, 10 for 0–3 drivers.
 */
export class RegimeBaseline implements AssetBaseline, BaselineInside {
  readonly columns: readonly ColumnInfo[];
  readonly minimumRows: number;
  readonly startRows: number;
  private readonly named: readonly number[];
  readonly judged: Uint8Array;
  readonly columnTimeMs: Float64Array;
  readonly columnRows: Float64Array;
  /** 1 where the column's history has become the same all through. */
  private readonly settled: Float64Array;
  private firstTimeMs = NaN;
  timeMs = NaN;
  private started = false;
  mode = '';
  drivers: number[] = [];
  private centers = new Float64Array(0);
  private scales = new Float64Array(0);
  private modes = new Map<string, ModeModel>();
  /** Rows of the past, for the choice of drivers and to see whether the machine still shows something new. */
  kept: KeptRows;
  /** 1 where a column came later than the others; it settles by rows of its own, which are kept from when it came. */
  private readonly joined: Float64Array;
  private newcomers: KeptRows | undefined;
  private joinedMs = NaN;
  private review = 0;
  point = new Float64Array(0);
  features = new Float64Array(1);
  lags = new DriverLags(0);
  /** For which row and mode `centres` and `reaches` were last written by `expect`. */
  private notedMs = NaN;
  private notedOf: ModeModel | undefined;
  private noted = new Float64Array(0);
  /** Of the point that was read last: how young its place is, and how much less the fit of what the drivers were must leave to be preferred. */
  private youth = 1;
  private preference = 0;
  /** Of the row in hand: its values, clipped, and what was expected of them. */
  private readonly clipped: Float64Array;
  /** Where the drivers were in the row before, in their scaled units, and rows since a setpoint among them was moved; not kept over a restart, before which everything stood. */
  private settings = new Float64Array(0);
  private rowsSinceSet = rowsToArrive;
  private readonly centres: Float64Array;
  private readonly reaches: Float64Array;
  /** For `goAhead`: a row of the block, and what is put back when it has gone too far. */
  private ahead: ColumnsAhead | undefined;
  private blockRow: SignalRow | undefined;
  private blockExpectation: Expectation | undefined;
  private readonly copies = new StateCopy();
  private keptModel: ModeModel | undefined;
  private keptParts: readonly ColumnNumbers[] = [];
  private settingsBefore = new Float64Array(0);
  private before: { timeMs: number; mode: string; rowsSinceSet: number } | undefined;

  constructor(columns: readonly ColumnInfo[], options: BaselineOptions, snapshot?: Json) {
    this.columns = columns.map((column) => ({ ...column }));
    this.minimumRows = Math.max(60, options.minimumRows ?? defaultMinimumRows);
    this.startRows = Math.max(20, Math.round(this.minimumRows / 5));
    const names = options.drivers ?? [];
    this.named = this.columns.flatMap((column, index) => (names.includes(column.name) ? [index] : [])).slice(0, mostDrivers);
    this.judged = new Uint8Array(columns.length);
    this.clipped = new Float64Array(columns.length);
    this.centres = new Float64Array(columns.length);
    this.reaches = new Float64Array(columns.length);
    this.takeDrivers([]);
    this.columnTimeMs = new Float64Array(columns.length).fill(NaN);
    this.columnRows = new Float64Array(columns.length);
    this.settled = new Float64Array(columns.length);
    this.kept = new KeptRows(columns.length, keptRows);
    this.joined = new Float64Array(columns.length);
    if (snapshot !== undefined) this.restore(snapshot);
  }

  expect(row: SignalRow, into: Expectation): void {
    const { expected, low, high, phase, follows } = into;
    this.notedMs = NaN;
    follows.fill(0);
    const model = this.started ? this.modes.get(row.mode) : undefined;
    if (model === undefined || !this.readPoint(row.values) || !this.isCovered(model)) {
      expected.fill(NaN);
      low.fill(NaN);
      high.fill(NaN);
      phase.fill(phaseLearning);
      return;
    }
    const { centres, reaches, judged, settled, columns } = this;
    const hasBands = this.readSurroundings(model, row.timeMs);
    if (hasBands) {
      this.noted.set(this.point);
      this.notedMs = row.timeMs;
      this.notedOf = model;
    }
    const followsPoint = model.lagged?.isTried === true ? 1 : 0;
    for (let column = 0; column < judged.length; column += 1) {
      const rows = model.rows[column]!;
      const isJudged = judged[column] === 1;
      const isKnown = rows >= this.startRows;
      phase[column] = !isKnown || (isJudged && settled[column] === 0) ? phaseLearning : rows < this.minimumRows ? phaseProvisional : phaseArmed;
      centres[column] = NaN;
      if (!isJudged || !isKnown) {
        expected[column] = NaN;
        low[column] = NaN;
        high[column] = NaN;
        continue;
      }
      this.readColumn(model, column);
      const value = centres[column]!;
      const reach = reaches[column]!;
      const half = Math.max(reach, columns[column]!.smallestChange ?? 0, 1e-9 * Math.abs(value));
      follows[column] = followsPoint;
      expected[column] = value;
      low[column] = value - half;
      high[column] = value + half;
    }
  }

  isPlausible(row: SignalRow, expectation: Expectation): boolean {
    for (let column = 0; column < this.judged.length; column += 1) {
      const value = row.values[column]!;
      const expected = expectation.expected[column]!;
      if (row.fresh[column] === 0 || Number.isNaN(value) || Number.isNaN(expected)) continue;
      if (!(Math.abs(value - expected) <= 0.75 * (expectation.high[column]! - expectation.low[column]!))) return false;
    }
    return true;
  }

  learn(row: SignalRow): void {
    if (!Number.isFinite(row.timeMs) || row.timeMs < this.timeMs) return;
    this.timeMs = row.timeMs;
    this.mode = row.mode;
    if (Number.isNaN(this.firstTimeMs)) this.firstTimeMs = row.timeMs;
    if (!this.started) {
      this.countAndKeep(row);
      if (this.busiest() >= this.startRows) this.start();
      return;
    }
    const model = this.modelOf(row.mode);
    const pointKnown = this.readPoint(row.values);
    if (pointKnown) {
      // What was just asked for need not be looked up again.
      const covered = this.isNoted(row.timeMs, model) || this.isCovered(model);
      if (this.isJustSet(row) && !covered) {
        this.lags.read(this.features, row.timeMs);
        this.lags.follow(row.timeMs);
        this.countAndKeep(row);
        return;
      }
      const thorough = this.learnLagged(model, row, covered);
      const { judged, columnTimeMs } = this;
      for (let column = 0; column < judged.length; column += 1) {
        if (!this.isNew(row, column)) continue;
        if (judged[column] === 0) {
          model.rows[column]! += 1;
          continue;
        }
        const stepMs = row.timeMs - columnTimeMs[column]!;
        this.learnValue(model, column, row.values[column]!, stepMs > 0 ? Math.min(stepMs, longestStepMs) : 0, covered, thorough);
      }
      // A point that has just become known is expected from the next row on: the fit must know it too.
      if (model.points !== undefined && this.isAnyNew(row) && model.points.visit(this.point)) {
        for (let column = 0; column < this.judged.length; column += 1) if (model.weight[column]! >= this.startRows) this.solve(model, column);
      }
    }
    this.countAndKeep(row);
    const next = reviews[this.review];
    if (next !== undefined && this.busiest() >= next) {
      this.review += 1;
      this.reviewDrivers();
    }
  }

  pass(row: SignalRow): void {
    if (!Number.isFinite(row.timeMs) || row.timeMs < this.timeMs || !this.started || this.drivers.length === 0 || !this.readPoint(row.values)) return;
    this.notedMs = NaN;
    this.readFeatures();
    this.lags.read(this.features, row.timeMs);
    this.lags.follow(row.timeMs);
  }

  goAhead(block: RowBlock, from: number, to: number): number {
    const model = this.started ? this.modes.get(block.mode) : undefined;
    const next = reviews[this.review];
    // Where what is learned may be about to be made anew, it is not put back.
    if (model === undefined || this.newcomers !== undefined || !this.allSettled()) return from;
    const end = Math.min(to, next === undefined ? to : from + Math.max(0, next - 1 - this.busiest()));
    if (end === from) return from;
    this.keep(model);
    return this.learnRows(block, from, end);
  }

  stayAt(block: RowBlock, from: number, row: number): void {
    this.putBack();
    this.learnRows(block, from, row);
  }

  private learnRows(block: RowBlock, from: number, to: number): number {
    const row = (this.blockRow ??= { timeMs: NaN, mode: '', values: new Float64Array(this.columns.length), fresh: new Uint8Array(this.columns.length) });
    const expectation = (this.blockExpectation ??= newExpectation(this.columns.length));
    row.mode = block.mode;
    const model = this.modes.get(block.mode);
    this.ahead ??= new ColumnsAhead(this);
    for (let place = from; place < to;) {
      if (model !== undefined) {
        place = this.ahead.learn(model, block, place, to);
        this.notedMs = NaN;
      }
      const few = Math.min(to, place + rowsOneByOne);
      for (; place < few; place += 1) {
        block.read(place, row);
        this.expect(row, expectation);
        block.expect(place, expectation);
        this.learn(row);
        // A column that begins anew has to settle again.
        if (!this.allSettled()) return place + 1;
      }
    }
    return to;
  }

  private allSettled(): boolean {
    for (let column = 0; column < this.judged.length; column += 1) if (this.judged[column] === 1 && this.settled[column] === 0) return false;
    return true;
  }

  private keep(model: ModeModel): void {
    if (this.keptModel !== model) {
      this.keptModel = model;
      const { lower, right, coefficients } = model;
      this.keptParts = [
        wholeTable(model.rows), ...[lower, right, coefficients, this.columnTimeMs, this.columnRows, this.settled].map((numbers) => ({ numbers, each: 1 })),
      ];
    }
    this.copies.keep(this.keptParts);
    model.lagged?.keep();
    model.bins?.keep();
    model.points?.keep();
    this.lags.keep();
    this.kept.keep();
    this.settingsBefore = this.settings.slice();
    const { timeMs, mode, rowsSinceSet } = this;
    this.before = { timeMs, mode, rowsSinceSet };
  }

  private putBack(): void {
    const { keptModel: model, before } = this;
    if (model === undefined || before === undefined) return;
    this.copies.putBack();
    model.lagged?.putBack();
    model.bins?.putBack();
    model.points?.putBack();
    this.lags.putBack();
    this.kept.putBack();
    this.settings.set(this.settingsBefore);
    this.timeMs = before.timeMs;
    this.mode = before.mode;
    this.rowsSinceSet = before.rowsSinceSet;
    this.notedMs = NaN;
  }

  learnAgain(properties?: readonly string[]): void {
    this.notedMs = NaN;
    if (properties !== undefined) {
      for (const model of this.modes.values()) {
        for (let column = 0; column < this.columns.length; column += 1) {
          if (properties.includes(this.columns[column]!.name)) this.forgetColumn(model, column);
        }
      }
      return;
    }
    this.started = false;
    this.timeMs = NaN;
    this.firstTimeMs = NaN;
    this.settled.fill(0);
    this.takeDrivers([]);
    this.modes.clear();
    this.columnTimeMs.fill(NaN);
    this.columnRows.fill(0);
    this.kept = new KeptRows(this.columns.length, keptRows);
    this.joined.fill(0);
    this.newcomers = undefined;
    this.joinedMs = NaN;
    this.review = 0;
  }

  driverColumns(): readonly number[] {
    return this.drivers;
  }

  progress(): BaselineProgress {
    const model = this.modes.get(this.mode);
    const missing: BaselineProgress['missing'] = [];
    let least = Infinity;
    let unsettled = 0;
    for (let column = 0; column < this.columns.length; column += 1) {
      if (this.judged[column] === 0) continue;
      const property = this.columns[column]!.name;
      if (this.columnRows[column] === 0) {
        missing.push({ code: 'fresh-values', property, missing: 1 });
        continue;
      }
      const rows = this.started ? (model?.rows[column] ?? 0) : Math.min(this.columnRows[column]!, this.startRows - 1);
      least = Math.min(least, rows);
      if (rows < this.minimumRows) missing.push({ code: 'rows', property, missing: Math.ceil(this.minimumRows - rows) });
      if (this.started && this.settled[column] === 0) {
        unsettled += 1;
        // The next look is taken when the history is twice as long.
        missing.push({ code: 'time', property, missing: this.timeMs - (this.joined[column] === 1 ? this.joinedMs : this.firstTimeMs) });
      }
    }
    const rows = Number.isFinite(least) ? least : 0;
    if (model?.points !== undefined && model.points.known() === 0) missing.push({ code: 'operating-points', missing: 1 });
    return {
      started: this.started,
      phase: rows >= this.minimumRows && unsettled === 0 ? 'armed' : rows >= this.startRows ? 'provisional' : 'learning',
      percent: Math.floor((unsettled === 0 ? 100 : 90) * Math.min(1, rows / this.minimumRows)),
      missing,
    };
  }

  snapshot(): Json {
    return {
      v: snapshotVersion,
      columns: this.columns.map(({ name }) => name),
      timeMs: Number.isNaN(this.timeMs) ? null : this.timeMs,
      firstTimeMs: Number.isNaN(this.firstTimeMs) ? null : this.firstTimeMs,
      settled: numbersToJson(this.settled),
      started: this.started,
      mode: this.mode,
      ...(this.drivers.length === 0 ? {} : { lags: this.lags.snapshot() }),
      drivers: this.drivers.map((driver) => this.columns[driver]!.name),
      centers: numbersToJson(this.centers),
      scales: numbersToJson(this.scales),
      columnTimeMs: numbersToJson(this.columnTimeMs),
      columnRows: numbersToJson(this.columnRows),
      kept: this.kept.snapshot(),
      review: this.review,
      ...(this.newcomers === undefined
        ? {}
        : { joined: numbersToJson(this.joined), joinedMs: Number.isNaN(this.joinedMs) ? null : this.joinedMs, newcomers: this.newcomers.snapshot() }),
      modes: [...this.modes].map(([mode, { points, lagged, bins, ...arrays }]) => [
        mode, tableToJson(arrays), points?.snapshot() ?? null, ...(lagged === undefined || bins === undefined ? [] : [lagged.snapshot(), bins.snapshot()]),
      ]),
    };
  }

  private restore(json: Json): void {
    const what = 'baseline';
    const names = member(json, 'columns');
    if (numberFromJson(json, 'v', what) !== snapshotVersion) throw unreadableSnapshot(what, 'it is of another version');
    if (!Array.isArray(names) || names.length !== this.columns.length || this.columns.some(({ name }, index) => names[index] !== name)) {
      throw unreadableSnapshot(what, 'it is of other columns');
    }
    const timeMs = member(json, 'timeMs');
    const started = member(json, 'started');
    const mode = member(json, 'mode');
    const drivers = member(json, 'drivers');
    const modes = member(json, 'modes');
    if (!(timeMs === null || typeof timeMs === 'number') || typeof started !== 'boolean' || typeof mode !== 'string' || !Array.isArray(drivers) ||
      !Array.isArray(modes) || modes.length > mostModes) {
      throw unreadableSnapshot(what, 'a part is missing');
    }
    const firstTimeMs = member(json, 'firstTimeMs');
    this.firstTimeMs = typeof firstTimeMs === 'number' ? firstTimeMs : NaN;
    numbersFromJson(member(json, 'settled'), this.settled, `${what}.settled`);
    this.timeMs = timeMs ?? NaN;
    this.started = started;
    this.mode = mode;
    const driverColumns = drivers.map((driver) => this.columns.findIndex(({ name }) => name === driver));
    if (driverColumns.some((column) => column < 0) || driverColumns.length > mostDrivers) throw unreadableSnapshot(what, 'a driver is missing');
    this.takeDrivers(driverColumns);
    const lags = member(json, 'lags');
    if (lags !== undefined && driverColumns.length > 0) this.lags.restore(lags, `${what}.lags`);
    numbersFromJson(member(json, 'centers'), this.centers, `${what}.centers`);
    numbersFromJson(member(json, 'scales'), this.scales, `${what}.scales`);
    numbersFromJson(member(json, 'columnTimeMs'), this.columnTimeMs, `${what}.columnTimeMs`);
    numbersFromJson(member(json, 'columnRows'), this.columnRows, `${what}.columnRows`);
    this.kept.restore(member(json, 'kept'), `${what}.kept`);
    this.review = Math.max(0, numberFromJson(json, 'review', what));
    const newcomers = member(json, 'newcomers');
    if (newcomers !== undefined) {
      numbersFromJson(member(json, 'joined'), this.joined, `${what}.joined`);
      const joinedMs = member(json, 'joinedMs');
      this.joinedMs = typeof joinedMs === 'number' ? joinedMs : NaN;
      this.newcomers = new KeptRows(this.columns.length, keptRows);
      this.newcomers.restore(newcomers, `${what}.newcomers`);
    }
    for (const entry of modes) {
      if (!Array.isArray(entry) || typeof entry[0] !== 'string') throw unreadableSnapshot(what, 'a mode is damaged');
      const model = this.newModel();
      const { points, lagged, bins, ...arrays } = model;
      tableFromJson(arrays, entry[1], `${what}.modes`);
      // Absent in states of an earlier version: it is learned from here on.
      if (entry[3] !== undefined && entry[3] !== null) lagged?.restore(entry[3], `${what}.lagged`);
      if (entry[4] !== undefined && entry[4] !== null) bins?.restore(entry[4], `${what}.bins`);
      else bins?.trust();
      if (points !== undefined) model.points = OperatingPoints.restore(this.drivers.length, entry[2]);
      this.modes.set(entry[0], model);
    }
  }

  private isNew(row: SignalRow, column: number): boolean {
    return row.fresh[column] === 1 && isMeasurement(row.values[column]!) && !(row.timeMs <= this.columnTimeMs[column]!);
  }

  private isAnyNew(row: SignalRow): boolean {
    for (let column = 0; column < this.judged.length; column += 1) if (this.isNew(row, column)) return true;
    return false;
  }

  private busiest(): number {
    let most = 0;
    for (let column = 0; column < this.columnRows.length; column += 1) if (this.columnRows[column]! > most) most = this.columnRows[column]!;
    return most;
  }

  private countAndKeep(row: SignalRow): void {
    const width = this.columns.length;
    let anyNew = false;
    for (let column = 0; column < width; column += 1) {
      if (!this.isNew(row, column)) continue;
      anyNew = true;
      this.columnRows[column]! += 1;
      this.columnTimeMs[column] = row.timeMs;
    }
    if (!anyNew) return;
    if (this.newcomers?.offer(row.values, row.mode) === true && isDue(this.newcomers)) this.settle(this.newcomers);
    if (this.kept.offer(row.values, row.mode) && this.started && isDue(this.kept)) this.settle(this.kept);
  }

  /**
   * A column is settled once the four quarters of its history differ from each other not much more than independent values
   * would (analysis of variance, Fisher 1925): before, the machine is still showing something new, and a new level is no fault.
   */
  private settle(kept: KeptRows): void {
    const joined = kept === this.newcomers ? 1 : 0;
    const sinceMs = joined === 1 ? this.joinedMs : this.firstTimeMs;
    const busiest = joined === 1 ? Math.max(...this.columnRows.filter((_, column) => this.joined[column] === 1)) : this.busiest();
    const overdue = this.timeMs - sinceMs >= longestLearningMs || busiest >= longestLearningRows;
    const quarter = Math.floor(kept.count / 4);
    for (let column = 0; column < this.judged.length; column += 1) {
      if (this.judged[column] === 0 || this.settled[column] === 1 || this.joined[column] !== joined) continue;
      if (this.isCalm(kept, column, 0) || overdue) {
        this.settled[column] = 1;
      } else if (kept.isFull && this.isCalm(kept, column, quarter)) {
        // Only the begin was different: a machine that warmed up. It is left out.
        this.learnFrom(kept, column, quarter);
        this.settled[column] = 1;
      }
    }
    if (joined === 0 || this.joined.some((one, column) => one === 1 && this.settled[column] === 0)) return;
    this.joined.fill(0);
    this.newcomers = undefined;
    this.joinedMs = NaN;
  }

  private isCalm(kept: KeptRows, column: number, firstRow: number): boolean {
    const rowCount = kept.count - firstRow;
    const terms = this.terms();
    let total = 0;
    let count = 0;
    let within = 0;
    let sumOfMeans = 0;
    for (let block = 0; block < settledBlocks; block += 1) {
      let sum = 0;
      let squares = 0;
      let inBlock = 0;
      const end = firstRow + Math.floor(((block + 1) * rowCount) / settledBlocks);
      for (let row = firstRow + Math.floor((block * rowCount) / settledBlocks); row < end; row += 1) {
        const model = this.modes.get(kept.modes[row]!);
        if (model === undefined || Number.isNaN(kept.value(row, column)) || !this.readKeptPoint(kept, row)) continue;
        let centre = model.mean[column]!;
        let square = model.meanSquare[column]!;
        if (this.prefersFit(model, column)) {
          this.readFeatures();
          centre = this.fit(model, column, terms);
          square = model.fitSquare[column]!;
        }
        const reach = 5 * Math.sqrt(square);
        const residual = Math.max(-reach, Math.min(reach, kept.value(row, column) - centre));
        sum += residual;
        squares += residual * residual;
        inBlock += 1;
      }
      if (inBlock < 6) return false;
      count += inBlock;
      total += sum;
      sumOfMeans += (sum * sum) / inBlock;
      within += squares - (sum * sum) / inBlock;
    }
    const between = sumOfMeans - (total * total) / count;
    return between / (settledBlocks - 1) <= (settledRatio * within) / (count - settledBlocks);
  }

  /** Forgets a column and learns it from the kept rows, but for the first ones. */
  private learnFrom(kept: KeptRows, column: number, firstRow: number): void {
    const rowsBefore = new Map<ModeModel, number>();
    for (const model of this.modes.values()) {
      rowsBefore.set(model, model.rows[column]!);
      this.forgetColumn(model, column);
    }
    for (let row = firstRow; row < kept.count; row += 1) {
      const model = this.modes.get(kept.modes[row]!);
      if (model === undefined || Number.isNaN(kept.value(row, column)) || !this.readKeptPoint(kept, row)) continue;
      this.readFeatures();
      this.learnValue(model, column, kept.value(row, column), 0, true);
    }
    for (const [mode, model] of this.modes) {
      this.fitKept(kept, mode, model, column, firstRow);
      model.rows[column] = Math.max(model.rows[column]!, rowsBefore.get(model)!);
    }
  }

  private start(): void {
    this.started = true;
    this.chooseDrivers();
    this.learnKept();
    // Of `stride` rows only one was kept, but all were seen.
    for (const { rows } of this.modes.values()) {
      for (let column = 0; column < rows.length; column += 1) rows[column] = Math.min(rows[column]! * this.kept.each, this.columnRows[column]!);
    }
  }

  private chooseDrivers(): void {
    const drivers = this.named.length > 0 ? [...this.named] : guessDrivers(this.columns, this.kept.all(), this.kept.count);
    this.takeDrivers(speedFirst(drivers, this.columns));
    for (let index = 0; index < this.drivers.length; index += 1) {
      const { middle, scale } = this.driverScale(this.drivers[index]!);
      this.centers[index] = middle;
      this.scales[index] = scale;
    }
  }

  private driverScale(driver: number): { middle: number; scale: number } {
    const { low, middle, high } = spreadOf(this.kept.all(), this.kept.count, this.columns.length, driver);
    const { range, smallestChange = 0 } = this.columns[driver]!;
    const rangeWidth = range === undefined ? 0 : range.high - range.low;
    const scale = Math.max((high - low) / 2, rangeWidth > 0 ? rangeWidth / 20 : 0, smallestChange, 0.02 * Math.abs(middle));
    return { middle: Number.isNaN(middle) ? 0 : middle, scale: scale > 0 ? scale : 1 };
  }

  private reviewDrivers(): void {
    const guessed = this.named.length > 0 ? this.drivers : guessDrivers(this.columns, this.kept.all(), this.kept.count);
    // A guess is kept once made: a change would throw away what was learned, and faults must not be able to cause one.
    const drivers = this.drivers.length > 0 ? this.drivers : guessed;
    const outgrown = this.drivers.some((driver, index) => this.driverScale(driver).scale > 3 * this.scales[index]!);
    if (drivers.length === this.drivers.length && !outgrown) return;
    const rowsBefore = new Map([...this.modes].map(([mode, model]) => [mode, model.rows]));
    this.modes.clear();
    this.chooseDrivers();
    this.learnKept();
    for (const [mode, model] of this.modes) {
      const rows = rowsBefore.get(mode);
      for (let column = 0; rows !== undefined && column < rows.length; column += 1) {
        model.rows[column] = Math.max(model.rows[column]!, Math.min(rows[column]!, this.minimumRows));
      }
    }
  }

  /** Learns the kept rows, each column clipped to eight robust spreads around its median in that mode. */
  private learnKept(): void {
    const width = this.columns.length;
    const rowCount = this.kept.count;
    const scratch = new Float64Array(rowCount);
    const limits = new Map<string, { low: Float64Array; high: Float64Array }>();
    for (const mode of new Set(this.kept.modes)) {
      const low = new Float64Array(width).fill(-Infinity);
      const high = new Float64Array(width).fill(Infinity);
      for (let column = 0; column < width; column += 1) {
        const count = this.gather(mode, column, scratch);
        if (count < 8) continue;
        const middle = medianInPlace(scratch, count);
        for (let index = 0; index < count; index += 1) scratch[index] = Math.abs(scratch[index]! - middle);
        const reach = 8 * 1.4826 * medianInPlace(scratch, count);
        if (!(reach > 0)) continue;
        low[column] = middle - reach;
        high[column] = middle + reach;
      }
      limits.set(mode, { low, high });
    }
    for (let row = 0; row < rowCount; row += 1) {
      const mode = this.kept.modes[row]!;
      const { low, high } = limits.get(mode)!;
      const model = this.modelOf(mode);
      if (!this.readKeptPoint(this.kept, row)) continue;
      this.readFeatures();
      for (let column = 0; column < width; column += 1) {
        const value = this.kept.value(row, column);
        if (!Number.isNaN(value)) this.learnValue(model, column, Math.min(high[column]!, Math.max(low[column]!, value)), 0, true);
      }
      model.points?.visit(this.point);
      model.bins?.read(this.features);
      model.bins?.visit();
    }
    for (const [mode, model] of this.modes) {
      for (let column = 0; column < width; column += 1) this.fitKept(this.kept, mode, model, column, 0);
    }
    this.settle(this.kept);
  }

  private gather(mode: string, column: number, into: Float64Array): number {
    let count = 0;
    for (let row = 0; row < this.kept.count; row += 1) {
      const value = this.kept.value(row, column);
      if (this.kept.modes[row] !== mode || Number.isNaN(value)) continue;
      into[count] = value;
      count += 1;
    }
    return count;
  }

  /** After the kept rows: fit at once, and take the spread around mean and fit from these rows, with the terms' degrees of freedom. */
  private fitKept(kept: KeptRows, mode: string, model: ModeModel, column: number, firstRow: number): void {
    const terms = this.terms();
    const weight = model.weight[column]!;
    if (weight < 8) return;
    const fitted = terms > 1 && weight >= 3 * terms && this.solve(model, column);
    const reach = 64 * model.meanSquare[column]!;
    let meanSquares = 0;
    let fitSquares = 0;
    let count = 0;
    for (let row = firstRow; row < kept.count; row += 1) {
      const value = kept.value(row, column);
      if (kept.modes[row] !== mode || Number.isNaN(value) || !this.readKeptPoint(kept, row)) continue;
      this.readFeatures();
      count += 1;
      meanSquares += Math.min((value - model.mean[column]!) ** 2, reach);
      if (fitted) fitSquares += Math.min((value - this.fit(model, column, terms)) ** 2, reach);
    }
    if (count < 8) return;
    model.meanSquare[column] = meanSquares / (count - 1);
    if (fitted && count > 2 * terms) {
      model.fitSquare[column] = (fitSquares / count) * ((count + terms) / (count - terms));
      model.fitRows[column] = Math.max(fitRowsToTrust, count / 2);
    }
  }

  /** @param covered whether there was an expectation; where there was none, the value is taken as it is. */
  private learnValue(model: ModeModel, column: number, raw: number, stepMs: number, covered: boolean, thorough: boolean | undefined = undefined): void {
    const terms = this.terms();
    // The longer it was otherwise, the longer it has to be said.
    const mostDoubts = model.lagged === undefined ? this.startRows : Math.max(doubtfulRuns * this.startRows, doubtShare * model.weight[column]!);
    if (model.doubts[column]! >= mostDoubts) this.beginAnew(model, column, thorough === undefined ? NaN : raw - this.centres[column]!);
    const weight = model.weight[column]!;
    const mean = model.mean[column]!;
    const fitRows = terms > 1 ? model.fitRows[column]! : 0;
    const fit = fitRows > 0 ? this.fit(model, column, terms) : mean;
    const meanSquare = model.meanSquare[column]!;
    let value = raw;
    let counts = 1;
    if (weight >= this.startRows && covered) {
      let centre = this.centres[column]!;
      let reach = this.reaches[column]!;
      if (thorough === undefined) {
        const fitSquare = model.fitSquare[column]!;
        const fitted = isFitPreferred(fitRows, fitSquare, meanSquare);
        centre = fitted ? fit : mean;
        reach = bandWidths * Math.sqrt(fitted ? fitSquare : meanSquare);
      }
      if (reach > 0) {
        if (raw > centre + reach) value = centre + reach;
        else if (raw < centre - reach) value = centre - reach;
        model.doubts[column] = value === raw ? 0 : model.doubts[column]! + 1;
        if (weight < youngRows && this.settled[column] === 1 && this.leans(model, column, (value - centre) / (reach / bandWidths))) counts = leaningShare;
      }
    }
    const passed = stepMs / memoryMs;
    const young = 1 / (weight + 1);
    const share = counts * (young > passed ? young : passed);
    const fromMean = value - mean;
    if (weight > 0) model.meanSquare[column] = meanSquare + share * (fromMean * fromMean - meanSquare);
    model.mean[column] = weight === 0 ? value : mean + share * fromMean;
    model.weight[column] = weight + counts;
    model.rows[column]! += 1;
    if (terms === 1) return;
    if (fitRows > 0 && covered) {
      const before = model.fitSquare[column]!;
      const fromFit = value - fit;
      const newest = 1 / (fitRows + 1);
      model.fitSquare[column] = before + counts * (newest > passed ? newest : passed) * (fromFit * fromFit - before);
      model.fitRows[column] = fitRows + counts;
    }
    // Where the other fit is there, too, this one need not know of every row.
    if (thorough === false) return;
    const features = this.features;
    const lower = model.lower;
    const right = model.right;
    let place = (column * terms * (terms + 1)) / 2;
    const start = column * terms;
    for (let row = 0; row < terms; row += 1) {
      const feature = counts * features[row]!;
      for (let other = 0; other <= row; other += 1) {
        lower[place]! += feature * features[other]!;
        place += 1;
      }
      right[start + row]! += feature * value;
    }
    model.fade[column]! += counts * (stepMs / memoryMs);
    if (weight + 1 >= model.nextSolve[column]! && weight + 1 >= this.startRows) {
      this.solve(model, column);
      model.nextSolve[column] = weight + 1 + Math.min(1_000, Math.ceil((weight + 1) / 2));
    }
  }

  /** Whether a column has been off to one side for some time: it may be the begin of a fault. Moves on by a value. */
  private leans(model: ModeModel, column: number, distance: number): boolean {
    const rows = model.weight[column]!;
    const lean = model.lean[column]! + (distance - model.lean[column]!) / leanRows;
    const square = Math.max(model.leanSquare[column]!, 1 / (2 * leanRows - 1));
    model.lean[column] = lean;
    if (lean * lean > leanWidth * leanWidth * (square + 1 / rows)) return true;
    model.leanSquare[column]! += (1 / (rows - this.startRows + 1)) * (lean * lean - model.leanSquare[column]!);
    return false;
  }

  /**
   * Whether a setpoint was moved a moment ago: at a point that is new the machine has to get there first, and the setpoint may have arrived before what it
   * sets. Such a row would stand for what is normal there.
   */
  private isJustSet(row: SignalRow): boolean {
    if (!this.isAnyNew(row)) return false;
    this.noteSettings();
    return this.rowsSinceSet < rowsToArrive;
  }

  /** Notes where the drivers are, and whether a setpoint among them was moved. */
  noteSettings(): void {
    const { drivers, features, settings } = this;
    this.rowsSinceSet += 1;
    for (let driver = 0; driver < drivers.length; driver += 1) {
      if (this.columns[drivers[driver]!]!.kind === 'setpoint' && Math.abs(features[driver + 1]! - settings[driver]!) > moved) this.rowsSinceSet = 0;
      settings[driver] = features[driver + 1]!;
    }
  }

  /** Whether the operating point that was read last is known; reads its features. */
  isCovered(model: ModeModel): boolean {
    this.readFeatures();
    model.bins?.read(this.features);
    return (model.points?.covers(this.point) ?? true) && (model.bins?.covers() ?? true);
  }

  /** Reads what is the same for all columns at the point that was read last. @returns whether there is a fit that knows what the drivers were */
  private readSurroundings({ lagged, bins }: ModeModel, timeMs: number): boolean {
    if (lagged === undefined || bins === undefined) return false;
    this.lags.read(this.features, timeMs);
    this.youth = bins.youth();
    this.preference = !lagged.knows(this.lags) ? 0 : lagged.isTried ? asGood : worthwhile;
    return true;
  }

  /** Writes what is expected of a column at the point that was read last, and how far from it a value may lie. */
  private readColumn(model: ModeModel, column: number): void {
    const { lagged } = model;
    const fitted = this.prefersFit(model, column);
    const square = fitted ? model.fitSquare[column]! : model.meanSquare[column]!;
    let widening = 1;
    if (lagged !== undefined) {
      widening = lagged.widening(column, this.lags.terms) * this.youth;
      const other = lagged.square(column);
      if (other < this.preference * square) {
        this.centres[column] = lagged.value(column, this.lags);
        this.reaches[column] = bandWidths * (Math.sqrt(other) * widening);
        return;
      }
    }
    this.centres[column] = fitted ? this.fit(model, column, this.terms()) : model.mean[column]!;
    this.reaches[column] = bandWidths * (Math.sqrt(square) * widening);
  }

  /** Whether centres and reaches are those of this row, which was just asked for. */
  private isNoted(timeMs: number, model: ModeModel): boolean {
    if (timeMs !== this.notedMs || model !== this.notedOf) return false;
    for (let index = 0; index < this.point.length; index += 1) if (this.point[index] !== this.noted[index]) return false;
    return true;
  }

  /**
   * Moves the lags on, and lets the fit that knows of them learn the row before the others do, so that it sees what was expected; notes that.
   * @returns undefined where there is no such fit, else whether it took the row
   */
  private learnLagged(model: ModeModel, row: SignalRow, covered: boolean): boolean | undefined {
    const { lagged, bins } = model;
    if (lagged === undefined || bins === undefined || !this.isAnyNew(row)) return undefined;
    const known = this.isNoted(row.timeMs, model);
    if (!known) this.readSurroundings(model, row.timeMs);
    const takes = lagged.takes(Number.isNaN(this.lags.timeMs) ? 0 : Math.min(longestStepMs, Math.max(0, row.timeMs - this.lags.timeMs))) || !covered;
    this.notedMs = NaN;
    const { centres, reaches, clipped, judged } = this;
    const learns = takes && this.lags.isSettled;
    for (let column = 0; column < judged.length; column += 1) {
      if (judged[column] === 0) {
        clipped[column] = NaN;
        continue;
      }
      // An expectation may also be that of a moment ago, when the column was not yet known.
      if (!known || centres[column]! !== centres[column]! || model.weight[column]! < this.startRows) {
        centres[column] = NaN;
        reaches[column] = 0;
        clipped[column] = NaN;
        if (model.weight[column]! < this.startRows) continue;
        this.readColumn(model, column);
      }
      if (!learns) continue;
      const centre = centres[column]!;
      const reach = reaches[column]!;
      const value = row.values[column]!;
      if (!this.isNew(row, column)) clipped[column] = NaN;
      else clipped[column] = reach > 0 && covered ? Math.min(centre + reach, Math.max(centre - reach, value)) : value;
    }
    if (takes) {
      if (this.lags.isSettled) lagged.learn(this.lags, this.clipped, this.centres, covered, this.judged, this.reaches);
      if (bins.visit()) lagged.solve();
    }
    this.lags.follow(row.timeMs);
    return takes;
  }

  private solve(model: ModeModel, column: number): boolean {
    const terms = this.terms();
    const triangle = (terms * (terms + 1)) / 2;
    const keep = Math.exp(-model.fade[column]!);
    if (keep < 1) {
      for (let place = column * triangle; place < (column + 1) * triangle; place += 1) model.lower[place]! *= keep;
      for (let place = column * terms; place < (column + 1) * terms; place += 1) model.right[place]! *= keep;
      model.fade[column] = 0;
    }
    const start = column * terms;
    const solved = solveRidge(model.lower, column * triangle, model.right, start, terms, ridge, model.coefficients, start);
    if (solved && model.fitRows[column] === 0) {
      model.fitRows[column] = 1;
      model.fitSquare[column] = model.meanSquare[column]!;
    }
    return solved;
  }

  private prefersFit(model: ModeModel, column: number): boolean {
    return isFitPreferred(model.fitRows[column]!, model.fitSquare[column]!, model.meanSquare[column]!);
  }

  private fit(model: ModeModel, column: number, terms: number): number {
    const { coefficients } = model;
    const { features } = this;
    const start = column * terms;
    let sum = 0;
    for (let term = 0; term < terms; term += 1) sum += coefficients[start + term]! * features[term]!;
    return sum;
  }

  private terms(): number {
    const drivers = this.drivers.length;
    return 1 + drivers + (drivers * (drivers + 1)) / 2;
  }

  /** Reads the drivers' values; false when one has none. */
  readPoint(values: Float64Array): boolean {
    for (let index = 0; index < this.drivers.length; index += 1) {
      const value = values[this.drivers[index]!]!;
      if (!isMeasurement(value)) return false;
      this.point[index] = value;
    }
    return true;
  }

  private readKeptPoint(kept: KeptRows, row: number): boolean {
    for (let index = 0; index < this.drivers.length; index += 1) {
      const value = kept.value(row, this.drivers[index]!);
      if (!isMeasurement(value)) return false;
      this.point[index] = value;
    }
    return true;
  }

  /** 1, each driver, then each product of two, of the drivers at `point`. */
  private readFeatures(): void {
    const { drivers, features, point, centers, scales } = this;
    features[0] = 1;
    let next = 1;
    for (let index = 0; index < drivers.length; index += 1) {
      features[next] = Math.min(50, Math.max(-50, (point[index]! - centers[index]!) / scales[index]!));
      next += 1;
    }
    for (let one = 0; one < drivers.length; one += 1) {
      for (let other = 0; other <= one; other += 1) {
        features[next] = features[1 + one]! * features[1 + other]!;
        next += 1;
      }
    }
  }

  private takeDrivers(drivers: number[]): void {
    this.drivers = drivers;
    for (let column = 0; column < this.columns.length; column += 1) {
      const { kind } = this.columns[column]!;
      this.judged[column] = (kind === 'measured' || kind === 'derived') && !drivers.includes(column) ? 1 : 0;
    }
    this.settings = new Float64Array(drivers.length).fill(NaN);
    this.rowsSinceSet = rowsToArrive;
    this.centers = new Float64Array(drivers.length);
    this.scales = new Float64Array(drivers.length).fill(1);
    this.point = new Float64Array(drivers.length);
    this.features = new Float64Array(this.terms());
    this.lags = new DriverLags(drivers.length);
    this.noted = new Float64Array(drivers.length);
    this.notedMs = NaN;
  }

  private modelOf(mode: string): ModeModel {
    let model = this.modes.get(mode);
    if (model !== undefined) return model;
    if (this.modes.size >= mostModes) {
      let least: string | undefined;
      let leastRows = Infinity;
      for (const [name, { rows }] of this.modes) {
        const sum = rows.reduce((a, b) => a + b, 0);
        if (sum < leastRows) {
          least = name;
          leastRows = sum;
        }
      }
      if (least !== undefined) this.modes.delete(least);
    }
    model = this.newModel();
    this.modes.set(mode, model);
    return model;
  }

  private newModel(): ModeModel {
    const width = this.columns.length;
    const terms = this.terms();
    const fitted = terms > 1 ? width * terms : 0;
    const take = columnArrays(width, 11);
    return {
      rows: take(), weight: take(), mean: take(), meanSquare: take(),
      fitSquare: take(), fitRows: take(), nextSolve: take(),
      doubts: take(), lean: take(), leanSquare: take(), fade: take(),
      lower: new Float64Array((fitted * (terms + 1)) / 2), right: new Float64Array(fitted), coefficients: new Float64Array(fitted),
      bins: this.drivers.length > 0 ? new DriverBins(this.drivers.length) : undefined,
      lagged: this.drivers.length > 0 ? new LaggedFit(this.drivers.length, width) : undefined,
      points: this.drivers.length > 0 ? new OperatingPoints(this.centers.slice(), this.scales.map((scale) => scale / 3)) : undefined,
    };
  }

  /** Whoever gives such values to learn for so long says that they are normal now. */
  private beginAnew(model: ModeModel, column: number, away: number): void {
    this.notedMs = NaN;
    const { lagged } = model;
    // The fit of what the drivers were goes on from the new level, for its matrix is all columns' own.
    model.lagged = undefined;
    this.forgetColumn(model, column);
    model.lagged = lagged;
    if (Number.isFinite(away)) lagged?.shift(column, away);
    model.rows[column] = this.startRows;
    this.settled[column] = 0;
  }

  private forgetColumn(model: ModeModel, column: number): void {
    model.lagged?.forget(column);
    const terms = this.terms();
    const { rows, weight, mean, meanSquare, fitSquare, fitRows, nextSolve, doubts, lean, leanSquare, fade } = model;
    for (const numbers of [rows, weight, mean, meanSquare, fitSquare, fitRows, nextSolve, doubts, lean, leanSquare, fade]) numbers[column] = 0;
    if (terms === 1) return;
    const triangle = (terms * (terms + 1)) / 2;
    model.lower.fill(0, column * triangle, (column + 1) * triangle);
    model.right.fill(0, column * terms, (column + 1) * terms);
    model.coefficients.fill(0, column * terms, (column + 1) * terms);
  }
}

/** Whether a fit has been tried on values enough and leaves clearly less than the plain mean. */
export function isFitPreferred(fitRows: number, fitSquare: number, meanSquare: number): boolean {
  return fitRows >= fitRowsToTrust && fitSquare < worthwhile * meanSquare;
}

/** Whether to look again whether what is kept is the same all through. */
function isDue(kept: KeptRows): boolean {
  return kept.count >= settledRows && kept.count % 4 === 0;
}
