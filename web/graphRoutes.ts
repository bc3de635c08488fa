import type { GraphElements, GraphPageAnswer, GraphQuestion, SiblingsBy } from '../contract/graph.ts';
import { Problem } from '../engine/problem.ts';
import type { RouteTools } from './routeTools.ts';

/** What a site offers of its graph. Rejects with a Problem whose code and sentence are shown. */
export interface GraphDesk {
  ask(question: GraphQuestion): Promise<GraphPageAnswer>;
  elements(contains: string): Promise<GraphElements>;
}

/** What these routes need of the page's. */
export interface GraphTools extends Omit<RouteTools, 'posted'> {
  graph(site: string): GraphDesk | undefined;
}

const mostCharacters = 1_000;
const mostRows = 500;
const asks: readonly string[] = ['origin', 'impact', 'siblings', 'streams', 'changes', 'where', 'path', 'around'];

/** @returns whether it was one of its addresses */
export async function graphRoutes(path: string, query: URLSearchParams, tools: GraphTools): Promise<boolean> {
  if (path !== '/api/graph' && path !== '/api/graph/elements') return false;
  if (!tools.allowMethods(['GET'])) return true;
  const text = (name: string): string => query.get(name) ?? '';
  const site = text('site');
  if (site === '' || [...query.values()].some((value) => value.length > mostCharacters)) {
    tools.sendError(400, 'TWIN_PAGE_INPUT', 'Say which site, in at most 1,000 characters.');
    return true;
  }
  if (!tools.allowed(site, 'read')) return true;
  const desk = tools.graph(site);
  if (desk === undefined) {
    tools.sendError(404, 'TWIN_PAGE_NOT_FOUND', 'This site is not running.');
    return true;
  }
  try {
    if (path === '/api/graph/elements') tools.sendJson(await desk.elements(text('contains').slice(0, 200)));
    else {
      const question = questionOf(text);
      if (question === undefined) tools.sendError(400, 'TWIN_PAGE_INPUT', 'Say what is asked about: "ask" and "element" are needed.');
      else tools.sendJson(await desk.ask(question));
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tools.sendError(error.code === 'TWIN_ELEMENT_UNKNOWN' ? 404 : 400, error.code, error.message);
  }
  return true;
}

function questionOf(text: (name: string) => string): GraphQuestion | undefined {
  const [ask, element] = [text('ask'), text('element')];
  if (!asks.includes(ask) || element === '') return undefined;
  const at = text('at') === '' ? undefined : Number(text('at'));
  if (at !== undefined && !Number.isSafeInteger(at)) return undefined;
  const known = text('known') === '' ? undefined : Number(text('known'));
  if (known !== undefined && !Number.isSafeInteger(known)) return undefined;
  const asked = { element, rows: mostRows, ...(at !== undefined && { validMs: at }), ...(known !== undefined && { recordedMs: known }) };
  switch (ask) {
    case 'origin': return { ...asked, ask, parameters: true };
    case 'siblings': return { ...asked, ask, by: text('by') as SiblingsBy };
    case 'changes': return { ...asked, ask, hours: Number(text('hours')) };
    case 'path': return { ...asked, ask, to: text('to') };
    default: return { ...asked, ask: ask as 'around' };
  }
}
