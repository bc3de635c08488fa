import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { generatedRuns } from '../../bench/failureRuns.ts';
import { seededNormal, seededRandom } from '../../bench/labelledStream.ts';
import { detect, falseAlarmsPerWeek } from '../../scripts/detect.ts';
import type { DetectOptions } from '../../scripts/detect.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';

describe('npm run detect', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'twinwire-detect-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function file(name: string, lines: readonly string[]): string {
    const target = path.join(folder, name);
    writeFileSync(target, `${lines.join('\n')}\n`);
    return target;
  }

  async function run(options: DetectOptions): Promise<{ rows: Record<string, string>[]; said: string[] }> {
    const said: string[] = [];
    let out = '';
    for await (const piece of detect(options, (line) => said.push(line))) out += piece;
    const [head = '', ...lines] = out.trimEnd().split('\n');
    const names = head.split(',');
    return { rows: lines.map((line) => Object.fromEntries(line.split(',').map((cell, index) => [names[index]!, cell]))), said };
  }

  /** Pressure around 5 and flow around 100, a row each second; the pressure is 3 higher from `faultRow` on. */
  function machine(rows: number, faultRow: number, write: (row: number, pressure: number, flow: number) => string): string[] {
    const normal = seededNormal(seededRandom(4));
    return Array.from({ length: rows }, (_, row) => write(row, 5 + 0.1 * normal() + (row >= faultRow ? 3 : 0), 100 + normal()));
  }

  const isoTime = (row: number): string => new Date(1_700_000_000_000 + row * 1_000).toISOString();
  const alarmed = (rows: readonly Record<string, string>[]): number[] => rows.flatMap(({ alarm }, row) => (alarm === '1' ? [row] : []));

  it('gives a row for each data row, with the time, and the alarm where the fault is, by the right column', async () => {
    const target = file('plain.csv', ['time,pressure,flow', ...machine(1_200, 1_000, (row, pressure, flow) => `${isoTime(row)},${pressure},${flow}`)]);
    const { rows } = await run({ file: target, trainRows: 400 });
    assert.deepEqual(Object.keys(rows[0]!), ['index', 't', 'score', 'alarm', 'signals', 'rul_s', 'rul_lo_s', 'rul_hi_s']);
    assert.deepEqual(rows.map(({ index }) => Number(index)), Array.from({ length: 1_200 }, (_, row) => row));
    assert.equal(Number(rows[7]!['t']), 1_700_000_007);
    const found = alarmed(rows);
    assert.ok(found[0]! >= 1_000 && found[0]! <= 1_005, `first alarm at ${found[0]}`);
    assert.match(rows[1_005]!['signals']!, /^pressure:/);
    assert.ok(rows.every(({ rul_s, rul_lo_s, rul_hi_s }) => rul_s === '' && rul_lo_s === '' && rul_hi_s === ''));
  });

  it('says the time left of wear until the limit of vibration, and nothing of a machine that is well', async () => {
    const normal = seededNormal(seededRandom(5));
    // A row in five minutes; from row 1,200 on it grows to 7.1 mm/s within 40 hours.
    const rate = Math.log(60) / 480;
    const rows = Array.from({ length: 1_600 }, (_, row) =>
      `${new Date(1_700_000_000_000 + row * 300_000).toISOString()},${(1.1 + 0.05 * normal() + (row < 1_200 ? 0 : 0.1 * Math.exp((row - 1_200) * rate))).toFixed(4)},${(40 + normal()).toFixed(3)}`);
    const { rows: told } = await run({ file: file('wear.csv', ['time,vib_mm_s,temperature', ...rows]), trainRows: 600 });
    const filled = told.flatMap(({ rul_s }, row) => (rul_s === '' ? [] : [row]));
    assert.ok(filled.length > 60 && filled[0]! > 1_200, `${filled.length} from ${filled[0]}`);
    const reached = 1_200 + Math.log(60) / rate;
    const { rul_s, rul_lo_s, rul_hi_s } = told[1_560]!;
    const left = (reached - 1_560) * 300;
    assert.ok(Math.abs(Number(rul_s) - left) < 0.35 * left, `${rul_s} instead of ${left}`);
    assert.ok(Number(rul_lo_s) <= left && left <= Number(rul_hi_s), `${rul_lo_s} to ${rul_hi_s}`);
    await assert.rejects(run({ file: path.join(folder, 'wear.csv'), limits: new Map([['nowhere', 1]]) }), /no column "nowhere"/);
  });

  it('says the time left by recorded failures, from a folder of runs or a table of them; fewer than ten are refused', async () => {
    const { runs, columns } = generatedRuns(11, 1);
    const line = (values: Float64Array, row: number): string => Array.from(values.subarray(row * columns, (row + 1) * columns), (value) => value.toFixed(3)).join(',');
    const lines = (values: Float64Array): string[] => Array.from({ length: values.length / columns }, (_, row) => line(values, row));
    const head = 'a,b,c,d,e,f,g';
    const inFolder = path.join(folder, 'runs');
    mkdirSync(inFolder);
    runs.forEach(({ id, values }) => writeFileSync(path.join(inFolder, `${id}.csv`), `${head}\n${lines(values).join('\n')}\n`));
    const [, own] = generatedRuns(2, 2).runs;
    const seen = lines(own!.values).slice(0, -8);
    const target = file('life.csv', [head, ...seen]);
    const { rows, said } = await run({ file: target, failures: inFolder });
    const { rul_s, rul_lo_s, rul_hi_s } = rows.at(-1)!;
    assert.ok(Math.abs(Number(rul_s) - 8) < 10 && Number(rul_lo_s) <= 8 && 8 <= Number(rul_hi_s), `${rul_s} (${rul_lo_s} to ${rul_hi_s})`);
    assert.equal(rows[0]!['rul_s'], '');
    assert.ok(said.some((text) => /^Time left by 11 recorded failures; .* \d+ % of intervals held\.$/.test(text)), said.join('\n'));
    const inTable = file('runs.csv', [`run,hours,${head}`, ...runs.flatMap(({ id, values }) => lines(values).map((text, row) => `${id},${row / 3_600},${text}`))]);
    const same = (await run({ file: target, failures: inTable })).rows.at(-1)!;
    assert.ok(Math.abs(Number(same['rul_s']) - Number(rul_s)) <= 2, `${same['rul_s']} instead of ${rul_s}`);
    rmSync(path.join(inFolder, `${runs[0]!.id}.csv`));
    rmSync(path.join(inFolder, `${runs[1]!.id}.csv`));
    await assert.rejects(run({ file: target, failures: inFolder }), /holds 9 runs with these columns; 10 are needed/);
  });

  it('understands semicolons and decimal commas; leaves out labels, text and counters; says so', async () => {
    const comma = (value: number): string => value.toFixed(4).replace('.', ',');
    const target = file('german.csv', ['Zeit;Druck;Fluss;Zustand;Nummer;fest;anomaly', ...machine(900, 800, (row, pressure, flow) =>
      `${isoTime(row)};${comma(pressure)};${comma(flow)};läuft;${row};7;${row >= 800 ? 1 : 0}`)]);
    const { rows, said } = await run({ file: target, trainRows: 400, ignore: ['anomaly', 'nothing'] });
    assert.ok(alarmed(rows).length > 50 && alarmed(rows)[0]! >= 800);
    assert.ok(rows.every(({ signals = '' }) => !/anomaly|Nummer|Zustand/.test(signals)));
    assert.match(said.join('\n'), /hold text: Zustand/);
    assert.match(said.join('\n'), /count the rows: Nummer/);
    assert.match(said.join('\n'), /no column "nothing"/);
    assert.match(said.join('\n'), /3 columns, /);
  });

  it('commissions with another file, and gives none of its rows', async () => {
    const numbers = (row: number, pressure: number, flow: number): string => `${row},${pressure},${flow}`;
    const train = file('train.csv', ['t,pressure,flow', ...machine(600, Infinity, numbers)]);
    const target = file('test.csv', ['t,pressure,flow', ...machine(300, 200, numbers)]);
    const { rows } = await run({ file: target, train });
    assert.equal(rows.length, 300);
    assert.equal(rows[5]!['t'], '5');
    assert.ok(alarmed(rows)[0]! >= 200 && alarmed(rows)[0]! <= 205);
    assert.deepEqual(alarmed((await run({ file: target })).rows.slice(0, 200)), []);
  });

  it('bad cells, broken lines and old rows end nothing and shift nothing', async () => {
    const lines = machine(900, 800, (row, pressure, flow) => `${isoTime(row)},${row % 50 === 3 ? 'NaN' : pressure},${flow}`);
    lines[100] = 'broken';
    lines[300] = lines[200]!;
    const { rows, said } = await run({ file: file('broken.csv', ['time,pressure,flow', ...lines]), trainRows: 400 });
    assert.equal(rows.length, 900);
    assert.deepEqual([rows[100]!['t'], rows[100]!['alarm'], rows[101]!['t']], ['', '0', '1700000101']);
    assert.ok(alarmed(rows)[0]! >= 800 && alarmed(rows)[0]! <= 805);
    assert.match(said.join('\n'), /line 102 was left out/);
    assert.match(said.join('\n'), /1 rows are older/);
  });

  it('without times rows are an interval apart and there is no column t', async () => {
    const target = file('untimed.csv', ['pressure,flow', ...machine(500, 450, (_, pressure, flow) => `${pressure},${flow}`)]);
    const { rows, said } = await run({ file: target, trainRows: 400, intervalMs: 180_000 });
    assert.ok(!Object.hasOwn(rows[0]!, 't') && alarmed(rows).length > 10);
    assert.match(said.join('\n'), /no column of times was found, so rows count as 180000 ms apart/);
  });

  it('reads budgets, and says what is wrong with options and files', async () => {
    assert.equal(falseAlarmsPerWeek('1/week'), 1);
    assert.equal(falseAlarmsPerWeek('2 per day'), 14);
    assert.equal(falseAlarmsPerWeek('0,5/hours'), 84);
    for (const text of ['', '0/week', '1', '1/fortnight', '-1/day', '1/constructor']) assert.throws(() => falseAlarmsPerWeek(text), /no budget/);
    const target = file('small.csv', ['a,b', '1,x', '2,y']);
    await assert.rejects(run({ file: target, drivers: ['c'] }), /no column "c"/);
    await assert.rejects(run({ file: file('words.csv', ['a,b', 'p,q', 'r,s']) }), /no column of numbers/);
    await assert.rejects(run({ file: path.join(folder, 'missing.csv') }), /There is no file/);
  });

  it('writes nothing but the table to standard output', () => {
    const target = file('out.csv', ['pressure,flow', ...machine(100, Infinity, (_, pressure, flow) => `${pressure},${flow}`)]);
    const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/bootstrap.mjs', 'scripts/detect.ts', target], { cwd: packageRoot, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trimEnd().split('\n').length, 101);
    assert.ok(stdout.startsWith('index,score,alarm,signals,rul_s,rul_lo_s,rul_hi_s\n0,'));
    const wrong = spawnSync(process.execPath, ['scripts/detect.ts', target, '--budget', 'much'], { cwd: packageRoot, encoding: 'utf8' });
    assert.deepEqual([wrong.status, wrong.stdout], [1, '']);
    assert.match(wrong.stderr, /^"much" is no budget/);
  });
});
