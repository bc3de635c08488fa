import { LineBlock, type RunState } from './lineBlock.ts';
import type { ConveyorModel } from './lineModel.ts';

const atEnd = 0;
const entryFree = 1;

/**
 * A belt: parts enter one part length apart, travel and leave in order. Accumulating: parts close up behind one that cannot leave, and then
 * leave one part length apart. Else the whole belt stops until its first part is taken.
 */
export class ConveyorBlock extends LineBlock {
  next!: LineBlock;
  private readonly transitS: number;
  private readonly headwayS: number;
  private readonly places: number;
  private readonly accumulates: boolean;
  /** Parts on the belt, first in front, and when each can be at the end; on a belt that stops, in its own running time. */
  private readonly parts: number[] = [];
  private readonly readyS: number[] = [];
  private enteredAtS = -Infinity;
  private leftAtS = -Infinity;
  private stoppedS = 0;
  private stoppedAtS = NaN;
  private waits = false;

  constructor(model: ConveyorModel, index: number, rank: number, run: RunState) {
    super(model.name, index, rank, run);
    this.transitS = model.transitS;
    this.places = model.places;
    this.headwayS = model.transitS / model.places;
    this.accumulates = model.accumulates ?? true;
  }

  accept(part: number): boolean {
    const nowS = this.run.calendar.timeS;
    if (this.parts.length >= this.places || !Number.isNaN(this.stoppedAtS)) return false;
    const beltS = nowS - this.stoppedS;
    const freeS = this.enteredAtS + this.headwayS - beltS;
    if (freeS > 1e-9 * this.headwayS) {
      this.schedule(freeS, entryFree, 0);
      return false;
    }
    this.enteredAtS = beltS;
    this.occupancy.enter(nowS);
    this.run.parts.enteredS[part] = nowS;
    if (this.run.record !== undefined) this.tell('enter', part);
    this.parts.push(part);
    this.readyS.push(beltS + this.transitS);
    if (this.parts.length === 1) this.expect();
    return true;
  }

  retry(): void {
    if (this.waits) this.give();
  }

  override on(code: number): void {
    if (code === entryFree) this.wake();
    else this.give();
  }

  private expect(): void {
    if (this.parts.length === 0) return;
    const nowS = this.run.calendar.timeS;
    const arrivesS = this.readyS[0]! + this.stoppedS;
    // What had closed up needs a part length to come to the end.
    const closedUpS = this.accumulates ? this.leftAtS + this.headwayS : -Infinity;
    this.schedule(Math.max(arrivesS, closedUpS, nowS) - nowS, atEnd, 0);
  }

  private give(): void {
    const { calendar, parts } = this.run;
    const nowS = calendar.timeS;
    const part = this.parts[0];
    if (part === undefined) return;
    const enteredS = parts.enteredS[part]!;
    if (!this.offer(part, this.next)) {
      this.waits = true;
      if (!this.accumulates && Number.isNaN(this.stoppedAtS)) this.stoppedAtS = nowS;
      return;
    }
    this.waits = false;
    if (!Number.isNaN(this.stoppedAtS)) {
      this.stoppedS += nowS - this.stoppedAtS;
      this.stoppedAtS = NaN;
    }
    this.parts.shift();
    this.readyS.shift();
    this.leftAtS = nowS;
    this.occupancy.leave(nowS, enteredS);
    this.expect();
    this.wake();
  }
}
