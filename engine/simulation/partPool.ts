/** Parts are numbers into columns; what left is used again, so a long run allocates nothing. */
export class PartPool {
  readonly kinds: readonly string[];
  bornS = new Float64Array(64);
  /** When the part came into the block where it is. */
  enteredS = new Float64Array(64);
  serial = new Float64Array(64);
  kind = new Int32Array(64);
  /** 1: bad, whether or not anybody knows. */
  bad = new Uint8Array(64);
  reworks = new Uint8Array(64);
  /** The way that a router chose and that was not free yet; −1 none. */
  way = new Int32Array(64);
  /** The last of its run: the kind that comes after it; −1 where it is not, or nobody knows. */
  ends = new Int32Array(64);
  /** The block that brought it in. */
  origin = new Int32Array(64);
  made = 0;
  private free: number[] = [];
  private used = 0;

  constructor(kinds: readonly string[]) {
    this.kinds = kinds;
  }

  take(nowS: number, kind: number, origin: number): number {
    let part = this.free.pop();
    if (part === undefined) {
      part = this.used;
      this.used += 1;
      if (part === this.bornS.length) this.grow();
    }
    this.made += 1;
    this.bornS[part] = nowS;
    this.enteredS[part] = nowS;
    this.serial[part] = this.made;
    this.kind[part] = kind;
    this.origin[part] = origin;
    this.bad[part] = 0;
    this.reworks[part] = 0;
    this.way[part] = -1;
    this.ends[part] = -1;
    return part;
  }

  release(part: number): void {
    this.free.push(part);
  }

  private grow(): void {
    const wider = <A extends Float64Array | Int32Array | Uint8Array>(from: A, into: A): A => (into.set(from as never), into);
    const length = this.bornS.length * 2;
    for (const name of ['bornS', 'enteredS', 'serial'] as const) this[name] = wider(this[name], new Float64Array(length));
    for (const name of ['kind', 'way', 'ends', 'origin'] as const) this[name] = wider(this[name], new Int32Array(length));
    for (const name of ['bad', 'reworks'] as const) this[name] = wider(this[name], new Uint8Array(length));
  }
}
