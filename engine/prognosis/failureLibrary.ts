import { placeOf, quantileOfSorted } from '../statistics/order.ts';
import { HealthIndex } from './healthIndex.ts';
import type { MachineRun } from './runFeatures.ts';

/** With fewer recorded failures nothing is said of a life. */
export const fewestFailures = 10;
/** Fewer rows of a run say nothing yet. */
export const fewestRows = 10;

/** Share of a life that is compared with recorded runs. */
const windowShare = 0.15;
/** Recorded runs that weigh: distances are counted in that of the tenth nearest. */
const nearest = 10;
/** Places of each recorded run that are kept to calibrate with. */
const placesPerRun = 12;
const fewestAlike = 30;
const alikeShare = 0.1;
/** Four of five cases lie between. */
const promised = 0.8;
/** Above this share of the cap no wear is seen that tells how much is left. */
const freshShare = 0.9;
/** What the values must explain of what the age alone leaves open. */
const worthwhile = 0.1;
/** So much farther than any recorded row is unlike anything recorded. */
const strangest = 1.5;

export type RemainingLife =
  /** Less than `fewestRows` rows since it was last repaired. */
  | { state: 'tooFew'; missing: number }
  /** It is unlike all that was recorded: nothing can be concluded. */
  | { state: 'unlike' }
  /** No wear yet that tells how much is left. */
  | { state: 'fresh'; indexRows: number; leftRows: number; fromRows: number; toRows: number }
  /** `indexRows`: the time left as it was learned, at most the cap; the others are what was really left where the recorded runs looked like this. */
  | { state: 'forecast'; indexRows: number; leftRows: number; fromRows: number; toRows: number; alike: string };

/**
 * Time left until a failure, from runs that were recorded until theirs: each row is a health index (HealthIndex), the last stretch of it is laid along
 * the index of each recorded run where it fits best, and what was left there is averaged, nearer ones counting more (similarity, Wang, Yu, Siegel and Lee
 * 2008, PHM; all recorded indexes are those by what was learned of other runs). What was really left in recorded cases that looked the same gives the
 * middle and an interval of 80 %, each run counting once more than it is there (split conformal, Papadopoulos et al. 2002; Vovk 2012, in groups).
 * Choose it from ten recorded failures of machines alike on, rather than timeToLimit, which needs a limit and knows one machine alone.
 */
export class FailureLibrary {
  readonly runs: number;
  /** What the values explain of what the age alone leaves open, by held-out runs: 1 all, 0 nothing. */
  readonly skill: number;
  /** Root mean square and share of intervals that held, over held-out recorded cases. */
  readonly heldOut: { error: number; held: number };
  readonly #index: HealthIndex;
  readonly #ids: readonly string[];
  /** Ascending by what was estimated. */
  readonly #estimates: Float64Array;
  readonly #lefts: Float64Array;

