import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readConfig } from '../../contract/fields.ts';
import type { Fields } from '../../contract/fields.ts';
import { faultNames, tagDefinitions } from '../../demo/packagingLine.ts';

const root = join(import.meta.dirname, '../..');
const flows = join(root, 'flows');
const starters = join(root, 'examples/starters');

interface FlowNode {
  id: string;
  type: string;
  z?: string;
  g?: string;
  name?: string;
  x?: number;
  y?: number;
  w?: number;
  h?: number;
  wires?: string[][];
  nodes?: string[];
  links?: string[];
  info?: string;
  [property: string]: unknown;
}

interface PropertyRow {
  name: string;
  address: string;
  valueKind: string;
}

/** What npm start sets; a flow may ask for these and for nothing else. */
const environment: ReadonlyMap<string, string> = new Map([
  ['TWINWIRE_PLC', 'opc.tcp://127.0.0.1:4840/packaging-line'],
  ['TWINWIRE_MQTT', 'mqtt://127.0.0.1:1883'],
  ['TWINWIRE_INFLUXDB', ''],
  ['TWINWIRE_CLOCK_RATE', '60'],
  ['TWINWIRE_CLOCK_ORIGIN', '2026-01-05T06:00:00Z'],
  ['TWINWIRE_RECORDED_MACHINE', '/flows/recorded-machine.csv'],
  // Of flows/alarms.json; its tab says so.
  ['TWINWIRE_MAIL_TO', 'maintenance@plant.example'],
]);

/** What docs/templates.md tells to set for the starters. */
const customers: ReadonlyMap<string, string> = new Map([
  ['TWIN_SITE', 'Hall 2'],
  ['TWIN_LANGUAGE', 'de'],
  ['TWIN_OPCUA_URL', 'opc.tcp://192.168.0.10:4840'],
  ['TWIN_OPCUA_SECURITY', 'best'],
  ['TWIN_MQTT_URL', 'mqtt://192.168.0.11:1883'],
  ['TWIN_INFLUXDB_URL', 'http://192.168.0.12:8086'],
  ['TWIN_MACHINE_KEY', 'press-07'],
  ['TWIN_MACHINE_NAME', 'Press 7'],
  ['TWIN_MACHINE_PLACE', 'hall 2'],
  ['TWIN_MACHINE_NODE', 'ns=2;s=Press7'],
  ['TWIN_OPCUA_NODE', 'ns=2;s=Line1'],
  ['TWIN_MACHINES', 'machines.csv'],
]);
const isStarter = (file: string): boolean => file.startsWith('starter-');

/** The node as Node-RED hands it to the runtime: a property that is nothing but ${NAME} is replaced by the variable's value. */
function resolved(node: FlowNode, set: ReadonlyMap<string, string>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(node), (name, value: unknown) => {
    const variable = typeof value === 'string' ? /^\$\{(\S+)\}$/.exec(value)?.[1] : undefined;
    if (variable === undefined) return value;
    assert.ok(set.has(variable), `${node.id}.${name} asks for ${variable}, which nobody sets`);
    return set.get(variable);
  }) as Record<string, unknown>;
}

const readFlow = (file: string): FlowNode[] => JSON.parse(readFileSync(join(flows, file), 'utf8')) as FlowNode[];

async function fieldsOf(type: string): Promise<Fields> {
  const file = join(root, 'nodes', type, 'config.ts');
  assert.ok(existsSync(file), `${type} is no node of this package`);
  return ((await import(pathToFileURL(file).href)) as { fields: Fields }).fields;
}

function csv(file: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(join(flows, file), 'utf8').trim().split('\n');
  const names = head!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, index) => [names[index]!, value])));
}

const files = readdirSync(flows).filter((name) => name.endsWith('.json'));

