import type { Cause, Verdict } from '../detectors/judge.ts';
import { chartKinds } from '../detectors/index.ts';
import type { AnomalyKind } from '../detectors/index.ts';
import type { HistoryValue } from '../ports.ts';
import type { Expectation, SignalRow } from '../signalRow.ts';

/** What can find something: the detectors by the names of their findings, and what watches the signals together. */
export type CauseKind = AnomalyKind | 'together';

/** A finding of one row, with all that a setting asks of it. */
export interface JudgedCause {
  kind: CauseKind;
  column: number;
  /** The fewest false alarms per week that have to be allowed for it. */
  leastPerWeek: number;
  /** How far the value is, or was a moment ago, from what is expected, in percent of that; Infinity where that cannot be said. */
  percent: number;
}

/** What twin-anomaly can be set to, beside what cannot be answered from a record. */
export interface TrialSetting {
  perWeek: number;
  /** Kinds of findings that are not told. */
  off: readonly AnomalyKind[];
  /** Changes below so many percent of the usual value do not matter; 0: all do. */
  smallestPercent: number;
  /** Whether what was found by watching the signals together counts. */
  together: boolean;
}

/** What a record tells apart. */
export const smallestPercents: readonly number[] = [1, 2, 5, 10, 20, 50];
/** The loosest setting that can be asked for, in false alarms per week. */
export const loosestPerWeek = 100;
const letters: Readonly<Record<CauseKind, string>> = {
  spike: 'p', step: 's', drift: 'd', stuck: 'k', noise: 'n', deviation: 'v', dropout: 'o', limit: 'l', relation: 'r', shape: 'c', together: 't',
};
/** How much of a distance counts in the next row: a value that swings is as far as it swings. */
const peakMemory = 0.9;

/** A standing value is never a small change, nor can that be said of a course. */
const isNeverSmall = (kind: CauseKind): boolean => kind === 'stuck' || kind === 'shape';

function counts({ kind, leastPerWeek, percent }: Pick<JudgedCause, 'kind' | 'leastPerWeek' | 'percent'>, setting: TrialSetting): boolean {
  if (!(leastPerWeek <= setting.perWeek)) return false;
  if (kind === 'together' ? !setting.together : setting.off.includes(kind)) return false;
  return isNeverSmall(kind) || percent >= setting.smallestPercent;
}

/** How far each column with a finding went. One number per column. */
export class CauseSizes {
  readonly #peaks: Float64Array;
  #any = false;

  constructor(columns: number) {
    this.#peaks = new Float64Array(columns);
  }

  /**
   * The findings of a row.
   * @param causes of the judge, in any order
   * @param verdict after the signals were watched together: what it adds to the causes is theirs
   */
  judged(causes: readonly Cause[], verdict: Verdict, { values }: SignalRow, { expected }: Expectation): JudgedCause[] {
    let least = Infinity;
    for (const cause of causes) if (cause.leastPerWeek < least) least = cause.leastPerWeek;
    const together = verdict.leastPerWeek <= loosestPerWeek && verdict.leastPerWeek < least * (1 - 1e-6);
    if (causes.length === 0 && !together) {
      if (this.#any) this.#peaks.fill(0);
      this.#any = false;
      return [];
    }
    this.#any = true;
    const peaks = this.#peaks;
    for (let column = 0; column < peaks.length; column += 1) {
      const [value, usual] = [values[column]!, expected[column]!];
      const percent = usual === 0 ? Infinity : (100 * Math.abs(value - usual)) / Math.abs(usual);
      peaks[column] = Number.isNaN(percent) ? peaks[column]! * peakMemory : Math.max(percent, peaks[column]! * peakMemory);
      if (peaks[column] === Infinity && percent < Infinity) peaks[column] = percent;
    }
    const found = causes.map(({ column, chart, leastPerWeek }): JudgedCause => {
      const percent = Number.isNaN(expected[column]!) ? Infinity : peaks[column]!;
      return { kind: chartKinds[chart]!, column, leastPerWeek, percent };
    });
    if (together) {
      for (const { column } of verdict.signals) found.push({ kind: 'together', column, leastPerWeek: verdict.leastPerWeek, percent: peaks[column]! });
      if (verdict.signals.length === 0) found.push({ kind: 'together', column: -1, leastPerWeek: verdict.leastPerWeek, percent: Infinity });
    }
    return found;
  }
}

/** What is left of a verdict where small changes do not matter: normal, if nothing is. */
export function withoutSmall(verdict: Verdict, found: readonly JudgedCause[], setting: TrialSetting): Verdict {
  if (verdict.verdict !== 'anomaly' || setting.smallestPercent === 0) return verdict;
  const kept = verdict.signals.filter(({ column }) => found.some((cause) => cause.column === column && counts(cause, setting)));
  if (kept.length === verdict.signals.length) return verdict;
  const sum = kept.reduce((total, { share }) => total + share, 0);
  if (kept.length === 0) return { ...verdict, verdict: 'normal', score: Math.min(verdict.score, 1), sinceMs: NaN, signals: [] };
  return { ...verdict, signals: kept.map((signal) => ({ ...signal, share: signal.share / sum })) };
}

/**
 * What is kept of a row's findings, as a short text: `d0.35@5` is a drift from .35 false alarms a week on, of at least 5 %. Of each kind only what
 * no other one covers; '' where there is nothing.
 * @param rounded shortens a number of false alarms per week
 */
export function causesText(found: readonly JudgedCause[], rounded: (leastPerWeek: number) => number): string {
  if (found.length === 0) return '';
  const parts: string[] = [];
  const sized = found.map(({ kind, leastPerWeek, percent }) => ({ kind, least: rounded(leastPerWeek), step: isNeverSmall(kind) ? 50 : stepOf(percent) }));
  for (const kind of Object.keys(letters) as CauseKind[]) {
    let least = Infinity;
    for (const one of sized.filter((each) => each.kind === kind).sort((a, b) => b.step - a.step || a.least - b.least)) {
      if (!(one.least < least) || one.least > loosestPerWeek) continue;
      least = one.least;
      parts.push(`${letters[kind]}${one.least}@${one.step}`);
    }
  }
  return parts.join(' ');
}

function stepOf(percent: number): number {
  let step = 0;
  for (const each of smallestPercents) if (percent >= each) step = each;
  return step;
}

const kinds: ReadonlyMap<string, CauseKind> = new Map((Object.entries(letters) as [CauseKind, string][]).map(([kind, letter]) => [letter, kind]));

/** Whether a row was an anomaly at a setting, from what is kept of it. A number is of a version that kept no more than the fewest false alarms. */
export function isAnomalyAt(value: HistoryValue, setting: TrialSetting): boolean {
  if (typeof value === 'number') return value <= setting.perWeek;
  if (typeof value !== 'string') return false;
  return value.split(' ').some((part) => {
    const kind = kinds.get(part.charAt(0));
    const at = part.indexOf('@');
    return kind !== undefined && at > 1 && counts({ kind, leastPerWeek: Number(part.slice(1, at)), percent: Number(part.slice(at + 1)) }, setting);
  });
}
