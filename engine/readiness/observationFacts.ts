import type { Json } from '../ports.ts';
import type { ObservationListener, ObservationOutcome } from '../twin/observationListener.ts';
import type { TypeProperty } from '../twin/twinType.ts';
import type { Grade } from '../twin/propertyTable.ts';
import { conversionsOf } from './conversionFactors.ts';
import type { Conversion } from './conversionFactors.ts';

/** The window slides in steps of one bucket. */
export const bucketMs = 10_800_000;
export const buckets = 8;
export const windowMs = bucketMs * buckets;

/** What is counted per bucket. */
const counted = [
  'count', 'arrivals', 'duplicates', 'replaced', 'bad', 'uncertain', 'outOfRange', 'refused', 'coveredMs', 'badMs', 'gaps', 'gapMs',
  'longestGapMs', 'longestGapEndMs', 'jumps', 'jumpMs', 'stuckMs', 'changes', 'step', 'mean', 'squares', 'numbers',
] as const;
type Counted = (typeof counted)[number];
const place = Object.freeze(Object.fromEntries(counted.map((name, index) => [name, index]))) as Readonly<Record<Counted, number>>;
const width = counted.length;

/** What is known of a property since observing it began. NaN: not yet. */
const known = [
  'firstMs', 'sourceMs', 'arrivedMs', 'grade', 'value', 'intervalCount', 'intervalSum', 'intervalSquares', 'intervalLongest', 'gapsInARow',
  'sinceMs', 'changedAtMoves', 'changedAtRows', 'longestMoves', 'longestRows', 'changes', 'lagMin', 'lagCount', 'lagSinceMs', 'offsetMs',
  'low', 'high', 'withTime', 'ringAt', 'pendingCount', 'pendingSum', 'pendingMotion', 'pendingLast', 'levelBefore', 'motionBefore',
  'unitMs', 'unitConversion', 'unitFrom', 'unitTo', 'finestStep',
] as const;
type Known = (typeof known)[number];
const at = Object.freeze(Object.fromEntries(known.map((name, index) => [name, index]))) as Readonly<Record<Known, number>>;
const knownWidth = known.length;

const ringLength = 16;
/** A level is that of the values next to the step: a slow one has moved on after sixteen. */
const levelLength = 4;
const modesKept = 12;
const modesOfChanges = 8;
const leastIntervals = 5;
const leastChanges = 20;
const anotherCadence = 10;
const lagSamples = 5;
const lagWindowMs = 60_000;
const clockJumpMs = 5_000;
const settledRowsAfterCommand = 10;
/** A conversion that the source named itself. */
const namedBySource = -2;

/** What was measured of one property within the window, and what of it lasts. Times in ms by the site's clock. */
export interface MeasuredFacts {
  /** Time that was observed, within the window. */
  elapsedMs: number;
  everCame: boolean;
  /** Values within the window. */
  count: number;
  /** Share of the time without gap, 0–1. */
  coverage: number;
  gaps: number;
  longestGapMs: number;
  longestGapEndMs: number;
  /** Declared interval in site time; NaN = none. */
  declaredMs: number;
  /** Mean time between values, gaps left out; NaN while unknown. */
  intervalMs: number;
  /** The same of the newest bucket with enough values, and the lower quartile of the others. */
  recentIntervalMs: number;
  formerIntervalMs: number;
  /** Whether values come in an even beat, so that another beat says something. */
  even: boolean;
  /** For how long its value has stood, whether that says something or not. */
  stuckForMs: number;
  /** It stands longer than it ever did while the machine goes on. */
  stuckNow: boolean;
  /** Time within the window in which it was so. */
  stuckMs: number;
  /** Whether enough changes were seen to know a standing value from a stuck one. */
  stuckKnown: boolean;
  value: number;
  /** Smallest difference of two values; NaN while unknown. */
  step: number;
  recentStep: number;
  finestStep: number;
  /** Standard deviation within the window. */
  spread: number;
  changes: number;
  /** > 0: the source's clock is behind the site's, or its values are under way so long. NaN = unknown. */
  offsetMs: number;
  jumps: number;
  largestJumpMs: number;
  /** Values dated with an impossible time, or in the future. */
  refused: number;
  hasSourceTime: boolean;
  duplicates: number;
  replaced: number;
  arrivals: number;
  /** Share of the time or the values, whichever is more, 0–1. */
  badShare: number;
  uncertainShare: number;
  outOfRangeShare: number;
  unit: { conversion: string; namedBySource: boolean; timeMs: number; from: number; to: number } | undefined;
  low: number;
  high: number;
}

