import type { Fields } from '../../contract/fields.ts';

/** Passes messages on. Say here in one sentence what the node does. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  /** Every how many messages one is passed on. */
  every: { kind: 'number', default: 1, minimum: 1, maximum: 1000, integer: true },
} as const satisfies Fields;
