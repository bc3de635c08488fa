import type { HistoryPoint, HistoryRows, HistoryValue } from '../../engine/ports.ts';

/** Single values of many series. */
export interface PointsPiece {
  kind: 'points';
  /** Twin and property by number. */
  names: [twin: string, property: string][];
  /** For each point, the number of its series in `names`. */
  series: Uint32Array;
  times: Float64Array;
  /** NaN stands for what is no number; `others` has it then. */
  values: Float64Array;
  qualities: Uint8Array;
  others: [place: number, value: HistoryValue][];
}

export interface RowsPiece extends HistoryRows {
  kind: 'rows';
}

/** What was accepted together and goes to the disk together, in order. */
export type HistoryBatch = (PointsPiece | RowsPiece)[];

export const qualityWords = ['good', 'uncertain', 'bad'] as const;

const firstCapacity = 256;

/** Gathers points in columns: what crosses to the store's thread is then a few arrays and not an object for each value. */
export class HistoryBatchBuilder {
  readonly #pieces: HistoryBatch = [];
  #names: [string, string][] = [];
  #numbers = new Map<string, Map<string, number>>();
  #count = 0;
  #series = new Uint32Array(firstCapacity);
  #times = new Float64Array(firstCapacity);
  #values = new Float64Array(firstCapacity);
  #qualities = new Uint8Array(firstCapacity);
  #others: [number, HistoryValue][] = [];
  /** Points in all. */
  points = 0;

  add(points: readonly HistoryPoint[]): void {
    for (const { twin, property, timeMs, value, quality } of points) {
      if (this.#count === this.#times.length) this.#grow();
      const at = this.#count;
      this.#series[at] = this.#numberOf(twin, property);
      this.#times[at] = timeMs;
      this.#qualities[at] = quality === 'good' ? 0 : quality === 'uncertain' ? 1 : 2;
      if (typeof value === 'number') this.#values[at] = value;
      else this.#values[at] = NaN;
      if (this.#values[at] !== value) this.#others.push([at, typeof value === 'number' ? null : value]);
      this.#count += 1;
    }
    this.points += points.length;
  }

  addRows({ twin, properties, times, values }: HistoryRows): void {
    this.#close();
    this.#pieces.push({ kind: 'rows', twin, properties: [...properties], times: times.slice(), values: values.slice() });
    this.points += values.length;
  }

  take(): HistoryBatch {
    this.#close();
    return this.#pieces;
  }

  #numberOf(twin: string, property: string): number {
    let properties = this.#numbers.get(twin);
    if (properties === undefined) {
      properties = new Map();
      this.#numbers.set(twin, properties);
    }
    let number = properties.get(property);
    if (number === undefined) {
      number = this.#names.length;
      this.#names.push([twin, property]);
      properties.set(property, number);
    }
    return number;
  }

  #grow(): void {
    const size = 2 * this.#times.length;
    const grown = <Values extends Uint32Array | Float64Array | Uint8Array>(from: Values, to: Values): Values => {
      to.set(from);
      return to;
    };
    this.#series = grown(this.#series, new Uint32Array(size));
    this.#times = grown(this.#times, new Float64Array(size));
    this.#values = grown(this.#values, new Float64Array(size));
    this.#qualities = grown(this.#qualities, new Uint8Array(size));
  }

  #close(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#pieces.push({
      kind: 'points',
      names: this.#names,
      series: this.#series.slice(0, count),
      times: this.#times.slice(0, count),
      values: this.#values.slice(0, count),
      qualities: this.#qualities.slice(0, count),
      others: this.#others,
    });
    this.#names = [];
    this.#numbers = new Map();
    this.#others = [];
    this.#count = 0;
  }
}
