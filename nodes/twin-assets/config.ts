import type { Fields } from '../../contract/fields.ts';

/** The living twins of many machines of one type. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  /** Without one, everything that arrives is held, so that a type can be made from it. */
  assetType: { kind: 'reference', to: 'twin-type', default: '' },
  site: { kind: 'reference', to: 'twin-site', default: '', required: true },
  /** list: the machines below; file: those of a table file, read at each deploy. */
  source: { kind: 'choice', default: 'list', options: ['list', 'file'] },
  /** CSV or Excel; a relative path counts from the Node-RED user directory. */
  file: { kind: 'text', default: '', maximumLength: 1000 },
  machines: {
    kind: 'list',
    default: [],
    row: {
      /** The immutable key under which all that was learned is kept. */
      key: { kind: 'text', default: '', required: true, maximumLength: 100 },
      name: { kind: 'text', default: '', maximumLength: 100 },
      place: { kind: 'text', default: '', maximumLength: 300 },
    },
  },
  /** What differs from machine to machine: a placeholder's value, or `<property>.address|scale|offset|highHigh|high|low|lowLow`. */
  settings: {
    kind: 'list',
    default: [],
    maximumRows: 200_000,
    row: {
      machine: { kind: 'text', default: '', required: true, maximumLength: 100 },
      setting: { kind: 'text', default: '', required: true, maximumLength: 100 },
      value: { kind: 'text', default: '', maximumLength: 1000 },
    },
  },
  /** `plant/+/{machine}/#`: how a topic says which machine it speaks of. Empty: its addresses say it. */
  topic: { kind: 'text', default: '', maximumLength: 300 },
  /** Names and addresses that nobody wants to be asked about again. */
  leftOut: { kind: 'list', default: [], row: { name: { kind: 'text', default: '', required: true, maximumLength: 300 } } },
  /** every: each row that brings a value; change: only when something is another now; interval: the state, at its pace. */
  send: { kind: 'choice', default: 'every', options: ['every', 'change', 'interval'] },
  interval: { kind: 'number', default: 10, minimum: 0.1, maximum: 86_400, unit: 's' },
  /** Single values of a machine that arrive within this time go out as one message. 0: each by itself. */
  together: { kind: 'number', default: 20, minimum: 0, maximum: 10_000, unit: 'ms', integer: true },
  /** Stale after this many expected intervals. */
  staleAfter: { kind: 'number', default: 5, minimum: 2, maximum: 1000, unit: 'x' },
  /** Asks edge nodes of Sparkplug for a rebirth when a metric comes by an alias that no birth has named. None: asks nobody. */
  rebirth: { kind: 'reference', to: 'twin-mqtt', default: '' },
} as const satisfies Fields;
