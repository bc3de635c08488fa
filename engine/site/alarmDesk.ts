import type { Alarm, AlarmAction, AlarmActionAnswer, AlarmMeasures, AlarmsAnswer, JournalAnswer, JournalQuery, JournalRecord } from '../../contract/alarms.ts';

/**
 * What a site offers of its alarms to the page, to twin-alert and to twin-feedback: `site.alarms`. Everything that a person does goes through
 * `act`, so that it is checked, done, written to the journal and told in one place.
 */
export interface AlarmDesk {
  /**
   * Does it, and tells what changed to the twin-alert that answers for the machine.
   * @throws Problem TWIN_MACHINE_UNKNOWN; TWIN_ALARM_UNKNOWN, TWIN_CASE_UNKNOWN, TWIN_ALARM_OCCURRENCE (a person acknowledges what they saw), TWIN_ALARM_STATE
   *   (the table refuses it), TWIN_ALARM_SHELF (longer than allowed), TWIN_ALARM_WHY (a reason is needed), TWIN_ALARM_WHO
   */
  act(action: AlarmAction): AlarmActionAnswer;
  /** Of one machine, or of all; most urgent first. Normal ones are left out. */
  list(twin?: string): Alarm[];
  answer(twin?: string): Omit<AlarmsAnswer, 'site'>;
  /** Newest first. */
  journal(query: JournalQuery): Promise<Omit<JournalAnswer, 'site'>>;
  measures(days: number): Promise<Omit<AlarmMeasures, 'site'>>;
  /** Writes a line that changes no alarm: a remark, an answer to a case, its effect, that it was taken back. */
  note(note: Pick<JournalRecord, 'twin' | 'event'> & Partial<Pick<JournalRecord, 'alarm' | 'by' | 'why' | 'via' | 'case'>>): JournalRecord;
  /** Who shows the journal is told of each record. */
  onRecord(listener: (record: JournalRecord) => void): () => void;
}
