import type { StateChange } from '../../engine/process/lineStates.ts';
import type { StationRecord } from '../../engine/process/stationRecord.ts';

/** Stretches as columns: thousands of objects take the thread that sends them tens of milliseconds, columns are handed over. */
export interface PackedStretches {
  /** Stations, states and reasons that occur. */
  words: string[];
  times: Float64Array;
  /** Places in `words`: station, state and reason of each stretch. */
  places: Uint32Array;
}

/** A station's record as it crosses to a thread. */
export type PackedStation = Omit<StationRecord, 'stretches'> & { stretches: PackedStretches };

export function packedStretches(stretches: readonly StateChange[]): PackedStretches {
  const known = new Map<string, number>();
  const place = (word: string): number => {
    let found = known.get(word);
    if (found === undefined) known.set(word, (found = known.size));
    return found;
  };
  const times = new Float64Array(2 * stretches.length);
  const places = new Uint32Array(3 * stretches.length);
  let at = 0;
  for (const { station, fromMs, toMs, state, reason } of stretches) {
    times[2 * at] = fromMs;
    times[2 * at + 1] = toMs;
    places[3 * at] = place(station);
    places[3 * at + 1] = place(state);
    places[3 * at + 2] = place(reason);
    at += 1;
  }
  return { words: [...known.keys()], times, places };
}

export function unpackedStretches({ words, times, places }: PackedStretches): StateChange[] {
  return Array.from({ length: times.length / 2 }, (_, at): StateChange => ({
    station: words[places[3 * at]!]!, fromMs: times[2 * at]!, toMs: times[2 * at + 1]!, state: words[places[3 * at + 1]!] as StateChange['state'], reason: words[places[3 * at + 2]!]!,
  }));
}
