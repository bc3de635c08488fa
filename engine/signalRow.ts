/**
 * A row as baselines and detectors see it: numbers only, one place per column, no names. twin-baseline and twin-anomaly
 * fill it from a message; the columns are those of the twin's type (measured, setpoint, counter and derived properties that are numbers).
 */
export interface SignalRow {
  /** Source time, ms UTC. Rows come in time order; a row that is older than the last one learned is not evaluated. */
  timeMs: number;
  /** Operating mode; '' where the type names none. */
  mode: string;
  /** One per column; NaN where there is no usable (good, numeric, fresh enough) value. */
  values: Float64Array;
  /** 1 where this row brought a new value, 0 where the value is the last known one. */
  fresh: Uint8Array;
}

/** Where the learning of a column stands. Learning with an expectation: there are values enough, but they still change. */
export const phaseLearning = 0;
export const phaseProvisional = 1;
export const phaseArmed = 2;
/** The machine is off, abnormal or at an operating point never seen: nothing is judged or learned. */
export const phaseFrozen = 3;

/** What a baseline expects of a row; arrays have one place per column and belong to the caller, who reuses them. */
export interface Expectation {
  /** NaN where nothing is expected (yet). */
  expected: Float64Array;
  low: Float64Array;
  high: Float64Array;
  phase: Uint8Array;
  /** 1 where the band's width is that of the operating point, 0 where it is the same everywhere. */
  follows: Uint8Array;
}

export function newExpectation(columns: number): Expectation {
  return {
    expected: new Float64Array(columns).fill(NaN),
    low: new Float64Array(columns).fill(NaN),
    high: new Float64Array(columns).fill(NaN),
    phase: new Uint8Array(columns),
    follows: new Uint8Array(columns),
  };
}
