import type { HistoryValue, SeriesColumns } from '../ports.ts';
import { placeOf } from '../statistics/order.ts';
import { ByteReader, ByteWriter } from './bits.ts';
import { noColumns } from './columns.ts';

/** Most points that one chunk may hold; a longer one is refused as damaged when it is read. */
export const mostInChunk = 65_536;

/*
 * A chunk: format 1, number of points, times, values, qualities.
 * Times: first (double), kind: 0 = one interval for all; 1 = differences from the commonest interval; 2 = raw doubles.
 * Values: kind: 0 = one number; 1 = scaled whole numbers, differences; 2 = scaled whole numbers from the lowest; 3 = float32 by XOR;
 *         4 = doubles by XOR; 5 = a table of distinct values, JSON; 6 = numbers with holes: where they are, then the numbers.
 * Qualities: runs.
 */
const format = 1;
const powersOfTen = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];
const largestScaled = 2 ** 31 - 1;

const scratch = { a: new Uint32Array(1024), b: new Uint32Array(1024), int: new Int32Array(1024) };
const floatBits = new Float32Array(1);
const floatWord = new Uint32Array(floatBits.buffer);
const doubleBits = new Float64Array(1);
/** Low word first, on every processor that Node.js runs on. */
const doubleWords = new Uint32Array(doubleBits.buffer);

function room(count: number): void {
  if (scratch.a.length >= count) return;
  scratch.a = new Uint32Array(count);
  scratch.b = new Uint32Array(count);
  scratch.int = new Int32Array(count);
}

/**
 * A sealed piece of one series, exact to the bit. Differences of times and of values scaled by a power of ten (what an instrument with few
 * digits gives) are packed by blocks; what does not scale goes by XOR with the value before (Pelkonen et al., Gorilla, VLDB 2015), by block
 * instead of by value, so that it is read back without a branch per bit.
 */
export function encodeChunk(columns: SeriesColumns, from = 0, to = columns.times.length): Uint8Array {
  const count = to - from;
  room(count);
  const writer = new ByteWriter(64 + 10 * count);
  writer.byte(format);
  writer.count(count);
  if (count === 0) return writer.take();
  writeTimes(writer, columns.times, from, count);
  if (columns.values instanceof Float64Array) writeNumbers(writer, columns.values.subarray(from, to));
  else writeValues(writer, columns.values.slice(from, to));
  writeQualities(writer, columns.qualities, from, to);
  return writer.take();
}

/** @throws RangeError when the bytes are no whole chunk */
export function decodeChunk(bytes: Uint8Array): SeriesColumns {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== format) throw new RangeError('Not a chunk of a known format.');
  const count = reader.count();
  if (count > mostInChunk) throw new RangeError('A chunk is too long.');
  if (count === 0) return { times: new Float64Array(0), values: new Float64Array(0), qualities: new Uint8Array(0) };
  room(count);
  const times = readTimes(reader, count);
  const values = readValues(reader, count);
  const qualities = readQualities(reader, count);
  return { times, values, qualities };
}

/**
 * As decodeChunk, only from the last point at or before `fromMs` (or the first) up to, not including, `toMs`. What lies outside is skipped where its place is
 * known. Choose it for a short look into a long chunk.
 * @throws RangeError when the bytes are no whole chunk, as far as they were read
 */
export function decodePart(bytes: Uint8Array, fromMs: number, toMs: number): SeriesColumns {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== format) throw new RangeError('Not a chunk of a known format.');
  const count = reader.count();
  if (count > mostInChunk) throw new RangeError('A chunk is too long.');
  if (count === 0) return noColumns;
  room(count);
  const all = readTimes(reader, count);
  const from = Math.max(0, placeOf(all, fromMs + 1) - 1);
  const to = Math.max(from, placeOf(all, toMs));
  const times = all.slice(from, to);
  const kind = reader.byte();
  const values = kind < 5 ? readNumbers(reader, kind, count, from, to) : readOthers(reader, kind, count).slice(from, to);
  const qualities = new Uint8Array(to - from);
  for (let start = 0; start < to; ) {
    const value = reader.byte();
    const length = reader.count();
    if (length === 0 || start + length > count) throw new RangeError('A run is too long.');
    if (value !== 0 && start + length > from) qualities.fill(value, Math.max(0, start - from), start + length - from);
    start += length;
  }
  return { times, values, qualities };
}

