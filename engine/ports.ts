import type { GraphAnswer, GraphElement, GraphQuestion, OwnRelation } from '../contract/graph.ts';
import type { Quality } from './observation.ts';
import type { Problem } from './problem.ts';

export type { AnswerRow, GraphAnswer, GraphElement, GraphQuestion, OwnRelation, ParameterThen } from '../contract/graph.ts';

/**
 * What the engine asks of the outside. Adapters answer these; a test hands in its own.
 * All storage ports are asynchronous, so that an embedded database and a replicated log can both stand behind them.
 */

/** Wall clock and monotonic clock. The engine never reads either by itself. */
export interface Clock {
  /** Milliseconds UTC by the wall clock. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start, never going back. */
  monotonicMs(): number;
}

/** A stream of uniform numbers in [0, 1). Seeded in tests and simulations. */
export type Random = () => number;

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A stored value with the revision that compare-and-set needs. */
export interface StateEntry {
  key: string;
  value: Json;
  revision: number;
}

/** Learned state, cases, counters: small JSON documents under a key, each with a revision. */
export interface StateStore {
  /** Entries whose key starts with `prefix`, in key order. A damaged entry is left out and reported by `damaged()`. */
  entries(prefix: string): Promise<StateEntry[]>;
  get(key: string): Promise<StateEntry | undefined>;
  /**
   * Writes all or nothing, durably; null deletes. Resolves after the data is on disk.
   * @returns the new revision of each change, in order.
   */
  commit(changes: readonly { key: string; value: Json | null }[]): Promise<number[]>;
}

/** One point of history. */
export interface HistoryPoint {
  /** Twin key. */
  twin: string;
  property: string;
  timeMs: number;
  /** Strings and booleans are kept as they are; null marks a gap or a bad value without a last good one. */
  value: number | string | boolean | null;
  quality: Quality;
}

export type HistoryValue = HistoryPoint['value'];

/** Points of one series in time order, column by column. `values[i]` belongs to `times[i]`. */
export interface SeriesColumns {
  /** Milliseconds UTC, whole. */
  times: Float64Array;
  /** Numbers alone stand in a Float64Array; a series with anything else has plain values. */
  values: Float64Array | HistoryValue[];
  /** 0 good, 1 uncertain, 2 bad. */
  qualities: Uint8Array;
}

/** Many properties of one twin at the same times, all of good quality. */
export interface HistoryRows {
  twin: string;
  properties: readonly string[];
  /** Milliseconds UTC, whole. */
  times: Float64Array;
  /** Row by row, `properties.length` numbers for each time; NaN: nothing arrived. */
  values: Float64Array;
}

/**
 * What a stretch of one series comes to. Only numbers of good or uncertain quality count. A value holds until the next point (stepped,
 * as OPC UA Part 13 says for values that are sent on change), so a mean is `integral / coveredMs`.
 */
export interface HistorySummary {
  /** Numbers that count. 0: the other figures are NaN, but for integral and coveredMs. */
  count: number;
  minimum: number;
  minimumAtMs: number;
  maximum: number;
  maximumAtMs: number;
  first: number;
  firstAtMs: number;
  last: number;
  lastAtMs: number;
  /** Value × milliseconds over coveredMs. */
  integral: number;
  coveredMs: number;
}

/** Takes history in. Same twin, property and time: the last one wins. */
export interface HistoryWriter {
  /** Resolves when the points are as durable as the writer promises. */
  write(points: readonly HistoryPoint[]): Promise<void>;
}

/** Where history is read from: the embedded historian, or a database outside that holds the same. */
export interface HistoryReader {
  /** Points with from ≤ time < to, in time order, at most `limit`. */
  columns(twin: string, property: string, fromMs: number, toMs: number, limit?: number): Promise<SeriesColumns>;
  /** The last point at or before `timeMs` of at least these properties, of those that have one. */
  asOf(twin: string, timeMs: number, properties: readonly string[]): Promise<HistoryPoint[]>;
}

