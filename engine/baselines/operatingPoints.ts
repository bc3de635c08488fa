import type { Json } from '../ports.ts';
import { member, numbersFromJson, numbersToJson, unreadableSnapshot } from '../statistics/columnTable.ts';

const largestCellCount = 256;
const enoughVisits = 8;
const mostVisits = 1000;
const cellsPerDriver = 64;

/**
 * Which operating points were seen: a grid over the drivers with a count per cell. Bounded: when more than 256 cells are
 * in use, cells are made twice as wide and merged. Choose a grid rather than a distance to the nearest known point, because
 * its cost per row is one lookup, however long the machine has run.
 */
export class OperatingPoints {
  private readonly origins: Float64Array;
  private readonly steps: Float64Array;
  private cells = new Map<number, number>();
  /** What was visited since `keep`, with the visits that it had, until cells were made wider, and all as it was then. */
  private undo: number[] | undefined;
  private before: { cells: Map<number, number>; steps: Float64Array } | undefined;

  /** @param steps width of a cell, per driver, in the driver's unit; > 0. */
  constructor(origins: Float64Array, steps: Float64Array) {
    this.origins = origins;
    this.steps = steps;
  }

  /** Cells with enough visits to count as known. */
  known(): number {
    let known = 0;
    for (const visits of this.cells.values()) if (visits >= enoughVisits) known += 1;
    return known;
  }

  /** Whether a point lies in a cell that was visited at least eight times, or between two such cells. */
  covers(point: Float64Array): boolean {
    const cell = this.cellOf(point);
    if (cell < 0) return false;
    if ((this.cells.get(cell) ?? 0) >= enoughVisits) return true;
    let neighbours = 0;
    for (let driver = 0, stride = 1; driver < this.steps.length; driver += 1, stride *= cellsPerDriver) {
      if ((this.cells.get(cell - stride) ?? 0) >= enoughVisits) neighbours += 1;
      if ((this.cells.get(cell + stride) ?? 0) >= enoughVisits) neighbours += 1;
    }
    return neighbours >= 2;
  }

  /** Whether with the next visit the cell becomes known. */
  isAboutToBeKnown(point: Float64Array): boolean {
    return this.cells.get(this.cellOf(point)) === enoughVisits - 1;
  }

  /** Whether a cell is so well known that a visit more says nothing. */
  isWorn(point: Float64Array): boolean {
    return this.cells.get(this.cellOf(point)) === mostVisits;
  }

  /** Counts a visit; true when with it the cell has become known. */
  visit(point: Float64Array): boolean {
    let cell = this.cellOf(point);
    for (let attempt = 0; cell < 0 && attempt < 200; attempt += 1) {
      for (let driver = 0; driver < this.steps.length; driver += 1) {
        const index = Math.floor((point[driver]! - this.origins[driver]!) / this.steps[driver]!) + cellsPerDriver / 2;
        if (index < 1 || index > cellsPerDriver - 2) this.widen(driver);
      }
      cell = this.cellOf(point);
    }
    if (cell < 0) return false;
    const visits = (this.cells.get(cell) ?? 0) + 1;
    if (this.undo !== undefined && this.before === undefined) this.undo.push(cell, visits - 1);
    this.cells.set(cell, Math.min(visits, mostVisits));
    for (let driver = 0; this.cells.size > largestCellCount; driver = (driver + 1) % this.steps.length) this.widen(driver);
    return visits === enoughVisits;
  }

  /** Keeps all as it is, for `putBack`. */
  keep(): void {
    this.undo = [];
    this.before = undefined;
  }

  putBack(): void {
    const { undo, before } = this;
    if (undo === undefined) return;
    if (before !== undefined) {
      this.cells = before.cells;
      this.steps.set(before.steps);
    }
    for (let place = undo.length - 2; place >= 0; place -= 2) {
      if (undo[place + 1] === 0) this.cells.delete(undo[place]!);
      else this.cells.set(undo[place]!, undo[place + 1]!);
    }
    this.undo = [];
    this.before = undefined;
  }

  snapshot(): Json {
    return { origins: numbersToJson(this.origins), steps: numbersToJson(this.steps), cells: [...this.cells].flat() };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  static restore(drivers: number, json: Json | undefined): OperatingPoints {
    const origins = new Float64Array(drivers);
    const steps = new Float64Array(drivers);
    numbersFromJson(member(json, 'origins'), origins, 'operating points');
    numbersFromJson(member(json, 'steps'), steps, 'operating points');
    const points = new OperatingPoints(origins, steps);
    const cells = member(json, 'cells');
    if (!Array.isArray(cells) || cells.length > 4 * largestCellCount || steps.some((step) => !(step > 0))) {
      throw unreadableSnapshot('operating points', 'its cells are damaged');
    }
    for (let index = 0; index + 1 < cells.length; index += 2) {
      const cell = cells[index];
      const visits = cells[index + 1];
      if (typeof cell !== 'number' || typeof visits !== 'number') throw unreadableSnapshot('operating points', 'a cell is damaged');
      points.cells.set(cell, visits);
    }
    return points;
  }

  /** −1 outside the grid. The outermost cells stay empty, so that every cell has its neighbours on both sides. */
  private cellOf(point: Float64Array): number {
    let cell = 0;
    for (let driver = 0, stride = 1; driver < this.steps.length; driver += 1, stride *= cellsPerDriver) {
      const index = Math.floor((point[driver]! - this.origins[driver]!) / this.steps[driver]!) + cellsPerDriver / 2;
      if (!(index >= 1 && index <= cellsPerDriver - 2)) return -1;
      cell += index * stride;
    }
    return cell;
  }

  private widen(driver: number): void {
    if (this.undo !== undefined) this.before ??= { cells: this.cells, steps: this.steps.slice() };
    const stride = cellsPerDriver ** driver;
    const merged = new Map<number, number>();
    for (const [cell, visits] of this.cells) {
      const index = Math.floor(cell / stride) % cellsPerDriver;
      const half = Math.floor((index - cellsPerDriver / 2) / 2) + cellsPerDriver / 2;
      const target = cell + (half - index) * stride;
      merged.set(target, Math.min((merged.get(target) ?? 0) + visits, mostVisits));
    }
    this.cells = merged;
    this.steps[driver]! *= 2;
  }
}
