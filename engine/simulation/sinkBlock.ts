import { LineBlock } from './lineBlock.ts';

/** The end of the line; counts good and bad parts. */
export class SinkBlock extends LineBlock {
  good = 0;
  bad = 0;

  accept(part: number): boolean {
    const { parts, calendar } = this.run;
    const nowS = calendar.timeS;
    const bad = parts.bad[part] === 1;
    if (bad) this.bad += 1;
    else this.good += 1;
    this.occupancy.enter(nowS);
    this.occupancy.leave(nowS, nowS);
    if (this.run.record !== undefined) this.tell('out', part, bad);
    this.run.partGone(part);
    return true;
  }

  retry(): void {}

  override restart(nowS: number): void {
    super.restart(nowS);
    this.good = 0;
    this.bad = 0;
  }
}
