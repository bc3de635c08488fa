import type { Json } from '../ports.ts';
import { member, numbersFromJson, numbersToJson, tableFromJson, tableToJson, unreadableSnapshot } from './columnTable.ts';

const kept = 32;
const mostDoublings = 6;
/** Weight, in blocks, of what independent Gaussian noise would show. */
const priorBlocks = 6;
const tailShare = 0.3;
const tailSize = Math.ceil(tailShare * kept);
/** How much of the mean excess is left when the largest of n exponential excesses is left out: (n − (1 + 1/2 + … + 1/n)) ÷ (n − 1). */
const trimmedShare = Array.from({ length: tailSize + 1 }, (_, size) => {
  let harmonic = 0;
  for (let term = 1; term <= size; term += 1) harmonic += 1 / term;
  return size > 1 ? (size - harmonic) / (size - 1) : 1;
});

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
  private readonly prior: { quantile: number; excess: number };
  /** The last maxima in thousandths, oldest first (once blocks grow no longer: oldest overwritten first). */
  private readonly maxima: Uint16Array;
  private readonly state: {
    /** Rows and largest score of the short block that is going on, and the largest score of the one before; NaN = none. */
    rows: Float32Array; maximum: Float32Array; pending: Float32Array;
    /** Short blocks joined so far into the next maximum, and their largest score. */
    joined: Float32Array; joinedMaximum: Float32Array;
    blocks: Float32Array; doublings: Float32Array;
    quantile: Float32Array; excess: Float32Array;
  };
  private readonly tail = new Float64Array(tailSize + 1);

  /** @param blockRows rows of a short block. @param prior what its maxima are in Gaussian noise. */
  constructor(columns: number, blockRows: number, prior: { quantile: number; excess: number }) {
    this.blockRows = blockRows;
    this.prior = prior;
    this.maxima = new Uint16Array(columns * kept);
    const whole = new Float32Array(columns * 9);
    let next = 0;
    const numbers = (fill = 0): Float32Array => {
      next += columns;
      return whole.subarray(next - columns, next).fill(fill);
    };
    this.state = {
      rows: numbers(), maximum: numbers(), pending: numbers(NaN), joined: numbers(), joinedMaximum: numbers(), blocks: numbers(),
      doublings: numbers(), quantile: numbers(prior.quantile), excess: numbers(prior.excess),
    };
  }

  /** @param logRarity ln(tail share ÷ exceedances that are allowed in a short block). */
  line(column: number, logRarity: number): number {
    const rarity = logRarity - Math.LN2 * this.state.doublings[column]!;
    return this.state.quantile[column]! + this.state.excess[column]! * (rarity > 0 ? rarity : 0);
  }

  /** ln(tail share ÷ `perBlock`): how far above the quantile the line lies, in mean excesses. */
  static logRarity(perBlock: number): number {
    return Math.max(0, Math.log(tailShare / Math.max(perBlock, 1e-300)));
  }

  /** Takes the score of a normal row. */
  add(column: number, score: number): void {
    const { state } = this;
    if (score > state.maximum[column]!) state.maximum[column] = score;
    state.rows[column]! += 1;
    if (state.rows[column]! < this.blockRows) return;
    const pending = state.pending[column]!;
    state.pending[column] = state.maximum[column]!;
    state.rows[column] = 0;
    state.maximum[column] = 0;
    if (!Number.isNaN(pending)) this.join(column, pending);
  }

  /** Takes notice of an abnormal row: what was not yet counted never is. */
  reject(column: number): void {
    this.state.rows[column] = 0;
    this.state.maximum[column] = 0;
    this.state.pending[column] = NaN;
  }

  snapshot(): Json {
    return { maxima: numbersToJson(this.maxima), state: tableToJson(this.state) };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json | undefined, what: string): void {
    if (json === undefined) throw unreadableSnapshot(what, 'it is missing');
    numbersFromJson(member(json, 'maxima'), this.maxima, `${what}.maxima`);
    tableFromJson(this.state, member(json, 'state'), what);
  }

  private join(column: number, maximum: number): void {
    const { state, maxima } = this;
    if (maximum > state.joinedMaximum[column]!) state.joinedMaximum[column] = maximum;
    state.joined[column]! += 1;
    if (state.joined[column]! < 2 ** state.doublings[column]!) return;
    const start = column * kept;
    let blocks = state.blocks[column]!;
    if (blocks === kept && state.doublings[column]! < mostDoublings) {
      for (let index = 0; index < kept / 2; index += 1) {
        maxima[start + index] = Math.max(maxima[start + 2 * index]!, maxima[start + 2 * index + 1]!);
      }
      blocks = kept / 2;
      state.doublings[column]! += 1;
      state.blocks[column] = blocks;
      return;
    }
    maxima[start + (blocks % kept)] = Math.min(65_535, Math.round(1_000 * state.joinedMaximum[column]!));
    state.blocks[column] = blocks + 1 < 2 * kept ? blocks + 1 : kept;
    state.joined[column] = 0;
    state.joinedMaximum[column] = 0;
    this.fit(column, Math.min(blocks + 1, kept));
  }

  private fit(column: number, count: number): void {
    const { tail, prior } = this;
    const size = Math.ceil(tailShare * count);
    // The `size` + 1 largest, ascending; the smallest of them is the quantile.
    const want = Math.min(size + 1, count);
    let filled = 0;
    for (let index = 0; index < count; index += 1) {
      const value = this.maxima[column * kept + index]! / 1_000;
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
    const quantile = tail[0]!;
    let excess = 0;
    const trim = size >= 3 ? 1 : 0;
    for (let index = want - size; index < want - trim; index += 1) excess += tail[index]! - quantile;
    excess /= (size - trim) * (trim === 1 ? trimmedShare[size]! : 1);
    const own = count / (count + priorBlocks);
    const doublings = this.state.doublings[column]!;
    this.state.quantile[column] = own * quantile + (1 - own) * (prior.quantile + prior.excess * Math.LN2 * doublings);
    this.state.excess[column] = own * excess + (1 - own) * prior.excess;
  }
}
