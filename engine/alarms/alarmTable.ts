import type { AlarmFlags, AlarmShelf, AlarmState } from '../../contract/alarms.ts';

/** What an alarm is told. `occurrence` is the one that a person saw. */
export type AlarmEvent =
  | { do: 'ACT' | 'RTN'; sourceMs: number }
  | { do: 'ACK'; occurrence: number; by: string; why?: string }
  | { do: 'CONFIRM' | 'RESET' | 'UNSHELVE' | 'RTS'; by: string; why?: string }
  | { do: 'SHELVE'; forMs: number; by: string; why?: string }
  | { do: 'SHELVE1'; by: string; why?: string }
  | { do: 'EXP' | 'REALARM' }
  | { do: 'SUP' | 'UNSUP'; cause: string; by?: string; why?: string }
  | { do: 'OOS'; by: string; why: string };

export type AlarmEventName = AlarmEvent['do'];

/** Why an event is refused. */
export type AlarmRefusal =
  | 'acknowledgeFirst' | 'stillActive' | 'alreadyAcknowledged' | 'otherOccurrence' | 'shelfTooLong' | 'alreadyShelved' | 'notShelved' | 'hidden' | 'reasonNeeded'
  | 'alreadyOutOfService' | 'notOutOfService' | 'notLatched' | 'nothingToConfirm';

/** What an alarm is like, whatever happens to it. */
export interface AlarmNature {
  /** Stays until somebody resets it. */
  latching: boolean;
  /** Somebody has to acknowledge it. */
  acknowledge: boolean;
  /** … and to confirm that (OPC UA Part 9). */
  confirm?: boolean;
  longestShelfMs: number;
}

/** What a guard and an effect see. */
export interface AlarmMoment {
  readonly flags: AlarmFlags;
  readonly nature: AlarmNature;
  readonly occurrence: number;
  readonly event: AlarmEvent;
  readonly nowMs: number;
}

/** What a row changes. */
export interface AlarmEffect {
  flags: AlarmFlags;
  newOccurrence?: true;
}

/** Events that no person or machine sends, but that are said of every alarm: bad quality, a restart, an old value, a moved clock. */
export type OutsideEvent = 'BADQ' | 'RESTART' | 'OLDER' | 'CLOCK';

export interface AlarmRow {
  row: number;
  from: readonly AlarmState[];
  event: readonly AlarmEventName[] | OutsideEvent;
  /** As it stands in the specification. */
  guard: string;
  when?: (moment: AlarmMoment) => boolean;
  /** 'flags': whatever the flags say then. 'same': nothing changes. 'hidden': tracked underneath, shown as before. */
  to: AlarmState | 'flags' | 'same' | 'hidden';
  effect?: (moment: AlarmMoment) => AlarmEffect;
  /** always: people are told; shown: where it is shown as active and not acknowledged then. */
  tell?: 'always' | 'shown';
  refusal?: AlarmRefusal;
}

const unsuppressed: readonly AlarmState[] = ['NORM', 'UNACK', 'ACKED', 'RTNUN', 'LUNAK', 'LACKD'];
const every: readonly AlarmState[] = [...unsuppressed, 'SHLVD', 'DSUPR', 'OOSRV'];
const without = (...states: AlarmState[]): readonly AlarmState[] => every.filter((state) => !states.includes(state));

const activated = ({ flags, nature }: AlarmMoment): AlarmEffect => ({
  flags: { ...withoutConfirmation(flags), active: true, acked: !nature.acknowledge, latched: nature.latching },
  newOccurrence: true,
});
const acknowledged = ({ flags, nature }: AlarmMoment): AlarmEffect => ({ flags: { ...flags, acked: true, ...(nature.confirm === true ? { confirmed: false } : {}) } });
const cleared = ({ flags }: AlarmMoment): AlarmEffect => ({ flags: { ...flags, active: false } });
const unshelved = ({ flags, nature }: AlarmMoment): AlarmEffect => {
  const { shelf: _shelf, ...rest } = flags;
  return { flags: rest.active && nature.acknowledge ? { ...rest, acked: false } : rest };
};
const shelved = (kind: AlarmShelf['kind']) => ({ flags, nature, event, nowMs }: AlarmMoment): AlarmEffect => {
  const forMs = event.do === 'SHELVE' ? event.forMs : nature.longestShelfMs;
  const { by = '', why = '' } = event as { by?: string; why?: string };
  return { flags: { ...flags, shelf: { kind, untilMs: nowMs + forMs, by, why } } };
};
const causeOf = (event: AlarmEvent): string => (event.do === 'SUP' || event.do === 'UNSUP' ? event.cause : '');
const matches = ({ event, occurrence }: AlarmMoment): boolean => event.do === 'ACK' && event.occurrence === occurrence && occurrence > 0;
const shelfFits = ({ event, nature }: AlarmMoment): boolean => event.do !== 'SHELVE' || (event.forMs > 0 && event.forMs <= nature.longestShelfMs);

