import type { AnomalyKind, AnomalySignal, TwinCase } from '../../contract/messages.ts';
import type { Json } from '../ports.ts';
import { Problem } from '../problem.ts';

/**
 * A condition that can open a case: something that is true of a machine for a while. Conditions are told apart by their
 * name: `anomaly`, `limit/<property>/<high|…>`, `stale`, `stale/<property>`.
 */
export interface Condition {
  name: string;
  active: boolean;
  /** Source time. */
  timeMs: number;
  /** What shows it; shares of one condition add up to 1. Empty when it ends. */
  signals: readonly AnomalySignal[];
  /** When it began, where that lies before `timeMs`. */
  sinceMs?: number;
  severity: Severity;
  /** How urgent; absent: by severity. */
  priority?: CaseChange['priority'];
  /** It is a new occurrence, or one that was hidden: told again, and a case that was acknowledged is open again. */
  again?: boolean;
  /** It has waited for others already: whoever tells it need not. */
  waited?: boolean;
}

/** What a condition says of the machine; decides letter and priority. */
export type Severity = 'failure' | 'check' | 'maintenance' | 'specification';

export interface CaseChange {
  case: TwinCase;
  priority: 'high' | 'medium' | 'low';
  /** Unique per case and annunciation: the same after a restart, so that a receiver can drop a repetition. */
  idempotencyKey: string;
  /** true: nobody acknowledged it, so it is told again. */
  reminder: boolean;
  /** What opened the case has waited for others already. */
  waited?: true;
}

export interface CaseBookOptions {
  twin: string;
  historical: boolean;
  /** A case clears when none of its conditions has been true for this long (source time). */
  clearAfterMs: number;
  /** 0: no reminder. */
  repeatAfterMs: number;
  /** Who tells of the cases (a node's id): so that somebody still does after a restart, before the machine speaks again. */
  teller?: string;
}

interface OpenCondition {
  active: boolean;
  sinceMs: number;
  endedMs: number;
  /** Until then nobody could see whether it is back; absent where it could be seen all the time. */
  unseenMs?: number;
  severity: Severity;
  priority?: CaseChange['priority'];
  signals: AnomalySignal[];
}

interface OpenCase {
  case: TwinCase;
  annunciation: number;
  toldMs: number;
  teller?: string;
  conditions: Record<string, OpenCondition>;
  /** Steady time from which the next reminder counts; absent: from the next watch on. */
  remindFromMs?: number;
  /** Something joined, and is told with the next watch. */
  gathered?: boolean;
}

interface CaseBookSnapshot {
  v: 1;
  number: number;
  open: OpenCase | null;
  /** Rises with each change: of two copies the higher one is the newer. */
  revision?: number;
}

/** A message names them all, so there is an end to it. */
const maximumConditions = 2000;
/** A case with more than this many is told of what joins four times a second at most. */
const toldSingly = 20;

/**
 * One open case per machine: it gathers what is wrong, is told once, told again when something new joins or nobody
 * answered, and clears by itself when all of it has been gone for a while. Told: opened, a signal or condition joined,
 * acknowledged, cleared, reminder. Not told: the same condition going on.
 *
 * Choose it for people ("which machine needs a look?") rather than one alarm per signal, which floods: a worn bearing
 * raises vibration, current and temperature, and is one story.
 */
export class CaseBook {
  #options: CaseBookOptions;
  #number = 0;
  #open: OpenCase | undefined;
  #revision = 0;

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  constructor(options: CaseBookOptions, snapshot?: Json) {
    this.#options = options;
    if (snapshot === undefined || snapshot === null) return;
    const saved = snapshot as unknown as CaseBookSnapshot;
    if (typeof saved !== 'object' || saved.v !== 1 || typeof saved.number !== 'number') {
      throw new Problem(
        'TWIN_SNAPSHOT_UNREADABLE',
        `The stored cases of "${options.twin}" cannot be read.`,
        'They start anew; restore a backup if the open case matters.',
        { twin: options.twin },
      );
    }
    this.#number = saved.number;
    this.#revision = saved.revision ?? 0;
    this.#open = saved.open === null ? undefined : structuredCopy(saved.open);
  }

