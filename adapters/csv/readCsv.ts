import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { csvCell, csvTime, recogniseCsvDialect } from '../../engine/csvDialect.ts';
import type { CsvDialect, CsvHints } from '../../engine/csvDialect.ts';
import { Problem } from '../../engine/problem.ts';
import { TextChunks } from './textChunks.ts';
import { WholeRows } from './wholeRows.ts';

export type CsvSource = { path: string } | { text: string };

export interface CsvOptions {
  /** Default auto. */
  separator?: 'auto' | 'comma' | 'semicolon' | 'tab';
  decimal?: 'auto' | 'point' | 'comma';
  /** Name of the time column; empty or absent: found by itself. */
  timeColumn?: string;
  /** Refuse a file in which no column of times is found, rather than give rows without time. Default false. */
  timeRequired?: boolean;
  /** Minutes east of UTC of times that name no zone. Default 0: UTC. */
  zoneOffsetMinutes?: number;
  /** Told of each row that was left out: its line in the file (the first is 1) and why. */
  onSkipped?: (row: number, reason: string) => void;
}

export interface CsvRow {
  /** Line in the file; the first is 1. Of a row over several lines, the last. */
  row: number;
  /** ms UTC; null where the file has no time column. */
  timeMs: number | null;
  /** By column name, without the time column(s). Empty cells are null; see csvCell for what is a number. */
  values: Record<string, number | string | null>;
}

const sampleBytes = 65_536;
const separators = { comma: ',', semicolon: ';', tab: '\t' } as const;

/**
 * The rows of a table file, one by one, in the order of the file, with memory that does not grow with it. A wrong row never
 * ends the reading: it is told to `onSkipped` and left out. UTF-8, UTF-16 with a byte order mark and Windows-1252 are understood.
 * Cells are data: a cell that begins with = is text.
 * @throws Problem TWIN_FILE_UNREADABLE, TWIN_FILE_EMPTY, TWIN_TIME_COLUMN (the named column is not there or holds no
 * times, or none was found and one is required)
 */
export async function* readCsv(source: CsvSource, options: CsvOptions = {}): AsyncGenerator<CsvRow, void, undefined> {
  const dialect = await recogniseCsv(source, options);
  const { columns, timeColumn, timeOfDayColumn, timeFormat, decimal } = dialect;
  const { onSkipped, zoneOffsetMinutes = 0 } = options;
  const name = 'path' in source ? source.path : 'the text';
  const input = 'path' in source ? createReadStream(source.path, { highWaterMark: 262_144 }) : Readable.from([Buffer.from(source.text)]);
  const parser = parse({
    delimiter: dialect.separator, record_delimiter: '\n', info: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true,
    trim: true, skip_records_with_error: true,
  });
  parser.on('skip', (error) => onSkipped?.(Number(error?.['lines'] ?? 0) + dialect.preambleLines, 'its quotes do not match.'));
  const failed = (error: unknown): void => void parser.destroy(unreadable(name, error));
  const text = new TextChunks(dialect.preambleLines);
  // Before the parser, which would take everything behind an open quote for one cell.
  const rows = new WholeRows(dialect.separator, dialect.preambleLines + 1, (row, reason) => onSkipped?.(row, reason));
  for (const stream of [input, text, rows]) stream.once('error', failed);
  input.pipe(text).pipe(rows).pipe(parser);
  const dangerous = columns.includes('__proto__');
  let headerLeft = dialect.header;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (headerLeft) {
        headerLeft = false;
        continue;
      }
      const row = info.lines + dialect.preambleLines;
      if (record.length < columns.length) {
        onSkipped?.(row, `it has ${record.length} columns instead of ${columns.length}.`);
        continue;
      }
      if (record.length > columns.length && record.slice(columns.length).some((cell) => cell !== '')) {
        onSkipped?.(row, `it has ${record.length} columns instead of ${columns.length}.`);
        continue;
      }
      let timeMs: number | null = null;
      if (timeColumn !== undefined && timeFormat !== undefined) {
        const cell = record[timeColumn] ?? '';
        const read = csvTime(cell, timeFormat, zoneOffsetMinutes, timeOfDayColumn === undefined ? undefined : record[timeOfDayColumn]);
        if (read === undefined) {
          onSkipped?.(row, cell === '' ? 'it has no time.' : `its time "${cell.slice(0, 60)}" cannot be read.`);
          continue;
        }
        timeMs = read;
      }
      const values: CsvRow['values'] = {};
      for (let index = 0; index < columns.length; index += 1) {
        if (index === timeColumn || index === timeOfDayColumn) continue;
        const value = csvCell(record[index] ?? '', decimal);
        const column = columns[index] ?? '';
        if (dangerous) Object.defineProperty(values, column, { value, enumerable: true, writable: true, configurable: true });
        else values[column] = value;
      }
      yield { row, timeMs, values };
    }
  } catch (error) {
    throw unreadable(name, error);
  } finally {
    input.destroy();
    text.destroy();
    rows.destroy();
    parser.destroy();
  }
}

