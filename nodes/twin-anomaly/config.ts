import type { Fields } from '../../contract/fields.ts';

/** Compares what is with what is expected and decides. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  falseAlarmsPerWeek: { kind: 'number', default: 1, minimum: 0.01, maximum: 100, unit: 'perWeek' },
  /** Changes below so many percent of the usual value do not matter; automatic: what leaves the signal's own noise does. */
  smallestChange: { kind: 'choice', default: 'automatic', options: ['automatic', '1', '2', '5', '10', '20', '50'] },
  /** every: each message goes on, with its verdict; changes: only when a verdict begins, changes or ends. */
  send: { kind: 'choice', default: 'every', options: ['every', 'changes'] },
  /** automatic: every kind of finding is told; chosen: those that are ticked. */
  detectors: { kind: 'choice', default: 'automatic', options: ['automatic', 'chosen'] },
  spikes: { kind: 'flag', default: true },
  steps: { kind: 'flag', default: true },
  drifts: { kind: 'flag', default: true },
  standstill: { kind: 'flag', default: true },
  restlessness: { kind: 'flag', default: true },
  deviations: { kind: 'flag', default: true },
  relations: { kind: 'flag', default: true },
  courses: { kind: 'flag', default: true },
  /** Watches the signals together as well, with a small network that is trained beside the flow. */
  deep: { kind: 'flag', default: false },
} as const satisfies Fields;
