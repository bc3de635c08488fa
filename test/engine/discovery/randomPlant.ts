import type { FoundSignal } from '../../../contract/discovery.ts';

/** A plant whose machines are known, so that a proposal can be measured against them. */
export interface RandomPlant {
  style: string;
  signals: FoundSignal[];
  /** Address → machine and what is measured there. */
  truth: Map<string, { machine: string; quantity: string }>;
  machines: number;
  types: number;
}

export const namingStyles = [
  'folders', 'lines', 'flat underscore', 'flat dots', 'flat tags', 'data blocks', 'index', 'numeric ids', 'uns topics', 'sparkplug', 'repeated name',
] as const;

const kinds = ['Press', 'Oven', 'Robot', 'Mixer', 'Filler', 'Lathe', 'Shredder'];
const shortKinds = ['PRS', 'OVN', 'RBT', 'MIX', 'FIL', 'LTH', 'SHR'];
const groups = ['Hydraulics', 'Motor', 'Cooling', 'Spindle', 'Zone1', 'Zone2', 'Axis1', 'Axis2', 'Axis3', 'Oil', 'General'];
const quantities: [string, string, string][] = [
  ['Temp', 'Double', '°C'], ['Pressure', 'Float', 'bar'], ['Current', 'Float', 'A'], ['Speed', 'Int16', '1/min'], ['Vibration', 'Double', 'mm/s'],
  ['Setpoint', 'Double', ''], ['Running', 'Boolean', ''], ['CycleCount', 'UInt32', ''], ['State', 'Int32', ''], ['Flow', 'Float', 'l/min'],
  ['Torque', 'Double', 'Nm'], ['Position', 'Double', 'mm'],
];

/** @param chance gives numbers of 0 to 1 */
export function randomPlant(style: (typeof namingStyles)[number], chance: () => number): RandomPlant {
  const upTo = (limit: number): number => Math.floor(chance() * limit);
  const truth: RandomPlant['truth'] = new Map();
  const signals: FoundSignal[] = [];
  const types = 1 + upTo(3);
  let machines = 0;
  const first = upTo(kinds.length);
  for (let type = 0; type < types; type += 1) {
    const kind = (first + type) % kinds.length;
    const shape = shapeOf(type, upTo);
    const count = 2 + upTo(4);
    for (let number = 1; number <= count; number += 1) {
      machines += 1;
      // An extra sensor here, a missing one there.
      const own = shape.filter(() => chance() > 0.04);
      if (chance() < 0.4) own.push({ path: ['Extra', `Probe${upTo(5)}`], dataType: 'Double', unit: '' });
      const line = `Line${1 + (number % 2)}`;
      const machine = `${kinds[kind]}${number}`;
      for (const { path, dataType, unit } of own) {
        const address = { folders: ['Plant', machine], ...addressOf(style, kind, number, line, path, signals.length) };
        truth.set(address.address, { machine, quantity: `${type} ${path.join(' ')}` });
        const name = address.name ?? path;
        signals.push({ address: address.address, path: [...address.folders, ...name], dataType, unit, ...(address.machineAt === undefined ? {} : { machineAt: address.machineAt }) });
      }
    }
  }
  for (let noise = upTo(5); noise > 0; noise -= 1) {
    signals.push({ address: `ns=2;s=_System._Noise${noise}`, path: ['Plant', '_System', `_Noise${noise}`], dataType: 'Double' });
    signals.push({ address: `i=22${noise}`, path: ['Server', `Diagnostics${noise}`], dataType: 'UInt32', diagnostic: true });
  }
  return { style, signals, truth, machines, types };
}

interface Shape {
  path: string[];
  dataType: string;
  unit: string;
}

/** Kinds of machines have few signals in common. */
function shapeOf(type: number, upTo: (limit: number) => number): Shape[] {
  const shape: Shape[] = [];
  const ownGroups = groups.filter((_, index) => index % 3 === type % 3);
  for (const group of ownGroups) {
    for (const [name, dataType, unit] of quantities.slice(upTo(5), 7 + upTo(5))) shape.push({ path: [group, name], dataType, unit });
  }
  for (const [name, dataType, unit] of quantities.slice(4, 5 + upTo(5))) shape.push({ path: [`${name}${['A', 'B', 'C'][type]}`], dataType, unit });
  return shape;
}

function addressOf(
  style: string, kind: number, number: number, line: string, path: string[], serial: number,
): { address: string; folders?: string[]; name?: string[]; machineAt?: number } {
  const machine = `${kinds[kind]}${number}`;
  switch (style) {
    case 'folders': return { address: `nsu=urn:plant;s=Plant.${machine}.${path.join('.')}` };
    case 'lines': return { address: `ns=3;s=${line}/${machine}/${path.join('/')}`, folders: ['Objects', 'Plant', line, machine] };
    case 'flat underscore': return { address: `ns=2;s=${machine}_${path.join('_')}`, folders: ['Tags'], name: [`${machine}_${path.join('_')}`] };
    case 'flat dots': return { address: `ns=2;s=${machine}.${path.join('.')}`, folders: [], name: [`${machine}.${path.join('.')}`] };
    case 'flat tags': {
      const tag = `${shortKinds[kind]}0${number}-${path.join('-')}`;
      return { address: `ns=4;s=${tag}`, folders: ['Tags'], name: [tag] };
    }
    case 'data blocks': {
      const tag = `"DB_${machine}".${path.map((part) => `"${part}"`).join('.')}`;
      return { address: `ns=3;s=${tag}`, folders: ['PLC_1', 'DataBlocksGlobal'], name: [tag] };
    }
    case 'index': {
      const array = `${kinds[kind]}[${number}]`;
      return { address: `ns=4;s=MAIN.${array}.${path.join('.')}`, folders: ['PLC1', 'MAIN', array] };
    }
    case 'numeric ids': return { address: `ns=5;i=${10_000 + serial}` };
    case 'uns topics': return {
      address: `umh/v1/acme/berlin/${line}/${machine}/_historian/${path.join('/')}`,
      folders: ['umh', 'v1', 'acme', 'berlin', line, machine, '_historian'],
    };
    case 'sparkplug': return { address: `Group A/edge${number % 2}/${machine}/${path.join('/')}`, folders: ['Group A', `edge${number % 2}`, machine], machineAt: 2 };
    default: return { address: `ns=2;s=${machine}.${machine}_${path.join('_')}`, folders: ['Factory', machine], name: [`${machine}_${path.join('_')}`] };
  }
}
