import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { preparePreview } from '../../editor/publishPreview.ts';

const dialog = form('twin-publish', fields, {
  prefix: (value) => !/^\s*\$|[+#]|\/\//.test(String(value ?? '')) || dialog.text('check.prefix'),
});

RED.nodes.registerType('twin-publish', {
  category: 'digital twin',
  color: '#B9C9CF',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-publish.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin publish',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    preparePreview(dialog, open, this);
  },
  oneditsave() {
    dialog.save(this);
  },
});
