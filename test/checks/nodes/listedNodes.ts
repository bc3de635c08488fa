import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../../scripts/packageRoot.ts';

/** The nodes that package.json names, without subflow modules: what every scan of the node folders must have seen. */
export function listedNodes(): string[] {
  const manifest = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as { 'node-red': { nodes: Record<string, string> } };
  return Object.entries(manifest['node-red'].nodes).filter(([, file]) => file.startsWith('dist/nodes/')).map(([name]) => name);
}
