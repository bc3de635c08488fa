/** One run of a machine until it failed, or until now, in rows of equal distance. */
export interface MachineRun {
  /** Names it to people: the machine and when it failed. */
  id: string;
  /** Row after row, one number per column; NaN where there is none. */
  values: Float64Array;
}

/** What the columns of the recorded runs are like, so that one run is described as all are. */
export interface RunScale {
  columns: number;
  /** Columns that moved at all. */
  used: Int32Array;
  mean: Float64Array;
  spread: Float64Array;
  /** Median length of a run, rows. */
  life: number;
}

/** A wild value counts as so many spreads. */
const widest = 8;
/** Shares of a life: fast, middle and slow average, and the beginning with which it is compared. */
const shares = [0.015, 0.05, 0.15] as const;
const beginningShare = 0.1;
/** Features per used column, and besides those of the age. */
export const featuresPerColumn = 4;
export const ageFeatures = 2;

/** Mean and spread over all rows of all runs. */
export function runScale(runs: readonly MachineRun[], columns: number): RunScale {
  const sum = new Float64Array(columns);
  const squares = new Float64Array(columns);
  const count = new Float64Array(columns);
  const first = new Float64Array(columns).fill(NaN);
  for (const { values } of runs) {
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at]!;
      if (!Number.isFinite(value)) continue;
      const column = at % columns;
      // Against the first value, so that a large level costs no digits.
      if (Number.isNaN(first[column]!)) first[column] = value;
      const moved = value - first[column]!;
      sum[column]! += moved;
      squares[column]! += moved * moved;
      count[column]! += 1;
    }
  }
  const used: number[] = [];
  const mean = new Float64Array(columns);
  const spread = new Float64Array(columns);
  for (let column = 0; column < columns; column += 1) {
    const away = sum[column]! / count[column]!;
    mean[column] = first[column]! + away;
    spread[column] = Math.sqrt(Math.max(0, squares[column]! / count[column]! - away * away));
    if (spread[column]! > 1e-9 * Math.abs(mean[column]!) && Number.isFinite(spread[column]!)) used.push(column);
  }
  const lengths = runs.map(({ values }) => values.length / columns).sort((a, b) => a - b);
  return { columns, used: Int32Array.from(used), mean, spread, life: lengths[lengths.length >> 1] ?? 0 };
}

/**
 * What each row of a run looks like from what came before it: averages over a fraction of a life, how they differ, how far the slow one has gone
 * from the run's beginning, and its age. Row after row, `featuresPerColumn` × used columns + `ageFeatures` numbers.
 */
export function runFeatures({ values }: MachineRun, { columns, used, mean, spread, life }: RunScale): Float64Array {
  const rows = values.length / columns;
  const width = featuresPerColumn * used.length + ageFeatures;
  const features = new Float64Array(rows * width);
  const memory = shares.map((share) => Math.exp(-1 / Math.max(1, share * life)));
  const beginning = Math.max(3, Math.round(beginningShare * life));
  const sums = new Float64Array(shares.length * used.length);
  const weights = new Float64Array(shares.length * used.length);
  const begun = new Float64Array(used.length);
  const begunCount = new Float64Array(used.length);
  for (let row = 0; row < rows; row += 1) {
    const to = row * width;
    for (let index = 0; index < used.length; index += 1) {
      const column = used[index]!;
      const value = (values[row * columns + column]! - mean[column]!) / spread[column]!;
      const isThere = Number.isFinite(value);
      const seen = isThere ? Math.max(-widest, Math.min(widest, value)) : 0;
      if (isThere && row < beginning) {
        begun[index]! += seen;
        begunCount[index]! += 1;
      }
      const average = [0, 0, 0];
      for (let which = 0; which < shares.length; which += 1) {
        const at = which * used.length + index;
        if (isThere) {
          sums[at] = sums[at]! * memory[which]! + seen;
          weights[at] = weights[at]! * memory[which]! + 1;
        }
        average[which] = weights[at]! > 0 ? sums[at]! / weights[at]! : 0;
      }
      features[to + index] = average[1]!;
      features[to + used.length + index] = average[0]! - average[1]!;
      features[to + 2 * used.length + index] = average[1]! - average[2]!;
      features[to + 3 * used.length + index] = begunCount[index]! > 0 ? average[2]! - begun[index]! / begunCount[index]! : 0;
    }
    features[to + width - 2] = Math.log((2 * (row + 1)) / life);
    features[to + width - 1] = (row + 1) / life;
  }
  return features;
}
