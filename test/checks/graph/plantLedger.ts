import type { GraphChange } from '../../../engine/ports.ts';

/** How large a plant to generate. Finals and subassemblies: as many of each. */
export interface PlantSize {
  lines: number;
  finals: number;
  partsPerLot: number;
}

/** What is known of a finished part, independent of any graph: the answer key. */
export interface PartRecord {
  part: string;
  sub: string;
  lotA: string;
  lotB: string;
  order: string;
  /** The machines it went through, then those of its subassembly. */
  stays: { of: string; machine: string; fromMs: number; toMs: number; operators: string[]; tools: string[]; maintenance: string | undefined }[];
}

const startMs = 1_750_000_000_000;
const hour = 3_600_000;
const shiftMs = 8 * hour;
const serviceEveryMs = 60 * hour;
const taktMs = 20_000;
const stayMs = 60_000;
const machinesOfPart = [2, 3, 4];
const machinesOfSub = [0, 1];

/**
 * A plant by arithmetic: lines of five machines; each finished part is made from a subassembly and a lot, the subassembly from another lot;
 * operators by shift, a tool and a maintenance now and then. 97 % of the facts are of parts, as in a real plant.
 */
export class PlantLedger {
  readonly size: PlantSize;
  readonly endMs: number;

  constructor(size: PlantSize) {
    this.size = size;
    this.endMs = startMs + size.finals * taktMs + 10 * stayMs;
  }

  machine(line: number, station: number): string {
    return `line${line}/station${station}`;
  }

  machines(): string[] {
    return Array.from({ length: 5 * this.size.lines }, (_, index) => this.machine(Math.floor(index / 5), index % 5));
  }

  part(index: number): PartRecord {
    const { lines, partsPerLot } = this.size;
    const line = index % lines;
    const beginMs = startMs + index * taktMs;
    const sub = `sub-${index}`;
    const part = `part-${index}`;
    const stay = (of: string, station: number, place: number): PartRecord['stays'][number] => {
      const fromMs = beginMs + place * stayMs;
      return {
        of, machine: this.machine(line, station), fromMs, toMs: fromMs + stayMs,
        // A change of shift may fall into a stay.
        operators: [...new Set([fromMs, fromMs + stayMs - 1].map((at) => this.operatorAt(line, at)))],
        tools: [...new Set([fromMs, fromMs + stayMs - 1].map((at) => this.toolAt(line, station, at)))],
        maintenance: this.maintenanceBefore(line, station, fromMs),
      };
    };
    return {
      part, sub, lotA: `lotA-${Math.floor(index / partsPerLot)}`, lotB: `lotB-${Math.floor(index / partsPerLot)}`, order: `order-${line}-${Math.floor(index / 2000)}`,
      stays: [...machinesOfPart.map((station, place) => stay(part, station, place + 2)), ...machinesOfSub.map((station, place) => stay(sub, station, place))],
    };
  }

  operatorAt(line: number, timeMs: number): string {
    return `operator-${line}-${Math.floor((timeMs - startMs) / shiftMs) % 4}`;
  }

  toolAt(line: number, station: number, timeMs: number): string {
    return `tool-${line}-${station}-${Math.floor((timeMs - startMs) / (7 * 24 * hour))}`;
  }

  maintenanceBefore(line: number, station: number, timeMs: number): string | undefined {
    const first = startMs + (line * 5 + station + 1) * hour;
    return timeMs < first ? undefined : `maintenance-${line}-${station}-${Math.floor((timeMs - first) / serviceEveryMs)}`;
  }

  /** Everything, elements before what is said of them; the facts of machines first, then part by part. */
  *changes(recordedMs = this.endMs): Generator<GraphChange> {
    const known = new Set<string>();
    const element = (key: string, type: string): GraphChange[] => {
      if (known.has(key)) return [];
      known.add(key);
      return [{ kind: 'element', element: { key, type, name: '' }, recordedMs }];
    };
    const fact = (subject: string, relation: string, object: string, validFromMs: number, validToMs?: number): GraphChange =>
      ({ kind: 'assert', fact: { subject, relation, object, validFromMs, ...(validToMs !== undefined && { validToMs }), recordedMs, source: 'plant' } });
    for (let line = 0; line < this.size.lines; line++) {
      yield* element(`line${line}`, 'work centre');
      for (let station = 0; station < 5; station++) {
        const machine = this.machine(line, station);
        yield* element(machine, 'work unit');
        yield fact(machine, 'part of', `line${line}`, startMs);
        if (station > 0) yield fact(this.machine(line, station - 1), 'feeds', machine, startMs);
        for (let at = startMs; at < this.endMs; at += shiftMs) {
          const operator = this.operatorAt(line, at);
          yield* element(operator, 'operator');
          yield fact(machine, 'operated by', operator, at, at + shiftMs);
        }
        for (let at = startMs; at < this.endMs; at += 7 * 24 * hour) {
          const tool = this.toolAt(line, station, at);
          yield* element(tool, 'tool');
          yield fact(machine, 'uses', tool, at, at + 7 * 24 * hour);
        }
        for (let at = startMs + (line * 5 + station + 1) * hour; at < this.endMs; at += serviceEveryMs) {
          const order = this.maintenanceBefore(line, station, at) as string;
          yield* element(order, 'maintenance order');
          yield fact(machine, 'serviced by', order, at, at + hour / 2);
        }
      }
    }
    for (let index = 0; index < this.size.finals; index++) {
      const { part, sub, lotA, lotB, order, stays } = this.part(index);
      yield* [...element(part, 'part'), ...element(sub, 'part'), ...element(lotA, 'material lot'), ...element(lotB, 'material lot'), ...element(order, 'job order')];
      const begin = stays[0]?.fromMs as number;
      yield fact(part, 'made from', sub, begin);
      yield fact(part, 'made from', lotA, begin);
      yield fact(sub, 'made from', lotB, begin - 2 * stayMs);
      yield fact(part, 'made for', order, begin);
      for (const { of, machine, fromMs, toMs } of stays) yield fact(of, 'produced by', machine, fromMs, toMs);
      if (index >= this.size.lines) yield fact(part, 'follows', `part-${index - this.size.lines}`, begin);
    }
  }

  /** The finished parts that were made from a lot. */
  partsOf(lot: string): string[] {
    const number = Number(lot.slice('lotA-'.length));
    const first = number * this.size.partsPerLot;
    return Array.from({ length: Math.max(0, Math.min(this.size.partsPerLot, this.size.finals - first)) }, (_, index) => `part-${first + index}`);
  }
}