  private constructor(index: HealthIndex, ids: readonly string[], cases: readonly { run: number; estimate: number; left: number; byAge: number }[]) {
    this.#index = index;
    this.#ids = ids;
    this.runs = ids.length;
    const sorted = cases.toSorted((one, other) => one.estimate - other.estimate);
    this.#estimates = Float64Array.from(sorted, ({ estimate }) => estimate);
    this.#lefts = Float64Array.from(sorted, ({ left }) => left);
    let own = 0;
    let byAge = 0;
    let held = 0;
    let kept = -1;
    let others = { estimates: this.#estimates, lefts: this.#lefts };
    for (const { run, estimate, left, byAge: aged } of cases) {
      if (run !== kept) {
        // A run says nothing of its own interval.
        const rest = sorted.filter((one) => one.run !== run);
        others = { estimates: Float64Array.from(rest, (one) => one.estimate), lefts: Float64Array.from(rest, (one) => one.left) };
        kept = run;
      }
      const most = Math.min(index.cap, left);
      own += (estimate - most) ** 2;
      byAge += (aged - most) ** 2;
      const { fromRows, toRows } = this.#alike(estimate, others.estimates, others.lefts);
      if (fromRows <= left && left <= toRows) held += 1;
    }
    this.skill = byAge > 0 ? 1 - own / byAge : 0;
    this.heldOut = { error: Math.sqrt(own / cases.length), held: held / cases.length };
  }

  /** Whether the recorded values tell more than the age does. */
  get isEvidence(): boolean {
    return this.skill >= worthwhile;
  }

  /** Rows up to which time left is told apart. */
  get cap(): number {
    return this.#index.cap;
  }

  /**
   * Learns from runs, each until its failure with the last row; in steps of some milliseconds.
   * @param columns numbers per row. @param cap rows above which time left is not told apart; default 0.6 of the median run
   * @returns undefined with fewer than `fewestFailures` runs of some length, or where nothing in them ever moved
   */
  static *learn(runs: readonly MachineRun[], columns: number, cap?: number): Generator<undefined, FailureLibrary | undefined, undefined> {
    const long = runs.filter(({ values }) => values.length / columns >= 2 * fewestRows);
    if (long.length < fewestFailures) return undefined;
    const index = yield* HealthIndex.learn(long, columns, cap);
    if (index === undefined) return undefined;
    const cases: { run: number; estimate: number; left: number; byAge: number }[] = [];
    const lengths = long.map(({ values }) => values.length / columns);
    for (let run = 0; run < long.length; run += 1) {
      const curve = index.heldOut[run]!;
      const from = Math.min(curve.length - 1, fewestRows);
      for (let place = 0; place < placesPerRun; place += 1) {
        // Each run at other places than the next, so that all of a life is there.
        const row = Math.floor(from + ((place + ((run * 0.618034) % 1)) / placesPerRun) * (curve.length - from));
        const estimate = estimateOf(index, curve.subarray(0, row + 1), run).left;
        let sum = 0;
        let count = 0;
        lengths.forEach((length, other) => {
          if (other === run || length <= row) return;
          sum += Math.min(index.cap, length - 1 - row);
          count += 1;
        });
        cases.push({ run, estimate, left: curve.length - 1 - row, byAge: count === 0 ? 0 : sum / count });
      }
      yield;
    }
    return new FailureLibrary(index, long.map(({ id }) => id), cases);
  }

  /** @param run what is recorded of a machine since it was last repaired; the last row is now */
  remaining(run: MachineRun): RemainingLife {
    const rows = run.values.length / this.#index.scale.columns;
    if (rows < fewestRows) return { state: 'tooFew', missing: Math.ceil(fewestRows - rows) };
    const { index, strange } = this.#index.of(run);
    if (!(strange <= strangest)) return { state: 'unlike' };
    const { left, nearest: alike } = estimateOf(this.#index, index, -1);
    const { leftRows, fromRows, toRows } = this.#alike(left);
    if (left > freshShare * this.cap) return { state: 'fresh', indexRows: left, leftRows, fromRows, toRows };
    return { state: 'forecast', indexRows: left, leftRows, fromRows, toRows, alike: this.#ids[alike] ?? '' };
  }

  /** What was left in recorded cases with about this estimate. */
  #alike(estimate: number, estimates = this.#estimates, allLefts = this.#lefts): { leftRows: number; fromRows: number; toRows: number } {
    const all = estimates.length;
    const count = Math.min(all, Math.max(fewestAlike, Math.round(alikeShare * all)));
    const begin = Math.max(0, Math.min(all - count, placeOf(estimates, estimate) - (count >> 1)));
    const beside = Float64Array.from({ length: count }, (_, at) => allLefts[begin + at]! - estimates[begin + at]!).sort();
    const tail = Math.max(0, (1 - promised * (1 + 1 / this.runs)) / 2);
    const at = (share: number): number => Math.max(0, estimate + quantileOfSorted(beside, share));
    return { leftRows: at(0.5), fromRows: at(tail), toRows: at(1 - tail) };
  }
}

/** The mean of the index itself and of what was left in recorded runs where theirs went the same way. @param except a run that is left out, as it is the one asked about */
function estimateOf(index: HealthIndex, curve: Float64Array, except: number): { left: number; nearest: number } {
  const { cap, heldOut, scale } = index;
  const length = Math.min(curve.length, Math.max(fewestRows, Math.round(windowShare * scale.life)));
  const last = curve.subarray(curve.length - length);
  const own = Math.max(0, Math.min(cap, last[length - 1]!));
  const found: { distance: number; left: number; run: number }[] = [];
  heldOut.forEach((recorded, run) => {
    if (run === except || recorded.length < length) return;
    let distance = Infinity;
    let end = 0;
    for (let begin = 0; begin + length <= recorded.length; begin += 1) {
      let sum = 0;
      for (let row = 0; row < length && sum < distance; row += 1) sum += (last[row]! - recorded[begin + row]!) ** 2;
      if (sum >= distance) continue;
      distance = sum;
      end = begin + length - 1;
    }
    found.push({ distance, left: Math.min(cap, recorded.length - 1 - end), run });
  });
  if (found.length === 0) return { left: own, nearest: -1 };
  found.sort((one, other) => one.distance - other.distance || one.run - other.run);
  const unit = Math.max(1e-9, found[Math.min(nearest, found.length) - 1]!.distance);
  let sum = 0;
  let weights = 0;
  for (const { distance, left } of found) {
    const weight = Math.exp(-distance / unit);
    sum += weight * left;
    weights += weight;
  }
  return { left: (own + sum / weights) / 2, nearest: found[0]!.run };
}
