import { once } from 'node:events';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readCsv, recogniseCsv } from '../adapters/csv/readCsv.ts';
import type { CsvRow } from '../adapters/csv/readCsv.ts';
import { Problem } from '../engine/problem.ts';
import { parseDuration } from '../engine/time/duration.ts';
import { isMain } from './isMain.ts';
import { PlainError, plainText } from './plainError.ts';
import { RecordedChain } from './recordedChain.ts';
import { RecordedFailures } from './recordedFailures.ts';
import { RecordedLimit, limitsOf } from './recordedLimits.ts';
import { timeLeftCells } from './timeLeft.ts';
import type { TimeLeft } from './timeLeft.ts';

const usage = `npm run --silent detect -- FILE.csv [options] > OUT.csv

Runs the default configuration, the one that a machine has in Node-RED before anybody sets anything, over a recording and writes CSV:
  index         number of the data row, the first is 0
  t             seconds since 1970, or as they stand in a column t, time or seconds; left out where the file has no times
  score         0 = as expected, 1 = at the line that the detector set itself
  alarm         1 = unusual
  signals       columns that are, with what they do and their share, the biggest first: "pressure:drift:0.71 flow:step:0.29"
  rul_s, rul_lo_s, rul_hi_s   seconds left until a limit or a failure, and four of five cases between; empty: nothing tells it

A row is judged before it is learned, and only what came before it is known. Separator, decimal mark and time column are recognised; columns of
text are left out, and so are counters of rows.

  --ignore A,B          columns that are not looked at: labels, for example
  --train-rows N        the first N rows show a sound machine (commissioning): they are learned as normal and give no alarm
  --train OTHER.csv     the same of the rows of another file, before this one's
  --budget "1/week"     at most so many false alarms; per hour, day, week, month or year (default 1/week)
  --drivers A,B         columns that say how the machine is run: speed, load; at most 3 (default: guessed from their names)
  --failures PATH       runs of machines alike until they failed: a folder with a CSV file each, or a CSV file with a column "run"; from ten on they tell the time left
  --limits A=7.1,B=90   values that a column must not rise above (default: 7.1 for vibration in mm/s, ISO 20816-3)
  --time COLUMN         the column with the times (default: recognised)
  --interval "1 s"      time between two rows where the file has no times (default 1 s)`;

const sampleRows = 2_000;
const weekMs = 604_800_000;
const budgetUnits: Readonly<Record<string, number>> = { hour: weekMs / 3_600_000, day: 7, week: 1, month: 7 / 30, year: 7 / 365 };
const relativeTimeNames = /^(?:t|time|seconds|sec|s|t_s|time_s|t \[s\]|time \[s\])$/i;

export interface DetectOptions {
  file: string;
  ignore?: readonly string[];
  trainRows?: number;
  train?: string;
  falseAlarmsPerWeek?: number;
  drivers?: readonly string[];
  timeColumn?: string;
  /** Values that columns must not rise above. */
  limits?: ReadonlyMap<string, number>;
  /** A folder or file of runs until failure. */
  failures?: string;
  /** Between two rows without times; default 1,000. */
  intervalMs?: number;
}

/** "2/day" as false alarms per week. Throws a PlainError when it is none. */
export function falseAlarmsPerWeek(text: string): number {
  const [, count = '', unit = ''] = /^\s*(\d+(?:[.,]\d+)?)\s*(?:\/|per)\s*([a-z]+?)s?\s*$/i.exec(text) ?? [];
  const factor = Object.hasOwn(budgetUnits, unit.toLowerCase()) ? budgetUnits[unit.toLowerCase()]! : NaN;
  const budget = Number(count.replace(',', '.')) * factor;
  if (!(budget > 0)) throw new PlainError(`"${text}" is no budget of false alarms. Write it as 1/week, 2/day or 0.5/month.`);
  return budget;
}

