import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * Node-RED keeps passwords of a flow as {"$": "<16 bytes initial vector, hex><AES-256-CTR, base64>"}, the key being SHA-256
 * of the secret. A box that generated a secret of its own cannot read those of another box, so they are encrypted anew.
 * @returns undefined when the secret does not fit
 */
export function decryptCredentials(text: string, secret: string): Record<string, unknown> | undefined {
  try {
    const { $: sealed } = JSON.parse(text) as { $?: unknown };
    if (typeof sealed !== 'string') return undefined;
    const decipher = createDecipheriv('aes-256-ctr', keyOf(secret), Buffer.from(sealed.slice(0, 32), 'hex'));
    const plain: unknown = JSON.parse(decipher.update(sealed.slice(32), 'base64', 'utf8') + decipher.final('utf8'));
    return typeof plain === 'object' && plain !== null ? (plain as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export function encryptCredentials(credentials: Record<string, unknown>, secret: string): string {
  const start = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', keyOf(secret), start);
  return JSON.stringify({ $: start.toString('hex') + cipher.update(JSON.stringify(credentials), 'utf8', 'base64') + cipher.final('base64') });
}

function keyOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
