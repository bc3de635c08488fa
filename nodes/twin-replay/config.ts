import type { Fields } from '../../contract/fields.ts';

/** Plays recorded rows, of a file or of the machines' own history, through the chain in time order. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  source: { kind: 'choice', default: 'file', options: ['file', 'history'] },
  /** Path of a CSV file; a relative one counts from the Node-RED user directory. Empty: rows come in msg.payload. */
  file: { kind: 'text', default: '', maximumLength: 1000 },
  separator: { kind: 'choice', default: 'auto', options: ['auto', 'comma', 'semicolon', 'tab'] },
  decimal: { kind: 'choice', default: 'auto', options: ['auto', 'point', 'comma'] },
  /** Empty: found by itself. */
  timeColumn: { kind: 'text', default: '', maximumLength: 100 },
  /** Of history: keys of twins, separated by commas. Empty: all of the site. */
  twins: { kind: 'text', default: '', maximumLength: 1000 },
  /** As `parseTime` reads it. Empty: from the first value on. */
  from: { kind: 'text', default: '', maximumLength: 60, placeholder: '2026-05-04 06:00' },
  to: { kind: 'text', default: 'now', maximumLength: 60 },
  /** Derived values, expectations, verdicts and events from `from` on are written to history anew. */
  recompute: { kind: 'flag', default: false },
  /** So much before `from` is played first, unwritten, for what looks back and what is learned. 0: everything that is recorded, as it was live. */
  warmUp: { kind: 'number', default: 0, minimum: 0, maximum: 87_840, unit: 'h' },
  why: { kind: 'text', default: '', maximumLength: 300 },
  /** Empty: the embedded history. */
  influxdb: { kind: 'reference', to: 'twin-influxdb', default: '' },
  /** As in twin-history: {type}, {key} and {path} stand for the twin's. */
  measurement: { kind: 'text', default: '{type}', maximumLength: 200 },
  /** fast: as fast as it goes, in batches; paced: by the file's own time, `factor` times faster. */
  speed: { kind: 'choice', default: 'fast', options: ['fast', 'paced'] },
  factor: { kind: 'number', default: 60, minimum: 0.01, maximum: 1_000_000, unit: 'x' },
  batchRows: { kind: 'number', default: 500, minimum: 1, maximum: 10_000, unit: 'rows', integer: true },
  /** What is learned is taken over by the live twin at the end. */
  learn: { kind: 'flag', default: false },
  startOnDeploy: { kind: 'flag', default: false },
} as const satisfies Fields;
