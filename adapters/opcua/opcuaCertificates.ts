import { X509Certificate, createHash } from 'node:crypto';
import { link, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
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
  /**
   * True when somebody trusted exactly this certificate, or put the certificate of the authority that signed it into "issuers" and it names the host.
   * @param chain the server's certificate (DER), with what it sends of its authorities behind it
   * @param host as the connection's address names it
   */
  isTrusted(chain: Buffer, host: string): Promise<boolean>;
  /** @throws Problem TWIN_OPCUA_FINGERPRINT when it is none */
  trust(fingerprint: string): Promise<void>;
  /** Takes the trust back. */
  distrust(fingerprint: string): Promise<void>;
}

const opened = new Map<string, Promise<OpcuaCertificates>>();
const tenYearsDays = 3650;

/**
 * Opens a folder with this client's key and certificate (made at first use) and the fingerprints of the servers that somebody trusts:
 *   own/privateKey.pem, own/certificate.pem, trusted/<SHA-256>, issuers/<any name>.pem|.crt|.cer|.der
 * Trust is one small file for each certificate, so it can be looked at, copied and taken back without any tool. A file in issuers is a certification
 * authority: the servers whose certificates it signed are trusted without being asked for one by one. Lists of revoked certificates are not read.
 * @throws Problem TWIN_OPCUA_PKI when the folder cannot be used
 */
export function openCertificates(folder: string): Promise<OpcuaCertificates> {
  let opening = opened.get(folder);
  if (opening === undefined) {
    opening = open(folder).catch((cause: unknown) => {
      opened.delete(folder);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Problem('TWIN_OPCUA_PKI', `The folder for certificates ${folder} cannot be used: ${reason}.`,
        'Check that Node-RED may write there; damaged files in "own" can be deleted, they are made again.', { folder, reason });
    });
    opened.set(folder, opening);
  }
  return opening;
}

async function open(folder: string): Promise<OpcuaCertificates> {
  await mkdir(join(folder, 'own'), { recursive: true, mode: 0o700 });
  await mkdir(join(folder, 'trusted'), { recursive: true, mode: 0o700 });
  await mkdir(join(folder, 'issuers'), { recursive: true, mode: 0o700 });
  const certificateFile = join(folder, 'own', 'certificate.pem');
  const keyFile = join(folder, 'own', 'privateKey.pem');
  if (!(await exists(certificateFile)) || !(await exists(keyFile))) await makeOwn(keyFile, certificateFile);
  const pem = await readFile(certificateFile, 'utf8');
  const certificate = crypto_utils.convertPEMtoDER(pem);
  const privateKey = crypto_utils.makePrivateKeyFromPem(await readFile(keyFile, 'utf8'));
  const applicationUri = /URI:([^,\s]+)/.exec(new X509Certificate(pem).subjectAltName ?? '')?.[1] ?? ownUri();
  const trustedFile = (fingerprint: string): string => join(folder, 'trusted', bare(fingerprint));
  /** Those of an authority, with a host that was compared. The library asks again while it connects, and does not say for which host. */
  const byIssuer = new Set<string>();
  const isTrusted = async (chain: Buffer, host: string): Promise<boolean> => {
    const { fingerprint } = factsOf(chain);
    byIssuer.delete(fingerprint);
    if (await exists(trustedFile(fingerprint))) return true;
    if (!isIssued(crypto_utils.split_der(chain), await readIssuers(join(folder, 'issuers')), host, Date.now())) return false;
    byIssuer.add(fingerprint);
    return true;
  };
  const verdict = async (given: Buffer | Buffer[]): Promise<boolean> => {
    const own = Array.isArray(given) ? given[0] : given;
    if (own === undefined) return false;
    const { fingerprint } = factsOf(own);
    return byIssuer.has(fingerprint) || exists(trustedFile(fingerprint));
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

/** Longer chains are not followed. */
const mostIssuers = 5;
const mostIssuerFiles = 100;
const largestCertificateBytes = 100_000;

/**
 * Does a chain of signatures lead from a server's certificate to a trusted authority (RFC 5280, 6.1: signature, validity, and that each one above may
 * sign), and does the server's certificate name the host? Without the host, any machine with a certificate of the same authority could pass for the PLC.
 * @param chain DER, the server's certificate first; the rest in any order
 */
function isIssued(chain: readonly Buffer[], anchors: readonly X509Certificate[], host: string, nowMs: number): boolean {
  const parsed = chain.slice(0, mostIssuers + 1).map((each) => new X509Certificate(each));
  const isNow = (certificate: X509Certificate): boolean => Date.parse(certificate.validFrom) <= nowMs && nowMs <= Date.parse(certificate.validTo);
  const signed = (below: X509Certificate, above: X509Certificate): boolean =>
    above.ca && isNow(above) && below.checkIssued(above) && below.verify(above.publicKey);
  let [current] = parsed;
  if (current === undefined || !isNow(current)) return false;
  const bare = host.replace(/^\[|\]$/g, '');
  const named = isIP(bare) === 0 ? current.checkHost(bare, { subject: 'never' }) : current.checkIP(bare);
  if (named === undefined) return false;
  for (let depth = 0; depth < mostIssuers; depth += 1) {
    const below: X509Certificate = current;
    if (anchors.some((anchor) => signed(below, anchor))) return true;
    const next = parsed.slice(1).find((each) => each.fingerprint256 !== below.fingerprint256 && signed(below, each));
    if (next === undefined) return false;
    current = next;
  }
  return false;
}

/** Read anew each time: a file that is put there counts at the next attempt. What cannot be read as a certificate trusts nobody. */
async function readIssuers(folder: string): Promise<X509Certificate[]> {
  const names = (await readdir(folder).catch(() => [] as string[])).filter((name) => /\.(?:pem|crt|cer|der)$/i.test(name)).sort();
  const found: X509Certificate[] = [];
  for (const name of names.slice(0, mostIssuerFiles)) {
    const file = join(folder, name);
    try {
      if ((await stat(file)).size <= largestCertificateBytes) found.push(new X509Certificate(await readFile(file)));
    } catch {
      // Not a certificate.
    }
  }
  return found;
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
