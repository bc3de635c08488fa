import type { EventCalendar } from './eventCalendar.ts';
import { Occupancy } from './occupancy.ts';
import type { PartPool } from './partPool.ts';
import { RandomStream } from './randomStream.ts';

/** What happened in a line, as a plant's own records would have it. */
export interface LineEvent {
  timeS: number;
  block: string;
  /** down and up: a failure begins and ends; idle: an operator's view of starved or blocked is not told, only work is. */
  event: 'start' | 'finish' | 'leave' | 'enter' | 'down' | 'up' | 'setup' | 'scrap' | 'rework' | 'out';
  /** Serial number of the part; 0 where none is meant. */
  part: number;
  kind: string;
  /** Told by an inspection (scrap, rework) or at the end of the line (out). */
  bad?: boolean;
}

/** What all blocks of one run share. */
export interface RunState {
  readonly calendar: EventCalendar;
  readonly parts: PartPool;
  readonly line: Occupancy;
  readonly seed: number;
  /** Undefined: nobody records. */
  record: ((event: LineEvent) => void) | undefined;
  /** A part left the line, good or scrapped. */
  partGone(part: number): void;
}

/**
 * A place in the line. Giving works from behind: a block offers its part to the next one; what is refused is offered again as soon as that
 * one has a place (blocking after service). The giver keeps the part until it is taken, so no part is ever in two places.
 */
export abstract class LineBlock {
  readonly name: string;
  readonly index: number;
  readonly rank: number;
  readonly occupancy = new Occupancy();
  protected readonly run: RunState;
  /** Who was refused, in order. */
  private readonly refused: LineBlock[] = [];

  constructor(name: string, index: number, rank: number, run: RunState) {
    this.name = name;
    this.index = index;
    this.rank = rank;
    this.run = run;
  }

  /** Called once, when all blocks are there. */
  start(): void {}
  /** Takes the part, or refuses it. */
  abstract accept(part: number, from: LineBlock): boolean;
  /** A block that refused this one may have a place now. */
  abstract retry(): void;
  /** An event of this block is due. */
  on(_code: number, _tag: number): void {}
  /** Begins to count anew. */
  restart(nowS: number): void {
    this.occupancy.restart(nowS);
  }
  /** Rests while the shift is over. */
  pause(_nowS: number, _paused: boolean): void {}

  /** Offers a part to another block; refused, this one is told when there may be a place. */
  protected offer(part: number, to: LineBlock): boolean {
    if (to.accept(part, this)) return true;
    if (!to.refused.includes(this)) to.refused.push(this);
    return false;
  }

  /** Lets those try again that were refused, each once, in their order. */
  protected wake(): void {
    const { refused } = this;
    for (let turns = refused.length; turns > 0 && refused.length > 0; turns -= 1) refused.shift()!.retry();
  }

  protected schedule(inS: number, code: number, tag: number): void {
    const { calendar } = this.run;
    calendar.schedule(calendar.timeS + inS, this.rank, this.index, code, tag);
  }

  protected tell(event: LineEvent['event'], part: number, bad?: boolean): void {
    const { record, parts, calendar } = this.run;
    if (record === undefined) return;
    const serial = part < 0 ? 0 : parts.serial[part]!;
    const kind = part < 0 ? '' : (parts.kinds[parts.kind[part]!] ?? '');
    record({ timeS: calendar.timeS, block: this.name, event, part: serial, kind, ...(bad === undefined ? {} : { bad }) });
  }

  protected stream(of: string): RandomStream {
    return new RandomStream(this.run.seed, `${this.name}/${of}`);
  }
}
