import type { IncomingMessage, ServerResponse } from 'node:http';
import { Problem } from '../engine/problem.ts';
import type { AcknowledgeRequest, ErrorAnswer, LoginAnswer, LoginRequest, PageAction, PasswordRequest } from '../contract/http.ts';
import { alarmRoutes, type AlarmTools } from './alarmRoutes.ts';
import { feedbackRoutes, type FeedbackTools } from './feedbackRoutes.ts';
import { graphRoutes, type GraphTools } from './graphRoutes.ts';
import { lineRoutes, type LineTools } from './lineRoutes.ts';
import { LineQuestions, lineStudyRoutes, type LineStudyTools } from './lineStudyRoutes.ts';
import { LiveClients, type LiveClientsOptions } from './liveClients.ts';
import { LoginDelay } from './loginDelay.ts';
import { changePassword, logIn, logOut, readToken, tokenCookie, Visitor, type Gates } from './pageAccess.ts';
import { builtPageFolder, readPageFiles, type PageFile } from './pageFiles.ts';
import { loginLasts } from './rights.ts';
import { mostPasswordCharacters, userKey, type SiteUser } from './siteUsers.ts';
import type { TwinPageSource } from './twinPageSource.ts';

export interface TwinRoutesOptions extends Partial<LiveClientsOptions> {
  /** Folder of the built page. */
  folder?: string;
  /** Told of an error that is our own; the person only hears that it happened. */
  onError?: (error: unknown) => void;
  /** Told of logins, refused ones too, for the log. */
  onLogin?: (text: string, refused: boolean) => void;
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
/** False alarms per week that can be asked for. */
const leastPerWeek = 0.01;
const mostPerWeek = 100;
const maxNameCharacters = 80;
const maxKeyCharacters = 1_000;
/** Checking a password takes memory and a core on purpose; so few at once, and so few that wait. */
const maxLoginsAtOnce = 2;
const maxLoginsWaiting = 20;

const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * The page and its interface. Knows HTTP and nothing of Node-RED; who may see it is decided by what it is mounted under
 * (`httpNodeAuth`), and by the users of each site where it has some (rights.ts). Sends nothing that the source did not give.
 */
export function twinRoutes(source: TwinPageSource, options: TwinRoutesOptions = {}): TwinRoutes {
  const live = new LiveClients(source, {
    maxClients: options.maxClients ?? 50,
    intervalMs: options.intervalMs ?? 500,
    keepAliveMs: options.keepAliveMs ?? 15_000,
    maxUnsentBytes: options.maxUnsentBytes ?? 262_144,
  });
  const gates: Gates = () => source.gates?.() ?? new Map();
  const delay = new LoginDelay();
  const questions = new LineQuestions();
  const logins = new Turns(maxLoginsAtOnce, maxLoginsWaiting);
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
        if (allowMethods(request, response, ['GET'])) sendJson(response, 200, visitorOf(request).shown(source.overview()));
        return true;
      case '/api/machine':
        if (allowMethods(request, response, ['GET'])) await sendMachine(url.searchParams, request, response);
        return true;
      case '/api/back-test':
        if (allowMethods(request, response, ['GET'])) await sendBackTest(url.searchParams, request, response);
        return true;
      case '/api/readiness':
        if (allowMethods(request, response, ['GET'])) {
          const visitor = visitorOf(request);
          sendJson(response, 200, (source.readiness?.() ?? []).filter(({ site }) => visitor.may(site, 'read')));
        }
        return true;
      case '/api/live':
        if (allowMethods(request, response, ['GET'])) startLive(request, response);
        return true;
      case '/api/acknowledge':
        if (allowMethods(request, response, ['POST'])) await acknowledge(request, response);
        return true;
      case '/api/login':
        if (allowMethods(request, response, ['POST'])) await login(request, response);
        return true;
      case '/api/password':
        if (allowMethods(request, response, ['POST'])) await setPassword(request, response);
        return true;
      case '/api/logout':
        if (allowMethods(request, response, ['POST'])) await logout(request, response);
        return true;
      default:
        if (!path.startsWith('/api/')) return false;
        if (await feedbackRoutes(path, url.searchParams, deskTools(request, response))) return true;
        if (await alarmRoutes(path, url.searchParams, deskTools(request, response))) return true;
        if (await graphRoutes(path, url.searchParams, deskTools(request, response))) return true;
        if (await lineRoutes(path, url.searchParams, deskTools(request, response))) return true;
        if (await lineStudyRoutes(path, url.searchParams, deskTools(request, response), questions)) return true;
        sendError(response, 404, 'TWIN_PAGE_NOT_FOUND', 'There is no such address.');
        return true;
    }
  };

  const deskTools = (request: IncomingMessage, response: ServerResponse): FeedbackTools & AlarmTools & GraphTools & LineTools & LineStudyTools => {
    const visitor = visitorOf(request);
    return {
      desk: (site) => source.feedback?.(site),
      alarms: (site) => source.alarms?.(site),
      graph: (site) => source.graph?.(site),
      lines: (site) => source.lines?.(site),
      studies: (site) => source.studies?.(site),
      allowed: (site, action) => allowed(visitor, site, action, response),
      userOf: (site) => visitor.user(site, true)?.name,
      isPost: request.method === 'POST',
      posted: () => postedJson(request, response),
      allowMethods: (methods) => allowMethods(request, response, methods),
      sendJson: (data) => sendJson(response, 200, data),
      sendError: (status, code, text) => sendError(response, status, code, text),
    };
  };

  const visitorOf = (request: IncomingMessage): Visitor => new Visitor(gates, readToken(request), request);

  /** Whether this visitor may do this; else the answer is on its way. */
  const allowed = (visitor: Visitor, site: string, action: PageAction, response: ServerResponse): boolean => {
    if (visitor.may(site, action)) return true;
    if (visitor.user(site)) sendError(response, 403, 'TWIN_NOT_ALLOWED', 'Your role does not include this.');
    else sendError(response, 401, 'TWIN_LOGIN_NEEDED', 'Log in to do this.');
    return false;
  };

  const sendMachine = async (query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const site = query.get('site');
    const key = query.get('key');
    const minutes = Number(query.get('minutes') ?? '60');
    if (!site || !key || site.length > maxKeyCharacters || key.length > maxKeyCharacters) {
      sendError(response, 400, 'TWIN_PAGE_INPUT', 'Say which machine: "site" and "key" are needed.');
    } else if (!Number.isFinite(minutes) || minutes < 1 || minutes > maxMinutes) {
      sendError(response, 400, 'TWIN_PAGE_INPUT', `The time to show, "minutes", has to be a number from 1 to ${maxMinutes}.`);
    } else if (allowed(visitorOf(request), site, 'read', response)) {
      const detail = await source.detail(site, key, minutes);
      if (detail) sendJson(response, 200, detail);
      else sendError(response, 404, 'TWIN_MACHINE_UNKNOWN', 'There is no such machine. It may have been removed or renamed.');
    }
  };

  const sendBackTest = async (query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const site = query.get('site');
    const key = query.get('key');
    const perWeek = query.has('perWeek') ? Number(query.get('perWeek')) : undefined;
    if (!site || !key || site.length > maxKeyCharacters || key.length > maxKeyCharacters) {
      sendError(response, 400, 'TWIN_PAGE_INPUT', 'Say which machine: "site" and "key" are needed.');
    } else if (perWeek !== undefined && !(perWeek >= leastPerWeek && perWeek <= mostPerWeek)) {
      sendError(response, 400, 'TWIN_PAGE_INPUT', `The setting to try, "perWeek", has to be a number from ${leastPerWeek} to ${mostPerWeek}.`);
    } else if (allowed(visitorOf(request), site, 'read', response)) {
      const found = await source.backTest?.(site, key, perWeek);
      if (found) sendJson(response, 200, found);
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
    const visitor = visitorOf(request);
    visitor.use();
    const overview = visitor.shown(source.overview());
    if (overview.sites.length > 0 && overview.sites.every(({ access }) => access && !access.may.includes('read'))) {
      // Nothing to watch; a place is kept for those who may.
      response.end(`event: overview\ndata: ${JSON.stringify(overview)}\n\n`);
      return;
    }
    request.socket.setNoDelay(true);
    request.socket.setTimeout(0);
    live.add(response, {
      signature: () => visitor.signature(),
      mayRead: (site) => visitor.may(site, 'read'),
      shown: (all) => visitor.shown(all),
    });
  };

  /** The JSON body of something that our own page sent; undefined: refused, the answer is on its way. */
  const postedJson = async (request: IncomingMessage, response: ServerResponse): Promise<{ body: unknown } | undefined> => {
    if (!sameOrigin(request)) {
      sendError(response, 403, 'TWIN_PAGE_ORIGIN', 'This came from another website and was refused. Open the page itself and do it there.');
      return undefined;
    }
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      sendError(response, 415, 'TWIN_PAGE_INPUT', 'The body has to be JSON, with the content type application/json.');
      return undefined;
    }
    const body = await readJson(request);
    if (body !== 'too big') return { body };
    sendError(response, 413, 'TWIN_PAGE_INPUT', `The body is longer than ${maxBodyBytes} bytes.`);
    return undefined;
  };

  /** Begins to look at a password that somebody typed. @returns what ends it; undefined: not now, the answer is on its way */
  const attempt = async (name: string, address: string, response: ServerResponse): Promise<(() => void) | undefined> => {
    const waitMs = delay.start(name, address, performance.now());
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      response.setHeader('retry-after', String(seconds));
      sendError(response, 429, 'TWIN_LOGIN_WAIT', `Too many attempts. Try again in ${seconds} s.`, { seconds });
      return undefined;
    }
    const done = await logins.take();
    if (done) return done;
    response.setHeader('retry-after', '5');
    sendError(response, 503, 'TWIN_LOGIN_BUSY', 'Too many people log in at this moment. Try again in some seconds.');
    return undefined;
  };

  const setPassword = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const posted = await postedJson(request, response);
    if (!posted) return;
    const token = readToken(request);
    const user = token === undefined ? undefined : loggedIn(token);
    if (token === undefined || user === undefined) {
      sendError(response, 401, 'TWIN_LOGIN_NEEDED', 'Log in to do this.');
      return;
    }
    const asked = passwordRequest(posted.body);
    if (!asked) {
      sendError(response, 400, 'TWIN_PAGE_INPUT', 'Needed are "current" and "next", both as text.');
      return;
    }
    const name = userKey(user.name);
    const address = request.socket.remoteAddress ?? '';
    const done = await attempt(name, address, response);
    if (!done) return;
    try {
      const changed = await changePassword(gates, token, asked.current, asked.next);
      const shownName = JSON.stringify(user.name);
      if (!changed) {
        options.onLogin?.(`${shownName} at ${address}: change of password refused`, true);
        sendError(response, 403, 'TWIN_PASSWORD_WRONG', 'The current password is not right.');
        return;
      }
      delay.succeeded(name, address);
      options.onLogin?.(`${shownName} at ${address}: has a new password`, false);
      response.setHeader('set-cookie', tokenCookie(request, changed.token, loginLasts[changed.user.role].mostMs / 1000));
      sendJson(response, 200, {});
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // Nothing was guessed.
      delay.succeeded(name, address);
      sendError(response, 400, error.code, error.message);
    } finally {
      done();
    }
  };

  const loggedIn = (token: string): SiteUser | undefined => {
    for (const { users } of gates().values()) {
      const user = users.session(token, true);
      if (user) return user;
    }
    return undefined;
  };

  const login = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const posted = await postedJson(request, response);
    if (!posted) return;
    const asked = loginRequest(posted.body);
    if (!asked) {
      sendError(response, 400, 'TWIN_PAGE_INPUT', 'Needed are "name" and "password", both as text.');
      return;
    }
    const name = userKey(asked.name);
    const address = request.socket.remoteAddress ?? '';
    const done = await attempt(name, address, response);
    if (!done) return;
    const { token, sites, user } = await logIn(gates, asked.name, asked.password, readToken(request)).finally(done);
    // The name was typed by anybody: one line in the log, no control characters.
    const shownName = JSON.stringify(asked.name.replace(/[\p{Cc}\p{Cf}]+/gu, ' '));
    if (!user) {
      options.onLogin?.(`${shownName} at ${address}: login refused`, true);
      sendError(response, 401, 'TWIN_LOGIN_REFUSED', 'Name or password is not right.');
      return;
    }
    delay.succeeded(name, address);
    options.onLogin?.(`${shownName} at ${address}: logged in as ${user.role}`, false);
    response.setHeader('set-cookie', tokenCookie(request, token, loginLasts[user.role].mostMs / 1000));
    sendJson(response, 200, { sites } satisfies LoginAnswer);
  };

  const logout = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!(await postedJson(request, response))) return;
    const token = readToken(request);
    if (token !== undefined) await logOut(gates, token);
    response.setHeader('set-cookie', tokenCookie(request, '', 0));
    sendJson(response, 200, {});
  };

  const acknowledge = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const posted = await postedJson(request, response);
    if (!posted) return;
    const visitor = visitorOf(request);
    // Who may not is told that, whatever else is wrong with what they sent.
    const site = textIn(posted.body, 'site', maxKeyCharacters);
    if (site && !allowed(visitor, site, 'acknowledge', response)) return;
    const asked = acknowledgeRequest(posted.body, (site) => visitor.user(site)?.name);
    if (!asked) {
      sendError(response, 400, 'TWIN_PAGE_INPUT', 'Needed are "site", "key", "case" and "by" (a name of 1 to 80 characters), all as text.');
      return;
    }
    visitor.use();
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

