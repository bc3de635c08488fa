import type { Fields } from '../../contract/fields.ts';

/** Says whether the data of machines is good enough, and what is missing before more may be concluded from it. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** Keys of twins, separated by commas. Empty: all of the site. */
  twins: { kind: 'text', default: '', maximumLength: 1000 },
  /** A report is sent every so many hours; 0: only when a message asks for it. */
  interval: { kind: 'number', default: 24, minimum: 0, maximum: 744, unit: 'h' },
  /** Each change of a grade is sent on output 2. */
  sendChanges: { kind: 'flag', default: true },
} as const satisfies Fields;
