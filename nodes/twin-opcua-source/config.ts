import type { Fields } from '../../contract/fields.ts';

/** Values of a PLC by OPC UA. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  server: { kind: 'reference', to: 'twin-opcua', default: '', required: true },
  addresses: {
    kind: 'list',
    default: [],
    row: {
      /** ns=2;s=Name, ns=2;i=12, nsu=namespace;s=Name */
      address: { kind: 'text', default: '', required: true, maximumLength: 2000, placeholder: 'ns=2;s=Filler.Speed' },
      /** value: this one; below: all values below it. */
      what: { kind: 'choice', default: 'value', options: ['value', 'below'] },
    },
  },
  interval: { kind: 'number', default: 500, minimum: 10, maximum: 3_600_000, integer: true, unit: 'ms' },
  /** Values of one address that the server keeps until it sends. */
  queue: { kind: 'number', default: 10, minimum: 1, maximum: 10_000, integer: true },
} as const satisfies Fields;
