import type { Recording } from './recordings.ts';

/** What a detector said of each row of a recording. */
export interface Told {
  recording: Recording;
  alarms: Uint8Array;
  scores: Float64Array;
}

export interface EventScores {
  events: number;
  found: number;
  /** Found of all, by kind. */
  byKind: Map<string, [number, number]>;
  trueEpisodes: number;
  falseEpisodes: number;
  /** Time outside events. */
  faultFreeMs: number;
  /** Share of it in alarm. */
  alarmLoad: number;
  /** Of the found events, ms. */
  delaysMs: number[];
  /** Of wear that ended in a failure: how long before it the first alarm came, ms; 0 = never. */
  leadsMs: number[];
}

/** Gaps up to so many usual intervals do not end an episode; for so many an alarm may begin before an event or outlast it. */
export const mergedIntervals = 30;
export const graceIntervals = 60;

/**
 * Counts events and episodes, after the commissioning. Episodes are runs of alarms, gaps up to 30 usual intervals joined. An event is
 * found when an episode begins in it or at most 60 intervals before; an episode that begins elsewhere is false. 60 intervals after an event belong to it.
 */
export function eventScores(told: readonly Told[]): EventScores {
  const total: EventScores = { events: 0, found: 0, byKind: new Map(), trueEpisodes: 0, falseEpisodes: 0, faultFreeMs: 0, alarmLoad: 0, delaysMs: [], leadsMs: [] };
  let loadMs = 0;
  for (const { recording, alarms } of told) {
    const { times, events, commissioningRows: first } = recording;
    const stepMs = usualInterval(times);
    const graceMs = graceIntervals * stepMs;
    const episodes: { startMs: number; endMs: number }[] = [];
    for (let row = first; row < times.length; row += 1) {
      const timeMs = times[row]!;
      const inside = events.some(({ startMs, endMs }) => timeMs >= startMs && timeMs <= endMs + graceMs);
      if (!inside) total.faultFreeMs += stepMs;
      if (alarms[row] !== 1) continue;
      if (!inside) loadMs += stepMs;
      const last = episodes.at(-1);
      if (last !== undefined && timeMs - last.endMs <= mergedIntervals * stepMs) last.endMs = timeMs;
      else episodes.push({ startMs: timeMs, endMs: timeMs });
    }
    for (const episode of episodes) {
      if (events.some(({ startMs, endMs }) => episode.startMs >= startMs - graceMs && episode.startMs <= endMs + graceMs)) total.trueEpisodes += 1;
      else total.falseEpisodes += 1;
    }
    for (const { startMs, endMs, kind, failureMs } of events) {
      if (failureMs !== undefined) {
        const warned = times.findIndex((timeMs, row) => row >= first && alarms[row] === 1 && timeMs >= startMs && timeMs <= endMs);
        total.leadsMs.push(warned < 0 ? 0 : failureMs - times[warned]!);
      }
      const ofKind = total.byKind.get(kind) ?? [0, 0];
      total.byKind.set(kind, ofKind);
      total.events += 1;
      ofKind[1] += 1;
      if (!episodes.some((episode) => episode.startMs >= startMs - graceMs && episode.startMs <= endMs)) continue;
      const firstAlarm = times.findIndex((timeMs, row) => row >= first && alarms[row] === 1 && timeMs >= startMs && timeMs <= endMs);
      if (firstAlarm < 0) continue;
      total.found += 1;
      ofKind[0] += 1;
      total.delaysMs.push(times[firstAlarm]! - startMs);
    }
  }
  total.alarmLoad = total.faultFreeMs > 0 ? loadMs / total.faultFreeMs : NaN;
  return total;
}

