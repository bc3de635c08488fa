import { fields } from './config.ts';
import { prepareConnectionTest } from '../../editor/answer.ts';
import { form } from '../../editor/form.ts';

const dialog = form('twin-file', fields, {}, true);

RED.nodes.registerType('twin-file', {
  category: 'config',
  defaults: dialog.defaults,
  icon: 'twin-file.svg',
  label() {
    return this.name || String(this['folder'] ?? '') || dialog.text('name');
  },
  paletteLabel: 'twin-file',
  oneditprepare() {
    const open = dialog.prepare(this);
    prepareConnectionTest(dialog, open, this, 'twinwire/file/test');
  },
  oneditsave() {
    dialog.save(this);
  },
});
