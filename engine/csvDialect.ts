/**
 * What a table in a text file is made of: separator, decimal sign, header, time column and how its times are written.
 * Machines, loggers and spreadsheets export all of these; a person should not have to know which. Recognised from the first
 * lines of the file, each finding open to correction by a hint.
 */

export type CsvSeparator = ',' | ';' | '\t';
export type CsvDecimal = 'point' | 'comma';

/**
 * How times are written:
 * - `iso`: 2026-11-22T10:30:00.250Z, 2026-11-22 10:30:00, 2026/11/22 10:30, 2026-11-22, with or without zone;
 * - `dayMonthYear`: 22.11.2026 10:30:00 or 22/11/2026 10:30;
 * - `monthDayYear`: 11/22/2026 10:30:00, chosen only where a day above 12 proves it;
 * - `epoch…`: a number since 1970-01-01 UTC.
 */
export type CsvTimeFormat =
  | 'iso' | 'dayMonthYear' | 'monthDayYear' | 'epochSeconds' | 'epochMilliseconds' | 'epochMicroseconds' | 'epochNanoseconds';

export interface CsvDialect {
  separator: CsvSeparator;
  decimal: CsvDecimal;
  /** Whether the first row holds names. */
  header: boolean;
  /** One name per column, each once; `column 3` where the file gives none. */
  columns: string[];
  /** Index of the column with the time; undefined where there is none. */
  timeColumn: number | undefined;
  /** Index of a column with the time of day, where date and time stand apart ("Datum;Uhrzeit"). */
  timeOfDayColumn: number | undefined;
  timeFormat: CsvTimeFormat | undefined;
  /** How many lines at the start are no data: comments with #, Excel's `sep=;`. */
  preambleLines: number;
}

export interface CsvHints {
  separator?: CsvSeparator;
  decimal?: CsvDecimal;
  /** Name of the time column; blanks around it and case do not count. */
  timeColumn?: string;
}

const separators: readonly CsvSeparator[] = [';', '\t', ','];
const sampleRows = 50;
const timeNames = new Set([
  'time', 'timestamp', 'datetime', 'date', 'date time', 'date/time', 'ts', '_time', 'sourcetimestamp', 'source timestamp', 'zeit',
  'zeitstempel', 'datum', 'datum/zeit', 'datum/uhrzeit', 'datum uhrzeit', 'datumzeit', 'fecha', 'date_time', 'time_stamp', 'epoch',
]);
const timeOfDayNames = new Set(['time', 'zeit', 'uhrzeit', 'heure', 'hora', 'time of day']);

/**
 * Recognises the dialect from the beginning of a file.
 * @param sample the first lines, without byte order mark; the last line may be cut off
 * @param whole whether the sample is the whole file, so that its last line counts
 */
export function recogniseCsvDialect(sample: string, whole: boolean, hints: CsvHints = {}): CsvDialect {
  let text = sample;
  let preambleLines = 0;
  let separatorLine: CsvSeparator | undefined;
  for (;;) {
    const line = /^[^\n]*\n/.exec(text)?.[0];
    if (line === undefined) break;
    const declared = /^\s*"?sep=([,;\t])"?\s*$/i.exec(line);
    if (declared !== null) separatorLine = declared[1] as CsvSeparator;
    else if (!line.startsWith('#')) break;
    text = text.slice(line.length);
    preambleLines += 1;
  }
  const separator = hints.separator ?? separatorLine ?? recogniseSeparator(text, whole);
  const rows = splitRows(text, separator, sampleRows, whole);
  const first = rows[0] ?? [];
  const header = first.some((cell) => cell !== '') && first.every((cell) => !looksLikeData(cell));
  const body = header ? rows.slice(1) : rows;
  const width = first.length;
  const columns = columnNames(header ? first : [], width);
  const decimal = hints.decimal ?? recogniseDecimal(body, separator);
  const time = recogniseTime(columns, body, header, hints.timeColumn);
  return { separator, decimal, header, columns, ...time, preambleLines };
}

