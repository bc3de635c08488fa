import { Problem } from '../problem.ts';
import { parseRegisterAddress } from './registerAddress.ts';
import type { RegisterAddress } from './registerAddress.ts';
import type { TwinType } from './twinType.ts';

/** A row of the instance's table. An empty property: leave this address out. */
export interface MappingRow {
  address: string;
  property: string;
  /** value = raw × scale + offset; default 1 and 0. */
  scale?: number;
  offset?: number;
}

/** value = raw × scale + offset */
export interface Scaling {
  scale: number;
  offset: number;
}

export interface AddressMapOptions {
  type: TwinType;
  mapping: readonly MappingRow[];
  placeholders: ReadonlyMap<string, string>;
  /** By property: of the address that the type's pattern or the property's own name gives. */
  scaling: ReadonlyMap<string, Scaling>;
  key: string;
  path: readonly string[];
}

/** Where an address leads. */
export interface AddressTarget {
  /** Place of the property; `unmapped` or `leftOut`. */
  readonly index: number;
  readonly scale: number;
  readonly offset: number;
}

export const unmapped = -1;
export const leftOut = -2;

const nowhere: AddressTarget = { index: unmapped, scale: 1, offset: 0 };
const rememberedAddresses = 5000;
/** What stands beside values in many payloads and is read as their time or quality: no address, unless a table or property says so. */
export const besideValues: ReadonlySet<string> = new Set(['timestamp', 'timestamp_ms', 'time', '_time', 'ts', 'sourceTimestamp', 'Timestamp', 'Time', 'quality']);

/**
 * Which address is which property: first the instance's table, then the type's patterns with the instance's placeholders, then
 * the property's own name. An address with a topic (a column of an object that came under a topic) is looked up as topic/name and
 * as name; a topic that is the twin's own path, or its key, may stand before a property's name.
 */
export class AddressMap {
  readonly problems: Problem[] = [];
  /** Values in register arrays. */
  readonly registers: readonly { address: RegisterAddress; target: AddressTarget }[];
  readonly #table = new Map<string, AddressTarget>();
  readonly #names = new Map<string, AddressTarget>();
  /** Its path, its key: topics that may stand before a property's name. */
  readonly ownTopics: readonly string[];
  readonly #resolved = new Map<string, AddressTarget>();

  constructor({ type, mapping, placeholders, scaling, key, path }: AddressMapOptions) {
    const registers: { address: RegisterAddress; target: AddressTarget }[] = [];
    const add = (address: string, target: AddressTarget): void => {
      const register = parseRegisterAddress(address);
      if (register !== undefined) registers.push({ address: register, target });
      else this.#table.set(address, target);
    };
    const byTable = new Set<string>();
    for (const row of mapping) {
      const address = row.address.trim();
      const property = row.property.trim();
      if (address === '') continue;
      if (byTable.has(address)) {
        this.problems.push(
          new Problem('TWIN_MAPPING_TWICE', `The address "${address}" is assigned twice.`, 'Keep one of the two rows.', { address }),
        );
        continue;
      }
      byTable.add(address);
      if (property === '') {
        add(address, { index: leftOut, scale: 1, offset: 0 });
        continue;
      }
      const index = type.indexOf.get(property);
      if (index === undefined) {
        this.problems.push(
          new Problem(
            'TWIN_MAPPING_PROPERTY',
            `The address "${address}" is assigned to "${property}", which the type ${type.title} does not have.`,
            'Choose a property of the type, or remove the row.',
            { address, property },
          ),
        );
        continue;
      }
      if (/^reg:/i.test(address) && parseRegisterAddress(address) === undefined) {
        this.problems.push(
          new Problem(
            'TWIN_REGISTER_ADDRESS',
            `"${address}" is not a register address.`,
            'Write it as reg:4 float32 swap (place, type, word order).',
            { address },
          ),
        );
        continue;
      }
      add(address, { index, scale: row.scale ?? 1, offset: row.offset ?? 0 });
    }
    for (const property of type.properties) {
      if (property.kind === 'derived') continue;
      const target: AddressTarget = { index: property.index, scale: 1, offset: 0, ...scaling.get(property.name) };
      this.#names.set(property.name, target);
      if (property.address === '') continue;
      const missing: string[] = [];
      const address = property.address.replace(/\{([^{}]+)\}/g, (whole, name: string) => {
        const value = placeholders.get(name.trim()) ?? (name.trim() === 'key' ? key : undefined);
        if (value === undefined) missing.push(name.trim());
        return value ?? whole;
      });
      if (missing.length > 0) {
        this.problems.push(
          new Problem(
            'TWIN_PLACEHOLDER_MISSING',
            `The address of "${property.name}" needs {${missing.join('}, {')}}, which this machine does not give.`,
            'Fill it in among the placeholders of the machine, or assign the address in its table.',
            { property: property.name, placeholder: missing.join(', ') },
          ),
        );
      } else if (!byTable.has(address)) add(address, target);
    }
    this.registers = registers;
    const ownTopics = new Set([path.join('/'), [...path.filter((part) => part !== key), key].join('/'), key]);
    this.ownTopics = [...ownTopics].filter((topic) => topic !== '');
  }

  /** @param topic '' where the address came without one */
  resolve(address: string, topic: string): AddressTarget {
    const cacheKey = topic === '' ? address : `${topic}\n${address}`;
    const known = this.#resolved.get(cacheKey);
    if (known !== undefined) return known;
    const target = this.#find(address, topic);
    if (this.#resolved.size >= rememberedAddresses) this.#resolved.clear();
    this.#resolved.set(cacheKey, target);
    return target;
  }

  /** The addresses of the table and of the type's patterns, registers left out. */
  exact(): IterableIterator<string> {
    return this.#table.keys();
  }

  /** Addresses that arrived and belong to a property, by the property's place in the type; at most one of each. */
  heard(): Map<number, string> {
    const heard = new Map<number, string>();
    for (const [cacheKey, target] of this.#resolved) {
      if (target.index >= 0) heard.set(target.index, cacheKey.slice(cacheKey.indexOf('\n') + 1));
    }
    return heard;
  }

  #find(address: string, topic: string): AddressTarget {
    const underTopic = topic === '' ? undefined : (this.#table.get(`${topic}/${address}`) ?? this.#table.get(`${topic}.${address}`));
    const inTable = underTopic ?? this.#table.get(address);
    if (inTable !== undefined) return inTable;
    const direct = this.#names.get(address) ?? this.#names.get(address.replace(/[./]/g, '_'));
    if (direct !== undefined) return direct;
    for (const own of this.ownTopics) {
      if (!address.startsWith(`${own}/`)) continue;
      const rest = address.slice(own.length + 1);
      const named = this.#table.get(rest) ?? this.#names.get(rest) ?? this.#names.get(rest.replace(/[./]/g, '_'));
      if (named !== undefined) return named;
    }
    return besideValues.has(address) ? { index: leftOut, scale: 1, offset: 0 } : nowhere;
  }
}
