/** The part of the runtime API that a subflow module uses. */
interface SubflowRuntime {
  nodes: { registerSubflow(definition: Record<string, unknown>): void };
}

type Label = Record<'en-US' | 'de', string>;

/**
 * One field of the node. `type` of a config node: it is chosen in the dialog and handed in, because a config node inside a packaged subflow
 * is not found by Node-RED. A field that a later version adds must not be needed by nodes that were placed before: Node-RED does not
 * start a subflow node that lacks one, so none is added; what is new becomes a node of its own.
 */
function choice(name: string, type: string, icon: string, label: Label): Record<string, unknown> {
  return { name, type, value: '', ui: { icon: `font-awesome/${icon}`, label, type: 'conf-types' } };
}

function text(name: string, icon: string, label: Label): Record<string, unknown> {
  return { name, type: 'str', value: '', ui: { icon: `font-awesome/${icon}`, label, type: 'input', opts: { types: ['str', 'env'] } } };
}

const id = 'twinwire-twin-machine';
const inside = (name: string): string => `${id}-${name}`;
/** A node inside, drawn where a person who opens the subflow expects it; what is not given is that node's default. */
const node = (name: string, type: string, column: number, row: number, wires: string[][], more: Record<string, unknown>): Record<string, unknown> => ({
  id: inside(name), type, z: id, x: 120 + column * 180, y: 80 + row * 80, wires: wires.map((names) => names.map(inside)), ...more,
});
const end = (x: number, y: number, ...from: [string, number][]): Record<string, unknown> => ({
  x, y, wires: from.map(([name, port]) => ({ id: inside(name), port })),
});

const info = `A whole machine in one node: values from an OPC UA server or from its input → living twin → what is normal → unusual? → alert.

- **Type**, **Site**: what kind of machine it is and where it belongs, as in twin-asset.
- **Key**: everything learned is kept under it. It never changes.
- **Machine in the addresses**: what stands for \`{machine}\` in the addresses of the type.
- **OPC UA server** and **OPC UA node**: everything below this node is read. Without a server, wire the node for your PLC to the input.
- **Broker**: alerts are also published there.

Outputs: 1 alerts, as text for mail or messenger · 2 the twin with its verdict. \`msg.command\` at the input acknowledges a case, as in twin-alert.

---

Eine ganze Maschine in einem Knoten: Werte eines OPC-UA-Servers oder vom Eingang → lebender Zwilling → was normal ist → ungewöhnlich? → Alarm.

- **Typ**, **Standort**: was für eine Maschine es ist und wohin sie gehört, wie in twin-asset.
- **Schlüssel**: unter ihm liegt alles Gelernte. Er ändert sich nie.
- **Maschine in den Adressen**: was für \`{machine}\` in den Adressen des Typs steht.
- **OPC-UA-Server** und **OPC-UA-Knoten**: alles unter diesem Knoten wird gelesen. Ohne Server den Knoten für die SPS an den Eingang anschließen.
- **Broker**: Alarme werden auch dort veröffentlicht.

Ausgänge: 1 Alarme, als Text für Mail oder Messenger · 2 der Zwilling mit seinem Urteil. \`msg.command\` am Eingang quittiert einen Fall, wie in twin-alert.`;

/** The palette's "twin machine": asset, baseline, anomaly and alert with one dialog, for integrators who place the same machine often. */
export const twinMachine: Readonly<Record<string, unknown>> = {
  id,
  type: 'subflow',
  name: 'twin machine',
  info,
  category: 'digital twin',
  color: '#8CC5C5',
  icon: 'twin-asset.svg',
  meta: { module: '@twinwire/node-red-digital-twin', type: 'twin-machine' },
  inputLabels: ['values of the machine'],
  outputLabels: ['alerts', 'the twin with its verdict'],
  env: [
    choice('assetType', 'twin-type', 'fa-cubes', { 'en-US': 'Type', de: 'Typ' }),
    choice('site', 'twin-site', 'fa-industry', { 'en-US': 'Site', de: 'Standort' }),
    text('key', 'fa-key', { 'en-US': 'Key', de: 'Schlüssel' }),
    text('place', 'fa-map-marker', { 'en-US': 'Place', de: 'Ort' }),
    text('machine', 'fa-tag', { 'en-US': 'Machine in the addresses', de: 'Maschine in den Adressen' }),
    choice('server', 'twin-opcua', 'fa-server', { 'en-US': 'OPC UA server', de: 'OPC-UA-Server' }),
    text('root', 'fa-sitemap', { 'en-US': 'OPC UA node', de: 'OPC-UA-Knoten' }),
    choice('broker', 'twin-mqtt', 'fa-bell-o', { 'en-US': 'Broker for alerts', de: 'Broker für Alarme' }),
  ],
  in: [{ x: 40, y: 160, wires: [{ id: inside('sort') }] }],
  out: [end(1060, 240, ['alert', 0]), end(1060, 160, ['anomaly', 0])],
  status: end(1060, 400, ['status-of-twin', 0], ['trouble', 0]),
  flow: [
    node('sort', 'switch', 0, 1, [['alert'], ['asset']], {
      name: 'an answer to a case?', property: 'command', propertyType: 'msg', rules: [{ t: 'nnull' }, { t: 'else' }], checkall: 'false', repair: false, outputs: 2,
    }),
    node('source', 'twin-opcua-source', 0, 0, [['asset'], []], {
      name: '${NR_SUBFLOW_NAME}', server: '${server}', addresses: [{ address: '${root}', what: 'below' }], interval: 500, queue: 10,
    }),
    node('asset', 'twin-asset', 1, 1, [['baseline'], ['alert']], {
      name: '${NR_SUBFLOW_NAME}', site: '${site}', assetType: '${assetType}', key: '${key}', place: '${place}',
      placeholders: [{ name: 'machine', value: '${machine}' }], mapping: [], limits: [],
    }),
    node('baseline', 'twin-baseline', 2, 1, [['anomaly']], { name: '', site: '${site}' }),
    node('anomaly', 'twin-anomaly', 3, 1, [['alert']], { name: '', site: '${site}' }),
    node('alert', 'twin-alert', 4, 2, [[]], { name: '', site: '${site}', mqtt: '${broker}' }),
    node('status-of-twin', 'status', 3, 4, [[]], { name: '', scope: [inside('asset')] }),
    node('status-of-source', 'status', 2, 5, [['trouble']], { name: '', scope: [inside('source')] }),
    // While values come, the twin says how it is; the source only speaks up when it has trouble.
    node('trouble', 'switch', 3, 5, [[]], {
      name: 'trouble?', property: 'status.fill', propertyType: 'msg', rules: [{ t: 'eq', v: 'red', vt: 'str' }], checkall: 'true', repair: false, outputs: 1,
    }),
  ],
};

export default function registerTwinMachine(RED: SubflowRuntime): void {
  // Node-RED writes into what it is given.
  RED.nodes.registerSubflow(structuredClone(twinMachine));
}
