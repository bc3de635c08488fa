type Numbers = Float64Array | Float32Array | Uint16Array | Uint8Array;

/** Numbers of several columns that change with each row. */
export interface ColumnNumbers {
  numbers: Numbers;
  /** How many of a column lie beside each other; where they are one table after another, those of one table. */
  each: number;
}

/** All of what `columnArrays` handed out, of which `one` is a part. */
export function wholeTable(one: Float64Array): ColumnNumbers {
  return { numbers: new Float64Array(one.buffer), each: 1 };
}

/**
 * Keeps what something has learned as it was, so that it can go ahead of what is certain and be put back, as a whole or in one column. Choose it
 * rather than a snapshot where that happens many times a second: numbers are copied as they are.
 */
export class StateCopy {
  private parts: readonly ColumnNumbers[] = [];
  private copies: Numbers[] = [];

  keep(parts: readonly ColumnNumbers[]): void {
    if (this.parts !== parts) {
      this.parts = parts;
      this.copies = parts.map(({ numbers }) => numbers.slice());
      return;
    }
    for (let part = 0; part < parts.length; part += 1) this.copies[part]!.set(parts[part]!.numbers);
  }

  putBack(): void {
    const { parts, copies } = this;
    for (let part = 0; part < parts.length; part += 1) parts[part]!.numbers.set(copies[part]!);
  }

  /** @param first the part to begin with */
  putBackColumn(column: number, columns: number, first: number): void {
    const { parts, copies } = this;
    for (let part = first; part < parts.length; part += 1) {
      const { numbers, each } = parts[part]!;
      const copy = copies[part]!;
      for (let start = column * each; start < numbers.length; start += columns * each) {
        for (let place = start; place < start + each; place += 1) numbers[place] = copy[place]!;
      }
    }
  }
}
