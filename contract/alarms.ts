/**
 * Alarms of a machine, as engine, page and messages agree on them: the display states of ISA-18.2 / IEC 62682, derived from flags that are
 * kept side by side as in OPC UA Part 9. Types alone.
 */

/**
 * NORM normal · UNACK active, not acknowledged · ACKED active, acknowledged · RTNUN returned to normal, not acknowledged · LUNAK latched, not
 * acknowledged · LACKD latched, acknowledged · SHLVD shelved · DSUPR suppressed by design · OOSRV out of service.
 */
export type AlarmState = 'NORM' | 'UNACK' | 'ACKED' | 'RTNUN' | 'LUNAK' | 'LACKD' | 'SHLVD' | 'DSUPR' | 'OOSRV';

export interface AlarmShelf {
  kind: 'timed' | 'oneShot';
  /** When it ends, ms UTC by the site's clock; a one-shot shelf also has an end, the longest that is allowed. */
  untilMs: number;
  by: string;
  why: string;
}

export interface AlarmFlags {
  active: boolean;
  acked: boolean;
  latched: boolean;
  shelf?: AlarmShelf;
  /** What suppresses it now, each cause once; empty: nothing. `root:<twin>/<alarm>` is a root alarm upstream, `mode` an operating mode, `person` a person. */
  suppressedBy: string[];
  outOfService?: { by: string; why: string; sinceMs: number };
  /** Only where acknowledging has to be confirmed as well (OPC UA Part 9): false after ACK until CONFIRM. */
  confirmed?: boolean;
  /** An occurrence that nobody was told of, because it was hidden. */
  untold?: boolean;
}

export type AlarmPriority = 'high' | 'medium' | 'low';

/** NE 107: F failure, C function check, S out of specification, M maintenance required. */
export type AlarmLetter = 'F' | 'C' | 'S' | 'M';

/** One alarm of a machine as it is now. */
export interface Alarm {
  twin: string;
  /** Its name within the machine: `anomaly`, `limit/<property>/<high|…>`, `stale`, `stale/<property>`, `rule/<name>`, `badSignal/<property>`. */
  alarm: string;
  /** One plain sentence in the site's language. */
  text: string;
  state: AlarmState;
  flags: AlarmFlags;
  /** Counts its occurrences, from 1; 0: it has never been active. What a person acknowledges. */
  occurrence: number;
  /** Source time of the last occurrence; absent: never. */
  activeSinceMs?: number;
  /** When its state last changed, ms UTC. */
  changedMs: number;
  priority: AlarmPriority;
  letter: AlarmLetter;
  latching: boolean;
  acknowledgedBy?: string;
}

/** What happened to an alarm: the events of the state table, and what people write beside them. */
export type JournalEvent =
  | 'ACT' | 'RTN' | 'ACK' | 'CONFIRM' | 'RESET' | 'SHELVE' | 'SHELVE1' | 'UNSHELVE' | 'EXP' | 'SUP' | 'UNSUP' | 'OOS' | 'RTS' | 'REALARM'
  /** Not of the table: a remark, an answer to a case (twin-feedback), a case opened or over, a flood begun or over, a test. They change no alarm. */
  | 'NOTE' | 'FEEDBACK' | 'CASE' | 'FLOOD' | 'TEST';

/** One line of the journal: exactly one for each change of state. Replaying the records of an alarm gives its state. */
export interface JournalRecord {
  v: 1;
  /** Rises by one with each record of the site. */
  number: number;
  /** When it was taken in, ms UTC by the site's clock. */
  timeMs: number;
  /** Source time of what caused it, where that is a value of the machine. */
  sourceMs?: number;
  twin: string;
  /** '' for records of the machine or of its case. */
  alarm: string;
  occurrence: number;
  event: JournalEvent;
  from: AlarmState;
  to: AlarmState;
  /** After it. */
  flags: AlarmFlags;
  /** A new occurrence, a re-alarm or an unshelving while active: people are to be told. */
  annunciated: boolean;
  priority: AlarmPriority;
  /** Who; absent: nobody, the machine or time did it. */
  by?: string;
  /** Why they did it, or what they remarked. */
  why?: string;
  /** Where an action came from: page, message, plc (a bit), rule (a logic of the flow), feedback. */
  via?: ActionSource;
  /** The case it belongs to. */
  case?: string;
}

export type ActionSource = 'page' | 'message' | 'plc' | 'rule' | 'feedback';

export type AlarmActionName =
  | 'acknowledge' | 'confirm' | 'reset' | 'shelve' | 'unshelve' | 'suppress' | 'unsuppress' | 'takeOutOfService' | 'returnToService' | 'note';

