/** One detector's word on one column: the fewest false alarms per week that have to be allowed for it to be an anomaly. */
export interface Cause {
  column: number;
  /** The detector's place in the registry; after the last: those that look at all columns. */
  chart: number;
  leastPerWeek: number;
}

/** What one detector says of one column in the row in hand. */
interface Word {
  place: number;
  toOpen: number;
  toStay: number;
  now: number;
}

/**
 * What `leastPerWeek` is of each detector and column by itself, so that it can be said afterwards what a judge would have told with some detectors off
 * or with only some of what it told. As a column opens and closes, so does each of its detectors: from some setting on it is an anomaly, or
 * stays one after it was. Only what comes near a line at all is held, so that rows as expected cost neither time nor memory.
 */
export class ChartLeast {
  private readonly columns: number;
  /** As of the last row learned, by place (chart × columns + column); what is not there is Infinity. */
  private known = new Map<number, number>();
  private words: Word[] = [];

  constructor(columns: number) {
    this.columns = columns;
  }

  /** A row is looked at anew. */
  begin(): void {
    if (this.words.length > 0) this.words = [];
  }

  /**
   * Once per row, chart and column.
   * @param toOpen Infinity: it cannot begin here
   * @param toStay from which setting on it goes on
   */
  note(chart: number, column: number, toOpen: number, toStay: number): void {
    const place = chart * this.columns + column;
    // What has not begun cannot go on.
    if (toOpen === Infinity && !this.known.has(place)) return;
    this.words.push({ place, toOpen, toStay, now: Infinity });
  }

  /** Reckons the row in hand. A column without news (`usable` 0) stays as it was. */
  reckon(usable: Uint8Array): void {
    const { known, words, columns } = this;
    if (known.size === 0 && words.length === 0) return;
    for (const place of known.keys()) if (!words.some((word) => word.place === place)) words.push({ place, toOpen: Infinity, toStay: Infinity, now: Infinity });
    for (const word of words) {
      const before = known.get(word.place) ?? Infinity;
      word.now = usable[word.place % columns] === 0 ? before : Math.min(word.toOpen, Math.max(word.toStay, before));
    }
  }

  /** What was told of a column at the setting in force is what counts there. @param chart that told it; −1: nothing was told, by none of `on` */
  told(column: number, chart: number, perWeek: number, on: Uint8Array): void {
    if (chart >= 0) {
      const place = chart * this.columns + column;
      const word = this.words.find((one) => one.place === place);
      if (word === undefined) this.words.push({ place, toOpen: Infinity, toStay: Infinity, now: perWeek });
      else if (word.now > perWeek) word.now = perWeek;
      return;
    }
    for (const word of this.words) {
      const own = word.place % this.columns === column && on[Math.floor(word.place / this.columns)] === 1;
      if (own && word.now <= perWeek) word.now = perWeek * (1 + 1e-9);
    }
  }

  /** Whether there is nothing to reckon. */
  get isSilent(): boolean {
    return this.words.length === 0 && this.known.size === 0;
  }

  get isCalm(): boolean {
    return this.words.length === 0;
  }

  /** Of the row in hand, what is an anomaly at this setting or at a stricter one. */
  causes(loosest: number): Cause[] {
    return this.words
      .filter(({ now }) => now <= loosest)
      .map(({ place, now }) => ({ column: place % this.columns, chart: Math.floor(place / this.columns), leastPerWeek: now }));
  }

  /** The row in hand has been learned. */
  learn(): void {
    if (this.isCalm) return;
    this.known = new Map(this.words.filter(({ now }) => now < Infinity).map(({ place, now }) => [place, now]));
  }

  /** What was open of a column is over. */
  close(column: number): void {
    for (const place of this.known.keys()) if (place % this.columns === column) this.known.delete(place);
  }

  forget(): void {
    this.known.clear();
    this.begin();
  }
}
