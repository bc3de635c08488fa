import { createBaseline } from '../engine/baselines/index.ts';
import type { AssetBaseline, ColumnInfo } from '../engine/baselines/index.ts';
import type { AnomalyKind } from '../engine/detectors/index.ts';
import { createJudge } from '../engine/detectors/judge.ts';
import type { AssetJudge, Verdict } from '../engine/detectors/judge.ts';
import { newExpectation } from '../engine/signalRow.ts';
import type { Expectation, SignalRow } from '../engine/signalRow.ts';

export interface RecordedChainOptions {
  /** At most so many false alarms per week; default 1, as in twin-anomaly. */
  falseAlarmsPerWeek?: number;
  /** Columns that say under which conditions the machine runs; none = guessed, as in twin-baseline. */
  drivers?: readonly string[];
  /** Kinds of findings that are not told; default none. */
  off?: readonly AnomalyKind[];
}

/**
 * The default chain of a machine, expect → judge → learn, over rows of a recording: what twin-baseline and twin-anomaly do with a machine that has
 * neither operating modes nor alarm limits, without Node-RED around it. Every number in a row is taken as a new value.
 */
export class RecordedChain {
  readonly columns: readonly ColumnInfo[];
  readonly #baseline: AssetBaseline;
  readonly #judge: AssetJudge;
  readonly #expectation: Expectation;
  readonly #row: SignalRow;

  constructor(names: readonly string[], options: RecordedChainOptions = {}) {
    this.columns = names.map((name) => ({ name, kind: 'measured' }));
    this.#baseline = createBaseline(this.columns, { drivers: options.drivers ?? [] });
    this.#judge = createJudge(this.columns, { ...(options.falseAlarmsPerWeek !== undefined && { falseAlarmsPerWeek: options.falseAlarmsPerWeek }), off: options.off ?? [] });
    this.#expectation = newExpectation(names.length);
    this.#row = { timeMs: 0, mode: '', values: new Float64Array(names.length), fresh: new Uint8Array(names.length) };
  }

  /** Where the next row's values go, one per column; NaN where there is none. */
  get values(): Float64Array {
    return this.#row.values;
  }

  /** What was expected of each column in the row that was judged last; NaN where nothing was. */
  get expected(): Float64Array {
    return this.#expectation.expected;
  }

  /**
   * Judges the row in `values`, then learns from it.
   * @param commissioning whether somebody said that the machine is sound: then it is judged, but learned as normal whatever the verdict
   */
  next(timeMs: number, commissioning: boolean): Verdict {
    const row = this.#row;
    row.timeMs = timeMs;
    for (let column = 0; column < row.values.length; column += 1) row.fresh[column] = Number.isNaN(row.values[column]!) ? 0 : 1;
    this.#baseline.expect(row, this.#expectation);
    const verdict = this.#judge.judge(row, this.#expectation);
    const normal = commissioning || verdict.verdict !== 'anomaly';
    this.#judge.learn(row, this.#expectation, normal && verdict.verdict === 'anomaly' ? { ...verdict, verdict: 'normal', signals: [] } : verdict);
    if (normal) this.#baseline.learn(row);
    else this.#baseline.pass(row);
    return verdict;
  }
}
