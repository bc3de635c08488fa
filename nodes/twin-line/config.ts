import type { Fields } from '../../contract/fields.ts';

/** The twin of a line: states of its stations, OEE by ISO 22400, throughput, the bottleneck, and what began and ended. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** What the line has learnt is kept under it. */
  key: { kind: 'text', default: '', required: true, maximumLength: 100, placeholder: 'line-1' },
  /** In the order of the flow. Empty: the machines of the site that feed each other. */
  stations: {
    kind: 'list', default: [], maximumRows: 200,
    row: {
      key: { kind: 'text', default: '', maximumLength: 100 },
      /** Counters; empty: counters of the type, told apart by their names. */
      parts: { kind: 'text', default: '', maximumLength: 200 },
      bad: { kind: 'text', default: '', maximumLength: 200 },
      /** Ideal seconds per part; empty: learnt. */
      cycle: { kind: 'text', default: '', maximumLength: 40 },
      /** Places in front of the station. */
      buffer: { kind: 'text', default: '', maximumLength: 40 },
    },
  },
  /** How parts are followed from the station before to this one. */
  ways: {
    kind: 'list', default: [], maximumRows: 200,
    row: {
      station: { kind: 'text', default: '', maximumLength: 100 },
      /** Property that carries the serial number of the last part. */
      serial: { kind: 'text', default: '', maximumLength: 200 },
      /** Seconds of the way; empty: learnt. */
      seconds: { kind: 'text', default: '', maximumLength: 40 },
    },
  },
  /** What operating modes mean where the usual words don't fit. */
  modes: {
    kind: 'list', default: [], maximumRows: 200,
    row: {
      mode: { kind: 'text', default: '', maximumLength: 100 },
      meaning: { kind: 'choice', default: 'producing', options: ['producing', 'setup', 'planned', 'down', 'starved', 'blocked', 'waiting'] },
      /** Key of a station; empty: all. */
      station: { kind: 'text', default: '', maximumLength: 100 },
    },
  },
  /** HH:MM by the clock of this computer; both empty: work is always planned. */
  plannedFrom: { kind: 'text', default: '', maximumLength: 5, placeholder: '06:00' },
  plannedTo: { kind: 'text', default: '', maximumLength: 5, placeholder: '22:00' },
  /** Figures are of so many hours before now. */
  period: { kind: 'number', default: 8, minimum: 0.1, maximum: 168, unit: 'h' },
  interval: { kind: 'number', default: 60, minimum: 1, maximum: 86_400, unit: 's' },
  /** A station that says nothing for so long is not known any more. */
  staleAfter: { kind: 'number', default: 5, minimum: 0.1, maximum: 1440, unit: 'min' },
  /** Properties that name the batch and the phase. */
  batch: { kind: 'text', default: '', maximumLength: 200 },
  phase: { kind: 'text', default: '', maximumLength: 200 },
} as const satisfies Fields;
