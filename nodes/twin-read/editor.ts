import { fields } from './config.ts';
import { form } from '../../editor/form.ts';

const dialog = form('twin-read', fields);

RED.nodes.registerType('twin-read', {
  category: 'digital twin',
  color: '#A9C7D6',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-read.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin read',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  oneditprepare() {
    dialog.prepare(this);
  },
  oneditsave() {
    dialog.save(this);
  },
});
