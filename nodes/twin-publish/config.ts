import type { Fields } from '../../contract/fields.ts';

/** Publishes machines to the plant's namespace at an MQTT broker. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  mqtt: { kind: 'reference', to: 'twin-mqtt', default: '', required: true },
  /** Stands before every topic; may have levels of its own. */
  prefix: { kind: 'text', default: 'twinwire', required: true, maximumLength: 300 },
  /** A machine's state at most so often; 0: each. */
  every: { kind: 'number', default: 1, minimum: 0, maximum: 86_400, unit: 's' },
  /** One retained topic per property, too. */
  properties: { kind: 'flag', default: false },
  /** Each row as a message of its own, too, kept through outages. */
  rows: { kind: 'flag', default: false },
  /** Of events, cases and rows, while the broker is away. */
  keepAtMost: { kind: 'number', default: 100, minimum: 1, maximum: 100_000, unit: 'MB' },
  keepDays: { kind: 'number', default: 7, minimum: 0.01, maximum: 365, unit: 'days' },
  /** When the node or a machine is removed, the broker is told to forget its topics. */
  clearOnRemoval: { kind: 'flag', default: true },
} as const satisfies Fields;
