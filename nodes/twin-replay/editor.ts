import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { startByButton } from '../../editor/startByButton.ts';

const dialog = form('twin-replay', fields);

RED.nodes.registerType('twin-replay', {
  category: 'digital twin',
  color: '#B6CBDC',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-replay.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin replay',
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
    visible() {
      return this['source'] === 'history' || String(this['file'] ?? '') !== '';
    },
    onclick() {
      startByButton(dialog, this, `twinwire/replay/${encodeURIComponent(this.id)}/start`, 'start');
    },
  },
  oneditprepare() {
    dialog.prepare(this);
  },
  oneditsave() {
    dialog.save(this);
  },
});
