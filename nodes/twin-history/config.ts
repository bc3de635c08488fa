import type { Fields } from '../../contract/fields.ts';

/** Writes the twin's values to InfluxDB or files, beside the embedded historian. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  influxdb: { kind: 'reference', to: 'twin-influxdb', default: '' },
  /** Instead, or as well. */
  file: { kind: 'reference', to: 'twin-file', default: '' },
  /** {type}, {key} and {path} stand for the twin's. */
  measurement: { kind: 'text', default: '{type}', maximumLength: 200 },
  /** every: each value; change: beyond the deadband; interval: one of each interval. */
  write: { kind: 'choice', default: 'every', options: ['every', 'change', 'interval'] },
  /** Of the instrument's range, or of the value itself. */
  deadband: { kind: 'number', default: 0.5, minimum: 0, maximum: 100, unit: '%' },
  /** 0: never. */
  atLeastEvery: { kind: 'number', default: 60, minimum: 0, maximum: 527_040, unit: 'min' },
  every: { kind: 'number', default: 60, minimum: 0.1, maximum: 86_400, unit: 's' },
  /** path: the whole path as one tag; levels: each level of it, as ISA-95 names them. */
  tags: { kind: 'choice', default: 'path', options: ['path', 'levels'] },
  levels: { kind: 'text', default: 'enterprise, site, area, work_center, work_unit', maximumLength: 300 },
  /** Measurement of events and cases; empty: not written. */
  annotations: { kind: 'text', default: 'events', maximumLength: 200 },
  /** What twin-baseline expected, beside each value. */
  expected: { kind: 'flag', default: false },
  /** What holds for a type instead; '' as above. */
  types: {
    kind: 'list',
    default: [],
    maximumRows: 100,
    row: {
      type: { kind: 'text', default: '', required: true, maximumLength: 100 },
      write: { kind: 'choice', default: 'same', options: ['same', 'every', 'change', 'interval', 'never'] },
      deadband: { kind: 'text', default: '', maximumLength: 20 },
      every: { kind: 'text', default: '', maximumLength: 20 },
      measurement: { kind: 'text', default: '', maximumLength: 200 },
    },
  },
  batchRows: { kind: 'number', default: 1000, minimum: 1, maximum: 5000, unit: 'rows', integer: true },
  flushAfter: { kind: 'number', default: 1, minimum: 0.1, maximum: 60, unit: 's' },
  /** What may wait on disk while InfluxDB is away; beyond it see whenFull. */
  keepAtMost: { kind: 'number', default: 512, minimum: 1, maximum: 100_000, unit: 'MB', integer: true },
  /** 0: nothing is too old. */
  keepDays: { kind: 'number', default: 0, minimum: 0, maximum: 3650, unit: 'days' },
  /** The oldest go, or new ones are refused with an error; either way counted and dated. */
  whenFull: { kind: 'choice', default: 'dropOldest', options: ['dropOldest', 'block'] },
} as const satisfies Fields;
