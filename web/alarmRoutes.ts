import type { AlarmActionName, AlarmActionRequest, JournalEvent, JournalQuery } from '../contract/alarms.ts';
import type { PageAction } from '../contract/http.ts';
import { Problem } from '../engine/problem.ts';
import type { AlarmDesk } from '../engine/site/alarmDesk.ts';
import type { FeedbackTools } from './feedbackRoutes.ts';

/** The alarms of one site. */
export interface SiteAlarmDesk {
  desk: AlarmDesk;
  /** Resolves when what was done is on disk. */
  written(): Promise<unknown>;
}

/** What these routes need of the page's. */
export interface AlarmTools extends Omit<FeedbackTools, 'desk'> {
  alarms(site: string): SiteAlarmDesk | undefined;
}

/** Which right each action takes. Whoever answers alarms does not change what is an alarm. */
const needed: Readonly<Record<AlarmActionName, PageAction>> = {
  acknowledge: 'acknowledge', confirm: 'acknowledge', reset: 'acknowledge', shelve: 'shelve', unshelve: 'shelve', suppress: 'suppress', unsuppress: 'suppress',
  takeOutOfService: 'takeOutOfService', returnToService: 'takeOutOfService', note: 'note',
};
const events: ReadonlySet<string> = new Set<JournalEvent>([
  'ACT', 'RTN', 'ACK', 'CONFIRM', 'RESET', 'SHELVE', 'SHELVE1', 'UNSHELVE', 'EXP', 'SUP', 'UNSUP', 'OOS', 'RTS', 'REALARM', 'NOTE', 'FEEDBACK', 'CASE', 'FLOOD', 'TEST',
]);
const mostKeyCharacters = 1_000;
const mostNameCharacters = 80;
const mostWhyCharacters = 500;
const mostDays = 30;

/** @returns whether it was one of its addresses */
export async function alarmRoutes(path: string, query: URLSearchParams, tools: AlarmTools): Promise<boolean> {
  switch (path) {
    case '/api/alarms':
      if (tools.allowMethods(['GET'])) read(query, tools, ({ desk }, site) => {
        const key = query.get('key');
        return { site, ...desk.answer(key === null || key === '' ? undefined : key) };
      });
      return true;
    case '/api/journal':
      if (tools.allowMethods(['GET'])) await sendJournal(query, tools);
      return true;
    case '/api/alarm-measures':
      if (tools.allowMethods(['GET'])) await sendMeasures(query, tools);
      return true;
    case '/api/alarm-action':
      if (tools.allowMethods(['POST'])) await act(tools);
      return true;
    default:
      return false;
  }
}

function siteOf(query: URLSearchParams, tools: AlarmTools): { found: SiteAlarmDesk; site: string } | undefined {
  const site = query.get('site');
  if (!site || site.length > mostKeyCharacters) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Say which site: "site" is needed.');
    return undefined;
  }
  if (!tools.allowed(site, 'read')) return undefined;
  const found = tools.alarms(site);
  if (found !== undefined) return { found, site };
  tools.sendError(404, 'TWIN_MACHINE_UNKNOWN', 'There is no such site. It may have been removed.');
  return undefined;
}

function read(query: URLSearchParams, tools: AlarmTools, answer: (found: SiteAlarmDesk, site: string) => unknown): void {
  const asked = siteOf(query, tools);
  if (asked !== undefined) tools.sendJson(answer(asked.found, asked.site));
}

