import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMessage } from '../../nodes/message.ts';
import { until } from '../adapters/opcua/opcuaFaults.ts';
import { startTestServer } from '../adapters/opcua/startTestServer.ts';
import type { RunningServer } from '../adapters/opcua/startTestServer.ts';
import { NodeBench, nodeUnderTest } from '../checks/nodes/nodeBench.ts';
import { loadUnit } from '../checks/nodes/nodeUnit.ts';
import type { NodeUnit } from '../checks/nodes/nodeUnit.ts';

type Sent = Record<string, unknown>;

describe('twin-opcua-source', function () {
  this.timeout(60_000);
  let folder: string;
  let server: RunningServer;
  let unit: NodeUnit;
  let others: ReadonlyMap<string, NodeUnit>;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twin-opcua-node-'));
    server = await startTestServer({ folder });
    unit = await loadUnit('twin-opcua-source');
    others = new Map([['twin-opcua', await loadUnit('twin-opcua')]]);
  });
  after(async () => {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a source with these addresses against the server, with the server node's settings changed as given. */
  async function run(addresses: Sent[], connection: Sent, work: (bench: NodeBench, sent: (port: 'values' | 'events') => Sent[]) => Promise<void>): Promise<void> {
    const bench = new NodeBench(unit, others, (references) => ({
      server: references.get('twin-opcua'), addresses, interval: 100, queue: 10, name: 'PLC',
    }));
    const node = bench.flow.find(({ type }) => type === 'twin-opcua')!;
    Object.assign(node, { url: `opc.tcp://127.0.0.1:${server.port}/test`, security: 'none' }, connection);
    await bench.open();
    try {
      await work(bench, (port) => {
        const own = bench.sent.filter(({ from }) => from === nodeUnderTest).map(({ message }) => message);
        return own.filter((message) => (port === 'events') === Object.hasOwn(message, 'event'));
      });
      assert.deepEqual(bench.errors, []);
    } finally {
      const left = await bench.close();
      assert.deepEqual(left, []);
    }
  }

  it('sends what a twin reads: address, value, time and quality; 64 bits exactly', async () => {
    const addresses = ['Big', 'Broken', 'Doubtful', 'Quiet', 'Negative'].map((name) => ({ address: `ns=2;s=${name}`, what: 'value' }));
    await run(addresses, {}, async (_bench, sent) => {
      await until(() => sent('values').some(({ payload }) => Array.isArray(payload)), 20_000, () => 'no values came');
      const message = sent('values').find(({ payload }) => Array.isArray(payload))!;
      for (const each of message.payload as Sent[]) {
        for (const time of [each.sourceTimestamp, each.serverTimestamp]) assert.ok(Number.isInteger(time) && Number(time) > Date.UTC(2020, 0), `${String(each.nodeId)}: ${String(time)}`);
        const names: Record<string, string> = { 'ns=2;s=Broken': 'BadSensorFailure', 'ns=2;s=Doubtful': 'UncertainLastUsableValue' };
        assert.equal(each.statusCode, names[String(each.nodeId)] ?? 'Good');
      }
      const reading = readMessage(message, Date.now());
      assert.equal(reading.kind, 'observations');
      const found = new Map(reading.kind === 'observations' ? reading.observations.map((each) => [each.address, each]) : []);
      assert.equal(found.get('ns=2;s=Big')!.value, 18_446_744_073_709_551_614n);
      assert.equal(found.get('ns=2;s=Negative')!.value, -1);
      assert.equal(found.get('ns=2;s=Broken')!.quality, 'bad');
      assert.equal(found.get('ns=2;s=Doubtful')!.quality, 'uncertain');
      const quiet = found.get('ns=2;s=Quiet')!;
      assert.deepEqual([quiet.value, quiet.quality], [21.5, 'good']);
      assert.ok(Math.abs(quiet.sourceTimeMs! - Date.now()) < 120_000);
      await until(() => sent('values').some(({ status }) => status === 'keepalive'), 10_000, () => 'it does not say that it lives');
      assert.deepEqual(readMessage(sent('values').find(({ status }) => status === 'keepalive'), 0), {
        kind: 'lifecycle', alive: true, source: `opc.tcp://127.0.0.1:${server.port}/test`,
      });
    });
  });

  it('takes a whole subtree, names what delivers nothing, and tells of an outage and its end', async () => {
    const addresses = [{ address: 'ns=2;s=Tags', what: 'below' }, { address: 'ns=2;s=Nothing', what: 'value' }];
    await run(addresses, {}, async (_bench, sent) => {
      const seen = (): Set<unknown> => new Set(sent('values').flatMap(({ payload }) => (Array.isArray(payload) ? (payload as Sent[]).map(({ nodeId }) => nodeId) : [])));
      await until(() => seen().size === 10, 20_000, () => `only ${seen().size} tags came`);
      const unknown = sent('events').find(({ event }) => (event as Sent).kind === 'unknown')!;
      assert.match(String(unknown.payload), /ns=2;s=Nothing \(BadNodeIdUnknown\)/);
      server.process.kill('SIGSTOP');
      try {
        await until(() => sent('values').some(({ status }) => status === 'connection lost'), 6000, () => 'the silence was not noticed');
      } finally {
        server.process.kill('SIGCONT');
      }
      const lost = sent('events').find(({ event }) => (event as Sent).state === 'stale')!;
      assert.match(String(lost.payload), /has said nothing for/);
      await until(() => sent('events').some(({ event }) => (event as Sent).kind === 'gap'), 10_000, () => 'no gap was told');
      const gap = sent('events').find(({ event }) => (event as Sent).kind === 'gap')!.event as { fromMs: number; toMs: number };
      assert.ok(gap.toMs - gap.fromMs >= 3000 && gap.toMs - gap.fromMs < 20_000);
    });
  });

  it('says that a certificate has to be trusted, and sends nothing before', async () => {
    await run([{ address: 'ns=2;s=Count', what: 'value' }], { security: 'best' }, async (_bench, sent) => {
      await until(() => sent('events').some(({ event }) => (event as Sent).code === 'TWIN_OPCUA_CERTIFICATE'), 20_000, () => 'no word of the certificate');
      assert.deepEqual(sent('values').filter(({ payload }) => payload !== undefined), []);
    });
  });
});
