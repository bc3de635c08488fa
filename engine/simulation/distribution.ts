import { Problem } from '../problem.ts';
import type { RandomStream } from './randomStream.ts';

/**
 * How long something takes, or how many cycles until it happens. Numbers are seconds (cycles for `geometric`, and wherever failures
 * count cycles) and above 0. `scv`: variance ÷ mean².
 */
export type Distribution =
  | { kind: 'constant'; value: number }
  | { kind: 'exponential'; mean: number }
  | { kind: 'gamma'; mean: number; scv: number }
  | { kind: 'lognormal'; mean: number; scv: number }
  | { kind: 'weibull'; scale: number; shape: number }
  | { kind: 'uniform'; low: number; high: number }
  | { kind: 'triangular'; low: number; mode: number; high: number }
  /** Trials until the first success, 1 or more, each `unit` (1) long. */
  | { kind: 'geometric'; probability: number; unit?: number }
  /** What was observed, ascending; drawn with linear interpolation (Law, 6.2.4). */
  | { kind: 'empirical'; values: readonly number[] };

/** Gives numbers of a distribution from a stream. */
export function samplerOf(distribution: Distribution, stream: RandomStream): () => number {
  switch (distribution.kind) {
    case 'constant': {
      const { value } = distribution;
      return () => value;
    }
    case 'exponential': {
      const { mean } = distribution;
      return () => mean * stream.exponential();
    }
    case 'gamma': {
      const shape = 1 / distribution.scv;
      const scale = distribution.mean * distribution.scv;
      const whole = Math.round(shape);
      // A sum of exponentials (Erlang) is exact and takes a fixed number of draws; one logarithm of their product does for all.
      if (whole <= 8 && Math.abs(shape - whole) < 1e-9) {
        return () => {
          let product = 1;
          for (let index = 0; index < whole; index += 1) product *= stream.uniform();
          return -Math.log(product) * scale;
        };
      }
      return () => scale * standardGamma(shape, stream);
    }
    case 'lognormal': {
      const variance = Math.log(1 + distribution.scv);
      const location = Math.log(distribution.mean) - variance / 2;
      const spread = Math.sqrt(variance);
      return () => Math.exp(location + spread * stream.normal());
    }
    case 'weibull': {
      const { scale, shape } = distribution;
      return () => scale * stream.exponential() ** (1 / shape);
    }
    case 'uniform': {
      const { low, high } = distribution;
      return () => low + (high - low) * stream.uniform();
    }
    case 'triangular': {
      const { low, mode, high } = distribution;
      const share = (mode - low) / (high - low);
      return () => {
        const u = stream.uniform();
        return u < share ? low + Math.sqrt(u * (high - low) * (mode - low)) : high - Math.sqrt((1 - u) * (high - low) * (high - mode));
      };
    }
    case 'geometric': {
      const { probability, unit = 1 } = distribution;
      if (probability === 1) return () => unit;
      const log = Math.log1p(-probability);
      return () => unit * (1 + Math.floor(Math.log(stream.uniform()) / log));
    }
    case 'empirical': {
      const { values } = distribution;
      const last = values.length - 1;
      return () => {
        const place = stream.uniform() * last;
        const below = Math.floor(place);
        const low = values[below]!;
        return below === last ? low : low + (values[below + 1]! - low) * (place - below);
      };
    }
  }
}

/** Marsaglia and Tsang (2000), A simple method for generating gamma variables; below shape 1 their boost. */
function standardGamma(shape: number, stream: RandomStream): number {
  if (shape < 1) return standardGamma(shape + 1, stream) * stream.uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = stream.normal();
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(stream.uniform()) < 0.5 * normal * normal + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** The same distribution with every number `factor` times as large. */
export function scaled(distribution: Distribution, factor: number): Distribution {
  switch (distribution.kind) {
    case 'constant':
      return { kind: 'constant', value: distribution.value * factor };
    case 'exponential':
      return { kind: 'exponential', mean: distribution.mean * factor };
    case 'gamma':
    case 'lognormal':
      return { ...distribution, mean: distribution.mean * factor };
    case 'weibull':
      return { ...distribution, scale: distribution.scale * factor };
    case 'uniform':
      return { kind: 'uniform', low: distribution.low * factor, high: distribution.high * factor };
    case 'triangular':
      return { kind: 'triangular', low: distribution.low * factor, mode: distribution.mode * factor, high: distribution.high * factor };
    case 'geometric':
      return { ...distribution, unit: (distribution.unit ?? 1) * factor };
    case 'empirical':
      return { kind: 'empirical', values: distribution.values.map((value) => value * factor) };
  }
}

export function meanOf(distribution: Distribution): number {
  switch (distribution.kind) {
    case 'constant':
      return distribution.value;
    case 'exponential':
    case 'gamma':
    case 'lognormal':
      return distribution.mean;
    case 'weibull':
      return distribution.scale * gammaFunction(1 + 1 / distribution.shape);
    case 'uniform':
      return (distribution.low + distribution.high) / 2;
    case 'triangular':
      return (distribution.low + distribution.mode + distribution.high) / 3;
    case 'geometric':
      return (distribution.unit ?? 1) / distribution.probability;
    case 'empirical': {
      const { values } = distribution;
      if (values.length === 1) return values[0]!;
      let sum = 0;
      for (let index = 1; index < values.length; index += 1) sum += (values[index]! + values[index - 1]!) / 2;
      return sum / (values.length - 1);
    }
  }
}

/** Lanczos (1964), g 7, 9 terms: 15 digits for arguments above 0.5. */
export function gammaFunction(x: number): number {
  const terms = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
    9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const at = x - 1;
  let sum = terms[0]!;
  for (let index = 1; index < terms.length; index += 1) sum += terms[index]! / (at + index);
  const t = at + 7.5;
  return Math.sqrt(2 * Math.PI) * t ** (at + 0.5) * Math.exp(-t) * sum;
}

/** @throws Problem TWIN_SIMULATION_TIME when a number cannot be a duration */
export function checkDistribution(distribution: Distribution, where: string): void {
  const above = (...numbers: number[]): boolean => numbers.every((number) => Number.isFinite(number) && number > 0);
  const fits = ((): boolean => {
    switch (distribution.kind) {
      case 'constant':
        return above(distribution.value);
      case 'exponential':
        return above(distribution.mean);
      case 'gamma':
      case 'lognormal':
        return above(distribution.mean, distribution.scv);
      case 'weibull':
        return above(distribution.scale, distribution.shape);
      case 'uniform':
        return distribution.low >= 0 && above(distribution.high) && distribution.high > distribution.low;
      case 'triangular':
        return distribution.low >= 0 && above(distribution.high) && distribution.high > distribution.low &&
          distribution.mode >= distribution.low && distribution.mode <= distribution.high;
      case 'geometric':
        return above(distribution.probability, distribution.unit ?? 1) && distribution.probability <= 1;
      case 'empirical':
        return distribution.values.length > 0 && above(...distribution.values.slice(-1)) &&
          distribution.values.every((value, index, values) => value >= 0 && value >= (values[index - 1] ?? 0));
      default:
        return false;
    }
  })();
  if (!fits) {
    throw new Problem('TWIN_SIMULATION_TIME', `The time of "${where}" is no usable duration.`, 'Give it numbers above 0.', { where });
  }
}
