import { settingNumber } from '../contract/settingNumber.ts';
import type { Form, OpenForm } from './form.ts';
import type { Row, RowProblem } from './rowList.ts';
import type { TextValues } from './text.ts';
import { typeProperties } from './typeProperties.ts';

const limits = ['lowLow', 'low', 'high', 'highHigh'] as const;

/** The table of limits that hold for this machine alone; open where there are some. */
export function prepareLimits(dialog: Form, open: OpenForm, node: EditorNode): void {
  const properties = (): { name: string }[] => typeProperties(open.value('assetType'));
  const list = open.list('limits', {
    columns: { property: 'minmax(100px, 1fr)', lowLow: '72px', low: '72px', high: '72px', highHigh: '72px' },
    suggestions: { property: () => properties().map(({ name }) => name) },
    meaningfulWhenEmpty: limits,
    check: (rows) => checkLimits(rows, properties(), dialog.text),
  });
  const rows = node['limits'];
  if (Array.isArray(rows) && rows.length > 0) open.element<HTMLDetailsElement>('limits-section').open = true;
  open.onChange('assetType', () => list.refresh());
}

/** What is wrong with a machine's own limits. Whether they rise together with those of the type is told when the node starts. */
export function checkLimits(
  rows: readonly Row[],
  properties: readonly { name: string }[],
  text: (key: string, values?: TextValues) => string,
): RowProblem[] {
  const problems: RowProblem[] = [];
  const known = new Set(properties.map(({ name }) => name));
  for (const [index, row] of rows.entries()) {
    const property = String(row['property'] ?? '');
    const say = (field: string, problem: string, values: TextValues = {}): void => void problems.push({ index, field, text: text(`check.${problem}`, values) });
    if (property === '') say('property', 'propertyMissing');
    else if (known.size > 0 && !known.has(property)) say('property', 'propertyUnknown', { property });
    for (const limit of limits) {
      if (settingNumber(String(row[limit] ?? '')) === undefined) say(limit, 'notANumber', { column: text(`column.limits.${limit}`) });
    }
    const rising = limits.map((limit) => settingNumber(String(row[limit] ?? ''))).filter((number) => number !== null && number !== undefined);
    if (rising.some((number, place) => place > 0 && number <= (rising[place - 1] as number))) say('property', 'limitOrder');
  }
  return problems;
}
