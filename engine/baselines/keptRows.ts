import type { Json } from '../ports.ts';
import { isMeasurement, member, numbersFromJson, numbersToJson, unreadableSnapshot } from '../statistics/columnTable.ts';

/** Numbers that a short float can hold as a difference. */
const largestDifference = 3e38;

/**
 * Rows of the past with their operating modes, evenly spread: every `stride`-th one is kept; when the store is full, every second goes and
 * the stride doubles. Values are kept as short differences from a column's first one: seven digits of how it moves, whatever its level.
 */
export class KeptRows {
  readonly modes: string[] = [];
  private readonly width: number;
  private readonly most: number;
  private readonly origins: Float64Array;
  private readonly differences: Float32Array;
  private stride = 1;
  private since = 0;
  private before: { origins: Float64Array; differences: Float32Array; modes: string[]; stride: number; since: number } | undefined;

  constructor(width: number, most: number) {
    this.width = width;
    this.most = most;
    this.origins = new Float64Array(width).fill(NaN);
    this.differences = new Float32Array(width * most);
  }

  get count(): number {
    return this.modes.length;
  }

  get isFull(): boolean {
    return this.modes.length === this.most;
  }

  /** How many rows each kept one stands for. */
  get each(): number {
    return this.stride;
  }

  /** NaN where there was no usable value. */
  value(row: number, column: number): number {
    return this.origins[column]! + this.differences[row * this.width + column]!;
  }

  /** All of them, row after row. */
  all(): Float64Array {
    return Float64Array.from({ length: this.count * this.width }, (_, place) => this.value(Math.floor(place / this.width), place % this.width));
  }

  /** Offers a row; true when it was kept. */
  offer(values: Float64Array, mode: string): boolean {
    const { width, modes, differences } = this;
    this.since += 1;
    if (this.since < this.stride || width === 0) return false;
    this.since = 0;
    if (this.isFull) {
      for (let index = 0; index < this.most / 2; index += 1) {
        differences.copyWithin(index * width, (2 * index + 1) * width, (2 * index + 2) * width);
        modes[index] = modes[2 * index + 1]!;
      }
      modes.length = this.most / 2;
      this.stride *= 2;
    }
    const offset = modes.length * width;
    for (let column = 0; column < width; column += 1) {
      const value = values[column]!;
      if (Number.isNaN(this.origins[column]!) && isMeasurement(value)) this.origins[column] = value;
      const difference = value - this.origins[column]!;
      differences[offset + column] = Math.abs(difference) <= largestDifference ? difference : NaN;
    }
    modes.push(mode);
    return true;
  }

  /** Keeps all as it is, for `putBack`. */
  keep(): void {
    const { origins, differences, modes, stride, since } = this;
    this.before ??= { origins: origins.slice(), differences: differences.slice(), modes: [], stride, since };
    this.before.origins.set(origins);
    this.before.differences.set(differences);
    this.before.modes = modes.slice();
    this.before.stride = stride;
    this.before.since = since;
  }

  putBack(): void {
    const { before } = this;
    if (before === undefined) return;
    this.origins.set(before.origins);
    this.differences.set(before.differences);
    this.modes.length = 0;
    this.modes.push(...before.modes);
    this.stride = before.stride;
    this.since = before.since;
  }

  snapshot(): Json {
    return {
      origins: numbersToJson(this.origins), differences: numbersToJson(this.differences.subarray(0, this.count * this.width)),
      modes: [...this.modes], stride: this.stride, since: this.since,
    };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json | undefined, what: string): void {
    const modes = member(json, 'modes');
    const stride = member(json, 'stride');
    const since = member(json, 'since');
    if (!Array.isArray(modes) || modes.length > this.most || typeof stride !== 'number' || typeof since !== 'number') {
      throw unreadableSnapshot(what, 'kept rows are damaged');
    }
    numbersFromJson(member(json, 'origins'), this.origins, `${what}.origins`);
    numbersFromJson(member(json, 'differences'), this.differences.subarray(0, modes.length * this.width), `${what}.differences`);
    this.modes.length = 0;
    this.modes.push(...modes.map(String));
    this.stride = Math.max(1, stride);
    this.since = since;
  }
}
