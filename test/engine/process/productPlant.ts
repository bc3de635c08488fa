import type { LineState } from '../../../engine/process/lineStates.ts';
import type { LineRecord } from '../../../engine/process/recordedModel.ts';
import type { CounterReadings, StationRecord } from '../../../engine/process/stationRecord.ts';
import type { LineEvent } from '../../../engine/simulation/lineBlock.ts';
import type { LineModel } from '../../../engine/simulation/lineModel.ts';
import { simulateLine } from '../../../engine/simulation/simulateLine.ts';
import { exponential } from '../simulation/lineModels.ts';

export interface ProductPlant {
  /** Shares of a and b, and of c where there is one. */
  shares: readonly number[];
  partsPerChange: number;
  /** Seconds of b at the sealer; a and c need 4. */
  slowS?: number;
  setupS?: number;
  /** Shares of bad parts at the labeller, of b and of the others. */
  scrap?: { b: number; others: number };
}

export const productNames = ['a', 'b', 'c'];

/** Filler, sealer and labeller; the sealer limits, takes longer over b, and is set up at each change. */
export function productPlant({ shares, partsPerChange, slowS = 8, setupS = 300, scrap }: ProductPlant): LineModel {
  return {
    blocks: [
      { kind: 'source', name: 'source', to: 'filler', mix: shares.map((share, index) => ({ kind: productNames[index]!, share })), partsPerChange },
      { kind: 'station', name: 'filler', to: 'filler buffer', cycle: { kind: 'gamma', mean: 2.5, scv: 0.02 } },
      { kind: 'buffer', name: 'filler buffer', to: 'sealer', places: 10 },
      {
        kind: 'station', name: 'sealer', to: 'sealer buffer', cycle: { kind: 'gamma', mean: 4, scv: 0.02 }, cycleOf: { b: { kind: 'gamma', mean: slowS, scv: 0.02 } },
        setup: { kind: 'gamma', mean: setupS, scv: 0.05 }, failures: [{ between: exponential(3_000), repair: exponential(60) }],
      },
      { kind: 'buffer', name: 'sealer buffer', to: 'labeller', places: 10 },
      {
        kind: 'station', name: 'labeller', to: 'sink', cycle: { kind: 'gamma', mean: 2, scv: 0.02 },
        ...(scrap === undefined ? {} : { defects: scrap.others, defectsOf: { b: scrap.b }, finds: 1, mostReworks: 0 }),
      },
      { kind: 'sink', name: 'sink' },
    ],
  };
}

/** Parts per hour of that plant where nothing but the sealer limits: its work, its set-ups and its repairs follow each other. */
export function plantRate({ shares, partsPerChange, slowS = 8, setupS = 300 }: ProductPlant): number {
  const all = shares.reduce((sum, share) => sum + share, 0);
  const workS = shares.reduce((sum, share, index) => sum + (share / all) * (productNames[index] === 'b' ? slowS : 4), 0);
  return 3_600 / (workS * (1 + 60 / 3_000) + (shares.filter((share) => share > 0).length > 1 ? setupS / partsPerChange : 0));
}

/** What twins would have on record of it: counters, states, and the product at one station alone. */
export function plantRecord(model: LineModel, { seed, hours, toldAt = 'filler' }: { seed: number; hours: number; toldAt?: string }): LineRecord {
  const events: LineEvent[] = [];
  const toMs = 3_600_000 * hours;
  simulateLine(model, { seed, warmUpS: 0, runS: 3_600 * hours, record: (event) => void events.push(event) });
  const keys = ['filler', 'sealer', 'labeller'];
  const product: [times: number[], values: number[]] = [[], []];
  const stations = keys.map((key, index): StationRecord => {
    const times: number[] = [0];
    const bad: number[] = [0];
    const stretches: StationRecord['stretches'][number][] = [];
    let state = 'starved' as LineState;
    let sinceMs = 0;
    const becomes = (next: LineState, timeMs: number): void => {
      if (next !== state && timeMs > sinceMs) stretches.push({ station: key, fromMs: sinceMs, toMs: timeMs, state, reason: '' });
      if (next !== state) [state, sinceMs] = [next, timeMs];
    };
    for (const { timeS, block, event, kind } of events) {
      const timeMs = 1_000 * timeS;
      if (block === (index === 2 ? 'sink' : `${key} buffer`) && state === 'blocked') becomes('starved', timeMs);
      if (block !== key) continue;
      if (event === 'setup') becomes('setup', timeMs);
      if (event === 'start' || event === 'up') becomes('producing', timeMs);
      if (event === 'down') becomes('down', timeMs);
      if (event === 'scrap') bad.push(timeMs);
      if (event === 'finish') {
        times.push(timeMs);
        becomes('blocked', timeMs);
      }
      if (key !== toldAt || !(event === 'setup' || event === 'start')) continue;
      if (product[1].at(-1) === productNames.indexOf(kind)) continue;
      product[0].push(timeMs);
      product[1].push(productNames.indexOf(kind));
    }
    stretches.push({ station: key, fromMs: sinceMs, toMs, state, reason: '' });
    const counter = (at: readonly number[]): CounterReadings => ({ times: Float64Array.from(at), values: Float64Array.from(at.keys()) });
    return { key, before: index === 0 ? [] : [keys[index - 1]!], bad: bad.length > 1 ? [counter(bad)] : [], parts: counter(times), stretches };
  });
  return {
    fromMs: 0, toMs, stations, operators: 0, plannedHours: 24,
    products: { names: productNames, series: [{ station: toldAt, readings: { times: Float64Array.from(product[0]), values: Float64Array.from(product[1]) } }], runs: [] },
  };
}
