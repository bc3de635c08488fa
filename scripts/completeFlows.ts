import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Fields } from '../contract/fields.ts';
import { isMain } from './isMain.ts';
import { packageRoot } from './packageRoot.ts';

/**
 * Gives the twin nodes of every shipped flow the fields that were added since it was written, at their defaults, as the editor does when a
 * node is opened and saved. Gives the files that changed.
 */
export async function completeFlows(root = packageRoot): Promise<string[]> {
  const changed: string[] = [];
  for (const file of globSync(['flows/*.json', 'examples/**/*.json'], { cwd: root })) {
    const text = readFileSync(path.join(root, file), 'utf8');
    const nodes = JSON.parse(text) as Record<string, unknown>[];
    for (const node of nodes) {
      const { type } = node;
      const config = path.join(root, 'nodes', String(type), 'config.ts');
      if (typeof type !== 'string' || !type.startsWith('twin-') || globSync(config).length === 0) continue;
      const { fields } = (await import(pathToFileURL(config).href)) as { fields: Fields };
      const missing = Object.entries(fields).filter(([name, field]) => field.kind !== 'credential' && !Object.hasOwn(node, name));
      if (missing.length === 0) continue;
      const { wires, x, y, ...rest } = node;
      // The editor writes place and wires last.
      const complete = { ...rest, ...Object.fromEntries(missing.map(([name, field]) => [name, field.default])), ...(x !== undefined && { x, y }), ...(wires !== undefined && { wires }) };
      for (const name of Object.keys(node)) delete node[name];
      Object.assign(node, complete);
    }
    const completed = `${JSON.stringify(nodes, null, 2)}\n`;
    if (JSON.stringify(JSON.parse(text)) === JSON.stringify(nodes)) continue;
    writeFileSync(path.join(root, file), completed);
    changed.push(file);
  }
  return changed;
}

if (isMain(import.meta)) {
  const changed = await completeFlows();
  console.log(changed.length === 0 ? 'Every shipped flow has all fields.' : `Fields were added to ${changed.join(', ')}.`);
}
