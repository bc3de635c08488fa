import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  AttributeIds,
  ClientMonitoredItem,
  DataType,
  OPCUACertificateManager,
  OPCUAClient,
  StatusCodes,
  TimestampsToReturn,
  Variant,
} from 'node-opcua';
import type { ClientSession, ClientSubscription, DataValue } from 'node-opcua';
import { tagDefinitions } from '../../demo/packagingLine.ts';

const program = join(import.meta.dirname, '../../demo/plc.ts');
const rate = 60;
const tickMs = 50;

interface Ready {
  ready: true;
  endpoint: string;
  originMs: number;
  rate: number;
  seed: number;
}

async function startPlc(folder: string, more: readonly string[] = []): Promise<{ child: ChildProcess; ready: Ready }> {
  const child = spawn(process.execPath, [program, '--folder', folder, '--rate', `${rate}`, '--tick', `${tickMs}`, ...more], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder },
  });
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`The PLC ended with ${code}: ${errors}`))),
  ])) as [string];
  return { child, ready: JSON.parse(line) as Ready };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

describe('simulated PLC', function () {
  this.timeout(60_000);
  let folder = '';
  let plc: { child: ChildProcess; ready: Ready };
  let client: OPCUAClient;
  let session: ClientSession;
  let subscription: ClientSubscription;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twinwire-plc-'));
    plc = await startPlc(folder);
    client = OPCUAClient.create({
      endpointMustExist: false,
      connectionStrategy: { maxRetry: 2, initialDelay: 100 },
      clientCertificateManager: new OPCUACertificateManager({ rootFolder: join(folder, 'client-pki') }),
    });
    await client.connect(plc.ready.endpoint);
    session = await client.createSession();
    subscription = await session.createSubscription2({
      requestedPublishingInterval: tickMs,
      requestedLifetimeCount: 1000,
      requestedMaxKeepAliveCount: 10,
      maxNotificationsPerPublish: 0,
      publishingEnabled: true,
      priority: 1,
    });
  });

  after(async () => {
    await subscription?.terminate();
    await session?.close();
    await client?.disconnect();
    plc?.child.kill('SIGTERM');
    if (plc !== undefined) await exitCode(plc.child);
    rmSync(folder, { recursive: true, force: true });
  });

  const read = (tag: string): Promise<DataValue> => session.read({ nodeId: `ns=1;s=${tag}`, attributeId: AttributeIds.Value }, 0);

  async function write(fault: string, value: boolean): Promise<void> {
    const status = await session.write({
      nodeId: `ns=1;s=Fault.${fault}`,
      attributeId: AttributeIds.Value,
      value: { value: new Variant({ dataType: DataType.Boolean, value }) },
    });
    assert.equal(status, StatusCodes.Good);
  }

  /** The next `count` changes of a tag; the first is the value at the time of asking. */
  async function changes(tag: string, count: number): Promise<DataValue[]> {
    const item = ClientMonitoredItem.create(
      subscription,
      { nodeId: `ns=1;s=${tag}`, attributeId: AttributeIds.Value },
      { samplingInterval: 0, queueSize: 100, discardOldest: true },
      TimestampsToReturn.Both,
    );
    const seen: DataValue[] = [];
    await new Promise<void>((resolve) => {
      item.on('changed', (dataValue: DataValue) => {
        seen.push(dataValue);
        if (seen.length === count) resolve();
      });
    });
    await item.terminate();
    return seen;
  }

  it('says where it serves, on loopback only', async () => {
    assert.match(plc.ready.endpoint, /^opc\.tcp:\/\/127\.0\.0\.1:\d+\/packaging-line$/);
    const port = Number(new URL(plc.ready.endpoint.replace('opc.tcp', 'http')).port);
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((address) => address !== undefined && !address.internal && address.family === 'IPv4');
    for (const address of others) {
      const outcome = await new Promise<string>((resolve) => {
        const socket = connect({ host: address!.address, port, timeout: 2000 });
        socket.on('connect', () => resolve('connected')).on('error', () => resolve('refused')).on('timeout', () => resolve('silent'));
        socket.on('connect', () => socket.destroy()).on('timeout', () => socket.destroy());
      });
      assert.notEqual(outcome, 'connected', address!.address);
    }
  });

  it('serves every tag with its type and a source time of the plant', async () => {
    for (const tag of tagDefinitions) {
      const dataValue = await read(tag.name);
      assert.equal(dataValue.statusCode, StatusCodes.Good, tag.name);
      assert.equal(DataType[dataValue.value.dataType], tag.dataType, tag.name);
      const behindMs = plc.ready.originMs + (Date.now() - plc.ready.originMs) * rate - dataValue.sourceTimestamp!.getTime();
      assert.ok(behindMs >= 0 && behindMs < 20_000 * rate, `${tag.name}: ${behindMs} ms behind plant time`);
    }
    const serial = (await read('Labeller.LabelSerial')).value.value as [number, number];
    assert.ok((BigInt(serial[0]) << 32n) + BigInt(serial[1]) > 340_123_450_000_000_000n);
  });

  it('sends changes whose source time runs on at the rate', async () => {
    const seen = await changes('Filler.Pressure', 8);
    for (let index = 2; index < seen.length; index++) {
      const stepMs = seen[index]!.sourceTimestamp!.getTime() - seen[index - 1]!.sourceTimestamp!.getTime();
      assert.ok(stepMs >= (tickMs / 2) * rate, `${stepMs} ms`);
    }
  });

  it('does not let a tag be written', async () => {
    const status = await session.write({
      nodeId: 'ns=1;s=Filler.Speed',
      attributeId: AttributeIds.Value,
      value: { value: new Variant({ dataType: DataType.Double, value: 1 }) },
    });
    assert.ok(status.isBad());
  });

  it('makes a sensor stick when the fault is written, and Reset frees it', async () => {
    await write('StuckSensor', true);
    await changes('Filler.Speed', 4);
    const stuck = (await read('Filler.Pressure')).value.value as number;
    await changes('Filler.Speed', 6);
    assert.equal((await read('Filler.Pressure')).value.value, stuck);
    await write('Reset', true);
    assert.equal((await read('Fault.StuckSensor')).value.value, false);
    assert.equal((await read('Fault.Reset')).value.value, false);
    const after = await changes('Filler.Pressure', 4);
    assert.ok(after.some((dataValue) => dataValue.value.value !== stuck));
  });

  it('frozen: nothing new, but it answers and thaws', async () => {
    await write('PlcFrozen', true);
    const first = await read('Filler.Speed');
    await new Promise((resolve) => setTimeout(resolve, 10 * tickMs));
    const second = await read('Filler.Speed');
    assert.equal(second.value.value, first.value.value);
    assert.deepEqual(second.sourceTimestamp, first.sourceTimestamp);
    assert.equal(second.statusCode, StatusCodes.Good);
    await write('PlcFrozen', false);
    const thawed = await changes('Filler.Speed', 3);
    assert.ok(thawed.at(-1)!.sourceTimestamp!.getTime() > first.sourceTimestamp!.getTime());
  });

  it('keeps its certificates in its folder', () => {
    assert.deepEqual(readdirSync(folder).sort(), ['client-pki', 'pki']);
  });

  it('ends when asked to', async () => {
    const other = await startPlc(folder);
    other.child.kill('SIGTERM');
    assert.equal(await exitCode(other.child), 0);
  });

  it('ends when its parent lets go of it', async () => {
    const other = await startPlc(folder);
    other.child.stdin!.end();
    assert.equal(await exitCode(other.child), 0);
  });

  it('takes the plant time from the origin it is given, and refuses what is none', async () => {
    const origin = '2026-01-05T06:00:00Z';
    const other = await startPlc(folder, ['--origin', origin, '--seed', '9']);
    assert.equal(other.ready.originMs, Date.parse(origin));
    assert.equal(other.ready.seed, 9);
    other.child.kill('SIGTERM');
    await exitCode(other.child);
    await assert.rejects(startPlc(folder, ['--origin', 'yesterday']), /--origin takes/);
    await assert.rejects(startPlc(folder, ['--rate', 'fast']), /--rate takes/);
  });
});
