import { samplerOf, scaled } from './distribution.ts';
import { LineBlock, type RunState } from './lineBlock.ts';
import type { StationModel } from './lineModel.ts';
import type { RandomStream } from './randomStream.ts';
import type { RepairCrew } from './repairCrew.ts';

/** What a place of a station is doing; the states of ISO 22400-2 that a simulation can know, in the order of `stateSeconds`. */
export const stationStates = ['producing', 'starved', 'blocked', 'down', 'setup', 'planned stop'] as const;
export type StationState = (typeof stationStates)[number];
const [producing, starved, blocked, down, settingUp, plannedStop] = [0, 1, 2, 3, 4, 5];

const [milestone, repaired, wears] = [0, 1, 2];
const [nothing, setup, work, done] = [0, 1, 2, 3];

interface Failure {
  counts: 'work' | 'time' | 'cycles';
  between: () => number;
  repair: () => number;
  crew: RepairCrew | undefined;
}

/**
 * Works on parts, each place for itself: set-up when the kind changes, the cycle, failures that count work, time or cycles, then the part
 * waits for its way out. Failures interrupt the cycle, which goes on after the repair. A failure by cycles comes before the cycle it counts
 * (Gershwin, Manufacturing Systems Engineering, 1994, 3.2).
 */
export class StationBlock extends LineBlock {
  next!: LineBlock;
  reworkWay: LineBlock | undefined;
  /** By place and state. */
  readonly stateSeconds: Float64Array;
  finished = 0;
  scrapped = 0;
  reworked = 0;
  /** Parts that came out bad, found or not. */
  spoiled = 0;
  failed = 0;
  setups = 0;
  /** Time from the first second of work to the last one, stops between them included: count, sum, sum of squares. */
  cycles = 0;
  cycleSum = 0;
  cycleSquares = 0;
  private readonly places: number;
  private readonly cycleOf: (() => number)[];
  private readonly setup: (() => number) | undefined;
  private readonly setupAhead: boolean;
  private readonly failures: Failure[] = [];
  private readonly repeats: boolean;
  /** By kind of part. */
  private readonly defects: Float64Array;
  private readonly hasDefects: boolean;
  private readonly finds: number;
  private readonly falseFinds: number;
  private readonly inspects: boolean;
  private readonly mostReworks: number;
  private readonly luck: RandomStream;
  private readonly looks: RandomStream;
  private readonly part: Int32Array;
  private readonly phase: Uint8Array;
  private readonly state: Uint8Array;
  private readonly stateSinceS: Float64Array;
  private readonly lastKind: Int32Array;
  /** Seconds of the present phase still to do, since when it runs (NaN: it rests), and which milestone is valid. */
  private readonly leftS: Float64Array;
  private readonly runsSinceS: Float64Array;
  private readonly valid: Int32Array;
  /** The failure that the present milestone is, −1: the end of the phase. Told rather than worked out from times, which are rounded. */
  private readonly due: Int32Array;
  private readonly beganS: Float64Array;
  /** Causes that hold a place still, by place. */
  private readonly held: Int32Array;
  /** What is left until the next failure, by place and cause: seconds of work or cycles. */
  private readonly untilFailure: Float64Array;
  private paused = false;
  private busy = 0;
  private readonly bins: { from: string; count: number; parts: number[] }[];

