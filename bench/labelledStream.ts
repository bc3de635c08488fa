/**
 * The labelled stream on which detectors are compared: one signal around 50 with 27 events of five kinds, the truth known.
 *
 * Fixed before anything was tuned on it: the generator, `tuningSeeds` (may be looked at while working on a detector) and
 * `reportingSeeds` (only the printed table uses them).
 */
export const streamLength = 20_000;
/** No event before this sample, so that a detector can learn. */
export const quietSamples = 1_000;
/** Time between two samples. */
export const sampleIntervalMs = 1_000;
export const tuningSeeds: readonly number[] = Array.from({ length: 10 }, (_, index) => index + 1);
export const reportingSeeds: readonly number[] = Array.from({ length: 20 }, (_, index) => 7_001 + index);

export type StreamShape = 'flat' | 'sine';
export type StreamEventKind = 'spike' | 'shift' | 'drift' | 'stuck' | 'noise';

export interface StreamEvent {
  kind: StreamEventKind;
  /** First sample of the event. */
  start: number;
  /** First sample after it. */
  end: number;
}

export interface LabelledStream {
  values: Float64Array;
  events: StreamEvent[];
}

const kinds: readonly { kind: StreamEventKind; count: number; length: number }[] = [
  { kind: 'spike', count: 6, length: 1 },
  { kind: 'shift', count: 6, length: 100 },
  { kind: 'drift', count: 5, length: 400 },
  { kind: 'stuck', count: 5, length: 150 },
  { kind: 'noise', count: 5, length: 120 },
];

/** Uniform numbers in [0, 1) from a 32-bit seed (mulberry32, Tommy Ettinger 2017, public domain; written anew). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Standard normal numbers (Box and Muller, 1958). */
export function seededNormal(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * 20,000 samples around 50 with noise of standard deviation 0.3; 'sine' adds a sine of amplitude 2 and a period of 200
 * samples. Events, one in each of 27 equal slots in random order, at least 20 samples after the slot's begin and 60 before
 * its end: 6 spikes (±5, one sample), 6 shifts (+4 for 100 samples), 5 drifts (rising to +6 over 400 samples, then back at
 * once), 5 stuck (150 samples bit-equal to the last one before), 5 noise bursts (120 samples of four times the noise).
 */
export function labelledStream(seed: number, shape: StreamShape): LabelledStream {
  const random = seededRandom(seed);
  const normal = seededNormal(random);
  const order = kinds.flatMap(({ kind, count, length }) => Array.from({ length: count }, () => ({ kind, length })));
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  const slot = (streamLength - quietSamples) / order.length;
  const events = order.map(({ kind, length }, index) => {
    const start = Math.floor(quietSamples + index * slot + 20 + random() * (slot - length - 80));
    return { kind, start, end: start + length };
  });
  const values = new Float64Array(streamLength);
  const phase = random() * 2 * Math.PI;
  let next = 0;
  for (let index = 0; index < streamLength; index += 1) {
    const event = events[next];
    const inside = event !== undefined && index >= event.start;
    const noise = 0.3 * normal();
    let value = 50 + (shape === 'sine' ? 2 * Math.sin((2 * Math.PI * index) / 200 + phase) : 0);
    value += inside && event.kind === 'noise' ? 4 * noise : noise;
    if (inside) {
      if (event.kind === 'spike') value += random() < 0.5 ? -5 : 5;
      if (event.kind === 'shift') value += 4;
      if (event.kind === 'drift') value += (6 * (index - event.start + 1)) / (event.end - event.start);
      if (event.kind === 'stuck') value = values[event.start - 1]!;
      if (index === event.end - 1) next += 1;
    }
    values[index] = value;
  }
  return { values, events };
}

/** Alarms within this many samples after an event belong to it; neither found nor false. */
export const graceSamples = 20;

export interface StreamResult {
  /** Events with at least one alarmed sample inside; a spike may be told up to 2 samples late. */
  found: Record<StreamEventKind, number>;
  total: number;
  /** Samples that are in no event and not within the grace after one. */
  normalSamples: number;
  falseSamples: number;
  /** The same with a grace of 0. */
  strictFalseShare: number;
  /** falseSamples / normalSamples. */
  falseShare: number;
  /** Runs of false samples. */
  falseEpisodes: number;
}

/** Compares alarms (1 = alarmed), one per sample, with the truth. Every sample counts, the first included. */
export function judgeStream(stream: LabelledStream, alarms: Uint8Array): StreamResult {
  const found: Record<StreamEventKind, number> = { spike: 0, shift: 0, drift: 0, stuck: 0, noise: 0 };
  const covered = new Uint8Array(streamLength);
  let total = 0;
  for (const { kind, start, end } of stream.events) {
    const until = kind === 'spike' ? end + 2 : end;
    let seen = false;
    for (let index = start; index < until; index += 1) seen ||= alarms[index] === 1;
    if (seen) {
      found[kind] += 1;
      total += 1;
    }
    covered.fill(1, start, end);
    for (let index = end; index < Math.min(end + graceSamples, streamLength); index += 1) covered[index] ||= 2;
  }
  let normalSamples = 0;
  let falseSamples = 0;
  let strictNormal = 0;
  let strictFalse = 0;
  let falseEpisodes = 0;
  let before = false;
  for (let index = 0; index < streamLength; index += 1) {
    const alarmed = alarms[index] === 1;
    if (covered[index] !== 1) {
      strictNormal += 1;
      if (alarmed) strictFalse += 1;
    }
    if (covered[index] === 0) {
      normalSamples += 1;
      if (alarmed) {
        falseSamples += 1;
        if (!before) falseEpisodes += 1;
      }
    }
    before = alarmed;
  }
  return {
    found, total, normalSamples, falseSamples, falseEpisodes,
    strictFalseShare: strictFalse / strictNormal,
    falseShare: falseSamples / normalSamples,
  };
}
