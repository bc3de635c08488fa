import type { Fields } from '../../contract/fields.ts';

/** The connection to an OPC UA server. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  /** opc.tcp://host:4840/path */
  url: { kind: 'text', default: 'opc.tcp://127.0.0.1:4840', required: true, maximumLength: 500, placeholder: 'opc.tcp://192.168.0.10:4840' },
  /** All but none sign and encrypt. */
  security: { kind: 'choice', default: 'best', options: ['best', 'Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss', 'none'] },
  username: { kind: 'credential', secret: false, default: '' },
  password: { kind: 'credential', secret: true, default: '' },
} as const satisfies Fields;