  constructor(model: StationModel, index: number, rank: number, run: RunState, crews: ReadonlyMap<string, RepairCrew>) {
    super(model.name, index, rank, run);
    const places = model.places ?? 1;
    const speed = model.speed ?? 1;
    this.places = places;
    const cycle = this.stream('cycle');
    this.cycleOf = run.parts.kinds.map((kind) => {
      const own = model.cycleOf !== undefined && Object.hasOwn(model.cycleOf, kind) ? model.cycleOf[kind]! : model.cycle;
      return samplerOf(speed === 1 ? own : scaled(own, 1 / speed), cycle);
    });
    this.setup = model.setup === undefined ? undefined : samplerOf(model.setup, this.stream('setup'));
    for (const [cause, failure] of (model.failures ?? []).entries()) {
      const name = failure.name ?? String(cause);
      this.failures.push({
        counts: failure.counts ?? 'work', between: samplerOf(failure.between, this.stream(`failure ${name}`)),
        repair: samplerOf(failure.repair, this.stream(`repair ${name}`)), crew: failure.crew === undefined ? undefined : crews.get(failure.crew),
      });
    }
    this.repeats = model.whenBlocked === 'repeats';
    const { defects = 0, defectsOf = {} } = model;
    this.defects = Float64Array.from(run.parts.kinds, (kind) => (Object.hasOwn(defectsOf, kind) ? defectsOf[kind]! : defects));
    this.hasDefects = this.defects.some((share) => share > 0);
    this.finds = model.finds ?? 0;
    this.falseFinds = model.falseFinds ?? 0;
    this.inspects = this.finds > 0 || this.falseFinds > 0;
    this.mostReworks = model.mostReworks ?? 1;
    this.luck = this.stream('defects');
    this.looks = this.stream('inspection');
    this.part = new Int32Array(places).fill(-1);
    this.phase = new Uint8Array(places);
    this.state = new Uint8Array(places).fill(starved!);
    this.stateSinceS = new Float64Array(places);
    this.stateSeconds = new Float64Array(places * stationStates.length);
    this.lastKind = new Int32Array(places).fill(-1);
    this.leftS = new Float64Array(places);
    this.runsSinceS = new Float64Array(places).fill(NaN);
    this.valid = new Int32Array(places);
    this.due = new Int32Array(places).fill(-1);
    this.beganS = new Float64Array(places);
    this.held = new Int32Array(places);
    this.untilFailure = new Float64Array(places * this.failures.length).fill(Infinity);
    this.setupAhead = model.setupAhead === true && this.setup !== undefined && places === 1 && model.needs === undefined;
    this.bins = (model.needs ?? []).map(({ from, count }) => ({ from, count, parts: [] }));
  }

  override start(): void {
    for (let place = 0; place < this.places; place += 1) {
      for (const [cause, failure] of this.failures.entries()) {
        const first = failure.between();
        if (failure.counts === 'time') this.schedule(first, this.codeOf(place, wears!, cause), 0);
        else this.untilFailure[place * this.failures.length + cause] = first;
      }
    }
  }

  accept(part: number, from: LineBlock): boolean {
    if (this.bins.length > 0) return this.acceptForAssembly(part, from);
    if (this.busy === this.places) return false;
    let place = 0;
    while (place < this.places && (this.part[place] !== -1 || this.held[place]! > 0)) place += 1;
    if (place === this.places || this.paused || this.phase[place] === setup) return false;
    this.came(part);
    this.take(place, part);
    return true;
  }

  retry(): void {
    for (let place = 0; place < this.places; place += 1) if (this.phase[place] === done) this.give(place);
  }

  override on(code: number, tag: number): void {
    const place = code >> 8;
    const cause = (code >> 2) & 63;
    switch (code & 3) {
      case milestone:
        if (tag === this.valid[place]) this.reached(place);
        break;
      case repaired:
        this.up(place, cause);
        break;
      default:
        this.rest(place);
        this.fail(place, cause);
        this.show(place);
    }
  }

  override pause(_nowS: number, paused: boolean): void {
    this.paused = paused;
    for (let place = 0; place < this.places; place += 1) {
      if (paused) this.rest(place);
      else this.go(place);
      this.show(place);
    }
    if (!paused) {
      this.assemble();
      this.wake();
    }
  }

  override restart(nowS: number): void {
    super.restart(nowS);
    for (let place = 0; place < this.places; place += 1) this.stateSinceS[place] = nowS;
    this.stateSeconds.fill(0);
    this.finished = this.scrapped = this.reworked = this.spoiled = this.failed = this.setups = 0;
    this.cycles = this.cycleSum = this.cycleSquares = 0;
  }

  /** Share of the time since the last restart in each state, over all places; in the order of `stationStates`. */
  shares(nowS: number, sinceS: number): number[] {
    const seconds = Array.from(stationStates, (_, state) => {
      let sum = 0;
      for (let place = 0; place < this.places; place += 1) {
        sum += this.stateSeconds[place * stationStates.length + state]! + (this.state[place] === state ? nowS - this.stateSinceS[place]! : 0);
      }
      return sum;
    });
    return seconds.map((one) => one / (this.places * (nowS - sinceS)));
  }

  private codeOf(place: number, event: number, cause: number): number {
    return (place << 8) | (cause << 2) | event;
  }

  private came(part: number): void {
    const nowS = this.run.calendar.timeS;
    this.occupancy.enter(nowS);
    this.run.parts.enteredS[part] = nowS;
  }

