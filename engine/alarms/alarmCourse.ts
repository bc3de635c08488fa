import type { AlarmFlags, AlarmState } from '../../contract/alarms.ts';
import type { Json } from '../ports.ts';
import { Problem } from '../problem.ts';
import { alarmTable, baseState, isHidden, normalFlags, otherwise, shownState } from './alarmTable.ts';
import type { AlarmEvent, AlarmEventName, AlarmMoment, AlarmNature, AlarmRefusal, AlarmRow } from './alarmTable.ts';

/** What became of an event. Without `changed` there is nothing to write and nobody to tell. */
export interface AlarmOutcome {
  /** The row of the table; 0: none speaks of it, or what it would change is hidden and tracked underneath. */
  row: number;
  changed: boolean;
  from: AlarmState;
  to: AlarmState;
  annunciated: boolean;
  refusal?: AlarmRefusal;
}

export interface AlarmCourseState {
  flags: AlarmFlags;
  occurrence: number;
  /** How often people were told of this occurrence. */
  annunciation: number;
  activeSinceMs: number | null;
  changedMs: number;
  acknowledgedBy: string | null;
  acknowledgedMs: number | null;
}

const rowsOf = new Map<AlarmEventName, AlarmRow[]>();
for (const row of alarmTable) {
  if (typeof row.event === 'string') continue;
  for (const name of row.event) rowsOf.set(name, [...(rowsOf.get(name) ?? []), row]);
}

/** Events that go on beneath a shelf, a suppression or out of service. What a person does to a shelf is not among them. */
const underneath: ReadonlySet<AlarmEventName> = new Set(['ACT', 'RTN', 'ACK', 'RESET', 'EXP', 'SUP', 'UNSUP']);

/**
 * One alarm on its course through the state table. Pure: it is told the time with each event, and says what became of it; who calls writes
 * the journal and tells people.
 *
 * Choose it for anything that people must answer, rather than a plain flag, which loses what happened while nobody looked.
 */
export class AlarmCourse {
  nature: AlarmNature;
  #state: AlarmCourseState;

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  constructor(nature: AlarmNature, snapshot?: Json) {
    this.nature = nature;
    this.#state = snapshot === undefined ? { flags: normalFlags(), occurrence: 0, annunciation: 0, activeSinceMs: null, changedMs: 0, acknowledgedBy: null, acknowledgedMs: null } : read(snapshot);
  }

  get flags(): AlarmFlags {
    return this.#state.flags;
  }

  get state(): Readonly<AlarmCourseState> {
    return this.#state;
  }

  get shown(): AlarmState {
    return shownState(this.#state.flags);
  }

  get hidden(): boolean {
    return isHidden(this.#state.flags);
  }

  /** @param nowMs the site's steady time, ms UTC */
  apply(event: AlarmEvent, nowMs: number): AlarmOutcome {
    const state = this.#state;
    const { flags } = state;
    const from = shownState(flags);
    const moment: AlarmMoment = { flags, nature: this.nature, occurrence: state.occurrence, event, nowMs };
    if (event.do === 'CONFIRM') return this.#confirm(from, nowMs);
    let row = find(event.do, from, moment);
    let told = row?.tell;
    if (row?.to === 'hidden' || (row === undefined && underneath.has(event.do))) {
      row = this.#beneath(event.do, from, moment, row?.to === 'hidden');
      told = undefined;
    }
    if (row === undefined) {
      const refusal = otherwise[event.do];
      return { row: 0, changed: false, from, to: from, annunciated: false, ...(refusal === undefined ? {} : { refusal }) };
    }
    if (row.effect === undefined) return { row: row.row, changed: false, from, to: from, annunciated: false, ...(row.refusal === undefined ? {} : { refusal: row.refusal }) };
    const effect = row.effect(moment);
    const next = effect.flags;
    if (effect.newOccurrence === true) {
      state.occurrence++;
      state.annunciation = 0;
      state.activeSinceMs = (event as { sourceMs: number }).sourceMs;
      state.acknowledgedBy = null;
      state.acknowledgedMs = null;
    }
    if (event.do === 'ACK' || (event.do === 'ACT' && next.acked)) state.acknowledgedMs = nowMs;
    if (event.do === 'ACK') {
      state.acknowledgedBy = event.by;
      delete next.untold;
    }
    const hidden = isHidden(next);
    const due = told === 'always' || (told === 'shown' && next.active && (!next.acked || next.untold === true));
    const annunciated = due && !hidden;
    if (annunciated) {
      state.annunciation++;
      delete next.untold;
    } else if (effect.newOccurrence === true) next.untold = true;
    else if (!next.active && next.acked) delete next.untold;
    state.flags = next;
    state.changedMs = nowMs;
    return { row: row.row, changed: true, from, to: shownState(next), annunciated };
  }

  /** When the shelf is over; undefined: there is none. */
  get shelfEndsMs(): number | undefined {
    return this.#state.flags.shelf?.untilMs;
  }

  snapshot(): Json {
    return JSON.parse(JSON.stringify(this.#state)) as Json;
  }

  /** The row that would fit if the uppermost cover were not there, then the next one. */
  #beneath(name: AlarmEventName, from: AlarmState, moment: AlarmMoment, fromBase: boolean): AlarmRow | undefined {
    const covers: AlarmState[] = fromBase ? [] : from === 'OOSRV' ? ['DSUPR', 'SHLVD'] : from === 'DSUPR' ? ['SHLVD'] : [];
    for (const cover of covers) {
      if (cover === 'DSUPR' && moment.flags.suppressedBy.length === 0 && name !== 'SUP') continue;
      if (cover === 'SHLVD' && moment.flags.shelf === undefined) continue;
      const row = find(name, cover, moment);
      if (row !== undefined && row.to !== 'hidden' && row.effect !== undefined) return row;
    }
    return find(name, baseState(moment.flags), moment);
  }

  #confirm(from: AlarmState, nowMs: number): AlarmOutcome {
    if (this.#state.flags.confirmed !== false) return { row: 0, changed: false, from, to: from, annunciated: false, refusal: 'nothingToConfirm' };
    const { confirmed: _confirmed, ...flags } = this.#state.flags;
    this.#state.flags = flags;
    this.#state.changedMs = nowMs;
    return { row: 0, changed: true, from, to: shownState(flags), annunciated: false };
  }
}

function find(name: AlarmEventName, state: AlarmState, moment: AlarmMoment): AlarmRow | undefined {
  for (const row of rowsOf.get(name) ?? []) {
    if (row.from.includes(state) && (row.when === undefined || row.when(moment))) return row;
  }
  return undefined;
}

function read(snapshot: Json): AlarmCourseState {
  const saved = snapshot as unknown as AlarmCourseState;
  if (typeof saved !== 'object' || saved === null || typeof saved.occurrence !== 'number' || typeof saved.flags?.active !== 'boolean' || !Array.isArray(saved.flags.suppressedBy)) {
    throw new Problem('TWIN_SNAPSHOT_UNREADABLE', 'The stored state of an alarm cannot be read.', 'They start anew; restore a backup if they matter.');
  }
  return JSON.parse(JSON.stringify(saved)) as AlarmCourseState;
}
