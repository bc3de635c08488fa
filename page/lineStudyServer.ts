import type { CauseAbout, CauseAnswer, Scenario, ScenarioAnswer, ScenarioChoice, StoredScenario } from '../contract/lineAnswers.ts';
import { ask, post } from './server.ts';
import type { Say } from './texts.ts';

export interface LineScenarios {
  choices: ScenarioChoice[];
  stored: StoredScenario[];
}

export function fetchCause(say: Say, site: string, line: string, about: CauseAbout, station: string, signal: AbortSignal): Promise<CauseAnswer> {
  return ask<CauseAnswer>(say, `api/line-cause?${new URLSearchParams({ site, line, about, ...(station === '' ? {} : { station }) })}`, { signal });
}

export function fetchScenarios(say: Say, site: string, line: string, signal: AbortSignal): Promise<LineScenarios> {
  return ask<LineScenarios>(say, `api/line-scenarios?${new URLSearchParams({ site, line })}`, { signal });
}

export function sendScenario(say: Say, site: string, line: string, scenario: Scenario): Promise<ScenarioAnswer> {
  return post<ScenarioAnswer>(say, 'api/line-scenario', { site, line, scenario });
}

export function storeScenario(say: Say, site: string, line: string, scenario: Scenario): Promise<StoredScenario> {
  return post<StoredScenario>(say, 'api/line-scenario', { site, line, scenario, store: true });
}

export function forgetScenario(say: Say, site: string, line: string, name: string): Promise<object> {
  return post<object>(say, 'api/line-scenario-forget', { site, line, name });
}
