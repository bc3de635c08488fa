import type { SentValue } from '../../contract/messages.ts';
import type { Quality } from '../observation.ts';
import type { Json } from '../ports.ts';
import { copyOf, finite, numberOr, recordOf, timeOf } from './snapshotParts.ts';
import type { TypeProperty } from './twinType.ts';

/** Qualities as numbers, the worse the greater. */
export const good = 0;
export const uncertain = 1;
export const bad = 2;
export type Grade = 0 | 1 | 2;
export const words: readonly Quality[] = ['good', 'uncertain', 'bad'];

/** Which of its places a property's value stands in. */
export const empty = 0;
export const numeric = 1;
export const other = 2;

/** Beyond ±2^53 − 1 a number does not hold every integer. */
export const largestExact = 9_007_199_254_740_991n;

/** 64-bit integers that a number does not hold exactly go out as decimal text. */
export function sentThing(thing: string | boolean | bigint | undefined): SentValue {
  if (typeof thing === 'bigint') return thing <= largestExact && thing >= -largestExact ? Number(thing) : thing.toString();
  return thing ?? null;
}

/**
 * What a twin knows of each property, in columns: one array per kind of knowledge, one place per property. A table instead of
 * objects, because a row of 200 values then touches no object and leaves no garbage. NaN stands for a time or number not known.
 */
export class PropertyTable {
  readonly #properties: readonly TypeProperty[];
  /** empty, numeric (value in `number`) or other (in `other`). */
  readonly holds: Uint8Array;
  readonly number: Float64Array;
  readonly other: (string | boolean | bigint | undefined)[];
  /** Of the last observation: good, uncertain, bad. */
  readonly grade: Uint8Array;
  /** The source's code, or ours where we judged. */
  readonly code: (string | number | undefined)[];
  /** Source time of the last observation, of whatever quality. */
  readonly timeMs: Float64Array;
  /** Source time of the value shown. */
  readonly valueMs: Float64Array;
  /** The last good number, to judge how fast it changes. */
  readonly goodNumber: Float64Array;
  readonly goodMs: Float64Array;
  /** Site time at which something last came. */
  readonly arrivedMs: Float64Array;
  readonly stale: Uint8Array;
  /** Limits that are exceeded, as bits. */
  readonly limits: Uint8Array;
  /** 1: its source was restarted, or a gap lay before; the next value makes no difference with the one before. */
  readonly restarted: Uint8Array;
  readonly everGood: Uint8Array;
  /** The counter as its source has it, and what was added for rollovers. */
  readonly counterRaw: Float64Array;
  readonly counterOffset: Float64Array;
  /** The unit that the source named first. */
  readonly sourceUnit: (string | undefined)[];
  /** What a derived property's expression remembers. */
  readonly states: (Json[] | undefined)[];

  constructor(properties: readonly TypeProperty[]) {
    this.#properties = properties;
    const count = properties.length;
    this.holds = new Uint8Array(count);
    this.number = new Float64Array(count);
    this.other = new Array<undefined>(count).fill(undefined);
    this.grade = new Uint8Array(count).fill(bad);
    this.code = new Array<undefined>(count).fill(undefined);
    this.timeMs = new Float64Array(count).fill(NaN);
    this.valueMs = new Float64Array(count).fill(NaN);
    this.goodNumber = new Float64Array(count).fill(NaN);
    this.goodMs = new Float64Array(count).fill(NaN);
    this.arrivedMs = new Float64Array(count).fill(NaN);
    this.stale = new Uint8Array(count);
    this.limits = new Uint8Array(count);
    this.restarted = new Uint8Array(count);
    this.everGood = new Uint8Array(count);
    this.counterRaw = new Float64Array(count).fill(NaN);
    this.counterOffset = new Float64Array(count);
    this.sourceUnit = new Array<undefined>(count).fill(undefined);
    this.states = properties.map(({ expression }) => (expression?.stateful === true ? expression.newState() : undefined));
  }

  /** The value as it goes out; null where there never was one. */
  sent(index: number): SentValue {
    const holds = this.holds[index];
    return holds === numeric ? (this.number[index] as number) : holds === other ? sentThing(this.other[index]) : null;
  }