/** A file's rows with what is known of its columns from the first of them. */
interface OpenTable {
  file: string;
  /** Columns of numbers, without the time. */
  names: string[];
  /** Milliseconds; undefined where the file has none. */
  timeOf: ((row: CsvRow) => number) | undefined;
  /** Undefined for a row that could not be read. */
  rows: AsyncGenerator<CsvRow | undefined, void, undefined>;
}

async function openTable(file: string, options: DetectOptions, say: (line: string) => void): Promise<OpenTable> {
  // Lines that were left out, in their order; the first few are told.
  const skipped: number[] = [];
  let skippedCount = 0;
  const source = { path: file };
  const csvOptions = { ...(options.timeColumn === undefined ? {} : { timeColumn: options.timeColumn }) };
  const dialect = await recogniseCsv(source, csvOptions);
  const ignored = new Set(options.ignore ?? []);
  for (const name of ignored) {
    if (!dialect.columns.includes(name)) say(`There is no column "${name}" in ${file} that could be ignored; its columns are: ${dialect.columns.slice(0, 60).join(', ')}.`);
  }
  const input = readCsv(source, {
    ...csvOptions,
    onSkipped: (row, reason) => {
      skipped.push(row);
      skippedCount += 1;
      if (skippedCount <= 5) say(`${file}, line ${row} was left out: ${reason}`);
    },
  });
  const first: CsvRow[] = [];
  for (let next = await input.next(); next.done !== true; next = await input.next()) {
    first.push(next.value);
    if (first.length === sampleRows) break;
  }
  const present = dialect.columns.filter((_, index) => index !== dialect.timeColumn && index !== dialect.timeOfDayColumn);
  let timeOf: OpenTable['timeOf'] = dialect.timeFormat === undefined ? undefined : (row) => row.timeMs ?? NaN;
  const names: string[] = [];
  const text: string[] = [];
  const counters: string[] = [];
  for (const name of present) {
    if (ignored.has(name)) continue;
    const cells = first.map(({ values }) => values[name]).filter((cell) => cell !== null && cell !== '' && !isNotANumber(cell));
    const numbers = cells.filter((cell) => typeof cell === 'number');
    if (timeOf === undefined && relativeTimeNames.test(name) && numbers.length === first.length && numbers.every((one, row) => row === 0 || one >= numbers[row - 1]!)) {
      timeOf = ({ values }) => (typeof values[name] === 'number' ? 1_000 * values[name] : NaN);
    } else if (cells.length > 0 && numbers.length < cells.length / 2) text.push(name);
    else if (isCounter(numbers)) counters.push(name);
    else names.push(name);
  }
  if (text.length > 0) say(`${file}: left out because they hold text: ${text.join(', ')}.`);
  if (counters.length > 0) say(`${file}: left out because they count the rows: ${counters.join(', ')}.`);
  async function* rows(): AsyncGenerator<CsvRow | undefined, void, undefined> {
    for (const row of first.splice(0)) {
      while (skipped.length > 0 && skipped[0]! < row.row) { skipped.shift(); yield undefined; }
      yield row;
    }
    for await (const row of input) {
      while (skipped.length > 0 && skipped[0]! < row.row) { skipped.shift(); yield undefined; }
      yield row;
    }
    for (const _ of skipped.splice(0)) yield undefined;
    if (skippedCount > 5) say(`${file}: ${skippedCount} lines were left out in all.`);
  }
  return { file, names, timeOf, rows: rows() };
}

function isNotANumber(cell: number | string | undefined): boolean {
  return typeof cell === 'string' && /^(?:nan|null|none|n\/a|na|-|inf|-inf)$/i.test(cell);
}

function isCounter(numbers: readonly number[]): boolean {
  const step = (numbers[1] ?? NaN) - (numbers[0] ?? NaN);
  return numbers.length > 2 && step > 0 && numbers.every((one, row) => row === 0 || Math.abs(one - numbers[row - 1]! - step) <= 1e-9 * Math.abs(one));
}

/**
 * Reads the recording and gives the table as text, piece by piece, in memory that does not grow with it.
 * @param say is told what was left out and what the table rests on
 * Throws a PlainError or Problem that says what is wrong with the file or the options.
 */
