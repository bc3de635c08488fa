import assert from 'node:assert/strict';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { mostCells, readTableBytes } from '../../../adapters/table/readTableFile.ts';
import { writeWorkbook } from '../../../adapters/table/writeWorkbook.ts';
import { applyMachineTable, machineCsv, readMachineTable, withoutGuard, writeMachineTable } from '../../../contract/machineTable.ts';
import type { MachineList, MachineTable, TableCells } from '../../../contract/machineTable.ts';
import { settingNumber } from '../../../contract/settingNumber.ts';
import { tableErrorText } from '../../../contract/tableErrorText.ts';
import { numberFromSetting } from '../../../engine/twin/numberText.ts';

const known = {
  properties: [{ name: 'oil_temperature', label: 'Öltemperatur' }, { name: 'pressure' }],
  placeholders: ['machine'],
};
const seed = Number(process.env['TWINWIRE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

async function cellsOf(bytes: Buffer | string): Promise<TableCells> {
  const { rows, decimal, form } = await readTableBytes(Buffer.from(bytes));
  return { decimal, rows: form === 'csv' ? rows.map(({ row, cells }) => ({ row, cells: cells.map(withoutGuard) })) : rows };
}
async function read(bytes: Buffer | string, existing: MachineList['machines'] = []): Promise<MachineTable> {
  return readMachineTable(await cellsOf(bytes), existing, known);
}
const told = (table: MachineTable): string[] => table.errors.map((error) => tableErrorText(error, 'en-US'));
const codes = async (bytes: Buffer): Promise<string> => readTableBytes(bytes).then(() => 'read', (problem: { code: string }) => problem.code);
/** Not with what the writing library cannot hold, which is refused. */
async function workbook(rows: (string | number)[][]): Promise<Buffer | undefined> {
  if (!rows.flat().some((cell) => Object.hasOwn(Object.prototype, cell))) return writeWorkbook(rows);
  await assert.rejects(writeWorkbook(rows), { code: 'TWIN_TABLE_CELL' });
  return undefined;
}
/** A zip of one part, as its directory claims it. */
function zipOf(name: string, packed: Buffer, claimed: number): Buffer {
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(claimed, 22);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(claimed, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + packed.length, 16);
  return Buffer.concat([local, Buffer.from(name), packed, central, Buffer.from(name), end]);
}

describe(`a machine table (TWINWIRE_SEED=${seed})`, function () {
  this.timeout(60_000);

  it('is read with English and German columns, each separator, decimal commas and any of the encodings', async () => {
    const rows = [
      ['Schlüssel', 'Maschine', 'Ort', 'machine', 'Öltemperatur oberer', 'pressure.scale'],
      ['p1', 'Presse 1', 'werk/linie1', 'Press1', '80,5', '0,125'],
    ];
    for (const [separator, encode] of [
      [';', (text: string) => Buffer.from(text)],
      ['\t', (text: string) => Buffer.from(`\uFEFF${text}`)],
      [';', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
      [';', (text: string) => Buffer.from(text, 'latin1')],
      [',', (text: string) => Buffer.from(text)],
    ] as const) {
      const text = rows.map((row) => row.map((cell) => (separator === ',' ? `"${cell}"` : cell)).join(separator)).join('\r\n');
      const table = await read(encode(text));
      assert.deepEqual(told(table), [], `${separator} ${text}`);
      assert.deepEqual(table.machines, [{ key: 'p1', name: 'Presse 1', place: 'werk/linie1' }]);
      assert.deepEqual(table.settings.map(({ setting, value }) => `${setting}=${value}`), ['machine=Press1', 'oil_temperature.high=80.5', 'pressure.scale=0.125']);
    }
  });

  it('names wrong rows by their number in the file, unknown and repeated columns and repeated machines, and applies the rest', async () => {
    const table = await read(
      ['key,name,oil_temperature.high,colour,key', 'a,A,80,red', '', 'b,B,8O,red', 'a,A again,80,red', 'c d,C,80,red', ',,80,red', 'e,E,,red', '"f\nf",F,70,'].join('\n'),
    );
    assert.deepEqual(told(table), [
      'row 1: the column "colour" belongs to nothing and was left out',
      'row 1: the column "key" is there twice; the first one counts',
      'row 4: oil_temperature.high "8O" is not a number',
      'row 5: the key "a" is already in row 2',
      'row 6: the key "c d" has a space or one of / # +',
      'row 7: neither a key nor a name of which one can be made',
      'row 10: the key "f\nf" has a space or one of / # +',
    ]);
    assert.deepEqual(table.machines.map(({ key }) => key), ['a', 'e']);
  });

  it('that is none is refused in a clear sentence', async () => {
    assert.equal(await codes(Buffer.from('%PDF-1.7 …')), 'TWIN_TABLE_FORM');
    assert.equal(await codes(Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])), 'TWIN_TABLE_FORM');
    assert.equal(await codes(Buffer.from([1, 2, 0, 3, 0, 0])), 'TWIN_TABLE_FORM');
    assert.equal(await codes(Buffer.from('PK\x03\x04 nothing behind it')), 'TWIN_TABLE_UNREADABLE');
    assert.equal(await codes(zipOf('hello.txt', deflateRawSync(Buffer.from('hello')), 5)), 'TWIN_TABLE_FORM');
    assert.equal(await codes(Buffer.from(' \n')), 'TWIN_FILE_EMPTY');
    assert.equal(await codes(Buffer.alloc(10_000_001, 65)), 'TWIN_TABLE_TOO_LARGE');
    assert.equal(await codes(Buffer.from(`${'a,'.repeat(900)}\n`.repeat(Math.ceil(mostCells / 900) + 1))), 'TWIN_TABLE_TOO_LARGE');
    assert.deepEqual(told(await read('colour,size\nred,5')), [
      'row 1: the column "colour" belongs to nothing and was left out',
      'row 1: the column "size" belongs to nothing and was left out',
      'row 1: no column is called key or name. colour, size',
    ]);
  });

  it('that is a zip bomb is refused, whatever its directory claims', async () => {
    const bomb = deflateRawSync(Buffer.alloc(200_000_000));
    const before = performance.now();
    await assert.rejects(readTableBytes(zipOf('xl/worksheets/sheet1.xml', bomb, 1000)), /more than 150 MB/);
    assert.ok(performance.now() - before < 15_000);
  });

  it('goes out and comes back the same as CSV (English, German) and Excel, whatever names there are', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 }).map((name) => name.replace(/[\p{Cc}\uFFFE\uFFFF]/gu, '').trim());
    const dangerous = fc.constantFrom(
      '=1+1', '+49', '-5', '@SUM(A1)', "'=x", "''", '"', ';', ',', 'a\u2028b', '=HYPERLINK("http://x")', '007', '1e5', 'true', '__proto__', 'constructor',
    );
    const name = fc.oneof(text, dangerous).filter((one) => one !== '');
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }).map((one) => (Object.is(one, -0) ? 0 : one)), fc.integer());
    const machine = fc.record({ name, place: fc.constantFrom('', 'plant/line 1'), machine: fc.oneof(text, dangerous), high: fc.option(number) });
    const list = fc.uniqueArray(machine, { selector: (one) => one.name, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(list, async (machines) => {
        const given: MachineList = { machines: [], settings: [] };
        for (const [index, one] of machines.entries()) {
          const key = `m${index}`;
          given.machines.push({ key, name: one.name, place: one.place });
          if (one.machine !== '') given.settings.push({ machine: key, setting: 'machine', value: one.machine });
          if (one.high !== null) given.settings.push({ machine: key, setting: 'oil_temperature.high', value: String(one.high) });
        }
        const english = writeMachineTable(given, 'en-US', ['machine']);
        const german = writeMachineTable(given, 'de', ['machine']);
        for (const bytes of [machineCsv(english, 'en-US'), machineCsv(german, 'de'), await workbook(german)]) {
          if (bytes === undefined) continue;
          if (typeof bytes === 'string') assert.ok(!/(?:^|[,;\r\n])"?[=@+]/.test(bytes.slice(1)), bytes);
          const table = await read(bytes);
          assert.deepEqual(told(table), []);
          assert.deepEqual(table.machines, given.machines);
          assert.deepEqual(table.settings, given.settings);
          const { diff } = applyMachineTable(given, table, true);
          assert.deepEqual(diff, { added: [], changed: [], missing: [], unchanged: given.machines.length });
        }
      }),
      { seed, numRuns: 25 },
    );
  });

  it('that changes one limit in 50 rows changes exactly 50; a machine that is missing stays or goes as chosen', async () => {
    const given: MachineList = { machines: [], settings: [] };
    for (let index = 1; index <= 60; index++) {
      given.machines.push({ key: `p${index}`, name: `Press ${index}`, place: '' });
      given.settings.push({ machine: `p${index}`, setting: 'oil_temperature.high', value: '80.0' }, { machine: `p${index}`, setting: 'machine', value: `Press${index}` });
    }
    const rows = writeMachineTable(given, 'en-US');
    for (const [index, row] of rows.entries()) if (index >= 1 && index <= 50) row[3] = 75;
    const table = await read(machineCsv(rows.slice(0, 60), 'en-US'));
    const { diff, list } = applyMachineTable(given, table, false);
    assert.equal(diff.changed.length, 50);
    assert.ok(diff.changed.every(({ changes }) => changes.length === 1 && changes[0]?.setting === 'oil_temperature.high' && changes[0].from === '80.0' && changes[0].to === '75'));
    assert.deepEqual([diff.unchanged, diff.missing.map(({ key }) => key), diff.added.length, list.machines.length], [9, ['p60'], 0, 60]);
    assert.equal(applyMachineTable(given, table, true).list.machines.length, 59);
    // A wrong row neither changes nor removes its machine; a column that is not there changes nothing.
    const wrong = await read('key,oil_temperature.high\np1,8O\np2,80');
    const partly = applyMachineTable({ machines: given.machines.slice(0, 2), settings: given.settings.slice(0, 4) }, wrong, true);
    assert.deepEqual([partly.diff.unchanged, partly.diff.missing.length, partly.list.settings.length, partly.list.machines[0]?.name], [1, 0, 4, 'Press 1']);
  });

  it('of 10,000 rows with three wrong ones: 9,997 come in, three are named', async () => {
    const lines = ['key,name,place,machine,oil_temperature.high', ...Array.from({ length: 10_000 }, (_, index) => `p${index},Press ${index},plant/line1,Press${index},80`)];
    lines[17] = 'p16,Press 16,plant/line1,Press16,8O';
    lines[5000] = 'p0,Press 0 again,plant/line1,Press0,80';
    lines[10_000] = 'p 9999,Press 9999,plant/line1,Press9999,80';
    const table = await read(lines.join('\n'));
    assert.deepEqual(table.errors.map(({ row, code }) => `${row} ${code}`), ['18 NOT_A_NUMBER', '5001 KEY_TWICE', '10001 KEY_CHARACTERS']);
    assert.deepEqual([table.machines.length, table.settings.length], [9997, 19_994]);
  });

  it('in Excel counts its rows as Excel does, numbers with their digits', async () => {
    const table = await read(await writeWorkbook([['key', 'oil_temperature.high', 'machine'], [], ['p1', 80.5, 7] as never, ['p2', 'x', '=1']]));
    assert.deepEqual(told(table), ['row 4: oil_temperature.high "x" is not a number']);
    assert.deepEqual(table.settings.map(({ value }) => value), ['80.5', '7']);
  });

  it('takes "machine" beside "name" for a placeholder where the type is not known yet', async () => {
    const table = readMachineTable(await cellsOf('name,machine\nPress 1,P1'), []);
    assert.deepEqual([table.errors, table.machines, table.settings], [[], [{ key: 'press-1', name: 'Press 1', place: '' }], [{ machine: 'press-1', setting: 'machine', value: 'P1' }]]);
  });

  it('reads numbers as the engine does', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 12 }), fc.stringMatching(/^[-+]?[\d.,eE ]{0,10}$/)), (text) => {
        assert.equal(settingNumber(text), numberFromSetting(text));
      }),
      { seed, numRuns: 2000 },
    );
  });
});
