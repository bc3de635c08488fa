import type { FloodState } from '../../contract/alarms.ts';
import type { Json } from '../ports.ts';
import type { CaseChange } from './caseBook.ts';

export interface NotifierSettings {
  /** A case is told so long after it began, with all that joined it meanwhile. */
  groupWaitMs: number;
  /** … and again at most so often, unless it gets more urgent. */
  changeEveryMs: number;
  /** Minutes of the day, from and to; the same: none. Over midnight too. */
  quietFromMinute: number;
  quietToMinute: number;
  /** What is most urgent is told at any time, above the cap and in a flood. */
  urgentAlways: boolean;
  /** So many messages a day, then one digest a day; 0: no cap. */
  capPerDay: number;
  /** In a flood what is not most urgent comes as one message every `changeEveryMs`. */
  gatherFloods: boolean;
}

/** What time it is for people at the plant. */
export interface LocalTime {
  minuteOfDay: number;
  /** Another one each day. */
  day: string;
}

export interface Told {
  twin: string;
  change: CaseChange;
}

export type DigestReason = 'quiet' | 'cap' | 'flood' | 'floodOver';

/** Several cases in one message. */
export interface Digest {
  reason: DigestReason;
  /** Of a flood: annunciated in the last ten minutes. */
  inTenMinutes: number;
  members: Told[];
  idempotencyKey: string;
}

interface Group {
  toldMs: number | null;
  toldCase: string | null;
  toldPriority: CaseChange['priority'] | null;
  pending: { change: CaseChange; firstMs: number; dueMs: number } | null;
}

interface NotifierState {
  v: 1;
  groups: [string, Group][];
  held: [string, { change: CaseChange; reason: DigestReason }][];
  day: string;
  count: number;
  flooded: boolean;
  floodToldMs: number | null;
  digests: number;
}

const rank = { low: 1, medium: 2, high: 3 } as const;

/**
 * When people are told: a machine's changes are gathered before they are told and between messages (after Alertmanager's group_wait,
 * group_interval); at night, above the day's cap and in a flood they come as one digest. Nothing is dropped but what was over, or
 * answered, before anybody was told of it.
 *
 * Choose it for channels that reach people. The page and the journal show everything at once.
 */
export class Notifier {
  settings: NotifierSettings;
  readonly #groups = new Map<string, Group>();
  /** The newest change of each machine that waits for a digest. */
  readonly #held = new Map<string, { change: CaseChange; reason: DigestReason }>();
  #day = '';
  #count = 0;
  #flooded = false;
  #floodToldMs: number | null = null;
  #digests = 0;
  #dirty = true;

  constructor(settings: NotifierSettings, snapshot?: Json) {
    this.settings = settings;
    const saved = snapshot as unknown as NotifierState | null | undefined;
    if (saved === undefined || saved === null || saved.v !== 1) return;
    for (const [twin, group] of saved.groups) this.#groups.set(twin, group);
    for (const [twin, held] of saved.held) this.#held.set(twin, held);
    this.#day = saved.day;
    this.#count = saved.count;
    this.#flooded = saved.flooded;
    this.#floodToldMs = saved.floodToldMs;
    this.#digests = saved.digests;
  }

