import type { Fields } from '../../contract/fields.ts';

/** What if something on a line were changed? Simulates the line as its own record has it, beside today, and never touches a machine. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** Key of a twin-line; empty: the only one of the site. */
  line: { kind: 'text', default: '', maximumLength: 100, placeholder: 'line-1' },
  changes: {
    kind: 'list', default: [], maximumRows: 20,
    row: {
      kind: { kind: 'choice', default: 'speed', options: ['speed', 'repair', 'failures', 'places', 'operators', 'hours', 'mix', 'setting'] },
      /** Key of the station; empty: the whole line, where that makes sense. */
      station: { kind: 'text', default: '', maximumLength: 100 },
      /** Of a setting its property, of a mix the product. */
      property: { kind: 'text', default: '', maximumLength: 200 },
      /** How much more; of a mix the product's share in percent. */
      amount: { kind: 'text', default: '', maximumLength: 40 },
    },
  },
  /** People who repair today; 0: a stop never waits for anybody. */
  operators: { kind: 'number', default: 0, minimum: 0, maximum: 100, integer: true },
  /** Answer also about what was never seen. */
  forced: { kind: 'flag', default: false },
  /** Kept under this name, to be compared; empty: not kept. */
  scenario: { kind: 'text', default: '', maximumLength: 80, placeholder: 'sealer +5 %' },
} as const satisfies Fields;
