import type { RequestOptions } from 'node:https';
import { InfluxDB } from 'influx';
import { Problem } from '../../engine/problem.ts';
import { addressOf, problemOf, setting, unreachable } from './influxConnection.ts';
import type { InfluxAnswer, InfluxConnection, InfluxWriterOptions } from './influxConnection.ts';

/** InfluxDB 1.x through the package influx. */
export function influxOne(options: InfluxWriterOptions): InfluxConnection {
  const address = addressOf(options.url);
  const database = setting('database', options.database);
  const place = `the database ${database} at ${address.host}`;
  const timeoutMs = options.timeoutMs ?? 30_000;
  const secure = address.protocol === 'https:';
  const requestOptions: RequestOptions = secure
    ? { rejectUnauthorized: options.verifyCertificate !== false, ...(options.ca !== undefined && { ca: options.ca }) }
    : {};
  const influx = new InfluxDB({
    database,
    // Without a user name no login: the package would send root:root by itself.
    username: (options.username || null) as string,
    password: options.password ?? '',
    hosts: [{
      host: address.hostname.replace(/^\[|\]$/g, ''),
      port: address.port === '' ? (secure ? 443 : 80) : Number(address.port),
      protocol: secure ? 'https' : 'http',
      path: address.pathname.replace(/\/+$/, ''),
      options: requestOptions,
    }],
    // When to try again is decided in one place, engine/site/delivery.ts.
    pool: { maxRetries: 0, requestTimeout: timeoutMs, backoff: noBackoff },
  });

  return {
    place,
    post: (body) => answerOf(() => influx.writePoints(
      // The package escapes tags and fields, but neither the measurement nor a line break, so that a name could forge a point. It
      // writes the measurement as it stands: so the lines of our own encoder go through it whole, as the measurement of one point.
      [{ measurement: body, tags: {}, fields: {} }],
      { database, precision: 'ms', ...(options.retentionPolicy && { retentionPolicy: options.retentionPolicy }) },
    )),
    async create() {
      if (options.createDatabase !== true) return false;
      const answer = await answerOf(() => influx.queryRaw(`CREATE DATABASE ${quoted(database)}`)).catch((error: unknown) => {
        throw unreachable(place, error);
      });
      if (answer.status >= 300) throw problemOf(place, answer);
      return true;
    },
    async test() {
      try {
        const [host] = await influx.ping(Math.min(timeoutMs, 10_000));
        if (host === undefined || !host.online) {
          // The ping tells no reason; a question does.
          await influx.queryRaw('SHOW DATABASES');
          return unreachable(place, new Error('it does not answer'));
        }
        let databases: string[] = [];
        const answer = await answerOf(async () => void (databases = await influx.getDatabaseNames()));
        if (answer.status >= 300) {
          // A user who may only write may not list: then an empty write tells whether login and database are right.
          const empty = answer.status === 403 ? await answerOf(() => influx.writePoints([], { database, precision: 'ms' })) : answer;
          if (empty.status >= 300) return problemOf(place, empty);
        } else if (!databases.includes(database) && options.createDatabase !== true) {
          return problemOf(place, { status: 404, message: `database not found: ${database}` });
        }
        return { ok: true, version: host.version ?? '1' };
      } catch (error) {
        return unreachable(place, error);
      }
    },
    keepsNumbersOnly: async () => false,
    close: async () => {},
  };
}

/** The package takes a server out of use after a failure; with one server that only delays the next attempt. */
const noBackoff = {
  getDelay: () => 0,
  next: () => noBackoff,
  reset: () => noBackoff,
};

function quoted(name: string): string {
  if (/[\p{Cc}]/u.test(name)) {
    throw new Problem('TWIN_INFLUX_SETTING', 'The name of the database holds characters that cannot be written.', 'Choose another name.');
  }
  return `"${name.replace(/[\\"]/g, '\\$&')}"`;
}

/** The package throws for an answer of 300 and more; what the network threw is thrown on. */
async function answerOf(work: () => Promise<unknown>): Promise<InfluxAnswer> {
  try {
    const result = await work();
    // A refused query comes with status 200 and an error in it.
    const error = (result as { results?: { error?: string }[] } | undefined)?.results?.find((one) => one.error !== undefined)?.error;
    return error === undefined ? { status: 204, message: '' } : { status: 403, message: error };
  } catch (error) {
    const status = (error as { res?: { statusCode?: unknown } | null }).res?.statusCode;
    const message = error instanceof Error ? error.message : String(error);
    if (typeof status === 'number') return { status, message: messageOf(message) };
    // 5xx: the package keeps only the status text.
    if (error instanceof Error && error.constructor.name === 'ServiceNotAvailableError' && message !== 'Request timed out') {
      return { status: 503, message };
    }
    throw error;
  }
}

/** `A 400 Bad Request error occurred: {"error":"…"}` → the error. */
function messageOf(text: string): string {
  const body = text.slice(text.indexOf(': ') + 2).trim();
  try {
    const parsed = JSON.parse(body) as { error?: unknown };
    if (typeof parsed.error === 'string') return parsed.error;
  } catch {
    // No JSON: a proxy's page, for instance.
  }
  return body.slice(0, 500);
}
