import { decodeLine, encodeLine } from '../../engine/lineProtocol.ts';
import type { LineWriter, RejectedLine } from '../../engine/ports.ts';
import type { Problem } from '../../engine/problem.ts';
import { problemOf, unreachable } from './influxConnection.ts';
import type { InfluxAnswer, InfluxConnection, InfluxWriterOptions } from './influxConnection.ts';
import { influxOne } from './influxOne.ts';
import { influxTwo } from './influxTwo.ts';

export type { InfluxWriterOptions } from './influxConnection.ts';

/**
 * @throws Problem from `write`: TWIN_INFLUX_UNREACHABLE, TWIN_INFLUX_BUSY (both pass by themselves), TWIN_INFLUX_LOGIN, TWIN_INFLUX_DATABASE,
 * TWIN_INFLUX_REFUSED (somebody has to change a setting)
 */
export type InfluxWriter = LineWriter;

/** @throws Problem TWIN_INFLUX_SETTING when a setting is missing or the address is none */
export function createInfluxWriter(options: InfluxWriterOptions): InfluxWriter {
  const connection = options.version === '1' ? influxOne(options) : influxTwo(options);
  return new Writer(connection);
}

class Writer implements InfluxWriter {
  readonly #connection: InfluxConnection;

  constructor(connection: InfluxConnection) {
    this.#connection = connection;
  }

  async write(lines: readonly string[]): Promise<{ stored: number; rejected: RejectedLine[] }> {
    const rejected: RejectedLine[] = [];
    const open: { index: number; line: string }[] = [];
    lines.forEach((line, index) => {
      // A line break outside of a quoted text would make two lines of one, and the answer could not be told apart.
      if (line === '' || line.startsWith('#')) rejected.push({ index, line, reason: 'This is no line of data.' });
      else open.push({ index, line });
    });
    await this.#divide(await this.#withoutTexts(open), rejected, false);
    for (const one of rejected) one.line = lines[one.index] ?? one.line;
    rejected.sort((a, b) => a.index - b.index);
    return { stored: lines.length - rejected.length, rejected };
  }

  /**
   * VictoriaMetrics keeps a text as the number 0, takes a line break in one for the end of the line and a quotation mark in a name for the beginning
   * of one: so it gets neither.
   */
  async #withoutTexts(lines: { index: number; line: string }[]): Promise<{ index: number; line: string }[]> {
    if (!lines.some(({ line }) => line.includes('"'))) return lines;
    const numbersOnly = await this.#connection.keepsNumbersOnly().catch((error: unknown) => {
      throw unreachable(this.#connection.place, error);
    });
    if (!numbersOnly) return lines;
    return lines.flatMap(({ index, line }) => {
      const point = line.includes('"') ? decodeLine(line) : undefined;
      if (point === undefined) return [{ index, line }];
      const name = (text: string): string => text.replaceAll('"', "'");
      const numbers = encodeLine({
        ...point, measurement: name(point.measurement), tags: point.tags.map(([tag, value]) => [name(tag), name(value)] as const),
        fields: point.fields.flatMap(([field, value]) => (typeof value === 'string' ? [] : [[name(field), value] as const])),
      });
      return numbers === undefined ? [] : [{ index, line: numbers }];
    });
  }

  /**
   * Writes the lines and, where the database refuses some, finds them: first those that it names, then by halving. The good ones
   * may be written several times on the way, which changes nothing.
   * @param knownBad whether a bad one must be among them, so that asking for all of them again is of no use
   */
  async #divide(lines: readonly { index: number; line: string }[], rejected: RejectedLine[], knownBad: boolean): Promise<boolean> {
    const [only] = lines;
    if (only === undefined) return true;
    if (!knownBad || lines.length === 1) {
      const answer = await this.#send(lines.map(({ line }) => line).join('\n'));
      if (answer === undefined) return true;
      if (lines.length === 1) {
        rejected.push({ ...only, reason: answer.message });
        return false;
      }
      const named = answer.named === undefined ? namedLines(lines, answer.message) : numberedLines(lines, answer.named);
      if (named.size > 0) {
        for (const { index, line } of lines) {
          const reason = named.get(index);
          if (reason !== undefined) rejected.push({ index, line, reason });
        }
        await this.#divide(lines.filter(({ index }) => !named.has(index)), rejected, false);
        return false;
      }
    }
    const middle = lines.length >> 1;
    const firstGood = await this.#divide(lines.slice(0, middle), rejected, false);
    await this.#divide(lines.slice(middle), rejected, firstGood);
    return false;
  }

  /** undefined = stored; an answer = some of it is refused for good. */
  async #send(body: string): Promise<InfluxAnswer | undefined> {
    for (let again = false; ; again = true) {
      let answer: InfluxAnswer;
      try {
        answer = await this.#connection.post(body);
      } catch (error) {
        throw unreachable(this.#connection.place, error);
      }
      if (answer.status < 300) return undefined;
      if (answer.status === 400 || answer.status === 422 || answer.status === 413) return answer;
      if (answer.status === 404 && !again && (await this.#connection.create())) continue;
      throw problemOf(this.#connection.place, answer);
    }
  }

  test(): Promise<{ ok: true; version: string } | Problem> {
    return this.#connection.test();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** The lines that an answer names by their number, where it is theirs: a text in a line may itself hold a line break. */
function numberedLines(lines: readonly { index: number; line: string }[], named: NonNullable<InfluxAnswer['named']>): Map<number, string> {
  const found = new Map<number, string>();
  for (const { line: number, beginning, reason } of named) {
    const given = lines[number - 1];
    // It may show no more than the beginning.
    if (given !== undefined && beginning !== '' && given.line.startsWith(beginning.replace(/(?:\.\.\.|…)$/, ''))) found.set(given.index, reason);
  }
  return found;
}

const faultStart = "unable to parse '";

/**
 * The lines that an answer names with their fault, one `unable to parse 'LINE': REASON` after the other in the order of the batch
 * (1.x, 2.x). Read from the front, each line whole: the text of a bad line could otherwise accuse a good one.
 */
function namedLines(lines: readonly { index: number; line: string }[], message: string): Map<number, string> {
  const named = new Map<number, string>();
  let position = message.startsWith('partial write: ') ? 'partial write: '.length : 0;
  if (!message.startsWith(faultStart, position)) return named;
  for (const { index, line } of lines) {
    if (!message.startsWith(`${line}': `, position + faultStart.length)) continue;
    const reasonStart = position + faultStart.length + line.length + 3;
    const end = message.indexOf(`\n${faultStart}`, reasonStart);
    named.set(index, `unable to parse: ${message.slice(reasonStart, end < 0 ? undefined : end).trim()}`);
    if (end < 0) break;
    position = end + 1;
  }
  return named;
}
