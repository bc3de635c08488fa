import { LineBlock, type RunState } from './lineBlock.ts';
import type { RouterModel } from './lineModel.ts';
import type { RandomStream } from './randomStream.ts';

/** Where ways part or join. What was chosen for a part stays chosen while it waits, else the share of a full way would go to the free one. */
export class RouterBlock extends LineBlock {
  next: LineBlock[] = [];
  private readonly by: RouterModel['by'];
  private readonly limits: number[] = [];
  private readonly wayOfKind: Int32Array;
  private readonly chance: RandomStream;
  private turn = 0;

  constructor(model: RouterModel, index: number, rank: number, run: RunState) {
    super(model.name, index, rank, run);
    this.by = model.by;
    this.chance = this.stream('way');
    const total = (model.shares ?? []).reduce((sum, share) => sum + share, 0);
    let sum = 0;
    for (const share of model.shares ?? []) this.limits.push((sum += share / total));
    this.wayOfKind = Int32Array.from(run.parts.kinds, (kind) => {
      const way = model.kinds !== undefined && Object.hasOwn(model.kinds, kind) ? model.to.indexOf(model.kinds[kind]!) : 0;
      return Math.max(0, way);
    });
  }

  accept(part: number): boolean {
    const { parts, calendar } = this.run;
    if (this.by === 'free') {
      if (!this.next.some((way) => this.offer(part, way))) return false;
      this.passed(calendar.timeS);
      return true;
    }
    let way = parts.way[part]!;
    if (way < 0) {
      way = this.choose(part);
      parts.way[part] = way;
    }
    // It is cleared before the part goes on, since the next router may choose at once.
    parts.way[part] = -1;
    if (!this.offer(part, this.next[way]!)) {
      parts.way[part] = way;
      return false;
    }
    this.passed(calendar.timeS);
    return true;
  }

  retry(): void {
    this.wake();
  }

  private passed(nowS: number): void {
    this.occupancy.enter(nowS);
    this.occupancy.leave(nowS, nowS);
  }

  private choose(part: number): number {
    if (this.by === 'kind') return this.wayOfKind[this.run.parts.kind[part]!]!;
    if (this.by === 'turn') {
      const way = this.turn;
      this.turn = (this.turn + 1) % this.next.length;
      return way;
    }
    const u = this.chance.uniform();
    const way = this.limits.findIndex((limit) => u < limit);
    return way < 0 ? this.limits.length - 1 : way;
  }
}
