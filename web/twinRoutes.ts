import type { IncomingMessage, ServerResponse } from 'node:http';
import { Problem } from '../engine/problem.ts';
import type { AcknowledgeRequest, ErrorAnswer } from '../contract/http.ts';
import { LiveClients, type LiveClientsOptions } from './liveClients.ts';
import { builtPageFolder, readPageFiles, type PageFile } from './pageFiles.ts';
import type { TwinPageSource } from './twinPageSource.ts';

export interface TwinRoutesOptions extends Partial<LiveClientsOptions> {
  /** Folder of the built page. */
  folder?: string;
  /** Told of an error that is our own; the person only hears that it happened. */
  onError?: (error: unknown) => void;
}

export interface TwinRoutes {
  /** To be mounted at …/twin; also works as the listener of a plain `http.Server` whose root is the page. */
  (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
  /** Ends every live connection. The routes go on answering. */
  close(): void;
  /** Live connections now. */
  readonly watching: number;
}

const maxBodyBytes = 10_240;
const maxMinutes = 10_080;
const maxNameCharacters = 80;
const maxKeyCharacters = 1_000;

const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * The page and its interface. Knows HTTP and nothing of Node-RED; who may see it is decided by what it is mounted under
 * (`httpNodeAuth`). Sends nothing that the source did not give.
 */
export function twinRoutes(source: TwinPageSource, options: TwinRoutesOptions = {}): TwinRoutes {
  const live = new LiveClients(source, {
    maxClients: options.maxClients ?? 50,
    intervalMs: options.intervalMs ?? 500,
    keepAliveMs: options.keepAliveMs ?? 15_000,
    maxUnsentBytes: options.maxUnsentBytes ?? 262_144,
  });
  let files: Map<string, PageFile> | undefined;

  const file = (name: string): PageFile | undefined => {
    // Tried again while empty: the build may come after the start.
    if (!files || files.size === 0) files = readPageFiles(options.folder ?? builtPageFolder());
    return files.get(name);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const url = parsedUrl(request.url);
    if (!url) {
      sendError(response, 400, 'TWIN_PAGE_ADDRESS', 'This address cannot be read.');
      return true;
    }
    const path = url.pathname;
    if (path === '/' || path === '') {
      if (!allowMethods(request, response, ['GET', 'HEAD'])) return true;
      const redirect = withoutSlash(request);
      if (redirect !== undefined) {
        response.writeHead(302, { ...securityHeaders, location: redirect, 'cache-control': 'no-store' });
        response.end();
        return true;
      }
      const shell = file('index.html');
      if (shell) sendFile(request, response, shell, 'no-cache');
      else sendError(response, 503, 'TWIN_PAGE_NOT_BUILT', 'The page is not built. Run "npm run build" and load it again.');
      return true;
    }
    if (path.startsWith('/assets/')) {
      if (!allowMethods(request, response, ['GET', 'HEAD'])) return true;
      const asset = file(path.slice(1));
      // The name of an asset carries a hash of what is in it, so that it may be kept for good.
      if (asset) sendFile(request, response, asset, 'public, max-age=31536000, immutable');
      else sendError(response, 404, 'TWIN_PAGE_NOT_FOUND', 'There is no such file.');
      return true;
    }
    switch (path) {
      case '/api/overview':
        if (allowMethods(request, response, ['GET'])) sendJson(response, 200, source.overview());
        return true;
      case '/api/machine':
        if (allowMethods(request, response, ['GET'])) await sendMachine(url.searchParams, response);
        return true;
      case '/api/live':
        if (allowMethods(request, response, ['GET'])) startLive(request, response);
        return true;
      case '/api/acknowledge':
        if (allowMethods(request, response, ['POST'])) await acknowledge(request, response);
        return true;
      default:
        if (!path.startsWith('/api/')) return false;
        sendError(response, 404, 'TWIN_PAGE_NOT_FOUND', 'There is no such address.');
        return true;
    }
  };

  const sendMachine = async (query: URLSearchParams, response: ServerResponse): Promise<void> => {
    const site = query.get('site');
    const key = query.get('key');
    const minutes = Number(query.get('minutes') ?? '60');
    if (!site || !key || site.length > maxKeyCharacters || key.length > maxKeyCharacters) {
      sendError(response, 400, 'TWIN_PAGE_INPUT', 'Say which machine: "site" and "key" are needed.');
    } else if (!Number.isFinite(minutes) || minutes < 1 || minutes > maxMinutes) {
      sendError(response, 400, 'TWIN_PAGE_INPUT', `The time to show, "minutes", has to be a number from 1 to ${maxMinutes}.`);
    } else {
      const detail = await source.detail(site, key, minutes);
      if (detail) sendJson(response, 200, detail);
      else sendError(response, 404, 'TWIN_MACHINE_UNKNOWN', 'There is no such machine. It may have been removed or renamed.');
    }
  };

  const startLive = (request: IncomingMessage, response: ServerResponse): void => {
    if (live.full) {
      response.setHeader('retry-after', '15');
      sendError(response, 503, 'TWIN_PAGE_FULL', 'Too many screens are watching. Close one and load this page again.');
      return;
    }
    response.writeHead(200, {
      ...securityHeaders,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // A proxy that collects the answer before passing it on would hold events back.
      'x-accel-buffering': 'no',
    });
    request.socket.setNoDelay(true);
    request.socket.setTimeout(0);
    live.add(response);
  };

  const acknowledge = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!sameOrigin(request)) {
      const text = 'This came from another website and was refused. Open the page itself and acknowledge there.';
      sendError(response, 403, 'TWIN_PAGE_ORIGIN', text);
      return;
    }
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      sendError(response, 415, 'TWIN_PAGE_INPUT', 'The body has to be JSON, with the content type application/json.');
      return;
    }
    const body = await readJson(request);
    if (body === 'too big') {
      sendError(response, 413, 'TWIN_PAGE_INPUT', `The body is longer than ${maxBodyBytes} bytes.`);
      return;
    }
    const asked = acknowledgeRequest(body);
    if (!asked) {
      sendError(response, 400, 'TWIN_PAGE_INPUT', 'Needed are "site", "key", "case" and "by" (a name of 1 to 80 characters), all as text.');
      return;
    }
    try {
      sendJson(response, 200, await source.acknowledge(asked));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      sendError(response, error.code === 'TWIN_MACHINE_UNKNOWN' ? 404 : 409, error.code, error.message);
    }
  };

  const routes = (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void => {
    answer(request, response).then(
      (answered) => {
        if (answered) return;
        if (next) next();
        else sendError(response, 404, 'TWIN_PAGE_NOT_FOUND', 'There is no such address.');
      },
      (error: unknown) => {
        options.onError?.(error);
        if (response.headersSent) response.destroy();
        else sendError(response, 500, 'TWIN_PAGE_FAILED', 'Twinwire could not answer. The log of Node-RED says why.');
      },
    );
  };
  return Object.defineProperties(routes, {
    close: { value: () => live.close() },
    watching: { get: () => live.size },
  }) as TwinRoutes;
}