  /** Something waits to be told. */
  get waiting(): number {
    let waiting = this.#held.size;
    for (const { pending } of this.#groups.values()) if (pending !== null) waiting++;
    return waiting;
  }

  /** Whether there is anything to keep since this was last asked. */
  takeDirty(): boolean {
    const dirty = this.#dirty;
    this.#dirty = false;
    return dirty;
  }

  /** Takes a change in; `due()` says when it is told. @param nowMs steady */
  offer(twin: string, change: CaseChange, nowMs: number): void {
    this.#dirty = true;
    const known = this.#groups.has(twin);
    const group = this.#group(twin);
    const { id } = change.case;
    // A case from before this machine was known here was told by whoever knew it then.
    if (!known && change.case.change !== 'opened') group.toldCase = id;
    const told = group.toldCase === id;
    switch (change.case.change) {
      case 'acknowledged':
        // An answer is told at once, to whoever has not been told of the case as well: somebody is on it.
        if (this.#held.get(twin)?.change.case.id === id) this.#held.delete(twin);
        group.toldCase = id;
        group.pending = { change, firstMs: nowMs, dueMs: nowMs };
        return;
      case 'cleared': {
        if (this.#held.get(twin)?.change.case.id === id) this.#held.delete(twin);
        // Over before anybody was told of it; or hidden by nobody, by an operating mode or by its cause: that is for page and journal.
        const { aside } = change.case;
        group.pending = told && (aside === undefined || aside.by !== undefined) ? { change, firstMs: nowMs, dueMs: nowMs } : null;
        if (group.pending === null && told) group.toldCase = null;
        return;
      }
      default: {
        const { pending } = group;
        const same = pending !== null && pending.change.case.id === id;
        const opened = same && pending.change.case.change === 'opened';
        const next: CaseChange = opened ? { ...change, case: { ...change.case, change: 'opened' } } : change;
        const firstMs = same ? pending.firstMs : nowMs;
        const earliestMs = change.reminder || change.waited === true ? nowMs : firstMs + this.settings.groupWaitMs;
        const moreUrgent = told && group.toldPriority !== null && rank[change.priority] > rank[group.toldPriority];
        const dueMs = moreUrgent || group.toldMs === null ? earliestMs : Math.max(earliestMs, group.toldMs + this.settings.changeEveryMs);
        group.pending = { change: next, firstMs, dueMs: same ? Math.min(pending.dueMs, dueMs) : dueMs };
      }
    }
  }

  /**
   * What is to be told now.
   * @param nowMs steady
   */
  due(nowMs: number, local: LocalTime, flood: FloodState): { told: Told[]; digests: Digest[] } {
    const told: Told[] = [];
    const digests: Digest[] = [];
    const flooded = this.#flooded;
    if (local.day !== this.#day) {
      this.#dirty = true;
      this.#day = local.day;
      this.#count = 0;
    }
    const quiet = isQuiet(this.settings, local.minuteOfDay);
    const flooding = this.settings.gatherFloods && flood.active;
    if (flooding && !this.#flooded) {
      this.#flooded = true;
      this.#floodToldMs = null;
    }
    for (const [twin, group] of this.#groups) {
      const { pending } = group;
      if (pending === null || pending.dueMs > nowMs) continue;
      group.pending = null;
      this.#dirty = true;
      const { change } = pending;
      const urgent = this.settings.urgentAlways && change.priority === 'high';
      const reason = urgent ? undefined : quiet ? 'quiet' : flooding ? 'flood' : this.#full ? 'cap' : undefined;
      if (reason === undefined) {
        this.#held.delete(twin);
        this.#count++;
        told.push({ twin, change });
        group.toldCase = change.case.id;
        group.toldPriority = change.priority;
      } else this.#held.set(twin, { change, reason });
      group.toldMs = nowMs;
    }
    const gathered = (reason: DigestReason, which: (reason: DigestReason) => boolean, evenEmpty = false): void => {
      const members = [...this.#held].filter(([, held]) => which(held.reason)).map(([twin, { change }]) => ({ twin, change }));
      for (const { twin, change } of members) {
        this.#held.delete(twin);
        const group = this.#group(twin);
        group.toldCase = change.case.id;
        group.toldPriority = change.priority;
      }
      if (members.length === 0 && !evenEmpty) return;
      this.#count++;
      digests.push({ reason, inTenMinutes: flood.inTenMinutes, members, idempotencyKey: `digest/${this.#digests++}/${nowMs}` });
    };
    if (flooding) {
      const began = this.#floodToldMs === null;
      const dueMs = began ? (flood.sinceMs ?? nowMs) + this.settings.groupWaitMs : (this.#floodToldMs as number) + Math.max(this.settings.changeEveryMs, 1000);
      if (!quiet && nowMs >= dueMs) {
        gathered('flood', (reason) => reason === 'flood', began);
        this.#floodToldMs = nowMs;
      }
    } else if (this.#flooded) {
      this.#flooded = false;
      if (!quiet) gathered('floodOver', (reason) => reason === 'flood', this.#floodToldMs !== null);
    }
    if (!quiet) gathered('quiet', (reason) => reason === 'quiet' || (reason === 'flood' && !flooding));
    if (!quiet && !this.#full) gathered('cap', (reason) => reason === 'cap');
    if (digests.length > 0 || flooded !== this.#flooded) this.#dirty = true;
    return { told, digests };
  }

  /** A machine is in the flow no more. */
  forget(twin: string): void {
    this.#groups.delete(twin);
    this.#held.delete(twin);
  }

  snapshot(): Json {
    const state: NotifierState = {
      v: 1, groups: [...this.#groups], held: [...this.#held], day: this.#day, count: this.#count, flooded: this.#flooded, floodToldMs: this.#floodToldMs, digests: this.#digests,
    };
    return JSON.parse(JSON.stringify(state)) as Json;
  }

  get #full(): boolean {
    return this.settings.capPerDay > 0 && this.#count >= this.settings.capPerDay;
  }

  #group(twin: string): Group {
    let group = this.#groups.get(twin);
    if (group === undefined) {
      group = { toldMs: null, toldCase: null, toldPriority: null, pending: null };
      this.#groups.set(twin, group);
    }
    return group;
  }
}

function isQuiet({ quietFromMinute: from, quietToMinute: to }: NotifierSettings, minute: number): boolean {
  return from === to ? false : from < to ? minute >= from && minute < to : minute >= from || minute < to;
}