function textIn(body: unknown, name: string, most: number): string | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
  const value = (body as Record<string, unknown>)[name];
  return typeof value === 'string' && value.trim() !== '' && value.length <= most ? value : undefined;
}

function loginRequest(body: unknown): LoginRequest | undefined {
  const name = textIn(body, 'name', maxNameCharacters);
  const password = textIn(body, 'password', mostPasswordCharacters);
  return name && password ? { name, password } : undefined;
}

function passwordRequest(body: unknown): PasswordRequest | undefined {
  const current = textIn(body, 'current', mostPasswordCharacters);
  const next = textIn(body, 'next', 2 * mostPasswordCharacters);
  return current && next ? { current, next } : undefined;
}

/** @param userOf the name of who is logged in there: it counts, whatever was typed */
function acknowledgeRequest(body: unknown, userOf: (site: string) => string | undefined): AcknowledgeRequest | undefined {
  const site = textIn(body, 'site', maxKeyCharacters);
  const key = textIn(body, 'key', maxKeyCharacters);
  const caseId = textIn(body, 'case', maxKeyCharacters);
  if (!site || !key || !caseId) return undefined;
  // A name goes into logs and mails: one line, no control characters.
  const by = userOf(site) ?? textIn(body, 'by', maxNameCharacters)?.replace(/\p{Cc}+/gu, ' ').trim();
  return by ? { site, key, case: caseId, by } : undefined;
}

/** So many at once, so many that wait. */
class Turns {
  #free: number;
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number, waiting: number) {
    this.#free = atOnce;
    this.#most = waiting;
  }

  /** @returns what ends the turn; undefined: too many wait already */
  async take(): Promise<(() => void) | undefined> {
    if (this.#free > 0) this.#free -= 1;
    else if (this.#waiting.length >= this.#most) return undefined;
    else await new Promise<void>((go) => this.#waiting.push(go));
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }
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

function sendError(response: ServerResponse, status: number, code: string, text: string, more: Pick<ErrorAnswer, 'seconds'> = {}): void {
  // What is left of a refused body is not read; the connection cannot be used again.
  if (status === 413) response.setHeader('connection', 'close');
  sendJson(response, status, { code, text, ...more } satisfies ErrorAnswer);
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
