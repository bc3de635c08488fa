import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { recordTemplates } from '../../editor/recordTemplates.ts';

const dialog = form('twin-record', fields, {
  mapping: (value) => (Array.isArray(value) && value.length > 0 ? true : dialog.text('check.noMapping')),
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
    const list = open.list('mapping', { columns: { role: '170px', place: 'minmax(140px, 1fr)' } });
    const fill = (): void => {
      const template = recordTemplates(open.value('template'), open.value('what'));
      if (template === undefined) return;
      open.set('each', template.each);
      open.set('recordId', template.id);
      list.replace(template.mapping.map(([role, place]) => ({ role, place })));
    };
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
