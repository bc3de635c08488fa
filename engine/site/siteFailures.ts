import type { RecordInput } from '../graph/recordFacts.ts';
import type { Historian, Json } from '../ports.ts';
import { Problem } from '../problem.ts';
import { FailureLibrary, fewestFailures } from '../prognosis/failureLibrary.ts';
import { mostPieces, mostRunColumns, rowsOf, stepOf, storedRun, storedRunFromJson, storedRunOfRows } from '../prognosis/storedRun.ts';
import type { StoredRun } from '../prognosis/storedRun.ts';
import { member } from '../statistics/columnTable.ts';
import type { AssetTwin } from './assetTwin.ts';
import { oneLine } from './sentences.ts';

const prefix = 'failure/';
/** Of each type; the oldest go first. */
const mostRuns = 60;
/** A life longer than this is looked at from there on. */
const longestMs = 3 * 365 * 86_400_000;
/** A value holds in its piece for so long without a new one. */
const longestHoldMs = 3_600_000;
/** Two reports of a failure of one machine within this are one. */
const sameFailureMs = 3_600_000;

/** Words that say that something gave out, in the languages that the nodes speak. "No failure" and "preventive" are none. */
const failureWords = /fail|broke|break-?down|seiz|damage|defect|burn(t|ed)|worn out|corrective|repair|ausfall|ausgefallen|defekt|gebrochen|bruch|schaden|verschliss|festgefressen|korrektiv|reparatur/i;
const noFailureWords = /\b(?:no|not|without|before|kein\w*|ohne|vor|nicht)\b|prevent|vorbeug|inspect|inspektion/i;
/** A part that was replaced in time begins a new life without a failure. */
const renewalWords = /replac|exchang|renew|overhaul|getauscht|tausch|ersetzt|erneuert|überholt|überholung/i;

/** When a machine failed, or got a new part in time, and where that is known from. */
export interface MachineFailure {
  twin: string;
  /** Name for people. */
  machine: string;
  type: string;
  atMs: number;
  /** When it ran again. */
  againMs: number;
  /** Who says so: the same source again corrects it. */
  source: string;
  what: string;
  failed: boolean;
  /** What was recorded until then; absent while it was not read yet, null where nothing was recorded. */
  run?: StoredRun | null;
}

/** What the site lends to its failures. */
export interface FailurePlant {
  historian: () => Historian;
  assets: () => AssetTwin[];
  asset: (key: string) => AssetTwin | undefined;
  /** What people answered to cases of a machine. */
  answers: (key: string) => readonly { id: string; answer: string; what?: string; atMs: number; undone?: unknown }[];
}

/**
 * Failures of the machines of a site and what was recorded until them, by type, so that machines that are alike learn from each other. They come from
 * maintenance records that say what gave out, from cases that people confirmed as a failure, by message, and as runs of a table. Kept under `failure/…`.
 */
export class SiteFailures {
  readonly #plant: FailurePlant;
  readonly #known = new Map<string, MachineFailure>();
  readonly #changed = new Set<string>();
  readonly #libraries = new Map<string, { revision: number; names: readonly string[]; stepMs: number; library: FailureLibrary | undefined }>();
  #revision = 0;

  constructor(plant: FailurePlant) {
    this.#plant = plant;
  }

