import type { LineFrameKind, LineFramesAnswer, LinesAnswer, LineWayRequest } from '../contract/line.ts';
import { ask, post } from './server.ts';
import type { Say } from './texts.ts';

export function fetchLines(say: Say, site: string, signal: AbortSignal): Promise<LinesAnswer> {
  return ask<LinesAnswer>(say, `api/lines?${new URLSearchParams({ site })}`, { signal });
}

export function fetchLineFrames(
  say: Say, site: string, line: string, question: { fromMs: number; toMs: number; kind?: LineFrameKind }, signal: AbortSignal,
): Promise<LineFramesAnswer> {
  const query = new URLSearchParams({ site, line, ...Object.fromEntries(Object.entries(question).map(([name, value]) => [name, String(value)])) });
  return ask<LineFramesAnswer>(say, `api/line-frames?${query}`, { signal });
}

export function sendLineWay(say: Say, request: LineWayRequest): Promise<object> {
  return post<object>(say, 'api/line-way', request);
}
