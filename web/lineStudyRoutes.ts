import type { PageAction } from '../contract/http.ts';
import type { CauseAbout, CauseQuestion, LineStudyDesk, Scenario, ScenarioChange } from '../contract/lineAnswers.ts';
import { Problem } from '../engine/problem.ts';
import type { RouteTools } from './routeTools.ts';

/** What these routes need of the page's. */
export interface LineStudyTools extends RouteTools {
  studies(site: string): LineStudyDesk | undefined;
}

const mostCharacters = 1_000;
const abouts: readonly string[] = ['scrap', 'stops', 'case', 'slow'];
const kinds: readonly string[] = ['speed', 'repair', 'failures', 'places', 'operators', 'hours', 'mix', 'setting'];
const mostChanges = 20;

/**
 * Answers take a second of a core or two: so many are reckoned or wait at once, and who asks the same at the same moment gets the same answer.
 * One for all sites of the page.
 */
export class LineQuestions {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #most: number;

  constructor(most = 4) {
    this.#most = most;
  }

  /** @returns undefined: too many are asked already */
  ask<T>(name: string, work: () => Promise<T>): Promise<T> | undefined {
    const same = this.#running.get(name) as Promise<T> | undefined;
    if (same !== undefined) return same;
    if (this.#running.size >= this.#most) return undefined;
    const asked = work().finally(() => this.#running.delete(name));
    this.#running.set(name, asked);
    return asked;
  }
}

/** @returns whether it was one of its addresses */
export async function lineStudyRoutes(path: string, query: URLSearchParams, tools: LineStudyTools, questions: LineQuestions): Promise<boolean> {
  try {
    switch (path) {
      case '/api/line-cause':
        if (tools.allowMethods(['GET'])) await sendCause(query, tools, questions);
        return true;
      case '/api/line-scenarios':
        if (tools.allowMethods(['GET'])) await sendScenarios(query, tools);
        return true;
      case '/api/line-scenario':
      case '/api/line-scenario-forget':
        if (tools.allowMethods(['POST'])) await takeScenario(path, tools, questions);
        return true;
      default:
        return false;
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tools.sendError(error.code === 'TWIN_LINE_UNKNOWN' ? 404 : 409, error.code, error.message);
    return true;
  }
}

/** The desk of the site that is asked; undefined: the answer is on its way. */
function deskOf(site: string, line: string, action: PageAction, tools: LineStudyTools): LineStudyDesk | undefined {
  if (site === '' || line === '' || site.length > mostCharacters || line.length > mostCharacters) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Needed are "site" and "line", in at most 1,000 characters each.');
    return undefined;
  }
  if (!tools.allowed(site, action)) return undefined;
  const desk = tools.studies(site);
  if (desk === undefined) tools.sendError(404, 'TWIN_PAGE_NOT_FOUND', 'This site is not running.');
  return desk;
}

async function answerOf<T>(questions: LineQuestions, name: readonly unknown[], work: () => Promise<T>, tools: LineStudyTools): Promise<void> {
  const asked = questions.ask(JSON.stringify(name), work);
  if (asked === undefined) tools.sendError(503, 'TWIN_LINE_BUSY', 'Several questions are being answered now. Ask again in some seconds.');
  else tools.sendJson(await asked);
}

async function sendCause(query: URLSearchParams, tools: LineStudyTools, questions: LineQuestions): Promise<void> {
  const [site, line] = [query.get('site') ?? '', query.get('line') ?? ''];
  const desk = deskOf(site, line, 'read', tools);
  if (desk === undefined) return;
  const about = query.get('about') ?? 'scrap';
  const station = query.get('station') ?? '';
  if (!abouts.includes(about) || station.length > mostCharacters) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', '"about" is scrap, stops, case or slow.');
    return;
  }
  const question: CauseQuestion = { about: about as CauseAbout, ...(station === '' ? {} : { station }) };
  await answerOf(questions, ['cause', site, line, question], () => desk.cause(line, question), tools);
}

async function sendScenarios(query: URLSearchParams, tools: LineStudyTools): Promise<void> {
  const line = query.get('line') ?? '';
  const desk = deskOf(query.get('site') ?? '', line, 'read', tools);
  if (desk !== undefined) tools.sendJson({ choices: await desk.choices(line), stored: desk.stored(line) });
}

async function takeScenario(path: string, tools: LineStudyTools, questions: LineQuestions): Promise<void> {
  const posted = await tools.posted();
  if (posted === undefined) return;
  const body = objectOf(posted.body) ?? {};
  const text = (name: string): string => (Object.hasOwn(body, name) && typeof body[name] === 'string' ? (body[name] as string) : '');
  const [site, line] = [text('site'), text('line')];
  const keeps = path === '/api/line-scenario-forget' || body['store'] === true;
  const desk = deskOf(site, line, keeps ? 'note' : 'read', tools);
  if (desk === undefined) return;
  if (path === '/api/line-scenario-forget') {
    if (await desk.forget(line, text('name').slice(0, 80))) tools.sendJson({});
    else tools.sendError(404, 'TWIN_SCENARIO_UNKNOWN', 'There is no such scenario any more.');
    return;
  }
  const scenario = scenarioOf(body['scenario']);
  if (scenario === undefined) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', `A scenario has 1 to ${mostChanges} "changes", each with a "kind" and an "amount".`);
    return;
  }
  if (keeps) await answerOf(questions, ['store', site, line, scenario], () => desk.store(line, scenario), tools);
  else await answerOf(questions, ['whatIf', site, line, scenario], () => desk.whatIf(line, scenario), tools);
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function scenarioOf(value: unknown): Scenario | undefined {
  const given = objectOf(value);
  const list = given?.['changes'];
  if (given === undefined || !Array.isArray(list) || list.length === 0 || list.length > mostChanges) return undefined;
  const changes: ScenarioChange[] = [];
  for (const one of list) {
    const change = objectOf(one);
    if (change === undefined || !kinds.includes(change['kind'] as string) || typeof change['amount'] !== 'number' || !Number.isFinite(change['amount'])) return undefined;
    const text = (name: 'station' | 'property'): object => (typeof change[name] === 'string' && change[name] !== '' ? { [name]: (change[name] as string).slice(0, 200) } : {});
    changes.push({ kind: change['kind'] as ScenarioChange['kind'], amount: change['amount'], ...text('station'), ...text('property') });
  }
  const { name, operators } = given;
  return {
    changes, ...(typeof name === 'string' && name.trim() !== '' ? { name: name.trim().slice(0, 80) } : {}), ...(given['forced'] === true ? { forced: true } : {}),
    ...(typeof operators === 'number' && Number.isFinite(operators) ? { operators } : {}),
  };
}