function usualInterval(times: Float64Array): number {
  const steps = Float64Array.from({ length: Math.max(0, times.length - 1) }, (_, row) => times[row + 1]! - times[row]!).sort();
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

/** The middle one of all; NaN of none. */
export function median(of: readonly number[]): number {
  const sorted = [...of].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** SKAB's leaderboard: F1, false and missed alarm rate of all rows after the first 400 of all runs together. */
export function skabScores(told: readonly Told[]): { f1: number; falseAlarmRate: number; missedAlarmRate: number; oracleF1: number } {
  const counts = { tp: 0, fp: 0, fn: 0, tn: 0 };
  const all: { score: number; abnormal: boolean }[] = [];
  for (const { recording, alarms, scores } of told) {
    for (let row = recording.commissioningRows; row < alarms.length; row += 1) {
      const abnormal = isInEvent(recording, row);
      counts[abnormal ? (alarms[row] === 1 ? 'tp' : 'fn') : alarms[row] === 1 ? 'fp' : 'tn'] += 1;
      all.push({ score: scores[row]!, abnormal });
    }
  }
  const { tp, fp, fn, tn } = counts;
  all.sort((a, b) => b.score - a.score);
  const abnormal = tp + fn;
  let hits = 0;
  let oracleF1 = 0;
  all.forEach((one, index) => {
    if (one.abnormal) hits += 1;
    if (all[index + 1]?.score !== one.score) oracleF1 = Math.max(oracleF1, (2 * hits) / (index + 1 + abnormal));
  });
  return { f1: tp / (tp + (fn + fp) / 2), falseAlarmRate: fp / (fp + tn), missedAlarmRate: fn / (fn + tp), oracleF1 };
}

export function isInEvent({ times, events }: Recording, row: number): boolean {
  return events.some(({ startMs, endMs }) => times[row]! >= startMs && times[row]! <= endMs);
}

/** TEP: share of alarmed rows from row 160 on, mean over the faults and without 3, 9 and 15; false alarms in the run without a fault. */
export function tepScores(told: readonly Told[]): { detected: number; withoutHard: number; falseAlarmRate: number; falseBefore: number; perFault: [string, number][] } {
  const share = (alarms: Uint8Array): number => alarms.reduce((sum, one) => sum + one, 0) / alarms.length;
  const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;
  const faults = told.filter(({ recording }) => recording.events.length > 0);
  const normal = told.find(({ recording }) => recording.events.length === 0);
  const perFault = faults.map(({ recording, alarms }): [string, number] => [recording.name, share(alarms.subarray(160))]);
  return {
    detected: mean(perFault.map(([, found]) => found)),
    withoutHard: mean(perFault.filter(([name]) => !/0[39]|15/.test(name)).map(([, found]) => found)),
    falseAlarmRate: normal === undefined ? NaN : share(normal.alarms),
    falseBefore: mean(faults.map(({ alarms }) => share(alarms.subarray(0, 160)))),
    perFault,
  };
}

const sigmoid = (x: number): number => (x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1);

/**
 * NAB v1.1, profile standard (Lavin and Ahmad 2015), 0 = tells nothing, 100 = perfect: with the detector's own alarms, and, as in NAB's
 * own protocol, with the one line for all series that scores best, which nobody knows beforehand. NAB counts rows: an alarm that stands until it is over costs
 * for each of its rows, which nobody is called for again; so beside it, each alarm only once, with the row in which it begins.
 */
export function nabScores(told: readonly Told[]): { own: number; begins: number; oracle: number } {
  const falseWeight = 0.11;
  const rows: { score: number; alarm: boolean; begins: boolean; window: number; worth: number }[] = [];
  let windowCount = 0;
  for (const { recording: { times, events, commissioningRows }, alarms, scores } of told) {
    const windows = events.map(({ startMs, endMs }) => ({
      first: times.findIndex((timeMs) => timeMs >= startMs), last: times.findLastIndex((timeMs) => timeMs <= endMs), number: windowCount++,
    }));
    let lastAlarm = -Infinity;
    for (let row = commissioningRows; row < times.length; row += 1) {
      const begins = alarms[row] === 1 && row - lastAlarm > mergedIntervals;
      if (alarms[row] === 1) lastAlarm = row;
      const inside = windows.find(({ first, last }) => row >= first && row <= last);
      const before = windows.findLast(({ last }) => last < row);
      const worth = inside !== undefined
        ? sigmoid(-(inside.last - row + 1) / (inside.last - inside.first + 1)) / sigmoid(-1)
        : before === undefined ? -falseWeight : falseWeight * sigmoid((row - before.last) / (before.last - before.first));
      rows.push({ score: scores[row]!, alarm: alarms[row] === 1, begins, window: inside?.number ?? -1, worth });
    }
  }
  const best = new Map<number, number>();
  let sum = -windowCount;
  const take = ({ window, worth }: { window: number; worth: number }): void => {
    if (window < 0) sum += worth;
    else {
      const known = best.get(window) ?? -1;
      if (worth > known) {
        best.set(window, worth);
        sum += worth - known;
      }
    }
  };
  const normalised = (): number => (100 * (sum + windowCount)) / (2 * windowCount);
  for (const row of rows) if (row.alarm) take(row);
  const own = normalised();
  best.clear();
  sum = -windowCount;
  for (const row of rows) if (row.begins) take(row);
  const begins = normalised();
  best.clear();
  sum = -windowCount;
  rows.sort((a, b) => b.score - a.score);
  let oracle = 0;
  rows.forEach((row, index) => {
    take(row);
    if (rows[index + 1]?.score !== row.score) oracle = Math.max(oracle, normalised());
  });
  return { own, begins, oracle };
}