/**
 * Splits text into rows of trimmed cells; quotes as in RFC 4180. For samples: the file itself is read by a streaming parser.
 */
function splitRows(text: string, separator: CsvSeparator, limit: number, whole: boolean): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endCell = (): void => {
    row.push(cell.trim());
    cell = '';
  };
  const endRow = (): void => {
    endCell();
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  for (let index = 0; index < text.length && rows.length < limit; index += 1) {
    const character = text[index] ?? '';
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[index + 1] === '"') {
        cell += '"';
        index += 1;
      } else quoted = false;
    } else if (character === '"' && cell.trim() === '') {
      quoted = true;
      cell = '';
    } else if (character === separator) endCell();
    else if (character === '\n' || character === '\r') {
      if (cell !== '' || row.length > 0) endRow();
    } else cell += character;
  }
  if (rows.length < limit && (cell !== '' || row.length > 0) && (whole || rows.length === 0)) endRow();
  return rows;
}

/** The separator that cuts most rows into the same number of columns; of equals the one that makes more columns of plain values. */
function recogniseSeparator(text: string, whole: boolean): CsvSeparator {
  let best: CsvSeparator = ',';
  let bestScore = 0;
  for (const separator of separators) {
    const rows = splitRows(text, separator, sampleRows, whole);
    const width = rows[0]?.length ?? 0;
    if (width < 2) continue;
    const equal = rows.filter((row) => row.length === width).length / rows.length;
    // A comma is also a decimal sign: between a semicolon and a comma that fit equally well, the semicolon separates.
    const score = equal * 100 + Math.min(width, 20) * 0.1 + (separator === ',' ? 0 : 3);
    if (score > bestScore) {
      bestScore = score;
      best = separator;
    }
  }
  return best;
}

const pointNumber = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const commaNumber = /^[-+]?(?:\d+,?\d*|,\d+)(?:[eE][-+]?\d+)?$/;
/** May also be 1234 written with a thousands separator. */
const commaThousands = /^[-+]?[1-9]\d{0,2}(?:,\d{3})+$/;

function recogniseDecimal(rows: readonly (readonly string[])[], separator: CsvSeparator): CsvDecimal {
  let commas = 0;
  let points = 0;
  for (const cell of rows.flat()) {
    if (/\d\.\d/.test(cell) && pointNumber.test(cell)) points += 1;
    else if (/\d,\d/.test(cell) && commaNumber.test(cell) && (separator !== ',' || !commaThousands.test(cell))) commas += 1;
  }
  return commas > points ? 'comma' : 'point';
}

function looksLikeData(cell: string): boolean {
  return pointNumber.test(cell) || commaNumber.test(cell) || parts(cell, 'iso') !== undefined || parts(cell, 'dayMonthYear') !== undefined
    || parts(cell, 'monthDayYear') !== undefined;
}

function columnNames(first: readonly string[], width: number): string[] {
  const names: string[] = [];
  const taken = new Set<string>();
  for (let index = 0; index < width; index += 1) {
    const given = first[index] ?? '';
    const name = given === '' ? `column ${index + 1}` : given;
    let unique = name;
    for (let count = 2; taken.has(unique); count += 1) unique = `${name} (${count})`;
    taken.add(unique);
    names.push(unique);
  }
  return names;
}

type TimeFinding = Pick<CsvDialect, 'timeColumn' | 'timeOfDayColumn' | 'timeFormat'>;

