import type { Fields } from '../../contract/fields.ts';

/** A relation between two twins, or a table of relations. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** Twin keys. */
  /** Both empty: nothing is drawn, the node takes messages. */
  from: { kind: 'text', default: '', maximumLength: 100 },
  /** A ready one, or one that the site added. */
  relation: { kind: 'choice', default: 'feeds', options: ['feeds', 'part of', 'powers', 'measured by', 'located in', 'serviced by'], others: true },
  to: { kind: 'text', default: '', maximumLength: 100 },
  /** ISO 8601 or 2026-05-04 06:00; empty: from the deploy on, without an end. */
  validFrom: { kind: 'text', default: '', maximumLength: 60, placeholder: '2026-05-04 06:00' },
  validTo: { kind: 'text', default: '', maximumLength: 60, placeholder: '2026-05-04 06:00' },
} as const satisfies Fields;
