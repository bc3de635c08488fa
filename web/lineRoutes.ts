import type { LineFrameKind, LineFramesAnswer, LinesAnswer } from '../contract/line.ts';
import { Problem } from '../engine/problem.ts';
import type { RouteTools } from './routeTools.ts';

/** What a site offers of its lines; undefined: there is no such line. Rejects with a Problem whose code and sentence are shown. */
export interface LineDesk {
  lines(): LinesAnswer;
  frames(line: string, question: { fromMs: number; toMs: number; kind?: LineFrameKind; station?: string; most?: number }): Promise<LineFramesAnswer | undefined>;
  /** Resolves when it is on disk. */
  setWay(line: string, station: string, seconds: number | null): Promise<boolean>;
}

/** What these routes need of the page's. */
export interface LineTools extends RouteTools {
  lines(site: string): LineDesk | undefined;
}

const mostCharacters = 1_000;
const mostFrames = 500;
const kinds: readonly string[] = ['stop', 'changeover', 'batch', 'phase'];

/** @returns whether it was one of its addresses */
export async function lineRoutes(path: string, query: URLSearchParams, tools: LineTools): Promise<boolean> {
  switch (path) {
    case '/api/lines':
    case '/api/line-frames':
      if (tools.allowMethods(['GET'])) await answered(tools, () => read(path, query, tools));
      return true;
    case '/api/line-way':
      if (tools.allowMethods(['POST'])) await answered(tools, () => setWay(tools));
      return true;
    default:
      return false;
  }
}

async function answered(tools: LineTools, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tools.sendError(400, error.code, error.message);
  }
}

async function read(path: string, query: URLSearchParams, tools: LineTools): Promise<void> {
  const site = query.get('site') ?? '';
  if (site === '' || [...query.values()].some((value) => value.length > mostCharacters)) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Say which site, in at most 1,000 characters.');
    return;
  }
  if (!tools.allowed(site, 'read')) return;
  const desk = tools.lines(site);
  if (desk === undefined) {
    tools.sendError(404, 'TWIN_PAGE_NOT_FOUND', 'This site is not running.');
    return;
  }
  if (path === '/api/lines') {
    tools.sendJson(desk.lines());
    return;
  }
  const [fromMs, toMs] = [Number(query.get('fromMs') ?? NaN), Number(query.get('toMs') ?? NaN)];
  const kind = query.get('kind') ?? undefined;
  const station = query.get('station') ?? undefined;
  if (!Number.isFinite(fromMs) || !Number.isFinite(toMs) || (kind !== undefined && !kinds.includes(kind))) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Needed are "fromMs" and "toMs" in milliseconds; "kind" is stop, changeover, batch or phase.');
    return;
  }
  const asked = { fromMs, toMs, most: mostFrames, ...(kind !== undefined && { kind: kind as LineFrameKind }), ...(station !== undefined && { station }) };
  const found = await desk.frames(query.get('line') ?? '', asked);
  if (found === undefined) noLine(tools);
  else tools.sendJson(found);
}

async function setWay(tools: LineTools): Promise<void> {
  const posted = await tools.posted();
  if (posted === undefined) return;
  const { site, line, station, seconds } = (typeof posted.body === 'object' && posted.body !== null ? posted.body : {}) as Record<string, unknown>;
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= mostCharacters;
  if (!isText(site) || !isText(line) || !isText(station) || !(seconds === null || (typeof seconds === 'number' && Number.isFinite(seconds)))) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Needed are "site", "line" and "station" as text, and "seconds" as a number or null.');
    return;
  }
  if (!tools.allowed(site, 'note')) return;
  const desk = tools.lines(site);
  if (desk !== undefined && (await desk.setWay(line, station, seconds))) tools.sendJson({});
  else noLine(tools);
}

function noLine(tools: LineTools): void {
  tools.sendError(404, 'TWIN_LINE_UNKNOWN', 'There is no such line. It may have been removed or renamed.');
}
