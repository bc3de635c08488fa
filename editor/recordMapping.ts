import type { Row, RowProblem } from './rowList.ts';
import type { TextValues } from './text.ts';

/** A relation of one's own needs its name; the runtime says whether it is one. */
export function checkMapping(rows: readonly Row[], text: (key: string, values?: TextValues) => string): RowProblem[] {
  return rows.flatMap((row, index): RowProblem[] =>
    row['role'] === 'related' && String(row['relation'] ?? '').trim() === '' ? [{ index, field: 'relation', text: text('check.relation') }] : []);
}
