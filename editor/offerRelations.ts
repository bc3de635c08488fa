import type { OpenForm } from './form.ts';
import { relationsOfSite } from './relationTable.ts';
import type { TextValues } from './text.ts';

/** Relations that make sense between machines and places; the others are told by records. */
const drawn = ['feeds', 'part of', 'powers', 'measured by', 'located in', 'serviced by'];

export function relationLabel(relation: string, text: (key: string, values?: TextValues) => string): string {
  return drawn.includes(relation) ? text(`option.relation.${relation}`) : relation;
}

/** An environment variable stands for one that only the deploy knows. */
export function relationIsKnown(relation: string, siteId: string): boolean {
  return relation === '' || relation.startsWith('$') || drawn.includes(relation) || relationsOfSite(siteId).includes(relation);
}

/** Fills the choice of relations: the ready ones, then those of the chosen site, and the saved one if neither has it. */
export function offerRelations(open: OpenForm, text: (key: string, values?: TextValues) => string, saved: string): void {
  const select = open.input('relation') as unknown as HTMLSelectElement;
  const fill = (wanted: string): void => {
    const own = relationsOfSite(open.value('site'));
    const names = [...drawn, ...own, ...(wanted === '' || drawn.includes(wanted) || own.includes(wanted) ? [] : [wanted])];
    select.replaceChildren(...names.map((name) => new Option(relationLabel(name, text), name)));
    select.value = wanted === '' ? 'feeds' : wanted;
  };
  fill(saved);
  open.onChange('site', () => fill(select.value));
}
