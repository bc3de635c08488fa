import type { Json } from '../ports.ts';
import { moveNumbers } from './columnMove.ts';
import type { ColumnMove } from './columnMove.ts';
import { member, numbersFromJson, numbersToJson, unreadableSnapshot } from './columnTable.ts';
import type { ColumnNumbers } from './stateCopy.ts';

const kept = 32;
const mostDoublings = 6;
/** Weight, in blocks, of what independent Gaussian noise would show. */
const priorBlocks = 6;
/** Where in a column's numbers stands what: rows and largest score of the short block that is going on, */
const rows = 0;
const maximum = 1;
/** the largest score of the one before; NaN = none, */
const pending = 2;
/** short blocks joined so far into the next maximum, and their largest score, */
const joined = 3;
const joinedMaximum = 4;
/** maxima kept, how often blocks grew, and the tail. */
const blocks = 5;
const doublings = 6;
const quantile = 7;
const excess = 8;
const places = 9;
/** A mean excess is at least this share of that of Gaussian noise. */
const leastExcess = 0.62;
/** And at least this share of the score itself: what it is measured in is known to some percent only. */
const measured = 0.05;
/** So many times as high as in noise, a score is the machine's routine; another time it is a little higher: how an edge falls between two rows is chance. */
const farBeyond = 4;
const far = 0.3;
const tailShare = 0.3;
const tailSize = Math.ceil(tailShare * kept);
/** How much of the mean excess is left when the largest of n exponential excesses is left out: (n − (1 + 1/2 + … + 1/n)) ÷ (n − 1). */
const trimmedShare = Array.from({ length: tailSize + 1 }, (_, size) => {
  let harmonic = 0;
  for (let term = 1; term <= size; term += 1) harmonic += 1 / term;
  return size > 1 ? (size - harmonic) / (size - 1) : 1;
});

/** Up to here a maximum is kept in thousandths, beyond by its logarithm, up to 1,000. */
const plainScore = 32;
const logSteps = 9_700;

const shortOf = (score: number): number => Math.min(65_535, Math.round(score <= plainScore ? 1_000 * score : 1_000 * plainScore + logSteps * Math.log(score / plainScore)));
const scoreOf = (short: number): number => (short <= 1_000 * plainScore ? short / 1_000 : plainScore * Math.exp((short - 1_000 * plainScore) / logSteps));

/**
 * Finds, per column, the line that a score passes only so often: block maxima with an exponential tail above their 70 %
 * quantile (peaks over threshold, Pickands 1975, with shape 0). Up to 32 maxima are kept; when they are full, neighbours are
 * joined and blocks get twice as long, up to 64 times, so that they cover the whole history. The largest one is left out of the mean
 * excess: what happened once is an accident, what happened twice is normal. While few blocks are known, what the score does in
 * independent Gaussian noise counts for six. A block counts only when the one after it was normal too, so that the unnoticed
 * begin of a fault moves no line.
 * Choose it rather than a quantile of the scores themselves, which needs as many rows as there are between two false alarms.
 * 41 short numbers per column.
 */
export class TailLines {
  private readonly blockRows: number;
  private readonly weight: number;
  private readonly prior: { quantile: number; excess: number };
  /** The last maxima as short numbers, oldest first (once blocks grow no longer: oldest overwritten first). */
  private readonly maxima: Uint16Array;
  /** `places` numbers per column, those of a column beside each other. */
  private readonly state: Float32Array;
  private readonly tail = new Float64Array(tailSize + 1);

  /** @param blockRows rows of a short block. @param prior what its maxima are in Gaussian noise. @param weight of that, in blocks */
  constructor(columns: number, blockRows: number, prior: { quantile: number; excess: number }, weight = priorBlocks) {
    this.blockRows = blockRows;
    this.weight = weight;
    this.prior = prior;
    this.maxima = new Uint16Array(columns * kept);
    this.state = new Float32Array(columns * places);
    for (let place = 0; place < this.state.length; place += places) {
      this.state[place + pending] = NaN;
      this.state[place + quantile] = prior.quantile;
      this.state[place + excess] = prior.excess;
    }
  }

