import type { Json } from '../ports.ts';
import { member, numberFromJson, numbersFromJson, numbersToJson } from '../statistics/columnTable.ts';

/** Time constants of what a machine stores: a rotor or a pipe, a bearing, a winding or a casing. */
const constantsMs: readonly number[] = [40_000, 300_000, 2_100_000];

/** What the lags were before the first row is not known: so long, or for so many rows, nothing is learned with them. */
const settledMs = 4_200_000;
const settledRows = 500;
/** The first driver's own curve: a line between so many knots, `knotsPerScale` to its scale, so that a resonance at one speed can be expected. */
const knots = 24;
const knotsPerScale = 6;

/** How many terms there are for so many drivers: 1, `own` of the moment, then those that lag (`dense`: up to here), then the first driver's own curve. */
export function lagTerms(drivers: number): { own: number; dense: number; all: number } {
  const own = drivers + (drivers * (drivers + 1)) / 2;
  const dense = 1 + own * (1 + constantsMs.length);
  return { own: 1 + own, dense, all: dense + (drivers > 0 ? knots : 0) };
}

/**
 * What the drivers were: first-order lags with time constants of 40 s, 5 and 35 min of each driver and product of two, so that what warms up
 * slowly can be expected to. Choose time constants in minutes rather than in rows, because a winding knows nothing of the sampling.
 */
export class DriverLags {
  /** 1, the terms of the moment, the same with each lag, then the share of each knot; written by `read`. */
  readonly terms: Float64Array;
  /** Place of the first of the two knots between which the first driver is; written by `read`. */
  knot = 0;
  private knotBefore = 0;
  private readonly own: number;
  private readonly lags: Float64Array;
  /** Of the last row; NaN before the first. */
  timeMs = NaN;
  private beginMs = NaN;
  /** How far each lag comes in so long: rows mostly have the same distance. */
  private readonly shares = new Float64Array(constantsMs.length);
  private sharesMs = NaN;
  private rows = 0;
  private kept: { lags: Float64Array; timeMs: number; beginMs: number; rows: number } | undefined;

  constructor(drivers: number) {
    const { own, all } = lagTerms(drivers);
    this.own = own - 1;
    this.terms = new Float64Array(all);
    this.lags = new Float64Array(this.own * constantsMs.length);
  }

  /**
   * Writes the terms as they are at a row. Changes nothing else.
   * @param features 1, each driver, then each product of two, in their scaled units.
   */
  read(features: Float64Array, timeMs: number): void {
    const { terms, lags, own, shares } = this;
    const passedMs = timeMs - this.timeMs;
    if (passedMs !== this.sharesMs) this.reckonShares(passedMs);
    for (let term = 0; term <= own; term += 1) terms[term] = features[term]!;
    let place = own + 1;
    for (let constant = 0; constant < constantsMs.length; constant += 1) {
      const share = shares[constant]!;
      for (let term = 0; term < own; term += 1, place += 1) {
        const before = lags[place - own - 1]!;
        terms[place] = before + share * (features[term + 1]! - before);
      }
    }
    if (own === 0) return;
    const along = Math.min(knots - 1, Math.max(0, features[1]! * knotsPerScale + (knots - 1) / 2));
    const knot = Math.min(knots - 2, Math.floor(along));
    terms[place + this.knotBefore] = 0;
    terms[place + this.knotBefore + 1] = 0;
    this.knotBefore = knot;
    this.knot = place + knot;
    terms[place + knot] = 1 - (along - knot);
    terms[place + knot + 1] = along - knot;
  }

  private reckonShares(passedMs: number): void {
    this.sharesMs = passedMs;
    for (let constant = 0; constant < constantsMs.length; constant += 1) {
      // Before the first row, the drivers always were as they are now.
      this.shares[constant] = Number.isNaN(passedMs) ? 1 : passedMs > 0 ? 1 - Math.exp(-passedMs / constantsMs[constant]!) : 0;
    }
  }

  /** Moves on to the row that was read last. */
  follow(timeMs: number): void {
    if (timeMs <= this.timeMs) return;
    const { lags, terms } = this;
    for (let place = 0, term = this.own + 1; place < lags.length; place += 1, term += 1) lags[place] = terms[term]!;
    this.timeMs = timeMs;
    if (this.rows === 0) this.beginMs = timeMs;
    if (this.rows < settledRows) this.rows += 1;
  }

  /** Whether what was before the first row no longer counts. */
  get isSettled(): boolean {
    return this.rows >= settledRows || this.timeMs - this.beginMs >= settledMs;
  }

  /** Keeps all as it is, for `putBack`. */
  keep(): void {
    this.kept ??= { lags: new Float64Array(this.lags.length), timeMs: NaN, beginMs: NaN, rows: 0 };
    this.kept.lags.set(this.lags);
    this.kept.timeMs = this.timeMs;
    this.kept.beginMs = this.beginMs;
    this.kept.rows = this.rows;
  }

  putBack(): void {
    if (this.kept === undefined) return;
    this.lags.set(this.kept.lags);
    this.timeMs = this.kept.timeMs;
    this.beginMs = this.kept.beginMs;
    this.rows = this.kept.rows;
  }

  snapshot(): Json {
    return { timeMs: Number.isNaN(this.timeMs) ? null : this.timeMs, beginMs: Number.isNaN(this.beginMs) ? null : this.beginMs, rows: this.rows, lags: numbersToJson(this.lags) };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json, what: string): void {
    const timeMs = member(json, 'timeMs');
    this.timeMs = typeof timeMs === 'number' ? timeMs : NaN;
    const beginMs = member(json, 'beginMs');
    this.beginMs = typeof beginMs === 'number' ? beginMs : NaN;
    this.rows = numberFromJson(json, 'rows', what);
    numbersFromJson(member(json, 'lags'), this.lags, `${what}.lags`);
  }
}