/**
 * The life of an alarm (ANSI/ISA-18.2, IEC 62682; flags as in OPC UA Part 9). Rows are tried from the top; the first whose state, event and
 * guard fit is the one. The state after it is not taken from here but derived from the flags; that both agree is tested row by row.
 */
export const alarmTable: readonly AlarmRow[] = [
  { row: 1, from: ['NORM'], event: ['ACT'], guard: 'acknowledgement required', when: ({ nature }) => nature.acknowledge, to: 'UNACK', effect: activated, tell: 'always' },
  { row: 2, from: ['NORM'], event: ['ACT'], guard: 'not required', when: ({ nature }) => !nature.acknowledge, to: 'ACKED', effect: activated, tell: 'always' },
  { row: 3, from: ['UNACK'], event: ['ACK'], guard: 'occurrence matches', when: matches, to: 'ACKED', effect: acknowledged },
  { row: 4, from: ['UNACK'], event: ['RTN'], guard: 'not latching', when: ({ flags }) => !flags.latched, to: 'RTNUN', effect: cleared },
  { row: 5, from: ['UNACK'], event: ['RTN'], guard: 'latching', when: ({ flags }) => flags.latched, to: 'LUNAK', effect: cleared },
  { row: 6, from: ['ACKED'], event: ['RTN'], guard: 'not latching', when: ({ flags }) => !flags.latched, to: 'NORM', effect: cleared },
  { row: 7, from: ['ACKED'], event: ['RTN'], guard: 'latching', when: ({ flags }) => flags.latched, to: 'LACKD', effect: cleared },
  { row: 8, from: ['RTNUN'], event: ['ACK'], guard: 'matches', when: matches, to: 'NORM', effect: acknowledged },
  { row: 9, from: ['RTNUN'], event: ['ACT'], guard: '', to: 'UNACK', effect: activated, tell: 'always' },
  { row: 10, from: ['LUNAK'], event: ['ACK'], guard: 'matches', when: matches, to: 'LACKD', effect: acknowledged },
  { row: 11, from: ['LUNAK', 'LACKD'], event: ['ACT'], guard: '', to: 'UNACK', effect: activated, tell: 'always' },
  { row: 12, from: ['LACKD'], event: ['RESET'], guard: '', to: 'NORM', effect: ({ flags }) => ({ flags: { ...flags, latched: false } }) },
  { row: 13, from: ['LUNAK'], event: ['RESET'], guard: '', to: 'same', refusal: 'acknowledgeFirst' },
  { row: 14, from: ['UNACK', 'ACKED'], event: ['RESET'], guard: '', to: 'same', refusal: 'stillActive' },
  {
    row: 15, from: ['NORM', 'ACKED', 'LACKD'], event: ['ACK'], guard: 'matches, or never active', when: (moment) => matches(moment) || moment.occurrence === 0, to: 'same',
    refusal: 'alreadyAcknowledged',
  },
  { row: 16, from: every, event: ['ACK'], guard: 'old or unknown occurrence', when: (moment) => !matches(moment), to: 'same', refusal: 'otherOccurrence' },
  {
    row: 17, from: ['ACKED'], event: ['REALARM'], guard: 're-alarm time over, or HI → HIHI', when: ({ nature }) => nature.acknowledge, to: 'UNACK',
    effect: ({ flags }) => ({ flags: { ...withoutConfirmation(flags), acked: false } }), tell: 'always',
  },
  { row: 18, from: unsuppressed, event: ['SHELVE'], guard: 't ≤ max', when: shelfFits, to: 'SHLVD', effect: shelved('timed') },
  { row: 18, from: unsuppressed, event: ['SHELVE1'], guard: 'one-shot', to: 'SHLVD', effect: shelved('oneShot') },
  { row: 19, from: unsuppressed, event: ['SHELVE'], guard: 't > max', when: (moment) => !shelfFits(moment), to: 'same', refusal: 'shelfTooLong' },
  { row: 20, from: ['SHLVD'], event: ['SHELVE', 'SHELVE1'], guard: '', to: 'same', refusal: 'alreadyShelved' },
  { row: 21, from: without('SHLVD'), event: ['UNSHELVE'], guard: '', to: 'same', refusal: 'notShelved' },
  { row: 22, from: ['SHLVD'], event: ['ACT'], guard: 'timed or one-shot', to: 'hidden' },
  { row: 22, from: ['SHLVD'], event: ['RTN'], guard: 'timed', when: ({ flags }) => flags.shelf?.kind === 'timed', to: 'hidden' },
  {
    row: 23, from: ['SHLVD'], event: ['RTN'], guard: 'one-shot', when: ({ flags }) => flags.shelf?.kind === 'oneShot' && flags.active, to: 'flags',
    effect: (moment) => unshelved({ ...moment, flags: cleared(moment).flags }),
  },
  { row: 24, from: ['SHLVD'], event: ['EXP', 'UNSHELVE'], guard: 'active', when: ({ flags }) => flags.active, to: 'UNACK', effect: unshelved, tell: 'always' },
  { row: 25, from: ['SHLVD'], event: ['EXP', 'UNSHELVE'], guard: 'inactive', when: ({ flags }) => !flags.active, to: 'flags', effect: unshelved },
  {
    row: 26, from: without('OOSRV'), event: ['SUP'], guard: '', when: ({ flags, event }) => !flags.suppressedBy.includes(causeOf(event)), to: 'DSUPR',
    effect: ({ flags, event }) => ({ flags: { ...flags, suppressedBy: [...flags.suppressedBy, causeOf(event)] } }),
  },
  {
    row: 27, from: ['DSUPR'], event: ['UNSUP'], guard: '', when: ({ flags, event }) => flags.suppressedBy.includes(causeOf(event)), to: 'flags',
    effect: ({ flags, event }) => ({ flags: { ...flags, suppressedBy: flags.suppressedBy.filter((each) => each !== causeOf(event)) } }), tell: 'shown',
  },
  {
    row: 28, from: without('OOSRV'), event: ['OOS'], guard: 'role and reason', when: ({ event }) => event.do === 'OOS' && event.why.trim() !== '', to: 'OOSRV',
    effect: ({ flags, event, nowMs }) => ({ flags: { ...flags, outOfService: event.do === 'OOS' ? { by: event.by, why: event.why, sinceMs: nowMs } : undefined as never } }),
  },
  { row: 28, from: without('OOSRV'), event: ['OOS'], guard: 'no reason', to: 'same', refusal: 'reasonNeeded' },
  { row: 28, from: ['OOSRV'], event: ['OOS'], guard: 'already', to: 'same', refusal: 'alreadyOutOfService' },
  {
    row: 29, from: ['OOSRV'], event: ['RTS'], guard: '', to: 'flags', tell: 'shown',
    effect: ({ flags: { outOfService: _outOfService, ...flags } }) => ({ flags }),
  },
  { row: 30, from: every, event: 'BADQ', guard: '', to: 'same' },
  { row: 31, from: every, event: 'RESTART', guard: '', to: 'same' },
  { row: 32, from: every, event: 'OLDER', guard: '', to: 'same' },
  { row: 33, from: every, event: 'CLOCK', guard: '', to: 'same' },
];

