import type { Fields } from '../../contract/fields.ts';

/** One plant: where its twins live, what time it is there, what is kept how long. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  /** Empty: `twinwire/<name>` under the Node-RED user directory. */
  folder: { kind: 'text', default: '', maximumLength: 1000 },
  language: { kind: 'choice', default: 'en-US', options: ['en-US', 'de'] },
  clock: { kind: 'choice', default: 'live', options: ['live', 'accelerated', 'replay'] },
  /** How many site seconds pass in a second; only for an accelerated clock. Text, so that an environment variable can stand in it. */
  clockRate: { kind: 'text', default: '1', maximumLength: 40 },
  /** When the accelerated clock began: ISO 8601 or ms UTC; empty: at deploy. */
  clockOrigin: { kind: 'text', default: '', maximumLength: 40 },
  /** Who may read the page: everybody who reaches it, or only people with a login. */
  pageAccess: { kind: 'choice', default: 'everyone', options: ['everyone', 'users'] },
  /** When a record to deliver counts as safe: confirmed by the disk, or written and confirmed within 100 ms. */
  outboxSync: { kind: 'choice', default: 'group', options: ['group', 'always'] },
  keepHistoryDays: { kind: 'number', default: 30, minimum: 1, maximum: 3650, unit: 'days', integer: true },
  /** Of all values on disk; beyond it the oldest go first and leave summaries. 0: as many as the days say. */
  keepHistoryAtMost: { kind: 'number', default: 4000, minimum: 0, maximum: 10_000_000, unit: 'MB', integer: true },
  keepCasesDays: { kind: 'number', default: 365, minimum: 1, maximum: 3650, unit: 'days', integer: true },
  /** Relations beside the ready ones; see contract/ownRelations.ts for what may stand in a row. */
  relations: {
    kind: 'list', default: [], maximumRows: 100,
    row: {
      name: { kind: 'text', default: '', required: true, maximumLength: 60 },
      inverse: { kind: 'text', default: '', required: true, maximumLength: 60 },
      from: { kind: 'text', default: '', maximumLength: 200 },
      to: { kind: 'text', default: '', maximumLength: 200 },
      acyclic: { kind: 'flag', default: false },
    },
  },
} as const satisfies Fields;
