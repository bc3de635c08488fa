import assert from 'node:assert/strict';
import type { FindAnswer, Proposal } from '../../contract/discovery.ts';
import type { TwinEventMessage, TwinMessage } from '../../contract/messages.ts';
import { plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

type Entry = Record<string, unknown>;

const machines = ['Press1', 'Press2', 'Press3'];
const groups = ['Hydraulics', 'Motor', 'Cooling', 'Axis1', 'Axis2', 'Zone1', 'Zone2', 'Oil', 'Feed', 'Clamp'];
/** Five hundred metrics of one machine, as a PLC's program names them. */
const metrics = groups.flatMap((group) => Array.from({ length: 10 }, (_, part) =>
  ['Temp', 'Pressure', 'Current', 'Speed', 'Vibration'].map((quantity) => `${group}/Unit${part + 1}/${quantity}`)).flat());
const edgeOf = (machine: string): string => `edge${machines.indexOf(machine) % 2}`;

interface Way {
  name: string;
  birth(machine: string): Entry[];
  data(machine: string, metric: string, value: number): Entry;
  /** As the machine's address is found. */
  address(machine: string, metric: string): string;
}

const ways: Way[] = [
  {
    name: 'Sparkplug births',
    birth: (machine) => [{
      topic: `spBv1.0/Plant/DBIRTH/${edgeOf(machine)}/${machine}`,
      payload: { timestamp: Date.now(), seq: 0, metrics: metrics.map((name, index) => ({ name, alias: index, type: 'Double', value: valueOf(machine, index) })) },
    }],
    data: (machine, metric, value) => ({
      topic: `spBv1.0/Plant/DDATA/${edgeOf(machine)}/${machine}`,
      payload: { timestamp: Date.now(), metrics: [{ name: metric, type: 'Double', value }] },
    }),
    address: (machine, metric) => `Plant/${edgeOf(machine)}/${machine}/${metric}`,
  },
  {
    name: 'MQTT topics',
    birth: (machine) => metrics.map((metric, index) => ({ topic: `plant/${edgeOf(machine)}/${machine}/${metric}`, payload: valueOf(machine, index) })),
    data: (machine, metric, value) => ({ topic: `plant/${edgeOf(machine)}/${machine}/${metric}`, payload: value }),
    address: (machine, metric) => `plant/${edgeOf(machine)}/${machine}/${metric}`,
  },
];
const valueOf = (machine: string, index: number): number => 1000 * machines.indexOf(machine) + index;

/** What the dialog makes of a proposal of one type. */
function placed(proposal: Proposal): { properties: Entry[]; assets: Entry } {
  const properties = (proposal.types[0]?.properties ?? []).map(({ name, label, unit, kind, address }) => ({ name, label, unit, valueKind: kind, address, expression: '' }));
  return {
    properties,
    assets: {
      machines: proposal.machines.map(({ name, place }) => ({ key: name, name, place })),
      settings: proposal.machines.flatMap(({ name, placeholder, addresses }) => [
        ...(placeholder === '' ? [] : [{ machine: name, setting: 'machine', value: placeholder }]),
        ...Object.entries(addresses).map(([property, address]) => ({ machine: name, setting: `${property}.address`, value: address })),
      ]),
    },
  };
}

describe('machines found in what arrived', function () {
  this.timeout(60_000);
  let run: StartedFlow | undefined;
  afterEach(async () => {
    await run?.stop();
    run = undefined;
  });

  const flow = (assets: Entry, properties?: Entry[]): Entry[] => plantFlow({
    ...(properties === undefined ? {} : { properties }),
    more: [{ id: 'assets', type: 'twin-assets', x: 1, y: 1, site: 'site', assetType: 'type', together: 0, machines: [], settings: [], wires: [['asset-out'], ['events']], ...assets }],
  }).filter(({ id }) => id !== 'asset');

  for (const way of ways) {
    it(`${way.name}: three machines of 500 values are one type and three twins, which live on`, async () => {
      run = await startFlow(flow({ assetType: '' }));
      const { node, admin, received, until, deploy, statuses } = run;
      for (const machine of machines) for (const message of way.birth(machine)) node('assets').receive(message);
      await until(() => statuses('assets').at(-1)?.text?.includes('1500') === true, () => JSON.stringify(statuses('assets').at(-1)));
      const { body } = await admin('POST', '/twinwire/assets/assets/find', {});
      const answer = body as FindAnswer;
      assert.ok(answer.ok);
      const { proposal } = answer;
      assert.deepEqual([proposal.types.length, proposal.machines.map(({ name }) => name).sort()], [1, machines]);

      // Each value that arrived has to come back under its machine, and under one property for the same metric of each machine.
      const { properties, assets } = placed(proposal);
      await deploy(flow(assets, properties));
      await until(() => /3 machines|^waiting/.test(statuses('assets').at(-1)?.text ?? ''), () => JSON.stringify(statuses('assets').at(-1)));
      const propertyOf = new Map<string, string>();
      const known = proposal.machines.flatMap(({ placeholder, addresses }) => (proposal.types[0]?.properties ?? []).map(({ name, address }) => (
        { name, found: addresses[name] ?? address.replaceAll('{machine}', placeholder) })));
      for (const { name, found } of known) {
        const metric = metrics.find((one) => found.endsWith(`/${one}`));
        if (metric !== undefined && !propertyOf.has(metric)) propertyOf.set(metric, name);
      }
      const twins = (): Map<string, TwinMessage> => new Map((received('asset-out') as unknown as TwinMessage[]).map((message) => [message.twin.key, message]));
      for (const machine of machines) for (const [index, metric] of metrics.entries()) node('assets').receive(way.data(machine, metric, valueOf(machine, index) + 0.5));
      const all = (): boolean => twins().size === 3 && received('asset-out').length >= 1500;
      await until(all, () => `${received('asset-out').length} messages of ${twins().size} twins; ${statuses('assets').at(-1)?.text}`, 20_000);
      let right = 0;
      for (const machine of machines) {
        const payload = twins().get(machine)?.payload ?? {};
        for (const [index, metric] of metrics.entries()) if (payload[propertyOf.get(metric) ?? ''] === valueOf(machine, index) + 0.5) right += 1;
      }
      console.log(`      ${right} of ${3 * metrics.length} values right (${((100 * right) / (3 * metrics.length)).toFixed(1)} %)`);
      assert.ok(right >= 0.95 * 3 * metrics.length, `${right} right`);
      assert.deepEqual(run.warnings(), []);
    });
  }

  it('Sparkplug devices that name their metrics alike stay apart; a death concerns who was fed by it', async () => {
    run = await startFlow(flow({
      machines: [{ key: 'a', name: 'A', place: '' }, { key: 'b', name: 'B', place: '' }], topic: 'Plant/+/{machine}/#', together: 0,
    }, [{ name: 'temperature', unit: 'Cel', valueKind: 'measured', address: '', label: '', expression: '' }]));
    const { node, received, until, statuses } = run;
    const message = (kind: string, edge: string, machine: string, value?: number): Entry => ({
      topic: `spBv1.0/Plant/${kind}/${edge}${machine === '' ? '' : `/${machine}`}`,
      payload: { timestamp: Date.now(), metrics: value === undefined ? [] : [{ name: 'temperature', value }] },
    });
    for (const [edge, machine, value] of [['e1', 'a', 1], ['e2', 'b', 2], ['e2', 'c', 3]] as const) node('assets').receive(message('DBIRTH', edge, machine, value));
    const twins = (): [string, unknown][] => (received('asset-out') as unknown as TwinMessage[]).map(({ twin, payload }) => [twin.key, payload['temperature']]);
    await until(() => twins().length === 2, () => JSON.stringify(twins()));
    assert.deepEqual(twins(), [['a', 1], ['b', 2]]);
    await until(() => statuses('assets').at(-1)?.text?.includes('c') === true, () => `c waits: ${statuses('assets').at(-1)?.text}`);

    const events = (): TwinEventMessage[] => received('events') as unknown as TwinEventMessage[];
    const stale = (): string[] => events().filter(({ event }) => event.kind === 'stale' || event.kind === 'fresh').map(({ twin, event }) => `${twin.key} ${event.active}`);
    node('assets').receive(message('DDEATH', 'e1', 'a'));
    await until(() => stale().length === 1, () => stale().join());
    node('assets').receive(message('DBIRTH', 'e1', 'a', 4));
    await until(() => stale().length === 2, () => stale().join());
    // The edge node takes along what is behind it; one that nobody knows takes nobody.
    node('assets').receive(message('NDEATH', 'e9', ''));
    node('assets').receive(message('NDEATH', 'e2', ''));
    await until(() => stale().length === 3, () => stale().join());
    assert.deepEqual(stale(), ['a true', 'a false', 'b true']);
  });
});
