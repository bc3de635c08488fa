import type { Anomaly } from '../../contract/messages.ts';

const leastCapacity = 64;
/** 2^17 rows. */
const mostCapacity = 131_072;

const kindNone = 0;
const kindLearning = 1;
const kindNormal = 2;
const kindAnomaly = 3;

/**
 * The verdicts of the last rows of a twin, for whoever asks for a row that was judged already. Node-RED hands a burst on node by node, so
 * all of it may go through twin-baseline before twin-anomaly sees the first message: what was added since the last but one
 * `windowEnded` is kept, at most 131,072 rows, at least 64. Nearly all verdicts are "normal", so each is a number in a ring, and only
 * anomalies are kept as objects.
 */
export class RecentVerdicts {
  #rows = new Float64Array(leastCapacity);
  #scores = new Float64Array(leastCapacity);
  #kinds = new Uint8Array(leastCapacity);
  #anomalies = new Map<number, Anomaly>();
  #addedNow = 0;
  #addedBefore = 0;

  add(row: number, anomaly: Anomaly): void {
    this.#addedNow += 1;
    const capacity = this.#kinds.length;
    if (this.#addedNow + this.#addedBefore > capacity && capacity < mostCapacity) this.#resize(capacity * 2);
    const place = row & (this.#kinds.length - 1);
    if (this.#kinds[place] === kindAnomaly) this.#anomalies.delete(this.#rows[place] as number);
    this.#rows[place] = row;
    this.#scores[place] = anomaly.score;
    const { verdict } = anomaly;
    this.#kinds[place] = verdict === 'anomaly' ? kindAnomaly : verdict === 'normal' ? kindNormal : kindLearning;
    if (verdict === 'anomaly') this.#anomalies.set(row, anomaly);
  }

  get(row: number): Anomaly | undefined {
    const place = row & (this.#kinds.length - 1);
    const kind = this.#kinds[place];
    if (kind === kindNone || this.#rows[place] !== row) return undefined;
    if (kind === kindAnomaly) return this.#anomalies.get(row);
    return { v: 1, verdict: kind === kindNormal ? 'normal' : 'learning', score: this.#scores[place] as number, signals: [], reason: '' };
  }

  /** Some seconds passed: what is older than one such window need not be kept. */
  windowEnded(): void {
    const capacity = this.#kinds.length;
    this.#addedBefore = this.#addedNow;
    this.#addedNow = 0;
    if (capacity > leastCapacity && this.#addedBefore * 4 < capacity) this.#resize(capacity / 2);
  }

  #resize(capacity: number): void {
    const rows = this.#rows;
    const scores = this.#scores;
    const kinds = this.#kinds;
    const anomalies = this.#anomalies;
    this.#rows = new Float64Array(capacity);
    this.#scores = new Float64Array(capacity);
    this.#kinds = new Uint8Array(capacity);
    this.#anomalies = new Map();
    for (let from = 0; from < kinds.length; from += 1) {
      const row = rows[from] as number;
      const place = row & (capacity - 1);
      // Of two rows for one place the newer stays.
      if (kinds[from] === kindNone || (this.#kinds[place] !== kindNone && (this.#rows[place] as number) > row)) continue;
      this.#rows[place] = row;
      this.#scores[place] = scores[from] as number;
      this.#kinds[place] = kinds[from] as number;
    }
    for (const [row, anomaly] of anomalies) {
      if (this.#rows[row & (capacity - 1)] === row) this.#anomalies.set(row, anomaly);
    }
  }
}
