import { createBaseline } from '../engine/baselines/index.ts';
import { createJudge } from '../engine/detectors/judge.ts';
import { newExpectation } from '../engine/signalRow.ts';
import { labelledStream, sampleIntervalMs, streamLength } from './labelledStream.ts';
import type { LabelledStream, StreamResult, StreamShape } from './labelledStream.ts';
import { judgeStream, reportingSeeds, tuningSeeds } from './labelledStream.ts';

/** One alarm flag per sample. */
export type StreamDetector = (values: Float64Array) => Uint8Array;

/** The default chain: baseline and judge, no setting. */
export function twinwire(values: Float64Array): Uint8Array {
  const columns = [{ name: 'value', kind: 'measured' as const }];
  const baseline = createBaseline(columns, {});
  const judge = createJudge(columns, {});
  const expectation = newExpectation(1);
  const row = { timeMs: 0, mode: '', values: new Float64Array(1), fresh: new Uint8Array([1]) };
  const alarms = new Uint8Array(values.length);
  for (let index = 0; index < values.length; index += 1) {
    row.timeMs = 1_700_000_000_000 + index * sampleIntervalMs;
    row.values[0] = values[index]!;
    baseline.expect(row, expectation);
    const verdict = judge.judge(row, expectation);
    judge.learn(row, expectation, verdict);
    if (verdict.verdict === 'anomaly') {
      alarms[index] = 1;
      baseline.pass(row);
    } else baseline.learn(row);
  }
  return alarms;
}

/** Mean ± spreadCount standard deviations of the last `window` samples. */
function rollingSigma(window: number, width: number): StreamDetector {
  return (values) => {
    const alarms = new Uint8Array(values.length);
    for (let index = window; index < values.length; index += 1) {
      let sum = 0;
      let squares = 0;
      for (let before = index - window; before < index; before += 1) {
        sum += values[before]!;
        squares += values[before]! ** 2;
      }
      const mean = sum / window;
      const spread = Math.sqrt(Math.max(0, squares / window - mean * mean));
      if (Math.abs(values[index]! - mean) > width * spread) alarms[index] = 1;
    }
    return alarms;
  };
}

/** EWMA control chart with mean and spread of the first 500 samples. */
function ewmaChart(share: number, width: number): StreamDetector {
  return (values) => {
    const train = values.subarray(0, 500);
    const mean = train.reduce((a, b) => a + b, 0) / train.length;
    const spread = Math.sqrt(train.reduce((a, b) => a + (b - mean) ** 2, 0) / train.length);
    const alarms = new Uint8Array(values.length);
    let average = mean;
    for (let index = 0; index < values.length; index += 1) {
      average += share * (values[index]! - average);
      if (index >= 500 && Math.abs(average - mean) > width * spread * Math.sqrt(share / (2 - share))) alarms[index] = 1;
    }
    return alarms;
  };
}

/** Tukey's fences over the last `window` samples. */
function quartileFences(window: number, factor: number): StreamDetector {
  return (values) => {
    const alarms = new Uint8Array(values.length);
    for (let index = window; index < values.length; index += 1) {
      const sorted = values.slice(index - window, index).sort();
      const low = sorted[Math.floor(window / 4)]!;
      const high = sorted[Math.floor((3 * window) / 4)]!;
      const reach = factor * (high - low);
      if (values[index]! > high + reach || values[index]! < low - reach) alarms[index] = 1;
    }
    return alarms;
  };
}

/** Mean and spread of the first 500 samples, held. */
function fixedLimits(width: number): StreamDetector {
  return (values) => {
    const train = values.subarray(0, 500);
    const mean = train.reduce((a, b) => a + b, 0) / train.length;
    const spread = Math.sqrt(train.reduce((a, b) => a + (b - mean) ** 2, 0) / train.length);
    return Uint8Array.from(values, (value, index) => (index >= 500 && Math.abs(value - mean) > width * spread ? 1 : 0));
  };
}

