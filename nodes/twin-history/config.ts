import type { Fields } from '../../contract/fields.ts';

/** Writes the twin's values to InfluxDB, beside the embedded historian. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  influxdb: { kind: 'reference', to: 'twin-influxdb', default: '' },
  /** {type}, {key} and {path} stand for the twin's. */
  measurement: { kind: 'text', default: '{type}', maximumLength: 200 },
  batchRows: { kind: 'number', default: 1000, minimum: 1, maximum: 5000, unit: 'rows', integer: true },
  flushAfter: { kind: 'number', default: 1, minimum: 0.1, maximum: 60, unit: 's' },
  /** What may wait on disk while InfluxDB is away; beyond it see whenFull. */
  keepAtMost: { kind: 'number', default: 512, minimum: 1, maximum: 100_000, unit: 'MB', integer: true },
  /** 0: nothing is too old. */
  keepDays: { kind: 'number', default: 0, minimum: 0, maximum: 3650, unit: 'days' },
  /** The oldest go, or new ones are refused with an error; either way counted and dated. */
  whenFull: { kind: 'choice', default: 'dropOldest', options: ['dropOldest', 'block'] },
} as const satisfies Fields;
