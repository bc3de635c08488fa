import type { PromiseKept } from '../../contract/http.ts';
import type { TwinCase } from '../../contract/messages.ts';
import { storyId } from './alert.ts';
import type { AssetTwin } from './assetTwin.ts';
import type { Site } from './site.ts';

const weeksBack = 8;
const weekMs = 7 * 86_400_000;

/** False alarms that were allowed in the last eight weeks, beside the cases that came and what people found them to be. */
export function promiseKept(site: Site, asset: AssetTwin): PromiseKept {
  const { weeks, expected } = asset.expectedAgainstSeen();
  const sinceMs = site.clock.nowMs() - weeksBack * weekMs;
  const cases = new Map(site.endedCases(asset.key).map((stored) => [stored.case.id, stored.case]));
  if (asset.cases.open !== undefined) cases.set(asset.cases.open.id, asset.cases.open);
  const kept: PromiseKept = { weeks, expected, came: 0, answeredFalse: 0, answeredReal: 0 };
  for (const one of cases.values()) {
    if (one.historical || one.sinceMs < sinceMs || !isOfAnomaly(one)) continue;
    kept.came += 1;
    const answer = asset.answers.story(storyId(one))?.answer?.answer;
    if (answer === 'falseAlarm') kept.answeredFalse += 1;
    else if (answer === 'real') kept.answeredReal += 1;
  }
  return kept;
}

/** Limits and silence open cases of their own, which no setting of the anomalies changes. */
export function isOfAnomaly({ signals }: TwinCase): boolean {
  return signals.some(({ kind }) => kind !== 'limit' && kind !== 'dropout' && kind !== 'unit');
}
