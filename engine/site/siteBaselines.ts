import type { BaselineVersion, BaselineVersionWhy, LearnedFromHistory } from '../../contract/baseline.ts';
import { recordedRows } from '../history/recordedRows.ts';
import type { Historian, Json, StateStore } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { AssetTwin } from './assetTwin.ts';

/** Of each machine. The oldest goes first; what somebody asked to keep goes last. */
const mostVersions = 8;
const weekMs = 7 * 86_400_000;
/** Ticks between two looks at whether a version is due. */
const lookEvery = 240;
const indexPrefix = 'baselines/';
const longestNote = 200;
/** As at a twin-asset by default. */
const togetherMs = 20;
/** Rows that are lived through before others may get their turn. */
const rowsAtOnce = 50;
const importName = 'learned from history';

interface Index {
  v: 1;
  next: number;
  versions: BaselineVersion[];
}

/** What the site lends to its baselines. */
export interface BaselinePlant {
  nowMs: () => number;
  historian: () => Historian;
  asset: (key: string, replay?: string) => AssetTwin | undefined;
  /** The end of a replay; what it learned goes to the live machine. */
  takeOver: (key: string, replay: string) => void;
  dropReplay: (key: string, replay: string) => void;
  /** Resolves when what was handed over by `takeChanges` is on disk. */
  written: () => Promise<void>;
  /** Resolves when history that waits is in the historian. */
  historyWritten: () => Promise<void>;
  changed: (key: string) => void;
}

/**
 * What machines had learned, in versions to go back to: kept when a machine is learned for the first time, once a week, before anything is
 * forgotten, and when somebody asks. Only the lists are held in memory; what was learned stays on disk until it is wanted.
 */
export class SiteBaselines {
  readonly #plant: BaselinePlant;
  readonly #state: StateStore;
  readonly #indexes = new Map<string, Index>();
  readonly #importing = new Set<string>();
  #changes: { key: string; value: Json | null }[] = [];
  #ticks = 0;

