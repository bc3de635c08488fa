import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { preparePreview } from '../../editor/linePreview.ts';

const dialog = form('twin-history', fields);

RED.nodes.registerType('twin-history', {
  category: 'digital twin',
  color: '#A9C7D6',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-history.svg',
  align: 'right',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin history',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    preparePreview(dialog, open);
  },
  oneditsave() {
    dialog.save(this);
  },
});
