import type { BackTest } from '../../contract/http.ts';
import type { SeriesColumns } from '../ports.ts';
import type { AssetTwin } from './assetTwin.ts';
import { isOfAnomaly, promiseKept } from './promiseKept.ts';
import type { Site } from './site.ts';
import { isAnomalyAt } from './verdictCauses.ts';
import type { TrialSetting } from './verdictCauses.ts';
import { longestSilenceMs, verdictSeries } from './verdictRecord.ts';

export const backTestDays = 14;
/** More points are not read: a machine whose verdict moves with each of ten rows a second. */
const mostPoints = 1_000_000;
/** Cases that are listed; all are counted. */
const mostListed = 500;

type CaseSpan = BackTest['would'][number];

/**
 * The cases that anomalies alone would have opened at a setting, from what was recorded of each row (VerdictRecord): open while rows are anomalies, over
 * when there was none for `clearAfterMs`, while rows that were not judged do not count as time without one. The same as judging the rows again
 * at that setting with what had been learned at their time, without judging them.
 * @param record of rows in time order; its last verdict holds until `toMs`
 */
export function casesAt(record: SeriesColumns, setting: TrialSetting, clearAfterMs: number, toMs: number): CaseSpan[] {
  const { times, values, qualities } = record;
  const cases: CaseSpan[] = [];
  let sinceMs = NaN;
  let endedMs = NaN;
  let quietSinceMs = NaN;
  const closeBy = (timeMs: number): void => {
    if (Number.isNaN(endedMs) || timeMs - quietSinceMs < clearAfterMs) return;
    cases.push({ sinceMs, clearedMs: endedMs });
    sinceMs = NaN;
    endedMs = NaN;
  };
  for (let index = 0; index < times.length; index += 1) {
    const timeMs = times[index] as number;
    const unjudged = qualities[index] !== 0;
    if (!unjudged || index === 0 || qualities[index - 1] === 0) closeBy(timeMs);
    if (unjudged) {
      // Nobody could see whether it is over.
      quietSinceMs = timeMs;
      continue;
    }
    if (isAnomalyAt(values[index] ?? null, setting)) {
      if (Number.isNaN(sinceMs)) sinceMs = timeMs;
      endedMs = NaN;
    } else if (!Number.isNaN(sinceMs) && Number.isNaN(endedMs)) {
      endedMs = timeMs;
      quietSinceMs = timeMs;
    }
  }
  if (qualities.at(-1) === 0) closeBy(toMs);
  if (!Number.isNaN(sinceMs)) cases.push(Number.isNaN(endedMs) ? { sinceMs } : { sinceMs, clearedMs: endedMs });
  return cases;
}

/** How long of the record rows were seen: pauses of more than two hours do not count. */
export function recordedMs({ times }: SeriesColumns, toMs: number): number {
  let sum = 0;
  for (let index = 0; index < times.length; index += 1) {
    const stepMs = (times[index + 1] ?? Math.max(toMs, times[index] as number)) - (times[index] as number);
    if (stepMs <= 2 * longestSilenceMs) sum += stepMs;
  }
  return sum;
}

/**
 * What a setting would have raised in the last 14 days that are on record, beside what was raised.
 * @param asked what is left out of it is as in force
 */
export async function backTest(site: Site, asset: AssetTwin, asked: Partial<TrialSetting>): Promise<BackTest> {
  const setting = { ...asset.setting, ...asked };
  const toMs = site.clock.nowMs();
  const fromMs = toMs - backTestDays * 86_400_000;
  const { twin, property } = verdictSeries(asset.key);
  const record = await site.historian.columns(twin, property, fromMs, toMs + 1, mostPoints);
  const would = casesAt(record, setting, asset.cases.clearAfterMs, toMs);
  const firstMs = record.times[0];
  const since = firstMs ?? toMs;
  const raised = site
    .endedCases(asset.key)
    .map((stored) => stored.case)
    .filter((one) => !one.historical && isOfAnomaly(one) && (one.clearedMs ?? toMs) >= since)
    .map(({ sinceMs, clearedMs }): CaseSpan => ({ sinceMs: Math.max(sinceMs, since), ...(clearedMs === undefined ? {} : { clearedMs }) }))
    .sort((one, other) => one.sinceMs - other.sinceMs);
  return {
    key: asset.key,
    name: asset.twin.name,
    perWeek: setting.perWeek,
    askedPerWeek: asset.askedPerWeek,
    fromMs,
    toMs,
    recordedMs: recordedMs(record, toMs),
    ...(firstMs === undefined ? {} : { sinceMs: firstMs }),
    count: would.length,
    would: would.slice(-mostListed),
    raised,
    promise: promiseKept(site, asset),
  };
}
