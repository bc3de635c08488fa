import type { FoundSignal, LeftReason, Proposal, ProposedMachine, ProposedProperty, ProposedType } from '../../contract/discovery.ts';
import { addressPatterns, filledIn } from './addressPattern.ts';
import { findMachines, ownSignals } from './findMachines.ts';
import type { OwnSignal } from './findMachines.ts';
import { isAttributeName, isOwnAffair, isTellingType } from './nameHints.ts';
import { shapeClusters } from './shapeClusters.ts';
import { isValueType, signalKind, typeClass } from './signalKind.ts';
import { nameWords, propertyName, shownText } from './signalName.ts';
import { signalTree } from './signalTree.ts';
import type { TreePlace } from './signalTree.ts';
import { unitCode, unitInName } from './unitEvidence.ts';

export const mostSignals = 20_000;
const deepestPath = 30;
const longestName = 200;
/** What a mapping row of a twin takes. */
const longestAddress = 300;
/** What a type takes. */
const mostProperties = 2000;
const mostMachines = 2000;
const mostShownLeft = 100;

interface Candidate {
  place: TreePlace;
  /** Names from the outermost folder to the machine. */
  names: string[];
  /** By what is compared: the words of the name and whether it is a number. */
  signals: Map<string, OwnSignal & { name: string; unit: string }>;
}

/**
 * Machines, and types of machines, in what a server or a broker offers. Boxes of like shape are machines of one type; each signal of
 * them is a property. Choose it rather than contract/proposeMapping.ts where there is no type yet. Never throws.
 *
 * At most 20,000 signals are looked at, 2,000 machines and 2,000 properties of a type proposed; `cut` says when there is more.
 */
export function proposeMachines(found: readonly FoundSignal[]): Proposal {
  const left: Proposal['left'] = { count: 0, reasons: {}, first: [] };
  const leave = (index: number, reason: LeftReason): void => {
    left.count += 1;
    left.reasons[reason] = (left.reasons[reason] ?? 0) + 1;
    const address = shownText((found[index] as FoundSignal).address, longestAddress);
    if (left.first.length < mostShownLeft) left.first.push({ address, reason });
  };
  const usable: number[] = [];
  const addresses = new Set<string>();
  const looked = Math.min(found.length, mostSignals);
  for (let index = 0; index < looked; index += 1) {
    const signal = found[index] as FoundSignal;
    const reason = reasonToLeave(signal, addresses);
    if (reason !== undefined) {
      leave(index, reason);
      continue;
    }
    addresses.add(signal.address);
    usable.push(index);
  }
  const root = signalTree(found, usable);
  const places = findMachines(root);
  const candidates = places.slice(0, mostMachines).map((place) => candidateOf(found, place));
  const taken = new Set<number>();
  const proposal: Proposal = { types: [], machines: [], left, signals: looked, cut: found.length > looked || places.length > mostMachines };
  const groups = shapeClusters(candidates.map(({ place, signals }) => ({
    keys: [...signals.keys()], type: isTellingType(place.type) ? place.type : undefined,
  })));
  const typeNames = new Set<string>();
  const shownNames = namesOf(candidates);
  for (const group of groups) {
    const members = group.map((index) => candidates[index] as Candidate);
    const name = typeName(members, typeNames);
    const { type, machines, cut } = describe(found, members, name, proposal.types.length, taken);
    if (type.properties.length === 0) continue;
    proposal.cut ||= cut;
    proposal.types.push(type);
    for (const [at, machine] of machines.entries()) proposal.machines.push({ ...machine, name: shownNames[group[at] as number] as string });
  }
  for (const index of usable) if (!taken.has(index)) leave(index, 'noMachine');
  return proposal;
}

function reasonToLeave(signal: FoundSignal, addresses: ReadonlySet<string>): LeftReason | undefined {
  const { address, path } = signal;
  if (address.length > longestAddress || path.length > deepestPath || path.some((name) => name.length > longestName)) return 'tooLong';
  if (addresses.has(address)) return 'twice';
  if (signal.diagnostic === true || isOwnAffair(path)) return 'diagnostic';
  if (signal.readable === false) return 'unreadable';
  if (path.length === 0 || address === '' || !isValueType(signal.dataType) || isAttributeName(path.at(-1) ?? '')) return 'notAValue';
  return undefined;
}

function candidateOf(found: readonly FoundSignal[], place: TreePlace): Candidate {
  const names: string[] = [];
  for (let at: TreePlace | undefined = place; at?.parent !== undefined; at = at.parent) names.unshift(at.name.trim());
  const signals: Candidate['signals'] = new Map();
  for (const own of ownSignals(place)) {
    const signal = found[own.signal] as FoundSignal;
    const last = own.names.at(-1) ?? place.name;
    const named = unitInName(last);
    const words = named === undefined ? own.words : withoutUnit(own.words, nameWords(last), nameWords(named.name));
    const unit = unitCode(signal.unit ?? '') || (named?.unit ?? '');
    const key = `${words.join('_')}:${typeClass(signal.dataType)}`;
    let free = key;
    for (let number = 2; signals.has(free); number += 1) free = `${key}${number}`;
    signals.set(free, { ...own, words, name: named?.name ?? last, unit });
  }
  return { place, names, signals };
}

function withoutUnit(words: readonly string[], last: readonly string[], plain: readonly string[]): string[] {
  return plain.length === 0 ? [...words] : words.slice(0, Math.max(1, words.length - (last.length - plain.length)));
}

