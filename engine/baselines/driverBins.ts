import type { Json } from '../ports.ts';
import { member, numberFromJson, numbersFromJson, numbersToJson } from '../statistics/columnTable.ts';

const bins = 64;
const binsPerScale = 12;
/**
 * Rows that a point's place on a driver must have been seen: eight at first, more the more is known of the others; of the first driver, which has a
 * curve of its own, more than passing through on the way to another speed.
 */
const fewest = 8;
const most = 60;
const mostOfFirst = 360;
const shareOfAll = 1 / 200;
const shareOfFirst = 1 / 40;
/** A place that is young is judged mildly: so many rows until it counts as half known. */
const youngRows = 60;
const trustedRows = 3_000;

/**
 * How often the machine was at each place of each driver, in 64 bins of a twelfth of the driver's scale, so that a speed never run is not taken
 * for known because it lies between two others. Choose it beside the grid of operating points, which is coarse because it has as many
 * dimensions as there are drivers. 64 numbers per driver.
 */
export class DriverBins {
  private readonly drivers: number;
  private readonly visits: Float64Array;
  private readonly places: Uint8Array;
  private rows = 0;
  private trusts = false;
  private kept: { visits: Float64Array; rows: number; trusts: boolean } | undefined;

  constructor(drivers: number) {
    this.drivers = drivers;
    this.visits = new Float64Array(drivers * bins);
    this.places = new Uint8Array(drivers);
  }

  /** Finds the bins of a point. @param features 1, then each driver in its scaled unit. */
  read(features: Float64Array): void {
    for (let driver = 0; driver < this.drivers; driver += 1) {
      const bin = Math.floor(features[driver + 1]! * binsPerScale) + bins / 2;
      this.places[driver] = bin < 0 ? 0 : bin >= bins ? bins - 1 : bin;
    }
  }

  /** Whether the place of each driver has been seen often enough. */
  covers(): boolean {
    if (this.trusts) return true;
    for (let driver = 0; driver < this.drivers; driver += 1) {
      const wanted = this.rows * (driver === 0 ? shareOfFirst : shareOfAll);
      const enough = Math.min(driver === 0 ? mostOfFirst : most, Math.max(fewest, wanted));
      if (this.around(driver, this.places[driver]!) < enough) return false;
    }
    return true;
  }

  /** How much wider the band is where the point was reached only lately; 1 where it is well known. */
  youth(): number {
    if (this.trusts) return 1;
    let least = Infinity;
    for (let driver = 0; driver < this.drivers; driver += 1) least = Math.min(least, this.around(driver, this.places[driver]!));
    const young = Math.min(youngRows, this.rows / 10);
    return least >= 10 * young ? 1 : Math.sqrt(1 + (3 * young) / (least + young));
  }

  /** Counts a visit; true when with it the place has become known. */
  visit(): boolean {
    const before = this.covers();
    this.rows += 1;
    if (this.rows >= trustedRows) this.trusts = false;
    for (let driver = 0; driver < this.drivers; driver += 1) this.visits[driver * bins + this.places[driver]!]! += 1;
    return !before && this.covers();
  }

  /** Whether every place is taken for known. */
  get isTrusting(): boolean {
    return this.trusts;
  }

  /** Takes every place for known until enough was seen: the model beside it has learned before there were bins, or with other drivers. */
  trust(): void {
    this.trusts = true;
  }

  /** Keeps all as it is, for `putBack`. */
  keep(): void {
    this.kept ??= { visits: new Float64Array(this.visits.length), rows: 0, trusts: false };
    this.kept.visits.set(this.visits);
    this.kept.rows = this.rows;
    this.kept.trusts = this.trusts;
  }

  putBack(): void {
    if (this.kept === undefined) return;
    this.visits.set(this.kept.visits);
    this.rows = this.kept.rows;
    this.trusts = this.kept.trusts;
  }

  snapshot(): Json {
    return { ...(this.trusts ? { trusts: true } : {}), rows: this.rows, visits: numbersToJson(this.visits) };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json, what: string): void {
    this.trusts = member(json, 'trusts') === true;
    this.rows = numberFromJson(json, 'rows', what);
    numbersFromJson(member(json, 'visits'), this.visits, `${what}.visits`);
  }

  private around(driver: number, place: number): number {
    const first = driver * bins + place;
    const { visits } = this;
    return visits[first]! + (place > 0 ? visits[first - 1]! : 0) + (place < bins - 1 ? visits[first + 1]! : 0);
  }
}
