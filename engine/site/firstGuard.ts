import type { ColumnInfo } from '../baselines/index.ts';
import type { DetectorInput } from '../detectors/index.ts';
import { stuck } from '../detectors/stuck.ts';
import type { SignalRow } from '../signalRow.ts';

/** While a machine is hardly known, a value has to stand still twice as long as the detector's own line asks. */
const line = 2;

/**
 * Sees values that stand still while nothing else can be judged yet: the run-length test of `detectors/stuck.ts` on the values as they come, needing no
 * expectation. A value that never moved is none that got stuck. Choose it until the judge tells by itself; its memory is that of the detector.
 */
export class FirstGuard {
  readonly #input: DetectorInput;
  readonly #scores: Float64Array;
  readonly #trains: Uint8Array;
  readonly #measured: Uint8Array;
  readonly #detector;
  #sinceMs = NaN;

  constructor(columns: readonly ColumnInfo[]) {
    const width = columns.length;
    this.#input = { values: new Float64Array(width), usable: new Uint8Array(width), expected: new Float64Array(width).fill(NaN) };
    this.#scores = new Float64Array(width);
    this.#trains = new Uint8Array(width);
    this.#measured = Uint8Array.from(columns, ({ kind }) => (kind === 'measured' ? 1 : 0));
    this.#detector = stuck.create({ columns: width });
  }

  /** @returns the columns that stand still, mostly none, and since when */
  look({ timeMs, values, fresh }: SignalRow): { columns: number[]; sinceMs: number } {
    const { values: seen, usable } = this.#input;
    for (let column = 0; column < usable.length; column += 1) {
      seen[column] = values[column]!;
      usable[column] = this.#measured[column] === 1 && fresh[column] === 1 ? 1 : 0;
    }
    this.#detector.score(this.#input, this.#scores);
    const columns: number[] = [];
    for (let column = 0; column < usable.length; column += 1) {
      const still = this.#scores[column]! >= line;
      this.#trains[column] = still ? 0 : 1;
      if (still) columns.push(column);
    }
    this.#detector.learn(this.#input, this.#trains);
    this.#sinceMs = columns.length === 0 ? NaN : Number.isNaN(this.#sinceMs) ? timeMs : this.#sinceMs;
    return { columns, sinceMs: this.#sinceMs };
  }
}
