import { freeBelow, rowPx } from './freeBelow.ts';
import { machineNode } from './machineNode.ts';
import { defaultsOf } from './placeMachines.ts';

/** What can be placed for a machine: a node that reads its history, or one that asks the graph what stands around it. */
export type PlacedKind = 'twin-read' | 'twin-query';

/**
 * Places a node for a machine in the flow that is open, below the machine where that stands there too; one undo takes it away.
 * @returns its id; undefined: the flow that is open is locked, or none is
 */
export function placeTwinNode(type: PlacedKind, site: string, key: string): string | undefined {
  const z = RED.workspaces.active();
  if (!z || RED.workspaces.isLocked()) return undefined;
  const machine = machineNode(site, key);
  const beside = machine?.z === z ? machine : undefined;
  const x = Number(beside?.['x'] ?? 200);
  const about = type === 'twin-read' ? { twins: key } : { ask: 'around', element: key };
  const id = RED.nodes.id();
  const dirty = RED.nodes.dirty();
  const y = freeBelow(z, x, Number(beside?.['y'] ?? 40) + rowPx);
  const { nodes } = RED.nodes.import([{ id, type, ...defaultsOf(type), ...about, site, z, x, y, wires: [[]] }], { generateIds: false, markChanged: true });
  RED.history.push({ t: 'add', nodes: nodes.map((node) => node.id), links: [], dirty });
  // Node-RED leaves Deploy as it was.
  RED.nodes.dirty(true);
  RED.view.redraw(true);
  RED.view.select({ nodes });
  RED.view.reveal(id);
  return id;
}