export interface Historian extends HistoryWriter {
  /** As `write`, for what arrives in rows: many times faster. */
  writeRows(rows: HistoryRows): Promise<void>;
  /** Points with from ≤ time < to, in time order, at most `limit` (default 100,000). */
  range(twin: string, property: string, fromMs: number, toMs: number, limit?: number): Promise<HistoryPoint[]>;
  /** The same as columns. */
  columns(twin: string, property: string, fromMs: number, toMs: number, limit?: number): Promise<SeriesColumns>;
  /**
   * The stretch in equal buckets, also where only summaries are left. `holdAtMostMs`: a value holds no longer than this (default: until
   * the next one). At most 100,000 buckets.
   */
  buckets(twin: string, property: string, fromMs: number, toMs: number, count: number, holdAtMostMs?: number): Promise<HistorySummary[]>;
  /** The last point at or before `timeMs` of each property of a twin ("its parameters then"). */
  asOf(twin: string, timeMs: number): Promise<HistoryPoint[]>;
  /** Deletes the points of a stretch, from inclusive, to exclusive, because they are computed anew; leaves no summaries. */
  clear(twin: string, property: string, fromMs: number, toMs: number): Promise<void>;
  /**
   * Deletes raw points that are older, and leaves summaries of minutes and hours where the store keeps them, those of minutes for 400 days more, those
   * of hours for ten years; returns how many points went.
   */
  forget(beforeMs: number): Promise<number>;
  /**
   * Deletes the oldest until at most so many bytes are used: raw points first, which leave summaries, down to the newest day; then summaries of
   * minutes, those of hours, and what is left. Returns how many points went.
   */
  trim(mostBytes: number): Promise<number>;
  /** Bytes on disk (in memory: 0) and the oldest raw point, undefined when there is none. */
  usage(): Promise<{ bytes: number; oldestMs: number | undefined }>;
}

/** What names a fact: the same assertion made twice is one fact. */
export interface FactKey {
  subject: string;
  /** Name of a relation, or of a property. */
  relation: string;
  /** Key of the other element; '' where the fact is a property, with `value`. */
  object: string;
  value?: number | string | boolean;
  validFromMs: number;
  /** Who said so: a node, a message, a record of another system. */
  source: string;
}

/** A relation between two elements, or a property of one, with valid time and recorded time. Never overwritten, only ended or taken back. */
export interface Fact extends FactKey {
  /** Exclusive; undefined = still true, as far as was known. */
  validToMs?: number;
  recordedMs: number;
}

/** One step of the fact log. Times are milliseconds UTC; `recordedMs` is when the site learned of it. */
export type GraphChange =
  /** Makes an element known; its type never changes, its name may. */
  | { kind: 'element'; element: GraphElement; recordedMs: number }
  | { kind: 'assert'; fact: Fact }
  /** The fact was true until then. Only an open fact ends, once. */
  | { kind: 'end'; fact: FactKey; validToMs: number; recordedMs: number }
  /** The fact is believed no longer; it was wrong. */
  | { kind: 'retract'; fact: FactKey; recordedMs: number }
  /** From now on the source says exactly this: what it said else is taken back. For a corrected record of another system. All of it or nothing. */
  | { kind: 'replace'; source: string; facts: readonly Fact[]; recordedMs: number }
  | { kind: 'relation'; relation: OwnRelation };

/** A change that was not applied. `place`: which one of the call, from 0. */
export interface GraphRefusal {
  place: number;
  problem: Problem;
}

export interface FactQuery {
  /** Facts valid then, as believed at `recordedMs`. */
  validMs: number;
  recordedMs: number;
  subject?: string;
  object?: string;
  relation?: string;
  source?: string;
  /** Only so many, the ones that began last. */
  newest?: number;
}

export interface ElementQuery {
  types?: readonly string[];
  keys?: readonly string[];
  contains?: string;
  limit: number;
}

export interface GraphStore {
  /**
   * Applies changes in order, each on its own: a wrong one is refused and the rest applied. Resolves when what was applied is on disk.
   * They must not be altered meanwhile.
   * Refusals: TWIN_ELEMENT_KEY, _TYPE, _CHANGED, _UNKNOWN, TWIN_RELATION_UNKNOWN, _TYPE, _KINDS, _SELF, _CYCLE, TWIN_FACT_TIMES, _VALUE.
   */
  change(changes: readonly GraphChange[]): Promise<GraphRefusal[]>;
  /** What `change` would refuse; nothing is changed. */
  preview(changes: readonly GraphChange[]): Promise<GraphRefusal[]>;
  /** In order of valid time, then of their names. An end that was recorded later than `recordedMs` is not told. */
  facts(query: FactQuery): Promise<Fact[]>;
  /** The relations that the site added; one that was added once stays known, for facts name it. */
  relations(): Promise<OwnRelation[]>;
  /** Open facts of these relations between pieces of equipment and places: how the plant is built. */
  structure(relations: readonly string[]): Promise<Fact[]>;
  /** Elements of these types (none: of all), of these keys, whose key or name contains the text, in order of their keys; at most `limit`. */
  elements(query: ElementQuery): Promise<GraphElement[]>;
  /** @throws Problem TWIN_ELEMENT_UNKNOWN, TWIN_QUESTION */
  ask(question: GraphQuestion, nowMs: number): Promise<GraphAnswer>;
}

/** One thing to deliver, kept until its target confirmed it. */
export interface OutboxRecord {
  sequence: number;
  target: string;
  /** The same on every repetition, so that a receiver can drop the second. */
  idempotencyKey: string;
  body: string;
  acceptedMs: number;
}

