import type { Fields } from '../../contract/fields.ts';

/** Raises, updates and clears one case per machine. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  onAnomaly: { kind: 'flag', default: true },
  onLimit: { kind: 'flag', default: true },
  onStale: { kind: 'flag', default: true },
  /** A case clears when its condition has been gone for this long. */
  clearAfter: { kind: 'number', default: 60, minimum: 0, maximum: 86_400, unit: 's' },
  /** Reminder while a case is open and nobody acknowledged it; 0: none. */
  repeatAfter: { kind: 'number', default: 4, minimum: 0, maximum: 168, unit: 'h' },
  /** Publishes by itself when one is chosen. */
  mqtt: { kind: 'reference', to: 'twin-mqtt', default: '' },
  /** {path} and {key} stand for the twin's. */
  mqttTopic: { kind: 'text', default: 'twinwire/{path}/case', maximumLength: 500 },
} as const satisfies Fields;
