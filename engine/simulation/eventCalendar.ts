/** Sequence numbers below this keep their order within a rank; a run has fewer events. */
const ranks = 2 ** 40;

/**
 * The calendar of a discrete-event simulation: a binary heap (Williams 1964, Algorithm 232) on typed arrays. Events of one time come in the
 * order of their rank (lower first), then in the order in which they were scheduled, so that the same run is always the same run.
 * An event is three numbers, so nothing is allocated for it. What became void is recognised by its tag when it comes up, rather than
 * searched for and taken out.
 */
export class EventCalendar {
  /** The event that `next` took: when, of which block, what, and its tag. */
  timeS = 0;
  target = 0;
  code = 0;
  tag = 0;
  size = 0;
  /** Events taken so far. */
  taken = 0;
  private sequence = 0;
  private times = new Float64Array(64);
  private orders = new Float64Array(64);
  private slots = new Int32Array(64);
  private targets = new Int32Array(64);
  private codes = new Int32Array(64);
  private tags = new Int32Array(64);
  private free = Int32Array.from({ length: 64 }, (_, index) => index);

  /** @param rank 0–4095, of the block */
  schedule(timeS: number, rank: number, target: number, code: number, tag: number): void {
    if (this.size === this.times.length) this.grow();
    const { times, orders, slots } = this;
    const slot = this.free[this.size]!;
    this.targets[slot] = target;
    this.codes[slot] = code;
    this.tags[slot] = tag;
    const order = rank * ranks + this.sequence;
    this.sequence += 1;
    let place = this.size;
    this.size += 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const parentTime = times[parent]!;
      if (parentTime < timeS || (parentTime === timeS && orders[parent]! < order)) break;
      times[place] = parentTime;
      orders[place] = orders[parent]!;
      slots[place] = slots[parent]!;
      place = parent;
    }
    times[place] = timeS;
    orders[place] = order;
    slots[place] = slot;
  }

  /** When the next event is; Infinity when there is none. */
  nextTimeS(): number {
    return this.size === 0 ? Infinity : this.times[0]!;
  }

  /** Takes the next event into `timeS`, `target`, `code` and `tag`. @returns false when there is none */
  next(): boolean {
    if (this.size === 0) return false;
    const { times, orders, slots } = this;
    const slot = slots[0]!;
    this.timeS = times[0]!;
    this.target = this.targets[slot]!;
    this.code = this.codes[slot]!;
    this.tag = this.tags[slot]!;
    this.taken += 1;
    const last = this.size - 1;
    this.size = last;
    this.free[last] = slot;
    if (last === 0) return true;
    const time = times[last]!;
    const order = orders[last]!;
    const moved = slots[last]!;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= last) break;
      const right = child + 1;
      if (right < last && (times[right]! < times[child]! || (times[right]! === times[child]! && orders[right]! < orders[child]!))) child = right;
      const childTime = times[child]!;
      if (time < childTime || (time === childTime && order < orders[child]!)) break;
      times[place] = childTime;
      orders[place] = orders[child]!;
      slots[place] = slots[child]!;
      place = child;
    }
    times[place] = time;
    orders[place] = order;
    slots[place] = moved;
    return true;
  }

  private grow(): void {
    const length = this.times.length * 2;
    const wider = <A extends Float64Array | Int32Array>(from: A, into: A): A => (into.set(from as never), into);
    this.times = wider(this.times, new Float64Array(length));
    this.orders = wider(this.orders, new Float64Array(length));
    for (const name of ['slots', 'targets', 'codes', 'tags', 'free'] as const) this[name] = wider(this[name], new Int32Array(length));
    for (let index = length / 2; index < length; index += 1) this.free[index] = index;
  }
}
