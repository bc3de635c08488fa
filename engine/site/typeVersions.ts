import type { Json, StateEntry } from '../ports.ts';
import { compareTypes } from '../twin/typeChange.ts';
import { compileTwinType } from '../twin/twinType.ts';
import type { TwinType, TwinTypeInput } from '../twin/twinType.ts';

/** A version of a type that ran here. */
export interface TypeVersion {
  v: 1;
  name: string;
  number: number;
  /** Site time at which it first ran, and at which machines last changed to it. */
  firstMs: number;
  usedMs: number;
  definition: TwinTypeInput;
}

export const typePrefix = 'type/';
/** Of each type; the oldest one goes first. */
const mostVersions = 50;

/**
 * Every version of each type that ran in a site. A change of structure (a property more or less, another meaning, another unit of the values)
 * makes a new one; labels, limits and addresses belong to the version that is there. A type that is again what an earlier version was is
 * that version.
 */
export class TypeVersions {
  readonly #versions = new Map<string, TypeVersion[]>();
  readonly #compiled = new WeakMap<TypeVersion, { definition: TwinTypeInput; type: TwinType }>();

  load(entries: readonly StateEntry[]): void {
    for (const { value } of entries) {
      const version = value as unknown as TypeVersion;
      if (version?.v !== 1 || typeof version.number !== 'number' || !Array.isArray(version.definition?.properties)) continue;
      this.#listOf(version.name).push(version);
    }
    for (const list of this.#versions.values()) list.sort((a, b) => a.number - b.number);
  }

  /** Oldest first. */
  list(name: string): readonly TypeVersion[] {
    return this.#versions.get(name) ?? [];
  }

  /** The type as that version had it; undefined where it is not known any more. */
  typeOf(name: string, number: number): TwinType | undefined {
    const version = this.list(name).find((one) => one.number === number);
    return version === undefined ? undefined : this.#compile(version);
  }

  /** The number that a type has, or would have, here. Changes nothing. */
  numberOf(type: TwinType): { number: number; isNew: boolean } {
    const list = this.list(type.name);
    const highest = list.at(-1)?.number ?? 0;
    if (type.version > highest) return { number: type.version, isNew: true };
    const key = structureOf(type);
    const same = list.findLast((version) => structureOf(this.#compile(version)) === key);
    if (same !== undefined) return { number: same.number, isNew: false };
    const latest = list.reduce((last, version) => (version.usedMs >= last.usedMs ? version : last));
    // Another unit's name alone is no new structure.
    if (!compareTypes(this.#compile(latest), type).structural) return { number: latest.number, isNew: false };
    return { number: highest + 1, isNew: true };
  }

  /** The type under its number; what is to be written goes into `changes`. */
  take(type: TwinType, nowMs: number, changes: { key: string; value: Json | null }[]): TwinType {
    const { number, isNew } = this.numberOf(type);
    const definition = JSON.parse(JSON.stringify({ ...type.definition, version: number })) as TwinTypeInput;
    const list = this.#listOf(type.name);
    const known = list.find((version) => version.number === number);
    const latest = list.reduce<TypeVersion | undefined>((last, version) => (last === undefined || version.usedMs >= last.usedMs ? version : last), undefined);
    if (isNew || known === undefined) {
      const version: TypeVersion = { v: 1, name: type.name, number, firstMs: nowMs, usedMs: nowMs, definition };
      list.push(version);
      list.sort((a, b) => a.number - b.number);
      changes.push({ key: keyOf(version), value: version as unknown as Json });
      for (const dropped of list.splice(0, Math.max(0, list.length - mostVersions))) changes.push({ key: keyOf(dropped), value: null });
    } else if (known !== latest || JSON.stringify(known.definition) !== JSON.stringify(definition)) {
      known.definition = definition;
      if (known !== latest) known.usedMs = nowMs;
      changes.push({ key: keyOf(known), value: known as unknown as Json });
    }
    return number === type.version ? type : { ...type, version: number, title: `${type.name}@${number}` };
  }

  #compile(version: TypeVersion): TwinType {
    const known = this.#compiled.get(version);
    if (known?.definition === version.definition) return known.type;
    const type = compileTwinType({ ...version.definition, version: version.number }).type;
    this.#compiled.set(version, { definition: version.definition, type });
    return type;
  }

  #listOf(name: string): TypeVersion[] {
    let list = this.#versions.get(name);
    if (list === undefined) {
      list = [];
      this.#versions.set(name, list);
    }
    return list;
  }
}

const structures = new WeakMap<TwinType, string>();

/** What makes a type's structure, whatever the order of its rows. */
function structureOf(type: TwinType): string {
  const known = structures.get(type);
  if (known !== undefined) return known;
  const properties = type.properties.map(({ identity, name, kind, unit, expression }) => [identity, name, kind, unit, expression?.text.replace(/\s+/g, '') ?? '']);
  const state = type.mode === undefined ? (type.properties[type.stateIndex]?.identity ?? '') : type.mode.text.replace(/\s+/g, '');
  const structure = JSON.stringify([properties.map((one) => JSON.stringify(one)).sort(), state]);
  structures.set(type, structure);
  return structure;
}

function keyOf({ name, number }: TypeVersion): string {
  return `${typePrefix}${name}/${number}`;
}
