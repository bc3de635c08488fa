import { fields } from './config.ts';
import { form } from '../../editor/form.ts';

const dialog = form('twin-feedback', fields);

RED.nodes.registerType('twin-feedback', {
  category: 'digital twin',
  color: '#B3D3BE',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 2,
  icon: 'twin-feedback.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin feedback',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels(index) {
    return dialog.text(index === 0 ? 'port.asked' : 'port.done');
  },
  oneditprepare() {
    dialog.prepare(this);
  },
  oneditsave() {
    dialog.save(this);
  },
});
