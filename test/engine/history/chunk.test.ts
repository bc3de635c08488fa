import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeChunk, decodePart, encodeChunk } from '../../../engine/history/chunk.ts';
import type { HistoryValue, SeriesColumns } from '../../../engine/ports.ts';
import { checkParameters } from '../../checks/ports/checkParameters.ts';

function columns(times: number[], values: HistoryValue[], qualities: number[] = times.map(() => 0)): SeriesColumns {
  const numbers = values.every((value) => typeof value === 'number');
  return { times: Float64Array.from(times), values: numbers ? Float64Array.from(values as number[]) : values, qualities: Uint8Array.from(qualities) };
}

function same(given: SeriesColumns): void {
  const read = decodeChunk(encodeChunk(given));
  assert.deepEqual([...read.times], [...given.times]);
  assert.deepEqual([...read.qualities], [...given.qualities]);
  assert.equal(read.values.length, given.values.length);
  for (let index = 0; index < given.values.length; index++) assert.ok(Object.is(read.values[index], given.values[index]), `${index}: ${read.values[index]} for ${given.values[index]}`);
}

const odd = [0, -0, 5e-324, -5e-324, 1e308, -1e308, Infinity, -Infinity, NaN, 2 ** 53, -(2 ** 53), 0.1, 0.3, 1 / 3, Math.fround(0.1), 1e-7, 2 ** 31, -(2 ** 31), 2 ** 31 - 1];

describe('chunks of history', () => {
  it('come back to the bit: numbers of every kind, strings, booleans, holes (property)', () => {
    const number = fc.oneof(
      fc.double(), fc.constantFrom(...odd), fc.integer(), fc.integer({ min: -100_000, max: 100_000 }).map((whole) => whole / 100), fc.float(),
    );
    const list = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { minLength: 0, maxLength: 200 });
    const values: fc.Arbitrary<HistoryValue[]> = fc.oneof(
      list(number), list(fc.constantFrom(1.5, 2.25, 3.125)), list(fc.float({ noNaN: true })), list(fc.integer({ min: 0, max: 65_535 })),
      list(fc.integer({ min: 0, max: 9999 }).map((whole) => whole / 1000)), list(fc.boolean()), list(fc.string({ unit: 'binary' })),
      list(fc.oneof(number, fc.constant(null))), list(fc.oneof(number, fc.constant(null), fc.boolean(), fc.string({ unit: 'binary' }))),
    );
    const step = fc.oneof(fc.constant(100), fc.integer({ min: 0, max: 5000 }), fc.constantFrom(1, 2 ** 40, 2 ** 31));
    fc.assert(fc.property(values, fc.integer({ min: -(2 ** 42), max: 2 ** 42 }), fc.infiniteStream(step), fc.infiniteStream(fc.constantFrom(0, 0, 0, 1, 2)), (list, first, steps, qualities) => {
      let time = first;
      const times = list.map(() => (time += steps.next().value as number));
      same(columns(times, list, list.map(() => qualities.next().value as number)));
    }), checkParameters(600));
  });

  it('a part is what the whole has there (property)', () => {
    const values: fc.Arbitrary<HistoryValue[]> = fc.oneof(
      fc.array(fc.integer({ min: -1000, max: 1000 }).map((whole) => whole / 10), { minLength: 1, maxLength: 300 }), fc.array(fc.double(), { minLength: 1, maxLength: 200 }),
      fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 200 }), fc.array(fc.constant(7), { minLength: 1, maxLength: 200 }),
      fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: 1, maxLength: 200 }), fc.array(fc.oneof(fc.integer(), fc.constant(null), fc.string()), { minLength: 1, maxLength: 100 }),
    );
    const step = fc.oneof(fc.constant(fc.constant(100)), fc.constant(fc.integer({ min: 1, max: 500 })), fc.constant(fc.constantFrom(1, 2 ** 40))).chain((of) => fc.infiniteStream(of));
    const quality = fc.infiniteStream(fc.constantFrom(0, 0, 0, 1, 2));
    fc.assert(fc.property(values, step, quality, fc.integer({ min: -500, max: 30_000 }), fc.integer({ min: 0, max: 5000 }), (list, steps, qualities, fromMs, length) => {
      let time = 0;
      const times = Float64Array.from(list, () => time += steps.next().value as number);
      const bytes = encodeChunk({ times, values: list, qualities: Uint8Array.from(list, () => qualities.next().value as number) });
      const whole = decodeChunk(bytes);
      const toMs = fromMs + length;
      const from = Math.max(0, times.findLastIndex((one) => one <= fromMs));
      const to = Math.max(from, times.filter((one) => one < toMs).length);
      const found = decodePart(bytes, fromMs, toMs);
      assert.deepEqual([...found.times], [...whole.times].slice(from, to));
      assert.deepEqual([...found.values], [...whole.values].slice(from, to));
      assert.deepEqual([...found.qualities], [...whole.qualities].slice(from, to));
    }), checkParameters(300));
  });

  it('hold a typical signal in far less than four bytes a point', () => {
    // A slow wave with noise and one decimal, each second with a few milliseconds of jitter: what a PLC's analog input gives.
    let random = 12_345;
    const next = (): number => (random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
    const times = Array.from({ length: 1024 }, (_, index) => 1_700_000_000_000 + index * 1000 + Math.floor(next() * 4));
    const values = times.map((_, index) => Math.round((60 + 5 * Math.sin(index / 100) + next()) * 10) / 10);
    assert.ok(encodeChunk(columns(times, values)).length / 1024 < 2, `${encodeChunk(columns(times, values)).length / 1024}`);
  });

  it('damage is noticed or harmless, and never ends in an endless loop', () => {
    const bytes = encodeChunk(columns(Array.from({ length: 130 }, (_, index) => 1e12 + index * 999 + (index % 7)), Array.from({ length: 130 }, (_, index) => index * 0.37)));
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] as number) ^ flip;
        try {
          decodeChunk(damaged);
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      }
      assert.throws(() => decodeChunk(bytes.slice(0, at)), RangeError);
    }
  });

  it('nothing and one are chunks too', () => {
    same(columns([], []));
    same(columns([5], [NaN], [2]));
    same(columns([5], ['ü']));
    same(columns([5], [null]));
  });
});
