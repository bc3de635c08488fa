/** How failed attempts slow down the next one. */
interface Allowance {
  /** So many failures cost nothing. */
  free: number;
  firstMs: number;
  mostMs: number;
}

const samePerson: Allowance = { free: 4, firstMs: 1_000, mostMs: 60_000 };
const sameAddress: Allowance = { free: 20, firstMs: 1_000, mostMs: 30_000 };
const sameName: Allowance = { free: 40, firstMs: 1_000, mostMs: 15_000 };

const forgottenAfterMs = 60 * 60_000;
const mostRemembered = 5_000;

interface Failures {
  count: number;
  lastMs: number;
  /** No attempt is looked at before this time. */
  waitUntilMs: number;
}

/**
 * Slows guessing down without ever locking anybody out for good: the delay grows with each failure of a name at an address,
 * and more gently of an address and of a name. Whoever has logged in from an address before is there only held back by
 * failures of that very pair, so that a stranger's guesses don't keep the shift out. Attempts that come too early are not
 * looked at and don't count. Bounded memory; the oldest is forgotten first.
 * Times are monotonic ms.
 */
export class LoginDelay {
  readonly #failures = new Map<string, Failures>();
  readonly #known = new Set<string>();

  /**
   * Begins an attempt. It counts as failed until `succeeded` takes that back, so that a thousand attempts at once are not looked at
   * before the first is known to be wrong.
   * @returns ms to wait before trying again; 0: go on
   */
  start(name: string, address: string, nowMs: number): number {
    const keys = this.#keys(name, address);
    const waitMs = Math.max(0, ...keys.map(([key]) => (this.#failures.get(key)?.waitUntilMs ?? 0) - nowMs));
    if (waitMs > 0) return waitMs;
    for (const [key, allowance] of keys) {
      const before = this.#failures.get(key);
      const count = before === undefined || nowMs - before.lastMs > forgottenAfterMs ? 1 : before.count + 1;
      const over = count - allowance.free;
      const delayMs = over <= 0 ? 0 : Math.min(allowance.mostMs, allowance.firstMs * 2 ** Math.min(over - 1, 20));
      this.#failures.delete(key);
      this.#failures.set(key, { count, lastMs: nowMs, waitUntilMs: nowMs + delayMs });
    }
    forgetOldest(this.#failures);
    return 0;
  }

  succeeded(name: string, address: string): void {
    const pair = pairKey(name, address);
    for (const [key] of this.#keys(name, address)) {
      const failures = this.#failures.get(key);
      if (failures !== undefined && key !== pair && failures.count > 1) this.#failures.set(key, { ...failures, count: failures.count - 1, waitUntilMs: 0 });
      else this.#failures.delete(key);
    }
    this.#known.delete(pair);
    this.#known.add(pair);
    forgetOldest(this.#known);
  }

  #keys(name: string, address: string): [string, Allowance][] {
    const pair = pairKey(name, address);
    if (this.#known.has(pair)) return [[pair, samePerson]];
    return [[pair, samePerson], [JSON.stringify(['address', address]), sameAddress], [JSON.stringify(['name', name]), sameName]];
  }
}

function pairKey(name: string, address: string): string {
  return JSON.stringify(['pair', name, address]);
}

function forgetOldest(remembered: Map<string, unknown> | Set<string>): void {
  for (const key of remembered.keys()) {
    if (remembered.size <= mostRemembered) return;
    remembered.delete(key);
  }
}
