import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { offerTwins } from '../../editor/offerTwins.ts';

const dialog = form('twin-link', fields, {
  to: (value, node) => String(value ?? '').trim() !== String(node['from'] ?? '').trim() || dialog.text('check.sameTwin'),
});

RED.nodes.registerType('twin-link', {
  category: 'digital twin',
  color: '#9FC3CC',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-link.svg',
  label() {
    if (this.name) return this.name;
    const { from, to, relation } = this;
    return from && to ? `${String(from)} ${dialog.text(`option.relation.${String(relation)}`)} ${String(to)}` : dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin link',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    offerTwins(open, 'twins', 'site');
  },
  oneditsave() {
    dialog.save(this);
  },
});
