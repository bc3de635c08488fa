import { scaled } from '../simulation/distribution.ts';
import type { BlockModel, LineModel } from '../simulation/lineModel.ts';
import { RandomStream } from '../simulation/randomStream.ts';
import { replicationSeed } from '../simulation/replications.ts';
import { type RunResult, simulateLine } from '../simulation/simulateLine.ts';
import type { RecordedModel } from './recordedModel.ts';
import { changedLine, type LineChange } from './whatIf.ts';

/** Runs of a line as it is and as it would be. Plain data, so that it can be shared out among threads. */
export interface ScenarioOrder {
  model: LineModel;
  uncertain: RecordedModel['uncertain'];
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
export function scenarioRuns({ model, uncertain, changes, seed, first, count, warmUpS, runS, only }: ScenarioOrder): ScenarioRuns {
  const runs: ScenarioRuns = { today: [], after: [] };
  for (let run = first; run < first + count; run += 1) {
    const settings = { seed: replicationSeed(seed, run), warmUpS, runS };
    const drawn = drawnModel(model, uncertain, settings.seed);
    if (only !== 'after') runs.today.push(simulateLine(drawn, settings));
    if (only !== 'today') runs.after.push(simulateLine(changedLine(drawn, changes), settings));
  }
  return runs;
}

/** A line that the record would fit as well. */
function drawnModel(model: LineModel, uncertain: RecordedModel['uncertain'], seed: number): LineModel {
  const known = new Map(uncertain);
  return {
    ...model,
    blocks: model.blocks.map((block): BlockModel => {
      const own = block.kind === 'station' ? known.get(block.name) : undefined;
      if (block.kind !== 'station' || own === undefined) return block;
      const random = new RandomStream(seed, `fit of ${block.name}`);
      const factor = (spread: number): number => Math.exp(spread * Math.max(-3, Math.min(3, random.normal())));
      const [cycle, between, repair] = [factor(own.cycle), factor(own.between), factor(own.repair)];
      return {
        ...block, cycle: scaled(block.cycle, cycle),
        failures: (block.failures ?? []).map((failure) => (failure.name === undefined ? { ...failure, between: scaled(failure.between, between), repair: scaled(failure.repair, repair) } : failure)),
      };
    }),
  };
}
