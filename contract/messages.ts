import type { CaseMembers } from './alarms.ts';
import type { FeedbackAnswer, SimilarCase } from './feedback.ts';

/**
 * What the nodes send each other and the outside. `v` guards changes: a reader that meets a higher `v` than it knows says
 * so and passes the message on untouched. The JSON Schema of every shape is `messages.schema.json`, made from
 * `messageSchemas` below.
 *
 * One message goes one way and is enriched: twin-asset makes it, twin-baseline adds `expected`, twin-anomaly adds
 * `anomaly`, twin-alert sends a message of its own with `alarm` and `case`.
 */
export const messageVersion = 1;
/** `twin.row` of late values: for history only, never compared or learned. */
export const lateRow = -1;

export type QualityWord = 'good' | 'uncertain' | 'bad';
/** A current value as sent. 64-bit integers beyond ±2^53 are sent as decimal text, so that they stay exact. null: never had a good value. */
export type SentValue = number | string | boolean | null;

/** Who is speaking. */
export interface TwinHeader {
  v: 1;
  key: string;
  name: string;
  /** "press@3": the type's name and version. */
  type: string;
  /** The operating mode now; '' where the type names none. */
  state: string;
  path: string[];
  /** UCUM code per property, only where there is one. */
  units: Record<string, string>;
  /** Counts the rows of this twin since the start of the process; ties a verdict to what was proposed for learning. For a batch: of its first row. −1: late values, see `lateRow`. */
  row: number;
}

/** Properties that every one of our messages may carry. */
export interface HistoricalMarks {
  /** true: from a replay or a backfill. Never reaches a channel, never a command. */
  historical?: true;
  /** Which replay; live and each replay keep state apart. */
  replay?: ReplayMark;
}

export interface ReplayMark {
  id: string;
  /** The last message of the replay carries true. */
  complete?: boolean;
  /** What was learned is to be taken over by the live twin at the end. */
  learn?: boolean;
  /** Rows read, rows left out with a reason; on the last message. */
  rows?: number;
  skipped?: number;
  /** Of history: whose it is. Only this machine takes it. */
  twin?: string;
  /** Its values are this machine's own history: not written again, but for what is recomputed. */
  recorded?: true;
  /** Derived values, expectations, verdicts and events from `fromMs` on are computed anew and written to history. What comes earlier is only to warm up. */
  recomputed?: RecomputedMark;
}

/** Who had values of history computed anew, why, when, and of what stretch. */
export interface RecomputedMark {
  by: string;
  why: string;
  atMs: number;
  fromMs: number;
  toMs: number;
}

export interface TwinMessage extends HistoricalMarks {
  topic: string;
  payload: Record<string, SentValue>;
  /** Names whose value or quality is another now. */
  changed: string[];
  /** Names that came anew, with the same value too. */
  updated: string[];
  /** Source time, ms UTC. */
  timestamp: number;
  /** Only what is not good. */
  quality: Record<string, QualityWord>;
  twin: TwinHeader;
}

/** A row of a batch: flat, with its time in ms UTC. */
export type BatchRow = { time: number } & Record<string, SentValue>;

export interface TwinBatchMessage extends HistoricalMarks {
  topic: string;
  payload: BatchRow[];
  /** Names that occur in the batch. A row holds just what it brought anew. */
  changed: string[];
  /** Source time of the last row. */
  timestamp: number;
  /** Per row (by its index as text) only where something is not good. */
  quality: Record<string, Record<string, QualityWord>>;
  /** The operating mode of each row. */
  states: string[];
  twin: TwinHeader;
}

export type LearningPhase = 'learning' | 'provisional' | 'armed' | 'frozen';

/**
 * How well a machine is watched. guard: its limits, silence and values that stand still, from the first value; learning: the same while it is learned what is
 * normal; provisional: deviations are told already, with wider lines; armed: with all that was asked for.
 */
export type WatchPhase = 'guard' | 'learning' | 'provisional' | 'armed';

/** What is normal for a property now. */
export interface ExpectedProperty {
  value: number;
  /** The band in which a normal value lies nearly always. */
  low: number;
  high: number;
  mode: string;
  phase: LearningPhase;
}

/** Added by twin-baseline. Properties without an expectation are absent. In a batch: one entry per row. */
export type Expected = Record<string, ExpectedProperty>;

