import { scaled } from '../simulation/distribution.ts';
import type { BlockModel, LineModel } from '../simulation/lineModel.ts';
import { RandomStream } from '../simulation/randomStream.ts';
import { replicationSeed } from '../simulation/replications.ts';
import { scaledCycles } from '../simulation/scaledCycles.ts';
import { type RunResult, simulateLine } from '../simulation/simulateLine.ts';
import type { RecordedModel } from './recordedModel.ts';
import { changedLine, type LineChange } from './whatIf.ts';

/** Runs of a line as it is and as it would be. Plain data, so that it can be shared out among threads. */
export interface ScenarioOrder {
  model: LineModel;
  uncertain: RecordedModel['uncertain'];
  /** Usual deviation of the logarithm of the parts between two changes of product; 0 without products. */
  uncertainChanges?: number;
  changes: readonly LineChange[];
  seed: number;
  /** First run and how many. */
  first: number;
  count: number;
  warmUpS: number;
  runS: number;
  /** What is run; both without it. One of them is known already where the same line was asked about before. */
  only?: 'today' | 'after';
}

export interface ScenarioRuns {
  today: RunResult[];
  after: RunResult[];
}

/**
 * Each run draws what the record leaves open (cycle, stops, repairs, within what is known of them; Barton, Nelson and Xie 2014 resample so) and
 * then goes through both lines with the same draw and the same luck. So the spread of the runs holds both kinds of not knowing, and the
 * difference is free of what both lines share.
 */
export function scenarioRuns({ model, uncertain, uncertainChanges = 0, changes, seed, first, count, warmUpS, runS, only }: ScenarioOrder): ScenarioRuns {
  const runs: ScenarioRuns = { today: [], after: [] };
  const begins = new RandomStream(seed, 'first product').uniform();
  for (let run = first; run < first + count; run += 1) {
    const settings = { seed: replicationSeed(seed, run), warmUpS, runS };
    // Runs of products may be longer than a run: beginnings spread evenly (by the golden ratio) hold each product as often as its share.
    const drawn = drawnModel(model, uncertain, uncertainChanges, settings.seed, (begins + run * goldenRatio) % 1);
    if (only !== 'after') runs.today.push(simulateLine(drawn, settings));
    if (only !== 'today') runs.after.push(simulateLine(changedLine(drawn, changes), settings));
  }
  return runs;
}

const goldenRatio = (Math.sqrt(5) - 1) / 2;

/** A line that the record would fit as well. @param beginsAt where in the order of the products */
function drawnModel(model: LineModel, uncertain: RecordedModel['uncertain'], uncertainChanges: number, seed: number, beginsAt: number): LineModel {
  const known = new Map(uncertain);
  return {
    ...model,
    blocks: model.blocks.map((block): BlockModel => {
      const random = new RandomStream(seed, `fit of ${block.name}`);
      const factorFrom = (stream: RandomStream, spread: number): number => Math.exp(spread * Math.max(-3, Math.min(3, stream.normal())));
      const factor = (spread: number): number => factorFrom(random, spread);
      if (block.kind === 'source' && block.partsPerChange !== undefined) return { ...block, beginsAt, partsPerChange: Math.max(1, block.partsPerChange * factor(uncertainChanges)) };
      const own = block.kind === 'station' ? known.get(block.name) : undefined;
      if (block.kind !== 'station' || own === undefined) return block;
      const [cycle, between, repair] = [factor(own.cycle), factor(own.between), factor(own.repair)];
      const spreads = new Map(Object.entries(own.cycleOf ?? {}));
      const ofKind = (kind: string): number => (kind === '' ? cycle : factorFrom(new RandomStream(seed, `fit of ${block.name}: ${kind}`), spreads.get(kind) ?? 0));
      const defectsOf = Object.fromEntries(Object.entries(block.defectsOf ?? {}).map(([kind, share]): [string, number] =>
        [kind, Math.min(1, share * factorFrom(new RandomStream(seed, `scrap of ${block.name}: ${kind}`), own.defectsOf?.[kind] ?? 0))]));
      return {
        ...block, ...scaledCycles(block, ofKind), ...(block.defectsOf === undefined ? {} : { defectsOf }), ...(block.setup === undefined ? {} : { setup: scaled(block.setup, factor(own.setup ?? 0)) }),
        failures: (block.failures ?? []).map((failure) => (failure.name === undefined ? { ...failure, between: scaled(failure.between, between), repair: scaled(failure.repair, repair) } : failure)),
      };
    }),
  };
}
