import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { startByButton } from '../../editor/startByButton.ts';

const dialog = form('twin-cause', fields);

RED.nodes.registerType('twin-cause', {
  category: 'digital twin',
  color: '#A9C7B8',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-cause.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin cause',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  button: {
    enabled() {
      return this.changed !== true;
    },
    onclick() {
      startByButton(dialog, this, `twinwire/cause/${encodeURIComponent(this.id)}/ask`, 'ask');
    },
  },
  oneditprepare() {
    dialog.prepare(this);
  },
  oneditsave() {
    dialog.save(this);
  },
});
