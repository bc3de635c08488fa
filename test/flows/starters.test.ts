import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { requireService } from '../services/requireService.ts';
import { mosquitto, type Mosquitto } from '../services/startMosquitto.ts';
import { type FlowNode, type NodeRed, nodeRedVersions, readFlow, startNodeRed } from './startNodeRed.ts';
import { type Plc, startPlc } from './startPlc.ts';

type Sent = Record<string, unknown>;
const object = (value: unknown): Sent => (typeof value === 'object' && value !== null ? (value as Sent) : {});
/** Each machine of the line has at least four of the five values that the starter's type asks for. */
const complete = (key: string) => ({ twin, payload }: Sent, port: number): boolean =>
  port === 0 && object(twin)['key'] === key && Object.values(object(payload)).filter((value) => value !== null).length >= 4;

/**
 * What an integrator starts from, in every Node-RED: both starters and the packaged subflow, first with nothing set, then with what a
 * customer's box sets, over a PLC that serves.
 */
describe('starters', function () {
  this.timeout(120_000);
  let broker: Mosquitto;
  let plc: Plc;
  before(requireService('mosquitto'));
  before(async () => {
    broker = await mosquitto();
    plc = await startPlc({ rate: 1 });
  });
  after(async () => {
    await plc?.stop();
    await broker?.stop();
  });

  const twinMachine = (id: string, more: Sent = {}): FlowNode => ({
    id, type: 'twin-machine', z: 'tw-start-machine-tab', name: 'Sealer', x: 100, y: 500, wires: [[], []],
    assetType: '', site: '', key: '', place: '', machine: '', server: '', root: '', broker: '', ...more,
  });

  for (const version of nodeRedVersions) {
    describe(`in Node-RED ${version}.x`, () => {
      let nodeRed: NodeRed;
      let machine: FlowNode[];
      let line: FlowNode[];
      before(async () => {
        machine = await readFlow('flows/starter-machine.json');
        line = await readFlow('flows/starter-line.json');
        nodeRed = await startNodeRed({ version });
      });
      after(() => nodeRed?.stop());
      /** Both starters as imported one after the other: they share their settings nodes. */
      const both = (): FlowNode[] => [...machine, ...line.filter(({ id }) => !machine.some((node) => node.id === id))];
      const status = (id: string): string => nodeRed.statuses.get(id)?.text ?? '';

      it('with nothing set, each node says what it lacks, and nothing else happens', async () => {
        await nodeRed.deploy([...both(), twinMachine('alone')]);
        const wanted: [string, RegExp][] = [
          ['tw-start-machine-source', /"PLC": not set: TWIN_OPCUA_URL/],
          ['tw-start-machine-asset', /not set: TWIN_MACHINE_KEY/],
          ['tw-start-machine-history', /embedded history only/],
          ['tw-start-line-source', /"PLC": not set: TWIN_OPCUA_URL/],
          ['tw-start-line-asset', /reads its machines from a file, and TWIN_MACHINES is not set/],
          ['alone', /site/],
        ];
        await nodeRed.until(() => wanted.every(([id, text]) => text.test(status(id))), 'what is missing', 10_000)
          .catch((problem: unknown) => assert.fail(`${String(problem)}\n${wanted.map(([id]) => `${id}: ${status(id)}`).join('\n')}`));
        const before = nodeRed.log.length;
        await new Promise((resolve) => setTimeout(resolve, 3000));
        assert.deepEqual(nodeRed.log.slice(before), [], 'it goes on complaining');
        assert.ok(before < 60, nodeRed.log.map(({ text }) => text).join('\n'));
        assert.deepEqual(nodeRed.complaints(), []);
      });

      it('with a customer\'s settings, the machine, the line and the subflow live', async () => {
        writeFileSync(path.join(nodeRed.userDir, 'machines.csv'), [
          'key,name,place,machine,feeds', 'line-filler,Filler,hall 2,ns=1;s=Filler,line-sealer', 'line-sealer,Sealer,hall 2,ns=1;s=Sealer,', '',
        ].join('\n'));
        // As the editor's user settings keep them.
        const environment = {
          TWIN_SITE: `Customer ${version}`, TWIN_OPCUA_URL: plc.endpoint, TWIN_OPCUA_SECURITY: 'none', TWIN_MQTT_URL: broker.url,
          TWIN_MACHINE_KEY: 'labeller', TWIN_MACHINE_NAME: 'Labeller', TWIN_MACHINE_PLACE: 'hall 2', TWIN_MACHINE_NODE: 'ns=1;s=Labeller',
          TWIN_MACHINES: 'machines.csv', TWIN_OPCUA_NODE: 'ns=1;s=PackagingLine',
        };
        const settings = { id: 'settings', type: 'global-config', env: Object.entries(environment).map(([name, value]) => ({ name, value, type: 'str' })) };
        const packaged = twinMachine('packaged', {
          assetType: 'tw-start-type', site: 'tw-start-site', key: 'packaged-sealer', place: 'hall 3', machine: 'ns=1;s=Sealer',
          server: 'tw-start-server', root: 'ns=1;s=Sealer', broker: 'tw-start-broker',
        });
        const probe: FlowNode = { id: 'probe', type: 'change', z: 'tw-start-machine-tab', rules: [], x: 1, y: 1, wires: [['last']] };
        const last: FlowNode = { ...probe, id: 'last', wires: [[]] };
        await nodeRed.deploy([settings, ...both(), { ...packaged, wires: [[], ['probe']] }, probe, last]);
        await nodeRed.message('tw-start-machine-asset', complete('labeller'), 30_000);
        for (const key of ['line-filler', 'line-sealer']) await nodeRed.message('tw-start-line-asset', complete(key), 30_000);
        const { message } = await nodeRed.message('probe', complete('packaged-sealer'), 30_000);
        assert.equal(typeof object(message['anomaly'])['verdict'], 'string');
        await nodeRed.until(() => /^\d+ values, /.test(status('packaged')), 'the status of the subflow');
        const overview = await fetch(`${nodeRed.url}/twin/api/overview`);
        const page = (await overview.json()) as { sites: { name: string; links: unknown[]; machines: { key: string; name: string }[] }[] };
        assert.deepEqual(page.sites.map(({ name }) => name), [`Customer ${version}`]);
        assert.deepEqual(page.sites[0]?.machines.map(({ key, name }) => `${key} ${name}`).sort(), [
          'labeller Labeller', 'line-filler Filler', 'line-sealer Sealer', 'packaged-sealer Sealer',
        ]);
        assert.deepEqual(page.sites[0]?.links, [{ from: 'line-filler', relation: 'feeds', to: 'line-sealer' }]);
        assert.deepEqual(nodeRed.complaints(), []);

        // A new version of the template, with other node ids and another setting: what was learned is under the key.
        const rowsMissing = ({ learning }: Sent): number => {
          const missing = object(learning)['missing'] as { code: string; missing: number }[] | undefined;
          return missing?.find(({ code }) => code === 'rows')?.missing ?? 0;
        };
        const heard = (id: string): number[] => nodeRed.sent.filter(({ from, message: { learning } }) => from === id && learning !== undefined).map(({ message: one }) => rowsMissing(one));
        const old = 'tw-start-machine-baseline';
        await nodeRed.until(() => (heard(old).at(-1) ?? Infinity) <= (heard(old)[0] ?? 0) - 3, 'rows that are learned from');
        const learned = heard(old).at(-1) as number;
        const next = (JSON.parse(JSON.stringify(both()).replaceAll('tw-start-', 'v2-start-')) as FlowNode[])
          .map((node) => (node.type === 'twin-anomaly' ? { ...node, falseAlarmsPerWeek: 2 } : node));
        await nodeRed.deploy([settings, ...next]);
        await nodeRed.until(() => heard('v2-start-machine-baseline').length > 0, 'the new version to learn');
        assert.ok((heard('v2-start-machine-baseline')[0] as number) <= learned, `${heard('v2-start-machine-baseline')[0]} rows missing after the update, ${learned} before`);
        assert.deepEqual(nodeRed.complaints(), []);
      });
    });
  }
});