function writeTimes(writer: ByteWriter, times: Float64Array, from: number, count: number): void {
  writer.double(times[from] as number);
  if (count === 1) {
    writer.byte(0);
    writer.count(0);
    return;
  }
  const interval = commonInterval(times, from, count);
  let even = true;
  let small = true;
  for (let index = 1; index < count; index++) {
    const difference = (times[from + index] as number) - (times[from + index - 1] as number) - interval;
    if (difference !== 0) even = false;
    if (difference > largestScaled / 2 || difference < -largestScaled / 2) small = false;
    else scratch.a[index - 1] = zigzag(difference);
  }
  if (even) {
    writer.byte(0);
    writer.count(interval);
  } else if (small) {
    writer.byte(1);
    writer.count(interval);
    writer.packed(scratch.a, count - 1);
  } else {
    writer.byte(2);
    for (let index = 1; index < count; index++) writer.double(times[from + index] as number);
  }
}

/** The last evenly spaced times: what came in rows has the same ones in many series. Nobody writes into times. */
let even = { first: NaN, interval: NaN, times: new Float64Array(0) };

function readTimes(reader: ByteReader, count: number): Float64Array {
  let time = reader.double();
  const kind = reader.byte();
  if (kind === 0) {
    const interval = reader.count();
    if (even.first === time && even.interval === interval && even.times.length === count) return even.times;
    const times = new Float64Array(count);
    even = { first: time, interval, times };
    for (let index = 0; index < count; index++, time += interval) times[index] = time;
    return times;
  }
  const times = new Float64Array(count);
  times[0] = time;
  if (kind === 2) {
    for (let index = 1; index < count; index++) times[index] = reader.double();
    return times;
  }
  if (kind > 2) throw new RangeError('Times of an unknown kind.');
  const interval = reader.count();
  const packed = scratch.a;
  reader.packed(packed, count - 1);
  for (let index = 1; index < count; index++) times[index] = time += interval + unzigzag(packed[index - 1] as number);
  return times;
}

/** The middle one of a few differences: good enough, and one odd gap does not spoil it. */
function commonInterval(times: Float64Array, from: number, count: number): number {
  const sample: number[] = [];
  const step = Math.max(1, Math.floor((count - 1) / 15));
  for (let index = 1; index < count; index += step) sample.push((times[from + index] as number) - (times[from + index - 1] as number));
  sample.sort((a, b) => a - b);
  return Math.max(0, sample[sample.length >> 1] ?? 0);
}

function writeNumbers(writer: ByteWriter, values: Float64Array): void {
  const count = values.length;
  const first = values[0] as number;
  let same = true;
  for (let index = 1; index < count && same; index++) same = Object.is(values[index], first);
  if (same) {
    writer.byte(0);
    writer.double(first);
    return;
  }
  if (writeScaled(writer, values)) return;
  if (isFloat(values)) writeFloats(writer, values);
  else writeDoubles(writer, values);
}

/** Whole numbers after scaling by 1 … 10^6, or false. */
function writeScaled(writer: ByteWriter, values: Float64Array): boolean {
  const count = values.length;
  const whole = scratch.int;
  let digits = 0;
  for (let index = 0; index < count; index++) {
    const value = values[index] as number;
    let scaled = Math.round(value * (powersOfTen[digits] as number));
    while (!(scaled / (powersOfTen[digits] as number) === value && !(scaled === 0 && Object.is(value, -0)))) {
      digits++;
      if (digits >= powersOfTen.length) return false;
      // What came before fits the finer scale as well, if it stays small enough; it is scaled anew below.
      scaled = Math.round(value * (powersOfTen[digits] as number));
    }
    if (scaled > largestScaled || scaled < -largestScaled) return false;
    whole[index] = scaled;
  }
  const factor = powersOfTen[digits] as number;
  let lowest = Infinity;
  let highest = -Infinity;
  for (let index = 0; index < count; index++) {
    const value = values[index] as number;
    const scaled = Math.round(value * factor);
    if (scaled > largestScaled || scaled < -largestScaled || scaled / factor !== value) return false;
    whole[index] = scaled;
    if (scaled < lowest) lowest = scaled;
    if (scaled > highest) highest = scaled;
  }
  const differences = scratch.a;
  const offsets = scratch.b;
  let before = whole[0] as number;
  let bitsOfDifferences = 0;
  let bitsOfOffsets = 0;
  let all = 0;
  let allOffsets = 0;
  let fits = true;
  for (let index = 0; index < count; index++) {
    const value = whole[index] as number;
    const difference = value - before;
    before = value;
    if (difference > largestScaled / 2 || difference < -largestScaled / 2) fits = false;
    const coded = zigzag(difference | 0);
    differences[index] = coded;
    offsets[index] = value - lowest;
    all |= coded;
    allOffsets |= value - lowest;
    if ((index & 63) === 63 || index === count - 1) {
      bitsOfDifferences += 32 - Math.clz32(all);
      bitsOfOffsets += 32 - Math.clz32(allOffsets);
      all = 0;
      allOffsets = 0;
    }
  }
  if (fits && bitsOfDifferences <= bitsOfOffsets) {
    writer.byte(1);
    writer.byte(digits);
    writer.double(whole[0] as number);
    writer.packed(differences, count);
  } else {
    writer.byte(2);
    writer.byte(digits);
    writer.double(lowest);
    writer.packed(offsets, count);
  }
  return true;
}

