import type { AcknowledgeRequest, BackTest, Machine, MachineDetail, Overview, SiteReadinessReport, SiteSummary } from '../contract/http.ts';
import type { LineStudyDesk } from '../contract/lineAnswers.ts';
import type { SiteAlarmDesk } from './alarmRoutes.ts';
import type { FeedbackDesk } from './feedbackRoutes.ts';
import type { GraphDesk } from './graphRoutes.ts';
import type { LineDesk } from './lineRoutes.ts';
import type { SiteGate } from './pageAccess.ts';

/**
 * What the routes ask of the application. All answers are plain data that the routes send as they are; reading must be
 * cheap and must change nothing.
 */
export interface TwinPageSource {
  overview(): Overview;
  /** One machine as `overview()` would tell it, and its site's time; undefined when it is not (or no longer) there. */
  machine(site: string, key: string): { machine: Machine; nowMs: number } | undefined;
  /** With its past: the last `minutes` (1–10,080) by the site's clock; at most about 2,000 points a series, thinned by the source. */
  detail(site: string, key: string, minutes: number): Promise<MachineDetail | undefined>;
  /**
   * Acknowledges one case. Rejects with a Problem whose code and sentence are shown to the person (a case that is over, or
   * not the one open now).
   */
  acknowledge(request: AcknowledgeRequest): Promise<Machine>;
  /**
   * Tells of changes until the returned function is called. Only says *which* machine changed, so that a busy twin costs
   * nothing but this call; the routes read the machine when they send, at most twice a second. Without a key: machines
   * came or went, everything is to be read again.
   */
  subscribe(listener: (change: TwinPageChange) => void): () => void;
  /** Whether the data of each site is good enough. */
  readiness?(): SiteReadinessReport[];
  /** What another setting would have raised (0.01–100 false alarms per week); absent: the setting in force. */
  backTest?(site: string, key: string, perWeek?: number): Promise<BackTest | undefined>;
  /** What people answer to the cases of a site, and the site's time. */
  feedback?(site: string): { desk: FeedbackDesk; nowMs: number } | undefined;
  /** Its alarms, their journal and measures, and what people do with them. */
  alarms?(site: string): SiteAlarmDesk | undefined;
  /** What is known of its parts, lots and machines. */
  graph?(site: string): GraphDesk | undefined;
  /** Its lines: figures, what began and ended. */
  lines?(site: string): LineDesk | undefined;
  /** What is asked about its lines. */
  studies?(site: string): LineStudyDesk | undefined;
  /** The sites' gates now; absent: everything is open. The routes see to it that nobody passes them; the source answers everything. */
  gates?(): ReadonlyMap<string, SiteGate>;
}

export interface TwinPageChange {
  site: string;
  key?: string;
}

/** One site as the directory asks it; what `TwinPageSource` is for all sites, without the site's name in every question. */
export interface SitePageSource {
  readonly id: string;
  readonly language: Overview['language'];
  readonly gate?: SiteGate;
  summary(): SiteSummary;
  /** ms UTC by the site's clock. */
  nowMs(): number;
  machine(key: string): Machine | undefined;
  detail(key: string, minutes: number): Promise<MachineDetail | undefined>;
  acknowledge(key: string, caseId: string, by: string): Promise<Machine>;
  /** `listener(key)` when that machine changed, `listener()` when machines came or went. */
  subscribe(listener: (key?: string) => void): () => void;
  readiness?(): SiteReadinessReport;
  backTest?(key: string, perWeek?: number): Promise<BackTest | undefined>;
  readonly feedback?: FeedbackDesk;
  readonly alarms?: SiteAlarmDesk;
  readonly graph?: GraphDesk;
  readonly lines?: LineDesk;
  readonly studies?: LineStudyDesk;
}
