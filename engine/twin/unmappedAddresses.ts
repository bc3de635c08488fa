import type { Quality } from '../observation.ts';

/** An address that belongs to no property yet: what "Listen" shows. */
export interface UnmappedAddress {
  address: string;
  /** The topic it came under, where that is not the address itself. */
  topic: string;
  /** Values so far. */
  count: number;
  /** The last value as text, at most 100 characters. */
  value: string;
  /** Whether the last value was a number. */
  numeric: boolean;
  quality: Quality;
  /** Source time of the last value, ms UTC. */
  timeMs: number;
  /** Site time at which it last came. */
  receivedMs: number;
  unit?: string;
}

/** The last 200 addresses that led nowhere, most recent last. */
export class UnmappedAddresses {
  readonly #seen = new Map<string, UnmappedAddress>();
  #count = 0;
  #told = 0;

  /** Values that led nowhere since the start. */
  get count(): number {
    return this.#count;
  }

  /** Addresses that are kept. */
  get size(): number {
    return this.#seen.size;
  }

  /** @returns true where this address is new and worth telling (the first 200) */
  add(
    address: string,
    topic: string,
    raw: unknown,
    quality: Quality,
    timeMs: number,
    receivedMs: number,
    unit: string | undefined,
  ): boolean {
    this.#count += 1;
    const key = address.length > 300 ? address.slice(0, 300) : address;
    const known = this.#seen.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.value = shortText(raw);
      known.numeric = typeof raw === 'number' || typeof raw === 'bigint';
      known.quality = quality;
      known.timeMs = timeMs;
      known.receivedMs = receivedMs;
      known.unit = unit ?? known.unit;
      return false;
    }
    if (this.#seen.size >= 200) {
      let oldest: UnmappedAddress | undefined;
      for (const each of this.#seen.values()) if (oldest === undefined || each.receivedMs < oldest.receivedMs) oldest = each;
      if (oldest !== undefined) this.#seen.delete(oldest.address);
    }
    this.#seen.set(key, {
      address: key,
      topic,
      count: 1,
      value: shortText(raw),
      numeric: typeof raw === 'number' || typeof raw === 'bigint',
      quality,
      timeMs,
      receivedMs,
      unit,
    });
    if (this.#told >= 200) return false;
    this.#told += 1;
    return true;
  }

  list(): UnmappedAddress[] {
    return [...this.#seen.values()].map((each) => ({ ...each })).sort((a, b) => a.receivedMs - b.receivedMs);
  }
}

function shortText(raw: unknown): string {
  if (typeof raw === 'string') return raw.length > 100 ? `${raw.slice(0, 99)}…` : raw;
  if (typeof raw === 'number' || typeof raw === 'boolean' || typeof raw === 'bigint') return String(raw);
  return raw === null || raw === undefined ? '' : Array.isArray(raw) ? `[${raw.length}]` : '{}';
}
