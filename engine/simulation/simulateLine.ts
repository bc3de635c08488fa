import { BufferBlock } from './bufferBlock.ts';
import { ConveyorBlock } from './conveyorBlock.ts';
import { EventCalendar } from './eventCalendar.ts';
import type { LineBlock, LineEvent, RunState } from './lineBlock.ts';
import { type BlockModel, checkLineModel, type LineModel, ranksOf, type ShiftModel } from './lineModel.ts';
import { Occupancy, type OccupancyResult } from './occupancy.ts';
import { PartPool } from './partPool.ts';
import { RepairCrew } from './repairCrew.ts';
import { RouterBlock } from './routerBlock.ts';
import { SinkBlock } from './sinkBlock.ts';
import { SourceBlock } from './sourceBlock.ts';
import { StationBlock, type StationState, stationStates } from './stationBlock.ts';

export interface RunSettings {
  /** Equal seeds give equal runs. */
  seed: number;
  /** Cut off the beginning, which belongs to the empty line rather than to the line; 0 or more. */
  warmUpS: number;
  /** Counted after it; above 0. */
  runS: number;
  /** Stop after so many events (100 million), so that no model runs for ever. */
  mostEvents?: number;
  record?: (event: LineEvent) => void;
}

export interface BlockResult {
  name: string;
  kind: BlockModel['kind'];
  occupancy: OccupancyResult;
  /** Stations: share of time in each state. */
  states?: Record<StationState, number>;
  /** Stations: seconds from the beginning of work to its end, stops included. */
  cycle?: { count: number; meanS: number; scv: number };
  finished?: number;
  failed?: number;
  setups?: number;
  scrapped?: number;
  reworked?: number;
  spoiled?: number;
  /** Sources. */
  came?: number;
  lost?: number;
}

/** What one run came to, after the warm-up. Counts are parts, times seconds. */
export interface RunResult {
  seconds: number;
  events: number;
  /** The run was cut off: too many events. */
  cutOff: boolean;
  /** Parts between the sources and the sinks. */
  line: OccupancyResult;
  good: number;
  bad: number;
  scrapped: number;
  /** Parts that went into others at an assembly. */
  assembled: number;
  /** Good and bad parts at the sinks per second. */
  perSecond: number;
  blocks: BlockResult[];
}

/** Runs a line once. @throws Problem TWIN_LINE_MODEL, TWIN_SIMULATION_TIME */
export function simulateLine(model: LineModel, settings: RunSettings): RunResult {
  return new LineRun(model, settings).result();
}

class LineRun implements RunState {
  readonly calendar = new EventCalendar();
  readonly line = new Occupancy();
  readonly parts: PartPool;
  readonly seed: number;
  readonly record: ((event: LineEvent) => void) | undefined;
  private readonly model: LineModel;
  private readonly settings: RunSettings;
  private readonly blocks: LineBlock[] = [];
  private assembledOrGone = 0;

  constructor(model: LineModel, settings: RunSettings) {
    checkLineModel(model);
    this.model = model;
    this.settings = settings;
    this.seed = settings.seed;
    this.record = settings.record;
    const kinds = new Set<string>();
    for (const block of model.blocks) if (block.kind === 'source') for (const { kind } of block.mix ?? []) kinds.add(kind);
    this.parts = new PartPool(kinds.size === 0 ? [''] : [...kinds]);
    const crews = new Map((model.crews ?? []).map(({ name, count }) => [name, new RepairCrew(count)]));
    const ranks = ranksOf(model);
    for (const [index, block] of model.blocks.entries()) this.blocks.push(this.build(block, index, ranks.get(block.name) ?? 0, crews));
    const byName = new Map(this.blocks.map((block) => [block.name, block]));
    for (const [index, block] of model.blocks.entries()) {
      const built = this.blocks[index]!;
      if (built instanceof RouterBlock && block.kind === 'router') built.next = block.to.map((name) => byName.get(name)!);
      else if (block.kind !== 'sink' && block.kind !== 'router') (built as StationBlock).next = byName.get(block.to)!;
      if (built instanceof StationBlock && block.kind === 'station' && block.rework !== undefined) built.reworkWay = byName.get(block.rework);
    }
  }

  partGone(part: number): void {
    this.line.leave(this.calendar.timeS, this.parts.bornS[part]!);
    const source = this.blocks[this.parts.origin[part]!];
    this.parts.release(part);
    this.assembledOrGone += 1;
    if (source instanceof SourceBlock) source.partGone();
  }

