import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { addressOf, problemOf, setting, unreachable } from './influxConnection.ts';
import type { InfluxAnswer, InfluxConnection, InfluxWriterOptions } from './influxConnection.ts';

/** An answer may name every line of a batch; more than this is no answer to read. */
const longestAnswerCharacters = 16_000_000;

/**
 * InfluxDB 2.x, 3.x and 1.8+ by the write API with a token. By node:http rather than fetch, which cannot be given an authority of
 * one's own or be told not to verify a certificate.
 */
export function influxTwo(options: InfluxWriterOptions): InfluxConnection {
  const address = addressOf(options.url);
  const bucket = setting('bucket', options.bucket);
  const token = setting('token', options.token);
  const organisation = options.organisation ?? '';
  const place = `the bucket ${bucket} at ${address.host}`;
  const secure = address.protocol === 'https:';
  const agent = secure
    ? new SecureAgent({
      keepAlive: true, maxSockets: 4, rejectUnauthorized: options.verifyCertificate !== false,
      ...(options.ca !== undefined && { ca: options.ca }),
    })
    : new Agent({ keepAlive: true, maxSockets: 4 });
  const base = address.href.replace(/[?#].*$/, '').replace(/\/+$/, '');
  // Core and Enterprise 3.x know no organisation, and 1.8 ignores it.
  const query = new URLSearchParams({ ...(organisation !== '' && { org: organisation }), bucket, precision: 'ms' });

  /** VictoriaMetrics names its host in every answer, and no version of InfluxDB. */
  let isVictoria: boolean | undefined;
  const ask = (method: 'GET' | 'POST', path: string, body?: string): Promise<InfluxAnswer & { version: string | undefined }> =>
    new Promise((resolve, reject) => {
      const outgoing = (secure ? secureRequest : request)(`${base}${path}`, {
        method, agent,
        headers: {
          authorization: `Token ${token}`,
          ...(body !== undefined && { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body) }),
        },
      }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (part: string) => {
          if (text.length < longestAnswerCharacters) text += part;
        });
        incoming.on('end', () => {
          const { 'x-influxdb-version': header } = incoming.headers;
          const version = typeof header === 'string' ? header : undefined;
          isVictoria = incoming.headers['x-server-hostname'] !== undefined;
          const retryAfterMs = retryAfterOf(incoming.headers['retry-after']);
          resolve({ status: incoming.statusCode ?? 0, ...readAnswer(text), version, ...(retryAfterMs !== undefined && { retryAfterMs }) });
        });
        incoming.on('error', reject);
      });
      outgoing.setTimeout(options.timeoutMs ?? 30_000, () => outgoing.destroy(new Error('it did not answer in time')));
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  return {
    place,
    post: (body) => ask('POST', `/api/v2/write?${query.toString()}`, body),
    create: async () => false,
    async keepsNumbersOnly() {
      if (isVictoria === undefined) await ask('GET', '/ping');
      return isVictoria === true;
    },
    async test() {
      try {
        const ping = await ask('GET', '/ping');
        if (ping.status === 401 || ping.status === 403) return problemOf(place, ping);
        // A write of nothing goes through the same login and the same search for the bucket as any other.
        const write = await ask('POST', `/api/v2/write?${query.toString()}`, '');
        const empty = write.status === 400 && !/not found|organi[sz]ation|bucket|database/i.test(write.message);
        if (write.status >= 300 && !empty) return problemOf(place, write.status === 400 ? { ...write, status: 404 } : write);
        return { ok: true, version: ping.version ?? '2' };
      } catch (error) {
        return unreachable(place, error);
      }
    },
    async close() {
      agent.destroy();
    },
  };
}

/** 1.8: {"error"}; 2.x: {"code","message"}; 3.x: {"error","data":[{original_line,line_number,error_message}]}. */
function readAnswer(text: string): Pick<InfluxAnswer, 'message' | 'named'> {
  try {
    const parsed = JSON.parse(text) as { message?: unknown; error?: unknown; data?: unknown };
    const message = typeof parsed.message === 'string' ? parsed.message : typeof parsed.error === 'string' ? parsed.error : '';
    const named = (Array.isArray(parsed.data) ? parsed.data : [parsed.data]).flatMap((fault: unknown) => {
      const { original_line: beginning, line_number: line, error_message: reason } = (fault ?? {}) as Record<string, unknown>;
      return typeof reason === 'string' ? [{ line: Number(line), beginning: typeof beginning === 'string' ? beginning : '', reason }] : [];
    });
    const first = named[0]?.reason;
    if (message !== '') return { message: first !== undefined && !message.includes(first) ? `${message}: ${first}` : message, ...(named.length > 0 && { named }) };
  } catch {
    // No JSON: a proxy's page, for instance.
  }
  return { message: text.slice(0, 500).trim() };
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const waitMs = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(waitMs) && waitMs > 0 ? waitMs : undefined;
}
