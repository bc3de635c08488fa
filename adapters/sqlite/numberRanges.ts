/** Whole numbers as disjoint, ascending ranges: what stands side by side costs one pair, however many there are. */
export class NumberRanges {
  #ranges: [first: number, last: number][];

  constructor(ranges: readonly (readonly [number, number])[] = []) {
    this.#ranges = [];
    for (const [first, last] of ranges) this.add(first, last);
  }

  get ranges(): readonly (readonly [number, number])[] {
    return this.#ranges;
  }

  /** undefined: it holds nothing. */
  get last(): number | undefined {
    return this.#ranges.at(-1)?.[1];
  }

  add(first: number, last = first): void {
    if (last < first) return;
    const from = this.#place(first - 1);
    let to = from;
    let low = first;
    let high = last;
    for (let range = this.#ranges[to]; range !== undefined && range[0] <= last + 1; range = this.#ranges[++to]) {
      low = Math.min(low, range[0]);
      high = Math.max(high, range[1]);
    }
    this.#ranges.splice(from, to - from, [low, high]);
  }

  has(number: number): boolean {
    const range = this.#ranges[this.#place(number)];
    return range !== undefined && range[0] <= number;
  }

  /** The last number of the range that holds this one; undefined: none does. */
  endOf(number: number): number | undefined {
    const range = this.#ranges[this.#place(number)];
    return range !== undefined && range[0] <= number ? range[1] : undefined;
  }

  /** How many of first … last it holds. */
  count(first: number, last: number): number {
    let sum = 0;
    for (let at = this.#place(first); at < this.#ranges.length; at += 1) {
      const [from, to] = this.#ranges[at] as [number, number];
      if (from > last) break;
      sum += Math.min(to, last) - Math.max(from, first) + 1;
    }
    return sum;
  }

  /** The first range that ends at the number or behind it. */
  #place(number: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ranges[middle] as [number, number])[1] < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
