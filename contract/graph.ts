/** What is asked of the graph and what it answers: the same for nodes, the page and the editor. Times are milliseconds UTC. */

export interface GraphElement {
  /** Immutable; a twin's key, or whatever the plant calls the thing: a serial number, a lot number. */
  key: string;
  /** A sub-type in the words of ISA-95 ("material lot", "work unit"); it says the kind. */
  type: string;
  /** For people. */
  name: string;
}

/** How a machine's property was while a part was in the machine. */
export interface ParameterThen {
  property: string;
  /** Numbers that count within the time; 0: only the value that held before, or none. */
  count: number;
  minimum?: number;
  mean?: number;
  maximum?: number;
  /** The value as of the end of the stay (or as of the time asked for), and since when it stood. */
  value: number | string | boolean | null;
  timeMs?: number;
  /** Of the value; "no data" where nothing is known, which is never guessed. */
  quality: 'good' | 'uncertain' | 'bad' | 'no data';
}

interface AskedAsOf {
  /** What was true then. Default: now. */
  validMs?: number;
  /** What was believed then. Default: all that is known today. */
  recordedMs?: number;
  /** How far to go (default 8, at most 32), how much to list (default 1,000, at most 10,000), how long to search (default 2,000 ms, at most 10,000). */
  hops?: number;
  rows?: number;
  timeMs?: number;
}

export type SiblingsBy = 'lot' | 'machine' | 'tool' | 'operator' | 'shift' | 'order';

export type GraphQuestion = AskedAsOf & { element: string } & (
  /** Which machine made this, its parameters then, lot, operator, tool, recipe, order and the last maintenance. */
  | { ask: 'origin'; parameters?: boolean; properties?: string[]; parametersAsOf?: 'stay' | 'end' }
  /** Everything that was made from it. */
  | { ask: 'impact' }
  /** What else had the same. */
  | { ask: 'siblings'; by: SiblingsBy }
  /** What stands upstream and downstream of a machine. */
  | { ask: 'streams' }
  /** What changed at the machines before it (or before `validMs`), within so many hours. */
  | { ask: 'changes'; hours: number }
  | { ask: 'where' }
  | { ask: 'path'; to: string }
  /** What stands directly beside it. */
  | { ask: 'around' }
);

export type AnswerRole =
  | 'material' | 'stay' | 'operator' | 'shift' | 'tool' | 'recipe' | 'lot' | 'order' | 'maintenance' | 'product' | 'shared' | 'upstream' | 'downstream'
  | 'begin' | 'end' | 'place' | 'step' | 'neighbour';

export interface AnswerRow {
  role: AnswerRole;
  element: GraphElement;
  /** The key of the element it belongs to: the machine of a stay, the product that was made from a material. */
  of?: string;
  /** The relation that leads here, as it is called from `of`. */
  relation?: string;
  /** Steps from the element that was asked for. */
  depth: number;
  fromMs?: number;
  /** Absent: it still holds. */
  toMs?: number;
  parameters?: ParameterThen[];
}

export interface GraphAnswer {
  ask: GraphQuestion['ask'];
  element: GraphElement;
  validMs: number;
  recordedMs: number;
  rows: AnswerRow[];
  /** What ended the search before it was through. Absent: this is all. */
  cut?: 'hops' | 'rows' | 'time';
}

/** A relation type that a site adds to the ready ones. Kinds as in ISO 23247; none: any. */
export interface OwnRelation {
  name: string;
  inverse: string;
  from: string[];
  to: string[];
  /** Nothing may be so of itself, through others either. Absent: it may. */
  acyclic?: boolean;
}

/** GET /twin/api/graph?site&ask&element[&by][&hours][&to][&at][&known]: what the page shows of one element. */
export interface GraphPageAnswer {
  nowMs: number;
  answer: GraphAnswer;
  /** Of a machine: its values as of the time asked for. */
  values?: { property: string; value: number | string | boolean | null; timeMs: number; quality: 'good' | 'uncertain' | 'bad' }[];
}

/** GET /twin/api/graph/elements?site[&contains]: what is found, or, without a text, what was scrapped last, with the reason. */
export interface GraphElements {
  nowMs: number;
  elements: (GraphElement & { reason?: string; timeMs?: number })[];
}
