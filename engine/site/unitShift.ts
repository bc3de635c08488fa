import { conversionsOf } from '../readiness/conversionFactors.ts';
import type { Conversion } from '../readiness/conversionFactors.ts';
import type { Expectation, SignalRow } from '../signalRow.ts';

/** Values one after the other that must fit before anybody is asked; a mere shift of the decimal point must fit longer. */
const namedValues = 5;
const scaleValues = 10;
/** As usual is what lies within so many widths of the band around what is expected. */
export const usualBands = 1.5;
/** Converted back a value must lie so near, in widths of the band, and as it came so far away. */
const fittingBands = 0.75;
const distantBands = 4;
/** Where the band is wide beside the value itself, a fault ten times as high would fit a shift of the decimal point. */
const widestForScale = 0.2;

/** What a column looks like now. `active` is false when it is as usual again. */
export interface UnitQuestion {
  column: number;
  conversion: Conversion;
  active: boolean;
  value: number;
  expected: number;
  low: number;
  high: number;
}

/**
 * Does a value look as if somebody had changed its unit or scale? A jump far out of the band that, converted back (°F to °C, kPa to bar, ÷ 10), lies in the
 * middle of what is expected, value after value. Choose it rather than a detector where the question is not whether something is wrong with the machine: until
 * it is answered the column is neither judged nor learned, so that there is one question and no flood. Over when a value is as usual again, or when the
 * column is learned anew. 17 bytes per column.
 */
export class UnitShift {
  readonly #conversions: readonly (readonly Conversion[])[];
  readonly #count: Uint8Array;
  readonly #conversion: Int16Array;
  readonly #active: Uint8Array;
  #anyActive = false;

  /** @param units per column, as UCUM codes; undefined: never asked of this column */
  constructor(units: readonly (string | undefined)[]) {
    this.#conversions = units.map((unit) => (unit === undefined ? [] : conversionsOf(unit)));
    this.#count = new Uint8Array(units.length);
    this.#conversion = new Int16Array(units.length).fill(-1);
    this.#active = new Uint8Array(units.length);
  }

  get anyActive(): boolean {
    return this.#anyActive;
  }

  isActive(column: number): boolean {
    return this.#active[column] === 1;
  }

  /** Takes a row with what was expected of it; gives what began or ended. Where nothing is expected nothing changes. */
  look({ values, fresh }: SignalRow, { expected, low, high }: Expectation): UnitQuestion[] | undefined {
    let questions: UnitQuestion[] | undefined;
    for (let column = 0; column < values.length; column += 1) {
      const value = values[column] as number;
      const usual = expected[column] as number;
      const distance = Math.abs(value - usual);
      const band = (high[column] as number) - (low[column] as number);
      if (distance <= usualBands * band) {
        if (this.#count[column] === 0 && this.#active[column] === 0) continue;
        if (fresh[column] === 0) continue;
        if (this.#active[column] === 1) (questions ??= []).push(this.#question(column, false, value, usual, low[column] as number, high[column] as number));
        this.#clear(column);
        continue;
      }
      if (!(distance > distantBands * band) || fresh[column] === 0 || this.#active[column] === 1) continue;
      const found = this.#fitting(column, value, usual, band);
      if (found < 0) {
        this.#count[column] = 0;
        continue;
      }
      this.#count[column] = found === this.#conversion[column] ? (this.#count[column] as number) + 1 : 1;
      this.#conversion[column] = found;
      const isNamed = ((this.#conversions[column] as readonly Conversion[])[found] as Conversion).from.length > 0;
      if ((this.#count[column] as number) < (isNamed ? namedValues : scaleValues)) continue;
      this.#active[column] = 1;
      this.#anyActive = true;
      (questions ??= []).push(this.#question(column, true, value, usual, low[column] as number, high[column] as number));
    }
    return questions;
  }

  #fitting(column: number, value: number, usual: number, band: number): number {
    const conversions = this.#conversions[column] as readonly Conversion[];
    for (let index = 0; index < conversions.length; index += 1) {
      const { factor, offset, from } = conversions[index] as Conversion;
      if (from.length === 0 && band > widestForScale * Math.abs(usual)) continue;
      if (Math.abs((value - offset) / factor - usual) <= fittingBands * band) return index;
    }
    return -1;
  }

  #question(column: number, active: boolean, value: number, expected: number, low: number, high: number): UnitQuestion {
    return { column, conversion: (this.#conversions[column] as readonly Conversion[])[this.#conversion[column] as number] as Conversion, active, value, expected, low, high };
  }

  #clear(column: number): void {
    this.#count[column] = 0;
    this.#conversion[column] = -1;
    this.#active[column] = 0;
    this.#anyActive = this.#active.includes(1);
  }

  /** The column is learned anew: it comes in this unit now. Gives the columns that were asked about. */
  forget(columns: readonly number[]): number[] {
    const asked = columns.filter((column) => this.#active[column] === 1);
    for (const column of columns) this.#clear(column);
    return asked;
  }
}
