import type { Conclusion, ConclusionAnswer, ReadinessRow, TwinReadiness } from '../../contract/messages.ts';
import type { Json } from '../ports.ts';
import { ObservationFacts } from '../readiness/observationFacts.ts';
import type { AssetTwin } from './assetTwin.ts';
import { mayConclude, readinessCaution, readinessRows, twinReadiness } from './twinReadiness.ts';

/** Facts are written once a minute: after a power cut a minute of a day is missing, and the disk is spared. */
const writtenEveryMs = 60_000;
/** What the grades say is looked up again so often. */
const gradedEveryMs = 10_000;

interface WatchedAsset {
  asset: AssetTwin;
  /** Monotonic. */
  writtenMs: number;
  gradedMs: number;
}

/**
 * Gathers facts about the data of a site's machines while a twin-readiness stands in the flow, and keeps them under the key
 * `readiness/<twin>` of the site's store: apart from what was learned, for they are larger and less precious.
 */
export class SiteReadiness {
  readonly #rate: number;
  readonly #nodes = new Set<string>();
  readonly #assets = new Map<string, WatchedAsset>();
  readonly #saved = new Map<string, Json>();
  #changes: { key: string; value: Json }[] = [];

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Takes over what an earlier process gathered of one twin. */
  load(twin: string, saved: Json): void {
    this.#saved.set(twin, saved);
  }

  get isWatching(): boolean {
    return this.#nodes.size > 0;
  }

  addNode(nodeId: string): void {
    this.#nodes.add(nodeId);
    for (const { asset } of this.#assets.values()) this.#watch(asset);
  }

  removeNode(nodeId: string): void {
    this.#nodes.delete(nodeId);
    if (this.isWatching) return;
    for (const { asset } of this.#assets.values()) this.#keep(asset);
  }

  /** A machine came, or the twin of its replay. */
  add(asset: AssetTwin): void {
    if (asset.replay === undefined) this.#assets.set(asset.key, { asset, writtenMs: 0, gradedMs: -Infinity });
    if (this.isWatching) this.#watch(asset);
  }

  /** A machine goes. What was gathered is kept. */
  remove(key: string): void {
    const known = this.#assets.get(key);
    if (known === undefined) return;
    this.#keep(known.asset);
    this.#assets.delete(key);
  }

  #watch(asset: AssetTwin): void {
    if (asset.facts !== undefined) return;
    const facts = new ObservationFacts(asset.twin.type.properties, this.#rate);
    if (asset.replay === undefined) facts.restore(this.#saved.get(asset.key));
    asset.facts = facts;
    asset.twin.listener = facts;
  }

  #keep(asset: AssetTwin): void {
    const { facts } = asset;
    if (facts === undefined) return;
    asset.facts = undefined;
    asset.twin.listener = undefined;
    asset.caution = undefined;
    const value = facts.snapshot();
    this.#saved.set(asset.key, value);
    this.#change(asset.key, value);
  }

  #change(twin: string, value: Json): void {
    const key = `readiness/${twin}`;
    this.#changes = this.#changes.filter((change) => change.key !== key);
    this.#changes.push({ key, value });
  }

  /** Time passes: grades one machine that waits for it, and readies one that is to be written. */
  tick(siteNowMs: number, monotonicMs: number): void {
    if (!this.isWatching) return;
    let graded = false;
    let written = false;
    for (const watched of this.#assets.values()) {
      const { asset } = watched;
      if (asset.facts === undefined) continue;
      if (!graded && monotonicMs - watched.gradedMs >= gradedEveryMs) {
        graded = true;
        watched.gradedMs = monotonicMs;
        asset.caution = readinessCaution(asset, siteNowMs, this.#rate);
      }
      if (!written && monotonicMs - watched.writtenMs >= writtenEveryMs) {
        written = true;
        // The first minute passes before anything is worth writing.
        if (watched.writtenMs > 0) this.#change(asset.key, asset.facts.snapshot());
        watched.writtenMs = monotonicMs;
      }
    }
  }

  /** Readies everything for writing: the site stops. */
  keepAll(): void {
    for (const { asset } of this.#assets.values()) if (asset.facts !== undefined) this.#change(asset.key, asset.facts.snapshot());
  }

  /** What is to be written, once. */
  takeChanges(): { key: string; value: Json }[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** Asked before something is concluded from the data of a machine, or of one property: a forecast that gets anything but yes says the reason instead. */
  mayConclude(asset: AssetTwin, conclusion: Conclusion, siteNowMs: number, property?: string): ConclusionAnswer {
    return mayConclude(asset, conclusion, siteNowMs, this.#rate, property);
  }

  /** The report of a machine, and its lines of the table; undefined while nobody watches. */
  report(asset: AssetTwin, siteNowMs: number): { report: TwinReadiness; rows: ReadinessRow[] } | undefined {
    const report = twinReadiness(asset, siteNowMs, this.#rate);
    return report === undefined ? undefined : { report, rows: readinessRows(asset, report, siteNowMs) };
  }
}
