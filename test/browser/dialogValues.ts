import type { Field, Fields } from '../../contract/fields.ts';
import { nodeNames } from '../../scripts/buildEditor.ts';
import type { FlowNode } from '../flows/startNodeRed.ts';

export interface NodeFields {
  type: string;
  fields: Fields;
  isConfig: boolean;
}

/** The nodes of the package with their fields, as the folders have them. */
export async function nodesWithFields(): Promise<NodeFields[]> {
  const configTypes = new Set<string>(['twin-site', 'twin-type']);
  const nodes: NodeFields[] = [];
  for (const type of await nodeNames()) {
    const { fields } = (await import(`../../nodes/${type}/config.ts`)) as { fields: Fields };
    for (const field of Object.values(fields)) if (field.kind === 'reference') configTypes.add(field.to);
    nodes.push({ type, fields, isConfig: false });
  }
  return nodes.map((node) => ({ ...node, isConfig: configTypes.has(node.type) }));
}

/** Valid values where any text would not do. */
const texts: Readonly<Record<string, string>> = {
  'twin-site.clockRate': '60',
  'twin-site.clockOrigin': '2026-05-04T06:00:00Z',
  'twin-mqtt.url': 'mqtts://broker.example:8883',
  'twin-opcua.url': 'opc.tcp://plc.example:4840/path',
  'twin-influxdb.url': 'https://influx.example:8086',
  'twin-asset.key': 'press-7',
  'twin-publish.prefix': 'enterprise/uns',
  'twin-alert.quietFrom': '22:00',
  'twin-alert.quietWhile': 'temperature < 5',
  'twin-alert.quietTo': '06:00',
  'twin-asset.place': 'plant/line 9',
  'twin-assets.topic': 'plant/+/{machine}/#',
  'twin-assets.file': 'machines.csv',
  'twin-forecast.limit': '80,5',
  'twin-line.key': 'line-1',
  'twin-line.plannedFrom': '06:00',
  'twin-line.plannedTo': '22:00',
  'twin-cause.line': 'line-1',
  'twin-cause.station': 'labeller <b>',
  'twin-what-if.line': 'line-1',
  'twin-what-if.scenario': 'sealer +5 % <i>',
};

/**
 * Rows to type in; what a row leaves out keeps its default. None is `__proto__` alone: Node-RED's own editor hangs on any node with a property
 * that is just this word, its name included.
 */
const rows: Readonly<Record<string, readonly Record<string, string | number | boolean>[]>> = {
  'twin-type.properties': [
    {
      name: 'temperature', valueKind: 'measured', unit: 'Cel', address: 'ns=2;s={machine}.Temp', label: 'Product temperature',
      highHigh: '90', high: '80', low: '10', lowLow: '5.5', deadband: '1', rangeHigh: '120', rangeLow: '-20', maximumRate: '3',
      smallestChange: '0.5', expectedInterval: '2', uncertainIsBad: true,
    },
    { name: 'cycles', valueKind: 'counter', unit: '1', address: '', counterBits: '16' },
    { name: '__proto__2 <b>', valueKind: 'derived', unit: 'kW', expression: 'temperature * 2' },
  ],
  'twin-opcua-source.addresses': [
    { address: 'ns=2;s=Filler "7" <i>', what: 'below' },
    { address: 'nsu=urn:plant;s=__proto__' },
  ],
  'twin-assets.machines': [{ key: 'press-7', name: 'Press "7" <i>', place: 'plant/line 9' }, { key: 'press-8', name: '=1+1', place: '' }],
  'twin-assets.settings': [{ machine: 'press-7', setting: 'machine', value: 'Press7' }, { machine: 'press-8', setting: 'temperature.high', value: '80,5' }],
  'twin-assets.leftOut': [{ name: 'press9 <b>' }],
  'twin-alert.rules': [
    { property: 'temperature', condition: 'low', limit: '5,5', name: 'Too cold <b>', onDelay: '10', latching: true, unless: 'speed < 5 and "<b>" != state' },
    { property: 'door', condition: 'true', name: 'constructor', priority: 'high' },
  ],
  'twin-alert.bits': [{ property: 'ack_button', does: 'reset' }, { property: 'done_button', does: 'confirm' }],
  'twin-history.types': [{ type: 'press', write: 'interval', every: '10', measurement: 'presses' }, { type: 'pump', write: 'never' }],
  'twin-line.stations': [{ key: 'press-7', parts: 'cycles', bad: 'rejects', cycle: '2,5', buffer: '12' }, { key: 'press <b>' }],
  'twin-line.modes': [{ mode: 'Phase 4 <i>', meaning: 'setup', station: 'press-7' }, { mode: 'constructor', meaning: 'blocked' }],
  'twin-record.mapping': [{ role: 'product', place: 'Serial <b>' }, { place: '=Press 7' }, { role: 'related', place: 'box', relation: 'packed in', type: 'batch' }],
  'twin-site.relations': [
    { name: 'cools', inverse: 'cooled by', from: 'machines', to: 'machines, places', acyclic: true },
    { name: 'constructor <b>', inverse: 'built "by"', from: '', to: '' },
  ],
  'twin-what-if.changes': [
    { kind: 'speed', station: 'press-7', property: '', amount: '5' }, { kind: 'setting', station: 'press <b>', property: 'constructor', amount: '-2,5' },
    { kind: 'mix', station: '', property: 'Still <i>0.5 l', amount: '60' },
  ],
  'twin-line.ways': [{ station: 'press-7', serial: 'serial', seconds: '42,5' }, { station: 'press <b>', serial: '', seconds: '' }],
  'twin-asset.placeholders': [{ name: 'machine', value: 'Filler "7" <i>' }],
  'twin-asset.limits': [{ property: 'temperature', lowLow: '', low: '-5,5', high: '81', highHigh: '' }],
  'twin-asset.mapping': [
    { address: 'ns=2;s=Filler.Temp', property: 'temperature', scale: 0.1, offset: -5 },
    { address: 'ns=2;s=<script>alert(1)</script>', property: '' },
  ],
};

