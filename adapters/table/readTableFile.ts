import { readFile, stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { recogniseCsvDialect } from '../../engine/csvDialect.ts';
import { Problem } from '../../engine/problem.ts';
import { parse } from 'csv-parse/sync';

/** A table as its file holds it: rows with their numbers in the file. */
export interface TableFile {
  rows: { row: number; cells: string[] }[];
  decimal: 'point' | 'comma';
  /** csv or workbook (Excel): in a workbook a text is never a formula, so it has no guard. */
  form: 'csv' | 'workbook';
}

export const largestTableBytes = 10_000_000;
export const mostCells = 2_000_000;
const readingMs = 20_000;
const mostColumns = 1000;

/** The thread must run the same form of the code: source under development, JavaScript in the published package. */
const threadFile = new URL(import.meta.url.endsWith('.ts') ? './workbookThread.ts' : './workbookThread.js', import.meta.url);

/** @throws Problem TWIN_FILE_UNREADABLE, and as readTableBytes */
export async function readTableFile(file: string): Promise<TableFile> {
  let bytes: Buffer;
  try {
    const { size } = await stat(file);
    if (size > largestTableBytes) throw tooLarge(size);
    bytes = await readFile(file);
  } catch (error) {
    if (error instanceof Problem) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Problem(
      'TWIN_FILE_UNREADABLE',
      `The table ${file} cannot be read: ${reason}.`,
      'Check the path; a relative one counts from the Node-RED user directory.',
      { file, reason },
    );
  }
  return readTableBytes(bytes);
}

/**
 * A CSV file (comma, semicolon or tab; UTF-8, UTF-16 with a byte order mark, Windows-1252) or an Excel workbook (.xlsx, its first
 * sheet). Told apart by content, not by name. An Excel workbook is read in a thread of its own, with bounded memory and 20 s of time.
 * @throws Problem TWIN_TABLE_FORM (a PDF, an old .xls, no table at all), TWIN_TABLE_TOO_LARGE, TWIN_FILE_EMPTY, TWIN_TABLE_UNREADABLE
 */
export async function readTableBytes(bytes: Buffer): Promise<TableFile> {
  if (bytes.length > largestTableBytes) throw tooLarge(bytes.length);
  const magic = bytes.subarray(0, 8).toString('latin1');
  if (magic.startsWith('%PDF')) throw wrongForm('a PDF');
  if (magic.startsWith('\xD0\xCF\x11\xE0')) throw wrongForm('an old Excel file (.xls) or one with a password');
  if (magic.startsWith('PK\x03\x04')) return readWorkbook(bytes);
  const text = textOf(bytes);
  if (text.includes('\0')) throw wrongForm('no text file');
  if (text.trim() === '') throw new Problem('TWIN_FILE_EMPTY', 'There is nothing in this file.', 'Choose a file with rows.');
  const dialect = recogniseCsvDialect(text.slice(0, 65_536), text.length <= 65_536);
  const body = text.split('\n').slice(dialect.preambleLines).join('\n');
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(body, {
      delimiter: dialect.separator, info: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true,
      to: 20_000, max_record_size: 1_000_000,
    }) as unknown as typeof records;
  } catch (error) {
    throw new Problem(
      'TWIN_TABLE_UNREADABLE',
      `The rows of this file cannot be told apart: ${(error as Error).message}.`,
      'Check the quotes in it, or save it again from the spreadsheet.',
    );
  }
  const rows = records.map(({ record, info }) => ({ row: info.lines + dialect.preambleLines, cells: record.slice(0, mostColumns) }));
  return bounded({ rows, decimal: dialect.decimal, form: 'csv' });
}

function bounded(table: TableFile): TableFile {
  let cells = 0;
  for (const row of table.rows) cells += row.cells.length;
  if (cells > mostCells) throw new Problem('TWIN_TABLE_TOO_LARGE', `This table has ${cells} cells.`, `Split it: at most ${mostCells} are read.`, { cells });
  return table;
}

function textOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** What the thread answers: rows, or why not. */
export type WorkbookAnswer = { rows: { row: number; cells: string[] }[] } | { code: string; found: string; remedy: string };

function readWorkbook(bytes: Buffer): Promise<TableFile> {
  return new Promise((resolve, reject) => {
    const copy = Uint8Array.from(bytes);
    const worker = new Worker(threadFile, { workerData: copy, name: 'twinwire workbook', resourceLimits: { maxOldGenerationSizeMb: 512 } });
    const timer = setTimeout(() => end(() => reject(unreadable(`it takes longer than ${readingMs / 1000} s`))), readingMs);
    let ended = false;
    const end = (answer: () => void): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      void worker.terminate();
      answer();
    };
    worker.on('message', (answer: WorkbookAnswer) =>
      end(() => {
        if ('code' in answer) reject(new Problem(answer.code, answer.found, answer.remedy));
        else {
          try {
            resolve(bounded({ rows: answer.rows, decimal: 'point', form: 'workbook' }));
          } catch (problem) {
            reject(problem);
          }
        }
      }),
    );
    worker.on('error', (error) => end(() => reject(unreadable(error.message))));
    worker.on('exit', () => end(() => reject(unreadable('its reading ended early'))));
  });
}

function unreadable(reason: string): Problem {
  return new Problem('TWIN_TABLE_UNREADABLE', `This Excel file cannot be read: ${reason}.`, 'Save it again from the spreadsheet, or save it as CSV.', { reason });
}

function wrongForm(what: string): Problem {
  return new Problem('TWIN_TABLE_FORM', `This file is ${what}, not a table.`, 'Choose a CSV file or an Excel file (.xlsx); a spreadsheet can save as both.', { what });
}

function tooLarge(bytes: number): Problem {
  return new Problem('TWIN_TABLE_TOO_LARGE', `This file has ${bytes} bytes.`, `At most ${largestTableBytes / 1e6} MB are read; split it.`, { bytes });
}
