import type { Alarm, AlarmMeasures, AlarmsAnswer, JournalAnswer, JournalEvent, JournalRecord } from '../../contract/alarms.ts';

const minuteMs = 60_000;
const flags: Alarm['flags'] = { active: true, acked: false, latched: false, suppressedBy: [] };
const filler = 'northfield/filler';
const sealer = 'northfield/sealer';

/** Alarms of the plant of `morning()`, in each way an alarm can be. */
export function alarmsNow(nowMs: number): AlarmsAnswer {
  const alarm = (twin: string, name: string, more: Partial<Alarm>): Alarm => ({
    twin, alarm: name, text: '', state: 'UNACK', flags, occurrence: 1, activeSinceMs: nowMs - 31 * minuteMs, changedMs: nowMs - 31 * minuteMs, priority: 'medium', letter: 'M',
    latching: false, ...more,
  });
  return {
    site: 'northfield', nowMs, longestShelfMs: 8 * 60 * minuteMs,
    alarms: [
      alarm(sealer, 'stale', { priority: 'high', letter: 'F', text: 'No data from the machine.' }),
      alarm(filler, 'anomaly', { text: 'Vibration is 2.31 mm/s, normal here is 1.1 to 1.7 mm/s; Motor current is unusual too.' }),
      alarm(filler, 'limit/temperature/high', { state: 'ACKED', letter: 'S', flags: { ...flags, acked: true }, acknowledgedBy: 'A. Yilmaz', priority: 'low' }),
      alarm('northfield/m3', 'limit/pressure/low', { state: 'SHLVD', letter: 'S', flags: { ...flags, shelf: { kind: 'timed', untilMs: nowMs + 90 * minuteMs, by: 'Kim', why: 'Valve on order' } } }),
    ],
    machines: [{ key: 'northfield/m2', outOfService: { by: 'Kim', why: 'Rebuilt until spring', sinceMs: nowMs - 9 * 1440 * minuteMs } }],
    flood: { active: true, sinceMs: nowMs - 4 * minuteMs, inTenMinutes: 14 },
  };
}

export function measuresOf(nowMs: number, days: number): AlarmMeasures {
  const count = (twin: string, alarm: string, times: number): AlarmMeasures['topTen'][number] => ({ twin, alarm, text: '', count: times });
  return {
    site: 'northfield', fromMs: nowMs - days * 1440 * minuteMs, toMs: nowMs, annunciated: 214 * days, perTenMinutes: 1.49, mostInTenMinutes: 14, floodShare: 0.021,
    floods: [{ fromMs: nowMs - 4 * minuteMs, annunciated: 14 }],
    chattering: [count('northfield/m3', 'limit/pressure/low', 41)], fleeting: [count('northfield/m5', 'limit/current/high', 6)], stale: [count(sealer, 'stale', 1)],
    topTen: [count('northfield/m3', 'limit/pressure/low', 812), count(filler, 'anomaly', 77), count(sealer, 'stale', 31)], topTenShare: 0.83,
    priorities: { high: 31, medium: 120, low: 1347 }, outOfService: [count('northfield/m2', '', 1)], suppressed: [], shelved: [count('northfield/m3', 'limit/pressure/low', 1)],
  };
}

/** 450 records, newest first, with hostile texts among them. */
export function journalRecords(nowMs: number): JournalRecord[] {
  const kinds: [JournalEvent, string, string, string][] = [
    ['ACT', filler, 'anomaly', ''], ['ACK', filler, 'anomaly', 'Kim'], ['FEEDBACK', filler, '', 'Kim'], ['SHELVE', 'northfield/m3', 'limit/pressure/low', 'Ann'],
    ['RTN', sealer, 'stale', ''], ['OOS', 'northfield/m2', '', '=HYPERLINK("http://evil.example";"x")'],
  ];
  return Array.from({ length: 450 }, (_, index): JournalRecord => {
    const [event, twin, alarm, by] = kinds[index % kinds.length] as (typeof kinds)[number];
    const why = event === 'FEEDBACK' ? 'Real: bearing worn' : event === 'SHELVE' ? '+1; "Valve"\non order' : '';
    return {
      v: 1, number: 450 - index, timeMs: nowMs - index * 13 * minuteMs, twin, alarm, occurrence: 1, event, from: 'NORM', to: 'UNACK', flags, annunciated: event === 'ACT', priority: 'medium',
      ...(by === '' ? {} : { by }), ...(why === '' ? {} : { why }),
    };
  });
}

/** What the server answers to a question of the page. */
export function alarmAnswer(address: string, nowMs: number): AlarmsAnswer | AlarmMeasures | JournalAnswer {
  const { pathname, searchParams: query } = new URL(address);
  if (pathname.endsWith('/alarms')) return alarmsNow(nowMs);
  if (pathname.endsWith('/alarm-measures')) return measuresOf(nowMs, Number(query.get('days')));
  const text = (query.get('text') ?? '').toLowerCase();
  const fitting = journalRecords(nowMs).filter(({ twin, event, by = '', why = '', alarm, number, timeMs }) =>
    (!query.has('key') || twin === query.get('key')) && (!query.has('event') || event === query.get('event')) && number < Number(query.get('before') ?? Infinity)
    && timeMs >= Number(query.get('fromMs') ?? 0) && `${by} ${why} ${alarm} ${twin}`.toLowerCase().includes(text));
  const limit = Number(query.get('limit') ?? 200);
  return { site: 'northfield', records: fitting.slice(0, limit), more: fitting.length > limit };
}
