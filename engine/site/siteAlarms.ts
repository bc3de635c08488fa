import type {
  Alarm, AlarmAction, AlarmActionAnswer, AlarmFlags, AlarmMeasures, AlarmPriority, AlarmsAnswer, CaseMembers, FloodState, JournalAnswer, JournalQuery, JournalRecord,
} from '../../contract/alarms.ts';
import type { TwinCase } from '../../contract/messages.ts';
import { AlarmBook } from '../alarms/alarmBook.ts';
import type { AlarmTraits, JournalDraft, WideSuppression } from '../alarms/alarmBook.ts';
import { alarmMeasures } from '../alarms/alarmMeasures.ts';
import { isHidden, normalFlags } from '../alarms/alarmTable.ts';
import type { AlarmRefusal } from '../alarms/alarmTable.ts';
import type { CaseChange, Condition, Severity } from '../alarms/caseBook.ts';
import { FloodWatch } from '../alarms/floodWatch.ts';
import type { Relation } from '../graph/relations.ts';
import type { Json } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { AlarmDesk } from './alarmDesk.ts';
import type { AssetTwin } from './assetTwin.ts';
import { dependentsOf, supportsOf } from './dependents.ts';

/** What the alarms need of their site. */
export interface AlarmsHost {
  nowMs(): number;
  monotonicMs(): number;
  /** Site seconds per second. */
  rate: number;
  asset(key: string): AssetTwin | undefined;
  relations(): readonly Relation[];
  /** Changes of a case to be kept and told. */
  tellCases(asset: AssetTwin, changes: readonly CaseChange[]): void;
  changed(key: string): void;
}

/** What a twin-alert asks of an alarm beyond its traits. */
export interface AlarmCircumstances {
  traits: AlarmTraits;
  /** After it has been gone for so long it has returned to normal. */
  offDelayMs: number;
  /** Silence of a whole machine waits so long for others, so that a common cause is one case. 0: not at all. */
  holdMs: number;
  /** While it is active, nothing that depends on this machine is told, but for outermost limits. */
  root: boolean;
}

interface Machine {
  book: AlarmBook;
  /** The newest condition of each active alarm, so that it can come back into a case. */
  latest: Map<string, { condition: Condition; root: boolean }>;
  /** Gone, but not for long enough. */
  ending: Map<string, { endedMs: number; unseenMs: number; offDelayMs: number }>;
  /** Source time at which an operating mode ends to be quiet for good; NaN: no such end is near. */
  /** When a suppression by design that no longer holds ends, by its cause. */
  quietEndsMs: Map<string, number>;
  /** The case as it was written with the alarms; it may be newer than what the machine learned. */
  cases?: Json;
  dirty: boolean;
}

interface SavedMachine {
  v: 1;
  book: Json;
  latest: [string, { condition: Condition; root: boolean }][];
  ending: [string, { endedMs: number; unseenMs: number; offDelayMs: number }][];
  cases?: Json;
  /** Its silence waits for that of others. */
  held?: Held;
}

interface Held {
  condition: Condition;
  circumstances: AlarmCircumstances;
  dueMs: number;
}

const usualShelfMs = 8 * 3_600_000;
const recordsPerChunk = 200;
const mostChunks = 100;
const mostListed = 2000;
const clusterMs = 60_000;
/** So many machines that fall silent together have a cause in common. */
const clusterMachines = 3;
const releaseAfterMs = 30_000;
const sweepEveryMs = 10_000;
const clockStepMs = 1000;
const clockKey = 'alarm-clock';
/** Of suppressions by an expression of a twin-alert. */
const designPrefix = 'design/';

/** Why alarms are none by design; `only`: the one alarm that it is about. */
export interface DesignCause {
  cause: string;
  why: string;
  only?: string;
}

/**
 * The alarms of a site: on which course each of them is, the journal, what hides them, and which machine stands for others. Suppressions
 * and shelves count the site's steady time, which no step of the wall clock moves, over restarts too.
 */
export class SiteAlarms implements AlarmDesk {
  readonly #host: AlarmsHost;
  readonly #machines = new Map<string, Machine>();
  #records: JournalRecord[] = [];
  #nextNumber = 1;
  readonly #dirtyChunks = new Set<number>();
  #droppedChunks: number[] = [];
  readonly #listeners = new Set<(record: JournalRecord) => void>();
  #flood = new FloodWatch();
  /** Wall clock of the site − steady time. */
  #offsetMs = 0;
  #startSteadyMs = 0;
  #startMonotonicMs = 0;
  #clockDirty = false;
  readonly #held = new Map<string, Held>();
  /** Causes that are over, and when what they held back is looked at again. */
  readonly #releases = new Map<string, number>();
  #sweptMs = -Infinity;
  readonly #shelfLimits = new Map<string, number>();

  constructor(host: AlarmsHost) {
    this.#host = host;
  }

