import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Fields } from '../../../contract/fields.ts';
import type { Runtime } from '../../../nodes/red.d.ts';
import { packageRoot } from '../../../scripts/packageRoot.ts';

/** A node as the behaviour checks see it: what its config.ts and its runtime.ts export. */
export interface NodeUnit {
  type: string;
  fields: Fields;
  register: (RED: Runtime) => void;
  /** How long a message may take until it is done; default 3,000 ms. A planted node answers at once or never. */
  patienceMs?: number;
}

/** The names of the node folders that have a runtime. */
export function nodeNames(root = packageRoot): string[] {
  return globSync('nodes/*/config.ts', { cwd: root })
    .map((file) => path.basename(path.dirname(file)))
    .sort();
}

/** Loads a node from its sources. */
export async function loadUnit(type: string, root = packageRoot): Promise<NodeUnit> {
  const folder = path.join(root, 'nodes', type);
  if (!existsSync(path.join(folder, 'runtime.ts'))) throw new Error(`nodes/${type}/runtime.ts is missing`);
  const { fields } = (await import(pathToFileURL(path.join(folder, 'config.ts')).href)) as { fields: Fields };
  const { default: register } = (await import(pathToFileURL(path.join(folder, 'runtime.ts')).href)) as { default: NodeUnit['register'] };
  return { type, fields, register };
}