  /** @param logRarity ln(tail share ÷ exceedances that are allowed in a short block). */
  line(column: number, logRarity: number): number {
    const { state } = this;
    const place = column * places;
    const rarity = logRarity - Math.LN2 * state[place + doublings]!;
    return state[place + quantile]! + state[place + excess]! * (rarity > 0 ? rarity : 0);
  }

  /** What every third block reaches: up to here a score is usual. */
  usual(column: number): number {
    return this.state[column * places + quantile]!;
  }

  /** The same and a little more where that is far beyond what noise would reach; 0 where it is not. */
  routine(column: number): number {
    const { state, prior } = this;
    const place = column * places;
    const known = state[place + quantile]!;
    return known > farBeyond * prior.quantile ? known + state[place + excess]! : 0;
  }

  /** The other way round: the largest `logRarity` whose line lies no higher than `line`; −Infinity where none does. */
  rarity(column: number, line: number): number {
    const { state } = this;
    const place = column * places;
    const above = line - state[place + quantile]!;
    const size = state[place + excess]!;
    if (above < 0) return -Infinity;
    return Math.LN2 * state[place + doublings]! + (size > 0 ? Math.min(above / size, 1e6) : 1e6);
  }

  /** ln(tail share ÷ `perBlock`): how far above the quantile the line lies, in mean excesses. */
  static logRarity(perBlock: number): number {
    return Math.max(0, Math.log(tailShare / Math.max(perBlock, 1e-300)));
  }

  /** Takes the score of a normal row. */
  add(column: number, score: number): void {
    const place = column * places + maximum;
    if (score > this.state[place]!) this.state[place] = score;
    this.state[column * places + rows]! += 1;
    if (this.state[column * places + rows]! >= this.blockRows) this.endBlock(column);
  }

  /**
   * The same of a row's scores, one per column; NaN: none.
   * @param use 1 where the score is normal, 2 where it is not (see reject), 0 where nothing is to be made of it
   * @param drawn becomes NaN where a line has changed
   */
  learn(scores: Float64Array, use: Uint8Array, drawn: Float64Array): void {
    const { state, blockRows } = this;
    for (let column = 0, place = 0; column < scores.length; column += 1, place += places) {
      const score = scores[column]!;
      if (use[column] !== 1 || score !== score) {
        if (use[column] === 2) this.reject(column);
        continue;
      }
      if (score > state[place + maximum]!) state[place + maximum] = score;
      const count = state[place + rows]! + 1;
      state[place + rows] = count;
      if (count < blockRows) continue;
      this.endBlock(column);
      drawn[column] = NaN;
    }
  }

  /** Rows until a column's short block ends, and its largest score so far. */
  rowsLeft(column: number): number {
    return this.blockRows - this.state[column * places + rows]!;
  }

  largest(column: number): number {
    return this.state[column * places + maximum]!;
  }

  /** Goes on with a block from `rowsLeft` and `largest`. @returns whether with it the block ended, so that lines have changed */
  goOn(column: number, rowsLeft: number, largest: number): boolean {
    const { state } = this;
    state[column * places + maximum] = largest;
    state[column * places + rows] = this.blockRows - rowsLeft;
    if (rowsLeft > 0) return false;
    this.endBlock(column);
    return true;
  }

  numbers(): readonly ColumnNumbers[] {
    return [{ numbers: this.state, each: places }, { numbers: this.maxima, each: kept }];
  }

  private endBlock(column: number): void {
    const { state } = this;
    const place = column * places;
    const before = state[place + pending]!;
    state[place + pending] = state[place + maximum]!;
    state[place + rows] = 0;
    state[place + maximum] = 0;
    if (!Number.isNaN(before)) this.join(column, before);
  }

  /** Takes a score that was abnormal, and yet is one of the block that begins; only where enough is known for so little to be of weight. */
  raise(column: number, score: number): void {
    const place = column * places;
    if (this.state[place + doublings] === 0) return;
    if (score > this.state[place + maximum]!) this.state[place + maximum] = score;
  }

  /** The same as a block of its own, as long as those that are kept, at once. */
  admit(column: number, score: number): void {
    const place = column * places;
    if (this.state[place + doublings] === 0) return;
    this.state[place + joined] = 2 ** this.state[place + doublings]! - 1;
    this.join(column, score);
  }

  /** Takes notice of an abnormal row: what was not yet counted never is. */
  reject(column: number): void {
    const place = column * places;
    this.state[place + rows] = 0;
    this.state[place + maximum] = 0;
    this.state[place + pending] = NaN;
  }

