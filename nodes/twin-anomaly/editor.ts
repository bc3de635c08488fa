import { fields } from './config.ts';
import { prepareBackTest } from '../../editor/backTest.ts';
import { form } from '../../editor/form.ts';
import { prepareRate } from '../../editor/rate.ts';

const dialog = form('twin-anomaly', fields);

RED.nodes.registerType('twin-anomaly', {
  category: 'digital twin',
  color: '#A3CDBB',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-anomaly.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin anomaly',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    prepareRate(dialog, open, 'falseAlarmsPerWeek');
    prepareBackTest(dialog, open, this, 'falseAlarmsPerWeek', fields.falseAlarmsPerWeek);
  },
  oneditsave() {
    dialog.save(this);
  },
});