  constructor(plant: BaselinePlant, state: StateStore) {
    this.#plant = plant;
    this.#state = state;
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#state.entries(indexPrefix)) {
      const { next, versions } = (value ?? {}) as { next?: Json; versions?: Json };
      if (typeof next === 'number' && Array.isArray(versions)) this.#indexes.set(key.slice(indexPrefix.length), { v: 1, next, versions: versions as unknown as BaselineVersion[] });
    }
  }

  /** Newest first. */
  versions(key: string): BaselineVersion[] {
    return [...(this.#indexes.get(key)?.versions ?? [])].reverse();
  }

  /** Keeps what the machine has learned until now. @returns its number */
  keep(asset: AssetTwin, why: BaselineVersionWhy, note = ''): number {
    const { key } = asset;
    const index = this.#indexes.get(key) ?? { v: 1, next: 1, versions: [] };
    const { next: number } = index;
    const version: BaselineVersion = {
      number,
      atMs: this.#plant.nowMs(),
      why,
      ...(note === '' ? {} : { note: note.slice(0, longestNote) }),
      percent: Math.floor(asset.progress().percent),
      drivers: [...asset.askedDrivers],
    };
    const versions = [...index.versions, version];
    while (versions.length > mostVersions) {
      const place = Math.max(0, versions.findIndex((one) => one.why !== 'hand' && one.number !== number));
      const [dropped] = versions.splice(place, 1);
      if (dropped !== undefined) this.#write(versionKey(key, dropped.number), null);
    }
    const kept: Index = { v: 1, next: number + 1, versions };
    this.#indexes.set(key, kept);
    this.#write(versionKey(key, number), asset.learned());
    this.#write(`${indexPrefix}${key}`, kept as unknown as Json);
    return number;
  }

  /** Before something is forgotten; what is hardly begun is not worth a version. */
  keepBefore(asset: AssetTwin, why: BaselineVersionWhy): void {
    if (asset.replay === undefined && asset.progress().phase !== 'learning') this.keep(asset, why);
  }

  /**
   * Takes an earlier version back. What was learned until now is kept as a version of its own, so that this can be undone too.
   * @throws Problem TWIN_UNKNOWN, TWIN_VERSION_UNKNOWN, TWIN_VERSION_OTHER_DRIVERS, TWIN_VERSION_OTHER_TYPE
   */
  async goBack(key: string, number: number): Promise<void> {
    const asset = this.#known(key);
    const version = this.#indexes.get(key)?.versions.find((one) => one.number === number);
    await this.#plant.written();
    const stored = version === undefined ? undefined : await this.#state.get(versionKey(key, number));
    if (version === undefined || stored === undefined) {
      throw new Problem('TWIN_VERSION_UNKNOWN', `"${key}" has no version ${number}.`, 'Choose one of the versions that the dialog of twin-baseline shows.', { key, number });
    }
    const asked = asset.askedDrivers;
    if (version.drivers.length !== asked.length || version.drivers.some((name, index) => name !== asked[index])) {
      const named = version.drivers.length === 0 ? '–' : version.drivers.join(', ');
      throw new Problem(
        'TWIN_VERSION_OTHER_DRIVERS', `Version ${number} of "${key}" was learned with other drivers: ${named}.`,
        'Enter these as "What sets the pace" in twin-baseline, deploy, and take the version back then.', { key, number, drivers: named },
      );
    }
    if (!asset.fits(stored.value)) {
      throw new Problem(
        'TWIN_VERSION_OTHER_TYPE', `Version ${number} of "${key}" has other properties than its type has today.`,
        'Go back to the earlier version of the type first, in the dialog of twin-type.', { key, number },
      );
    }
    this.keepBefore(asset, 'goBack');
    asset.goBack(stored.value);
    this.#plant.changed(key);
  }

  /**
   * Learns a stretch of the site's own history from the beginning, beside the running machine, and takes the result over. Live rows go on meanwhile; those
   * that come after `toMs` and before it is done are not in it.
   * @param pause lets others have their turn; called every 50 rows
   * @throws Problem TWIN_UNKNOWN, TWIN_IMPORT_RUNNING, TWIN_IMPORT_EMPTY
   */
  async learnFromHistory(key: string, fromMs: number, toMs: number, pause: () => Promise<void>): Promise<LearnedFromHistory> {
    const live = this.#known(key);
    if (this.#importing.has(key)) throw new Problem('TWIN_IMPORT_RUNNING', `"${key}" is already learning from history.`, 'Wait until it is done.', { key });
    this.#importing.add(key);
    const replay = `${importName} ${key}`;
    try {
      await this.#plant.historyWritten();
      const asset = this.#plant.asset(key, replay) as AssetTwin;
      asset.takeSettingsOf(live);
      const measured = live.twin.type.properties.filter(({ kind }) => kind !== 'derived').map(({ name }) => name);
      let rows = 0;
      let firstMs = NaN;
      let lastMs = NaN;
      for await (const { timeMs, points } of recordedRows(this.#plant.historian(), key, measured, fromMs, toMs, togetherMs)) {
        asset.liveThrough(points, timeMs);
        if (rows === 0) firstMs = timeMs;
        lastMs = timeMs;
        rows += 1;
        if (rows % rowsAtOnce === 0) await pause();
      }
      if (rows === 0) {
        throw new Problem('TWIN_IMPORT_EMPTY', `No history of "${key}" is on record for this time.`, 'Choose a longer time, or let the machine learn from now on.', { key });
      }
      // The machine may have gone meanwhile.
      this.#known(key);
      this.#plant.takeOver(key, replay);
      return { rows, fromMs: firstMs, toMs: lastMs };
    } finally {
      this.#importing.delete(key);
      this.#plant.dropReplay(key, replay);
    }
  }

  /** Looks now and then whether a version is due. */
  tick(assets: () => readonly AssetTwin[]): void {
    this.#ticks += 1;
    if (this.#ticks % lookEvery !== 0) return;
    const nowMs = this.#plant.nowMs();
    for (const asset of assets()) {
      if (asset.cases.open !== undefined || asset.isOff || asset.progress().phase !== 'armed') continue;
      const versions = this.#indexes.get(asset.key)?.versions ?? [];
      const last = versions.at(-1);
      if (last === undefined) this.keep(asset, 'armed');
      else if (nowMs - last.atMs >= weekMs && (asset.twin.timeMs ?? 0) > last.atMs) this.keep(asset, 'weekly');
    }
  }

  takeChanges(): readonly { key: string; value: Json | null }[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  #known(key: string): AssetTwin {
    const asset = this.#plant.asset(key);
    if (asset === undefined) throw new Problem('TWIN_UNKNOWN', `There is no machine with the key "${key}" in this site.`, 'Send the key of a twin-asset node in `twin`.', { key });
    return asset;
  }

  #write(key: string, value: Json | null): void {
    this.#changes = this.#changes.filter((change) => change.key !== key);
    this.#changes.push({ key, value });
  }
}

function versionKey(key: string, number: number): string {
  return `baseline/${key}/${number}`;
}
