/**
 * What is asked about a line and what comes back: the nodes twin-cause and twin-what-if send it, the page shows it. Shares are 0–1, times ms UTC
 * unless their names say otherwise; every text is in the site's language.
 */

/** Scrap: bad parts; stops: what precedes them; case: the time in which a machine had a case; slow: the time in which the line gave less than usual. */
export type CauseAbout = 'scrap' | 'stops' | 'case' | 'slow';

export interface CauseQuestion {
  about: CauseAbout;
  /** Key of the station where the bad parts are found, that stops, has the case or gives too little. Absent: where most bad parts are counted; else the last one. */
  station?: string;
  /** Absent: up to now, and as far back as the line's period. */
  fromMs?: number;
  toMs?: number;
  /** Scrap: only the bad parts from here on, beside the good ones of the whole time: what they go with that came lately, whatever stood before. Absent: all bad parts. */
  sinceMs?: number;
  /** Evidence floor: fewer bad ones (3–10,000; default 20), and nothing is said. */
  fewestBad?: number;
  /** Seconds from a station to `station`, where a person knows better than what is learnt. */
  waysS?: Record<string, number>;
}

/** Bad and good ones in equal steps of the value: `edges` has one number more than the others. */
export interface CauseDistributions {
  edges: number[];
  bad: number[];
  good: number[];
}

export interface CauseCondition {
  station: string;
  stationName: string;
  property: string;
  label: string;
  /** As people read it: "°C"; ''. */
  unit: string;
  direction: 'low' | 'high';
  /** How far off it was: the middle half of the distances from what is usual there. */
  fromOff: number;
  toOff: number;
  badWith: number;
  goodWith: number;
  /** Of all bad ones. */
  share: number;
  /** From there to the station that the question is about; empty where no relation leads. */
  path: { key: string; name: string }[];
  distributions: CauseDistributions;
}

export interface CauseAnswer {
  v: 1;
  line: string;
  lineName: string;
  about: CauseAbout;
  station: string;
  stationName: string;
  fromMs: number;
  toMs: number;
  verdict: 'conditions' | 'none of these' | 'not enough data';
  /** "Sealing station: 71 % of the scrap since 10:20 goes with jaw temperature 4–7 °C low (182 of 256 bad parts, 9 of 3,100 good)." */
  sentence: string;
  bad: number;
  good: number;
  fewestBad: number;
  fewestGood: number;
  /** When the bad ones began to be more; null: there is no such moment. */
  sinceMs: number | null;
  /** How likely evidence as strong comes about by chance; 1 where nothing was ranked. */
  chance: number;
  /** Strongest first, at most five; none unless the verdict says so. */
  conditions: CauseCondition[];
  /** "Filler → labeller ≈ 42 s, from 310 parts", by station; a person's own has no parts. */
  ways: { station: string; name: string; seconds: number; parts: number; given: boolean }[];
  /** What could not be looked at or does not fit, in sentences: stations without data, clocks that differ, counters that began again, loops. */
  notes: string[];
  tookMs: number;
}

/**
 * One change. Amounts: speed, repair, failures in percent (+5: 5 % faster, repaired 5 % faster, failing 5 % more often); places, operators and
 * hours (a day) how many more; mix the share of a product in percent of all parts, the others scaled to the rest; setting in the unit of its property, how much more.
 */
export interface ScenarioChange {
  kind: 'speed' | 'repair' | 'failures' | 'places' | 'operators' | 'hours' | 'mix' | 'setting';
  /** Key of the station; for places the one in front of which they are. Absent: the whole line (speed, repair, failures). */
  station?: string;
  /** Of a setting: the property. Of a mix: the product. */
  property?: string;
  amount: number;
}

export interface Scenario {
  /** For people, and to be stored under; at most 80 characters. */
  name?: string;
  /** 1–20. */
  changes: ScenarioChange[];
  /** Answer also about what was never seen. */
  forced?: boolean;
  /** People who repair today (1–100); a change of them needs it. Absent: a stop never waits for anybody. */
  operators?: number;
}

export type ScenarioTrust = 'inside experience' | 'at the edge' | 'never seen';

/** In nine of ten shifts it lies between low and high. */
export interface ScenarioNumber {
  value: number;
  low: number;
  high: number;
}

