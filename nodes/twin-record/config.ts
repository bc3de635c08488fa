import type { Fields } from '../../contract/fields.ts';

/** Notes what another system or a person reports: parts, lots, orders, shifts, maintenance, results. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  what: { kind: 'choice', default: 'produced', options: ['produced', 'consumed', 'job', 'shift', 'maintenance', 'quality', 'change', 'scrap'] },
  /** Fills in the mapping; `own` leaves it. */
  template: { kind: 'choice', default: 'own', options: ['own', 'flat', 'production', 'csv', 'bits'] },
  /** Where the list of records is in the message; empty: the payload is one record, or a list of them, or the text of a table. */
  each: { kind: 'text', default: '', maximumLength: 200, placeholder: 'payload.ProductionResponse.SegmentResponse' },
  /** Where a record has its own id. Empty: what it says is its id. */
  recordId: { kind: 'text', default: '', maximumLength: 200, placeholder: 'id' },
  /** What stands where: the place in the record, `msg.…` in the message, or a fixed text after an equals sign. */
  mapping: {
    kind: 'list', default: [], maximumRows: 40,
    row: {
      role: {
        kind: 'choice', default: 'machine',
        options: [
          'machine', 'product', 'batch', 'lot', 'component', 'order', 'operator', 'shift', 'tool', 'recipe', 'workOrder', 'procedure', 'specification', 'result', 'value', 'reason',
          'text', 'from', 'to', 'event', 'related',
        ],
      },
      place: { kind: 'text', default: '', maximumLength: 200 },
      /** `related` only: which relation leads there from what the record is about, and what the other end is; '': it is known already. */
      relation: { kind: 'text', default: '', maximumLength: 60 },
      type: {
        kind: 'choice', default: 'known',
        options: [
          'known', 'area', 'work unit', 'tool', 'material lot', 'part', 'batch', 'operator', 'shift', 'job order', 'segment', 'maintenance order', 'quality specification', 'test result',
          'recipe', 'surroundings',
        ],
      },
    },
  },
  /** A new recipe, tool, operator or shift at a machine ends the one before. */
  endsBefore: { kind: 'flag', default: true },
} as const satisfies Fields;
