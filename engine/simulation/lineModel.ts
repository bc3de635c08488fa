import { Problem } from '../problem.ts';
import { checkDistribution, type Distribution } from './distribution.ts';

/** A line as the simulator runs it: blocks, each naming the ones behind it. Plain data, so that it can be stored and sent to a thread. */
export interface LineModel {
  blocks: readonly BlockModel[];
  shifts?: readonly ShiftModel[];
  crews?: readonly CrewModel[];
}

export type BlockModel = SourceModel | StationModel | BufferModel | ConveyorModel | RouterModel | SinkModel;

interface NamedBlock {
  /** Unique; the streams of chance go by it, so a scenario that keeps the names keeps the luck. */
  name: string;
}

/** Where parts come from. */
export interface SourceModel extends NamedBlock {
  kind: 'source';
  to: string;
  /** Between two parts; without it there is always another one (saturated). */
  every?: Distribution;
  /** What happens to a part that finds no place: it waits outside, uncounted (default), or is lost. */
  whenFull?: 'waits' | 'lost';
  /** At most so many parts between here and a sink (CONWIP; Spearman, Woodruff and Hopp 1990). */
  inLine?: number;
  /** Kinds of parts with their shares; a share of 0 never comes. Drawn in lots of `lot` (1) of a kind, or in order where `partsPerChange` is there. */
  mix?: readonly { kind: string; share: number; lot?: number }[];
  /**
   * The kinds come one after the other, each in a run of its share × kinds × this, 1 or more; what is no whole part is carried over to the next run, so the shares
   * hold in the long run and the kind changes once in so many parts. Choose it when set-ups count; drawn lots change the kind by chance.
   */
  partsPerChange?: number;
  /** Where in this order the run begins, 0 to below 1; without it by chance. */
  beginsAt?: number;
  shift?: string;
}

export interface FailureModel {
  /** A name of its own where a station has several. */
  name?: string;
  /** What wears: time at work (default), every hour, or cycles begun. */
  counts?: 'work' | 'time' | 'cycles';
  between: Distribution;
  repair: Distribution;
  /** Repairs wait for someone of this crew. */
  crew?: string;
}

/** Works on parts. With `needs` it is an assembly, with `finds` an inspection. */
export interface StationModel extends NamedBlock {
  kind: 'station';
  to: string;
  cycle: Distribution;
  /** Other cycle times for some kinds of parts. */
  cycleOf?: Readonly<Record<string, Distribution>>;
  /** How many parts at once, each for itself (1). */
  places?: number;
  /** Cycle times are divided by this (1). */
  speed?: number;
  failures?: readonly FailureModel[];
  /** When the kind of part changes. */
  setup?: Distribution;
  /**
   * It is set up as soon as the last part of a run is through rather than when the first of the next comes, so stations of a row are set up side by side. Needs
   * a source in order (`partsPerChange`), one place and no assembly; else, and where that last part was scrapped on its way, it waits for the first.
   */
  setupAhead?: boolean;
  /** Share of parts that come out bad, unseen until an inspection finds them. */
  defects?: number;
  /** Other shares for some kinds of parts. */
  defectsOf?: Readonly<Record<string, number>>;
  /** Share of bad parts that are found here (others go on), and of good ones taken for bad. */
  finds?: number;
  falseFinds?: number;
  /** Where found parts go for another try, at most `mostReworks` (1) times each; else they are scrapped. */
  rework?: string;
  mostReworks?: number;
  /** Assembly: so many parts from each of these blocks make one. The first in the list is the part that goes on. */
  needs?: readonly { from: string; count: number }[];
  /** What happens to a finished part that finds no place: held in the station (default), or worked on again (repetitive service). */
  whenBlocked?: 'holds' | 'repeats';
  shift?: string;
}

/** Parts wait in the order in which they came. */
export interface BufferModel extends NamedBlock {
  kind: 'buffer';
  to: string;
  /** Infinity (default): never full. */
  places?: number;
}

/** Parts travel `transitS`; at most `places` on it. On an accumulating one they close up at the end, else the belt stops with the first. */
export interface ConveyorModel extends NamedBlock {
  kind: 'conveyor';
  to: string;
  transitS: number;
  places: number;
  accumulates?: boolean;
}

