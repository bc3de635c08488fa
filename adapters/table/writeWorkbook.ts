import { Problem } from '../../engine/problem.ts';
import writeExcel from 'write-excel-file/node';

/**
 * An Excel workbook (.xlsx) of one sheet; the first row is the heading and stays in view. Texts are texts, whatever they begin with.
 * @throws Problem TWIN_TABLE_CELL (the library keeps texts in an object, where `constructor` and its like have no place)
 */
export async function writeWorkbook(rows: readonly (readonly (string | number)[])[]): Promise<Buffer> {
  const wrong = rows.flat().find((cell) => Object.hasOwn(Object.prototype, cell));
  if (wrong !== undefined) {
    throw new Problem('TWIN_TABLE_CELL', `A cell with the text ${wrong} cannot be written to Excel.`, 'Rename it, or export as CSV.');
  }
  const cells = rows.map((row, index) =>
    row.map((value) => {
      if (value === '') return null;
      const heading = index === 0 ? { fontWeight: 'bold' as const } : {};
      return typeof value === 'number' ? { value, type: Number, ...heading } : { value: value.slice(0, 32_000), type: String, ...heading };
    }),
  );
  const widths = (rows[0] ?? []).map((title, column) => {
    const longest = Math.max(...rows.slice(0, 200).map((row) => String(row[column] ?? '').length), String(title).length);
    return { width: Math.min(40, Math.max(8, longest + 2)) };
  });
  return writeExcel(cells, { sheet: 'Machines', columns: widths, stickyRowsCount: 1 }).toBuffer();
}
