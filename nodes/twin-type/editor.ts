import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import type { Row, RowList } from '../../editor/rowList.ts';
import { showTypeChange, stopTypeChange } from '../../editor/typeVersions.ts';
import { checkProperties, numberFields, pointForComma, showsField, unitSuggestions } from '../../editor/typeChecks.ts';

const dialog = form(
  'twin-type',
  fields,
  {
    properties: (value) => {
      const problems = checkProperties(Array.isArray(value) ? (value as Row[]) : [], dialog.text);
      return problems.length === 0 || problems.map(({ index, text }) => `${dialog.text('list.row', { number: index + 1 })}: ${text}`);
    },
  },
  true,
);

RED.nodes.registerType('twin-type', {
  category: 'config',
  defaults: dialog.defaults,
  icon: 'twin-type.svg',
  label() {
    return this.name || dialog.text('name');
  },
  paletteLabel: 'twin-type',
  oneditprepare() {
    const open = dialog.prepare(this);
    const showing = showTypeChange(dialog, open, this, () => list);
    const list: RowList = open.list('properties', {
      columns: { name: 'minmax(80px, 3fr)', valueKind: '104px', unit: '62px', address: 'minmax(80px, 3fr)' },
      details: [
        { title: 'shown', fields: ['label', 'expression', 'counterBits'], broad: true },
        { title: 'limits', fields: ['highHigh', 'high', 'low', 'lowLow', 'deadband'] },
        { title: 'range', fields: ['rangeHigh', 'rangeLow', 'maximumRate'] },
        { title: 'arrival', fields: ['smallestChange', 'expectedInterval', 'uncertainIsBad'] },
      ],
      hidden: ['identity', 'convertFrom'],
      remembers: { field: 'identity', of: 'name' },
      shows: showsField,
      suggestions: { unit: () => unitSuggestions },
      check: (rows) => checkProperties(rows, dialog.text),
      onChange: () => showing.changed(),
    });
    for (const name of ['name', 'version', 'mode']) open.onChange(name, () => showing.changed());
  },
  oneditcancel: stopTypeChange,
  oneditsave() {
    stopTypeChange();
    dialog.save(this);
    for (const row of this['properties'] as Row[]) for (const field of numberFields) row[field] = pointForComma(row[field]);
  },
});