  result(): RunResult {
    const { warmUpS, runS, mostEvents = 1e8 } = this.settings;
    const endS = warmUpS + runS;
    const shifts = (this.model.shifts ?? []).map((shift) => ({ shift, blocks: this.blocksOf(shift), working: true }));
    for (const one of shifts) {
      one.working = works(one.shift, 0);
      if (!one.working) for (const block of one.blocks) block.pause(0, true);
    }
    for (const block of this.blocks) block.start();
    const { calendar, blocks } = this;
    let restS = warmUpS;
    if (warmUpS === 0) this.restart(0);
    let changeS = nextChangeS(shifts.map(({ shift }) => shift), 0);
    while (calendar.taken < mostEvents) {
      const nextS = calendar.nextTimeS();
      const controlS = Math.min(changeS, restS > 0 ? restS : Infinity, endS);
      if (nextS <= controlS && nextS <= endS) {
        calendar.next();
        blocks[calendar.target]!.on(calendar.code, calendar.tag);
        continue;
      }
      if (controlS >= endS) break;
      calendar.timeS = controlS;
      if (restS > 0 && controlS === restS) {
        restS = 0;
        this.restart(controlS);
      }
      if (controlS !== changeS) continue;
      for (const one of shifts) {
        const working = works(one.shift, controlS);
        if (working === one.working) continue;
        one.working = working;
        for (const block of one.blocks) block.pause(controlS, !working);
      }
      changeS = nextChangeS(shifts.map(({ shift }) => shift), controlS);
    }
    const cutOff = calendar.taken >= mostEvents;
    const nowS = cutOff ? calendar.timeS : endS;
    return this.summary(nowS, Math.min(warmUpS, nowS), cutOff);
  }

  private restart(nowS: number): void {
    this.line.restart(nowS);
    this.assembledOrGone = 0;
    for (const block of this.blocks) block.restart(nowS);
  }

  private blocksOf({ name }: ShiftModel): LineBlock[] {
    return this.model.blocks.flatMap((block, index) => ('shift' in block && block.shift === name ? [this.blocks[index]!] : []));
  }

  private build(block: BlockModel, index: number, rank: number, crews: ReadonlyMap<string, RepairCrew>): LineBlock {
    switch (block.kind) {
      case 'source':
        return new SourceBlock(block, index, rank, this);
      case 'station':
        return new StationBlock(block, index, rank, this, crews);
      case 'buffer':
        return new BufferBlock(block, index, rank, this);
      case 'conveyor':
        return new ConveyorBlock(block, index, rank, this);
      case 'router':
        return new RouterBlock(block, index, rank, this);
      case 'sink':
        return new SinkBlock(block.name, index, rank, this);
    }
  }

  private summary(nowS: number, sinceS: number, cutOff: boolean): RunResult {
    let good = 0;
    let bad = 0;
    let scrapped = 0;
    const blocks = this.blocks.map((block, index): BlockResult => {
      const common = { name: block.name, kind: this.model.blocks[index]!.kind, occupancy: block.occupancy.result(nowS) };
      if (block instanceof SinkBlock) {
        good += block.good;
        bad += block.bad;
      } else if (block instanceof SourceBlock) {
        return { ...common, came: block.came, lost: block.lost };
      } else if (block instanceof StationBlock) {
        scrapped += block.scrapped;
        const shares = block.shares(nowS, sinceS);
        const meanS = block.cycleSum / block.cycles;
        return {
          ...common, states: Object.fromEntries(stationStates.map((state, at) => [state, shares[at]!])) as Record<StationState, number>,
          cycle: { count: block.cycles, meanS, scv: (block.cycleSquares / block.cycles - meanS * meanS) / (meanS * meanS) },
          finished: block.finished, failed: block.failed, setups: block.setups, scrapped: block.scrapped, reworked: block.reworked, spoiled: block.spoiled,
        };
      }
      return common;
    });
    const seconds = nowS - sinceS;
    return {
      seconds, events: this.calendar.taken, cutOff, line: this.line.result(nowS), good, bad, scrapped,
      assembled: this.assembledOrGone - good - bad - scrapped, perSecond: (good + bad) / seconds, blocks,
    };
  }
}

function works(shift: ShiftModel, timeS: number): boolean {
  const at = timeS % shift.cycleS;
  return shift.work.some(([fromS, toS]) => at >= fromS && at < toS);
}

/** The next moment at which any of the shifts begins or ends. */
function nextChangeS(shifts: readonly ShiftModel[], afterS: number): number {
  let next = Infinity;
  for (const { cycleS, work } of shifts) {
    const cycle = Math.floor(afterS / cycleS) * cycleS;
    for (const edge of [...work.flat(), ...work.flat().map((one) => one + cycleS)]) if (cycle + edge > afterS) next = Math.min(next, cycle + edge);
  }
  return next;
}
