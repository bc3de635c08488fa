import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** A password as it is stored: never the password. The cost is recorded with each, so that a later version may raise it. */
export interface PasswordHash {
  method: 'scrypt';
  /** CPU and memory cost, a power of two. */
  n: number;
  r: number;
  p: number;
  /** base64url. */
  salt: string;
  /** base64url, 32 bytes. */
  hash: string;
}

export interface PasswordCost {
  n: number;
  r: number;
  p: number;
}

/** 32 MB and some tenths of a second on a small box (OWASP Password Storage Cheat Sheet, 2024: N = 2^15, r = 8, p = 3). */
export const usualCost: PasswordCost = { n: 32_768, r: 8, p: 3 };

const keyBytes = 32;
const mostMemoryBytes = 128 * 1024 * 1024;

export async function hashPassword(password: string, cost: PasswordCost = usualCost): Promise<PasswordHash> {
  const salt = randomBytes(16);
  const { n, r, p } = cost;
  return { method: 'scrypt', n, r, p, salt: salt.toString('base64url'), hash: (await derive(password, salt, cost)).toString('base64url') };
}

/** Takes as long for a wrong password as for the right one. A damaged hash fits nothing. */
export async function fitsPassword(password: string, stored: PasswordHash): Promise<boolean> {
  const expected = Buffer.from(stored.hash, 'base64url');
  if (expected.length !== keyBytes || 128 * stored.n * stored.r > mostMemoryBytes / 2) return false;
  try {
    return timingSafeEqual(await derive(password, Buffer.from(stored.salt, 'base64url'), stored), expected);
  } catch {
    return false;
  }
}

// The same letters can be composed in two ways; one keyboard sends this, the next one that.
function derive(password: string, salt: Buffer, { n, r, p }: PasswordCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, keyBytes, { N: n, r, p, maxmem: mostMemoryBytes }, (problem, key) => (problem ? reject(problem) : resolve(key)));
  });
}
