/** A table of relations or records that is looked at before it is noted: POST twinwire/link/preview|apply, twinwire/record/preview|apply. */
export interface FactTableRequest {
  /** Ids of the twin-site and of the node whose dialog asks. */
  site: string;
  node: string;
  /** The file, base64. */
  data: string;
  language: string;
  /** What the dialog of twin-record shows now. */
  config?: Record<string, unknown>;
}

/** What a row would say. Times are milliseconds UTC. */
export interface FactOfTable {
  subject: string;
  /** As it is stored, or the name of a property. */
  relation: string;
  /** Key of the other end; '' for a property. */
  object: string;
  value?: string | number | boolean;
  fromMs: number;
  toMs?: number;
  /** It ends what was said before. */
  ends?: boolean;
}

/** `line`: of the file, from 1. `rows`: in all; `first`: the first of them, as they stand and what they say. */
export interface FactTableAnswer {
  ok: true;
  rows: number;
  wrong: number;
  applied: boolean;
  first: { line: number; cells: string; facts: FactOfTable[] }[];
  refused: { line: number; text: string }[];
}

export interface FactTableRefusal {
  ok: false;
  code: string;
  text: string;
}
