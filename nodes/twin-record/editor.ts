import { fields } from './config.ts';
import { prepareFactTable } from '../../editor/factTable.ts';
import { form } from '../../editor/form.ts';
import { checkMapping } from '../../editor/recordMapping.ts';
import { recordTemplates } from '../../editor/recordTemplates.ts';
import { relationsOfSite } from '../../editor/relationTable.ts';
import type { Row } from '../../editor/rowList.ts';

const dialog = form('twin-record', fields, {
  mapping(value) {
    if (!Array.isArray(value) || value.length === 0) return dialog.text('check.noMapping');
    const problems = checkMapping(value as Row[], dialog.text);
    return problems.length === 0 || problems.slice(0, 5).map(({ index, text }) => `${dialog.text('list.row', { number: index + 1 })}: ${text}`);
  },
});

RED.nodes.registerType('twin-record', {
  category: 'digital twin',
  color: '#9FC3CC',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-record.svg',
  label() {
    return this.name || `${dialog.text('name')}: ${dialog.text(`option.what.${String(this['what'])}`)}`;
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin record',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    const list = open.list('mapping', {
      columns: { role: '170px', place: 'minmax(140px, 1fr)' },
      details: [{ title: 'related', fields: ['relation', 'type'], broad: true }],
      shows: (row) => row['role'] === 'related',
      suggestions: { relation: () => relationsOfSite(open.value('site')) },
      check: (rows) => checkMapping(rows, dialog.text),
    });
    const fill = (): void => {
      const template = recordTemplates(open.value('template'), open.value('what'));
      if (template === undefined) return;
      open.set('each', template.each);
      open.set('recordId', template.id);
      list.replace(template.mapping.map(([role, place]) => ({ role, place })));
    };
    prepareFactTable(dialog, open, { url: 'twinwire/record', node: this, config: () => ({ ...open.values(), mapping: list.read() }) });
    // Other shapes come in messages, never as a table.
    const showTable = (): void => {
      open.element('facts-section').hidden = !['own', 'flat', 'csv'].includes(open.value('template'));
    };
    showTable();
    open.onChange('template', showTable);
    let chosen = `${open.value('template')} ${open.value('what')}`;
    for (const name of ['template', 'what']) {
      open.onChange(name, () => {
        const now = `${open.value('template')} ${open.value('what')}`;
        if (now === chosen) return;
        chosen = now;
        fill();
      });
    }
  },
  oneditsave() {
    dialog.save(this);
  },
});
