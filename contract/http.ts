import type { CaseMembers } from './alarms.ts';
import type { FeedbackAnswer, SimilarCase } from './feedback.ts';
import type { AnomalySignal, CaseState, LearningProgress, QualityWord, SentValue, TwinReadiness } from './messages.ts';

/**
 * What the page and the server agree on. Everything is under `<httpNodeRoot>/twin`:
 *   GET /twin                     the page (HTML), /twin/assets/*  its files
 *   GET /twin/api/overview        Overview
 *   GET /twin/api/machine?site=&key=&minutes=   MachineDetail
 *   GET /twin/api/back-test?site=&key=&perWeek=   BackTest: what another setting would have raised; without perWeek the setting in force
 *   GET /twin/api/readiness      SiteReadinessReport[], of the sites that may be read
 *   GET /twin/api/live            server-sent events: `overview` (Overview) on connect and when machines come or go, then `machine` (MachineChange)
 *                                 as they change, at most 2 a second each, and `clock` (SiteClock[]) every 15 s
 *   POST /twin/api/acknowledge    AcknowledgeRequest → Machine; needs a JSON content type, so that no foreign form can send it
 *   GET /twin/api/alarms?site=&key=          AlarmsAnswer (alarms.ts)
 *   GET /twin/api/journal?site=…             JournalAnswer
 *   GET /twin/api/alarm-measures?site=&days= AlarmMeasures
 *   POST /twin/api/alarm-action  AlarmActionRequest → AlarmActionAnswer
 *   GET /twin/api/lines?site=               LinesAnswer (line.ts)
 *   GET /twin/api/line-frames?site=&line=&fromMs=&toMs=&kind=&station=   LineFramesAnswer
 *   GET /twin/api/line-cause?site=&line=&about=&station=   CauseAnswer (lineAnswers.ts)
 *   GET /twin/api/line-scenarios?site=&line=   { choices: ScenarioChoice[], stored: StoredScenario[] }
 *   POST /twin/api/line-scenario  { site, line, scenario, store? } → ScenarioAnswer, with store: StoredScenario
 *   POST /twin/api/line-scenario-forget  { site, line, name } → {}
 *   POST /twin/api/line-way      LineWayRequest → {}
 *   POST /twin/api/login          LoginRequest → LoginAnswer and a cookie; on every site of the page that knows this name and password
 *   POST /twin/api/password       PasswordRequest → {} and a new cookie; ends all other logins of that person
 *   POST /twin/api/logout         {} → {}; on every site
 * Where a site has users, an address that the asker may not use answers 401 TWIN_LOGIN_NEEDED or 403 TWIN_NOT_ALLOWED.
 * Errors are JSON: ErrorAnswer.
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
  /** Who reads this, and what they may do here. Absent: the site knows no users. */
  access?: SiteAccess;
  machines: Machine[];
  links: { from: string; relation: string; to: string }[];
}

/** Viewers read; operators also answer alarms; engineers also change what is an alarm. */
export type PageRole = 'viewer' | 'operator' | 'engineer';

export type PageAction = 'read' | 'acknowledge' | 'shelve' | 'note' | 'teach' | 'suppress' | 'takeOutOfService';

export interface SiteAccess {
  /** Who is logged in; absent: nobody. */
  user?: { name: string; role: PageRole };
  /** The site knows no users; who asks may more than others would, for Node-RED itself knows them or they sit at its computer. */
  withoutUsers?: true;
  /** Without 'read' the site comes without machines. */
  may: PageAction[];
}

export interface LoginRequest {
  /** 1–80 characters. */
  name: string;
  /** 1–200 characters. */
  password: string;
}

export interface PasswordRequest {
  /** 1–200 characters. */
  current: string;
  /** 8–200 characters. */
  next: string;
}

export interface LoginAnswer {
  /** Ids of the sites that are open now. */
  sites: string[];
}

/** What the dialog of a site shows of its users (admin route, not the page). */
export interface PageUsers {
  users: { name: string; role: PageRole; changedMs: number }[];
  loginNeeded: boolean;
  /** What everybody in the network can reach without a login. */
  openTo: { editor: boolean; page: boolean };
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
  /** Somebody works on it as planned, and nothing is judged until then. */
  plannedUntilMs?: number;
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
  /** What people found it to be. */
  found?: { answer: FeedbackAnswer; what?: string };
  /** Of an open case: earlier ones that looked alike, at most 3, and when a message last told of maintenance. */
  similar?: SimilarCase[];
  servicedMs?: number;
  members?: CaseMembers;
}

export interface MachineDetail {
  machine: Machine;
  /** Time in ms UTC, one per point; every series has one entry per time, null where there is none. */
  series: { property: string; times: number[]; values: (number | null)[]; low: (number | null)[]; high: (number | null)[] }[];
  neighbours: { relation: string; key: string; name: string; direction: 'upstream' | 'downstream' }[];
}

/** What the live event `machine` carries. */
export interface MachineChange {
  site: string;
  /** ms UTC by the site's clock, when this was sent. */
  nowMs: number;
  machine: Machine;
}

/** One entry of the live event `clock`: keeps the page's clock with an accelerated site, and proves the connection. */
export interface SiteClock {
  site: string;
  nowMs: number;
}

