import type { SentValue, TwinEvent, TwinHeader, QualityWord } from '../../contract/messages.ts';
import type { Compiled } from '../expression/compile.ts';
import type { ExpressionContext, ExpressionValue } from '../expression/expressionValue.ts';
import type { Observation, Quality } from '../observation.ts';
import type { HistoryPoint, Json } from '../ports.ts';
import type { Problem } from '../problem.ts';
import { formatDuration } from '../time/duration.ts';
import { formatIsoTime } from '../time/isoTime.ts';
import { AddressMap, leftOut, unmapped } from './addressMap.ts';
import type { AddressTarget, MappingRow, Scaling } from './addressMap.ts';
import { ArrivalInterval } from './arrivalInterval.ts';
import { ClockComparison, earliestTimeMs, latestTimeMs } from './clockComparison.ts';
import { machineLimits } from './machineLimits.ts';
import type { LimitName, LimitRow } from './machineLimits.ts';
import { numberFromText } from './numberText.ts';
import type { ObservationListener, ObservationOutcome } from './observationListener.ts';
import { PropertyTable, bad, empty, good, largestExact, numeric, other, sentThing, uncertain, words } from './propertyTable.ts';
import type { Grade } from './propertyTable.ts';
import { copyOf, finite, recordOf, timeOf } from './snapshotParts.ts';
import { readRegister } from './registerAddress.ts';
import { eventText, wordText } from './texts.ts';
import type { Language, TextCode, TextValues } from './texts.ts';
import type { PropertyKind, TwinType, TypeProperty } from './twinType.ts';
import { displayUnit, formatQuantity } from './unitText.ts';
import { UnmappedAddresses } from './unmappedAddresses.ts';
import type { UnmappedAddress } from './unmappedAddresses.ts';

export interface TwinOptions {
  key: string;
  name: string;
  type: TwinType;
  /** Where it stands, its own key or name last. */
  path: readonly string[];
  /** What stands for the placeholders of the type's address patterns. */
  placeholders?: ReadonlyMap<string, string>;
  mapping?: readonly MappingRow[];
  /** value = raw × scale + offset of properties whose address is the type's. A row of `mapping` has its own. */
  scaling?: ReadonlyMap<string, Scaling>;
  /** The machine's own limits, instead of the type's. Another limit relearns nothing. */
  limits?: readonly LimitRow[];
  /** Stale after this many expected intervals; default 5, at least 2. */
  staleAfter?: number;
  /** Rate of the site's clock; limits on clock differences are multiplied by it where it is above 1. */
  clockRate?: number;
  /** Of the events' sentences; default en-US. */
  language?: Language;
  /** The twin of a replay: rows are its present. No clock is compared, nothing is backfill. */
  replay?: boolean;
}

/** What happened to the values of a row, or since the start. */
export interface TwinCounts {
  /** Taken as current. */
  accepted: number;
  /** Same time and value again. */
  duplicates: number;
  /** Same time, other value: the last one won. */
  replaced: number;
  /** Older than the current one: to history only. */
  late: number;
  /** Of those, later than a day: kept in history, never evaluated. */
  tooLate: number;
  /** Dated with an impossible time. */
  refused: number;
  /** Dated more than 5 min in the future. */
  quarantined: number;
  /** Not usable: bad status, no number, outside the range. */
  bad: number;
  uncertain: number;
  /** Source and site clock differ by more than 5 s. */
  skewed: number;
  unmapped: number;
  /** Left out by the machine's table. */
  leftOut: number;
}

/** What one row did. */
export interface TwinUpdate {
  /** Names whose value or quality is another now. */
  changed: string[];
  /** Names that this row renewed, with the same value too. */
  updated: string[];
  /** Source time of the twin's current state, ms UTC; never goes back. */
  timeMs: number;
  events: TwinEvent[];
  /** What belongs into history: every value that was not refused, quarantined or a duplicate; gaps as null. */
  accepted: HistoryPoint[];
  /** Delivered late (source time long past, though the source's clock is right), or said to be historical: no live alarm, no command. */
  backfill: boolean;
  counts: TwinCounts;
}

/** How a row is to be taken. */
export interface RowOptions {
  /** Of the whole row. Default good. */
  quality?: Quality;
  /** Per name, where it differs. */
  qualities?: ReadonlyMap<string, Quality>;
  /** The topic that the row came under; '' = none. */
  topic?: string;
  historical?: boolean;
}

/** A property as pages and dialogs show it. */
export interface PropertyState {
  name: string;
  label: string;
  unit: string;
  kind: PropertyKind;
  value: SentValue;
  quality: Quality;
  /** The source's code, or ours where we judged. */
  statusCode?: string | number;
  /** Source time of the value shown; absent where there never was one. */
  timeMs?: number;
  stale: boolean;
  /** Limits that are exceeded now. */
  limits: ('highHigh' | 'high' | 'low' | 'lowLow')[];
}

const limitBits: Readonly<Record<LimitName, number>> = { highHigh: 1, high: 2, low: 4, lowLow: 8 };

const lateBoundMs = 86_400_000;
const defaultGapMs = 600_000;
const longestText = 1000;
const rememberedPlans = 64;
const clockEventEveryMs = 3_600_000;
const qualityEventsPerRow = 3;

interface RowPlan {
  keys: string[];
  targets: AddressTarget[];
}

/**
 * A living twin of one machine: its current values with their quality and age, fed row by row.
 *
 * Nothing that comes in can harm what is known: a bad value keeps the last good one, an old value goes to history and never
 * moves the current one back, a value from the future or from no possible time is set aside. One call of apply() or applyRow() is
 * one row; derived properties, mode and limits are computed once per row. Properties live in typed arrays by their place in the type, so
 * that a row costs no lookups by name.
 */
export class Twin {
  readonly key: string;
  readonly name: string;
  readonly type: TwinType;
  readonly path: readonly string[];
  /** Of its messages: the path, with slashes. */
  readonly topic: string;
  /** Told of every value that reaches a property, while somebody wants to know. */
  listener: ObservationListener | undefined;
  /** What is wrong with this machine's table and placeholders. */
  readonly problems: readonly Problem[];
  readonly #language: Language;
  readonly #staleAfter: number;
  readonly #replay: boolean;
  readonly #rate: number;
  readonly #properties: readonly TypeProperty[];
  readonly #addresses: AddressMap;
  readonly #unmapped = new UnmappedAddresses();
  readonly #plans = new Map<string, RowPlan>();
  readonly #units: Readonly<Record<string, string>>;

