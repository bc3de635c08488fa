import type { ChosenType } from './reviewMachines.ts';
import type { Row } from './rowList.ts';

const columnPx = 220;
const rowPx = 60;

/** What a twin-type's table holds for the chosen properties. */
export function propertyRows(type: ChosenType): Row[] {
  return type.properties.map(({ name, label, unit, kind, address, range }) => ({
    name, label: label === name ? '' : label, unit, valueKind: kind, address,
    rangeLow: range === undefined ? '' : String(range.low), rangeHigh: range === undefined ? '' : String(range.high),
  }));
}

/** What is special to each machine, as twin-assets holds it: its placeholder, and the addresses that no pattern gives. */
export function settingRows(type: ChosenType): Row[] {
  const usesPlaceholder = type.properties.some(({ address }) => address.includes('{machine}'));
  return type.machines.flatMap(({ key, placeholder, addresses }) => [
    ...(usesPlaceholder && placeholder !== '' ? [{ machine: key, setting: 'machine', value: placeholder }] : []),
    ...Object.entries(addresses).map(([property, address]) => ({ machine: key, setting: `${property}.address`, value: address })),
  ]);
}

/** What has to be subscribed for the chosen machines: the machine's own node with all below it, or else each of its values. */
export function sourceRows(types: readonly ChosenType[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { machines, properties } of types) {
    for (const { root, addresses, placeholder, lacks } of machines) {
      if (root !== undefined) {
        rows.set(root, { address: root, what: 'below' });
        continue;
      }
      const own = new Map(Object.entries(addresses));
      const lacking = new Set(lacks);
      for (const { name, address } of properties) {
        if (lacking.has(name)) continue;
        const found = own.get(name) ?? address.replace(/\{machine\}/g, () => placeholder);
        if (found !== '') rows.set(found, { address: found, what: 'value' });
      }
    }
  }
  return [...rows.values()];
}

/** The sites that the flows hold. */
export function sitesInFlows(): { id: string; name: string }[] {
  const sites: { id: string; name: string }[] = [];
  RED.nodes.eachConfig((node) => {
    if (node.type === 'twin-site') sites.push({ id: node.id, name: node.name || node.id });
  });
  return sites;
}

/** Keys of all twins in the flows, deployed or not. */
export function keysInFlows(): Set<string> {
  const keys = new Set<string>();
  RED.nodes.eachNode((node) => {
    if (node.type === 'twin-asset') keys.add(String(node['key'] ?? '').trim());
    if (node.type !== 'twin-assets' || !Array.isArray(node['machines'])) return;
    for (const row of node['machines'] as Row[]) keys.add(String(row?.['key'] ?? '').trim());
  });
  return keys;
}

/**
 * Places the chosen machines behind a source: per type a twin-type and a twin-assets (a twin-asset for a single machine), and behind them
 * twin-baseline, twin-anomaly and twin-alert. One undo takes it all away again.
 * @param siteId '' = a new site is made
 * @returns how many machines were placed
 */
export function placeMachines(source: EditorNode, types: readonly ChosenType[], siteId: string): number {
  const nodes: Record<string, unknown>[] = [];
  const place = { x: Number(source['x'] ?? 200), y: Number(source['y'] ?? 200) };
  const add = (type: string, values: Record<string, unknown>): string => {
    const id = RED.nodes.id();
    nodes.push({ id, type, ...defaultsOf(type), ...values });
    return id;
  };
  const onFlow = (column: number, row: number): Record<string, unknown> => ({
    z: source.z, x: place.x + column * columnPx, y: place.y + row * rowPx,
  });
  const site = siteId !== '' ? siteId : add('twin-site', { name: 'Plant' });
  const alert = add('twin-alert', { ...onFlow(4, 0), site, wires: [[], []] });
  const anomaly = add('twin-anomaly', { ...onFlow(3, 0), site, wires: [[alert]] });
  const baseline = add('twin-baseline', { ...onFlow(2, 0), site, wires: [[anomaly]] });
  const first: string[] = [];
  let placed = 0;
  for (const [row, type] of types.entries()) {
    const assetType = add('twin-type', { name: type.name, properties: propertyRows(type) });
    const [machine] = type.machines;
    placed += type.machines.length;
    const shared = { ...onFlow(1, row), site, assetType, wires: [[baseline], []] };
    if (machine !== undefined && type.machines.length === 1) {
      first.push(add('twin-asset', {
        ...shared, name: machine.name, key: machine.key, place: machine.place,
        placeholders: machine.placeholder === '' ? [] : [{ name: 'machine', value: machine.placeholder }],
        mapping: Object.entries(machine.addresses).map(([property, address]) => ({ address, property, scale: 1, offset: 0 })),
      }));
    } else {
      first.push(add('twin-assets', {
        ...shared, name: type.name,
        machines: type.machines.map(({ key, name, place: where }) => ({ key, name, place: where })),
        settings: settingRows(type),
      }));
    }
  }
  const dirty = RED.nodes.dirty();
  const { nodes: made, links } = RED.nodes.import(nodes, { generateIds: false, markChanged: true });
  const wires = first.flatMap((id) => {
    const target = RED.nodes.node(id);
    return target === null || target === undefined ? [] : [{ source, sourcePort: 0, target }];
  });
  for (const wire of wires) RED.nodes.addLink(wire);
  RED.history.push({ t: 'add', nodes: made.map(({ id }) => id), links: [...links, ...wires], dirty });
  RED.nodes.dirty(true);
  RED.view.redraw(true);
  RED.view.select({ nodes: made.filter(({ z }) => z === source.z) });
  return placed;
}

/** Adds a twin-type with the chosen properties; undo takes it away. @returns its id */
export function addType(type: ChosenType): string {
  const id = RED.nodes.id();
  const dirty = RED.nodes.dirty();
  RED.nodes.import([{ id, type: 'twin-type', ...defaultsOf('twin-type'), name: type.name, properties: propertyRows(type) }], { generateIds: false, markChanged: true });
  RED.history.push({ t: 'add', nodes: [id], links: [], dirty });
  RED.nodes.dirty(true);
  return id;
}

/** A node as the palette would make it. */
export function defaultsOf(type: string): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, { value }] of Object.entries(RED.nodes.getType(type)?.defaults ?? {})) values[name] = structuredClone(value);
  return values;
}