function recogniseTime(
  columns: readonly string[], rows: readonly (readonly string[])[], header: boolean, named: string | undefined,
): TimeFinding {
  const none: TimeFinding = { timeColumn: undefined, timeOfDayColumn: undefined, timeFormat: undefined };
  const plain = (name: string): string => name.trim().toLowerCase();
  const finding = (index: number): TimeFinding | undefined => {
    const cells = rows.map((row) => row[index] ?? '').filter((cell) => cell !== '');
    const timeFormat = recogniseTimeFormat(cells);
    if (timeFormat === undefined) return undefined;
    return { timeColumn: index, timeFormat, timeOfDayColumn: timeOfDayBeside(index, cells, columns, rows) };
  };
  if (named !== undefined && plain(named) !== '') {
    const index = columns.findIndex((name) => plain(name) === plain(named));
    // The reader of the file tells that the named column is not there or holds no times.
    return index < 0 ? none : finding(index) ?? { ...none, timeColumn: index };
  }
  const byName = header ? columns.flatMap((name, index) => (timeNames.has(plain(name)) ? [index] : [])) : [];
  for (const index of byName) {
    const found = finding(index);
    if (found !== undefined) return found;
  }
  for (let index = 0; index < columns.length; index += 1) {
    const found = finding(index);
    if (found === undefined) continue;
    // Any large number could be an epoch: without a name only a column that grows, first in its row, is believed.
    if (found.timeFormat?.startsWith('epoch') === true && (index > 0 || !grows(rows.map((row) => Number(row[0]))))) continue;
    return found;
  }
  return none;
}

function grows(numbers: readonly number[]): boolean {
  return numbers.length > 1 && numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? Infinity));
}

const timeOfDay = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?$/;

/** Date and time of day in two columns: the date has no time, and a neighbour holds nothing but times of day. */
function timeOfDayBeside(
  index: number, dates: readonly string[], columns: readonly string[], rows: readonly (readonly string[])[],
): number | undefined {
  if (dates.some((cell) => cell.includes(':'))) return undefined;
  for (const candidate of [index + 1, index - 1]) {
    if (candidate < 0 || candidate >= columns.length) continue;
    const cells = rows.map((row) => row[candidate] ?? '');
    if (!cells.every((cell) => timeOfDay.test(cell))) continue;
    if (timeOfDayNames.has((columns[candidate] ?? '').trim().toLowerCase()) || candidate === index + 1) return candidate;
  }
  return undefined;
}

function recogniseTimeFormat(cells: readonly string[]): CsvTimeFormat | undefined {
  if (cells.length === 0) return undefined;
  const fits = (format: CsvTimeFormat): boolean => {
    // A wrong cell here and there is reported by row; it must not hide the time of all others.
    const readable = cells.filter((cell) => csvTime(cell, format) !== undefined).length;
    return readable > 0 && readable >= cells.length * 0.8;
  };
  if (fits('iso')) return 'iso';
  if (cells.every((cell) => pointNumber.test(cell))) {
    const epochs = ['epochSeconds', 'epochMilliseconds', 'epochMicroseconds', 'epochNanoseconds'] as const;
    return epochs.find((format) => cells.every((cell) => plausible(csvTime(cell, format))));
  }
  const dayFirst = fits('dayMonthYear');
  const monthFirst = fits('monthDayYear');
  // 03/04/2026 may be either: guessing would shift a history by months, so a person has to rewrite or prove it.
  if (dayFirst && monthFirst) return undefined;
  return dayFirst ? 'dayMonthYear' : monthFirst ? 'monthDayYear' : undefined;
}

/** 1990 to 2100: a column of small or huge numbers is a measurement, not a time. */
function plausible(timeMs: number | undefined): boolean {
  return timeMs !== undefined && timeMs >= 631_152_000_000 && timeMs < 4_102_444_800_000;
}

const isoPattern = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[-+]\d{2}:?\d{2})?)?$/i;
const dotPattern = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?$/;
const slashPattern = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?$/;

interface TimeParts {
  year: number;
  month: number;
  day: number;
  ofDayMs: number;
  /** Minutes east of UTC, where the text says so. */
  zoneMinutes: number | undefined;
}