/** What twin-anomaly would have raised at a setting, reckoned from the verdicts on record. All times in ms UTC. */
export interface BackTest {
  key: string;
  name: string;
  /** The setting that was asked about, and the one in force: at most so many false alarms per week. */
  perWeek: number;
  askedPerWeek: number;
  /** The last 14 days; of these so much is on record. 0: nothing. */
  fromMs: number;
  toMs: number;
  recordedMs: number;
  /** Begin of what is on record of these days; absent: nothing. */
  sinceMs?: number;
  /** Cases by anomalies alone that would have been open; `would` lists the last 500. Without `clearedMs`: still open. */
  count: number;
  would: { sinceMs: number; clearedMs?: number }[];
  /** Cases that were raised by anomalies since the record begins, oldest first; the site keeps the last 50 of a machine. */
  raised: { sinceMs: number; clearedMs?: number }[];
  promise: PromiseKept;
}

/** What the settings of the last eight weeks allowed, and what came of it. */
export interface PromiseKept {
  /** Weeks of that time in which the machine was judged and sound. */
  weeks: number;
  /** False alarms that were allowed in these. */
  expected: number;
  /** Cases by anomalies that came, right ones included, and what people found some of them to be. */
  came: number;
  answeredFalse: number;
  answeredReal: number;
}

/** The same for the dialog of twin-anomaly (admin route, not the page): of the machines whose messages pass it, else of the site's. */
export interface BackTestSummary {
  fromMs: number;
  toMs: number;
  /** Most cases first. */
  machines: { key: string; name: string; count: number; raised: number; recordedMs: number; promise: PromiseKept; learning: LearningProgress }[];
  /** The setting watches the signals together, and that was not done yet: what it would add is not in `count`. */
  withoutTogether?: true;
  /** Machines that were not asked, because there are so many. */
  more: number;
}

export interface AcknowledgeRequest {
  site: string;
  key: string;
  /** The id of the case that the person saw; an older one is refused. */
  case: string;
  /** Who acknowledges, 1–80 characters. Where somebody is logged in it is their name that counts, and this may be ''. */
  by: string;
}

export interface ErrorAnswer {
  /** Stable, TWIN_… */
  code: string;
  text: string;
  /** With TWIN_LOGIN_WAIT: how long to wait. */
  seconds?: number;
}

/** Whether the data of a site is good enough, as twin-readiness tells it. */
export interface SiteReadinessReport {
  site: string;
  name: string;
  nowMs: number;
  /** false: no twin-readiness stands in the site's flows, so nothing is known. */
  watched: boolean;
  /** Worst first. */
  twins: TwinReadiness[];
}

/** What a site has to deliver to one target, as the dialog of the site shows it (admin route, not the page). */
export interface SiteOutbox {
  target: string;
  /** history, alert or publish. */
  kind: string;
  /** The node that delivers it; absent: it is in the flow no more, and nobody delivers what it left. */
  title?: string;
  node?: string;
  waiting: number;
  bytes: number;
  /** When the oldest that waits was accepted, ms UTC. */
  oldestMs?: number;
  /** Delivered, mean of the last ten seconds. */
  perSecond: number;
  /** Why it waits now. */
  problem?: string;
  /** Refused by the target and kept. */
  refused: number;
  /** The oldest of them, at most 20. */
  refusals: { text: string; reason: string; atMs: number }[];
  /** Given up, as far as it is remembered. */
  lost: number;
  /** When that was: the last 20. */
  gaps: { records: number; fromMs: number; toMs: number; reason: string }[];
}

/** What every running site still has to deliver: GET twinwire/outbox, for a sidebar. */
export interface OutboxOfSite {
  /** Id of the twin-site node. */
  site: string;
  name: string;
  targets: SiteOutbox[];
}

/** What the Twins sidebar of the editor shows: GET twinwire/twins?search=&site=&key= (admin route, not the page). */
export interface TwinsAnswer {
  sites: TwinsOfSite[];
  /** The machine that `site` and `key` name, while it is there. */
  chosen?: ChosenTwin;
}

export interface TwinsOfSite {
  /** Id of the twin-site node. */
  site: string;
  name: string;
  /** Machines that fit the search. */
  count: number;
  /** At most 500 over all sites, the most urgent first. */
  twins: TwinState[];
  /** At most 100. */
  lines: LineOrder[];
}

/** A line that runs, with its stations in the order that they have now. */
export interface LineOrder {
  key: string;
  /** At most 200. */
  stations: LineOrderStation[];
  /** All are told, and each comes after the one before and after no other: a list says the same. */
  straight: boolean;
}

/** A station; without a condition its site has no such machine. */
export type LineOrderStation = Pick<TwinState, 'key' | 'name'> & Partial<Pick<TwinState, 'condition' | 'letter'>>;

export interface TwinState {
  key: string;
  name: string;
  /** Enterprise, site, area, line …: the parts of its place, without the machine itself. */
  place: string[];
  condition: MachineCondition;
  letter?: 'F' | 'C' | 'S' | 'M';
}

export interface ChosenTwin {
  site: string;
  key: string;
  /** One plain sentence, in the site's language. */
  sentence: string;
  /** At most 100. isMachine: it is one of this site, and no place or part. */
  neighbours: { relation: string; key: string; name: string; isMachine: boolean; direction: 'upstream' | 'downstream' }[];
}

/** retry and discard: all that the target refused. remove: everything of a target that no node delivers. */
export interface OutboxWork {
  action: 'retry' | 'discard' | 'remove';
  target: string;
}