  readonly #table: PropertyTable;
  readonly #hasLimits: Uint8Array;
  /** Number of the row that renewed it, changed it, broke its continuity. */
  readonly #freshRow: Float64Array;
  readonly #changedRow: Float64Array;
  readonly #brokenRow: Float64Array;
  #modeState: Json[];

  #row = 0;
  #mode = '';
  #currentMs = NaN;
  #evaluatedMs = NaN;
  #lastArrivalMs = NaN;
  /** When the source last said that it lives, without a value. */
  #aliveMs = NaN;
  /** Since when silence counts: nothing that lay before this process is held against the source. */
  #watchedSinceMs = NaN;
  #machineStale = false;
  #down = false;
  readonly #interval = new ArrivalInterval();
  readonly #clock: ClockComparison;
  #clockTold = 0;
  #quarantineToldMs = -Infinity;
  #refusalToldMs = -Infinity;
  readonly #declaredMs: number;
  readonly #totals: TwinCounts = newCounts();

  // Of the row that is being applied.
  #update: TwinUpdate = newUpdate();
  readonly #touched: Int32Array;
  #touchedCount = 0;
  #newestMs = NaN;
  #newestOwnMs = NaN;
  #nowMs = NaN;
  #historical = false;
  #recorded = false;
  #qualityChanges: { property: TypeProperty; from: Grade; to: Grade }[] = [];
  #newlyUnmapped: string[] = [];
  #inputs: readonly number[] = [];
  readonly #lookup = (_name: string, index: number): ExpressionValue | undefined => this.#inputValue(this.#inputs[index] as number);
  readonly #context: ExpressionContext;

