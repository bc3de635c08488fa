import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { startByButton } from '../../editor/startByButton.ts';

const dialog = form('twin-what-if', fields, {
  changes: (value) => {
    const rows = Array.isArray(value) ? (value as Record<string, unknown>[]) : [];
    const isNumber = (text: unknown): boolean => /^[-+]?\d+([.,]\d+)?$/.test(String(text ?? '').trim());
    return rows.every(({ amount }) => isNumber(amount)) || dialog.text('check.amount');
  },
});

RED.nodes.registerType('twin-what-if', {
  category: 'digital twin',
  color: '#A9C7B8',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-what-if.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin what-if',
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
      startByButton(dialog, this, `twinwire/what-if/${encodeURIComponent(this.id)}/ask`, 'ask');
    },
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    open.list('changes', { columns: { kind: '158px', station: 'minmax(80px, 1fr)', property: 'minmax(70px, 1fr)', amount: '64px' } });
  },
  oneditsave() {
    dialog.save(this);
  },
});
