import type { Json, StateStore } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { TwinType } from '../twin/twinType.ts';
import type { AssetTwinSnapshot } from './assetTwin.ts';
import { changesNothing, migrateSnapshot, planMigration, typeOfColumns } from './migration.ts';
import type { MigrationPlan, PropertyOutcome } from './migration.ts';
import { TypeVersions, typePrefix } from './typeVersions.ts';

/** What a machine had learned when it left a version of its type; the snapshot itself stays on disk until it is asked for. */
export interface FormerState {
  type: string;
  number: number;
  savedMs: number;
}

/** What was done, or would be done, with one machine. */
export interface MachineMigration {
  from: string;
  to: string;
  outcomes: readonly PropertyOutcome[];
  /** When the knowledge that comes back was put aside. */
  formerMs?: number;
}

type Changes = { key: string; value: Json | null }[];

const indexPrefix = 'formerly/';
/** Of each machine; the one put aside first goes first. */
const mostFormer = 5;

/**
 * Versions of types, and what each machine had learned under them. A migration and the state before it are written in one commit, so that
 * after a power cut a machine is of the old version or of the new one, and never of none.
 */
export class Migrations {
  readonly versions = new TypeVersions();
  readonly #state: StateStore;
  readonly #former = new Map<string, FormerState[]>();
  readonly #prepared = new Map<string, { number: number; snapshot: AssetTwinSnapshot }>();

  constructor(state: StateStore) {
    this.#state = state;
  }

  async load(): Promise<void> {
    this.versions.load(await this.#state.entries(typePrefix));
    for (const { key, value } of await this.#state.entries(indexPrefix)) {
      const { states } = (value ?? {}) as { states?: Json };
      if (Array.isArray(states)) this.#former.set(key.slice(indexPrefix.length), states as unknown as FormerState[]);
    }
  }

  /** Fetches what a machine had learned under the version that this type is, if it is another one than that of its state. */
  async prepare(key: string, type: TwinType, saved: Json | undefined): Promise<void> {
    this.#prepared.delete(key);
    const { number } = this.versions.numberOf(type);
    const now = (saved as unknown as AssetTwinSnapshot | undefined)?.type;
    if (now === undefined || (now.name === type.name && now.version === number) || this.formerOf(key, type.name, number) === undefined) return;
    const entry = await this.#state.get(formerKey(key, type.name, number));
    if (entry !== undefined) this.#prepared.set(key, { number, snapshot: entry.value as unknown as AssetTwinSnapshot });
  }

  formerOf(key: string, type: string, number: number): FormerState | undefined {
    return this.#former.get(key)?.find((one) => one.type === type && one.number === number);
  }

  /** Machines that have put something aside under a version. */
  formerMachines(type: string, number: number): string[] {
    return [...this.#former].filter(([, states]) => states.some((one) => one.type === type && one.number === number)).map(([key]) => key);
  }

  /** What a type, under the number it has here, means for a machine's state; undefined where it is as it was. */
  plan(key: string, snapshot: AssetTwinSnapshot, type: TwinType, number: number): (MachineMigration & { plan: MigrationPlan }) | undefined {
    const plan = planMigration(this.#typeOf(snapshot, type), type, snapshot);
    if (changesNothing(plan, snapshot.columns.length)) return undefined;
    const from = `${snapshot.type?.name ?? type.name}@${snapshot.type?.version ?? '?'}`;
    const to = `${type.name}@${number}`;
    const former = snapshot.type === undefined || from === to ? undefined : this.formerOf(key, type.name, number);
    if (former === undefined) return { from, to, outcomes: plan.outcomes, plan };
    const outcomes = plan.outcomes.map((one): PropertyOutcome => {
      const learned = type.properties.some(({ name, kind }) => name === one.property && (kind === 'measured' || kind === 'derived'));
      const { relearnMs: _, cause: __, ...rest } = one;
      return learned && one.outcome !== 'gone' ? { ...rest, outcome: 'returned', reason: 'former' } : one;
    });
    return { from, to, outcomes, formerMs: former.savedMs, plan };
  }

  /**
   * A machine's state for the type of today. What is to be written, the state before it too, goes into `changes`.
   * @throws Problem TWIN_MIGRATION_FAILED; the state before it is put aside all the same
   */
  take(key: string, saved: Json, type: TwinType, nowMs: number, changes: Changes): { snapshot: Json; migration?: MachineMigration } {
    const snapshot = saved as unknown as AssetTwinSnapshot;
    const prepared = this.#prepared.get(key);
    this.#prepared.delete(key);
    try {
      const planned = this.plan(key, snapshot, type, type.version);
      if (planned === undefined) return { snapshot: saved };
      const { plan, ...migration } = planned;
      const former = migration.formerMs !== undefined && prepared?.number === type.version ? this.#asOfToday(prepared.snapshot, type, nowMs) : undefined;
      const { formerMs: _, ...without } = migration;
      const done: MachineMigration = former === undefined ? { ...without, outcomes: plan.outcomes } : migration;
      const next = migrateSnapshot(snapshot, plan, nowMs, former) as unknown as Json;
      // Rows in another order, and the like, are nothing to go back to.
      if (!plan.change.structural && plan.outcomes.every(({ outcome }) => outcome === 'kept')) return { snapshot: next };
      this.putAside(key, saved, nowMs, changes);
      changes.push({ key: `asset/${key}`, value: next });
      return { snapshot: next, migration: done };
    } catch (cause) {
      this.putAside(key, saved, nowMs, changes);
      throw new Problem(
        'TWIN_MIGRATION_FAILED',
        `What "${key}" has learned could not be taken over by ${type.title}: ${cause instanceof Error ? cause.message : String(cause)}`,
        'It is put aside and stays as it is; the machine learns anew. Go back to the version before in the type, and deploy.',
        { key, type: type.title },
      );
    }
  }

  /** Keeps a state as what the machine had learned under its version. */
  putAside(key: string, saved: Json, nowMs: number, changes: Changes): void {
    const { type } = (typeof saved === 'object' && saved !== null && !Array.isArray(saved) ? saved : {}) as { type?: { name?: unknown; version?: unknown } };
    const state: FormerState = {
      type: typeof type?.name === 'string' ? type.name : '',
      number: typeof type?.version === 'number' ? type.version : 0,
      savedMs: nowMs,
    };
    const states = (this.#former.get(key) ?? []).filter((one) => one.type !== state.type || one.number !== state.number);
    states.push(state);
    for (const dropped of states.splice(0, Math.max(0, states.length - mostFormer))) {
      changes.push({ key: formerKey(key, dropped.type, dropped.number), value: null });
    }
    this.#former.set(key, states);
    changes.push({ key: `${indexPrefix}${key}`, value: { v: 1, states: states as unknown as Json } }, { key: formerKey(key, state.type, state.number), value: saved });
  }

  /** A state put aside, for the columns of today: their order may be another one. undefined where it does not fit any more. */
  #asOfToday(former: AssetTwinSnapshot, type: TwinType, nowMs: number): AssetTwinSnapshot | undefined {
    const plan = planMigration(this.#typeOf(former, type), type, former);
    return plan.change.structural ? undefined : migrateSnapshot(former, plan, nowMs);
  }

  #typeOf(snapshot: AssetTwinSnapshot, today: TwinType): TwinType {
    const { type } = snapshot;
    return (type === undefined ? undefined : this.versions.typeOf(type.name, type.version)) ?? typeOfColumns(snapshot, today);
  }
}

function formerKey(key: string, type: string, number: number): string {
  return `former/${key}/${type}@${number}`;
}
