/** One thing that was measured or known about every part, at the station where the part then was. */
export interface PartColumn {
  station: string;
  property: string;
  unit?: string;
  /** A setpoint leads the measured values of its own station. */
  kind: 'measured' | 'setpoint';
  /** How long a part needs from here to where it is judged; undefined where no part passes (a supply). */
  wayMs?: number;
  /** By part, in the order of the table; NaN: nothing usable. */
  values: Float64Array;
}

/** Parts in the order in which they came to the place where good and bad are told apart. */
export interface PartTable {
  /** When each part was judged, ms UTC, ascending. */
  timesMs: Float64Array;
  /** 1: bad. */
  bad: Uint8Array;
  /** What else was known beforehand and may shift everything: the kind of product, as a small whole number. All 0 where there is none. */
  group: Int32Array;
  columns: readonly PartColumn[];
  /** The station that judges. */
  judgedAt: string;
}

export interface StationSeries {
  station: string;
  property: string;
  unit?: string;
  kind: PartColumn['kind'];
  /** Ascending ms UTC; a value holds until the next one. */
  times: ArrayLike<number>;
  values: ArrayLike<number>;
}

/**
 * Puts beside every part what each station measured when the part was there: the time of judgement less the way from there, by serial
 * number where one was read, by the learnt transit time else.
 * @param transitMs way from a station to the judging one; a station without it has no column
 * @param readMs the times at which the part was seen at a station, where they are known
 * @param holdMs a value older than this is none
 */
export function alignParts(
  parts: { timesMs: Float64Array; bad: Uint8Array; group: Int32Array }, series: readonly StationSeries[], judgedAt: string,
  transitMs: ReadonlyMap<string, number>, holdMs: number, readMs: ReadonlyMap<string, Float64Array> = new Map(),
): PartTable {
  const columns: PartColumn[] = [];
  for (const { station, property, unit, kind, times, values } of series) {
    const way = station === judgedAt ? 0 : transitMs.get(station);
    const read = readMs.get(station);
    if (way === undefined && read === undefined) continue;
    const column = new Float64Array(parts.timesMs.length).fill(NaN);
    for (let part = 0; part < column.length; part += 1) {
      const seen = read?.[part] ?? NaN;
      const at = Number.isNaN(seen) ? parts.timesMs[part]! - (way ?? NaN) : seen;
      const place = lastAtOrBefore(times, at);
      if (place >= 0 && at - times[place]! <= holdMs) column[part] = values[place]!;
    }
    columns.push({ station, property, ...(unit === undefined ? {} : { unit }), kind, ...(way === undefined ? {} : { wayMs: way }), values: column });
  }
  return { ...parts, columns, judgedAt };
}

function lastAtOrBefore(times: ArrayLike<number>, at: number): number {
  if (Number.isNaN(at)) return -1;
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