export const streamDetectors: readonly { name: string; detect: StreamDetector }[] = [
  { name: 'twinwire, defaults', detect: twinwire },
  { name: 'rolling 3 sigma, 100', detect: rollingSigma(100, 3) },
  { name: 'rolling 4 sigma, 500', detect: rollingSigma(500, 4) },
  { name: 'EWMA chart 0.2, 3 sigma', detect: ewmaChart(0.2, 3) },
  { name: 'quartile fences 1.5, 200', detect: quartileFences(200, 1.5) },
  { name: 'fixed limits, 4 sigma', detect: fixedLimits(4) },
];

export interface StreamSummary {
  name: string;
  shape: StreamShape;
  meanFound: number;
  leastFound: number;
  /** Mean found per kind. */
  perKind: Record<string, number>;
  meanFalseShare: number;
  mostFalseShare: number;
  strictFalseShare: number;
  falseEpisodes: number;
}

/** Runs one detector over all seeds of one shape. */
export function summarise(name: string, detect: StreamDetector, shape: StreamShape, seeds: readonly number[]): StreamSummary {
  const results: StreamResult[] = seeds.map((seed) => {
    const stream: LabelledStream = labelledStream(seed, shape);
    return judgeStream(stream, detect(stream.values));
  });
  const mean = (pick: (result: StreamResult) => number): number => results.reduce((sum, result) => sum + pick(result), 0) / results.length;
  return {
    name, shape,
    meanFound: mean(({ total }) => total),
    leastFound: Math.min(...results.map(({ total }) => total)),
    perKind: {
      spike: mean(({ found }) => found.spike), shift: mean(({ found }) => found.shift), drift: mean(({ found }) => found.drift),
      stuck: mean(({ found }) => found.stuck), noise: mean(({ found }) => found.noise),
    },
    meanFalseShare: mean(({ falseShare }) => falseShare),
    mostFalseShare: Math.max(...results.map(({ falseShare }) => falseShare)),
    strictFalseShare: mean(({ strictFalseShare }) => strictFalseShare),
    falseEpisodes: mean(({ falseEpisodes }) => falseEpisodes),
  };
}

/** Prints the table of detection quality on the labelled stream, on seeds that were never tuned on unless others are given. */
export async function detectionStream(print: (line: string) => void, seeds: readonly number[] = reportingSeeds): Promise<StreamSummary[]> {
  print(`Labelled stream: ${streamLength} samples, 27 events, ${seeds.length} seeds; found = at least one alarmed sample inside the event`);
  print('(a spike: up to 2 samples late); false = alarmed samples outside events and the 20 samples after each, as a share of those samples;');
  print('strict = the same without the 20 samples of grace.');
  print('');
  print('| detector | stream | found mean (least) of 27 | spike /6 | shift /6 | drift /5 | stuck /5 | noise /5 | false % mean (most) | strict % | false runs |');
  print('|---|---|---|---|---|---|---|---|---|---|---|');
  const summaries: StreamSummary[] = [];
  for (const shape of ['flat', 'sine'] as const) {
    for (const { name, detect } of streamDetectors) {
      const summary = summarise(name, detect, shape, seeds);
      summaries.push(summary);
      const { perKind } = summary;
      print([
        '', name, shape, `${summary.meanFound.toFixed(2)} (${summary.leastFound})`,
        ...['spike', 'shift', 'drift', 'stuck', 'noise'].map((kind) => perKind[kind]!.toFixed(2)),
        `${(100 * summary.meanFalseShare).toFixed(3)} (${(100 * summary.mostFalseShare).toFixed(3)})`,
        (100 * summary.strictFalseShare).toFixed(3), summary.falseEpisodes.toFixed(1), '',
      ].join(' | ').trim());
    }
  }
  return summaries;
}

if (import.meta.main) {
  await detectionStream((line) => console.log(line), process.argv.includes('--tuning') ? tuningSeeds : reportingSeeds);
}
