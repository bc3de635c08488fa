import type { AlarmFlags, AlarmState, JournalEvent } from '../../../contract/alarms.ts';
import { AlarmCourse } from '../../../engine/alarms/alarmCourse.ts';
import type { AlarmOutcome } from '../../../engine/alarms/alarmCourse.ts';
import { isHidden } from '../../../engine/alarms/alarmTable.ts';
import type { AlarmEvent, AlarmNature } from '../../../engine/alarms/alarmTable.ts';
import { replayJournal } from '../../../engine/alarms/replayJournal.ts';

export type Course = Pick<AlarmCourse, 'apply' | 'shown' | 'state' | 'flags' | 'snapshot'>;
export type MakeCourse = (nature: AlarmNature, snapshot?: ReturnType<AlarmCourse['snapshot']>) => Course;

/** A small fast generator, so that a seed is a sequence. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4_294_967_296;
  };
}

export const longestShelfMs = 100;
const names = ['ACT', 'RTN', 'ACK', 'ACT', 'RTN', 'ACK', 'RESET', 'SHELVE', 'SHELVE1', 'UNSHELVE', 'EXP', 'SUP', 'UNSUP', 'OOS', 'RTS', 'REALARM'] as const;

function randomEvent(random: () => number, occurrence: number): AlarmEvent {
  const name = names[Math.floor(random() * names.length)] as (typeof names)[number];
  switch (name) {
    case 'ACT':
    case 'RTN':
      return { do: name, sourceMs: 0 };
    case 'ACK':
      return { do: 'ACK', occurrence: random() < 0.85 ? occurrence : occurrence - 1, by: 'Ada' };
    case 'SHELVE':
      return { do: 'SHELVE', forMs: random() < 0.8 ? 50 : 150, by: 'Ada' };
    case 'SUP':
    case 'UNSUP':
      return { do: name, cause: random() < 0.5 ? 'mode' : 'root:line/stop' };
    case 'OOS':
      return { do: 'OOS', by: 'Ada', why: random() < 0.9 ? 'rebuilt' : '' };
    case 'SHELVE1':
    case 'RESET':
    case 'UNSHELVE':
    case 'RTS':
      return { do: name, by: 'Ada' };
    default:
      return { do: name };
  }
}

/** One random life of an alarm, held to every rule. @returns the rule that it breaks and how; undefined: none */
export function brokenRule(make: MakeCourse, random: () => number, steps: number): string | undefined {
  const nature: AlarmNature = { latching: random() < 0.4, acknowledge: random() < 0.8, longestShelfMs };
  let course = make(nature);
  const records: { twin: string; alarm: string; event: JournalEvent; from: AlarmState; to: AlarmState; flags: AlarmFlags; occurrence: number }[] = [];
  const told = new Set<number>();
  let answered = true;
  for (let step = 0; step < steps; step++) {
    const event = randomEvent(random, course.state.occurrence);
    const before = course.flags;
    const occurrenceBefore = course.state.occurrence;
    const outcome: AlarmOutcome = course.apply(event, step);
    const { flags } = course;
    const { occurrence, annunciation } = course.state;
    const is = `${event.do} from ${outcome.from}`;
    const differs = occurrence !== occurrenceBefore || !sameFlags(before, flags);
    if (outcome.changed !== differs) return `one record per change: ${is}`;
    if (outcome.refusal !== undefined && differs) return `a refused event changes nothing: ${is}`;
    if (outcome.changed) records.push({ twin: 'm', alarm: 'a', event: event.do, from: outcome.from, to: outcome.to, flags: { ...flags }, occurrence });
    if (outcome.annunciated) {
      const mark = occurrence * 1000 + annunciation;
      if (told.has(mark)) return `one notification per annunciation: ${is}`;
      told.add(mark);
      if (isHidden(flags) || !flags.active) return `told of what is hidden or over: ${is}`;
      if (event.do === 'ACK' || event.do === 'RTN' || event.do === 'RESET') return `one notification per annunciation: ${is}`;
    }
    if (event.do === 'ACT' && outcome.changed) answered = !nature.acknowledge;
    if (event.do === 'ACK' && outcome.changed) answered = true;
    if (event.do === 'REALARM' && outcome.changed) answered = false;
    if (course.shown === 'NORM' && (flags.active || !flags.acked)) return `NORM is neither active nor unacknowledged: ${is}`;
    if (flags.acked && !answered) return `acknowledged by nobody: ${is}`;
    if (course.shown === 'UNACK' && occurrence === 0) return `UNACK has an occurrence: ${is}`;
    // Whatever hid it before: an active alarm that people can see is one that they were told of, or that one of them acknowledged.
    if (flags.active && !isHidden(flags) && annunciation === 0 && !(flags.acked && nature.acknowledge)) return `an active alarm is never lost: ${is}`;
    if ((event.do === 'EXP' || event.do === 'UNSHELVE') && outcome.changed && flags.active && !isHidden(flags) && !outcome.annunciated) {
      return `an active alarm is never lost: ${is}`;
    }
    if (random() < 0.03) course = make(nature, course.snapshot());
  }
  const { alarms, gaps } = replayJournal(records);
  const replayed = alarms.get(JSON.stringify(['m', 'a']));
  if (gaps.length > 0) return `replaying the journal gives the state: ${gaps[0]}`;
  if ((replayed?.state ?? 'NORM') !== course.shown || (replayed?.occurrence ?? 0) !== course.state.occurrence) return 'replaying the journal gives the state';
  if (replayed !== undefined && !sameFlags(replayed.flags, course.flags)) return 'replaying the journal gives the state';
  return undefined;
}

