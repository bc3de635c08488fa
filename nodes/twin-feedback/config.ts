import type { Fields } from '../../contract/fields.ts';

/** Takes answers to a case: shows what each would change, and does it when it is confirmed. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** An answer takes effect when it comes a second time with `confirm`; off: at once. */
  confirm: { kind: 'flag', default: true },
  /** Who answers, where the message does not say. */
  by: { kind: 'text', default: '', maximumLength: 80 },
} as const satisfies Fields;
