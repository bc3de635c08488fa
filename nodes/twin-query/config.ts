import type { Fields } from '../../contract/fields.ts';

/** Asks the graph one of the ready questions. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  ask: { kind: 'choice', default: 'origin', options: ['origin', 'impact', 'siblings', 'streams', 'changes', 'where', 'path', 'around'] },
  /** A key or name; empty: the text in the payload. */
  element: { kind: 'text', default: '', maximumLength: 200 },
  /** The other end of a path. */
  to: { kind: 'text', default: '', maximumLength: 200 },
  by: { kind: 'choice', default: 'lot', options: ['lot', 'machine', 'tool', 'operator', 'shift', 'order'] },
  hours: { kind: 'number', default: 8, minimum: 0.1, maximum: 8784, unit: 'h' },
  parameters: { kind: 'flag', default: true },
  /** Names of properties, separated by commas. Empty: all of the machine. */
  properties: { kind: 'text', default: '', maximumLength: 1000 },
  /** As of then; empty: now. */
  at: { kind: 'text', default: '', maximumLength: 60, placeholder: '2026-05-04 06:00' },
  /** As it was believed then; empty: as it is known today. */
  known: { kind: 'text', default: '', maximumLength: 60, placeholder: '2026-05-04 06:00' },
  hops: { kind: 'number', default: 8, minimum: 1, maximum: 32, integer: true },
  rows: { kind: 'number', default: 1000, minimum: 1, maximum: 10_000, integer: true, unit: 'rows' },
} as const satisfies Fields;
