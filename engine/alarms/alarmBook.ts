import type { ActionSource, Alarm, AlarmLetter, AlarmPriority, JournalRecord } from '../../contract/alarms.ts';
import type { Json } from '../ports.ts';
import { Problem } from '../problem.ts';
import { AlarmCourse } from './alarmCourse.ts';
import type { AlarmOutcome } from './alarmCourse.ts';
import type { AlarmEvent, AlarmRefusal } from './alarmTable.ts';

/** What the flow says of an alarm each time it tells of it. */
export interface AlarmTraits {
  text: string;
  priority: AlarmPriority;
  letter: AlarmLetter;
  latching: boolean;
  acknowledge: boolean;
  /** Somebody has to confirm, after it was acknowledged, that what was to be done is done (OPC UA Part 9, 5.7.3). Absent: nobody. */
  confirm?: boolean;
  /** 0: never. After so long acknowledged and still active, it is told again. */
  realarmAfterMs: number;
  /** An outermost limit: no root alarm upstream holds it back. */
  critical: boolean;
  /** Says that nothing arrives. */
  silence: boolean;
  /** Who raises it (a node's id). */
  teller?: string;
}

/** A journal record without what only the site knows. */
export type JournalDraft = Omit<JournalRecord, 'v' | 'number' | 'case'>;

/** What suppresses a machine as a whole. */
export interface WideSuppression {
  by?: string;
  why?: string;
  sinceMs: number;
  /** all alarms; all but outermost limits; only that nothing arrives. */
  covers: 'all' | 'notCritical' | 'silence';
  /** Only the alarm of this name. */
  only?: string;
}

interface Entry {
  course: AlarmCourse;
  traits: AlarmTraits;
}

interface BookSnapshot {
  v: 1;
  alarms: { name: string; traits: AlarmTraits; course: Json }[];
  suppressions: [string, WideSuppression][];
  outOfService: { by: string; why: string; sinceMs: number } | null;
}

/** More than any machine has limits; what comes beyond is not followed. */
const mostAlarms = 5000;

/**
 * The alarms of one machine, each on its own course, and what hides the machine as a whole. Every change gives exactly one draft for the
 * journal.
 */
export class AlarmBook {
  readonly twin: string;
  /** The longest that a person may shelve an alarm. */
  longestShelfMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #suppressions = new Map<string, WideSuppression>();
  #outOfService: { by: string; why: string; sinceMs: number } | undefined;

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  constructor(twin: string, longestShelfMs: number, snapshot?: Json) {
    this.twin = twin;
    this.longestShelfMs = longestShelfMs;
    if (snapshot === undefined || snapshot === null) return;
    const saved = snapshot as unknown as BookSnapshot;
    if (typeof saved !== 'object' || saved.v !== 1 || !Array.isArray(saved.alarms)) {
      throw new Problem('TWIN_SNAPSHOT_UNREADABLE', `The stored alarms of "${twin}" cannot be read.`, 'They start anew; restore a backup if they matter.', { twin });
    }
    for (const { name, traits, course } of saved.alarms) {
      this.#entries.set(name, { traits: { ...traits }, course: new AlarmCourse(this.#nature(traits), course) });
    }
    for (const [cause, suppression] of saved.suppressions) this.#suppressions.set(cause, { ...suppression });
    this.#outOfService = saved.outOfService ?? undefined;
  }

  get suppressions(): ReadonlyMap<string, WideSuppression> {
    return this.#suppressions;
  }

  get outOfService(): { by: string; why: string; sinceMs: number } | undefined {
    return this.#outOfService;
  }

  course(name: string): AlarmCourse | undefined {
    return this.#entries.get(name)?.course;
  }