function isFloat(values: Float64Array): boolean {
  for (let index = 0; index < values.length; index++) if (!Object.is(Math.fround(values[index] as number), values[index])) return false;
  return true;
}

function writeFloats(writer: ByteWriter, values: Float64Array): void {
  writer.byte(3);
  let before = 0;
  let all = 0;
  for (let index = 0; index < values.length; index++) {
    floatBits[0] = values[index] as number;
    const word = floatWord[0] as number;
    const difference = (word ^ before) >>> 0;
    before = word;
    scratch.a[index] = difference;
    if (index > 0) all |= difference;
  }
  // Digits that never change at the end (a 16-bit converter's values as float32) need no room.
  const shift = trailingZeros(all | (scratch.a[0] as number));
  writer.byte(shift);
  if (shift > 0) for (let index = 0; index < values.length; index++) scratch.a[index] = (scratch.a[index] as number) >>> shift;
  writer.packed(scratch.a, values.length);
}

function writeDoubles(writer: ByteWriter, values: Float64Array): void {
  writer.byte(4);
  let beforeLow = 0;
  let beforeHigh = 0;
  let all = 0;
  for (let index = 0; index < values.length; index++) {
    doubleBits[0] = values[index] as number;
    const low = doubleWords[0] as number;
    const high = doubleWords[1] as number;
    scratch.a[index] = low ^ beforeLow;
    scratch.b[index] = high ^ beforeHigh;
    all |= low ^ beforeLow;
    beforeLow = low;
    beforeHigh = high;
  }
  const shift = all === 0 ? 0 : trailingZeros(all);
  writer.byte(shift);
  if (shift > 0) for (let index = 0; index < values.length; index++) scratch.a[index] = (scratch.a[index] as number) >>> shift;
  writer.packed(scratch.b, values.length);
  writer.packed(scratch.a, values.length);
}

function writeValues(writer: ByteWriter, values: readonly HistoryValue[]): void {
  if (values.every((value) => typeof value === 'number')) {
    writeNumbers(writer, Float64Array.from(values as number[]));
    return;
  }
  const holes = values.filter((value) => value === null).length;
  if (holes > 0 && holes < values.length && values.every((value) => value === null || typeof value === 'number')) {
    writer.byte(6);
    writeRuns(writer, values.length, (index) => (values[index] === null ? 1 : 0));
    writeNumbers(writer, Float64Array.from(values.filter((value) => value !== null) as number[]));
    return;
  }
  const places = new Map<string, number>();
  const places32 = scratch.a;
  for (const [index, value] of values.entries()) {
    const text = jsonOf(value);
    let place = places.get(text);
    if (place === undefined) {
      place = places.size;
      places.set(text, place);
    }
    places32[index] = place;
  }
  writer.byte(5);
  const table = utf8Bytes(`[${[...places.keys()].join()}]`);
  writer.count(table.length);
  writer.bytes(table);
  writer.packed(places32, values.length);
}

function readValues(reader: ByteReader, count: number): Float64Array | HistoryValue[] {
  const kind = reader.byte();
  return kind < 5 ? readNumbers(reader, kind, count, 0, count) : readOthers(reader, kind, count);
}

function readOthers(reader: ByteReader, kind: number, count: number): HistoryValue[] {
  if (kind === 5) {
    const table = tableOf(utf8Text(reader.bytes(reader.count())));
    reader.packed(scratch.a, count);
    const values: HistoryValue[] = [];
    for (let index = 0; index < count; index++) values.push(valueOf(table[scratch.a[index] as number]));
    return values;
  }
  if (kind !== 6) throw new RangeError('Values of an unknown kind.');
  const holes = new Uint8Array(count);
  readRuns(reader, holes);
  let numbers = 0;
  for (const hole of holes) numbers += hole === 0 ? 1 : 0;
  const given = readNumbers(reader, reader.byte(), numbers, 0, numbers);
  const values: HistoryValue[] = [];
  let next = 0;
  for (const hole of holes) values.push(hole === 0 ? (given[next++] as number) : null);
  return values;
}

