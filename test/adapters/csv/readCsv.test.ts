import assert from 'node:assert/strict';
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { csvCell } from '../../../engine/csvDialect.ts';
import { checkParameters } from '../../checks/ports/checkParameters.ts';
import { readCsv, recogniseCsv } from '../../../adapters/csv/readCsv.ts';
import type { CsvOptions, CsvRow } from '../../../adapters/csv/readCsv.ts';
import { Problem } from '../../../engine/problem.ts';
import { temporaryFolder } from '../../services/serviceProcess.ts';

describe('readCsv', function () {
  this.timeout(120_000);
  let folder: string;
  before(() => (folder = temporaryFolder('csv')));
  after(() => rmSync(folder, { recursive: true }));

  const all = async (text: string | Buffer, options: CsvOptions = {}): Promise<{ rows: CsvRow[]; skipped: [number, string][] }> => {
    const path = join(folder, 'file.csv');
    writeFileSync(path, text);
    const skipped: [number, string][] = [];
    const rows: CsvRow[] = [];
    for await (const row of readCsv({ path }, { ...options, onSkipped: (row, reason) => skipped.push([row, reason]) })) rows.push(row);
    return { rows, skipped };
  };

  it('reads rows with their line, time and values', async () => {
    const { rows, skipped } = await all('time,temp,state,gap\n2026-01-02T00:00:00Z,1.5,run,\n2026-01-02T00:00:01Z,12,5x,=1+1\n');
    assert.deepEqual(rows, [
      { row: 2, timeMs: Date.UTC(2026, 0, 2), values: { temp: 1.5, state: 'run', gap: null } },
      { row: 3, timeMs: Date.UTC(2026, 0, 2, 0, 0, 1), values: { temp: 12, state: '5x', gap: '=1+1' } },
    ]);
    assert.deepEqual(skipped, []);
  });

  it('reads a German export with byte order mark, decimal comma, CRLF, date and time apart', async () => {
    const { rows } = await all('\uFEFFDatum;Uhrzeit;Temperatur °C\r\n02.01.2026;13:00:01;12,5\r\n02.01.2026;13:00:02;13\r\n');
    assert.deepEqual(rows.map(({ timeMs, values }) => [timeMs, values['Temperatur °C']]),
      [[Date.UTC(2026, 0, 2, 13, 0, 1), 12.5], [Date.UTC(2026, 0, 2, 13, 0, 2), 13]]);
    const text = [];
    for await (const row of readCsv({ text: '\uFEFFa;b\n1,5;2\n' })) text.push(row.values);
    assert.deepEqual(text, [{ a: 1.5, b: 2 }]);
  });

  it('reads Windows-1252, also where its first such byte comes late, and UTF-16', async () => {
    const early = await all(Buffer.from('Größe;°C\n1;2\n', 'latin1'));
    assert.deepEqual(early.rows[0]?.values, { Größe: 1, '°C': 2 });
    const late = await all(Buffer.concat([
      Buffer.from(`a;b\n${'1;ok\n'.repeat(200_000)}`), Buffer.from([0x32, 0x3b, 0x80, 0xfc, 0x0a]), Buffer.from('3;ok\n'),
    ]));
    assert.equal(late.rows.length, 200_002);
    assert.deepEqual(late.rows.at(-2)?.values, { a: 2, b: '€ü' });
    const unicode = await all(Buffer.from('\uFEFFa\tb\nö\t2\n', 'utf16le'));
    assert.deepEqual(unicode.rows[0]?.values, { a: 'ö', b: 2 });
    const emoji = await all(`a;b\n${'\u{1F600}€ü;1\n'.repeat(100_000)}`);
    assert.ok(emoji.rows.length === 100_000 && emoji.rows.every(({ values }) => values['a'] === '\u{1F600}€ü'), 'no character is cut');
  });

  it('names each wrong row and goes on', async () => {
    const { rows, skipped } = await all([
      '# from the line', 'time;a;b', '2026-01-02 00:00:00;1;2', '2026-01-02 00:00:01;1', '2026-01-02 00:00:02;1;2;3', '', 'tomorrow;1;2', ';1;2',
      '2026-01-02 00:00:03;1;2;', '2026-01-02 00:00:04;"a ""b"" c";"two', 'lines"', '2026-01-02 00:00:05;5;6', '',
    ].join('\n'));
    assert.deepEqual(rows.map(({ row, values }) => [row, values['a']]), [[3, 1], [9, 1], [11, 'a "b" c'], [12, 5]]);
    assert.deepEqual(skipped, [
      [4, 'it has 2 columns instead of 3.'], [5, 'it has 4 columns instead of 3.'], [7, 'its time "tomorrow" cannot be read.'], [8, 'it has no time.'],
    ]);
  });

  it('a quote that is never closed costs its line, not the rest of the file', async () => {
    for (const count of [0, 5, 100_000]) {
      const { rows, skipped } = await all(`a;b\r\n1;2\r\n3;"never closed\r\n${'5;6\r\n'.repeat(count)}`);
      assert.equal(rows.length, 1 + count);
      assert.deepEqual(skipped, [[3, 'a quote in it is never closed.']]);
      assert.equal(rows.at(-1)?.row, count === 0 ? 2 : 3 + count);
    }
    const inches = await all('a;b\n1;5" pipe\n"2";"x; ""y"""\n 3 ; "z" \n4;"p"q\n5;"p" q\n6;7\n');
    assert.deepEqual(inches.rows.map(({ values }) => [values['a'], values['b']]), [[1, '5" pipe'], [2, 'x; "y"'], [3, 'z'], [6, 7]]);
    assert.deepEqual(inches.skipped.map(([row]) => row), [5, 6]);
  });

  it('a line without end costs itself, not the memory', async () => {
    const { rows, skipped } = await all(`a;b\n1;2\n${'x'.repeat(3_000_000)}\n3;4\n`);
    assert.deepEqual(rows.map(({ row, values }) => [row, values['a']]), [[2, 1], [4, 3]]);
    assert.deepEqual(skipped, [[3, 'it is longer than 1000000 characters.']]);
  });

  it('treats foreign names as names', async () => {
    const { rows } = await all('__proto__;constructor;hasOwnProperty\n1;2;3\n');
    assert.deepEqual(Object.entries(rows[0]?.values ?? {}), [['__proto__', 1], ['constructor', 2], ['hasOwnProperty', 3]]);
    assert.equal(Object.getPrototypeOf(rows[0]?.values), Object.prototype);
  });

  it('says what to do about a file that cannot be read', async () => {
    const code = async (source: { path: string } | { text: string }, options: CsvOptions = {}): Promise<string> => {
      try {
        for await (const row of readCsv(source, options)) assert.ok(row);
      } catch (error) {
        assert.ok(error instanceof Problem, String(error));
        assert.ok(error.remedy.length > 10 && error.found.length > 10);
        return error.code;
      }
      return 'none';
    };
    assert.equal(await code({ path: join(folder, 'nothing.csv') }), 'TWIN_FILE_UNREADABLE');
    mkdirSync(join(folder, 'folder'));
    assert.equal(await code({ path: join(folder, 'folder') }), 'TWIN_FILE_UNREADABLE');
    assert.equal(await code({ text: ' \n' }), 'TWIN_FILE_EMPTY');
    assert.equal(await code({ text: 'a,b\n1,2\n' }, { timeColumn: 'c' }), 'TWIN_TIME_COLUMN');
    assert.equal(await code({ text: 'a,b\n1,2\n' }, { timeColumn: 'b' }), 'TWIN_TIME_COLUMN');
    assert.equal(await code({ text: 'a,b\n1,2\n' }), 'none');
    assert.equal(await code({ text: 'a,b\n1,2\n' }, { timeRequired: true }), 'TWIN_TIME_COLUMN');
    assert.equal(await code({ text: 'time,b\n2026-01-01,2\n' }, { timeRequired: true }), 'none');
  });

  it('follows what was set by hand', async () => {
    const { rows } = await all('When,v\n2026-01-02 00:00,"1,234"\n', { decimal: 'comma', timeColumn: 'when', zoneOffsetMinutes: 60, separator: 'comma' });
    assert.deepEqual(rows, [{ row: 2, timeMs: Date.UTC(2026, 0, 1, 23), values: { v: 1.234 } }]);
    assert.equal((await recogniseCsv({ text: 'a;b\n1;2\n' })).separator, ';');
  });

  it('whatever a table holds, each cell comes back (property)', async () => {
    const cell = fc.string({ unit: fc.constantFrom(...'a1.,;"\t\n =#+-ü', '\u{1F600}', '\0', '\''), maxLength: 8 });
    const parameters = { separator: fc.constantFrom('comma' as const, 'semicolon' as const, 'tab' as const), decimal: fc.constantFrom('point' as const, 'comma' as const) };
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { maxLength: 10 }), fc.record(parameters), async (table, { separator, decimal }) => {
      const sign = { comma: ',', semicolon: ';', tab: '\t' }[separator];
      const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
      const text = [['x', 'y', 'z'], ...table].map((row) => row.map(quoted).join(sign)).join('\n');
      const rows: unknown[] = [];
      const skipped: unknown[] = [];
      for await (const { values } of readCsv({ text }, { separator, decimal, onSkipped: (...what) => skipped.push(what) })) {
        rows.push([values['x'], values['y'], values['z']]);
      }
      assert.deepEqual(skipped, []);
      // A first row that looks like data is none of names; here names are.
      assert.deepEqual(rows, table.map((row) => row.map((one) => csvCell(one, decimal))));
    }), checkParameters(200));
  });

  it('may be left early', async () => {
    const path = join(folder, 'file.csv');
    writeFileSync(path, `a;b\n${'1;2\n'.repeat(500_000)}`);
    let seen = 0;
    for await (const row of readCsv({ path })) {
      seen += row.row > 0 ? 1 : 0;
      if (seen === 10) break;
    }
    assert.equal(seen, 10);
  });

  it('streams a million rows with flat memory', async () => {
    const path = join(folder, 'large.csv');
    const file = createWriteStream(path);
    file.write('time;speed;temp\n');
    for (let n = 0; n < 1_000_000; n += 1) {
      if (!file.write(`${1_767_323_045_000 + n};${n % 1000};${n},5\n`)) await once(file, 'drain');
    }
    file.end();
    await once(file, 'close');
    setFlagsFromString('--expose-gc');
    const collect = (globalThis as { gc?: () => void }).gc ?? (await import('node:vm')).runInNewContext('gc') as () => void;
    let rows = 0;
    let sum = 0;
    let early = 0;
    let late = 0;
    for await (const { values } of readCsv({ path })) {
      rows += 1;
      sum += values['temp'] as number;
      if (rows === 100_000 || rows === 1_000_000) {
        collect();
        if (rows === 100_000) early = process.memoryUsage().heapUsed;
        else late = process.memoryUsage().heapUsed;
      }
    }
    assert.equal(rows, 1_000_000);
    assert.equal(sum, 500_000_000_000);
    assert.ok(late - early < 20_000_000, `the heap grew by ${((late - early) / 1e6).toFixed(1)} MB`);
  });
});