function describe(
  found: readonly FoundSignal[], members: readonly Candidate[], name: string, typeIndex: number, taken: Set<number>,
): { type: ProposedType; machines: ProposedMachine[]; cut: boolean } {
  // In the order of the fullest machine, then what only others have.
  const fullest = members.reduce((best, each) => (each.signals.size > best.signals.size ? each : best));
  const having = new Map<string, number>([...fullest.signals.keys()].map((key) => [key, 0]));
  for (const { signals } of members) for (const key of signals.keys()) having.set(key, (having.get(key) ?? 0) + 1);
  const keys = [...having.keys()].slice(0, mostProperties);
  const addressesOf = members.map(({ names, signals }) => ({
    names,
    addresses: new Map([...signals].map(([key, { signal }]) => [key, (found[signal] as FoundSignal).address])),
  }));
  const { patterns, placeholders } = addressPatterns(addressesOf, keys);
  const names = new Set<string>();
  const nameOf = new Map<string, string>();
  const properties = keys.map((key): ProposedProperty => {
    const holder = fullest.signals.has(key) ? fullest : (members.find(({ signals }) => signals.has(key)) as Candidate);
    const own = holder.signals.get(key) as OwnSignal & { name: string; unit: string };
    const signal = found[own.signal] as FoundSignal;
    const property = propertyName(own.words.length > 0 ? own.words : nameWords(own.name), names);
    nameOf.set(key, property);
    const kind = signalKind(signal, own.words);
    const unit = own.unit || members.map(({ signals }) => signals.get(key)?.unit ?? '').find((each) => each !== '') || '';
    return {
      name: property,
      label: shownText([...own.names.slice(0, -1), own.name].join(' '), 60),
      unit: kind === 'state' ? '' : unit,
      kind,
      address: patterns.get(key) ?? '',
      ...(kind !== 'state' && isRange(signal.range) ? { range: signal.range } : {}),
      machines: having.get(key) ?? 0,
    };
  });
  const machines = members.map(({ place, names: path, signals }, index): ProposedMachine => {
    const placeholder = placeholders[index] ?? '';
    const own: [string, string][] = [];
    const lacks: string[] = [];
    for (const key of keys) {
      const held = signals.get(key);
      if (held === undefined) {
        lacks.push(nameOf.get(key) as string);
        continue;
      }
      taken.add(held.signal);
      const address = (found[held.signal] as FoundSignal).address;
      const pattern = patterns.get(key) ?? '';
      if (pattern === '' || filledIn(pattern, placeholder) !== address) own.push([nameOf.get(key) as string, address]);
    }
    return {
      name: '',
      place: placeText(path.slice(0, -1)),
      type: typeIndex,
      placeholder,
      addresses: Object.fromEntries(own),
      lacks,
      ...(place.address === undefined ? {} : { root: place.address }),
      signals: signals.size,
    };
  });
  return { type: { name, properties }, machines, cut: having.size > keys.length };
}

function isRange(range: FoundSignal['range']): range is { low: number; high: number } {
  return range !== undefined && Number.isFinite(range.low) && Number.isFinite(range.high) && range.low < range.high;
}

/** Folders of the PLC's tool are no place. */
function placeText(names: readonly string[]): string {
  const generic = /^(?:objects|root|tags|variables|machines|deviceset|programs|datablocks(?:global)?|globalvars|gvl|umh|v1|spbv1\.0|opc ?ua|plc_?\d*)$/i;
  const parts = names.filter((name) => !generic.test(name)).map((name) => shownText(name.replace(/[#+/]/g, ' '), 60)).filter((name) => name !== '');
  return parts.join('/').slice(0, 300);
}

/** A machine's own name; where several have the same or a mere number, with what stands before it. */
function namesOf(candidates: readonly Candidate[]): string[] {
  const plain = candidates.map(({ names }) => {
    const own = (names.at(-1) ?? '').replace(/^(?:DB|GVL|FB|PLC)_(?=.)/i, '');
    return /\p{L}/u.test(own) ? own : `${names.at(-2) ?? ''} ${own}`.trim();
  });
  const counts = new Map<string, number>();
  for (const name of plain) counts.set(name, (counts.get(name) ?? 0) + 1);
  const used = new Set<string>();
  return plain.map((name, index) => {
    const { names } = candidates[index] as Candidate;
    const full = (counts.get(name) ?? 0) > 1 && names.length > 1 ? `${names.at(-2) ?? ''} ${name}` : name;
    const shown = shownText(full, 90) || 'Machine';
    let free = shown;
    for (let number = 2; used.has(free); number += 1) free = `${shown} ${number}`;
    used.add(free);
    return free;
  });
}

/** `Press1`, `Press2` → Press; the name of their object type where they have one. */
function typeName(members: readonly Candidate[], taken: Set<string>): string {
  const types = new Set(members.map(({ place }) => place.type));
  const [type] = types;
  let name = types.size === 1 && isTellingType(type) ? type.replace(/_?Type$/, '') : '';
  if (name === '') {
    const stems = new Map<string, number>();
    for (const { names } of members) {
      const stem = (names.at(-1) ?? '').replace(/^(?:DB|GVL|FB|PLC)_(?=.)/i, '').replace(/[\s_\-[\]()#.]*\d+[\s_\-[\]()]*$/, '');
      stems.set(stem, (stems.get(stem) ?? 0) + 1);
    }
    const [stem, count] = [...stems].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
    name = count * 2 > members.length || members.length === 1 ? stem : '';
  }
  name = shownText(name, 50);
  if (name.length < 2) name = 'Machine';
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name} ${number}`;
  taken.add(free);
  return free;
}