/** A point where ways part or come together; takes no time and holds nothing. Several blocks may lead to it (or to any other): a merge. */
export interface RouterModel extends NamedBlock {
  kind: 'router';
  to: readonly string[];
  /** By chance, in turn, by kind of part, or to the first that has a place. */
  by: 'share' | 'turn' | 'kind' | 'free';
  shares?: readonly number[];
  /** With `kind`: which way each kind goes; others take the first. */
  kinds?: Readonly<Record<string, string>>;
}

export interface SinkModel extends NamedBlock {
  kind: 'sink';
}

/** Working times that repeat: stations and sources of this shift rest outside them. */
export interface ShiftModel {
  name: string;
  /** A day 86,400, a week 604,800. */
  cycleS: number;
  /** From and to, ascending, within the cycle. */
  work: readonly (readonly [fromS: number, toS: number])[];
}

/** People who can each do one repair at a time. */
export interface CrewModel {
  name: string;
  count: number;
}

const mostBlocks = 500;

/** Every way out of a block. */
export function waysOut(block: BlockModel): string[] {
  if (block.kind === 'sink') return [];
  if (block.kind === 'router') return [...block.to];
  return block.kind === 'station' && block.rework !== undefined ? [block.to, block.rework] : [block.to];
}

function broken(name: string, what: string): Problem {
  return new Problem('TWIN_LINE_MODEL', `"${name}" in the model of the line: ${what}.`, 'Correct the line; nothing was simulated.', { name, what });
}

/** @throws Problem TWIN_LINE_MODEL, TWIN_SIMULATION_TIME; says which block and what is wrong with it */
export function checkLineModel(model: LineModel): void {
  const { blocks } = model;
  const byName = new Map(blocks.map((block) => [block.name, block]));
  if (blocks.length > mostBlocks) throw broken('line', `more than ${mostBlocks} blocks`);
  if (byName.size < blocks.length) throw broken(blocks.find((block, index) => blocks.findIndex(({ name }) => name === block.name) < index)?.name ?? '', 'there are two of this name');
  if (!blocks.some(({ kind }) => kind === 'source')) throw broken('line', 'no source');
  const shifts = new Set(model.shifts?.map(({ name }) => name));
  const crews = new Set(model.crews?.map(({ name }) => name));
  for (const block of blocks) {
    for (const way of waysOut(block)) if (!byName.has(way)) throw broken(block.name, `leads to "${way}", which does not exist`);
    if ('shift' in block && block.shift !== undefined && !shifts.has(block.shift)) throw broken(block.name, `there is no shift "${block.shift}"`);
    checkBlock(block, byName, crews);
  }
  for (const shift of model.shifts ?? []) {
    let before = 0;
    for (const [fromS, toS] of shift.work) {
      if (!(fromS >= before && toS > fromS && toS <= shift.cycleS)) throw broken(shift.name, 'working times overlap or leave the cycle');
      before = toS;
    }
  }
  for (const crew of model.crews ?? []) if (!(Number.isInteger(crew.count) && crew.count > 0)) throw broken(crew.name, 'a crew needs a whole number of people above 0');
  const reaching = ranksOf(model);
  for (const block of blocks) if (!reaching.has(block.name)) throw broken(block.name, 'no way leads from here to a sink');
}