/**
 * What a person, a message or a PLC bit does to alarms. Without `alarm`: to all alarms of the machine that it fits (acknowledge: those of the
 * open case that are not acknowledged; confirm: those that wait for it; shelve: those that are active; unshelve, unsuppress, returnToService: those that are so; takeOutOfService,
 * suppress: the machine as a whole, alarms to come included).
 */
export interface AlarmAction {
  action: AlarmActionName;
  twin: string;
  /** The case that the person saw; an older one is refused. */
  case?: string;
  alarm?: string;
  /** With `alarm`: the occurrence that the person saw; another one is refused. */
  occurrence?: number;
  /** shelve: for so long, ms; at most the site's longest. Absent with oneShot: the longest. */
  forMs?: number;
  /** shelve: until it returns to normal once. */
  oneShot?: boolean;
  /** 1–80 characters. */
  by: string;
  /** Up to 500 characters; needed for suppress, takeOutOfService and note. */
  why?: string;
  via: ActionSource;
}

/**
 * POST /twin/api/alarm-action → AlarmActionAnswer. Right: acknowledge, confirm and reset need `acknowledge`; shelve and unshelve `shelve`;
 * suppress and unsuppress `suppress`; the last two `takeOutOfService`; note `note`.
 * Where somebody is logged in, their name is `by`.
 */
export interface AlarmActionRequest extends Omit<AlarmAction, 'twin' | 'via' | 'by'> {
  site: string;
  key: string;
  by?: string;
}

export interface AlarmActionAnswer {
  /** Of this machine, as after the action, most urgent first. */
  alarms: Alarm[];
  /** What was written for it. */
  records: JournalRecord[];
}

/** GET /twin/api/alarms?site=&key= (without key: all machines): those that are not NORM, and those that were; most urgent first. */
export interface AlarmsAnswer {
  site: string;
  nowMs: number;
  /** The longest that an alarm can be shelved, ms. */
  longestShelfMs: number;
  alarms: Alarm[];
  /** Machines taken out of service or suppressed as a whole. */
  machines: { key: string; outOfService?: { by: string; why: string; sinceMs: number }; suppressed?: { by: string; why: string; sinceMs: number } }[];
  flood: FloodState;
}

/** GET /twin/api/journal?site=&key=&alarm=&event=&fromMs=&toMs=&text=&limit=&before= → newest first. All but site are optional. */
export interface JournalQuery {
  twin?: string;
  alarm?: string;
  event?: JournalEvent;
  fromMs?: number;
  toMs?: number;
  /** Part of who, why, alarm or machine, in any case. */
  text?: string;
  /** 1–1,000, default 200. */
  limit?: number;
  /** Only records with a lower number: the next page. */
  before?: number;
}

export interface JournalAnswer {
  site: string;
  records: JournalRecord[];
  /** There are older ones that fit. */
  more: boolean;
}

/** Too many alarms in ten minutes for anybody to follow: starts above 10, ends below 5 (ANSI/ISA-18.2, EEMUA 191). */
export interface FloodState {
  active: boolean;
  sinceMs?: number;
  /** Annunciated in the last ten minutes. */
  inTenMinutes: number;
}

/** GET /twin/api/alarm-measures?site=&days= (1–30, default 7): what a plant asks of its alarms (ANSI/ISA-18.2 clause 16, EEMUA 191). */
export interface AlarmMeasures {
  site: string;
  fromMs: number;
  toMs: number;
  /** Annunciated in that time, and per ten minutes: mean and most. */
  annunciated: number;
  perTenMinutes: number;
  mostInTenMinutes: number;
  /** Share of the time in flood, 0–1. */
  floodShare: number;
  floods: { fromMs: number; toMs?: number; annunciated: number }[];
  /** Activated and cleared at least three times within 60 s. */
  chattering: AlarmCount[];
  /** Shorter than 10 s and not repeated. */
  fleeting: AlarmCount[];
  /** Active for more than 24 hours now. */
  stale: AlarmCount[];
  /** The ten most frequent, and their share of all, 0–1. */
  topTen: AlarmCount[];
  topTenShare: number;
  priorities: Record<AlarmPriority, number>;
  /** Out of service, suppressed and shelved now: the daily report lists them. */
  outOfService: AlarmCount[];
  suppressed: AlarmCount[];
  shelved: AlarmCount[];
}

export interface AlarmCount {
  twin: string;
  alarm: string;
  text: string;
  count: number;
}

/** What a case says of its alarms and of what it stands for; a field `members` of TwinCase and of CaseSummary. */
export interface CaseMembers {
  /** Its alarms, each once; at most 200 are listed, `more` counts the rest. */
  alarms: { alarm: string; state: AlarmState; priority: AlarmPriority; sinceMs: number; active: boolean }[];
  more: number;
  /** Machines whose alarms are held back because this case is their cause, at most 200. */
  inhibits: { key: string; name: string }[];
}