/** Added by twin-baseline beside `expected`: how far the learning is. */
export interface LearningProgress {
  phase: LearningPhase;
  /** 0–100. */
  percent: number;
  /** What is missing, as codes with values, for translation: {code: 'rows', missing: 40}. Of `time` in ms; the most important first, at most 3. */
  missing: { code: 'rows' | 'time' | 'operating-points' | 'fresh-values'; property?: string; missing: number }[];
  /** The baseline and what judges by it together; absent in messages of earlier versions. */
  watch?: WatchPhase;
  /** ms until it is armed, at the pace of the last hours; absent where that cannot be said or is over. */
  etaMs?: number;
  /** It runs where it never ran before (another speed, another mode): that is learned, and not judged yet. */
  unseen?: true;
  /** One plain sentence while twin-readiness finds the data below usable: what is learned from it is less certain. */
  caution?: string;
}

export type AnomalyKind = 'spike' | 'step' | 'drift' | 'stuck' | 'noise' | 'dropout' | 'limit' | 'deviation' | 'unit' | 'relation' | 'shape';

export interface AnomalySignal {
  property: string;
  /** Part of the whole, 0–1; the shares of an anomaly add up to 1. */
  share: number;
  kind: AnomalyKind;
  value: SentValue;
  expected?: number;
  low?: number;
  high?: number;
  unit?: string;
  /** The operating point of which `expected` is: the operating mode ('' = none) and what sets the pace. Of the first few signals. */
  at?: { mode: string; drivers: { property: string; value: number }[] };
  /** Of a course: the third of the machine's cycle in which it differs most, 0–2. */
  third?: number;
  /** What a rule of twin-alert says of it, as one sentence without its full stop. */
  text?: string;
}

/** Added by twin-anomaly. In a batch: one entry per row. */
export interface Anomaly {
  v: 1;
  verdict: 'learning' | 'normal' | 'anomaly';
  /** 0 = as expected, 1 = at the line that keeps the asked false alarms per week. Finite. */
  score: number;
  /** Biggest share first; empty unless the verdict is anomaly. */
  signals: AnomalySignal[];
  /** Source time at which this anomaly began; absent unless the verdict is anomaly. */
  sinceMs?: number;
  /** One plain sentence in the site's language; '' unless the verdict is anomaly. */
  reason: string;
  /** The whole of it: what, by how much, with which share, compared with what, since when; sentences in the site's language. Only of an anomaly. */
  explanation?: string[];
  /** One plain sentence while twin-readiness finds the data below usable: the verdict is less certain. Only of an anomaly; `reason` ends with it. */
  caution?: string;
}

export type TwinEventKind = 'stale' | 'fresh' | 'state' | 'limit' | 'quality' | 'counter' | 'clock' | 'unmapped' | 'gap' | 'readiness' | 'migrated';

/** Sent by twin-asset on output 2. */
export interface TwinEvent {
  v: 1;
  kind: TwinEventKind;
  /** Source time, ms UTC. */
  timeMs: number;
  property?: string;
  /** limit: which one; quality, state: from and to; migrated: the versions of the type. */
  limit?: 'highHigh' | 'high' | 'low' | 'lowLow';
  limitValue?: number;
  value?: SentValue;
  /** limit, stale: true when it begins, false when it ends; quality: so, too, where it asks whether a unit was changed. */
  active?: boolean;
  /** Where it asks so: what is usual. */
  expected?: { expected: number; low: number; high: number };
  from?: string;
  to?: string;
  /** One plain sentence in the site's language. */
  text: string;
}

export interface TwinEventMessage extends HistoricalMarks {
  topic: string;
  /** The sentence. */
  payload: string;
  event: TwinEvent;
  timestamp: number;
  twin: TwinHeader;
}

export type CaseState = 'open' | 'acknowledged' | 'cleared';

/** The one open story of a machine. */
export interface TwinCase {
  v: 1;
  id: string;
  twin: string;
  state: CaseState;
  /** What happened with this message. */
  change: 'opened' | 'updated' | 'acknowledged' | 'cleared';
  sinceMs: number;
  changedMs: number;
  clearedMs?: number;
  acknowledgedBy?: string;
  /** NE 107: F failure, C function check, S out of specification, M maintenance required. */
  letter: 'F' | 'C' | 'S' | 'M';
  signals: AnomalySignal[];
  /** How often it came back while open. */
  occurrences: number;
  historical: boolean;
  /** It is over because somebody, or something upstream, hides what was left of it; it may still be true. `untilMs`: how long it is shelved. */
  aside?: { what: 'shelved' | 'suppressed' | 'outOfService' | 'root'; by?: string; why?: string; untilMs?: number };
  /** Its alarms, and the machines that it stands for; absent in cases of earlier versions. */
  members?: CaseMembers;
}

