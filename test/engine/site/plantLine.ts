import type { LineEvent } from '../../../engine/simulation/lineBlock.ts';
import type { LineModel } from '../../../engine/simulation/lineModel.ts';
import { RandomStream } from '../../../engine/simulation/randomStream.ts';
import { simulateLine } from '../../../engine/simulation/simulateLine.ts';
import { exponential } from '../simulation/lineModels.ts';

/** What a station tells at a moment; every row names its mode and counters. */
export interface PlantRow {
  timeMs: number;
  values: Record<string, number | string>;
}

export interface PlantLine {
  keys: readonly string[];
  /** By station, ascending. */
  rows: Map<string, PlantRow[]>;
  model: LineModel;
  bad: number;
  parts: number;
  endMs: number;
}

export interface PlantStory {
  seed: number;
  startMs: number;
  hours: number;
  /** Nothing goes with the bad parts. */
  clean?: boolean;
  /** Share of parts that come out bad without a cause (0.004). */
  base?: number;
  /** Kinds of change that spoil the record, for bad input. */
  skewMs?: number;
  resetAt?: number;
  silent?: string;
}

/** Filler, sealer and, 40 s of belt later, a labeller; the sealer limits and stops now and then. */
export const packagingLine: LineModel = {
  blocks: [
    { kind: 'source', name: 'source', to: 'filler' },
    { kind: 'station', name: 'filler', to: 'table', cycle: { kind: 'gamma', mean: 3.4, scv: 0.02 }, failures: [{ between: exponential(2_400), repair: exponential(60) }] },
    { kind: 'buffer', name: 'table', to: 'sealer', places: 12 },
    { kind: 'station', name: 'sealer', to: 'belt', cycle: { kind: 'gamma', mean: 4, scv: 0.01 }, failures: [{ between: exponential(1_200), repair: { kind: 'gamma', mean: 70, scv: 0.5 } }] },
    { kind: 'conveyor', name: 'belt', to: 'labeller', transitS: 40, places: 30, accumulates: true },
    { kind: 'station', name: 'labeller', to: 'sink', cycle: { kind: 'gamma', mean: 3, scv: 0.02 } },
    { kind: 'sink', name: 'sink' },
  ],
};

/**
 * A day of the packaging line as its PLCs tell it: modes, counters, values every 5 s. In episodes the sealing jaw is 4–7 °C low; cartons that were
 * sealed then leak in one of three, which the labeller finds 40 s later. The filler's weight drifts at other times, harmlessly.
 */
export function plantLine({ seed, startMs, hours, clean = false, base = 0.004, skewMs = 0, resetAt, silent }: PlantStory): PlantLine {
  const random = new RandomStream(seed, 'plant');
  const endS = 3_600 * hours;
  const events: LineEvent[] = [];
  simulateLine(packagingLine, { seed, warmUpS: 0, runS: endS, record: (event) => void events.push(event) });
  const steps = Math.ceil(endS / 5) + 1;
  const jaw = new Float64Array(steps);
  const weight = new Float64Array(steps);
  const torque = new Float64Array(steps);
  const pressure = new Float64Array(steps);
  let low = 0;
  let heavy = 0;
  let depth = 0;
  const noise = { jaw: 0, weight: 0, torque: 0, pressure: 0 };
  for (let step = 0; step < steps; step += 1) {
    // An hour of a healthy line first.
    if (low <= 0 && step * 5 > 0.35 * endS && random.uniform() < 1 / 180) {
      low = 60 + random.below(120);
      depth = 4 + 3 * random.uniform();
    }
    if (heavy <= 0 && random.uniform() < 1 / 300) heavy = 60 + random.below(60);
    low -= 1;
    heavy -= 1;
    for (const name of ['jaw', 'weight', 'torque', 'pressure'] as const) noise[name] = 0.8 * noise[name] + 0.6 * random.normal();
    jaw[step] = 180 + 0.7 * noise.jaw - (low > 0 ? depth : 0);
    weight[step] = 500 + 1.5 * noise.weight + (heavy > 0 ? 6 : 0);
    torque[step] = 12 + 0.4 * noise.torque;
    pressure[step] = 5 + 0.05 * noise.pressure;
  }
  const keys = ['filler', 'sealer', 'labeller'];
  const rows = new Map<string, PlantRow[]>(keys.map((key) => [key, []]));
  const mode = new Map(keys.map((key) => [key, 'Starved']));
  const parts = new Map(keys.map((key) => [key, 0]));
  const before = new Map([['table', 'filler'], ['belt', 'sealer'], ['sink', 'labeller']]);
  const sealedS = new Map<number, number>();
  let bad = 0;
  let made = 0;
  const told = (key: string, timeS: number): void => {
    if (key === silent && timeS > 1_800) return;
    const list = rows.get(key)!;
    const step = Math.floor(timeS / 5);
    const values: PlantRow['values'] = { mode: mode.get(key)!, cycles: parts.get(key)! };
    if (key === 'filler') values['weight'] = weight[step]!;
    if (key === 'sealer') Object.assign(values, { jaw: jaw[step]!, pressure: pressure[step]!, power: mode.get(key) === 'Execute' ? 6 : 1.5, setTemperature: 180 });
    if (key === 'labeller') Object.assign(values, { torque: torque[step]!, rejects: bad });
    const timeMs = Math.round(startMs + 1_000 * timeS + (key === 'sealer' ? skewMs : 0));
    const last = list[list.length - 1];
    if (last !== undefined && last.timeMs === timeMs) last.values = values;
    else list.push({ timeMs, values });
  };
  let step = 0;
  for (const { timeS, block, event, part } of events) {
    while (step * 5 <= timeS) {
      for (const key of keys) told(key, step * 5);
      step += 1;
    }
    // A station has given its part on when the next place has it.
    const left = before.get(block);
    if (left !== undefined) {
      if (mode.get(left) !== 'Blocked') continue;
      mode.set(left, 'Starved');
      told(left, timeS);
      continue;
    }
    if (!keys.includes(block)) continue;
    if (event === 'start' || event === 'up') mode.set(block, 'Execute');
    else if (event === 'down') mode.set(block, 'Aborted');
    else if (event === 'finish') {
      mode.set(block, 'Blocked');
      if (block === 'sealer') sealedS.set(part, timeS);
      const now = parts.get(block)! + 1;
      parts.set(block, resetAt !== undefined && block === 'labeller' && made === resetAt ? 0 : now);
      if (block === 'labeller') {
        made += 1;
        const temperature = jaw[Math.floor(sealedS.get(part)! / 5)]!;
        if (random.uniform() < (!clean && temperature < 177 ? 0.35 : base)) bad += 1;
      }
    } else continue;
    told(block, timeS);
  }
  return { keys, rows, model: packagingLine, bad, parts: made, endMs: startMs + 1_000 * endS };
}