describe('flows/', () => {
  it('holds the stories that are shipped', () => {
    for (const name of ['packaging-line.json', 'recorded-machine.json', 'starter-line.json', 'starter-machine.json']) assert.ok(files.includes(name), name);
  });

  it('holds the starters that the import menu offers, byte for byte', () => {
    const offered = readdirSync(starters);
    assert.deepEqual(offered.filter((name) => name.endsWith('.json')).sort(), files.filter(isStarter).sort());
    for (const name of offered) assert.equal(readFileSync(join(flows, name), 'utf8'), readFileSync(join(starters, name), 'utf8'), `cp flows/${name} examples/starters/`);
  });

  it('holds starters that are empty of the demo and ask for what docs/templates.md tells to set, for all of it', () => {
    const texts = files.filter(isStarter).map((name) => readFileSync(join(flows, name), 'utf8'));
    for (const text of texts) assert.doesNotMatch(text, /demo|packaging|127\.0\.0\.1|localhost|TWINWIRE_/i);
    const asked = new Set(texts.flatMap((text) => [...text.matchAll(/"\$\{(\w+)\}"/g)].map(([, name]) => name as string)));
    assert.deepEqual([...asked].sort(), [...customers.keys()].sort());
    const told = readFileSync(join(root, 'docs/templates.md'), 'utf8');
    for (const name of asked) assert.ok(told.includes(name) || told.includes(`\`${name.replace('TWIN_MACHINE', '')}\``), name);
  });
});

for (const file of files) {
  describe(`flows/${file}`, () => {
    const nodes = readFlow(file);
    const byId = new Map(nodes.map((node) => [node.id, node]));

    it('names only nodes that it holds', () => {
      assert.equal(byId.size, nodes.length, 'an id is used twice');
      for (const node of nodes) {
        for (const target of [...(node.wires ?? []).flat(), ...(node.links ?? []), ...(node.nodes ?? [])]) {
          assert.ok(byId.has(target), `${node.id} names ${target}`);
        }
        if (node.z !== undefined) assert.equal(byId.get(node.z)?.type, 'tab', node.id);
        if (node.g !== undefined) assert.ok(byId.get(node.g)?.nodes?.includes(node.id), `${node.id} is not in its group's list`);
      }
    });

    it('has no id that is also the text of a property, which Node-RED would take for a reference', () => {
      for (const node of nodes) {
        for (const [name, value] of Object.entries(node)) {
          if (typeof value !== 'string' || !byId.has(value)) continue;
          const references = ['id', 'z', 'g', 'site', 'assetType', 'endpoint', 'server', 'mqtt', 'influxdb', 'broker'];
          assert.ok(references.includes(name), `${node.id}.${name} is the id of a node`);
        }
      }
    });

    it('holds twin nodes with exactly the fields that their configuration knows, each within its range', async () => {
      const twins = nodes.filter((node) => node.type.startsWith('twin-'));
      assert.ok(twins.length >= 6);
      for (const node of twins) {
        const fields = await fieldsOf(node.type);
        const { problems } = readConfig(fields, resolved(node, isStarter(file) ? customers : environment));
        assert.deepEqual(problems, [], `${node.id}: ${JSON.stringify(problems)}`);
        const known = new Set([...Object.keys(fields), 'id', 'type', 'z', 'g', 'x', 'y', 'wires']);
        assert.deepEqual(Object.keys(node).filter((name) => !known.has(name)), [], `${node.id} has fields that ${node.type} does not know`);
        const kept = Object.entries(fields).filter(([, field]) => field.kind !== 'credential');
        assert.deepEqual(kept.filter(([name]) => !Object.hasOwn(node, name)).map(([name]) => name), [], `${node.id} lacks fields of ${node.type}`);
        for (const [name, field] of kept) {
          if (field.kind === 'reference' && node[name] !== '') assert.equal(byId.get(node[name] as string)?.type, field.to, `${node.id}.${name}`);
        }
      }
    });

    it('is laid out: groups hold their nodes, no two nodes lie on each other, comments explain', () => {
      const placed = nodes.filter((node) => node.x !== undefined && node.type !== 'group');
      for (const node of placed) {
        const group = node.g === undefined ? undefined : byId.get(node.g);
        if (group !== undefined) {
          const inside = node.x! > group.x! && node.x! < group.x! + group.w! && node.y! > group.y! && node.y! < group.y! + group.h!;
          assert.ok(inside, `${node.id} is outside ${group.id}`);
        }
        for (const other of placed) {
          if (other !== node) assert.ok(Math.abs(other.y! - node.y!) >= 40 || Math.abs(other.x! - node.x!) >= 60, `${node.id} lies on ${other.id}`);
        }
      }
      const comments = nodes.filter((node) => node.type === 'comment');
      assert.ok(comments.length > 0);
      // A starter's comments point at the tab, which a customer's copy keeps.
      for (const telling of isStarter(file) ? nodes.filter((node) => node.type === 'tab') : comments) assert.ok((telling.info ?? '').length > 100, telling.id);
    });
  });
}

