import { Problem } from '../engine/problem.ts';
import type { AssetTwin } from '../engine/site/assetTwin.ts';
import type { Site } from '../engine/site/site.ts';

/**
 * The machines that a setting names; none named means all of the site.
 * @throws Problem TWIN_UNKNOWN
 */
export function assetsByKeys(site: Site, keys: readonly string[]): AssetTwin[] {
  if (keys.length === 0) return site.assets();
  return keys.map((key) => {
    const asset = site.asset(key);
    if (asset !== undefined) return asset;
    const shown = key.slice(0, 60);
    throw new Problem('TWIN_UNKNOWN', `There is no machine with the key "${shown}" in this site.`, 'Correct the keys in this node, or leave them empty for all machines.', { key: shown });
  });
}
