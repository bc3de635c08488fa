import type { Field, Fields } from '../../../contract/fields.ts';

/** Values with which a node does something, beside its defaults. A node that is not here is filled in from its fields alone. */
const values: Record<string, Record<string, unknown>> = {
  'twin-site': { name: 'Test plant' },
  'twin-type': {
    name: 'press',
    properties: [
      { name: 'temperature', unit: 'Cel', valueKind: 'measured', address: '{machine}.Temperature', rangeLow: '-50', rangeHigh: '500', high: '90' },
      { name: 'pressure', unit: 'bar', valueKind: 'measured', address: '{machine}.Pressure' },
      { name: 'cycles', valueKind: 'counter', address: '{machine}.Cycles', counterBits: '16' },
    ],
  },
  'twin-asset': { name: 'Press 1', key: 'press1', place: 'plant/line1', placeholders: [{ name: 'machine', value: 'Press1' }], together: 0 },
  'twin-assets': {
    assetType: 'config-twin-type', machines: [{ key: 'press1', name: 'Press 1', place: 'plant/line1' }, { key: 'press2', name: 'Press 2', place: 'plant/line1' }],
    settings: [{ machine: 'press1', setting: 'machine', value: 'Press1' }, { machine: 'press2', setting: 'machine', value: 'Press2' }], together: 0,
  },
  'twin-link': { from: 'press1', relation: 'feeds', to: 'press2' },
  // Nothing listens on port 1: an unreachable service is the ordinary case for a check.
  'twin-mqtt': { url: 'mqtt://127.0.0.1:1' },
  'twin-influxdb': { url: 'http://127.0.0.1:1' },
  'twin-opcua': { url: 'opc.tcp://127.0.0.1:1' },
  'twin-opcua-source': { addresses: [{ address: 'ns=2;s=Press1.Temperature', what: 'value' }] },
};

/** A message of the kind that a node is made for. */
export function ordinaryMessage(type: string, index: number): Record<string, unknown> {
  if (type === 'twin-replay') {
    const time = Date.UTC(2026, 0, 1) + index * 60_000;
    return { topic: 'rows', payload: [{ time, 'Press1.Temperature': 60 + index, 'Press1.Pressure': 180 }] };
  }
  if (type === 'twin-link') return { command: { do: 'link', from: 'press1', relation: 'powers', to: `press${index + 2}` } };
  return { topic: 'Press1.Temperature', payload: 60 + (index % 7) / 10, timestamp: Date.now() + index };
}

/** Nodes that take what a twin sends, so that a twin-asset stands before them. */
export function needsAsset(type: string): boolean {
  return !['twin-asset', 'twin-assets', 'twin-replay', 'twin-link'].includes(type);
}

/** A node's properties for a flow: its defaults, the fixture's values, and something in each required text. */
export function filledIn(type: string, fields: Fields, references: ReadonlyMap<string, string>): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) filled[name] = valueOf(name, field, references);
  return { ...filled, ...values[type] };
}

function valueOf(name: string, field: Field, references: ReadonlyMap<string, string>): unknown {
  switch (field.kind) {
    case 'reference':
      return field.required === true ? (references.get(field.to) ?? '') : '';
    case 'text':
      return field.required === true && field.default === '' ? name : field.default;
    case 'list':
      return [];
    case 'credential':
      return undefined;
    default:
      return field.default;
  }
}
