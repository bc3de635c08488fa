import { normalQuantile } from '../statistics/normalQuantile.ts';
import { solveRidge } from '../statistics/solveRidge.ts';
import { ageFeatures, featuresPerColumn, runFeatures, runScale } from './runFeatures.ts';
import type { MachineRun, RunScale } from './runFeatures.ts';

const mostHidden = 300;
const fewestHidden = 30;
/** Rows per hidden unit at least. */
const rowsPerHidden = 20;
/** Of these penalties the one that errs least on runs that were held out is taken. */
const penalties = [3e-4, 3e-3, 3e-2] as const;
const mostFolds = 10;
/** Rows that are taken before others get their turn. */
const rowsAtOnce = 64;
const mostInput = 4;

/**
 * How far gone a machine is, as the time left in rows up to `cap`: a network with one layer of fixed random tanh units whose output is solved by ridge
 * regression (random-weight network, Schmidt, Kraaijveld and Duin 1992; "extreme learning machine", Huang, Zhu and Siew 2006) on what runFeatures says.
 * Choose it for runs that were recorded until the failure, rather than a network trained step by step: that one erred no less and took minutes.
 */
export class HealthIndex {
  readonly cap: number;
  readonly scale: RunScale;
  /** Of the recorded runs, each row judged by what was learned of other runs alone. */
  readonly heldOut: readonly Float64Array[];
  readonly #centre: Float64Array;
  readonly #width: Float64Array;
  readonly #mix: Float64Array;
  readonly #hidden: number;
  readonly #weights: Float64Array;
  /** Per used column, how far the recorded averages went from their middle. */
  readonly #farthest: Float64Array;

  private constructor(parts: {
    cap: number; scale: RunScale; heldOut: readonly Float64Array[]; centre: Float64Array; width: Float64Array; mix: Float64Array; hidden: number; weights: Float64Array; farthest: Float64Array;
  }) {
    this.cap = parts.cap;
    this.scale = parts.scale;
    this.heldOut = parts.heldOut;
    this.#centre = parts.centre;
    this.#width = parts.width;
    this.#mix = parts.mix;
    this.#hidden = parts.hidden;
    this.#weights = parts.weights;
    this.#farthest = parts.farthest;
  }

  /** Learns in steps of some milliseconds, one per run, so that an event loop can breathe; undefined where no column ever moved. */
  static *learn(runs: readonly MachineRun[], columns: number, cap?: number): Generator<undefined, HealthIndex | undefined, undefined> {
    const scale = runScale(runs, columns);
    if (scale.used.length === 0) return undefined;
    const most = cap ?? 0.6 * scale.life;
    const features: Float64Array[] = [];
    for (const run of runs) {
      features.push(runFeatures(run, scale));
      yield;
    }
    const inputs = featuresPerColumn * scale.used.length + ageFeatures;
    const rows = features.reduce((sum, each) => sum + each.length / inputs, 0);
    const centre = new Float64Array(inputs);
    const width = new Float64Array(inputs);
    for (const each of features) {
      for (let begin = 0; begin < each.length; begin += inputs) for (let input = 0; input < inputs; input += 1) centre[input]! += each[begin + input]! / rows;
    }
    yield;
    for (const each of features) {
      for (let begin = 0; begin < each.length; begin += inputs) for (let input = 0; input < inputs; input += 1) width[input]! += (each[begin + input]! - centre[input]!) ** 2 / rows;
    }
    yield;
    for (let input = 0; input < inputs; input += 1) width[input] = Math.max(1e-6, Math.sqrt(width[input]!));
    const hidden = Math.max(fewestHidden, Math.min(mostHidden, Math.floor(rows / rowsPerHidden)));
    const mix = randomMix(inputs, hidden);
    yield;
    const size = 1 + inputs + hidden;
    const places = (size * (size + 1)) / 2;
    const folds = Math.min(runs.length, mostFolds);
    const squares = Array.from({ length: folds }, () => new Float64Array(places));
    const products = Array.from({ length: folds }, () => new Float64Array(size));
    const described = new Float64Array(size);
    const farthest = new Float64Array(scale.used.length);
    for (const each of features) {
      for (let at = 0; at < each.length; at += inputs) {
        for (let column = 0; column < farthest.length; column += 1) farthest[column] = Math.max(farthest[column]!, Math.abs(each[at + column]! - centre[column]!));
      }
    }
    for (let run = 0; run < runs.length; run += 1) {
      const each = features[run]!;
      const length = each.length / inputs;
      const square = squares[run % folds]!;
      const product = products[run % folds]!;
      for (let row = 0; row < length; row += 1) {
        describe(each, row * inputs, { centre, width, mix, hidden }, described);
        const left = Math.min(most, length - 1 - row);
        for (let one = 0, at = 0; one < size; one += 1) {
          const value = described[one]!;
          product[one]! += value * left;
          for (let other = 0; other <= one; other += 1, at += 1) square[at]! += value * described[other]!;
        }
        if (row % rowsAtOnce === rowsAtOnce - 1) yield;
      }
      yield;
    }
    const allSquares = total(squares);
    const allProducts = total(products);
    yield;
    const tried = penalties.map((penalty) => ({ penalty, error: 0, heldOut: features.map((each) => new Float64Array(each.length / inputs)), weights: new Float64Array(size) }));
    for (let fold = 0; fold < folds; fold += 1) {
      const square = less(allSquares, squares[fold]!);
      const right = less(allProducts, products[fold]!);
      yield;
      for (const { penalty, weights } of tried) {
        if (!solveRidge(square, 0, right, 0, size, penalty, weights, 0)) weights.fill(0);
        yield;
      }
      for (let run = fold; run < runs.length; run += folds) {
        const length = features[run]!.length / inputs;
        for (let row = 0; row < length; row += 1) {
          describe(features[run]!, row * inputs, { centre, width, mix, hidden }, described);
          const left = Math.min(most, length - 1 - row);
          for (const one of tried) {
            const answer = product(described, one.weights);
            one.heldOut[run]![row] = answer;
            one.error += (answer - left) ** 2;
          }
          if (row % rowsAtOnce === rowsAtOnce - 1) yield;
        }
        yield;
      }
    }
    const best = tried.reduce((one, other) => (other.error < one.error ? other : one));
    const { weights } = best;
    solveRidge(allSquares, 0, allProducts, 0, size, best.penalty, weights, 0);
    return new HealthIndex({ cap: most, scale, heldOut: best.heldOut, centre, width, mix, hidden, weights, farthest });
  }