/**
 * What the file's first 64 KB say about it; for a preview, and for reading it.
 * @throws as readCsv
 */
export async function recogniseCsv(source: CsvSource, options: CsvOptions = {}): Promise<CsvDialect> {
  const name = 'path' in source ? source.path : 'the text';
  const { text, whole } = await sampleOf(source, name);
  if (text.trim() === '') throw new Problem('TWIN_FILE_EMPTY', `There is nothing in ${name}.`, 'Choose a file with rows.', { file: name });
  const hints: CsvHints = {};
  if (options.separator !== undefined && options.separator !== 'auto') hints.separator = separators[options.separator];
  if (options.decimal !== undefined && options.decimal !== 'auto') hints.decimal = options.decimal;
  const named = options.timeColumn?.trim() ?? '';
  if (named !== '') hints.timeColumn = named;
  const dialect = recogniseCsvDialect(text, whole, hints);
  if (named !== '' && dialect.timeFormat === undefined) {
    const file = { file: name, column: named };
    throw dialect.timeColumn === undefined
      ? new Problem('TWIN_TIME_COLUMN', `There is no column "${named}" in ${name}.`,
        `Choose one of: ${dialect.columns.slice(0, 20).join(', ')}.`, file)
      : new Problem('TWIN_TIME_COLUMN', `The column "${named}" in ${name} holds no times that can be read without doubt.`,
        'Write them as 2026-11-22 10:30:00, as 22.11.2026 10:30:00 or as seconds or milliseconds since 1970.', file);
  }
  if (options.timeRequired === true && dialect.timeFormat === undefined) {
    throw new Problem('TWIN_TIME_COLUMN',
      `No column of times was found in ${name}; its columns are: ${dialect.columns.slice(0, 20).join(', ')}.`,
      'Write times as 2026-11-22 10:30:00, as 22.11.2026 10:30:00 or as seconds or milliseconds since 1970.', { file: name });
  }
  return dialect;
}

async function sampleOf(source: CsvSource, name: string): Promise<{ text: string; whole: boolean }> {
  if ('text' in source) {
    const text = source.text.replace(/^\uFEFF/, '');
    return { text: text.slice(0, sampleBytes), whole: text.length <= sampleBytes };
  }
  try {
    const file = await open(source.path, 'r');
    try {
      const buffer = Buffer.alloc(sampleBytes);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, sampleBytes - length);
        length += bytesRead;
        if (bytesRead === 0 || length === sampleBytes) break;
      }
      return { text: TextChunks.decode(buffer.subarray(0, length)), whole: length < sampleBytes };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(file: string, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : String(error);
  const known = typeof code === 'string' ? knownFaults[code] : undefined;
  const [found, remedy] = known?.(file)
    ?? [`The file ${file} cannot be read: ${message}.`, 'Check that it is a text file with rows and that the disk works.'];
  return new Problem('TWIN_FILE_UNREADABLE', found, remedy, { file, reason: message });
}

const notAllowed = (file: string): [string, string] =>
  [`The file ${file} may not be read.`, 'Give the user that runs Node-RED the right to read it.'];
const knownFaults: Record<string, (file: string) => [string, string]> = {
  ENOENT: (file) => [`There is no file ${file}.`, 'Check the path; a relative one counts from the Node-RED user directory.'],
  EISDIR: (file) => [`${file} is a folder.`, 'Choose a file in it.'],
  EACCES: notAllowed,
  EPERM: notAllowed,
};
