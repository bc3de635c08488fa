import { fields } from './config.ts';
import { form } from '../../editor/form.ts';

const dialog = form('twin-readiness', fields);

RED.nodes.registerType('twin-readiness', {
  category: 'digital twin',
  color: '#AFCFC9',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 2,
  icon: 'twin-readiness.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin readiness',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels(index) {
    return dialog.text(index === 0 ? 'port.report' : 'port.changes');
  },
  oneditprepare() {
    dialog.prepare(this);
  },
  oneditsave() {
    dialog.save(this);
  },
});
