import { webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BasicConstraintsExtension, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, SubjectAlternativeNameExtension, X509CertificateGenerator,
} from '@peculiar/x509';
import type { X509Certificate } from '@peculiar/x509';

const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 };
const dayMs = 86_400_000;

interface Signer {
  certificate: X509Certificate;
  privateKey: webcrypto.CryptoKey;
}

/** A certification authority for tests, made in memory. */
export class CertificateAuthority {
  readonly #own: Signer;

  private constructor(own: Signer) {
    this.#own = own;
  }

  /** @param above signs it; default itself */
  static async create(name: string, above?: CertificateAuthority): Promise<CertificateAuthority> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const signer = above === undefined ? undefined : above.#own;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial(), subject: `CN=${name}`, issuer: signer?.certificate.subject ?? `CN=${name}`,
      notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + dayMs), signingAlgorithm: algorithm,
      publicKey: keys.publicKey as never, signingKey: (signer?.privateKey ?? keys.privateKey) as never,
      extensions: [new BasicConstraintsExtension(true, undefined, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true)],
    }, webcrypto as never);
    return new CertificateAuthority({ certificate, privateKey: keys.privateKey });
  }

  get pem(): string {
    return this.#own.certificate.toString('pem');
  }

  /** Writes a server's key and certificate (with this authority behind it) into a folder. @param ip that the certificate names */
  async issue(folder: string, name: string, ip: string): Promise<{ certificateFile: string; privateKeyFile: string }> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial(), subject: `CN=${name}`, issuer: this.#own.certificate.subject,
      notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + dayMs), signingAlgorithm: algorithm,
      publicKey: keys.publicKey as never, signingKey: this.#own.privateKey as never,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(
          KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation | KeyUsageFlags.keyEncipherment | KeyUsageFlags.dataEncipherment, true,
        ),
        new ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']),
        new SubjectAlternativeNameExtension([{ type: 'url', value: 'urn:127.0.0.1:test' }, { type: 'ip', value: ip }]),
      ],
    }, webcrypto as never);
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64').replace(/.{64}/g, '$&\n').trim();
    const certificateFile = join(folder, `${name}.pem`);
    const privateKeyFile = join(folder, `${name}.key.pem`);
    writeFileSync(certificateFile, `${certificate.toString('pem')}\n${this.pem}\n`);
    writeFileSync(privateKeyFile, `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`);
    return { certificateFile, privateKeyFile };
  }
}

function serial(): string {
  return `01${Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex')}`;
}
