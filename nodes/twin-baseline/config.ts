import type { Fields } from '../../contract/fields.ts';

/** Learns what is normal for each property under its operating conditions. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** Property names, separated by commas, that say how hard the machine works. Empty: found by itself. */
  drivers: { kind: 'text', default: '', maximumLength: 500 },
  /** Operating modes in which nothing is learned or judged, separated by commas. */
  offModes: { kind: 'text', default: 'off, stopped, idle, aborted, maintenance, down, changeover, cleaning', maximumLength: 500 },
} as const satisfies Fields;
