/** People who do one repair at a time, in the order in which they are called. */
export class RepairCrew {
  private free: number;
  private readonly called: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  /** Calls `begin` now or when somebody is free. */
  call(begin: () => void): void {
    if (this.free === 0) {
      this.called.push(begin);
      return;
    }
    this.free -= 1;
    begin();
  }

  done(): void {
    const next = this.called.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}
