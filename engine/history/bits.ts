/**
 * Whole numbers of up to 32 bits, packed in blocks of 64 with one width each (frame packing; Lemire and Boytsov, 2015, as PFOR without
 * patches). Choose it for differences, which are small nearly everywhere, rather than one width for all: one jump then costs one block.
 */
export const blockLength = 64;

/** Bytes that grow; written little-endian. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  length = 0;

  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  byte(value: number): void {
    this.reserve(1);
    this.#bytes[this.length] = value;
    this.length += 1;
  }

  double(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** A whole number from 0 to 2^53, 7 bits a byte. */
  count(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.length] = (rest % 0x80) | 0x80;
      this.length += 1;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.length] = rest;
    this.length += 1;
  }

  bytes(values: Uint8Array): void {
    this.reserve(values.length);
    this.#bytes.set(values, this.length);
    this.length += values.length;
  }

  /** `values` from 0 to 2^32 − 1. */
  packed(values: Uint32Array, count: number): void {
    for (let start = 0; start < count; start += blockLength) {
      const end = Math.min(count, start + blockLength);
      let all = 0;
      for (let index = start; index < end; index++) all |= values[index] as number;
      const width = 32 - Math.clz32(all);
      this.reserve(2 + Math.ceil(((end - start) * width) / 8) + 4);
      const bytes = this.#bytes;
      let at = this.length;
      bytes[at++] = width;
      if (width > 0) {
        // The bits of the open byte, at most 7, so that a value of 32 bits is put in as two halves of 16.
        let open = 0;
        let bits = 0;
        const low = Math.min(width, 16);
        const high = width - low;
        const lowMask = low === 16 ? 0xffff : (1 << low) - 1;
        for (let index = start; index < end; index++) {
          const value = values[index] as number;
          open |= (value & lowMask) << bits;
          bits += low;
          while (bits >= 8) {
            bytes[at++] = open & 0xff;
            open >>>= 8;
            bits -= 8;
          }
          if (high === 0) continue;
          open |= (value >>> 16) << bits;
          bits += high;
          while (bits >= 8) {
            bytes[at++] = open & 0xff;
            open >>>= 8;
            bits -= 8;
          }
        }
        if (bits > 0) bytes[at++] = open & 0xff;
      }
      this.length = at;
    }
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }
}

/** Reads what a ByteWriter wrote. Throws a RangeError at the end of the bytes. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new RangeError('The bytes end too early.');
    this.#at += 1;
    return value;
  }

  double(): number {
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  count(): number {
    let value = 0;
    let factor = 1;
    for (let part = 0; part < 8; part++) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    throw new RangeError('A number is too long.');
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw new RangeError('The bytes end too early.');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** At least those from `from` to `to` of `count`; whole blocks outside are skipped. */
  packed(values: Uint32Array, count: number, from = 0, to = count): void {
    const bytes = this.#bytes;
    for (let start = 0; start < count; start += blockLength) {
      const end = Math.min(count, start + blockLength);
      const width = this.byte();
      if (width > 32) throw new RangeError('A width is too large.');
      if (end <= from || start >= to) {
        const skipped = Math.ceil(((end - start) * width) / 8);
        if (skipped > this.left) throw new RangeError('The bytes end too early.');
        this.#at += skipped;
        continue;
      }
      if (width === 0) {
        values.fill(0, start, end);
        continue;
      }
      const length = Math.ceil(((end - start) * width) / 8);
      if (length > this.left) throw new RangeError('The bytes end too early.');
      let at = this.#at;
      this.#at += length;
      let open = 0;
      let bits = 0;
      if (width <= 24) {
        const mask = (1 << width) - 1;
        for (let index = start; index < end; index++) {
          while (bits < width) {
            open |= (bytes[at++] as number) << bits;
            bits += 8;
          }
          values[index] = open & mask;
          open >>>= width;
          bits -= width;
        }
        continue;
      }
      const high = width - 16;
      const highMask = (1 << high) - 1;
      for (let index = start; index < end; index++) {
        while (bits < 16) {
          open |= (bytes[at++] as number) << bits;
          bits += 8;
        }
        const lowPart = open & 0xffff;
        open >>>= 16;
        bits -= 16;
        while (bits < high) {
          open |= (bytes[at++] as number) << bits;
          bits += 8;
        }
        values[index] = (((open & highMask) << 16) | lowPart) >>> 0;
        open >>>= high;
        bits -= high;
      }
    }
  }
}
