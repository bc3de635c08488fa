import type { LineFrame, LineFrameKind } from '../contract/line.ts';
import type { SentValue } from '../contract/messages.ts';
import type { FrameQuestion } from '../engine/site/lineFrames.ts';
import { Problem } from '../engine/problem.ts';
import { objectOf } from './objectOf.ts';
import { readTimeMs } from './messageTime.ts';
import type { Message } from './red.d.ts';

const kinds: readonly string[] = ['stop', 'changeover', 'batch', 'phase'];
const dayMs = 86_400_000;
const mostFrames = 5_000;

/**
 * `msg.question` about what began and ended: `{ ask: 'events', from, to, kind, station, rows }`, all but `ask` as one likes; without times the last day.
 * @returns undefined: the message asks nothing. @throws Problem TWIN_QUESTION_FIELD
 */
export function frameQuestionOf(message: Message, nowMs: number): FrameQuestion | undefined {
  const given = Object.hasOwn(message, 'question') ? objectOf(message['question']) : undefined;
  if (given === undefined) return undefined;
  const own = (name: string): unknown => (Object.hasOwn(given, name) && given[name] !== null && given[name] !== '' ? given[name] : undefined);
  const time = (name: string, usual: number): number => {
    const value = own(name);
    if (value === undefined) return usual;
    const timeMs = readTimeMs(value);
    if (timeMs === undefined) throw wrong(name, value, 'a time: ISO 8601 or milliseconds');
    return timeMs;
  };
  if (own('ask') !== 'events') throw wrong('ask', own('ask'), 'events');
  const kind = own('kind');
  if (kind !== undefined && !kinds.includes(kind as string)) throw wrong('kind', kind, kinds.join(', '));
  const station = own('station');
  const rows = own('rows') ?? 200;
  if (typeof rows !== 'number' || !(rows >= 1 && rows <= mostFrames)) throw wrong('rows', rows, `1 to ${mostFrames}`);
  const toMs = time('to', nowMs);
  return { fromMs: time('from', toMs - dayMs), toMs, kind: kind as LineFrameKind | undefined, station: station === undefined ? undefined : String(station).slice(0, 200), most: Math.floor(rows) };
}

function wrong(field: string, value: unknown, allowed: string): Problem {
  const told = String(value ?? '').slice(0, 60);
  return new Problem('TWIN_QUESTION_FIELD', `"${told}" does not fit "${field}" of the question.`, `It takes: ${allowed}.`, { name: field });
}

/** A frame as a flat row of a table. */
export function frameRow({ kind, station, name, startMs, endMs }: LineFrame, stationName: string): Record<string, SentValue> {
  return { kind, station, stationName, name, start: startMs, end: endMs ?? null, minutes: endMs === undefined ? null : (endMs - startMs) / 60_000 };
}
