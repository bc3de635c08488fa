import type { AlarmActionName } from '../contract/alarms.ts';
import type { SentValue } from '../contract/messages.ts';
import { Problem } from '../engine/problem.ts';
import type { AssetTwin } from '../engine/site/assetTwin.ts';
import type { Site } from '../engine/site/site.ts';

export type BitAction = 'acknowledge' | 'confirm' | 'reset' | 'shelve' | 'suppress' | 'takeOutOfService';

const ends: Partial<Record<BitAction, AlarmActionName>> = { suppress: 'unsuppress', takeOutOfService: 'returnToService' };

/**
 * Properties with which a PLC answers alarms: acknowledge, confirm, reset and shelve (until normal) when the bit rises, suppress and out of service
 * as long as it is set. Written to the journal as `plc`, by the name of the property.
 */
export class AlarmBits {
  readonly #bits: readonly { property: string; does: BitAction }[];
  readonly #last = new WeakMap<AssetTwin, Map<string, boolean>>();

  constructor(rows: readonly { property: string; does: string }[]) {
    this.#bits = rows.filter(({ property }) => property.trim() !== '').map(({ property, does }) => ({ property: property.trim(), does: does as BitAction }));
  }

  /** @param values of good quality that came anew */
  take(site: Site, asset: AssetTwin, values: Readonly<Record<string, SentValue>>): void {
    if (this.#bits.length === 0 || asset.replay !== undefined) return;
    let last = this.#last.get(asset);
    if (last === undefined) this.#last.set(asset, (last = new Map()));
    for (const { property, does } of this.#bits) {
      if (!Object.hasOwn(values, property)) continue;
      const value = values[property];
      if (typeof value !== 'boolean' && typeof value !== 'number') continue;
      const set = value === true || (typeof value === 'number' && value !== 0);
      const before = last.get(property);
      last.set(property, set);
      // The first value after a start is no edge: the bit may have been set for hours.
      if (before === set || (before === undefined && ends[does] === undefined)) continue;
      const action = set ? does : ends[does];
      if (action === undefined) continue;
      try {
        const why = asset.naming(property).label;
        site.alarms.act({ action, twin: asset.key, by: 'PLC', why, via: 'plc', ...(action === 'shelve' ? { oneShot: true } : {}) });
      } catch (problem) {
        // Nothing to acknowledge, or suppressed already: a bit says it again and again, and that is no fault.
        if (!(problem instanceof Problem)) throw problem;
      }
    }
  }
}
