import type { TwinCase, TwinEvent } from '../../contract/messages.ts';
import type { CaseChange } from '../alarms/caseBook.ts';
import type { Fact, HistoryPoint, Historian, Json, Outbox, StateStore, GraphStore, Clock, Trainer } from '../ports.ts';
import { Problem } from '../problem.ts';
import { Relations } from '../graph/relations.ts';
import { SiteGraph } from './siteGraph.ts';
import { SiteClock } from '../time/siteClock.ts';
import type { TwinType, TwinTypeInput } from '../twin/twinType.ts';
import { Twin } from '../twin/twin.ts';
import type { TwinOptions } from '../twin/twin.ts';
import { compareTypes } from '../twin/typeChange.ts';
import { noteCases } from './alert.ts';
import { AssetTwin } from './assetTwin.ts';
import type { AssetTwinSnapshot } from './assetTwin.ts';
import { migratedSentence, versionSentence } from './migrationSentences.ts';
import { Migrations } from './migrations.ts';
import type { MachineMigration } from './migrations.ts';
import type { Language } from './sentences.ts';
import { SiteDeep } from './siteDeep.ts';
import { SiteAlarms } from './siteAlarms.ts';
import { SiteBaselines } from './siteBaselines.ts';
import { SiteFailures } from './siteFailures.ts';
import { SiteFeedback } from './siteFeedback.ts';
import { LineStudies, type StudyPorts } from './lineStudies.ts';
import { SiteLines } from './siteLines.ts';
import { SiteReadiness } from './siteReadiness.ts';

export interface SiteOptions {
  id: string;
  name: string;
  language: Language;
  clock: 'live' | 'accelerated' | 'replay';
  clockRate: number;
  clockOriginMs: number;
  keepHistoryDays: number;
  /** Absent: as many as the days come to. */
  keepHistoryBytes?: number;
  keepCasesDays: number;
}

export interface SitePorts extends StudyPorts {
  clock: Clock;
  state: StateStore;
  historian: Historian;
  graph: GraphStore;
  outbox: Outbox;
  /** Absent: signals are not watched together. */
  trainer?: Trainer;
}

/** What a node hands over at deploy for each of its machines. */
export interface AssetRegistration {
  /** The node's id, to name both when a key is used twice. */
  nodeId: string;
  nodeName: string;
  key: string;
  name: string;
  type: TwinType;
  path: string[];
  placeholders: ReadonlyMap<string, string>;
  mapping: TwinOptions['mapping'];
  scaling?: TwinOptions['scaling'];
  limits?: TwinOptions['limits'];
  staleAfter: number;
  /** Events that come by time alone, not by a message. */
  onEvents: (events: TwinEvent[]) => void;
}

/** What a change of a type would mean for one machine; `migration` is absent where everything stays as it is. */
export interface MachinePreview {
  key: string;
  name: string;
  migration?: MachineMigration;
}

/** A version of a type as people see it. */
export interface TypeVersionSummary {
  number: number;
  firstMs: number;
  /** What changed against the version before. */
  changes: string;
  /** Keys of the machines that are of this version now, and of those that can go back to what they had learned under it. */
  machines: string[];
  former: string[];
  definition: TwinTypeInput;
}

interface Registered {
  /** With the type under its number in this site. */
  registration: AssetRegistration;
  /** The type as it was handed over. */
  type: TwinType;
  /** Told with the next tick. */
  events: TwinEvent[];
  asset: AssetTwin;
  replays: Map<string, AssetTwin>;
  /** Monotonic time of its last checkpoint. */
  writtenMs: number;
}

/** A case that is over, kept for the page and for those who come later. */
export interface StoredCase {
  case: TwinCase;
  sentence: string;
}

const checkpointEveryMs = 2000;
/** A clock that is off by less was merely slewed, or the tick came late. */
const clockStepMs = 1000;
/** Each costs most of a millisecond, so a few with each tick keep the event loop free. */
const checkpointTwinsAtOnce = 16;
const historyBufferLimit = 200_000;
const maximumReplays = 4;
const keptCasesPerTwin = 50;
const forgetEveryMs = 3_600_000;

/**
 * The application layer: one plant. It holds the twins with what they learned, their relations and cases, and the ports to
 * the outside. It has no timer and no clock of its own: `tick()` is called four times a second by whoever runs it.
 *
 * All that is learned is kept under the twin's key, so that a deploy, a template update and kill -9 leave it whole; at most
 * the last two seconds of learning are lost.
 */
