import type { Fields } from '../../contract/fields.ts';

/** Files that history is written to, in a folder of this computer or one that is mounted. */
export const fields = {
  /** The files are called after it; empty: history. */
  name: { kind: 'text', default: '', maximumLength: 60 },
  /** Under Node-RED's user directory, where it is not absolute. An environment variable may stand here. */
  folder: { kind: 'text', default: 'history', required: true, maximumLength: 500, placeholder: '/mnt/history' },
  /** csv: a row for each value; csvSemicolon: the same with semicolon and decimal comma; lines: InfluxDB's line protocol. */
  format: { kind: 'choice', default: 'csv', options: ['csv', 'csvSemicolon', 'lines'] },
  /** A file of about this size is ended, and the next begun. */
  fileSize: { kind: 'number', default: 10, minimum: 1, maximum: 1000, unit: 'MB', integer: true },
  /** All files together; beyond it the oldest are deleted. */
  keepAtMost: { kind: 'number', default: 1000, minimum: 2, maximum: 1_000_000, unit: 'MB', integer: true },
} as const satisfies Fields;