/** Sent by twin-alert. */
export interface AlertMessage extends HistoricalMarks {
  /** A subject line: one line, no control characters. */
  topic: string;
  /** Plain text, ready for a mail or messenger. */
  payload: string;
  case: TwinCase;
  /** `test`: somebody pressed the button "test alarm". */
  alarm: { v: 1; priority: 'high' | 'medium' | 'low'; idempotencyKey: string; test?: true };
  why: {
    signals: AnomalySignal[];
    neighbours: { relation: string; key: string; name: string; direction: 'upstream' | 'downstream' }[];
    /** When a message last told that it was serviced. */
    lastMaintenanceMs?: number;
    /** Earlier cases that looked alike, at most 3. */
    similar?: SimilarCase[];
    /** The biggest signal with its expected band: an SVG document, and what it shows in words. */
    picture?: { svg: string; text: string };
  };
  twin: TwinHeader;
  timestamp: number;
}

/** Sent by twin-alert instead of several AlertMessages: at the end of quiet hours, of a day above its cap, and in a flood. */
export interface AlertDigestMessage {
  topic: string;
  payload: string;
  /** floodOver: a flood has ended. `inTenMinutes`: alarms annunciated in the last ten minutes. */
  digest: { v: 1; reason: 'quiet' | 'cap' | 'flood' | 'floodOver'; inTenMinutes: number };
  /** Newest picture of each machine's case. */
  cases: TwinCase[];
  alarm: AlertMessage['alarm'];
  timestamp: number;
}

/** How good data is, best first; unknown: too little was seen. On screens A–D goes with the word. */
export type ReadinessGrade = 'good' | 'usable' | 'poor' | 'unusable' | 'unknown';

export type ReadinessCriterion =
  | 'coverage' | 'gaps' | 'interval' | 'stuck' | 'resolution' | 'clock' | 'duplicates' | 'quality' | 'range' | 'unit';

/** What may be concluded from data. */
export type Conclusion = 'baseline' | 'forecast' | 'rootCause';

export interface ConclusionAnswer {
  answer: 'yes' | 'notYet' | 'no';
  /** One plain sentence. */
  reason: string;
}

export interface CriterionReadiness {
  criterion: ReadinessCriterion;
  grade: ReadinessGrade;
  /** What was measured, as a sentence with its figures. */
  reason: string;
  /** What to do; '' where nothing is to be done. */
  nextStep: string;
}

export interface PropertyReadiness {
  property: string;
  label: string;
  unit: string;
  grade: ReadinessGrade;
  /** Of the criterion that decides the grade. */
  reason: string;
  nextStep: string;
  /** Worst first. */
  criteria: CriterionReadiness[];
}

export interface TwinReadiness {
  twin: string;
  name: string;
  grade: ReadinessGrade;
  reason: string;
  nextStep: string;
  /** Since when facts are gathered, site time in ms UTC; null: nothing has come yet. */
  sinceMs: number | null;
  /** Operating modes seen and how long, longest first. */
  modes: { mode: string; hours: number }[];
  /** How much of the range of what is set was seen, in percent; only of properties with a range. */
  conditions: { property: string; label: string; percent: number }[];
  conclusions: Record<Conclusion, ConclusionAnswer>;
  /** Worst first. */
  properties: PropertyReadiness[];
}

/** One line of the report's table: flat, for a table node or a CSV file. null: not known. */
export interface ReadinessRow {
  twin: string;
  machine: string;
  property: string;
  label: string;
  unit: string;
  letter: 'A' | 'B' | 'C' | 'D' | '-';
  grade: ReadinessGrade;
  reason: string;
  nextStep: string;
  values: number;
  coveragePercent: number | null;
  gaps: number;
  longestGapSeconds: number;
  declaredSeconds: number | null;
  measuredSeconds: number | null;
  clockOffsetSeconds: number | null;
  badPercent: number;
  duplicates: number;
}

/** Sent by twin-readiness on output 1. */
export interface ReadinessMessage {
  topic: string;
  /** One row per property. */
  payload: ReadinessRow[];
  /** The same for a mail: plain text. */
  text: string;
  readiness: { v: 1; site: string; timeMs: number; twins: TwinReadiness[] };
  timestamp: number;
}

/** `history` of a message of twin-read: what its payload is. */
export interface HistoryMark {
  v: 1;
  what: 'values' | 'aggregates' | 'moment' | 'events';
  fromMs: number;
  toMs: number;
  aggregate?: string;
  /** 0: one interval, the whole stretch. */
  everyMs?: number;
  source: 'embedded' | 'influxdb';
  twins: string[];
  values: number;
  rows: number;
  /** Derived values of this stretch were computed anew: of which twin, by whom, why, when. Absent where none were. */
  recomputed?: (RecomputedMark & { twin: string })[];
  /** There is more than was allowed: the answer goes only up to here; one plain sentence. */
  cut?: { atMs: number; reason: string };
}

/** Sent by twin-read: rows for a table, points for a chart, or a list of values, as its setting says. */
export interface HistoryMessage {
  payload: Record<string, SentValue>[];
  history: HistoryMark;
  /** For ui-chart: the answer replaces what is shown. */
  action: 'replace';
}