export class Site {
  readonly options: SiteOptions;
  readonly clock: SiteClock;
  readonly relations: Relations;
  readonly graph: SiteGraph;
  readonly outbox: Outbox;
  /** Is the data good enough? Only while a twin-readiness stands in the flow. */
  readonly readiness: SiteReadiness;
  /** What people answer to cases. */
  readonly feedback: SiteFeedback;
  readonly alarms: SiteAlarms;
  /** Failures of machines and what was recorded until them. */
  readonly failures: SiteFailures;
  /** Versions of what was learned, and learning from history. */
  readonly baselines: SiteBaselines;
  readonly #deep: SiteDeep;
  readonly lines = new SiteLines();
  /** Questions about lines: what goes with scrap, what if. */
  readonly studies: LineStudies;
  readonly #ports: SitePorts;
  readonly #assets = new Map<string, Registered>();
  readonly #saved = new Map<string, Json>();
  readonly #migrations: Migrations;
  readonly #ended = new Map<string, StoredCase[]>();
  readonly #waiting = new Map<string, Json>();
  readonly #preparing = new Set<Promise<void>>();
  readonly #judges = new Set<string>();
  readonly #tickListeners = new Set<() => void>();
  readonly #changeListeners = new Set<(key: string) => void>();
  readonly #caseListeners = new Set<(asset: AssetTwin, changes: readonly CaseChange[]) => void>();
  #history: HistoryPoint[] = [];
  #clears = new Map<string, { twin: string; property: string; fromMs: number; toMs: number }>();
  #historyWriting: Promise<void> | undefined;
  #historyDropped = 0;
  #tickedMs = NaN;
  #tickedMonotonicMs = NaN;
  #checkpointing: Promise<void> | undefined;
  #lastForgetMs = -Infinity;
  #pendingChanges: { key: string; value: Json | null }[] = [];
  /** What went wrong in the background since it was last asked for. */
  #problems: Problem[] = [];

  constructor(options: SiteOptions, ports: SitePorts) {
    this.options = options;
    this.#ports = ports;
    this.clock = new SiteClock(ports.clock, options.clock, options.clockRate, options.clockOriginMs);
    this.relations = new Relations(ports.graph);
    this.graph = new SiteGraph(
      ports.graph, this.relations, () => this.clock.nowMs(),
      (problem) => this.#report('TWIN_GRAPH_NOT_WRITTEN', 'Machines could not be noted in the graph', problem), () => this.prepared(),
    );
    this.#migrations = new Migrations(ports.state);
    this.outbox = ports.outbox;
    this.readiness = new SiteReadiness(this.clock.rate);
    this.feedback = new SiteFeedback(this, ports.state);
    this.failures = new SiteFailures({
      historian: () => this.historian,
      assets: () => this.assets(),
      asset: (key) => this.#assets.get(key)?.asset,
      answers: (key) => this.feedback.of(key).answers,
    });
    this.graph.onRecord = (record) => this.failures.noteRecord(record);
    this.alarms = new SiteAlarms({
      nowMs: () => this.clock.nowMs(),
      monotonicMs: () => ports.clock.monotonicMs(),
      rate: options.clock === 'replay' ? 0 : this.clock.rate,
      asset: (key) => this.#assets.get(key)?.asset,
      relations: () => this.relations.open(),
      tellCases: (asset, changes) => this.tellCases(asset, changes),
      changed: (key) => this.#changed(key),
    });
    this.feedback.journal = this.alarms;
    this.baselines = new SiteBaselines({
      nowMs: () => this.clock.nowMs(),
      historian: () => ports.historian,
      asset: (key, replay) => this.asset(key, replay),
      takeOver: (key, replay) => this.completeReplay(key, replay, true),
      dropReplay: (key, replay) => this.#assets.get(key)?.replays.delete(replay),
      written: () => this.written(),
      historyWritten: () => this.#allHistoryWritten(),
      changed: (key) => this.#changed(key),
    }, ports.state);
    this.studies = new LineStudies(this, ports);
    this.#deep = new SiteDeep(ports.trainer, (problem) => this.#problems.push(problem));
  }

