import type { FeedbackAnswer, FeedbackEffect, FeedbackRecord } from '../contract/feedback.ts';
import type { PageAction } from '../contract/http.ts';
import { Problem } from '../engine/problem.ts';
import type { RouteTools } from './routeTools.ts';

/** What a site offers of its people's answers. Rejects or throws with a Problem whose code and sentence are shown. */
export interface FeedbackDesk {
  list(key: string): FeedbackRecord[] | undefined;
  preview(input: FeedbackDeskInput): FeedbackEffect;
  /** Resolves when it is on disk. */
  give(input: FeedbackDeskInput): Promise<FeedbackRecord>;
  undo(key: string, id: string, by: string): Promise<FeedbackRecord>;
}

export interface FeedbackDeskInput {
  key: string;
  case: string;
  answer: FeedbackAnswer;
  what?: string;
  untilMs?: number;
  by: string;
}

/** What these routes need of the page's. */
export interface FeedbackTools extends RouteTools {
  desk(site: string): { desk: FeedbackDesk; nowMs: number } | undefined;
  /** The name of who is logged in there. */
  userOf(site: string): string | undefined;
  readonly isPost: boolean;
}

/** Which right each answer takes. Whoever answers alarms does not change what is an alarm. */
const needed: Readonly<Record<FeedbackAnswer, PageAction>> = { onIt: 'acknowledge', real: 'note', planned: 'shelve', falseAlarm: 'teach', changed: 'teach' };
const mostKeyCharacters = 1_000;
const mostWhatCharacters = 200;
const mostNameCharacters = 80;

/** @returns whether it was one of its addresses */
export async function feedbackRoutes(path: string, query: URLSearchParams, tools: FeedbackTools): Promise<boolean> {
  switch (path) {
    case '/api/feedback':
      if (!tools.allowMethods(['GET', 'POST'])) return true;
      break;
    case '/api/feedback/preview':
    case '/api/feedback/undo':
      if (!tools.allowMethods(['POST'])) return true;
      break;
    default:
      return false;
  }
  if (!tools.isPost) {
    sendList(query, tools);
    return true;
  }
  const posted = await tools.posted();
  if (posted === undefined) return true;
  try {
    if (path === '/api/feedback/undo') await undo(posted.body, tools);
    else await answer(path, posted.body, tools);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tools.sendError(error.code === 'TWIN_MACHINE_UNKNOWN' ? 404 : 409, error.code, error.message);
  }
  return true;
}

function sendList(query: URLSearchParams, tools: FeedbackTools): void {
  const [site, key] = [query.get('site'), query.get('key')];
  if (!site || !key || site.length > mostKeyCharacters || key.length > mostKeyCharacters) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Say which machine: "site" and "key" are needed.');
  } else if (tools.allowed(site, 'read')) {
    const found = tools.desk(site);
    const records = found?.desk.list(key);
    if (found === undefined || records === undefined) unknown(tools);
    else tools.sendJson({ site, key, nowMs: found.nowMs, records });
  }
}

async function answer(path: string, body: unknown, tools: FeedbackTools): Promise<void> {
  const site = textIn(body, 'site', mostKeyCharacters);
  const key = textIn(body, 'key', mostKeyCharacters);
  const caseId = textIn(body, 'case', mostKeyCharacters);
  const given = textIn(body, 'answer', 20);
  const untilMs = (body as { untilMs?: unknown } | undefined)?.untilMs;
  const what = textIn(body, 'what', mostWhatCharacters);
  if (!site || !key || !caseId || !given || !isAnswer(given) || (untilMs !== undefined && typeof untilMs !== 'number')) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Needed are "site", "key" and "case" as text, and "answer": onIt, real, falseAlarm, planned or changed.');
    return;
  }
  if (!tools.allowed(site, needed[given])) return;
  const by = byOf(body, site, tools) ?? (path === '/api/feedback/preview' ? '?' : undefined);
  if (by === undefined) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Say who answers: "by", a name of 1 to 80 characters.');
    return;
  }
  const found = tools.desk(site);
  if (found === undefined) {
    unknown(tools);
    return;
  }
  const input: FeedbackDeskInput = { key, case: caseId, answer: given, by, ...(what === undefined ? {} : { what }), ...(untilMs === undefined ? {} : { untilMs }) };
  if (path === '/api/feedback/preview') tools.sendJson(found.desk.preview(input));
  else tools.sendJson({ record: await found.desk.give(input) });
}

async function undo(body: unknown, tools: FeedbackTools): Promise<void> {
  const site = textIn(body, 'site', mostKeyCharacters);
  const key = textIn(body, 'key', mostKeyCharacters);
  const id = textIn(body, 'id', 40);
  if (!site || !key || !id) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Needed are "site", "key" and "id", all as text.');
    return;
  }
  const found = tools.desk(site);
  // Who may not is told that first, whatever else is wrong.
  const record = found?.desk.list(key)?.find((one) => one.id === id);
  if (!tools.allowed(site, record === undefined ? 'acknowledge' : needed[record.answer])) return;
  const by = byOf(body, site, tools);
  if (by === undefined) tools.sendError(400, 'TWIN_PAGE_INPUT', 'Say who takes it back: "by", a name of 1 to 80 characters.');
  else if (found === undefined) unknown(tools);
  else tools.sendJson({ record: await found.desk.undo(key, id, by) });
}

function unknown(tools: FeedbackTools): void {
  tools.sendError(404, 'TWIN_MACHINE_UNKNOWN', 'There is no such machine. It may have been removed or renamed.');
}

function byOf(body: unknown, site: string, tools: FeedbackTools): string | undefined {
  return tools.userOf(site) ?? textIn(body, 'by', mostNameCharacters);
}

function isAnswer(text: string): text is FeedbackAnswer {
  return Object.hasOwn(needed, text);
}

/** One line without control characters: it goes into the journal and into mails. */
function textIn(body: unknown, name: string, most: number): string | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
  const value = (body as Record<string, unknown>)[name];
  if (typeof value !== 'string' || value.length > most) return undefined;
  const line = value.replace(/\p{Cc}+/gu, ' ').trim();
  return line === '' ? undefined : line;
}
