import { kindWords, readOwnRelations } from '../contract/ownRelations.ts';
import type { OwnRelationRow } from '../contract/ownRelations.ts';
import type { OpenForm } from './form.ts';
import type { Row, RowList, RowProblem } from './rowList.ts';
import type { TextValues } from './text.ts';

/** What is wrong with the site's table of relations, row by row. */
export function checkRelations(rows: readonly Row[], text: (key: string, values?: TextValues) => string): RowProblem[] {
  const { faults } = readOwnRelations(rows as unknown as Partial<OwnRelationRow>[]);
  return faults.map(({ index, field, fault, found }) => ({
    index, field, text: text(`check.relation.${fault}`, { found, kinds: words().join(', '), field: text(`column.relations.${field}`) }),
  }));
}

/** The table of a site's own relations. */
export function prepareRelationTable(open: OpenForm, text: (key: string, values?: TextValues) => string): RowList {
  return open.list('relations', {
    columns: { name: '1fr', inverse: '1fr', from: '1fr', to: '1fr' },
    details: [{ title: 'rule', fields: ['acyclic'], broad: true }],
    meaningfulWhenEmpty: ['from', 'to'],
    suggestions: { from: words, to: words },
    check: (rows) => checkRelations(rows, text),
  });
}

/** The names of a site's own relations, as its dialog has them now; those with a fault are left out. */
export function relationsOfSite(siteId: string): string[] {
  const rows = RED.nodes.node(siteId)?.['relations'];
  return Array.isArray(rows) ? readOwnRelations(rows as Partial<OwnRelationRow>[]).relations.map(({ name }) => name) : [];
}

function words(): string[] {
  const language = RED.i18n.lang().startsWith('de') ? 'de' : 'en';
  return Object.values(kindWords).map((kind) => kind[language][0] ?? '');
}
