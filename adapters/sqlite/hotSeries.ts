import { part } from '../../engine/history/columns.ts';
import { placeOf } from '../../engine/statistics/order.ts';
import type { HistoryValue, SeriesColumns } from '../../engine/ports.ts';

const firstCapacity = 16;

/** The newest points of one series, in memory, until they are sealed into chunks. */
export class HotSeries {
  count = 0;
  #times = new Float64Array(firstCapacity);
  #values = new Float64Array(firstCapacity);
  #qualities = new Uint8Array(firstCapacity);
  /** What is no number, by place. */
  #others = new Map<number, HistoryValue>();
  #inOrder = true;
  /** The last time that lies in a sealed chunk. */
  sealedMs: number;

  constructor(sealedMs: number) {
    this.sealedMs = sealedMs;
  }

  /** Infinity when there is nothing. */
  get firstMs(): number {
    this.settle();
    return this.count === 0 ? Infinity : (this.#times[0] as number);
  }

  /** Whether some of it belongs before or into what is sealed. */
  get isLate(): boolean {
    return this.count > 0 && this.firstMs <= this.sealedMs;
  }

  add(timeMs: number, value: HistoryValue, quality: number): void {
    if (this.count === this.#times.length) this.#grow();
    const at = this.count;
    if (at > 0 && timeMs <= (this.#times[at - 1] as number)) this.#inOrder = false;
    this.#times[at] = timeMs;
    if (typeof value === 'number') this.#values[at] = value;
    else {
      this.#values[at] = NaN;
      this.#others.set(at, value);
    }
    this.#qualities[at] = quality;
    this.count += 1;
  }

  /** In time order, each time once, the last one wins. */
  settle(): void {
    if (this.#inOrder) return;
    const all = this.#columns();
    // A stable sort keeps the order of arrival among equal times.
    const order = Array.from({ length: this.count }, (_, index) => index).sort((a, b) => (all.times[a] as number) - (all.times[b] as number) || a - b);
    this.clear();
    for (const [place, index] of order.entries()) {
      const next = order[place + 1];
      if (next !== undefined && all.times[next] === all.times[index]) continue;
      this.add(all.times[index] as number, all.values[index] as HistoryValue, all.qualities[index] as number);
    }
  }

  /** A copy in time order. */
  columns(): SeriesColumns {
    this.settle();
    return this.#columns();
  }

  /** From the last point at or before `fromMs` (or the first) up to, not including, `toMs`. */
  between(fromMs: number, toMs: number): SeriesColumns {
    this.settle();
    const from = Math.max(0, placeOf(this.#times, fromMs + 1, this.count) - 1);
    const to = Math.max(from, placeOf(this.#times, toMs, this.count));
    if (this.#others.size > 0) return part(this.#columns(), from, to);
    return { times: this.#times.slice(from, to), values: this.#values.slice(from, to), qualities: this.#qualities.slice(from, to) };
  }

  clear(): void {
    this.count = 0;
    this.#inOrder = true;
    this.#others = new Map();
    if (this.#times.length > 4096) {
      this.#times = new Float64Array(firstCapacity);
      this.#values = new Float64Array(firstCapacity);
      this.#qualities = new Uint8Array(firstCapacity);
    }
  }

  #columns(): SeriesColumns {
    const times = this.#times.slice(0, this.count);
    const qualities = this.#qualities.slice(0, this.count);
    const numbers = this.#values.slice(0, this.count);
    if (this.#others.size === 0) return { times, values: numbers, qualities };
    const values: HistoryValue[] = [...numbers];
    for (const [place, value] of this.#others) values[place] = value;
    return { times, values, qualities };
  }

  #grow(): void {
    const size = 2 * this.#times.length;
    const times = new Float64Array(size);
    times.set(this.#times);
    this.#times = times;
    const values = new Float64Array(size);
    values.set(this.#values);
    this.#values = values;
    const qualities = new Uint8Array(size);
    qualities.set(this.#qualities);
    this.#qualities = qualities;
  }
}
