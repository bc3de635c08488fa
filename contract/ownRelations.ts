import type { OwnRelation } from './graph.ts';

/** A row of the site's table of relations, as it is typed. */
export interface OwnRelationRow {
  name: string;
  inverse: string;
  /** Kinds, in English or German, with commas between; empty: any. */
  from: string;
  to: string;
  acyclic: boolean;
}

/** `index`: the row, from 0. `found`: what stands there. */
export interface OwnRelationFault {
  index: number;
  field: keyof OwnRelationRow;
  fault: 'missing' | 'long' | 'ready' | 'twice' | 'kind';
  found: string;
}

/** The relations that are there already, each with its inverse. A test holds them against the graph's own. */
export const readyRelations: readonly (readonly [name: string, inverse: string])[] = [
  ['part of', 'has part'], ['feeds', 'fed by'], ['powers', 'powered by'], ['produced by', 'produces'], ['consumes', 'consumed by'], ['made from', 'goes into'], ['made for', 'yields'],
  ['operated by', 'operates'], ['serviced by', 'services'], ['follows', 'followed by'], ['must meet', 'required of'], ['measured by', 'measures'], ['located in', 'contains'],
  ['uses', 'used by'], ['documented by', 'documents'],
];

/** The ready ones as a German reader is told them. */
export const relationInGerman: ReadonlyMap<string, string> = new Map([
  ['part of', 'ist Teil von'], ['feeds', 'beliefert'], ['powers', 'versorgt'], ['produced by', 'hergestellt von'], ['consumes', 'verbraucht'], ['made from', 'gemacht aus'],
  ['made for', 'gemacht für'], ['operated by', 'bedient von'], ['serviced by', 'gewartet mit'], ['follows', 'folgt auf'], ['must meet', 'muss erfüllen'], ['measured by', 'gemessen von'],
  ['located in', 'steht in'], ['uses', 'benutzt'], ['documented by', 'belegt durch'],
]);

/** What may stand for a kind (ISO 23247-1:2021, 5.3), the usual word of each language first. */
export const kindWords: Readonly<Record<string, { en: readonly string[]; de: readonly string[] }>> = {
  personnel: { en: ['people', 'personnel', 'person'], de: ['Personen', 'Personal', 'Person'] },
  equipment: { en: ['machines', 'machine', 'equipment', 'tool', 'tools'], de: ['Maschinen', 'Maschine', 'Anlage', 'Anlagen', 'Werkzeug', 'Werkzeuge'] },
  material: { en: ['material', 'materials', 'lot', 'lots'], de: ['Material', 'Charge', 'Chargen'] },
  process: { en: ['orders', 'order', 'process', 'processes'], de: ['Aufträge', 'Auftrag', 'Prozess', 'Prozesse'] },
  facility: { en: ['places', 'place', 'facility', 'area'], de: ['Orte', 'Ort', 'Bereich', 'Bereiche'] },
  environment: { en: ['surroundings', 'environment'], de: ['Umgebung'] },
  product: { en: ['parts', 'part', 'product', 'products'], de: ['Teile', 'Teil', 'Produkt', 'Produkte'] },
  document: { en: ['documents', 'document', 'recipe', 'recipes'], de: ['Dokumente', 'Dokument', 'Rezept', 'Rezepte'] },
};

const longestName = 60;
const kindByWord: ReadonlyMap<string, string> = new Map(
  Object.entries(kindWords).flatMap(([kind, { en, de }]) => [...en, ...de].map((word): [string, string] => [word.toLowerCase(), kind])),
);

/** The table as relations, and what is wrong with it. A row with a fault gives none; rows without any name are left out. */
export function readOwnRelations(rows: readonly Partial<OwnRelationRow>[]): { relations: OwnRelation[]; faults: OwnRelationFault[] } {
  const relations: OwnRelation[] = [];
  const faults: OwnRelationFault[] = [];
  const taken = new Map<string, 'ready' | 'twice'>(readyRelations.flat().map((name) => [name, 'ready']));
  for (const [index, row] of rows.entries()) {
    const [name, inverse] = [nameOf(row.name), nameOf(row.inverse)];
    if (name === '' && inverse === '') continue;
    const before = faults.length;
    for (const [field, given] of [['name', name], ['inverse', inverse]] as const) {
      const known = taken.get(given.toLowerCase());
      if (given === '') faults.push({ index, field, fault: 'missing', found: '' });
      else if (given.length > longestName) faults.push({ index, field, fault: 'long', found: given.slice(0, longestName) });
      else if (known !== undefined) faults.push({ index, field, fault: known, found: given });
      else taken.set(given.toLowerCase(), 'twice');
    }
    const kinds = (field: 'from' | 'to'): string[] => {
      const words = String(row[field] ?? '').split(/[,;]/).map((word) => word.trim()).filter((word) => word !== '');
      for (const word of words) if (!kindByWord.has(word.toLowerCase())) faults.push({ index, field, fault: 'kind', found: word.slice(0, longestName) });
      return [...new Set(words.flatMap((word) => kindByWord.get(word.toLowerCase()) ?? []))];
    };
    const [from, to] = [kinds('from'), kinds('to')];
    if (faults.length === before) relations.push({ name, inverse, from, to, ...(row.acyclic === true && { acyclic: true }) });
  }
  return { relations, faults };
}

function nameOf(given: unknown): string {
  return String(given ?? '').trim().replaceAll(/\s+/g, ' ');
}