/** Refused records that an outbox keeps for each target. */
export const mostRejected = 10_000;

/** A record that its target refused for good (a dead letter). */
export interface RejectedRecord extends OutboxRecord {
  reason: string;
  rejectedMs: number;
}

/** Records that were given up undelivered, because the outbox was full or they were too old: what is missing, and since when. */
export interface OutboxGap {
  target: string;
  records: number;
  bytes: number;
  /** Accepted times of the oldest and the newest record that went. */
  fromMs: number;
  toMs: number;
  reason: string;
  droppedMs: number;
}

/** How much waits for a target, and since when. */
export interface OutboxDepth {
  records: number;
  /** Of their bodies, in UTF-8. */
  bytes: number;
  /** When the oldest one was accepted. */
  oldestMs?: number;
  /** Records that the target refused and that are kept. */
  setAside: number;
}

/** Durable, ordered per target. `add` resolves when the records are as safe as the outbox promises. */
export interface Outbox {
  /** Returns the sequences, ascending within a target. */
  add(target: string, records: readonly { idempotencyKey: string; body: string }[], acceptedMs: number): Promise<number[]>;
  /** The oldest undelivered records of a target whose sequence is above `after` (default 0), at most `limit`; large ones come in smaller numbers. */
  pending(target: string, limit: number, after?: number): Promise<OutboxRecord[]>;
  confirm(target: string, sequences: readonly number[]): Promise<void>;
  /**
   * Puts records aside that the target refuses for good, with the reason. The last `mostRejected` of a target are kept; older ones
   * are given up and leave a gap.
   */
  setAside(target: string, sequences: readonly number[], reason: string, atMs: number): Promise<void>;
  depth(target: string): Promise<OutboxDepth>;
  /** Gives undelivered records up and leaves a dated gap. */
  drop(target: string, sequences: readonly number[], reason: string, atMs: number): Promise<void>;
  /** Says what is missing that never was accepted. */
  leaveGap(gap: OutboxGap): Promise<void>;
  /** The gaps of a target, oldest first; at most the last 1,000 are kept. */
  gaps(target: string): Promise<OutboxGap[]>;
  /** The oldest records that were set aside, at most `limit`. */
  rejected(target: string, limit: number): Promise<RejectedRecord[]>;
  /** Puts records that were set aside back at the end of the queue; returns their new sequences. */
  retry(target: string, sequences: readonly number[]): Promise<number[]>;
  /** Deletes records that were set aside. */
  discard(target: string, sequences: readonly number[]): Promise<void>;
  /** Every target of which something is kept, in order of their names. */
  targets(): Promise<string[]>;
  /** Deletes everything of a target: what waits, what was refused, its gaps. */
  remove(target: string): Promise<void>;
}

/** A line of history that a target refuses for good. */
export interface RejectedLine {
  /** Place in the lines given. */
  index: number;
  line: string;
  /** The target's own words. */
  reason: string;
}

/** Where lines of history (lineProtocol.ts; times in ms) are written to: a database, a file. */
export interface LineWriter {
  /**
   * Resolves when each line is stored or refused for good: one that the target does not take never holds up the others. Writing a line twice is harmless.
   * @throws Problem when the lines have to be written again later
   */
  write(lines: readonly string[]): Promise<{ stored: number; rejected: RejectedLine[] }>;
  /** Reaches the target and looks whether it can be written to; stores nothing. */
  test(): Promise<{ ok: true; version: string } | Problem>;
  close(): Promise<void>;
}

/** One layer of a dense network: out = weights · in + biases, then tanh unless it is linear. */
export interface DenseLayer {
  inputs: number;
  outputs: number;
  /** Input by input: `weights[input * outputs + output]`. */
  weights: Float32Array;
  biases: Float32Array;
  linear: boolean;
}

/** An autoencoder to be trained: rows of `inputs` numbers, about 0 and 1 wide. */
export interface TrainingOrder {
  inputs: number;
  /** Sizes of the layers between; the last layer, as wide as the input, is linear. */
  hidden: readonly number[];
  /** Row by row, in the order in which they are learned. */
  rows: Float32Array;
  /** Rows that train nothing: what is left of them when they were reproduced is answered. */
  heldOut: Float32Array;
  epochs: number;
  /** The same seed and rows give the same network. */
  seed: number;
}

export interface TrainingResult {
  layers: DenseLayer[];
  /** Reproduced less given, for each number of `heldOut`. */
  errors: Float32Array;
}

/** Trains small networks beside the flow. */
export interface Trainer {
  /** @throws Problem TWIN_DEEP_MISSING where its packages are not installed, TWIN_DEEP_FAILED */
  train(order: TrainingOrder): Promise<TrainingResult>;
}
