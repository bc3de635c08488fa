import type { AnomalySignal, CaseState, LearningProgress, QualityWord, SentValue } from './messages.ts';

/**
 * What the page and the server agree on. Everything is under `<httpNodeRoot>/twin`:
 *   GET /twin                     the page (HTML), /twin/assets/*  its files
 *   GET /twin/api/overview        Overview
 *   GET /twin/api/machine?site=&key=&minutes=   MachineDetail
 *   GET /twin/api/live            server-sent events: `overview` (Overview) on connect, then `machine` (Machine) as they change, at most 2 a second each
 *   POST /twin/api/acknowledge    {site, key, case, by} → Machine; needs a JSON content type, so that no foreign form can send it
 */
export interface Overview {
  /** ms UTC by the site's clock. */
  nowMs: number;
  language: 'en-US' | 'de';
  sites: SiteSummary[];
}

export interface SiteSummary {
  id: string;
  name: string;
  nowMs: number;
  rate: number;
  clock: 'live' | 'accelerated' | 'replay';
  machines: Machine[];
  links: { from: string; relation: string; to: string }[];
}

/** What a machine is like now; the order of this list is the order of urgency. */
export type MachineCondition = 'case' | 'limit' | 'stale' | 'acknowledged' | 'learning' | 'off' | 'normal';

export interface Machine {
  key: string;
  name: string;
  path: string[];
  type: string;
  state: string;
  condition: MachineCondition;
  /** NE 107 letter while abnormal. */
  letter?: 'F' | 'C' | 'S' | 'M';
  /** One plain sentence, in the site's language. */
  sentence: string;
  learning: LearningProgress;
  updatedMs: number | null;
  properties: MachineProperty[];
  openCase?: CaseSummary;
  /** The last cases, newest first, at most 5, without the open one. */
  lastCases: CaseSummary[];
}

export interface MachineProperty {
  name: string;
  label: string;
  unit?: string;
  value: SentValue;
  quality: QualityWord;
  stale: boolean;
  expected?: number;
  low?: number;
  high?: number;
  abnormal: boolean;
}

export interface CaseSummary {
  id: string;
  state: CaseState;
  sinceMs: number;
  clearedMs?: number;
  sentence: string;
  letter: 'F' | 'C' | 'S' | 'M';
  signals: AnomalySignal[];
  historical: boolean;
  acknowledgedBy?: string;
}

export interface MachineDetail {
  machine: Machine;
  /** Time in ms UTC, one per point; every series has one entry per time, null where there is none. */
  series: { property: string; times: number[]; values: (number | null)[]; low: (number | null)[]; high: (number | null)[] }[];
  neighbours: { relation: string; key: string; name: string; direction: 'upstream' | 'downstream' }[];
}