  /** The index of each row of a run, in rows that are left, about 0 to `cap`; `strange`: how far a column is away at its end, 1 = as far as in any recorded run. */
  of(run: MachineRun): { index: Float64Array; strange: number } {
    const features = runFeatures(run, this.scale);
    const inputs = this.#centre.length;
    const index = new Float64Array(features.length / inputs);
    const described = new Float64Array(this.#weights.length);
    for (let row = 0; row < index.length; row += 1) {
      describe(features, row * inputs, { centre: this.#centre, width: this.#width, mix: this.#mix, hidden: this.#hidden }, described);
      index[row] = product(described, this.#weights);
    }
    let strange = 0;
    const last = features.length - inputs;
    this.#farthest.forEach((most, column) => {
      strange = Math.max(strange, Math.abs(features[last + column]! - this.#centre[column]!) / Math.max(1e-6, most));
    });
    return { index, strange };
  }
}

/** Writes 1, the features and the hidden units. */
function describe(
  features: Float64Array, from: number, { centre, width, mix, hidden }: { centre: Float64Array; width: Float64Array; mix: Float64Array; hidden: number }, into: Float64Array,
): void {
  const inputs = centre.length;
  into[0] = 1;
  for (let input = 0; input < inputs; input += 1) {
    const value = (features[from + input]! - centre[input]!) / width[input]!;
    into[1 + input] = Math.max(-mostInput, Math.min(mostInput, value));
  }
  for (let unit = 0, at = 0; unit < hidden; unit += 1) {
    let sum = mix[at++]!;
    for (let input = 1; input <= inputs; input += 1) sum += mix[at++]! * into[input]!;
    into[1 + inputs + unit] = Math.tanh(sum);
  }
}

/** Per hidden unit an offset and a weight for each input, normal; from the "minimal standard" generator (Park and Miller 1988), so the same everywhere. */
function randomMix(inputs: number, hidden: number): Float64Array {
  const mix = new Float64Array(hidden * (inputs + 1));
  let state = 20_261;
  const share = 1 / Math.sqrt(inputs);
  for (let at = 0; at < mix.length; at += 1) {
    state = (state * 48_271) % 2_147_483_647;
    mix[at] = normalQuantile(state / 2_147_483_647) * (at % (inputs + 1) === 0 ? 1 : share);
  }
  return mix;
}

function total(parts: readonly Float64Array[]): Float64Array {
  const sum = Float64Array.from(parts[0]!);
  for (const part of parts.slice(1)) for (let at = 0; at < sum.length; at += 1) sum[at]! += part[at]!;
  return sum;
}

function less(whole: Float64Array, part: Float64Array): Float64Array {
  const rest = new Float64Array(whole.length);
  for (let at = 0; at < rest.length; at += 1) rest[at] = whole[at]! - part[at]!;
  return rest;
}

function product(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += one[at]! * other[at]!;
  return sum;
}
