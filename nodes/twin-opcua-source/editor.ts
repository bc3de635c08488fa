import { fields } from './config.ts';
import { form } from '../../editor/form.ts';

const dialog = form('twin-opcua-source', fields, {
  addresses: (value) => {
    const rows = Array.isArray(value) ? (value as { address?: unknown }[]) : [];
    const wrong = rows.find(({ address }) => !isAddress(String(address ?? '')));
    if (wrong !== undefined) return dialog.text('check.address', { address: String(wrong.address ?? '') });
    return true;
  },
});

function isAddress(text: string): boolean {
  return /^(?:nsu=[^;]+;|ns=\d{1,5};)?[isgb]=.+$/.test(text.trim());
}

RED.nodes.registerType('twin-opcua-source', {
  category: 'digital twin',
  color: '#B9C9CF',
  defaults: dialog.defaults,
  inputs: 0,
  outputs: 2,
  icon: 'twin-opcua-source.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin opcua source',
  outputLabels(index) {
    return dialog.text(index === 0 ? 'port.values' : 'port.events');
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    open.list('addresses', {
      columns: { address: 'minmax(160px, 3fr)', what: '175px' },
      check: (rows) => rows.flatMap((row, index) => {
        const address = String(row['address'] ?? '');
        if (isAddress(address)) return [];
        return [{ index, field: 'address', text: dialog.text('check.address', { address }) }];
      }),
    });
  },
  oneditsave() {
    dialog.save(this);
  },
});
