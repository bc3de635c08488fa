import type { ColumnInfo } from '../baselines/index.ts';
import type { Json, Trainer } from '../ports.ts';
import { Problem } from '../problem.ts';
import { DeepWatch } from './deepWatch.ts';

const prefix = 'deep/';
const writtenEveryMs = 600_000;

/** What the machines of a site learned of their signals together; stored apart from the rest, under `deep/<twin key>`: every ten minutes, and when one was trained. */
export class SiteDeep {
  readonly #trainer: Trainer | undefined;
  readonly #onProblem: (problem: Problem) => void;
  readonly #saved = new Map<string, Json>();
  readonly #watches = new Map<string, DeepWatch>();
  readonly #told = new Set<string>();
  readonly #written = new Map<string, { atMs: number; trainings: number }>();

  constructor(trainer: Trainer | undefined, onProblem: (problem: Problem) => void) {
    this.#trainer = trainer;
    this.#onProblem = onProblem;
  }

  load(entries: readonly { key: string; value: Json }[]): void {
    for (const { key, value } of entries) this.#saved.set(key.slice(prefix.length), value);
  }

  /** The watch of a machine, with what it had learned; undefined where the site has nobody to train one. */
  watch(key: string, columns: readonly ColumnInfo[], falseAlarmsPerWeek: number): DeepWatch | undefined {
    const trainer = this.#trainer;
    if (trainer === undefined) return undefined;
    const options = { falseAlarmsPerWeek, trainer, seed: seedOf(key), onProblem: (problem: unknown) => this.#tell(problem) };
    this.remove(key);
    let watch: DeepWatch;
    try {
      watch = new DeepWatch(columns, options, this.#saved.get(key));
    } catch {
      this.#tell(new Problem('TWIN_DEEP_UNREADABLE', 'What was learned of how signals go together cannot be read.', 'It is learned anew; all else is as before.'));
      watch = new DeepWatch(columns, options);
    }
    this.#watches.set(key, watch);
    return watch;
  }

  /** The machine is watched so no longer, or goes: what it learned stays. */
  remove(key: string): void {
    const watch = this.#watches.get(key);
    if (watch === undefined) return;
    this.#saved.set(key, watch.snapshot());
  }

  /** What is to be written now, at most one machine, for each costs a millisecond or two; `all`: whatever changed. */
  takeChanges(monotonicMs: number, all: boolean): { key: string; value: Json }[] {
    const changes: { key: string; value: Json }[] = [];
    for (const [key, watch] of this.#watches) {
      if (!watch.dirty) continue;
      const last = this.#written.get(key);
      if (!all && last !== undefined && last.trainings === watch.trainings && monotonicMs - last.atMs < writtenEveryMs) continue;
      this.#written.set(key, { atMs: monotonicMs, trainings: watch.trainings });
      watch.dirty = false;
      changes.push({ key: `${prefix}${key}`, value: watch.snapshot() });
      if (!all) break;
    }
    return changes;
  }

  /** Once for each kind of problem: a hundred machines lack the same packages. */
  #tell(problem: unknown): void {
    const what = String(problem);
    const told = problem instanceof Problem
      ? problem
      : new Problem('TWIN_DEEP_FAILED', `Learning how signals go together failed: ${what}.`, 'It is tried again later; all else is watched as before.', { what });
    if (this.#told.has(told.code)) return;
    this.#told.add(told.code);
    this.#onProblem(told);
  }
}

/** FNV-1a (Fowler, Noll and Vo): a machine learns the same wherever it stands. */
function seedOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % 1_000_000;
}