/** What is said beside the table: of events that it does not name for a state, which refusal a person gets. Others are without effect. */
export const otherwise: Partial<Record<AlarmEventName, AlarmRefusal>> = {
  RESET: 'notLatched', SHELVE: 'hidden', SHELVE1: 'hidden', RTS: 'notOutOfService', CONFIRM: 'nothingToConfirm',
};

/** The state beneath shelf, suppression and out of service. */
export function baseState({ active, acked, latched, confirmed }: AlarmFlags): AlarmState {
  if (active) return acked ? 'ACKED' : 'UNACK';
  if (latched) return acked ? 'LACKD' : 'LUNAK';
  return acked && confirmed !== false ? 'NORM' : 'RTNUN';
}

/** Out of service goes before suppressed by design, that before shelved, that before the rest. */
export function shownState(flags: AlarmFlags): AlarmState {
  if (flags.outOfService !== undefined) return 'OOSRV';
  if (flags.suppressedBy.length > 0) return 'DSUPR';
  return flags.shelf === undefined ? baseState(flags) : 'SHLVD';
}

/** Whether people are not to be told of it. */
export function isHidden(flags: AlarmFlags): boolean {
  return flags.outOfService !== undefined || flags.suppressedBy.length > 0 || flags.shelf !== undefined;
}

/** Whether somebody who connects anew is to be told of it (OPC UA Part 9, Retain). */
export function isRetained({ active, acked, latched, confirmed }: AlarmFlags): boolean {
  return active || latched || !acked || confirmed === false;
}

export function normalFlags(): AlarmFlags {
  return { active: false, acked: true, latched: false, suppressedBy: [] };
}

function withoutConfirmation({ confirmed: _confirmed, ...flags }: AlarmFlags): AlarmFlags {
  return flags;
}
