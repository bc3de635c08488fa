import type { Fields } from '../../contract/fields.ts';

/** Compares what is with what is expected and decides. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  falseAlarmsPerWeek: { kind: 'number', default: 1, minimum: 0.01, maximum: 100, unit: 'perWeek' },
  /** every: each message goes on, with its verdict; changes: only when a verdict begins, changes or ends. */
  send: { kind: 'choice', default: 'every', options: ['every', 'changes'] },
  /** Watches the signals together as well, with a small network that is trained beside the flow. */
  deep: { kind: 'flag', default: false },
} as const satisfies Fields;
