import { RandomStream } from '../simulation/randomStream.ts';
import type { LineState } from './lineStates.ts';

export interface StationStretch {
  fromMs: number;
  toMs: number;
  state: LineState;
}

export interface Bottleneck {
  station: string;
  /** Share of the time in which this station limited the line, 0–1. */
  share: number;
  /** How often, 0–1, the same station comes out when pieces of the time are drawn anew (bootstrap; Efron 1979). */
  confidence: number;
  /** All stations, most limiting first. */
  shares: { station: string; share: number }[];
}

const pieces = 24;
/** Of so little difference nothing is concluded, as a share. */
const alike = 0.01;

/**
 * Which station limits the line: at each moment the one that has been active longest without waiting for parts or space (Roser, Nakano and
 * Tanaka 2001, A practical bottleneck detection method). A stop or a set-up is active, since others wait for it.
 * Stations that were active equally long share the time: where all always work, none limits alone, and the confidence is 0.
 * Choose it for what happened, rather than for what would happen if a station were faster (the what-if answers that).
 * @returns undefined when no station has been seen waiting or working in this time
 */
export function bottleneckOf(stations: ReadonlyMap<string, readonly StationStretch[]>, fromMs: number, toMs: number): Bottleneck | undefined {
  const active = new Map([...stations].map(([station, stretches]) => [station, activePeriods(stretches)]));
  const edges = new Set<number>([fromMs, toMs]);
  for (const periods of active.values()) for (const { fromMs: from, toMs: to } of periods) for (const edge of [from, to]) if (edge > fromMs && edge < toMs) edges.add(edge);
  const times = [...edges].sort((one, other) => one - other);
  const names = [...stations.keys()];
  const shares = Array.from({ length: pieces }, () => new Float64Array(names.length));
  let known = 0;
  const at = names.map(() => 0);
  for (let step = 1; step < times.length; step += 1) {
    const middle = (times[step - 1]! + times[step]!) / 2;
    let longest = 0;
    const lengths = new Float64Array(names.length);
    for (const [index, name] of names.entries()) {
      const periods = active.get(name)!;
      while (at[index]! < periods.length && periods[at[index]!]!.toMs <= middle) at[index]! += 1;
      const period = periods[at[index]!];
      if (period === undefined || period.fromMs > middle) continue;
      lengths[index] = period.toMs - period.fromMs;
      longest = Math.max(longest, lengths[index]!);
    }
    if (longest <= 0) continue;
    const limiting = names.flatMap((_, index) => (lengths[index]! >= (1 - alike) * longest ? [index] : []));
    // A stretch that reaches over pieces is shared out among them.
    for (let from = times[step - 1]!; from < times[step]!; ) {
      const piece = Math.min(pieces - 1, Math.floor((pieces * (from - fromMs)) / (toMs - fromMs)));
      const end = piece === pieces - 1 ? toMs : fromMs + ((piece + 1) * (toMs - fromMs)) / pieces;
      // An end that rounding puts at `from` must still be passed; a hundredth of a millisecond is the least that counts at such times.
      const to = Math.max(Math.min(times[step]!, end), from + 0.01);
      for (const index of limiting) shares[piece]![index]! += (to - from) / limiting.length;
      known += to - from;
      from = to;
    }
  }
  if (known === 0) return undefined;
  const total = names.map((_, index) => shares.reduce((sum, piece) => sum + piece[index]!, 0));
  const winner = indexOfLargest(total);
  const random = new RandomStream(1, 'bottleneck');
  const turns = 400;
  let same = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    const sum = new Float64Array(names.length);
    for (let piece = 0; piece < pieces; piece += 1) for (const [index, ms] of shares[random.below(pieces)]!.entries()) sum[index]! += ms;
    const rival = Math.max(0, ...sum.filter((_, index) => index !== winner));
    if (sum[winner]! > (1 + alike) * rival) same += 1;
  }
  return {
    station: names[winner]!, share: total[winner]! / known, confidence: same / turns,
    shares: names.map((station, index) => ({ station, share: total[index]! / known })).sort((one, other) => other.share - one.share),
  };
}

function indexOfLargest(numbers: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 1; index < numbers.length; index += 1) if (numbers[index]! > numbers[largest]!) largest = index;
  return largest;
}

function activePeriods(stretches: readonly StationStretch[]): { fromMs: number; toMs: number }[] {
  const periods: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs, state } of stretches) {
    if (state === 'starved' || state === 'blocked' || state === 'unknown' || state === 'planned stop' || toMs <= fromMs) continue;
    const last = periods[periods.length - 1];
    if (last !== undefined && last.toMs >= fromMs) last.toMs = Math.max(last.toMs, toMs);
    else periods.push({ fromMs, toMs });
  }
  return periods;
}
