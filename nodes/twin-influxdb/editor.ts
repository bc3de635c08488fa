import { fields } from './config.ts';
import { prepareConnectionTest } from '../../editor/answer.ts';
import { form } from '../../editor/form.ts';

const dialog = form(
  'twin-influxdb',
  fields,
  { url: (value) => String(value ?? '').trim() === '' || /^https?:\/\/[^\s/]+/i.test(String(value)) || dialog.text('check.url') },
  true,
);

RED.nodes.registerType('twin-influxdb', {
  category: 'config',
  defaults: dialog.defaults,
  credentials: dialog.credentials,
  icon: 'twin-influxdb.svg',
  label() {
    return this.name || String(this['url'] ?? '') || dialog.text('name');
  },
  paletteLabel: 'twin-influxdb',
  oneditprepare() {
    const open = dialog.prepare(this);
    prepareConnectionTest(dialog, open, this, 'twinwire/influxdb/test');
  },
  oneditsave() {
    dialog.save(this);
  },
});