  traits(name: string): AlarmTraits | undefined {
    return this.#entries.get(name)?.traits;
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  /** Whether an alarm is active, whether people see it or not. */
  isActive(name: string): boolean {
    return this.#entries.get(name)?.course.flags.active === true;
  }

  /**
   * Its condition holds, or holds no more. What hides the machine hides an alarm that comes anew.
   * @returns a draft per change, oldest first; none where it is known already
   */
  condition(name: string, active: boolean, sourceMs: number, nowMs: number, traits: AlarmTraits): JournalDraft[] {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      if (!active || this.#entries.size >= mostAlarms) return [];
      entry = { traits, course: new AlarmCourse(this.#nature(traits)) };
      this.#entries.set(name, entry);
    } else if (entry.traits !== traits) {
      if (active) entry.traits = traits;
      entry.course.nature = this.#nature(traits);
    }
    if (entry.course.flags.active === active) return [];
    const drafts: JournalDraft[] = [];
    if (active) {
      for (const [cause, wide] of this.#suppressions) {
        if (covers(wide, traits, name)) this.#apply(name, entry, { do: 'SUP', cause, ...who(wide) }, nowMs, drafts);
      }
      if (this.#outOfService !== undefined) this.#apply(name, entry, { do: 'OOS', by: this.#outOfService.by, why: this.#outOfService.why }, nowMs, drafts);
    }
    this.#apply(name, entry, { do: active ? 'ACT' : 'RTN', sourceMs }, nowMs, drafts, undefined, sourceMs);
    return drafts;
  }

  /** A person, a message or a bit does something to one alarm. @returns why it is refused, else the drafts */
  act(name: string, event: AlarmEvent, nowMs: number, via?: ActionSource): { drafts: JournalDraft[]; refusal?: AlarmRefusal } {
    const entry = this.#entries.get(name);
    const drafts: JournalDraft[] = [];
    if (entry === undefined) return { drafts };
    const { refusal } = this.#apply(name, entry, event, nowMs, drafts, via);
    return refusal === undefined ? { drafts } : { drafts, refusal };
  }

  /** Hides the whole machine, alarms to come included; those that are normal get no record until they are more. */
  suppress(cause: string, suppression: WideSuppression, nowMs: number, via?: ActionSource): JournalDraft[] {
    if (this.#suppressions.has(cause)) return [];
    this.#suppressions.set(cause, { ...suppression });
    const drafts: JournalDraft[] = [];
    for (const [name, entry] of this.#entries) {
      if (entry.course.shown === 'NORM' || !covers(suppression, entry.traits, name)) continue;
      this.#apply(name, entry, { do: 'SUP', cause, ...who(suppression) }, nowMs, drafts, via);
    }
    return drafts;
  }

  unsuppress(cause: string, nowMs: number, by?: { by?: string; why?: string }, via?: ActionSource): JournalDraft[] {
    const drafts: JournalDraft[] = [];
    this.#suppressions.delete(cause);
    for (const [name, entry] of this.#entries) {
      if (entry.course.flags.suppressedBy.includes(cause)) this.#apply(name, entry, { do: 'UNSUP', cause, ...by }, nowMs, drafts, via);
    }
    return drafts;
  }

  takeOutOfService(by: string, why: string, nowMs: number, via?: ActionSource): JournalDraft[] {
    this.#outOfService = { by, why, sinceMs: nowMs };
    const drafts: JournalDraft[] = [];
    for (const [name, entry] of this.#entries) {
      if (entry.course.shown !== 'NORM') this.#apply(name, entry, { do: 'OOS', by, why }, nowMs, drafts, via);
    }
    return drafts;
  }

  returnToService(by: string, why: string | undefined, nowMs: number, via?: ActionSource): JournalDraft[] {
    this.#outOfService = undefined;
    const drafts: JournalDraft[] = [];
    for (const [name, entry] of this.#entries) {
      if (entry.course.flags.outOfService !== undefined) this.#apply(name, entry, { do: 'RTS', by, ...(why === undefined ? {} : { why }) }, nowMs, drafts, via);
    }
    return drafts;
  }

  /** Shelves that are over, and alarms that were acknowledged so long ago that they are told again. @param nowMs the site's steady time */
  tick(nowMs: number): JournalDraft[] {
    const drafts: JournalDraft[] = [];
    for (const [name, entry] of this.#entries) {
      const { course, traits } = entry;
      if ((course.shelfEndsMs ?? Infinity) <= nowMs) this.#apply(name, entry, { do: 'EXP' }, nowMs, drafts);
      const { acknowledgedMs } = course.state;
      if (traits.realarmAfterMs > 0 && course.shown === 'ACKED' && acknowledgedMs !== null && nowMs - acknowledgedMs >= traits.realarmAfterMs) {
        this.#apply(name, entry, { do: 'REALARM' }, nowMs, drafts);
      }
    }
    return drafts;
  }

  /** Something can fall due by time alone. */
  get timed(): boolean {
    for (const { course, traits } of this.#entries.values()) {
      if (course.shelfEndsMs !== undefined || (traits.realarmAfterMs > 0 && course.shown === 'ACKED')) return true;
    }
    return false;
  }

  /** One alarm for people; undefined: it has never been active. */
  alarm(name: string): Alarm | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const { course, traits } = entry;
    const { occurrence, activeSinceMs, changedMs, acknowledgedBy, flags } = course.state;
    return {
      twin: this.twin,
      alarm: name,
      text: traits.text,
      state: course.shown,
      flags: JSON.parse(JSON.stringify(flags)) as Alarm['flags'],
      occurrence,
      ...(activeSinceMs === null ? {} : { activeSinceMs }),
      changedMs,
      priority: traits.priority,
      letter: traits.letter,
      latching: traits.latching,
      ...(acknowledgedBy === null ? {} : { acknowledgedBy }),
    };
  }

  /** Those that are not plainly normal. */
  list(): Alarm[] {
    const list: Alarm[] = [];
    for (const [name, { course }] of this.#entries) {
      if (course.shown !== 'NORM') list.push(this.alarm(name) as Alarm);
    }
    return list;
  }

  snapshot(): Json {
    const snapshot: BookSnapshot = {
      v: 1,
      alarms: [...this.#entries].map(([name, { traits, course }]) => ({ name, traits, course: course.snapshot() })),
      suppressions: [...this.#suppressions],
      outOfService: this.#outOfService ?? null,
    };
    return JSON.parse(JSON.stringify(snapshot)) as Json;
  }

  #nature(traits: AlarmTraits): AlarmCourse['nature'] {
    const { latching, acknowledge, confirm } = traits;
    return { latching, acknowledge, longestShelfMs: this.longestShelfMs, ...(confirm === true && acknowledge && { confirm }) };
  }

  #apply(name: string, entry: Entry, event: AlarmEvent, nowMs: number, drafts: JournalDraft[], via?: ActionSource, sourceMs?: number): AlarmOutcome {
    const outcome = entry.course.apply(event, nowMs);
    if (!outcome.changed) return outcome;
    const { by, why } = event as { by?: string; why?: string };
    const cause = event.do === 'SUP' || event.do === 'UNSUP' ? event.cause : undefined;
    drafts.push({
      timeMs: nowMs,
      ...(sourceMs === undefined ? {} : { sourceMs }),
      twin: this.twin,
      alarm: name,
      occurrence: entry.course.state.occurrence,
      event: event.do,
      from: outcome.from,
      to: outcome.to,
      flags: JSON.parse(JSON.stringify(entry.course.flags)) as Alarm['flags'],
      annunciated: outcome.annunciated,
      priority: entry.traits.priority,
      ...(by === undefined ? {} : { by }),
      ...(why !== undefined ? { why } : cause !== undefined ? { why: cause } : {}),
      ...(via === undefined ? {} : { via }),
    });
    return outcome;
  }
}

function who({ by, why }: WideSuppression): { by?: string; why?: string } {
  return { ...(by === undefined ? {} : { by }), ...(why === undefined ? {} : { why }) };
}

function covers(suppression: WideSuppression, traits: AlarmTraits, name: string): boolean {
  if (suppression.only !== undefined && suppression.only !== name) return false;
  return suppression.covers === 'all' || (suppression.covers === 'silence' ? traits.silence : !traits.critical);
}