  /** Entries [name, knowledge] of the properties of which anything is known. */
  snapshot(): Json {
    const entries: Json[] = [];
    for (const { index, name, expression } of this.#properties) {
      const state = this.states[index];
      if (Number.isNaN(this.timeMs[index] as number) && state === undefined) continue;
      const thing = this.other[index];
      entries.push([
        name,
        {
          holds: this.holds[index] as number,
          number: finite(this.number[index]),
          other: typeof thing === 'bigint' ? `${thing}n` : (thing ?? null),
          exact: typeof thing === 'bigint',
          grade: this.grade[index] as number,
          code: this.code[index] ?? null,
          time: finite(this.timeMs[index]),
          valueTime: finite(this.valueMs[index]),
          good: finite(this.goodNumber[index]),
          goodTime: finite(this.goodMs[index]),
          arrived: finite(this.arrivedMs[index]),
          stale: this.stale[index] as number,
          limits: this.limits[index] as number,
          restarted: this.restarted[index] as number,
          everGood: this.everGood[index] as number,
          raw: finite(this.counterRaw[index]),
          offset: this.counterOffset[index] as number,
          unit: this.sourceUnit[index] ?? null,
          ...(state === undefined ? {} : { expression: expression?.text ?? '', state: copyOf(state) }),
        },
      ]);
    }
    return entries;
  }

  /** Takes over what fits the properties of today; anything else, damage too, is left out. */
  restore(snapshot: Json | undefined, indexOf: ReadonlyMap<string, number>): void {
    if (!Array.isArray(snapshot)) return;
    for (const entry of snapshot) {
      if (!Array.isArray(entry)) continue;
      const index = typeof entry[0] === 'string' ? indexOf.get(entry[0]) : undefined;
      const knowledge = recordOf(entry[1]);
      if (index !== undefined && knowledge !== undefined) this.#restoreProperty(index, knowledge);
    }
  }

  #restoreProperty(index: number, one: { [name: string]: Json }): void {
    const { expression, kind } = this.#properties[index] as TypeProperty;
    const state = one['state'];
    const sameExpression = this.states[index] !== undefined && one['expression'] === expression?.text;
    if (sameExpression && Array.isArray(state)) this.states[index] = copyOf(state);
    const time = timeOf(one['time']);
    if (Number.isNaN(time)) return;
    const thing = one['other'];
    const { holds } = one;
    if (holds === numeric && typeof one['number'] === 'number') {
      this.holds[index] = numeric;
      this.number[index] = one['number'];
    } else if (holds === other && one['exact'] === true && typeof thing === 'string' && /^-?\d{1,40}n$/.test(thing)) {
      this.holds[index] = other;
      this.other[index] = BigInt(thing.slice(0, -1));
    } else if (holds === other && (typeof thing === 'string' || typeof thing === 'boolean') && (kind === 'state' || kind === 'derived')) {
      this.holds[index] = other;
      this.other[index] = thing;
    } else if (holds !== empty) return;
    this.timeMs[index] = time;
    const { code, grade, unit } = one;
    this.grade[index] = this.holds[index] !== empty && (grade === good || grade === uncertain) ? grade : bad;
    this.code[index] = typeof code === 'string' || typeof code === 'number' ? code : undefined;
    this.valueMs[index] = timeOf(one['valueTime']);
    this.goodNumber[index] = numberOr(one['good'], NaN);
    this.goodMs[index] = timeOf(one['goodTime']);
    this.arrivedMs[index] = timeOf(one['arrived']);
    this.stale[index] = one['stale'] === 1 ? 1 : 0;
    this.limits[index] = numberOr(one['limits'], 0) & 15;
    this.restarted[index] = one['restarted'] === 1 ? 1 : 0;
    this.everGood[index] = one['everGood'] === 1 ? 1 : 0;
    this.counterRaw[index] = numberOr(one['raw'], NaN);
    this.counterOffset[index] = numberOr(one['offset'], 0);
    this.sourceUnit[index] = typeof unit === 'string' ? unit : undefined;
  }
}
