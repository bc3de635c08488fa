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
  /** What may wait on disk while InfluxDB is away; beyond it the oldest goes, counted and dated. */
  keepAtMost: { kind: 'number', default: 512, minimum: 1, maximum: 100_000, unit: 'MB', integer: true },
} as const satisfies Fields;
