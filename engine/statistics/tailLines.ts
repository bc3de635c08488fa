import type { Json } from '../ports.ts';
import { member, numberFromJson, numbersFromJson, numbersToJson, tableFromJson, tableToJson } from './columnTable.ts';

const kept = 32;
/** Weight, in blocks, of what independent Gaussian noise would show. */
const priorBlocks = 6;
const tailShare = 0.3;
const tailSize = Math.ceil(tailShare * kept);

/**
 * Finds, per column, the line that a score passes only so often: block maxima with an exponential tail above their 70 %
 * quantile (peaks over threshold, Pickands 1975, with shape 0), from the last 32 blocks of normal rows. While few blocks are
 * known, what the score does in independent Gaussian noise counts for six. A block counts only when the one after it was normal too,
 * so that the unnoticed begin of a fault moves no line.
 * Choose it rather than a quantile of the scores themselves, which needs as many rows as there are between two false alarms.
 * 7 numbers and 32 short ones per column.
 */
export class TailLines {
  private readonly blockRows: number;
  private readonly prior: { quantile: number; excess: number };
  /** The last maxima, oldest overwritten first, to four decimals. */
  private readonly maxima: Float32Array;
  private readonly state: { blocks: Float64Array; rows: Float64Array; maximum: Float64Array; pending: Float64Array; quantile: Float64Array; excess: Float64Array };
  private readonly tail = new Float64Array(tailSize + 1);

  constructor(columns: number, blockRows: number, prior: { quantile: number; excess: number }) {
    this.blockRows = blockRows;
    this.prior = prior;
    this.maxima = new Float32Array(columns * kept);
    this.state = {
      blocks: new Float64Array(columns), rows: new Float64Array(columns), maximum: new Float64Array(columns),
      pending: new Float64Array(columns).fill(NaN),
      quantile: new Float64Array(columns).fill(prior.quantile), excess: new Float64Array(columns).fill(prior.excess),
    };
  }

  /** @param logRarity ln(tail share ÷ exceedances a block that are allowed); the same for all columns. */
  line(column: number, logRarity: number): number {
    return this.state.quantile[column]! + this.state.excess[column]! * logRarity;
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
    if (Number.isNaN(pending)) return;
    const blocks = state.blocks[column]!;
    this.maxima[column * kept + (blocks % kept)] = rounded(pending);
    state.blocks[column] = blocks + 1;
    this.fit(column, Math.min(blocks + 1, kept));
  }

  /** Takes notice of an abnormal row: what was not yet counted never is. */
  reject(column: number): void {
    this.state.rows[column] = 0;
    this.state.maximum[column] = 0;
    this.state.pending[column] = NaN;
  }

  snapshot(): Json {
    return { maxima: numbersToJson(Array.from(this.maxima, rounded)), state: tableToJson(this.state), blockRows: this.blockRows };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json | undefined, what: string): void {
    numbersFromJson(member(json, 'maxima'), this.maxima, `${what}.maxima`);
    tableFromJson(this.state, member(json, 'state'), what);
    numberFromJson(json, 'blockRows', what);
  }

  private fit(column: number, count: number): void {
    const { tail, prior } = this;
    const size = Math.ceil(tailShare * count);
    // The `size` + 1 largest, ascending; the smallest of them is the quantile.
    const want = Math.min(size + 1, count);
    let filled = 0;
    for (let index = 0; index < count; index += 1) {
      const value = this.maxima[column * kept + index]!;
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
    for (let index = want - size; index < want; index += 1) excess += tail[index]! - quantile;
    excess /= size;
    const own = count / (count + priorBlocks);
    this.state.quantile[column] = own * quantile + (1 - own) * prior.quantile;
    this.state.excess[column] = own * excess + (1 - own) * prior.excess;
  }
}

function rounded(score: number): number {
  return Math.round(score * 10_000) / 10_000;
}