export interface ScenarioFigure {
  name: 'throughput' | 'wip' | 'leadTime' | 'oee' | 'energy' | 'scrap';
  label: string;
  /** "parts/h", "parts", "s", "%", "kWh/part"; oee and scrap are in percent. */
  unit: string;
  today: ScenarioNumber;
  after: ScenarioNumber;
  /** On the same luck as today, so it is far surer than either. In the figure's unit. */
  change: ScenarioNumber;
  trust: ScenarioTrust;
  trustText: string;
}

/** What a quality would be at other settings. */
export interface ScenarioQuality {
  /** "Scrap at Jaw temperature +2 °C". */
  label: string;
  verdict: 'answer' | 'not identifiable' | 'not enough data';
  /** Percent of parts; null without an answer. */
  today: number | null;
  after: ScenarioNumber | null;
  lots: number;
  sentence: string;
}

/** How well the line's model is known from its own record. */
export interface ScenarioFit {
  hours: number;
  parts: number;
  stations: {
    station: string;
    name: string;
    /** Seconds of work on a part, with 95 %, from how many parts. */
    cycleS: ScenarioNumber;
    cycles: number;
    /** Largest distance between what was seen and what is simulated, 0–1: below 0.05 good. */
    misfit: number;
    /** Between stops and of a stop, minutes; null: none was ever seen. */
    betweenMin: number | null;
    repairMin: number | null;
    stops: number;
    scrap: number;
    /** Behind it; null: the last one. */
    places: number | null;
    /** The buffer was never seen full: it has at least so many. */
    placesAtLeast: boolean;
  }[];
}

export interface ScenarioAnswer {
  v: 1;
  line: string;
  lineName: string;
  /** Of the scenario; '' where it has none. */
  name: string;
  changes: (ScenarioChange & { text: string })[];
  /** Withheld: never seen and not forced; then figures are empty and the sentence says so. */
  verdict: 'answer' | 'withheld';
  sentence: string;
  trust: ScenarioTrust;
  trustText: string;
  figures: ScenarioFigure[];
  quality: ScenarioQuality[];
  /** What others wait for most, today and then. */
  limitToday: { key: string; name: string };
  limitThen: { key: string; name: string };
  gainsAlmostNothing: boolean;
  fit: ScenarioFit;
  /** What was never observed, and what else to know, in sentences. */
  notes: string[];
  /** Runs of so many hours each. */
  runs: number;
  hours: number;
  timeMs: number;
  tookMs: number;
}

/** What can be changed on this line, with what a stepper needs. */
export interface ScenarioChoice {
  kind: ScenarioChange['kind'];
  label: string;
  unit: string;
  step: number;
  minimum: number;
  maximum: number;
  /** Stations that it can be asked of; settings with their property. Of a mix: products as `property`, station '', `now` today's share. Empty: the line as a whole only. */
  of: { station: string; name: string; property?: string; label?: string; unit?: string; now?: number }[];
  /** Whether it can be asked without a station. */
  wholeLine: boolean;
}

export interface StoredScenario {
  name: string;
  scenario: Scenario;
  storedMs: number;
  /** As it was answered last. */
  answer: ScenarioAnswer;
}

/** Lines of a site that can be asked. */
export interface AskedLine {
  key: string;
  name: string;
  stations: { key: string; name: string }[];
}

/** Questions about a site's lines. Rejects with a Problem whose code and sentence are shown. */
export interface LineStudyDesk {
  cause(line: string, question: CauseQuestion): Promise<CauseAnswer>;
  choices(line: string): Promise<ScenarioChoice[]>;
  whatIf(line: string, scenario: Scenario): Promise<ScenarioAnswer>;
  stored(line: string): StoredScenario[];
  /** Resolves when it is on disk. */
  store(line: string, scenario: Scenario): Promise<StoredScenario>;
  forget(line: string, name: string): Promise<boolean>;
}

/** Sent by twin-cause. */
export interface CauseMessage {
  topic: string;
  /** The sentence. */
  payload: string;
  cause: CauseAnswer;
  /** Why it was sent: somebody asked, a case opened, or scrap has risen. */
  trigger: 'request' | 'case' | 'watch';
  timestamp: number;
}

/** Sent by twin-what-if on output 1. */
export interface ScenarioMessage {
  topic: string;
  /** The sentence. */
  payload: string;
  scenario: ScenarioAnswer;
  timestamp: number;
}

/** Sent by twin-what-if when it is asked for its stored scenarios: one flat row each, today first. */
export interface ScenariosMessage {
  topic: string;
  payload: Record<string, string | number | null>[];
  scenarios: StoredScenario[];
  timestamp: number;
}
