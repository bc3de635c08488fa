import { Problem } from '../../engine/problem.ts';

/** Where to write. `version` 1 speaks to InfluxDB 1.x by database; 2 to 2.x, 3.x and 1.8+ by organisation, bucket and token. */
export interface InfluxWriterOptions {
  /** http:// or https://, with a path where a proxy needs one. */
  url: string;
  version: '1' | '2';
  /** 1.x */
  database?: string;
  retentionPolicy?: string;
  /** 1.x: create the database when it is not there. Default false. */
  createDatabase?: boolean;
  username?: string;
  password?: string;
  /** 2.x, 3.x */
  organisation?: string;
  bucket?: string;
  token?: string;
  /** Default true. */
  verifyCertificate?: boolean;
  /** PEM of the authority that signed the server's certificate, where it is not a public one. */
  ca?: string;
  /** Default 30,000. */
  timeoutMs?: number;
}

/** What one request came to: 2xx, or the status and the database's words. */
export interface InfluxAnswer {
  status: number;
  message: string;
  /** When the server wants to be asked again. */
  retryAfterMs?: number;
  /** The lines that it names as bad, where it does so in a form of its own (3.x): their number, from 1, and how they begin. */
  named?: { line: number; beginning: string; reason: string }[];
}

/** One version's way of speaking; rejects with what the network threw. */
export interface InfluxConnection {
  /** For messages. */
  readonly place: string;
  post(body: string): Promise<InfluxAnswer>;
  /** After a 404: true when the place has been created and the write may be repeated. */
  create(): Promise<boolean>;
  test(): Promise<{ ok: true; version: string } | Problem>;
  /** Whether this is a database that takes lines but keeps no texts. Rejects with what the network threw. */
  keepsNumbersOnly(): Promise<boolean>;
  close(): Promise<void>;
}

export function problemOf(place: string, { status, message, retryAfterMs }: InfluxAnswer): Problem {
  const values = { place, status, reason: message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  const said = message === '' ? `answered with ${status}` : `answered: ${message}`;
  if (status === 401 || status === 403) {
    return new Problem('TWIN_INFLUX_LOGIN', `${place} does not accept the login (${said}).`,
      'Check user name and password, or the token and what it may write.', values);
  }
  if (status === 404) {
    return new Problem('TWIN_INFLUX_DATABASE', `${place} is not there (${said}).`,
      'Check the name of the database or of organisation and bucket, or create it.', values);
  }
  if (status === 429 || status >= 500) {
    return new Problem('TWIN_INFLUX_BUSY', `${place} cannot take data now (${said}).`, 'It is tried again by itself.', values);
  }
  return new Problem('TWIN_INFLUX_REFUSED', `${place} refused the data (${said}).`,
    'Check the address: it may not be an InfluxDB.', values);
}

const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER|ALTNAME/;

export function unreachable(place: string, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  const message = error instanceof Error && error.message !== '' ? error.message : code === '' ? String(error) : code;
  const values = { place, reason: message };
  if (certificateCodes.test(code)) {
    return new Problem('TWIN_INFLUX_CERTIFICATE', `The certificate of ${place} is not trusted: ${message}.`,
      'Give the certificate of the authority that signed it.', values);
  }
  return new Problem('TWIN_INFLUX_UNREACHABLE', `${place} cannot be reached: ${message}.`,
    'Check the address and that InfluxDB runs; it is tried again by itself.', values);
}

/** @throws Problem TWIN_INFLUX_SETTING */
export function addressOf(url: string): URL {
  let address: URL | undefined;
  try {
    address = new URL(url);
  } catch {
    // Told below.
  }
  if (address === undefined || !['http:', 'https:'].includes(address.protocol)) {
    throw new Problem('TWIN_INFLUX_SETTING', `"${url}" is no address of an InfluxDB.`,
      'Write it as http://host:8086 or https://host.', { url });
  }
  return address;
}

export function setting(name: string, value: string | undefined): string {
  if (value === undefined || value.trim() === '') {
    throw new Problem('TWIN_INFLUX_SETTING', `The ${name} is not set.`,
      `Enter the ${name} in the connection to InfluxDB.`, { setting: name });
  }
  return value;
}