function sameFlags(a: AlarmFlags, b: AlarmFlags): boolean {
  return (
    a === b ||
    (a.active === b.active && a.acked === b.acked && a.latched === b.latched && a.untold === b.untold && a.confirmed === b.confirmed &&
      a.shelf?.untilMs === b.shelf?.untilMs && a.shelf?.kind === b.shelf?.kind && (a.outOfService === undefined) === (b.outOfService === undefined) &&
      a.suppressedBy.join() === b.suppressedBy.join())
  );
}

/** Each breaks exactly the rule that it is called by. */
export const plantedFaults: Readonly<Record<string, MakeCourse>> = {
  'one notification per annunciation': faulty((course, event, outcome) => (event.do === 'ACK' && outcome.changed ? { ...outcome, annunciated: !course.hidden && course.flags.active } : outcome)),
  'NORM is neither active nor unacknowledged': (nature, snapshot) => {
    const course = new AlarmCourse(nature, snapshot);
    return overlaid(course, { shown: () => (course.shown === 'RTNUN' ? 'NORM' : course.shown) });
  },
  'acknowledged by nobody': faulty((course, event, outcome) => {
    if (event.do === 'RTN' && outcome.changed) course.flags.acked = true;
    return outcome;
  }),
  'an active alarm is never lost': faulty((_course, event, outcome) => (event.do === 'EXP' || event.do === 'UNSHELVE' ? { ...outcome, annunciated: false } : outcome)),
  'one record per change': faulty((_course, event, outcome) => (event.do === 'RESET' ? { ...outcome, changed: false } : outcome)),
  'replaying the journal gives the state': faulty((_course, event, outcome) => (event.do === 'SHELVE' && outcome.changed ? { ...outcome, to: outcome.from } : outcome)),
  'a refused event changes nothing': faulty((course, event, outcome) => {
    if (event.do === 'RESET' && outcome.refusal === 'stillActive') {
      course.flags.latched = !course.flags.latched;
      return { ...outcome, changed: true };
    }
    return outcome;
  }),
  'told of what is hidden or over': faulty((_course, event, outcome) => (event.do === 'ACT' && outcome.changed ? { ...outcome, annunciated: true } : outcome)),
};

function faulty(spoil: (course: AlarmCourse, event: AlarmEvent, outcome: AlarmOutcome) => AlarmOutcome): MakeCourse {
  return (nature, snapshot) => {
    const course = new AlarmCourse(nature, snapshot);
    return overlaid(course, { apply: (event, nowMs) => {
      // A fault that writes into the flags must not write into those that are compared with.
      const outcome = course.apply(event, nowMs);
      const flags = course.state as { flags: AlarmFlags };
      flags.flags = { ...course.flags };
      return spoil(course, event, outcome);
    } });
  };
}

function overlaid(course: AlarmCourse, over: { apply?: AlarmCourse['apply']; shown?: () => AlarmState }): Course {
  return {
    apply: over.apply ?? ((event, nowMs) => course.apply(event, nowMs)),
    get shown() {
      return over.shown?.() ?? course.shown;
    },
    get state() {
      return course.state;
    },
    get flags() {
      return course.flags;
    },
    snapshot: () => course.snapshot(),
  };
}
