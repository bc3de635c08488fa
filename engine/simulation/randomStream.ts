/** A number from a text: FNV-1a with 32 bits (Fowler, Noll and Vo), spread once more. */
function hashed(text: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * One repeatable stream of chance for one source of it: 128 bits of state (sfc32 by Doty-Humphrey, PractRand). Each cause of chance in a
 * model has a stream of its own, so that two scenarios meet the same luck wherever they do the same (common random numbers; Law, Simulation
 * Modeling and Analysis, 5th ed., 11.2). Not for secrets.
 */
export class RandomStream {
  private a: number;
  private b: number;
  private c: number;
  private count = 1;
  private spare = NaN;

  /** @param name what the chance is of, such as "filler/cycle": equal seeds and names give equal streams */
  constructor(seed: number, name = '') {
    const low = hashed(name, seed | 0);
    this.a = low | 0;
    this.b = hashed(name, Math.imul(low, 0x9e3779b1) ^ Math.floor(seed / 4_294_967_296)) | 0;
    this.c = hashed(`${name}#`, seed | 0) | 0;
    for (let round = 0; round < 12; round += 1) this.bits();
  }

  /** In (0, 1), never 0 or 1. */
  uniform(): number {
    return (this.bits() + 0.5) / 4_294_967_296;
  }

  /** Mean 1. */
  exponential(): number {
    return -Math.log((this.bits() + 0.5) / 4_294_967_296);
  }

  /** Mean 0, standard deviation 1 (Box and Muller 1958). */
  normal(): number {
    if (!Number.isNaN(this.spare)) {
      const kept = this.spare;
      this.spare = NaN;
      return kept;
    }
    const radius = Math.sqrt(2 * this.exponential());
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  private bits(): number {
    const sum = (((this.a + this.b) | 0) + this.count) | 0;
    this.count = (this.count + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum | 0;
    return sum >>> 0;
  }
}
