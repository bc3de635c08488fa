import { fstatSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  DataType,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  StatusCodes,
  Variant,
  VariantArrayType,
} from 'node-opcua';
import type { DataValue, UAObject, UAVariable } from 'node-opcua';
import { PackagingLine, faultNames, machineNames, tagDefinitions } from './packagingLine.ts';
import type { TagDataType, TagValue } from './packagingLine.ts';

/**
 * The demo's PLC: a real OPC UA server in a process of its own, on loopback.
 *
 *   node demo/plc.ts --folder DIR [--port 0] [--rate 60] [--origin ISO|ms] [--seed 1] [--tick 250]
 *
 * Plant time is origin + (wall clock − origin) × rate: who knows origin and rate knows the plant's time without asking.
 * Without an origin, it is the start of this process. Prints one line of JSON when it serves:
 *   {"ready":true,"endpoint":"opc.tcp://127.0.0.1:PORT/packaging-line","originMs":…,"rate":…,"seed":…}
 * Writing true or false to ns=1;s=Fault.<name> begins or ends a fault; writing true to ns=1;s=Fault.Reset ends all of them.
 *
 * No security and no sign-in: that is right for a demo nobody else can reach, and only there.
 */

interface Settings {
  port: number;
  rate: number;
  originMs: number;
  seed: number;
  tickMs: number;
  folder: string;
}

function readSettings(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '0' },
      rate: { type: 'string', default: '60' },
      origin: { type: 'string', default: '' },
      seed: { type: 'string', default: '1' },
      tick: { type: 'string', default: '250' },
      folder: { type: 'string', default: '' },
    },
  });
  if (values.folder === '') throw new Error('Say where the PLC keeps its certificates: --folder DIR.');
  return {
    port: numberBetween('--port', values.port, 0, 65_535),
    rate: numberBetween('--rate', values.rate, 0.1, 3600),
    originMs: values.origin === '' ? Date.now() : readOrigin(values.origin),
    seed: numberBetween('--seed', values.seed, 0, 2 ** 31),
    tickMs: numberBetween('--tick', values.tick, 20, 60_000),
    folder: resolve(values.folder),
  };
}

function numberBetween(option: string, text: string, minimum: number, maximum: number): number {
  const number = text.trim() === '' ? NaN : Number(text);
  if (!(number >= minimum && number <= maximum)) throw new Error(`${option} takes a number from ${minimum} to ${maximum}, not "${text}".`);
  return number;
}

function readOrigin(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(ms)) throw new Error(`--origin takes milliseconds UTC or an ISO 8601 time, not "${text}".`);
  return ms;
}

function variantOf(dataType: TagDataType, value: TagValue): Variant {
  if (typeof value === 'bigint') {
    // node-opcua holds a 64-bit integer as its high and low half.
    return new Variant({ dataType: DataType.UInt64, arrayType: VariantArrayType.Scalar, value: [Number(value >> 32n), Number(value & 0xffff_ffffn)] });
  }
  return new Variant({ dataType: DataType[dataType], value });
}

const settings = readSettings(process.argv.slice(2));
const pki = join(settings.folder, 'pki');
mkdirSync(pki, { recursive: true });

const line = new PackagingLine(settings.seed);
const certificates = new OPCUACertificateManager({ name: 'pki', rootFolder: pki, automaticallyAcceptUnknownCertificate: false });

const server = new OPCUAServer({
  host: '127.0.0.1',
  hostname: '127.0.0.1',
  port: settings.port,
  resourcePath: '/packaging-line',
  allowAnonymous: true,
  securityModes: [MessageSecurityMode.None],
  securityPolicies: [SecurityPolicy.None],
  serverCertificateManager: certificates,
  userCertificateManager: certificates,
  disableDiscovery: true,
  buildInfo: { productName: 'Twinwire demo PLC', manufacturerName: 'The Twinwire authors' },
});

const plantTime = (): Date => new Date(settings.originMs + (Date.now() - settings.originMs) * settings.rate);

