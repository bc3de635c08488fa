import type { HistoryPoint, HistoryReader } from '../ports.ts';

/** Where values of history come from that were computed anew: who asked for it, why, when, and of what stretch. */
export interface Lineage {
  twin: string;
  by: string;
  why: string;
  /** Site time at which it was done, ms UTC. */
  atMs: number;
  fromMs: number;
  toMs: number;
}

/** Kept as a series of the twin beside its properties. None of them can be called so: their names hold no control characters. */
const series = '\u0001recomputed';
const mostRead = 1000;

/** The record of a recomputation, at the time when it was done, so that an earlier one stays. */
export function lineagePoint({ twin, by, why, atMs, fromMs, toMs }: Lineage): HistoryPoint {
  return { twin, property: series, timeMs: Math.floor(atMs), value: JSON.stringify({ by, why, fromMs, toMs }), quality: 'good' };
}

/** The recomputations of a twin that touch the stretch, oldest first. */
export async function lineageOf(historian: HistoryReader, twin: string, fromMs: number, toMs: number): Promise<Lineage[]> {
  const { times, values } = await historian.columns(twin, series, -Infinity, Infinity, mostRead);
  return Array.from(times).flatMap((atMs, index): Lineage[] => {
    try {
      const record = JSON.parse(String(values[index])) as Omit<Lineage, 'twin' | 'atMs'>;
      return record.fromMs < toMs && record.toMs > fromMs ? [{ twin, by: String(record.by), why: String(record.why), atMs, fromMs: record.fromMs, toMs: record.toMs }] : [];
    } catch {
      return [];
    }
  });
}
