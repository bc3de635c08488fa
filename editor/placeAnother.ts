import { hasPart, replacePart } from '../contract/anotherMachine.ts';
import { proposeFreeKey } from '../contract/proposeKey.ts';
import type { AnotherChoice } from './anotherMachine.ts';
import { sourcesOf } from './anotherMachine.ts';
import { freeBelow, rowPx } from './freeBelow.ts';
import { keysInFlows } from './placeMachines.ts';
import type { Row } from './rowList.ts';

const rows = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : []);

/**
 * Lets the OPC UA sources of a node read the new machine, too: each row that names the old one is repeated for the new one. A row that
 * stands above both is enough for both.
 * @returns what undo takes back
 */
export function extendSources(node: EditorNode, { from, to }: AnotherChoice): HistoryEdit[] {
  const edits: HistoryEdit[] = [];
  for (const source of new Set(sourcesOf(node))) {
    if (source.type !== 'twin-opcua-source') continue;
    const before = rows(source['addresses']);
    const known = new Set(before.map(({ address }) => String(address)));
    const more = before
      .filter(({ address }) => hasPart(String(address), from))
      .map((row) => ({ ...row, address: replacePart(String(row['address']), from, to) }))
      .filter(({ address }) => !known.has(address));
    if (more.length === 0) continue;
    edits.push({ t: 'edit', node: source, changes: { addresses: before }, changed: source.changed === true, dirty: RED.nodes.dirty() });
    source['addresses'] = [...before, ...more];
    source.changed = true;
    source['dirty'] = true;
  }
  return edits;
}

/** Places a twin-asset like this one below it, wired as it is. One undo takes everything away again. @returns its id */
export function placeAnother(node: EditorNode, choice: AnotherChoice): string {
  const { name, from, to } = choice;
  const defaults = RED.nodes.getType(node.type)?.defaults ?? {};
  const values: Record<string, unknown> = {};
  for (const field of Object.keys(defaults)) values[field] = structuredClone(node[field]);
  const replaced = (list: unknown, field: string): Row[] => rows(list).map((row) => ({ ...row, [field]: replacePart(String(row[field] ?? ''), from, to) }));
  values['placeholders'] = replaced(node['placeholders'], 'value');
  values['mapping'] = replaced(node['mapping'], 'address');
  const id = RED.nodes.id();
  const links = {
    to: RED.nodes.filterLinks({ target: node }).map(({ source, sourcePort }) => ({ source, sourcePort })),
    from: RED.nodes.filterLinks({ source: node }).map(({ target, sourcePort }) => ({ target, sourcePort })),
  };
  const x = Number(node['x'] ?? 200);
  const dirty = RED.nodes.dirty();
  const edits = extendSources(node, choice);
  const key = proposeFreeKey(name, keysInFlows());
  const made = RED.nodes.import(
    [{ ...values, id, type: node.type, z: node.z, x, y: freeBelow(node.z ?? '', x, Number(node['y'] ?? 200) + rowPx), wires: [[], []], name, key }],
    { generateIds: false, markChanged: true },
  );
  const another = RED.nodes.node(id);
  const wires = another === null || another === undefined ? [] : [
    ...links.to.map((link) => ({ ...link, target: another })), ...links.from.map((link) => ({ ...link, source: another })),
  ];
  for (const wire of wires) RED.nodes.addLink(wire);
  RED.history.push({ t: 'multi', events: [...edits, { t: 'add', nodes: made.nodes.map((one) => one.id), links: [...made.links, ...wires], dirty }], dirty });
  RED.nodes.dirty(true);
  RED.view.redraw(true);
  RED.view.select({ nodes: made.nodes });
  return id;
}
