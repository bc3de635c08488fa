import type { Fields } from '../../contract/fields.ts';

/** The living twin of one machine. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  assetType: { kind: 'reference', to: 'twin-type', default: '', required: true },
  /** The immutable key under which all that was learned is kept. */
  key: { kind: 'text', default: '', required: true, maximumLength: 100 },
  /** Where it stands: `plant/line1`. The twin's own key or name is the last part and is not written here. */
  place: { kind: 'text', default: '', maximumLength: 300 },
  /** What stands for the placeholders of the type's address patterns. */
  placeholders: {
    kind: 'list',
    default: [],
    row: { name: { kind: 'text', default: '', required: true, maximumLength: 60 }, value: { kind: 'text', default: '', maximumLength: 200 } },
  },
  /** Address → property, row by row; goes before the type's pattern. An empty property: leave this address out. */
  mapping: {
    kind: 'list',
    default: [],
    row: {
      address: { kind: 'text', default: '', required: true, maximumLength: 300 },
      property: { kind: 'text', default: '', maximumLength: 60 },
      /** value = raw × scale + offset */
      scale: { kind: 'number', default: 1, minimum: -1e9, maximum: 1e9 },
      offset: { kind: 'number', default: 0, minimum: -1e12, maximum: 1e12 },
    },
  },
  /** Limits of this machine alone, in the property's unit; '' = the type's. */
  limits: {
    kind: 'list',
    default: [],
    row: {
      property: { kind: 'text', default: '', required: true, maximumLength: 60 },
      lowLow: { kind: 'text', default: '', maximumLength: 40 },
      low: { kind: 'text', default: '', maximumLength: 40 },
      high: { kind: 'text', default: '', maximumLength: 40 },
      highHigh: { kind: 'text', default: '', maximumLength: 40 },
    },
  },
  /** every: each row that brings a value; change: only when something is another now; interval: the state, at its pace. */
  send: { kind: 'choice', default: 'every', options: ['every', 'change', 'interval'] },
  interval: { kind: 'number', default: 10, minimum: 0.1, maximum: 86_400, unit: 's' },
  /** Single values that arrive within this time go out as one message. 0: each by itself. */
  together: { kind: 'number', default: 20, minimum: 0, maximum: 10_000, unit: 'ms', integer: true },
  /** Stale after this many expected intervals. */
  staleAfter: { kind: 'number', default: 5, minimum: 2, maximum: 1000, unit: 'x' },
  /** Asks edge nodes of Sparkplug for a rebirth when a metric comes by an alias that no birth has named. None: asks nobody. */
  rebirth: { kind: 'reference', to: 'twin-mqtt', default: '' },
} as const satisfies Fields;