/** Who a published message speaks of. */
export type PublishedTwin = Pick<TwinHeader, 'v' | 'key' | 'name' | 'type' | 'state' | 'path'>;

/**
 * On `…/state`, retained: all current properties, flat, beside what describes them. A property that is called like one of these has
 * `_` before its name.
 */
export type PublishedState = Record<string, unknown> & {
  /** Source time, ms UTC. */
  timestamp: number;
  /** Only what is not good. */
  quality: Record<string, QualityWord>;
  twin: PublishedTwin;
  expected?: Expected;
  learning?: LearningProgress;
  anomaly?: Anomaly;
};

/** On `…/row`: what one row brought anew, flat, with the same names. */
export type PublishedRow = Record<string, unknown> & { timestamp: number; quality: Record<string, QualityWord>; twin: PublishedTwin };

/** On `…/properties/<name>`, retained. */
export interface PublishedProperty {
  value: SentValue;
  timestamp: number;
  quality: QualityWord;
  /** UCUM code; '' = none. */
  unit: string;
}

/** On `…/event`, not retained, each once and in order: an event of the machine, or a change of its case. */
export type PublishedEvent =
  | { event: TwinEvent; timestamp: number; twin: PublishedTwin }
  | { case: TwinCase; subject: string; text: string; alarm: AlertMessage['alarm']; why: AlertMessage['why']; timestamp: number; twin: PublishedTwin };

/** On `…/case`, retained: the open case, or the last one with `open` false; without `case` where there was none yet. */
export interface PublishedCase {
  open: boolean;
  timestamp: number;
  /** One plain sentence in the site's language; '' without a case. */
  sentence: string;
  case?: TwinCase;
  twin: PublishedTwin;
}

/** On `…/status`, retained. A machine is online only while its publisher is, too. */
export interface PublishedStatus {
  v: 1;
  status: 'online' | 'stale' | 'offline';
  /** Since when, ms UTC. */
  timestamp: number;
  /** Topic of the publisher's own status. */
  publisher: string;
}

/** On `<prefix>/_publisher/<id>/status`, retained; `offline` with `orderly` false is the last will that the broker publishes. */
export interface PublisherStatus {
  v: 1;
  status: 'online' | 'offline';
  orderly: boolean;
  /** ms UTC: of this message; in the last will, since when it had been online. */
  timestamp: number;
  site: string;
}

/** On `…/meta`, retained: what the machine is and where the rest of it stands. */
export interface PublishedMeta {
  v: 1;
  key: string;
  name: string;
  path: string[];
  language: string;
  type: { name: string; version: number };
  /** Topic of the publisher's own status. */
  publisher: string;
  topics: Record<string, string>;
  properties: {
    name: string;
    label: string;
    unit: string;
    kind: string;
    rangeLow?: number;
    rangeHigh?: number;
    lowLow?: number;
    low?: number;
    high?: number;
    highHigh?: number;
  }[];
}

/** Message commands, in `msg.command`, that a node takes instead of data. */
export type TwinCommand =
  | { twin?: string; do: 'acknowledge'; case?: string; by?: string; comment?: string }
  | {
      do: 'acknowledge' | 'confirm' | 'reset' | 'shelve' | 'unshelve' | 'suppress' | 'unsuppress' | 'take-out-of-service' | 'return-to-service' | 'note';
      twin: string;
      case?: string;
      /** One alarm of the machine; absent: all that it fits. */
      alarm?: string;
      occurrence?: number;
      /** shelve: for how long; with oneShot until it is normal once. */
      minutes?: number;
      oneShot?: boolean;
      by: string;
      why?: string;
    }
  /** With fromMs: from the site's own history since then, instead of from now on. */
  | { twin?: string; do: 'learn-again'; properties?: string[]; fromMs?: number }
  /** Keeps what was learned as a version; goes back to one. */
  | { twin?: string; do: 'keep-baseline'; note?: string }
  | { twin: string; do: 'restore-baseline'; version: number }
  | { do: 'answer'; answer: FeedbackAnswer; twin?: string; case?: string; what?: string; untilMs?: number; hours?: number; by?: string; confirm?: boolean }
  | { do: 'undo'; twin: string; id: string; by?: string }
  /** twin-forecast: a machine failed, or with `replaced` got a new part in time. */
  | { twin: string; do: 'failure'; atMs?: number; what?: string; replaced?: true }
  /** twin-forecast: the payload holds recorded runs until failure of machines of this one's type. */
  | { twin?: string; do: 'failure-runs' }
  | { do: 'link' | 'unlink'; from: string; relation: string; to: string; validFromMs?: number; validToMs?: number };
