import { fields } from './config.ts';
import { prepareListening, stopListening } from '../../editor/addressListener.ts';
import { prepareAnotherAsset } from '../../editor/anotherAsset.ts';
import { checkMapping, missingPlaceholders, prepareAddresses } from '../../editor/assetAddresses.ts';
import { checkLimits, prepareLimits } from '../../editor/assetLimits.ts';
import { checkKey, prepareKey } from '../../editor/assetKey.ts';
import { form } from '../../editor/form.ts';
import type { Row } from '../../editor/rowList.ts';
import { typeProperties } from '../../editor/typeProperties.ts';

const dialog = form('twin-asset', fields, {
  key: (value, node) => checkKey(String(value ?? '').trim(), node, dialog.text),
  place: (value) => !/[#+]|\/\//.test(String(value ?? '')) || dialog.text('check.place'),
  placeholders: (value, node) => {
    const missing = missingPlaceholders(typeProperties(String(node['assetType'] ?? '')), rowsOf(value));
    return missing.length === 0 || dialog.text('pattern.missing', { names: missing.map((name) => `{${name}}`).join(', ') });
  },
  mapping: (value, node) => {
    const found = checkMapping(rowsOf(value), typeProperties(String(node['assetType'] ?? '')), dialog.text);
    const problems = found.filter(({ allowed }) => allowed !== true);
    return problems.length === 0 || problems.map(({ index, text }) => `${dialog.text('list.row', { number: index + 1 })}: ${text}`);
  },
  limits: (value, node) => {
    const problems = checkLimits(rowsOf(value), typeProperties(String(node['assetType'] ?? '')), dialog.text);
    return problems.length === 0 || problems.map(({ index, text }) => `${dialog.text('list.row', { number: index + 1 })}: ${text}`);
  },
});

function rowsOf(value: unknown): Row[] {
  return Array.isArray(value) ? (value as Row[]) : [];
}

RED.nodes.registerType('twin-asset', {
  category: 'digital twin',
  color: '#8CC5C5',
  categoryDescription: 'Digital twins of machines, lines and plants',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 2,
  icon: 'twin-asset.svg',
  label() {
    return this.name || String(this['key'] ?? '') || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin asset',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels(index) {
    return dialog.text(index === 0 ? 'port.twin' : 'port.events');
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    prepareKey(dialog, open, this);
    const addresses = prepareAddresses(dialog, open);
    prepareLimits(dialog, open, this);
    prepareListening(dialog, open, this, addresses);
    prepareAnotherAsset(dialog, open, this, addresses);
  },
  oneditsave() {
    stopListening();
    dialog.save(this);
  },
  oneditcancel() {
    stopListening();
  },
});
