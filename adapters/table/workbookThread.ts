import { parentPort, workerData } from 'node:worker_threads';
import { inflateRawSync } from 'node:zlib';
import { readSheet } from 'read-excel-file/node';
import type { WorkbookAnswer } from './readTableFile.ts';

const largestUnpacked = 150_000_000;
const mostEntries = 2000;
const mostRows = 20_000;
const mostColumns = 1000;
const localHeader = 0x04034b50;
const centralHeader = 0x02014b50;
const endHeader = 0x06054b50;

/**
 * Unpacks every part of the zip with a bound before the library sees it: what its directory says of sizes may be a lie (a zip bomb).
 * @returns why it is refused; undefined: it may be read
 */
function zipTrouble(bytes: Buffer): string | undefined {
  let end = bytes.length - 22;
  while (end >= 0 && end > bytes.length - 66_000 && bytes.readUInt32LE(end) !== endHeader) end -= 1;
  if (end < 0 || bytes.readUInt32LE(end) !== endHeader) return 'it is cut off';
  const entries = bytes.readUInt16LE(end + 10);
  if (entries > mostEntries) return `it has ${entries} parts`;
  let at = bytes.readUInt32LE(end + 16);
  let left = largestUnpacked;
  for (let entry = 0; entry < entries; entry += 1) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== centralHeader) return 'its directory is damaged';
    const method = bytes.readUInt16LE(at + 10);
    const packed = bytes.readUInt32LE(at + 20);
    const start = bytes.readUInt32LE(at + 42);
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (start + 30 > bytes.length || bytes.readUInt32LE(start) !== localHeader) return 'its directory is damaged';
    const data = start + 30 + bytes.readUInt16LE(start + 26) + bytes.readUInt16LE(start + 28);
    if (data + packed > bytes.length) return 'it is cut off';
    if (method === 0) left -= packed;
    else if (method !== 8) return 'it is packed in an unknown way';
    else {
      try {
        left -= inflateRawSync(bytes.subarray(data, data + packed), { maxOutputLength: Math.max(1, left) }).length;
      } catch (error) {
        if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') left = -1;
        else return 'its packing is damaged';
      }
    }
    if (left <= 0) return `unpacked it has more than ${largestUnpacked / 1e6} MB`;
  }
  return undefined;
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return Number.isFinite(cell.getTime()) ? cell.toISOString() : '';
  return String(cell);
}

/** The rows of the first sheet of a workbook, or why not. Runs in a thread of its own. */
export async function workbookThread(bytes: Buffer): Promise<WorkbookAnswer> {
  const trouble = zipTrouble(bytes);
  if (trouble !== undefined) {
    return { code: 'TWIN_TABLE_UNREADABLE', found: `This Excel file is refused: ${trouble}.`, remedy: 'Save it again from the spreadsheet, or save it as CSV.' };
  }
  try {
    const sheet = (await readSheet(bytes, { trim: false })) as unknown[][];
    return { rows: sheet.slice(0, mostRows).map((cells, index) => ({ row: index + 1, cells: cells.slice(0, mostColumns).map(cellText) })) };
  } catch (error) {
    return {
      code: 'TWIN_TABLE_FORM',
      found: `This file is no Excel workbook: ${(error as Error).message.slice(0, 200)}.`,
      remedy: 'Choose a CSV file or an Excel file (.xlsx); a spreadsheet can save as both.',
    };
  }
}

const port = parentPort;
if (port !== null) void workbookThread(Buffer.from(workerData as Uint8Array)).then((answer) => port.postMessage(answer));
