import type { Fields } from '../../contract/fields.ts';

/** Plays recorded rows through the chain in time order. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** Path of a CSV file; a relative one counts from the Node-RED user directory. Empty: rows come in msg.payload. */
  file: { kind: 'text', default: '', maximumLength: 1000 },
  separator: { kind: 'choice', default: 'auto', options: ['auto', 'comma', 'semicolon', 'tab'] },
  decimal: { kind: 'choice', default: 'auto', options: ['auto', 'point', 'comma'] },
  /** Empty: found by itself. */
  timeColumn: { kind: 'text', default: '', maximumLength: 100 },
  /** fast: as fast as it goes, in batches; paced: by the file's own time, `factor` times faster. */
  speed: { kind: 'choice', default: 'fast', options: ['fast', 'paced'] },
  factor: { kind: 'number', default: 60, minimum: 0.01, maximum: 1_000_000, unit: 'x' },
  batchRows: { kind: 'number', default: 500, minimum: 1, maximum: 10_000, unit: 'rows', integer: true },
  /** What is learned is taken over by the live twin at the end. */
  learn: { kind: 'flag', default: false },
  startOnDeploy: { kind: 'flag', default: false },
} as const satisfies Fields;