async function sendJournal(query: URLSearchParams, tools: AlarmTools): Promise<void> {
  const asked = siteOf(query, tools);
  if (asked === undefined) return;
  const journalQuery: JournalQuery = {};
  for (const [name, given] of query) {
    if (given === '' || name === 'site') continue;
    switch (name) {
      case 'key':
        journalQuery.twin = given;
        break;
      case 'alarm':
      case 'text':
        journalQuery[name] = given.slice(0, mostKeyCharacters);
        break;
      case 'event':
        if (!events.has(given)) {
          tools.sendError(400, 'TWIN_PAGE_INPUT', 'There is no such "event" in the journal.');
          return;
        }
        journalQuery.event = given as JournalEvent;
        break;
      case 'fromMs':
      case 'toMs':
      case 'limit':
      case 'before': {
        const number = Number(given);
        if (!Number.isFinite(number) || (name === 'limit' && (number < 1 || number > 1000))) {
          tools.sendError(400, 'TWIN_PAGE_INPUT', `"${name}" has to be a number${name === 'limit' ? ' from 1 to 1000' : ''}.`);
          return;
        }
        journalQuery[name] = number;
        break;
      }
      default:
    }
  }
  tools.sendJson({ site: asked.site, ...(await asked.found.desk.journal(journalQuery)) });
}

async function sendMeasures(query: URLSearchParams, tools: AlarmTools): Promise<void> {
  const asked = siteOf(query, tools);
  if (asked === undefined) return;
  const days = Number(query.get('days') ?? '7');
  if (!(days >= 1 && days <= mostDays)) tools.sendError(400, 'TWIN_PAGE_INPUT', `"days" has to be a number from 1 to ${mostDays}.`);
  else tools.sendJson({ site: asked.site, ...(await asked.found.desk.measures(days)) });
}

async function act(tools: AlarmTools): Promise<void> {
  const posted = await tools.posted();
  if (posted === undefined) return;
  const asked = actionIn(posted.body);
  if (asked === undefined) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Needed are "site", "key" and "action" as text; "forMs" and "occurrence" are numbers, "oneShot" is true or false.');
    return;
  }
  // Who may not is told that, whatever else is wrong with what they sent.
  if (!tools.allowed(asked.site, needed[asked.action])) return;
  const by = tools.userOf(asked.site) ?? asked.by;
  if (by === undefined) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Say who does this: "by", a name of 1 to 80 characters.');
    return;
  }
  const found = tools.alarms(asked.site);
  if (found === undefined) {
    tools.sendError(404, 'TWIN_MACHINE_UNKNOWN', 'There is no such machine. It may have been removed or renamed.');
    return;
  }
  const { site: _site, key, by: _by, ...action } = asked;
  try {
    const answer = found.desk.act({ ...action, twin: key, by, via: 'page' });
    await found.written();
    tools.sendJson(answer);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tools.sendError(error.code === 'TWIN_MACHINE_UNKNOWN' ? 404 : 409, error.code, error.message);
  }
}

function actionIn(body: unknown): AlarmActionRequest | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const given = body as Record<string, unknown>;
  const text = (name: string, most: number): string | undefined => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    // Goes into logs and mails: one line, no control characters.
    return typeof value === 'string' && value.length <= most ? value.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim() || undefined : undefined;
  };
  const number = (name: string): number | undefined => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  };
  for (const name of ['forMs', 'occurrence'] as const) if (given[name] !== undefined && number(name) === undefined) return undefined;
  const [site, key, action] = [text('site', mostKeyCharacters), text('key', mostKeyCharacters), text('action', 40)];
  if (!site || !key || !action || !Object.hasOwn(needed, action)) return undefined;
  const [caseId, alarm, by, why] = [text('case', mostKeyCharacters), text('alarm', mostKeyCharacters), text('by', mostNameCharacters), text('why', mostWhyCharacters)];
  const [forMs, occurrence] = [number('forMs'), number('occurrence')];
  return {
    site,
    key,
    action: action as AlarmActionName,
    ...(caseId === undefined ? {} : { case: caseId }),
    ...(alarm === undefined ? {} : { alarm }),
    ...(by === undefined ? {} : { by }),
    ...(why === undefined ? {} : { why }),
    ...(forMs === undefined ? {} : { forMs }),
    ...(occurrence === undefined ? {} : { occurrence }),
    ...(given['oneShot'] === true ? { oneShot: true } : {}),
  };
}