  /** @param entries of the store, of `alarms/`, `journal/` and the clock */
  load(entries: { alarms: { key: string; value: Json }[]; journal: { key: string; value: Json }[]; clock: Json | undefined }): Problem[] {
    const problems: Problem[] = [];
    const saved = entries.clock as { offsetMs?: number; flood?: Json } | null | undefined;
    this.#offsetMs = typeof saved?.offsetMs === 'number' ? saved.offsetMs : 0;
    this.#flood = new FloodWatch(saved?.flood ?? undefined);
    this.#startSteadyMs = this.#host.nowMs() - this.#offsetMs;
    this.#startMonotonicMs = this.#host.monotonicMs();
    for (const { key, value } of entries.alarms) {
      try {
        const { book, latest, ending, cases, held } = value as unknown as SavedMachine;
        if (held !== undefined) this.#held.set(key, held);
        this.#machines.set(key, {
          book: new AlarmBook(key, this.longestShelfMs, book), latest: new Map(latest), ending: new Map(ending), quietEndsMs: new Map(), dirty: false, ...(cases === undefined ? {} : { cases }),
        });
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        problems.push(problem);
      }
    }
    this.#records = entries.journal.flatMap(({ value }) => (value as unknown as { records: JournalRecord[] }).records ?? []).sort((a, b) => a.number - b.number);
    this.#nextNumber = (this.#records.at(-1)?.number ?? 0) + 1;
    return problems;
  }

  /** The longest that a person may shelve an alarm: the shortest that a twin-alert of the site says. */
  get longestShelfMs(): number {
    return this.#shelfLimits.size === 0 ? usualShelfMs : Math.min(...this.#shelfLimits.values());
  }

  /** @returns what takes this limit back */
  limitShelf(nodeId: string, longestMs: number): () => void {
    this.#shelfLimits.set(nodeId, longestMs);
    return () => this.#shelfLimits.delete(nodeId);
  }

  /**
   * A machine has come, with what it had learned. Its case is the newer of the two copies, and what was told of properties that it has
   * no more is over.
   */
  adopt(asset: AssetTwin, migrated: boolean): void {
    const machine = this.#machines.get(asset.key);
    if (machine === undefined) return;
    const saved = machine.cases as { revision?: number } | null | undefined;
    if (!migrated && saved !== undefined && saved !== null && (saved.revision ?? 0) > asset.cases.revision) asset.restoreCases(saved as Json);
    const known = new Set(asset.twin.type.properties.map(({ name }) => name));
    for (const name of machine.latest.keys()) {
      const [, property = ''] = /^(?:limit|stale|badSignal)\/(.*?)(?:\/(?:highHigh|high|low|lowLow))?$/s.exec(name) ?? [];
      if (property === '' || known.has(property) || machine.ending.has(name)) continue;
      machine.ending.set(name, { endedMs: this.#host.nowMs(), unseenMs: 0, offDelayMs: 0 });
      machine.dirty = true;
    }
  }

  /** Its case changed: written with the alarms, so that both are of one moment. */
  noteCase(key: string): void {
    const machine = this.#machines.get(key);
    if (machine !== undefined) machine.dirty = true;
  }

  /** Active alarms that a twin-alert raised by rules that it has no more. */
  orphans(key: string, teller: string, known: ReadonlySet<string>): string[] {
    const machine = this.#machines.get(key);
    if (machine === undefined) return [];
    return [...machine.latest.keys()].filter((name) => /^(?:rule|badSignal)\//.test(name) && !known.has(name) && machine.book.traits(name)?.teller === teller);
  }

  /** ms UTC, but never moved by a step of the wall clock. */
  steadyMs(): number {
    const { nowMs, monotonicMs, rate } = { nowMs: this.#host.nowMs(), monotonicMs: this.#host.monotonicMs(), rate: this.#host.rate };
    // Of a replay: the file's time, which is the only one there is.
    return rate === 0 ? nowMs : this.#startSteadyMs + (monotonicMs - this.#startMonotonicMs) * rate;
  }

  get flood(): FloodState {
    return this.#flood.state;
  }

  isActive(key: string, alarm: string): boolean {
    return this.#machines.get(key)?.book.isActive(alarm) === true;
  }

  /**
   * A condition of a live machine holds or holds no more: its alarm goes its course, and its case hears of what people are to see.
   * @returns what is to be told of the case
   */
  condition(asset: AssetTwin, condition: Condition, ask: () => AlarmCircumstances): CaseChange[] {
    const machine = this.#machine(asset.key);
    const { name } = condition;
    if (condition.active && machine.book.isActive(name) && !machine.ending.has(name)) {
      const known = machine.latest.get(name);
      if (known !== undefined) known.condition = condition;
      return isLeftOut(asset, name, machine) ? [] : asset.cases.condition(condition);
    }
    const circumstances = ask();
    if (condition.active) {
      if (name === 'stale' && circumstances.holdMs > 0 && !machine.book.isActive(name)) {
        if (!this.#held.has(asset.key)) this.#held.set(asset.key, { condition, circumstances, dueMs: this.steadyMs() + circumstances.holdMs });
        machine.dirty = true;
        return [];
      }
      return this.#begin(asset, machine, condition, circumstances);
    }
    if (name === 'stale' && this.#held.delete(asset.key)) {
      machine.dirty = true;
      this.#endCause(asset.key, name);
    }
    if (!machine.book.isActive(name)) return asset.cases.condition(condition);
    if (!machine.ending.has(name)) {
      machine.ending.set(name, { endedMs: condition.timeMs, unseenMs: 0, offDelayMs: circumstances.offDelayMs });
      machine.dirty = true;
    }
    return [...asset.cases.condition(condition), ...this.watch(asset, condition.timeMs)];
  }

  #begin(asset: AssetTwin, machine: Machine, condition: Condition, { traits, root }: AlarmCircumstances): CaseChange[] {
    const { name } = condition;
    const before = this.watch(asset, condition.timeMs);
    machine.ending.delete(name);
    machine.latest.set(name, { condition, root });
    const drafts = machine.book.condition(name, true, condition.sinceMs ?? condition.timeMs, this.steadyMs(), traits);
    if (drafts.length > 0) this.#escalate(machine, name, drafts);
    const annunciated = drafts.some((draft) => draft.annunciated);
    const course = machine.book.course(name);
    // Whoever told it before it was an alarm of its own (an earlier version) has told it. Who acknowledged the case has not seen this one.
    const unseen = asset.cases.open?.state === 'acknowledged' && !asset.cases.has(name);
    const again = annunciated && ((course?.state.occurrence ?? 0) > 1 || unseen);
    const changes = [...before, ...(isLeftOut(asset, name, machine) ? [] : asset.cases.condition(again ? { ...condition, again } : condition))];
    this.#keep(asset, drafts);
    if (root && drafts.length > 0) this.#inhibit(asset.key, name, dependentsOf(asset.key, this.#host.relations()), 'notCritical');
    return changes;
  }

  /** From high to high high: whoever acknowledged the first has not seen the second. */
  #escalate(machine: Machine, name: string, drafts: JournalDraft[]): void {
    const outer = /^(.*)\/(highHigh|lowLow)$/s.exec(name);
    if (outer === null) return;
    drafts.push(...machine.book.act(`${outer[1]}/${outer[2] === 'highHigh' ? 'high' : 'low'}`, { do: 'REALARM' }, this.steadyMs()).drafts);
  }

  /** At this time nothing could be seen of a condition. */
  unseen(asset: AssetTwin, name: string, timeMs: number): void {
    const ending = this.#machines.get(asset.key)?.ending.get(name);
    if (ending !== undefined) ending.unseenMs = timeMs;
  }

  /** Alarms that have been gone for long enough have returned to normal. @param timeMs source time */
  watch(asset: AssetTwin, timeMs: number): CaseChange[] {
    const machine = this.#machines.get(asset.key);
    if (machine === undefined || machine.ending.size === 0) return [];
    const drafts: JournalDraft[] = [];
    for (const [name, { endedMs, unseenMs, offDelayMs: usualMs }] of machine.ending) {
      // What nobody sees disturbs nobody by coming and going: it must not look active when it is seen again.
      const offDelayMs = machine.book.course(name)?.hidden === true ? 0 : usualMs;
      if (offDelayMs > 0 && timeMs - Math.max(endedMs, unseenMs) < offDelayMs) continue;
      machine.ending.delete(name);
      const latest = machine.latest.get(name);
      machine.latest.delete(name);
      machine.dirty = true;
      const traits = machine.book.traits(name);
      if (traits !== undefined) drafts.push(...machine.book.condition(name, false, endedMs + offDelayMs, this.steadyMs(), traits));
      if (latest?.root === true || name === 'stale') this.#endCause(asset.key, name);
    }
    this.#keep(asset, drafts);
    return [];
  }

  /** What a root alarm held back is looked at again after a while: those behind it come back one after the other. */
  #endCause(key: string, alarm: string): void {
    this.#releases.set(rootCause(key, alarm), this.steadyMs() + releaseAfterMs);
  }

  /** Causes whose machine has gone, or whose alarm ended while nobody looked, are over too. */
  #sweep(nowMs: number): void {
    if (nowMs < this.#sweptMs + sweepEveryMs) return;
    this.#sweptMs = nowMs;
    for (const { book } of this.#machines.values()) {
      for (const cause of book.suppressions.keys()) {
        if (!cause.startsWith('root:') || this.#releases.has(cause)) continue;
        const key = rootKeyOf(cause);
        const alarm = cause.slice(cause.indexOf('/') + 1);
        if (this.#host.asset(key) === undefined || (!this.isActive(key, alarm) && !this.#held.has(key))) this.#endCause(key, alarm);
      }
    }
  }

  /** Suppression by design: an operating mode, or a rule of the flow. @returns what is to be told of the case */
  suppressByDesign(asset: AssetTwin, { cause, why, only }: DesignCause, active: boolean): CaseChange[] {
    const machine = this.#machine(asset.key);
    if (machine.book.suppressions.has(cause) === active) return [];
    const nowMs = this.steadyMs();
    if (!active) this.watch(asset, -Infinity);
    const drafts = active
      ? machine.book.suppress(cause, { why, sinceMs: nowMs, covers: 'all', ...(only !== undefined && { only }) }, nowMs, 'rule')
      : machine.book.unsuppress(cause, nowMs, { why }, 'rule');
    machine.dirty = true;
    return this.#surfaced(asset, drafts);
  }

  /** What holds by design at a source time: while it is quiet, and for `settleMs` after it, the alarms are suppressed. */
  design(asset: AssetTwin, design: DesignCause, quiet: boolean, timeMs: number, settleMs: number): CaseChange[] {
    const known = this.#machines.get(asset.key);
    const suppressed = known?.book.suppressions.has(design.cause) === true;
    if (quiet) {
      known?.quietEndsMs.delete(design.cause);
      return suppressed ? [] : this.suppressByDesign(asset, design, true);
    }
    if (known === undefined || !suppressed) return [];
    const endMs = known.quietEndsMs.get(design.cause) ?? timeMs + settleMs;
    known.quietEndsMs.set(design.cause, endMs);
    if (timeMs < endMs) return [];
    known.quietEndsMs.delete(design.cause);
    return this.suppressByDesign(asset, design, false);
  }

  /** The operating mode at a source time. */
  mode(asset: AssetTwin, mode: string, quiet: boolean, timeMs: number, settleMs: number): CaseChange[] {
    return this.design(asset, { cause: 'mode', why: mode }, quiet, timeMs, settleMs);
  }

  /** Causes of suppressions by an expression that a machine has now. */
  designs(key: string): string[] {
    return [...(this.#machines.get(key)?.book.suppressions.keys() ?? [])].filter((cause) => cause.startsWith(designPrefix));
  }

  /** Four times a second: shelves, re-alarms, silence that waited, causes that are over, floods. */
  tick(): void {
    const nowMs = this.steadyMs();
    if (this.#host.rate !== 0) {
      const offsetMs = this.#host.nowMs() - nowMs;
      if (Math.abs(offsetMs - this.#offsetMs) > clockStepMs * Math.max(1, this.#host.rate)) {
        this.#offsetMs = offsetMs;
        this.#clockDirty = true;
      }
    }
    for (const [key, machine] of this.#machines) {
      const asset = this.#host.asset(key);
      if (asset === undefined || !machine.book.timed) continue;
      this.#tell(asset, this.#surfaced(asset, machine.book.tick(nowMs)));
    }
    this.#decideHeld(nowMs);
    this.#sweep(nowMs);
    for (const [cause, dueMs] of this.#releases) {
      if (dueMs > nowMs) continue;
      this.#releases.delete(cause);
      this.#release(cause, nowMs);
    }
    const flood = this.#flood.tick(nowMs);
    if (flood === undefined) return;
    this.#clockDirty = true;
    this.note({ twin: '', event: 'FLOOD', why: flood });
  }

  #decideHeld(nowMs: number): void {
    const told: [AssetTwin, CaseChange[]][] = [];
    for (const [key, { dueMs }] of this.#held) if (dueMs <= nowMs) this.#decide(key, told);
    // Only then, so that the first message names all that was decided with it.
    for (const [asset, changes] of told) this.#tell(asset, changes);
  }

  #decide(key: string, told: [AssetTwin, CaseChange[]][], given?: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    const { condition, circumstances } = held;
    const asset = this.#host.asset(key);
    // In the middle of a deploy, or at the start: it is on its way.
    if (asset === undefined) return;
    this.#held.delete(key);
    this.#machine(key).dirty = true;
    if (!asset.twin.stale) {
      this.#endCause(key, 'stale');
      return;
    }
    const sinceMs = sinceOf(condition);
    const leader = given ?? this.#leaderOf(key, sinceMs);
    if (leader !== undefined) this.#hide(key, leader, 'stale', 'silence');
    told.push([asset, this.#begin(asset, this.#machine(key), { ...condition, waited: true }, circumstances)]);
    if (leader !== undefined) return;
    // Those that were told alone before and belong to the same loss, and those that still wait.
    const together = this.#silentWith(key, sinceMs, true);
    for (const each of together) {
      if (this.#held.has(each)) this.#decide(each, told, key);
      else this.#hide(each, key, 'stale', 'silence');
    }
  }

  /** The machine whose silence stands for that of this one: one that it depends on, or the first of several that fell silent together. */
  #leaderOf(key: string, sinceMs: number): string | undefined {
    const isSilent = (each: string): boolean => this.isActive(each, 'stale') || this.#held.has(each);
    const support = supportsOf(key, this.#host.relations()).filter(isSilent).at(-1);
    if (support !== undefined) return support;
    const together = this.#silentWith(key, sinceMs, true);
    if (together.length + 1 < clusterMachines) return undefined;
    return together.find((each) => this.isActive(each, 'stale') && this.#machines.get(each)?.book.course('stale')?.hidden === false);
  }

  /** Machines that fell silent within a minute of this one; `held`: those too that still wait. Fewer than three in all are none. */
  #silentWith(key: string, sinceMs: number, held = false): string[] {
    const together: string[] = [];
    for (const [each, machine] of this.#machines) {
      const latest = machine.latest.get('stale');
      if (each !== key && latest !== undefined && machine.book.isActive('stale') && Math.abs(sinceOf(latest.condition) - sinceMs) <= clusterMs) together.push(each);
    }
    const waiting = [...this.#held].filter(([each, { condition }]) => each !== key && Math.abs(sinceOf(condition) - sinceMs) <= clusterMs).map(([each]) => each);
    if (together.length + waiting.length + 1 < clusterMachines) return [];
    return held ? [...together, ...waiting] : together;
  }

  #inhibit(root: string, alarm: string, dependents: readonly string[], covers: WideSuppression['covers']): void {
    for (const key of dependents) this.#hide(key, root, alarm, covers);
  }

  #hide(key: string, root: string, alarm: string, covers: WideSuppression['covers']): void {
    const asset = this.#host.asset(key);
    if (asset === undefined || key === root) return;
    const machine = this.#machine(key);
    const nowMs = this.steadyMs();
    const cause = rootCause(root, alarm);
    this.#releases.delete(cause);
    const drafts = machine.book.suppress(cause, { sinceMs: nowMs, covers }, nowMs);
    machine.dirty = true;
    this.#tell(asset, this.#surfaced(asset, drafts));
    this.#host.changed(root);
  }

  /** A root alarm is over for a while: who is still silent goes together with those that are, the others speak for themselves again. */
  #release(cause: string, nowMs: number): void {
    const waiting: { asset: AssetTwin; machine: Machine }[] = [];
    for (const [key, machine] of this.#machines) {
      const asset = this.#host.asset(key);
      if (asset !== undefined && machine.book.suppressions.has(cause)) waiting.push({ asset, machine });
    }
    const silent = waiting.filter(({ machine }) => machine.book.isActive('stale'));
    const [leader, ...followers] = silent;
    if (leader !== undefined && silent.length >= clusterMachines) {
      for (const { asset } of followers) this.#hide(asset.key, leader.asset.key, 'stale', 'silence');
    }
    for (const { asset, machine } of waiting) {
      machine.dirty = true;
      this.watch(asset, -Infinity);
      this.#tell(asset, this.#surfaced(asset, machine.book.unsuppress(cause, nowMs)));
    }
  }

  #tell(asset: AssetTwin, changes: readonly CaseChange[]): void {
    if (changes.length > 0) this.#host.tellCases(asset, changes);
  }

  /** Keeps the records, and lets the case know what people see now and what they don't. */
  #surfaced(asset: AssetTwin, drafts: readonly JournalDraft[]): CaseChange[] {
    if (drafts.length === 0) return [];
    this.#keep(asset, drafts);
    const machine = this.#machine(asset.key);
    const changes: CaseChange[] = [];
    const nowMs = this.#host.nowMs();
    for (const name of new Set(drafts.map(({ alarm }) => alarm))) {
      const course = machine.book.course(name);
      if (course === undefined) continue;
      if (course.hidden) {
        if (isLeftOut(asset, name, machine)) changes.push(...asset.cases.hide(name, this.#asideOf(asset.key, course.flags), nowMs));
        continue;
      }
      // An operating mode is over, and people have known it all the while.
      if (asset.cases.has(name) && drafts.every((draft) => draft.alarm !== name || draft.event === 'UNSUP')) continue;
      if (course.flags.active && drafts.some((draft) => draft.alarm === name && draft.annunciated)) {
        const latest = machine.latest.get(name)?.condition ?? { name, active: true, timeMs: nowMs, signals: [], severity: severityOfLetter(machine.book.traits(name)?.letter) };
        changes.push(...asset.cases.condition({ ...latest, sinceMs: sinceOf(latest), timeMs: nowMs, again: true }));
        const ended = machine.ending.get(name);
        if (ended !== undefined) changes.push(...asset.cases.condition({ name, active: false, timeMs: ended.endedMs, signals: [], severity: latest.severity }));
      }
    }
    this.#host.changed(asset.key);
    return changes;
  }

  #asideOf(key: string, flags: AlarmFlags): NonNullable<TwinCase['aside']> {
    if (flags.outOfService !== undefined) return { what: 'outOfService', by: flags.outOfService.by, why: flags.outOfService.why };
    const cause = flags.suppressedBy.at(-1);
    if (cause?.startsWith('root:') === true) return { what: 'root', why: rootKeyOf(cause) };
    if (cause !== undefined) {
      const { by, why } = this.#machine(key).book.suppressions.get(cause) ?? (cause === 'person' ? { by: '–', why: undefined } : {});
      return { what: 'suppressed', ...(by === undefined ? {} : { by }), ...(why === undefined ? {} : { why }) };
    }
    const { shelf } = flags;
    return { what: 'shelved', ...(shelf === undefined ? {} : { by: shelf.by, untilMs: shelf.untilMs + this.#offsetMs }), ...(shelf?.why === undefined || shelf.why === '' ? {} : { why: shelf.why }) };
  }

  #keep(asset: AssetTwin, drafts: readonly JournalDraft[]): JournalRecord[] {
    if (drafts.length === 0) return [];
    const machine = this.#machine(asset.key);
    machine.dirty = true;
    const openCase = asset.cases.open?.id;
    return drafts.map((draft) => this.#record({ ...draft, ...(openCase === undefined ? {} : { case: openCase }) }));
  }

  #record(draft: Omit<JournalRecord, 'v' | 'number'>): JournalRecord {
    const record: JournalRecord = { v: 1, number: this.#nextNumber++, ...draft, timeMs: this.#host.nowMs() };
    this.#records.push(record);
    const chunk = chunkOf(record.number);
    this.#dirtyChunks.add(chunk);
    const oldest = chunk - mostChunks;
    while (this.#records.length > 0 && chunkOf((this.#records[0] as JournalRecord).number) <= oldest) {
      const gone = chunkOf((this.#records[0] as JournalRecord).number);
      this.#droppedChunks.push(gone);
      const next = this.#records.findIndex(({ number }) => chunkOf(number) !== gone);
      this.#records.splice(0, next < 0 ? this.#records.length : next);
    }
    if (record.annunciated) {
      this.#flood.note(this.steadyMs());
      this.#clockDirty = true;
    }
    for (const listener of this.#listeners) listener(record);
    return record;
  }

  /** What is to be written, with the cases' own change in one commit. */
  takeChanges(): { key: string; value: Json | null }[] {
    const changes: { key: string; value: Json | null }[] = [];
    for (const [key, machine] of this.#machines) {
      if (!machine.dirty) continue;
      machine.dirty = false;
      const cases = this.#host.asset(key)?.cases.snapshot() ?? machine.cases;
      if (cases !== undefined) machine.cases = cases;
      const held = this.#held.get(key);
      const saved: SavedMachine = {
        v: 1, book: machine.book.snapshot(), latest: [...machine.latest], ending: [...machine.ending], ...(cases === undefined ? {} : { cases }), ...(held === undefined ? {} : { held }),
      };
      changes.push({ key: `alarms/${key}`, value: JSON.parse(JSON.stringify(saved)) as Json });
    }
    for (const chunk of this.#dirtyChunks) {
      const records = this.#records.filter(({ number }) => chunkOf(number) === chunk);
      changes.push({ key: chunkKey(chunk), value: JSON.parse(JSON.stringify({ v: 1, records })) as Json });
    }
    this.#dirtyChunks.clear();
    for (const chunk of this.#droppedChunks.splice(0)) changes.push({ key: chunkKey(chunk), value: null });
    if (this.#clockDirty) {
      this.#clockDirty = false;
      changes.push({ key: clockKey, value: { offsetMs: this.#offsetMs, flood: this.#flood.snapshot() } });
    }
    return changes;
  }

  // ---- what people do ---------------------------------------------------------------------------------------------------------

  act(action: AlarmAction): AlarmActionAnswer {
    const asset = this.#host.asset(action.twin);
    if (asset === undefined) throw new Problem('TWIN_MACHINE_UNKNOWN', 'This machine is not part of a running site.', 'Load the page again.', { key: action.twin });
    const by = action.by.trim();
    if (by === '') throw new Problem('TWIN_ALARM_WHO', 'It has to be said who does this.', 'Give a name, in "by".');
    const why = action.why?.trim();
    const reasonNeeded = action.action === 'suppress' || action.action === 'takeOutOfService' || action.action === 'note';
    if (reasonNeeded && (why === undefined || why === '')) throw new Problem('TWIN_ALARM_WHY', 'A reason is needed for this.', 'Say why, in "why".');
    if (action.case !== undefined && action.action !== 'note' && action.case !== asset.cases.open?.id) {
      const none = asset.cases.open === undefined;
      throw new Problem(
        'TWIN_CASE_UNKNOWN',
        none ? 'There is no open case to acknowledge.' : 'The open case is another one than the one you saw.',
        'Look at the current case and acknowledge that one.',
      );
    }
    const before = this.#nextNumber;
    const changes = this.#done(asset, { ...action, by, ...(why === undefined ? {} : { why }) });
    this.#machine(asset.key).dirty = true;
    this.#tell(asset, changes);
    this.#host.changed(asset.key);
    return { alarms: this.list(asset.key), records: this.#records.filter(({ number }) => number >= before) };
  }

  #done(asset: AssetTwin, action: AlarmAction): CaseChange[] {
    const { book } = this.#machine(asset.key);
    const nowMs = this.steadyMs();
    const said = { by: action.by, ...(action.why === undefined ? {} : { why: action.why }) };
    const { via, alarm } = action;
    const one = (name: string, event: Parameters<AlarmBook['act']>[1]): JournalDraft[] => {
      const { drafts, refusal } = book.act(name, event, nowMs, via);
      if (refusal !== undefined) throw refused(refusal, this.longestShelfMs);
      return drafts;
    };
    if (alarm !== undefined) {
      const course = book.course(alarm);
      if (course === undefined) throw new Problem('TWIN_ALARM_UNKNOWN', `The machine "${asset.key}" has no alarm "${alarm.slice(0, 100)}".`, 'Take one from the list of its alarms.');
      if (action.occurrence !== undefined && action.occurrence !== course.state.occurrence) throw refused('otherOccurrence', this.longestShelfMs);
    }
    const fitting = (fits: (name: string) => boolean): string[] => {
      const names = alarm === undefined ? book.names().filter(fits) : [alarm];
      if (names.length === 0) throw refused('nothing', this.longestShelfMs);
      return names;
    };
    switch (action.action) {
      case 'acknowledge':
        return this.#acknowledge(asset, action);
      case 'confirm':
        return this.#surfaced(asset, fitting((name) => book.course(name)?.flags.confirmed === false).flatMap((name) => one(name, { do: 'CONFIRM', ...said })));
      case 'reset':
        return this.#surfaced(asset, fitting((name) => book.course(name)?.shown === 'LACKD').flatMap((name) => one(name, { do: 'RESET', ...said })));
      case 'shelve': {
        const { forMs, oneShot } = action;
        if (oneShot !== true && forMs === undefined) throw refused('shelfTooLong', this.longestShelfMs);
        const names = fitting((name) => book.course(name)?.flags.active === true && !book.course(name)?.hidden);
        return this.#surfaced(asset, names.flatMap((name) => one(name, oneShot === true ? { do: 'SHELVE1', ...said } : { do: 'SHELVE', forMs: forMs as number, ...said })));
      }
      case 'unshelve':
        return this.#surfaced(asset, fitting((name) => book.course(name)?.shown === 'SHLVD').flatMap((name) => one(name, { do: 'UNSHELVE', ...said })));
      case 'suppress':
        if (alarm !== undefined) return this.#surfaced(asset, one(alarm, { do: 'SUP', cause: 'person', ...said }));
        this.#wide(asset, 'SUP', action);
        return this.#surfaced(asset, book.suppress('person', { ...said, sinceMs: this.#host.nowMs(), covers: 'all' }, nowMs, via));
      case 'unsuppress':
        if (alarm !== undefined) return this.#surfaced(asset, one(alarm, { do: 'UNSUP', cause: 'person', ...said }));
        if (!book.suppressions.has('person') && !book.names().some((name) => book.course(name)?.flags.suppressedBy.includes('person'))) throw refused('nothing', this.longestShelfMs);
        this.#wide(asset, 'UNSUP', action);
        return this.#surfaced(asset, book.unsuppress('person', nowMs, said, via));
      case 'takeOutOfService':
        if (alarm !== undefined) return this.#surfaced(asset, one(alarm, { do: 'OOS', by: action.by, why: action.why ?? '' }));
        if (book.outOfService !== undefined) throw refused('alreadyOutOfService', this.longestShelfMs);
        this.#wide(asset, 'OOS', action);
        return this.#surfaced(asset, book.takeOutOfService(action.by, action.why ?? '', nowMs, via));
      case 'returnToService':
        if (alarm !== undefined) return this.#surfaced(asset, one(alarm, { do: 'RTS', ...said }));
        if (book.outOfService === undefined && !book.names().some((name) => book.course(name)?.shown === 'OOSRV')) throw refused('notOutOfService', this.longestShelfMs);
        this.#wide(asset, 'RTS', action);
        return this.#surfaced(asset, book.returnToService(action.by, action.why, nowMs, via));
      case 'note':
        this.note({ twin: asset.key, event: 'NOTE', ...said, via, ...(alarm === undefined ? {} : { alarm }), ...(action.case === undefined ? {} : { case: action.case }) });
        return [];
    }
  }

  /** That a machine as a whole is hidden is a line of its own, whether or not it has alarms now. */
  #wide(asset: AssetTwin, event: 'SUP' | 'UNSUP' | 'OOS' | 'RTS', { by, why, via }: AlarmAction): void {
    this.note({ twin: asset.key, event, by, via, ...(why === undefined ? {} : { why }) });
  }

  /** Somebody took an acknowledgement back: the alarms of the case wait for one again. */
  openAgain(asset: AssetTwin): void {
    const { book } = this.#machine(asset.key);
    this.#keep(asset, asset.cases.names().flatMap((name) => book.act(name, { do: 'REALARM' }, this.steadyMs(), 'feedback').drafts));
  }

  #acknowledge(asset: AssetTwin, { alarm, by, why, via }: AlarmAction): CaseChange[] {
    const { book } = this.#machine(asset.key);
    const nowMs = this.steadyMs();
    const open = asset.cases.open;
    const acknowledged = (name: string): JournalDraft[] => {
      const { drafts, refusal } = book.act(name, { do: 'ACK', occurrence: book.course(name)?.state.occurrence ?? 0, by, ...(why === undefined ? {} : { why }) }, nowMs, via);
      if (refusal !== undefined && alarm !== undefined) throw refused(refusal, this.longestShelfMs);
      return drafts;
    };
    const isOpen = (name: string): boolean => book.course(name)?.flags.acked === false && book.course(name)?.hidden === false;
    if (alarm !== undefined) {
      const records = this.#keep(asset, acknowledged(alarm));
      const allDone = open?.state === 'open' && asset.cases.names().every((name) => !isOpen(name));
      return records.length > 0 && allDone && asset.cases.has(alarm) ? [asset.cases.acknowledge(undefined, by, this.#host.nowMs())] : [];
    }
    const names = book.names().filter(isOpen);
    if (open === undefined && names.length > 0) {
      this.#keep(asset, names.flatMap(acknowledged));
      return [];
    }
    // What is refused here changes nothing: the case says it first.
    const change = asset.cases.acknowledge(undefined, by, this.#host.nowMs());
    this.#keep(asset, names.flatMap(acknowledged));
    return [change];
  }

  // ---- what people read -------------------------------------------------------------------------------------------------------

  list(twin?: string): Alarm[] {
    const alarms: Alarm[] = [];
    for (const [key, { book }] of this.#machines) {
      if (twin !== undefined && key !== twin) continue;
      if (this.#host.asset(key) === undefined) continue;
      for (const alarm of book.list()) alarms.push(this.#dated(alarm));
    }
    return alarms.sort((a, b) => urgencyOf(a) - urgencyOf(b) || b.changedMs - a.changedMs);
  }

  /** Steady times as the site's clock shows them. */
  #dated(alarm: Alarm): Alarm {
    const { shelf } = alarm.flags;
    const flags = shelf === undefined ? alarm.flags : { ...alarm.flags, shelf: { ...shelf, untilMs: shelf.untilMs + this.#offsetMs } };
    return { ...alarm, changedMs: alarm.changedMs + this.#offsetMs, flags };
  }

  answer(twin?: string): Omit<AlarmsAnswer, 'site'> {
    const machines: AlarmsAnswer['machines'] = [];
    for (const [key, { book }] of this.#machines) {
      const person = book.suppressions.get('person');
      if ((twin !== undefined && key !== twin) || (book.outOfService === undefined && person === undefined)) continue;
      machines.push({
        key,
        ...(book.outOfService === undefined ? {} : { outOfService: { ...book.outOfService, sinceMs: book.outOfService.sinceMs + this.#offsetMs } }),
        ...(person === undefined ? {} : { suppressed: { by: person.by ?? '', why: person.why ?? '', sinceMs: person.sinceMs } }),
      });
    }
    return { nowMs: this.#host.nowMs(), longestShelfMs: this.longestShelfMs, alarms: this.list(twin), machines, flood: this.flood };
  }

  /** The alarms of the open case, and the machines that it stands for. */
  members(asset: AssetTwin): CaseMembers {
    const machine = this.#machines.get(asset.key);
    if (machine === undefined) return { alarms: [], more: 0, inhibits: [] };
    const alarms: CaseMembers['alarms'] = [];
    let more = 0;
    for (const name of asset.cases.names()) {
      const alarm = machine.book.alarm(name);
      if (alarm === undefined) continue;
      if (alarms.length >= mostListed) more++;
      else alarms.push({ alarm: name, state: alarm.state, priority: alarm.priority, sinceMs: alarm.activeSinceMs ?? alarm.changedMs, active: alarm.flags.active });
    }
    const inhibits: CaseMembers['inhibits'] = [];
    const prefix = rootCause(asset.key, '');
    for (const [key, { book }] of this.#machines) {
      if (![...book.suppressions.keys()].some((cause) => cause.startsWith(prefix))) continue;
      inhibits.push({ key, name: this.#host.asset(key)?.twin.name ?? key });
    }
    return { alarms, more, inhibits: inhibits.slice(0, mostListed) };
  }

  journal(query: JournalQuery): Promise<Omit<JournalAnswer, 'site'>> {
    const limit = Math.min(1000, Math.max(1, Math.floor(query.limit ?? 200)));
    const text = query.text?.toLowerCase();
    const records: JournalRecord[] = [];
    for (let index = this.#records.length - 1; index >= 0; index--) {
      const record = this.#records[index] as JournalRecord;
      const fits =
        (query.before === undefined || record.number < query.before) && (query.twin === undefined || record.twin === query.twin) &&
        (query.alarm === undefined || record.alarm === query.alarm) && (query.event === undefined || record.event === query.event) &&
        (query.fromMs === undefined || record.timeMs >= query.fromMs) && (query.toMs === undefined || record.timeMs < query.toMs) &&
        (text === undefined || [record.twin, record.alarm, record.by, record.why, this.#host.asset(record.twin)?.twin.name].some((each) => each?.toLowerCase().includes(text) === true));
      if (!fits) continue;
      if (records.length === limit) return Promise.resolve({ records, more: true });
      records.push(record);
    }
    return Promise.resolve({ records, more: false });
  }

  measures(days: number): Promise<Omit<AlarmMeasures, 'site'>> {
    const nowMs = this.#host.nowMs();
    const machines = [...this.#machines].filter(([key]) => this.#host.asset(key) !== undefined);
    return Promise.resolve(
      alarmMeasures(this.#records, machines.flatMap(([, { book }]) => book.list()), nowMs - days * 86_400_000, nowMs, (twin, alarm) => this.#machines.get(twin)?.book.traits(alarm)?.text ?? alarm),
    );
  }

  note(note: Pick<JournalRecord, 'twin' | 'event'> & Partial<Pick<JournalRecord, 'alarm' | 'by' | 'why' | 'via' | 'case'>>): JournalRecord {
    const alarm = this.#machines.get(note.twin)?.book.alarm(note.alarm ?? '');
    const state = alarm?.state ?? 'NORM';
    return this.#record({
      timeMs: 0, alarm: '', occurrence: alarm?.occurrence ?? 0, from: state, to: state, flags: alarm?.flags ?? normalFlags(), annunciated: false,
      priority: alarm?.priority ?? ('low' satisfies AlarmPriority), ...note,
    });
  }

  onRecord(listener: (record: JournalRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #machine(key: string): Machine {
    let machine = this.#machines.get(key);
    if (machine === undefined) {
      machine = { book: new AlarmBook(key, this.longestShelfMs), latest: new Map(), ending: new Map(), quietEndsMs: new Map(), dirty: false };
      this.#machines.set(key, machine);
    }
    machine.book.longestShelfMs = this.longestShelfMs;
    return machine;
  }
}

/**
 * Whether the case is to hear nothing of an alarm. An operating mode or an expression keeps new alarms out of it; what people were told before the machine
 * stopped stays, for a fault is not over because the machine stands.
 */
function isLeftOut(asset: AssetTwin, name: string, machine: Machine): boolean {
  const flags = machine.book.course(name)?.flags;
  if (flags === undefined || !isHidden(flags)) return false;
  const byModeAlone = flags.outOfService === undefined && flags.shelf === undefined && flags.suppressedBy.every((cause) => cause === 'mode' || cause.startsWith(designPrefix));
  return !byModeAlone || !asset.cases.has(name);
}

/** Encoded, so that two machines whose keys begin alike stay apart. */
function rootCause(key: string, alarm: string): string {
  return `root:${encodeURIComponent(key)}/${alarm}`;
}

function rootKeyOf(cause: string): string {
  return decodeURIComponent(cause.slice('root:'.length).split('/', 1)[0] ?? '');
}

function sinceOf(condition: Condition): number {
  return condition.sinceMs ?? condition.timeMs;
}

function chunkOf(number: number): number {
  return Math.floor((number - 1) / recordsPerChunk);
}

function chunkKey(chunk: number): string {
  return `journal/${String(chunk).padStart(9, '0')}`;
}

function severityOfLetter(letter: Alarm['letter'] | undefined): Severity {
  return letter === 'F' ? 'failure' : letter === 'M' ? 'maintenance' : letter === 'C' ? 'check' : 'specification';
}

const stateOrder: readonly Alarm['state'][] = ['UNACK', 'LUNAK', 'RTNUN', 'ACKED', 'LACKD', 'SHLVD', 'DSUPR', 'OOSRV', 'NORM'];
const priorityOrder: readonly AlarmPriority[] = ['high', 'medium', 'low'];

function urgencyOf({ state, priority }: Alarm): number {
  return stateOrder.indexOf(state) * 3 + priorityOrder.indexOf(priority);
}

function refused(refusal: AlarmRefusal | 'nothing', longestShelfMs: number): Problem {
  const hours = longestShelfMs / 3_600_000;
  switch (refusal) {
    case 'otherOccurrence':
      return new Problem('TWIN_ALARM_OCCURRENCE', 'The alarm has come again since you saw it.', 'Look at what it says now, and acknowledge that.');
    case 'shelfTooLong':
      return new Problem('TWIN_ALARM_SHELF', `An alarm can be shelved for at most ${hours} h.`, 'Say how long, within that; or until it returns to normal once.', { hours });
    case 'acknowledgeFirst':
      return new Problem('TWIN_ALARM_STATE', 'This alarm has to be acknowledged first.', 'Acknowledge it, then reset it.');
    case 'stillActive':
      return new Problem('TWIN_ALARM_STATE', 'This alarm is still active.', 'Reset it when its cause is gone.');
    case 'alreadyAcknowledged':
      return new Problem('TWIN_ALARM_STATE', 'This alarm is acknowledged already.', 'Nothing is left to do.');
    case 'alreadyShelved':
      return new Problem('TWIN_ALARM_STATE', 'This alarm is shelved already.', 'Unshelve it first to shelve it anew.');
    case 'notShelved':
      return new Problem('TWIN_ALARM_STATE', 'This alarm is not shelved.', 'Nothing is left to do.');
    case 'hidden':
      return new Problem('TWIN_ALARM_STATE', 'This alarm is suppressed or out of service.', 'There is nothing to shelve until it is back.');
    case 'reasonNeeded':
      return new Problem('TWIN_ALARM_WHY', 'A reason is needed for this.', 'Say why, in "why".');
    case 'alreadyOutOfService':
      return new Problem('TWIN_ALARM_STATE', 'It is out of service already.', 'Return it to service first.');
    case 'notOutOfService':
      return new Problem('TWIN_ALARM_STATE', 'It is not out of service.', 'Nothing is left to do.');
    case 'notLatched':
    case 'nothingToConfirm':
    case 'nothing':
      return new Problem('TWIN_ALARM_STATE', 'No alarm of this machine is in a state for this.', 'Look at the list of its alarms.');
  }
}
