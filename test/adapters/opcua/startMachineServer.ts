import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataType, MessageSecurityMode, OPCUACertificateManager, OPCUAServer, SecurityPolicy, StatusCodes, standardUnits } from 'node-opcua';
import type { Namespace, UAAnalogItem, UAObject, UAVariable } from 'node-opcua';

export interface MachineServer {
  port: number;
  /** Address of every signal of a machine → machine and what it is. */
  truth: Map<string, { machine: string; quantity: string }>;
  /** Nodes below the three machines, with their units and ranges. */
  nodes: number;
  stop(): Promise<void>;
}

export const machineServerUri = 'urn:twinwire:three-presses';

const groups = ['Hydraulics', 'Motor', 'Ram', 'Cooling', 'Zone1', 'Zone2', 'Zone3', 'Lubrication', 'Feed', 'Clamp', 'Tool', 'Vacuum'];
const units = [
  ['Temp', standardUnits.degree_celsius, 0, 120], ['Pressure', standardUnits.bar, 0, 250], ['Current', standardUnits.ampere, 0, 60],
  ['Voltage', standardUnits.volt, 0, 500], ['Frequency', standardUnits.hertz, 0, 100],
] as const;

/**
 * Three presses of some 500 nodes each, as a real server has them: values with unit and range in twelve groups, one extra and one missing
 * sensor, rooms that contain each other, folders that belong to no machine.
 */
export async function startMachineServer(folder: string, secure = false): Promise<MachineServer> {
  const pki = join(folder, 'server-pki');
  mkdirSync(pki, { recursive: true });
  const certificates = new OPCUACertificateManager({ name: 'pki', rootFolder: pki, automaticallyAcceptUnknownCertificate: true });
  await certificates.initialize();
  const server = new OPCUAServer({
    host: '127.0.0.1', hostname: '127.0.0.1', port: 0, resourcePath: '/plant', allowAnonymous: true, disableDiscovery: true,
    securityModes: secure ? [MessageSecurityMode.None, MessageSecurityMode.SignAndEncrypt] : [MessageSecurityMode.None],
    securityPolicies: secure ? [SecurityPolicy.None, SecurityPolicy.Basic256Sha256] : [SecurityPolicy.None],
    serverCertificateManager: certificates, userCertificateManager: certificates, serverInfo: { applicationUri: 'urn:127.0.0.1:presses' },
  });
  await server.initialize();
  const space = server.engine.addressSpace!;
  const plant = space.registerNamespace(machineServerUri);
  const hall = plant.addFolder(space.rootFolder.objects, { browseName: 'Hall', nodeId: 's=Hall' });
  const truth: MachineServer['truth'] = new Map();
  const moving: UAAnalogItem<number, DataType.Double>[] = [];
  let nodes = 0;
  for (const machine of ['Press1', 'Press2', 'Press3']) {
    const press = plant.addObject({ componentOf: hall, browseName: machine, nodeId: `s=Hall.${machine}` });
    const note = (variable: UAVariable, quantity: string, count: number): void => {
      nodes += count;
      truth.set(`nsu=${machineServerUri};s=${String(variable.nodeId.value)}`, { machine, quantity });
    };
    for (const group of groups) {
      const part = plant.addObject({ componentOf: press, browseName: group, nodeId: `s=Hall.${machine}.${group}` });
      nodes += 1;
      for (let index = 0; index < 13; index += 1) {
        const [name, engineeringUnits, low, high] = units[index % units.length] as (typeof units)[number];
        // A sensor that this machine lacks.
        if (machine === 'Press2' && group === 'Zone3' && index === 4) continue;
        const quantity = `${group}.${name}${index < units.length ? '' : Math.floor(index / units.length) + 1}`;
        const item = analog(plant, part, quantity.split('.')[1] as string, `s=Hall.${machine}.${quantity}`, engineeringUnits, low, high);
        note(item, quantity, 3);
        moving.push(item);
      }
    }
    note(plain(plant, press, 'CycleCount', `s=Hall.${machine}.CycleCount`, DataType.UInt32, 0), 'CycleCount', 1);
    note(plain(plant, press, 'Running', `s=Hall.${machine}.Running`, DataType.Boolean, true), 'Running', 1);
    note(plain(plant, press, 'OrderNumber', `s=Hall.${machine}.OrderNumber`, DataType.String, 'A-1'), 'OrderNumber', 1);
    if (machine === 'Press3') note(plain(plant, press, 'ExtraVibration', `s=Hall.${machine}.ExtraVibration`, DataType.Double, 1), 'ExtraVibration', 1);
    // A way back up: whoever follows it goes round for ever.
    press.addReference({ referenceType: 'Organizes', nodeId: hall });
  }
  for (const name of ['Power', 'Water', 'Air', 'Weather']) plain(plant, hall, name, `s=Hall.${name}`, DataType.Double, 1);
  const noise = plant.addFolder(hall, { browseName: '_System', nodeId: 's=Hall._System' });
  plain(plant, noise, '_Error', 's=Hall._System._Error', DataType.Boolean, false);
  let ticks = 0;
  const ticking = setInterval(() => {
    ticks += 1;
    for (const [index, item] of moving.entries()) {
      item.setValueFromSource({ dataType: DataType.Double, value: 20 + (index % 30) + (ticks % 10) / 10 }, StatusCodes.Good, new Date());
    }
  }, 1000);
  await server.start();
  return {
    port: server.endpoints[0]!.port,
    truth,
    nodes,
    async stop() {
      clearInterval(ticking);
      await server.shutdown(0);
    },
  };
}

function analog(
  plant: Namespace, parent: UAObject, browseName: string, nodeId: string, engineeringUnits: (typeof units)[number][1], low: number, high: number,
): UAAnalogItem<number, DataType.Double> {
  return plant.addAnalogDataItem({
    componentOf: parent, browseName, nodeId, dataType: 'Double', engineeringUnitsRange: { low, high }, engineeringUnits, minimumSamplingInterval: 0,
    value: { dataType: DataType.Double, value: 20 },
  }) as unknown as UAAnalogItem<number, DataType.Double>;
}

function plain(plant: Namespace, parent: UAObject, browseName: string, nodeId: string, dataType: DataType, value: unknown): UAVariable {
  return plant.addVariable({ componentOf: parent, browseName, nodeId, dataType, minimumSamplingInterval: 0, value: { dataType, value } });
}
