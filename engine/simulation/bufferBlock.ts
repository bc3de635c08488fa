import { LineBlock, type RunState } from './lineBlock.ts';
import type { BufferModel } from './lineModel.ts';

/** First in, first out. Without places it is a mere connection. */
export class BufferBlock extends LineBlock {
  next!: LineBlock;
  private readonly places: number;
  private ring = new Int32Array(16);
  private head = 0;
  private count = 0;
  private giving = false;

  constructor(model: BufferModel, index: number, rank: number, run: RunState) {
    super(model.name, index, rank, run);
    this.places = model.places ?? Infinity;
  }

  accept(part: number): boolean {
    if (this.places === 0) return this.offer(part, this.next);
    if (this.count >= this.places) return false;
    if (this.count === this.ring.length) this.grow();
    const nowS = this.run.calendar.timeS;
    this.occupancy.enter(nowS);
    this.run.parts.enteredS[part] = nowS;
    if (this.run.record !== undefined) this.tell('enter', part);
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = part;
    this.count += 1;
    if (this.count === 1) this.give();
    return true;
  }

  retry(): void {
    if (this.places === 0) this.wake();
    else this.give();
  }

  private give(): void {
    if (this.giving) return;
    this.giving = true;
    const { parts, calendar } = this.run;
    while (this.count > 0) {
      const part = this.ring[this.head]!;
      const enteredS = parts.enteredS[part]!;
      if (!this.offer(part, this.next)) break;
      this.head = (this.head + 1) & (this.ring.length - 1);
      this.count -= 1;
      this.occupancy.leave(calendar.timeS, enteredS);
      this.wake();
    }
    this.giving = false;
  }

  private grow(): void {
    const wider = new Int32Array(this.ring.length * 2);
    for (let index = 0; index < this.count; index += 1) wider[index] = this.ring[(this.head + index) & (this.ring.length - 1)]!;
    this.ring = wider;
    this.head = 0;
  }
}
