import type { CauseAbout, CauseQuestion, Scenario, ScenarioChange } from '../contract/lineAnswers.ts';
import { Problem } from '../engine/problem.ts';
import { parseTime } from '../engine/time/period.ts';
import { localCalendar } from './localCalendar.ts';
import { objectOf } from './objectOf.ts';
import type { Message } from './red.d.ts';

const abouts: readonly string[] = ['scrap', 'stops', 'case', 'slow'];
const longestText = 200;

/** What a message asks instead of the settings: an object in msg.question, msg.command or msg.payload. */
export function askedOf(message: Message): Record<string, unknown> {
  return objectOf(message['question']) ?? objectOf(message['command']) ?? objectOf(message.payload) ?? {};
}

function own(given: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(given, name) && given[name] !== null && given[name] !== '' ? given[name] : undefined;
}

export function ownText(given: Record<string, unknown>, name: string): string | undefined {
  const value = own(given, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > longestText) throw wrong(name, value, 'a short text');
  return value;
}

/** @throws Problem TWIN_LINE_QUESTION */
export function causeQuestionOf(given: Record<string, unknown>, usual: CauseQuestion & { windowMs: number }, nowMs: number): CauseQuestion {
  const about = ownText(given, 'about') ?? usual.about;
  if (!abouts.includes(about)) throw wrong('about', about, `one of ${abouts.join(', ')}`);
  const time = (name: string): number | undefined => {
    const value = own(given, name);
    if (value === undefined) return undefined;
    const timeMs = value instanceof Date ? value.getTime() : typeof value === 'number' ? value : typeof value === 'string' ? parseTime(value.slice(0, longestText), nowMs, localCalendar) : undefined;
    if (timeMs === undefined || !Number.isFinite(timeMs)) throw wrong(name, value, 'a time');
    return timeMs;
  };
  const fewest = own(given, 'fewestBad') ?? usual.fewestBad;
  if (fewest !== undefined && !(typeof fewest === 'number' && fewest >= 3 && fewest <= 10_000)) throw wrong('fewestBad', fewest, 'a number from 3 to 10,000');
  const ways = objectOf(own(given, 'ways'));
  if (ways !== undefined && !Object.values(ways).every((seconds) => typeof seconds === 'number' && seconds >= 0 && seconds <= 86_400)) throw wrong('ways', ways, 'seconds by station');
  const toMs = time('to');
  const sinceMs = time('since');
  const station = ownText(given, 'station') ?? (about === usual.about ? usual.station : undefined);
  return {
    about: about as CauseAbout, fromMs: time('from') ?? (toMs ?? nowMs) - usual.windowMs, toMs: toMs ?? nowMs, ...(fewest === undefined ? {} : { fewestBad: fewest }),
    ...(sinceMs === undefined ? {} : { sinceMs }), ...(station === undefined || station === '' ? {} : { station }), ...(ways === undefined ? {} : { waysS: ways as Record<string, number> }),
  };
}

/** Changes as rows or a message give them; the studies check each. @throws Problem TWIN_LINE_QUESTION */
export function scenarioOf(given: Record<string, unknown>, usual: Scenario): Scenario {
  const rows = own(given, 'changes');
  if (rows !== undefined && !(Array.isArray(rows) && rows.length <= 100 && rows.every((row) => objectOf(row) !== undefined))) throw wrong('changes', rows, 'a list of changes');
  const changes = rows === undefined ? usual.changes : (rows as Record<string, unknown>[]).map(changeOf);
  const forced = own(given, 'forced') ?? usual.forced;
  const operators = own(given, 'operators') ?? usual.operators;
  const name = ownText(given, 'name') ?? usual.name;
  if (forced !== undefined && typeof forced !== 'boolean') throw wrong('forced', forced, 'true or false');
  if (operators !== undefined && typeof operators !== 'number') throw wrong('operators', operators, 'a number');
  return { changes, ...(name === undefined ? {} : { name }), ...(forced === undefined ? {} : { forced }), ...(operators === undefined ? {} : { operators }) };
}

function changeOf(row: Record<string, unknown>): ScenarioChange {
  const kind = ownText(row, 'kind') ?? '';
  const amount = own(row, 'amount');
  if (typeof amount !== 'number' || !Number.isFinite(amount)) throw wrong('amount', amount ?? '', 'a number');
  const station = ownText(row, 'station');
  const property = ownText(row, 'property');
  return { kind: kind as ScenarioChange['kind'], amount, ...(station === undefined ? {} : { station }), ...(property === undefined ? {} : { property }) };
}

function wrong(name: string, value: unknown, wanted: string): Problem {
  const told = String(typeof value === 'object' ? JSON.stringify(value) : value).slice(0, 60);
  return new Problem('TWIN_LINE_QUESTION', `The question names ${name}: ${told}.`, `It has to be ${wanted}.`, { name, value: told, wanted });
}
