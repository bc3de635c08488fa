import { Problem } from '../problem.ts';
import { scaled } from '../simulation/distribution.ts';
import type { BlockModel, FailureModel, LineModel, StationModel } from '../simulation/lineModel.ts';
import type { ReplicationOrder } from '../simulation/replications.ts';
import type { RunResult } from '../simulation/simulateLine.ts';
import { meanInterval } from '../statistics/meanInterval.ts';

/** One change of a line. Shares: 0.05 is +5 %. */
export type LineChange =
  | { kind: 'speed'; station?: string; share: number }
  | { kind: 'repair'; station?: string; share: number }
  | { kind: 'failures'; station?: string; share: number }
  | { kind: 'places'; buffer: string; more: number }
  | { kind: 'crew'; crew: string; more: number }
  | { kind: 'hours'; shift: string; more: number }
  /** Shares of all kinds, 0–1, as `Object.fromEntries` makes it; 0: it does not come any more. */
  | { kind: 'mix'; source: string; shares: Readonly<Record<string, number>> };

/** Within what was seen, not far beyond, or never seen: how far an answer can be trusted. */
export type Trust = 'inside experience' | 'at the edge' | 'never seen';

/** How far each thing has varied in the record: the shares of today's value that were really run, such as speed 0.95–1.05. */
export type Experience = ReadonlyMap<string, { low: number; high: number }>;

export interface WhatIfFigure {
  name: 'throughput' | 'work in process' | 'time in line' | 'oee' | 'energy' | 'scrap';
  unit: 'parts/h' | 'parts' | 's' | '' | 'kWh/part';
  today: number;
  after: number;
  /** Difference to today on common random numbers, with 95 % interval. */
  change: number;
  low: number;
  high: number;
}

export interface WhatIfAnswer {
  figures: WhatIfFigure[];
  trust: Trust;
  /** What limits the line today and then: the station that others wait for most. */
  limitToday: string;
  limitThen: string;
  /** The change gains almost nothing: under 1 % more parts, or nothing that chance would not give. */
  gainsAlmostNothing: boolean;
}

/** kW of a station in each state; what is not told counts nothing. */
export type StationPower = ReadonlyMap<string, { producingKw: number; waitingKw: number; downKw: number }>;

/** The line as it would be. Names are kept, so that both lines meet the same luck. @throws Problem TWIN_WHAT_IF_CHANGE */
export function changedLine(model: LineModel, changes: readonly LineChange[]): LineModel {
  let changed = model;
  for (const change of changes) changed = changedOnce(changed, change);
  return changed;
}

function changedOnce(model: LineModel, change: LineChange): LineModel {
  let met = false;
  const eachStation = (station: string | undefined, edit: (one: StationModel) => StationModel): LineModel => ({
    ...model,
    blocks: model.blocks.map((block): BlockModel => {
      if (block.kind !== 'station' || (station !== undefined && block.name !== station)) return block;
      met = true;
      return edit(block);
    }),
  });
  const failing = (factor: 'between' | 'repair', by: number) => (one: StationModel): StationModel => ({
    ...one, failures: one.failures?.map((failure): FailureModel => ({ ...failure, [factor]: scaled(failure[factor], by) })),
  });
  const fits = (number: number, least: number, most: number): void => {
    if (!(number >= least && number <= most)) throw impossible(change, `${number} is not between ${least} and ${most}`);
  };
  let result: LineModel;
  switch (change.kind) {
    case 'speed':
      fits(change.share, -0.9, 9);
      result = eachStation(change.station, (one) => ({ ...one, speed: (one.speed ?? 1) * (1 + change.share) }));
      break;
    case 'repair':
      fits(change.share, -0.9, 9);
      result = eachStation(change.station, failing('repair', 1 / (1 + change.share)));
      break;
    case 'failures':
      fits(change.share, -0.9, 9);
      result = eachStation(change.station, failing('between', 1 / (1 + change.share)));
      break;
    case 'places':
      result = {
        ...model,
        blocks: model.blocks.map((block): BlockModel => {
          if (block.kind !== 'buffer' || block.name !== change.buffer) return block;
          met = true;
          fits((block.places ?? Infinity) + change.more, 0, Infinity);
          return { ...block, places: (block.places ?? Infinity) + change.more };
        }),
      };
      break;
    case 'crew':
      result = {
        ...model,
        crews: model.crews?.map((crew) => {
          if (crew.name !== change.crew) return crew;
          met = true;
          fits(crew.count + change.more, 1, 1_000);
          return { ...crew, count: crew.count + change.more };
        }),
      };
      break;
    case 'hours':
      result = {
        ...model,
        shifts: model.shifts?.map((shift) => {
          if (shift.name !== change.shift) return shift;
          met = true;
          return { ...shift, work: longerWork(shift.work, change.more * 3_600, shift.cycleS) };
        }),
      };
      break;
    case 'mix':
      result = {
        ...model,
        blocks: model.blocks.map((block): BlockModel => {
          if (block.kind !== 'source' || block.name !== change.source || block.mix === undefined) return block;
          met = true;
          return { ...block, mix: block.mix.map((one) => ({ ...one, share: Object.hasOwn(change.shares, one.kind) ? change.shares[one.kind]! : one.share })) };
        }),
      };
  }
  if (!met) throw impossible(change, 'the line has nothing of this name');
  return result;
}

function impossible(change: LineChange, what: string): Problem {
  return new Problem('TWIN_WHAT_IF_CHANGE', `The change "${change.kind}" cannot be tried: ${what}.`, 'Correct it; nothing was simulated.', { kind: change.kind, what });
}

