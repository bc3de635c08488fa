import type { ChosenTwin, LineOrder, LineOrderStation, MachineCondition, TwinsOfSite } from '../../contract/http.ts';
import type { AssetTwin } from './assetTwin.ts';
import { conditionOf, machineOf, urgency } from './overview.ts';
import type { Site } from './site.ts';
import type { OpenLine } from './siteLines.ts';

const longestName = 200;
const mostNeighbours = 100;
const mostLines = 100;
/** As many as the list of a twin-line holds. */
const mostStations = 200;

/**
 * The machines of a site with what they are like now, for a tree of them: the most urgent first, so that what is cut is what needs no look.
 * @param search words that all have to occur in the name, key, type or place; '' = every machine
 * @param most so many machines at most; `count` tells how many there are
 */
export function twinsNow(site: Site, search: string, most: number): TwinsOfSite {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const found = new Map<MachineCondition, { asset: AssetTwin; letter: 'F' | 'C' | 'S' | 'M' | undefined }[]>(urgency.map((condition) => [condition, []]));
  let count = 0;
  for (const asset of site.assets()) {
    if (words.length > 0) {
      const { name, topic, type } = asset.twin;
      const text = `${name}\n${asset.key}\n${type.title}\n${topic}`.toLowerCase();
      if (!words.every((word) => text.includes(word))) continue;
    }
    const { condition, letter } = conditionOf(site, asset);
    found.get(condition)?.push({ asset, letter });
    count++;
  }
  const twins: TwinsOfSite['twins'] = [];
  for (const [condition, list] of found) {
    for (const { asset, letter } of list.slice(0, Math.max(0, most - twins.length))) {
      const { name, path } = asset.twin;
      twins.push({
        key: asset.key, name: name.slice(0, longestName), place: path.slice(0, -1).map((part) => part.slice(0, longestName)), condition,
        ...(letter !== undefined && { letter }),
      });
    }
  }
  return { site: site.options.id, name: site.options.name, count, twins, lines: site.lines.list().slice(0, mostLines).map((line) => orderOf(site, line)) };
}

function orderOf(site: Site, { key, stations }: Pick<OpenLine, 'key' | 'stations'>): LineOrder {
  const told = stations.slice(0, mostStations).map(({ key: station }): LineOrderStation => {
    const asset = site.asset(station);
    if (asset === undefined) return { key: station, name: station };
    const { condition, letter } = conditionOf(site, asset);
    return { key: station, name: asset.twin.name.slice(0, longestName), condition, ...(letter !== undefined && { letter }) };
  });
  const straight = told.length === stations.length && stations.every(({ before }, index) => (index === 0 ? before.length === 0 : before.length === 1 && before[0] === stations[index - 1]?.key));
  return { key, stations: told, straight };
}

/** One machine more closely: what it is like in words, and what stands beside it. undefined: there is none of this key. */
export function chosenTwin(site: Site, key: string): ChosenTwin | undefined {
  const asset = site.asset(key);
  if (asset === undefined) return undefined;
  const neighbours = site.relations.neighbours(key).slice(0, mostNeighbours)
    .map((neighbour) => {
      const other = site.asset(neighbour.key);
      return { ...neighbour, isMachine: other !== undefined, name: (other?.twin.name ?? neighbour.key).slice(0, longestName) };
    });
  return { site: site.options.id, key, sentence: machineOf(site, asset).sentence, neighbours };
}
