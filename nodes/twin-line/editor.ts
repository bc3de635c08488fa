import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { showLearntWays } from '../../editor/learntWays.ts';

const hour = /^([01]?\d|2[0-3]):[0-5]\d$/;
const checkHour = (given: unknown, other: unknown): true | string => {
  const value = String(given ?? '').trim();
  if (value === '') return String(other ?? '').trim() === '' || dialog.text('check.hours');
  return hour.test(value) || dialog.text('check.hours');
};
const dialog = form('twin-line', fields, {
  stations: (value) => {
    const rows = Array.isArray(value) ? (value as Record<string, unknown>[]) : [];
    const isNumber = (text: unknown): boolean => /^(\d+([.,]\d+)?)?$/.test(String(text ?? '').trim());
    return rows.every(({ cycle, buffer }) => isNumber(cycle) && isNumber(buffer)) || dialog.text('check.number');
  },
  ways: (value) => {
    const rows = Array.isArray(value) ? (value as Record<string, unknown>[]) : [];
    return rows.every(({ seconds }) => /^(\d+([.,]\d+)?)?$/.test(String(seconds ?? '').trim())) || dialog.text('check.seconds');
  },
  plannedFrom: (value, node) => checkHour(value, node['plannedTo']),
  plannedTo: (value, node) => checkHour(value, node['plannedFrom']),
});

RED.nodes.registerType('twin-line', {
  category: 'digital twin',
  color: '#A9C7B8',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 3,
  icon: 'twin-line.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin line',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels(index) {
    return dialog.text(['port.figures', 'port.findings', 'port.events'][index] ?? 'port.figures');
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    open.list('stations', { ordered: true, columns: { key: 'minmax(76px, 1.2fr)', parts: 'minmax(64px, 1fr)', bad: 'minmax(64px, 1fr)', cycle: '54px', buffer: '54px' } });
    open.list('ways', { columns: { station: 'minmax(90px, 1fr)', serial: 'minmax(110px, 1.2fr)', seconds: '80px' } });
    void showLearntWays(dialog, open.element('learntWays'), this.id);
    open.list('modes', { columns: { mode: 'minmax(90px, 1fr)', meaning: '164px', station: 'minmax(80px, 1fr)' } });
  },
  oneditsave() {
    dialog.save(this);
  },
});
