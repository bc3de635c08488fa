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
  /** Places of the buffer in front of it; null: not given. */
  buffer: number | null;
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