export async function* detect(options: DetectOptions, say: (line: string) => void): AsyncGenerator<string, void, undefined> {
  const { intervalMs = 1_000, trainRows = 0 } = options;
  const train = options.train === undefined ? undefined : await openTable(options.train, options, say);
  const table = await openTable(options.file, options, say);
  const names = train === undefined ? table.names : table.names.filter((name) => train.names.includes(name));
  const alone = [...(train?.names ?? []), ...table.names].filter((name) => !names.includes(name));
  if (alone.length > 0) say(`Left out because only one of the two files has them: ${alone.join(', ')}.`);
  if (names.length === 0) throw new PlainError(`There is no column of numbers in ${options.file} to look at.`);
  const drivers = options.drivers ?? [];
  for (const driver of drivers) if (!names.includes(driver)) throw new PlainError(`There is no column "${driver}". Choose drivers from: ${names.slice(0, 60).join(', ')}.`);
  const chain = new RecordedChain(names, {
    drivers, ...(options.falseAlarmsPerWeek === undefined ? {} : { falseAlarmsPerWeek: options.falseAlarmsPerWeek }),
  });
  const take = ({ values }: CsvRow): void => {
    for (let column = 0; column < names.length; column += 1) {
      const cell = values[names[column]!];
      chain.values[column] = typeof cell === 'number' ? cell : NaN;
    }
  };
  const failures = options.failures === undefined ? undefined : new RecordedFailures(options.failures, names, intervalMs, say);
  const given = options.limits ?? new Map<string, number>();
  for (const name of given.keys()) if (!names.includes(name)) throw new PlainError(`There is no column "${name}" for a limit. Choose from: ${names.slice(0, 60).join(', ')}.`);
  const limits = [...limitsOf(names, given)].map(([name, limit]) => ({ column: names.indexOf(name), watch: new RecordedLimit(limit) }));
  let lastMs = NaN;
  let stepMs = intervalMs;
  if (train !== undefined) {
    let index = 0;
    for await (const row of train.rows) {
      if (row === undefined) continue;
      take(row);
      const timeMs = train.timeOf?.(row) ?? index * intervalMs;
      index += 1;
      chain.next(timeMs, true);
      if (timeMs > lastMs) stepMs = timeMs - lastMs;
      if (!(timeMs <= lastMs)) lastMs = timeMs;
    }
    if (index === 0) throw new PlainError(`There is no row in ${train.file} to learn from.`);
  }
  // A file that begins before the other one ended is put behind it: the chain's time only goes forward.
  let shiftMs: number | undefined;
  const timed = table.timeOf !== undefined;
  yield `index,${timed ? 't,' : ''}score,alarm,signals,rul_s,rul_lo_s,rul_hi_s\n`;
  let index = 0;
  let late = 0;
  let alarms = 0;
  let told = ',0,0,,,,';
  let piece: string[] = [];
  for await (const row of table.rows) {
    let timeText = '';
    if (row !== undefined) {
      take(row);
      const ownMs = table.timeOf?.(row) ?? index * intervalMs;
      shiftMs ??= ownMs > lastMs || Number.isNaN(lastMs) ? 0 : lastMs + stepMs - ownMs;
      const timeMs = ownMs + shiftMs;
      if (timed) timeText = `,${Number.isFinite(ownMs) ? ownMs / 1000 : ''}`;
      if (!(timeMs >= lastMs) && !Number.isNaN(lastMs)) late += 1;
      else lastMs = timeMs;
      const { verdict, score, signals } = chain.next(timeMs, index < trainRows);
      const alarm = verdict === 'anomaly' && index >= trainRows;
      if (alarm) alarms += 1;
      let left = failures?.next(timeMs, chain.values);
      let soonest: TimeLeft | undefined;
      for (const { column, watch } of limits) {
        const one = watch.next(timeMs, chain.values[column]!, chain.expected[column]!, alarm);
        if (one !== undefined && !(one.leftMs >= (soonest?.leftMs ?? Infinity))) soonest = one;
      }
      // What failures teach knows more than a limit does.
      left ??= soonest;
      const unusual = alarm ? cellOf(signals.map(({ column, kind, share }) => `${names[column]}:${kind}:${share.toFixed(2)}`).join(' ')) : '';
      told = `,${Number(score.toPrecision(6))},${alarm ? 1 : 0},${unusual},${timeLeftCells(left)}`;
    } else if (timed) timeText = ',';
    // A row that could not be read changes nothing.
    piece.push(`${index}${timeText}${told}`);
    index += 1;
    if (piece.length === 2_000) {
      yield `${piece.join('\n')}\n`;
      piece = [];
    }
  }
  if (piece.length > 0) yield `${piece.join('\n')}\n`;
  if (index === 0) throw new PlainError(`There is no row in ${options.file}.`);
  if (late > 0) say(`${late} rows are older than one before them; they were not judged.`);
  say(`${index} rows, ${names.length} columns, ${alarms} rows unusual${timed ? '' : `; no column of times was found, so rows count as ${intervalMs} ms apart`}.`);
}

