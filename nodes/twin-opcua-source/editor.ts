import { fields } from './config.ts';
import { unsetVariable } from '../../contract/fields.ts';
import { prepareFinding } from '../../editor/findMachines.ts';
import { form } from '../../editor/form.ts';
import { placeMachines, sourceRows } from '../../editor/placeMachines.ts';
import type { Review } from '../../editor/reviewMachines.ts';
import type { Row } from '../../editor/rowList.ts';

const dialog = form('twin-opcua-source', fields, {
  addresses: (value) => {
    const rows = Array.isArray(value) ? (value as { address?: unknown }[]) : [];
    const wrong = rows.find(({ address }) => !isAddress(String(address ?? '')));
    if (wrong !== undefined) return dialog.text('check.address', { address: String(wrong.address ?? '') });
    return true;
  },
});

/** Takes what has to be subscribed into the table, closes the dialog as Done does, and places the machines. */
function place(node: EditorNode, review: Review, present: readonly Row[], replace: (rows: readonly Row[]) => void): void {
  const chosen = review.chosen();
  const site = review.site();
  const known = new Set(present.map(({ address }) => address));
  replace([...present, ...sourceRows(chosen).filter(({ address }) => !known.has(address ?? ''))]);
  $('#node-dialog-ok').trigger('click');
  // After the dialog's own change, so that undo takes the machines away first.
  setTimeout(() => {
    const placed = placeMachines(node, chosen, site);
    RED.notify(placed === 1 ? dialog.text('find.placedOne') : dialog.text('find.placed', { machines: placed }), { type: 'success', timeout: 8000 });
  }, 300);
}

/** A variable of the environment stands for one until it runs. */
function isAddress(text: string): boolean {
  if ((unsetVariable(text) ?? '') !== '') return true;
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
    const addresses = open.list('addresses', {
      columns: { address: 'minmax(160px, 3fr)', what: '175px' },
      check: (rows) => rows.flatMap((row, index) => {
        const address = String(row['address'] ?? '');
        if (isAddress(address)) return [];
        return [{ index, field: 'address', text: dialog.text('check.address', { address }) }];
      }),
    });
    const ask = (): Record<string, unknown> | string => {
      const server = open.value('server');
      return server === '' ? dialog.text('find.noServer') : { server };
    };
    prepareFinding(dialog, open, {
      url: 'twinwire/opcua-source/find',
      ask,
      asksForSite: true,
      placeText: dialog.text('find.placeButton'),
      placeHint: dialog.text('find.placeHint'),
      onPlace: (review) => place(this, review, addresses.read(), addresses.replace),
    });
  },
  oneditsave() {
    dialog.save(this);
  },
});