  /** Loads what was learned. Nothing may be registered before it resolves. */
  async start(): Promise<void> {
    for (const entry of await this.#ports.state.entries('asset/')) this.#saved.set(entry.key.slice('asset/'.length), entry.value);
    for (const entry of await this.#ports.state.entries('readiness/')) this.readiness.load(entry.key.slice('readiness/'.length), entry.value);
    this.#deep.load(await this.#ports.state.entries('deep/'));
    for (const entry of await this.#ports.state.entries('line/')) this.lines.load(entry.key.slice('line/'.length), entry.value);
    for (const entry of await this.#ports.state.entries('scenarios/')) this.studies.load(entry.key.slice('scenarios/'.length), entry.value);
    for (const entry of await this.#ports.state.entries('case/')) {
      const stored = entry.value as unknown as StoredCase;
      const key = stored.case.twin;
      this.#endedOf(key).push(stored);
    }
    const after = (prefix: string, entries: readonly { key: string; value: Json }[]): { key: string; value: Json }[] =>
      entries.map(({ key, value }) => ({ key: key.slice(prefix.length), value }));
    const unread = this.alarms.load({
      alarms: after('alarms/', await this.#ports.state.entries('alarms/')),
      journal: after('journal/', await this.#ports.state.entries('journal/')),
      clock: (await this.#ports.state.get('alarm-clock'))?.value,
    });
    this.#problems.push(...unread);
    for (const entry of await this.#ports.state.entries('waiting/')) this.#waiting.set(entry.key.slice('waiting/'.length), entry.value);
    for (const list of this.#ended.values()) list.sort((a, b) => b.case.sinceMs - a.case.sinceMs);
    await this.relations.load();
    await this.#migrations.load();
    await this.feedback.load();
    this.failures.load(await this.#ports.state.entries('failure/'));
    await this.baselines.load();
  }

  /** Fetches what `register` needs where a machine goes back to an earlier version of its type; without it the machine is migrated there. */
  async prepare(key: string, type: TwinType): Promise<void> {
    const preparing = this.#migrations.prepare(key, type, this.#saved.get(key));
    this.#preparing.add(preparing);
    try {
      await preparing;
    } finally {
      this.#preparing.delete(preparing);
    }
  }

  /** Resolves when no machine is being prepared: a deploy may close the site while its machines are still coming. */
  async prepared(): Promise<void> {
    while (this.#preparing.size > 0) await Promise.allSettled(this.#preparing);
  }

  /**
   * @throws Problem TWIN_KEY_MISSING, TWIN_KEY_TWICE (both nodes named)
   */
  register(given: AssetRegistration): AssetTwin {
    let registration = given;
    const { key } = registration;
    if (key === '') {
      throw new Problem('TWIN_KEY_MISSING', `The machine "${registration.nodeName}" has no key.`, 'Open the node and give it one; everything learned is kept under it.', {
        node: registration.nodeName,
      });
    }
    const known = this.#assets.get(key);
    if (known !== undefined) {
      throw new Problem(
        'TWIN_KEY_TWICE',
        `The key "${key}" is used by two nodes: "${known.registration.nodeName}" (${known.registration.nodeId}) and "${registration.nodeName}" (${registration.nodeId}).`,
        'Give one of them another key.',
        { key, first: known.registration.nodeId, second: registration.nodeId },
      );
    }
    registration = { ...given, type: this.#migrations.versions.take(given.type, this.clock.nowMs(), this.#pendingChanges) };
    const saved = this.#saved.get(key);
    const events: TwinEvent[] = [];
    const asset = saved === undefined ? this.#newAsset(registration) : this.#restored(registration, saved, events);
    this.alarms.adopt(asset, events.length > 0);
    asset.dirty = false;
    asset.judged = this.#judges.size > 0;
    asset.answers = this.feedback.of(key);
    asset.beforeForgetting = (why) => this.baselines.keepBefore(asset, why);
    asset.deepWatch = (perWeek) => this.#deep.watch(key, asset.columns, perWeek);
    this.readiness.add(asset);
    this.graph.declare(key, registration.name, registration.path);
    this.#assets.set(key, { registration, type: given.type, events, asset, replays: new Map(), writtenMs: -Infinity });
    return asset;
  }

  #newAsset(registration: AssetRegistration, replay?: string): AssetTwin {
    const twin = new Twin({
      key: registration.key,
      name: registration.name,
      type: registration.type,
      path: registration.path,
      placeholders: registration.placeholders,
      mapping: registration.mapping,
      scaling: registration.scaling,
      limits: registration.limits,
      staleAfter: registration.staleAfter,
      clockRate: this.clock.rate,
      language: this.options.language,
      replay: replay !== undefined,
    });
    return new AssetTwin({ twin, language: this.options.language, replay });
  }

  /**
   * The twin with what it had learned, for the type of today. What cannot be taken over is put aside, never written over, and the machine
   * says so.
   */
  #restored(registration: AssetRegistration, saved: Json, events: TwinEvent[]): AssetTwin {
    const { key, type } = registration;
    const nowMs = this.clock.nowMs();
    const asset = this.#newAsset(registration);
    try {
      const { snapshot, migration } = this.#migrations.take(key, saved, type, nowMs, this.#pendingChanges);
      if (!asset.restore(snapshot)) throw new Error('the columns differ');
      if (migration !== undefined) {
        const text = migratedSentence(asset.twin.name, migration, this.options.language);
        events.push({ v: 1, kind: 'migrated', timeMs: nowMs, from: migration.from, to: migration.to, text });
      }
      return asset;
    } catch (cause) {
      let problem = cause;
      if (!(cause instanceof Problem)) {
        problem = new Problem('TWIN_MIGRATION_FAILED', `What "${key}" has learned could not be taken over by ${type.title}.`, 'It is put aside; the machine learns anew.', { key });
      }
      this.#migrations.putAside(key, saved, nowMs, this.#pendingChanges);
      const fresh = this.#newAsset(registration);
      fresh.problem = problem as Problem;
      this.#problems.push(problem as Problem);
      return fresh;
    }
  }

  /** What another type would mean for each machine of this one. Nothing is done. */
  previewType(type: TwinType, next: TwinType): { number: number; isNew: boolean; machines: MachinePreview[] } {
    const { number, isNew } = this.#migrations.versions.numberOf(next);
    const machines = [...this.#assets.values()].filter((known) => known.type === type).map(({ asset }): MachinePreview => {
      const planned = this.#migrations.plan(asset.key, asset.snapshot() as unknown as AssetTwinSnapshot, next, number);
      const { key, twin } = asset;
      if (planned === undefined || (!planned.plan.change.structural && planned.outcomes.every(({ reason }) => reason === 'same'))) return { key, name: twin.name };
      const { plan: _, ...migration } = planned;
      return { key, name: twin.name, migration };
    });
    return { number, isNew, machines };
  }

  /** The versions of a type that ran here, newest first. */
  typeVersions(name: string): TypeVersionSummary[] {
    const { versions } = this.#migrations;
    const list = versions.list(name);
    return list
      .map(({ number, firstMs, definition }, index): TypeVersionSummary => {
        const before = list[index - 1];
        const now = versions.typeOf(name, number);
        const then = before === undefined ? undefined : versions.typeOf(name, before.number);
        return {
          number,
          firstMs,
          changes: versionSentence(now === undefined || then === undefined ? undefined : compareTypes(then, now), this.options.language),
          machines: [...this.#assets.values()].filter(({ registration }) => registration.type.name === name && registration.type.version === number).map(({ asset }) => asset.key),
          former: this.#migrations.formerMachines(name, number),
          definition,
        };
      })
      .reverse();
  }

  /** Keeps what was learned and lets go of the node. */
  unregister(key: string, nodeId: string): void {
    const known = this.#assets.get(key);
    if (known === undefined || known.registration.nodeId !== nodeId) return;
    const value = known.asset.snapshot();
    this.keep(known.asset.takeRecords());
    this.#saved.set(key, value);
    this.#pendingChanges.push({ key: `asset/${key}`, value });
    this.readiness.remove(key);
    this.#deep.remove(key);
    this.#assets.delete(key);
  }

  /** Whether it is, or ever was, a machine of this site. */
  knows(key: string): boolean {
    return this.#assets.has(key) || this.#saved.has(key);
  }

  /** The live twin, or that of a running replay (made when it is first asked for). */
  asset(key: string, replay?: string): AssetTwin | undefined {
    const known = this.#assets.get(key);
    if (known === undefined || replay === undefined) return known?.asset;
    let asset = known.replays.get(replay);
    if (asset === undefined) {
      asset = this.#newAsset(known.registration, replay);
      asset.judged = this.#judges.size > 0;
      asset.answers = this.feedback.of(key);
      this.readiness.add(asset);
      known.replays.set(replay, asset);
      if (known.replays.size > maximumReplays) {
        const oldest = known.replays.keys().next();
        if (oldest.done !== true) known.replays.delete(oldest.value);
      }
    }
    return asset;
  }

  /** The end of a replay: what it learned goes to the live twin when that was asked for. */
  completeReplay(key: string, replay: string, learn: boolean): void {
    const known = this.#assets.get(key);
    const asset = known?.replays.get(replay);
    if (known === undefined || asset === undefined) return;
    this.keep(asset.takeRecords());
    if (asset.recomputes) {
      this.keep(known.asset.takeRecords());
      known.asset.keepRecordsAnew();
    }
    if (learn) {
      this.baselines.keepBefore(known.asset, 'history');
      known.asset.restore(asset.snapshot(), 'learned');
    }
    this.#changed(key);
  }

  assets(): AssetTwin[] {
    return [...this.#assets.values()].map((known) => known.asset);
  }

  /** The asset of a running replay that was last seen, for pages that show recorded machines. */
  latestReplay(key: string): AssetTwin | undefined {
    const replays = this.#assets.get(key)?.replays;
    return replays === undefined ? undefined : [...replays.values()].at(-1);
  }

  /** A twin-anomaly stands in the flow: from now on its verdict decides what is learned. */
  addJudge(nodeId: string): void {
    this.#judges.add(nodeId);
    this.#tellJudged();
  }

  removeJudge(nodeId: string): void {
    this.#judges.delete(nodeId);
    this.#tellJudged();
  }

  #tellJudged(): void {
    for (const { asset, replays } of this.#assets.values()) {
      asset.judged = this.#judges.size > 0;
      for (const replay of replays.values()) replay.judged = this.#judges.size > 0;
    }
  }

  /** Takes history in; bounded, and what does not fit is counted. */
  keep(points: readonly HistoryPoint[]): void {
    for (const point of points) {
      if (this.#history.length >= historyBufferLimit) {
        this.#historyDropped++;
        continue;
      }
      this.#history.push(point);
    }
  }

  /**
   * What was derived, expected and concluded of a machine in a stretch goes, because it is computed anew; from inclusive, to exclusive. What is kept after
   * this call is written after it.
   */
  clearRecomputed(asset: AssetTwin, fromMs: number, toMs: number): void {
    for (const [twin, property] of asset.recomputedSeries()) {
      const name = `${twin}\n${property}`;
      const known = this.#clears.get(name);
      this.#clears.set(name, known === undefined ? { twin, property, fromMs, toMs } : { ...known, fromMs: Math.min(known.fromMs, fromMs), toMs: Math.max(known.toMs, toMs) });
    }
  }

  /** Points that wait to be written. Who writes faster than the disk waits while there are many. */
  get historyWaiting(): number {
    return this.#history.length;
  }

  onTick(listener: () => void): () => void {
    this.#tickListeners.add(listener);
    return () => this.#tickListeners.delete(listener);
  }

  /** What waits at a node to be accepted: it belongs to no machine yet, so it stands under the node's id. */
  waiting(nodeId: string): Json | undefined {
    return this.#waiting.get(nodeId);
  }

  /** Written with the next checkpoint; null: nothing waits any more. */
  keepWaiting(nodeId: string, value: Json | null): void {
    if (value === null) {
      if (!this.#waiting.delete(nodeId)) return;
    } else this.#waiting.set(nodeId, value);
    const key = `waiting/${nodeId}`;
    this.#pendingChanges = this.#pendingChanges.filter((change) => change.key !== key);
    this.#pendingChanges.push({ key, value });
  }

  /** Who shows machines is told which one changed. */
  onChange(listener: (key: string) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  changed(key: string): void {
    this.#changed(key);
  }

  /** Changes of cases that come by no message: what a person did, what time did. For the twin-alert nodes that know the machine. */
  onCaseChanges(listener: (asset: AssetTwin, changes: readonly CaseChange[]) => void): () => void {
    this.#caseListeners.add(listener);
    return () => this.#caseListeners.delete(listener);
  }

  tellCases(asset: AssetTwin, changes: readonly CaseChange[]): void {
    noteCases(this, asset, changes);
    for (const listener of this.#caseListeners) listener(asset, changes);
  }

  #changed(key: string): void {
    for (const listener of this.#changeListeners) listener(key);
  }

  /** A case is over or was told of: kept for the page. */
  keepCase(stored: StoredCase): void {
    // What people were told must not be told again after a power cut: written with the next tick.
    const known = this.#assets.get(stored.case.twin);
    if (known !== undefined) known.writtenMs = -Infinity;
    const list = this.#endedOf(stored.case.twin);
    const index = list.findIndex((known) => known.case.id === stored.case.id && known.case.historical === stored.case.historical);
    if (index >= 0) list.splice(index, 1);
    list.unshift(stored);
    for (const dropped of list.splice(keptCasesPerTwin)) this.#pendingChanges.push({ key: caseKey(dropped.case), value: null });
    // A case that is told of ten times a second is written once.
    const key = caseKey(stored.case);
    this.#pendingChanges = this.#pendingChanges.filter((change) => change.key !== key);
    this.#pendingChanges.push({ key, value: stored as unknown as Json });
  }

  endedCases(key: string): readonly StoredCase[] {
    return this.#ended.get(key) ?? [];
  }

  #endedOf(key: string): StoredCase[] {
    let list = this.#ended.get(key);
    if (list === undefined) {
      list = [];
      this.#ended.set(key, list);
    }
    return list;
  }

  /** A step of the wall clock is no silence of a machine. */
  #followClock(nowMs: number, monotonicMs: number): void {
    const stepMs = nowMs - this.#tickedMs - (monotonicMs - this.#tickedMonotonicMs) * this.clock.rate;
    this.#tickedMs = nowMs;
    this.#tickedMonotonicMs = monotonicMs;
    if (this.options.clock === 'replay' || !(Math.abs(stepMs) > clockStepMs * Math.max(1, this.clock.rate))) return;
    for (const { asset } of this.#assets.values()) asset.twin.clockStepped(stepMs);
  }

  /** Called four times a second: staleness, history, checkpoints, housekeeping. */
  tick(): void {
    const nowMs = this.clock.nowMs();
    this.#followClock(nowMs, this.#ports.clock.monotonicMs());
    for (const { asset, replays } of this.#assets.values()) {
      asset.tick();
      this.keep(asset.takeRecords());
      for (const replay of replays.values()) {
        replay.tick();
        this.keep(replay.takeRecords());
      }
    }
    for (const { registration, events, asset, replays } of this.#assets.values()) {
      events.push(...asset.takeQuestions());
      // A replay asks nobody.
      for (const replay of replays.values()) replay.takeQuestions();
      if (events.length > 0) registration.onEvents(events.splice(0));
    }
    if (this.options.clock !== 'replay') {
      for (const { registration, asset } of this.#assets.values()) {
        const events = asset.twin.watch(nowMs);
        if (events.length === 0) continue;
        registration.onEvents(events);
        this.#changed(asset.key);
      }
    }
    this.alarms.tick();
    for (const listener of this.#tickListeners) listener();
    this.graph.tick();
    void this.#writeHistory();
    const monotonicMs = this.#ports.clock.monotonicMs();
    this.readiness.tick(nowMs, monotonicMs);
    this.baselines.tick(() => this.assets());
    void this.checkpoint(checkpointTwinsAtOnce, monotonicMs - checkpointEveryMs);
    if (monotonicMs - this.#lastForgetMs >= forgetEveryMs) {
      this.#lastForgetMs = monotonicMs;
      void this.#forget(nowMs);
    }
  }

  async #forget(nowMs: number): Promise<void> {
    try {
      await this.feedback.forget(nowMs);
      await this.#ports.historian.forget(nowMs - this.options.keepHistoryDays * 86_400_000);
      if (this.options.keepHistoryBytes !== undefined) await this.#ports.historian.trim(this.options.keepHistoryBytes);
      const oldest = nowMs - this.options.keepCasesDays * 86_400_000;
      for (const list of this.#ended.values()) {
        for (let index = list.length - 1; index >= 0; index--) {
          const stored = list[index] as StoredCase;
          if (stored.case.sinceMs >= oldest || stored.case.historical) continue;
          list.splice(index, 1);
          this.#pendingChanges.push({ key: caseKey(stored.case), value: null });
        }
      }
    } catch (problem) {
      this.#report('TWIN_HISTORY_NOT_WRITTEN', 'Old history could not be removed', problem);
    }
  }

  async #allHistoryWritten(): Promise<void> {
    for (const { asset } of this.#assets.values()) this.keep(asset.takeRecords());
    await this.#historyWriting;
    await this.#writeHistory();
  }

  #writeHistory(): Promise<void> {
    if (this.#historyWriting !== undefined) return this.#historyWriting;
    if (this.#history.length === 0 && this.#clears.size === 0) return Promise.resolve();
    const points = this.#history;
    const clears = [...this.#clears.values()];
    this.#history = [];
    this.#clears.clear();
    const { historian } = this.#ports;
    this.#historyWriting = Promise.all(clears.map(({ twin, property, fromMs, toMs }) => historian.clear(twin, property, fromMs, toMs)))
      .then(() => historian.write(points))
      .catch((problem: unknown) => {
        this.#historyDropped += points.length;
        this.#report('TWIN_HISTORY_NOT_WRITTEN', `${points.length} values could not be written to the embedded history`, problem);
      })
      .finally(() => {
        this.#historyWriting = undefined;
      });
    return this.#historyWriting;
  }

  /**
   * Writes what changed, all or nothing: every twin, or the `most` that have waited longest and were last written before
   * `writtenBeforeMs` (monotonic).
   */
  async checkpoint(most = Infinity, writtenBeforeMs = Infinity): Promise<void> {
    if (this.#checkpointing !== undefined && most < Infinity) return;
    while (this.#checkpointing !== undefined) await this.#checkpointing;
    const changes: { key: string; value: Json | null }[] = [
      ...this.#pendingChanges, ...this.lines.takeChanges(), ...this.baselines.takeChanges(), ...this.studies.takeChanges(), ...this.failures.takeChanges(),
      ...this.readiness.takeChanges(), ...this.alarms.takeChanges(), ...this.feedback.takeChanges(this.#ports.clock.monotonicMs(), most === Infinity),
      ...this.#deep.takeChanges(this.#ports.clock.monotonicMs(), most === Infinity),
    ];
    this.#pendingChanges = [];
    const due = [...this.#assets.values()].filter(({ asset, writtenMs }) => asset.dirty && writtenMs <= writtenBeforeMs);
    if (due.length > most) due.sort((a, b) => a.writtenMs - b.writtenMs).splice(most);
    for (const known of due) {
      known.asset.dirty = false;
      known.writtenMs = this.#ports.clock.monotonicMs();
      changes.push({ key: `asset/${known.asset.key}`, value: known.asset.snapshot() });
    }
    if (changes.length === 0) return;
    this.#checkpointing = this.#ports.state
      .commit(changes)
      .then(() => undefined)
      .catch((problem: unknown) => {
        // Twins are written again at the next checkpoint; cases and deletions only stand in this list.
        for (const { asset } of this.#assets.values()) asset.dirty = true;
        this.#pendingChanges.unshift(...changes.filter((change) => !change.key.startsWith('asset/') || !this.#assets.has(change.key.slice(6))));
        this.#report('TWIN_STATE_NOT_WRITTEN', 'What was learned could not be written to disk', problem);
      })
      .finally(() => {
        this.#checkpointing = undefined;
      });
    await this.#checkpointing;
  }

  /** Resolves when what people did until now is on disk. */
  async written(): Promise<void> {
    while (this.#checkpointing !== undefined) await this.#checkpointing;
    await this.checkpoint(0);
  }

  #report(code: string, found: string, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (this.#problems.length < 20) {
      this.#problems.push(new Problem(code, `${found}: ${reason}.`, 'Check free space and rights of the data folder; it is tried again.', { reason }));
    }
  }

  /** Background problems since the last call; the door logs them. */
  takeProblems(): Problem[] {
    const problems = this.#problems;
    this.#problems = [];
    return problems;
  }

  get historyDropped(): number {
    return this.#historyDropped;
  }

  get historian(): Historian {
    return this.#ports.historian;
  }

  /** Ends what nodes drew that are in the flow no more. */
  async reconcileRelations(nodeIds: ReadonlySet<string>): Promise<void> {
    const nowMs = this.clock.nowMs();
    await this.relations.end((fact: Fact) => fact.source.startsWith('node:') && !nodeIds.has(fact.source.slice('node:'.length)), nowMs, nowMs);
  }

  /** Writes everything; afterwards the ports may be closed. */
  async stop(): Promise<void> {
    await this.studies.stop();
    await this.#allHistoryWritten();
    await this.graph.settled();
    this.readiness.keepAll();
    await this.checkpoint();
  }
}

function caseKey(twinCase: TwinCase): string {
  return `case/${twinCase.historical ? 'historical/' : ''}${twinCase.id}`;
}