  private acceptForAssembly(part: number, from: LineBlock): boolean {
    const bin = this.bins.find((one) => one.from === from.name);
    if (bin === undefined || bin.parts.length >= bin.count) return false;
    this.came(part);
    bin.parts.push(part);
    this.assemble();
    return true;
  }

  /** Begins when everything needed is there; the parts that go into the first one leave the line as parts. */
  private assemble(): void {
    if (this.bins.length === 0 || this.part[0] !== -1 || this.held[0]! > 0 || this.paused) return;
    if (!this.bins.every(({ parts, count }) => parts.length === count)) return;
    const { parts, calendar } = this.run;
    const main = this.bins[0]!.parts.shift()!;
    const consumed = this.bins.flatMap((bin) => bin.parts.splice(0));
    for (const one of consumed) {
      if (parts.bad[one] === 1) parts.bad[main] = 1;
      this.occupancy.leave(calendar.timeS, parts.enteredS[one]!);
      this.run.partGone(one);
    }
    this.take(0, main);
    this.wake();
  }

  private take(place: number, part: number): void {
    const { kind } = this.run.parts;
    this.part[place] = part;
    this.busy += 1;
    const changes = this.setup !== undefined && this.lastKind[place] !== kind[part]! && this.lastKind[place] !== -1;
    this.lastKind[place] = kind[part]!;
    if (changes) {
      this.setups += 1;
      this.phase[place] = setup!;
      this.leftS[place] = this.setup();
      if (this.run.record !== undefined) this.tell('setup', part);
      this.go(place);
    } else {
      this.work(place, part);
    }
    this.show(place);
  }

  private work(place: number, part: number): void {
    this.phase[place] = work!;
    this.leftS[place] = this.cycleOf[this.run.parts.kind[part]!]!();
    this.beganS[place] = this.run.calendar.timeS;
    if (this.run.record !== undefined) this.tell('start', part);
    for (let cause = 0; cause < this.failures.length; cause += 1) {
      if (this.failures[cause]!.counts !== 'cycles') continue;
      const at = place * this.failures.length + cause;
      this.untilFailure[at]! -= 1;
      if (this.untilFailure[at]! < 1) {
        this.untilFailure[at] = this.failures[cause]!.between();
        this.fail(place, cause);
      }
    }
    this.go(place);
  }

  /** Lets the present phase run, up to its end or to the failure that comes first. */
  private go(place: number): void {
    const phase = this.phase[place]!;
    if (phase === nothing || phase === done || this.held[place]! > 0 || this.paused) return;
    let inS = this.leftS[place]!;
    let due = -1;
    if (phase === work) {
      const count = this.failures.length;
      for (let cause = 0; cause < count; cause += 1) {
        const untilS = this.untilFailure[place * count + cause]!;
        if (this.failures[cause]!.counts !== 'work' || untilS >= inS) continue;
        inS = Math.max(0, untilS);
        due = cause;
      }
    }
    this.due[place] = due;
    this.runsSinceS[place] = this.run.calendar.timeS;
    this.valid[place]! += 1;
    this.schedule(inS, place << 8, this.valid[place]!);
  }

  /** Interrupts the present phase, if it runs, and writes down what is done. */
  private rest(place: number): void {
    const sinceS = this.runsSinceS[place]!;
    if (Number.isNaN(sinceS)) return;
    const ranS = this.run.calendar.timeS - sinceS;
    this.runsSinceS[place] = NaN;
    this.valid[place]! += 1;
    this.leftS[place] = Math.max(0, this.leftS[place]! - ranS);
    if (this.phase[place] !== work) return;
    const count = this.failures.length;
    for (let cause = 0; cause < count; cause += 1) if (this.failures[cause]!.counts === 'work') this.untilFailure[place * count + cause]! -= ranS;
  }

  private reached(place: number): void {
    const cause = this.due[place]!;
    this.rest(place);
    if (cause >= 0) {
      this.untilFailure[place * this.failures.length + cause] = this.failures[cause]!.between();
      this.fail(place, cause);
      this.show(place);
      return;
    }
    const part = this.part[place]!;
    if (part < 0) {
      // Set up ahead of the first part.
      this.phase[place] = nothing!;
      this.show(place);
      this.ready();
      return;
    }
    if (this.phase[place] === setup) this.work(place, part);
    else this.finish(place, part);
    this.show(place);
  }

