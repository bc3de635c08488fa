/** One detector's word on one column: the fewest false alarms per week that have to be allowed for it to be an anomaly. */
export interface Cause {
  column: number;
  /** The detector's place in the registry; after the last: those that look at all columns. */
  chart: number;
  leastPerWeek: number;
}

/**
 * What `leastPerWeek` is of each detector and column by itself, so that it can be said afterwards what a judge would have told with some detectors off
 * or with only some of what it told. As a column opens and closes, so does each of its detectors: from some setting on it is an anomaly, or
 * stays one after it was. Only what comes near a line at all is looked at, so that rows as expected cost next to nothing.
 */
export class ChartLeast {
  private readonly columns: number;
  /** As of the last row learned, and with the row in hand. */
  private readonly least: Float64Array;
  private readonly now: Float64Array;
  private readonly toOpen: Float64Array;
  private readonly toStay: Float64Array;
  /** Places that are not Infinity in `least`, and those of the row in hand. */
  private known: number[] = [];
  private touched: number[] = [];

  constructor(charts: number, columns: number) {
    this.columns = columns;
    const take = (): Float64Array => new Float64Array(charts * columns).fill(Infinity);
    this.least = take();
    this.now = take();
    this.toOpen = take();
    this.toStay = take();
  }

  /** A row is looked at anew. */
  begin(): void {
    if (this.touched.length === 0) return;
    for (const place of this.touched) {
      this.toOpen[place] = Infinity;
      this.toStay[place] = Infinity;
    }
    this.touched = [];
  }

  /** @param toOpen Infinity: it cannot begin here @param toStay from which setting on it goes on */
  note(chart: number, column: number, toOpen: number, toStay: number): void {
    const place = chart * this.columns + column;
    this.touched.push(place);
    this.toOpen[place] = toOpen;
    this.toStay[place] = toStay;
  }

  /** Reckons the row in hand. A column without news (`usable` 0) stays as it was. */
  reckon(usable: Uint8Array): void {
    if (this.known.length === 0 && this.touched.length === 0) return;
    for (const place of this.known) if (this.toStay[place] === Infinity && this.toOpen[place] === Infinity) this.touched.push(place);
    for (const place of this.touched) {
      const before = this.least[place]!;
      this.now[place] = usable[place % this.columns] === 0 ? before : Math.min(this.toOpen[place]!, Math.max(this.toStay[place]!, before));
    }
  }

  /** What was told of a column at the setting in force is what counts there. @param chart that told it; −1: nothing was told, by none of `on` */
  told(column: number, chart: number, perWeek: number, on: Uint8Array): void {
    if (chart >= 0) {
      const place = chart * this.columns + column;
      if (!this.touched.includes(place)) {
        this.touched.push(place);
        this.now[place] = Infinity;
      }
      if (this.now[place]! > perWeek) this.now[place] = perWeek;
      return;
    }
    for (const place of this.touched) {
      const own = place % this.columns === column && on[Math.floor(place / this.columns)] === 1;
      if (own && this.now[place]! <= perWeek) this.now[place] = perWeek * (1 + 1e-9);
    }
  }

  get isCalm(): boolean {
    return this.touched.length === 0;
  }

  /** Of the row in hand, what is an anomaly at this setting or at a stricter one. */
  causes(loosest: number): Cause[] {
    const causes: Cause[] = [];
    for (const place of this.touched) {
      const leastPerWeek = this.now[place]!;
      if (leastPerWeek <= loosest) causes.push({ column: place % this.columns, chart: Math.floor(place / this.columns), leastPerWeek });
    }
    return causes;
  }

  /** The row in hand has been learned. */
  learn(): void {
    if (this.isCalm) return;
    for (const place of this.touched) this.least[place] = this.now[place]!;
    this.known = this.touched.filter((place) => this.least[place]! < Infinity);
  }

  /** What was open of a column is over. */
  close(column: number): void {
    this.known = this.known.filter((place) => {
      if (place % this.columns !== column) return true;
      this.least[place] = Infinity;
      return false;
    });
  }

  forget(): void {
    this.least.fill(Infinity);
    this.known = [];
    this.begin();
  }
}
