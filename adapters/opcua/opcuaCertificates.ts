import { X509Certificate, createHash } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StatusCodes, crypto_utils } from 'node-opcua-client';
import type { OPCUAClientOptions } from 'node-opcua-client';
import { Problem } from '../../engine/problem.ts';
import type { CertificateFacts } from './opcuaProblem.ts';

type KeyPair = NonNullable<OPCUAClientOptions['certificateKeyPairProvider']>;
type Store = Exclude<NonNullable<OPCUAClientOptions['clientCertificateManager']>, { rootDir: string }>;

/** What a secure connection needs of us: who we are, and whom we trust. */
export interface OpcuaCertificates {
  applicationUri: string;
  keyPair: KeyPair;
  store: Store;
  /** True when the certificate with this fingerprint was trusted by somebody. */
  isTrusted(fingerprint: string): Promise<boolean>;
  /** @throws Problem TWIN_OPCUA_FINGERPRINT when it is none */
  trust(fingerprint: string): Promise<void>;
  /** Takes the trust back. */
  distrust(fingerprint: string): Promise<void>;
}

const opened = new Map<string, Promise<OpcuaCertificates>>();
const tenYearsDays = 3650;

/**
 * Opens a folder with this client's key and certificate (made at first use) and the fingerprints of the servers that somebody trusts:
 *   own/privateKey.pem, own/certificate.pem, trusted/<SHA-256>
 * Trust is one small file for each certificate, so it can be looked at, copied and taken back without any tool.
 * @throws Problem TWIN_OPCUA_PKI when the folder cannot be used
 */
export function openCertificates(folder: string): Promise<OpcuaCertificates> {
  let opening = opened.get(folder);
  if (opening === undefined) {
    opening = open(folder).catch((cause: unknown) => {
      opened.delete(folder);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Problem('TWIN_OPCUA_PKI', `The folder for certificates ${folder} cannot be used: ${reason}.`,
        'Check that Node-RED may write there; damaged files in "own" can be deleted, they are made again.', { folder });
    });
    opened.set(folder, opening);
  }
  return opening;
}

async function open(folder: string): Promise<OpcuaCertificates> {
  await mkdir(join(folder, 'own'), { recursive: true, mode: 0o700 });
  await mkdir(join(folder, 'trusted'), { recursive: true, mode: 0o700 });
  const certificateFile = join(folder, 'own', 'certificate.pem');
  const keyFile = join(folder, 'own', 'privateKey.pem');
  if (!(await exists(certificateFile)) || !(await exists(keyFile))) await makeOwn(keyFile, certificateFile);
  const pem = await readFile(certificateFile, 'utf8');
  const certificate = crypto_utils.convertPEMtoDER(pem);
  const privateKey = crypto_utils.makePrivateKeyFromPem(await readFile(keyFile, 'utf8'));
  const applicationUri = /URI:([^,\s]+)/.exec(new X509Certificate(pem).subjectAltName ?? '')?.[1] ?? ownUri();
  const trustedFile = (fingerprint: string): string => join(folder, 'trusted', bare(fingerprint));
  const isTrusted = (fingerprint: string): Promise<boolean> => exists(trustedFile(fingerprint));
  const verdict = async (given: Buffer | Buffer[]): Promise<boolean> => {
    const own = Array.isArray(given) ? given[0] : given;
    return own !== undefined && isTrusted(factsOf(own).fingerprint);
  };
  const store: Store = {
    referenceCounter: 0,
    initialize: async () => {},
    dispose: async () => {},
    checkCertificate: async (given) => ((await verdict(given as Buffer)) ? StatusCodes.Good : StatusCodes.BadCertificateUntrusted),
    verifyCertificate: async (given) => ((await verdict(given as Buffer)) ? 'Good' : 'BadCertificateUntrusted'),
    getTrustStatus: async (given) => ((await verdict(given as Buffer)) ? StatusCodes.Good : StatusCodes.BadCertificateUntrusted),
    // Trust is given by a person, never by the library.
    trustCertificate: async () => {},
    rejectCertificate: async () => {},
    addIssuer: async () => {},
    addRevocationList: async () => {},
  };
  return {
    applicationUri,
    keyPair: { getCertificate: () => certificate, getCertificateChain: () => [certificate], getPrivateKey: () => privateKey },
    store,
    isTrusted,
    async trust(fingerprint) {
      await writeFile(trustedFile(fingerprint), `${fingerprint}\n`);
    },
    async distrust(fingerprint) {
      await rm(trustedFile(fingerprint), { force: true });
    },
  };
}

/** What a person needs to know of a certificate (DER; of a chain the first). */
export function factsOf(certificate: Buffer): CertificateFacts {
  const own = crypto_utils.split_der(certificate)[0] ?? certificate;
  const parsed = new X509Certificate(own);
  return {
    fingerprint: createHash('sha256').update(own).digest('hex').toUpperCase().replace(/(..)(?!$)/g, '$1:'),
    subject: parsed.subject.replace(/\s*\n\s*/g, ', ').slice(0, 200),
    validFromMs: Date.parse(parsed.validFrom),
    validToMs: Date.parse(parsed.validTo),
  };
}

function bare(fingerprint: string): string {
  const digits = fingerprint.replace(/[\s:]/g, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new Problem('TWIN_OPCUA_FINGERPRINT', 'This is no fingerprint of a certificate (SHA-256, 64 hexadecimal digits).',
    'Take it as the connection test shows it.');
}

function ownUri(): string {
  return `urn:${hostname().replace(/[^\w.-]/g, '-')}:twinwire`;
}

async function makeOwn(keyFile: string, certificateFile: string): Promise<void> {
  const key = await crypto_utils.generatePrivateKey(2048);
  const { cert } = await crypto_utils.createSelfSignedCertificate({
    privateKey: key,
    subject: `/CN=Twinwire/O=Twinwire/DC=${hostname().replace(/[^\w.-]/g, '-')}`,
    applicationUri: ownUri(),
    dns: [hostname()],
    validity: tenYearsDays,
    notBefore: new Date(),
    purpose: crypto_utils.CertificatePurpose.ForApplication,
  });
  const { privPem } = await crypto_utils.privateKeyToPEM(key);
  await rm(certificateFile, { force: true });
  await rm(keyFile, { force: true });
  await writeWhole(keyFile, privPem);
  await writeWhole(certificateFile, cert);
}

/** A file that is whole or not there, however the process ends. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, text, { mode: 0o600 });
  await link(draft, file);
  await rm(draft, { force: true });
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() === true;
}