/** Adds working time behind the last stretch of a cycle, up to its end. */
function longerWork(work: readonly (readonly [number, number])[], moreS: number, cycleS: number): [number, number][] {
  const stretches = work.map(([fromS, toS]): [number, number] => [fromS, toS]);
  const last = stretches[stretches.length - 1];
  if (last !== undefined) last[1] = Math.min(cycleS, Math.max(last[0] + 1, last[1] + moreS));
  return stretches;
}

/** The two orders that answer a scenario: today and then, on the same luck. */
export function whatIfOrders(model: LineModel, changes: readonly LineChange[], order: Omit<ReplicationOrder, 'model'>): { today: ReplicationOrder; after: ReplicationOrder } {
  return { today: { ...order, model }, after: { ...order, model: changedLine(model, changes) } };
}

/** What the runs of both orders say. Both in the order of the replications. */
export function whatIfAnswer(
  today: readonly RunResult[], after: readonly RunResult[], changes: readonly LineChange[], experience: Experience, power: StationPower = new Map(),
): WhatIfAnswer {
  const limits = [limitOf(today), limitOf(after)] as const;
  const figures = measuresOf(power).map(([name, unit, of]): WhatIfFigure => {
    const before = today.map(of);
    const changed = after.map(of);
    const difference = meanInterval(changed.map((value, run) => value - before[run]!));
    return { name, unit, today: meanInterval(before).mean, after: meanInterval(changed).mean, change: difference.mean, low: difference.low, high: difference.high };
  });
  const [throughput] = figures;
  return {
    figures, trust: trustOf(changes, experience), limitToday: limits[0], limitThen: limits[1],
    gainsAlmostNothing: Math.abs(throughput!.change) < 0.01 * throughput!.today || (throughput!.low <= 0 && throughput!.high >= 0),
  };
}

/** Figures of a run: throughput first. */
export function measuresOf(power: StationPower): [name: WhatIfFigure['name'], unit: WhatIfFigure['unit'], of: (run: RunResult) => number][] {
  const measures: ReturnType<typeof measuresOf> = [
    ['throughput', 'parts/h', ({ good, bad, seconds }) => (3_600 * (good + bad)) / seconds],
    ['work in process', 'parts', ({ line }) => line.mean],
    ['time in line', 's', ({ line }) => line.meanStayS],
    ['oee', '', oeeOfRun],
    ['scrap', '', ({ good, bad, scrapped }) => (bad + scrapped) / Math.max(1, good + bad + scrapped)],
  ];
  if (power.size > 0) measures.push(['energy', 'kWh/part', (run) => energyOf(run, power)]);
  return measures;
}

/**
 * Availability × effectiveness × quality of the station that limits, as far as a simulation knows them: the share of planned time at work or
 * waiting, times the share of that at work, times good parts.
 */
function oeeOfRun(run: RunResult): number {
  const stations = run.blocks.filter(({ states }) => states !== undefined);
  const limit = stations.reduce((one, other) => (other.states!.producing > one.states!.producing ? other : one));
  const planned = 1 - limit.states!['planned stop'];
  return planned <= 0 ? NaN : (limit.states!.producing / planned) * (run.good / Math.max(1, run.good + run.bad + run.scrapped));
}

function energyOf(run: RunResult, power: StationPower): number {
  let kwh = 0;
  for (const { name, states } of run.blocks) {
    const one = power.get(name);
    if (one === undefined || states === undefined) continue;
    const kw = states.producing * one.producingKw + (states.starved + states.blocked + states.setup) * one.waitingKw + states.down * one.downKw;
    kwh += (kw * run.seconds) / 3_600;
  }
  return kwh / Math.max(1, run.good);
}

/** The station that is busy or stopped most of its planned time, over all runs. */
function limitOf(runs: readonly RunResult[]): string {
  const busy = new Map<string, number>();
  for (const run of runs) {
    for (const { name, states } of run.blocks) {
      if (states === undefined) continue;
      const planned = Math.max(1e-9, 1 - states['planned stop']);
      busy.set(name, (busy.get(name) ?? 0) + (states.producing + states.down + states.setup) / planned);
    }
  }
  return [...busy].sort((one, other) => other[1] - one[1])[0]?.[0] ?? '';
}

/**
 * Inside what was really run, up to half its width beyond, or further: keys are kind and name, such as "speed filler", "places filler buffer" or, of a
 * product, "mix cola".
 * What has no record was never seen.
 */
export function trustOf(changes: readonly LineChange[], experience: Experience): Trust {
  let trust: Trust = 'inside experience';
  for (const change of changes) {
    const factors = ((): [name: string, factor: number][] => {
      switch (change.kind) {
        case 'speed':
        case 'repair':
        case 'failures':
          return [[change.station ?? '', 1 + change.share]];
        case 'places':
          return [[change.buffer, change.more]];
        case 'crew':
          return [[change.crew, change.more]];
        case 'hours':
          return [[change.shift, change.more]];
        case 'mix':
          return Object.entries(change.shares);
      }
    })();
    for (const [name, factor] of factors) {
      const seen = experience.get(`${change.kind} ${name}`.trim());
      if (seen === undefined) return 'never seen';
      const beyond = Math.max(seen.low - factor, factor - seen.high);
      if (beyond > (seen.high - seen.low) / 2 + 1e-9) return 'never seen';
      if (beyond > 1e-9) trust = 'at the edge';
    }
  }
  return trust;
}

/** An answer about what was never seen is given only to who insists. @throws Problem TWIN_WHAT_IF_UNSEEN */
export function refuseUnseen(answer: WhatIfAnswer, forced: boolean): WhatIfAnswer {
  if (answer.trust !== 'never seen' || forced) return answer;
  throw new Problem(
    'TWIN_WHAT_IF_UNSEEN', 'The line was never run anywhere near this, so the answer is withheld.', 'Try a smaller change, or force the answer and take it for a guess.',
  );
}
