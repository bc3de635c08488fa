import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Problem } from '../engine/problem.ts';

/** A file of an archive. */
export interface ArchiveEntry {
  /** Relative, with forward slashes. */
  name: string;
  bytes: number;
  /** Rights, as in 0o600. */
  mode: number;
  /** The content: text, or the path of a file. */
  content: { text: string } | { file: string };
}

const block = 512;

/**
 * Writes a .tar.gz (POSIX ustar, IEEE 1003.1-1988) that every `tar` can read, and syncs it to the disk.
 * @throws Problem TWIN_BACKUP_NAME; the errors of the file system (ENOSPC …)
 */
export async function writeArchive(file: string, entries: readonly ArchiveEntry[], nowMs: number): Promise<void> {
  await pipeline(Readable.from(tarBlocks(entries, nowMs)), createGzip({ level: 6 }), createWriteStream(file, { mode: 0o600, flags: 'wx' }));
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* tarBlocks(entries: readonly ArchiveEntry[], nowMs: number): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    yield header(entry, nowMs);
    let written = 0;
    if ('text' in entry.content) {
      const text = Buffer.from(entry.content.text);
      written = text.length;
      yield text;
    } else if (entry.bytes > 0) {
      for await (const chunk of createReadStream(entry.content.file) as AsyncIterable<Buffer>) {
        written += chunk.length;
        yield chunk;
      }
    }
    if (written !== entry.bytes) throw new Error(`${entry.name} changed while it was written`);
    if (written % block !== 0) yield Buffer.alloc(block - (written % block));
  }
  yield Buffer.alloc(2 * block);
}

function header({ name, bytes, mode }: ArchiveEntry, nowMs: number): Buffer {
  const head = Buffer.alloc(block);
  let prefix = '';
  let rest = name;
  if (Buffer.byteLength(name) > 100) {
    for (let slash = name.indexOf('/'); slash > 0 && Buffer.byteLength(rest) > 100; slash = name.indexOf('/', slash + 1)) {
      prefix = name.slice(0, slash);
      rest = name.slice(slash + 1);
    }
  }
  if (Buffer.byteLength(rest) > 100 || Buffer.byteLength(prefix) > 155) {
    throw new Problem('TWIN_BACKUP_NAME', `The name ${name} is too long for a backup.`, 'Shorten the name of the file.', { name });
  }
  head.write(rest, 0);
  octal(head, mode, 100, 8);
  octal(head, 0, 108, 8);
  octal(head, 0, 116, 8);
  if (bytes < 8 ** 11) octal(head, bytes, 124, 12);
  else {
    // More than 8 GiB: base 256, as GNU tar writes it.
    head.writeBigUInt64BE(BigInt(bytes), 128);
    head[124] = 0x80;
  }
  octal(head, Math.floor(nowMs / 1000), 136, 12);
  head.fill(' ', 148, 156);
  head.write('0', 156);
  head.write('ustar\x0000', 257, 'latin1');
  head.write(prefix, 345);
  octal(head, checksum(head), 148, 7);
  return head;
}

function octal(head: Buffer, value: number, at: number, length: number): void {
  head.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}

function checksum(head: Buffer): number {
  let sum = 0;
  for (let at = 0; at < block; at++) sum += at >= 148 && at < 156 ? 32 : (head[at] as number);
  return sum;
}

/**
 * Reads an archive from its beginning to its end and hands each file over as it comes; the content has to be read before
 * the next one comes. Nothing but plain files is taken.
 * @throws Problem TWIN_BACKUP_DAMAGED (cut short, flipped bytes), TWIN_BACKUP_FOREIGN (no archive of this kind), and what `take` throws
 */
export async function readArchive(file: string, take: (name: string, bytes: number, content: AsyncIterable<Buffer>) => Promise<void>): Promise<void> {
  await expectGzip(file);
  const source = createReadStream(file);
  const unzipped = createGunzip();
  const fed = pipeline(source, unzipped);
  // Told through `unzipped` as well.
  fed.catch(() => undefined);
  const bytes = new ByteReader(unzipped as AsyncIterable<Buffer>);
  try {
    let ended = false;
    for (;;) {
      const head = await bytes.exactly(block);
      if (head.every((byte) => byte === 0)) {
        ended = true;
        break;
      }
      const { name, size } = readHeader(head, file);
      await take(name, size, bytes.upTo(size));
      await bytes.skipRest();
      if (size % block !== 0) await bytes.exactly(block - (size % block));
    }
    // To the end of the stream, where gzip's own checksum is.
    if (ended) await bytes.drain();
    await fed;
  } catch (error) {
    if (error instanceof Problem) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code.startsWith('Z_') || error instanceof CutShort) throw damaged(file);
    throw error;
  } finally {
    source.destroy();
    unzipped.destroy();
  }
}

async function expectGzip(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    if (bytesRead < 2 || buffer[0] !== 0x1f || buffer[1] !== 0x8b) throw foreign(file);
  } finally {
    await handle.close();
  }
}

function readHeader(head: Buffer, file: string): { name: string; size: number } {
  const field = (at: number, length: number): string => {
    const end = head.indexOf(0, at);
    return head.toString('utf8', at, end < 0 || end > at + length ? at + length : end);
  };
  if (field(257, 5) !== 'ustar' || Number.parseInt(field(148, 8), 8) !== checksum(head)) throw foreign(file);
  const kind = field(156, 1);
  if (kind !== '0' && kind !== '') throw foreign(file);
  const size = ((head[124] as number) & 0x80) === 0 ? Number.parseInt(field(124, 12), 8) : Number(head.readBigUInt64BE(128));
  if (!Number.isSafeInteger(size) || size < 0) throw foreign(file);
  const prefix = field(345, 155);
  return { name: prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`, size };
}

export function damaged(file: string): Problem {
  return new Problem('TWIN_BACKUP_DAMAGED', `The backup ${file} is damaged or was cut short.`, 'Take another backup; nothing was changed here.', { file });
}

export function foreign(file: string): Problem {
  return new Problem('TWIN_BACKUP_FOREIGN', `${file} is not a backup of Twinwire.`,
    'Name a file that twin backup has written; nothing was changed here.', { file });
}

class CutShort extends Error {}

/** Bytes in the portions that are asked for. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #left = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #some(most: number): Promise<Buffer> {
    while (this.#held.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) throw new CutShort();
      this.#held = next.value;
    }
    const part = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(part.length);
    return part;
  }

  /** A few bytes at once. */
  async exactly(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const part = await this.#some(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  async *upTo(count: number): AsyncGenerator<Buffer> {
    this.#left = count;
    while (this.#left > 0) {
      const part = await this.#some(this.#left);
      this.#left -= part.length;
      yield part;
    }
  }

  async skipRest(): Promise<void> {
    while (this.#left > 0) this.#left -= (await this.#some(this.#left)).length;
  }

  async drain(): Promise<void> {
    this.#held = Buffer.alloc(0);
    while ((await this.#source.next()).done !== true);
  }
}
