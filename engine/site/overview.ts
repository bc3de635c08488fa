import type { CaseSummary, Machine, MachineCondition, MachineDetail, MachineProperty, SiteReadinessReport, SiteSummary } from '../../contract/http.ts';
import type { AnomalySignal, ReadinessGrade, TwinCase } from '../../contract/messages.ts';
import type { HistoryPoint } from '../ports.ts';
import type { AssetTwin } from './assetTwin.ts';
import { storyId } from './alert.ts';
import { plannedSentence } from './feedbackSentences.ts';
import { learningSentence, offSentence, plainSentence, signalsSentence } from './sentences.ts';
import type { Site } from './site.ts';

/** Most urgent first; also the order of the page. */
export const urgency: readonly MachineCondition[] = ['case', 'limit', 'stale', 'acknowledged', 'learning', 'off', 'normal'];
const chartPoints = 2000;
const chartRowsRead = 50_000;

/** What the page shows of a site: pure reading, cheap enough for twice a second. */
export function siteSummary(site: Site): SiteSummary {
  return {
    id: site.options.id,
    name: site.options.name,
    nowMs: site.clock.nowMs(),
    rate: site.clock.rate,
    clock: site.options.clock,
    machines: site
      .assets()
      .map((asset) => machineOf(site, asset))
      .sort((a, b) => urgency.indexOf(a.condition) - urgency.indexOf(b.condition) || a.name.localeCompare(b.name)),
    links: site.relations.open(),
  };
}

const gradesWorstFirst: readonly ReadinessGrade[] = ['unusable', 'poor', 'usable', 'good', 'unknown'];

/** Whether the data of a site is good enough. */
export function siteReadinessReport(site: Site): SiteReadinessReport {
  const nowMs = site.clock.nowMs();
  const twins = site
    .assets()
    .flatMap((asset) => site.readiness.report(shownAsset(site, asset), nowMs)?.report ?? [])
    .sort((one, two) => gradesWorstFirst.indexOf(one.grade) - gradesWorstFirst.indexOf(two.grade));
  return { site: site.options.id, name: site.options.name, nowMs, watched: site.readiness.isWatching, twins };
}

/** A site on the file's time shows the machine as its replay left it; every other site shows the live one. */
function shownAsset(site: Site, asset: AssetTwin): AssetTwin {
  return site.options.clock === 'replay' ? (site.latestReplay(asset.key) ?? asset) : asset;
}

interface NowOf {
  condition: MachineCondition;
  letter?: 'F' | 'C' | 'S' | 'M';
  plannedUntilMs?: number;
}

/** What a machine is like now, without the words: cheap enough for thousands at once. */
export function conditionOf(site: Site, live: AssetTwin): NowOf {
  const asset = shownAsset(site, live);
  const { twin } = asset;
  const { open } = asset.cases;
  const { stale } = twin;
  if (open !== undefined) {
    const condition = open.state === 'acknowledged' ? 'acknowledged' : stale ? 'stale' : open.signals[0]?.kind === 'limit' ? 'limit' : 'case';
    return { condition, letter: condition === 'stale' ? 'F' : open.letter };
  }
  // Somebody works on it, and said so: the C of NE 107.
  const plannedUntilMs = asset.answers.plannedUntil(twin.timeMs ?? site.clock.nowMs());
  if (plannedUntilMs !== undefined) return { condition: 'acknowledged', letter: 'C', plannedUntilMs };
  if (twin.timeMs === undefined) return { condition: 'learning' };
  if (stale) return { condition: 'stale', letter: 'F' };
  if (asset.isOff) return { condition: 'off' };
  const { phase, watch, unseen } = asset.progress();
  return { condition: phase === 'learning' || watch === 'guard' || watch === 'learning' || unseen === true ? 'learning' : 'normal' };
}

export function machineOf(site: Site, live: AssetTwin): Machine {
  const asset = shownAsset(site, live);
  const { twin, language, naming } = asset;
  const progress = asset.progress();
  const open = asset.cases.open;
  const header = twin.header();
  const abnormal = new Set((open?.signals ?? []).map((signal) => signal.property));
  const now = conditionOf(site, live);
  let sentence = plainSentence('normal', language);
  if (open !== undefined) sentence = twin.stale ? plainSentence('stale', language) : `${signalsSentence(signalsNow(open, asset), naming, language)}.`;
  else if (now.plannedUntilMs !== undefined) sentence = plannedSentence(now.plannedUntilMs, language);
  else if (twin.timeMs === undefined) sentence = plainSentence('waiting', language);
  else if (now.condition === 'stale') sentence = plainSentence('stale', language);
  else if (now.condition === 'off') sentence = offSentence(header.state, language);
  else if (now.condition === 'learning') sentence = learningSentence(progress, naming, language);
  return {
    key: asset.key,
    name: header.name,
    path: header.path,
    type: header.type,
    state: header.state,
    ...now,
    sentence,
    learning: progress,
    updatedMs: twin.timeMs ?? null,
    properties: propertiesOf(asset, abnormal),
    ...(open === undefined ? {} : { openCase: { ...summaryOf(open, asset), ...pastOf(site, open, asset), ...(asset.replay === undefined ? { members: site.alarms.members(asset) } : {}) } }),
    lastCases: site
      .endedCases(asset.key)
      .filter((stored) => stored.case.id !== open?.id || stored.case.historical !== open.historical)
      .slice(0, 5)
      .map((stored) => ({ ...summaryOf(stored.case, asset), sentence: stored.sentence })),
  };
}

