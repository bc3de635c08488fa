import type { HistoricalMarks, SentValue } from './messages.ts';

export type LineStateWord = 'producing' | 'starved' | 'blocked' | 'down' | 'setup' | 'planned stop' | 'unknown';

/** Figures of one station of a line over the period. Shares 0–1; null: cannot be said, and nothing is invented. */
export interface LineStation {
  key: string;
  name: string;
  state: LineStateWord;
  /** The operating mode as the machine says it. */
  reason: string;
  sinceMs: number;
  availability: number | null;
  performance: number | null;
  quality: number | null;
  oee: number | null;
  /** Counted in the period, good and bad ones; and the bad ones of them. */
  parts: number;
  bad: number;
  /** Planned busy time and actual production time, and the time in which nothing came, minutes. */
  plannedMin: number;
  producedMin: number;
  unknownMin: number;
  /** Seconds per part that performance is reckoned with, and whether it was learnt; null: neither given nor learnt yet. */
  idealS: number | null;
  idealLearnt: boolean;
  /** From the stations before to this one, by learnt transit time; null: none known. */
  transitS: number | null;
  transitParts: number;
  /** How the way is known: entered in the flow or on the page, by serial numbers, by the pattern of passings; '': it is not. */
  transitBy: 'setting' | 'page' | 'serial' | 'pattern' | '';
  /** Stations directly before. */
  before: readonly string[];
  /** Parts between them and this one, about; null: not known. */
  between: number | null;
  /** Places of the buffer in front of it; null: not given. */
  buffer: number | null;
  /** Bad parts by counter, most first. */
  reasons: readonly { counter: string; count: number }[];
  /** Rows that came too late to count in the period; the history has them. */
  late: number;
  /** Stable code of why a figure is missing; ''. */
  code: string;
}

/** Sent by twin-line on output 1. */
export interface LineMessage extends Partial<HistoricalMarks> {
  topic: string;
  /** Flat, for charts and tables: percent, parts per hour, seconds, and `state_<key>` of each station. */
  payload: Record<string, SentValue>;
  line: {
    v: 1;
    key: string;
    name: string;
    fromMs: number;
    timeMs: number;
    stations: LineStation[];
    /** Which station limits the line, with the share of time and how sure that is; null: not enough is known. */
    bottleneck: { station: string; share: number; confidence: number } | null;
    /** Bad parts by station and counter, most first. */
    scrap: { station: string; counter: string; count: number }[];
    /** Stops by reason, longest first. */
    stops: { station: string; reason: string; count: number; minutes: number }[];
  };
  timestamp: number;
}

/** Sent by twin-line on output 2. */
export interface LineFindingMessage extends Partial<HistoricalMarks> {
  topic: string;
  /** One plain sentence in the site's language. */
  payload: string;
  finding: { v: 1; code: string; line: string; station: string; name: string; timeMs: number };
  timestamp: number;
}

/** Sent by twin-line on output 3, when a frame begins and when it ends. */
export interface LineFrameMessage extends Partial<HistoricalMarks> {
  topic: string;
  /** Flat, for a table. */
  payload: Record<string, SentValue>;
  frame: {
    v: 1;
    line: string;
    kind: 'stop' | 'changeover' | 'batch' | 'phase';
    change: 'begins' | 'ends';
    station: string;
    name: string;
    startMs: number;
    endMs?: number;
    /** Values of the station when it began, and when it ended. */
    atStart: Record<string, number | string | boolean>;
    atEnd?: Record<string, number | string | boolean>;
  };
  timestamp: number;
}

/** What the page shows of the lines of a site: GET /twin/api/lines?site= */
export interface LinesAnswer {
  nowMs: number;
  lines: LineView[];
}

export interface LineView {
  key: string;
  name: string;
  /** Why there is nothing to show, or it stands still; in the site's language, with the code and values for other ones. */
  problem?: { code: string; text: string; values: Record<string, string | number> };
  /** As the node sends them; absent before the first word of a station. */
  payload?: LineMessage['payload'];
  line?: LineMessage['line'];
  /** Units and labels of the counters, by station and property: `station/property`. */
  labels: Record<string, string>;
}

export type LineFrameKind = LineFrameMessage['frame']['kind'];

/** Sent by twin-line on output 3 as the answer to `question: { ask: 'events' }`. */
export interface LineFramesMessage {
  topic: string;
  /** Flat, for a table; newest first. */
  payload: Record<string, SentValue>[];
  frames: LineFrame[];
  /** There are more in this time. */
  more: boolean;
  timestamp: number;
}

/** A frame as it is on record: GET /twin/api/line-frames?site=&line=&fromMs=&toMs=&kind=&station= */
export type LineFrame = Pick<LineFrameMessage['frame'], 'kind' | 'station' | 'name' | 'startMs' | 'endMs' | 'atStart' | 'atEnd'>;

export interface LineFramesAnswer {
  nowMs: number;
  /** Newest first. */
  frames: LineFrame[];
  /** There are more in this time. */
  more: boolean;
}

/** POST /twin/api/line-way: the way from the station before; null: it is learnt again. */
export interface LineWayRequest {
  site: string;
  line: string;
  station: string;
  seconds: number | null;
}
