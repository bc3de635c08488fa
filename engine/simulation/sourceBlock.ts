import { samplerOf } from './distribution.ts';
import { LineBlock, type RunState } from './lineBlock.ts';
import type { SourceModel } from './lineModel.ts';
import type { RandomStream } from './randomStream.ts';

/** Brings parts in. */
export class SourceBlock extends LineBlock {
  next!: LineBlock;
  /** Parts that found no place and were given up. */
  lost = 0;
  /** Parts that came, whether or not they found a place. */
  came = 0;
  private readonly between: (() => number) | undefined;
  private readonly loses: boolean;
  private readonly limit: number;
  private readonly mix: { kind: number; until: number; lot: number }[] = [];
  private readonly chance: RandomStream;
  private kind = 0;
  private leftOfLot = 0;
  /** In order: parts of a run of each kind, and what it has left over of its runs before; empty: lots are drawn. */
  private readonly runs: number[] = [];
  private readonly owed: number[] = [];
  private turn = 0;
  /** The kind after the part that was made last, where that was the last of its run; −1 else. */
  private after = -1;
  private released = 0;
  private outside = 0;
  private giving = false;
  private paused = false;
  /** A part that was made and offered but not taken yet; −1 none. */
  private held = -1;

  constructor(model: SourceModel, index: number, rank: number, run: RunState) {
    super(model.name, index, rank, run);
    this.between = model.every === undefined ? undefined : samplerOf(model.every, this.stream('arrival'));
    this.loses = model.whenFull === 'lost';
    this.limit = model.inLine ?? Infinity;
    this.chance = this.stream('mix');
    const mix = (model.mix ?? []).filter(({ share }) => share > 0);
    const { partsPerChange } = model;
    const inOrder = partsPerChange !== undefined;
    const weightOf = ({ share, lot = 1 }: (typeof mix)[number]): number => (inOrder ? share : share / lot);
    const total = mix.reduce((sum, one) => sum + weightOf(one), 0);
    let until = 0;
    for (const one of mix) this.mix.push({ kind: run.parts.kinds.indexOf(one.kind), until: (until += weightOf(one) / total), lot: one.lot ?? 1 });
    if (!inOrder) return;
    for (const { share } of mix) {
      this.runs.push((share / total) * mix.length * partsPerChange);
      this.owed.push(0.5);
    }
    const begins = model.beginsAt ?? this.chance.uniform();
    this.turn = Math.max(0, this.mix.findIndex((one) => begins < one.until));
    // What is left of the run in which it begins.
    this.owed[this.turn]! += (this.mix[this.turn]!.until - begins) * mix.length * partsPerChange - this.runs[this.turn]!;
  }

  override start(): void {
    if (this.between === undefined) this.give();
    else this.schedule(this.between(), 0, 0);
  }

  /** A part is gone from the line: the limit may let another in. */
  partGone(): void {
    this.released -= 1;
    if (this.limit !== Infinity) this.give();
  }

  accept(): boolean {
    return false;
  }

  retry(): void {
    this.give();
  }

  override on(): void {
    this.came += 1;
    if (!this.paused) this.outside += 1;
    this.give();
    if (this.loses && this.outside > 0) {
      this.lost += this.outside;
      this.outside = 0;
      if (this.held >= 0) {
        this.run.parts.release(this.held);
        this.held = -1;
      }
    }
    this.schedule(this.between!(), 0, 0);
  }

  override pause(_nowS: number, paused: boolean): void {
    this.paused = paused;
    if (!paused) this.give();
  }

  override restart(nowS: number): void {
    super.restart(nowS);
    this.lost = 0;
    this.came = 0;
  }

  private give(): void {
    if (this.giving || this.paused) return;
    this.giving = true;
    const { calendar, parts, line } = this.run;
    while ((this.between === undefined || this.outside > 0) && this.released < this.limit) {
      const nowS = calendar.timeS;
      if (this.held < 0) {
        this.held = parts.take(nowS, this.nextKind(), this.index);
        parts.ends[this.held] = this.after;
      }
      const part = this.held;
      parts.bornS[part] = nowS;
      // It counts before it is taken, since it may be through the line before `accept` is back.
      this.released += 1;
      line.enter(nowS);
      this.held = -1;
      if (!this.offer(part, this.next)) {
        this.released -= 1;
        line.leave(nowS, nowS);
        line.entries -= 1;
        line.exits -= 1;
        this.held = part;
        break;
      }
      this.occupancy.enter(nowS);
      this.occupancy.leave(nowS, nowS);
      if (this.outside > 0) this.outside -= 1;
    }
    this.giving = false;
  }

  private nextKind(): number {
    if (this.mix.length === 0) return 0;
    if (this.runs.length > 0) return this.nextInOrder();
    if (this.leftOfLot === 0) {
      const u = this.chance.uniform();
      const next = this.mix.find(({ until }) => u < until) ?? this.mix[this.mix.length - 1]!;
      this.kind = next.kind;
      this.leftOfLot = next.lot;
    }
    this.leftOfLot -= 1;
    return this.kind;
  }

  private nextInOrder(): number {
    if (this.leftOfLot === 0) this.nextRun();
    const { kind } = this;
    this.leftOfLot -= 1;
    if (this.leftOfLot === 0) this.nextRun();
    this.after = this.kind === kind ? -1 : this.kind;
    return kind;
  }

  /** What is no whole part is left over for the kind's next run; a run shorter than a part may drop out. */
  private nextRun(): void {
    while (this.leftOfLot === 0) {
      const { turn } = this;
      this.owed[turn]! += this.runs[turn]!;
      this.leftOfLot = Math.max(0, Math.floor(this.owed[turn]!));
      this.owed[turn]! -= this.leftOfLot;
      this.kind = this.mix[turn]!.kind;
      this.turn = (turn + 1) % this.runs.length;
    }
  }
}
