import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { journalCsv } from '../../contract/journalCsv.ts';

const cell = fc.oneof(
  fc.constantFrom('=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '"', '""', ';', ',', "'", ' x ', '', 'a\r\nb', '=HYPERLINK("http://x";"y")', '-'),
  fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replace(/[\ud800-\udfff]/g, '')),
);

describe('the journal as CSV', () => {
  it('is read back as it was, and no cell is one that a spreadsheet computes', () => {
    for (const separator of [',', ';'] as const) {
      fc.assert(fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 8 }), (rows) => {
        const text = journalCsv(rows, separator);
        const read = parse(text, { bom: true, delimiter: separator, record_delimiter: '\r\n', relax_column_count: false }) as string[][];
        assert.equal(read.length, rows.length);
        rows.forEach((row, index) => row.forEach((given, column) => {
          const got = read[index]?.[column] ?? '';
          assert.doesNotMatch(got, /^[=+\-@\t\r\n]/);
          assert.equal(got, /^[=+\-@\t\r\n]/.test(given) ? `'${given}` : given);
        }));
      }));
    }
  });

  it('numbers stay numbers, in the spelling of the reader', () => {
    assert.equal(journalCsv([['a', -1.5, NaN]], ','), '\ufeffa,-1.5,\r\n');
    assert.equal(journalCsv([['a', -1.5]], ';'), '\ufeffa;-1,5\r\n');
  });
});
