import type { Fields } from '../../contract/fields.ts';

/** Which station does the scrap come from? Says what upstream goes with bad parts, stops, a case or slow time, as a sentence with its evidence. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** Key of a twin-line; empty: the only one of the site. */
  line: { kind: 'text', default: '', maximumLength: 100, placeholder: 'line-1' },
  about: { kind: 'choice', default: 'scrap', options: ['scrap', 'stops', 'case', 'slow'] },
  /** Key of the station where bad parts are found, or that stops; empty: told by the counters. */
  station: { kind: 'text', default: '', maximumLength: 100, placeholder: 'labeller' },
  /** How far back it looks. */
  window: { kind: 'number', default: 8, minimum: 0.5, maximum: 168, unit: 'h' },
  /** Below so many bad parts nothing is said. */
  fewestBad: { kind: 'number', default: 20, minimum: 3, maximum: 10_000, integer: true },
  /** By itself when the share of bad parts has risen. */
  watch: { kind: 'flag', default: true },
  /** By itself when a station of the line has a new case. */
  onCase: { kind: 'flag', default: true },
} as const satisfies Fields;
