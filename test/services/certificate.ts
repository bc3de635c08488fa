import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/**
 * A self-signed X.509 certificate for a server on the loopback interface (RFC 5280, DER written by hand), so that tests of TLS need
 * neither a program nor a key in the repository.
 */
export function selfSignedCertificate(name = 'localhost'): { certificate: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(identifier('1.2.840.10045.4.3.2'));
  const distinguished = sequence(element(0x31, sequence(identifier('2.5.4.3'), element(0x0c, Buffer.from(name)))));
  const time = (ms: number): Buffer => element(0x18, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));
  const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
    sequence(identifier(id), ...(critical ? [element(0x01, Buffer.from([0xff]))] : []), element(0x04, value));
  const alternativeNames = sequence(element(0x82, Buffer.from('localhost')), element(0x87, Buffer.from([127, 0, 0, 1])));
  const extensions = element(0xa3, sequence(
    extension('2.5.29.19', true, sequence(element(0x01, Buffer.from([0xff])))),
    extension('2.5.29.17', false, alternativeNames),
  ));
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const body = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))), element(0x02, serial), algorithm, distinguished,
    sequence(time(Date.now() - 3_600_000), time(Date.now() + 86_400_000)), distinguished,
    publicKey.export({ type: 'spki', format: 'der' }), extensions,
  );
  const signature = sign('sha256', body, privateKey);
  const whole = sequence(body, algorithm, element(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const digits = [number & 0x7f];
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return element(0x06, Buffer.from(bytes));
}
