import type { OutboxWork, SiteOutbox } from '../contract/http.ts';
import type { OutboxDepth } from '../engine/ports.ts';
import type { Delivery, DeliveryState } from '../engine/site/delivery.ts';
import type { Site } from '../engine/site/site.ts';
import { problemIn } from './problemSentences.ts';

interface Running {
  delivery: Delivery;
  /** The node's name for people. */
  title: string;
  node: string;
}

const ofSites = new WeakMap<Site, Deliveries>();

export function deliveriesOf(site: Site): Deliveries {
  let deliveries = ofSites.get(site);
  if (deliveries === undefined) {
    deliveries = new Deliveries(site);
    ofSites.set(site, deliveries);
  }
  return deliveries;
}

const shownRejected = 20;
const shownGaps = 20;
const longestShown = 500;

/** What a site has to deliver: the nodes that do, and what a node left that is in the flow no more. */
export class Deliveries {
  readonly #site: Site;
  readonly #running = new Map<string, Running>();

  constructor(site: Site) {
    this.#site = site;
  }

  add(target: string, running: Running): () => void {
    this.#running.set(target, running);
    return () => {
      if (this.#running.get(target) === running) this.#running.delete(target);
    };
  }

  /** @param language of the reader; that of the site otherwise */
  async list(language = this.#site.options.language): Promise<SiteOutbox[]> {
    const { outbox } = this.#site;
    const targets = [...new Set([...this.#running.keys(), ...(await outbox.targets())])].sort();
    return Promise.all(targets.map(async (target): Promise<SiteOutbox> => {
      const running = this.#running.get(target);
      const state: OutboxDepth & Partial<DeliveryState> = running === undefined ? await outbox.depth(target) : await running.delivery.state();
      const rejected = await outbox.rejected(target, shownRejected);
      const gaps = await outbox.gaps(target);
      return {
        target,
        kind: target.slice(0, target.indexOf(':') + 1).replace(':', ''),
        ...(running !== undefined && { title: running.title, node: running.node }),
        waiting: state.records,
        bytes: state.bytes,
        ...(state.oldestMs !== undefined && { oldestMs: state.oldestMs }),
        perSecond: state.deliveredPerSecond ?? 0,
        ...(state.problem !== undefined && { problem: problemIn(state.problem, language).found }),
        refused: state.setAside,
        refusals: rejected.map(({ body, reason, rejectedMs }) => ({ text: short(body), reason: short(reason), atMs: rejectedMs })),
        lost: gaps.reduce((sum, { records }) => sum + records, 0),
        gaps: gaps.slice(-shownGaps).map(({ records, fromMs, toMs, reason }) => ({ records, fromMs, toMs, reason })),
      };
    }));
  }

  /** Does what a person asked for; false: there is nothing of that kind. */
  async work({ action, target }: OutboxWork): Promise<boolean> {
    const { outbox } = this.#site;
    const running = this.#running.get(target);
    if (action === 'remove') {
      // What a node still uses is not taken from under its feet.
      if (running !== undefined || !(await outbox.targets()).includes(target)) return false;
      await outbox.remove(target);
      return true;
    }
    const sequences = (await outbox.rejected(target, Infinity)).map(({ sequence }) => sequence);
    if (sequences.length === 0 || (action === 'retry' && running === undefined)) return false;
    if (action === 'discard') await outbox.discard(target, sequences);
    else {
      await outbox.retry(target, sequences);
      running?.delivery.retryNow();
    }
    return true;
  }

  /** Every refused record of a target, one JSON object to a line. */
  async exported(target: string): Promise<string> {
    const rejected = await this.#site.outbox.rejected(target, Infinity);
    return rejected.map(({ idempotencyKey, body, reason, acceptedMs, rejectedMs }) => `${JSON.stringify({
      accepted: new Date(acceptedMs).toISOString(), refused: new Date(rejectedMs).toISOString(), reason, key: idempotencyKey, record: body,
    })}\n`).join('');
  }
}

function short(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown - 1)}…` : text;
}
