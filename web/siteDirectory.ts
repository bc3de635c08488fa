import { Problem } from '../engine/problem.ts';
import type { AcknowledgeRequest, BackTest, Machine, MachineDetail, Overview, SiteReadinessReport } from '../contract/http.ts';
import type { LineStudyDesk } from '../contract/lineAnswers.ts';
import type { SiteAlarmDesk } from './alarmRoutes.ts';
import type { FeedbackDesk } from './feedbackRoutes.ts';
import type { SiteGate } from './pageAccess.ts';
import type { GraphDesk } from './graphRoutes.ts';
import type { LineDesk } from './lineRoutes.ts';
import type { SitePageSource, TwinPageChange, TwinPageSource } from './twinPageSource.ts';

/**
 * All sites of this process behind one page. Sites come and go with deploys while the page's route, once mounted, stays:
 * so the route asks the directory, and the directory asks whoever is there now. A site that fails to answer is left out
 * of that one answer and never takes the others with it.
 */
export class SiteDirectory implements TwinPageSource {
  readonly #sites = new Map<string, { source: SitePageSource; unsubscribe: () => void }>();
  readonly #listeners = new Set<(change: TwinPageChange) => void>();

  /**
   * A second site of the same id replaces the first (a deploy starts the new node before the page notices the old one is
   * gone). Returns the function that takes exactly this site out again.
   */
  add(source: SitePageSource): () => void {
    this.#sites.get(source.id)?.unsubscribe();
    const unsubscribeValues = source.subscribe((key) => this.#tell(key === undefined ? { site: source.id } : { site: source.id, key }));
    const unsubscribeUsers = source.gate?.users.onChange(() => this.#tell({ site: source.id }));
    const unsubscribe = (): void => {
      unsubscribeValues();
      unsubscribeUsers?.();
    };
    this.#sites.set(source.id, { source, unsubscribe });
    this.#tell({ site: source.id });
    return () => {
      if (this.#sites.get(source.id)?.source !== source) return;
      unsubscribe();
      this.#sites.delete(source.id);
      this.#tell({ site: source.id });
    };
  }

  /** Sites there now. */
  get size(): number {
    return this.#sites.size;
  }

  overview(): Overview {
    const sites: Overview['sites'] = [];
    let language: Overview['language'] | undefined;
    for (const { source } of this.#sites.values()) {
      try {
        sites.push(source.summary());
        language ??= source.language;
      } catch {
        // A site in the middle of its close; the page shows the others and hears of it when it is back.
      }
    }
    return { nowMs: sites[0]?.nowMs ?? Date.now(), language: language ?? 'en-US', sites };
  }

  machine(site: string, key: string): { machine: Machine; nowMs: number } | undefined {
    const source = this.#sites.get(site)?.source;
    const machine = source?.machine(key);
    return source && machine ? { machine, nowMs: source.nowMs() } : undefined;
  }

  async detail(site: string, key: string, minutes: number): Promise<MachineDetail | undefined> {
    return this.#sites.get(site)?.source.detail(key, minutes);
  }

  async backTest(site: string, key: string, perWeek?: number): Promise<BackTest | undefined> {
    return this.#sites.get(site)?.source.backTest?.(key, perWeek);
  }

  feedback(site: string): { desk: FeedbackDesk; nowMs: number } | undefined {
    const source = this.#sites.get(site)?.source;
    return source?.feedback === undefined ? undefined : { desk: source.feedback, nowMs: source.nowMs() };
  }

  alarms(site: string): SiteAlarmDesk | undefined {
    return this.#sites.get(site)?.source.alarms;
  }

  graph(site: string): GraphDesk | undefined {
    return this.#sites.get(site)?.source.graph;
  }

  lines(site: string): LineDesk | undefined {
    return this.#sites.get(site)?.source.lines;
  }

  studies(site: string): LineStudyDesk | undefined {
    return this.#sites.get(site)?.source.studies;
  }

  readiness(): SiteReadinessReport[] {
    return [...this.#sites.values()].flatMap(({ source }) => source.readiness?.() ?? []);
  }

  async acknowledge(request: AcknowledgeRequest): Promise<Machine> {
    const source = this.#sites.get(request.site)?.source;
    if (!source) {
      const found = 'This machine is not part of a running site.';
      throw new Problem('TWIN_MACHINE_UNKNOWN', found, 'Load the page again.', { site: request.site });
    }
    return source.acknowledge(request.key, request.case, request.by);
  }

  gates(): ReadonlyMap<string, SiteGate> {
    return new Map([...this.#sites].flatMap(([id, { source }]) => (source.gate === undefined ? [] : [[id, source.gate] as const])));
  }

  subscribe(listener: (change: TwinPageChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #tell(change: TwinPageChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
