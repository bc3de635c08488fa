import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coerceNodeId, NodeClass, StatusCodes } from 'node-opcua-client';
import { browseSignals, signalBounds } from '../../../adapters/opcua/opcuaSignals.ts';
import type { BrowsingSession } from '../../../adapters/opcua/opcuaSignals.ts';
import { findOpcuaSignals } from '../../../adapters/opcua/opcuaSource.ts';
import { proposeMachines } from '../../../engine/discovery/proposeMachines.ts';
import { Problem } from '../../../engine/problem.ts';
import { startMachineServer } from './startMachineServer.ts';
import type { MachineServer } from './startMachineServer.ts';

describe('signals found on an OPC UA server', function () {
  this.timeout(60_000);
  let folder: string;
  let server: MachineServer | undefined;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twin-find-'));
    server = await startMachineServer(folder);
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const options = (): { url: string; pkiFolder: string; security: 'none' } => ({
    url: `opc.tcp://127.0.0.1:${server?.port}/plant`, pkiFolder: join(folder, 'client'), security: 'none',
  });

  it('three machines of 500 nodes: names, units, ranges, types of data; loops end', async () => {
    const begun = performance.now();
    const found = await findOpcuaSignals(options());
    assert.ok(!(found instanceof Problem), String(found));
    const tookMs = performance.now() - begun;
    assert.equal(found.cut, undefined);
    const { truth, nodes } = server as MachineServer;
    const addresses = new Map(found.signals.map((signal) => [signal.address, signal]));
    assert.deepEqual([...truth.keys()].filter((address) => !addresses.has(address)), []);
    const [temperature] = [...truth].find(([, { machine, quantity }]) => machine === 'Press1' && quantity === 'Motor.Temp') as [string, unknown];
    const { path, dataType, unit, range, readable, parents } = addresses.get(temperature) as NonNullable<ReturnType<typeof addresses.get>>;
    assert.deepEqual(path, ['Hall', 'Press1', 'Motor', 'Temp']);
    assert.deepEqual({ dataType, unit, range, readable }, { dataType: 'Double', unit: '°C', range: { low: 0, high: 120 }, readable: true });
    assert.equal(parents?.[1], 'nsu=urn:twinwire:three-presses;s=Hall.Press1');
    const proposal = proposeMachines(found.signals);
    assert.deepEqual(proposal.machines.map(({ name }) => name), ['Press1', 'Press2', 'Press3']);
    assert.equal(proposal.types.length, 1);
    console.log(`      ${found.signals.length} signals, ${nodes} nodes in machines: ${Math.round(tookMs)} ms`);
  });

  it('below an address only, and an unknown one is named', async () => {
    const found = await findOpcuaSignals(options(), 'nsu=urn:twinwire:three-presses;s=Hall.Press2.Motor');
    assert.ok(!(found instanceof Problem));
    assert.equal(found.signals.length, 13);
    const unknown = await findOpcuaSignals(options(), 'ns=1;s=nothing');
    assert.ok(unknown instanceof Problem && unknown.code === 'TWIN_OPCUA_NODE_UNKNOWN');
    await assert.rejects(findOpcuaSignals(options(), 'nonsense'), { code: 'TWIN_OPCUA_SETTING' });
  });

  /** A server whose answers never end, in one of several ways. */
  const endless = (way: 'empty pages' | 'full pages' | 'rooms in rooms' | 'huge names'): { session: BrowsingSession; released: () => number } => {
    let serial = 0;
    let released = 0;
    const reference = (): Record<string, unknown> => {
      serial += 1;
      return {
        nodeId: coerceNodeId(`ns=1;i=${serial}`), browseName: { name: way === 'huge names' ? 'n'.repeat(290) : `N${serial}` },
        referenceTypeId: coerceNodeId('i=35'), typeDefinition: coerceNodeId('i=63'), nodeClass: way === 'rooms in rooms' ? NodeClass.Object : NodeClass.Variable,
      };
    };
    const page = (): unknown => ({
      statusCode: StatusCodes.Good, continuationPoint: way === 'rooms in rooms' ? undefined : Buffer.from('more'),
      references: way === 'empty pages' ? [] : Array.from({ length: way === 'rooms in rooms' ? 1 : 100 }, reference),
    });
    const session = {
      browse: async (nodes: unknown[]) => nodes.map(page),
      browseNext: async (_point: Buffer, release: boolean) => {
        if (release) released += 1;
        return page();
      },
      read: async (nodes: unknown[]) => nodes.map(() => ({ statusCode: StatusCodes.BadNodeIdUnknown })),
    };
    return { session: session as unknown as BrowsingSession, released: () => released };
  };
  const bounds = { ...signalBounds, nodes: 2000, bytes: 500_000, timeMs: 5000 };

  for (const [way, cut] of [['empty pages', 'nodes'], ['full pages', 'nodes'], ['rooms in rooms', 'depth'], ['huge names', 'bytes']] as const) {
    it(`a server without end, ${way}: cut by ${cut}, and what is held there is released`, async () => {
      const { session, released } = endless(way);
      const found = await browseSignals(session, coerceNodeId('i=85'), ['http://opcfoundation.org/UA/', 'urn:x'], 100, bounds);
      assert.equal(found.cut, cut);
      assert.ok(found.signals.length <= bounds.nodes);
      assert.equal(released(), way === 'rooms in rooms' ? 0 : 1);
    });
  }
});
