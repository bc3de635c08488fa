import type { PropertyHint } from '../contract/proposeMapping.ts';

export interface TypeProperty extends PropertyHint {
  address: string;
}

/** The properties of a twin-type node as it stands in the editor, deployed or not. */
export function typeProperties(typeId: string): TypeProperty[] {
  const rows = RED.nodes.node(typeId)?.['properties'];
  if (!Array.isArray(rows)) return [];
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return rows
    .filter((row): row is Record<string, unknown> => typeof row === 'object' && row !== null)
    .map((row) => ({ name: text(row['name']), label: text(row['label']), unit: text(row['unit']), address: text(row['address']) }))
    .filter((property) => property.name !== '');
}

/**
 * Names of the placeholders in address patterns: `ns=2;s={machine}.Temp` → machine. In order of first occurrence; without
 * {key}, which is the twin's own key and needs no value.
 */
export function placeholdersOf(addresses: readonly string[]): string[] {
  const names = new Set<string>();
  for (const address of addresses) for (const match of address.matchAll(/\{([^{}]+)\}/g)) names.add((match[1] ?? '').trim());
  return [...names].filter((name) => name !== '' && name !== 'key');
}

/** The address with its placeholders filled in; those without a value stay as they are. */
export function fillPlaceholders(address: string, values: ReadonlyMap<string, string>): string {
  return address.replace(/\{([^{}]+)\}/g, (whole, name: string) => values.get(name.trim()) || whole);
}
