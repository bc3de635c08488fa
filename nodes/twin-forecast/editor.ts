import { fields } from './config.ts';
import { showForecasts } from '../../editor/forecastsNow.ts';
import { form } from '../../editor/form.ts';

const dialog = form('twin-forecast', fields, {
  limit: (value) => {
    const text = String(value ?? '').trim();
    return text === '' || /^[-+]?\d+([.,]\d+)?$/.test(text) || dialog.text('check.limit');
  },
});

RED.nodes.registerType('twin-forecast', {
  category: 'digital twin',
  color: '#B9C9CF',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 2,
  icon: 'twin-forecast.svg',
  label() {
    return this.name || (this.property ? `${dialog.text('name')} ${String(this.property)}` : dialog.text('name'));
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin forecast',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels(index) {
    return dialog.text(index === 0 ? 'port.output' : 'port.warning');
  },
  oneditprepare() {
    void showForecasts(dialog, dialog.prepare(this).element('now'), this.id);
  },
  oneditsave() {
    dialog.save(this);
  },
});
