import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';

/**
 * Bytes to text: UTF-16 by its byte order mark, else UTF-8, else, from the first byte sequence on that is no UTF-8, Windows-1252
 * (every byte is a character there, so the reading can go on). Drops the byte order mark and the given number of lines.
 */
export class TextChunks extends Transform {
  #decode: ((bytes: Uint8Array) => string) | undefined;
  /** The beginning of a character whose rest comes with the next chunk. */
  #carry: Buffer = Buffer.alloc(0);
  #linesToDrop: number;

  constructor(linesToDrop: number) {
    super({ decodeStrings: false, encoding: 'utf8' });
    this.#linesToDrop = linesToDrop;
  }

  /** The text of the beginning of a file; a character cut off at its end is dropped. */
  static decode(bytes: Buffer): string {
    const chunks = new TextChunks(0);
    return chunks.#text(bytes);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      done(null, this.#drop(this.#text(chunk)));
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    // A character that was never completed: it is no UTF-8.
    done(null, this.#carry.length === 0 ? '' : this.#drop(new TextDecoder('windows-1252').decode(this.#carry)));
  }

  #text(chunk: Buffer): string {
    let bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    this.#carry = Buffer.alloc(0);
    if (this.#decode === undefined) {
      const mark = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
      if (mark !== undefined) {
        const decoder = new TextDecoder(mark);
        this.#decode = (more) => decoder.decode(more, { stream: true });
        return this.#decode(bytes);
      }
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
      this.#decode = (more) => this.#utf8(more as Buffer);
    }
    return this.#decode(bytes);
  }

  #utf8(bytes: Buffer): string {
    const end = bytes.length - incompleteTail(bytes);
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end));
      this.#carry = Buffer.from(bytes.subarray(end));
      return text;
    } catch {
      const decoder = new TextDecoder('windows-1252');
      this.#decode = (more) => decoder.decode(more, { stream: true });
      return this.#decode(bytes);
    }
  }

  #drop(text: string): string {
    let rest = text;
    while (this.#linesToDrop > 0) {
      const end = rest.indexOf('\n');
      if (end < 0) return '';
      rest = rest.slice(end + 1);
      this.#linesToDrop -= 1;
    }
    return rest;
  }
}

/** How many bytes at the end begin a UTF-8 character that is not complete. */
function incompleteTail(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? back : 0;
  }
  return 0;
}
