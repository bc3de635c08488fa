/**
 * Counts what goes in and out of a place and how long it stays: the area under the number inside by time, and the stays by part, each on
 * its own, so that Little's law (1961) is a check and no definition.
 */
export class Occupancy {
  inside = 0;
  entries = 0;
  exits = 0;
  private area = 0;
  private changedS = 0;
  private stays = 0;
  private entered = 0;
  private sinceS = 0;
  private insideThen = 0;
  private enteredThen = 0;

  enter(nowS: number): void {
    this.area += this.inside * (nowS - this.changedS);
    this.changedS = nowS;
    this.inside += 1;
    this.entries += 1;
    this.entered += nowS;
  }

  /** @param enteredS when the part that goes now came in */
  leave(nowS: number, enteredS: number): void {
    this.area += this.inside * (nowS - this.changedS);
    this.changedS = nowS;
    this.inside -= 1;
    this.exits += 1;
    this.entered -= enteredS;
    this.stays += nowS - enteredS;
  }

  /** Forgets what was, but not what is inside. */
  restart(nowS: number): void {
    this.entries = 0;
    this.exits = 0;
    this.area = 0;
    this.stays = 0;
    this.changedS = nowS;
    this.sinceS = nowS;
    this.insideThen = this.inside;
    this.enteredThen = this.entered;
  }

  result(nowS: number): OccupancyResult {
    const seconds = nowS - this.sinceS;
    const area = this.area + this.inside * (nowS - this.changedS);
    const stays = this.stays + (this.inside * nowS - this.entered) - (this.insideThen * this.sinceS - this.enteredThen);
    return {
      entries: this.entries, exits: this.exits, atStart: this.insideThen, atEnd: this.inside, mean: area / seconds,
      meanStayS: this.exits === 0 ? NaN : this.stays / this.exits, perSecond: this.entries / seconds, staysS: stays, areaS: area,
    };
  }
}

export interface OccupancyResult {
  entries: number;
  exits: number;
  atStart: number;
  atEnd: number;
  /** L: the number inside, over time. */
  mean: number;
  /** W: the stay of those that left, seconds; NaN when none did. */
  meanStayS: number;
  /** λ, entries per second. */
  perSecond: number;
  /** All part-seconds spent inside, counted by part; and as the area under the number inside. They are the same. */
  staysS: number;
  areaS: number;
}
