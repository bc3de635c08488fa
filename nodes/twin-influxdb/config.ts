import type { Fields } from '../../contract/fields.ts';

/** A connection to InfluxDB. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  /** Empty: nothing is written, twin-history says so. An environment variable may stand here. */
  url: { kind: 'text', default: 'http://127.0.0.1:8086', maximumLength: 500, placeholder: 'https://influx.example:8086' },
  version: { kind: 'choice', default: '1', options: ['1', '2'] },
  /** 1.x */
  database: { kind: 'text', default: 'twinwire', maximumLength: 100 },
  createDatabase: { kind: 'flag', default: true },
  /** 2.x and 3.x */
  organisation: { kind: 'text', default: '', maximumLength: 100 },
  bucket: { kind: 'text', default: '', maximumLength: 100 },
  verifyCertificate: { kind: 'flag', default: true },
  username: { kind: 'credential', secret: false, default: '' },
  password: { kind: 'credential', secret: true, default: '' },
  token: { kind: 'credential', secret: true, default: '' },
} as const satisfies Fields;
