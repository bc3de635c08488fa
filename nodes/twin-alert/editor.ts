import { fields } from './config.ts';
import { form } from '../../editor/form.ts';

const dialog = form('twin-alert', fields);

RED.nodes.registerType('twin-alert', {
  category: 'digital twin',
  color: '#B3D3BE',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-alert.svg',
  align: 'right',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin alert',
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