describe('flows/packaging-line.json and the demo PLC', () => {
  const nodes = readFlow('packaging-line.json');
  const assets = nodes.filter((node) => node.type === 'twin-asset');
  const addresses = assets.flatMap((asset) => {
    const type = nodes.find((node) => node.id === asset.assetType)!;
    const placeholders = asset.placeholders as { name: string; value: string }[];
    return (type.properties as PropertyRow[])
      .filter((row) => row.valueKind !== 'derived')
      .map((row) => placeholders.reduce((address, { name, value }) => address.replaceAll(`{${name}}`, value), row.address));
  });
  const served = tagDefinitions.map((tag) => `ns=1;s=${tag.name}`).sort();

  it('knows each tag of the PLC as one property of one machine', () => {
    assert.equal(assets.length, 3);
    assert.deepEqual(addresses.sort(), served);
  });

  it('subscribes each tag once', () => {
    const list = nodes.find((node) => node.id === 'pl-subscribe')!;
    assert.deepEqual((JSON.parse(list.payload as string) as string[]).sort(), served);
    assert.equal(list.repeat, '', 'the OPC UA client sends each tag twice when it is subscribed again');
  });

  it('has a button to begin and to end each fault', () => {
    const buttons = nodes.filter((node) => node.type === 'inject' && String(node.topic).startsWith('ns=1;s=Fault.'));
    const pressed = buttons.map((node) => `${String(node.topic).slice('ns=1;s=Fault.'.length)} ${String(node.payload)}`).sort();
    assert.deepEqual(pressed, [...faultNames.flatMap((name) => [`${name} true`, `${name} false`]), 'Reset true'].sort());
  });
});

describe('flows/recorded-machine.csv', () => {
  const rows = csv('recorded-machine.csv');
  const truth = csv('recorded-machine-truth.csv');

  it('is small and has one row a minute with nine numbers', () => {
    assert.ok(statSync(join(flows, 'recorded-machine.csv')).size < 400_000);
    assert.equal(rows.length, 2205);
    rows.forEach((row, index) => {
      assert.equal(Date.parse(row['time']!), Date.parse('2015-01-01T00:00:00Z') + index * 60_000);
      const values = Object.entries(row).filter(([name]) => name !== 'time');
      assert.equal(values.length, 9);
      for (const [name, value] of values) assert.match(value, /^-?\d+\.\d{3}$/, `${name} in row ${index + 1}`);
    });
  });

  it('has columns that the flow knows', () => {
    const type = readFlow('recorded-machine.json').find((node) => node.type === 'twin-type')!;
    const addresses = (type.properties as PropertyRow[]).map((row) => row.address).sort();
    assert.deepEqual(addresses, Object.keys(rows[0]!).filter((name) => name !== 'time').sort());
  });

  it('is covered by its truth without gap or overlap, and names each of the source cycles once', () => {
    let at = Date.parse(rows[0]!['time']!);
    const cycles = new Set<number>();
    for (const stretch of truth) {
      assert.equal(Date.parse(stretch['from']!), at);
      at = Date.parse(stretch['to']!);
      for (let cycle = Number(stretch['first_cycle']); cycle <= Number(stretch['last_cycle']); cycle++) cycles.add(cycle);
    }
    assert.equal(at, Date.parse(rows.at(-1)!['time']!) + 60_000);
    assert.deepEqual([cycles.size, Math.min(...cycles), Math.max(...cycles)], [2205, 1, 2205]);
    assert.deepEqual([...new Set(truth.map((stretch) => stretch['cooler_percent']))], ['100', '20', '3']);
  });

  it('is attributed', () => {
    const notice = readFileSync(join(root, 'NOTICE'), 'utf8');
    const comment = readFlow('recorded-machine.json').find((node) => node.type === 'comment')!.info!;
    for (const text of [notice, comment]) {
      assert.match(text, /CC BY 4\.0/);
      assert.match(text, /ZeMA/);
      assert.match(text, /10\.1109\/I2MTC\.2015\.7151267/);
    }
  });
});
