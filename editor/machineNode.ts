import type { Row } from './rowList.ts';

const rows = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : []);

/** The node of the flows that makes a machine: its twin-asset, the twin-assets with it in its table, or the subflow that is told its key. */
export function machineNode(site: string, key: string): EditorNode | undefined {
  let told: EditorNode | undefined;
  let found: EditorNode | undefined;
  RED.nodes.eachNode((node) => {
    if (node.type === 'twin-asset' && node['site'] === site && String(node['key'] ?? '').trim() === key) found ??= node;
    else if (node.type === 'twin-assets' && node['site'] === site && rows(node['machines']).some((row) => String(row?.['key'] ?? '').trim() === key)) found ??= node;
    else if (node.type.startsWith('subflow:') && rows(node['env']).some((row) => row?.['value'] === key)) told ??= node;
  });
  return found ?? told;
}
