import type { AcknowledgeRequest, BackTest, ErrorAnswer, LoginAnswer, LoginRequest, Machine, MachineDetail, PasswordRequest, SiteReadinessReport } from '../contract/http.ts';
import type { AlarmActionAnswer, AlarmActionRequest, AlarmMeasures, AlarmsAnswer, JournalAnswer, JournalQuery } from '../contract/alarms.ts';
import type { GraphElements, GraphPageAnswer } from '../contract/graph.ts';
import type { FeedbackDone, FeedbackEffect, FeedbackList, FeedbackRequest, FeedbackUndo } from '../contract/feedback.ts';
import { hasText, type Say } from './texts.ts';

/** An answer that is no success, with a sentence for the reader. */
export class ServerError extends Error {
  readonly code: string;
  constructor(code: string, text: string) {
    super(text);
    this.code = code;
  }
}

export function fetchDetail(say: Say, site: string, key: string, minutes: number, signal: AbortSignal): Promise<MachineDetail> {
  const query = new URLSearchParams({ site, key, minutes: String(minutes) });
  return ask<MachineDetail>(say, `api/machine?${query}`, { signal });
}

/** @param perWeek absent: the setting in force */
export function fetchBackTest(say: Say, site: string, key: string, perWeek: number | undefined, signal: AbortSignal): Promise<BackTest> {
  const query = new URLSearchParams({ site, key, ...(perWeek === undefined ? {} : { perWeek: String(perWeek) }) });
  return ask<BackTest>(say, `api/back-test?${query}`, { signal });
}

export function fetchReadiness(say: Say, signal: AbortSignal): Promise<SiteReadinessReport[]> {
  return ask<SiteReadinessReport[]>(say, 'api/readiness', { signal });
}

export function sendAcknowledge(say: Say, request: AcknowledgeRequest): Promise<Machine> {
  return post<Machine>(say, 'api/acknowledge', request);
}

export function fetchAlarms(say: Say, site: string): Promise<AlarmsAnswer> {
  return ask<AlarmsAnswer>(say, `api/alarms?${new URLSearchParams({ site })}`, {});
}

export function sendAlarmAction(say: Say, request: AlarmActionRequest): Promise<AlarmActionAnswer> {
  return post<AlarmActionAnswer>(say, 'api/alarm-action', request);
}

export function fetchMeasures(say: Say, site: string, days: number): Promise<AlarmMeasures> {
  return ask<AlarmMeasures>(say, `api/alarm-measures?${new URLSearchParams({ site, days: String(days) })}`, {});
}

export function fetchJournal(say: Say, { twin, ...query }: JournalQuery & { site: string }): Promise<JournalAnswer> {
  const asked = Object.entries({ ...query, ...(twin === undefined ? {} : { key: twin }) }).map(([name, value]): [string, string] => [name, String(value)]);
  return ask<JournalAnswer>(say, `api/journal?${new URLSearchParams(asked)}`, {});
}

export function fetchElements(say: Say, site: string, contains: string, signal: AbortSignal): Promise<GraphElements> {
  return ask<GraphElements>(say, `api/graph/elements?${new URLSearchParams({ site, contains })}`, { signal });
}

export function fetchGraph(say: Say, site: string, question: Readonly<Record<string, string>>, signal: AbortSignal): Promise<GraphPageAnswer> {
  return ask<GraphPageAnswer>(say, `api/graph?${new URLSearchParams({ site, ...question })}`, { signal });
}

export function fetchFeedback(say: Say, site: string, key: string): Promise<FeedbackList> {
  return ask<FeedbackList>(say, `api/feedback?${new URLSearchParams({ site, key })}`, {});
}

export function previewFeedback(say: Say, request: FeedbackRequest): Promise<FeedbackEffect> {
  return post<FeedbackEffect>(say, 'api/feedback/preview', request);
}

export function sendFeedback(say: Say, request: FeedbackRequest): Promise<FeedbackDone> {
  return post<FeedbackDone>(say, 'api/feedback', request);
}

export function undoFeedback(say: Say, request: FeedbackUndo): Promise<FeedbackDone> {
  return post<FeedbackDone>(say, 'api/feedback/undo', request);
}

export function sendLogin(say: Say, request: LoginRequest): Promise<LoginAnswer> {
  return post<LoginAnswer>(say, 'api/login', request);
}

export async function sendPassword(say: Say, request: PasswordRequest): Promise<void> {
  await post(say, 'api/password', request);
}

export async function sendLogout(say: Say): Promise<void> {
  await post(say, 'api/logout', {});
}

export function post<T>(say: Say, address: string, body: unknown): Promise<T> {
  return ask<T>(say, address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

export async function ask<T>(say: Say, address: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(address, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ServerError('', say('error.connection'));
  }
  if (response.ok) return (await response.json()) as T;
  const answer = (await response.json().catch(() => undefined)) as Partial<ErrorAnswer> | undefined;
  const code = typeof answer?.code === 'string' ? answer.code : String(response.status);
  const own = `error.${code}`;
  const text = hasText(own) ? say(own, { seconds: answer?.seconds ?? 60 }) : say('error.code', { text: String(answer?.text ?? response.statusText), code });
  throw new ServerError(code, text);
}