  set options(options: CaseBookOptions) {
    this.#options = options;
  }

  get clearAfterMs(): number {
    return this.#options.clearAfterMs;
  }

  get open(): TwinCase | undefined {
    return this.#open?.case;
  }

  /** Who told of the open case. */
  get teller(): string | undefined {
    return this.#open?.teller;
  }

  /** Is one of the open case's conditions true right now? */
  get active(): boolean {
    return this.#open !== undefined && Object.values(this.#open.conditions).some((condition) => condition.active);
  }

  /** Takes a condition in; gives what is to be told. Nothing of a condition's arrays is kept by reference. */
  condition(condition: Condition): CaseChange[] {
    const cleared = this.watch(condition.timeMs, true);
    const open = this.#open;
    if (!condition.active) {
      const known = open?.conditions[condition.name];
      if (known?.active === true) {
        this.#revision++;
        known.active = false;
        known.endedMs = condition.timeMs;
      }
      return [...cleared, ...this.watch(condition.timeMs, true)];
    }
    if (open === undefined) return [...cleared, this.#openWith(condition)];
    const known = Object.hasOwn(open.conditions, condition.name) ? open.conditions[condition.name] : undefined;
    const count = Object.keys(open.conditions).length;
    if (known === undefined && count >= maximumConditions) return cleared;
    const news = known === undefined || condition.again === true || condition.signals.some(({ property }) => !known.signals.some((each) => each.property === property));
    const returned = known !== undefined && !known.active;
    if (news || returned) this.#revision++;
    open.conditions[condition.name] = {
      active: true,
      sinceMs: known?.sinceMs ?? condition.sinceMs ?? condition.timeMs,
      endedMs: NaN,
      severity: condition.severity,
      ...(condition.priority === undefined ? {} : { priority: condition.priority }),
      signals: mergeSignals(known?.signals ?? [], condition.signals),
    };
    if (returned) open.case.occurrences++;
    const crowd = count > toldSingly;
    if (!crowd) {
      open.case.signals = rankedSignals(open.conditions);
      open.case.letter = letterOf(open.conditions);
    }
    if (!news) return cleared;
    if (condition.again === true && open.case.state === 'acknowledged') {
      open.case.state = 'open';
      delete open.case.acknowledgedBy;
    }
    open.case.change = 'updated';
    open.case.changedMs = condition.timeMs;
    if (crowd) {
      open.gathered = true;
      return cleared;
    }
    return [...cleared, this.#tell(open, condition.timeMs, false)];
  }

  /** At this time nothing could be seen of a condition: that does not count as time without it. */
  unseen(name: string, timeMs: number): void {
    const conditions = this.#open?.conditions;
    if (conditions !== undefined && Object.hasOwn(conditions, name)) (conditions[name] as OpenCondition).unseenMs = timeMs;
  }

  /**
   * Clears what has been gone long enough and reminds of what nobody answered. Call it with the site's time, and with a
   * row's own time during a replay (then nobody is reminded of anything).
   * @param steadyMs for reminders: a clock that is never put back or on
   */
  watch(nowMs: number, withoutReminder = false, steadyMs = nowMs): CaseChange[] {
    const open = this.#open;
    if (open === undefined) return [];
    const conditions = Object.values(open.conditions);
    const goneFor = ({ endedMs, unseenMs = endedMs }: OpenCondition): number => nowMs - Math.max(endedMs, unseenMs);
    if (conditions.every((condition) => !condition.active && goneFor(condition) >= this.#options.clearAfterMs)) {
      open.case.state = 'cleared';
      open.case.change = 'cleared';
      open.case.changedMs = nowMs;
      open.case.clearedMs = Math.max(...conditions.map((condition) => condition.endedMs));
      const change = this.#tell(open, nowMs, false);
      this.#open = undefined;
      return [change];
    }
    if (open.gathered === true && !withoutReminder) {
      open.case.change = 'updated';
      return [this.#tell(open, nowMs, false)];
    }
    const repeatAfterMs = this.#options.repeatAfterMs;
    if (steadyMs !== nowMs && !withoutReminder) open.remindFromMs ??= steadyMs;
    const due = repeatAfterMs > 0 && open.case.state === 'open' && (open.remindFromMs === undefined ? nowMs - open.toldMs : steadyMs - open.remindFromMs) >= repeatAfterMs;
    if (withoutReminder || !due || this.#options.historical) return [];
    open.case.change = 'updated';
    return [this.#tell(open, nowMs, true)];
  }

  /**
   * @param caseId the case that the person saw; absent: the open one
   * @throws Problem TWIN_CASE_UNKNOWN when that case is not the open one (a person acknowledges what they saw, not what
   *   came since), TWIN_CASE_ACKNOWLEDGED when somebody already did
   */
  acknowledge(caseId: string | undefined, by: string, nowMs: number): CaseChange {
    const open = this.#open;
    if (open === undefined || (caseId !== undefined && caseId !== open.case.id)) {
      throw new Problem(
        'TWIN_CASE_UNKNOWN',
        open === undefined ? 'There is no open case to acknowledge.' : 'The open case is another one than the one you saw.',
        'Look at the current case and acknowledge that one.',
      );
    }
    if (open.case.state === 'acknowledged') {
      throw new Problem('TWIN_CASE_ACKNOWLEDGED', `${open.case.acknowledgedBy ?? 'Somebody'} already acknowledged this case.`, 'Nothing is left to do.');
    }
    open.case.state = 'acknowledged';
    open.case.change = 'acknowledged';
    open.case.acknowledgedBy = by;
    open.case.changedMs = nowMs;
    return this.#tell(open, nowMs, false);
  }

  /** Somebody acknowledged by mistake: the case waits for an answer again. undefined: it does not concern the open case. */
  withdraw(caseId: string, nowMs: number): CaseChange | undefined {
    const open = this.#open;
    if (open === undefined || open.case.id !== caseId || open.case.state !== 'acknowledged') return undefined;
    open.case.state = 'open';
    open.case.change = 'updated';
    delete open.case.acknowledgedBy;
    open.case.changedMs = nowMs;
    return this.#tell(open, nowMs, false);
  }

  get revision(): number {
    return this.#revision;
  }

  /** Whether the open case has this condition. */
  has(name: string): boolean {
    return this.#open !== undefined && Object.hasOwn(this.#open.conditions, name);
  }

  /** The conditions of the open case. */
  names(): string[] {
    return this.#open === undefined ? [] : Object.keys(this.#open.conditions);
  }

  /** Somebody or something hides an alarm: it is no part of the case any more. What is left empty is over, and says why. */
  hide(name: string, aside: NonNullable<TwinCase['aside']>, nowMs: number): CaseChange[] {
    const open = this.#open;
    if (open === undefined || !Object.hasOwn(open.conditions, name)) return [];
    delete open.conditions[name];
    this.#revision++;
    const left = Object.values(open.conditions);
    if (left.length > 0) {
      open.case.signals = rankedSignals(open.conditions);
      open.case.letter = letterOf(open.conditions);
      return [];
    }
    open.case.state = 'cleared';
    open.case.change = 'cleared';
    open.case.changedMs = nowMs;
    open.case.clearedMs = nowMs;
    open.case.aside = aside;
    const change = this.#tell(open, nowMs, false);
    this.#open = undefined;
    return [change];
  }

  snapshot(): Json {
    const snapshot: CaseBookSnapshot = { v: 1, number: this.#number, open: this.#open ?? null, revision: this.#revision };
    return structuredCopy(snapshot) as unknown as Json;
  }

  #openWith(condition: Condition): CaseChange {
    this.#number++;
    const sinceMs = condition.sinceMs ?? condition.timeMs;
    const conditions: Record<string, OpenCondition> = Object.create(null) as Record<string, OpenCondition>;
    conditions[condition.name] = {
      active: true,
      sinceMs,
      endedMs: NaN,
      severity: condition.severity,
      ...(condition.priority === undefined ? {} : { priority: condition.priority }),
      signals: mergeSignals([], condition.signals),
    };
    const open: OpenCase = {
      case: {
        v: 1,
        id: `${this.#options.twin}/${this.#number}`,
        twin: this.#options.twin,
        state: 'open',
        change: 'opened',
        sinceMs,
        changedMs: condition.timeMs,
        letter: letterOf(conditions),
        signals: rankedSignals(conditions),
        occurrences: 1,
        historical: this.#options.historical,
      },
      annunciation: 0,
      toldMs: condition.timeMs,
      conditions,
    };
    this.#open = open;
    const change = this.#tell(open, condition.timeMs, false);
    return condition.waited === true ? { ...change, waited: true } : change;
  }

  #tell(open: OpenCase, nowMs: number, reminder: boolean): CaseChange {
    open.annunciation++;
    this.#revision++;
    if (open.gathered === true) {
      delete open.gathered;
      open.case.signals = rankedSignals(open.conditions);
      open.case.letter = letterOf(open.conditions);
    }
    open.toldMs = nowMs;
    delete open.remindFromMs;
    if (this.#options.teller !== undefined) open.teller = this.#options.teller;
    return {
      case: structuredCopy(open.case),
      priority: priorityOf(open.conditions),
      idempotencyKey: `${open.case.id}/${open.case.sinceMs}/${open.annunciation}`,
      reminder,
    };
  }
}

/** The newest picture of each signal; a signal that was part of the condition stays part of the story. */
function mergeSignals(known: readonly AnomalySignal[], now: readonly AnomalySignal[]): AnomalySignal[] {
  const merged = new Map<string, AnomalySignal>();
  for (const signal of known) merged.set(signal.property, { ...signal, share: 0 });
  for (const signal of now) merged.set(signal.property, { ...signal });
  return [...merged.values()].slice(0, maximumConditions);
}

function rankedSignals(conditions: Record<string, OpenCondition>): AnomalySignal[] {
  const byProperty = new Map<string, AnomalySignal>();
  for (const condition of Object.values(conditions)) {
    if (!condition.active) continue;
    for (const signal of condition.signals) {
      const known = byProperty.get(signal.property);
      if (known === undefined) byProperty.set(signal.property, { ...signal });
      else known.share = Math.max(known.share, signal.share);
    }
  }
  const signals = [...byProperty.values()];
  const total = signals.reduce((sum, signal) => sum + signal.share, 0);
  for (const signal of signals) signal.share = total > 0 ? signal.share / total : 1 / signals.length;
  return signals.sort((a, b) => b.share - a.share);
}

const gravity: Record<Severity, number> = { specification: 1, maintenance: 2, check: 3, failure: 4 };
const letters: Record<Severity, TwinCase['letter']> = { specification: 'S', maintenance: 'M', check: 'C', failure: 'F' };

function worstSeverity(conditions: Record<string, OpenCondition>): Severity {
  let worst: Severity = 'specification';
  for (const condition of Object.values(conditions)) {
    if (gravity[condition.severity] > gravity[worst]) worst = condition.severity;
  }
  return worst;
}

function letterOf(conditions: Record<string, OpenCondition>): TwinCase['letter'] {
  return letters[worstSeverity(conditions)];
}

const priorities = ['low', 'medium', 'high'] as const;

function priorityOf(conditions: Record<string, OpenCondition>): CaseChange['priority'] {
  let worst = 0;
  for (const { severity, priority } of Object.values(conditions)) worst = Math.max(worst, priorities.indexOf(priority ?? priorityOfSeverity(severity)));
  return priorities[worst] as CaseChange['priority'];
}

export function priorityOfSeverity(severity: Severity): CaseChange['priority'] {
  return severity === 'failure' ? 'high' : severity === 'specification' ? 'low' : 'medium';
}

export function letterOfSeverity(severity: Severity): TwinCase['letter'] {
  return letters[severity];
}

/** A stuck or silent signal tells of a failed sensor or line; a drift of wear; the rest of being outside what is specified or usual. */
export function severityOf(kind: AnomalyKind): Severity {
  switch (kind) {
    case 'stuck':
    case 'dropout':
      return 'failure';
    case 'drift':
    case 'deviation':
    case 'step':
    case 'relation':
    case 'shape':
      return 'maintenance';
    case 'spike':
    case 'noise':
    case 'limit':
    case 'unit':
      return 'specification';
  }
}

function structuredCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
