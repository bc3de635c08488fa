import { fields } from './config.ts';
import { prepareFactTable } from '../../editor/factTable.ts';
import { form } from '../../editor/form.ts';
import { offerRelations, relationIsKnown, relationLabel } from '../../editor/offerRelations.ts';
import { offerTwins } from '../../editor/offerTwins.ts';

const dialog = form('twin-link', fields, {
  from: (value, node) => (String(value ?? '').trim() === '' && String(node['to'] ?? '').trim() !== '' ? dialog.text('check.bothEnds') : true),
  relation: (value, node) => relationIsKnown(String(value ?? ''), String(node['site'] ?? '')) || dialog.text('check.relation', { relation: String(value) }),
  to: (value, node) => {
    const [from, to] = [String(node['from'] ?? '').trim(), String(value ?? '').trim()];
    if (to === '' && from !== '') return dialog.text('check.bothEnds');
    return to === '' || to !== from || dialog.text('check.sameTwin');
  },
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
    return from && to ? `${String(from)} ${relationLabel(String(relation), dialog.text)} ${String(to)}` : dialog.text('name');
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
    offerRelations(open, dialog.text, String(this['relation'] ?? 'feeds'));
    prepareFactTable(dialog, open, { url: 'twinwire/link', node: this });
    offerTwins(open, 'twins', 'site');
  },
  oneditsave() {
    dialog.save(this);
  },
});