function propertiesOf(asset: AssetTwin, abnormal: ReadonlySet<string>): MachineProperty[] {
  return asset.twin.properties().map(({ name, label, unit, value, quality, stale, limits }): MachineProperty => {
    const expected = asset.expectedNow(name);
    return {
      name,
      label,
      ...(unit === '' ? {} : { unit }),
      value,
      quality,
      stale,
      ...(expected === undefined ? {} : { expected: expected.value, low: expected.low, high: expected.high }),
      abnormal: abnormal.has(name) || limits.length > 0,
    };
  });
}

/** A limit is told once, when it is passed; a person who looks later wants to know how far it is by now. */
function signalsNow(twinCase: TwinCase, asset: AssetTwin): AnomalySignal[] {
  if (twinCase.state === 'cleared') return twinCase.signals;
  return twinCase.signals.map((signal) => {
    if (signal.kind !== 'limit' || signal.expected === undefined || typeof signal.value !== 'number') return signal;
    const value = asset.twin.properties().find(({ name }) => name === signal.property)?.value;
    const beyond = typeof value === 'number' && (signal.value > signal.expected ? value > signal.expected : value < signal.expected);
    return beyond ? { ...signal, value } : signal;
  });
}

function summaryOf(twinCase: TwinCase, asset: AssetTwin): CaseSummary {
  const signals = signalsNow(twinCase, asset);
  return {
    id: twinCase.id,
    state: twinCase.state,
    sinceMs: twinCase.sinceMs,
    ...(twinCase.clearedMs === undefined ? {} : { clearedMs: twinCase.clearedMs }),
    sentence: `${signalsSentence(signals, asset.naming, asset.language)}.`,
    letter: twinCase.letter,
    signals,
    historical: twinCase.historical,
    ...(twinCase.acknowledgedBy === undefined ? {} : { acknowledgedBy: twinCase.acknowledgedBy }),
    ...foundOf(twinCase, asset),
  };
}

/** What people found a case to be. */
function foundOf(twinCase: TwinCase, asset: AssetTwin): Pick<CaseSummary, 'found'> {
  const answer = asset.answers.story(storyId(twinCase))?.answer;
  return answer === undefined ? {} : { found: { ...answer } };
}

/** What may tell why: cases like it, and when somebody last worked on the machine. */
function pastOf(site: Site, open: TwinCase, asset: AssetTwin): Pick<CaseSummary, 'similar' | 'servicedMs'> {
  const similar = asset.answers.similar(storyId(open));
  const servicedMs = site.relations.lastTold(asset.key, 'serviced by', site.clock.nowMs());
  return { ...(similar.length === 0 ? {} : { similar }), ...(servicedMs === undefined ? {} : { servicedMs }) };
}

/** A machine with its recent past: values from the embedded history, the band from what was expected at the time. */
export async function machineDetail(site: Site, key: string, minutes: number): Promise<MachineDetail | undefined> {
  const live = site.asset(key);
  if (live === undefined) return undefined;
  const asset = shownAsset(site, live);
  const endMs = (site.options.clock === 'replay' ? asset.twin.timeMs : undefined) ?? site.clock.nowMs();
  const fromMs = endMs - minutes * 60_000;
  const series: MachineDetail['series'] = [];
  for (const column of asset.columns) {
    const points = await site.historian.range(key, column.name, fromMs, endMs + 1, chartRowsRead);
    if (points.length === 0) continue;
    const kept = thin(points, chartPoints);
    const bands = asset.bands(column.name);
    const times: number[] = [];
    const values: (number | null)[] = [];
    const low: (number | null)[] = [];
    const high: (number | null)[] = [];
    let band = 0;
    for (const point of kept) {
      while (band + 1 < bands.length && (bands[band + 1]?.timeMs ?? Infinity) <= point.timeMs) band++;
      const then = bands[band];
      const known = then !== undefined && then.timeMs <= point.timeMs;
      times.push(point.timeMs);
      values.push(typeof point.value === 'number' && point.quality !== 'bad' ? point.value : null);
      low.push(known ? then.low : null);
      high.push(known ? then.high : null);
    }
    series.push({ property: column.name, times, values, low, high });
  }
  return {
    machine: machineOf(site, live),
    series,
    neighbours: site.relations.neighbours(key).map((neighbour) => ({ ...neighbour, name: site.asset(neighbour.key)?.twin.name ?? neighbour.key })),
  };
}

/** Keeps the lowest and highest of each stretch, so that a spike is never thinned away. */
function thin(points: readonly HistoryPoint[], most: number): readonly HistoryPoint[] {
  if (points.length <= most) return points;
  const stretch = Math.ceil(points.length / (most / 2));
  const kept: HistoryPoint[] = [];
  for (let start = 0; start < points.length; start += stretch) {
    let lowest = points[start] as HistoryPoint;
    let highest = lowest;
    for (let index = start; index < Math.min(start + stretch, points.length); index++) {
      const point = points[index] as HistoryPoint;
      if (typeof point.value !== 'number') continue;
      if (typeof lowest.value !== 'number' || point.value < lowest.value) lowest = point;
      if (typeof highest.value !== 'number' || point.value > highest.value) highest = point;
    }
    if (lowest === highest) kept.push(lowest);
    else if (lowest.timeMs < highest.timeMs) kept.push(lowest, highest);
    else kept.push(highest, lowest);
  }
  return kept;
}
