import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { lineKey, lineMeasurement, lineName } from '../../engine/lineProtocol.ts';
import type { HistoryPoint, HistoryReader, HistoryValue, SeriesColumns } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import { addressOf, problemOf, setting, unreachable } from './influxConnection.ts';
import type { InfluxWriterOptions } from './influxConnection.ts';

/** 100,000 rows of one property are some 6 MB; an answer beyond this is none that we asked for. */
const longestAnswerCharacters = 64_000_000;
/** The ends of what InfluxDB can date: nanoseconds in 64 bits. */
const earliestMs = -9_223_372_036_854;
const latestMs = 9_223_372_036_854;

interface ResultSeries {
  columns: string[];
  values: unknown[][];
}

export interface InfluxReader {
  /** @param measurementOf the measurement in which a twin's values stand */
  reader(measurementOf: (twin: string) => string): HistoryReader;
  close(): Promise<void>;
}

/**
 * Reads what twin-history wrote, by InfluxQL: 1.x as it is; 2.x and 3.x answer it under the name of the bucket. One request for each property and
 * stretch; the twin's key goes as a bound parameter, names of measurements and fields are quoted, times are whole numbers.
 * @throws Problem TWIN_INFLUX_SETTING when a setting is missing or the address is none
 */
export function createInfluxReader(options: InfluxWriterOptions): InfluxReader {
  const address = addressOf(options.url);
  const one = options.version === '1';
  const database = one ? setting('database', options.database) : setting('bucket', options.bucket);
  const place = `the ${one ? 'database' : 'bucket'} ${database} at ${address.host}`;
  const authorization = one
    ? options.username ? `Basic ${Buffer.from(`${options.username}:${options.password ?? ''}`).toString('base64')}` : undefined
    : `Token ${setting('token', options.token)}`;
  const secure = address.protocol === 'https:';
  const agent = secure
    ? new SecureAgent({ keepAlive: true, maxSockets: 4, rejectUnauthorized: options.verifyCertificate !== false, ...(options.ca !== undefined && { ca: options.ca }) })
    : new Agent({ keepAlive: true, maxSockets: 4 });
  const base = address.href.replace(/[?#].*$/, '').replace(/\/+$/, '');
  const organisation = options.organisation ?? '';
  const query = new URLSearchParams({ db: database, epoch: 'ms', ...(!one && organisation !== '' && { org: organisation }) }).toString();

  const post = (body: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const outgoing = (secure ? secureRequest : request)(`${base}/query?${query}`, {
        method: 'POST', agent,
        headers: {
          'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body), accept: 'application/json',
          ...(authorization !== undefined && { authorization }),
        },
      }, (incoming) => {
        const parts: string[] = [];
        let length = 0;
        incoming.setEncoding('utf8').on('data', (part: string) => {
          length += part.length;
          if (length > longestAnswerCharacters) incoming.destroy(new Error('its answer is too long'));
          else parts.push(part);
        });
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text: parts.join('') }));
        incoming.on('error', reject);
      });
      outgoing.setTimeout(options.timeoutMs ?? 30_000, () => outgoing.destroy(new Error('it did not answer in time')));
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  /** One result for each statement. */
  const ask = async (statements: readonly string[], twin: string): Promise<(ResultSeries | undefined)[]> => {
    const body = new URLSearchParams({ q: statements.join('; '), params: JSON.stringify({ twin: lineName(twin) }) }).toString();
    const { status, text } = await post(body).catch((error: unknown) => {
      throw unreachable(place, error);
    });
    let answer: { error?: unknown; message?: unknown; results?: { error?: unknown; series?: ResultSeries[] }[] } = {};
    try {
      answer = JSON.parse(text) as typeof answer;
    } catch {
      // No JSON: a proxy's page, for instance; its status says enough.
    }
    const refusal = answer.error ?? answer.message ?? answer.results?.find(({ error }) => error !== undefined)?.error;
    if (status >= 300 || refusal !== undefined || answer.results === undefined) {
      const message = typeof refusal === 'string' ? refusal : '';
      throw problemOf(place, { status: /not found/.test(message) ? 404 : status >= 300 ? status : 400, message });
    }
    return statements.map((_statement, index) => answer.results?.[index]?.series?.[0]);
  };

  const reader = (measurementOf: (twin: string) => string): HistoryReader => {
    const select = (twin: string, property: string, rest: string): string =>
      `SELECT ${identifier(lineKey(property))} AS "v", ${identifier(lineKey(`${property}.quality`))} AS "q" FROM ${identifier(lineMeasurement(measurementOf(twin)))} `
      + `WHERE "twin" = $twin AND ${rest}`;
    return {
      async columns(twin, property, fromMs, toMs, limit = 100_000) {
        if (!(limit >= 1) || !(toMs > fromMs)) return { times: new Float64Array(0), values: new Float64Array(0), qualities: new Uint8Array(0) };
        const stretch = `time >= ${whole(fromMs)}ms AND time < ${whole(toMs)}ms ORDER BY time ASC LIMIT ${Math.floor(Math.min(limit, 1_000_000))}`;
        const [series] = await ask([select(twin, property, stretch)], twin);
        return columnsOf(series);
      },
      async asOf(twin, timeMs, properties) {
        if (properties.length === 0) return [];
        const answers = await ask(properties.map((property) => select(twin, property, `time <= ${whole(timeMs)}ms ORDER BY time DESC LIMIT 1`)), twin);
        return answers.flatMap((series, index): HistoryPoint[] => {
          const { times, values, qualities } = columnsOf(series);
          const [time] = times;
          if (time === undefined) return [];
          return [{ twin, property: properties[index] as string, timeMs: time, value: values[0] as HistoryValue, quality: (['good', 'uncertain', 'bad'] as const)[qualities[0] as 0 | 1 | 2] }];
        });
      },
    };
  };

  return {
    reader,
    async close() {
      agent.destroy();
    },
  };
}

/** Rows of the columns time, v, q. A time twice (written under two operating modes): the last row wins, as everywhere. */
function columnsOf(series: ResultSeries | undefined): SeriesColumns {
  const times: number[] = [];
  const values: HistoryValue[] = [];
  const qualities: number[] = [];
  let numbers = true;
  for (const row of series?.values ?? []) {
    const [time, value, quality] = row;
    if (typeof time !== 'number') continue;
    if (times.at(-1) === time) {
      times.pop();
      values.pop();
      qualities.pop();
    }
    const kept = typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null;
    if (typeof kept !== 'number') numbers = false;
    times.push(time);
    values.push(kept);
    qualities.push(quality === 'bad' || kept === null ? 2 : quality === 'uncertain' ? 1 : 0);
  }
  return { times: Float64Array.from(times), values: numbers ? Float64Array.from(values as number[]) : values, qualities: Uint8Array.from(qualities) };
}

function whole(timeMs: number): number {
  return Math.max(earliestMs, Math.min(latestMs, Math.ceil(timeMs)));
}

/** @throws Problem TWIN_INFLUX_SETTING */
function identifier(name: string): string {
  if (/[\p{Cc}]/u.test(name)) throw new Problem('TWIN_INFLUX_SETTING', 'The name of a measurement or property holds characters that cannot be asked for.', 'Choose another name.');
  return `"${name.replace(/[\\"]/g, '\\$&')}"`;
}