  /** Scores are made in a better way from now on: of what is known only the last `blocks` maxima count. */
  keepLast(column: number, most: number): void {
    const { state, maxima } = this;
    const place = column * places;
    const count = state[place + blocks]!;
    if (count <= most || state[place + doublings] === mostDoublings) return;
    const start = column * kept;
    maxima.copyWithin(start, start + count - most, start + count);
    state[place + blocks] = most;
    this.fit(column, most);
  }

  snapshot(): Json {
    return { maxima: numbersToJson(this.maxima), state: numbersToJson(this.state) };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json | undefined, what: string): void {
    if (json === undefined) throw unreadableSnapshot(what, 'it is missing');
    numbersFromJson(member(json, 'maxima'), this.maxima, `${what}.maxima`);
    numbersFromJson(member(json, 'state'), this.state, `${what}.state`);
  }

  private join(column: number, largest: number): void {
    const { state, maxima } = this;
    const place = column * places;
    if (largest > state[place + joinedMaximum]!) state[place + joinedMaximum] = largest;
    state[place + joined]! += 1;
    if (state[place + joined]! < 2 ** state[place + doublings]!) return;
    const start = column * kept;
    const count = state[place + blocks]!;
    if (count === kept && state[place + doublings]! < mostDoublings) {
      for (let index = 0; index < kept / 2; index += 1) {
        maxima[start + index] = Math.max(maxima[start + 2 * index]!, maxima[start + 2 * index + 1]!);
      }
      state[place + doublings]! += 1;
      state[place + blocks] = kept / 2;
      return;
    }
    maxima[start + (count % kept)] = shortOf(state[place + joinedMaximum]!);
    state[place + blocks] = count + 1 < 2 * kept ? count + 1 : kept;
    state[place + joined] = 0;
    state[place + joinedMaximum] = 0;
    this.fit(column, Math.min(count + 1, kept));
  }

  private fit(column: number, count: number): void {
    const { tail, prior } = this;
    const size = Math.ceil(tailShare * count);
    // The `size` + 1 largest, ascending; the smallest of them is the quantile.
    const want = Math.min(size + 1, count);
    let filled = 0;
    for (let index = 0; index < count; index += 1) {
      const value = scoreOf(this.maxima[column * kept + index]!);
      if (filled === want && value <= tail[0]!) continue;
      let place = filled === want ? 0 : filled;
      if (filled === want) {
        while (place + 1 < want && tail[place + 1]! < value) {
          tail[place] = tail[place + 1]!;
          place += 1;
        }
      } else {
        while (place > 0 && tail[place - 1]! > value) {
          tail[place] = tail[place - 1]!;
          place -= 1;
        }
        filled += 1;
      }
      tail[place] = value;
    }
    const least = tail[0]!;
    let mean = 0;
    const trim = size >= 3 ? 1 : 0;
    for (let index = want - size; index < want - trim; index += 1) mean += tail[index]! - least;
    mean /= (size - trim) * (trim === 1 ? trimmedShare[size]! : 1);
    const own = count / (count + this.weight);
    const place = column * places;
    const grown = prior.excess * Math.LN2 * this.state[place + doublings]!;
    const mixed = own * least + (1 - own) * (prior.quantile + grown);
    // Once enough was seen it is no less for what noise would do: where every cycle of a machine has its edge, every block has its score.
    const routine = far * Math.max(0, least - farBeyond * prior.quantile);
    this.state[place + quantile] = count < kept / 2 ? mixed : Math.max(least, mixed) + routine;
    // Scores of a coarse signal are few, and the largest of many blocks the same: that says nothing of how far the tail goes.
    this.state[place + excess] = own * Math.max(mean, leastExcess * prior.excess, measured * least) + (1 - own) * prior.excess;
  }
}

/** A snapshot for other columns. Scores have no unit. */
export function moveTailLines(snapshot: Json | undefined, fresh: Json | undefined, moves: readonly ColumnMove[]): Json {
  return {
    maxima: moveNumbers(member(snapshot, 'maxima'), member(fresh, 'maxima'), moves, 'plain', kept),
    state: moveNumbers(member(snapshot, 'state'), member(fresh, 'state'), moves, 'plain', places),
  };
}