  /** @param snapshot of an earlier twin of this key; what does not fit the type any more is left out. */
  constructor(options: TwinOptions, snapshot?: Json) {
    this.key = options.key;
    this.name = options.name === '' ? options.key : options.name;
    const limited = machineLimits(options.type, options.limits ?? [], this.name);
    this.type = limited.type;
    this.path = Object.freeze([...options.path]);
    this.topic = this.path.join('/');
    this.#language = options.language ?? 'en-US';
    this.#staleAfter = Math.max(2, options.staleAfter ?? 5);
    this.#replay = options.replay === true;
    this.#rate = Math.max(1, options.clockRate ?? 1);
    this.#clock = new ClockComparison(this.#rate);
    this.#properties = this.type.properties;
    this.#addresses = new AddressMap({
      type: this.type,
      mapping: options.mapping ?? [],
      placeholders: options.placeholders ?? new Map(),
      scaling: options.scaling ?? new Map(),
      key: options.key,
      path: options.path,
    });
    this.problems = [...limited.problems, ...this.#addresses.problems];
    this.#units = Object.freeze({ ...options.type.units });
    const count = this.#properties.length;
    this.#table = new PropertyTable(this.#properties);
    this.#hasLimits = new Uint8Array(count);
    this.#freshRow = new Float64Array(count).fill(-1);
    this.#changedRow = new Float64Array(count).fill(-1);
    this.#brokenRow = new Float64Array(count).fill(-1);
    this.#touched = new Int32Array(count);
    this.#modeState = this.type.mode?.newState() ?? [];
    let declaredMs = Infinity;
    for (const property of this.#properties) {
      const { index, highHigh, high, low, lowLow, expectedIntervalMs } = property;
      if (!Number.isNaN(highHigh) || !Number.isNaN(high) || !Number.isNaN(low) || !Number.isNaN(lowLow)) this.#hasLimits[index] = 1;
      if (expectedIntervalMs < declaredMs) declaredMs = expectedIntervalMs;
    }
    this.#declaredMs = declaredMs;
    this.#context = {
      timeMs: 0,
      state: [],
      gapMs: defaultGapMs,
      fresh: (index) => this.#freshRow[this.#inputs[index] as number] === this.#row,
      broken: (index) => this.#brokenRow[this.#inputs[index] as number] === this.#row,
    };
    if (snapshot !== undefined) this.restore(snapshot);
  }

  // ---- in ------------------------------------------------------------------------------------------------------------

  /**
   * Takes single values, as one row.
   * @param historical from a replay or a backfill: history and, where nothing newer is known, the current value; no limit event
   */
  apply(observations: readonly Observation[], siteNowMs: number, historical = false): TwinUpdate {
    this.#begin(siteNowMs, historical);
    for (const observation of observations) {
      const target = this.#addresses.resolve(observation.address, '');
      const sourceMs = observation.sourceTimeMs ?? observation.serverTimeMs ?? NaN;
      if (target.index < 0) {
        this.#nowhere(target, observation.address, '', observation.value, observation.quality, sourceMs, observation.unit);
        continue;
      }
      let grade: Grade = observation.quality === 'good' ? good : observation.quality === 'uncertain' ? uncertain : bad;
      let code = observation.statusCode;
      if (observation.unit !== undefined && this.#otherUnit(target.index, observation.unit) && grade === good) {
        grade = uncertain;
        code = 'unit-changed';
      }
      this.#take(target.index, observation.value, grade, code, sourceMs, target.scale, target.offset);
    }
    return this.#finish();
  }

  /**
   * Takes a flat object of values by address or property name, as one row. An array of registers under any name is decoded by the
   * register addresses of the type and the table.
   * @param timeMs source time of the row; undefined where it had none
   */
  applyRow(values: Readonly<Record<string, unknown>>, timeMs: number | undefined, siteNowMs: number, options?: RowOptions): TwinUpdate {
    this.#begin(siteNowMs, options?.historical === true);
    const sourceMs = timeMs ?? NaN;
    const quality = options?.quality ?? 'good';
    const rowGrade: Grade = quality === 'good' ? good : quality === 'uncertain' ? uncertain : bad;
    const qualities = options?.qualities;
    const topic = options?.topic ?? '';
    const keys = Object.keys(values);
    let plan = this.#plans.get(topic);
    if (plan === undefined) {
      if (this.#plans.size >= rememberedPlans) this.#plans.clear();
      plan = { keys: [], targets: [] };
      this.#plans.set(topic, plan);
    }
    for (let place = 0; place < keys.length; place += 1) {
      const key = keys[place] as string;
      let target = plan.targets[place];
      if (target === undefined || plan.keys[place] !== key) {
        target = this.#addresses.resolve(key, topic);
        if (place <= plan.keys.length && place < 10_000) {
          plan.keys[place] = key;
          plan.targets[place] = target;
        }
      }
      const raw = values[key];
      let grade = rowGrade;
      if (qualities !== undefined) {
        const own = qualities.get(key);
        if (own !== undefined) grade = own === 'good' ? good : own === 'uncertain' ? uncertain : bad;
      }
      if (target.index >= 0) this.#take(target.index, raw, grade, undefined, sourceMs, target.scale, target.offset);
      else if (Array.isArray(raw) && this.#addresses.registers.length > 0) this.#takeRegisters(raw, grade, sourceMs);
      else this.#nowhere(target, key, topic, raw, words[grade] as Quality, sourceMs, undefined);
    }
    return this.#finish();
  }

  /**
   * Takes points of this machine's own history as one row, to live them through again. They are scaled and counted on already; derived ones are
   * left out, for they come out anew.
   */
  applyRecorded(points: readonly Omit<HistoryPoint, 'twin'>[], siteNowMs: number): TwinUpdate {
    this.#begin(siteNowMs, false);
    this.#recorded = true;
    for (const { property, timeMs, value, quality } of points) {
      const index = this.type.indexOf.get(property);
      if (index === undefined || (this.#properties[index] as TypeProperty).kind === 'derived') continue;
      this.#take(index, value, quality === 'good' ? good : quality === 'uncertain' ? uncertain : bad, undefined, timeMs, 1, 0);
    }
    this.#recorded = false;
    return this.#finish();
  }

  #takeRegisters(registers: readonly unknown[], grade: Grade, sourceMs: number): void {
    for (const { address, target } of this.#addresses.registers) {
      const { index, scale, offset } = target;
      if (index >= 0) this.#take(index, readRegister(registers, address), grade, undefined, sourceMs, scale, offset);
    }
  }

  #nowhere(
    target: AddressTarget,
    address: string,
    topic: string,
    raw: unknown,
    quality: Quality,
    sourceMs: number,
    unit: string | undefined,
  ): void {
    if (target.index === leftOut) {
      this.#update.counts.leftOut += 1;
      return;
    }
    if (target.index !== unmapped) return;
    this.#update.counts.unmapped += 1;
    const timeMs = Number.isNaN(sourceMs) ? this.#nowMs : sourceMs;
    if (this.#unmapped.add(address, topic, raw, quality, timeMs, this.#nowMs, unit)) this.#newlyUnmapped.push(address);
  }

  #begin(siteNowMs: number, historical: boolean): void {
    this.#row += 1;
    this.#update = newUpdate();
    this.#touchedCount = 0;
    this.#newestMs = NaN;
    this.#newestOwnMs = NaN;
    this.#nowMs = siteNowMs;
    this.#historical = historical;
    if (Number.isNaN(this.#watchedSinceMs)) this.#watchedSinceMs = siteNowMs;
  }

  /** One value of one property. */
  #take(
    index: number,
    raw: unknown,
    sourceGrade: Grade,
    sourceCode: string | number | undefined,
    sourceMs: number,
    scale: number,
    offset: number,
  ): void {
    const table = this.#table;
    const property = this.#properties[index] as TypeProperty;
    const { counts } = this.#update;
    const nowMs = this.#nowMs;
    let timeMs = sourceMs;
    // A comparison that NaN fails: no source time.
    if (!(sourceMs <= Infinity)) timeMs = nowMs;
    else {
      if (sourceMs < earliestTimeMs || sourceMs > latestTimeMs) {
        this.#tell(index, sourceMs, NaN, bad, undefined, 'refused', false);
        this.#refuse(sourceMs, false);
        return;
      }
      if (!this.#historical && !this.#replay && this.#clock.inFuture(sourceMs, nowMs)) {
        this.#tell(index, sourceMs, NaN, bad, undefined, 'future', false);
        this.#refuse(sourceMs, true);
        return;
      }
      if (!(this.#newestOwnMs >= sourceMs)) this.#newestOwnMs = sourceMs;
    }

    // What came, as a number or something else.
    let grade: Grade = sourceGrade;
    let code = sourceCode;
    let holds = empty;
    let number = 0;
    let thing: string | boolean | bigint | undefined;
    const { kind } = property;
    if (typeof raw === 'number') {
      number = scale === 1 && offset === 0 ? raw : raw * scale + offset;
      if (number - number === 0) holds = numeric;
    } else if (kind === 'state') {
      if ((typeof raw === 'string' && raw.length <= longestText) || typeof raw === 'boolean' || typeof raw === 'bigint') {
        holds = other;
        thing = raw;
      }
    } else if (typeof raw === 'string') {
      const read = numberFromText(raw);
      if (read !== undefined) {
        number = read * scale + offset;
        if (number - number === 0) holds = numeric;
      }
    } else if (typeof raw === 'bigint') {
      if (scale === 1 && offset === 0 && (raw > largestExact || raw < -largestExact)) {
        holds = other;
        thing = raw;
      } else {
        number = Number(raw) * scale + offset;
        if (number - number === 0) holds = numeric;
      }
    }
    if (holds === empty && grade !== bad) {
      grade = bad;
      code = kind !== 'state' ? 'not-a-number' : typeof raw === 'string' ? 'too-long' : 'not-a-value';
    }

    if (kind === 'counter' && grade !== bad && !this.#recorded) {
      if (holds === numeric && property.counterModulus > 0) {
        // A signed register shows the upper half as negative.
        const word = typeof raw === 'number' ? raw : (number - offset) / scale;
        const unsigned = word < 0 && word >= -property.counterModulus / 2 ? word + property.counterModulus : word;
        if (unsigned < 0 || unsigned >= property.counterModulus) {
          grade = bad;
          code = 'out-of-range';
        } else number = unsigned * scale + offset;
      }
    } else if (kind !== 'counter' && holds === numeric && grade !== bad && (number < property.rangeLow || number > property.rangeHigh)) {
      grade = bad;
      code = 'out-of-range';
    }
    if (grade === uncertain && property.uncertainIsBad) grade = bad;

    // Where it belongs in time.
    const lastMs = table.timeMs[index] as number;
    if (timeMs < lastMs) {
      counts.late += 1;
      this.#tell(index, sourceMs, NaN, grade, code, 'late', false);
      if (nowMs - timeMs > lateBoundMs * this.#rate) counts.tooLate += 1;
      this.#keep(property, timeMs, grade === bad || holds === empty ? null : holds === numeric ? number : sentThing(thing), grade);
      return;
    }
    if (timeMs === lastMs) {
      const same =
        grade === bad
          ? table.grade[index] === bad
          : table.grade[index] === grade &&
            table.holds[index] === holds &&
            (holds === numeric ? this.#shownRaw(index) === number : table.other[index] === thing);
      if (same) {
        counts.duplicates += 1;
        this.#tell(index, sourceMs, NaN, grade, code, 'duplicate', false);
        if (!this.#historical) table.arrivedMs[index] = nowMs;
        return;
      }
      counts.replaced += 1;
    }

    const elapsedMs = timeMs - (table.goodMs[index] as number);
    const restarted = table.restarted[index] === 1;
    if (holds === numeric && grade === good) {
      if (kind === 'counter' && !this.#recorded) number = this.#count(property, number, timeMs, scale, offset);
      // Written so that NaN (no limit, no earlier good value) passes.
      if (
        !restarted &&
        elapsedMs > 0 &&
        elapsedMs <= (this.#context.gapMs as number) &&
        (Math.abs(number - (table.goodNumber[index] as number)) * 1000) / elapsedMs > property.maximumRate &&
        this.#brokenRow[index] !== this.#row
      ) {
        grade = property.uncertainIsBad ? bad : uncertain;
        code = 'too-fast';
      }
    } else if (kind === 'counter' && !this.#recorded && holds === numeric && grade === uncertain) number += table.counterOffset[index] as number;

    // From here on it is the newest observation of its property.
    counts.accepted += 1;
    const outcome = timeMs === lastMs ? 'replaced' : 'taken';
    table.timeMs[index] = timeMs;
    if (!this.#historical || Number.isNaN(table.arrivedMs[index] as number)) table.arrivedMs[index] = this.#replay ? timeMs : nowMs;
    const before = table.grade[index] as Grade;
    let changed = false;
    if (grade === bad) counts.bad += 1;
    else {
      if (grade === uncertain) counts.uncertain += 1;
      if (holds === numeric) {
        if (table.holds[index] !== numeric || table.number[index] !== number) changed = true;
        table.number[index] = number;
        if (table.holds[index] === other) table.other[index] = undefined;
      } else {
        if (table.holds[index] !== other || table.other[index] !== thing) changed = true;
        table.other[index] = thing;
      }
      table.holds[index] = holds;
      table.valueMs[index] = timeMs;
      if (grade === good) {
        table.goodMs[index] = timeMs;
        table.goodNumber[index] = holds === numeric ? number : NaN;
        if (restarted) {
          table.restarted[index] = 0;
          this.#brokenRow[index] = this.#row;
        }
      }
    }
    if (grade !== before) {
      changed = true;
      this.#qualityChanges.push({ property, from: before, to: grade });
      table.grade[index] = grade;
    }
    table.code[index] = code;
    if (table.stale[index] === 1 && !this.#historical) {
      table.stale[index] = 0;
      changed = true;
      const { label, name } = property;
      if (!this.#machineStale) this.#event('fresh', 'fresh.property', { label }, timeMs, { property: name, active: false });
    }
    if (this.#freshRow[index] !== this.#row) {
      this.#freshRow[index] = this.#row;
      this.#touched[this.#touchedCount] = index;
      this.#touchedCount += 1;
    }
    if (changed) this.#changedRow[index] = this.#row;
    this.#tell(index, sourceMs, holds === numeric ? number : NaN, grade, code, outcome, changed);
    if (!(this.#newestMs >= timeMs)) this.#newestMs = timeMs;
    this.#keep(property, timeMs, table.holds[index] === empty ? null : table.sent(index), grade);
  }

  /** What is told from the past is no sign of how the source is now; a replay's rows are its present. */
  #tell(index: number, sourceMs: number, value: number, grade: Grade, code: string | number | undefined, outcome: ObservationOutcome, changed: boolean): void {
    if (this.listener === undefined || (this.#historical && !this.#replay)) return;
    this.listener.observed(index, sourceMs, this.#replay && sourceMs <= Infinity ? sourceMs : this.#nowMs, value, grade, code, outcome, changed);
  }

  /** The number as it came, to find duplicates of counters that were counted on. */
  #shownRaw(index: number): number {
    return (this.#table.number[index] as number) - (this.#table.counterOffset[index] as number);
  }

  /** Continues a counter: counts on over a rollover, starts again after a reset, forms no difference over a restart of its source. */
  #count(property: TypeProperty, number: number, timeMs: number, scale: number, offset: number): number {
    const table = this.#table;
    const { index, counterModulus } = property;
    const before = table.counterRaw[index] as number;
    const raw = (number - offset) / scale;
    table.counterRaw[index] = raw;
    const shown = number + (table.counterOffset[index] as number);
    if (Number.isNaN(before) || raw >= before) return shown;
    if (counterModulus > 0 && table.restarted[index] === 0) {
      const step = raw - before + counterModulus;
      const elapsedMs = timeMs - (table.goodMs[index] as number);
      const tooFast = elapsedMs > 0 && (step * Math.abs(scale) * 1000) / elapsedMs > property.maximumRate;
      if (before > counterModulus * 0.75 && raw < counterModulus * 0.25 && !tooFast) {
        table.counterOffset[index] = (table.counterOffset[index] as number) + counterModulus * scale;
        this.#event('counter', 'counter.rollover', { label: property.label, modulus: counterModulus }, timeMs, { property: property.name });
        return number + (table.counterOffset[index] as number);
      }
    }
    table.counterOffset[index] = 0;
    this.#brokenRow[index] = this.#row;
    const from = table.number[index] as number;
    const values = {
      label: property.label,
      from: formatQuantity(from, property.unit, this.#language),
      to: formatQuantity(number, property.unit, this.#language),
    };
    this.#event('counter', 'counter.reset', values, timeMs, { property: property.name, value: number });
    return number;
  }

  #refuse(sourceMs: number, future: boolean): void {
    const { counts } = this.#update;
    const language = this.#language;
    if (future) {
      counts.quarantined += 1;
      if (this.#nowMs - this.#quarantineToldMs < clockEventEveryMs * this.#rate) return;
      this.#quarantineToldMs = this.#nowMs;
      const values = { time: formatIsoTime(sourceMs), age: formatDuration(sourceMs - this.#nowMs, language) };
      this.#event('clock', 'clock.quarantined', values, this.#nowMs, { active: true });
    } else {
      counts.refused += 1;
      if (this.#nowMs - this.#refusalToldMs < clockEventEveryMs * this.#rate) return;
      this.#refusalToldMs = this.#nowMs;
      this.#event('clock', 'clock.refused', { time: formatIsoTime(sourceMs) }, this.#nowMs, { active: true });
    }
  }

  /** Whether the source now names another unit than it did at first. */
  #otherUnit(index: number, unit: string): boolean {
    const known = this.#table.sourceUnit[index];
    if (known === undefined) {
      this.#table.sourceUnit[index] = unit;
      return false;
    }
    const { name, label } = this.#properties[index] as TypeProperty;
    if (displayUnit(known, 'en-US') === displayUnit(unit, 'en-US')) return false;
    if (this.#table.code[index] !== 'unit-changed') {
      const values = { label, from: displayUnit(known, this.#language), to: displayUnit(unit, this.#language) };
      this.#event('quality', 'quality.unit', values, this.#nowMs, { property: name, from: known, to: unit });
    }
    return true;
  }

  #keep(property: TypeProperty, timeMs: number, value: SentValue, grade: Grade): void {
    this.#update.accepted.push({ twin: this.key, property: property.name, timeMs, value, quality: words[grade] as Quality });
  }

  // ---- the row as a whole -----------------------------------------------------------------------------------------------

  #finish(): TwinUpdate {
    const update = this.#update;
    const { counts } = update;
    const nowMs = this.#nowMs;
    update.backfill = this.#historical;
    if (!this.#historical && !this.#replay && this.#newestOwnMs <= Infinity) {
      const compared = this.#clock.row(this.#newestOwnMs, nowMs);
      update.backfill = compared.backfill;
      if (compared.skewMs !== 0) counts.skewed += 1;
      this.#tellClock();
    }
    const arrival = counts.accepted + counts.duplicates + counts.replaced > 0;
    if (arrival && !this.#historical) this.#arrived(this.#replay ? this.#newestMs : nowMs);

    if (this.#touchedCount > 0) {
      if (!(this.#currentMs >= this.#newestMs)) this.#currentMs = this.#newestMs;
      this.#derive();
      const live = this.#replay || !update.backfill;
      if (!this.#historical || this.#replay) this.#changeMode();
      for (let place = 0; place < this.#touchedCount; place += 1) {
        const index = this.#touched[place] as number;
        const { name } = this.#properties[index] as TypeProperty;
        update.updated.push(name);
        if (this.#changedRow[index] === this.#row) update.changed.push(name);
        if (live && this.#hasLimits[index] === 1 && this.#table.grade[index] === good) this.#checkLimits(index);
      }
      this.#tellQuality();
      // What lies in the past raises nothing now; what it says of the source itself still holds.
      if (!live) update.events = update.events.filter(({ kind }) => kind === 'clock' || kind === 'gap' || kind === 'unmapped');
    }
    if (arrival && this.listener !== undefined && (!this.#historical || this.#replay)) {
      this.listener.row(this.#newestOwnMs, this.#replay && this.#newestMs <= Infinity ? this.#newestMs : nowMs, this.#mode);
    }
    update.timeMs = Number.isNaN(this.#currentMs) ? nowMs : this.#currentMs;
    if (this.#newlyUnmapped.length > 0) this.#tellUnmapped();
    addCounts(this.#totals, counts);
    return update;
  }

  /** Something came: the machine lives. */
  #arrived(nowMs: number): void {
    const silenceMs = nowMs - this.#lastArrivalMs;
    const unknownMs = nowMs - latest(this.#lastArrivalMs, this.#aliveMs);
    const limitMs = this.#silenceLimitMs();
    const wasStale = this.#machineStale;
    if (unknownMs > limitMs && !Number.isNaN(this.#currentMs)) {
      // Not the interval of a living source, so it is not learnt; and nothing is computed across it.
      const fromMs = this.#replay ? this.#lastArrivalMs : this.#currentMs;
      this.#markGap(fromMs, this.#replay ? nowMs : Math.max(this.#newestMs || 0, fromMs), silenceMs);
    } else if (silenceMs >= 0) this.#interval.add(silenceMs);
    this.#lastArrivalMs = nowMs;
    this.#down = false;
    if (wasStale) {
      this.#machineStale = false;
      const age = formatDuration(silenceMs, this.#language);
      this.#event('fresh', 'fresh.machine', { machine: this.name, age }, nowMs, { active: false });
      for (let index = 0; index < this.#properties.length; index += 1) {
        if (this.#table.holds[index] !== empty && this.#table.grade[index] !== bad) this.#changedRow[index] = this.#row;
      }
    }
    const learnt = this.#silenceLimitMs();
    this.#context.gapMs = Number.isFinite(learnt) ? Math.max(learnt, 1000) : defaultGapMs * this.#rate;
  }

  #markGap(fromMs: number, toMs: number, silenceMs: number): void {
    if (!(toMs > fromMs)) return;
    this.#table.restarted.fill(1);
    for (const property of this.#properties) {
      const { index } = property;
      if (this.#table.holds[index] === empty) continue;
      if (this.#freshRow[index] === this.#row) {
        this.#table.restarted[index] = 0;
        this.#brokenRow[index] = this.#row;
      }
      this.#update.accepted.push({ twin: this.key, property: property.name, timeMs: fromMs + 1, value: null, quality: 'bad' });
    }
    const values = { from: formatIsoTime(fromMs), to: formatIsoTime(toMs), age: formatDuration(silenceMs, this.#language) };
    this.#event('gap', 'gap', values, toMs, { from: values.from, to: values.to });
  }

  /**
   * Silence from which on the whole machine is stale; Infinity while that is not known. A declared interval is one of real
   * seconds, as the source keeps it: an accelerated clock makes more site seconds of it.
   */
  #silenceLimitMs(): number {
    if (this.#declaredMs < Infinity) return this.#staleAfter * this.#declaredMs * this.#rate;
    return Math.max(this.#interval.limitMs(this.#staleAfter) ?? Infinity, 1000 * this.#rate);
  }

  #inputValue(index: number): ExpressionValue | undefined {
    if (this.#table.grade[index] === bad || this.#table.stale[index] === 1) return undefined;
    const holds = this.#table.holds[index];
    return holds === numeric ? (this.#table.number[index] as number) : holds === other ? this.#table.other[index] : undefined;
  }

  #evaluate(expression: Compiled, inputs: readonly number[], state: Json[] | undefined): ExpressionValue | undefined {
    this.#inputs = inputs;
    this.#context.state = state ?? noState;
    return expression.evaluate(this.#lookup, this.#context);
  }

  #derive(): void {
    const timeMs = this.#evaluatedMs >= this.#currentMs ? this.#evaluatedMs : this.#currentMs;
    this.#evaluatedMs = timeMs;
    this.#context.timeMs = timeMs;
    const { derivedOrder } = this.type;
    for (let place = 0; place < derivedOrder.length; place += 1) {
      const index = derivedOrder[place] as number;
      const property = this.#properties[index] as TypeProperty;
      const { expression, inputs } = property;
      if (expression === undefined) continue;
      let fresh = expression.stateful || inputs.length === 0;
      let grade: Grade = good;
      for (let input = 0; input < inputs.length; input += 1) {
        const at = inputs[input] as number;
        if (this.#freshRow[at] === this.#row) fresh = true;
        if (this.#table.grade[at] === uncertain) grade = uncertain;
      }
      if (!fresh) continue;
      const value = this.#evaluate(expression, inputs, this.#table.states[index]);
      this.#setDerived(property, value, grade, timeMs);
    }
  }

  #setDerived(property: TypeProperty, value: ExpressionValue | undefined, inputsGrade: Grade, timeMs: number): void {
    const table = this.#table;
    const { index } = property;
    let grade: Grade = inputsGrade;
    if (value === undefined || (typeof value === 'string' && value.length > longestText)) grade = bad;
    else if (typeof value === 'number' && (value < property.rangeLow || value > property.rangeHigh)) grade = bad;
    if (grade === uncertain && property.uncertainIsBad) grade = bad;
    const before = table.grade[index] as Grade;
    let changed = before !== grade;
    if (grade === bad) {
      // A derived value that never was is not worth a line of history each row.
      if (before === bad && this.#freshRow[index] === -1) return;
    } else if (typeof value === 'number') {
      changed ||= table.holds[index] !== numeric || table.number[index] !== value;
      table.holds[index] = numeric;
      table.number[index] = value;
      table.valueMs[index] = timeMs;
    } else {
      changed ||= table.holds[index] !== other || table.other[index] !== value;
      table.holds[index] = other;
      table.other[index] = value;
      table.valueMs[index] = timeMs;
    }
    table.grade[index] = grade;
    table.code[index] = grade === bad ? 'derived' : undefined;
    table.timeMs[index] = timeMs;
    table.arrivedMs[index] = this.#nowMs;
    if (this.#freshRow[index] !== this.#row) {
      this.#freshRow[index] = this.#row;
      this.#touched[this.#touchedCount] = index;
      this.#touchedCount += 1;
    }
    if (changed) this.#changedRow[index] = this.#row;
    this.#keep(property, timeMs, table.holds[index] === empty ? null : table.sent(index), grade);
  }

  #changeMode(): void {
    const { mode, modeInputs, stateIndex } = this.type;
    let value: ExpressionValue | undefined;
    if (mode !== undefined) value = this.#evaluate(mode, modeInputs, this.#modeState);
    else if (stateIndex >= 0) value = this.#inputValue(stateIndex);
    // Unknown for a moment is not another mode.
    if (value === undefined) return;
    const text = String(value).slice(0, 60);
    if (text === this.#mode) return;
    const from = this.#mode;
    this.#mode = text;
    if (from === '' || text === '') return;
    this.#event('state', 'state', { machine: this.name, from, to: text }, this.#currentMs, { from, to: text });
  }

  #checkLimits(index: number): void {
    if (this.#table.holds[index] !== numeric) return;
    const property = this.#properties[index] as TypeProperty;
    const value = this.#table.number[index] as number;
    this.#checkLimit(property, 'high', value >= property.high, value < property.high - deadbandOf(property, property.high), value);
    this.#checkLimit(
      property,
      'highHigh',
      value >= property.highHigh,
      value < property.highHigh - deadbandOf(property, property.highHigh),
      value,
    );
    this.#checkLimit(property, 'low', value <= property.low, value > property.low + deadbandOf(property, property.low), value);
    this.#checkLimit(property, 'lowLow', value <= property.lowLow, value > property.lowLow + deadbandOf(property, property.lowLow), value);
  }

  #checkLimit(property: TypeProperty, name: LimitName, beyond: boolean, back: boolean, value: number): void {
    const { index, label, unit } = property;
    const bits = this.#table.limits[index] as number;
    const active = (bits & limitBits[name]) !== 0;
    const limit = property[name];
    // A limit that was taken away while it was passed is passed no longer.
    if (active ? !back && !Number.isNaN(limit) : !beyond) return;
    this.#table.limits[index] = bits ^ limitBits[name];
    const language = this.#language;
    const values = { label, value: formatQuantity(value, unit, language), limit: formatQuantity(limit, unit, language) };
    this.#event('limit', active ? 'limit.back' : `limit.${name}`, values, this.#table.timeMs[index] as number, {
      property: property.name,
      limit: name,
      ...(Number.isNaN(limit) ? {} : { limitValue: limit }),
      value,
      active: !active,
    });
  }

  // ---- events -------------------------------------------------------------------------------------------------------------

  #event(kind: TwinEvent['kind'], code: TextCode, values: TextValues, timeMs: number, more: Partial<TwinEvent>): void {
    this.#update.events.push({ v: 1, kind, timeMs, ...more, text: eventText(code, values, this.#language) });
  }

  #tellQuality(): void {
    const changes = this.#qualityChanges;
    if (changes.length === 0) return;
    this.#qualityChanges = [];
    for (const to of [good, uncertain, bad] as const) {
      // The first good value of a property is no change worth a sentence.
      const told = changes.filter((change) => change.to === to && !(to === good && this.#first(change.property)));
      const [first] = told;
      if (first === undefined) continue;
      const word = words[to] as QualityWord;
      if (told.length > qualityEventsPerRow) {
        const names = told.slice(0, 3).map((change) => change.property.label).join(', ');
        const values = { count: told.length, to: wordText(word, this.#language), names };
        this.#event('quality', 'quality.many', values, this.#currentMs, { to: word });
        continue;
      }
      for (const { property, from } of told) {
        const code = this.#table.code[property.index];
        const reason = code === undefined ? wordText('source', this.#language) : wordText(String(code), this.#language);
        const values = {
          label: property.label,
          from: wordText(words[from] as string, this.#language),
          to: wordText(word, this.#language),
          reason,
        };
        this.#event(
          'quality',
          'quality.changed',
          values,
          this.#table.timeMs[property.index] as number,
          { property: property.name, from: words[from], to: word },
        );
      }
    }
  }

  #first({ index }: TypeProperty): boolean {
    const { everGood } = this.#table;
    if (everGood[index] === 1) return false;
    everGood[index] = 1;
    return true;
  }

  #tellUnmapped(): void {
    const names = this.#newlyUnmapped;
    this.#newlyUnmapped = [];
    const machine = this.name;
    const [first] = names;
    if (names.length === 1 && first !== undefined) {
      this.#event('unmapped', 'unmapped.one', { machine, address: first }, this.#nowMs, { value: first });
      return;
    }
    const values = { machine, count: names.length, names: names.slice(0, 3).join(', ') };
    this.#event('unmapped', 'unmapped.many', values, this.#nowMs, { value: names.length });
  }

  #tellClock(): void {
    const offsetMs = this.#clock.offsetMs;
    const sign = Math.sign(offsetMs);
    if (sign === this.#clockTold) return;
    this.#clockTold = sign;
    const age = formatDuration(Math.abs(offsetMs), this.#language);
    if (sign === 0) this.#event('clock', 'clock.right', {}, this.#nowMs, { active: false });
    else this.#event('clock', sign > 0 ? 'clock.behind' : 'clock.ahead', { age }, this.#nowMs, { active: true });
  }

  // ---- time passes ----------------------------------------------------------------------------------------------------------

  /** Finds what has become stale. Call it at least once a second of real time; costs nothing while all is well. */
  watch(siteNowMs: number): TwinEvent[] {
    const table = this.#table;
    if (Number.isNaN(this.#watchedSinceMs)) this.#watchedSinceMs = siteNowMs;
    if (this.#replay || Number.isNaN(this.#lastArrivalMs)) return [];
    this.#update = newUpdate();
    this.#nowMs = siteNowMs;
    const language = this.#language;
    const silentSinceMs = Math.max(latest(this.#lastArrivalMs, this.#aliveMs), this.#watchedSinceMs);
    if (!this.#machineStale && siteNowMs - silentSinceMs > this.#silenceLimitMs()) {
      this.#machineStale = true;
      const age = formatDuration(siteNowMs - silentSinceMs, language);
      this.#event('stale', 'stale.machine', { machine: this.name, age }, siteNowMs, { active: true });
    }
    for (let index = 0; index < this.#properties.length; index += 1) {
      const property = this.#properties[index] as TypeProperty;
      if (table.stale[index] === 1 || table.holds[index] === empty || property.kind === 'derived') continue;
      const sinceMs = Math.max(table.arrivedMs[index] as number, this.#watchedSinceMs);
      if (!(siteNowMs - sinceMs > this.#staleAfter * property.expectedIntervalMs * this.#rate)) continue;
      table.stale[index] = 1;
      if (this.#machineStale) continue;
      const age = formatDuration(siteNowMs - (table.arrivedMs[index] as number), language);
      this.#event('stale', 'stale.property', { label: property.label, age }, siteNowMs, { property: property.name, active: true });
    }
    return this.#update.events;
  }

  /** The wall clock was put right by so much: silence goes on counting as if it had always stood so. */
  clockStepped(stepMs: number): void {
    this.#lastArrivalMs += stepMs;
    this.#aliveMs += stepMs;
    this.#watchedSinceMs += stepMs;
    const { arrivedMs } = this.#table;
    for (let index = 0; index < arrivedMs.length; index++) arrivedMs[index] = (arrivedMs[index] as number) + stepMs;
  }

  /**
   * The source says that it lives (a keep-alive, a birth) or that it is gone (a death, a lost connection). Gone: everything is
   * stale at once. Back again: the next value of each property makes no difference with the one before.
   */
  lifecycle(alive: boolean, siteNowMs: number): TwinEvent[] {
    this.#update = newUpdate();
    this.#nowMs = siteNowMs;
    if (Number.isNaN(this.#watchedSinceMs)) this.#watchedSinceMs = siteNowMs;
    if (!alive) {
      this.#down = true;
      this.#table.restarted.fill(1);
      if (!this.#machineStale && !Number.isNaN(this.#lastArrivalMs)) {
        this.#machineStale = true;
        this.#event('stale', 'stale.down', { machine: this.name }, siteNowMs, { active: true });
      }
    } else if (this.#down) {
      this.#down = false;
      this.#table.restarted.fill(1);
    } else {
      this.#aliveMs = siteNowMs;
      this.listener?.alive(siteNowMs);
      if (this.#machineStale) {
        this.#machineStale = false;
        const age = formatDuration(siteNowMs - this.#lastArrivalMs, this.#language);
        this.#event('fresh', 'fresh.machine', { machine: this.name, age }, siteNowMs, { active: false });
      }
    }
    return this.#update.events;
  }

  /** The source was restarted: the next value of each property makes no difference with the one before. */
  restartSource(): void {
    this.#table.restarted.fill(1);
  }

  // ---- out -------------------------------------------------------------------------------------------------------------------

  /** Whether the whole machine is stale. */
  get stale(): boolean {
    return this.#machineStale;
  }

  /** How far the source's clock is behind the site's (> 0) or ahead (< 0), as far as it is certain; 0: it agrees. Milliseconds. */
  get clockOffsetMs(): number {
    return this.#clock.offsetMs;
  }

  /** The operating mode; '' where none is known. */
  get state(): string {
    return this.#mode;
  }

  /** Source time of the current state, ms UTC; undefined before the first value. */
  get timeMs(): number | undefined {
    return Number.isNaN(this.#currentMs) ? undefined : this.#currentMs;
  }

  /** Site time at which something last came; undefined before the first value. */
  get lastArrivalMs(): number | undefined {
    return Number.isNaN(this.#lastArrivalMs) ? undefined : this.#lastArrivalMs;
  }

  /** Rows taken since the start of the process. */
  get row(): number {
    return this.#row;
  }

  /** All current values; a bad one shows the last good. A fresh object. */
  payload(): Record<string, SentValue> {
    const payload: Record<string, SentValue> = {};
    const properties = this.#properties;
    for (let index = 0; index < properties.length; index += 1) {
      payload[(properties[index] as TypeProperty).name] = this.#table.sent(index);
    }
    return payload;
  }

  /** What is not good, by name. A fresh object. */
  quality(): Record<string, QualityWord> {
    const quality: Record<string, QualityWord> = {};
    for (let index = 0; index < this.#properties.length; index += 1) {
      const grade = this.#effective(index);
      if (grade !== good) quality[(this.#properties[index] as TypeProperty).name] = words[grade] as QualityWord;
    }
    return quality;
  }

  /** Values of some properties only, for the row of a batch. */
  valuesOf(names: readonly string[]): Record<string, SentValue> {
    const values: Record<string, SentValue> = {};
    for (const name of names) {
      const index = this.type.indexOf.get(name);
      if (index !== undefined) values[name] = this.#table.sent(index);
    }
    return values;
  }

  qualityOf(name: string): Quality {
    const index = this.type.indexOf.get(name);
    return index === undefined ? 'bad' : (words[this.#effective(index)] as Quality);
  }

  /** @param row number of the row; default this twin's own count. `units` and `path` are shared and frozen. */
  header(row = this.#row): TwinHeader {
    return {
      v: 1,
      key: this.key,
      name: this.name,
      type: this.type.title,
      state: this.#mode,
      path: this.path as string[],
      units: this.#units as Record<string, string>,
      row,
    };
  }

  /** Every property as pages show it. */
  properties(): PropertyState[] {
    return this.#properties.map(({ index, name, label, unit, kind }) => ({
      name,
      label,
      unit,
      kind,
      value: this.#table.sent(index),
      quality: words[this.#effective(index)] as Quality,
      statusCode: this.#table.code[index],
      timeMs: this.#table.holds[index] === empty ? undefined : this.#table.valueMs[index],
      stale: this.#machineStale || this.#table.stale[index] === 1,
      limits: (Object.keys(limitBits) as LimitName[]).filter((limit) => ((this.#table.limits[index] as number) & limitBits[limit]) !== 0),
    }));
  }

  /** Addresses that belong to no property, the last 200. */
  unmapped(): UnmappedAddress[] {
    return this.#unmapped.list();
  }

  /** The exact addresses of this machine: of its table and of the type's patterns. Names of properties and registers are none. */
  addresses(): IterableIterator<string> {
    return this.#addresses.exact();
  }

  /** Topics under which this machine's values may come: its path, its key. */
  get ownTopics(): readonly string[] {
    return this.#addresses.ownTopics;
  }

  /** Whether the address is one of this machine's, even one that its table leaves out. */
  knows(address: string, topic = ''): boolean {
    return this.#addresses.resolve(address, topic).index !== unmapped;
  }

  /** Addresses that arrived and the property that each belongs to. */
  heard(): { address: string; property: string }[] {
    return [...this.#addresses.heard()].map(([index, address]) => ({ address, property: (this.#properties[index] as TypeProperty).name }));
  }

  /** How many addresses belong to no property. */
  get unmappedCount(): number {
    return this.#unmapped.size;
  }

  /** Since the start of the process. */
  counts(): TwinCounts {
    return { ...this.#totals };
  }

  /** Learnt time between arrivals, ms; undefined while too little was seen. */
  get learntIntervalMs(): number | undefined {
    return this.#interval.intervalMs;
  }

  #effective(index: number): Grade {
    if (this.#table.grade[index] === bad || this.#machineStale || this.#table.stale[index] === 1) return bad;
    const property = this.#properties[index] as TypeProperty;
    if (property.kind === 'derived') {
      for (const input of property.inputs) if (this.#table.stale[input] === 1) return bad;
    }
    return this.#table.grade[index] as Grade;
  }

  // ---- snapshot ----------------------------------------------------------------------------------------------------------------

  /** Plain JSON; a twin made from it goes on as this one. */
  snapshot(): Json {
    return {
      v: 1,
      properties: this.#table.snapshot(),
      mode: this.#mode,
      modeExpression: this.type.mode?.text ?? '',
      modeState: copyOf(this.#modeState),
      current: finite(this.#currentMs),
      evaluated: finite(this.#evaluatedMs),
      arrived: finite(this.#lastArrivalMs),
      stale: this.#machineStale,
      down: this.#down,
      interval: this.#interval.snapshot(),
      gap: this.#context.gapMs ?? defaultGapMs,
      alive: finite(this.#aliveMs),
      clock: this.#clock.snapshot(),
      clockTold: this.#clockTold,
    };
  }

  /** Takes a snapshot over; what does not fit, or is damaged, is left out. Never throws. */
  restore(snapshot: Json): void {
    const saved = recordOf(snapshot);
    if (saved === undefined || saved['v'] !== 1) return;
    this.#table.restore(saved['properties'], this.type.indexOf);
    for (const { index } of this.#properties) if (this.#table.limits[index] !== 0) this.#hasLimits[index] = 1;
    if (typeof saved['mode'] === 'string') this.#mode = saved['mode'];
    const modeState = saved['modeState'];
    const sameMode = this.type.mode !== undefined && saved['modeExpression'] === this.type.mode.text;
    if (sameMode && Array.isArray(modeState)) this.#modeState = copyOf(modeState);
    this.#currentMs = timeOf(saved['current']);
    this.#evaluatedMs = timeOf(saved['evaluated']);
    this.#lastArrivalMs = timeOf(saved['arrived']);
    this.#aliveMs = timeOf(saved['alive']);
    this.#machineStale = saved['stale'] === true;
    this.#down = saved['down'] === true;
    this.#interval.restore(saved['interval']);
    if (typeof saved['gap'] === 'number' && saved['gap'] > 0) this.#context.gapMs = saved['gap'];
    this.#clock.restore(saved['clock']);
    if (saved['clockTold'] === 1 || saved['clockTold'] === -1) this.#clockTold = saved['clockTold'];
  }
}

const noState: Json[] = [];

function newCounts(): TwinCounts {
  return {
    accepted: 0,
    duplicates: 0,
    replaced: 0,
    late: 0,
    tooLate: 0,
    refused: 0,
    quarantined: 0,
    bad: 0,
    uncertain: 0,
    skewed: 0,
    unmapped: 0,
    leftOut: 0,
  };
}

/** Written out, because it is done for every row. */
function addCounts(totals: TwinCounts, counts: Readonly<TwinCounts>): void {
  totals.accepted += counts.accepted;
  totals.duplicates += counts.duplicates;
  totals.replaced += counts.replaced;
  totals.late += counts.late;
  totals.tooLate += counts.tooLate;
  totals.refused += counts.refused;
  totals.quarantined += counts.quarantined;
  totals.bad += counts.bad;
  totals.uncertain += counts.uncertain;
  totals.skewed += counts.skewed;
  totals.unmapped += counts.unmapped;
  totals.leftOut += counts.leftOut;
}

function newUpdate(): TwinUpdate {
  return { changed: [], updated: [], timeMs: NaN, events: [], accepted: [], backfill: false, counts: newCounts() };
}

function deadbandOf(property: TypeProperty, limit: number): number {
  const { deadband, rangeLow, rangeHigh } = property;
  if (deadband >= 0) return deadband;
  return rangeLow < rangeHigh ? (rangeHigh - rangeLow) * 0.01 : Math.abs(limit) * 0.01;
}

/** The later of two times, one of which may not be known (NaN). */
function latest(one: number, two: number): number {
  return two > one ? two : one;
}

