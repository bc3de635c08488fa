import type { AlarmFlags, AlarmState, JournalRecord } from '../../contract/alarms.ts';
import { shownState } from './alarmTable.ts';

export interface ReplayedAlarm {
  twin: string;
  alarm: string;
  state: AlarmState;
  flags: AlarmFlags;
  occurrence: number;
}

type Replayable = Pick<JournalRecord, 'twin' | 'alarm' | 'event' | 'from' | 'to' | 'flags' | 'occurrence'>;

/**
 * The state of every alarm from its records alone, oldest first. Says at once where a record does not go on from the one before: then
 * something is missing or was written twice.
 */
export function replayJournal(records: Iterable<Replayable>): { alarms: Map<string, ReplayedAlarm>; gaps: string[] } {
  const alarms = new Map<string, ReplayedAlarm>();
  const gaps: string[] = [];
  for (const { twin, alarm, event, from, to, flags, occurrence } of records) {
    if (alarm === '') continue;
    const key = JSON.stringify([twin, alarm]);
    const known = alarms.get(key);
    const before = known?.state ?? 'NORM';
    const expected = (known?.occurrence ?? 0) + (event === 'ACT' ? 1 : 0);
    if (from !== before || occurrence !== expected || shownState(flags) !== to) gaps.push(`${twin} ${alarm}: ${event} from ${from}, but it was ${before}`);
    alarms.set(key, { twin, alarm, state: to, flags, occurrence });
  }
  return { alarms, gaps };
}
