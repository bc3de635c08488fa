import type { ScenarioChange } from '../../contract/lineAnswers.ts';
import type { HistoryReader } from '../ports.ts';
import type { FittedProducts } from '../process/fitProducts.ts';
import type { ProductRecord, ProductRun } from '../process/productRecord.ts';
import type { CounterReadings } from '../process/stationRecord.ts';
import type { LineChange } from '../process/whatIf.ts';
import { framesOf } from './lineFrames.ts';

/** More names than this are numbers of lots. */
const mostProducts = 12;
const longestName = 200;
const lookBackMs = 31 * 86_400_000;
const mostFrames = 5_000;
/** A share so near today's (of 1) is today's: the page rounds, and the record goes on. */
const sameShare = 0.005;

export interface ProductStation {
  key: string;
  /** Its counter of all parts; '': none. */
  parts: string;
}

/** Reads what a line's history tells of its products: the property at each station that has it, and batches of earlier days by their event frames. */
export class ProductReader {
  readonly #historian: HistoryReader;
  readonly #turn: () => Promise<void>;
  readonly #numbers = new Map<string, number>();

  /** @param turn awaited before each reading: others have a turn, and it rejects when nothing is to be read any more */
  constructor(historian: HistoryReader, turn: () => Promise<void>) {
    this.#historian = historian;
    this.#turn = turn;
  }

  /** @param stations those that have the property, in the order of the flow */
  async read(line: string, property: string, stations: readonly ProductStation[], fromMs: number, toMs: number): Promise<ProductRecord> {
    const series: ProductRecord['series'][number][] = [];
    for (const { key } of stations) {
      const readings = await this.#series(key, property, fromMs, toMs);
      if (readings.times.length > 0) series.push({ station: key, readings });
    }
    const told = [...stations].reverse().find(({ key, parts }) => parts !== '' && series.some(({ station }) => station === key));
    const runs = told === undefined || this.#numbers.size > mostProducts ? [] : await this.#runs(line, told, fromMs);
    return { names: [...this.#numbers.keys()], series, runs };
  }

  #number(name: unknown): number {
    const text = typeof name === 'string' || typeof name === 'number' ? String(name).trim().slice(0, longestName) : '';
    if (text === '') return -1;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  async #series(station: string, property: string, fromMs: number, toMs: number): Promise<CounterReadings> {
    await this.#turn();
    const before = (await this.#historian.asOf(station, fromMs - 1, [property])).find((point) => point.property === property && point.quality !== 'bad');
    await this.#turn();
    const { times, values, qualities } = await this.#historian.columns(station, property, fromMs, toMs);
    const changes: [timeMs: number, product: number][] = before === undefined ? [] : [[fromMs - 1, this.#number(before.value)]];
    for (let at = 0; at < times.length; at += 1) {
      if (qualities[at] === 2) continue;
      const product = this.#number(values[at]);
      if (changes.length === 0 || changes[changes.length - 1]![1] !== product) changes.push([times[at]!, product]);
    }
    return { times: Float64Array.from(changes, ([timeMs]) => timeMs), values: Float64Array.from(changes, ([, product]) => product) };
  }

  async #runs(line: string, { key, parts }: ProductStation, untilMs: number): Promise<ProductRun[]> {
    await this.#turn();
    const { frames } = await framesOf(this.#historian, line, [], { fromMs: untilMs - lookBackMs, toMs: untilMs, kind: 'batch', station: key, most: mostFrames });
    return frames.reverse().flatMap(({ name, startMs, endMs, atStart, atEnd }): ProductRun[] => {
      const made = Number(own(atEnd, parts)) - Number(own(atStart, parts));
      return endMs === undefined || !(made > 0) ? [] : [{ product: this.#number(name), parts: made, fromMs: startMs, toMs: endMs }];
    }).filter(({ product }) => product >= 0);
  }
}

function own(values: Readonly<Record<string, number | string | boolean>> | undefined, name: string): unknown {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : NaN;
}

/** More names than products can have are something else. */
export function areProducts({ names, series }: ProductRecord): boolean {
  return series.length > 0 && names.length <= mostProducts;
}

/** Why no other mix can be tried; undefined: products are told apart. @param record undefined: no station names its product */
export function whyNoMix(record: ProductRecord | undefined): string | undefined {
  if (record === undefined || record.series.length === 0) return 'the record of this line does not tell products apart; name the property of the product as the batch in twin-line';
  const { names, series } = record;
  if (!areProducts(record)) return `the batch property names more than ${mostProducts} things, so they are no products`;
  if (names.length < 2) return `only one product ever ran, ${names[0] ?? ''}`;
  const now = names.filter((_, product) => series.some(({ readings }) => readings.values.includes(product)));
  return now.length > 1 ? undefined : `only ${now[0] ?? ''} ran in the time that the line looks back; let it look back longer in twin-line`;
}

/** The mix that rows of a scenario ask for, others scaled; undefined: today's. A string says what is wrong. */
export function mixChange(changes: readonly ScenarioChange[], products: Pick<FittedProducts, 'kinds'> | undefined): LineChange | undefined | string {
  if (products === undefined) return 'two products have to be counted, and a change between them';
  const { kinds } = products;
  const given = new Map<string, number>();
  for (const { station = '', property = '', amount } of changes) {
    const name = property.trim();
    if (station !== '') return 'the mix is one of the whole line; leave the station empty';
    if (name === '') return 'it needs a product';
    const known = kinds.find((kind) => kind.name === name) ?? kinds.find((kind) => kind.name.toLowerCase() === name.toLowerCase());
    if (known === undefined) return `the line never made ${name.slice(0, 60)}; it made ${kinds.map((kind) => kind.name.slice(0, 60)).join(', ')}`;
    if (given.has(known.name)) return `${known.name} is named twice`;
    given.set(known.name, Math.abs(amount / 100 - known.share) < sameShare ? known.share : amount / 100);
  }
  const sum = [...given.values()].reduce((total, share) => total + share, 0);
  const others = kinds.filter(({ name }) => !given.has(name));
  const left = others.reduce((total, { share }) => total + share, 0);
  if (sum > 1 + 1e-9) return 'together the shares are above 100 %';
  if (left <= 0 && sum < 1 - sameShare) return 'together the shares of all products have to be 100 %';
  const shares = kinds.flatMap(({ name, share }): [string, number][] => {
    const then = given.get(name) ?? (left <= 0 ? 0 : (share * Math.max(0, 1 - sum)) / left);
    return Math.abs(then - share) < 1e-9 ? [] : [[name, then]];
  });
  return shares.length === 0 ? undefined : { kind: 'mix', source: 'source', shares: Object.fromEntries(shares) };
}
