import type { MachineCondition, TwinsOfSite, TwinState } from '../contract/http.ts';

/** A place of a plant: enterprise, site, area, line, with what stands there. */
export interface TwinPlace {
  /** Different from that of every other place of the site. */
  id: string;
  name: string;
  places: TwinPlace[];
  twins: TwinState[];
  /** Machines here and below. */
  count: number;
  /** The machine here or below that needs a look first; absent: none does. */
  worst?: TwinState;
}

/** Deeper parts of a place stay together in one name. */
const deepest = 8;
const needsLook: readonly MachineCondition[] = ['case', 'limit', 'stale', 'acknowledged'];
const order = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/**
 * The machines of a site by place, in the order of their names. A place that only holds one other place shares its line with it, as
 * a sidebar is narrow.
 */
export function twinTree({ name, twins }: Pick<TwinsOfSite, 'name' | 'twins'>): TwinPlace {
  const root: TwinPlace = { id: '[]', name, places: [], twins: [], count: 0 };
  const known = new Map<string, TwinPlace>();
  for (const twin of twins) {
    const parts = twin.place.length <= deepest ? twin.place : [...twin.place.slice(0, deepest - 1), twin.place.slice(deepest - 1).join(' / ')];
    let place = root;
    count(place, twin);
    for (const [index, part] of parts.entries()) {
      const id = JSON.stringify(parts.slice(0, index + 1));
      let next = known.get(id);
      if (next === undefined) {
        next = { id, name: part, places: [], twins: [], count: 0 };
        known.set(id, next);
        place.places.push(next);
      }
      place = next;
      count(place, twin);
    }
    place.twins.push(twin);
  }
  root.places = root.places.map(joined);
  arrange(root);
  return root;
}

function count(place: TwinPlace, twin: TwinState): void {
  place.count++;
  const urgency = needsLook.indexOf(twin.condition);
  if (urgency >= 0 && (place.worst === undefined || urgency < needsLook.indexOf(place.worst.condition))) place.worst = twin;
}

function joined(place: TwinPlace): TwinPlace {
  const places = place.places.map(joined);
  const [only] = places;
  return places.length === 1 && only !== undefined && place.twins.length === 0 ? { ...only, name: `${place.name} / ${only.name}` } : { ...place, places };
}

function arrange(place: TwinPlace): void {
  place.places.sort((one, two) => order.compare(one.name, two.name));
  place.twins.sort((one, two) => order.compare(one.name, two.name) || order.compare(one.key, two.key));
  for (const below of place.places) arrange(below);
}
