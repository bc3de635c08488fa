import type { Fields } from '../../contract/fields.ts';

/** A versioned asset type: what a machine of this kind has, in which units, with which limits. The version counts up by itself. */
export const fields = {
  name: { kind: 'text', default: '', required: true, maximumLength: 60 },
  version: { kind: 'number', default: 1, minimum: 1, maximum: 9999, integer: true },
  /** An expression over the properties that gives the operating mode; empty: the state property, if there is one. */
  mode: { kind: 'text', default: '', maximumLength: 500 },
  properties: {
    kind: 'list',
    default: [],
    row: {
      name: { kind: 'text', default: '', required: true, maximumLength: 60 },
      /** What it was called first, where it was renamed since: by this its knowledge is found again. Kept by the dialog, never shown. */
      identity: { kind: 'text', default: '', maximumLength: 70 },
      /** The unit in which the values came before, where they come in another one now; empty: only the unit's name changed. */
      convertFrom: { kind: 'text', default: '', maximumLength: 20 },
      label: { kind: 'text', default: '', maximumLength: 60 },
      /** UCUM: Cel, bar, A, mm/s, /min, h, % … */
      unit: { kind: 'text', default: '', maximumLength: 20 },
      valueKind: { kind: 'choice', default: 'measured', options: ['measured', 'setpoint', 'counter', 'state', 'derived'] },
      /** Address pattern with placeholders: `ns=2;s={machine}.Temp`. */
      address: { kind: 'text', default: '', maximumLength: 300 },
      /** derived only: an expression over the other properties. */
      expression: { kind: 'text', default: '', maximumLength: 500 },
      /** Numbers as text, because empty means: none. */
      rangeLow: { kind: 'text', default: '', maximumLength: 30 },
      rangeHigh: { kind: 'text', default: '', maximumLength: 30 },
      lowLow: { kind: 'text', default: '', maximumLength: 30 },
      low: { kind: 'text', default: '', maximumLength: 30 },
      high: { kind: 'text', default: '', maximumLength: 30 },
      highHigh: { kind: 'text', default: '', maximumLength: 30 },
      /** How far a value must come back before its limit alarm ends. Empty: 1 % of the range or limit. */
      deadband: { kind: 'text', default: '', maximumLength: 30 },
      smallestChange: { kind: 'text', default: '', maximumLength: 30 },
      /** Fastest change that is physically possible, per second. */
      maximumRate: { kind: 'text', default: '', maximumLength: 30 },
      /** Seconds; empty: report by exception, only the whole machine can go stale. */
      expectedInterval: { kind: 'text', default: '', maximumLength: 30 },
      /** counter only: where it rolls over. */
      counterBits: { kind: 'choice', default: 'none', options: ['none', '16', '32'] },
      uncertainIsBad: { kind: 'flag', default: false },
    },
  },
} as const satisfies Fields;
