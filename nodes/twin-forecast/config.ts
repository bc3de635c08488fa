import type { Fields } from '../../contract/fields.ts';

/** Says when a value reaches its limit, from what the site recorded of it, and warns in time. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** What is foretold. `failure` learns from recorded failures and says the time to the limit while there are too few. */
  until: { kind: 'choice', default: 'limit', options: ['limit', 'failure'] },
  /** A property of the twins whose messages come in. */
  property: { kind: 'text', default: '', required: true, maximumLength: 100 },
  side: { kind: 'choice', default: 'high', options: ['high', 'low'] },
  /** A number; empty: the type's alarm limit on that side, the outer one where there are two. */
  limit: { kind: 'text', default: '', maximumLength: 40 },
  /** Warn when less time is left. */
  warnDays: { kind: 'number', default: 14, minimum: 0, maximum: 3650, unit: 'days' },
  /** How far back the trend is looked for. */
  days: { kind: 'number', default: 30, minimum: 1, maximum: 3650, unit: 'days' },
} as const satisfies Fields;