function parts(text: string, format: 'iso' | 'dayMonthYear' | 'monthDayYear'): TimeParts | undefined {
  if (text.length > 40) return undefined;
  const found = format === 'iso' ? isoPattern.exec(text)
    : (format === 'dayMonthYear' ? dotPattern.exec(text) : null) ?? slashPattern.exec(text);
  if (found === null) return undefined;
  const [, a, b, c, hour, minute, second, fraction, zone] = found;
  const [year, month, day] = format === 'iso' ? [a, b, c] : format === 'dayMonthYear' ? [c, b, a] : [c, a, b];
  const ofDayMs = millisecondsOfDay(hour, minute, second, fraction);
  const result = { year: Number(year), month: Number(month), day: Number(day), ofDayMs: ofDayMs ?? NaN, zoneMinutes: zoneMinutesOf(zone) };
  const valid = ofDayMs !== undefined && result.month >= 1 && result.month <= 12 && result.day >= 1
    && result.day <= daysOfMonth(result.year, result.month)
    && (result.zoneMinutes === undefined || Math.abs(result.zoneMinutes) <= 14 * 60);
  return valid ? result : undefined;
}

function millisecondsOfDay(hour = '0', minute = '0', second = '0', fraction = ''): number | undefined {
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + Math.floor(Number(`0.${fraction || '0'}`) * 1000 + 1e-9);
}

function zoneMinutesOf(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === '') return undefined;
  if (zone.toUpperCase() === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith('-') ? -minutes : minutes;
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar (years counted from March, so that the leap day comes last). */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const monthFromMarch = (month + 9) % 12;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1;
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}

/**
 * Milliseconds UTC of a time as it stands in a file; undefined where it cannot be read.
 * @param zoneOffsetMinutes minutes east of UTC of times that name no zone
 * @param ofDay the text of the column with the time of day, where there is one
 */
export function csvTime(text: string, format: CsvTimeFormat, zoneOffsetMinutes = 0, ofDay?: string): number | undefined {
  const trimmed = text.trim();
  if (format !== 'iso' && format !== 'dayMonthYear' && format !== 'monthDayYear') return epochTime(trimmed, format);
  const found = parts(trimmed, format);
  if (found === undefined) return undefined;
  let { ofDayMs } = found;
  if (ofDay !== undefined) {
    const clock = timeOfDay.exec(ofDay.trim());
    const clockMs = clock === null ? undefined : millisecondsOfDay(clock[1], clock[2], clock[3], clock[4]);
    if (clockMs === undefined) return undefined;
    ofDayMs = clockMs;
  }
  return daysSinceEpoch(found.year, found.month, found.day) * 86_400_000 + ofDayMs - (found.zoneMinutes ?? zoneOffsetMinutes) * 60_000;
}

const epochPerMs: Record<string, number> = {
  epochSeconds: 0.001, epochMilliseconds: 1, epochMicroseconds: 1000, epochNanoseconds: 1_000_000,
};

function epochTime(text: string, format: CsvTimeFormat): number | undefined {
  if (text.length > 40 || !pointNumber.test(text.replace(',', '.'))) return undefined;
  const number = Number(text.replace(',', '.'));
  const timeMs = Math.round(number / (epochPerMs[format] ?? 1));
  return Math.abs(timeMs) <= 8.64e15 ? timeMs : undefined;
}

/**
 * What a cell holds: a number where it is plainly one in the file's decimal notation, null where it is empty, else its text.
 * 'NaN', '0x10', '1e400' and, under a decimal point, '12,5' stay text: no number is ever guessed from them. Integers beyond 2^53 and
 * numbers with leading zeros (article and lot numbers) stay text too, so that no digit is lost.
 */
export function csvCell(text: string, decimal: CsvDecimal): number | string | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const first = trimmed.charCodeAt(0);
  // Digits, sign, point, comma: everything else cannot begin a number.
  if (first > 57 || first < 43 || first === 47 || trimmed.length > 400) return trimmed;
  if (!(decimal === 'comma' ? commaNumber : pointNumber).test(trimmed) || /^[-+]?0\d/.test(trimmed)) return trimmed;
  const number = Number(decimal === 'comma' ? trimmed.replace(',', '.') : trimmed);
  if (!Number.isFinite(number)) return trimmed;
  return /^[-+]?\d{16,}$/.test(trimmed) && !Number.isSafeInteger(number) ? trimmed : number;
}