/**
 * Facts about the data of one machine, gathered value by value: how often, how complete, how fresh, how fine. It judges nothing.
 *
 * Memory per property: 8 buckets of 3 h × 22 numbers of 4 bytes, 35 of 8 bytes, a ring of 16 values: about 1.1 KB. Times are the site's.
 *
 * - **Interval**: length-weighted mean E[d²] / E[d] of the differences of source times, so that a burst every ten seconds counts as ten
 *   seconds; the mean that people see is covered time / values.
 * - **Gap**: a silence beyond five intervals and twice the longest usual one, in source time *and* in arrival time: a clock that jumps is no
 *   gap, and neither is what arrives late but complete. Ten in a row are another interval, not gaps. Where no interval is declared, a
 *   property that says nothing while the machine lives has not changed (report by exception), so only the machine's silence counts.
 * - **Stuck**: time is counted in rows in which something else of the machine moved, so that a machine that stands still makes nothing
 *   stuck; limit: four times its own longest stand so far and twenty rows.
 * - **Clock**: least difference of arrival and source time of each minute (at least five values), as the minimum filter of NTP (Mills
 *   1991) has it: the least delay is the clock, the rest is the way.
 * - **Spread**: Welford's recurrence (1962) per bucket, joined by Chan, Golub & LeVeque (1979).
 * - **Unit**: a step of more than eight times the usual motion after which level *and* motion of the next sixteen values fit a known
 *   conversion. Motion is what tells a unit from a process: a pump at ten times the speed is not ten times as restless by the same factor.
 */
export class ObservationFacts implements ObservationListener {
  readonly #properties: readonly TypeProperty[];
  readonly #count: number;
  readonly #rate: number;
  readonly #known: Float64Array;
  readonly #window: Float32Array;
  readonly #ring: Float64Array;
  readonly #changesInMode: Uint16Array;
  readonly #conversions: readonly (readonly Conversion[])[];
  #beginMs = NaN;
  #bucket = NaN;
  #slot = 0;
  #nowMs = NaN;
  #rows = 0;
  #moves = 0;
  #rowMoved = false;
  #movers = 0;
  #commandRow = -Infinity;
  #mode = '';
  #modePlace = 0;
  readonly #modeNames: string[] = [];
  readonly #modeMs = new Map<string, number>();

  /** @param rate of the site's clock: declared intervals are real seconds, and an accelerated clock makes more site seconds of them */
  constructor(properties: readonly TypeProperty[], rate: number) {
    this.#properties = properties;
    this.#rate = Math.max(1, rate);
    // One place more, for the machine as a whole.
    this.#count = properties.length + 1;
    this.#known = new Float64Array(this.#count * knownWidth).fill(NaN);
    this.#window = new Float32Array(this.#count * buckets * width);
    this.#ring = new Float64Array(this.#count * ringLength);
    this.#changesInMode = new Uint16Array(this.#count * modesOfChanges);
    this.#conversions = properties.map(({ unit }) => conversionsOf(unit));
    for (let index = 0; index < this.#count; index++) this.#begin(index);
  }

  #begin(index: number): void {
    const base = index * knownWidth;
    this.#known.fill(NaN, base, base + knownWidth);
    for (const name of zeroAtFirst) this.#known[base + at[name]] = 0;
  }

  /** Bytes that it keeps per property. */
  static readonly bytesPerProperty = knownWidth * 8 + buckets * width * 4 + ringLength * 8 + modesOfChanges * 2;

  // ---- in --------------------------------------------------------------------------------------------------------------

