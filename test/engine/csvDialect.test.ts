import assert from 'node:assert/strict';
import fc from 'fast-check';
import { csvCell, csvTime, recogniseCsvDialect } from '../../engine/csvDialect.ts';
import type { CsvTimeFormat } from '../../engine/csvDialect.ts';
import { checkParameters } from '../checks/ports/checkParameters.ts';

describe('csvDialect', () => {
  const recognise = (text: string, hints = {}) => recogniseCsvDialect(text, true, hints);

  it('recognises separator, decimal sign, header and time of files as they are exported', () => {
    const cases: [string, Partial<ReturnType<typeof recognise>>][] = [
      ['time,temp\n2026-01-02T03:04:05Z,1.5\n2026-01-02T03:04:06Z,2\n',
        { separator: ',', decimal: 'point', header: true, columns: ['time', 'temp'], timeColumn: 0, timeFormat: 'iso' }],
      ['Zeit;Temp;Druck\n02.01.2026 03:04:05;12,5;1\n02.01.2026 03:04:06;12,75;2\n',
        { separator: ';', decimal: 'comma', timeColumn: 0, timeFormat: 'dayMonthYear' }],
      ['a;b\n1,5;2,5\n1,6;2,6\n', { separator: ';', decimal: 'comma', header: true, timeColumn: undefined }],
      ['1,5;2,5\n1,6;2,6\n', { separator: ';', decimal: 'comma', header: false, columns: ['column 1', 'column 2'] }],
      ['t\tv\n1\t2,5\n2\t3,5\n', { separator: '\t', decimal: 'comma' }],
      ['"Time","A, B","C"\n"2026-01-02 03:04","12,5","a ""x"""\n"2026-01-02 03:05","1,25",""\n',
        { separator: ',', decimal: 'comma', columns: ['Time', 'A, B', 'C'], timeFormat: 'iso' }],
      ['sep=;\nDatum;Uhrzeit;Wert\n02.01.2026;03:04:05;1\n03.01.2026;03:04:06;2\n',
        { separator: ';', timeColumn: 0, timeOfDayColumn: 1, timeFormat: 'dayMonthYear', preambleLines: 1 }],
      ['# exported\n# by hand\nts,v\n1767323045,1\n1767323046,2\n', { timeFormat: 'epochSeconds', preambleLines: 2 }],
      ['ts,v\n1767323045123,1\n', { timeFormat: 'epochMilliseconds' }],
      ['_time,v\n1767323045123456789,1\n', { timeFormat: 'epochNanoseconds' }],
      ['temp,ts\n1.5,1767323045\n', { timeColumn: 1 }],
      ['name,when\nx,2026-01-02 03:04:05\ny,2026-01-02 03:04:06\n', { timeColumn: 1, timeFormat: 'iso' }],
      ['date,v\n03/04/2026,1\n04/05/2026,1\n', { timeColumn: undefined }],
      ['date,v\n03/04/2026,1\n14/05/2026,1\n', { timeColumn: 0, timeFormat: 'dayMonthYear' }],
      ['date,v\n03/04/2026,1\n05/14/2026,1\n', { timeColumn: 0, timeFormat: 'monthDayYear' }],
      ['count,v\n1767323045,1\n1767323044,2\n', { timeColumn: undefined }],
      ['time,v\n0.0,1\n0.1,2\n', { timeColumn: undefined }],
      ['a,a,,a\n1,2,3,4\n', { columns: ['a', 'a (2)', 'column 3', 'a (3)'] }],
      ['v\r\n1\r\n2\r\n', { header: true, columns: ['v'] }],
      ['"only a header"', { header: true, columns: ['only a header'], timeColumn: undefined }],
    ];
    for (const [text, expected] of cases) {
      const found = recognise(text);
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(found[name as keyof typeof found], value, `${name} of ${JSON.stringify(text)}`);
      }
    }
  });

  it('follows hints, and says where a named column holds no time', () => {
    assert.equal(recognise('a,b\n1,5\n', { separator: ';', decimal: 'comma' }).separator, ';');
    assert.equal(recognise('a;TIME;z\n2026-01-01;2026-01-02;2026-01-03\n', { timeColumn: ' time ' }).timeColumn, 1);
    assert.deepEqual([recognise('a,b\n1,2\n', { timeColumn: 'b' }).timeColumn, recognise('a,b\n1,2\n', { timeColumn: 'b' }).timeFormat], [1, undefined]);
    assert.equal(recognise('a,b\n1,2\n', { timeColumn: 'c' }).timeColumn, undefined);
  });

  it('does not take a cut-off last line for a row', () => {
    const dialect = recogniseCsvDialect('time,v\n2026-01-01,1\n2026-01-0', false);
    assert.equal(dialect.timeFormat, 'iso');
    assert.equal(dialect.timeColumn, 0);
  });

  it('no number is guessed from a text that is none', () => {
    const point: [string, number | string | null][] = [
      ['', null], [' ', null], ['0x10', '0x10'], ['12,5', '12,5'], ['NaN', 'NaN'], ['1e400', '1e400'], ['Infinity', 'Infinity'], ['null', 'null'],
      ['true', 'true'], ['[]', '[]'], ['1_000', '1_000'], ['1.2.3', '1.2.3'], ['=1+1', '=1+1'], ['-', '-'], ['.', '.'], ['+', '+'], ['e5', 'e5'],
      ['12.5', 12.5], [' -3 ', -3], ['+.5', 0.5], ['1e308', 1e308], ['5e-324', 5e-324], ['0', 0], ['0.10', 0.1], ['007', '007'],
      ['9007199254740993', '9007199254740993'], ['9007199254740991', 9007199254740991], ['-0', -0],
    ];
    for (const [text, value] of point) assert.ok(Object.is(csvCell(text, 'point'), value), `${text}: ${String(csvCell(text, 'point'))}`);
    const comma: [string, number | string | null][] = [['12,5', 12.5], ['12.5', '12.5'], ['1.234,5', '1.234,5'], ['-,5', -0.5], ['3', 3], ['1,2,3', '1,2,3']];
    for (const [text, value] of comma) assert.ok(Object.is(csvCell(text, 'comma'), value), text);
  });

  it('reads times, and no impossible ones', () => {
    const good: [string, CsvTimeFormat, number][] = [
      ['2026-11-22T10:30:00.250Z', 'iso', Date.UTC(2026, 10, 22, 10, 30, 0, 250)],
      ['2026-11-22 10:30:00,5', 'iso', Date.UTC(2026, 10, 22, 10, 30, 0, 500)],
      ['2026-11-22T10:30:00+02:00', 'iso', Date.UTC(2026, 10, 22, 8, 30)],
      ['2026-11-22T10:30-0330', 'iso', Date.UTC(2026, 10, 22, 14, 0)],
      ['2024-02-29', 'iso', Date.UTC(2024, 1, 29)],
      ['22.11.2026 10:30:00', 'dayMonthYear', Date.UTC(2026, 10, 22, 10, 30)],
      ['2.1.2026, 9:05', 'dayMonthYear', Date.UTC(2026, 0, 2, 9, 5)],
      ['11/22/2026 10:30', 'monthDayYear', Date.UTC(2026, 10, 22, 10, 30)],
      ['1767323045.5', 'epochSeconds', 1767323045500],
      ['1767323045,5', 'epochSeconds', 1767323045500],
      ['1767323045123456789', 'epochNanoseconds', 1767323045123],
    ];
    for (const [text, format, expected] of good) assert.equal(csvTime(text, format), expected, text);
    const bad: [string, CsvTimeFormat][] = [
      ['2026-02-29', 'iso'], ['2026-13-01', 'iso'], ['2026-01-01 24:00:00', 'iso'], ['2026-01-01T10:60', 'iso'], ['', 'iso'], ['yesterday', 'iso'],
      ['31.04.2026', 'dayMonthYear'], ['0.1.2026', 'dayMonthYear'], ['1e400', 'epochSeconds'], ['NaN', 'epochSeconds'], ['', 'epochMilliseconds'],
      ['2026-01-01T00:00:00+99:00', 'iso'],
    ];
    for (const [text, format] of bad) assert.equal(csvTime(text, format), undefined, text);
    assert.equal(csvTime('2026-11-22 10:30', 'iso', 60), Date.UTC(2026, 10, 22, 9, 30), 'a zone for times that name none');
    assert.equal(csvTime('2026-11-22 10:30Z', 'iso', 60), Date.UTC(2026, 10, 22, 10, 30));
    assert.equal(csvTime('22.11.2026', 'dayMonthYear', 0, '10:30:01,25'), Date.UTC(2026, 10, 22, 10, 30, 1, 250));
    assert.equal(csvTime('22.11.2026', 'dayMonthYear', 0, '25:00'), undefined);
  });

  it('reads any ISO time as the platform does (property)', () => {
    fc.assert(fc.property(fc.date({ min: new Date(0), max: new Date(Date.UTC(2200, 0)), noInvalidDate: true }), (date) => {
      assert.equal(csvTime(date.toISOString(), 'iso'), date.getTime());
      assert.equal(csvTime(date.toISOString().replace('T', ' ').slice(0, 23), 'iso'), date.getTime());
    }), checkParameters(500));
  });

  it('never throws, whatever the text (property)', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'a1.,;\t"\n\r#= -:/T') , maxLength: 200 }), fc.boolean(), (text, whole) => {
      const dialect = recogniseCsvDialect(text, whole);
      assert.equal(new Set(dialect.columns).size, dialect.columns.length);
    }), checkParameters(500));
  });
});
