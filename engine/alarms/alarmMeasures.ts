import type { Alarm, AlarmCount, AlarmMeasures, JournalRecord } from '../../contract/alarms.ts';

const tenMinutesMs = 600_000;
const chatterMs = 60_000;
const chatterTimes = 3;
const fleetingMs = 10_000;
const staleMs = 86_400_000;

/**
 * What a plant asks of its alarms (ANSI/ISA-18.2 clause 16, EEMUA 191), from the journal and from what is the case now.
 * @param records oldest first
 */
export function alarmMeasures(
  records: readonly JournalRecord[], alarms: readonly Alarm[], fromMs: number, toMs: number, textOf: (twin: string, alarm: string) => string,
): Omit<AlarmMeasures, 'site'> {
  const annunciations: number[] = [];
  const counts = new Map<string, AlarmCount>();
  const activations = new Map<string, number[]>();
  const spans = new Map<string, { startMs: number; endMs: number }[]>();
  const chattering = new Map<string, AlarmCount>();
  const floods: AlarmMeasures['floods'] = [];
  const priorities = { high: 0, medium: 0, low: 0 };
  const counted = (map: Map<string, AlarmCount>, { twin, alarm }: { twin: string; alarm: string }): void => {
    const key = JSON.stringify([twin, alarm]);
    const known = map.get(key);
    if (known === undefined) map.set(key, { twin, alarm, text: textOf(twin, alarm), count: 1 });
    else known.count++;
  };
  for (const record of records) {
    const { timeMs } = record;
    if (timeMs < fromMs || timeMs >= toMs) continue;
    if (record.event === 'FLOOD') {
      if (record.why === 'begun') floods.push({ fromMs: timeMs, annunciated: 0 });
      else if (floods.at(-1) !== undefined && floods.at(-1)?.toMs === undefined) (floods.at(-1) as { toMs?: number }).toMs = timeMs;
      continue;
    }
    if (record.alarm === '') continue;
    const key = JSON.stringify([record.twin, record.alarm]);
    if (record.annunciated) {
      annunciations.push(timeMs);
      priorities[record.priority]++;
      counted(counts, record);
      const flood = floods.at(-1);
      if (flood !== undefined && flood.toMs === undefined) flood.annunciated++;
    }
    if (record.event === 'ACT') {
      const times = activations.get(key) ?? [];
      times.push(record.sourceMs ?? timeMs);
      while ((times.at(-1) as number) - (times[0] as number) > chatterMs) times.shift();
      activations.set(key, times);
      if (times.length >= chatterTimes) counted(chattering, record);
      const list = spans.get(key) ?? [];
      list.push({ startMs: record.sourceMs ?? timeMs, endMs: Infinity });
      spans.set(key, list);
    }
    if (record.event === 'RTN') {
      const span = spans.get(key)?.at(-1);
      if (span !== undefined && span.endMs === Infinity) span.endMs = record.sourceMs ?? timeMs;
    }
  }
  const fleeting: AlarmCount[] = [];
  for (const [key, list] of spans) {
    const [only] = list;
    if (list.length !== 1 || only === undefined || only.endMs - only.startMs >= fleetingMs) continue;
    const [twin, alarm] = JSON.parse(key) as [string, string];
    fleeting.push({ twin, alarm, text: textOf(twin, alarm), count: 1 });
  }
  const now = (fits: (alarm: Alarm) => boolean): AlarmCount[] => alarms.filter(fits).map(({ twin, alarm, text, occurrence }) => ({ twin, alarm, text, count: occurrence }));
  const topTen = mostFrequent([...counts.values()]).slice(0, 10);
  const floodMs = floods.reduce((sum, flood) => sum + (flood.toMs ?? toMs) - flood.fromMs, 0);
  const annunciated = annunciations.length;
  return {
    fromMs,
    toMs,
    annunciated,
    perTenMinutes: toMs > fromMs ? (annunciated * tenMinutesMs) / (toMs - fromMs) : 0,
    mostInTenMinutes: mostWithin(annunciations, tenMinutesMs),
    floodShare: toMs > fromMs ? Math.min(1, floodMs / (toMs - fromMs)) : 0,
    floods,
    chattering: mostFrequent([...chattering.values()]),
    fleeting,
    stale: now(({ flags, activeSinceMs }) => flags.active && activeSinceMs !== undefined && toMs - activeSinceMs > staleMs),
    topTen,
    topTenShare: annunciated === 0 ? 0 : topTen.reduce((sum, { count }) => sum + count, 0) / annunciated,
    priorities,
    outOfService: now(({ state }) => state === 'OOSRV'),
    suppressed: now(({ state }) => state === 'DSUPR'),
    shelved: now(({ state }) => state === 'SHLVD'),
  };
}

function mostFrequent(counts: AlarmCount[]): AlarmCount[] {
  return counts.sort((a, b) => b.count - a.count || a.twin.localeCompare(b.twin) || a.alarm.localeCompare(b.alarm));
}

function mostWithin(times: readonly number[], spanMs: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] as number) - (sorted[first] as number) >= spanMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