  observed(
    index: number,
    sourceMs: number,
    nowMs: number,
    value: number,
    grade: Grade,
    code: string | number | undefined,
    outcome: ObservationOutcome,
    changed: boolean,
  ): void {
    this.#pass(nowMs);
    const k = this.#known;
    const base = index * knownWidth;
    const window = this.#window;
    const slot = (index * buckets + this.#slot) * width;
    const beforeMs = k[base + at.arrivedMs] as number;
    const waitedMs = nowMs - beforeMs;
    if (outcome === 'duplicate') {
      // A server that is asked again answers with the same value and time: it lives. Only what comes twice at once is a duplicate.
      const usualMs = this.#intervalOf(index) || 0;
      if (waitedMs <= Math.max(this.#rate, usualMs / 4)) {
        window[slot + place.arrivals]!++;
        window[slot + place.duplicates]!++;
        return;
      }
    }
    window[slot + place.arrivals]!++;
    if (Number.isNaN(k[base + at.firstMs] as number)) k[base + at.firstMs] = nowMs;
    if (outcome === 'refused' || outcome === 'future') {
      window[slot + place.refused]!++;
      if (outcome === 'future') this.#lag(base, slot, nowMs - sourceMs, nowMs);
      k[base + at.arrivedMs] = nowMs;
      // What is not known does not stand still.
      this.#standAnew(base, nowMs);
      return;
    }
    const timed = sourceMs === sourceMs;
    if (timed && outcome !== 'duplicate') {
      k[base + at.withTime]!++;
      this.#lag(base, slot, nowMs - sourceMs, nowMs);
    }
    if (outcome === 'late') {
      k[base + at.arrivedMs] = nowMs;
      this.#standAnew(base, nowMs);
      return;
    }
    if (outcome === 'replaced') window[slot + place.replaced]!++;
    const lastSourceMs = k[base + at.sourceMs] as number;
    const ownMs = timed && lastSourceMs === lastSourceMs && outcome !== 'duplicate' ? sourceMs - lastSourceMs : waitedMs;
    if (waitedMs === waitedMs && outcome !== 'replaced') this.#interval(index, ownMs, waitedMs, nowMs);
    const lastGrade = k[base + at.grade] as number;
    if (lastGrade === 2 && waitedMs > 0) this.#spread(index, place.badMs, nowMs - waitedMs, nowMs);
    k[base + at.arrivedMs] = nowMs;
    if (timed && outcome !== 'duplicate') k[base + at.sourceMs] = sourceMs;
    window[slot + place.count]!++;
    if (code === 'out-of-range') window[slot + place.outOfRange]!++;
    else if (grade === 2) window[slot + place.bad]!++;
    else if (grade === 1 && code !== 'unit-changed') window[slot + place.uncertain]!++;
    if (outcome === 'duplicate') return;
    k[base + at.grade] = code === 'out-of-range' ? 0 : grade;
    const { kind } = this.#properties[index] as TypeProperty;
    if (code === 'unit-changed') this.#foundUnit(base, namedBySource, nowMs, k[base + at.value] as number, value);
    else if (k[base + at.unitConversion] === namedBySource && grade === 0) k[base + at.unitMs] = NaN;
    if (value !== value) {
      if (changed && grade !== 2) this.#moved(index, base, slot, nowMs, kind);
      return;
    }
    if (code !== 'out-of-range' && grade === 2) return;
    const last = k[base + at.value] as number;
    if (kind !== 'setpoint' && kind !== 'state') this.#unit(index, base, value, nowMs);
    if (last !== value) {
      if (last === last) this.#step(base, slot, Math.abs(value - last), Math.max(Math.abs(value), Math.abs(last)));
      k[base + at.value] = value;
      this.#moved(index, base, slot, nowMs, kind);
    }
    if (code === 'out-of-range') return;
    if (!(k[base + at.low] as number <= value)) k[base + at.low] = value;
    if (!(k[base + at.high] as number >= value)) k[base + at.high] = value;
    const numbers = (window[slot + place.numbers]! += 1);
    const mean = window[slot + place.mean] as number;
    const away = value - mean;
    window[slot + place.mean] = mean + away / numbers;
    window[slot + place.squares]! += away * (value - (window[slot + place.mean] as number));
  }

  row(sourceMs: number, nowMs: number, mode: string): void {
    this.#pass(nowMs);
    const index = this.#count - 1;
    const base = index * knownWidth;
    const k = this.#known;
    const beforeMs = k[base + at.arrivedMs] as number;
    const waitedMs = nowMs - beforeMs;
    if (Number.isNaN(k[base + at.firstMs] as number)) k[base + at.firstMs] = nowMs;
    if (waitedMs === waitedMs) {
      const lastMs = k[base + at.sourceMs] as number;
      const usual = this.#interval(index, sourceMs === sourceMs && lastMs === lastMs ? sourceMs - lastMs : waitedMs, waitedMs, nowMs);
      // Time in an operating mode is time of arrival: it can neither jump nor run backwards.
      if (usual && waitedMs > 0) this.#modeMs.set(this.#mode, (this.#modeMs.get(this.#mode) ?? 0) + waitedMs);
    }
    k[base + at.arrivedMs] = nowMs;
    if (sourceMs === sourceMs && !(sourceMs < (k[base + at.sourceMs] as number))) k[base + at.sourceMs] = sourceMs;
    this.#rows++;
    if (this.#rowMoved) this.#moves++;
    this.#rowMoved = false;
    if (mode !== this.#mode) this.#changeMode(mode);
  }

  alive(nowMs: number): void {
    this.#pass(nowMs);
    const base = (this.#count - 1) * knownWidth;
    if (this.#known[base + at.arrivedMs] === this.#known[base + at.arrivedMs]) this.#known[base + at.arrivedMs] = nowMs;
  }

  #changeMode(mode: string): void {
    this.#commandRow = this.#rows;
    const formerPlace = this.#modePlace;
    const wasStuck: number[] = [];
    for (let index = 0; index < this.#count - 1; index++) if (this.#isStuck(index, this.#nowMs)) wasStuck.push(index);
    this.#mode = this.#modeMs.has(mode) || this.#modeMs.size < modesKept ? mode : '…';
    let modePlace = this.#modeNames.indexOf(this.#mode);
    if (modePlace < 0 && this.#modeNames.length < modesOfChanges) modePlace = this.#modeNames.push(this.#mode) - 1;
    this.#modePlace = modePlace < 0 ? modesOfChanges - 1 : modePlace;
    // What stands still in one mode may move in another: a stand counts across both only where it is known to move in both.
    for (let index = 0; index < this.#count - 1; index++) {
      const changes = index * modesOfChanges;
      const movesInBoth =
        (this.#changesInMode[changes + formerPlace] as number) >= leastChanges && (this.#changesInMode[changes + this.#modePlace] as number) >= leastChanges;
      if (movesInBoth) continue;
      if (wasStuck.includes(index)) this.#spread(index, place.stuckMs, this.#known[index * knownWidth + at.sinceMs] as number, this.#nowMs);
      this.#standAnew(index * knownWidth, this.#nowMs);
    }
  }

  #standAnew(base: number, nowMs: number): void {
    const k = this.#known;
    k[base + at.changedAtMoves] = this.#moves;
    k[base + at.changedAtRows] = this.#rows;
    k[base + at.sinceMs] = nowMs;
  }

  /** Clears what has left the window. A clock that is set back counts on in the newest bucket. */
  #pass(nowMs: number): void {
    if (Number.isNaN(this.#beginMs)) this.#beginMs = nowMs;
    if (!(this.#nowMs >= nowMs)) this.#nowMs = nowMs;
    const bucket = Math.floor(this.#nowMs / bucketMs);
    if (bucket === this.#bucket) return;
    const steps = Number.isNaN(this.#bucket) ? 1 : Math.min(buckets, bucket - this.#bucket);
    for (let step = 0; step < steps; step++) {
      const slot = (((bucket - step) % buckets) + buckets) % buckets;
      for (let index = 0; index < this.#count; index++) {
        const start = (index * buckets + slot) * width;
        this.#window.fill(0, start, start + width);
      }
    }
    this.#bucket = bucket;
    this.#slot = bucket % buckets;
  }

  #intervalOf(index: number): number {
    const base = index * knownWidth;
    const k = this.#known;
    const sum = k[base + at.intervalSum] as number;
    return (k[base + at.intervalCount] as number) < leastIntervals || sum <= 0 ? NaN : (k[base + at.intervalSquares] as number) / sum;
  }

  #declaredMs(index: number): number {
    const property = this.#properties[index];
    return property === undefined ? NaN : property.expectedIntervalMs * this.#rate;
  }

  #gapLimitMs(index: number): number {
    const own = this.#intervalOf(index);
    const declared = this.#declaredMs(index);
    const usual = Math.max(own === own ? own : 0, declared === declared ? declared : 0);
    if (usual === 0) return Infinity;
    const longest = own === own ? (this.#known[index * knownWidth + at.intervalLongest] as number) : 0;
    return Math.max(5 * usual, 2 * longest, 1000 * this.#rate);
  }

  /** @returns whether it was a usual interval and no gap */
  #interval(index: number, ownMs: number, waitedMs: number, nowMs: number): boolean {
    const base = index * knownWidth;
    const k = this.#known;
    const limitMs = this.#gapLimitMs(index);
    const silentMs = Math.min(ownMs, waitedMs);
    const isMachine = index === this.#count - 1;
    if (silentMs > limitMs) {
      if (isMachine || this.#declaredMs(index) === this.#declaredMs(index)) {
        this.#gap(index, nowMs - silentMs, nowMs, silentMs);
        this.#standAnew(base, nowMs);
      }
      if ((k[base + at.gapsInARow]! += 1) < anotherCadence) return false;
      for (const name of intervalParts) k[base + at[name]] = 0;
    }
    if (ownMs < 0 || ownMs > limitMs) {
      // The clock jumped; how long it took is only known by arrival.
      if (silentMs > limitMs) k[base + at.gapsInARow] = 0;
      return silentMs <= limitMs;
    }
    k[base + at.gapsInARow] = 0;
    const slot = (index * buckets + this.#slot) * width;
    this.#window[slot + place.coveredMs]! += ownMs;
    if (isMachine) this.#window[slot + place.count]!++;
    const count = (k[base + at.intervalCount]! += 1);
    const share = Math.max(1 / 300, 1 / count);
    const capped = count > 3 ? Math.min(ownMs, (8 * (k[base + at.intervalSquares] as number)) / ((k[base + at.intervalSum] as number) || 1) || ownMs) : ownMs;
    k[base + at.intervalSum]! += (capped - (k[base + at.intervalSum] as number)) * share;
    k[base + at.intervalSquares]! += (capped * capped - (k[base + at.intervalSquares] as number)) * share;
    k[base + at.intervalLongest] = Math.max(capped, (k[base + at.intervalLongest] as number) * 0.999);
    return true;
  }

  #gap(index: number, fromMs: number, toMs: number, silentMs: number): void {
    const slot = (index * buckets + this.#slot) * width;
    const window = this.#window;
    window[slot + place.gaps]!++;
    if (silentMs > (window[slot + place.longestGapMs] as number)) {
      window[slot + place.longestGapMs] = silentMs;
      window[slot + place.longestGapEndMs] = toMs - this.#bucket * bucketMs;
    }
    this.#spread(index, place.gapMs, fromMs, toMs);
  }

  /** Adds a stretch of time to the buckets that it lies in. */
  #spread(index: number, what: number, fromMs: number, toMs: number): void {
    const first = Math.max(Math.floor(fromMs / bucketMs), this.#bucket - buckets + 1);
    for (let bucket = first; bucket <= this.#bucket; bucket++) {
      const start = Math.max(fromMs, bucket * bucketMs);
      const end = bucket === this.#bucket ? toMs : Math.min(toMs, (bucket + 1) * bucketMs);
      if (end > start) this.#window[(index * buckets + (bucket % buckets)) * width + what]! += end - start;
    }
  }

  #lag(base: number, slot: number, lagMs: number, nowMs: number): void {
    const k = this.#known;
    const sinceMs = k[base + at.lagSinceMs] as number;
    if (!(sinceMs <= nowMs)) {
      k[base + at.lagSinceMs] = nowMs;
      k[base + at.lagCount] = 1;
      k[base + at.lagMin] = lagMs;
      return;
    }
    const count = (k[base + at.lagCount]! += 1);
    if (!((k[base + at.lagMin] as number) <= lagMs)) k[base + at.lagMin] = lagMs;
    if (count < lagSamples || nowMs - sinceMs < lagWindowMs * this.#rate) return;
    const offset = k[base + at.lagMin] as number;
    const before = k[base + at.offsetMs] as number;
    const jump = Math.abs(offset - before);
    if (jump > clockJumpMs * this.#rate) {
      this.#window[slot + place.jumps]!++;
      this.#window[slot + place.jumpMs] = Math.max(jump, this.#window[slot + place.jumpMs] as number);
    }
    k[base + at.offsetMs] = offset;
    k[base + at.lagSinceMs] = NaN;
  }

  #step(base: number, slot: number, step: number, size: number): void {
    // Less than that is how the computer writes numbers, not how the instrument does.
    if (step <= size * 1e-9) return;
    const smallest = this.#window[slot + place.step] as number;
    if (smallest === 0 || step < smallest) this.#window[slot + place.step] = step;
    const finest = this.#known[base + at.finestStep] as number;
    if (!(finest <= step)) this.#known[base + at.finestStep] = step;
  }

  #moved(index: number, base: number, slot: number, nowMs: number, kind: TypeProperty['kind']): void {
    const k = this.#known;
    this.#window[slot + place.changes]!++;
    const changes = (k[base + at.changes]! += 1);
    if (changes === leastChanges) this.#movers++;
    if (kind === 'setpoint' || kind === 'state') this.#commandRow = this.#rows;
    const stand = this.#stand(index);
    if (stand > 0) {
      const wasStuck = this.#isStuck(index, nowMs);
      if (wasStuck) this.#spread(index, place.stuckMs, k[base + at.sinceMs] as number, nowMs);
      const moves = this.#moves - (k[base + at.changedAtMoves] as number);
      const rows = this.#rows - (k[base + at.changedAtRows] as number);
      // A stand that was stuck teaches little, or the next one would not be seen.
      const longestMoves = k[base + at.longestMoves] as number;
      const longestRows = k[base + at.longestRows] as number;
      k[base + at.longestMoves] = Math.max(longestMoves, wasStuck ? Math.min(moves, 2 * longestMoves) : moves);
      k[base + at.longestRows] = Math.max(longestRows, wasStuck ? Math.min(rows, 2 * longestRows) : rows);
    }
    this.#standAnew(base, nowMs);
    const inMode = index * modesOfChanges + this.#modePlace;
    if ((this.#changesInMode[inMode] as number) < 65_535) this.#changesInMode[inMode]!++;
    this.#rowMoved = true;
  }

  /** For how many rows in which something moved it has stood; where nothing else ever moves, in rows. */
  #stand(index: number): number {
    const base = index * knownWidth;
    const k = this.#known;
    return this.#movers >= 2 ? this.#moves - (k[base + at.changedAtMoves] as number) : this.#rows - (k[base + at.changedAtRows] as number);
  }

  #isStuck(index: number, nowMs: number): boolean {
    const property = this.#properties[index] as TypeProperty;
    if (property.kind === 'setpoint' || property.kind === 'state') return false;
    const base = index * knownWidth;
    const k = this.#known;
    if ((k[base + at.changes] as number) < leastChanges || (this.#changesInMode[index * modesOfChanges + this.#modePlace] as number) < leastChanges) return false;
    // Nothing flows, nothing turns: at rest is not stuck.
    if (k[base + at.value] === 0) return false;
    // What does not come is a gap.
    const declaredMs = this.#declaredMs(index);
    if (declaredMs === declaredMs && nowMs - (k[base + at.arrivedMs] as number) > this.#gapLimitMs(index)) return false;
    const longest = (this.#movers >= 2 ? k[base + at.longestMoves] : k[base + at.longestRows]) as number;
    if (!(this.#stand(index) > 4 * longest + 20)) return false;
    const interval = this.#intervalOf(this.#count - 1);
    return nowMs - (k[base + at.sinceMs] as number) > Math.max(60_000 * this.#rate, 10 * (interval || 0));
  }

  #unit(index: number, base: number, value: number, nowMs: number): void {
    const k = this.#known;
    const ring = this.#ring;
    const start = index * ringLength;
    const filled = k[base + at.ringAt] as number;
    const pending = k[base + at.pendingCount] as number;
    if (pending > 0) {
      k[base + at.pendingMotion]! += Math.abs(value - (k[base + at.pendingLast] as number));
      if (pending < levelLength) k[base + at.pendingSum]! += value;
      k[base + at.pendingLast] = value;
      ring[start + pending] = value;
      k[base + at.pendingCount] = pending + 1;
      if (pending + 1 < ringLength) return;
      k[base + at.pendingCount] = 0;
      k[base + at.ringAt] = ringLength;
      this.#compareLevels(index, base, nowMs);
      return;
    }
    if (filled >= ringLength) {
      const last = ring[start + ((filled - 1) % ringLength)] as number;
      const jump = Math.abs(value - last);
      if (jump > 0.02 * Math.abs(last)) {
        let motion = 0;
        let sum = 0;
        for (let each = 0; each < ringLength; each++) {
          const here = ring[start + ((filled + each) % ringLength)] as number;
          if (each >= ringLength - levelLength) sum += here;
          if (each > 0) motion += Math.abs(here - (ring[start + ((filled + each - 1) % ringLength)] as number));
        }
        if (jump > (8 * motion) / (ringLength - 1)) {
          // A counter goes on from its last value; a level lies around its mean.
          k[base + at.levelBefore] = this.#properties[index]?.kind === 'counter' ? last : sum / levelLength;
          k[base + at.motionBefore] = motion / (ringLength - 1);
          k[base + at.pendingCount] = 1;
          k[base + at.pendingSum] = value;
          k[base + at.pendingMotion] = 0;
          k[base + at.pendingLast] = value;
          ring[start] = value;
          return;
        }
      }
    }
    ring[start + (filled % ringLength)] = value;
    // The place in the ring counts on, and never beyond twice its length.
    k[base + at.ringAt] = filled + 1 < 2 * ringLength ? filled + 1 : ringLength;
  }

  #compareLevels(index: number, base: number, nowMs: number): void {
    const k = this.#known;
    const before = k[base + at.levelBefore] as number;
    const motionBefore = k[base + at.motionBefore] as number;
    // Without motion the level alone has to tell, and a new setpoint or mode explains that better.
    if (motionBefore === 0 && this.#rows - this.#commandRow < settledRowsAfterCommand + ringLength) return;
    const isCounter = this.#properties[index]?.kind === 'counter';
    const after = isCounter ? (this.#ring[index * ringLength] as number) : (k[base + at.pendingSum] as number) / levelLength;
    const motion = (k[base + at.pendingMotion] as number) / (ringLength - 1);
    const active = k[base + at.unitConversion] as number;
    const fits = (factor: number, offset: number): boolean => {
      const wanted = before * factor + offset;
      const wantedMotion = motionBefore * factor;
      const tolerance = motionBefore === 0 ? 0.005 * Math.abs(wanted) : 0.02 * Math.abs(wanted - before) + 2.5 * wantedMotion;
      if (Math.abs(after - wanted) > tolerance || Math.abs(wanted - before) < 4 * Math.max(motionBefore, motion)) return false;
      return motionBefore === 0 || isCounter ? true : motion > 0.25 * wantedMotion && motion < 4 * wantedMotion;
    };
    const conversions = this.#conversions[index] as readonly Conversion[];
    if (active >= 0 && k[base + at.unitMs] === k[base + at.unitMs]) {
      const { factor, offset } = conversions[active] as Conversion;
      if (fits(1 / factor, -offset / factor)) k[base + at.unitMs] = NaN;
      return;
    }
    const found = conversions.findIndex(({ factor, offset }) => fits(factor, offset));
    if (found >= 0) this.#foundUnit(base, found, nowMs, before, after);
  }

  #foundUnit(base: number, conversion: number, nowMs: number, from: number, to: number): void {
    const k = this.#known;
    if (k[base + at.unitConversion] === conversion && k[base + at.unitMs] === k[base + at.unitMs]) return;
    k[base + at.unitConversion] = conversion;
    k[base + at.unitMs] = nowMs;
    k[base + at.unitFrom] = from;
    k[base + at.unitTo] = to;
  }

  // ---- out -------------------------------------------------------------------------------------------------------------

  /** Site time of the newest fact; NaN before the first. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get beginMs(): number {
    return this.#beginMs;
  }

  get mode(): string {
    return this.#mode;
  }

  /** Time in each operating mode since observing began, ms, longest first. Beyond twelve they are one. */
  modes(): { mode: string; ms: number }[] {
    return [...this.#modeMs].map(([mode, ms]) => ({ mode, ms })).sort((one, two) => two.ms - one.ms);
  }

  /** @param nowMs site time: what has been silent since is silent until now; a replay's own time stands still */
  measured(index: number, nowMs: number): MeasuredFacts {
    this.#pass(nowMs);
    const k = this.#known;
    const base = index * knownWidth;
    const value = (name: Known): number => k[base + at[name]] as number;
    const declaredMs = this.#declaredMs(index);
    const now = this.#nowMs;
    const firstMs = Number.isNaN(value('firstMs')) ? this.#beginMs : value('firstMs');
    const windowStartMs = Math.max(firstMs, (this.#bucket - buckets + 1) * bucketMs);
    const elapsedMs = Math.max(0, now - windowStartMs);
    const total = this.#total(index);
    // Gaps of a property without a declared interval are those of its machine.
    const gapIndex = Number.isNaN(declaredMs) ? this.#count - 1 : index;
    const gap = gapIndex === index ? total : this.#total(gapIndex);
    const silentMs = now - (k[gapIndex * knownWidth + at.arrivedMs] as number);
    const silent = silentMs > this.#gapLimitMs(gapIndex);
    const gapMs = Math.min(elapsedMs, gap.gapMs + (silent ? silentMs : 0));
    const badNowMs = value('grade') === 2 ? Math.max(0, now - value('arrivedMs')) : 0;
    const everCame = value('arrivedMs') === value('arrivedMs');
    const stuckNow = index < this.#count - 1 && everCame && this.#isStuck(index, now);
    const intervalMean = value('intervalSum');
    const share = (number: number): number => (total.arrivals === 0 ? 0 : number / total.arrivals);
    const unitKnown = value('unitMs') > now - windowMs;
    const conversion = value('unitConversion');
    const longestOpen = silent && silentMs > gap.longestGapMs;
    return {
      elapsedMs,
      everCame,
      count: total.count,
      coverage: elapsedMs > 0 ? 1 - gapMs / elapsedMs : 1,
      gaps: gap.gaps + (silent ? 1 : 0),
      longestGapMs: longestOpen ? silentMs : gap.longestGapMs,
      longestGapEndMs: longestOpen ? now : gap.longestGapEndMs,
      declaredMs,
      intervalMs: total.count > leastIntervals ? total.coveredMs / total.count : NaN,
      recentIntervalMs: total.recentIntervalMs,
      formerIntervalMs: total.formerIntervalMs,
      even: value('intervalCount') >= leastIntervals && value('intervalSquares') < 1.05 * intervalMean * intervalMean,
      stuckForMs: everCame ? now - value('sinceMs') : NaN,
      stuckNow,
      stuckMs: total.stuckMs + (stuckNow ? now - value('sinceMs') : 0),
      stuckKnown: value('changes') >= leastChanges,
      value: value('value'),
      step: total.step,
      recentStep: total.recentStep,
      finestStep: value('finestStep'),
      spread: total.spread,
      changes: total.changes,
      offsetMs: value('offsetMs'),
      jumps: total.jumps,
      largestJumpMs: total.jumpMs,
      refused: total.refused,
      hasSourceTime: value('withTime') > 0,
      duplicates: total.duplicates,
      replaced: total.replaced,
      arrivals: total.arrivals,
      badShare: Math.max(share(total.bad), elapsedMs > 0 ? Math.min(1, (total.badMs + badNowMs) / elapsedMs) : 0),
      uncertainShare: share(total.uncertain),
      outOfRangeShare: share(total.outOfRange),
      unit: unitKnown
        ? {
            conversion: conversion >= 0 ? ((this.#conversions[index] as readonly Conversion[])[conversion]?.text ?? '') : '',
            namedBySource: conversion === namedBySource,
            timeMs: value('unitMs'),
            from: value('unitFrom'),
            to: value('unitTo'),
          }
        : undefined,
      low: value('low'),
      high: value('high'),
    };
  }

  /** The machine as a whole: arrivals of rows, its gaps. */
  measuredMachine(nowMs: number): MeasuredFacts {
    return this.measured(this.#count - 1, nowMs);
  }

  #total(index: number) {
    const sum = { ...noTotals };
    let numbers = 0;
    let mean = 0;
    let squares = 0;
    const former: number[] = [];
    for (let back = buckets - 1; back >= 0; back--) {
      const bucket = this.#bucket - back;
      const start = (index * buckets + (((bucket % buckets) + buckets) % buckets)) * width;
      const read = (name: Counted): number => this.#window[start + place[name]] as number;
      for (const name of summed) sum[name] += read(name);
      if (read('longestGapMs') > sum.longestGapMs) {
        sum.longestGapMs = read('longestGapMs');
        sum.longestGapEndMs = bucket * bucketMs + read('longestGapEndMs');
      }
      sum.jumpMs = Math.max(sum.jumpMs, read('jumpMs'));
      if (read('count') >= leastChanges) {
        if (!Number.isNaN(sum.recentIntervalMs)) former.push(sum.recentIntervalMs);
        sum.recentIntervalMs = read('coveredMs') / read('count');
      }
      if (read('step') > 0 && !(sum.step <= read('step'))) sum.step = read('step');
      if (read('changes') >= leastChanges && read('step') > 0) sum.recentStep = read('step');
      const more = read('numbers');
      if (more > 0) {
        const away = read('mean') - mean;
        const all = numbers + more;
        squares += read('squares') + (away * away * numbers * more) / all;
        mean += (away * more) / all;
        numbers = all;
      }
    }
    sum.spread = numbers > 1 ? Math.sqrt(squares / (numbers - 1)) : NaN;
    former.sort((one, two) => one - two);
    sum.formerIntervalMs = former[Math.floor(former.length / 4)] ?? NaN;
    return sum;
  }

  // ---- snapshot --------------------------------------------------------------------------------------------------------

  snapshot(): Json {
    const properties: Json[] = [];
    for (let index = 0; index < this.#count; index++) {
      const property = this.#properties[index];
      if (property?.kind === 'derived' || Number.isNaN(this.#known[index * knownWidth + at.firstMs] as number)) continue;
      properties.push([
        signatureOf(property),
        numbers(this.#known, index * knownWidth, knownWidth),
        numbers(this.#window, index * buckets * width, buckets * width),
        numbers(this.#ring, index * ringLength, ringLength),
        [...this.#changesInMode.subarray(index * modesOfChanges, (index + 1) * modesOfChanges)],
      ]);
    }
    return {
      v: 1,
      begin: jsonNumber(this.#beginMs),
      now: jsonNumber(this.#nowMs),
      bucket: jsonNumber(this.#bucket),
      rows: this.#rows,
      moves: this.#moves,
      mode: this.#mode,
      modeNames: [...this.#modeNames],
      modeMs: [...this.#modeMs].map(([mode, ms]) => [mode, ms]),
      properties,
    };
  }

  /** Takes over what fits; a property with another unit or kind begins anew, and so does what is damaged. Never throws. */
  restore(saved: Json | undefined): void {
    if (typeof saved !== 'object' || saved === null || Array.isArray(saved) || saved['v'] !== 1) return;
    const { begin, now, bucket, rows, moves, mode, modeNames, modeMs, properties } = saved;
    if (typeof begin !== 'number' || typeof now !== 'number' || typeof bucket !== 'number' || Math.floor(now / bucketMs) !== bucket) return;
    this.#beginMs = begin;
    this.#nowMs = now;
    this.#bucket = bucket;
    this.#slot = bucket % buckets;
    this.#rows = typeof rows === 'number' ? rows : 0;
    this.#moves = typeof moves === 'number' ? moves : 0;
    if (Array.isArray(modeNames)) for (const name of modeNames.slice(0, modesOfChanges)) this.#modeNames.push(String(name));
    if (Array.isArray(modeMs)) {
      for (const entry of modeMs.slice(0, modesKept + 1)) {
        if (Array.isArray(entry) && typeof entry[1] === 'number' && entry[1] >= 0) this.#modeMs.set(String(entry[0]), entry[1]);
      }
    }
    this.#mode = typeof mode === 'string' ? mode : '';
    this.#modePlace = Math.max(0, this.#modeNames.indexOf(this.#mode));
    const places = new Map<string, number>();
    for (let index = 0; index < this.#count; index++) places.set(signatureOf(this.#properties[index]), index);
    for (const entry of Array.isArray(properties) ? properties : []) {
      if (!Array.isArray(entry) || typeof entry[0] !== 'string') continue;
      const index = places.get(entry[0]);
      if (index === undefined) continue;
      const [, facts, window, ring, inMode] = entry;
      if (!isNumbers(facts, knownWidth) || !isNumbers(window, buckets * width) || !isNumbers(ring, ringLength) || !isNumbers(inMode, modesOfChanges)) continue;
      this.#known.set(facts.map((number) => number ?? NaN), index * knownWidth);
      this.#window.set(window.map((number) => number ?? 0), index * buckets * width);
      this.#ring.set(ring.map((number) => number ?? 0), index * ringLength);
      this.#changesInMode.set(inMode.map((number) => number ?? 0), index * modesOfChanges);
      if (index < this.#count - 1 && (this.#known[index * knownWidth + at.changes] as number) >= leastChanges) this.#movers++;
    }
  }
}

const zeroAtFirst: readonly Known[] = [
  'grade', 'intervalCount', 'intervalSum', 'intervalSquares', 'intervalLongest', 'gapsInARow', 'changedAtMoves', 'changedAtRows', 'longestMoves',
  'longestRows', 'changes', 'lagCount', 'withTime', 'ringAt', 'pendingCount', 'pendingSum', 'pendingMotion',
];
const intervalParts: readonly Known[] = ['intervalCount', 'intervalSum', 'intervalSquares', 'intervalLongest', 'gapsInARow'];
const summed = [
  'count', 'arrivals', 'duplicates', 'replaced', 'bad', 'uncertain', 'outOfRange', 'refused', 'coveredMs', 'badMs', 'gaps', 'gapMs', 'jumps', 'stuckMs',
  'changes',
] as const;
const noTotals = {
  count: 0, arrivals: 0, duplicates: 0, replaced: 0, bad: 0, uncertain: 0, outOfRange: 0, refused: 0, coveredMs: 0, badMs: 0, gaps: 0, gapMs: 0,
  longestGapMs: 0, longestGapEndMs: NaN, jumps: 0, jumpMs: 0, stuckMs: 0, changes: 0, step: NaN, recentStep: NaN, spread: NaN,
  recentIntervalMs: NaN, formerIntervalMs: NaN,
};

function signatureOf(property: TypeProperty | undefined): string {
  return property === undefined ? '' : `${property.name}\n${property.unit}\n${property.kind}`;
}

function jsonNumber(number: number): number | null {
  return Number.isFinite(number) ? number : null;
}

function numbers(from: Float64Array | Float32Array, start: number, count: number): Json[] {
  return Array.from(from.subarray(start, start + count), jsonNumber);
}

function isNumbers(value: Json | undefined, length: number): value is (number | null)[] {
  return Array.isArray(value) && value.length === length && value.every((each) => each === null || typeof each === 'number');
}
