import type { Fields } from '../../contract/fields.ts';

/** A connection to an MQTT broker. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  /** mqtt://, mqtts://, ws:// or wss:// */
  url: { kind: 'text', default: 'mqtt://127.0.0.1:1883', required: true, maximumLength: 500, placeholder: 'mqtts://broker.example:8883' },
  protocolVersion: { kind: 'choice', default: '5', options: ['5', '4'] },
  clientId: { kind: 'text', default: '', maximumLength: 100 },
  verifyCertificate: { kind: 'flag', default: true },
  username: { kind: 'credential', secret: false, default: '' },
  password: { kind: 'credential', secret: true, default: '' },
} as const satisfies Fields;
