/** What stands first in a cell that a spreadsheet would compute (OWASP "CSV injection"). */
const computed = /^[=+\-@\t\r\n]/;

/**
 * Rows as CSV (RFC 4180, CRLF, UTF-8 with a mark so that spreadsheets read it as such). A text that a spreadsheet would take for a formula gets an
 * apostrophe before it; numbers stay numbers. Decimal comma and semicolons where the reader's language writes numbers so.
 */
export function journalCsv(rows: readonly (readonly (string | number)[])[], separator: ',' | ';'): string {
  return `\ufeff${rows.map((row) => `${row.map((cell) => csvCell(cell, separator)).join(separator)}\r\n`).join('')}`;
}

function csvCell(cell: string | number, separator: ',' | ';'): string {
  if (typeof cell === 'number') return Number.isFinite(cell) ? (separator === ';' ? String(cell).replace('.', ',') : String(cell)) : '';
  const guarded = computed.test(cell) ? `'${cell}` : cell;
  return /[",;\r\n]|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
