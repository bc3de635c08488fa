import { fields } from './config.ts';
import { prepareConnectionTest } from '../../editor/answer.ts';
import { form } from '../../editor/form.ts';

const dialog = form(
  'twin-mqtt',
  fields,
  { url: (value) => /^(mqtts?|wss?):\/\/[^\s/]+/i.test(String(value ?? '')) || dialog.text('check.url') },
  true,
);

RED.nodes.registerType('twin-mqtt', {
  category: 'config',
  defaults: dialog.defaults,
  credentials: dialog.credentials,
  icon: 'twin-mqtt.svg',
  label() {
    return this.name || String(this['url'] ?? '') || dialog.text('name');
  },
  paletteLabel: 'twin-mqtt',
  oneditprepare() {
    const open = dialog.prepare(this);
    prepareConnectionTest(dialog, open, this, 'twinwire/mqtt/test');
  },
  oneditsave() {
    dialog.save(this);
  },
});
