import type { Row } from './rowList.ts';

/** A twin-line of the flows. */
export interface LineNode {
  node: EditorNode;
  /** Id of its twin-site. */
  site: string;
  key: string;
  title: string;
  /** Its stations as they are listed; none: taken from *feeds* links. */
  rows: readonly Row[];
  isLocked: boolean;
  /** It stands in a subflow: every copy of that is such a line. */
  inSubflow: boolean;
}

export const mostStations = 200;

const order = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
const list = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : []);
const textOf = (value: unknown): string => String(value ?? '').trim();

/** In the order of their names. */
export function lineNodes(): LineNode[] {
  const found: LineNode[] = [];
  RED.nodes.eachNode((node) => {
    if (node.type !== 'twin-line') return;
    const key = textOf(node['key']) || node.id;
    const z = node.z ?? '';
    found.push({
      node, site: textOf(node['site']), key, title: textOf(node.name) || key, rows: list(node['stations']).filter((row) => textOf(row?.['key']) !== ''),
      isLocked: z !== '' && RED.workspaces.isLocked(z) === true, inSubflow: z !== '' && (RED.nodes.subflow(z) ?? null) !== null,
    });
  });
  return found.sort((one, other) => order.compare(one.title, other.title) || (one.node.id < other.node.id ? -1 : 1));
}

/** Whether the line that was deployed last takes its stations from *feeds* links. */
export function runsByFeeds({ id }: EditorNode): boolean {
  const deployed = RED.nodes.originalFlow()?.find((one) => one.id === id);
  return deployed !== undefined && list(deployed['stations']).every((row) => textOf(row?.['key']) === '');
}

/** Lists the stations of a line anew; one undo takes it back, and Deploy makes it so. */
export function writeStations(node: EditorNode, rows: readonly Row[]): void {
  RED.history.push({ t: 'edit', node, changes: { stations: node['stations'] }, changed: node.changed === true, dirty: RED.nodes.dirty() });
  node['stations'] = rows;
  node.changed = true;
  node['dirty'] = true;
  RED.editor.validateNode(node);
  RED.events.emit('nodes:change', node);
  RED.nodes.dirty(true);
  RED.view.redraw(true);
}

/** Stations whose way was entered in seconds, from another one before it than there is now. */
export function waysToCheck(node: EditorNode, before: readonly Row[], now: readonly Row[]): string[] {
  const leaders = (rows: readonly Row[]): Map<string, string> => new Map(rows.map((row, index) => [textOf(row['key']), textOf(rows[index - 1]?.['key'])]));
  const [then, next] = [leaders(before), leaders(now)];
  return list(node['ways']).filter((way) => textOf(way?.['seconds']) !== '').map((way) => textOf(way['station']))
    .filter((station) => next.has(station) && then.has(station) && (next.get(station) ?? '') !== '' && next.get(station) !== then.get(station));
}

/** Whether what one node sends comes to another one, through whatever stands between them. */
export function isWired(from: EditorNode, to: EditorNode): boolean {
  const seen = new Set<EditorNode>([from]);
  for (const node of seen) {
    if (node === to) return true;
    for (const { target } of RED.nodes.filterLinks({ source: node })) seen.add(target);
    if (node.type !== 'link out') continue;
    for (const id of Array.isArray(node['links']) ? (node['links'] as string[]) : []) {
      const behind = RED.nodes.node(id);
      if (behind !== null && behind !== undefined) seen.add(behind);
    }
  }
  return false;
}