function checkBlock(block: BlockModel, byName: ReadonlyMap<string, BlockModel>, crews: ReadonlySet<string>): void {
  const share = (number: number | undefined): boolean => number === undefined || (number >= 0 && number <= 1);
  const whole = (number: number | undefined): boolean => number === undefined || (Number.isInteger(number) && number > 0);
  switch (block.kind) {
    case 'source':
      if (block.every !== undefined) checkDistribution(block.every, block.name);
      if (!whole(block.inLine)) throw broken(block.name, 'the number of parts in the line must be whole and above 0');
      if (block.mix !== undefined && !(block.mix.some(({ share: part }) => part > 0) && block.mix.every(({ share: part, lot }) => part >= 0 && Number.isFinite(part) && whole(lot)))) {
        throw broken(block.name, 'the mix needs shares of 0 or more, one of them above, and lots above 0');
      }
      if (!(block.partsPerChange === undefined || (block.partsPerChange >= 1 && Number.isFinite(block.partsPerChange)))) throw broken(block.name, 'a change of kind needs one part or more');
      if (!(block.beginsAt === undefined || (block.beginsAt >= 0 && block.beginsAt < 1))) throw broken(block.name, 'the order begins at 0 to below 1');
      if (block.every === undefined && block.inLine === undefined) checkSaturated(block, byName);
      break;
    case 'station':
      checkDistribution(block.cycle, block.name);
      for (const cycle of Object.values(block.cycleOf ?? {})) checkDistribution(cycle, block.name);
      if (block.setup !== undefined) checkDistribution(block.setup, block.name);
      if (!whole(block.places) || (block.places ?? 1) > 100) throw broken(block.name, 'the number of places must be 1 to 100');
      if (!(Number.isFinite(block.speed ?? 1) && (block.speed ?? 1) > 0)) throw broken(block.name, 'the speed must be above 0');
      if (![block.defects, block.finds, block.falseFinds, ...Object.values(block.defectsOf ?? {})].every(share)) throw broken(block.name, 'shares are 0 to 1');
      if ((block.failures?.length ?? 0) > 16) throw broken(block.name, 'more than 16 causes of failure');
      for (const failure of block.failures ?? []) {
        checkDistribution(failure.between, block.name);
        checkDistribution(failure.repair, block.name);
        if (failure.crew !== undefined && !crews.has(failure.crew)) throw broken(block.name, `there is no crew "${failure.crew}"`);
      }
      for (const { from, count } of block.needs ?? []) {
        if (!whole(count)) throw broken(block.name, 'an assembly needs whole numbers of parts above 0');
        const feeder = byName.get(from);
        if (feeder === undefined || !waysOut(feeder).includes(block.name)) throw broken(block.name, `"${from}" does not lead here`);
      }
      if (block.needs !== undefined && (block.places ?? 1) > 1) throw broken(block.name, 'an assembly has one place');
      break;
    case 'buffer':
      if (block.places !== undefined && block.places !== Infinity && !(Number.isInteger(block.places) && block.places >= 0)) {
        throw broken(block.name, 'the number of places must be whole, 0 or more');
      }
      break;
    case 'conveyor':
      if (!whole(block.places)) throw broken(block.name, 'the number of places must be whole and above 0');
      checkDistribution({ kind: 'constant', value: block.transitS }, block.name);
      break;
    case 'router':
      if (block.to.length === 0) throw broken(block.name, 'leads nowhere');
      if (block.by === 'share' && !(block.shares?.length === block.to.length && block.shares.every((one) => one >= 0) && block.shares.some((one) => one > 0))) {
        throw broken(block.name, 'needs a share for each way');
      }
      break;
    case 'sink':
  }
}

/** A source that always has another part must meet a limit, or it would never stop. */
function checkSaturated(source: SourceModel, byName: ReadonlyMap<string, BlockModel>): void {
  const seen = new Set<string>();
  const look = (name: string): void => {
    const block = byName.get(name);
    if (block === undefined || seen.has(name)) return;
    seen.add(name);
    if (block.kind === 'router') for (const way of block.to) look(way);
    else if (block.kind === 'sink' || (block.kind === 'buffer' && (block.places ?? Infinity) === Infinity)) {
      throw broken(source.name, `always has another part, and "${name}" takes any number of them`);
    } else if (block.kind === 'buffer' && block.places === 0) look(block.to);
  };
  look(source.to);
}

/** How many blocks are before a sink, for each block that can reach one: at the same moment what is further down comes first. */
export function ranksOf(model: LineModel): Map<string, number> {
  const before = new Map<string, string[]>();
  for (const block of model.blocks) for (const way of waysOut(block)) before.set(way, [...(before.get(way) ?? []), block.name]);
  const ranks = new Map<string, number>();
  let now = model.blocks.filter(({ kind }) => kind === 'sink').map(({ name }) => name);
  for (let rank = 1; now.length > 0; rank += 1) {
    const further = new Set<string>();
    for (const name of now) {
      if (ranks.has(name)) continue;
      ranks.set(name, rank);
      for (const one of before.get(name) ?? []) further.add(one);
    }
    now = [...further];
  }
  return ranks;
}
