import { Problem } from '../problem.ts';
import type { OwnRelation } from '../../contract/graph.ts';
import type { ElementKind } from './elementTypes.ts';
import { elementKinds } from './elementTypes.ts';

/** A directed relation: what it is called from either end, and which kinds it may join. No kinds: any. */
export interface RelationType {
  name: string;
  inverse: string;
  from: readonly ElementKind[];
  to: readonly ElementKind[];
  /** Nothing may be, at any time, part of itself through others. */
  acyclic?: boolean;
}

const made: readonly ElementKind[] = ['product', 'material'];

const ready: readonly RelationType[] = [
  { name: 'part of', inverse: 'has part', from: [], to: [], acyclic: true },
  { name: 'feeds', inverse: 'fed by', from: ['equipment'], to: ['equipment'] },
  { name: 'powers', inverse: 'powered by', from: ['equipment', 'facility'], to: ['equipment', 'facility'] },
  { name: 'produced by', inverse: 'produces', from: made, to: ['equipment', 'process'] },
  { name: 'consumes', inverse: 'consumed by', from: ['equipment', 'process'], to: made },
  { name: 'made from', inverse: 'goes into', from: made, to: made },
  { name: 'made for', inverse: 'yields', from: made, to: ['process'] },
  { name: 'operated by', inverse: 'operates', from: ['equipment', 'process'], to: ['personnel'] },
  { name: 'serviced by', inverse: 'services', from: ['equipment', 'facility'], to: ['process', 'personnel', 'equipment'] },
  { name: 'follows', inverse: 'followed by', from: ['process', 'product'], to: ['process', 'product'] },
  { name: 'must meet', inverse: 'required of', from: ['product', 'material', 'process', 'equipment'], to: ['document'] },
  { name: 'measured by', inverse: 'measures', from: [], to: ['equipment'] },
  { name: 'located in', inverse: 'contains', from: [], to: ['facility', 'equipment', 'environment'], acyclic: true },
  { name: 'uses', inverse: 'used by', from: ['equipment', 'process'], to: ['equipment', 'document'] },
  { name: 'documented by', inverse: 'documents', from: [], to: ['document'] },
];

/** The ready relations by their name; the ones of a site come on top. */
export const relationTypes: ReadonlyMap<string, RelationType> = new Map(ready.map((type) => [type.name, type]));

const longestName = 60;

/** The relation of that name, and whether it was named from its other end ("feeds" or "fed by"). */
export function relationNamed(name: string, own: ReadonlyMap<string, RelationType> = new Map()): { type: RelationType; inverted: boolean } | undefined {
  const direct = relationTypes.get(name) ?? own.get(name);
  if (direct !== undefined) return { type: direct, inverted: false };
  for (const type of [...ready, ...own.values()]) if (type.inverse === name) return { type, inverted: true };
  return undefined;
}

/**
 * A relation that a site adds, or one of its own that it defines anew.
 * @param known those it has
 * @throws Problem TWIN_RELATION_TYPE
 */
export function ownRelation(given: OwnRelation, known: ReadonlyMap<string, RelationType> = new Map()): RelationType {
  const wrong = (what: string): Problem =>
    new Problem('TWIN_RELATION_TYPE', `The relation "${given.name.slice(0, longestName)}" cannot be added: ${what}.`,
      'Correct it in the site: a name, its inverse and the kinds it joins.', { relation: given.name.slice(0, longestName) });
  for (const name of [given.name, given.inverse]) {
    if (name === '' || name.length > longestName) throw wrong('both names need 1 to 60 characters');
    if (relationNamed(name) !== undefined) throw wrong('that name is a ready relation');
    const other = relationNamed(name, known)?.type;
    if (other !== undefined && other.name !== given.name) throw wrong('another relation of the site has that name');
  }
  if (given.name === given.inverse) throw wrong('its inverse needs another name');
  for (const kind of [...given.from, ...given.to]) if (!elementKinds.includes(kind as ElementKind)) throw wrong('a kind is not known');
  const joined = { from: given.from as ElementKind[], to: given.to as ElementKind[] };
  return { name: given.name, inverse: given.inverse, ...joined, ...(given.acyclic === true && { acyclic: true }) };
}
