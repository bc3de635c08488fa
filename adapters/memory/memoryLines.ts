import { decodeLine } from '../../engine/lineProtocol.ts';
import type { DecodedPoint } from '../../engine/lineProtocol.ts';
import type { LineWriter, RejectedLine } from '../../engine/ports.ts';

/** Lines of history in memory: what every LineWriter is compared with, and the target of tests. A line twice is one point. */
export class MemoryLines implements LineWriter {
  readonly #points = new Map<string, DecodedPoint>();

  /** By measurement, tags and time; a field written again has its last value. */
  get points(): DecodedPoint[] {
    return [...this.#points.values()];
  }

  async write(lines: readonly string[]): Promise<{ stored: number; rejected: RejectedLine[] }> {
    const rejected: RejectedLine[] = [];
    for (const [index, line] of lines.entries()) {
      const point = decodeLine(line);
      if (point === undefined) rejected.push({ index, line, reason: 'This is no line of data.' });
      else this.#keep(point);
    }
    return { stored: lines.length - rejected.length, rejected };
  }

  async test(): Promise<{ ok: true; version: string }> {
    return { ok: true, version: 'memory' };
  }

  async close(): Promise<void> {}

  #keep(point: DecodedPoint): void {
    const { measurement, tags, timeMs } = point;
    const key = JSON.stringify([measurement, tags.toSorted(([a], [b]) => (a < b ? -1 : 1)), timeMs]);
    const known = this.#points.get(key);
    const fields = new Map([...(known?.fields ?? []), ...point.fields]);
    this.#points.set(key, { ...point, fields: [...fields] });
  }
}
