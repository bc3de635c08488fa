import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { showLearning, stopLearning } from '../../editor/learningProgress.ts';

const dialog = form('twin-baseline', fields);

RED.nodes.registerType('twin-baseline', {
  category: 'digital twin',
  color: '#97C9C0',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-baseline.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin baseline',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  oneditprepare() {
    showLearning(dialog, dialog.prepare(this).element('progress'), this);
  },
  oneditsave() {
    stopLearning();
    dialog.save(this);
  },
  oneditcancel() {
    stopLearning();
  },
});
