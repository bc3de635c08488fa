import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { access, constants, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeLine, splitLines } from '../../engine/lineProtocol.ts';
import type { LineWriter, RejectedLine } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import { csvHeading, csvRows, wholeCsvLength } from './historyCsv.ts';

/** `lines`: line protocol as it stands. `csv`: comma and decimal point. `csvSemicolon`: semicolon and decimal comma, as a German Excel reads it. */
export type FileFormat = 'lines' | 'csv' | 'csvSemicolon';

export interface FileLinesOptions {
  folder: string;
  /** How the files are called; what a file system may not hold becomes _. */
  name: string;
  format: FileFormat;
  /** A file is ended at about this size. Default 10 MB. */
  rotateBytes?: number;
  /** All files of this name together; beyond it the oldest go. Default 1 GB. */
  keepBytes?: number;
  /** Told of each file that had to go. */
  onRemoved?(file: string): void;
}

interface Current {
  path: string;
  handle: FileHandle;
  bytes: number;
}

/**
 * History as files: appended, confirmed by the disk before it counts as delivered, a new file at a size, the oldest gone beyond a bound. A line that
 * was delivered twice (after a kill in the wrong moment) stands there twice, with the same time: whoever reads it keeps one.
 */
export class FileLines implements LineWriter {
  readonly #options: FileLinesOptions;
  readonly #stem: string;
  readonly #extension: string;
  #current: Current | undefined;
  #part = 0;
  /** One after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @throws Problem TWIN_FILE_SETTING where no folder is given */
  constructor(options: FileLinesOptions) {
    if (options.folder.trim() === '') throw new Problem('TWIN_FILE_SETTING', 'No folder is given for the files.', 'Enter the folder in the connection.');
    this.#options = options;
    this.#stem = fileName(options.name);
    this.#extension = options.format === 'lines' ? 'lp' : 'csv';
  }

  write(lines: readonly string[]): Promise<{ stored: number; rejected: RejectedLine[] }> {
    const result = this.#last.then(() => this.#write(lines));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async test(): Promise<{ ok: true; version: string } | Problem> {
    try {
      mkdirSync(this.#options.folder, { recursive: true });
      await access(this.#options.folder, constants.W_OK);
      return { ok: true, version: this.#options.format };
    } catch (error) {
      return this.#problem(error);
    }
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#end();
  }

  async #write(lines: readonly string[]): Promise<{ stored: number; rejected: RejectedLine[] }> {
    const rejected: RejectedLine[] = [];
    const parts: string[] = [];
    for (const [index, line] of lines.entries()) {
      const point = decodeLine(line);
      if (point === undefined) rejected.push({ index, line, reason: 'This is no line of data.' });
      else if (this.#options.format === 'lines') parts.push(line, '\n');
      else parts.push(csvRows(point, this.#options.format === 'csvSemicolon'));
    }
    if (parts.length > 0) {
      try {
        await this.#append(Buffer.from(parts.join('')));
      } catch (error) {
        throw this.#problem(error);
      }
    }
    return { stored: lines.length - rejected.length, rejected };
  }

  async #append(bytes: Buffer): Promise<void> {
    const { rotateBytes = 10_000_000 } = this.#options;
    if (this.#current !== undefined && this.#current.bytes > 0 && this.#current.bytes + bytes.length > rotateBytes) await this.#end();
    const current = (this.#current ??= await this.#begin(bytes.length));
    try {
      // A write may come back short, without an error, before the disk is full.
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await current.handle.write(bytes, done, bytes.length - done, current.bytes + done);
        if (bytesWritten === 0) throw Object.assign(new Error('nothing could be written'), { code: 'ENOSPC' });
        done += bytesWritten;
      }
      await current.handle.datasync();
    } catch (error) {
      // What is half there must not stand in front of what comes next.
      this.#current = undefined;
      await current.handle.truncate(current.bytes).catch(() => undefined);
      await current.handle.close().catch(() => undefined);
      throw error;
    }
    current.bytes += bytes.length;
  }

  /** Goes on with the newest file where it has room; the end of one that was cut in the middle of a row is taken off. */
  async #begin(needed: number): Promise<Current> {
    const { folder, format, rotateBytes = 10_000_000 } = this.#options;
    mkdirSync(folder, { recursive: true });
    const files = this.#files();
    const newest = files.at(-1);
    if (newest !== undefined && newest.bytes + needed <= rotateBytes) {
      const path = join(folder, newest.name);
      const bytes = readFileSync(path);
      const whole = format === 'lines' ? wholeLineLength(bytes) : wholeCsvLength(bytes);
      if (whole < bytes.length) truncateSync(path, whole);
      if (whole > 0) return { path, handle: await open(path, 'r+'), bytes: whole };
      rmSync(path);
    }
    this.#part = Math.max(this.#part, newest?.part ?? 0) + 1;
    const path = join(folder, `${this.#stem}-${String(this.#part).padStart(8, '0')}.${this.#extension}`);
    this.#removeOldest(files);
    const handle = await open(path, 'w+');
    let bytes = 0;
    if (format !== 'lines') ({ bytesWritten: bytes } = await handle.write(csvHeading(format === 'csvSemicolon'), 0));
    await syncFolder(folder);
    return { path, handle, bytes };
  }

  async #end(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.handle.close();
  }

  #removeOldest(files: { name: string; bytes: number }[]): void {
    const { folder, keepBytes = 1_000_000_000, rotateBytes = 10_000_000, onRemoved } = this.#options;
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0) + rotateBytes;
    for (const file of files) {
      if (bytes <= keepBytes) return;
      rmSync(join(folder, file.name), { force: true });
      bytes -= file.bytes;
      onRemoved?.(file.name);
    }
  }

  /** In the order in which they were begun. */
  #files(): { name: string; part: number; bytes: number }[] {
    const { folder } = this.#options;
    return readdirSync(folder).flatMap((name) => {
      const part = name.startsWith(`${this.#stem}-`) ? /^(\d{8,})\.(\w+)$/.exec(name.slice(this.#stem.length + 1)) : null;
      return part === null || part[2] !== this.#extension ? [] : [{ name, part: Number(part[1]), bytes: statSync(join(folder, name)).size }];
    }).sort((a, b) => a.part - b.part);
  }

  #problem(error: unknown): Problem {
    if (error instanceof Problem) return error;
    const { code = '', message = String(error) } = error as { code?: string; message?: string };
    const { folder } = this.#options;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      return new Problem('TWIN_FILE_DISK_FULL', `There is no room for the files in ${folder}.`, 'Free some room; it goes on by itself, and nothing is lost until then.', { folder });
    }
    return new Problem('TWIN_FILE_FAILED', `The files in ${folder} cannot be written: ${message}.`, 'Choose a folder that the user running Node-RED may write to.', { folder, reason: message });
  }
}

/** No path, no name that a system keeps for itself, nothing a shell would trip over. */
function fileName(text: string): string {
  const name = text.replaceAll(/[^\p{L}\p{N}_-]+/gu, '_').replace(/^-+/, '_').slice(0, 80);
  return name === '' ? 'history' : name;
}

function wholeLineLength(bytes: Buffer): number {
  const text = bytes.toString('utf8');
  return Buffer.byteLength(text.slice(0, text.length - (splitLines(text).at(-1) ?? '').length));
}

async function syncFolder(folder: string): Promise<void> {
  // Not every system lets a folder be opened.
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
