/** Parts that only teach. */
const learnsFirst = 1_000;

interface ScrapWatchState {
  parts: number;
  bad: number;
  /** Sum of evidence that the share of bad parts has risen. */
  evidence: number;
  /** Bad parts since it was last told. */
  since: number;
  /** Time of the last look at which nothing spoke for a rise. */
  zeroMs: number;
}

export interface ScrapWatchSettings {
  /** Parts over which the usual share is remembered (5,000). */
  memory?: number;
  /** Evidence from which it is told (12: once in some 100,000 parts where nothing is). */
  line?: number;
  /** Bad parts that have to come before it is told (again). */
  fewest: number;
}

/**
 * Tells when the share of bad parts has about doubled: a cumulative sum of the log likelihood ratio of one share against the other (CUSUM for
 * Bernoulli counts; Reynolds and Stoumbos 1999), against the usual share, which is hardly learned while there is evidence. Constant memory, a few
 * operations for each look, whatever the number of parts. Choose it to know when to look for what goes with scrap, rather than looking all the time.
 */
export class ScrapWatch {
  private readonly memory: number;
  private readonly line: number;
  private readonly fewest: number;
  private state: ScrapWatchState = { parts: 0, bad: 0, evidence: 0, since: 0, zeroMs: NaN };

  constructor({ memory = 5_000, line = 12, fewest }: ScrapWatchSettings) {
    this.memory = memory;
    this.line = line;
    this.fewest = fewest;
  }

  /** Takes what was counted since the last look: all parts, and the bad ones of them. @param timeMs of this look @returns whether scrap has risen and it is worth a look */
  take(parts: number, bad: number, timeMs: number): boolean {
    if (!(parts > 0) || !(bad >= 0)) return false;
    const { state } = this;
    const spoiled = Math.min(bad, parts);
    if (state.parts < learnsFirst) {
      state.parts += parts;
      state.bad += spoiled;
      state.zeroMs = timeMs;
      return false;
    }
    // A few bad parts are usual anywhere, so the first one raises no alarm.
    const usual = (state.bad + 1) / (state.parts + 200);
    const risen = Math.min(0.9, 2 * usual + 0.005);
    const step = spoiled * Math.log(risen / usual) + (parts - spoiled) * Math.log((1 - risen) / (1 - usual));
    state.evidence = Math.max(0, Math.min(4 * this.line, state.evidence + step));
    state.since += spoiled;
    // What has risen becomes usual in the end, ten times as slowly.
    const weight = state.evidence < this.line / 4 ? 1 : 0.1;
    state.parts += weight * parts;
    state.bad += weight * spoiled;
    if (state.parts > this.memory) {
      state.bad *= this.memory / state.parts;
      state.parts = this.memory;
    }
    if (state.evidence === 0) {
      state.since = 0;
      state.zeroMs = timeMs;
    }
    return state.evidence >= this.line && state.since >= this.fewest;
  }

  /** When the rise began, as well as a sum tells it; NaN: not known. */
  get beganMs(): number {
    return this.state.zeroMs;
  }

  /** It was told: only so many more bad parts are worth another look. */
  told(): void {
    this.state.since = 0;
  }

  get risen(): boolean {
    return this.state.evidence >= this.line;
  }

  /** What was counted before the first look. */
  seed(parts: number, bad: number): void {
    if (!(parts >= learnsFirst)) return;
    const share = Math.min(1, Math.max(0, bad / parts));
    this.state = { parts: Math.min(parts, this.memory), bad: share * Math.min(parts, this.memory), evidence: 0, since: 0, zeroMs: NaN };
  }

  /** The usual share is not known yet. */
  get learns(): boolean {
    return this.state.parts < learnsFirst;
  }
}