function parsedUrl(raw: string | undefined): URL | undefined {
  try {
    // A leading double slash would be read as a host name.
    const url = new URL(`http://page${(raw ?? '/').replace(/^\/*/, '/')}`);
    decodeURIComponent(url.pathname);
    return url;
  } catch {
    return undefined;
  }
}

/** Where to send a person who asked for …/twin: relative addresses only work from …/twin/. undefined: all is well. */
function withoutSlash(request: IncomingMessage): string | undefined {
  const original = (request as { originalUrl?: unknown }).originalUrl;
  if (typeof original !== 'string') return undefined;
  const [path = '', query] = original.split('?', 2);
  if (path === '' || path.endsWith('/')) return undefined;
  const last = path.slice(path.lastIndexOf('/') + 1);
  return `./${last}/${query === undefined ? '' : `?${query}`}`;
}

function allowMethods(request: IncomingMessage, response: ServerResponse, methods: readonly string[]): boolean {
  if (methods.includes(request.method ?? '')) return true;
  response.setHeader('allow', methods.join(', '));
  sendError(response, 405, 'TWIN_PAGE_METHOD', `This address only takes ${methods.join(' and ')}.`);
  return false;
}

/**
 * Whether a browser sent this from our own page. Browsers say so themselves in Sec-Fetch-Site (only where the connection
 * is encrypted or local) or by Origin; what sends neither is no browser and cannot be abused by a foreign website.
 */
function sameOrigin(request: IncomingMessage): boolean {
  const fetchSite = request.headers['sec-fetch-site'];
  if (fetchSite !== undefined) return fetchSite === 'same-origin';
  const origin = request.headers.origin;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === request.headers.host?.toLowerCase();
  } catch {
    return false;
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  // A body parser of the surrounding application may have been here before.
  const parsed = (request as { body?: unknown }).body;
  if (parsed !== undefined && request.readableEnded) return parsed;
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
    request.resume();
    return 'too big';
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return 'too big';
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

function acknowledgeRequest(body: unknown): AcknowledgeRequest | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const text = (name: string, most: number): string | undefined => {
    const value: unknown = Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
    return typeof value === 'string' && value.trim() !== '' && value.length <= most ? value : undefined;
  };
  const site = text('site', maxKeyCharacters);
  const key = text('key', maxKeyCharacters);
  const caseId = text('case', maxKeyCharacters);
  // A name goes into logs and mails: one line, no control characters.
  const by = text('by', maxNameCharacters)?.replace(/\p{Cc}+/gu, ' ').trim();
  return site && key && caseId && by ? { site, key, case: caseId, by } : undefined;
}

function sendJson(response: ServerResponse, status: number, data: unknown): void {
  const body = Buffer.from(JSON.stringify(data));
  response.writeHead(status, {
    ...securityHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
  });
  response.end(body);
}

function sendError(response: ServerResponse, status: number, code: string, text: string): void {
  // What is left of a refused body is not read; the connection cannot be used again.
  if (status === 413) response.setHeader('connection', 'close');
  sendJson(response, status, { code, text } satisfies ErrorAnswer);
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: PageFile, cacheControl: string): void {
  const headers: Record<string, string> = {
    ...securityHeaders, etag: file.etag, 'cache-control': cacheControl, vary: 'accept-encoding',
  };
  const known = request.headers['if-none-match'];
  if (known?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === file.etag)) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  const zipped = file.gzipped && /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/i.test(String(request.headers['accept-encoding'] ?? ''));
  const body = zipped && file.gzipped ? file.gzipped : file.body;
  response.writeHead(200, {
    ...headers,
    'content-type': file.contentType,
    'content-length': body.length,
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