  private finish(place: number, part: number): void {
    const { parts, calendar } = this.run;
    const tookS = calendar.timeS - this.beganS[place]!;
    this.cycles += 1;
    this.cycleSum += tookS;
    this.cycleSquares += tookS * tookS;
    this.finished += 1;
    if (this.hasDefects && this.luck.uniform() < this.defects[parts.kind[part]!]!) {
      parts.bad[part] = 1;
      this.spoiled += 1;
    }
    if (this.run.record !== undefined) this.tell('finish', part);
    this.phase[place] = done!;
    if (this.inspects && this.inspect(place, part)) return;
    this.give(place);
  }

  /** @returns whether the part was found and went another way */
  private inspect(place: number, part: number): boolean {
    const { parts, calendar } = this.run;
    if (this.looks.uniform() >= (parts.bad[part] === 1 ? this.finds : this.falseFinds)) return false;
    if (this.reworkWay !== undefined && parts.reworks[part]! < this.mostReworks) {
      parts.reworks[part]! += 1;
      parts.bad[part] = 0;
      this.reworked += 1;
      if (this.run.record !== undefined) this.tell('rework', part, true);
      parts.way[part] = -2;
      this.give(place);
      return true;
    }
    this.scrapped += 1;
    if (this.run.record !== undefined) this.tell('scrap', part, true);
    const enteredS = parts.enteredS[part]!;
    this.occupancy.leave(calendar.timeS, enteredS);
    this.clear(place, parts.ends[part]!);
    this.run.partGone(part);
    this.ready();
    return true;
  }

  private give(place: number): void {
    const part = this.part[place]!;
    const { parts, calendar } = this.run;
    const enteredS = parts.enteredS[part]!;
    const ends = parts.ends[part]!;
    const reworks = parts.way[part] === -2;
    if (reworks) parts.way[part] = -1;
    const to = reworks ? this.reworkWay! : this.next;
    const taken = this.repeats ? to.accept(part, this) : this.offer(part, to);
    if (!taken) {
      if (reworks) parts.way[part] = -2;
      if (this.repeats) this.work(place, part);
      this.show(place);
      return;
    }
    this.occupancy.leave(calendar.timeS, enteredS);
    this.clear(place, ends);
    this.show(place);
    this.ready();
  }

  /** @param ends the kind after the part that is through, where it was the last of its run; told before, for the part may be another one by now */
  private clear(place: number, ends: number): void {
    this.part[place] = -1;
    this.phase[place] = nothing!;
    this.busy -= 1;
    if (ends < 0 || !this.setupAhead) return;
    this.lastKind[place] = ends;
    this.setups += 1;
    this.phase[place] = setup!;
    this.leftS[place] = this.setup!();
    if (this.run.record !== undefined) this.tell('setup', -1);
    this.go(place);
  }

  private ready(): void {
    this.assemble();
    this.wake();
  }

  private fail(place: number, cause: number): void {
    const failure = this.failures[cause]!;
    this.failed += 1;
    this.held[place]! += 1;
    if (this.run.record !== undefined) this.tell('down', this.part[place]!);
    const repair = (): void => this.schedule(failure.repair(), this.codeOf(place, repaired!, cause), 0);
    if (failure.crew === undefined) repair();
    else failure.crew.call(repair);
  }

  private up(place: number, cause: number): void {
    const failure = this.failures[cause]!;
    this.held[place]! -= 1;
    failure.crew?.done();
    if (this.run.record !== undefined) this.tell('up', this.part[place]!);
    if (failure.counts === 'time') this.schedule(failure.between(), this.codeOf(place, wears!, cause), 0);
    this.go(place);
    this.show(place);
    if (this.held[place] === 0 && this.part[place] === -1) this.ready();
  }

  /** Books the time in the state that ends, when another begins. */
  private show(place: number): void {
    const phase = this.phase[place]!;
    let state = starved!;
    if (this.paused) state = plannedStop!;
    else if (this.held[place]! > 0) state = down!;
    else if (phase === work) state = producing!;
    else if (phase === setup) state = settingUp!;
    else if (phase === done) state = blocked!;
    if (state === this.state[place]) return;
    const nowS = this.run.calendar.timeS;
    this.stateSeconds[place * stationStates.length + this.state[place]!]! += nowS - this.stateSinceS[place]!;
    this.state[place] = state;
    this.stateSinceS[place] = nowS;
  }
}
