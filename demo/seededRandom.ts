/**
 * A repeatable stream of uniform numbers in [0, 1) with a standard normal on top, for the demo plant only.
 *
 * Marsaglia's xorshift with 32 bits of state (Xorshift RNGs, Journal of Statistical Software 8(14), 2003; triple 13, 17, 5).
 * Choose it when a simulation has to repeat exactly rather than when numbers must be hard to guess: it is not for secrets.
 */
export class SeededRandom {
  private state: number;

  /** @param seed any integer; equal seeds give equal streams. */
  constructor(seed: number) {
    // Neighbouring seeds would begin with similar numbers: they are spread first. Zero is the one state xorshift cannot leave.
    this.state = Math.imul((seed | 0) ^ 0x5bd1e995, 0x27d4eb2f) || 1;
    for (let round = 0; round < 8; round++) this.uniform();
  }

  uniform(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return (x >>> 0) / 4_294_967_296;
  }

  /** Mean 0, standard deviation 1 (Box and Muller, 1958). Always takes two uniforms, so that streams stay in step. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}