/** The id of the n-th config node of a type in the test's flow. */
export function configId(type: string, number: 1 | 2): string {
  return `${type}-${number}`;
}

/** Another valid value than the default. */
export function changedValue(type: string, name: string, field: Field): unknown {
  switch (field.kind) {
    case 'text':
      return texts[`${type}.${name}`] ?? `changed ${name} ä <b>&"`;
    case 'credential':
      return `secret of ${name}`;
    case 'number': {
      if (name === 'falseAlarmsPerWeek') return 21;
      const next = field.default + 1;
      return next <= field.maximum ? next : field.default - 1;
    }
    case 'choice': {
      const index = field.options.indexOf(field.default);
      return field.options[(index + 1) % field.options.length];
    }
    case 'flag':
      return !field.default;
    case 'reference':
      return configId(field.to, 2);
    case 'list':
      return (rows[`${type}.${name}`] ?? []).map((row) => ({ ...defaultRow(field.row), ...row }));
  }
}

export function rowsToType(type: string, name: string): readonly Record<string, string | number | boolean>[] {
  const found = rows[`${type}.${name}`];
  if (found === undefined) throw new Error(`test/browser/dialogValues.ts has no rows to type in for ${type}.${name}.`);
  return found;
}

function defaultRow(row: Readonly<Record<string, Field>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, field]) => [name, field.default]));
}

/**
 * A flow with one node of each type at its defaults, and two of each config type, so that a reference can be changed.
 * twin-asset has a key, for a node without one was never deployed.
 */
export function flowOfDefaults(nodes: readonly NodeFields[]): FlowNode[] {
  const flow: FlowNode[] = [{ id: 'tab', type: 'tab', label: 'Dialogs' }];
  for (const [index, { type, fields, isConfig }] of nodes.entries()) {
    const properties: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      if (field.kind === 'credential') continue;
      properties[name] = field.kind === 'reference' ? (field.required === true ? configId(field.to, 1) : '') : field.kind === 'list' ? [] : field.default;
      if (field.kind === 'text' && field.required === true && field.default === '') properties[name] = `first ${name}`.replaceAll(' ', '-');
    }
    if (isConfig) {
      for (const number of [1, 2] as const) {
        const own = { name: `${type} ${number}`, ...ownFolder(type, number), ...ownProperties(type) };
        flow.push({ id: configId(type, number), type, ...properties, ...own });
      }
    } else flow.push({ id: type, type, z: 'tab', x: 200, y: 60 + index * 60, wires: type === 'twin-asset' || type === 'twin-assets' ? [[], []] : [[]], ...properties });
  }
  return flow;
}

/** A type without properties is refused; the placeholder makes twin-asset ask for one. */
function ownProperties(type: string): Record<string, unknown> {
  return type === 'twin-type' ? { properties: [{ name: 'temperature', unit: 'Cel', valueKind: 'measured', address: 'ns=2;s={machine}.Temp' }] } : {};
}

/** Two sites must not share a store. */
function ownFolder(type: string, number: number): Record<string, string> {
  return type === 'twin-site' ? { folder: `twinwire-${number}` } : {};
}
