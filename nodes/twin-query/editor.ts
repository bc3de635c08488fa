import { fields } from './config.ts';
import { form } from '../../editor/form.ts';

const dialog = form('twin-query', fields);

RED.nodes.registerType('twin-query', {
  category: 'digital twin',
  color: '#9FC3CC',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-query.svg',
  label() {
    return this.name || `${dialog.text('name')}: ${dialog.text(`option.ask.${String(this['ask'])}`)}`;
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin query',
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
