import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeLine, splitLines } from '../../engine/lineProtocol.ts';
import type { LineField, LinePoint } from '../../engine/lineProtocol.ts';

/**
 * A server that answers POST /api/v2/write as the documentation of one version says, where the real one cannot be had. It keeps what it
 * took, by series and time, so that a line twice is one point. What it follows, under docs.influxdata.com:
 *
 * - 2.7: influxdb/v2/write-data/troubleshoot. 204; 400 with the first malformed line, and nothing of the request is written; 422 where the
 *   type of a field conflicts, and the others are written; 401; 404;
 * - 3 Core: influxdb3/core/write-data/troubleshoot and influxdb3/core/write-data/http-api/v3-write-lp. 204; 400 `partial write of line
 *   protocol occurred` with up to 100 of the refused lines, and the others are written; 401.
 */
export interface InfluxContract {
  url: string;
  token: string;
  bucket: string;
  /** Points by measurement, tags and time; fields written at the same time are one point. */
  points(): LinePoint[];
  requests: number;
  /** The next requests are answered with this instead. */
  insteadOf?: { status: number; body: string; headers?: Record<string, string> } | undefined;
  stop(): Promise<void>;
}

interface Fault {
  line: string;
  number: number;
  reason: string;
}

const mostNamed = 100;

export async function influxContract(version: '2.7' | '3 Core'): Promise<InfluxContract> {
  const stored = new Map<string, LinePoint & { fields: Map<string, LineField> }>();
  const types = new Map<string, string>();
  const token = 'secret';
  const bucket = 'plant/a&b';

  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      contract.requests += 1;
      const { status, headers = {}, body: answer } = contract.insteadOf ?? answerTo(request, body);
      response.writeHead(status, { ...(answer !== '' && { 'content-type': 'application/json' }), 'x-influxdb-version': version === '2.7' ? 'v2.7.11' : '3.2.0', ...headers }).end(answer);
    }, () => response.destroy());
  });

  function answerTo(request: IncomingMessage, body: string): { status: number; headers?: Record<string, string>; body: string } {
    const url = new URL(request.url ?? '', 'http://contract');
    if (url.pathname === '/ping') return { status: 204, body: '' };
    if (request.headers.authorization !== `Token ${token}`) return { status: 401, body: '{"code":"unauthorized","message":"unauthorized access"}' };
    if (request.method !== 'POST' || url.pathname !== '/api/v2/write') return { status: 404, body: '{"code":"not found","message":"path not found"}' };
    if (url.searchParams.get('precision') !== 'ms') return { status: 400, body: '{"code":"invalid","message":"this server is told milliseconds, always"}' };
    if (url.searchParams.get('bucket') !== bucket) {
      return { status: 404, body: JSON.stringify({ code: 'not found', message: `bucket "${url.searchParams.get('bucket')}" not found` }) };
    }
    return version === '2.7' ? two(body) : three(body);
  }

  function two(body: string): { status: number; body: string } {
    const read = readAll(body);
    const [fault] = read.faults;
    if (fault !== undefined) return { status: 400, body: JSON.stringify({ code: 'invalid', message: `unable to parse '${fault.line}': ${fault.reason}` }) };
    const conflicts = read.points.filter(({ point }) => conflictOf(point) !== undefined);
    for (const { point } of read.points) if (conflictOf(point) === undefined) store(point);
    const [first] = conflicts;
    if (first === undefined) return { status: 204, body: '' };
    const message = `failure writing points to database: partial write: ${conflictOf(first.point)} dropped=${conflicts.length}`;
    return { status: 422, body: JSON.stringify({ code: 'unprocessable entity', message }) };
  }

  function three(body: string): { status: number; body: string } {
    const read = readAll(body);
    const faults = [...read.faults];
    for (const { point, line, number } of read.points) {
      const conflict = conflictOf(point);
      if (conflict === undefined) store(point);
      else faults.push({ line, number, reason: `invalid column type, ${conflict}` });
    }
    if (faults.length === 0) return { status: 204, body: '' };
    faults.sort((a, b) => a.number - b.number);
    return {
      status: 400,
      body: JSON.stringify({
        error: 'partial write of line protocol occurred',
        data: faults.slice(0, mostNamed).map(({ line, number, reason }) => ({ original_line: line, line_number: number, error_message: reason })),
      }),
    };
  }

  function readAll(body: string): { points: { point: LinePoint; line: string; number: number }[]; faults: Fault[] } {
    const points: { point: LinePoint; line: string; number: number }[] = [];
    const faults: Fault[] = [];
    for (const [index, line] of splitLines(body).entries()) {
      if (line === '' || line.startsWith('#')) continue;
      const point = decodeLine(line);
      if (point === undefined) faults.push({ line, number: index + 1, reason: 'invalid line' });
      else points.push({ point, line, number: index + 1 });
    }
    return { points, faults };
  }

  function conflictOf({ measurement, fields }: LinePoint): string | undefined {
    for (const [name, value] of fields) {
      const known = types.get(`${measurement}\n${name}`);
      if (known !== undefined && known !== typeof value) return `field type conflict: input field "${name}" on measurement "${measurement}" is type ${typeof value}, already exists as type ${known}`;
    }
    return undefined;
  }

  function store({ measurement, tags, fields, timeMs }: LinePoint): void {
    const sortedTags = [...tags].sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([measurement, sortedTags, timeMs]);
    let point = stored.get(key);
    if (point === undefined) stored.set(key, (point = { measurement, tags: sortedTags, timeMs, fields: new Map() }));
    for (const [name, value] of fields) {
      types.set(`${measurement}\n${name}`, typeof value);
      point.fields.set(name, value);
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const contract: InfluxContract = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token, bucket, requests: 0,
    points: () => [...stored.values()],
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return contract;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