await server.initialize();
const addressSpace = server.engine.addressSpace;
if (addressSpace === null) throw new Error('The OPC UA server has no address space.');
const namespace = addressSpace.getOwnNamespace();

const tagVariables = new Map<string, UAVariable>();
const lineFolder = namespace.addObject({ organizedBy: addressSpace.rootFolder.objects, browseName: 'PackagingLine', nodeId: 's=PackagingLine' });
const machineObjects = new Map<string, UAObject>(
  machineNames.map((name) => [name, namespace.addObject({ componentOf: lineFolder, browseName: name, nodeId: `s=${name}` })]),
);
for (const tag of tagDefinitions) {
  const [machine, name] = tag.name.split('.') as [string, string];
  const variable = namespace.addVariable({
    componentOf: machineObjects.get(machine)!,
    browseName: name,
    nodeId: `s=${tag.name}`,
    dataType: tag.dataType,
    description: tag.unit === '' ? tag.description : `${tag.description}, ${tag.unit} (UCUM)`,
    accessLevel: 'CurrentRead',
    userAccessLevel: 'CurrentRead',
    minimumSamplingInterval: 0,
    value: variantOf(tag.dataType, line.value(tag.name)),
  });
  tagVariables.set(tag.name, variable);
}

const faultObject = namespace.addObject({ componentOf: lineFolder, browseName: 'Fault', nodeId: 's=Fault' });
const faultVariables = new Map<string, UAVariable>();
for (const name of [...faultNames, 'Reset'] as const) {
  const variable = namespace.addVariable({
    componentOf: faultObject,
    browseName: name,
    nodeId: `s=Fault.${name}`,
    dataType: 'Boolean',
    accessLevel: 'CurrentRead | CurrentWrite',
    userAccessLevel: 'CurrentRead | CurrentWrite',
    minimumSamplingInterval: 0,
    value: new Variant({ dataType: DataType.Boolean, value: false }),
  });
  faultVariables.set(name, variable);
  variable.on('value_changed', (dataValue: DataValue) => {
    const on = dataValue.value.value === true;
    if (name !== 'Reset') line.setFault(name, on);
    else if (on) {
      for (const each of faultVariables.values()) each.setValueFromSource({ dataType: DataType.Boolean, value: false });
    }
  });
}

function publish(): void {
  // A frozen PLC still answers, so that it can be thawed, but nothing it says is new: no value, no source time.
  if (line.isFaultOn('PlcFrozen')) return;
  const now = plantTime();
  for (const tag of tagDefinitions) {
    tagVariables.get(tag.name)!.setValueFromSource(variantOf(tag.dataType, line.value(tag.name)), StatusCodes.Good, now);
  }
}

let lastMs = performance.now();
publish();
await server.start();
const ticking = setInterval(() => {
  const nowMs = performance.now();
  // A machine that slept catches up by ten seconds of wall time at most, rather than by a night at once.
  line.step(Math.min(nowMs - lastMs, 10_000) * settings.rate);
  lastMs = nowMs;
  publish();
}, settings.tickMs);

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  clearInterval(ticking);
  // A client that does not let go must not keep the process.
  setTimeout(() => process.exit(0), 3000).unref();
  await server.shutdown(0);
  process.exit(0);
}

process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
process.on('disconnect', () => void stop());
const input = fstatSync(0);
if (input.isFIFO() || input.isSocket()) {
  // The parent holds the other end: when it goes, however it goes, the pipe closes.
  process.stdin.on('end', () => void stop());
  process.stdin.on('error', () => void stop());
  process.stdin.resume();
}

const port = server.endpoints[0]?.port ?? settings.port;
const endpoint = `opc.tcp://127.0.0.1:${port}/packaging-line`;
process.stdout.write(`${JSON.stringify({ ready: true, endpoint, originMs: settings.originMs, rate: settings.rate, seed: settings.seed })}\n`);