/** A name can hold anything, also what a spreadsheet takes for a formula. */
function cellOf(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** "A=7.1" as column and limit. Throws a PlainError for what is none. */
function limitsFrom(given: readonly string[]): Map<string, number> {
  return new Map(given.map((text) => {
    const [, name = '', limit = ''] = /^(.+)=\s*([-+]?\d+(?:\.\d+)?)$/.exec(text) ?? [];
    if (name === '') throw new PlainError(`"${text}" is no limit. Write it as "vibration=7.1".`);
    return [name.trim(), Number(limit)];
  }));
}

const list = (text: string | undefined): string[] => (text ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' }, ignore: { type: 'string', multiple: true }, 'train-rows': { type: 'string' }, train: { type: 'string' },
      budget: { type: 'string' }, drivers: { type: 'string', multiple: true }, time: { type: 'string' }, interval: { type: 'string' },
      failures: { type: 'string' }, limits: { type: 'string', multiple: true },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new PlainError(`One file is wanted.\n\n${usage}`);
  const trainRows = values['train-rows'];
  if (trainRows !== undefined && !/^\d+$/.test(trainRows)) throw new PlainError(`--train-rows ${trainRows} is no number of rows.`);
  const intervalMs = values.interval === undefined ? undefined : parseDuration(values.interval);
  if (values.interval !== undefined && !(intervalMs !== undefined && intervalMs > 0)) {
    throw new PlainError(`--interval ${values.interval} is no duration. Write it as "10 s" or "3 min".`);
  }
  // npm runs scripts in the package's folder; paths are meant from where the person is.
  const from = process.env['INIT_CWD'] ?? process.cwd();
  const pieces = detect(
    {
      file: path.resolve(from, file), ignore: list(values.ignore?.join(',')), drivers: list(values.drivers?.join(',')),
      ...(trainRows === undefined ? {} : { trainRows: Number(trainRows) }),
      ...(values.train === undefined ? {} : { train: path.resolve(from, values.train) }),
      ...(values.budget === undefined ? {} : { falseAlarmsPerWeek: falseAlarmsPerWeek(values.budget) }),
      limits: limitsFrom(list(values.limits?.join(','))),
      ...(values.failures === undefined ? {} : { failures: path.resolve(from, values.failures) }),
      ...(values.time === undefined ? {} : { timeColumn: values.time }),
      ...(intervalMs === undefined ? {} : { intervalMs }),
    },
    (line) => process.stderr.write(`${line}\n`),
  );
  // Whoever reads may have seen enough, as head does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  for await (const piece of pieces) if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
}

if (isMain(import.meta)) {
  main().catch((problem: unknown) => {
    process.stderr.write(`${problem instanceof Problem ? `${problem.message}` : plainText(problem)}\n`);
    process.exitCode = 1;
  });
}