/** Those from `from` to `to` of `count`. */
function readNumbers(reader: ByteReader, kind: number, count: number, from: number, to: number): Float64Array {
  const values = new Float64Array(to - from);
  switch (kind) {
    case 0:
      return values.fill(reader.double());
    case 1: {
      const factor = powersOfTen[reader.byte()] ?? NaN;
      let whole = reader.double();
      reader.packed(scratch.a, count, 0, to);
      for (let index = 0; index < from; index++) whole += unzigzag(scratch.a[index] as number);
      for (let index = from; index < to; index++) {
        whole += unzigzag(scratch.a[index] as number);
        values[index - from] = whole / factor;
      }
      return values;
    }
    case 2: {
      const factor = powersOfTen[reader.byte()] ?? NaN;
      const lowest = reader.double();
      reader.packed(scratch.a, count, from, to);
      for (let index = from; index < to; index++) values[index - from] = (lowest + (scratch.a[index] as number)) / factor;
      return values;
    }
    case 3: {
      const shift = reader.byte();
      reader.packed(scratch.a, count, 0, to);
      let word = 0;
      for (let index = 0; index < to; index++) {
        word ^= (scratch.a[index] as number) << shift;
        if (index < from) continue;
        floatWord[0] = word;
        values[index - from] = floatBits[0] as number;
      }
      return values;
    }
    case 4: {
      const shift = reader.byte();
      reader.packed(scratch.b, count, 0, to);
      reader.packed(scratch.a, count, 0, to);
      const words = new Uint32Array(values.buffer);
      let low = 0;
      let high = 0;
      for (let index = 0; index < to; index++) {
        low ^= (scratch.a[index] as number) << shift;
        high ^= scratch.b[index] as number;
        if (index < from) continue;
        words[2 * (index - from)] = low;
        words[2 * (index - from) + 1] = high;
      }
      return values;
    }
    default:
      throw new RangeError('Values of an unknown kind.');
  }
}

function writeQualities(writer: ByteWriter, qualities: Uint8Array, from: number, to: number): void {
  writeRuns(writer, to - from, (index) => qualities[from + index] as number);
}

function readQualities(reader: ByteReader, count: number): Uint8Array {
  const qualities = new Uint8Array(count);
  readRuns(reader, qualities);
  return qualities;
}

function writeRuns(writer: ByteWriter, count: number, at: (index: number) => number): void {
  for (let start = 0; start < count; ) {
    const value = at(start);
    let end = start + 1;
    while (end < count && at(end) === value) end++;
    writer.byte(value);
    writer.count(end - start);
    start = end;
  }
}

function readRuns(reader: ByteReader, into: Uint8Array): void {
  for (let start = 0; start < into.length; ) {
    const value = reader.byte();
    const length = reader.count();
    if (length === 0 || start + length > into.length) throw new RangeError('A run is too long.');
    into.fill(value, start, start + length);
    start += length;
  }
}

/** Small for small numbers of either sign. */
function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function unzigzag(coded: number): number {
  return (coded >>> 1) ^ -(coded & 1);
}

function trailingZeros(value: number): number {
  return value === 0 ? 0 : 31 - Math.clz32(value & -value);
}

/** JSON, and for the numbers that JSON lacks an object with their name. */
function jsonOf(value: HistoryValue): string {
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return `{"n":"${Object.is(value, -0) ? '-0' : value}"}`;
  return asciiJson(JSON.stringify(value));
}

function valueOf(entry: unknown): HistoryValue {
  if (typeof entry === 'object' && entry !== null && Object.hasOwn(entry, 'n')) return Number((entry as { n: string }).n);
  if (entry === null || typeof entry === 'string' || typeof entry === 'number' || typeof entry === 'boolean') return entry;
  throw new RangeError('A table holds no such value.');
}

function tableOf(text: string): unknown[] {
  let table: unknown;
  try {
    table = JSON.parse(text);
  } catch {
    table = undefined;
  }
  if (!Array.isArray(table)) throw new RangeError('A table of values is none.');
  return table;
}

/** Everything beyond ASCII escaped, so that one character is one byte and a lone surrogate stays what it was. */
function asciiJson(text: string): string {
  return text.replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function utf8Bytes(ascii: string): Uint8Array {
  const bytes = new Uint8Array(ascii.length);
  for (let index = 0; index < ascii.length; index++) bytes[index] = ascii.charCodeAt(index);
  return bytes;
}

function utf8Text(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return text;
}
