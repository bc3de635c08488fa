import type { Fields } from '../../contract/fields.ts';

/** A relation between two twins. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** Twin keys. */
  from: { kind: 'text', default: '', required: true, maximumLength: 100 },
  relation: { kind: 'choice', default: 'feeds', options: ['feeds', 'part of', 'powers', 'measured by', 'located in', 'serviced by'] },
  to: { kind: 'text', default: '', required: true, maximumLength: 100 },
} as const satisfies Fields;
