import type { Observation } from '../engine/observation.ts';
import type { Json } from '../engine/ports.ts';

/** An address that belongs to no machine yet. */
export interface HeldAddress {
  address: string;
  /** The topic it came under, where that is not the address itself. */
  topic: string;
  /** As text, at most 100 characters. */
  lastValue: string;
  /** number, text or boolean. */
  type: string;
  /** The topic is a machine for sure: a Sparkplug device. */
  isDevice?: true;
  unit?: string;
  count: number;
  lastMs: number;
}

/** A machine's name that nobody accepted yet. */
export interface HeldName {
  name: string;
  count: number;
  lastMs: number;
  /** Some of its addresses, as the machine would know them. */
  addresses: string[];
}

interface Kept {
  topic: string;
  observation: Observation;
}

export const mostHeldNames = 200;
export const mostHeldAddresses = 5000;
const addressesPerName = 50;
const keptObservations = 20_000;
const keptMs = 600_000;

/**
 * What arrived at a node of many machines and belongs to none of them: names and addresses with their last values, and for the first ten
 * minutes the values themselves, so that a machine that is accepted then begins with them. Bounded; the newest ones win.
 */
export class HeldValues {
  readonly #names = new Map<string, HeldName>();
  readonly #addresses = new Map<string, HeldAddress>();
  #kept: Kept[] = [];
  /** Something is another than when it was last written. */
  changed = false;

  get nameCount(): number {
    return this.#names.size;
  }

  get addressCount(): number {
    return this.#addresses.size;
  }

  names(): HeldName[] {
    return [...this.#names.values()].map((one) => ({ ...one, addresses: [...one.addresses] }));
  }

  addresses(): HeldAddress[] {
    return [...this.#addresses.values()].map((one) => ({ ...one }));
  }

  /** @param name '' where no name can be told from the address; `address`: as it arrived */
  hold(name: string, address: string, topic: string, observation: Observation, nowMs: number, local = address, isDevice = false): void {
    this.changed = true;
    const { value } = observation;
    if (name !== '') {
      let held = this.#names.get(name);
      if (held === undefined) {
        if (this.#names.size >= mostHeldNames) this.#names.delete(oldest(this.#names));
        held = { name: name.slice(0, 100), count: 0, lastMs: nowMs, addresses: [] };
        this.#names.set(name, held);
      }
      held.count += 1;
      held.lastMs = nowMs;
      if (held.addresses.length < addressesPerName && !held.addresses.includes(local)) held.addresses.push(local.slice(0, 300));
    }
    const key = topic === '' ? address : `${topic}\n${address}`;
    let held = this.#addresses.get(key);
    if (held === undefined) {
      if (this.#addresses.size >= mostHeldAddresses) this.#addresses.delete(oldest(this.#addresses));
      held = { address: address.slice(0, 300), topic: topic.slice(0, 300), lastValue: '', type: '', count: 0, lastMs: nowMs };
      this.#addresses.set(key, held);
    }
    held.count += 1;
    held.lastMs = nowMs;
    held.lastValue = String(value ?? '').slice(0, 100);
    held.type = typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'boolean' : value === null ? held.type : 'number';
    if (observation.unit !== undefined) held.unit = observation.unit;
    if (isDevice) held.isDevice = true;
    if (this.#kept.length >= keptObservations) this.#kept = this.#kept.slice(keptObservations / 4);
    this.#kept.push({ topic, observation: { ...observation, address, sourceTimeMs: observation.sourceTimeMs ?? observation.serverTimeMs ?? nowMs } });
  }

  /**
   * Gives what has a place now, in the order of arrival, and forgets it.
   * @param routed whether the address (or the name) belongs to a machine now, or is left out; true takes it
   */
  release(belongs: (address: string, topic: string) => boolean, nowMs: number, take: (observation: Observation, topic: string) => void): void {
    for (const [key, { address, topic }] of this.#addresses) if (belongs(address, topic)) this.#addresses.delete(key);
    const kept = this.#kept;
    this.#kept = [];
    for (const one of kept) {
      if (belongs(one.observation.address, one.topic)) {
        if (nowMs - one.observation.receivedTimeMs <= keptMs) take(one.observation, one.topic);
      } else this.#kept.push(one);
    }
    this.changed = true;
  }

  forgetNames(names: (name: string) => boolean): void {
    for (const name of this.#names.keys()) if (names(name)) this.#names.delete(name);
  }

  /** Names and addresses with their last values; the kept values only live as long as the process. */
  snapshot(): Json {
    return { v: 1, names: this.names() as unknown as Json, addresses: this.addresses().slice(-1000) as unknown as Json };
  }

  /** Takes over what was written; damage is left out. */
  restore(saved: Json | undefined): void {
    if (typeof saved !== 'object' || saved === null || Array.isArray(saved)) return;
    const list = (value: unknown): Record<string, unknown>[] =>
      Array.isArray(value) ? value.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null) : [];
    const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 300) : '');
    const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
    for (const one of list(saved['names']).slice(0, mostHeldNames)) {
      const name = text(one['name']);
      const addresses = Array.isArray(one['addresses']) ? one['addresses'].map(text).slice(0, addressesPerName) : [];
      if (name !== '' && !this.#names.has(name)) this.#names.set(name, { name, count: number(one['count']), lastMs: number(one['lastMs']), addresses });
    }
    for (const one of list(saved['addresses']).slice(0, mostHeldAddresses)) {
      const address = text(one['address']);
      const topic = text(one['topic']);
      const key = topic === '' ? address : `${topic}\n${address}`;
      if (address === '' || this.#addresses.has(key)) continue;
      const unit = text(one['unit']);
      const held: HeldAddress = { address, topic, lastValue: text(one['lastValue']), type: text(one['type']), count: number(one['count']), lastMs: number(one['lastMs']) };
      if (one['isDevice'] === true) held.isDevice = true;
      this.#addresses.set(key, unit === '' ? held : { ...held, unit });
    }
  }
}

function oldest(held: ReadonlyMap<string, { lastMs: number }>): string {
  let found = '';
  let lastMs = Infinity;
  for (const [key, one] of held) {
    if (one.lastMs >= lastMs) continue;
    found = key;
    lastMs = one.lastMs;
  }
  return found;
}
