import { quantileOfSorted } from '../statistics/order.ts';
import type { StationRecord } from './stationRecord.ts';

/**
 * Places of the buffer between two stations: parts that had left one and not the other while the first one was blocked, less the one in work and
 * the one that waits. Counted anew from each moment at which the station behind had none.
 * @returns `full` false: it was never seen full, and has at least so many
 */
export function bufferPlaces(
  before: StationRecord, behind: StationRecord, counted: ReadonlyMap<string, Float64Array>, scrapped: ReadonlyMap<string, Float64Array>,
): { places: number; full: boolean } {
  const moves: { timeMs: number; change: number; at?: 'empty' | 'full' }[] = [];
  for (const timeMs of counted.get(before.key)!) moves.push({ timeMs, change: 1 });
  for (const timeMs of scrapped.get(before.key)!) moves.push({ timeMs, change: -1 });
  for (const timeMs of counted.get(behind.key)!) moves.push({ timeMs, change: -1 });
  for (const { state, toMs } of behind.stretches) if (state === 'starved') moves.push({ timeMs: toMs, change: 0, at: 'empty' });
  for (const { state, toMs } of before.stretches) if (state === 'blocked') moves.push({ timeMs: toMs, change: 0, at: 'full' });
  moves.sort((one, other) => one.timeMs - other.timeMs || Math.abs(one.change) - Math.abs(other.change));
  let level = 0;
  let isKnown = false;
  let most = 0;
  let least = 0;
  const full: number[] = [];
  for (const { change, at } of moves) {
    level += change;
    if (at === 'empty') {
      // The part that ends the wait may be counted at the same reading.
      level = 0;
      isKnown = true;
    } else if (at === 'full' && isKnown) full.push(level);
    least = Math.min(least, level);
    most = Math.max(most, isKnown ? level : level - least);
  }
  if (full.length >= 3) return { places: Math.max(0, Math.round(quantileOfSorted(full.sort((one, other) => one - other), 0.5)) - 2), full: true };
  return { places: Math.max(1, most - 1), full: false };
}
