import { EventCalendar } from './eventCalendar.ts';

/**
 * What a process says when it stops for a while: a number waits so many seconds; a resource waits for one of it; a store waits for
 * something in it.
 */
export type Pause = number | Resource | Store;

/** A model written as what one part, machine or person does: `function* () { yield machine; yield 3; machine.release(); }`. */
export type SimulationProcess = Generator<Pause, void, unknown>;

/**
 * Generator processes on the same calendar that the blocks use (process interaction; Franta 1977).
 * Choose it when a story has to be told that no block tells, rather than for a line of the usual blocks, which run faster.
 */
export class SimulationProcesses {
  readonly calendar = new EventCalendar();
  private readonly running: (SimulationProcess | undefined)[] = [];
  private readonly free: number[] = [];

  get nowS(): number {
    return this.calendar.timeS;
  }

  /** Begins a process now, after what is due at this moment already. */
  start(process: SimulationProcess): void {
    let place = this.free.pop();
    if (place === undefined) place = this.running.length;
    this.running[place] = process;
    this.due(place);
  }

  /** Runs everything up to `untilS`. @throws what a process throws */
  run(untilS: number): void {
    const { calendar } = this;
    while (calendar.nextTimeS() <= untilS) {
      calendar.next();
      this.resume(calendar.target);
    }
    calendar.timeS = Math.max(calendar.timeS, untilS);
  }

  /** For resources and stores: lets a waiting process go on at this moment. */
  due(place: number): void {
    this.calendar.schedule(this.calendar.timeS, 0, place, 0, 0);
  }

  private resume(place: number): void {
    const process = this.running[place]!;
    for (;;) {
      const step = process.next();
      if (step.done === true) {
        this.running[place] = undefined;
        this.free.push(place);
        return;
      }
      const pause = step.value;
      if (typeof pause === 'number') {
        const { calendar } = this;
        calendar.schedule(calendar.timeS + (pause > 0 ? pause : 0), 0, place, 0, 0);
        return;
      }
      if (!pause.take(place)) return;
    }
  }
}

/** So many of a thing; who wants one waits in order. */
export class Resource {
  free: number;
  private readonly waiting: number[] = [];
  private head = 0;
  private readonly processes: SimulationProcesses;

  constructor(processes: SimulationProcesses, count = 1) {
    this.processes = processes;
    this.free = count;
  }

  take(place: number): boolean {
    if (this.free > 0) {
      this.free -= 1;
      return true;
    }
    this.waiting.push(place);
    return false;
  }

  release(): void {
    if (this.head === this.waiting.length) {
      this.free += 1;
      return;
    }
    this.processes.due(this.waiting[this.head]!);
    this.head += 1;
    if (this.head > 1_000 && 2 * this.head > this.waiting.length) {
      this.waiting.splice(0, this.head);
      this.head = 0;
    }
  }
}

/** Things that are put in and taken out, nothing more known of them than how many; who takes waits while it is empty. */
export class Store {
  private readonly counted: Resource;

  constructor(processes: SimulationProcesses) {
    this.counted = new Resource(processes, 0);
  }

  get level(): number {
    return this.counted.free;
  }

  take(place: number): boolean {
    return this.counted.take(place);
  }

  put(): void {
    this.counted.release();
  }
}