  load(entries: readonly { key: string; value: Json }[]): void {
    for (const { key, value } of entries) {
      const text = (name: string): string => String(member(value, name) ?? '');
      const atMs = member(value, 'atMs');
      const againMs = member(value, 'againMs');
      if (typeof atMs !== 'number' || typeof againMs !== 'number') continue;
      const run = member(value, 'run');
      const stored = storedRunFromJson(run);
      this.#known.set(key.slice(prefix.length), {
        twin: text('twin'), machine: text('machine'), type: text('type'), atMs, againMs, source: text('source'), what: text('what'), failed: member(value, 'failed') === true,
        ...(stored !== undefined ? { run: stored } : run === null ? { run: null } : {}),
      });
    }
  }

  takeChanges(): { key: string; value: Json | null }[] {
    const changes = [...this.#changed].map((id) => ({ key: `${prefix}${id}`, value: (this.#known.get(id) as unknown as Json | undefined) ?? null }));
    this.#changed.clear();
    return changes;
  }

  /** Failures of machines of this type of which a run is known, or may still be read. */
  count(type: string): number {
    return this.#of(type).filter(({ failed, run }) => failed && run !== null).length;
  }

  /** The last failure or replacement of a machine. */
  last(twin: string): MachineFailure | undefined {
    let last: MachineFailure | undefined;
    for (const one of this.#known.values()) if (one.twin === twin && (last === undefined || one.atMs > last.atMs)) last = one;
    return last;
  }

  /**
   * A machine failed. Told again from the same source it is corrected; from another within an hour it is the same failure.
   * @returns whether that was news
   */
  note(asset: AssetTwin, { atMs, againMs = atMs, source, what, failed }: { atMs: number; againMs?: number; source: string; what: string; failed: boolean }): boolean {
    const id = `${asset.key}/${source}`.slice(0, 400);
    const before = this.#known.get(id);
    if (before !== undefined && before.atMs === atMs && before.failed === failed) return false;
    for (const [otherId, other] of this.#known) {
      if (otherId !== id && other.twin === asset.key && other.failed === failed && Math.abs(other.atMs - atMs) <= sameFailureMs) return false;
    }
    this.#put(id, { twin: asset.key, machine: asset.twin.name, type: asset.twin.type.name, atMs, againMs: Math.max(atMs, againMs), source, what: oneLine(what).slice(0, 200), failed });
    return true;
  }

  /** A maintenance record as twin-record notes it: a failure where it says what gave out, a new life where it says that a part was replaced. */
  noteRecord({ kind, id, reporter, values, fromMs, toMs }: RecordInput): void {
    if (kind !== 'maintenance') return;
    const all = (role: Parameters<typeof values.get>[0]): string[] => (values.get(role) ?? []).map(String);
    const said = [...all('reason'), ...all('text')].join(' · ');
    const failed = isFailure(said);
    const source = `record:${reporter}:${id}`;
    const machines = new Set<string>();
    for (const key of all('machine')) {
      const asset = this.#plant.asset(key) ?? this.#plant.assets().find(({ twin }) => twin.name === key);
      if (asset === undefined) continue;
      if (!failed && !renewalWords.test(said)) continue;
      machines.add(asset.key);
      this.note(asset, { atMs: fromMs, ...(toMs === undefined ? {} : { againMs: toMs }), source, what: said, failed });
    }
    // A corrected record takes back what it said before.
    for (const [known, one] of this.#known) if (one.source === source && !machines.has(one.twin)) this.#remove(known);
  }

  /**
   * Runs of a table: for each, its rows in time order, the last one being the failure. Told again under the same name a run is replaced.
   * @param names of properties; others of the table are left out
   * @throws Problem TWIN_FAILURE_RUNS where no run has enough rows
   */
  importRuns(type: string, names: readonly string[], runs: ReadonlyMap<string, readonly { timeMs: number; values: readonly number[] }[]>): number {
    let taken = 0;
    for (const [name, rows] of runs) {
      const run = storedRunOfRows(names, rows);
      if (run === undefined) continue;
      const endMs = Math.max(...[rows[0]!, rows.at(-1)!].map(({ timeMs }) => timeMs));
      const label = oneLine(name).slice(0, 100);
      this.#put(`table/${type}/${label}`.slice(0, 400), {
        twin: '', machine: label, type, atMs: endMs, againMs: endMs, source: `table:${label}`, what: '', failed: true, run,
      });
      taken += 1;
    }
    if (taken === 0) {
      throw new Problem('TWIN_FAILURE_RUNS', 'The table holds no run of at least 20 rows.',
        'Give it a column "run" with a name for each run, a column "time" or "hours", and the last row at the failure.');
    }
    return taken;
  }

  /**
   * What the failures of machines of its type teach, learned anew when there are more. Undefined with too few.
   * @param breathe is awaited every few milliseconds
   */
  async library(asset: AssetTwin, breathe: () => Promise<void>): Promise<{ names: readonly string[]; stepMs: number; library: FailureLibrary } | undefined> {
    this.#gatherAnswers(asset.twin.type.name);
    const type = asset.twin.type.name;
    for (const [id, one] of this.#known) if (one.type === type && one.failed && one.run === undefined) await this.#read(id, one);
    const runs = this.#of(type).filter((one): one is MachineFailure & { run: StoredRun } => one.failed && one.run !== undefined && one.run !== null)
      // However they were loaded, the same runs teach the same.
      .sort((one, other) => one.atMs - other.atMs || (one.source < other.source ? -1 : 1));
    if (runs.length < fewestFailures) return undefined;
    const key = `${type}\n${asset.columns.map(({ name }) => name).join('\n')}`;
    const kept = this.#libraries.get(key);
    const revision = this.#revision;
    if (kept?.revision === revision) return kept.library === undefined ? undefined : { ...kept, library: kept.library };
    const names = propertiesOf(asset).filter((name) => runs.filter(({ run }) => run.columns.includes(name)).length >= fewestFailures);
    const stepMs = stepOf(runs.map(({ run }) => run));
    let library: FailureLibrary | undefined;
    if (names.length > 0) {
      const rows = runs.map(({ machine, atMs, run }) => rowsOf(`${machine}\n${atMs}`, run, names, stepMs));
      const learning = FailureLibrary.learn(rows, names.length);
      let step = learning.next();
      while (step.done !== true) {
        await breathe();
        step = learning.next();
      }
      library = step.value;
    }
    this.#libraries.set(key, { revision, names, stepMs, library });
    return library === undefined ? undefined : { names, stepMs, library };
  }

  /** When a machine's present life began: after its last failure or replacement, else where its record begins. */
  async beginMs(asset: AssetTwin, names: readonly string[], nowMs: number): Promise<number> {
    return this.#begin(asset.key, names, nowMs);
  }

  async #begin(twin: string, names: readonly string[], untilMs: number): Promise<number> {
    let begin = -Infinity;
    for (const one of this.#known.values()) if (one.twin === twin && one.atMs < untilMs && one.againMs > begin) begin = Math.min(untilMs, one.againMs);
    if (begin > untilMs - longestMs) return begin;
    const pieces = 1_000;
    let first = untilMs;
    for (const name of names) {
      const buckets = await this.#plant.historian().buckets(twin, name, untilMs - longestMs, untilMs, pieces, longestHoldMs);
      const found = buckets.find(({ count }) => count > 0);
      if (found !== undefined) first = Math.min(first, found.firstAtMs);
    }
    return first;
  }

  async #read(id: string, failure: MachineFailure): Promise<void> {
    const asset = this.#plant.asset(failure.twin);
    if (asset === undefined) return;
    const names = propertiesOf(asset);
    const fromMs = await this.#begin(failure.twin, names, failure.atMs);
    const lengthMs = failure.atMs - fromMs;
    const properties: { name: string; buckets: Awaited<ReturnType<Historian['buckets']>> }[] = [];
    if (lengthMs >= mostPieces) {
      for (const name of names) properties.push({ name, buckets: await this.#plant.historian().buckets(failure.twin, name, fromMs, failure.atMs, mostPieces, longestHoldMs) });
    }
    // Meanwhile it may have been corrected.
    if (this.#known.get(id) !== failure) return;
    this.#put(id, { ...failure, run: storedRun(lengthMs, properties) ?? null });
  }

  #gatherAnswers(type: string): void {
    for (const asset of this.#plant.assets()) {
      if (asset.twin.type.name !== type) continue;
      for (const { id, answer, what = '', atMs, undone } of this.#plant.answers(asset.key)) {
        if (answer !== 'real') continue;
        if (undone === undefined && isFailure(what)) this.note(asset, { atMs, source: `answer:${id}`, what, failed: true });
        else this.#remove(`${asset.key}/answer:${id}`);
      }
    }
  }

  #of(type: string): MachineFailure[] {
    return [...this.#known.values()].filter((one) => one.type === type);
  }

  #put(id: string, failure: MachineFailure): void {
    this.#known.set(id, failure);
    this.#changed.add(id);
    this.#revision += 1;
    const same = [...this.#known].filter(([, { type }]) => type === failure.type).sort(([, one], [, other]) => one.atMs - other.atMs);
    for (const [oldest] of same.slice(0, Math.max(0, same.length - mostRuns))) this.#remove(oldest);
  }

  #remove(id: string): void {
    if (!this.#known.delete(id)) return;
    this.#changed.add(id);
    this.#revision += 1;
  }
}

function isFailure(said: string): boolean {
  return failureWords.test(said) && !noFailureWords.test(said);
}

/** What can tell how a machine is: all numbers but counters, which only grow. */
function propertiesOf(asset: AssetTwin): string[] {
  return asset.columns.filter(({ kind }) => kind !== 'counter').map(({ name }) => name).slice(0, mostRunColumns);
}
