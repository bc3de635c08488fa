import type { CsvDecimal, CsvDialect } from './csvDialect.ts';
import { csvCell, recogniseCsvDialect } from './csvDialect.ts';

/** Rows whose cells have names. */
export interface NamedRows {
  dialect: { columns: readonly string[] };
  rows: { line: number; cells: Map<string, string | number> }[];
}

export interface CsvTable extends NamedRows {
  dialect: CsvDialect;
  /** `line`: where the row begins in the text; the first is 1. */
  rows: { line: number; cells: Map<string, string | number> }[];
}

/** The same of cells that were read already: the first row with anything in it has the names. */
export function tableOfCells(given: readonly { row: number; cells: readonly string[] }[], decimal: CsvDecimal): NamedRows {
  const [head, ...body] = given.filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  const columns = (head?.cells ?? []).map((name) => name.trim());
  const rows = body.map(({ row, cells }) => {
    const named = new Map<string, string | number>();
    for (const [index, name] of columns.entries()) {
      const value = csvCell(cells[index] ?? '', decimal);
      if (value !== null && name !== '' && !named.has(name)) named.set(name, value);
    }
    return { line: row, cells: named };
  });
  return { dialect: { columns }, rows };
}

const sampleLength = 65_536;

/**
 * A small table that is held whole: comma, semicolon or tab, German decimals, byte order mark, quotes, line breaks in cells. Empty cells are
 * left out; see csvCell for what is a number. Choose it for text in a message, rather than readCsv, which reads files of any size.
 */
export function csvTable(given: string): CsvTable {
  const text = given.replace(/^\ufeff/, '');
  const dialect = recogniseCsvDialect(text.slice(0, sampleLength), text.length <= sampleLength);
  const rows: CsvTable['rows'] = [];
  let line = 1;
  let begin = 1;
  let cell = '';
  let quoted = false;
  let wasQuoted = false;
  let row: string[] = [];
  let isHead = dialect.header;
  const endCell = (): void => {
    row.push(wasQuoted ? cell : cell.trim());
    cell = '';
    wasQuoted = false;
  };
  const endRow = (): void => {
    endCell();
    const isEmpty = row.every((one) => one === '');
    const isPreamble = begin <= dialect.preambleLines;
    if (!isEmpty && !isPreamble && isHead) isHead = false;
    else if (!isEmpty && !isPreamble) {
      const cells = new Map<string, string | number>();
      for (const [index, name] of dialect.columns.entries()) {
        const value = csvCell(row[index] ?? '', dialect.decimal);
        if (value !== null) cells.set(name, value);
      }
      rows.push({ line: begin, cells });
    }
    row = [];
    begin = line;
  };
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string;
    if (character === '\n') line++;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[index + 1] === '"') {
        cell += '"';
        index++;
      } else quoted = false;
    } else if (character === '"' && cell.trim() === '') {
      quoted = true;
      wasQuoted = true;
      cell = '';
    } else if (character === dialect.separator) endCell();
    else if (character === '\n') endRow();
    else if (character !== '\r') cell += character;
  }
  endRow();
  return { dialect, rows };
}
